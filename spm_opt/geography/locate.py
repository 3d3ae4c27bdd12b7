"""Which polygon a point lies in, and where the middle of several points is."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from spm_opt.problem import NONE, FloatArray, IntArray


def polygon_of(points: FloatArray, polygons: npt.NDArray[Any]) -> IntArray:
    """Find the polygon that each point lies in or on.

    Parameters
    ----------
    points
        Coordinates in the polygons' own system, shape ``(a, 2)``; ``nan`` where a point has none.
    polygons
        Shapely geometries, shape ``(p,)``.

    Returns
    -------
    Index of the polygon, or ``NONE`` where none holds the point, shape ``(a,)``. A point on a border
    goes to the first of the polygons that share it, so that the answer depends on their order only.
    """
    found = np.full(len(points), NONE, dtype=np.int64)
    known = np.flatnonzero(~np.isnan(points).any(axis=1))
    if not len(known) or not len(polygons):
        return found
    # the tree holds the points, since GEOS prepares the geometry that is asked about: the polygon
    tree = shapely.STRtree(np.asarray(shapely.points(points[known])))
    polygon, point = tree.query(polygons, predicate="intersects")
    lowest = np.full(len(known), len(polygons), dtype=np.int64)
    np.minimum.at(lowest, point, polygon)
    held = lowest < len(polygons)
    found[known[held]] = lowest[held]
    return found


def unit_sphere(points: FloatArray) -> FloatArray:
    """Turn longitude and latitude in degrees, shape ``(..., 2)``, into points of the unit sphere."""
    lon, lat = np.radians(points[..., 0]), np.radians(points[..., 1])
    return np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=-1)


def middle_of(points: FloatArray, group: IntArray, count: int, *, planar: bool) -> FloatArray:
    """Find the mean place of the points of each group.

    Parameters
    ----------
    points
        Longitude and latitude in degrees, or x and y in km, shape ``(a, 2)``; a ``nan`` row counts nowhere.
    group
        Group of each point or ``NONE``, shape ``(a,)``.
    count
        Number of groups.
    planar
        Whether the coordinates are km in a plane.

    Returns
    -------
    Mean of each group, shape ``(count, 2)``, ``nan`` where it has no point. On the Earth the mean is
    taken in space and brought back to the surface, so that the 180th meridian is no seam.
    """
    use = (group >= 0) & ~np.isnan(points).any(axis=1)
    at = points[use] if planar else unit_sphere(points[use])
    total = np.stack([np.bincount(group[use], weights=axis, minlength=count) for axis in at.T], axis=1)
    number = np.bincount(group[use], minlength=count)
    mean = np.full(total.shape, np.nan)
    mean[number > 0] = total[number > 0] / number[number > 0, None]
    if planar:
        return mean
    lon = np.degrees(np.arctan2(mean[:, 1], mean[:, 0]))
    return np.stack([lon, np.degrees(np.arctan2(mean[:, 2], np.hypot(mean[:, 0], mean[:, 1])))], axis=1)
