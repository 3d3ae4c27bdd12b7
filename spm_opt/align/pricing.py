"""Few open centers among many given ones: moved to where the relaxation's prices say that another is worth most.

With the multipliers of the relaxation, serving a node costs the least reduced cost of its arcs. A center elsewhere
saves the sum, over nodes, of what the reduced cost of reaching it lies below that; a move is kept where the relaxation
solved anew agrees. So limits, disruption and travel all count, and not distance alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from spm_opt.align.among import left_over, travel_points
from spm_opt.align.effort import Clock
from spm_opt.align.locate import located
from spm_opt.align.model import Model, build
from spm_opt.align.opening import OPTIONS
from spm_opt.align.relax import Relaxation, relax
from spm_opt.criteria.terms import Criterion
from spm_opt.geography.distance import distance_km
from spm_opt.problem import BoolArray, FloatArray, Problem

FEW = 12
"""Most open centers that are moved so."""
WORTH = 1e-4
"""Relative drop of the relaxation's points from which a move is kept."""


def moved_by_prices(
    problem: Problem,
    criteria: Sequence[Criterion],
    free: BoolArray,
    center: FloatArray,
    tries: int,
    clock: Clock,
) -> FloatArray:
    """Move open centers while the relaxation falls.

    Parameters
    ----------
    problem, criteria
        What is asked.
    free
        Territories whose center is chosen, shape ``(k,)``; nothing is done where they are many.
    center
        Centers to begin with, shape ``(k, 2)``.
    tries
        Relaxations that may be solved.
    clock
        Until when.
    """
    if not 0 < free.sum() <= FEW or tries < 2:  # noqa: PLR2004  one to begin with and one to compare
        return center
    model, relaxed = _relaxed(problem, criteria, center, clock)
    left = tries - 1
    while left > 0 and np.isfinite(relaxed.bound) and not clock.over:
        for territory, place in _offers(problem, criteria, free, center, model, relaxed):
            if left == 0 or clock.over:
                return center
            there = center.copy()
            there[territory] = place
            left -= 1
            other = _relaxed(problem, criteria, there, clock)
            if other[1].bound < relaxed.bound - WORTH * abs(relaxed.bound):
                center, (model, relaxed) = there, other
                break
        else:
            break
    return center


def _relaxed(
    problem: Problem, criteria: Sequence[Criterion], center: FloatArray, clock: Clock
) -> tuple[Model, Relaxation]:
    model = build(located(problem, center), criteria)
    if (np.diff(model.start) == 0).any():
        return model, Relaxation(np.zeros(0), np.inf, 0.0, np.zeros(0), (), 0)
    return model, relax(model, 0, None, clock.left(0.2))


def _offers(
    problem: Problem,
    criteria: Sequence[Criterion],
    free: BoolArray,
    center: FloatArray,
    model: Model,
    relaxed: Relaxation,
) -> Iterator[tuple[int, FloatArray]]:
    """Yield moves of one center that the prices promise something of, the most promising first."""
    options = _options(problem, free, center)
    if not len(options):
        return
    first = [c for c in criteria if c.weight and c.priority == model.priorities[0]]
    there = _of_nodes(model, travel_points(problem, first, options))
    reduced = np.asarray(model.cost[0] - relaxed.multiplier @ model.rows)
    offers = []
    for t in np.flatnonzero(free).tolist():
        here = _of_nodes(model, travel_points(problem, first, center[t][None]))[:, 0]
        others = np.full(model.n, np.inf)
        own = model.territory == t
        np.minimum.at(others, model.node[~own], reduced[~own])
        nodes = model.node[own]
        apart = np.where(np.isfinite(others[nodes]), others[nodes], reduced[own]) - (
            reduced[own] - here[nodes]
        )
        gain = np.maximum(0.0, apart[:, None] - there[nodes]).sum(axis=0)
        now = float(np.maximum(0.0, apart - here[nodes]).sum())
        best = int(np.argmax(np.round(gain, 12)))
        offers.append((now - float(gain[best]), int(t), best))
    for promise, t, best in sorted(offers):
        if promise < 0:
            yield t, options[best]


def _options(problem: Problem, free: BoolArray, center: FloatArray) -> FloatArray:
    if problem.candidates is not None:
        return left_over(problem.candidates, center, free)
    placed = problem.place[~np.isnan(problem.place).any(axis=1)]
    return placed[:: max(1, -(-len(placed) // OPTIONS))]


def _of_nodes(model: Model, points: FloatArray) -> FloatArray:
    """Sum points of units (shape ``(n, p)``) over the nodes that they move with."""
    total = np.zeros((model.n, points.shape[1]))
    np.add.at(total, model.node_of_unit, points)
    return total


def bound_anywhere(problem: Problem, criteria: Sequence[Criterion], free: BoolArray, clock: Clock) -> float:
    """Bound the points wherever the open centers are: each unit is as near to them as any place allows.

    Parameters
    ----------
    problem, criteria
        What is asked; with several levels of priority nothing is bounded.
    free
        Territories whose center is chosen, shape ``(k,)``.
    clock
        Until when.
    """
    arcs = problem.arcs
    nearest = np.zeros(problem.n)
    if problem.candidates is not None and problem.between is None:
        far = [distance_km(problem.place, one[None], planar=problem.planar) for one in problem.candidates]
        nearest = np.nan_to_num(np.min(far, axis=0), nan=0.0)
    unknown = free[arcs.territory] if arcs.given is None else free[arcs.territory] & ~arcs.given
    travel = np.where(unknown, nearest[arcs.unit], arcs.travel)
    model = build(replace(problem, arcs=replace(arcs, travel=travel)), criteria)
    if len(model.priorities) > 1 or (np.diff(model.start) == 0).any():
        return -np.inf
    bound = float(relax(model, 0, None, clock.left(0.2)).bound)
    return bound if np.isfinite(bound) else -np.inf
