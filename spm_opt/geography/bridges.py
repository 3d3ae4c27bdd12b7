"""Bridges: units that touch no other, joined to their nearest neighbour across the water."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from scipy.spatial import cKDTree

from spm_opt.geography.adjacency import Geometries, pieces
from spm_opt.geography.distance import distance_km
from spm_opt.geography.locate import unit_sphere
from spm_opt.problem import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Bridge:
    """One piece of the graph, joined to the largest.

    Attributes
    ----------
    units
        The units of the piece.
    at
        The unit of the piece, and the one of the largest piece, that are joined.
    km
        How far these are apart at their nearest points.
    """

    units: IntArray
    at: tuple[int, int]
    km: float


def bridges(polygons: Geometries, edges: IntArray, *, planar: bool) -> tuple[Bridge, ...]:
    """Find for every piece of the graph but the largest the shortest way to the largest.

    Parameters
    ----------
    polygons
        Shapely polygons of the units, shape ``(n,)``, in degrees or km.
    edges
        Pairs of neighbours, shape ``(e, 2)``.
    planar
        Whether the coordinates are km in a plane.

    Returns
    -------
    A bridge a piece, in the order of their size. Nearness is measured between borders, with degrees
    of longitude shrunk by the cosine of the piece's latitude, and the length along a great circle.
    """
    piece = pieces(len(polygons), edges)
    main = np.flatnonzero(piece == 0)
    if len(main) == len(polygons):
        return ()
    tree = shapely.STRtree(polygons[main])
    corner = shapely.get_coordinates(
        shapely.get_point(shapely.get_exterior_ring(shapely.get_geometry(polygons, 0)), 0)
    )
    space = corner if planar else unit_sphere(corner)
    nearest = cKDTree(space[main])
    order = np.argsort(piece, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(piece[order])) + 1)[1:]
    found = []
    for units in groups:
        # some pair of corners bounds the way from above, so that few polygons need to be measured
        far, at = (np.asarray(answer) for answer in nearest.query(space[units]))
        closest = int(np.argmin(far))
        reach = (
            float(far[closest]) if planar else float(2 * np.arcsin(min(far[closest] / 2, 1.0)) * 180 / np.pi)
        )
        near = np.union1d(main[_within(tree, polygons[units], reach, planar=planar)], main[at[closest]])
        found.append(_shortest(polygons, units, near, planar=planar))
    return tuple(found)


def _within(tree: shapely.STRtree, polygons: Geometries, reach: float, *, planar: bool) -> IntArray:
    """Find the indices in the tree whose boxes meet the polygons' box, widened by ``reach`` (km or degrees)."""
    x0, y0, x1, y1 = shapely.total_bounds(polygons)
    wide = (
        reach if planar else reach / max(np.cos(np.radians(min(max(abs(y0), abs(y1)) + reach, 89.9))), 1e-3)
    )
    return np.sort(tree.query(shapely.box(x0 - wide, y0 - reach, x1 + wide, y1 + reach))).astype(np.int64)


def _shortest(polygons: Geometries, units: IntArray, near: IntArray, *, planar: bool) -> Bridge:
    """Measure every polygon of the piece against every candidate; the first of equal ones wins."""
    shrink = 1.0 if planar else max(float(np.cos(np.radians(_middle_latitude(polygons[units])))), 1e-3)
    scale = np.array([shrink, 1.0])
    flat = {int(u): shapely.transform(polygons[u], lambda xy: xy * scale) for u in np.union1d(units, near)}
    here = np.array([flat[int(u)] for u in units])
    there = np.array([flat[int(u)] for u in near])
    gap = shapely.distance(here[:, None], there[None, :])
    i, j = divmod(int(np.argmin(gap)), len(near))
    ends: FloatArray = shapely.get_coordinates(shapely.shortest_line(here[i], there[j])) / scale
    km = float(distance_km(ends[0], ends[1], planar=planar)) if len(ends) else 0.0
    return Bridge(units, (int(units[i]), int(near[j])), km)


def _middle_latitude(polygons: Geometries) -> float:
    _, low, _, high = shapely.total_bounds(polygons)
    return float(low + high) / 2
