"""The benchmark of quotas runs, and judges as it says."""

from dataclasses import replace

import pytest

from tests.benchmarks import quota as benchmark
from tests.benchmarks.quota_peer import judged


@pytest.fixture(scope="module")
def case():
    return benchmark.made(24)


@pytest.fixture(scope="module")
def plan(case):
    return case.plan("equal_chance")


def test_sums_rules_and_pin_of_our_plan_stand(case, plan):
    """Judged by plain sums: nothing off, nobody outside of the rules, every territory in whole steps."""
    found = judged(benchmark.cells(plan), benchmark.asked(case, plan))
    assert (found.sums_off, found.company_off, found.pin_off, found.outside, found.no_steps) == (
        0,
        0,
        0,
        0,
        0,
    )
    assert found.hedge_off < 1e-3


def test_what_is_broken_is_seen(case, plan):
    """Ten more in one cell of the pinned territory: a sum, the pin and a step are off, the company is not."""
    cells, asked = benchmark.cells(plan), benchmark.asked(case, plan)
    first = cells.index[cells["node"] == benchmark.PINNED][0]
    cells.loc[first, "quota"] += 10
    found = judged(cells, asked)
    assert (found.sums_off, found.most_off, found.pin_off, found.no_steps) == (1, 10, 10, 1)
    assert found.company_off == 0
    lower = asked.table.assign(highest=asked.table["lowest"])
    assert judged(cells, replace(asked, table=lower)).outside > 0


def test_equal_chance_is_nearer_than_potential_to_draws_it_has_not_seen(case, plan):
    """Under the same rules the spread is less than half."""
    potential, equal = (case.spread(benchmark.by_territory(one)) for one in (case.plan("proportional"), plan))
    assert equal < potential / 2


def test_the_peer_beside_ours(capsys):
    """Where it is installed: its guarantees, seconds and spreads are printed, losses like wins."""
    pytest.importorskip("b2b_revenue_forecasting")
    benchmark.at_size(24, peer=True)
    said = capsys.readouterr().out
    for part in (
        "peer: cascade",
        "its reconcile",
        "off its pin",
        "peer, its last year",
        "ours, equal chance",
    ):
        assert part in said
