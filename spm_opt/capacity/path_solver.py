"""Whole-number programs solved by OR-Tools, in one thread and by counted work."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np
from ortools.linear_solver.python import model_builder
from scipy import sparse

from spm_opt.align.isolated import isolated
from spm_opt.problem import FloatArray

GAP = 1e-7
"""Relative difference between value and bound at which a solver stops."""


@dataclass(frozen=True, eq=False)
class Whole:
    """Maximise ``gain @ x`` with ``low <= x <= high``, ``floor <= rows @ x <= ceiling``, all of ``x`` whole but ``parts``."""

    gain: FloatArray
    low: FloatArray
    high: FloatArray
    rows: sparse.csr_matrix
    floor: FloatArray
    ceiling: FloatArray
    parts: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False)
class Solved:
    """What a solver said: the solution, or ``None``; whether it proved it the best, or that there is none."""

    x: FloatArray | None
    proven: bool


def solved(whole: Whole, solver: Literal["highs", "scip"], nodes: int) -> Solved:
    """Solve within so many nodes of the search tree."""
    model = model_builder.Model()  # type: ignore[no-untyped-call]
    scale = 1000 / max(1.0, float(np.abs(whole.gain).max(initial=0.0)))
    helper: Any = model.helper
    helper.fill_model_from_sparse_data(
        whole.low, whole.high, -whole.gain * scale, whole.floor, whole.ceiling, whole.rows
    )
    for column in sorted(set(range(whole.gain.size)) - set(whole.parts)):
        helper.set_var_integrality(column, True)  # noqa: FBT003  a foreign signature
    asked = model_builder.Solver(solver)
    asked.enable_output(False)  # noqa: FBT003  a foreign signature
    asked.set_solver_specific_parameters(
        f"mip_rel_gap={GAP}\nthreads=1\noutput_flag=false\nmip_max_nodes={nodes}"
        if solver == "highs"
        else f"limits/gap = {GAP}\nlimits/totalnodes = {nodes}"
    )
    status = asked.solve(model)
    if status == model_builder.SolveStatus.INFEASIBLE:
        return Solved(None, proven=True)
    if status not in {model_builder.SolveStatus.OPTIMAL, model_builder.SolveStatus.FEASIBLE}:
        return Solved(None, proven=False)
    x = np.rint(np.array(asked.values(model.get_variables()), dtype=np.float64))
    return Solved(x, proven=status == model_builder.SolveStatus.OPTIMAL)


def answered(whole: Whole, solver: Literal["highs", "scip"], nodes: int) -> Solved:
    """Ask a solver, in a process of its own where the caller watches."""
    return isolated(
        partial(solved, whole, solver, nodes), what="the headcount solver", failing=Solved(None, proven=False)
    )
