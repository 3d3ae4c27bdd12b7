"""Many centers to choose among too many pairs: where to begin, and which pairs are worth offering."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from spm_opt.geography.distance import EARTH_RADIUS_KM
from spm_opt.geography.locate import unit_sphere
from spm_opt.problem import BoolArray, FloatArray, IntArray, Problem

ROUNDS = 40
"""Rounds of moving centers to the middle of what they hold."""
STEP = 0.3
"""How far a round prices a center that holds too much, or too little, in its mean distance."""
MOST = 4.0
"""Least or most that a center's load counts there, against the mean."""
NEAREST = 16
"""Centers that each unit is offered, and that are looked at in those rounds."""


def spread(problem: Problem, free: BoolArray, center: FloatArray, seed: int) -> FloatArray:
    """Place the free centers so that each has about the same to carry nearby: a k-means with prices.

    Parameters
    ----------
    problem
        What is asked; every activity counts the same.
    free
        Territories whose center is chosen, shape ``(k,)``.
    center
        Centers to begin with where they are known, shape ``(k, 2)``; those that are not free stay.
    seed
        Seed of the draws of the others.
    """
    placed = np.flatnonzero(~np.isnan(problem.place).any(axis=1))
    place, load = problem.place[placed], load_of(problem)[placed]
    center = center.copy()
    missing = np.flatnonzero(free & np.isnan(center).any(axis=1))
    rng = np.random.default_rng(seed)
    share = load + 1e-9 * load.sum() / len(load)
    center[missing] = place[
        rng.choice(len(place), len(missing), replace=len(missing) > len(place), p=share / share.sum())
    ]
    known = np.flatnonzero(~np.isnan(center).any(axis=1))
    point, count = _points(problem, place), min(NEAREST, len(known))
    price = np.zeros(problem.k)
    for _ in range(ROUNDS):
        found = cKDTree(_points(problem, center[known])).query(point, k=range(1, count + 1))
        far, at = np.asarray(found[0]), np.asarray(found[1])
        held = known[at]
        best = np.argmin(far + price[held], axis=1)
        own = held[np.arange(len(held)), best]
        carried = np.bincount(own, weights=load, minlength=problem.k)
        price[known] += _step(at, far, best, load, len(known))
        price -= price[known].mean()
        for axis in range(2):
            middle = np.bincount(own, weights=load * place[:, axis], minlength=problem.k)
            center[free, axis] = np.where(carried > 0, middle / np.maximum(carried, 1e-300), center[:, axis])[
                free
            ]
    return center


def balanced_prices(problem: Problem, known: FloatArray) -> FloatArray:
    """Distance of each unit to its center and that center's price, where centers hold about the same; shape ``(n,)``.

    Parameters
    ----------
    problem
        What is asked; every activity counts the same.
    known
        The centers, shape ``(c, 2)``.

    Returns
    -------
    In km, or in parts of the Earth's radius turned to km; ``nan`` for a unit without a place. The mean price is 0.
    """
    placed = np.flatnonzero(~np.isnan(problem.place).any(axis=1))
    load, count = load_of(problem)[placed], min(NEAREST, len(known))
    found = cKDTree(_points(problem, known)).query(
        _points(problem, problem.place[placed]), k=range(1, count + 1)
    )
    far, at = np.asarray(found[0]), np.asarray(found[1])
    far = far if problem.planar else EARTH_RADIUS_KM * 2 * np.arcsin(np.minimum(1.0, far / 2))
    price = np.zeros(len(known))
    for _ in range(ROUNDS):
        best = np.argmin(far + price[at], axis=1)
        price += _step(at, far, best, load, len(known))
        price -= price.mean()
    cost = np.full(problem.n, np.nan)
    cost[placed] = (far + price[at]).min(axis=1)
    return cost


def _step(at: IntArray, far: FloatArray, best: IntArray, load: FloatArray, count: int) -> FloatArray:
    """How much dearer a center becomes that holds too much, in its mean distance; shape ``(count,)``."""
    row = np.arange(len(best))
    own, near = at[row, best], far[row, best]
    carried = np.bincount(own, weights=load, minlength=count)
    reach = np.bincount(own, weights=load * near, minlength=count) / np.maximum(carried, 1e-300)
    reach = np.where(carried > 0, reach, near.mean())
    return np.asarray(STEP * reach * np.clip(carried * count / load.sum() - 1, -1.0, MOST))


def thinned(problem: Problem, center: FloatArray, today: IntArray, nearest: int = NEAREST) -> Problem:
    """Offer each unit the territories whose centers are nearest, and what must not be lost.

    The arcs of today's territory stay, those whose travel was given, and all arcs of a unit that has no place or
    that none of the nearest may take.

    Parameters
    ----------
    problem
        What is asked.
    center
        Centers of the territories, shape ``(k, 2)``.
    today
        Territory of each unit that stays on offer or ``NONE``, shape ``(n,)``.
    nearest
        Territories to offer.
    """
    arcs, n, k = problem.arcs, problem.n, problem.k
    known = np.flatnonzero(~np.isnan(center).any(axis=1))
    placed = np.flatnonzero(~np.isnan(problem.place).any(axis=1))
    count = min(nearest, len(known))
    _, at = cKDTree(_points(problem, center[known])).query(
        _points(problem, problem.place[placed]), k=range(1, count + 1)
    )
    held = np.flatnonzero(today >= 0)
    unit = np.concatenate((np.repeat(placed, count), held))
    territory = np.concatenate((known[at].ravel(), today[held]))
    arc = _arcs_of(problem, unit, territory)
    mask = np.zeros(len(arcs.territory), dtype=bool)
    mask[arc[arc >= 0]] = True
    if arcs.given is not None:
        mask |= arcs.given
    offered = np.zeros(n, dtype=bool)
    offered[unit[: len(placed) * count][arc[: len(placed) * count] >= 0]] = True
    # a territory whose center is not known can be reached by nothing else
    lost = np.ones(k, dtype=bool)
    lost[known] = False
    if not offered.all() or lost.any():
        mask |= ~offered[arcs.unit] | lost[arcs.territory]
    return problem.with_arcs(arcs.keep(mask))


def _arcs_of(problem: Problem, unit: IntArray, territory: IntArray) -> IntArray:
    """Find the arc of each pair, or -1 where it is not eligible."""
    arcs, k = problem.arcs, problem.k
    key = unit * k + territory
    if len(arcs.territory) == problem.n * k:
        return np.asarray(key)
    keys = arcs.unit * k + arcs.territory
    at = np.minimum(np.searchsorted(keys, key), len(keys) - 1)
    return np.asarray(np.where(keys[at] == key, at, -1))


def load_of(problem: Problem) -> FloatArray:
    """Mean share of each unit in the activities, shape ``(n,)``; the same for all where none is carried."""
    total = problem.activity.sum(axis=0)
    if not (total > 0).any():
        return np.full(problem.n, 1.0 / problem.n)
    return np.asarray((problem.activity[:, total > 0] / total[total > 0]).mean(axis=1))


def _points(problem: Problem, place: FloatArray) -> FloatArray:
    """Coordinates whose straight lines order places by distance."""
    return place if problem.planar else unit_sphere(place)
