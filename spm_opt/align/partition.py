"""Chosen centers to proof by whole territories: all that a better plan could hold, and the best choice of them.

With the prices of a center every territory about it has a bound on the plans that hold it. All territories
whose bound is not above a target are listed (Baldacci, Christofides and Mingozzi, Mathematical
Programming 2008, list routes so), and the best plan is the best choice of ``k`` of them that holds each unit
once (set partitioning: Garfinkel and Nemhauser, Management Science 1970)::

    least   sum over territories S of points[S] y[S]
    such that   sum of y over the territories of a unit = 1;  sum of y = k
                sum of y over the territories that hold two or more of three units <= 1     (on demand)

Either a plan within the target comes of it, and the best one is the optimum, or the target is a bound.
The last rows are the subset-row inequalities (Jepsen, Petersen, Spoorendonk and Pisinger, Operations Research
2008). What the linear program's prices rule out is dropped, by arithmetic of our own.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, linprog, milp

from spm_opt.align.connected_sets import list_sets
from spm_opt.align.dual import NEVER
from spm_opt.align.effort import Clock
from spm_opt.align.isolated import halting, isolated
from spm_opt.align.median import Median
from spm_opt.align.median_exact import best_centers_of, cost_of
from spm_opt.align.probing import Probed, reduced_of
from spm_opt.align.result import PROVEN, no_worse
from spm_opt.align.subsets import reduced_points
from spm_opt.criteria.terms import HOLDS_WITHIN
from spm_opt.problem import FloatArray, IntArray

POOL_BITS = 400_000_000
"""Most territories in the list times units."""
CENTERS_AT_LEAST = 8
"""Of the work of the listing no center may take more than its share of so many, where units are more than few."""
MOST_SETS = 4_000_000
"""Most territories in the list."""
AT_ONCE = 4_000
"""Territories that enter the linear program in a round."""
LP_ROUNDS = 60
"""Most rounds of the linear program between cuts."""
FEW_SETS, MANY_SETS = 600, 6_000
"""Territories that are left to the solver without further cuts, and at most."""
CUT_ROUNDS, CUTS, CUTS_OF_UNIT = 40, 60, 5
"""Rounds of cuts, new cuts in a round, and how many of them may share a unit."""
CUT_UNITS = 160
"""Most units for which triples are looked through."""
WORTH = 1e-3
"""By how much a cut must be broken."""
SLACK = 1e-9
"""What a solver's tolerance leaves of nothing, relative to the points of a plan."""


@dataclass(frozen=True, eq=False)
class Partition:
    """What the list of territories proves.

    Attributes
    ----------
    center
        Center of each unit in the best plan, shape ``(n,)``; ``None`` where there is none within the
        target, or none was found.
    bound
        Points that no plan can beat, or the target where there is no plan within it.
    closed
        Whether the question was answered: ``center`` is the optimum, or the target is a bound.
    sets
        Territories listed.
    looked
        Territories looked at.
    """

    center: IntArray | None
    bound: float
    closed: bool
    sets: int
    looked: int


@dataclass(frozen=True, eq=False)
class Pool:
    """Territories as bits, shape ``(p, words)``, with their points; ``n`` units in ``k`` territories."""

    bits: Any
    points: FloatArray
    n: int
    k: int

    def only(self, rows: IntArray) -> Pool:
        """Return some of them."""
        return Pool(self.bits[rows], self.points[rows], self.n, self.k)

    def member(self, rows: IntArray) -> sparse.csr_array:
        """Which units territories hold, shape ``(rows, n)``."""
        bytes_ = np.ascontiguousarray(self.bits[rows]).view(np.uint8)
        return sparse.csr_array(np.unpackbits(bytes_, axis=1, bitorder="little")[:, : self.n].astype(float))


def partition(median: Median, probed: Probed, target: float, looks: int, clock: Clock) -> Partition:
    """List the territories of every plan within a target, and choose among them.

    Parameters
    ----------
    median
        The problem.
    probed
        Which centers and pairs plans within the target may use, and the prices of each center.
    target
        Points of the dearest plan of interest.
    looks
        Most work of the listing: territories looked at.
    clock
        Asked between steps.
    """
    pool, looked, complete = _listed(median, probed, target, looks, clock)
    if not complete:
        return Partition(None, -np.inf, closed=False, sets=len(pool.points), looked=looked)
    if not len(pool.points):
        return Partition(None, target, closed=True, sets=0, looked=looked)
    least, center, closed = _chosen(median, pool, target - median.constant, probed.dual.alpha, clock)
    return Partition(center, least + median.constant, closed, len(pool.points), looked)


def _listed(
    median: Median, probed: Probed, target: float, looks: int, clock: Clock
) -> tuple[Pool, int, bool]:
    """List all territories that a plan within the target may hold."""
    most = no_worse(target)
    rows = min(MOST_SETS, POOL_BITS // median.n)
    bits, points = np.empty((rows, (median.n + 63) // 64), dtype=np.uint64), np.empty(rows)
    low, high = np.maximum(median.lower, -NEVER), np.minimum(median.upper, NEVER)
    low, high = low - 2 * HOLDS_WITHIN * np.abs(low), high + 2 * HOLDS_WITHIN * np.abs(high)
    filled = looked = 0
    # the widest budgets last, so that the cheap centers are not looked at for nothing
    centers = sorted(np.flatnonzero(probed.pairs.diagonal()).tolist(), key=lambda j: probed.duals[j].bound)
    each = looks if median.n <= CUT_UNITS else looks // CENTERS_AT_LEAST
    with halting() as halt:
        for j in centers:
            reduced = np.where(probed.pairs[:, j], reduced_of(median, probed.duals[j], j), np.inf)
            seen, complete, filled = list_sets(
                j, reduced, median.activity, low, high, most - probed.duals[j].bound,
                min(looks - looked, each), halt, median.contiguous, median.near_start,
                median.near, median.cost, bits, points, filled,
            )  # fmt: skip
            looked += seen
            if not complete or not clock.tell("list of territories", np.inf, np.inf, probed.bound):
                return Pool(bits[:0], points[:0], median.n, median.k), looked, False
    return Pool(bits[:filled].copy(), points[:filled].copy(), median.n, median.k), looked, True


def _chosen(
    median: Median, pool: Pool, target: float, alpha: FloatArray, clock: Clock
) -> tuple[float, IntArray | None, bool]:
    """Choose the best plan of the list: a bound over all plans, its centers, and whether that is proven."""
    none = np.zeros((0, 3), dtype=np.int64)
    triples, bound = none, -np.inf
    rank = reduced_points(pool.bits, pool.points, alpha, 0.0, none, np.zeros(0))
    active = np.sort(np.argsort(rank, kind="stable")[:AT_ONCE])
    slack = PROVEN * max(1.0, abs(target))
    for at in range(CUT_ROUNDS):
        clock.tell("choice of territories", np.inf, np.inf, bound + median.constant)
        solved = over_pool(pool, active, triples, target, clock)
        if solved is None:
            return min(bound, target), None, False
        bound = max(bound, solved.bound)
        kept = np.flatnonzero(solved.reduced <= target - solved.bound + slack)
        if not len(kept):
            return target, None, True
        active = np.flatnonzero(np.isin(kept, solved.active))
        share = solved.share[np.isin(solved.active, kept)]
        pool = pool.only(kept)
        last = at == CUT_ROUNDS - 1 or median.n > CUT_UNITS
        new = none if len(kept) <= FEW_SETS or last else _broken(pool, active, share)
        if not len(new):
            break
        triples = np.concatenate((triples[solved.cut < -SLACK * abs(target)], new))
    if len(pool.points) > MANY_SETS:
        return min(bound, target), None, False
    return _closed(median, pool, bound, target, clock)


@dataclass(frozen=True, eq=False)
class _Solved:
    """The linear program over a pool: its bound, the prices of cuts, the shares of the active territories."""

    bound: float
    reduced: FloatArray
    cut: FloatArray
    active: IntArray
    share: FloatArray


def over_pool(pool: Pool, active: IntArray, triples: IntArray, target: float, clock: Clock) -> _Solved | None:
    """Solve the linear program over a whole pool, territories entering it as they are wanted."""
    best: _Solved | None = None
    for _ in range(LP_ROUNDS):
        answer = _solve(pool, active, triples, target)
        if answer is None or clock.over:
            return best if best is None or len(best.active) == len(active) else None
        price, number = answer.eqlin.marginals[:-1], float(answer.eqlin.marginals[-1])
        cut = np.minimum(0.0, answer.ineqlin.marginals) if len(triples) else np.zeros(0)
        reduced = reduced_points(pool.bits, pool.points, price, number, triples, cut)
        least = min(0.0, float(reduced.min(initial=0.0)))
        bound = float(price.sum() + pool.k * (number + least) + cut.sum())
        present = _Solved(bound, reduced - least, cut, active, answer.x[: len(active)])
        best = present if best is None or bound >= best.bound else best
        wanted = np.setdiff1d(np.flatnonzero(reduced < -SLACK * max(1.0, abs(target))), active)
        if not len(wanted) or answer.fun - bound <= 0.1 * PROVEN * abs(target):
            return present
        wanted = wanted[np.argsort(reduced[wanted], kind="stable")[:AT_ONCE]]
        kept = active[(reduced[active] <= max(0.0, target - bound)) | (present.share > 0)]
        active = np.union1d(kept, wanted)
    return best


def _solve(pool: Pool, active: IntArray, triples: IntArray, target: float) -> Any:
    """Solve over some territories; a unit or a territory that is missing costs more than the target."""
    member, count = pool.member(active), len(active)
    # the last row counts territories, the last columns stand in for what is missing
    rows: Any = sparse.hstack([member, sparse.csr_array(np.ones((count, 1)))]).T
    missing: Any = sparse.identity(pool.n + 1)
    limits: dict[str, Any] = {}
    if len(triples):
        cuts = _rows(member, triples)
        limits = {
            "A_ub": sparse.hstack([cuts, sparse.csr_array((len(triples), pool.n + 1))], format="csr"),
            "b_ub": np.ones(len(triples)),
        }
    program: Any = partial(
        linprog,
        np.concatenate((pool.points[active], np.full(pool.n + 1, abs(target) + 1.0))),
        A_eq=sparse.hstack([rows, missing], format="csr"),
        b_eq=np.append(np.ones(pool.n), pool.k),
        bounds=(0, None),
        method="highs-ds",
        **limits,
    )
    answer = isolated(program, what="HiGHS for a choice of territories", failing=None)
    return answer if answer is not None and answer.status == 0 else None


def _rows(member: sparse.csr_array, triples: IntArray) -> sparse.csr_array:
    """Which territories hold two or more units of each triple, shape ``(c, p)``."""
    chosen = sparse.csr_array(
        (np.ones(triples.size), (triples.ravel(), np.repeat(np.arange(len(triples)), 3))),
        shape=(member.shape[1], len(triples)),
    )
    held = sparse.csr_array(member @ chosen)
    held.data = (held.data > 1.5).astype(float)  # noqa: PLR2004  two or three
    held.eliminate_zeros()
    return sparse.csr_array(held.T)


def _broken(pool: Pool, active: IntArray, share: FloatArray) -> IntArray:
    """Triples of units whose subset row the fractional plan breaks most, shape ``(c, 3)``."""
    used = share > SLACK
    member, weight = pool.member(active[used]).toarray(), share[used]
    pairs = (member * weight[:, None]).T @ member
    found: list[tuple[float, int, int, int]] = []
    for i in range(pool.n):
        inside = member[:, i] * weight
        all_three = (member * inside[:, None]).T @ member
        held = pairs[i][:, None] + pairs[i][None, :] + pairs - 2 * all_three
        j, o = np.nonzero(np.triu(held[i + 1 :, i + 1 :], 1) > 1 + WORTH)
        found += [
            (-held[i + 1 + a, i + 1 + b], i, i + 1 + a, i + 1 + b)
            for a, b in zip(j.tolist(), o.tolist(), strict=True)
        ]
    times = np.zeros(pool.n, dtype=np.int64)
    chosen: list[list[int]] = []
    for _, i, first, second in sorted(found):
        triple = [int(i), int(first), int(second)]
        if times[triple].max() < CUTS_OF_UNIT and len(chosen) < CUTS:
            times[triple] += 1
            chosen.append(triple)
    return np.array(chosen, dtype=np.int64).reshape(-1, 3)


def _closed(
    median: Median, pool: Pool, bound: float, target: float, clock: Clock
) -> tuple[float, IntArray | None, bool]:
    """Solve what is left to integers, twice, the second time without presolve."""
    values: list[float] = []
    own: IntArray | None = None
    member = pool.member(np.arange(len(pool.points)))
    for presolve in (True, False):
        answer = integer(pool, member, clock.left(0.5), presolve=presolve)
        if answer is None:
            return min(bound, target), own, False
        if answer.status == 2:  # noqa: PLR2004  scipy's code for infeasible
            values.append(np.inf)
            continue
        if answer.x is None or answer.status != 0:
            return min(bound, target), own, False
        values.append(float(answer.fun))
        if own is None:
            sets = member[np.flatnonzero(answer.x > 0.5)].toarray()  # noqa: PLR2004  a binary that is one
            own = best_centers_of(median, np.argmax(sets, axis=0))[0]
    if values == [np.inf, np.inf]:
        return target, None, True
    agreed = abs(values[0] - values[1]) <= PROVEN * max(1.0, abs(values[0]))
    reached = min(target, cost_of(median, own) - median.constant) if own is not None else target
    return (min(reached, *values) if agreed else min(bound, target)), own, agreed


def integer(
    pool: Pool, member: sparse.csr_array, seconds: float | None, *, presolve: bool, nodes: int | None = None
) -> Any:
    """Choose ``k`` territories of a pool that hold each unit once: what SciPy answers, or nothing where it failed."""
    total: Any = np.append(np.ones(pool.n), pool.k)
    count = len(pool.points)
    options: Any = {"mip_rel_gap": 0.1 * PROVEN, "presolve": presolve}
    if seconds is not None:
        options["time_limit"] = seconds
    if nodes is not None:
        options["node_limit"] = nodes
    program: Any = partial(
        milp,
        pool.points,
        integrality=np.ones(count, dtype=np.int64),
        bounds=Bounds(0, 1),
        constraints=LinearConstraint(
            sparse.vstack([member.T, sparse.csr_array(np.ones((1, count)))], format="csr"), total, total
        ),
        options=options,
    )
    return isolated(program, what="HiGHS for a choice of territories", failing=None, within=seconds)
