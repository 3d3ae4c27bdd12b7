"""Targets given at any node, for any product and period."""

from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from made_company import aligned, company

from spm_opt.errors import InputError, QuotaError
from spm_opt.quota.cells import Cells, summed
from spm_opt.quota.hierarchy import Hierarchy
from spm_opt.quota.joint import given as targets_of
from spm_opt.quota.quota import input_findings, quota
from spm_opt.quota.tree import reconcile
from spm_opt.scenario.settings import Settings, Table

STAFF = [{"id": "S0", "region": "East"}, {"id": "S1", "region": "East"}, {"id": "S2", "region": "West"}]
SPLIT = {"products": {"X": 0.6, "Y": 0.4}, "periods": "quarter"}


def asked(rows, staff=STAFF, order=None, **rules):
    """Make a scenario with targets of rows (node, product, period, target); seller i sold 100 (i + 1)."""
    accounts = [{"id": f"A{i}", "revenue": 100.0 * (i + 1)} for i in range(len(staff))]
    made = company(accounts, staff)
    whole = made.settings.model_dump()
    whole["tables"]["targets"] = Table(path="targets.csv").model_dump()
    given_rules = {"step": 1, **rules}
    if given_rules.setdefault("target", 600) is None:
        del given_rules["target"]
    table = pd.DataFrame(
        [(*(row if len(row) == 4 else (row[0], "", "", row[1])), "") for row in rows],
        columns=["node", "product", "period", "target", "level"],
    ).assign(row=np.arange(2, len(rows) + 2))
    table["target"] = table["target"].astype(float)
    table = table if order is None else table.sample(frac=1, random_state=order)
    return replace(made, settings=Settings.model_validate({**whole, "quota": given_rules}), targets=table)


def planned(rows, staff=STAFF, **rules):
    scenario = asked(rows, staff, **rules)
    return quota(scenario, aligned(scenario, {f"A{i}": one["id"] for i, one in enumerate(staff)}))


def read(plan):
    found = Cells.of_table(Hierarchy.of_nodes(plan.nodes), plan.cells)
    return lambda name, *what: summed(found, found.tree.names.index(name), *what) / 100


def amounts(plan):
    return (plan.nodes.set_index("node")["cents"] / 100).to_dict()


def contradictions(rows, **rules):
    with pytest.raises(InputError) as raised:
        planned(rows, **rules)
    return [(f.file, f.rule, f.row, f.value) for f in raised.value.findings]


def test_whole_nodes_by_hand():
    """East at 240 leaves West 360; in East 1 : 2 is 80 and 160; with S0 at 100 it is 100 and 140."""
    assert amounts(planned([("East", 240)])) == {
        "company": 600, "East": 240, "West": 360, "S0": 80, "S1": 160, "S2": 360,
    }  # fmt: skip
    plan = planned([("East", 240), ("S0", 100)])
    assert [amounts(plan)[name] for name in ("S0", "S1", "S2")] == [100, 140, 360]
    assert plan.basis.loc["S0", "lowest_rule"] == "targets.csv row 3"


def test_the_company_target_may_come_from_the_table():
    """Given for the company, or for all that is below it."""
    assert planned([("company", 900)], target=None).target_cents == 90_000
    assert planned([("East", 240), ("West", 100)], target=None).target_cents == 34_000
    plan = planned([("company", "X", "", 300), ("company", "Y", "", 400)], target=None, **SPLIT)
    assert plan.target_cents == 70_000
    assert read(plan)("company", "X") == 300
    assert contradictions([("East", 240)], target=None) == [("targets.csv", "no company target", 0, "")]


def test_a_product_at_a_territory_by_hand():
    """S0 has 100, all of it in X; East keeps the company's mix of 180 : 120, so S1 has 80 of its 200 in X."""
    held = read(planned([("S0", "X", "", 100)], **SPLIT))
    assert [held("S0", name) for name in "XY"] == [100, 0]
    assert [held(name, "X") for name in ("company", "East", "S1", "S2")] == [360, 180, 80, 180]
    assert [held("S0", "X", f"2027-Q{q}") for q in (1, 2, 3, 4)] == [25] * 4


def test_a_product_makes_room_for_itself():
    """S0 had 100; 130 in X and 30 in Y raise it to 160."""
    plan = planned([("S0", "X", "", 130), ("S0", "Y", "", 30)], **SPLIT)
    assert amounts(plan)["S0"] == 160
    assert read(plan)("S0", "X") == 130


def test_quarters_and_months_at_any_node():
    """East has 120 in the first quarter; S2 has all of the company's 50 in May, so that East has none then."""
    plan = planned([("East", "", "2027-Q1", 120), ("S2", "", "2027-05", 50)], periods="month")
    held = read(plan)
    assert held("East", "all", "2027-Q1") == 120
    assert held("East", "all", "2027-Q3") == pytest.approx(held("East", "all", "2027-Q4"), abs=0.05)
    assert held("East", "all", "2027-05") == 0
    assert held("S2", "all", "2027-05") == 50
    assert held("company", "all", "2027-01") == pytest.approx(50, abs=0.02)
    assert (reconcile(plan)["difference"] == 0).all()


def test_every_node_product_and_quarter_may_be_given():
    """A whole table of odd amounts comes back as it was given."""
    names = ["S0", "S1", "S2"]
    cells = list(product(names, "XY", [f"2027-Q{q}" for q in (1, 2, 3, 4)]))
    rows = [(*cell, 10 + i) for i, cell in enumerate(cells)]
    rows[0] = (*cells[0], rows[0][3] - sum(row[3] for row in rows) + 600)
    held = read(planned(rows, target=600, **SPLIT))
    assert [held(*cell) for cell in cells] == [row[3] for row in rows]


def test_contradictions_name_every_place():
    """Children with more than their parent, products with more than all, quarters, and the scenario's own target."""
    assert contradictions([("East", 240), ("S0", 150), ("S1", 100)]) == [
        ("targets.csv", "targets contradict", 4, "East: 240 (row 2); S0: 150 (row 3); S1: 100 (row 4)")
    ]
    assert contradictions([("S0", 100), ("S0", "X", "", 60), ("S0", "Y", "", 50)], **SPLIT) == [
        ("targets.csv", "targets contradict", 4, "S0: 100 (row 2); S0, X: 60 (row 3); S0, Y: 50 (row 4)")
    ]
    assert contradictions([("S0", 100), ("S0", "", "2027-Q1", 101)], **SPLIT) == [
        ("targets.csv", "targets contradict", 3, "S0: 100 (row 2); S0, 2027-Q1: 101 (row 3)")
    ]
    assert contradictions([("company", 500)]) == [
        ("targets.csv", "targets contradict", 2, "company: 500 (row 2); company: 600 (scenario.toml)")
    ]
    assert contradictions([("East", 300), ("West", 200)]) == [
        (
            "targets.csv",
            "targets contradict",
            3,
            "East: 300 (row 2); West: 200 (row 3); company: 600 (scenario.toml)",
        )
    ]


def test_several_contradictions_and_faults_at_once():
    """Two clashes with nothing in common are two findings; what cannot be read is told by row."""
    rows = [("East", 100), ("S0", 70), ("S1", 50), ("West", 40), ("S2", 30)]
    assert [found[3] for found in contradictions(rows)] == [
        "East: 100 (row 2); S0: 70 (row 3); S1: 50 (row 4)", "West: 40 (row 5); S2: 30 (row 6)",
    ]  # fmt: skip
    wrong = [
        ("Est", 1),
        ("S0", "Z", "", 1),
        ("S0", "", "2027-05", 1),
        ("S1", 1),
        ("S1", 2),
        ("S2", "", "2026", 1),
    ]
    assert contradictions(wrong, **SPLIT) == [
        ("targets.csv", "target twice", 6, "S1: 1 (row 5); S1: 2 (row 6)"),
        ("targets.csv", "unknown node", 2, "Est"),
        ("targets.csv", "unknown period", 4, "2027-05"),
        ("targets.csv", "unknown period", 7, "2026"),
        ("targets.csv", "unknown product", 3, "Z"),
    ]
    assert contradictions([("S0", 100.5)]) == [("targets.csv", "no whole steps", 2, "100.50 for S0")]
    assert input_findings(asked([("Easst", 1)])).errors[0].suggestion == "East"


def test_amounts_may_be_large():
    """Ten trillion over 300 territories: ranges stay in 64 bits; what would not is told."""
    staff = [{"id": f"S{i:03d}"} for i in range(300)]
    plan = planned([("S001", 1e9), ("S002", "X", "2027-Q1", 5e8)], staff, target=1e13, step=1000, **SPLIT)
    assert amounts(plan)["S001"] == 1e9
    assert (reconcile(plan)["difference"] == 0).all()
    with pytest.raises(InputError, match="too large"):
        planned([("S001", 9e15)], staff, target=1e13, step=1000)


def test_a_missed_target_is_told_by_reconciling():
    """A plan made without the table misses it by 40 in X: the check names the row."""
    scenario, plan = asked([("S0", "X", "", 100), ("S2", 300)], **SPLIT), planned([("S2", 300)], **SPLIT)
    targets = targets_of(scenario, Hierarchy.of_nodes(plan.nodes))
    found = targets.reconciled(plan).set_index("check")["difference"].to_dict()
    assert found == {
        "is as given: S0, X: 100 (row 2)": -4_000, "is as given: S2: 300 (row 3)": 0,
        "is as given: company: 600 (scenario.toml)": 0,
    }  # fmt: skip
    with pytest.raises(QuotaError, match=r"S0, X: 100 \(row 2\): off by -40"):
        targets.require_reconciled(plan)


def test_a_target_that_a_rule_forbids_is_a_conflict_that_names_both():
    """S0 at 200 under a cap of 150."""
    with pytest.raises(QuotaError) as raised:
        planned([("S0", 200)], cap=150, target=400)
    assert "targets.csv row 2 = 200 (S0)" in str(raised.value)
    assert "quota.cap = 150 (S0)" in str(raised.value)


def test_parts_that_are_more_than_a_rule_allows_are_named():
    """X alone asks for 200 in S0."""
    with pytest.raises(QuotaError, match=r"targets.csv: parts of S0, least = 200 \(S0\)"):
        planned([("S0", "X", "", 200)], cap=150, target=400, **SPLIT)


def test_below_an_over_assigned_company_cells_are_given_of_what_sellers_have():
    """With 10 % more, S0 has 110; 90 of it in X, and the children of the company still sum to 1.1 of its cells."""
    plan = planned([("S0", "X", "", 90)], hedges={"company": 1.1}, **SPLIT)
    assert amounts(plan)["S0"] == 110
    assert read(plan)("S0", "X") == 90
    assert (reconcile(plan)["difference"] == 0).all()


@given(st.integers(0, 10**6))
@example(2000)  # the company's cells by themselves leave none for East and West
@settings(max_examples=12, derandomize=True, deadline=None)
def test_targets_taken_from_some_plan_all_hold(seed):
    """Random cells of random amounts, at any node, product and period: kept to the cent in any order of rows."""
    rng = np.random.default_rng(seed)
    leaves = rng.integers(0, 50, (3, 2, 4))
    nodes = {"S0": leaves[0], "S1": leaves[1], "S2": leaves[2], "East": leaves[:2].sum(0), "West": leaves[2]}
    nodes["company"] = leaves.sum(axis=0)
    rows = {}
    for _ in range(int(rng.integers(1, 9))):
        name, p, q = list(nodes)[rng.integers(6)], int(rng.integers(-1, 2)), int(rng.integers(-1, 4))
        own = nodes[name][slice(None) if p < 0 else p]
        amount = own.sum() if q < 0 else own[..., q].sum()
        rows[name, "" if p < 0 else "XY"[p], "" if q < 0 else f"2027-Q{q + 1}"] = int(amount)
    table, target = [(*key, amount) for key, amount in rows.items()], int(leaves.sum())
    plan = planned(table, target=target, **SPLIT)
    held = read(plan)
    for name, p, q, amount in table:
        assert held(name, p or "all", q or "all") == amount
    assert (reconcile(plan)["difference"] == 0).all()
    assert plan.cells["cents"].min() >= 0
    assert planned(table, target=target, order=seed, **SPLIT).cells.equals(plan.cells)


@given(st.integers(0, 10**6))
@settings(max_examples=25, derandomize=True, deadline=None)
def test_what_is_refused_has_no_cells_by_enumeration(seed):
    """Two territories, two products, four quarters of which two have shares: all small tables are tried."""
    rng = np.random.default_rng(seed)
    target = int(rng.integers(1, 4))
    rows, seen = [], set()
    for _ in range(int(rng.integers(2, 6))):
        key = (
            ("S0", "S1", "company")[rng.integers(3)],
            ("", "X", "Y")[rng.integers(3)],
            ("", "2027-Q1")[rng.integers(2)],
        )
        if key not in seen:
            seen.add(key)
            rows.append((*key, int(rng.integers(0, target + 1)) / 100))
    tables = (
        np.array(one).reshape(2, 2, 2) for one in product(range(target + 1), repeat=8) if sum(one) == target
    )

    def holds(table, name, p, q, amount):
        own = table.sum(axis=0) if name == "company" else table[int(name[1])]
        own = own if not p else own["XY".index(p)]
        return (own.sum() if not q else own[..., 0].sum()) == round(amount * 100)

    possible = any(all(holds(table, *row) for row in rows) for table in tables)
    staff = [{"id": "S0"}, {"id": "S1"}]
    try:
        plan = planned(rows, staff, target=target / 100, step=0.01, **SPLIT)
    except (InputError, QuotaError):
        assert not possible
    else:
        assert possible
        held = read(plan)
        assert all(held(name, p or "all", q or "all") == amount for name, p, q, amount in rows)
