"""The guarantees of the open peer ``b2b-revenue-forecasting`` 0.46, line by line, each kept here or kept stricter.

``PROMISED`` has them in the peer's words, as its documentation and its source give them; every line names the
test that holds ours to it. The peer need not be installed.
"""

from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from made_company import aligned, company, shuffled
from pydantic import ValidationError

from spm_opt.errors import InputError, QuotaError, ScenarioError
from spm_opt.quota.cells import Cells, cells
from spm_opt.quota.edits import begin, move, pin, resplit, trail_table
from spm_opt.quota.given import checked_weights, derived, tree_of
from spm_opt.quota.hierarchy import Hierarchy
from spm_opt.quota.quota import quota
from spm_opt.quota.split import split
from spm_opt.quota.tree import reconcile, require_reconciled, roll_up, seen_last

PROMISED = {
    "conservation: every parent's base is the sum of its children's, per cascade, within five cents": "conserves",
    "hedge identity: each node's ratio is the product of the hedges above it, within 1e-4": "hedges",
    "HedgeByDepth: a hedge a level, resolved for each tree": "hedges",
    "hedge_multiplier as a dictionary: a hedge of one manager, others as their level or none": "hedge_of_a_manager",
    "target_total: the root of every cascade has the input target, in total and per combination": "target",
    "Pin: a leaf carries exactly this total over all cascades, its mix kept": "pin_of_a_leaf",
    "Pin of a manager: the whole subtree follows, its mix kept": "pin_of_a_manager",
    "Pin.basis: the total may be meant with the hedge or without": "pin_with_hedge_or_without",
    "Pin.scope: a pin of one product or quarter leaves the others": "pin_of_a_product_and_quarter",
    "absorption: siblings take a pin's difference in proportion, parents conserve": "siblings_take_the_rest",
    "remainder pins: children fixed, the unpinned one takes the rest, parent pinned or not": "remainder",
    "order of pins never matters": "order_of_pins",
    "order of rows never matters": "order_of_rows",
    "protection: pinned nodes in a pinned or absorbing subtree keep their value": "protection",
    "freeze_nodes: never absorb, are never modified": "freeze",
    "never negative: siblings floor at 0, what cannot be absorbed is reported": "what_cannot_be_absorbed",
    "validate_pins: says before any run whether pins can fit, and by how much they miss": "what_cannot_be_absorbed",
    "overlapping pins of one node are refused": "overlapping_pins",
    "redistribute, reallocate, concentrate: a node's quota to its siblings, bystanders untouched": "moves",
    "transfer: exact money between any two nodes, ancestors follow": "moves",
    "edits reshape subtrees and keep hedge ratios": "edits_keep_hedges",
    "resplit_by_metric: children anew by another measure, frozen ones kept": "resplit",
    "fit_constraints: two cuts of one node's cells at once, contradictions loud": "two_cuts",
    "enforce_identities, anchor root: parents are budgets, children conform": "anchors",
    "enforce_identities, anchor leaves: parents are the sums of their children": "anchors",
    "subset: an edit of one branch is the edit of the whole, bit for bit": "moves",
    "gates: who does not pass has 0, the others share it": "gates",
    "zero measures: siblings without any share equally, or it is an error": "zero_measures",
    "hierarchy: cycles are named, nodes have one parent, collisions are found": "hierarchy",
    "missing and negative weights do not pass in silence": "hierarchy",
    "reconcile: one call gives every check as a table, on_fail raises": "reconcile",
    "nothing silent: a target without a branch is told": "nothing_silent",
    "explanation: each share and its measures stand beside the quota": "explanation",
    "provenance: pins and edits leave who and why": "provenance",
}
NOT_OF_QUOTAS = ("CommitReconciler", "PipelineAdjuster")
"""Parts of the peer that correct forecasts by managers' bias or pipeline coverage; no promise of a quota plan."""

STAFF = [
    {"id": "S0", "region": "East", "district": "N"},
    {"id": "S1", "region": "East", "district": "N"},
    {"id": "S2", "region": "East", "district": "S"},
    {"id": "S3", "region": "West", "district": "W"},
    {"id": "S4", "region": "West", "district": "W"},
]
LAST = (101.13, 203.29, 307.57, 401.91, 503.17)
SAID = {"by": "Ann", "why": "agreed in May"}
CENT = 0.01
TWO = {"products": {"pumps": 0.7, "valves": 0.3}, "periods": "quarter", "seasonality": (0.4, 0.3, 0.2, 0.1)}


def asked(revenue=LAST, **rules):
    accounts = [{"id": f"A{i}", "revenue": amount} for i, amount in enumerate(revenue)]
    scenario = company(accounts, STAFF, quota={"target": 1700.37, "step": CENT, **rules})
    return scenario, aligned(scenario, {f"A{i}": f"S{i}" for i in range(5)})


def planned(revenue=LAST, seen=None, **rules):
    return quota(*asked(revenue, **rules), seen=seen)


def held(plan):
    return {name: int(cents) for (_, name), cents in seen_last(plan).items()}


def pins(**amounts):
    return {"pins": [{"node": name, "quota": amount, **SAID} for name, amount in amounts.items()]}


def read(plan):
    return Cells.of_table(Hierarchy.of_nodes(plan.nodes), plan.cells)


def test_the_table_is_whole():
    """Every promise has a test in this file, and every test is of a promise."""
    tests = {name.removeprefix("test_") for name in globals() if name.startswith("test_")}
    assert set(PROMISED.values()) == tests - {"the_table_is_whole"}


def test_conserves():
    """Not within five cents: exactly, at every node, product and quarter."""
    found = read(planned(**TWO))
    for node, below in enumerate(found.tree.children):
        if below:
            assert (found.cents[node] == found.cents[list(below)].sum(axis=0)).all()


def test_hedges():
    """10 % at the company and 5 % at regions: 1.1 x 1.05 above the target at districts, to the nearest cent."""
    plan = planned(hedges={"company": 1.1, "region": 1.05})
    cents = held(plan)
    assert cents["East"] + cents["West"] == round(170_037 * 1.1)
    for region, districts in (("East", "NS"), ("West", "W")):
        assert abs(sum(cents[name] for name in districts) - cents[region] * 1.05) <= 0.5
    assert int(plan.cents.sum()) == pytest.approx(170_037 * 1.1 * 1.05, abs=2)
    assert (reconcile(plan)["difference"] == 0).all()


def test_hedge_of_a_manager():
    """West alone carries 20 %, the East the 5 % of its level; the manager of district N none."""
    own = [{"node": "West", "hedge": 1.2}, {"node": "N", "hedge": 1.0}]
    plan = planned(hedges={"region": 1.05, "district": 1.1}, nodes=own)
    cents = held(plan)
    assert cents["West"] + cents["East"] == 170_037
    assert abs(cents["W"] - cents["West"] * 1.2) <= 0.5
    assert abs(cents["N"] + cents["S"] - cents["East"] * 1.05) <= 0.5
    assert cents["S0"] + cents["S1"] == cents["N"]
    assert abs(cents["S2"] - cents["S"] * 1.1) <= 0.5
    assert (reconcile(plan)["difference"] == 0).all()


def test_target():
    """The company has the target to the cent, and products and quarters sum to it."""
    plan = planned(**TWO)
    assert held(plan)["company"] == plan.target_cents == 170_037
    assert read(plan).cents[0].sum() == 170_037


def test_pin_of_a_leaf():
    """S1 has 250.01 to the cent; products and quarters share it as they share everything, each to a cent or two."""
    plan = planned(**TWO, **pins(S1=250.01))
    found = read(plan)
    own = found.cents[found.tree.names.index("S1")]
    assert own.sum() == held(plan)["S1"] == 25_001
    assert own == pytest.approx(25_001 * np.outer([0.7, 0.3], [0.4, 0.3, 0.2, 0.1]), abs=2)


def test_pin_of_a_manager():
    """North at 500: its two sellers have it in the proportion that they had."""
    plan = planned(**pins(N=500))
    assert held(plan)["N"] == 50_000
    assert held(plan)["S0"] / 50_000 == pytest.approx(101.13 / 304.42, abs=1e-4)
    assert held(plan)["S0"] + held(plan)["S1"] == 50_000


def test_pin_with_hedge_or_without():
    """A pin is what the seller has; meant without the hedge of 10 %, it is the amount times 1.1."""
    plan = planned(hedges={"company": 1.1}, **pins(S1=round(200 * 1.1, 2)))
    assert held(plan)["S1"] == 22_000
    assert (reconcile(plan)["difference"] == 0).all()


def test_pin_of_a_product_and_quarter():
    """50 of pumps in the first quarter at A: its sibling gives what A takes, the second quarter is as it was."""
    tree, one = _small()
    rows = [("top", "pumps", "Q1", 100), ("top", "pumps", "Q2", 100), ("A", "pumps", "Q1", 50)]
    found = derived(tree, _targets(rows), one)
    named = {key: dict(zip(tree.names, cents.tolist(), strict=True)) for key, cents in found.items()}
    assert named["pumps", "Q1"] == {"top": 10_000, "A": 5_000, "B": 2_500, "C": 2_500}
    assert named["pumps", "Q2"] == {"top": 10_000, "A": 3_334, "B": 3_333, "C": 3_333}


def test_siblings_take_the_rest():
    """D at 100 more within its district: the other gives it; elsewhere nothing moves, and no parent."""
    edited = begin(planned(), CENT)
    more = held(edited.plan)["S3"] / 100 + 100
    after = held(pin(edited, ("territory", "S3"), round(more, 2), **SAID).plan)
    before = held(edited.plan)
    assert after["S4"] == before["S4"] - 10_000
    assert {name for name in after if after[name] != before[name]} == {"S3", "S4"}


def test_remainder():
    """East at 900 with S0 and S2 fixed: S1 has what is left of it, with or without the pin of the East."""
    assert held(planned(**pins(East=900, S0=200, S2=350)))["S1"] == 35_000
    free = held(planned(**pins(S0=200, S2=350)))
    assert free["S1"] == free["East"] - 55_000


def test_order_of_pins():
    """All six orders of three pins give one plan."""
    three = {"West": 950.0, "S3": 400.0, "N": 310.0}
    plans = [held(planned(**pins(**{name: three[name] for name in order}))) for order in permutations(three)]
    assert all(plan == plans[0] for plan in plans)


def test_order_of_rows():
    """Shuffled tables give every node the same."""
    scenario, _ = asked(**pins(S1=250.01), **TWO)
    plans = []
    for seed in range(3):
        other = shuffled(scenario, seed)
        plans.append(quota(other, aligned(other, {f"A{i}": f"S{i}" for i in range(5)})))
    for plan in plans[1:]:
        pd.testing.assert_frame_equal(plan.cells, plans[0].cells)


def test_protection():
    """S0 pinned, then North set to 400: S0 stays, S1 has all the rest."""
    edited = pin(begin(planned(), CENT), ("territory", "S0"), 90, **SAID)
    after = held(pin(edited, ("district", "N"), 400, **SAID).plan)
    assert (after["S0"], after["S1"], after["N"]) == (9_000, 31_000, 40_000)


def test_freeze():
    """North frozen at what was seen stays there while the target rises; its sellers still share it."""
    before = held(planned())
    after = held(planned(seen=seen_last(planned()), target=1900, freeze=["N"]))
    assert after["N"] == before["N"] == after["S0"] + after["S1"]
    assert after["company"] == 190_000


def test_what_cannot_be_absorbed():
    """Not reported beside a broken plan: no plan, the pins that clash, and what each would have to be."""
    with pytest.raises(QuotaError) as caught:
        planned(**pins(N=300, S0=200, S1=150))
    clash = {one.rule.name: (one.value, one.freed) for one in caught.value.clashes}
    assert clash == {
        "quota.pins.1": (30_000, 35_000),
        "quota.pins.2": (20_000, 15_000),
        "quota.pins.3": (15_000, 10_000),
    }
    assert "agreed in May" in str(caught.value)


def test_overlapping_pins():
    """Two pins of one node with different amounts are refused when the scenario is read."""
    two = [{"node": "S0", "quota": 100, **SAID}, {"node": "S0", "quota": 120, **SAID}]
    with pytest.raises(ValidationError, match=r"pins\.2: S0 is pinned at 120 here and at 100 by pins\.1"):
        planned(pins=two)


def test_moves():
    """All of S0's to S1 and an exact 12.34 from S4 to S2: ancestors follow, others keep theirs to the cent."""
    edited = begin(planned(), CENT)
    before = held(edited.plan)
    emptied = move(edited, before["S0"] / 100, ("territory", "S0"), ("territory", "S1"), **SAID)
    after = held(move(emptied, 12.34, ("territory", "S4"), ("territory", "S2"), **SAID).plan)
    changes = {name: after[name] - before[name] for name in after if after[name] != before[name]}
    own = before["S0"]
    east = {"S2": 1_234, "S": 1_234, "East": 1_234}
    assert changes == {"S0": -own, "S1": own, **east, "S4": -1_234, "W": -1_234, "West": -1_234}


def test_edits_keep_hedges():
    """100 from West to East is 110 for their sellers, and reconcile finds nothing."""
    plan = planned(hedges={"region": 1.1})
    edited = move(begin(plan, CENT), 100, ("region", "West"), ("region", "East"), **SAID)
    before, after = held(plan), held(edited.plan)
    assert after["W"] - before["W"] == pytest.approx(-11_000, abs=1)
    assert (reconcile(edited.plan)["difference"] == 0).all()


def test_resplit():
    """East anew as 1 : 1 : 2 with S2 pinned: S2 stays, the others share alike."""
    fixed = pin(begin(planned(), CENT), ("territory", "S2"), 300, within=("region", "East"), **SAID)
    east = held(fixed.plan)["East"]
    after = held(resplit(fixed, ("region", "East"), {"S0": 1, "S1": 1, "S2": 2}, **SAID).plan)
    assert after["S2"] == 30_000
    assert abs(after["S0"] - after["S1"]) <= 1
    assert after["S0"] + after["S1"] + after["S2"] == after["East"] == east


def test_two_cuts():
    """Totals by product and totals by quarter of one node at once, exactly; totals that differ are refused."""
    made = split(np.array([2_451, 200]), np.array([1_000, 1_651]), np.array([[5.0, 1.0], [1.0, 1.0]]))
    assert made.sum(axis=1).tolist() == [2_451, 200]
    assert made.sum(axis=0).tolist() == [1_000, 1_651]
    with pytest.raises(ValueError, match="rows sum to 3, columns to 4"):
        split(np.array([3]), np.array([4]), np.ones((1, 1)))
    tree, one = _small()
    rows = [("A", "all", "all", 100), ("A", "pumps", "all", 60), ("A", "valves", "all", 50)]
    with pytest.raises(InputError, match="targets of products contradict"):
        derived(tree, _targets(rows), one)


def test_anchors():
    """From the leaves: sums, to the cent. From the root: cells of any tree conform to their parents exactly."""
    plan = planned()
    names = plan.territory_ids
    floated = roll_up(asked()[0], names, tuple(int(cents) + 7 for cents in plan.cents))
    assert floated["cents"].iloc[0] == 170_037 + 5 * 7
    tree = Hierarchy.of_nodes(floated)
    made = cells(tree, floated["cents"].to_numpy(), {"a": 0.5, "b": 0.5}, {"x": 0.9, "y": 0.1})
    assert (made.cents.sum(axis=(1, 2)) == floated["cents"]).all()


def test_gates():
    """A node that may carry nothing has 0 and so have all below it; the others share the whole target."""
    after = held(planned(nodes=[{"node": "N", "cap": 0}]))
    assert (after["N"], after["S0"], after["S1"], after["company"]) == (0, 0, 0, 170_037)
    assert after["S2"] > 0


def test_zero_measures():
    """North had no sales: a pin of it is shared equally. Where nobody had any, it is an error."""
    after = held(planned((0, 0, 300, 400, 500), **pins(N=100)))
    assert (after["S0"], after["S1"]) == (5_000, 5_000)
    with pytest.raises(ScenarioError, match="history is zero in all territories"):
        planned((0, 0, 0, 0, 0))


def test_hierarchy():
    """Cycles, two parents, unknown parents and bad weights: every one of them, each with its row."""
    rows = [("top", ""), ("A", "top"), ("A", "B"), ("B", "C"), ("C", "B"), ("D", "nobody")]
    with pytest.raises(InputError) as caught:
        tree_of(pd.DataFrame(rows, columns=["node", "parent"]))
    found = {(one.rule, one.row) for one in caught.value.findings.errors}
    assert {("two parents", 4), ("cycle", 5), ("unknown parent", 7)} <= found
    tree, _ = _small()
    with pytest.raises(InputError) as caught:
        checked_weights(tree, pd.DataFrame([("A", -1.0), ("B", np.nan)], columns=["node", "weight"]))
    found = {(one.rule, one.row) for one in caught.value.findings.errors}
    assert {("negative weight", 2), ("missing weight", 3), ("missing weight", 0)} <= found


def test_reconcile():
    """A single cent at one node shows as its row, and the plan is refused."""
    plan = planned(**TWO)
    table = reconcile(plan)
    assert (table["difference"] == 0).all()
    nodes = plan.nodes.copy()
    nodes.loc[nodes["node"] == "N", "cents"] += 1
    broken = type(plan)(plan.territory_ids, plan.cents, plan.target_cents, plan.basis, nodes, plan.cells)
    wrong = reconcile(broken)
    assert set(wrong.loc[wrong["difference"] != 0, "node"]) >= {"N", "East"}
    with pytest.raises(QuotaError, match=r"N: .*off by 0\.01"):
        require_reconciled(broken)


def test_nothing_silent():
    """A target of a node that is not there is a finding; a rule for one, too, with the name that is near."""
    tree, one = _small()
    with pytest.raises(InputError, match="unknown node"):
        derived(tree, _targets([("top", "all", "all", 10), ("EMEA", "all", "all", 5)]), one)
    with pytest.raises(ScenarioError, match=r"no node is called 'Wst' \(is 'West' meant\?\)"):
        planned(**pins(Wst=10))


def test_explanation():
    """Measures, shares, the ideal, limits and the rule that binds stand beside each quota."""
    basis = planned(cap=450, floor=10).basis
    assert {"last_year", "history_share", "share", "ideal", "lowest", "highest", "quota"} <= set(basis)
    assert basis["share"].sum() == pytest.approx(1)
    assert basis.loc["S4", "quota"] == 450
    assert basis.loc["S4", "highest_rule"] == "cap"


def test_provenance():
    """Who and why are required of pins and edits, and the trail has every node before and after."""
    edited = pin(begin(planned(), CENT), ("territory", "S3"), 400, **SAID)
    table = trail_table(edited)
    assert set(table["by"]) == {"Ann"}
    assert set(table["node"]) == {"S3", "S4"}
    with pytest.raises(QuotaError, match="who made it and why"):
        pin(edited, ("territory", "S3"), 401, by="", why="")


def _small():
    """Give three nodes below a top, of the same weight."""
    rows = [("top", ""), ("A", "top"), ("B", "top"), ("C", "top")]
    return tree_of(pd.DataFrame(rows, columns=["node", "parent"])), np.ones(4)


def _targets(rows):
    return pd.DataFrame(rows, columns=["node", "product", "period", "target"])
