"""Travel in a finished plan, by distances on a line of km."""

from dataclasses import replace

import numpy as np
from made_grid import grid, plan_of

from spm_opt.criteria import Dispersion
from spm_opt.geography.travel import travelled, units_at

LINE = grid(4, 1, ("W", "E"), seats={"W": (0.0, 0.0), "E": (3.0, 0.0)})
HALVES = plan_of(LINE, u00="W", u10="W", u20="E", u30="E")


def test_travel_is_the_straight_line():
    """One km from each seat for the inner units; nothing is known of a unit without a territory."""
    assert travelled(LINE, HALVES, LINE.seat).tolist() == [0.0, 1.0, 1.0, 0.0]
    alone = travelled(LINE, np.array([0, -1, 1, 1]), LINE.seat)
    np.testing.assert_array_equal(alone, [0.0, np.nan, 1.0, 0.0])


def test_distances_between_units_replace_the_straight_line():
    """From unit to center, not back; a center that is no unit keeps the straight line."""
    between = np.array([[0, 9, 9, 9], [7, 0, 9, 9], [9, 9, 0, 5], [9, 9, 4, 0]], dtype=float)
    known = replace(LINE, between=between)
    assert travelled(known, HALVES, known.seat).tolist() == [0.0, 7.0, 5.0, 0.0]
    assert Dispersion(power=2).judge(known, HALVES, known.seat).value == (49 + 25) / 4
    off = np.array([[0.5, 0.0], [3.0, 0.0]])
    assert travelled(known, HALVES, off).tolist() == [0.5, 0.5, 5.0, 0.0]


def test_units_are_found_at_centers():
    """The first unit at a place, and none elsewhere or nowhere."""
    twice = replace(LINE, place=LINE.place[[0, 1, 1, 3]])
    center = np.array([[1.0, 0.0], [3.0, 0.0], [2.0, 0.0], [np.nan, np.nan]])
    assert units_at(twice, center).tolist() == [1, 3, -1, -1]
