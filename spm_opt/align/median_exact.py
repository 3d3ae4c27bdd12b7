"""Chosen centers to proof: HiGHS over the pairs that the Lagrangian bound leaves, contiguity by cuts.

A unit ``i`` can belong to center ``j`` only with one of the units ``S`` that separate the two::

    x[i, j] <= sum over s in S of x[s, j]
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

from spm_opt.align.cuts import gate, near_of
from spm_opt.align.median import Median
from spm_opt.problem import BoolArray, FloatArray, IntArray

ROUNDS = 200
"""Most rounds of cuts."""
LOOSE, TIGHT = 1e-4, 1e-7
"""Relative gap at which the solver stops, while plans are in pieces and in the end."""
FEW_PAIRS = 2_000
"""Pairs up to which every solve is driven to the end."""
SOME = 0.6
"""Most of the time that is left for a solve whose plan may be in pieces."""


Cut = tuple[int, IntArray]
"""A pair of unit and center, as ``unit * n + center``, and the pairs of which it needs one."""


@dataclass(frozen=True, eq=False)
class MedianProof:
    """What the solver came to.

    Attributes
    ----------
    center
        Center of each unit, shape ``(n,)``, or ``None``.
    bound
        Points that no plan with the given pairs can beat, ``inf`` where there is none.
    closed
        Whether the solver searched to its end.
    nodes
        Branch-and-bound nodes.
    cuts
        Separators that were found.
    """

    center: IntArray | None
    bound: float
    closed: bool
    nodes: int
    cuts: tuple[Cut, ...] = ()


def solve(
    median: Median,
    pairs: BoolArray,
    *,
    nodes: int,
    seconds: float | None,
    presolve: bool = True,
    cuts: tuple[Cut, ...] = (),
) -> MedianProof:
    """Solve over some pairs of unit and center.

    Parameters
    ----------
    median
        The problem.
    pairs
        Pairs that may be used, shape ``(n, n)``; a center's own pair says whether it may open.
    nodes
        Branch-and-bound nodes that each solve may take.
    seconds
        Seconds in all, or ``None``.
    presolve
        Whether the solver may simplify first; a second solve without it is an argument of its own.
    cuts
        Separators to begin with.
    """
    index = np.full(pairs.shape, -1, dtype=np.int64)
    unit, center = np.nonzero(pairs & pairs.diagonal()[None, :])
    index[unit, center] = np.arange(len(unit))
    constraints = _constraints(median, unit, center, index)
    if cuts:
        constraints.append(_cut_rows(_present(cuts, index), len(unit)))
    points, spent, found = median.cost[unit, center], 0, list(cuts)
    bound, began, whole = -np.inf, time.monotonic(), None
    # a plan in one piece first, from solves that are not driven to the end; then the end
    width = LOOSE if median.contiguous and len(unit) > FEW_PAIRS else TIGHT
    for _ in range(ROUNDS):
        rest = None if seconds is None else seconds - (time.monotonic() - began)
        options: Any = {"mip_rel_gap": width, "node_limit": max(1, nodes - spent), "presolve": presolve}
        if rest is not None:
            options["time_limit"] = max(0.1, rest if width == TIGHT else SOME * rest)
        answer = milp(
            points, integrality=np.ones(len(unit), dtype=np.int64), bounds=Bounds(0, 1), constraints=constraints,
            options=options,
        )  # fmt: skip
        spent += int(answer.mip_node_count or 0) if answer.x is not None else 0
        if answer.status == 2:  # noqa: PLR2004  scipy's code for infeasible
            return MedianProof(None, np.inf, closed=True, nodes=spent)
        if answer.mip_dual_bound is not None:
            bound = max(bound, float(answer.mip_dual_bound) + median.constant)
        if answer.x is None:
            break
        used = np.flatnonzero(answer.x > 0.5)  # noqa: PLR2004  a binary that is one
        own = np.empty(median.n, dtype=np.int64)
        own[unit[used]] = center[used]
        new = cuts_of(median, own, index) if median.contiguous else []
        late = spent >= nodes or (seconds is not None and time.monotonic() - began > seconds)
        if not new:
            whole = own if whole is None or cost_of(median, own) < cost_of(median, whole) else whole
            if width == TIGHT or late:
                done = width == TIGHT and answer.status == 0
                return MedianProof(whole, bound, closed=done, nodes=spent, cuts=tuple(found))
            width = TIGHT
            continue
        if late:
            break
        constraints.append(_cut_rows(new, len(unit)))
        flat = unit * median.n + center
        found += [(int(flat[pair]), flat[wall]) for pair, wall in new]
    return MedianProof(whole, bound, closed=False, nodes=spent)


def _constraints(median: Median, unit: IntArray, center: IntArray, index: IntArray) -> list[LinearConstraint]:
    count, at = len(unit), np.arange(len(unit))
    opens = np.flatnonzero(unit == center)
    column = np.full(median.n, -1, dtype=np.int64)
    column[center[opens]] = np.arange(len(opens))
    others = np.flatnonzero(unit != center)
    row = np.arange(len(others))
    once = sparse.csr_array((np.ones(count), (unit, at)), shape=(median.n, count))
    link = sparse.csr_array(
        (
            np.concatenate((np.ones(len(others)), -np.ones(len(others)))),
            (np.concatenate((row, row)), np.concatenate((others, index[center[others], center[others]]))),
        ),
        shape=(len(others), count),
    )
    number = sparse.csr_array(
        (np.ones(len(opens)), (np.zeros(len(opens), dtype=np.int64), opens)), shape=(1, count)
    )
    found = [
        LinearConstraint(once, 1, 1),
        LinearConstraint(link, -np.inf, 0),
        LinearConstraint(number, median.k, median.k),
    ]
    for a in range(median.activity.shape[1]):
        for limit, sign in ((median.lower[a], -1.0), (median.upper[a], 1.0)):
            if np.isfinite(limit):
                amount = sign * (median.activity[unit, a] - np.where(unit == center, limit, 0.0))
                size = sparse.csr_array((amount, (column[center], at)), shape=(len(opens), count))
                # what floating-point sums lose must not exclude a plan
                found.append(LinearConstraint(size, -np.inf, 1e-9 * abs(limit)))
    return found


def cuts_of(median: Median, own: IntArray, index: IntArray) -> list[tuple[int, IntArray]]:
    """Find separators for every unit that its center cannot reach, for every center that they cut off too.

    Each is a pair's index and those of the pairs of which it needs one.
    """
    found = []
    for center in np.unique(own):
        members = set(np.flatnonzero(own == center).tolist())
        rest = members - _reached(median, int(center), members)
        while rest:
            piece = _reached(median, min(rest), rest)
            rest -= piece
            between = gate(median, piece, int(center))
            inside = _reached(median, min(piece), set(range(median.n)) - between)
            wall = np.array(sorted(between), dtype=np.int64)
            outside = np.ones(median.n, dtype=bool)
            outside[list(inside | between)] = False
            for u in sorted(piece):
                for j in np.flatnonzero(outside & (index[u] >= 0)):
                    through = index[wall, j]
                    found.append((int(index[u, j]), through[through >= 0]))
    return found


def _reached(median: Median, start: int, among: set[int]) -> set[int]:
    seen, stack = {start}, [start]
    while stack:
        for v in near_of(median, stack.pop()):
            if v in among and v not in seen:
                seen.add(v)
                stack.append(v)
    return seen


def _present(cuts: tuple[Cut, ...], index: IntArray) -> list[tuple[int, IntArray]]:
    """Cuts over the pairs that are there."""
    at = index.ravel()
    return [(int(at[pair]), at[wall][at[wall] >= 0]) for pair, wall in cuts if at[pair] >= 0]


def _cut_rows(cuts: list[tuple[int, IntArray]], count: int) -> LinearConstraint:
    row = np.concatenate([np.full(1 + len(wall), r) for r, (_, wall) in enumerate(cuts)])
    column = np.concatenate([np.concatenate(([pair], wall)) for pair, wall in cuts])
    data = np.concatenate([np.concatenate(([1.0], -np.ones(len(wall)))) for _, wall in cuts])
    return LinearConstraint(sparse.csr_array((data, (row, column)), shape=(len(cuts), count)), -np.inf, 0)


def cost_of(median: Median, center: IntArray) -> float:
    """Add up the points of an assignment of units to centers (shape ``(n,)``)."""
    return float(median.cost[np.arange(median.n), center].sum()) + median.constant


def best_centers_of(median: Median, label: IntArray) -> tuple[IntArray, FloatArray]:
    """Find the best center of every label's units: the center of each unit, and each unit's points."""
    center = np.empty(median.n, dtype=np.int64)
    for t in np.unique(label):
        units = np.flatnonzero(label == t)
        total = median.cost[np.ix_(units, units)].sum(axis=0)
        center[units] = units[int(np.argmin(np.round(total, 12)))]
    return center, median.cost[np.arange(median.n), center]
