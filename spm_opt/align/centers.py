"""Plans whose centers are chosen: with a bound and to proof where territories are interchangeable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from spm_opt.align import locate
from spm_opt.align.alternate import alternating
from spm_opt.align.dual import Dual, ascend
from spm_opt.align.effort import Budget, Clock
from spm_opt.align.interchange import Interchanged, interchange
from spm_opt.align.isolated import isolated
from spm_opt.align.median import Median, impossible_at_a_glance, median_of, seated_median_of
from spm_opt.align.median_exact import MedianProof, best_centers_of, cost_of, solve
from spm_opt.align.median_logic import solve_cp
from spm_opt.align.result import PROVEN, Level, reached
from spm_opt.align.settle import FreeCenters, Outcome, settle
from spm_opt.criteria.terms import HOLDS_WITHIN, Criterion
from spm_opt.plan import Alignment
from spm_opt.problem import BoolArray, FloatArray, IntArray, Problem

FEW_PAIRS, MANY_PAIRS = 1_000, 80_000
"""Pairs of unit and center that an exact solve takes at least, and at most."""
LOGIC_PAIRS = 20_000
"""Most pairs for which CP-SAT is asked whether any plan exists."""
FEW_UNITS = 45
"""Up to so many units CP-SAT is tried before HiGHS."""
FIRST_LOOK = 0.7
"""Most of the time that the local search takes before the bound is asked for."""
HOPELESS = 15_000
"""Pairs that the bound leaves, beyond which the time goes to the local search instead."""
SHORT_SEARCH, LONG_SEARCH, ONLY_SEARCH = 0.2, 0.35, 0.9
"""Shares of a time limit for the local search: of few units, of more, and where no exact solve follows."""
PAIRS_EACH = (8, 30)
"""Pairs for each unit that the first exact solves take, the most promising ones."""
FIRST_SHARE = 0.3
"""Share of the time that is left for each of them."""
NOTHING = MedianProof(None, -np.inf, closed=False, nodes=0)
"""What a solver that failed has shown."""


def with_centers(
    problem: Problem, criteria: Sequence[Criterion], budget: Budget, seed: int, clock: Clock
) -> tuple[Outcome, FloatArray]:
    """Choose centers together with territories.

    Returns
    -------
    The outcome, and the center of each territory, shape ``(k, 2)``.
    """
    median = median_of(problem, criteria)
    if median is None:
        return _some_seats(problem, criteria, budget, seed, clock)
    return _interchangeable(problem, criteria, median, budget, seed, clock)


def _interchangeable(
    problem: Problem, criteria: Sequence[Criterion], median: Median, budget: Budget, seed: int, clock: Clock
) -> tuple[Outcome, FloatArray]:
    impossible = impossible_at_a_glance(problem, median)
    if impossible:
        return Outcome(None, (), impossible, ("found before solving",), {}, complete=True), problem.seat
    share = SHORT_SEARCH if median.n**2 <= LOGIC_PAIRS else LONG_SEARCH
    share = ONLY_SEARCH if median.n**2 > MANY_PAIRS * 15 else share
    if median.contiguous or median.k == median.n:
        return _from_prices(problem, criteria, median, budget, seed, clock, share)
    found = _moving(median, None, budget, seed, clock.part(min(share, FIRST_LOOK)))
    if found.violation > 0:
        if len(median.seated):
            return alternating(problem, criteria, budget, seed, clock, _bound_of(median))
        return _from_prices(problem, criteria, median, budget, seed, clock, share)
    dual = _bounded(median, found, clock)
    center = best_centers_of(median, found.label)[0]
    work = {**found.work, "dual rounds": dual.rounds, "branch and bound nodes": 0}
    left = int(_left(dual.least_with(median), found.value).sum())
    if left > HOPELESS and median.n**2 > LOGIC_PAIRS:
        # too much is left for an exact solve: the time is better spent on looking further
        closed = _Closed(center, dual.bound, "bound over all centers")
    else:
        closed = _close(median, dual, center, budget, seed, clock, work)
    closed, complete = _further(median, closed, budget, seed + 1, clock, work, afresh=found.stalled)
    searched = replace(_outcome(found, criteria), complete=found.complete and complete)
    return _told(problem, median, closed, searched, work, clock)


def _further(
    median: Median,
    closed: _Closed,
    budget: Budget,
    seed: int,
    clock: Clock,
    work: dict[str, int],
    *,
    afresh: bool,
) -> tuple[_Closed, bool]:
    """Search on from a plan that is not proven to be the best, or afresh; says whether that ran to its end."""
    if closed.center is None or clock.over or reached(cost_of(median, closed.center), closed.bound):
        return closed, True
    opened, label = np.unique(closed.center, return_inverse=True)
    if len(opened) < median.k:
        return closed, True
    more = _moving(median, None if afresh else label, budget, seed, clock, closed.bound)
    for kind, amount in more.work.items():
        work[kind] = work.get(kind, 0) + amount
    if more.violation <= 0 and more.value < cost_of(median, closed.center):
        closed = replace(closed, center=best_centers_of(median, more.label)[0])
    return closed, more.complete


def _some_seats(
    problem: Problem, criteria: Sequence[Criterion], budget: Budget, seed: int, clock: Clock
) -> tuple[Outcome, FloatArray]:
    """Choose the centers that are open beside seats: the same way where contiguity is not asked, else alternating."""
    median = seated_median_of(problem, criteria)
    if median is None:
        return alternating(problem, criteria, budget, seed, clock)
    if any(criterion.terms(problem).contiguous for criterion in criteria):
        return alternating(problem, criteria, budget, seed, clock, _bound_of(median))
    return _interchangeable(problem, criteria, median, budget, seed, clock)


def _bound_of(median: Median) -> float:
    return ascend(median).bound


def _moving(
    median: Median,
    start: IntArray | None,
    budget: Budget,
    seed: int,
    clock: Clock,
    bound: float = -np.inf,
) -> Interchanged:
    """Search with moving centers, with the effort of the budget."""
    return interchange(
        median,
        start,
        proposals=max(budget.least_proposals, budget.proposals * median.n),
        neighbourhoods=budget.neighbourhoods * median.k,
        seed=seed,
        clock=clock,
        bound=bound,
    )


def _bounded(median: Median, found: Interchanged, clock: Clock) -> Dual:
    """Bound the points over all centers, with steps measured against the plan that was found."""
    clock.tell("bound over all centers", found.value, 0.0, -np.inf)
    return ascend(median, found.value)


def _outcome(found: Interchanged, criteria: Sequence[Criterion]) -> Outcome:
    """Put a plan that keeps all limits into the form of the other searches."""
    priority = min((c.priority for c in criteria if c.weight), default=1)
    level = Level(priority, found.value, None)
    return Outcome(found.label, (level,), "", (), found.work, found.complete)


def _from_prices(
    problem: Problem,
    criteria: Sequence[Criterion],
    median: Median,
    budget: Budget,
    seed: int,
    clock: Clock,
    share: float,
) -> tuple[Outcome, FloatArray]:
    """Search from the centers that the bound prefers: where territories must hang together, or limits are tight."""
    clock.tell("bound over all centers", np.inf, np.inf, -np.inf)
    dual = ascend(median)
    searched = _search(problem, criteria, median, dual, budget, seed, clock, share)
    if searched.territory is None:
        return searched, problem.seat
    whole = bool(searched.levels) and np.isfinite(searched.levels[0].objective)
    center = best_centers_of(median, searched.territory)[0] if whole else None
    work = {**searched.work, "dual rounds": dual.rounds, "branch and bound nodes": 0}
    closed = _close(median, dual, center, budget, seed, clock, work)
    return _told(problem, median, closed, searched, work, clock)


@dataclass(frozen=True, eq=False)
class _Closed:
    """How far the exact method came: the center of each unit or ``None``, and the bound."""

    center: IntArray | None
    bound: float
    step: str


def _close(
    median: Median,
    dual: Dual,
    center: IntArray | None,
    budget: Budget,
    seed: int,
    clock: Clock,
    work: dict[str, int],
) -> _Closed:
    """Rule out pairs by the bound, and search the rest: first the promising few, last all of them."""
    if center is None and median.n**2 <= LOGIC_PAIRS:
        probe = _probe(median, budget, seed, clock, work)
        if probe.bound == np.inf:
            return _Closed(None, np.inf, "no plan exists, by CP-SAT with and without presolve")
        center = None if probe.center is None else best_centers_of(median, probe.center)[0]
    dual = _closer(median, dual, center, work)
    for size in (*(max(FEW_PAIRS, each * median.n) for each in PAIRS_EACH), None):
        upper = np.inf if center is None else cost_of(median, center)
        if reached(upper, dual.bound):
            return _Closed(center, dual.bound, "local search reached the bound over all centers")
        least = dual.least_with(median)
        pairs = _left(least, upper)
        count = int(pairs.sum())
        if clock.over or (count > MANY_PAIRS and size is None) or (size is not None and size >= count):
            continue
        if size is not None:
            pairs &= least <= np.partition(least.ravel(), size)[size]
        clock.tell("exact search", upper, 0.0 if center is not None else 1.0, dual.bound)
        proof = _exact(
            median, pairs, center, budget, seed, clock, work, share=1.0 if size is None else FIRST_SHARE
        )
        if proof.center is not None and (center is None or cost_of(median, proof.center) < upper):
            center = proof.center
        if size is None:
            return _concluded(proof, center, upper, dual)
    return _Closed(center, dual.bound, "exact search of a part, and the bound over all centers")


def _closer(median: Median, dual: Dual, center: IntArray | None, work: dict[str, int]) -> Dual:
    """Climb on from the prices, now that a plan is known to measure steps against."""
    if center is None or median.n**2 > MANY_PAIRS * 50:
        return dual
    again = ascend(median, cost_of(median, center), dual)
    work["dual rounds"] += again.rounds
    return again if again.bound > dual.bound else dual


def _exact(
    median: Median,
    pairs: BoolArray,
    center: IntArray | None,
    budget: Budget,
    seed: int,
    clock: Clock,
    work: dict[str, int],
    *,
    share: float,
) -> MedianProof:
    """Solve over some pairs: where units are few by CP-SAT, and by HiGHS where that does not close."""
    if median.n <= FEW_UNITS and center is not None:
        seconds = clock.left(FIRST_SHARE)
        proof = isolated(
            partial(
                solve_cp,
                median,
                pairs,
                aim=True,
                hint=center,
                deterministic_time=budget.exact_time,
                seconds=seconds,
                seed=seed,
            ),
            what="CP-SAT for chosen centers",
            failing=NOTHING,
            within=seconds,
        )
        work["exact deterministic time (ms)"] = work.get("exact deterministic time (ms)", 0) + proof.nodes
        if proof.closed:
            return _kept(median, proof)
    seconds = clock.left(share)
    proof = isolated(
        partial(solve, median, pairs, nodes=_nodes(budget), seconds=seconds),
        what="HiGHS for chosen centers",
        failing=NOTHING,
        within=seconds,
    )
    work["branch and bound nodes"] += proof.nodes
    return _kept(median, proof)


def _kept(median: Median, proof: MedianProof) -> MedianProof:
    """Take a solver's plan only where the limits hold to the last bit that counts."""
    if proof.center is None:
        return proof
    label = np.unique(proof.center, return_inverse=True)[1]
    for a in range(median.activity.shape[1]):
        size = np.bincount(label, weights=median.activity[:, a])
        slack = HOLDS_WITHIN * np.abs(size).max(initial=1.0)
        if (size > median.upper[a] + slack).any() or (size < median.lower[a] - slack).any():
            return replace(proof, center=None, closed=False)
    return proof


def _probe(median: Median, budget: Budget, seed: int, clock: Clock, work: dict[str, int]) -> MedianProof:
    """Ask for any plan at all; that there is none is believed only when a solve without presolve agrees."""
    every = np.ones((median.n, median.n), dtype=bool)
    for presolve in (True, False):
        seconds = clock.left(0.5)
        proof = isolated(
            partial(
                solve_cp,
                median,
                every,
                aim=False,
                hint=None,
                deterministic_time=budget.exact_time,
                seconds=seconds,
                seed=seed,
                presolve=presolve,
            ),
            what="CP-SAT for chosen centers",
            failing=NOTHING,
            within=seconds,
        )
        work["exact deterministic time (ms)"] = work.get("exact deterministic time (ms)", 0) + proof.nodes
        if proof.bound != np.inf:
            return replace(proof, bound=-np.inf) if presolve else NOTHING
    return proof


def _concluded(proof: MedianProof, center: IntArray | None, upper: float, dual: Dual) -> _Closed:
    """Say what a solve over every pair that is left proves."""
    if center is None or proof.bound == np.inf:
        # nothing is called infeasible on one solver's word, least of all where a plan is known
        return _Closed(center, dual.bound, "exact search to the end of its effort")
    step = "exact search " + ("to proof" if proof.closed else "to the end of its effort")
    return _Closed(center, max(dual.bound, min(proof.bound, upper)), step)


def _left(least: FloatArray, upper: float) -> BoolArray:
    """Pairs that a plan no worse than ``upper`` may use."""
    return np.asarray(least <= upper + PROVEN * max(1.0, abs(upper)))


def _nodes(budget: Budget) -> int:
    return max(1, round(1_000 * budget.exact_time))


def _told(
    problem: Problem, median: Median, closed: _Closed, searched: Outcome, work: dict[str, int], clock: Clock
) -> tuple[Outcome, FloatArray]:
    """Turn centers of units into territories, named so that as many units as can be stay where they are."""
    complete = searched.complete and not clock.over
    steps = (f"local search with moving centers; {closed.step}",)
    if closed.center is None and closed.bound == np.inf:
        reason = "no plan keeps all hard rules together, whatever the centers: proven by CP-SAT with and without presolve"
        return Outcome(None, (), reason, steps, work, complete), problem.seat
    if closed.center is None:
        return replace(searched, steps=steps, work=work, complete=complete), _middle(
            problem, median, searched
        )
    opened = np.unique(closed.center)
    label = np.searchsorted(opened, closed.center)
    today = Alignment.incumbent(problem).unit_territory
    name = locate.names_like_today(today, label, median.k, median.seated)
    # a territory may have been left without any unit, and so without a center
    center = np.full((median.k, 2), np.nan)
    place = np.concatenate((problem.place, problem.seat[median.seated]))
    center[name[: len(opened)]] = place[opened]
    value = cost_of(median, closed.center)
    bound = None if np.isinf(closed.bound) else min(closed.bound, value)
    levels = (Level(searched.levels[0].priority if searched.levels else 1, value, bound),)
    return Outcome(name[label][: problem.n], levels, "", steps, work, complete), center


def _middle(problem: Problem, median: Median, searched: Outcome) -> FloatArray:
    """Best centers of a plan that breaks rules, shape ``(k, 2)``."""
    center = problem.seat.copy()
    if searched.territory is not None:
        best, _ = best_centers_of(median, searched.territory)
        center[searched.territory] = problem.place[best]
    return center


def _search(
    problem: Problem,
    criteria: Sequence[Criterion],
    median: Median,
    dual: Dual,
    budget: Budget,
    seed: int,
    clock: Clock,
    share: float,
) -> Outcome:
    """Search from the centers that the bound prefers, moving them along."""
    seat = problem.place[np.flatnonzero(dual.chosen)]

    def recenter(territory: IntArray) -> FloatArray:
        best, _ = best_centers_of(median, territory)
        center = np.zeros(median.k, dtype=np.int64)
        center[territory] = best
        return np.ascontiguousarray(median.cost[:, center].reshape(1, -1))

    located = locate.located(problem, seat)
    free = FreeCenters(recenter, dual.bound)
    return settle(located, criteria, budget, seed, clock.part(share), free=free)
