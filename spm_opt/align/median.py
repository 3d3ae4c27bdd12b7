"""The chosen-center problem with interchangeable territories, as a matrix of units by centers.

Where every center is free and the territories differ in nothing but their names, a plan is a choice of
``k`` units as centers and an assignment of every unit to one of them (the capacitated p-median problem,
and Hess's model of districting)::

    least   sum over units i and centers j of cost[i, j] x[i, j] + constant
    such that   x[i, j] <= x[j, j];  sum over j of x[i, j] = 1;  sum over j of x[j, j] = k
                lower x[j, j] <= sum over i of activity[i] x[i, j] <= upper x[j, j]
                the units of a center are connected (where asked)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from spm_opt.align.locate import unit_distances
from spm_opt.align.model import neighbours
from spm_opt.criteria import Dispersion
from spm_opt.criteria.terms import HOLDS_WITHIN, Criterion, Rows
from spm_opt.problem import FloatArray, IntArray, Problem

NOWHERE = 10.0
"""What sending a seat elsewhere costs, in the dearest plans that there can be."""
LARGEST = 6_000
"""Most units for which the matrix is made."""


@dataclass(frozen=True, eq=False)
class Median:
    """Arrays of the problem; ``n`` units, ``m`` limited activities.

    Attributes
    ----------
    cost
        Points of each unit at each center, shape ``(n, n)``.
    constant
        Points in any case.
    activity, lower, upper
        What units carry, shape ``(n, m)``, and the limits of every territory, shape ``(m,)``.
    k
        Number of territories.
    near_start, near
        Neighbours of each unit in compressed form, where contiguity is asked; empty otherwise.
    seated
        Territories that have a seat. Each stands as one more unit behind the others, that carries nothing and
        can only belong to itself.
    """

    cost: FloatArray
    constant: float
    activity: FloatArray
    lower: FloatArray
    upper: FloatArray
    k: int
    contiguous: bool
    near_start: IntArray
    near: IntArray
    seated: IntArray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    @property
    def n(self) -> int:
        """Number of units."""
        return len(self.cost)


def median_of(problem: Problem, criteria: Sequence[Criterion]) -> Median | None:
    """Put a problem into this form, or say that it is not of it."""
    n, k = problem.n, problem.k
    if n > LARGEST or k > n or not all_free(problem):
        return None
    spoken = spoken_of(problem, criteria)
    limits = None if spoken is None else _limits(problem, spoken.rows)
    if spoken is None or limits is None or (spoken.contiguous and not problem.geographic.all()):
        return None
    _, near_start, near = neighbours(problem, np.arange(n), n, contiguous=spoken.contiguous)
    return Median(spoken.cost, spoken.constant, *limits, k, spoken.contiguous, near_start, near)


def all_free(problem: Problem) -> bool:
    """Whether every center is chosen, among the places of all units, and every unit may go to every territory."""
    placed = not np.isnan(problem.place).any() and bool(np.isnan(problem.seat).any(axis=1).all())
    # a candidate need not be a unit's place, so that neither this form nor its bound would hold
    return placed and all_pairs(problem) and problem.arcs.given is None and problem.candidates is None


def all_pairs(problem: Problem) -> bool:
    """Whether every unit may go to every territory."""
    return len(problem.arcs.territory) == problem.n * problem.k


@dataclass(frozen=True, eq=False)
class Spoken:
    """What criteria say where every center is free: points of pairs, shape ``(n, n)``, rows with their points."""

    cost: FloatArray
    constant: float
    contiguous: bool
    rows: tuple[Rows, ...]


def spoken_of(problem: Problem, criteria: Sequence[Criterion]) -> Spoken | None:
    """Gather what criteria of one priority say; nothing where some tell territories apart or tie units together."""
    if len({c.priority for c in criteria if c.weight}) > 1:
        return None
    cost, constant, contiguous = np.zeros((problem.n, problem.n)), 0.0, False
    rows: list[Rows] = []
    far = unit_distances(problem)
    for criterion in criteria:
        if isinstance(criterion, Dispersion) and not criterion.weight:
            continue
        if isinstance(criterion, Dispersion):
            cost += criterion.weight * criterion.shares(problem)[:, None] * far**criterion.power
            continue
        terms = criterion.terms(problem)
        plain = terms.cost is None or not terms.cost.any() or not criterion.weight
        if not plain or (terms.together is not None and len(np.unique(terms.together)) < problem.n):
            return None
        constant += criterion.weight * terms.constant
        contiguous = contiguous or terms.contiguous
        for block in terms.rows:
            if np.isinf(block.price):
                rows.append(block)
            elif criterion.weight:
                rows.append(replace(block, price=block.price * criterion.weight))
    return Spoken(cost, constant, contiguous, tuple(rows))


def seated_median_of(problem: Problem, criteria: Sequence[Criterion]) -> Median | None:
    """Put a problem of which some territories have a seat into this form, without contiguity.

    What is asked of contiguity is dropped, so that a bound holds with it and without.
    """
    seated = np.flatnonzero(~np.isnan(problem.seat).any(axis=1)).astype(np.int64)
    n, f = problem.n, len(seated)
    if problem.arcs.given is not None or len(problem.arcs.territory) != n * problem.k or n + f > LARGEST:
        return None
    free = median_of(replace(problem, seat=np.full_like(problem.seat, np.nan)), criteria)
    if free is None:
        return None
    far = problem.arcs.travel.reshape(n, problem.k)[:, seated]
    to_seat = sum(
        (
            criterion.weight * criterion.shares(problem)[:, None] * far**criterion.power
            for criterion in criteria
            if isinstance(criterion, Dispersion)
        ),
        np.zeros((n, f)),
    )
    cost = np.full((n + f, n + f), NOWHERE * max(1.0, float(free.cost.max()), float(to_seat.max())) * n)
    cost[:n, :n], cost[:n, n:] = free.cost, to_seat
    np.fill_diagonal(cost[n:, n:], 0.0)
    activity = np.concatenate((free.activity, np.zeros((f, free.activity.shape[1]))))
    start, near = np.zeros(n + f + 1, dtype=np.int64), np.zeros(0, dtype=np.int64)
    return replace(
        free, cost=cost, activity=activity, contiguous=False, near_start=start, near=near, seated=seated
    )


def _limits(problem: Problem, rows: Sequence[Rows]) -> tuple[FloatArray, FloatArray, FloatArray] | None:
    """Limits that are the same for every territory; nothing where some are soft, or not."""
    alike = None if any(np.isfinite(block.price) for block in rows) else alike_of(problem, rows)
    if alike is None:
        return None
    return alike[0], alike[1], alike[2]


def alike_of(
    problem: Problem, rows: Sequence[Rows]
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray] | None:
    """Read rows that say the same of every territory: what units carry, lower, upper and price of each activity."""
    n, k = problem.n, problem.k
    activity: list[FloatArray] = []
    for block in rows:
        # every arc exists, so an arc's index is unit * k + territory
        dense = block.matrix.tocoo()
        if block.matrix.shape[0] != k or not (dense.coords[0] == dense.coords[1] % k).all():
            return None
        amount = np.zeros((k, n))
        amount[dense.coords[0], dense.coords[1] // k] = dense.data
        if (
            (amount != amount[0]).any()
            or (block.lower != block.lower[0]).any()
            or (block.upper != block.upper[0]).any()
        ):
            return None
        activity.append(amount[0])
    lower, upper = (np.array([float(side[0]) for side in sides]) for sides in (
        [block.lower for block in rows], [block.upper for block in rows]
    ))  # fmt: skip
    price = np.array([block.price for block in rows], dtype=float)
    return np.array(activity).reshape(-1, n).T.copy(), lower, upper, price


def impossible_at_a_glance(problem: Problem, median: Median) -> str:
    """Say what makes a plan impossible at a glance, or nothing."""
    for a in range(median.activity.shape[1]):
        carried, low, high = median.activity[:, a], median.lower[a], median.upper[a]
        large = np.flatnonzero(carried > high * (1 + HOLDS_WITHIN))
        if len(large):
            return f"{problem.unit_ids[large[0]]} alone carries {carried[large[0]]:,.10g}, above the limit {high:,.10g}"
        total = carried.sum()
        if total > median.k * high * (1 + HOLDS_WITHIN) or total < median.k * low * (1 - HOLDS_WITHIN):
            return f"{total:,.10g} in all cannot be parted between {median.k} territories of {low:,.10g} to {high:,.10g}"
    return ""
