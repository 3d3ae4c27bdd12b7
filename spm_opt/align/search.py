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

from spm_opt.align.books import anneal
from spm_opt.align.cuts import torn
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
    bench = Bench(model, territory, level, caps, inset, seed)
    # a little more than the multiplier, so that a limit that pays is still not worth breaking
    least = np.maximum(MARGIN * np.abs(multiplier), stiffness * bench.points / bench.unit)
    boost = np.ones(len(least))
    bench.penalty = PENALTY * heat * bench.points * model.n
    each, cooling = max(1, proposals // TEMPERATURES), (1 - STILL) * TEMPERATURES
    done, complete = 0, True
    for step in range(TEMPERATURES):
        temperature = (
            bench.points * heat * (min(1.0, COLDEST / heat) ** (step / cooling)) if step < cooling else 0.0
        )
        bench.anneal(each, temperature, boost * np.maximum(least, PENALTY * temperature / bench.unit))
        done += each
        if recenter is not None and step % RECENTER == 0:
            bench.cost = recenter(bench.territory)
        boost = np.where(bench.beyond > 0, boost * DEARER, np.maximum(1.0, boost * CHEAPER))
        if not keep_going(bench.best_value, bench.best_violation):
            complete = step == TEMPERATURES - 1
            break
    return bench.found(bench.best, bench.best_violation, bench.best_value, done, complete=complete)


class Bench:
    """A plan being worked on by the compiled loop, and the arrays that it works with."""

    def __init__(
        self, model: Model, territory: IntArray, level: int, caps: FloatArray, inset: float, seed: int
    ) -> None:
        self.model, self.level = model, level
        columns = model.rows.tocsc()
        self.columns = columns.indptr.astype(np.int64), columns.indices.astype(np.int64), columns.data
        self.scale = row_scale(model)
        self.points, self.size = typical(model, level)
        self.unit = np.maximum(self.size, COARSE * self.scale)
        self.cost = model.cost[: level + 1]
        self.soft = np.where(~model.hard & (model.level <= level), model.price, 0.0)
        width = np.where(model.hard, inset * np.minimum(self.scale, model.upper - model.lower), 0.0)
        self.lower, self.upper = model.lower + width, model.upper - width
        self.kind = np.where(model.hard, -1, np.minimum(model.level, level)).astype(np.int64)
        self.caps = np.concatenate((caps, [np.inf]))
        self.penalty = 0.0
        self.guide, self.warmth = np.zeros(len(model.territory)), np.ones(model.k)
        self.row_price = np.zeros(len(model.lower))
        self.arcs, self.best = model.arcs_of(territory), territory.copy()
        self.state = np.array([seed], dtype=np.uint64)
        self.out, self.beyond = np.full(4, np.inf), np.zeros(len(self.scale))
        self.every, self.one_group = np.arange(model.n), np.zeros(model.k, dtype=np.int64)

    def anneal(self, proposals: int, temperature: float, weight: FloatArray) -> None:
        """Look at some proposals at one temperature; ``weight`` is of hard rows, shape ``(r,)``."""
        model, levels = self.model, self.level + 1
        anneal(
            model.start, model.territory, self.cost, self.guide, model.constant[:levels], *self.columns,
            self.lower, self.upper, model.lower, model.upper, self.scale,
            np.where(model.hard, weight, self.soft), self.kind, self.caps,
            model.geographic, model.near_start, model.near, model.look_start, model.look, model.k,
            self.arcs, self.best, self.out, self.state, proposals, temperature, self.warmth, self.penalty,
            self.beyond, self.every, self.one_group,
        )  # fmt: skip

    @property
    def territory(self) -> IntArray:
        """Territories of the nodes at present, shape ``(n,)``."""
        return self.model.territory[self.arcs]

    @property
    def best_violation(self) -> float:
        """Violation of the best plan so far."""
        return float(self.out[0])

    @property
    def best_value(self) -> float:
        """Points of the best plan so far."""
        return float(self.out[1])

    @property
    def violation(self) -> float:
        """Violation of the plan at present."""
        return float(self.out[2])

    @property
    def value(self) -> float:
        """Points of the plan at present."""
        return float(self.out[3])

    def found(
        self, territory: IntArray, violation: float, value: float, proposals: int, *, complete: bool
    ) -> Found:
        """Put a plan into words."""
        return Found(territory, violation, value, torn(self.model, territory), proposals, complete)
