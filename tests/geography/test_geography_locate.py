"""Tests of finding polygons for points, and the middle of points."""

import numpy as np
import pytest
from shapely.geometry import box

from spm_opt.geography.locate import middle_of, polygon_of


def test_points_in_polygons_by_hand():
    """A point inside goes to its polygon; outside, and without coordinates, to none."""
    polygons = np.array([box(0, 0, 1, 1), box(1, 0, 2, 1)])
    points = np.array([[0.5, 0.5], [1.5, 0.5], [3.0, 0.5], [np.nan, 0.5]])
    assert polygon_of(points, polygons).tolist() == [0, 1, -1, -1]


def test_border_goes_to_the_first():
    """A point on a border or a corner belongs to the first polygon that has it."""
    polygons = np.array([box(0, 0, 1, 1), box(1, 0, 2, 1), box(0, 1, 1, 2)])
    points = np.array([[1.0, 0.5], [1.0, 1.0], [0.5, 1.0], [2.0, 1.0]])
    assert polygon_of(points, polygons).tolist() == [0, 0, 0, 1]
    assert polygon_of(points, polygons[::-1]).tolist() == [1, 0, 0, 1]


def test_nothing_to_find():
    """No points, or no polygons, are no error."""
    assert polygon_of(np.zeros((0, 2)), np.array([box(0, 0, 1, 1)])).tolist() == []
    assert polygon_of(np.zeros((2, 2)), np.array([], dtype=object)).tolist() == [-1, -1]


def test_middle_in_the_plane():
    """The middle is the mean; a group without points has none."""
    points = np.array([[0.0, 0.0], [2.0, 4.0], [np.nan, 1.0], [7.0, 7.0]])
    middle = middle_of(points, np.array([0, 0, 0, -1]), 2, planar=True)
    assert middle[0].tolist() == [1.0, 2.0]
    assert np.isnan(middle[1]).all()


def test_middle_across_the_180th_meridian():
    """The middle of 179 east and 179 west is at 180, not at Greenwich."""
    (middle,) = middle_of(np.array([[179.0, 0.0], [-179.0, 0.0]]), np.array([0, 0]), 1, planar=False)
    assert abs(middle[0]) == pytest.approx(180)
    assert middle[1] == pytest.approx(0)
