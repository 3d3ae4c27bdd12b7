"""Polygons and points on a grid of whole numbers, packed small enough to travel inside a page.

Coordinates are projected (an equal-area azimuthal projection around the middle of all of them), put on a
grid of :data:`GRID` steps along the longer side, and written as differences: zigzag varints (as in
Protocol Buffers and TopoJSON) in base64. Shared borders are simplified together, so that no gaps open.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import cast

import numpy as np
import pyproj
import shapely

from spm_opt.problem import FloatArray, IntArray

GRID = 16_384
PLAIN_VERTICES = 20_000
FINEST = 1 / 4_000
MOST_BYTES = 600_000


@dataclass(frozen=True, eq=False)
class Frame:
    """From input coordinates to the grid.

    Attributes
    ----------
    center
        Longitude and latitude that the projection is centered on, or ``None`` for planar coordinates.
    origin
        Projected coordinates of the grid's upper left corner.
    step
        Projected length of a grid step (metres, or km for planar coordinates).
    width, height
        Extent of the grid.
    """

    center: tuple[float, float] | None
    origin: tuple[float, float]
    step: float
    width: int
    height: int

    def project(self, points: FloatArray) -> FloatArray:
        """Turn input coordinates into projected ones; shape ``(..., 2)``."""
        return _projected(points, self.center)

    def place(self, points: FloatArray) -> IntArray:
        """Turn projected coordinates into grid ones (y downwards); shape ``(..., 2)``."""
        x = (points[..., 0] - self.origin[0]) / self.step
        y = (self.origin[1] - points[..., 1]) / self.step
        return np.stack([np.rint(x), np.rint(y)], axis=-1).astype(np.int64)


def frame_around(points: FloatArray, *, planar: bool) -> Frame:
    """Choose projection and grid for ``points``, shape ``(p, 2)``, all finite and at least one."""
    center = None if planar else _middle(points)
    flat = _projected(points, center)
    low, high = flat.min(axis=0), flat.max(axis=0)
    span = float((high - low).max())
    step = span / GRID if span > 0 else 1.0
    width, height = (int(np.ceil(side)) for side in np.maximum((high - low) / step, 1.0))
    return Frame(center, (float(low[0]), float(high[1])), step, width, height)


def pack_polygons(polygons: np.ndarray, frame: Frame) -> dict[str, str]:
    """Pack projected polygons; ``counts`` holds rings a polygon and points a ring, ``steps`` the differences."""
    tolerance = FINEST * GRID * frame.step
    simple = polygons
    if int(shapely.get_num_coordinates(polygons).sum()) > PLAIN_VERTICES:
        simple = shapely.coverage_simplify(polygons, tolerance)
    packed = _packed(simple, frame)
    while len(packed["steps"]) > MOST_BYTES:
        tolerance *= 1.6
        simple = shapely.coverage_simplify(polygons, tolerance)
        packed = _packed(simple, frame)
    return packed


def project_polygons(polygons: np.ndarray, frame: Frame) -> np.ndarray:
    """Project the coordinates of geometries."""
    return cast("np.ndarray", shapely.transform(polygons, frame.project))


def pack_points(points: IntArray) -> str:
    """Pack grid coordinates, shape ``(p, 2)``."""
    return _text(_zigzag(np.diff(points, axis=0, prepend=np.zeros((1, 2), dtype=np.int64)).ravel()))


def pack_numbers(values: IntArray) -> str:
    """Pack whole numbers from -1 up."""
    return _text(np.asarray(values + 1, dtype=np.int64))


def _packed(polygons: np.ndarray, frame: Frame) -> dict[str, str]:
    parts, owner = shapely.get_parts(polygons, return_index=True)
    area = shapely.get_type_id(parts) == 3  # noqa: PLR2004  polygons only: repairs can leave lines
    rings, ring_part = shapely.get_rings(parts[area], return_index=True)
    ring_owner = owner[area][ring_part]
    coordinates, ring = shapely.get_coordinates(rings, return_index=True)
    grid = frame.place(coordinates)
    fresh = np.ones(len(grid), dtype=bool)
    fresh[1:] = (np.diff(grid, axis=0) != 0).any(axis=1) | (np.diff(ring) != 0)
    last = np.append(np.diff(ring) != 0, values=True)
    keep = fresh & ~last  # a ring's last point is its first again
    size = np.bincount(ring[keep], minlength=len(rings))
    drawn = size >= 3  # noqa: PLR2004  a ring that shrank to a line has nothing to fill
    keep &= drawn[ring]
    per_unit = np.bincount(ring_owner[drawn], minlength=len(polygons))
    counts = np.concatenate([per_unit, size[drawn]]).astype(np.int64)
    return {"counts": _text(counts), "steps": pack_points(grid[keep])}


def _zigzag(values: IntArray) -> IntArray:
    return np.asarray((values << 1) ^ (values >> 63), dtype=np.int64)


def _text(values: IntArray) -> str:
    """Write numbers from zero up as varints, seven bits a byte, in base64."""
    lanes = np.stack([(values >> shift) & 0x7F for shift in range(0, 35, 7)], axis=1).astype(np.uint8)
    length = 1 + (values[:, None] >= (1 << np.arange(7, 35, 7, dtype=np.int64))).sum(axis=1)
    lane = np.arange(5)
    lanes[lane < length[:, None] - 1] |= 0x80
    return base64.b64encode(lanes[lane < length[:, None]].tobytes()).decode("ascii")


def _middle(points: FloatArray) -> tuple[float, float]:
    """Mean direction of places on the sphere, which no date line disturbs; rounded to whole degrees."""
    lon, lat = np.radians(points[:, 0]), np.radians(points[:, 1])
    x, y, z = (np.cos(lat) * np.cos(lon)).mean(), (np.cos(lat) * np.sin(lon)).mean(), np.sin(lat).mean()
    return round(float(np.degrees(np.arctan2(y, x)))), round(float(np.degrees(np.arctan2(z, np.hypot(x, y)))))


def _projected(points: FloatArray, center: tuple[float, float] | None) -> FloatArray:
    if center is None:
        return points
    flat = pyproj.Proj(f"+proj=laea +lon_0={center[0]} +lat_0={center[1]} +ellps=WGS84")
    x, y = flat(points[..., 0], points[..., 1])
    return np.stack([x, y], axis=-1)
