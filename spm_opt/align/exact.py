"""The exact method for small models: CP-SAT to proof, with contiguity by cuts on demand.

Optimality and infeasibility are believed only when a second method, given the same rows and the cuts
found so far, comes to the same.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
from ortools.sat.python import cp_model
from scipy import sparse

from spm_opt.align.cuts import ROUNDS, Cut, cut_arcs, separators
from spm_opt.align.model import Model
from spm_opt.align.second import second_opinion
from spm_opt.criteria.terms import HOLDS_WITHIN
from spm_opt.problem import FloatArray, IntArray

TOTAL = 2**50
"""Size to which the points of the dearest plan are scaled."""
FINE = 2**32
"""Size to which the sums of a priced row are scaled."""
FUZZ = 1e-6
"""What a product that should be whole may miss it by."""
AGREE = 1e-6
"""Relative difference within which two values are the same."""


@dataclass(frozen=True, eq=False)
class Proof:
    """What the exact method came to.

    Attributes
    ----------
    territory
        Territory of each node, shape ``(n,)``, or ``None``.
    bound
        Points that no plan can beat, ``inf`` where no plan exists, ``-inf`` where nothing is proven.
    proven
        Whether optimality or infeasibility was proven, and confirmed by the second method.
    work
        Deterministic time of the solver, in thousandths.
    """

    territory: IntArray | None
    bound: float
    proven: bool
    work: int


def prove(
    model: Model,
    hint: IntArray | None,
    *,
    level: int,
    caps: FloatArray,
    deterministic_time: float,
    seed: int,
    seconds: float | None = None,
) -> Proof:
    """Solve a model to proof within a deterministic time.

    Parameters
    ----------
    model
        The model.
    hint
        An assignment of nodes to start from, shape ``(n,)``, or ``None``.
    level, caps
        The level whose points are minimised, and the most points of each earlier one.
    deterministic_time
        Effort, in the solver's own count.
    seed
        Seed of the solver.
    seconds
        Seconds in all, or ``None``.
    """
    began = time.monotonic()
    program = _program(model, level)
    cuts: list[Cut] = []
    left, territory, bound = deterministic_time, None, -np.inf
    for _ in range(ROUNDS):
        rest = _rest(began, seconds)
        answer = _solve_cp(model, program, cuts, hint, left, seed, caps, rest)
        left -= answer.time
        if answer.status == "infeasible":
            agreed = second_opinion(model, level, caps, cuts, _rest(began, seconds)) == np.inf
            return Proof(None, np.inf if agreed else -np.inf, agreed, _work(deterministic_time, left))
        bound = max(bound, answer.bound)
        if answer.territory is None:
            break
        new = separators(model, answer.territory)
        if not new:
            territory = answer.territory
            break
        cuts += new
        if left <= 0 or (rest is not None and rest <= 0):
            break
    if territory is None:
        return Proof(None, bound, proven=False, work=_work(deterministic_time, left))
    value = float(model.value(territory)[level])
    near = AGREE * max(1.0, abs(value))
    proven = value - bound <= near and (
        second_opinion(model, level, caps, cuts, _rest(began, seconds)) >= value - near
    )
    return Proof(territory, bound, proven, _work(deterministic_time, left))


@dataclass(frozen=True, eq=False)
class _Program:
    """Whole-number form, rounded so that it allows as much and costs at most as much as the model.

    Its optimum is therefore a bound for the model, and a plan's value is always read from the model.
    """

    rows: sparse.csr_array
    lower: tuple[int | None, ...]
    upper: tuple[int | None, ...]
    soft: tuple[int, ...]
    points: tuple[_Points, ...]


@dataclass(frozen=True, eq=False)
class _Points:
    """Points of one level as whole numbers: of each arc, of each priced row's unit, and their scale."""

    cost: IntArray
    price: IntArray
    scale: float


@dataclass(frozen=True, eq=False)
class _Answer:
    status: str
    territory: IntArray | None
    bound: float
    time: float


def _rest(began: float, seconds: float | None) -> float | None:
    """Seconds that are left of those given."""
    return None if seconds is None else seconds - (time.monotonic() - began)


def _work(given: float, left: float) -> int:
    return round(1000 * (given - left))


def _program(model: Model, level: int) -> _Program:
    rows = sparse.csr_array(model.rows, copy=True)
    soft = np.flatnonzero(~model.hard & (model.level <= level))
    points = tuple(_points(model, at, soft) for at in range(level + 1))
    price = dict(zip(soft.tolist(), np.sum([p.price for p in points], axis=0).tolist(), strict=True))
    lower: list[int | None] = []
    upper: list[int | None] = []
    for r in range(len(model.lower)):
        span = slice(rows.indptr[r], rows.indptr[r + 1])
        if r in price:
            # so that a unit of the whole-number row costs a whole number of points
            scale, loose = model.price[r] * points[model.level[r]].scale / price[r], 0.5 * model.n
        else:
            scale, loose = _whole(rows.data[span], model.n)
        rows.data[span] = np.round(rows.data[span] * scale)
        # opened by what rounding and floating-point sums may have lost, so that no plan is excluded
        low, high = model.lower[r] * scale, model.upper[r] * scale
        lower.append(
            int(np.ceil(low - loose - HOLDS_WITHIN * max(1.0, abs(low)))) if np.isfinite(low) else None
        )
        upper.append(
            int(np.floor(high + loose + HOLDS_WITHIN * max(1.0, abs(high)))) if np.isfinite(high) else None
        )
    return _Program(rows, tuple(lower), tuple(upper), tuple(soft.tolist()), points)


def _points(model: Model, level: int, soft: IntArray) -> _Points:
    price = np.where(model.level[soft] == level, model.price[soft], 0.0)
    size = (
        model.n * np.asarray(abs(model.rows[soft]).max(axis=1).todense()).ravel()
        if len(soft)
        else np.zeros(0)
    )
    total = float(model.n * np.abs(model.cost[level]).max(initial=0.0) + price @ size)
    scale = TOTAL / total if total > 0 else 1.0
    whole = np.where(price > 0, np.maximum(1.0, np.round(price * scale * size / FINE)), 0.0)
    return _Points(np.floor(model.cost[level] * scale).astype(np.int64), whole.astype(np.int64), scale)


def _whole(values: FloatArray, sums: int) -> tuple[float, float]:
    """Scale that makes values whole numbers, and what a sum of so many of them may lose by rounding."""
    top = float(np.abs(values).max(initial=0.0)) * max(1, sums)
    if top == 0:
        return 1.0, 0.0
    for digits in range(7):
        scaled = values * 10.0**digits
        if top * 10.0**digits < FINE * 256 and np.abs(scaled - np.round(scaled)).max() < FUZZ:
            return 10.0**digits, 0.0
    return FINE * 256 / top, 0.5 * sums


def _solve_cp(
    model: Model,
    program: _Program,
    cuts: list[Cut],
    hint: IntArray | None,
    effort: float,
    seed: int,
    caps: FloatArray,
    seconds: float | None,
) -> _Answer:
    cp = cp_model.CpModel()
    x = [cp.new_bool_var("") for _ in range(len(model.territory))]
    for u in range(model.n):
        cp.add_exactly_one(x[model.start[u] : model.start[u + 1]])
    slack = _add_rows(cp, model, program, x)
    for cut in cuts:
        for t, first, second, between in cut_arcs(model, cut):
            del t
            cp.add_bool_or([x[first].negated(), x[second].negated(), *(x[a] for a in between)])
    for at, cap in enumerate(caps):
        limit = int(np.ceil((cap - model.constant[at]) * program.points[at].scale))
        cp.add(_total(x, slack, program.points[at]) <= limit)
    cp.minimize(_total(x, slack, program.points[-1]))
    if hint is not None:
        for a, used in enumerate(model.territory == hint[model.node]):
            cp.add_hint(x[a], bool(used))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = seed % 2**31
    solver.parameters.max_deterministic_time = max(effort, 1e-3)
    if seconds is not None:
        solver.parameters.max_time_in_seconds = max(0.1, seconds)
    solver.parameters.catch_sigint_signal = False
    status = solver.solve(cp)
    spent = float(solver.response_proto.deterministic_time)
    # a value must not be read unless there is a plan: the solver makes one up
    if status == cp_model.INFEASIBLE:
        return _Answer("infeasible", None, np.inf, spent)
    if status not in {cp_model.OPTIMAL, cp_model.FEASIBLE}:
        return _Answer("unknown", None, -np.inf, spent)
    used = [a for a in range(len(x)) if solver.boolean_value(x[a])]
    bound = solver.best_objective_bound / program.points[-1].scale + float(model.constant[len(caps)])
    return _Answer("plan", model.territory[used], bound, spent)


def _add_rows(
    cp: cp_model.CpModel, model: Model, program: _Program, x: list[cp_model.IntVar]
) -> list[cp_model.IntVar]:
    """Add every row; return the violation variable of each priced one."""
    place = {r: i for i, r in enumerate(program.soft)}
    slack: list[cp_model.IntVar] = []
    for r in range(len(program.lower)):
        if r not in place and not model.hard[r]:
            continue
        span = slice(program.rows.indptr[r], program.rows.indptr[r + 1])
        coefficients = program.rows.data[span].astype(np.int64)
        used = [x[a] for a in program.rows.indices[span]]
        factor = coefficients.tolist()
        short, over = (used, factor), (used, factor)
        if r in place:
            most = int(np.abs(coefficients).sum()) + abs(program.lower[r] or 0) + abs(program.upper[r] or 0)
            slack.append(cp.new_int_var(0, most, ""))
            short, over = ([*used, slack[-1]], [*factor, 1]), ([*used, slack[-1]], [*factor, -1])
        if program.lower[r] is not None:
            cp.add(cp_model.LinearExpr.weighted_sum(*short) >= program.lower[r])
        if program.upper[r] is not None:
            cp.add(cp_model.LinearExpr.weighted_sum(*over) <= program.upper[r])
    return slack


def _total(x: list[cp_model.IntVar], slack: list[cp_model.IntVar], points: _Points) -> cp_model.LinearExprT:
    return cp_model.LinearExpr.weighted_sum([*x, *slack], [*points.cost.tolist(), *points.price.tolist()])
