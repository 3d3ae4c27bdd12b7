"""Where an additional center is missed most: the place that would take most off the centers there are.

The centers that are known get prices by which each holds about the same load, so that a unit's own distance and
price say what serving it costs where things are crowded or far. Another center gains what the units that it would
take save: those that save most, up to its share of the load.
"""

from __future__ import annotations

import numpy as np

from spm_opt.align.thin import balanced_prices, load_of
from spm_opt.geography.distance import distance_km
from spm_opt.problem import BoolArray, FloatArray, IntArray, Problem

OPTIONS = 600
"""Most places that are looked at."""
NOBODY = 2.0
"""What a unit costs where there is no center yet, in the largest distance between options."""


def opened(
    problem: Problem, center: FloatArray, missing: IntArray, candidates: FloatArray | None = None
) -> FloatArray:
    """Place the missing centers one after the other where they save most.

    Parameters
    ----------
    problem
        What is asked; every activity counts the same, and centers carry alike.
    center
        Centers so far, shape ``(k, 2)``; ``nan`` where none is known.
    missing
        Territories that want one.
    candidates
        Where a center may be, shape ``(p, 2)``; each place takes one. Without them at any unit that the territory
        may have.
    """
    places = problem.place if candidates is None else candidates
    center, left = center.copy(), np.ones(len(places), dtype=bool)
    for t in missing:
        may = _may_have(problem, int(t))
        spots = np.flatnonzero(left & (may if candidates is None else may.any()))
        if not len(spots):
            continue
        best = int(spots[missed_most(problem, center, places[spots])])
        center[t], left[best] = places[best], False
    return center


def _may_have(problem: Problem, territory: int) -> BoolArray:
    """Units with a place that a territory may have, shape ``(n,)``."""
    arcs = problem.arcs
    may = np.zeros(problem.n, dtype=bool)
    may[arcs.unit[arcs.territory == territory]] = True
    return np.asarray(may & ~np.isnan(problem.place).any(axis=1))


def missed_most(problem: Problem, center: FloatArray, places: FloatArray) -> int:
    """Find the place at which one more center would save most; of very many every so-manieth is looked at."""
    step = max(1, -(-len(places) // OPTIONS))
    return step * int(np.argmax(np.round(_gains(problem, center, places[::step]), 12)))


def _gains(problem: Problem, center: FloatArray, options: FloatArray) -> FloatArray:
    """Tell what units would save with a center at each option, shape ``(p,)``."""
    placed = np.flatnonzero(~np.isnan(problem.place).any(axis=1))
    place, load = problem.place[placed], load_of(problem)[placed]
    known = center[~np.isnan(center).any(axis=1)]
    far = distance_km(place[:, None], options[None], planar=problem.planar)
    if len(known):
        cost = balanced_prices(problem, known)[placed]
    else:
        cost = np.full(len(place), NOBODY * max(float(far.max(initial=0.0)), 1e-12))
    room = load.sum() / (len(known) + 1)
    saved = cost[:, None] - far
    order = np.argsort(-saved, axis=0, kind="stable")
    taken = load[order]
    before = np.cumsum(taken, axis=0) - taken
    taken = np.clip(room - before, 0.0, taken)
    return np.asarray((taken * np.maximum(np.take_along_axis(saved, order, axis=0), 0.0)).sum(axis=0))
