"""Tests of the contiguity graph."""

import itertools

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import MultiPolygon, Polygon, box

from spm_opt.geography.adjacency import pieces, point_edges, polygon_edges


def squares(columns, rows):
    return np.array([box(c, r, c + 1, r + 1) for r in range(rows) for c in range(columns)])


def by_pairs(polygons):
    """Compare every pair's intersection length: slow, and nothing in common with the package."""
    return [
        [a, b]
        for (a, p), (b, q) in itertools.combinations(enumerate(polygons), 2)
        if p.intersection(q).length > 0
    ]


def test_grid_by_hand():
    """Six squares in two rows of three have seven common sides, and their corners are no borders."""
    assert polygon_edges(squares(3, 2)).tolist() == [[0, 1], [0, 3], [1, 2], [1, 4], [2, 5], [3, 4], [4, 5]]


def test_corner_is_no_border():
    """Two squares that meet in one point are not neighbours."""
    assert polygon_edges(np.array([box(0, 0, 1, 1), box(1, 1, 2, 2)])).tolist() == []


def test_border_without_common_vertices():
    """A long side against two short ones is a border, though no segment has both its ends in common."""
    tall, low, high = box(0, 0, 1, 2), box(1, 0, 2, 0.7), box(1, 0.7, 2, 2)
    assert polygon_edges(np.array([tall, low, high])).tolist() == [[0, 1], [0, 2], [1, 2]]


def test_overlap_is_a_border():
    """Polygons that overlap, as careless maps do, are neighbours."""
    assert polygon_edges(np.array([box(0, 0, 2, 2), box(1, 1, 3, 3), box(5, 5, 6, 6)])).tolist() == [[0, 1]]


def test_three_owners_of_one_segment():
    """A segment drawn by three polygons makes all three neighbours of each other."""
    assert polygon_edges(np.array([box(0, 0, 1, 1), box(1, 0, 2, 1), box(1, 0, 3, 1)])).tolist() == [
        [0, 1], [0, 2], [1, 2],
    ]  # fmt: skip


def test_hole_and_parts():
    """A unit inside another's hole touches it, and each part of a multipolygon counts for the whole."""
    ring = Polygon([(0, 0), (3, 0), (3, 3), (0, 3)], [[(1, 1), (1, 2), (2, 2), (2, 1)]])
    two = MultiPolygon([box(1, 1, 2, 2), box(3, 0, 4, 1)])
    assert polygon_edges(np.array([ring, two, box(4, 0, 5, 1)])).tolist() == [[0, 1], [1, 2]]


def test_negative_zero_is_zero():
    """The two ways to write zero are one coordinate."""
    a = Polygon([(-1.0, 0.0), (0.0, 0.0), (0.0, 1.0), (-1.0, 1.0)])
    b = Polygon([(-0.0, -0.0), (1.0, 0.0), (1.0, 1.0), (-0.0, 1.0)])
    assert polygon_edges(np.array([a, b])).tolist() == [[0, 1]]


@pytest.mark.parametrize("count", [0, 1])
def test_fewer_than_two(count):
    """No unit, or one, has no neighbours."""
    assert polygon_edges(squares(1, 1)[:count]).shape == (0, 2)
    assert point_edges(np.zeros((count, 2)), planar=True).shape == (0, 2)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.integers(0, 10_000), st.integers(2, 25))
def test_agrees_with_every_pair_on_random_maps(seed, count):
    """On Voronoi cells, with borders split on one side only, the edges are those of comparing all pairs."""
    rng = np.random.default_rng(seed)
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(rng.uniform(0, 9, (count, 2)))))
    cells = np.array([c.segmentize(1.0) if i % 2 else c for i, c in enumerate(cells)])
    exact = polygon_edges(cells)
    assert exact.tolist() == [list(pair) for pair in sorted(map(tuple, by_pairs(cells)))]


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.integers(0, 10_000))
def test_order_of_polygons_changes_nothing_but_names(seed):
    """Shuffled polygons have the same neighbours under their new numbers."""
    rng = np.random.default_rng(seed)
    polygons = squares(4, 3)
    order = rng.permutation(len(polygons))
    moved = {tuple(sorted(order[pair])) for pair in polygon_edges(polygons[order])}
    assert moved == set(map(tuple, polygon_edges(polygons).tolist()))


def test_points_of_a_kite_by_hand():
    """Four points of a flat kite: the short diagonal is an edge, the long one is not."""
    points = np.array([[0.0, 0.0], [2.0, 0.5], [4.0, 0.0], [2.0, -0.5]])
    assert point_edges(points, planar=True).tolist() == [[0, 1], [0, 3], [1, 2], [1, 3], [2, 3]]


def test_equal_points_are_joined():
    """Units at one address are neighbours of each other and of the next address."""
    points = np.array([[0.0, 0.0], [5.0, 0.0], [0.0, 0.0], [0.0, 0.0]])
    assert point_edges(points, planar=True).tolist() == [[0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]]


def test_many_equal_points_stay_connected_with_few_edges():
    """A thousand units at one address hang together without half a million edges."""
    edges = point_edges(np.zeros((1000, 2)), planar=False)
    assert pieces(1000, edges).max() == 0
    assert len(edges) == 15_000


def test_points_on_a_line_make_a_chain():
    """Points on one line are each joined to the next, whatever their order in the table."""
    points = np.array([[3.0, 3.0], [0.0, 0.0], [2.0, 2.0], [1.0, 1.0]])
    assert point_edges(points, planar=True).tolist() == [[0, 2], [1, 3], [2, 3]]


def test_the_180th_meridian_is_no_seam():
    """Points around the antimeridian have the same neighbours as the same points around Greenwich."""
    rng = np.random.default_rng(7)
    points = rng.uniform(-10, 10, (60, 2))
    turned = np.stack([(points[:, 0] + 360) % 360 - 180, points[:, 1]], axis=1)
    assert point_edges(points, planar=False).tolist() == point_edges(turned, planar=False).tolist()


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.integers(0, 10_000), st.integers(2, 60), st.booleans())
def test_points_hang_together(seed, count, planar):
    """The neighbours of points, doubled ones among them, always make one connected graph."""
    points = np.random.default_rng(seed).integers(-6, 7, (count, 2)).astype(float)
    edges = point_edges(points, planar=planar)
    assert pieces(count, edges).max() == 0
    assert (edges[:, 0] < edges[:, 1]).all()
    assert len(np.unique(edges, axis=0)) == len(edges)


def test_pieces_are_numbered_by_size():
    """The largest piece is 0; pieces of one size follow in the order of their first unit."""
    edges = np.array([[3, 4], [4, 5], [0, 1], [2, 6]])
    assert pieces(8, edges).tolist() == [1, 1, 2, 0, 0, 0, 2, 3]
