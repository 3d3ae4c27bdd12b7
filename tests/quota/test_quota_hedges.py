"""Over-assignment of single nodes: given, refused, kept by every sum, edit and file."""

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_company import aligned, company
from scenario_copy import copied

from spm_opt.errors import QuotaError, ScenarioError
from spm_opt.quota.cells import Cells
from spm_opt.quota.edits import begin, move, pin
from spm_opt.quota.hierarchy import Hierarchy
from spm_opt.quota.quota import quota
from spm_opt.quota.rules import assigned
from spm_opt.quota.tree import reconcile
from spm_opt.run import check, loaded
from spm_opt.simulate.sales import Sales

STAFF = [
    {"id": "A", "region": "East", "district": "North"},
    {"id": "B", "region": "East", "district": "North"},
    {"id": "C", "region": "East", "district": "South"},
    {"id": "D", "region": "West", "district": "Coast"},
]
SAID = {"by": "Ada", "why": "agreed in the review"}
NAMES = ("East", "West", "North", "South", "Coast")


def asked(**rules):
    accounts = [{"id": f"of {s['id']}", "revenue": 100.0 * (i + 1)} for i, s in enumerate(STAFF)]
    scenario = company(accounts, STAFF, quota={"target": 1000, "step": 1, **rules})
    return scenario, aligned(scenario, {f"of {s['id']}": s["id"] for s in STAFF})


def planned(**rules):
    return quota(*asked(**rules))


def amounts(plan):
    return (plan.nodes.set_index("node")["cents"] / 100).to_dict()


def test_the_own_hedge_wins_over_the_level_by_hand():
    """East has none and gives 600 of its 600; West has its level's tenth and gives 440 of 400."""
    plan = planned(hedges={"region": 1.1}, nodes=[{"node": "East", "hedge": 1.0}], methods={"even": 1})
    found = amounts(plan)
    # shares are even at the bottom: West gives 1.1 for one of its own, so that x + x + x + x / 1.1 = 1000
    assert (found["East"], found["West"]) == (767, 233)
    assert (found["North"] + found["South"], found["Coast"]) == (767, 256)
    assert plan.nodes.set_index("node").loc[["company", "East", "West"], "hedge"].tolist() == [1.0, 1.0, 1.1]


def test_products_and_quarters_follow():
    """Cells below the hedged node sum to its cells times its hedge; all checks of the table hold."""
    split = {"products": {"X": 0.6, "Y": 0.4}, "periods": "quarter"}
    plan = planned(nodes=[{"node": "North", "hedge": 1.25}], **split)
    cells = Cells.of_table(Hierarchy.of_nodes(plan.nodes), plan.cells)
    names = cells.tree.names
    above = cells.cents[names.index("North")].sum(axis=1)
    below = sum(cells.cents[names.index(name)] for name in "AB").sum(axis=1)
    assert below == pytest.approx(1.25 * above, abs=50)
    assert (reconcile(plan)["difference"] == 0).all()


def test_an_own_hedge_stays_where_another_is_chosen():
    """The company's hedge is chosen, East's is given at level region, West's by name."""
    scenario, alignment = asked(
        hedges={"region": 1.05}, nodes=[{"node": "West", "hedge": 1.2}], over={"chance": 0.3, "most": 1.3}
    )
    draws = np.random.default_rng(1).gamma(9.0, 32.0, size=(400, 4))
    sales = Sales(alignment.territory_ids, draws, np.zeros(400), pd.DataFrame(), pd.DataFrame(), 1)
    plan = quota(scenario, alignment, sales)
    hedge = plan.nodes.set_index("node")["hedge"]
    assert (hedge["East"], hedge["West"]) == (1.05, 1.2)
    assert [hedge["company"]] == plan.over.loc[plan.over["chosen"], "hedge"].tolist()
    assert (reconcile(plan)["difference"] == 0).all()
    own = [{"node": "company", "hedge": 1.1}]
    other, _ = asked(nodes=own, over={"chance": 0.3, "most": 1.3})
    with pytest.raises(ScenarioError, match="at level 'company' that has no hedge of its own"):
        quota(other, alignment, sales)


def test_edits_keep_it():
    """A pin inside East and a move between regions: West's fifth and East's nothing stay."""
    edited = begin(planned(nodes=[{"node": "West", "hedge": 1.2}]), 1)
    edited = pin(edited, ("territory", "A"), 150, **SAID)
    edited = move(edited, 10, ("region", "East"), ("region", "West"), **SAID)
    found = amounts(edited.plan)
    assert found["Coast"] == assigned(round(found["West"] * 100), Fraction(6, 5), 100) / 100
    assert (reconcile(edited.plan)["difference"] == 0).all()


def test_what_cannot_be_is_located_all_at_once(tmp_path):
    """An unknown node with the near one, a territory, two hedges of one node: each at its entry."""
    folder = copied(tmp_path / "tiny")
    entries = [("Eaast", 1.1), ("East", 1.1), ("company", 1.1), ("company", 1.2)]
    with (folder / "scenario.toml").open("a", encoding="utf-8") as file:
        file.writelines(f'\n[[quota.nodes]]\nnode = "{name}"\nhedge = {hedge}\n' for name, hedge in entries)
    found = {one.column: one for one in check(loaded(folder)).errors}
    assert "is 'East' meant?" in found["quota.nodes.1"].rule
    assert found["quota.nodes.2.hedge"].rule == "no quotas are below territory East"
    assert found["quota.nodes.3.hedge"].rule == "company has 1.1 here and 1.2 in another entry; keep one"
    lines = (folder / "scenario.toml").read_text(encoding="utf-8").split("\n")
    assert lines[found["quota.nodes.2.hedge"].row - 1] == "hedge = 1.1"


def test_a_rule_below_is_freed_by_the_hedged_amount():
    """West at 400 with a fifth more gives D 480: a cap of 450 clashes with the pin, which 375 would free."""
    rules = {"nodes": [{"node": "West", "hedge": 1.2}, {"node": "D", "cap": 450}]}
    with pytest.raises(QuotaError) as caught:
        planned(**rules, pins=[{"node": "West", "quota": 400, **SAID}])
    freed = {one.rule.name: one.freed for one in caught.value.clashes}
    assert freed == {"quota.nodes.2.cap": 48_000, "quota.pins.1": 37_500}


@settings(max_examples=12, deadline=None, derandomize=True)
@given(
    st.dictionaries(st.sampled_from(NAMES), st.sampled_from([1.0, 1.05, 1.1, 1.37, 0.9]), max_size=4),
    st.sampled_from([{}, {"region": 1.08}, {"company": 1.03, "district": 1.11}]),
    st.sampled_from(["year", "month"]),
)
def test_any_hedges_conserve(own, by_level, periods):
    """Whatever nodes have, the children of each sum to exactly its number times its hedge, half a step up."""
    nodes = [{"node": name, "hedge": hedge} for name, hedge in own.items()]
    plan = planned(nodes=nodes, hedges=by_level, periods=periods)
    assert (reconcile(plan)["difference"] == 0).all()
    table = plan.nodes.set_index("node")
    level = dict(zip(plan.nodes["node"], plan.nodes["level"], strict=True))
    for name in ("company", *NAMES):
        hedge = own.get(name, by_level.get(level[name], 1.0))
        below = table[table["parent"] == name]["cents"].sum()
        assert abs(below - hedge * table.loc[name, "cents"]) <= 50
