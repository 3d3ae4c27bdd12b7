"""The core of a model: the arcs that a better plan could still use, solved by branch and bound.

An arc whose use would lift the Lagrangian bound above a known plan is in no better one and is left out; a
node with one arc left is settled. What remains is often small enough to prove that nothing better exists.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from scipy import sparse

from spm_opt.align.isolated import isolated
from spm_opt.align.model import Model
from spm_opt.align.relax import Relaxation, lagrangian
from spm_opt.align.result import PROVEN
from spm_opt.align.scale import row_scale
from spm_opt.align.second import branch_and_bound
from spm_opt.criteria.terms import HOLDS_WITHIN
from spm_opt.problem import BoolArray, FloatArray, IntArray

SAME = 1e-9
"""Relative difference that floating-point sums leave between equal points."""
LARGEST, DENSEST = 30_000, 8
"""Most arcs of a core that is given to branch and bound: in all, and for each node of the model."""


@dataclass(frozen=True, eq=False)
class Grid:
    """Where the points of every plan lie: ``origin`` plus whole steps; ``step`` is 0 where any value may be."""

    origin: float
    step: float

    def up(self, points: float) -> float:
        """Lift a bound to the next value that a plan can have."""
        if self.step == 0 or not np.isfinite(points):
            return points
        steps = np.ceil((points - self.origin) / self.step - 1e-6)
        return max(points, float(self.origin + steps * self.step))

    def below(self, points: float) -> float:
        """Most points of a plan that is better than one with these."""
        return points - max(0.5 * self.step, PROVEN * max(1.0, abs(points)))


@dataclass(frozen=True, eq=False)
class Core:
    """A part of a model.

    Attributes
    ----------
    model
        The part: nodes with a choice, the settled ones counted in its constants and limits.
    node
        The nodes of the whole that it has.
    settled
        Territory of every node of the whole, shape ``(n,)``; what it says of nodes of the part is not used.
    """

    model: Model
    node: IntArray
    settled: IntArray

    def whole(self, territory: IntArray) -> IntArray:
        """Put a plan of the part into the whole, shape ``(n,)``."""
        plan = self.settled.copy()
        plan[self.node] = territory
        return plan


@dataclass(frozen=True, eq=False)
class Closed:
    """What branch and bound over the core came to; ``proven``: nothing better than ``territory`` exists."""

    territory: IntArray
    value: float
    proven: bool
    step: str


def grid(model: Model, level: int) -> Grid:
    """Find the steps in which the points of a level can differ from plan to plan.

    Only differences between the arcs of a node count. The step is their greatest common divisor, believed
    where every difference is a multiple of it to the last digits.
    """
    first = model.start[:-1]
    cost = model.cost[level]
    origin = float(cost[first].sum() + model.constant[level])
    if (~model.hard & (model.level == level)).any():
        return Grid(origin, 0.0)
    size = float(np.abs(cost).max(initial=0.0))
    apart = np.unique(np.abs(cost - cost[first][model.node]))
    apart = apart[apart > SAME * size]
    if not len(apart):
        return Grid(origin, 0.0)
    step = _common(apart, SAME * size)
    # sums of many rounded numbers must still tell one step from the next
    if step < 1e-6 * size or step < 1e3 * SAME * size * model.n**0.5:
        return Grid(origin, 0.0)
    return Grid(origin, step)


def _common(values: FloatArray, fuzz: float) -> float:
    """Greatest common divisor of positive numbers known up to ``fuzz``."""
    step = float(values[0])
    while True:
        left = np.abs(values - step * np.round(values / step))
        left = left[left > fuzz]
        if not len(left):
            return step
        step = float(left.min())


def part(model: Model, keep: BoolArray) -> Core:
    """Take the part of a model that some arcs make up (shape ``(a,)``), at least one for every node.

    The model must not ask for contiguity.
    """
    count = np.bincount(model.node[keep], minlength=model.n)
    node = np.flatnonzero(count > 1)
    settled = np.flatnonzero(keep & (count == 1)[model.node])
    arcs = np.flatnonzero(keep & (count > 1)[model.node])
    plan = np.zeros(model.n, dtype=np.int64)
    plan[model.node[settled]] = model.territory[settled]
    fixed = np.asarray(model.rows[:, settled].sum(axis=1), dtype=float).ravel()
    nothing, none = np.zeros(len(node) + 1, dtype=np.int64), np.zeros(0, dtype=np.int64)
    small = replace(
        model,
        node_of_unit=np.arange(len(node), dtype=np.int64),
        start=np.concatenate(([0], np.cumsum(count[node]))).astype(np.int64),
        territory=model.territory[arcs],
        cost=np.ascontiguousarray(model.cost[:, arcs]),
        constant=model.constant + model.cost[:, settled].sum(axis=1),
        rows=model.rows[:, arcs],
        lower=model.lower - fixed,
        upper=model.upper - fixed,
        geographic=np.zeros(len(node), dtype=bool),
        near_start=nothing, near=none, look_start=nothing, look=none,
    )  # fmt: skip
    return Core(small, node, plan)


def one_level(
    model: Model, level: int, caps: FloatArray, relaxed: Relaxation
) -> tuple[Model, Relaxation] | None:
    """Write a level as a model of its own, the caps of earlier levels as hard rows, with its relaxation.

    There is none where an earlier level has priced rows: its points are no sum over arcs then.
    """
    if (~model.hard & (model.level < level)).any():
        return None
    used = np.flatnonzero(model.hard | (model.level == level))
    push = relaxed.cap_multiplier if len(relaxed.cap_multiplier) == level else np.zeros(level)
    flat = replace(
        model,
        cost=model.cost[[level]],
        constant=model.constant[[level]],
        rows=sparse.csr_array(sparse.vstack([model.rows[used], sparse.csr_array(model.cost[:level])])),
        lower=np.concatenate((model.lower[used], np.full(level, -np.inf))),
        upper=np.concatenate((model.upper[used], caps - model.constant[:level])),
        price=np.concatenate((model.price[used], np.full(level, np.inf))),
        level=np.zeros(len(used) + level, dtype=np.int64),
        names=(*(model.names[r] for r in used), *(f"priority {model.priorities[at]}" for at in range(level))),
        priorities=(model.priorities[level],),
    )
    multiplier = np.concatenate((relaxed.multiplier[used], -push))
    return flat, replace(relaxed, multiplier=multiplier, cap_multiplier=np.zeros(0))


def reduced_costs(
    model: Model, level: int, caps: FloatArray, relaxed: Relaxation
) -> tuple[FloatArray, float]:
    """Points by which using each arc lifts the Lagrangian bound, shape ``(a,)``, and that bound."""
    push = relaxed.cap_multiplier if len(relaxed.cap_multiplier) == level else np.zeros(level)
    cost, fixed = lagrangian(model, level, caps, relaxed.multiplier, push)
    least = np.minimum.reduceat(cost, model.start[:-1])
    return cost - least[model.node], float(least.sum()) + fixed


def keeps(model: Model, territory: IntArray, level: int, caps: FloatArray) -> bool:
    """Whether a plan of nodes keeps every hard row and cap, to what floating-point sums lose."""
    activity = np.asarray(model.rows[:, model.arcs_of(territory)].sum(axis=1), dtype=float).ravel()
    beyond = model.violation(activity)[model.hard]
    value = model.value(territory)[:level]
    return bool(
        (beyond <= HOLDS_WITHIN * row_scale(model)[model.hard]).all()
        and (value <= caps + HOLDS_WITHIN * np.maximum(1.0, np.abs(caps))).all()
    )


def close(
    model: Model,
    territory: IntArray,
    relaxed: Relaxation,
    *,
    level: int,
    caps: FloatArray,
    nodes: int,
    left: Callable[[], float | None],
) -> Closed:
    """Prove a plan best, or find better ones, by branch and bound over the core.

    What one search proves is believed when a second one agrees, which is given the same question as a row
    and no presolve.

    Parameters
    ----------
    model
        A model that does not ask for contiguity.
    territory
        A plan that keeps all hard rows, shape ``(n,)``.
    relaxed
        The relaxation of the level.
    level, caps
        The level whose points are minimised, and the most points of each earlier one.
    nodes
        Branch-and-bound nodes that each search may take.
    left
        Seconds that are left, or ``None``.
    """
    steps = grid(model, level)
    dearer, bound = reduced_costs(model, level, caps, relaxed)
    value = float(model.value(territory)[level])
    fuzz = SAME * max(1.0, abs(value))
    while True:
        goal = steps.below(value)
        used = model.territory == territory[model.node]
        core = part(model, used | (bound + dearer <= goal + fuzz))
        if len(core.model.territory) > min(LARGEST, DENSEST * model.n):
            return Closed(territory, value, proven=False, step="")
        if not len(core.node):
            return Closed(territory, value, proven=True, step="all arcs but the plan's are ruled out")
        ended, found = _searched(core, level, caps, goal, nodes, left())
        if found is not None and keeps(model, found, level, caps):
            reached = float(model.value(found)[level])
            if reached <= goal:
                territory, value = found, reached
                if not ended:
                    return Closed(
                        territory, value, proven=False, step="branch and bound to the end of its effort"
                    )
                continue
        if not ended:
            return Closed(territory, value, proven=False, step="branch and bound to the end of its effort")
        again = _answer(core, level, caps, nodes, left(), most=goal + fuzz, presolve=False)
        proven = again is not None and again.status == 2  # noqa: PLR2004  scipy's code for infeasible
        return Closed(territory, value, proven=proven, step="branch and bound, twice")


def _searched(
    core: Core, level: int, caps: FloatArray, goal: float, nodes: int, seconds: float | None
) -> tuple[bool, IntArray | None]:
    """Search the core for a plan with at most ``goal`` points: whether it ended, and what it found."""
    answer = _answer(core, level, caps, nodes, seconds, cutoff=goal)
    if answer is None:
        return False, None
    ended = answer.status in {0, 2}
    if answer.x is None:
        return ended, None
    used = answer.x[: len(core.model.territory)] > 0.5  # noqa: PLR2004  a binary that is one
    return ended, core.whole(core.model.territory[used]) if used.sum() == len(core.node) else None


def _answer(
    core: Core, level: int, caps: FloatArray, nodes: int, seconds: float | None, **question: Any
) -> Any | None:
    """Ask branch and bound in a process of its own; ``None`` where that failed."""
    search = partial(branch_and_bound, core.model, level, caps, nodes=nodes, seconds=seconds, **question)
    return isolated(search, what="branch and bound", failing=None, within=seconds)
