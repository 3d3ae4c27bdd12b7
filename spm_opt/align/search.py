"""Local search over moves and swaps: simulated annealing, compiled, incremental.

A proposal moves one node to another territory, or exchanges two nodes between territories. Geographic
nodes move only across a border, and only where the territory they leave stays connected. Energy is the
points of the current level, plus a penalty on hard rows and on earlier levels above their cap. A row's
penalty follows the temperature down, grows while it is broken, and is never below what the relaxation says
a unit of its limit is worth. Row activities are kept up to date move by move.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from spm_opt.align.cuts import torn
from spm_opt.align.kernel import anneal
from spm_opt.align.model import Model
from spm_opt.align.scale import row_scale, typical
from spm_opt.problem import FloatArray, IntArray

TEMPERATURES = 100
"""Steps of cooling; the penalty adapts between them."""
COLDEST = 0.02
"""Last temperature before the search stands still, in typical moves."""
PENALTY = 10.0
"""Points that breaking a hard row by a typical node costs, in temperatures."""
MARGIN = 1.5
"""What it costs at least, in multipliers of the relaxation."""
DEARER, CHEAPER = 1.05, 0.95
"""How the penalty of a row changes with every step in which it is broken, or kept."""
COARSE = 0.1
"""Share of a row's size that counts as a typical node at least: limits over the whole plan start soft."""
RECENTER = 5
"""Steps after which free centers follow the plan."""
STILL = 0.1
"""Share of the steps, at the end, that accept improvements only."""


Recenter = Callable[[IntArray], FloatArray]


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
    torn
        Pieces of territories beyond one each: some where the start could not be made whole.
    proposals
        Moves and swaps looked at.
    complete
        Whether the search ran to its end rather than being stopped.
    """

    territory: IntArray
    violation: float
    value: float
    torn: int
    proposals: int
    complete: bool


def search(
    model: Model,
    territory: IntArray,
    *,
    level: int,
    caps: FloatArray,
    multiplier: FloatArray,
    proposals: int,
    heat: float,
    stiffness: float,
    inset: float,
    seed: int,
    keep_going: Callable[[float, float], bool],
    recenter: Recenter | None = None,
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
    multiplier
        Points that a unit of each row's limit is worth, shape ``(r,)``.
    proposals
        How many moves to look at.
    heat
        First temperature, in typical moves: the hotter, the farther the search leaves its start.
    stiffness
        Points that breaking a hard row by a typical node costs at least, in typical moves: a soft search
        finds cheap plans that break a few rules by a little, a stiff one then mends them.
    inset
        How far inside their limits penalties begin, as a share of the limits' width: what a penalty
        leaves a hair outside then lies inside.
    seed
        Seed of the draws.
    keep_going
        Called after each temperature with the best points and violation; false stops the search.
    recenter
        Where centers are free: called now and then with the territories of the nodes, for the
        cost of every arc from the centers that suit them best, shape ``(level + 1, a)``.
    """
    columns = model.rows.tocsc()
    scale = row_scale(model)
    points, size = typical(model, level)
    unit = np.maximum(size, COARSE * scale)
    # a little more than the multiplier, so that a limit that pays is still not worth breaking
    least = np.maximum(MARGIN * np.abs(multiplier), stiffness * points / unit)
    soft = np.where(~model.hard & (model.level <= level), model.price, 0.0)
    boost = np.ones(len(scale))
    width = np.where(model.hard, inset * np.minimum(scale, model.upper - model.lower), 0.0)
    lower, upper = model.lower + width, model.upper - width
    kind = np.where(model.hard, -1, np.minimum(model.level, level)).astype(np.int64)
    arcs, best = model.arcs_of(territory), territory.copy()
    state = np.array([seed], dtype=np.uint64)
    out, beyond = np.full(4, np.inf), np.zeros(len(scale))
    penalty = PENALTY * heat * points * model.n
    each, cooling = max(1, proposals // TEMPERATURES), (1 - STILL) * TEMPERATURES
    done, complete, cost = 0, True, model.cost[: level + 1]
    for step in range(TEMPERATURES):
        temperature = (
            points * heat * (min(1.0, COLDEST / heat) ** (step / cooling)) if step < cooling else 0.0
        )
        weight = np.where(model.hard, boost * np.maximum(least, PENALTY * temperature / unit), soft)
        anneal(
            model.start, model.territory, cost, model.constant[: level + 1],
            columns.indptr.astype(np.int64), columns.indices.astype(np.int64), columns.data,
            lower, upper, model.lower, model.upper, scale, weight, kind, np.concatenate((caps, [np.inf])),
            model.geographic, model.near_start, model.near, model.look_start, model.look, model.k,
            arcs, best, out, state, each, temperature, penalty, beyond,
        )  # fmt: skip
        done += each
        if recenter is not None and step % RECENTER == 0:
            cost = recenter(model.territory[arcs])
        boost = np.where(beyond > 0, boost * DEARER, np.maximum(1.0, boost * CHEAPER))
        if not keep_going(float(out[1]), float(out[0])):
            complete = step == TEMPERATURES - 1
            break
    return Found(best, float(out[0]), float(out[1]), torn(model, best), done, complete)
