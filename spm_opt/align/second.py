"""A second opinion on small models: HiGHS branch and bound over the same rows and cuts."""

from __future__ import annotations

import time
import warnings
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

from spm_opt.align.cuts import ROUNDS, Cut, cut_arcs, separators
from spm_opt.align.effort import LEAST
from spm_opt.align.model import Model
from spm_opt.align.scale import row_scale
from spm_opt.problem import FloatArray

NODES = 20_000
"""Branch-and-bound nodes that it may take."""
SMALLER = ("mip_heuristic_run_rins", "mip_heuristic_run_rens", "mip_heuristic_run_root_reduced_cost")
"""Options of HiGHS for heuristics that solve smaller models."""


def second_opinion(
    model: Model, level: int, caps: FloatArray, cuts: list[Cut], seconds: float | None = None
) -> float:
    """Least points by HiGHS over the same rows, with cuts until its plan is connected; ``inf``: none exists."""
    cuts, began = list(cuts), time.monotonic()
    for _ in range(ROUNDS):
        rest = None if seconds is None else max(LEAST, seconds - (time.monotonic() - began))
        answer = branch_and_bound(model, level, caps, cuts, seconds=rest)
        if answer.status == 2:  # noqa: PLR2004  scipy's code for infeasible
            return np.inf
        if answer.x is None or answer.status != 0:
            return -np.inf
        used = np.flatnonzero(answer.x[: len(model.territory)] > 0.5)  # noqa: PLR2004  a binary that is one
        new = separators(model, model.territory[used])
        if not new:
            return float(answer.mip_dual_bound + model.constant[level])
        cuts += new
    return -np.inf


def branch_and_bound(
    model: Model,
    level: int,
    caps: FloatArray,
    cuts: Sequence[Cut] = (),
    *,
    nodes: int = NODES,
    seconds: float | None = None,
    most: float = np.inf,
    cutoff: float = np.inf,
    presolve: bool = True,
    gap: float = 1e-9,
    smaller: bool = True,
) -> Any:
    """Solve a model without cuts of its own; the answer is SciPy's, points without the level's constant.

    Parameters
    ----------
    model, level, caps, cuts
        The model, the level whose points are minimised, the most points of each earlier one, and separators.
    nodes, seconds
        Branch-and-bound nodes, and seconds, that it may take.
    most
        Only plans with at most so many points are asked for: without one it is infeasible.
    cutoff
        Branches that cannot lead to so few points are dropped; what is proven holds up to there only.
    presolve
        Whether the solver may simplify the model first.
    gap
        Relative distance of plan and bound at which the search ends.
    smaller
        Whether the solver may look for plans in models that it makes smaller, which no count of nodes limits.
    """
    arcs = len(model.territory)
    soft = np.flatnonzero(~model.hard & (model.level <= level))
    used = np.flatnonzero(model.hard | (model.level <= level))
    slack = sparse.csr_array(
        (np.ones(len(soft)), (np.searchsorted(used, soft), np.arange(len(soft)))),
        shape=(len(used), len(soft)),
    )
    rows = sparse.csr_array(model.rows[used])
    points = [
        np.concatenate((model.cost[at], np.where(model.level[soft] == at, model.price[soft], 0.0)))
        for at in range(level + 1)
    ]
    constraints = [
        LinearConstraint(
            sparse.csr_array(
                (np.ones(arcs), (model.node, np.arange(arcs))), shape=(model.n, arcs + len(soft))
            ),
            1,
            1,
        )
    ]
    if len(used):
        # limits are opened by what floating-point sums lose, so that an edge case is never called infeasible
        fuzz = 1e-9 * row_scale(model)[used]
        low, high = model.lower[used] - fuzz, model.upper[used] + fuzz
        constraints += [
            LinearConstraint(sparse.hstack([rows, slack]), low, np.inf),
            LinearConstraint(sparse.hstack([rows, -slack]), -np.inf, high),
        ]
    for at in range(level):
        limit = caps[at] - model.constant[at] + 1e-9 * max(1.0, abs(caps[at]))
        constraints.append(LinearConstraint(points[at][None, :], -np.inf, limit))
    if np.isfinite(most):
        constraints.append(LinearConstraint(points[level][None, :], -np.inf, most - model.constant[level]))
    for cut in cuts:
        for _, first, second, between in cut_arcs(model, cut):
            row = np.zeros((1, arcs + len(soft)))
            row[0, [first, second]] = 1.0
            row[0, between] -= 1.0
            constraints.append(LinearConstraint(row, -np.inf, 1.0))
    whole = np.concatenate((np.ones(arcs, dtype=np.int64), np.zeros(len(soft), dtype=np.int64)))
    upper = np.concatenate((np.ones(arcs), np.full(len(soft), np.inf)))
    options: Any = {"mip_rel_gap": gap, "node_limit": nodes, "presolve": presolve}
    if seconds is not None:
        options["time_limit"] = seconds
    if np.isfinite(cutoff):
        options["objective_bound"] = float(cutoff - model.constant[level])
    ask = partial(milp, points[level], integrality=whole, bounds=Bounds(0, upper), constraints=constraints)
    with warnings.catch_warnings():
        # the solver's own options, which SciPy hands on with a warning that it does not know them
        warnings.filterwarnings("ignore", "Unrecognized options", RuntimeWarning)
        try:
            return ask(options=options if smaller else options | dict.fromkeys(SMALLER, False))
        except AttributeError:  # of an older HiGHS, which does not know them either
            return ask(options=options)
