"""Tests of the way from a scenario's tables to the problem."""

import dataclasses
import shutil
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_company import company
from shapely.geometry import box

from spm_opt.criteria import Contiguity, Dispersion, Families, Pairs, Skills
from spm_opt.errors import InputError
from spm_opt.problem import NONE
from spm_opt.scenario.load import load
from spm_opt.scenario.place import placed
from spm_opt.scenario.prepare import examine, prepare
from spm_opt.scenario.settings import Geography
from spm_opt.workload.derive import derived

SCENARIOS = Path(__file__).parents[2] / "scenarios"
SELLERS = [{"id": "P", "x": 0.0, "y": 0.0}, {"id": "Q", "x": 3.0, "y": 4.0}]


def made(accounts, *, sellers=SELLERS, polygons=None, criteria=(), activities=("revenue",), **units):
    """Make a scenario in the plane, with polygons where they are given."""
    scenario = company(accounts, sellers, activities=activities)
    units = {"by": "account" if polygons is None else "geography", "coordinates": "planar", **units}
    tables = scenario.settings.tables
    if polygons is not None:
        tables = tables.model_copy(update={"geography": Geography(path="map.gpkg")})
    changed = scenario.settings.model_dump(exclude_unset=True) | {
        "units": units,
        "criteria": [],
        "tables": tables.model_dump(),
    }
    made_settings = type(scenario.settings).model_validate(changed)
    made_settings = made_settings.model_copy(update={"criteria": tuple(criteria)})
    frame = None
    if polygons is not None:
        shapes = dict(sorted(polygons.items()))
        frame = gpd.GeoDataFrame({"id": list(shapes), "name": list(shapes)}, geometry=list(shapes.values()))
    return dataclasses.replace(scenario, settings=made_settings, geography=frame)


def row_of(problem):
    return {name: u for u, name in enumerate(problem.unit_ids)}


def unit_of(problem):
    return {
        name: problem.unit_ids[u] for name, u in zip(problem.accounts.ids, problem.accounts.unit, strict=True)
    }


def pairs_of(problem):
    arcs = problem.arcs
    return {
        (problem.unit_ids[u], problem.territory_ids[t])
        for u, t in zip(arcs.unit, arcs.territory, strict=True)
    }


LEFT, RIGHT = box(0, 0, 1, 1), box(1, 0, 2, 1)
MAP = {"L": LEFT, "R": RIGHT}


def at(name, x, y, **more):
    return {"id": name, "x": x, "y": y, **more}


# ---- accounts as units


def test_account_units_by_hand():
    """Two accounts, two sellers: ids, sums, travel, today's seller and capacity as the tables have them."""
    accounts = [
        at("b", 3.0, 4.0, seller="Q", revenue=20.0),
        at("a", 0.0, 0.0, seller="", revenue=10.0),
    ]
    problem = prepare(made(accounts, sellers=[{**SELLERS[0], "capacity": 7.0}, SELLERS[1]]))
    assert problem.unit_ids == ("a", "b")
    assert problem.territory_ids == ("P", "Q")
    assert problem.activity.tolist() == [[10.0], [20.0]]
    assert problem.arcs.territory.tolist() == [0, 1, 0, 1]
    assert problem.arcs.travel.tolist() == [0.0, 5.0, 5.0, 0.0]
    assert problem.accounts.current.tolist() == [NONE, 1]
    assert problem.capacity.tolist() == [7.0, np.inf]
    assert not problem.geographic.any()
    assert problem.edges.shape == (0, 2)


def test_travel_is_unknown_without_a_place_or_a_seat():
    """An account without a place, and a seller without a seat, have no distance."""
    problem = prepare(made([at("a", np.nan, np.nan), at("b", 3.0, 4.0)], sellers=[SELLERS[0], {"id": "Q"}]))
    np.testing.assert_array_equal(problem.arcs.travel, [np.nan, np.nan, 5.0, np.nan])


def test_chosen_centers_ignore_seats():
    """Where centers are chosen, no seat and no travel is known beforehand."""
    problem = prepare(made([at("a", 0.0, 0.0)], criteria=[Dispersion(center="chosen", weight=1)]))
    assert np.isnan(problem.seat).all()
    assert np.isnan(problem.arcs.travel).all()


def test_contiguity_joins_neighbouring_accounts():
    """With contiguity, accounts that have a place are joined to their neighbours; named ones stay out."""
    accounts = [at("a", 0.0, 0.0), at("b", 1.0, 0.0), at("c", 2.0, 0.0), at("n", 1.5, 0.0, named=True)]
    problem = prepare(made(accounts, criteria=[Contiguity()]))
    assert problem.edges.tolist() == [[0, 1], [1, 2]]
    assert problem.geographic.tolist() == [True, True, True, False]


def test_no_coordinates_at_all_is_no_finding():
    """A scenario without any places, and without a criterion that needs them, is complete as it is."""
    assert len(placed(made([{"id": "a"}, {"id": "b"}])).findings) == 0


@pytest.mark.parametrize(("rule", "errors", "warnings"), [("error", 1, 0), ("single", 0, 1), ("keep", 0, 1)])
def test_account_without_a_place(rule, errors, warnings):
    """An account without a place is one finding, and an error unless the settings say what becomes of it."""
    accounts = [at("a", 0.0, 0.0, seller="P"), {"id": "b", "seller": "Q"}]
    scenario = made(accounts, criteria=[Dispersion(weight=1)], without_place=rule)
    findings = placed(scenario).findings
    assert (len(findings.errors), len(findings.warnings)) == (errors, warnings)
    (finding,) = findings
    assert (finding.file, finding.row, finding.column, finding.value) == (
        "accounts.csv", 3, "longitude, latitude", "b",
    )  # fmt: skip
    if rule == "single":
        assert ("b", "P") in pairs_of(prepare(scenario))
    if rule == "keep":
        assert pairs_of(prepare(scenario)) == {("a", "P"), ("a", "Q"), ("b", "Q")}


def test_kept_only_where_the_current_seller_may_have_it():
    """An account without a place is not kept with a seller who lacks a skill, nor with nobody."""
    sellers = [{"id": "P", "skills": ("law",)}, {"id": "Q"}]
    accounts = [
        at("a", 0.0, 0.0),
        {"id": "b", "seller": "Q", "skills": ("law",)},
        {"id": "c", "seller": ""},
        {"id": "d", "seller": "Q"},
    ]
    problem = prepare(made(accounts, sellers=sellers, criteria=[Skills()], without_place="keep"))
    pairs = {pair for pair in pairs_of(problem) if pair[0] != "a"}
    assert pairs == {("b", "P"), ("c", "P"), ("c", "Q"), ("d", "Q")}


# ---- polygons as units


def test_points_fall_into_polygons():
    """Accounts go to the polygon they lie in, or whose id they have; an empty polygon is a unit, too."""
    accounts = [at("a", 0.5, 0.5, revenue=1.0), at("b", 0.2, 0.2, revenue=2.0), at("c", 0.1, 0.1, unit="R")]
    problem = prepare(made(accounts, polygons={**MAP, "S": box(2, 0, 3, 1)}))
    assert problem.unit_ids == ("L", "R", "S")
    assert unit_of(problem) == {"a": "L", "b": "L", "c": "R"}
    assert problem.activity[:, 0].tolist() == [3.0, 0.0, 0.0]
    assert problem.edges.tolist() == [[0, 1], [1, 2]]
    assert problem.geographic.all()


def test_border_goes_to_the_smallest_id():
    """An account on a border belongs to the polygon whose id comes first, whatever the map's order."""
    assert unit_of(prepare(made([at("a", 1.0, 0.5)], polygons=MAP))) == {"a": "L"}
    swapped = {"L": RIGHT, "R": LEFT}
    assert unit_of(prepare(made([at("a", 1.0, 0.5)], polygons=swapped))) == {"a": "L"}


def test_place_of_a_unit():
    """A polygon is where its accounts are on average; without any, at a point inside it."""
    problem = prepare(made([at("a", 0.2, 0.2), at("b", 0.4, 0.8)], polygons=MAP))
    np.testing.assert_allclose(problem.place[0], [0.3, 0.5])
    assert RIGHT.contains(gpd.points_from_xy(problem.place[1:, 0], problem.place[1:, 1])[0])


def test_named_accounts_are_units_of_their_own():
    """A named account inside a polygon is assigned singly, at its own place, and the polygon lacks it."""
    accounts = [at("a", 0.5, 0.5, revenue=1.0), at("n", 0.6, 0.6, named=True, revenue=9.0)]
    problem = prepare(made(accounts, polygons=MAP))
    assert problem.unit_ids == ("L", "R", "n")
    assert problem.activity[:, 0].tolist() == [1.0, 0.0, 9.0]
    assert problem.geographic.tolist() == [True, True, False]
    assert problem.place[2].tolist() == [0.6, 0.6]


def test_named_account_without_coordinates():
    """A named account with a unit's id stands in that polygon; with nothing at all it is a warning."""
    accounts = [
        at("a", 0.5, 0.5),
        {"id": "n", "named": True, "unit": "R"},
        {"id": "o", "named": True},
        at("p", 9.0, 9.0, named=True),
    ]
    scenario = made(accounts, polygons=MAP)
    (finding,) = placed(scenario).findings
    assert (finding.severity, finding.value) == ("warning", "o")
    problem = prepare(scenario)
    assert RIGHT.contains(gpd.points_from_xy(problem.place[2:3, 0], problem.place[2:3, 1])[0])
    assert np.isnan(problem.place[3]).all()


def test_account_outside_every_polygon():
    """An account at sea is an error that says where it is, or is assigned singly where that is asked."""
    accounts = [at("a", 0.5, 0.5), at("b", 7.0, 7.5), {"id": "c"}]
    findings = placed(made(accounts, polygons=MAP)).findings
    assert [(f.severity, f.rule, f.value) for f in findings] == [
        ("error", "in no polygon", "b at 7, 7.5"),
        ("error", "no place", "c"),
    ]
    problem = prepare(made(accounts, polygons=MAP, without_place="single"))
    assert unit_of(problem) == {"a": "L", "b": "b", "c": "c"}
    assert problem.geographic.tolist() == [True, True, False, False]


def test_swapped_coordinates_are_told():
    """Where x and y lie inside the map the other way around only, the finding says that they are swapped."""
    wide = {"W": box(0, 0, 9, 1)}
    findings = placed(made([at("a", 0.5, 7.0), at("b", 20.0, 20.0)], polygons=wide)).findings
    assert ["swapped" in f.suggestion for f in findings] == [True, False]


def test_unknown_unit_id():
    """A unit id that the map lacks is an error with the nearest id, not looked up by place instead."""
    (finding,) = placed(made([at("a", 0.5, 0.5, unit="Nort")], polygons={"North": LEFT})).findings
    assert (finding.rule, finding.column, finding.value, finding.suggestion) == (
        "unknown unit", "unit", "Nort", "North",
    )  # fmt: skip


def test_clash_of_ids():
    """An account assigned singly must not have the id of a polygon."""
    findings = placed(made([at("L", 0.5, 0.5, named=True)], polygons=MAP)).findings
    assert [f.rule for f in findings.errors] == ["an account assigned singly has the id of a polygon"]


def test_islands_are_bridged_or_refused():
    """A unit that touches no other is joined to the nearest with a warning, or is an error."""
    polygons = {**MAP, "X": box(5, 0, 6, 1)}
    scenario = made([at("a", 0.5, 0.5)], polygons=polygons)
    (finding,) = placed(scenario).findings
    assert finding.severity == "warning"
    assert finding.value == "X; nearest is X to R, 3.0 km"
    assert prepare(scenario).edges.tolist() == [[0, 1], [1, 2]]
    refused = made([at("a", 0.5, 0.5)], polygons=polygons, islands="error")
    assert [f.rule for f in placed(refused).findings.errors] == ["island"]


# ---- locks, skills, families, levels


def test_a_locked_account_locks_its_unit():
    """A polygon with a locked account stays whole with that seller; a named one locks only itself."""
    accounts = [
        at("a", 0.5, 0.5, seller="Q", locked=True),
        at("b", 0.5, 0.6, seller="P"),
        at("n", 1.5, 0.5, seller="P", locked=True, named=True),
    ]
    problem = prepare(made(accounts, polygons=MAP, criteria=[Pairs()]))
    assert problem.locked.tolist() == [1, NONE, 0]
    assert pairs_of(problem) == {("L", "Q"), ("R", "P"), ("R", "Q"), ("n", "P")}


def test_two_locks_in_one_unit():
    """Two accounts of a polygon locked to different sellers are an error that names both."""
    accounts = [at("a", 0.5, 0.5, seller="Q", locked=True), at("b", 0.5, 0.6, seller="P", locked=True)]
    findings = placed(made(accounts, polygons=MAP, criteria=[Pairs()])).findings
    assert [f.value for f in findings.errors] == ["account b to P, account a to Q"]
    assert len(placed(made(accounts, polygons=MAP, criteria=[Pairs(locked=False)])).findings) == 0


def test_pairs_and_skills_take_arcs_away():
    """Prescribed and forbidden pairs and missing skills leave exactly the eligible arcs."""
    sellers = [{"id": "P", "skills": ("law",)}, {"id": "Q"}, {"id": "R", "skills": ("art", "law")}]
    accounts = [
        {"id": "a"},
        {"id": "b"},
        {"id": "c", "skills": ("law",)},
        {"id": "d", "skills": ("art", "law")},
    ]
    criteria = [Pairs(prescribed=(("a", "Q"),), forbidden=(("b", "P"),)), Skills()]
    problem = prepare(made(accounts, sellers=sellers, criteria=criteria))
    assert pairs_of(problem) == {
        ("a", "Q"), ("b", "Q"), ("b", "R"), ("c", "P"), ("c", "R"), ("d", "R"),
    }  # fmt: skip
    assert problem.skill_names == ("art", "law")
    assert problem.requires.tolist() == [[False, False], [False, False], [False, True], [True, True]]
    assert problem.offers.tolist() == [[False, True], [False, False], [True, True]]


def test_a_unit_requires_what_any_account_requires():
    """A polygon needs a seller with the skills of all its accounts together, or says that there is none."""
    accounts = [at("a", 0.5, 0.5, skills=("art",)), at("b", 0.5, 0.6, skills=("law",)), at("c", 1.5, 0.5)]
    sellers = [{"id": "P", "skills": ("art",)}, {"id": "Q", "skills": ("law",)}]
    examined = examine(made(accounts, sellers=sellers, polygons=MAP, criteria=[Skills()]))
    assert examined.problem is None
    (error,) = examined.findings.errors
    assert (error.file, error.value) == ("map.gpkg", "L")
    assert error.suggestion == "it requires art, law, which no seller has together"


def test_a_unit_that_no_seller_may_have():
    """A lock and a missing skill together leave nobody, and the finding counts what each rule leaves."""
    accounts = [{"id": "a", "seller": "Q", "locked": True, "skills": ("law",)}, {"id": "b", "seller": "P"}]
    sellers = [{"id": "P", "skills": ("law",)}, {"id": "Q"}]
    examined = examine(made(accounts, sellers=sellers, criteria=[Pairs(), Skills()]))
    (error,) = examined.findings.errors
    assert (error.rule, error.file, error.row, error.value) == (
        "no seller may have it",
        "accounts.csv",
        2,
        "a",
    )
    assert error.suggestion == (
        "no seller passes all rules at once (prescribed and forbidden pairs: 1 left, skills: 1 left)"
    )


def test_families_by_hand():
    """A parent's id, a chain of parents and a word that several accounts name each make a family."""
    accounts = [
        {"id": "a"}, {"id": "b", "parent": "a"}, {"id": "c", "parent": "b"},
        {"id": "d", "parent": "Group"}, {"id": "e", "parent": "Group"},
        {"id": "f", "parent": "Nobody else"}, {"id": "g"},
    ]  # fmt: skip
    problem = prepare(made(accounts))
    assert problem.family.tolist() == [0, 0, 0, 1, 1, NONE, NONE]


def test_families_are_of_units_assigned_singly():
    """Accounts inside a polygon follow it; a family with one named member left is none."""
    accounts = [
        at("a", 0.5, 0.5), at("b", 0.5, 0.5, parent="a", named=True), at("c", 1.5, 0.5, parent="a", named=True),
        at("d", 0.5, 0.5), at("e", 0.5, 0.5, parent="d", named=True),
    ]  # fmt: skip
    problem = prepare(made(accounts, polygons=MAP))
    assert problem.unit_ids == ("L", "R", "b", "c", "e")
    assert problem.family.tolist() == [NONE, NONE, 0, 0, NONE]


def test_a_family_that_nobody_may_have():
    """Two relatives locked to different sellers are an error where families must stay together."""
    accounts = [
        {"id": "a", "seller": "P", "locked": True},
        {"id": "b", "seller": "Q", "locked": True, "parent": "a"},
    ]
    (error,) = examine(made(accounts, criteria=[Pairs(), Families()])).findings.errors
    assert (error.rule, error.value) == ("no seller may have all accounts of a family", "a, b")
    assert examine(made(accounts, criteria=[Pairs()])).problem is not None


def test_groups_only_where_every_seller_has_one():
    """A level of the organisation counts when it is filled for all sellers."""
    sellers = [
        {"id": "P", "district": "North", "region": "East", "manager": "Ada"},
        {"id": "Q", "district": "Coast", "region": "East"},
    ]
    problem = prepare(made([{"id": "a"}], sellers=sellers))
    assert problem.group_names == {"district": ("Coast", "North"), "region": ("East",)}
    assert problem.groups["district"].tolist() == [1, 0]


# ---- as a whole


def test_every_finding_at_once():
    """An unknown seller, an account at sea and an island without a bridge come in one error."""
    accounts = [at("a", 0.5, 0.5, seller="Z"), at("b", 9.0, 9.0)]
    polygons = {**MAP, "X": box(5, 0, 6, 1)}
    with pytest.raises(InputError) as caught:
        prepare(made(accounts, polygons=polygons, islands="error"))
    assert {f.rule for f in caught.value.findings.errors} == {"unknown seller", "in no polygon", "island"}


def test_warnings_do_not_stop_and_are_not_lost():
    """What is only odd leaves the problem whole, and is handed on."""
    examined = examine(made([at("a", 0.5, 0.5)], polygons={**MAP, "X": box(5, 0, 6, 1)}))
    assert examined.problem is not None
    assert "island, joined to its nearest neighbour" in {f.rule for f in examined.findings.warnings}


def test_empty_tables_are_findings():
    """No accounts, no sellers: errors, and no other failure."""
    scenario = made([at("a", 0.5, 0.5)], polygons=MAP)
    empty = dataclasses.replace(scenario, accounts=scenario.accounts[:0], sellers=scenario.sellers[:0])
    assert {f.rule for f in examine(empty).findings.errors} == {"no accounts", "no sellers"}


@settings(max_examples=20, deadline=None, derandomize=True)
@given(st.integers(0, 10_000))
def test_places_agree_with_testing_each_polygon(seed):
    """On a random map every account is in a unit that covers it, and no covering unit has a smaller id."""
    rng = np.random.default_rng(seed)
    polygons = {f"u{i:02d}": box(i % 4, i // 4, i % 4 + 1, i // 4 + 1) for i in rng.permutation(12)}
    points = np.round(rng.uniform(0, [4, 3], (30, 2)) * 2) / 2  # many on borders and corners
    accounts = [at(f"a{i:02d}", x, y) for i, (x, y) in enumerate(points)]
    found = unit_of(prepare(made(accounts, polygons=polygons)))
    for account in accounts:
        point = gpd.points_from_xy([account["x"]], [account["y"]])[0]
        assert found[account["id"]] == min(u for u, shape in polygons.items() if shape.covers(point))


@pytest.mark.parametrize("name", ["tiny", "saas_named"])
def test_order_of_rows_changes_nothing(name, tmp_path):
    """Shuffled files give the same problem, array by array."""
    shutil.copytree(SCENARIOS / name, tmp_path / name)
    for file in ("accounts.csv", "sellers.csv", "history.csv", "pipeline.csv"):
        table = pd.read_csv(tmp_path / name / file, dtype=str, keep_default_na=False)
        table.sample(frac=1, random_state=3).to_csv(tmp_path / name / file, index=False)
    before, after = prepare(load(SCENARIOS / name)), prepare(load(tmp_path / name))
    assert flat(before) == flat(after)


def flat(value):
    """Everything in a problem as plain values that can be compared."""
    if dataclasses.is_dataclass(value):
        return {field.name: flat(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, np.ndarray):
        return (str(value.dtype), value.shape, value.tobytes())
    if isinstance(value, dict):
        return {key: flat(entry) for key, entry in value.items()}
    return value


@pytest.mark.parametrize("name", ["tiny", "impossible", "saas_named", "us_medtech"])
def test_shipped_scenarios_are_clean(name):
    """No shipped scenario has an error in its input."""
    examined = examine(derived(load(SCENARIOS / name)))
    assert examined.findings.errors == ()
    assert (np.diff(examined.problem.arcs.start) > 0).all()


REAL = Path(__file__).parents[1] / "real" / "adventureworks"
EXPORT = REAL / "../../../../shared/real/adventureworks/accounts.csv"


@pytest.mark.skipif(
    not EXPORT.is_file(), reason="the AdventureWorks export does not lie beside the repository"
)
def test_adventureworks_as_it_is():
    """The export is understood unedited: 701 stores, 13 sellers, 30 stores without a place, which are kept."""
    examined = examine(load(REAL))
    problem = examined.problem
    assert (problem.n, problem.k) == (701, 13)
    bare = np.isnan(problem.place).any(axis=1)
    assert bare.sum() == 30
    assert sum(f.rule.startswith("no place") for f in examined.findings) == 30
    assert (np.diff(problem.arcs.start)[bare] == 1).all()
    region = problem.groups["region"]
    for low, high in zip(problem.arcs.start, problem.arcs.start[1:], strict=False):
        assert len(set(region[problem.arcs.territory[low:high]])) == 1
