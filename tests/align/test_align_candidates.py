"""Centers among candidate places."""

from dataclasses import replace
from itertools import permutations, product

import numpy as np
import pytest
from made_grid import grid
from made_random import random_problem

from spm_opt.align.among import best_among, matched
from spm_opt.align.engine import align
from spm_opt.align.locate import first_centers, located
from spm_opt.align.median import median_of
from spm_opt.align.model import build
from spm_opt.align.opening import opened
from spm_opt.align.pricing import bound_anywhere, moved_by_prices
from spm_opt.align.relax import relax
from spm_opt.criteria import Balance, Contiguity, Dispersion
from spm_opt.plan import Alignment
from spm_opt.problem import NONE
from spm_opt.verify import verify

TRAVEL = Dispersion(weight=1.0, weight_by="hours")


class Going:
    """A clock without a limit."""

    over = False

    def left(self, share):  # noqa: ARG002  as a clock's
        """No limit."""
        return


def among(problem, *candidates):
    """Give the problem candidates for its open seats."""
    return replace(problem, candidates=np.array(candidates, dtype=float))


def test_a_corridor_gets_its_second_seat_where_it_halves_travel():
    """Nine towns in a row with a seat at 2: the open position sits at the candidate at 6, not far away at 60."""
    problem = grid(9, 1, ("A", "B"), seats={"A": (2.0, 0.0)})
    problem = among(problem, (60.0, 0.0), (6.5, 0.0), (0.0, 5.0))
    result = align(problem, [TRAVEL, Balance(activity="hours", tolerance=0.2)], effort="quick")
    assert result.alignment.center[1].tolist() == [6.5, 0.0]
    assert result.status == "optimal"
    one = grid(9, 1, ("A",), seats={"A": (2.0, 0.0)})
    alone = TRAVEL.judge(one, np.zeros(9, dtype=int), one.seat).value
    assert result.objective < alone / 2


@pytest.mark.parametrize("seed", range(5))
def test_the_engine_finds_the_best_of_all_candidates(seed):
    """The points are those of the best assignment over every choice of distinct candidates, and are proven."""
    rng = np.random.default_rng(seed)
    problem = random_problem(rng, 6, 3)
    seat = problem.seat.copy()
    seat[rng.permutation(3)[: 1 + seed % 2]] = np.nan
    candidates = rng.integers(0, 10, (3, 2)).astype(float) + 0.5
    problem = replace(problem, seat=seat, candidates=candidates, locked=np.full(6, NONE))
    criteria = [Dispersion(weight=2.0, weight_by="hours"), Balance(activity="hours", weight=0.01)]
    result = align(problem, criteria, effort="quick", seed=seed)
    free = np.flatnonzero(np.isnan(seat).any(axis=1))
    least = np.inf
    plans = list(product(*(problem.arcs.territory[problem.arcs.unit == u] for u in range(6))))
    for choice in permutations(range(3), len(free)):
        center = seat.copy()
        center[free] = candidates[list(choice)]
        for plan in map(np.array, plans):
            least = min(least, sum(c.weight * c.judge(problem, plan, center).value for c in criteria))
    assert result.status == "optimal"
    assert result.objective == pytest.approx(least)
    assert verify(problem, criteria, result.alignment).holds


def test_more_choices_than_can_be_listed_are_searched():
    """Three open positions among fifteen candidates: each gets one of its own, and no proof is claimed."""
    problem = grid(12, 2, tuple("ABCD"), seats={"A": (0.0, 0.0)})
    problem = among(problem, *[(x + 0.5, 0.5) for x in range(11)], *[(x, 40.0) for x in range(4)])
    criteria = [TRAVEL, Balance(activity="hours", tolerance=0.2), Contiguity()]
    result = align(problem, criteria, effort="quick")
    again = align(problem, criteria, effort="quick")
    seats = result.alignment.center[1:]
    assert result.status == "feasible"
    assert result.lower_bound is None
    assert len(np.unique(seats, axis=0)) == 3
    assert (seats[:, 1] == 0.5).all()
    assert np.array_equal(seats, again.alignment.center[1:])


def test_candidates_are_shared_out_at_least_travel_in_all():
    """B and C both like (4, 0) best; it goes to the one that loses more by the other place."""
    problem = grid(6, 1, ("A", "B", "C"), seats={"A": (0.0, 0.0)})
    free = np.array([False, True, True])
    plan = np.array([0, 0, 0, 1, 2, 2])
    places = np.array([[4.5, 0.0], [2.0, 0.0], [50.0, 0.0]])
    center = best_among(problem, [TRAVEL], free, plan, problem.seat, places)
    assert center.tolist() == [[0.0, 0.0], [2.0, 0.0], [4.5, 0.0]]
    kept = best_among(problem, [TRAVEL], free, np.zeros(6, dtype=int), center, places)
    assert np.array_equal(kept, center)
    moved = matched(places, free, np.array([[0.0, 0.0], [4.4, 0.0], [4.6, 0.0]]), planar=True)
    assert moved[1:].tolist() == [[2.0, 0.0], [4.5, 0.0]]


def test_an_additional_center_opens_where_load_and_travel_are():
    """With a seat at the left end the second opens in the right half; with a town of 50 hours, there."""
    even = grid(9, 1, ("A", "B"), seats={"A": (1.0, 0.0)})
    assert opened(even, even.seat, np.array([1]))[1, 0] >= 5
    heavy = grid(
        9, 1, ("A", "B"), seats={"A": (4.0, 0.0)}, account=lambda x, _y: {"hours": 50.0 if x == 8 else 1.0}
    )
    assert opened(heavy, heavy.seat, np.array([1]))[1].tolist() == [8.0, 0.0]


def test_prices_move_a_center_out_of_the_void():
    """Begun at the far left beside A's seat, B's center goes to the right, where the relaxation is lowest."""
    problem = grid(9, 1, ("A", "B"), seats={"A": (1.0, 0.0)})
    free = np.array([False, True])
    begun = np.array([[1.0, 0.0], [0.0, 0.0]])
    criteria = [TRAVEL, Balance(activity="hours", tolerance=0.3)]
    moved = moved_by_prices(problem, criteria, free, begun, 6, Going())
    assert moved[1, 0] >= 5


def test_exact_methods_leave_candidates_alone():
    """A candidate need not be a unit's place, so the form of units by units is not used."""
    problem = grid(4, 1, ("A", "B"))
    assert median_of(problem, [TRAVEL]) is not None
    assert median_of(among(problem, (0.5, 0.0), (2.5, 0.0)), [TRAVEL]) is None


def test_the_checker_refuses_seats_that_are_no_candidates():
    """A seat off the candidates, and two sellers at one candidate, are named."""
    problem = among(grid(4, 1, ("A", "B")), (0.5, 0.0), (2.5, 0.0))
    plan = np.array([0, 0, 1, 1])
    off = Alignment.of_units(problem, plan, np.array([[0.5, 0.0], [2.0, 0.0]]))
    (breach,) = verify(problem, [TRAVEL], off).breaches
    assert breach.text == "B: its seat at 2, 0 is no candidate"
    both = Alignment.of_units(problem, plan, np.array([[0.5, 0.0], [0.5, 0.0]]))
    (breach,) = verify(problem, [TRAVEL], both).breaches
    assert breach.text == "B: its seat at 0.5, 0 is a candidate that another has too"
    fine = Alignment.of_units(problem, plan, problem.candidates)
    assert verify(problem, [TRAVEL], fine).holds


def test_first_candidates_are_todays_and_then_where_one_is_missed():
    """B begins at the candidate of its units; C, which has none, at the best of the others."""
    problem = grid(9, 1, ("A", "B", "C"), seats={"A": (0.0, 0.0)})
    problem = among(problem, (3.5, 0.0), (7.5, 0.0), (30.0, 0.0))
    today = np.array([0, 0, 1, 1, 1, NONE, NONE, NONE, NONE])
    center = first_centers(problem, [TRAVEL], np.array([False, True, True]), today)
    assert center.tolist() == [[0.0, 0.0], [3.5, 0.0], [7.5, 0.0]]


@pytest.mark.parametrize("seed", range(3))
def test_no_seats_anywhere_beat_the_bound_of_all(seed):
    """The bound with the nearest candidate for each unit lies below the relaxation of any seats."""
    rng = np.random.default_rng(seed)
    problem = random_problem(rng, 12, 4)
    seat = problem.seat.copy()
    seat[0] = np.nan
    candidates = rng.integers(0, 10, (4, 2)) + 0.5
    free = np.array([True, False, False, False])
    criteria = [Dispersion(weight=2.0, weight_by="hours"), Balance(activity="hours", weight=0.01)]
    for places in (candidates, None):
        asked = replace(problem, seat=seat, candidates=places)
        bound = bound_anywhere(asked, criteria, free, Going())
        for at in candidates if places is not None else problem.place[~np.isnan(problem.place).any(axis=1)]:
            center = seat.copy()
            center[0] = at
            assert bound <= relax(build(located(asked, center), criteria)).bound + 1e-9
