"""The order of test files: those that take long come first, so that both workers end at the same time."""

LONG = (
    "test_align_engine.py", "test_cli.py", "test_scenarios.py", "test_benchmark_peers.py", "test_align_lean.py",
    "test_benchmarks.py", "test_align_median.py", "test_cli_interrupt.py", "test_align_partition.py",
    "test_align_repeatable.py",
)  # fmt: skip


def pytest_collection_modifyitems(items):
    """Sort by file, the others in the order in which they were collected."""
    rank = {name: at for at, name in enumerate(LONG)}
    items.sort(key=lambda item: rank.get(item.path.name, len(LONG)))
