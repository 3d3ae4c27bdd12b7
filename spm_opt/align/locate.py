"""Chosen centers: where to measure from, when a position has no seat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.optimize import linear_sum_assignment

from spm_opt.align.among import best_among, left_over
from spm_opt.align.opening import opened
from spm_opt.criteria import Dispersion
from spm_opt.criteria.terms import Criterion
from spm_opt.geography.distance import distance_km
from spm_opt.geography.travel import units_at
from spm_opt.problem import NONE, BoolArray, FloatArray, IntArray, Problem

FEW_MISSING = 12
"""Centers without a beginning that are placed with care."""
BLOCK = 512
"""Places whose distances are computed in one go."""


def free_territories(problem: Problem, criteria: Sequence[Criterion]) -> BoolArray:
    """Find the territories whose center the solver has to choose, shape ``(k,)``."""
    free = np.asarray(np.isnan(problem.seat).any(axis=1))
    if problem.arcs.given is not None:
        # where the planner gave all the travel, there is nothing to choose a center for
        open_pairs = np.bincount(problem.arcs.territory[~problem.arcs.given], minlength=problem.k)
        free = free & (open_pairs > 0)
    placed = not np.isnan(problem.place).all()
    wanted = placed and any(isinstance(c, Dispersion) and c.weight > 0 for c in criteria)
    return free if wanted else np.zeros(problem.k, dtype=bool)


def located(problem: Problem, center: FloatArray) -> Problem:
    """Return the problem with every seat at ``center`` (shape ``(k, 2)``) and travel measured anew."""
    arcs = problem.arcs
    travel = distance_km(problem.place[arcs.unit], center[arcs.territory], planar=problem.planar)
    if problem.between is not None:
        unit = units_at(problem, center)[arcs.territory]
        known = unit != NONE
        travel[known] = problem.between[arcs.unit[known], unit[known]]
    if arcs.given is not None:
        travel = np.where(arcs.given, arcs.travel, travel)
    return replace(problem, seat=center, arcs=replace(arcs, travel=travel))


def unit_distances(problem: Problem) -> FloatArray:
    """Measure from every unit to every unit, shape ``(n, n)``."""
    if problem.between is not None:
        return problem.between
    far = np.empty((problem.n, problem.n))
    for low in range(0, problem.n, BLOCK):
        part = slice(low, low + BLOCK)
        far[part] = distance_km(problem.place[part, None], problem.place[None, :], planar=problem.planar)
    return far


def first_centers(
    problem: Problem,
    criteria: Sequence[Criterion],
    free: BoolArray,
    today: IntArray,
    known: FloatArray | None = None,
) -> FloatArray:
    """Centers to start from: the best for today's units, else where another is missed most, of many the farthest.

    Parameters
    ----------
    problem, criteria
        What is asked.
    free
        Territories whose center is chosen, shape ``(k,)``.
    today
        Today's territory of each unit or ``NONE``, shape ``(n,)``.
    known
        Centers of territories without units where they are known, shape ``(k, 2)``.
    """
    center = best_centers(problem, criteria, free, today, problem.seat if known is None else known)
    missing = np.flatnonzero(free & np.isnan(center).any(axis=1))
    if problem.candidates is not None:
        return opened(problem, center, missing, left_over(problem.candidates, center, free))
    if len(missing) <= FEW_MISSING:
        return opened(problem, center, missing)
    placed = np.flatnonzero(~np.isnan(problem.place).any(axis=1))
    arcs = problem.arcs
    for t in missing:
        may = np.intersect1d(placed, arcs.unit[arcs.territory == t])
        known = center[~np.isnan(center).any(axis=1)]
        if not len(may):
            continue
        if len(known):
            far = distance_km(problem.place[may][:, None], known[None, :], planar=problem.planar).min(axis=1)
            center[t] = problem.place[may[int(np.argmax(far))]]
        else:
            center[t] = problem.place[may[0]]
    return center


def best_centers(
    problem: Problem, criteria: Sequence[Criterion], free: BoolArray, territory: IntArray, center: FloatArray
) -> FloatArray:
    """Move each free center to the unit of its territory, or the candidate, from which the travel aims cost least.

    Parameters
    ----------
    problem, criteria
        What is asked.
    free
        Territories whose center is chosen, shape ``(k,)``.
    territory
        Territory of each unit or ``NONE``, shape ``(n,)``.
    center
        Centers that stay where a territory has no unit with a place, shape ``(k, 2)``.
    """
    if problem.candidates is not None:
        return best_among(problem, criteria, free, territory, center, problem.candidates)
    aims = [(c, c.shares(problem)) for c in criteria if isinstance(c, Dispersion) and c.weight > 0]
    placed = ~np.isnan(problem.place).any(axis=1)
    center = center.copy()
    for t in np.flatnonzero(free):
        units = np.flatnonzero((territory == t) & placed)
        if not len(units):
            continue
        place = problem.place[units]
        cost = np.zeros(len(units))
        for low in range(0, len(units), BLOCK):
            part = slice(low, low + BLOCK)
            if problem.between is None:
                far = distance_km(place[part, None], place[None, :], planar=problem.planar)
            else:
                far = problem.between[np.ix_(units, units[part])].T
            for aim, share in aims:
                cost[part] += aim.weight * (far**aim.power @ share[units])
        center[t] = place[int(np.argmin(np.round(cost, 12)))]
    return center


def names_like_today(today: IntArray, label: IntArray, k: int, seated: IntArray | None = None) -> IntArray:
    """Name the parts of a plan so that as many units as possible keep their territory.

    Parameters
    ----------
    today
        Today's territory of each unit or ``NONE``, shape ``(n,)``.
    label
        Part of each unit, from 0 to ``k - 1``, shape ``(n,)``.
    k
        Number of territories.
    seated
        Territories that have a seat; the last labels are theirs, and name their parts whatever else.

    Returns
    -------
    Territory of each part, shape ``(k,)``.
    """
    same = np.zeros((k, k))
    held = np.flatnonzero(today != NONE)
    np.add.at(same, (label[held], today[held]), 1.0)
    if seated is not None:
        same[label[len(today) :], seated] += len(today) + 1.0
    return np.asarray(linear_sum_assignment(-same)[1], dtype=np.int64)
