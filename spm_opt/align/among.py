"""Centers among candidate places: each place takes one center, and need not be a unit's."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import linear_sum_assignment

from spm_opt.criteria import Dispersion
from spm_opt.criteria.terms import Criterion
from spm_opt.geography.distance import distance_km
from spm_opt.geography.travel import units_at
from spm_opt.problem import NONE, BoolArray, FloatArray, IntArray, Problem

BLOCK = 2_000_000
"""Distances that are computed in one go."""


def travel_points(problem: Problem, criteria: Sequence[Criterion], places: FloatArray) -> FloatArray:
    """Points of the travel aims for each unit from each place, shape ``(n, p)``; 0 for a unit without a place."""
    points = np.zeros((problem.n, len(places)))
    aims = [(c, c.shares(problem)) for c in criteria if isinstance(c, Dispersion) and c.weight > 0]
    step = max(1, BLOCK // max(1, len(places)))
    at = units_at(problem, places) if problem.between is not None else None
    for low in range(0, problem.n, step):
        part = slice(low, low + step)
        far = distance_km(problem.place[part, None], places[None, :], planar=problem.planar)
        if at is not None and problem.between is not None:
            far[:, at != NONE] = problem.between[part][:, at[at != NONE]]
        far = np.nan_to_num(far, nan=0.0)
        for aim, share in aims:
            points[part] += aim.weight * share[part, None] * far**aim.power
    return points


def best_among(
    problem: Problem,
    criteria: Sequence[Criterion],
    free: BoolArray,
    territory: IntArray,
    center: FloatArray,
    candidates: FloatArray,
) -> FloatArray:
    """Give each free territory that has units a candidate, so that travel costs least in all.

    Territories without units keep the candidate that they have.

    Parameters
    ----------
    problem, criteria
        What is asked.
    free
        Territories whose center is chosen, shape ``(k,)``.
    territory
        Territory of each unit or ``NONE``, shape ``(n,)``.
    center
        Centers so far, shape ``(k, 2)``.
    candidates
        Places, shape ``(p, 2)``.
    """
    placed = ~np.isnan(problem.place).any(axis=1)
    held = np.bincount(territory[(territory >= 0) & placed], minlength=problem.k) > 0
    wanted, idle = np.flatnonzero(free & held), np.flatnonzero(free & ~held)
    left = np.flatnonzero(~_taken(candidates, center[idle]))
    if not len(wanted):
        return center.copy()
    points = travel_points(problem, criteria, candidates[left])
    arc = problem.arcs.used(territory)
    if problem.arcs.given is not None:
        # travel that was given is the same from anywhere
        points[(arc != NONE) & problem.arcs.given[arc]] = 0.0
    cost = np.stack([points[territory == t].sum(axis=0) for t in wanted])
    _, best = linear_sum_assignment(np.round(cost, 12))
    moved = center.copy()
    moved[wanted] = candidates[left[best]]
    return moved


def matched(candidates: FloatArray, free: BoolArray, center: FloatArray, *, planar: bool) -> FloatArray:
    """Bring free centers (shape ``(k, 2)``) to candidates near them, each to one of its own."""
    at = np.flatnonzero(free & ~np.isnan(center).any(axis=1))
    moved = center.copy()
    if len(at):
        far = distance_km(center[at, None], candidates[None, :], planar=planar)
        moved[at] = candidates[linear_sum_assignment(far)[1]]
    return moved


def left_over(candidates: FloatArray, center: FloatArray, free: BoolArray) -> FloatArray:
    """Candidates that no free territory has taken."""
    return candidates[~_taken(candidates, center[free])]


def _taken(candidates: FloatArray, center: FloatArray) -> BoolArray:
    """Which candidates are taken by centers, shape ``(p,)``; of several at one place as many as there are centers."""
    taken = np.zeros(len(candidates), dtype=bool)
    for place in center[~np.isnan(center).any(axis=1)]:
        same = np.flatnonzero((candidates == place).all(axis=1) & ~taken)
        taken[same[:1]] = True
    return taken
