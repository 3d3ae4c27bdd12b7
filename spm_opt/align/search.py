"""Local search over moves and swaps: simulated annealing, compiled, incremental.

A proposal moves one node to another territory, or exchanges two nodes between territories. Geographic
nodes move only across a border, and only where the territory they leave stays connected. Energy is the
points of the current level, plus a penalty on hard rows (relative to their size) and on earlier levels
above their cap; the penalty grows while rules are broken and falls while they hold. Row activities are
kept up to date move by move.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from spm_opt.align.kernel import anneal
from spm_opt.align.model import Model
from spm_opt.align.relax import row_scale
from spm_opt.problem import FloatArray, IntArray

TEMPERATURES = 100
"""Steps of cooling; the penalty adapts between them."""
COLDEST = 1e-3
"""Last temperature relative to the first, before the search stands still."""
STILL = 0.1
"""Share of the steps, at the end, that accept improvements only."""


@dataclass(frozen=True, eq=False)
class Found:
    """What a search came to.

    Attributes
    ----------
    territory
        Territory of each node, shape ``(n,)``: the best that breaks no hard rule, or the least broken.
    violation
        Total relative violation of hard rows and caps.
    value
        Points of the level.
    proposals
        Moves and swaps looked at.
    complete
        Whether the search ran to its end rather than being stopped.
    """

    territory: IntArray
    violation: float
    value: float
    proposals: int
    complete: bool


def search(
    model: Model,
    territory: IntArray,
    *,
    level: int,
    caps: FloatArray,
    proposals: int,
    seed: int,
    keep_going: Callable[[float, float], bool],
) -> Found:
    """Improve an assignment of nodes, connected where asked, by annealing.

    Parameters
    ----------
    model
        The model.
    territory
        Start, shape ``(n,)``.
    level, caps
        The level whose points count, and the most points of each earlier one.
    proposals
        How many moves to look at.
    seed
        Seed of the draws.
    keep_going
        Called after each temperature with the best points and violation; false stops the search.
    """
    columns = model.rows.tocsc()
    soft_weight = np.where(model.level <= level, model.price, 0.0)
    weight = np.where(model.hard, 1.0 / row_scale(model), soft_weight)
    kind = np.where(model.hard, -1, np.minimum(model.level, level)).astype(np.int64)
    arcs, best = model.arcs_of(territory), territory.copy()
    state = np.array([seed], dtype=np.uint64)
    out = np.array([np.inf, np.inf, np.inf, np.inf])
    first, penalty = _scales(model, level, weight)
    each, cooling = max(1, proposals // TEMPERATURES), (1 - STILL) * TEMPERATURES
    done = 0
    for step in range(TEMPERATURES):
        anneal(
            model.start, model.territory, model.cost[: level + 1], model.constant[: level + 1],
            columns.indptr.astype(np.int64), columns.indices.astype(np.int64), columns.data,
            model.lower, model.upper, weight, kind, np.concatenate((caps, [np.inf])),
            model.geographic, model.near_start, model.near, model.k,
            arcs, best, out, state, each, first * COLDEST ** (step / cooling) if step < cooling else 0.0, penalty,
        )  # fmt: skip
        done += each
        penalty *= 1.5 if out[2] > 0 else 0.9
        if not keep_going(float(out[1]), float(out[0])):
            return Found(best, float(out[0]), float(out[1]), done, step == TEMPERATURES - 1)
    return Found(best, float(out[0]), float(out[1]), done, complete=True)


def _scales(model: Model, level: int, weight: FloatArray) -> tuple[float, float]:
    """First temperature, and first penalty on a whole relative violation, from what a typical move costs.

    A typical move takes a node from its cheapest territory to one of the next three.
    """
    cost = model.cost[level][np.lexsort((model.cost[level], model.node))]
    degree = np.diff(model.start)
    spread = cost[model.start[:-1] + np.minimum(degree - 1, 3)] - cost[model.start[:-1]]
    entries = np.maximum(1, np.diff(model.rows.indptr))
    coefficient = weight * np.asarray(abs(model.rows).sum(axis=1)).ravel() / entries
    soft = float(np.median(coefficient[~model.hard])) if (~model.hard).any() else 0.0
    typical = max(float(np.median(spread[spread > 0])) if (spread > 0).any() else 0.0, 0.1 * soft) or 1.0
    share = float(np.median(coefficient[model.hard])) if model.hard.any() else 1.0
    return 0.2 * typical, typical / max(share, 1e-9)
