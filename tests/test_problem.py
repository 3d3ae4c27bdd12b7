"""Problems as arrays."""

from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_grid import grid
from made_random import random_problem

from spm_opt.problem import NONE, Arcs

ARCS = Arcs(np.array([0, 2, 2, 5]), np.array([0, 2, 0, 1, 2]), np.array([1.0, 2.0, 3.0, 4.0, np.nan]))


def test_arcs_know_their_units():
    """Two arcs of unit 0, none of unit 1, three of unit 2."""
    assert ARCS.unit.tolist() == [0, 0, 2, 2, 2]


def test_arcs_are_found_by_pair():
    """A pair that is eligible has an index, another has none, at the edges too."""
    assert [ARCS.of(0, t) for t in range(4)] == [0, NONE, 1, NONE]
    assert [ARCS.of(1, t) for t in range(4)] == [NONE] * 4
    assert [ARCS.of(2, t) for t in range(4)] == [2, 3, 4, NONE]


def test_keeping_arcs_keeps_their_order_and_their_travel():
    """Of the second and the last arc each goes with its unit."""
    kept = ARCS.keep(np.array([False, True, False, False, True]))
    assert kept.start.tolist() == [0, 1, 1, 2]
    assert kept.territory.tolist() == [2, 2]
    np.testing.assert_array_equal(kept.travel, [2.0, np.nan])


@given(st.integers(0, 10_000))
@settings(max_examples=25, deadline=None, derandomize=True)
def test_kept_arcs_are_those_asked_for(seed):
    """Whatever the mask, the pairs left are the pairs wanted, and each is found where it says."""
    rng = np.random.default_rng(seed)
    arcs = random_problem(rng, 6, 3).arcs
    mask = rng.random(len(arcs.territory)) < 0.5
    kept = arcs.keep(mask)
    assert kept.unit.tolist() == arcs.unit[mask].tolist()
    assert kept.territory.tolist() == arcs.territory[mask].tolist()
    pairs = zip(kept.unit.tolist(), kept.territory.tolist(), strict=True)
    assert [kept.of(u, t) for u, t in pairs] == list(range(mask.sum()))


def test_sizes_sum_over_territories():
    """Units without a territory count nowhere, and a territory without units carries nothing."""
    problem = grid(3, 1, ("A", "B", "C"), account=lambda x, _y: {"hours": 2.0**x})
    assert problem.sizes("hours", np.array([0, 2, 0])).tolist() == [5.0, 0.0, 2.0]
    assert problem.sizes("hours", np.array([0, NONE, NONE])).tolist() == [1.0, 0.0, 0.0]
    assert problem.sizes("hours", np.full(3, NONE)).tolist() == [0.0, 0.0, 0.0]
    assert problem.carried("hours").tolist() == [1.0, 2.0, 4.0]


def test_problems_do_not_change():
    """A problem with other arcs is another problem."""
    problem = grid(2, 1, ("A", "B"))
    other = problem.with_arcs(problem.arcs.keep(np.array([True, False, True, False])))
    assert (problem.n, problem.k, len(problem.arcs.territory)) == (2, 2, 4)
    assert (other.n, other.k, len(other.arcs.territory)) == (2, 2, 2)
    with pytest.raises(FrozenInstanceError):
        problem.planar = False
