"""Travel in a finished plan: how far each unit lies from the center of its territory."""

from __future__ import annotations

import numpy as np

from spm_opt.geography.distance import distance_km
from spm_opt.problem import NONE, FloatArray, IntArray, Problem


def travelled(problem: Problem, territory: IntArray, center: FloatArray) -> FloatArray:
    """Measure every unit's travel to the center of its territory.

    Parameters
    ----------
    problem
        The problem, which may know distances better than by the straight line (``between``).
    territory
        Territory of each unit or ``NONE``, shape ``(n,)``.
    center
        Point that each territory is measured to, shape ``(k, 2)``.

    Returns
    -------
    Distance in km, shape ``(n,)``; ``nan`` for a unit without a place, a center or a territory.
    """
    held = np.flatnonzero(territory >= 0)
    to = territory[held]
    far = np.full(problem.n, np.nan)
    far[held] = distance_km(problem.place[held], center[to], planar=problem.planar)
    if problem.between is not None:
        unit = units_at(problem, center)
        at = unit[to] != NONE
        far[held[at]] = problem.between[held[at], unit[to[at]]]
    return far


def units_at(problem: Problem, center: FloatArray) -> IntArray:
    """Find the first unit that lies exactly at each center, shape ``(k,)``; ``NONE`` where none does."""
    first: dict[tuple[float, float], int] = {}
    for unit, (x, y) in enumerate(problem.place.tolist()):
        first.setdefault((x, y), unit)
    return np.array([first.get((x, y), NONE) for x, y in center.tolist()], dtype=np.int64)
