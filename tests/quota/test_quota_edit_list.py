"""Edits with the split by product and period, limits of nodes, and lists of edits from a table."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_company import aligned
from test_quota_edits import EAST, EDITS, NORTH, SAID, TOP, WEST, applied, asked, held, made, node, territory
from test_quota_joint import SPLIT, planned, read
from test_quota_joint import asked as asked_for

from spm_opt.errors import InputError, QuotaError
from spm_opt.quota.cells import Cells, cells
from spm_opt.quota.edit_list import edit
from spm_opt.quota.edits import begin, move, pin, resplit, swap, trail_table
from spm_opt.quota.hierarchy import Hierarchy
from spm_opt.quota.joint import given as targets_of
from spm_opt.quota.recut import recut
from spm_opt.quota.tree import reconcile
from spm_opt.scenario.edit_rows import read_edits

HALVES = {"products": {"X": 0.5, "Y": 0.5}, "periods": "quarter"}


def cell(plan, name, product, quarter):
    found = Cells.of_table(Hierarchy.of_nodes(plan.nodes), plan.cells)
    at = found.tree.names.index(name), found.products.index(product), quarter - 1
    return found.cents[at] / 100


def test_cells_follow_a_move_by_hand():
    """80 from D to E: an eighth each of 400 and 500 was in a cell, now of 320 and 580; nobody else's change."""
    first = made(**HALVES)
    plan = move(begin(first, 10), 80, territory("D"), territory("E"), **SAID).plan
    assert [cell(plan, name, "X", 1) for name in "ABCDE"] == [12.5, 25, 37.5, 40, 72.5]
    before, after = (
        one.cells.set_index(["level", "node", "product", "period"])["cents"] for one in (first, plan)
    )
    assert set(before.index[before != after].get_level_values("node")) == {"D", "E"}
    assert (reconcile(plan)["difference"] == 0).all()


def test_cells_follow_a_move_across_regions_and_a_swap():
    """Regions and districts follow; a swap there and back leaves the quarters of the company as they were."""
    first = begin(made(**HALVES, seasonality=(0.4, 0.3, 0.2, 0.1)), 10)
    moved = move(first, 100, WEST, NORTH, **SAID).plan
    assert cell(moved, "West", "X", 1) == 800 * 0.5 * 0.4
    assert cell(moved, "North", "Y", 4) == 400 * 0.5 * 0.1
    there = swap(first, "A", "E", **SAID)
    assert cell(there.plan, "A", "X", 1) == 100
    back = swap(there, "A", "E", **SAID)
    assert (reconcile(there.plan)["difference"] == 0).all()
    assert back.plan.cells["cents"].sum() == first.plan.cells["cents"].sum()
    assert [cell(back.plan, "company", "X", q) for q in (1, 2, 3, 4)] == [300, 225, 150, 75]


def test_a_territory_that_had_nothing_takes_the_mix_of_its_parent():
    """A has no quota; after a move of 90 from B its quarters are North's."""
    plan = made((0, 300, 300, 400, 500), **HALVES, seasonality=(0.4, 0.3, 0.2, 0.1))
    edited = move(begin(plan, 10), 90, territory("B"), territory("A"), **SAID).plan
    assert [cell(edited, "A", "X", q) for q in (1, 2, 3, 4)] == [18, 13.5, 9, 4.5]


def test_given_targets_stand_through_edits():
    """S0 keeps its 40 in X and the first quarter when its quota rises; a whole that is given can't be moved."""
    rows = [("S0", "X", "2027-Q1", 40)]
    scenario = asked_for(rows, **SPLIT)
    plan = planned(rows, **SPLIT)
    edited = begin(plan, 1, targets=targets_of(scenario, Hierarchy.of_nodes(plan.nodes)))
    after = move(edited, 50, territory("S1"), territory("S0"), **SAID).plan
    assert read(after)("S0", "X", "2027-Q1") == 40
    assert (reconcile(after)["difference"] == 0).all()
    with pytest.raises(QuotaError, match="region East would have 230; its limits let it have 240 at least"):
        move(begin(planned([("East", 240)]), 1), 10, EAST, WEST, **SAID)


def test_limits_of_inner_nodes_hold_through_edits():
    """North has at most 320: 20 more are fine, 30 more are not, by whatever edit; reconcile would tell."""
    plan = made(nodes=[{"node": "North", "cap": 320}, {"node": "West", "floor": 890}])
    edited = move(begin(plan, 10), 20, territory("C"), territory("A"), **SAID)
    assert node(edited, NORTH) == 320
    with pytest.raises(QuotaError, match="district North would have 330; its limits let it have 320 at most"):
        move(begin(plan, 10), 30, territory("C"), NORTH, **SAID)
    with pytest.raises(QuotaError, match="North would have 330"):
        move(begin(plan, 10), 30, territory("C"), territory("A"), **SAID)
    with pytest.raises(QuotaError, match="region West would have 880; its limits let it have 890 at least"):
        move(begin(plan, 10), 20, territory("D"), territory("A"), **SAID)
    assert node(resplit(begin(plan, 10), EAST, {"A": 1, "B": 1, "C": 0}, **SAID), NORTH) == 320
    wrong = replace(
        plan, nodes=plan.nodes.assign(highest=np.where(plan.nodes["node"] == "North", 290, np.inf))
    )
    found = reconcile(wrong).query("difference != 0")
    assert found[["node", "check", "difference"]].to_numpy().tolist() == [
        ["North", "district is within its limits", 1000]
    ]


@settings(max_examples=12, deadline=None, derandomize=True)
@given(EDITS, st.booleans(), st.booleans())
def test_every_chain_of_edits_keeps_the_sums_of_cells(edits, hedged, seasonal):
    """Whatever is done, cells add up to quotas and to their parents', and none is below zero."""
    rules = {"hedges": {"company": 1.1}} if hedged else {}
    season = {"seasonality": (0.7, 0.3, 0.0, 0.0)} if seasonal else {}
    edited = applied(begin(made(cap=900, **rules, **HALVES, **season), 10), edits)
    assert (reconcile(edited.plan)["difference"] == 0).all()
    assert edited.plan.cells["cents"].min() >= 0


@settings(max_examples=12, deadline=None, derandomize=True)
@given(st.integers(0, 10**6))
def test_cells_of_unchanged_quotas_are_unchanged(seed):
    """Any tree and cells: nothing moves without a reason, and new quotas are split exactly."""
    rng = np.random.default_rng(seed)
    count = int(rng.integers(3, 12))
    tree = Hierarchy(
        tuple(f"n{i}" for i in range(count)),
        ("node",) * count,
        (-1, *(int(rng.integers(0, i)) for i in range(1, count))),
    )
    own = np.array(tree.summed(rng.integers(0, 90, len(tree.leaves)).tolist()), dtype=np.int64)
    before = cells(
        tree,
        own,
        {"X": 0.3, "Y": 0.7},
        {"2027-Q1": 0.5, "2027-Q2": 0.5},
        season=rng.random((len(tree.leaves), 2)),
    )
    assert (recut(before, own).cents == before.cents).all()
    leaves = own[tree.leaves].copy()
    taken = int(rng.integers(0, leaves[0] + 1))
    leaves[0] -= taken
    leaves[-1] += taken
    new = np.array(tree.summed(leaves.tolist()), dtype=np.int64)
    after = recut(before, new)
    assert (after.cents.sum(axis=(1, 2)) == new).all()
    assert after.cents.min() >= 0
    for parent, below in enumerate(tree.children):
        assert not below or (after.cents[list(below)].sum(axis=0) == after.cents[parent]).all()


def listed(tmp_path, *rows):
    head = "edit,node,level,to,amount,weights,within,by,why"
    (tmp_path / "edits.csv").write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    return read_edits(tmp_path / "edits.csv")


def test_a_list_of_edits_is_done_in_its_order(tmp_path):
    """The same as the functions one by one, each with its line in the trail."""
    scenario, plan = asked({"target": 1500.0, "step": 10, "methods": {"even": 1.0}})
    alignment = aligned(scenario, {f"of {name}": name for name in "ABCDE"})
    rows = listed(
        tmp_path,
        "move,D,,A,50,,,Ada,agreed",
        "pin,North,district,,700,,company,Bo,promised",
        "resplit,East,,,,revenue,,Cy,by revenue",
        "swap,D,,E,,,,Ada,moved house",
        "unpin,North,district,,,,,Bo,no more",
        "resplit,West,,,,even,,Cy,even again",
    )
    done = edit(scenario, alignment, plan, rows, file="edits.csv")
    step = move(begin(plan, 10), 50, territory("D"), territory("A"), by="Ada", why="agreed")
    step = pin(step, NORTH, 700, within=TOP, by="Bo", why="promised")
    step = resplit(step, EAST, {"A": 100, "B": 200, "C": 300}, by="Cy", why="by revenue")
    assert held(done)["A"] == held(step)["A"]
    assert held(done)["D"] == held(done)["E"]
    assert trail_table(done)["edit"].nunique() == 6
    assert trail_table(done)["by"].drop_duplicates().tolist() == ["Ada", "Bo", "Cy"]


def test_what_is_wrong_with_a_list_is_located(tmp_path):
    """Unknown edits, empty cells, unknown nodes: at once; what an edit can't have: with its row."""
    with pytest.raises(InputError) as raised:
        listed(tmp_path, "mov,D,,A,50,,,Ada,x", "move,D,,,50,,,Ada,", "pin,D,,,much,,,Ada,x")
    assert [(f.rule, f.row, f.column) for f in raised.value.findings] == [
        ("empty", 3, "to"), ("empty", 3, "why"), ("not a number", 4, "amount"), ("unknown edit", 2, "edit"),
    ]  # fmt: skip
    scenario, plan = asked({"target": 1500.0, "step": 10})
    rows = listed(tmp_path, "move,Z,,Nort,50,,,Ada,x", "swap,A,,B,,,,Ada,x")
    with pytest.raises(InputError) as raised:
        edit(scenario, None, plan, rows, file="edits.csv")
    assert [(f.row, f.column, f.value, f.suggestion) for f in raised.value.findings] == [
        (2, "node", "Z", ""), (2, "to", "Nort", "North"),
    ]  # fmt: skip
    for row, message in (
        ("move,A,,B,55,,,Ada,x", r"edits.csv: row 2: 55 is no whole multiple of step 10"),
        ("swap,A,,West,,,,Ada,x", r"row 2: region West is no territory"),
        ("resplit,East,,,,potental,,Ada,x", r"row 2: 'potental' is no activity"),
    ):
        with pytest.raises(QuotaError, match=message):
            edit(scenario, None, plan, listed(tmp_path, row), file="edits.csv")


def test_rows_of_the_table_are_kept_in_order(tmp_path):
    """A file without a column for amounts is fine where no edit needs one."""
    (tmp_path / "edits.csv").write_text("edit,node,to,by,why\nswap,A,B,Ada,x\n", encoding="utf-8")
    assert isinstance(read_edits(tmp_path / "edits.csv"), pd.DataFrame)
    with pytest.raises(InputError, match="file not found"):
        read_edits(tmp_path / "edit.csv")
