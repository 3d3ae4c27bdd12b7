"""Tests of bridges to islands."""

import numpy as np
import pytest
import shapely
from shapely.geometry import box

from spm_opt.geography.adjacency import polygon_edges
from spm_opt.geography.bridges import bridges


def joined(polygons, *, planar=True):
    polygons = np.array(polygons)
    return bridges(polygons, polygon_edges(polygons), planar=planar)


def test_no_islands_no_bridges():
    """Where all units hang together nothing is joined."""
    assert joined([box(0, 0, 1, 1), box(1, 0, 2, 1)]) == ()
    assert joined([box(0, 0, 1, 1)]) == ()


def test_island_by_hand():
    """An island 3 km off the second of two squares is joined to that one."""
    (way,) = joined([box(0, 0, 1, 1), box(1, 0, 2, 1), box(5, 0, 6, 1)])
    assert way.units.tolist() == [2]
    assert way.at == (2, 1)
    assert way.km == 3.0


def test_nearest_border_and_not_nearest_corner():
    """The long side that passes by the island wins over the corner of a small neighbour."""
    long, small, island = box(0, 0, 100, 10), box(100, 0, 101, 10), box(45, 11, 55, 12)
    (way,) = joined([island, long, small])
    assert way.at == (0, 1)
    assert way.km == 1.0


def test_a_group_of_islands_gets_one_bridge():
    """Two islands that touch are one piece, joined where they come nearest."""
    mainland = [box(x, 0, x + 1, 1) for x in range(3)]
    (way,) = joined([*mainland, box(5, 0, 6, 1), box(6, 0, 7, 1)])
    assert way.units.tolist() == [3, 4]
    assert way.at == (3, 2)


def test_a_corner_is_bridged_over_nothing():
    """A piece that meets the rest in one point only is joined there."""
    (way,) = joined([box(0, 0, 1, 1), box(1, 0, 2, 1), box(2, 1, 3, 2)])
    assert way.at == (2, 1)
    assert way.km == 0.0


def test_degrees_are_measured_on_the_earth():
    """Far north a degree of longitude is short, so the neighbour to the east is the nearer one."""
    # 1.5 degrees to the east are 80.9 km on the 61st parallel, one degree to the south is 111.2 km
    island, east, south = box(4, 60, 5, 61), box(6.5, 60, 7, 61), box(3, 58, 7, 59)
    (way,) = joined([island, east, south, box(6.5, 59, 7, 60)], planar=False)
    assert way.at == (0, 1)
    assert way.km == pytest.approx(1.5 * 111.195 * np.cos(np.radians(61)), rel=2e-3)


def test_agrees_with_measuring_every_pair():
    """On random squares the bridge is the shortest distance between the piece and the largest piece."""
    rng = np.random.default_rng(5)
    mainland = [box(x, y, x + 1, y + 1) for x in range(6) for y in range(6)]
    islands = [
        box(x, y, x + 0.4, y + 0.4) for x, y in rng.uniform(8, 30, (12, 2)) * rng.choice([-1, 1], (12, 2))
    ]
    polygons = np.array(mainland + islands)
    for way in joined(polygons):
        gap = shapely.distance(polygons[way.units][:, None], polygons[None, :36])
        assert way.km == pytest.approx(gap.min())
        assert shapely.distance(polygons[way.at[0]], polygons[way.at[1]]) == pytest.approx(gap.min())
