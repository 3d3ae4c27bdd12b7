"""What a plan is worth, whoever made it: limits kept, pieces, travel from the seats and from centers of its own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

import spm_opt
from spm_opt.criteria import Balance, Contiguity
from spm_opt.criteria.terms import Criterion
from spm_opt.geography.distance import distance_km
from spm_opt.problem import FloatArray, IntArray, Problem


@dataclass(frozen=True)
class Judged:
    """The figures of a plan.

    Attributes
    ----------
    deviation
        Largest relative deviation from the target for each balanced activity.
    outside
        Territories with an activity outside the tolerance.
    pieces
        Pieces beyond one that the territories have.
    from_seats, from_centers
        Mean km, weighted: to the seats, and to the best unit of each territory.
    """

    deviation: tuple[float, ...]
    outside: int
    pieces: int
    from_seats: float
    from_centers: float


def judged(problem: Problem, criteria: list[Criterion], territory: IntArray, *, weight_by: str) -> Judged:
    """Judge a plan with the library's checker.

    Parameters
    ----------
    problem
        With a seat for each territory.
    criteria
        Travel first, then the balances; contiguity is looked at in any case.
    territory
        Territory of each unit, shape ``(n,)``.
    weight_by
        The activity that weighs travel.
    """
    balances = [one for one in criteria if isinstance(one, Balance)]
    looked_at = [criteria[0], *balances, Contiguity()]
    verdict = spm_opt.verify(problem, looked_at, spm_opt.Alignment.of_units(problem, territory))
    travel, *balanced, whole = verdict.measures
    off = [
        np.abs(one.local[f"{rule.activity}_deviation"]) for rule, one in zip(balances, balanced, strict=True)
    ]
    out = np.any([o > rule.tolerance + 1e-9 for rule, o in zip(balances, off, strict=True)], axis=0)
    return Judged(
        deviation=tuple(float(o.max()) for o in off),
        outside=int(out.sum()),
        pieces=int(whole.value),
        from_seats=travel.value,
        from_centers=_from_own_centers(problem, territory, problem.carried(weight_by)),
    )


def named_by_seats(problem: Problem, part: IntArray, *, weight_by: str) -> IntArray:
    """Give each part the seat that makes travel least in all, where a method knows nothing of seats."""
    weighted = seat_distances(problem) * problem.carried(weight_by)[:, None]
    parts = max(problem.k, int(part.max(initial=0)) + 1)
    cost = np.stack([np.bincount(part, weights=column, minlength=parts) for column in weighted.T], axis=1)
    rows, seats = linear_sum_assignment(cost)
    seat_of = np.full(parts, -1, dtype=np.int64)
    seat_of[rows] = seats
    return seat_of[part]


def seat_distances(problem: Problem) -> FloatArray:
    """Distance of each unit to each seat in km, shape ``(n, k)``."""
    return np.stack(
        [distance_km(problem.place, seat, planar=problem.planar) for seat in problem.seat], axis=1
    )


def _from_own_centers(problem: Problem, territory: IntArray, weight: FloatArray) -> float:
    total = 0.0
    for t in np.unique(territory):
        mine = np.flatnonzero(territory == t)
        place = problem.place[mine]
        far = np.array([weight[mine] @ distance_km(center, place, planar=problem.planar) for center in place])
        total += float(far.min())
    return total / float(weight.sum())
