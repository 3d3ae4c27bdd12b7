"""Each possible center taken for granted: what a plan with it costs at least, and which pairs that rules out.

The bound of ``dual`` climbs anew for each center that is forced open, with prices of its own. A center whose
bound lies above a known plan cannot be in a better one; of the others, units too dear to reach are ruled
out. Each round leaves fewer centers and pairs, which lifts the bounds of the next.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from spm_opt.align.connected_sets import ways
from spm_opt.align.dual import Dual, ascend
from spm_opt.align.effort import Clock
from spm_opt.align.median import Median
from spm_opt.align.result import no_worse
from spm_opt.problem import BoolArray, FloatArray

PASSES = 4
"""Most rounds over all centers."""
WORTHWHILE = 0.03
"""Share of the pairs that a round must rule out for another to follow."""
WORK = 1_000_000_000
"""Matrix entries that are looked at in a round."""
FEWEST, MOST = 40, 800
"""Iterations of the bound for each center, at least and at most."""


@dataclass(frozen=True, eq=False)
class Probed:
    """What is left, and what is proven.

    Attributes
    ----------
    pairs
        Pairs of unit and center that a better plan may use, shape ``(n, n)``.
    duals
        The prices of each center that is left, by its unit.
    dual
        The prices over all centers that are left.
    bound
        Points that no plan can beat, or those of the known plan.
    rounds
        Iterations spent.
    complete
        Whether no time limit cut the rounds.
    """

    pairs: BoolArray
    duals: Mapping[int, Dual]
    dual: Dual
    bound: float
    rounds: int
    complete: bool


def probe(median: Median, dual: Dual, pairs: BoolArray, upper: float, clock: Clock) -> Probed:
    """Force one center after the other.

    Parameters
    ----------
    median
        The problem.
    dual
        Prices to begin from.
    pairs
        Pairs that are not ruled out, shape ``(n, n)``.
    upper
        Points of a known plan; only what a better one may use is kept.
    clock
        Asked between centers.
    """
    pairs, most = pairs.copy(), no_worse(upper)
    duals: dict[int, Dual] = {}
    bound, spent = dual.bound, 0
    for _ in range(PASSES):
        before, tight = int(pairs.sum()), without(median, pairs)
        centers = np.flatnonzero(pairs.diagonal())
        each = int(np.clip(WORK // (median.n * max(1, len(centers)) ** 2), FEWEST, MOST))
        for j in centers.tolist():
            if not clock.tell("bound of each center", upper, 0.0, bound):
                return Probed(pairs, duals, dual, bound, spent, complete=False)
            still = np.flatnonzero(pairs.diagonal())
            if len(still) < median.k:
                break
            forced = ascend(tight, upper, duals.get(j, dual), centers=still, forced=j, rounds=each)
            spent += forced.rounds
            duals[j] = forced
            reached = forced.bound + way_of(median, forced, j, most - forced.bound)
            pairs[:, j] &= (reached <= most) & (forced.bound <= most)
        left = np.flatnonzero(pairs.diagonal())
        if len(left) < median.k:
            # no plan is within the target
            return Probed(np.zeros_like(pairs), {}, dual, upper, spent, complete=True)
        bound = max(bound, min(upper, float(np.sort([duals[j].bound for j in left.tolist()])[median.k - 1])))
        dual = ascend(without(median, pairs), upper, dual, centers=left)
        spent += dual.rounds
        bound = max(bound, min(upper, dual.bound))
        pairs &= dual.least_with(median) <= most
        if pairs.sum() > (1 - WORTHWHILE) * before:
            break
    return Probed(pairs, duals, dual, bound, spent, complete=True)


def without(median: Median, pairs: BoolArray) -> Median:
    """Make every pair that is ruled out too dear to be used."""
    dear = 10.0 * (np.abs(median.cost).max(axis=1).sum() + 1.0)
    return replace(median, cost=np.where(pairs, median.cost, dear))


def reduced_of(median: Median, dual: Dual, j: int) -> FloatArray:
    """Reduced cost of each unit at a center, shape ``(n,)``."""
    return np.asarray(median.cost[:, j] - dual.alpha - median.activity @ dual.nu[j])


def way_of(median: Median, dual: Dual, j: int, budget: float) -> FloatArray:
    """Say what it costs at least to bring each unit to a center, with the units between, shape ``(n,)``."""
    reduced = reduced_of(median, dual, j)
    if not median.contiguous or budget < 0:
        way = np.maximum(0.0, reduced)
        way[j] = 0.0
        return way
    way = np.empty(median.n)
    ways(j, reduced, median.near_start, median.near, budget, way)
    return way
