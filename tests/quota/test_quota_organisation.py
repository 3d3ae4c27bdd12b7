"""Trees of any depth from a table of the organisation."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_company import aligned, company
from pydantic import ValidationError

from spm_opt.errors import InputError, ScenarioError
from spm_opt.quota.organisation import organisation_findings
from spm_opt.quota.quota import quota
from spm_opt.quota.tree import reconcile
from spm_opt.scenario.settings import Table

STAFF = [
    {"id": "S0", "district": "Lyon"}, {"id": "S1", "district": "Nice"}, {"id": "S2", "region": "France"}, {"id": "S3"},
]  # fmt: skip
NODES = [
    ("Lyon", "South", "district"), ("South", "France", "area"), ("Nice", "South", "district"), ("France", "", "country"),
]  # fmt: skip


def organised(rows=NODES, staff=STAFF, tables=(), **rules):
    accounts = [{"id": f"A{i}", "revenue": 100.0 * (i + 1)} for i in range(len(staff))]
    given_rules = {"step": 1, "target": 1000, **rules}
    made = company(accounts, staff, quota={"target": 1000})
    files = made.settings.tables.model_copy(update={"organisation": Table(path="nodes.csv"), **dict(tables)})
    whole = type(made.settings).model_validate(
        {**made.settings.model_dump(), "tables": files.model_dump(), "quota": given_rules}
    )
    table = pd.DataFrame(rows, columns=["node", "parent", "level"]).assign(row=np.arange(2, len(rows) + 2))
    return replace(made, settings=whole, organisation=table.sort_values("node", ignore_index=True))


def planned(*args, **rules):
    scenario = organised(*args, **rules)
    return quota(
        scenario, aligned(scenario, {f"A{i}": name for i, name in enumerate(sorted(scenario.sellers["id"]))})
    )


def test_five_levels_by_hand():
    """1 : 2 : 3 : 4 of 1,000; sellers hang where their district, their region or nothing says."""
    plan = planned()
    rows = plan.nodes[["level", "node", "parent", "cents"]].itertuples(index=False, name=None)
    assert [(*row[:3], row[3] / 100) for row in rows] == [
        ("company", "company", "", 1000),
        ("country", "France", "company", 600),
        ("area", "South", "France", 300),
        ("district", "Lyon", "South", 100),
        ("district", "Nice", "South", 200),
        ("territory", "S0", "Lyon", 100),
        ("territory", "S1", "Nice", 200),
        ("territory", "S2", "France", 300),
        ("territory", "S3", "company", 400),
    ]
    assert (reconcile(plan)["difference"] == 0).all()


def test_levels_of_ones_own_have_steps_hedges_and_limits():
    """The area in 50s, 10 % more below the country, a cap on a district."""
    rules = {
        "steps": {"area": 50},
        "hedges": {"country": 1.1},
        "nodes": [{"node": "Lyon", "level": "district", "cap": 90}],
    }
    found = planned(**rules, methods={"even": 1}).nodes.set_index("node")["cents"] / 100
    assert found["South"] % 50 == 0
    assert found["South"] + found["S2"] == round(1.1 * found["France"])
    assert found["Lyon"] <= 90
    with pytest.raises(ScenarioError, match=r"quota\.steps: there is no node at level 'aera'"):
        planned(steps={"aera": 50})
    with pytest.raises(ValidationError, match="'area' is no level; expected one of company, region"):
        company([{"id": "A0"}], [{"id": "S0"}], quota={"target": 1000, "hedges": {"area": 1.1}})


def test_sellers_with_rows_and_levels_without_names():
    """A seller's own row goes before its district; a level without a name is called by its depth."""
    plan = planned([*[(node, parent, "") for node, parent, _ in NODES], ("S3", "Nice", "")])
    nodes = plan.nodes.set_index("node")
    assert nodes.loc["S3", "parent"] == "Nice"
    assert nodes["level"][["France", "South", "Nice"]].tolist() == ["level 1", "level 2", "level 3"]


def test_every_fault_is_found_at_once_and_located():
    """A cycle, two parents, an unknown parent, a branch without sellers, reserved words, a seller as a branch."""
    rows = [
        ("France", "", "country"), ("Lyon", "Nord", ""), ("Nord", "Lyon", ""), ("Nice", "France", ""), ("Nice", "Lyon", ""),
        ("Empty", "France", ""), ("Lost", "nowhere", ""), ("company", "", ""), ("Paris", "S3", "territory"),
    ]  # fmt: skip
    staff = [*STAFF[:3], {"id": "S3", "district": "Nic"}]
    with pytest.raises(InputError) as raised:
        planned(rows, staff)
    found = [(f.file, f.rule, f.row, f.value) for f in raised.value.findings]
    assert found == [
        ("nodes.csv", "a seller with nodes below", 10, "S3"),
        ("nodes.csv", "cycle", 3, "Lyon > Nord > Lyon"),
        ("nodes.csv", "no children", 7, "Empty"),
        ("nodes.csv", "no children", 8, "Lost"),
        ("nodes.csv", "no children", 10, "Paris"),
        ("nodes.csv", "reserved level", 10, "territory"),
        ("nodes.csv", "reserved name", 9, "company"),
        ("nodes.csv", "two parents", 6, "Lyon"),
        ("nodes.csv", "unknown parent", 8, "nowhere"),
        ("sellers.csv", "unknown node", 5, "Nic"),
    ]


@given(st.integers(0, 10**6))
@settings(max_examples=12, derandomize=True, deadline=None)
def test_any_tree_adds_up_in_any_order_of_rows(seed):
    """Random trees: every sum is exact, and shuffling the rows changes nothing."""
    rng = np.random.default_rng(seed)
    count = int(rng.integers(1, 6))
    rows = [(f"n{i}", f"n{rng.integers(0, i)}" if i and rng.random() < 0.8 else "", "") for i in range(count)]
    staff = [{"id": f"S{i}", "district": f"n{i % count}"} for i in range(count + int(rng.integers(0, 3)))]
    plan = planned(rows, staff)
    assert (reconcile(plan)["difference"] == 0).all()
    again = planned([rows[i] for i in rng.permutation(count)], staff)
    assert again.nodes.equals(plan.nodes)
    assert not organisation_findings(organised(rows, staff)).errors
