"""Aims that speak of whole territories, as balance does, with chosen centers or none: all territories listed, where few.

A territory's points are those of its units at the best of them as the center, and those of its priced rows.
A plan is a choice of ``k`` territories that hold each unit once (set partitioning, see ``partition``). The prices of
its linear program over the whole list give a bound, by arithmetic of our own; territories that the bound rules out
against a known plan are dropped, and what is left goes to HiGHS, with presolve and without.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spm_opt.align import locate
from spm_opt.align.effort import Budget, Clock
from spm_opt.align.median import Spoken, alike_of, all_free, all_pairs, spoken_of
from spm_opt.align.partition import Pool, integer, over_pool
from spm_opt.align.result import PROVEN, Level
from spm_opt.align.settle import Outcome
from spm_opt.criteria import Dispersion
from spm_opt.criteria.terms import HOLDS_WITHIN, Criterion
from spm_opt.plan import Alignment
from spm_opt.problem import FloatArray, IntArray, Problem

Bits = NDArray[np.uint64]

MOST_UNITS = 63
"""Units of a territory are bits of one number."""
MOST_SETS = 600_000
"""Most territories that are listed, and most of one number of units on the way."""
AT_ONCE = 20_000
"""Territories whose centers are chosen in one go."""
FEW_SETS, MANY_SETS = 2_000, 20_000
"""Territories from which a first plan is chosen, and most that are left to the last solve."""
NODES = 1_000
"""Branch-and-bound nodes for each unit of the exact method's effort."""
DONE, IMPOSSIBLE, FAILED = 0, 2, -1
"""SciPy's status of a program solved to its end or without a solution, and ours where the solver failed."""
SLACK = 1e-11
"""What rounding of points may lose, relative to them."""


@dataclass(frozen=True, eq=False)
class Listed:
    """What the list came to: a plan or nothing, its centers, and a bound over all plans."""

    outcome: Outcome | None
    center: FloatArray
    bound: float


def by_list(problem: Problem, criteria: Sequence[Criterion], budget: Budget, clock: Clock) -> Listed | None:
    """List all territories and choose among them; nothing where the problem is not of this form, or too large.

    Every center is free, or none counts, as no aim speaks of travel.
    """
    aims = [one for one in criteria if one.weight]
    near = any(isinstance(one, Dispersion) for one in aims)
    form = all_free(problem) if near else all_pairs(problem)
    if problem.n > MOST_UNITS or problem.k > problem.n or not aims or not form:
        return None
    spoken = spoken_of(problem, criteria)
    if spoken is None or (spoken.contiguous and not problem.geographic.all()):
        return None
    rows = alike_of(problem, spoken.rows)
    if rows is None or (rows[0] < 0).any():
        return None
    clock.tell("list of territories", np.inf, np.inf, -np.inf)
    bits = _sets(problem, spoken, rows)
    if bits is None or not len(bits):
        return None
    points, middle = _points(spoken, bits, rows)
    pool = Pool(bits[:, None], points, problem.n, problem.k)
    return _chosen(problem, criteria, spoken, pool, middle, budget, clock)


def _sets(
    problem: Problem, spoken: Spoken, rows: tuple[FloatArray, FloatArray, FloatArray, FloatArray]
) -> Bits | None:
    """List the sets of units that keep the hard limits, unit by unit; nothing where they are too many.

    A territory has at least what the others, full to their limits, leave. Where it may be empty, plans of
    fewer territories would have to be looked at, too.
    """
    hard = np.isinf(rows[3])
    amount, low, high = rows[0][:, hard], rows[1][hard], rows[2][hard]
    total = amount.sum(axis=0)
    others = problem.k - 1
    low = np.maximum(low, total - others * np.where(np.isinf(high) & (others == 0), 0.0, high))
    high = np.minimum(high, total - others * np.maximum(low, 0.0))
    if not (low > HOLDS_WITHIN * total).any():
        return None
    slack = HOLDS_WITHIN * np.maximum(1.0, np.abs(total))
    if not others and not spoken.contiguous:
        whole = (total >= low - slack).all() and (total <= high + slack).all()
        return np.array([2**problem.n - 1] if whole else [], dtype=np.uint64)
    kept: list[Bits] = []
    level = _Level.of_units(problem, amount, high + slack, contiguous=spoken.contiguous)
    while len(level.bits):
        kept.append(level.bits[(level.size >= low - slack).all(axis=1)])
        if sum(map(len, kept)) > MOST_SETS or len(level.bits) > MOST_SETS:
            return None
        level = level.larger()
    return np.concatenate(kept)


@dataclass(frozen=True, eq=False)
class _Level:
    """Sets of one number of units: their bits, sizes, the units that may be added to each, as bits too."""

    bits: Bits
    size: FloatArray
    open: Bits
    amount: FloatArray
    most: FloatArray
    near: Bits | None

    @classmethod
    def of_units(cls, problem: Problem, amount: FloatArray, most: FloatArray, *, contiguous: bool) -> _Level:
        """Begin with the single units; what is added is later in order, or touches where that is asked."""
        one = np.left_shift(np.uint64(1), np.arange(problem.n, dtype=np.uint64))
        near = None
        after = (np.uint64(2**problem.n - 1)) & ~(one | (one - np.uint64(1)))
        if contiguous:
            near = np.zeros(problem.n, dtype=np.uint64)
            for u, v in problem.edges.tolist():
                near[u] |= one[v]
                near[v] |= one[u]
        may = (amount <= most).all(axis=1)
        return cls(one[may], amount[may], (after if near is None else near)[may], amount, most, near)

    def larger(self) -> _Level:
        """Add one unit to each set in every way, and list each set that comes of it once."""
        found: list[tuple[Bits, FloatArray, Bits]] = []
        for u in range(len(self.amount)):
            bit = np.uint64(1) << np.uint64(u)
            size = self.size + self.amount[u]
            may = ((self.open & bit) != 0) & (size <= self.most).all(axis=1)
            bits = self.bits[may] | bit
            later = (
                self.open[may] & ~(bit | (bit - np.uint64(1)))
                if self.near is None
                else (self.open[may] | self.near[u]) & ~bits
            )
            found.append((bits, size[may], later))
        bits, size, later = (np.concatenate(part) for part in zip(*found, strict=True))
        if self.near is not None:
            bits, first = np.unique(bits, return_index=True)
            size, later = size[first], later[first]
        return _Level(bits, size, later, self.amount, self.most, self.near)


def _points(
    spoken: Spoken, bits: Bits, rows: tuple[FloatArray, FloatArray, FloatArray, FloatArray]
) -> tuple[FloatArray, IntArray]:
    """Points of each set, and the unit that is its best center."""
    n = len(spoken.cost)
    soft = ~np.isinf(rows[3])
    amount, low, high, price = rows[0][:, soft], rows[1][soft], rows[2][soft], rows[3][soft]
    points, middle = np.empty(len(bits)), np.empty(len(bits), dtype=np.int64)
    for begin in range(0, len(bits), AT_ONCE):
        part = slice(begin, begin + AT_ONCE)
        member = ((bits[part, None] >> np.arange(n, dtype=np.uint64)) & np.uint64(1)).astype(float)
        at = np.where(member > 0, np.round(member @ spoken.cost, 12), np.inf)
        middle[part] = at.argmin(axis=1)
        size = member @ amount
        beyond = np.clip(low - size, 0, None) + np.clip(size - high, 0, None)
        points[part] = at.min(axis=1) + beyond @ price
    return points, middle


def _chosen(
    problem: Problem,
    criteria: Sequence[Criterion],
    spoken: Spoken,
    pool: Pool,
    middle: IntArray,
    budget: Budget,
    clock: Clock,
) -> Listed | None:
    """Choose the best plan of the list, as far as it can be proven."""
    nodes = max(1, round(NODES * budget.exact_time))
    rank = np.argsort(pool.points / pool.member(np.arange(len(pool.points))).sum(axis=1), kind="stable")
    worst = float(np.sort(pool.points)[-problem.k :].sum())
    solved = over_pool(pool, np.sort(rank[: 2 * FEW_SETS]), np.zeros((0, 3), dtype=np.int64), worst, clock)
    if solved is None:
        return None
    work = {"territories listed": len(pool.points)}
    best = _best(pool, solved.bound, solved.reduced, nodes, clock)
    # what the clock has cut short would go further another time
    complete = not clock.over and (best.closed or clock.limit is None)
    if best.rows is None and best.closed:
        reason = (
            "no plan keeps all hard rules together: of the "
            f"{len(pool.points):,} territories that do, none can be put together to hold each unit once"
        )
        step = "territories listed to proof, with and without presolve"
        return Listed(Outcome(None, (), reason, (step,), work, complete), problem.seat, np.inf)
    bound = solved.bound + spoken.constant
    if best.rows is None:
        return Listed(None, problem.seat, bound)
    value = float(pool.points[best.rows].sum()) + spoken.constant
    proven = value - SLACK * max(1.0, value) if best.closed else min(bound, value)
    level = Level(min(c.priority for c in criteria if c.weight), value, proven)
    label = pool.member(best.rows).toarray().argmax(axis=0)
    name = locate.names_like_today(Alignment.incumbent(problem).unit_territory, label, problem.k)
    center = problem.seat.copy()
    if all_free(problem):
        center[name] = problem.place[middle[best.rows]]
    step = (
        "territories listed to proof" if best.closed else "territories listed, with a bound over all of them"
    )
    return Listed(Outcome(name[label], (level,), "", (step,), work, complete), center, bound)


@dataclass(frozen=True, eq=False)
class _Best:
    """Places in the list of the best plan's territories or nothing, and whether there is none better."""

    rows: IntArray | None
    closed: bool


def _best(pool: Pool, bound: float, reduced: FloatArray, nodes: int, clock: Clock) -> _Best:
    """Choose a first plan among the territories that the prices want most, and a last one of all that it leaves."""
    first = np.sort(np.argsort(reduced, kind="stable")[:FEW_SETS])
    plan, _ = _solved(pool, first, nodes, clock, presolve=True)
    value = np.inf if plan is None else float(pool.points[plan].sum())
    left = np.flatnonzero(reduced <= value - bound + PROVEN * max(1.0, abs(bound)))
    if len(left) > MANY_SETS:
        return _Best(plan, closed=False)
    values = []
    for presolve in (True, False):
        again, status = _solved(pool, left, nodes, clock, presolve=presolve)
        if status not in (DONE, IMPOSSIBLE) or (again is None) != (status == IMPOSSIBLE):
            return _Best(plan, closed=False)
        values.append(np.inf if again is None else float(pool.points[again].sum()))
        if again is not None and values[-1] < value:
            plan, value = again, values[-1]
    # where a plan was known before, none is proven only if it is the best itself
    agreed = values[0] == values[1] or abs(values[0] - values[1]) <= PROVEN * max(1.0, abs(values[0]))
    return _Best(plan, closed=agreed and (plan is None) == (values[0] == np.inf))


def _solved(
    pool: Pool, rows: IntArray, nodes: int, clock: Clock, *, presolve: bool
) -> tuple[IntArray | None, int]:
    """Choose a plan among some territories: their places in the list or nothing, and SciPy's status."""
    some = pool.only(rows)
    answer = integer(some, some.member(np.arange(len(rows))), clock.left(0.3), presolve=presolve, nodes=nodes)
    if answer is None:
        return None, FAILED
    if answer.x is None:
        return None, int(answer.status)
    return np.asarray(rows[np.flatnonzero(answer.x > 0.5)]), int(answer.status)  # noqa: PLR2004  a binary that is one
