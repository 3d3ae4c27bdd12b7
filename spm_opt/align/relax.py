"""The linear relaxation: a fractional plan, and a bound that is checked by arithmetic of our own.

The relaxation is solved over a part of the arcs, and arcs with negative reduced cost are added until
none is left (column generation), so that the bound holds for all of them. The solver's word is not
taken for it: from its multipliers ``m`` (one a row, at most the price in size) the Lagrangian bound

    sum over nodes of the least (cost - m @ rows) over its arcs  +  sum_r (max(m, 0) lower - max(-m, 0) upper)

is computed here, and is valid whatever the solver did. The same arithmetic, with all costs zero,
proves that no plan exists.

Of a large model the multipliers come from ``ascent`` instead, which knows no matrix.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
from scipy import sparse
from scipy.optimize import linprog

from spm_opt.align.ascent import climb, suited
from spm_opt.align.effort import LEAST
from spm_opt.align.isolated import called_off, isolated
from spm_opt.align.model import Model
from spm_opt.align.scale import row_scale
from spm_opt.problem import FloatArray, IntArray

ALL_ARCS_BELOW = 60_000
"""Models with fewer arcs are solved over all of them at once."""
FIRST_ARCS = 12
"""Cheapest arcs of each node that column generation starts from."""
CLOSE = 1e-4
"""Relative distance of bound and value at which no more arcs are added."""
INTERIOR_FROM = 100_000
"""Active arcs from which the interior point method is faster than the simplex method."""
ROUNDS = 30
"""Most rounds of column generation; the bound is valid after any number of them."""
DOUBTFUL = 0.2
"""Violation of a fractional plan, relative to the row's size, at which the proof of infeasibility is tried."""
CERTAIN = 1e-7
"""Relative size above which a violation proves infeasibility, far above what arithmetic loses."""


@dataclass(frozen=True, eq=False)
class Relaxation:
    """A fractional plan and what it proves.

    Attributes
    ----------
    share
        How much of each arc is used, shape ``(a,)``.
    bound
        Points of the level that no plan can beat.
    violation
        Proven least total violation of hard rows, relative to their size; above zero no plan exists.
    multiplier
        What a unit of each row's limit is worth in points, shape ``(r,)``.
    clash
        Names of the rows that the proof of infeasibility leans on, heaviest first.
    iterations
        Iterations spent: of the simplex method, or rounds of the ascent.
    cap_multiplier
        What a point of each earlier level's cap is worth, shape ``(level,)``; empty where nothing is known.
    """

    share: FloatArray
    bound: float
    violation: float
    multiplier: FloatArray
    clash: tuple[str, ...]
    iterations: int
    cap_multiplier: FloatArray = field(default_factory=lambda: np.zeros(0))


def relax(
    model: Model, level: int = 0, caps: FloatArray | None = None, seconds: float | None = None
) -> Relaxation:
    """Solve the relaxation for one level, with the values of the levels before it capped.

    Parameters
    ----------
    model
        The model.
    level
        The level whose points are minimised.
    caps
        Most points of each earlier level, shape ``(level,)``.
    seconds
        Seconds in all, or ``None``; a linear program that is cut proves nothing.
    """
    until = None if seconds is None else time.monotonic() + seconds
    caps = np.zeros(0) if caps is None else caps
    generated = _generate(model, _first_arcs(model, level), level, caps, until)
    spent, worthless = generated.iterations, np.zeros(len(model.lower))
    if generated.solved is None or _doubtful(model, generated.solved):
        elastic = elastic_model(model)
        least = _generate(elastic, generated.active, 0, np.zeros(0), until)
        spent += least.iterations
        if least.bound > CERTAIN and least.solved is not None:
            return Relaxation(
                _share(elastic, least), np.inf, least.bound, worthless, _clash(model, least.solved), spent
            )
        if generated.solved is None:
            generated = _generate(model, least.active, level, caps, until)
            spent += generated.iterations
        if generated.solved is None:
            # the two verdicts differ by rounding: go on from the least violated fractional plan, unproven
            return Relaxation(_share(elastic, least), -np.inf, 0.0, worthless, (), spent)
    solved = generated.solved
    return Relaxation(
        _share(model, generated), generated.bound, 0.0, solved.multiplier, (), spent, solved.cap_multiplier
    )


def _doubtful(model: Model, solved: Solved) -> bool:
    """Whether a fractional plan is so far from the hard rows that there may be none that keeps them."""
    beyond = model.violation(model.rows[:, solved.active] @ solved.share)
    return bool((beyond / row_scale(model))[model.hard].max(initial=0.0) > DOUBTFUL)


def elastic_model(model: Model) -> Model:
    """Return the model that minimises how far hard rows are broken, relative to their size."""
    hard = np.flatnonzero(model.hard)
    rows = sparse.csr_array(model.rows[hard])
    return replace(
        model,
        cost=np.zeros((1, len(model.territory))),
        constant=np.zeros(1),
        rows=rows,
        lower=model.lower[hard],
        upper=model.upper[hard],
        price=1.0 / row_scale(model)[hard],
        level=np.zeros(len(hard), dtype=np.int64),
        names=tuple(model.names[r] for r in hard),
        priorities=(1,),
    )


@dataclass(frozen=True, eq=False)
class Solved:
    """A linear program's answer over the ``active`` arcs; ``value`` in points of the level."""

    active: IntArray
    share: FloatArray
    multiplier: FloatArray
    cap_multiplier: FloatArray
    value: float
    iterations: int


@dataclass(frozen=True, eq=False)
class _Generated:
    """Outcome of column generation; ``solved`` is ``None`` where the active arcs admit no plan."""

    solved: Solved | None
    active: IntArray
    bound: float
    iterations: int


def _generate(
    model: Model, active: IntArray, level: int, caps: FloatArray, until: float | None
) -> _Generated:
    bound, iterations, last = -np.inf, 0, None
    climbs = suited(model, level)
    for _ in range(ROUNDS):
        solved = _climbed(model, level, caps, until) if climbs else solve(model, active, level, caps, until)
        if solved is None:
            return _Generated(None, active, bound, iterations)
        last = solved
        iterations += solved.iterations
        cost, fixed = lagrangian(model, level, caps, solved.multiplier, solved.cap_multiplier)
        bound = max(bound, float(np.minimum.reduceat(cost, model.start[:-1]).sum()) + fixed)
        wanted = _wanted(model, active, cost)
        if not len(wanted) or solved.value - bound <= CLOSE * abs(bound):
            break
        if called_off(until):
            break
        active = np.union1d(active, wanted)
    return _Generated(last, active, bound, iterations)


def _first_arcs(model: Model, level: int) -> IntArray:
    """Arcs that column generation starts from: of each node the cheapest few."""
    count = len(model.territory)
    if count <= ALL_ARCS_BELOW or suited(model, level):
        return np.arange(count)
    order = np.lexsort((np.arange(count), model.cost[: level + 1].sum(axis=0), model.node))
    rank = np.arange(count) - model.start[model.node]
    return np.sort(order[rank < FIRST_ARCS])


def _wanted(model: Model, active: IntArray, cost: FloatArray) -> IntArray:
    """Inactive arcs cheaper than every active one of their node, by the multipliers' prices."""
    if len(active) == len(model.territory):
        return np.zeros(0, dtype=np.int64)
    best = np.full(model.n, np.inf)
    np.minimum.at(best, model.node[active], cost[active])
    inactive = np.ones(len(cost), dtype=bool)
    inactive[active] = False
    slack = 1e-7 * max(1.0, float(np.abs(model.cost).max(initial=0.0)))
    return np.flatnonzero(inactive & (cost < best[model.node] - slack))


def lagrangian(
    model: Model, level: int, caps: FloatArray, multiplier: FloatArray, push: FloatArray
) -> tuple[FloatArray, float]:
    """Cost of every arc with the rows priced in, shape ``(a,)``, and the constant that completes the bound.

    For any multipliers of rows, and any ``push >= 0`` of earlier levels' caps (shape ``(level,)``), no plan
    costs less than the constant and the cheapest arc of every node.
    """
    weight = np.concatenate((push, [1.0]))
    cost = weight @ model.cost[: level + 1]
    counted = model.level <= level
    soft = np.where(model.hard, 0.0, model.price) * weight[np.minimum(model.level, level)] * counted
    price = np.where(model.hard, np.inf, soft)
    multiplier = np.clip(multiplier, -price, price)
    up, down = np.maximum(multiplier, 0.0), np.maximum(-multiplier, 0.0)
    # a multiplier that leans on a limit that is not there would make the bound worthless
    up, down = np.where(np.isfinite(model.lower), up, 0.0), np.where(np.isfinite(model.upper), down, 0.0)
    fixed = float(
        up @ np.where(np.isfinite(model.lower), model.lower, 0.0)
        - down @ np.where(np.isfinite(model.upper), model.upper, 0.0)
        + weight @ model.constant[: level + 1]
        - push @ caps
    )
    return cost - model.rows.T @ (up - down), fixed


def _clash(model: Model, solved: Solved) -> tuple[str, ...]:
    """Names of the hard rows that the proof leans on, heaviest first."""
    names = [model.names[r] for r in np.flatnonzero(model.hard)]
    weight = np.abs(solved.multiplier) * row_scale(model)[model.hard]
    order = np.lexsort((np.arange(len(weight)), -weight))
    return tuple(names[r] for r in order if weight[r] > CERTAIN)


def _share(model: Model, generated: _Generated) -> FloatArray:
    share = np.zeros(len(model.territory))
    if generated.solved is not None:
        share[generated.solved.active] = generated.solved.share
    return share


def _climbed(model: Model, level: int, caps: FloatArray, until: float | None) -> Solved | None:
    """Climb the dual over all arcs; ``None`` where it has no end, so that there is no plan."""
    found = climb(model, level, caps, until)
    if found.endless:
        return None
    value = float(model.cost[level] @ found.share + model.constant[level])
    every = np.arange(len(model.territory))
    return Solved(every, found.share, found.multiplier, found.push, value, found.rounds)


def solve(model: Model, active: IntArray, level: int, caps: FloatArray, until: float | None) -> Solved | None:
    """Solve the linear program over the active arcs; ``None`` where they admit no plan.

    Columns are the active arcs, then the shortfall and the excess of every priced row that counts.
    """
    counted = np.flatnonzero(~model.hard & (model.level <= level))
    used = np.flatnonzero(model.hard | (model.level <= level))
    arcs, soft = len(active), len(counted)
    place = np.zeros((len(model.lower)), dtype=np.int64)
    place[counted] = np.arange(soft)
    slack = sparse.csr_array(
        (np.ones(soft), (np.searchsorted(used, counted), np.arange(soft))), shape=(len(used), soft)
    )
    rows, empty = model.rows[used][:, active], sparse.csr_array((len(used), soft))
    below, above = np.isfinite(model.lower[used]), np.isfinite(model.upper[used])
    price = model.price[counted]
    points = [
        np.concatenate((model.cost[at, active], *(2 * [np.where(model.level[counted] == at, price, 0.0)])))
        for at in range(level + 1)
    ]
    blocks = [
        -sparse.hstack([rows, slack, empty], format="csr")[below],
        sparse.hstack([rows, empty, -slack], format="csr")[above],
        *(sparse.csr_array(points[at][None, :]) for at in range(level)),
    ]
    limits = np.concatenate(
        (-model.lower[used][below], model.upper[used][above], caps - model.constant[:level])
    )
    once = sparse.csr_array(
        (np.ones(arcs), (model.node[active], np.arange(arcs))), shape=(model.n, arcs + 2 * soft)
    )
    program: partial[Any] = partial(
        linprog,
        points[level],
        A_ub=sparse.vstack(blocks, format="csr") if len(limits) else None,
        b_ub=limits if len(limits) else None,
        A_eq=once,
        b_eq=np.ones(model.n),
        bounds=(0, None),
        method="highs-ds" if arcs < INTERIOR_FROM else "highs-ipm",
        options={} if until is None else {"time_limit": max(LEAST, until - time.monotonic())},
    )
    seconds = program.keywords["options"].get("time_limit")
    answer = isolated(program, what="the linear relaxation", failing=None, within=seconds)
    if answer is None or answer.status != 0:
        return None
    duals = answer.ineqlin.marginals if len(limits) else np.zeros(0)
    multiplier = np.zeros(len(model.lower))
    multiplier[used[below]] -= duals[: below.sum()]
    multiplier[used[above]] += duals[below.sum() : below.sum() + above.sum()]
    return Solved(
        active=active,
        share=answer.x[:arcs],
        multiplier=multiplier,
        cap_multiplier=np.maximum(0.0, -duals[len(limits) - level :]),
        value=float(answer.fun + model.constant[level]),
        iterations=int(answer.nit),
    )
