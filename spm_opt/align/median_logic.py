"""Chosen centers by CP-SAT: whether any plan exists, and the best one where units are few.

Where only existence is asked, the "center" of a territory is its last unit: that takes away every symmetry
between territories. A unit that is no neighbour of its center needs a neighbour in the same territory; what
this leaves in pieces is cut off as it turns up.
"""

from __future__ import annotations

import numpy as np
from ortools.sat.python import cp_model

from spm_opt.align.median import Median
from spm_opt.align.median_exact import ROUNDS, MedianProof, cuts_of
from spm_opt.problem import BoolArray, FloatArray, IntArray

FINE = 2**40
"""Size to which numbers that are not whole are scaled."""


def solve_cp(  # noqa: C901  one loop of solving and cutting
    median: Median,
    pairs: BoolArray,
    *,
    aim: bool,
    hint: IntArray | None,
    deterministic_time: float,
    seconds: float | None,
    seed: int,
    presolve: bool = True,
) -> MedianProof:
    """Solve over some pairs of unit and center.

    Parameters
    ----------
    median
        The problem.
    pairs
        Pairs that may be used, shape ``(n, n)``; only read where ``aim`` is set.
    aim
        Whether to look for the best plan, or for any.
    hint
        Center of each unit in a known plan, shape ``(n,)``, or ``None``.
    deterministic_time, seconds
        Effort in the solver's own count, and a limit by the clock or ``None``.
    seed
        Seed of the solver.
    presolve
        Whether the solver may simplify first; a second solve without it is an argument of its own.
    """
    if not aim:
        pairs = np.tril(np.ones((median.n, median.n), dtype=bool)).T
    unit, center = np.nonzero(pairs & pairs.diagonal()[None, :])
    index = np.full(pairs.shape, -1, dtype=np.int64)
    index[unit, center] = np.arange(len(unit))
    cp = cp_model.CpModel()
    x = [cp.new_bool_var("") for _ in range(len(unit))]
    _add_rules(cp, median, x, unit, center, index)
    top = float(median.cost[unit, center].max(initial=0.0)) * median.n
    scale = FINE / top if top > 0 else 1.0
    if aim:
        # rounded down, so that the bound holds for the model
        cp.minimize(
            cp_model.LinearExpr.weighted_sum(
                x, np.floor(median.cost[unit, center] * scale).astype(int).tolist()
            )
        )
    if aim and hint is not None:
        for a in range(len(unit)):
            cp.add_hint(x[a], bool(hint[unit[a]] == center[a]))
    left, bound = deterministic_time, -np.inf
    for _ in range(ROUNDS):
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        solver.parameters.random_seed = seed % 2**31
        solver.parameters.catch_sigint_signal = False
        solver.parameters.cp_model_presolve = presolve
        solver.parameters.max_deterministic_time = max(left, 1e-3)
        if seconds is not None:
            solver.parameters.max_time_in_seconds = max(0.1, seconds)
        status = solver.solve(cp)
        left -= float(solver.response_proto.deterministic_time)
        seconds = None if seconds is None else seconds - solver.wall_time
        spent = round(1000 * (deterministic_time - left))
        if status == cp_model.INFEASIBLE:
            return MedianProof(None, np.inf, closed=True, nodes=spent)
        if status not in {cp_model.OPTIMAL, cp_model.FEASIBLE}:
            return MedianProof(None, bound, closed=False, nodes=spent)
        if aim:
            bound = max(bound, solver.best_objective_bound / scale + median.constant)
        used = np.array([a for a in range(len(x)) if solver.boolean_value(x[a])], dtype=np.int64)
        own = np.empty(median.n, dtype=np.int64)
        own[unit[used]] = center[used]
        cuts = cuts_of(median, own, index) if median.contiguous else []
        if not cuts:
            return MedianProof(own, bound, closed=status == cp_model.OPTIMAL, nodes=spent)
        if left <= 0 or (seconds is not None and seconds <= 0):
            return MedianProof(None, bound, closed=False, nodes=spent)
        for pair, wall in cuts:
            cp.add_bool_or([x[pair].negated(), *(x[a] for a in wall)])
    return MedianProof(None, bound, closed=False, nodes=0)


def _add_rules(
    cp: cp_model.CpModel,
    median: Median,
    x: list[cp_model.IntVar],
    unit: IntArray,
    center: IntArray,
    index: IntArray,
) -> None:
    for i in range(median.n):
        cp.add_exactly_one(x[a] for a in index[i][index[i] >= 0])
    for a in np.flatnonzero(unit != center):
        cp.add_implication(x[a], x[index[center[a], center[a]]])
    opens = np.flatnonzero(unit == center)
    cp.add(cp_model.LinearExpr.sum([x[a] for a in opens]) == median.k)
    for column in range(median.activity.shape[1]):
        amount, low, high = _whole(median.activity[:, column], median.lower[column], median.upper[column])
        for a in opens:
            own = index[:, center[a]][index[:, center[a]] >= 0]
            size = cp_model.LinearExpr.weighted_sum([x[b] for b in own], amount[unit[own]].tolist())
            if low is not None:
                cp.add(size >= low).only_enforce_if(x[a])
            if high is not None:
                cp.add(size <= high).only_enforce_if(x[a])
    if median.contiguous:
        for a in np.flatnonzero(unit != center):
            beside = median.near[median.near_start[unit[a]] : median.near_start[unit[a] + 1]]
            if center[a] not in beside:
                through = index[beside, center[a]]
                cp.add_bool_or([x[a].negated(), *(x[b] for b in through[through >= 0])])


def _whole(amount: FloatArray, low: float, high: float) -> tuple[IntArray, int | None, int | None]:
    """Whole numbers for one activity and its limits, the limits opened by what rounding may lose."""
    if (amount == np.round(amount)).all():
        scale, loose = 1.0, 1e-9
    else:
        scale = FINE / max(float(np.abs(amount).sum()), 1e-300)
        loose = 0.5 * len(amount)
    return (
        np.round(amount * scale).astype(np.int64),
        int(np.ceil(low * scale - loose - 1e-9 * abs(low * scale))) if np.isfinite(low) else None,
        int(np.floor(high * scale + loose + 1e-9 * abs(high * scale))) if np.isfinite(high) else None,
    )
