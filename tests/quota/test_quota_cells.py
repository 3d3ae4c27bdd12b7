"""Quotas by product and period."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_company import aligned, company
from pydantic import ValidationError

from spm_opt.errors import QuotaError, ScenarioError
from spm_opt.quota.cells import Cells, cells, handed_down, largest_remainders, reconcile_cells, summed
from spm_opt.quota.hierarchy import Hierarchy
from spm_opt.quota.quota import quota
from spm_opt.quota.split import split
from spm_opt.quota.tree import reconcile, require_reconciled
from spm_opt.scenario.quota_settings import Quota

STAFF = [{"id": "S0", "region": "East"}, {"id": "S1", "region": "East"}, {"id": "S2", "region": "West"}]


def planned(staff=STAFF, history=None, **rules):
    accounts = [{"id": f"A{i}", "revenue": 100.0 * (i + 1)} for i in range(len(staff))]
    scenario = company(accounts, staff, history=history, quota={"step": 1, "target": 600, **rules})
    return quota(scenario, aligned(scenario, {f"A{i}": one["id"] for i, one in enumerate(staff)}))


def read(plan):
    return Cells.of_table(Hierarchy.of_nodes(plan.nodes), plan.cells)


def place(found, name):
    return found.tree.names.index(name)


def test_split_by_hand():
    """Rows 3 and 3 over columns 2, 2, 2 with even weights are ones; weights decide where they can."""
    assert split(np.array([3, 3]), np.array([2, 2, 2]), np.ones((2, 3))).tolist() == [[1, 1, 1]] * 2
    wanted = split(np.array([2, 2]), np.array([2, 2]), np.array([[3.0, 1.0], [1.0, 3.0]]))
    assert wanted.tolist() == [[1, 1], [1, 1]] or wanted.tolist() == [[2, 0], [0, 2]]
    with pytest.raises(ValueError, match="rows sum to 3, columns to 4"):
        split(np.array([3]), np.array([4]), np.ones((1, 1)))


def test_largest_remainders():
    """10 over 1 : 1 : 1, the first has the odd one; over 0.55 : 0.45 a half goes to the first."""
    assert largest_remainders(10, np.ones(3)).tolist() == [4, 3, 3]
    assert largest_remainders(10, np.array([0.5, 0.5, 0.0])).tolist() == [5, 5, 0]


@given(
    st.integers(1, 5).flatmap(
        lambda c: st.lists(st.lists(st.integers(0, 9), min_size=c, max_size=c), min_size=1, max_size=5)
    ),
    st.integers(0, 10**6),
)
@settings(max_examples=60, derandomize=True, deadline=None)
def test_split_keeps_every_sum(table, seed):
    """Any sums that some table has are kept exactly, nothing is negative."""
    wanted, rng = np.array(table), np.random.default_rng(seed)
    weight = rng.random(wanted.shape) * (rng.random(wanted.shape) > 0.3)
    found = split(wanted.sum(axis=1), wanted.sum(axis=0), weight)
    assert found.sum(axis=1).tolist() == wanted.sum(axis=1).tolist()
    assert found.sum(axis=0).tolist() == wanted.sum(axis=0).tolist()
    assert found.min() >= 0


@given(
    st.lists(st.integers(0, 1000), min_size=2, max_size=4),
    st.lists(st.integers(0, 1000), min_size=2, max_size=4),
)
@settings(max_examples=40, derandomize=True, deadline=None)
def test_split_stays_within_a_unit(rows, columns):
    """Where the weights have the sums already, every cell is rounded down or up."""
    exact = np.outer(rows, columns) / 7.0
    total = [largest_remainders(round(exact.sum()), exact.sum(axis=axis)) for axis in (1, 0)]
    fitted = split(*total, np.ones(exact.shape) * exact)
    ideal = np.outer(*total) / max(1, round(exact.sum()))
    assert np.abs(fitted - ideal).max() < 1 + 1e-6


def test_products_and_quarters_by_hand():
    """600 over 1 : 2 : 3, products 60 : 40, quarters 40 : 30 : 20 : 10."""
    plan = planned(products={"X": 0.6, "Y": 0.4}, periods="quarter", seasonality=(0.4, 0.3, 0.2, 0.1))
    found = read(plan)
    assert found.periods == ("2027-Q1", "2027-Q2", "2027-Q3", "2027-Q4")
    assert (found.cents[place(found, "S1")] / 100).tolist() == [[48, 36, 24, 12], [32, 24, 16, 8]]
    assert summed(found, 0) == 60_000
    assert summed(found, 0, "X", "2027-Q1") == 14_400
    assert summed(found, place(found, "East"), "Y") == 12_000


def test_months_sum_to_quarters():
    """Twelve even months of 100.01: odd cents somewhere, sums exact everywhere."""
    plan = planned(target=100.01, step=0.01, periods="month", products={"X": 1 / 3, "Y": 2 / 3})
    found = read(plan)
    for node in range(len(found.tree)):
        quarters = [summed(found, node, period=f"2027-Q{q}") for q in (1, 2, 3, 4)]
        assert sum(quarters) == plan.nodes["cents"][node]
    assert (reconcile(plan)["difference"] == 0).all()


def test_season_from_history():
    """Two whole years with half of the sales in December; a quarter's row counts evenly in its months."""
    history = [
        {
            "account": "A0",
            "period": f"{year}-{month:02d}-01",
            "months": 1,
            "revenue": 110.0 if month == 12 else 10.0,
        }
        for year in (2025, 2026)
        for month in range(1, 13)
    ]
    found = read(planned(history=history, mix={"revenue": 1.0}, periods="month", seasonality="history"))
    assert (found.cents[0, 0] / 600).tolist() == pytest.approx([100 / 22] * 11 + [50], abs=0.01)
    with pytest.raises(ScenarioError, match="no whole year"):
        planned(periods="month", seasonality="history")


def test_part_years_have_their_quota_where_they_are_productive():
    """Nobody until July in S0, and no vacancy cover: all of its quota is in the second half."""
    staff = [{**STAFF[0], "start": pd.Timestamp("2027-07-01")}, *STAFF[1:]]
    accounts = [{"id": f"A{i}", "revenue": 100.0} for i in range(3)]
    rules = {"step": 1, "target": 600, "periods": "month", "part_year": True}
    scenario = company(accounts, staff, quota=rules, simulate={"vacancy": 0.0, "ramp": ()})
    plan = quota(scenario, aligned(scenario, {f"A{i}": f"S{i}" for i in range(3)}))
    found = read(plan)
    assert (plan.cents / 100).tolist() == [120, 240, 240]
    assert found.cents[place(found, "S0"), 0, :6].sum() == 0
    assert (found.cents[0, 0] / 100).tolist() == [50] * 12
    assert (reconcile(plan)["difference"] == 0).all()


def test_hedged_cells_sum_to_what_the_hedge_comes_to():
    """10 % more below the company, in every product and quarter."""
    plan = planned(hedges={"company": 1.1}, periods="quarter", products={"X": 0.5, "Y": 0.5})
    found = read(plan)
    below = found.cents[[place(found, "East"), place(found, "West")]].sum(axis=0)
    assert below.tolist() == handed_down(found.cents[0], 66_000).tolist()
    assert np.abs(below - found.cents[0] * 1.1).max() <= 1


def test_reconcile_finds_a_wrong_cell():
    """A cent moved from one month to another at a territory shows at its parent, twice."""
    plan = planned(periods="quarter")
    wrong = plan.cells.copy()
    own = wrong.index[wrong["node"] == "S0"]
    wrong.loc[own[0], "cents"] += 1
    wrong.loc[own[1], "cents"] -= 1
    broken = type(plan)(plan.territory_ids, plan.cents, plan.target_cents, plan.basis, plan.nodes, wrong)
    table = reconcile(broken)
    assert table[table["difference"] != 0][["node", "check", "difference"]].to_numpy().tolist() == [
        ["East", "children of region: all, 2027-Q1", 1],
        ["East", "children of region: all, 2027-Q2", -1],
    ]
    with pytest.raises(QuotaError, match=r"off by 0\.01"):
        require_reconciled(broken)


@given(st.integers(0, 10**6))
@settings(max_examples=25, derandomize=True, deadline=None)
def test_any_tree_is_conserved(seed):
    """Random trees, quotas (zeros, too), weights and hedges: every sum is exact."""
    rng = np.random.default_rng(seed)
    count = int(rng.integers(2, 15))
    parent = (-1, *(int(rng.integers(0, i)) for i in range(1, count)))
    tree = Hierarchy(tuple(f"n{i}" for i in range(count)), ("node",) * count, parent)
    own = rng.integers(0, 200, count)
    leaves = len(tree.leaves)
    found = cells(
        tree, own, {"X": 0.3, "Y": 0.7}, {"2027-Q1": 0.5, "2027-Q2": 0.5},
        product_weight=rng.random((leaves, 2)), season=rng.random((leaves, 2)) * (rng.random((leaves, 2)) > 0.3),
    )  # fmt: skip
    assert (reconcile_cells(found, own)["difference"] == 0).all()
    assert found.cents.min() >= 0
    again = Cells.of_table(tree, found.table().sample(frac=1, random_state=seed))
    assert summed(again, 0) == own[0]


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({"products": {"X": 0.6, "Y": 0.5}}, "products: the shares sum to 1.1; expected 1"),
        ({"seasonality": (0.5, 0.4)}, "seasonality: 2 shares; expected 4 quarters or 12 months"),
        ({"seasonality": (0.5, 0.4, 0.0, 0.0)}, "seasonality: the shares sum to 0.9; expected 1"),
        ({"products": {"X": -0.1, "Y": 1.1}}, "greater than or equal to 0"),
    ],
)
def test_shares_that_do_not_sum_are_named(rules, message):
    """When the scenario is read."""
    with pytest.raises(ValidationError, match=message):
        Quota(target=1000, **rules)
