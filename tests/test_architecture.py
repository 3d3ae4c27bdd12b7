"""The house rules: who imports what, how long things are, and that importing does nothing else."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import networkx as nx
import pytest

PACKAGE = Path(__file__).parents[1] / "spm_opt"
ORDER = (
    "spm_opt.errors",
    "spm_opt.compiled",
    "spm_opt.problem",
    "spm_opt.plan",
    "spm_opt.geography",
    "spm_opt.criteria",
    "spm_opt.verify",
    "spm_opt.by_account",
    "spm_opt.scenario",
    "spm_opt.workload",
    "spm_opt.load",
    "spm_opt.align",
    "spm_opt.simulate",
    "spm_opt.quota",
    "spm_opt.gini",
    "spm_opt.pay",
    "spm_opt.measures",
    "spm_opt.capacity",
    "spm_opt.overlay",
    "spm_opt.score",
    "spm_opt.provenance",
    "spm_opt.run",
    "spm_opt.report",
    "spm_opt.compare",
)
"""Who may import whom: only those before. What is not named here comes after all of them."""
FORMATS = {"csv", "geopandas", "json", "openpyxl", "pyarrow", "pyogrio", "python_calamine", "tomllib"}
FORMAT_CALLS = {
    "read_csv", "read_excel", "read_parquet", "read_json", "read_file", "read_dataframe",
    "to_csv", "to_excel", "to_parquet", "to_json", "to_file", "to_feather", "write_dataframe",
}  # fmt: skip
FORMAT_PLACES = ("spm_opt.scenario", "spm_opt.report", "spm_opt.exchange", "spm_opt.init", "spm_opt.cli")
SOLVER_PLACES = ("spm_opt.align", "spm_opt.quota", "spm_opt.capacity")
LONGEST_FILE = 400
LONG_BODY = 30
SHORT_BODIES = 0.9


def module_name(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


TREES = {
    module_name(path): ast.parse(path.read_text(encoding="utf-8")) for path in sorted(PACKAGE.rglob("*.py"))
}


def statements(tree: ast.AST) -> Iterator[ast.AST]:
    """Walk over a module without what only the type checker sees."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            yield from (inner for other in node.orelse for inner in [other, *statements(other)])
        else:
            yield node
            yield from statements(node)


def imports(tree: ast.Module) -> set[str]:
    """Find every module that a module imports, of ours by its full name."""
    found = set()
    for node in statements(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            full = {f"{node.module}.{alias.name}" for alias in node.names}
            ours = full & set(TREES)
            found |= ours | ({str(node.module)} if full - ours else set())
    return found


IMPORTS = {name: imports(tree) for name, tree in TREES.items()}
GRAPH = nx.DiGraph([(name, other) for name, found in IMPORTS.items() for other in found if other in TREES])
GRAPH.add_nodes_from(TREES)


def within(module: str, packages: tuple[str, ...]) -> bool:
    return any(module == package or module.startswith(package + ".") for package in packages)


def users(package: str) -> set[str]:
    """Find the modules of ours that import a package, or something in it."""
    return {name for name, found in IMPORTS.items() if any(within(other, (package,)) for other in found)}


def rank(module: str) -> int:
    return next((at for at, package in enumerate(ORDER) if within(module, (package,))), len(ORDER))


def test_the_rules_see_the_package():
    """The rules below speak of modules that exist and imports that are found."""
    assert {"spm_opt.problem", "spm_opt.align.engine", "spm_opt.scenario.load"} <= set(TREES)
    assert "spm_opt.align.exact" in users("ortools")
    assert "spm_opt.problem" in IMPORTS["spm_opt.plan"]
    assert "spm_opt.scenario.findings" not in IMPORTS["spm_opt.errors"]  # for the type checker only
    assert all(any(within(name, (package,)) for name in TREES) for package in ORDER)


@pytest.mark.parametrize("package", ["ortools", "highspy", "scipy.optimize", "pulp", "pyomo"])
def test_solvers_are_used_only_by_engines(package):
    """OR-Tools and HiGHS are imported only where something is decided."""
    assert {name for name in users(package) if not within(name, SOLVER_PLACES)} == set()


def test_click_is_used_only_by_the_command_line():
    """The library does not know that there is a command line."""
    assert {name for name in users("click") if not within(name, ("spm_opt.cli",))} == set()
    starters = ("spm_opt.cli", "spm_opt.__main__")
    assert {name for name in users("spm_opt.cli") if not within(name, starters)} == set()


@pytest.mark.parametrize("package", sorted(FORMATS))
def test_file_formats_are_known_only_where_files_are(package):
    """Readers and writers are imported only where a scenario comes in or a run goes out."""
    assert {name for name in users(package) if not within(name, FORMAT_PLACES)} == set()


def test_files_are_read_and_written_only_where_files_are():
    """Nor do other modules read and write by way of pandas."""
    found = {
        f"{name}: {node.attr}"
        for name, tree in TREES.items()
        if not within(name, FORMAT_PLACES)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in FORMAT_CALLS
    }
    assert found == set()


@pytest.mark.parametrize("module", ["spm_opt.verify", "spm_opt.by_account", "spm_opt.criteria"])
def test_the_checker_shares_nothing_with_the_engines(module):
    """What judges a plan reaches no engine and no solver, not even by way of others."""
    roots = {name for name in TREES if within(name, (module,))}
    reached = roots.union(*(nx.descendants(GRAPH, root) for root in roots))
    engines = ("spm_opt.align", "spm_opt.quota", "spm_opt.simulate", "spm_opt.capacity")
    assert {name for name in reached if within(name, engines)} == set()
    solvers = ("ortools", "scipy.optimize", "highspy")
    assert {other for name in reached for other in IMPORTS[name] if within(other, solvers)} == set()


def test_the_core_knows_nothing_of_the_rest():
    """Errors, problem and plan import nothing of ours but errors, and plan the problem."""
    allowed = {"spm_opt.errors": set(), "spm_opt.problem": {"spm_opt.errors"}}
    allowed["spm_opt.plan"] = {"spm_opt.errors", "spm_opt.problem"}
    for name, may in allowed.items():
        assert {other for other in IMPORTS[name] if within(other, ("spm_opt",))} <= may


def test_no_stage_imports_a_later_one():
    """Load, check, prepare, align, simulate, quota, score, report: each knows only what came before."""
    later = [f"{name} imports {other}" for name, other in GRAPH.edges if rank(name) < rank(other)]
    assert later == []


def test_load_check_and_prepare_follow_each_other():
    """Within the scenario, loading does not know of checking, nor checking of preparing."""
    for earlier, later in pairwise(("load", "check", "prepare")):
        assert f"spm_opt.scenario.{later}" not in nx.descendants(GRAPH, f"spm_opt.scenario.{earlier}")


def test_modules_do_not_import_each_other_in_circles():
    """No module is needed for its own import."""
    assert [sorted(circle) for circle in nx.strongly_connected_components(GRAPH) if len(circle) > 1] == []


def test_compiled_code_lets_others_run():
    """Whatever is compiled gives up the interpreter's lock, so that Ctrl-C and limits are heard meanwhile."""
    held = {
        f"{name}.{node.name}"
        for name, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        for one in node.decorator_list
        if "njit" in ast.unparse(one) and "nogil=True" not in ast.unparse(one)
    }
    assert held == set()


def test_files_are_short():
    """No file is longer than one can keep in mind."""
    long = {
        path.name: count
        for path in PACKAGE.rglob("*.py")
        if (count := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST_FILE
    }
    assert long == {}


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count the lines of a function's body without its docstring."""
    body = function.body
    if isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        body = body[1:]
    return body[-1].end_lineno - body[0].lineno + 1 if body else 0


def test_functions_are_short():
    """At least nine of ten function bodies have fewer than thirty lines."""
    lengths = {
        f"{name}.{node.name}": body_lines(node)
        for name, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    long = sorted(name for name, lines in lengths.items() if lines >= LONG_BODY)
    assert len(long) <= (1 - SHORT_BODIES) * len(lengths), long


WATCH = """
import importlib, locale, logging, os, pkgutil, random, sys, warnings
for name in {foreign}:
    importlib.import_module(name)
import numpy, pandas

def state():
    return (
        list(warnings.filters), dict(os.environ), os.getcwd(), numpy.geterr(), random.getstate(),
        str(numpy.random.get_state()), list(logging.root.handlers), logging.root.level,
        locale.setlocale(locale.LC_ALL), numpy.get_printoptions(), pandas.get_option("display.max_rows"),
        sys.excepthook, sys.getrecursionlimit(),
    )

before = state()
import spm_opt
for module in pkgutil.walk_packages(spm_opt.__path__, "spm_opt."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
for was, now in zip(before, state(), strict=True):
    assert was == now, (was, now)
"""


def test_importing_has_no_side_effects(tmp_path):
    """Importing every module prints nothing, writes nothing, and leaves the interpreter's settings alone."""
    foreign = sorted(
        other
        for found in IMPORTS.values()
        for other in found
        if not within(other, ("spm_opt", "python_calamine", "pyarrow", "__future__"))
    )
    done = subprocess.run(
        [sys.executable, "-c", WATCH.format(foreign=foreign)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert list(tmp_path.iterdir()) == []
