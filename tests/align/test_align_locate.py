"""Chosen centers."""

from dataclasses import replace

import numpy as np
import pytest
from made_grid import grid
from made_random import random_problem

from spm_opt.align.locate import best_centers, first_centers, free_territories, located, names_like_today
from spm_opt.criteria import Balance, Dispersion
from spm_opt.problem import NONE

TRAVEL = (Dispersion(weight=1.0, weight_by="hours"),)


def test_centers_are_chosen_where_a_seat_is_missing_and_travel_counts():
    """Without a seat, but not without a travel aim that has a weight, nor without places."""
    problem = grid(3, 1, ("A", "B"), seats={"A": (0.0, 0.0)})
    assert free_territories(problem, TRAVEL).tolist() == [False, True]
    assert not free_territories(problem, [Dispersion(), Balance(activity="hours", weight=1.0)]).any()
    nowhere = replace(problem, place=np.full((3, 2), np.nan))
    assert not free_territories(nowhere, TRAVEL).any()


def test_travel_is_measured_anew():
    """With the seat moved, each arc has its distance to the new one."""
    problem = grid(3, 1, ("A",), seats={"A": (0.0, 0.0)})
    assert problem.arcs.travel.tolist() == [0.0, 1.0, 2.0]
    moved = located(problem, np.array([[2.0, 0.0]]))
    assert moved.arcs.travel.tolist() == [2.0, 1.0, 0.0]
    assert moved.seat.tolist() == [[2.0, 0.0]]


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("power", [1, 2])
def test_the_best_center_is_the_best_of_the_territorys_units(seed, power):
    """No unit of a territory would be a better center than the one that is chosen."""
    rng = np.random.default_rng(seed)
    problem = random_problem(rng, 9, 3)
    aims = [Dispersion(weight=2.0, weight_by="hours", power=power), Dispersion(weight=0.5)]
    plan = rng.integers(-1, 3, problem.n)
    free = np.array([True, True, False])
    center = best_centers(problem, aims, free, plan, problem.seat)
    assert np.array_equal(center[2], problem.seat[2])
    for t in (0, 1):
        own = np.flatnonzero((plan == t) & ~np.isnan(problem.place).any(axis=1))
        if not len(own):
            assert np.array_equal(center[t], problem.seat[t])
            continue

        def points(at, t=t):
            place = center.copy()
            place[t] = at
            only = np.where(plan == t, plan, NONE)
            return sum(aim.weight * aim.judge(problem, only, place).value for aim in aims)

        assert points(center[t]) == pytest.approx(min(points(problem.place[u]) for u in own))


def test_first_centers_are_todays_and_then_far_apart():
    """B starts in the middle of its units; C, which has none, starts farthest from A and B."""
    problem = grid(5, 1, ("A", "B", "C"), seats={"A": (0.0, 0.0)})
    today = np.array([0, 1, 1, 1, NONE])
    free = np.array([False, True, True])
    center = first_centers(problem, [Dispersion(weight=1.0)], free, today)
    assert center.tolist() == [[0.0, 0.0], [2.0, 0.0], [4.0, 0.0]]


def test_the_first_of_all_centers_is_in_the_middle_and_without_places_there_is_none():
    """With nothing known the unit with the most around it serves; a seller who may have no place gets no center."""
    problem = grid(3, 1, ("A", "B"), forbidden=[(f"u{x}0", "B") for x in range(3)])
    center = first_centers(problem, [Dispersion(weight=1.0)], np.array([True, True]), np.full(3, NONE))
    assert center[0].tolist() == [1.0, 0.0]
    assert np.isnan(center[1]).all()


def test_parts_of_seats_keep_their_names():
    """The last labels are those of B's seat, whatever its units are called today."""
    today = np.array([1, 1, 1, 0])
    label = np.array([0, 0, 0, 1, 1])
    assert names_like_today(today, label, 2, np.array([1])).tolist() == [0, 1]
    assert names_like_today(today, label[:4], 2).tolist() == [1, 0]
