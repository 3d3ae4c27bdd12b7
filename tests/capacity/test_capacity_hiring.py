"""Hiring plans: the chance they promise, what they need, and the limits they clash with."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from spm_opt.capacity.hiring import hire
from spm_opt.capacity.hiring_model import HiringQuestion, cheapest, clashing
from spm_opt.capacity.path import path
from spm_opt.capacity.path_input import asked
from spm_opt.capacity.positions import cell_of, hired, with_positions
from spm_opt.capacity.sizing import size
from spm_opt.errors import HeadcountError
from spm_opt.load import load

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def case():
    scenario = changed(load(ROOT / "scenarios/us_medtech"), months=12)
    return scenario, size(scenario, replications=50)


def changed(scenario, **keys):
    """Change keys of [size]."""
    settings = scenario.settings.model_copy(update={"size": scenario.settings.size.model_copy(update=keys)})
    return replace(scenario, settings=settings)


def question(**keys):
    """One cell and one year of three months that lacks 10 hours; who begins in month t works 8, 4 or 2."""
    plain = HiringQuestion(
        np.array([[90.0]]), np.array([[100.0]]), np.array([[[8.0], [4.0], [2.0]]]),
        np.array([[[30.0], [20.0], [9.0]]]), None, None, None,
    )  # fmt: skip
    return replace(plain, **keys)


def test_the_cheapest_hires_by_hand():
    """Ten hours are cheapest by one in the first month and one in the last, 39; a buffer of 2 takes a dearer pair."""
    found = cheapest(question(), np.zeros((1, 1)))
    assert found.hires.tolist() == [[1, 0, 1]]
    assert found.proven
    assert cheapest(question(), np.full((1, 1), 2.0)).hires.tolist() in ([[1, 0, 2]], [[1, 1, 0]])
    assert cheapest(question(room=np.array([1])), np.zeros((1, 1))).hires is None


def test_clashing_limits_of_hiring_are_named():
    """Only limits that the clash needs are named."""
    asked_for = question(room=np.array([1]), hires=5, money=np.array([1e6]))
    assert clashing(asked_for, np.zeros((1, 1))) == ("most",)


def test_a_hiring_plan_keeps_its_chance_and_needs_every_hire(case):
    """Each target is met with the probability asked in the simulation; the tables add up; a delay costs hours."""
    scenario, sizing = case
    plan = hire(scenario, sizing)
    assert plan.hires.sum() > 0
    assert plan.proven
    assert (plan.chance >= 0.8).all()
    assert (plan.late.hours >= 0).all()
    assert (plan.late.chance <= plan.chance + 0.02).all()
    table = plan.rows
    assert int(table["hires"].sum()) == int(plan.hires.sum())
    year = table["month"].str[:4].astype(int) - scenario.settings.year
    for c, (group, role) in enumerate(sizing.cells):
        own = (table["group"] == group) & (table["role"] == role)
        for y in range(1):
            hours = table.loc[own & (year == y), "hours"].sum()
            assert hours == pytest.approx(plan.expected[c, y], rel=1e-9)
    assert len(plan.sellers) == len(scenario.sellers) + int(plan.sellers["id"].str.startswith("NEW-").sum())


def test_a_probability_that_limits_forbid_is_named(case):
    """Where nobody may be hired, the limit is named with the highest chance that was found, if any."""
    scenario, sizing = case
    with pytest.raises(HeadcountError) as caught:
        hire(changed(scenario, hires_a_month=0), sizing)
    assert caught.value.clashes == ("probability", "hires_a_month")
    assert re.search("the highest chance found is|no chance above 0 was found", str(caught.value))


def test_positions_fill_vacancies_first_and_are_sized_again(case):
    """Hires take vacant positions, then new ones in a team of the group; they count in the cell they were hired for."""
    scenario, sizing = case
    empty = scenario.sellers.copy()
    first = empty.index[(empty["region"] == sizing.cells[0][0])][0]
    empty.loc[first, ["name"]] = ""
    empty.loc[first, "start"] = np.datetime64("NaT")
    vacant = replace(scenario, sellers=empty)
    hires = np.zeros((len(sizing.cells), 12), dtype=int)
    hires[0, 3] = 2
    table = hired(vacant, sizing, hires)
    assert sorted(table["id"]) == sorted([empty.loc[first, "id"], f"NEW-{sizing.cells[0][0]}-1"])
    assert set(table["start"].dt.strftime("%Y-%m-%d")) == {"2027-04-01"}
    assert (table["district"] != "").all()
    assert cell_of(vacant, sizing, table).tolist() == [0, 0]
    assert len(with_positions(vacant, table).sellers) == len(empty) + 1


@pytest.mark.campaign
def test_the_path_of_a_scenario_is_proven(case):
    """The path of headcount of a real company is optimal, and a budget below its sellers is named."""
    scenario, sizing = case
    assert path(asked(scenario, sizing)).status == "optimal"
    with pytest.raises(HeadcountError, match="budget = 1,000"):
        path(asked(changed(scenario, budget=1_000.0), sizing))
