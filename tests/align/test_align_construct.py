"""Whole and connected plans from fractional or torn ones."""

import numpy as np
import pytest
from made_grid import grid
from made_random import in_pieces

from spm_opt.align.construct import cheapest_from, connected, pieces, rounded
from spm_opt.align.model import build
from spm_opt.criteria import Contiguity, Dispersion
from spm_opt.problem import NONE

SELLERS = ("A", "B", "C", "D")


def country(side, forbidden=()):
    """Make a grid with four sellers in its corners, and a single account."""
    far = float(side - 1)
    return grid(
        side,
        side,
        SELLERS,
        singles=[{"id": "z"}],
        seats={"A": (0.0, 0.0), "B": (far, 0.0), "C": (0.0, far), "D": (far, far)},
        forbidden=forbidden,
    )


def modelled(problem):
    return build(problem, [Contiguity(), Dispersion(weight=1.0)])


def even_share(model):
    return 1.0 / np.diff(model.start)[model.node]


def test_rounding_follows_the_largest_share_and_then_the_cost():
    """A unit goes where most of it is; halves go to the nearer seat, and its own seller's at a tie."""
    model = modelled(country(3))
    share = np.zeros(len(model.territory))
    share[model.start[0] : model.start[1]] = [0.2, 0.1, 0.1, 0.6]  # u00
    share[model.start[1] : model.start[2]] = [0.0, 0.5, 0.5, 0.0]  # u01, nearer to C
    share[model.start[4] : model.start[5]] = [0.25, 0.25, 0.25, 0.25]  # u11, as far from all
    assert rounded(model, share)[[0, 1, 4]].tolist() == [3, 2, 0]


def test_following_a_plan_leaves_what_is_not_eligible():
    """The wanted pair where it exists, the cheapest where it does not or nothing is wanted."""
    model = modelled(country(3, forbidden=[("u00", "D")]))
    plan = cheapest_from(model, np.array([3, 3, NONE, 3, 3, 3, 3, 3, 3, 3]))
    assert plan[:4].tolist() == [0, 3, 2, 3]


def test_pieces_are_told_apart():
    """On a 2 x 2 chessboard every cell is a piece; in columns the halves are."""
    model = modelled(grid(2, 2, SELLERS))
    assert len(set(pieces(model, np.array([0, 1, 1, 0])).tolist())) == 4
    assert len(set(pieces(model, np.array([0, 0, 1, 1])).tolist())) == 2


@pytest.mark.parametrize("seed", range(30))
def test_any_plan_is_mended(seed):
    """From any plan of a grid where all is eligible comes one whose territories hang together."""
    rng = np.random.default_rng(seed)
    problem = country(int(rng.integers(2, 8)))
    model = modelled(problem)
    torn = rng.integers(0, 4, problem.n)
    before = torn.copy()
    mended = connected(model, torn, even_share(model))
    assert not in_pieces(problem, mended)
    assert mended[problem.unit_ids.index("z")] == torn[problem.unit_ids.index("z")]
    assert np.array_equal(torn, before)
    assert set(mended[problem.geographic]) == set(torn[problem.geographic])


def test_a_connected_plan_stays_as_it_is():
    """Nothing is mended where nothing is torn."""
    problem = country(4)
    plan = np.array([0 if x < 2 else 1 for x, _ in problem.place.tolist()])
    model = modelled(problem)
    assert np.array_equal(connected(model, plan, even_share(model)), plan)


def test_the_larger_piece_stays_and_the_smaller_is_given_away():
    """One cell of A inside B goes to B; the rest of both stays."""
    problem = country(4)
    plan = np.array([0 if x < 1 else 1 for x, _ in problem.place.tolist()])
    plan[problem.unit_ids.index("z")] = 0
    expected = plan.copy()
    plan[problem.unit_ids.index("u22")] = 0
    model = modelled(problem)
    assert np.array_equal(connected(model, plan, even_share(model)), expected)


def test_a_unit_that_can_go_nowhere_else_is_joined_by_a_path():
    """The far corner that only A may have stays with A, which is led to it."""
    problem = country(4, forbidden=[("u33", t) for t in "BCD"])
    plan = np.array([0 if x < 1 else 1 for x, _ in problem.place.tolist()])
    plan[problem.unit_ids.index("u33")] = 0
    model = modelled(problem)
    mended = connected(model, plan, even_share(model))
    assert mended[problem.unit_ids.index("u33")] == 0
    assert not in_pieces(problem, mended)


@pytest.mark.parametrize("seed", range(10))
def test_only_eligible_pairs_are_used(seed):
    """Mending keeps to the eligible pairs, even where it cannot mend all."""
    rng = np.random.default_rng(seed)
    problem = country(5)
    keep = (rng.random(len(problem.arcs.territory)) < 0.6) | (problem.arcs.territory == 0)
    problem = problem.with_arcs(problem.arcs.keep(keep))
    model = modelled(problem)
    model.arcs_of(connected(model, rounded(model, rng.random(len(model.territory))), even_share(model)))


def test_a_whole_piece_that_can_go_nowhere_else_is_joined():
    """Two cells that only A may have, cut off together, are led to the rest of A and not to each other."""
    problem = grid(6, 1, SELLERS, forbidden=[(f"u{x}0", t) for x in (0, 1, 4, 5) for t in "BCD"])
    model = build(problem, [Contiguity()])
    plan = np.array([0, 0, 1, 1, 0, 0])
    assert connected(model, plan, even_share(model)).tolist() == [0, 0, 0, 0, 0, 0]
