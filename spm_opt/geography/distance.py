"""Distances between places."""

from __future__ import annotations

import numpy as np

from spm_opt.problem import FloatArray

EARTH_RADIUS_KM = 6371.0088
"""Mean radius of the Earth (IUGG)."""


def distance_km(a: FloatArray, b: FloatArray, *, planar: bool) -> FloatArray:
    """Measure the distance between places, row by row or by broadcasting.

    Parameters
    ----------
    a, b
        Longitude and latitude in degrees, or x and y in km; shape ``(..., 2)``.
    planar
        Whether the coordinates are km in a plane.

    Returns
    -------
    Distance in km along the great circle (haversine formula on a sphere, within 0.6 % of the ellipsoid)
    or in the plane; ``nan`` where a place is.

    Examples
    --------
    >>> import numpy as np
    >>> float(distance_km(np.array([0.0, 0.0]), np.array([3.0, 4.0]), planar=True))
    5.0
    """
    if planar:
        return np.asarray(np.hypot(a[..., 0] - b[..., 0], a[..., 1] - b[..., 1]), dtype=float)
    lon_a, lat_a = np.radians(a[..., 0]), np.radians(a[..., 1])
    lon_b, lat_b = np.radians(b[..., 0]), np.radians(b[..., 1])
    half = np.sin((lat_b - lat_a) / 2) ** 2 + np.cos(lat_a) * np.cos(lat_b) * np.sin((lon_b - lon_a) / 2) ** 2
    return np.asarray(2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.clip(half, 0, 1))), dtype=float)
