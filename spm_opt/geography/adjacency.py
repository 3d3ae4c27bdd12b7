"""The contiguity graph: which units are neighbours, from their polygons or from their points."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import Delaunay

from spm_opt.geography.locate import unit_sphere
from spm_opt.problem import FloatArray, IntArray

Geometries = npt.NDArray[Any]

JOINED_AT_ONE_PLACE = 30
"""Most neighbours of a unit among those at the same coordinates; beyond it the edges would explode."""


def polygon_edges(polygons: Geometries) -> IntArray:
    """Find the pairs of polygons that share a border of some length; a corner is not a border.

    Neighbours drawn from the same vertices are found by their common segments, fast. The pairs whose
    boxes meet but which share no segment (borders drawn with other vertices on each side, overlaps)
    are settled by the length of their intersection.

    Parameters
    ----------
    polygons
        Valid shapely polygons or multipolygons, shape ``(n,)``.

    Returns
    -------
    Pairs of indices, the smaller first, sorted, each once, shape ``(e, 2)``.
    """
    n = len(polygons)
    sure = _common_segments(polygons)
    box_a, box_b = shapely.STRtree(polygons).query(polygons)
    near = box_a < box_b
    pairs = np.setdiff1d(box_a[near] * n + box_b[near], sure[:, 0] * n + sure[:, 1])
    a, b = pairs // max(n, 1), pairs % max(n, 1)
    shapely.prepare(polygons)
    touch = shapely.intersects(polygons[a], polygons[b])
    a, b = a[touch], b[touch]
    border = shapely.length(shapely.intersection(polygons[a], polygons[b])) > 0
    return _sorted_pairs(np.concatenate([sure, np.stack([a[border], b[border]], axis=1)]))


def _common_segments(polygons: Geometries) -> IntArray:
    """Find pairs of polygons that have a segment with the same two end points, shape ``(e, 2)``."""
    parts, owner = shapely.get_parts(polygons, return_index=True)
    rings, part = shapely.get_rings(parts, return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    xy += 0.0  # turns -0.0 into 0.0, whose bytes differ
    begin = np.flatnonzero(ring[1:] == ring[:-1])
    vertex = _mixed(xy.view(np.uint64))
    # the sum is the same for both directions; one integer a segment sorts faster than its coordinates
    key = vertex[begin] + vertex[begin + 1]
    order = np.argsort(key)
    key = key[order]
    equal = np.flatnonzero(key[1:] == key[:-1])
    a, b = begin[order[equal]], begin[order[equal + 1]]
    of = owner[part[ring]]
    pairs = np.sort(np.stack([of[a], of[b]], axis=1), axis=1)
    _, first = np.unique(pairs[:, 0] * len(polygons) + pairs[:, 1], return_index=True)
    first = first[pairs[first, 0] != pairs[first, 1]]
    # keys may collide: compare the coordinates of one segment of each pair
    a, b = a[first], b[first]
    along = (xy[a] == xy[b]).all(axis=1) & (xy[a + 1] == xy[b + 1]).all(axis=1)
    against = (xy[a] == xy[b + 1]).all(axis=1) & (xy[a + 1] == xy[b]).all(axis=1)
    return np.asarray(pairs[first[along | against]])


def _mixed(bits: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Mix the bits of two coordinates into one integer, shape ``(c,)`` (the finaliser of splitmix64)."""
    key = bits[:, 0] * np.uint64(0x9E3779B97F4A7C15) ^ bits[:, 1]
    key = (key ^ key >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
    key = (key ^ key >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
    return np.asarray(key ^ key >> np.uint64(31))


def point_edges(points: FloatArray, *, planar: bool) -> IntArray:
    """Join points to their neighbours: the Delaunay triangulation, with equal points joined as well.

    On the Earth the points are projected stereographically about their middle. That projection keeps
    circles, so its Delaunay triangulation is the sphere's own wherever no circle holds the antipode.

    Parameters
    ----------
    points
        Longitude and latitude in degrees, or x and y in km, shape ``(n, 2)``, none ``nan``.
    planar
        Whether the coordinates are km in a plane.

    Returns
    -------
    Pairs of indices, the smaller first, sorted, each once, shape ``(e, 2)``. Where several points
    coincide, they are joined to each other, the first of them to all at the neighbouring places, and
    each to the first there. The graph is connected.
    """
    if len(points) < 2:  # noqa: PLR2004  a pair needs two
        return np.zeros((0, 2), dtype=np.int64)
    sites, site = np.unique(points, axis=0, return_inverse=True)
    site = site.reshape(-1)
    order = np.argsort(site, kind="stable")
    start = np.searchsorted(site[order], np.arange(len(sites) + 1))
    between = _triangulated(sites if planar else _stereographic(sites))
    pairs = [_within_sites(order, start)]
    for here, there in (between.T, between[:, ::-1].T):
        count = start[there + 1] - start[there]
        step = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
        members = order[np.repeat(start[there], count) + step]
        pairs.append(np.stack([np.repeat(order[start[here]], count), members], axis=1))
    return _sorted_pairs(np.concatenate(pairs))


def _within_sites(order: IntArray, start: IntArray) -> IntArray:
    """Join every point to those that follow it at the same place, round and round in a large group."""
    size = np.repeat(np.diff(start), np.diff(start))
    first = np.repeat(start[:-1], np.diff(start))
    at = np.arange(len(order)) - first
    found = [np.zeros((0, 2), dtype=np.int64)]
    for step in range(1, JOINED_AT_ONE_PLACE // 2 + 1):
        use = size > step
        found.append(np.stack([order[use], order[first[use] + (at[use] + step) % size[use]]], axis=1))
    return np.concatenate(found)


def _stereographic(points: FloatArray) -> FloatArray:
    """Project degrees about the middle of the points; shape ``(n, 2)``, on a sphere of radius one."""
    space = unit_sphere(points)
    centre = space.mean(axis=0)
    size = float(np.linalg.norm(centre))
    centre = centre / size if size > 0 else space[0]
    east = np.cross([0.0, 0.0, 1.0], centre)
    reach = float(np.linalg.norm(east))
    east = east / reach if reach > 0 else np.array([1.0, 0.0, 0.0])
    north = np.cross(centre, east)
    depth = np.maximum(1 + space @ centre, 1e-9)
    return np.stack([space @ east / depth, space @ north / depth], axis=1)


def _triangulated(xy: FloatArray) -> IntArray:
    """Give the edges of the Delaunay triangulation; points on one line are joined in a chain."""
    middle = xy - xy.mean(axis=0)
    _, spread, axes = np.linalg.svd(middle, full_matrices=False)
    if len(xy) < 3 or spread[1] <= 1e-9 * spread[0]:  # noqa: PLR2004  a triangle needs three
        along = np.argsort(middle @ axes[0], kind="stable")
        return np.stack([along[:-1], along[1:]], axis=1).astype(np.int64)
    mesh = Delaunay(xy)
    corners = mesh.simplices.astype(np.int64)
    # Qhull leaves out a point that nearly coincides with another, and names that other
    near = mesh.coplanar[:, [0, 2]].astype(np.int64)
    return _sorted_pairs(np.concatenate([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [2, 0]], near]))


def pieces(count: int, edges: IntArray) -> IntArray:
    """Label the connected pieces of a graph, the largest with 0 and equal ones by their first unit.

    Parameters
    ----------
    count
        Number of units.
    edges
        Pairs of neighbours, shape ``(e, 2)``.

    Returns
    -------
    Piece of each unit, shape ``(count,)``.
    """
    graph = coo_array((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), shape=(count, count))
    _, label = connected_components(graph, directed=False)
    _, first, size = np.unique(label, return_index=True, return_counts=True)
    rank = np.empty(len(size), dtype=np.int64)
    rank[np.lexsort((first, -size))] = np.arange(len(size))
    return rank[label]


def _sorted_pairs(pairs: IntArray) -> IntArray:
    """Put the smaller index first, sort, and drop what comes twice; shape ``(e, 2)``."""
    if not len(pairs):
        return np.zeros((0, 2), dtype=np.int64)
    ordered = np.sort(pairs, axis=1).astype(np.int64)
    scale = int(ordered.max()) + 1
    key = np.unique(ordered[:, 0] * scale + ordered[:, 1])
    return np.stack([key // scale, key % scale], axis=1)
