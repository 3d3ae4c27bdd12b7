"""The travel table: pairs with the planner's own travel and amounts."""

import numpy as np
import pytest
from scenario_folder import ACCOUNTS, SELLERS, SETTINGS, spoilt, write_scenario

from spm_opt.by_account import by_account
from spm_opt.criteria import Balance, Capacity, Dispersion
from spm_opt.errors import ScenarioError
from spm_opt.scenario.load import load
from spm_opt.scenario.prepare import examine, prepare
from spm_opt.scenario.travel import without_own_pair

TABLE = '[tables.travel]\npath = "travel.csv"\n\n[simulate.win'
TRAVEL = "unit,seller,travel,workload\na1,s1,30,12\na1,s2,90,\na2,s2,,25\n"
AIM = '\n[[criteria]]\nkind = "dispersion"\nweight = 1.0\n'
SEATS = spoilt(
    spoilt(SELLERS, "start,skills,region", "start,skills,region,longitude,latitude"),
    "icu;lab,East\ns2,Bob,,,lab,West",
    "icu;lab,East,-90.5,40.5\ns2,Bob,,,lab,West,-89.5,40.5",
)


def scenario_with(folder, travel=TRAVEL, criteria=AIM, **parts):
    """Write the made scenario with a travel table, and load it."""
    parts = {"sellers": SEATS, **parts}
    parts["settings"] = spoilt(parts.get("settings", SETTINGS), "[simulate.win", TABLE) + criteria
    (folder / "travel.csv").write_text(travel, encoding="utf-8")
    return load(write_scenario(folder, **parts))


def test_given_pairs_replace_distances_and_amounts(tmp_path):
    """a1 is 30 from s1 and 90 from s2, and 12 hours for s1; a2 is 25 hours for s2; the rest is as it was."""
    arcs = prepare(scenario_with(tmp_path)).arcs
    assert arcs.given.tolist() == [True, True, False, False, False, False]
    assert arcs.travel[:2].tolist() == [30.0, 90.0]
    assert arcs.travel[4] == pytest.approx(84.55, abs=0.1)  # a3 lies at the seat of s2, a degree off s1
    assert arcs.travel[5] == 0.0
    assert arcs.amount["workload"].tolist() == [12.0, 10.0, 20.0, 25.0, 30.5, 30.5]
    assert list(arcs.amount) == ["workload"]


def test_sizes_and_criteria_use_the_amounts(tmp_path):
    """s1 carries 12 with a1 where a1 has 10 by itself, and both forms of each criterion say so."""
    problem = prepare(scenario_with(tmp_path))
    plan = np.array([0, 1, 1])
    assert problem.sizes("workload", plan).tolist() == [12.0, 25 + 30.5]
    used = np.zeros(6)
    used[problem.arcs.used(plan)] = 1.0
    (rows,) = Capacity(activity="workload").terms(problem).rows
    assert (rows.matrix @ used).tolist() == [12.0]
    balance = Balance(activity="workload", tolerance=0.9, weight=1.0)
    measure = balance.judge(problem, plan, problem.seat)
    assert measure.local["workload_target"].tolist() == [60.5 / 2] * 2
    hard, priced = balance.terms(problem).rows
    assert hard.lower.tolist() == pytest.approx([0.1 * 30.25] * 2)
    assert np.abs(priced.matrix @ used - priced.upper).sum() == pytest.approx(measure.value)
    travel = Dispersion(weight_by="workload", weight=1.0)
    value = travel.judge(problem, plan, problem.seat).value
    assert travel.terms(problem).cost @ used == pytest.approx(value)
    assert value == pytest.approx((10 * 30 + 20 * problem.arcs.travel[3]) / 60.5)


def test_kept_arcs_keep_what_was_given(tmp_path):
    """Travel and amounts stay with their pairs when others go."""
    arcs = prepare(scenario_with(tmp_path)).arcs.keep(np.array([False, True, False, True, True, False]))
    assert arcs.given.tolist() == [True, False, False]
    assert arcs.travel[0] == 90.0
    assert arcs.amount["workload"].tolist() == [10.0, 25.0, 30.5]


def test_accounts_judged_singly_have_the_amounts_of_their_unit(tmp_path):
    """Where accounts are units the view by account changes nothing."""
    problem = prepare(scenario_with(tmp_path))
    each = by_account(problem)
    assert each.arcs.amount["workload"].tolist() == problem.arcs.amount["workload"].tolist()
    assert each.arcs.given.tolist() == problem.arcs.given.tolist()
    plan = np.array([0, 1, 1])
    assert each.sizes("workload", plan).tolist() == problem.sizes("workload", plan).tolist()


FAULTS = [
    ("a1,s1,30,12", "a11,s1,30,12", "unknown account or unit", "unit", 2, "a1"),
    ("a1,s1,30,12", "a1,s11,30,12", "unknown seller", "seller", 2, "s1"),
    ("a1,s1,30,12", "a1,s1,-30,12", "negative", "travel", 2, ""),
    ("a1,s1,30,12", "a1,s1,30,x", "not a number", "workload", 2, ""),
    ("a1,s1,30,12", ",s1,30,12", "empty", "unit", 2, ""),
    ("a2,s2,,25", "a1,s1,,25", "duplicate pair", "seller", 4, ""),
]


@pytest.mark.parametrize(("old", "new", "rule", "column", "row", "near"), FAULTS)
def test_faults_of_the_table_are_located(tmp_path, old, new, rule, column, row, near):
    """A name that nothing has, a negative number, a pair twice: row, column and the nearest name."""
    (finding,) = examine(scenario_with(tmp_path, spoilt(TRAVEL, old, new))).findings.errors
    assert (finding.rule, finding.file, finding.column, finding.row) == (rule, "travel.csv", column, row)
    assert finding.suggestion == near


def test_a_table_that_gives_nothing_is_an_error(tmp_path):
    """Pairs alone say nothing; nor does a table without rows."""
    (finding,) = examine(scenario_with(tmp_path, "unit,seller\na1,s1\n")).findings.errors
    assert (finding.rule, finding.expected) == (
        "nothing is given for any pair",
        "travel, or one of workload, revenue",
    )
    assert "no travel" in [one.rule for one in examine(scenario_with(tmp_path, "unit,seller\n")).findings]


def test_travel_excludes_centers_that_are_chosen(tmp_path):
    """Nobody knows the travel to a center that is chosen only now."""
    chosen = AIM + 'center = "chosen"\n'
    (finding,) = examine(scenario_with(tmp_path, criteria=chosen)).findings.errors
    assert (finding.rule, finding.column) == ("travel is given, but the centers are chosen", "travel")


WHOLE = "unit,seller,travel\n" + "".join(f"a{i},s{j},{10 * i + j}\n" for i in (1, 2, 3) for j in (1, 2))


def test_a_whole_matrix_needs_no_coordinates(tmp_path):
    """Where every way is given, neither accounts nor sellers need a place."""
    bare = "".join(
        line.split(",-")[0] + ",,," + line.split(",", 4)[-1] for line in ACCOUNTS.splitlines(True)[1:]
    )
    accounts = ACCOUNTS.splitlines(True)[0] + bare
    problem = prepare(scenario_with(tmp_path, WHOLE, accounts=accounts, sellers=SELLERS))
    assert np.isnan(problem.place).all()
    assert problem.arcs.travel.tolist() == [11.0, 12.0, 21.0, 22.0, 31.0, 32.0]
    assert Dispersion().judge(problem, np.array([0, 1, 0]), problem.seat).value == (11 + 22 + 31) / 3


def test_half_a_matrix_needs_coordinates(tmp_path):
    """A seller without a seat, with one way missing: an error that names him."""
    travel = spoilt(WHOLE, "a2,s2,22\n", "")
    (finding,) = examine(scenario_with(tmp_path, travel, sellers=SELLERS)).findings.errors
    assert finding.rule.startswith("travel is given for some pairs only")
    assert (finding.column, finding.value) == ("seller", "s2")


def test_accounts_inside_a_polygon_have_no_pair_of_their_own(tmp_path):
    """Where a1 goes with polygon P, the table must name P."""
    found = without_own_pair(scenario_with(tmp_path), np.array([0, 1, 2]), ("P", "a2", "a3"))
    assert [(one.rule, one.row, one.value, one.suggestion) for one in found] == [
        ("account that is not assigned singly", row, "a1", "P") for row in (2, 3)
    ]


def test_a_travel_limit_uses_given_travel_and_asks_for_seats(tmp_path):
    """a1 may not go to s2, 90 away by road; without coordinates the sellers are findings."""
    limit = '\n[[criteria]]\nkind = "reach"\nlimit = 86\n'
    arcs = prepare(scenario_with(tmp_path, criteria=limit)).arcs
    assert np.diff(arcs.start).tolist() == [1, 2, 2]
    found = examine(load(write_scenario(tmp_path, settings=SETTINGS + limit))).findings.errors
    assert [(one.rule, one.value) for one in found] == [("no seat", "s1"), ("no seat", "s2")]


def test_a_field_is_no_name_for_an_activity(tmp_path):
    """An activity called travel could not be told from the travel."""
    settings = spoilt(SETTINGS, 'revenue = "USD"', 'revenue = "USD", travel = "h"')
    with pytest.raises(ScenarioError, match="'travel' is already a field of the tables"):
        scenario_with(tmp_path, settings=settings)
