"""Chosen centers where territories differ, or are too many: assign for given centers, move these, and again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from spm_opt.align import locate
from spm_opt.align.among import matched
from spm_opt.align.carve import carved
from spm_opt.align.choices import enumerable, every_choice
from spm_opt.align.effort import Budget, Clock
from spm_opt.align.pricing import FEW, bound_anywhere, moved_by_prices
from spm_opt.align.result import Level
from spm_opt.align.settle import Outcome, settle
from spm_opt.align.thin import NEAREST, spread, thinned
from spm_opt.criteria.terms import Criterion
from spm_opt.plan import Alignment
from spm_opt.problem import BoolArray, FloatArray, IntArray, Problem

MANY_ARCS = 1_000_000
"""Pairs beyond which only the nearest centers of each unit are offered."""
FIRST_ROUND = 0.5
"""Share of the time for the first plan there; what is left goes to plans from moved centers."""
ROUNDS_OF_FEW, TRIES_OF_FEW = 1, 3
"""Rounds, and relaxations beside one for each, where few centers are open among many: prices place them well."""
WORTHWHILE = 0.3
"""Share of the time of the first plan that must be left for another."""


def alternating(
    problem: Problem,
    criteria: Sequence[Criterion],
    budget: Budget,
    seed: int,
    clock: Clock,
    bound: float = -np.inf,
    start: Alignment | None = None,
) -> tuple[Outcome, FloatArray]:
    """Alternate between assigning for given centers and moving centers to the best unit of their territory.

    Parameters
    ----------
    problem, criteria
        What is asked.
    budget, seed, clock
        How long to search, with which draws, and until when.
    bound
        Points that no plan can beat whatever the centers, where there is one level only.
    start
        A plan to begin from, beside today's.

    Returns
    -------
    The outcome, and the center of each territory, shape ``(k, 2)``.
    """
    free = locate.free_territories(problem, criteria)
    today = Alignment.incumbent(problem).unit_territory
    if enumerable(problem, criteria, free):
        return every_choice(problem, criteria, free, budget, seed, clock)
    if len(problem.arcs.territory) > MANY_ARCS:
        return _among_nearest(problem, criteria, free, today, budget, seed, clock)
    plan = today if start is None else start.unit_territory
    center = locate.first_centers(problem, criteria, free, plan, None if start is None else start.center)
    few = free.sum() <= min(FEW, problem.k // 4)
    tries = min(budget.relocations, TRIES_OF_FEW + int(free.sum())) if few else budget.relocations
    center = moved_by_prices(problem, criteria, free, center, tries, clock)
    bound = max(bound, bound_anywhere(problem, criteria, free, clock)) if few else bound
    begun = carved(problem, plan, center) if few or start is not None else None
    short = replace(
        budget, proposals=budget.proposals // 4, least_proposals=budget.least_proposals // 4, exact_time=0.0,
        adjoining=budget.adjoining // 4,
    )  # fmt: skip
    rounds = min(budget.relocations, ROUNDS_OF_FEW) if few else budget.relocations
    outcome = settle(
        locate.located(problem, center), criteria, short, seed, clock, begun, keep=start is not None
    )
    work = dict(outcome.work)
    for left in reversed(range(rounds)):
        if outcome.territory is None or clock.over:
            break
        moved = locate.best_centers(problem, criteria, free, outcome.territory, center)
        if np.array_equal(moved, center, equal_nan=True):
            break
        center = moved
        if left:
            outcome = settle(locate.located(problem, center), criteria, short, seed, clock, outcome.territory)
            _add(work, outcome.work)
    if outcome.territory is not None and not clock.over:
        there = locate.located(problem, center)
        outcome = settle(
            there, criteria, budget, seed, clock, outcome.territory, keep=few or start is not None
        )
        _add(work, outcome.work)
    if outcome.territory is None:
        return replace(outcome, work=work), center
    center = locate.best_centers(problem, criteria, free, outcome.territory, center)
    return _told(outcome, work, "centers chosen by alternating", bound), center


def _among_nearest(
    problem: Problem,
    criteria: Sequence[Criterion],
    free: BoolArray,
    today: IntArray,
    budget: Budget,
    seed: int,
    clock: Clock,
) -> tuple[Outcome, FloatArray]:
    """Alternate where pairs are too many: each unit is offered its nearest centers only."""
    clock.tell("centers", np.inf, np.inf, -np.inf)
    center = spread(problem, free, locate.best_centers(problem, criteria, free, today, problem.seat), seed)
    if problem.candidates is not None:
        center = matched(problem.candidates, free, center, planar=problem.planar)
    began, first = clock.seconds, clock.part(FIRST_ROUND)
    best = _settled(problem, criteria, center, today, budget, seed, first, None)
    work, lasted = dict(best.work), clock.seconds - began
    for _ in range(budget.relocations):
        spare = np.inf if clock.limit is None else clock.limit - clock.seconds
        if best.territory is None or clock.over or spare < WORTHWHILE * lasted:
            break
        moved = locate.best_centers(problem, criteria, free, best.territory, center)
        if np.array_equal(moved, center, equal_nan=True):
            break
        outcome = _settled(problem, criteria, moved, today, budget, seed, clock, best.territory)
        _add(work, outcome.work)
        if _worse(outcome, best):
            break
        best, center = outcome, moved
    if best.territory is None:
        # other pairs might have allowed a plan
        best = settle(locate.located(problem, center), criteria, budget, seed, clock)
        _add(work, best.work)
        if best.territory is None:
            return replace(best, work=work), center
    center = locate.best_centers(problem, criteria, free, best.territory, center)
    return _told(
        best, work, f"centers chosen by alternating among the {NEAREST} nearest of each unit"
    ), center


def _settled(
    problem: Problem,
    criteria: Sequence[Criterion],
    center: FloatArray,
    today: IntArray,
    budget: Budget,
    seed: int,
    clock: Clock,
    start: IntArray | None,
) -> Outcome:
    """Assign for given centers among the nearest of each unit, those of its present territory included."""
    offered = thinned(problem, center, today if start is None else start)
    return settle(locate.located(offered, center), criteria, budget, seed, clock, start)


def _worse(outcome: Outcome, best: Outcome) -> bool:
    if outcome.territory is None:
        return True
    now, then = ([level.objective for level in one.levels] for one in (outcome, best))
    return now >= then


def _told(outcome: Outcome, work: dict[str, int], how: str, bound: float = -np.inf) -> Outcome:
    """Take back what was proven for the centers of the last round only, and say what holds for all."""
    known = None if np.isinf(bound) else bound
    levels = tuple(
        Level(level.priority, level.objective, None if known is None else min(known, level.objective))
        for level in outcome.levels
    )
    steps = (*outcome.steps, f"{how}, {'without a' if known is None else 'and a'} bound over all centers")
    return replace(outcome, levels=levels, steps=steps, work=work)


def _add(total: dict[str, int], more: dict[str, int]) -> None:
    for kind, amount in more.items():
        total[kind] = total.get(kind, 0) + amount
