"""The plain model: which unit goes to which seat, with balance rows, as one would first write it down.

One binary an arc and one row a unit; two rows an activity and territory. Contiguity, where asked for, is the flow form
(Shirabe, A model of contiguity for spatial unit allocation, Geographical Analysis 37, 2005): each
territory has one root among its units, from which every unit draws one, over edges inside the territory only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from ortools.sat.python import cp_model
from scipy import optimize, sparse

from spm_opt.problem import BoolArray, FloatArray, IntArray, Problem

WHOLE = 1e6
"""What a mean coefficient becomes where a solver counts in whole numbers."""
INFEASIBLE = 2
"""SciPy's number for it."""
POINTS = 1e12
"""What the worst value of all becomes there."""


@dataclass(frozen=True, eq=False)
class Plain:
    """Least ``cost @ x`` with ``lower <= rows @ x <= upper`` and ``0 <= x <= top``; some ``x`` are binary.

    The first columns are the problem's arcs, in their order.
    """

    cost: FloatArray
    rows: sparse.csr_array
    lower: FloatArray
    upper: FloatArray
    top: FloatArray
    binary: BoolArray


@dataclass(frozen=True, eq=False)
class Answer:
    """What a solver found: the territory of each unit or ``None``, a bound or ``None``, and why it stopped."""

    territory: IntArray | None
    bound: float | None
    note: str


def plain_model(problem: Problem, *, weight_by: str, tolerance: float, contiguous: bool) -> Plain:
    """Write the model down."""
    arcs, weight = problem.arcs, problem.carried(weight_by)
    count = len(arcs.territory)
    rows, lower, upper = [_marks(arcs.unit, problem.n)], [np.ones(problem.n)], [np.ones(problem.n)]
    for name in problem.activity_names:
        carried = problem.carried(name)
        target = np.full(problem.k, carried.sum() / problem.k)
        rows.append(_marks(arcs.territory, problem.k) * carried[arcs.unit])
        lower.append(target * (1 - tolerance))
        upper.append(target * (1 + tolerance))
    base = Plain(
        weight[arcs.unit] * arcs.travel / weight.sum(),
        sparse.csr_array(sparse.vstack(rows)),
        np.concatenate(lower),
        np.concatenate(upper),
        np.ones(count),
        np.ones(count, dtype=bool),
    )
    return _contiguous(problem, base) if contiguous else base


def _contiguous(problem: Problem, base: Plain) -> Plain:
    """Add a root to each territory, what roots give, and the flow over edges: so many columns more."""
    arcs, n, k, count = problem.arcs, problem.n, problem.k, len(problem.arcs.territory)
    most = float(n - k + 1)
    tail, head = np.concatenate((problem.edges, problem.edges[:, ::-1])).T
    flows, (stays, crosses) = len(tail), _crossings(problem, tail, head)
    eye, give = sparse.eye_array(count), sparse.eye_array(n)
    added = sparse.block_array(
        [
            [-eye, eye, None, None],  # a root is a unit of its territory
            [None, _marks(arcs.territory, k), None, None],  # one a territory at most
            [None, -most * _marks(arcs.unit, n), give, None],  # only roots give
            [None, None, give, _marks(head, n) - _marks(tail, n)],  # every unit keeps one
            [most * stays, None, None, crosses],  # nothing leaves a territory
        ]
    )
    lower = [np.full(count + k + n, -np.inf), np.ones(n), np.full(crosses.shape[0], -np.inf)]
    upper = [np.zeros(count), np.ones(k), np.zeros(n), np.ones(n), np.full(crosses.shape[0], most)]
    wide = sparse.csr_array((base.rows.shape[0], count + n + flows))
    return Plain(
        np.concatenate((base.cost, np.zeros(count + n + flows))),
        sparse.csr_array(sparse.vstack((sparse.hstack((base.rows, wide)), added))),
        np.concatenate((base.lower, *lower)),
        np.concatenate((base.upper, *upper)),
        np.concatenate((np.ones(2 * count), np.full(n + flows, most))),
        np.arange(2 * count + n + flows) < 2 * count,
    )


def _crossings(problem: Problem, tail: IntArray, head: IntArray) -> tuple[sparse.csr_array, sparse.csr_array]:
    """Mark for each flow and each arc of its tail which arcs (``1`` the tail's, ``-1`` the head's) and which flow."""
    arcs, k = problem.arcs, problem.k
    degree = np.diff(arcs.start)[tail]
    flow = np.repeat(np.arange(len(tail)), degree)
    stay = np.repeat(arcs.start[tail] - np.cumsum(degree) + degree, degree) + np.arange(degree.sum())
    pair = arcs.unit * k + arcs.territory
    wanted = head[flow] * k + arcs.territory[stay]
    at = np.minimum(np.searchsorted(pair, wanted), len(pair) - 1)
    there = np.flatnonzero(pair[at] == wanted)
    row = np.arange(len(flow))
    signs = np.concatenate((np.ones(len(flow)), -np.ones(len(there))))
    entries = (signs, (np.concatenate((row, there)), np.concatenate((stay, at[there]))))
    stays = sparse.csr_array(entries, shape=(len(flow), len(pair)))
    return stays, sparse.csr_array((np.ones(len(flow)), (row, flow)), shape=(len(flow), len(tail)))


def _marks(row: IntArray, rows: int) -> sparse.csr_array:
    """Ones at ``(row[j], j)``."""
    return sparse.csr_array((np.ones(len(row)), (row, np.arange(len(row)))), shape=(rows, len(row)))


def by_highs(problem: Problem, plain: Plain, seconds: float) -> Answer:
    """Solve it with HiGHS, as SciPy brings it."""
    found = optimize.milp(
        plain.cost,
        integrality=plain.binary.astype(int),
        bounds=optimize.Bounds(0.0, plain.top),
        constraints=optimize.LinearConstraint(plain.rows, plain.lower, plain.upper),
        options={"time_limit": seconds},
    )
    note = {0: "optimal", 1: "time limit", 2: "infeasible"}.get(found.status, str(found.message)[:60])
    bound = getattr(found, "mip_dual_bound", None)
    bound = float(bound) if bound is not None and np.isfinite(bound) and found.status != INFEASIBLE else None
    if found.x is None:
        return Answer(None, bound, f"{note}, no plan")
    return Answer(_territory(problem, found.x), bound, note)


def by_cp_sat(problem: Problem, plain: Plain, seconds: float, workers: int) -> Answer:
    """Solve it with CP-SAT, which counts in whole numbers: rows and cost are scaled and rounded."""
    model = cp_model.CpModel()
    columns = [model.new_int_var(0, int(top), "") for top in plain.top]
    scale = POINTS / max(float(np.abs(plain.cost).sum()), 1e-12)
    used = np.flatnonzero(plain.cost)
    rounded = np.rint(plain.cost * scale).astype(np.int64)
    model.minimize(cp_model.LinearExpr.weighted_sum([columns[j] for j in used], rounded[used].tolist()))
    for row in range(len(plain.lower)):
        _whole_row(model, columns, plain, row)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = workers
    solver.parameters.max_time_in_seconds = seconds
    status = solver.solve(model)
    note = {cp_model.OPTIMAL: "optimal", cp_model.INFEASIBLE: "infeasible"}.get(status, "time limit")
    bound = solver.best_objective_bound / scale if status in (cp_model.OPTIMAL, cp_model.FEASIBLE) else None
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return Answer(None, bound, f"{note}, no plan")
    arcs = columns[: len(problem.arcs.territory)]
    return Answer(_territory(problem, np.array([solver.value(x) for x in arcs], dtype=float)), bound, note)


def _whole_row(model: cp_model.CpModel, columns: list[cp_model.IntVar], plain: Plain, row: int) -> None:
    """Add one row, its coefficients and limits rounded to whole numbers where they are none."""
    part = slice(int(plain.rows.indptr[row]), int(plain.rows.indptr[row + 1]))
    values, at = plain.rows.data[part], plain.rows.indices[part]
    scale = 1.0 if np.all(values == np.rint(values)) else WHOLE / float(np.abs(values).mean())
    limits = plain.lower[row] * scale, plain.upper[row] * scale
    low = int(np.ceil(limits[0])) if np.isfinite(limits[0]) else cp_model.INT32_MIN
    high = int(np.floor(limits[1]))
    row_sum = cp_model.LinearExpr.weighted_sum(
        [columns[j] for j in at], np.rint(values * scale).astype(int).tolist()
    )
    model.add_linear_constraint(row_sum, low, high)


def _territory(problem: Problem, x: FloatArray) -> IntArray:
    """Territory of each unit: that of its arc with the most in it."""
    arcs = problem.arcs
    order = np.lexsort((x[: len(arcs.territory)], arcs.unit))
    return arcs.territory[order[arcs.start[1:] - 1]]
