"""Plans whose centers are chosen: with a bound and to proof where territories are interchangeable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from spm_opt.align import locate
from spm_opt.align.alternate import alternating
from spm_opt.align.closing import LOGIC_PAIRS, MANY_PAIRS, Closed, close, left
from spm_opt.align.dual import Dual, ascend
from spm_opt.align.effort import Budget, Clock
from spm_opt.align.interchange import Interchanged, interchange
from spm_opt.align.listed import by_list
from spm_opt.align.median import Median, impossible_at_a_glance, median_of, seated_median_of
from spm_opt.align.median_exact import best_centers_of, cost_of
from spm_opt.align.result import Level, reached
from spm_opt.align.settle import FreeCenters, Outcome, settle
from spm_opt.criteria import Dispersion
from spm_opt.criteria.terms import Criterion
from spm_opt.plan import Alignment
from spm_opt.problem import FloatArray, IntArray, Problem

FIRST_LOOK = 0.7
"""Most of the time that the local search takes before the bound is asked for."""
HOPELESS = 15_000
"""Pairs that the bound leaves, beyond which the time goes to the local search instead."""
MOST_RELAXED = 1_000
"""Most units for which travel alone is bounded, where other aims stand beside it."""
SHORT_SEARCH, LONG_SEARCH, ONLY_SEARCH = 0.2, 0.35, 0.9
"""Shares of a time limit for the local search: of few units, of more, and where no exact solve follows."""


def with_centers(
    problem: Problem,
    criteria: Sequence[Criterion],
    budget: Budget,
    seed: int,
    clock: Clock,
    start: Alignment | None = None,
) -> tuple[Outcome, FloatArray]:
    """Choose centers together with territories; ``start`` is a plan to begin from, where territories differ.

    Returns
    -------
    The outcome, and the center of each territory, shape ``(k, 2)``.
    """
    median = median_of(problem, criteria)
    if median is None:
        return _some_seats(problem, criteria, budget, seed, clock, start)
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
    remaining = int(left(dual.least_with(median), found.value).sum())
    if remaining > HOPELESS and median.n**2 > LOGIC_PAIRS:
        # too much is left for an exact solve: the time is better spent on looking further
        closed = Closed(center, dual.bound, "bound over all centers")
    else:
        closed = close(median, dual, center, budget, seed, clock, work)
    closed, complete = _further(median, closed, budget, seed + 1, clock, work, afresh=found.stalled)
    searched = replace(_outcome(found, criteria), complete=found.complete and complete)
    return _told(problem, median, closed, searched, work, clock)


def _further(
    median: Median,
    closed: Closed,
    budget: Budget,
    seed: int,
    clock: Clock,
    work: dict[str, int],
    *,
    afresh: bool,
) -> tuple[Closed, bool]:
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
    problem: Problem,
    criteria: Sequence[Criterion],
    budget: Budget,
    seed: int,
    clock: Clock,
    start: Alignment | None,
) -> tuple[Outcome, FloatArray]:
    """Choose the centers that are open beside seats: the same way where contiguity is not asked, else alternating."""
    median = seated_median_of(problem, criteria)
    if median is None:
        listed = by_list(problem, criteria, budget, clock)
        if listed is not None and listed.outcome is not None:
            return listed.outcome, listed.center
        bound = _bound_of_travel(problem, criteria) if listed is None else listed.bound
        return alternating(problem, criteria, budget, seed, clock, bound, start)
    if any(criterion.terms(problem).contiguous for criterion in criteria):
        return alternating(problem, criteria, budget, seed, clock, _bound_of(median), start)
    return _interchangeable(problem, criteria, median, budget, seed, clock)


def _bound_of_travel(problem: Problem, criteria: Sequence[Criterion]) -> float:
    """Bound the points by those of travel alone: no aim's value is below nothing, and rules still hold."""
    if problem.n > MOST_RELAXED or len({c.priority for c in criteria if c.weight}) > 1:
        return -np.inf
    every: Sequence[Any] = criteria  # each is a frozen model, of which a copy may differ
    kept = [one if isinstance(one, Dispersion) else one.model_copy(update={"weight": 0.0}) for one in every]
    median = median_of(problem, kept)
    return -np.inf if median is None else _bound_of(median)


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
    if center is not None and len(np.unique(center)) == median.k and not len(median.seated):
        plan = Closed(center, dual.bound, "")
        plan, _ = _further(median, plan, budget, seed, clock.part(share), work, afresh=False)
        center = plan.center
    closed = close(median, dual, center, budget, seed, clock, work)
    if not searched.complete and center is not None and not len(median.seated):
        # the search was cut to leave time for the proof, which did not need all of it
        closed, _ = _further(median, closed, budget, seed + 1, clock, work, afresh=False)
    return _told(problem, median, closed, searched, work, clock)


def _told(
    problem: Problem, median: Median, closed: Closed, searched: Outcome, work: dict[str, int], clock: Clock
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
    # a solver that was cut may leave a plan whose units would be nearer to another of them
    chosen, _ = best_centers_of(median, closed.center)
    opened = np.unique(chosen)
    label = np.searchsorted(opened, chosen)
    today = Alignment.incumbent(problem).unit_territory
    name = locate.names_like_today(today, label, median.k, median.seated)
    # a territory may have been left without any unit, and so without a center
    center = np.full((median.k, 2), np.nan)
    place = np.concatenate((problem.place, problem.seat[median.seated]))
    center[name[: len(opened)]] = place[opened]
    value = cost_of(median, chosen)
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
