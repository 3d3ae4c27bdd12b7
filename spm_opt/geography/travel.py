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
        The problem, which may know better than the straight line: the travel that the planner gave for
        some of its pairs, and distances between units.
    territory
        Territory of each unit or ``NONE``, shape ``(n,)``.
    center
        Point that each territory is measured to, shape ``(k, 2)``.

    Returns
    -------
    Distance in km (or travel as it was given), shape ``(n,)``; ``nan`` for a unit without a territory, and
    for one without a place or a center where nothing was given.
    """
    held = np.flatnonzero(territory >= 0)
    to = territory[held]
    far = np.full(problem.n, np.nan)
    far[held] = distance_km(problem.place[held], center[to], planar=problem.planar)
    if problem.between is not None:
        unit = units_at(problem, center)
        at = unit[to] != NONE
        far[held[at]] = problem.between[held[at], unit[to[at]]]
    if problem.arcs.given is not None:
        arc = problem.arcs.used(territory)
        named = np.flatnonzero((arc != NONE) & problem.arcs.given[arc])
        far[named] = problem.arcs.travel[arc[named]]
    return far


def units_at(problem: Problem, center: FloatArray) -> IntArray:
    """Find the first unit that lies exactly at each center, shape ``(k,)``; ``NONE`` where none does."""
    first: dict[tuple[float, float], int] = {}
    for unit, (x, y) in enumerate(problem.place.tolist()):
        first.setdefault((x, y), unit)
    return np.array([first.get((x, y), NONE) for x, y in center.tolist()], dtype=np.int64)
