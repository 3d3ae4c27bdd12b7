"""The territory engine's front door: from a Problem and its criteria to a plan and what is proven of it.

1. *Relax*: the linear program over all eligible pairs, or the ascent of its smoothed dual; the Lagrangian
   bound holds for every plan, and where the hard rules cannot even be met fractionally, no plan exists.
2. *Construct*: the relaxation rounded, and today's alignment, each mended until contiguous.
3. *Improve*: annealing over moves and swaps from each, then longer from the better; guided by prices that
   move where the map is large, then trades of several nodes; else branch and bound around a few territories
   at a time; ejection chains where there is no geography.
4. *Prove*: a small model goes to CP-SAT with the best plan as its hint, the core of one without geography
   to HiGHS.
5. *Check*: every plan is judged by the criteria themselves, with no solver, before it is called feasible.

Levels of priority are settled one after the other, each capped at the value it reached. Where centers are
chosen the search moves them along, and ``closing`` proves: by whole territories, else over pairs.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from spm_opt.align import isolated, locate
from spm_opt.align.centers import with_centers
from spm_opt.align.effort import BUDGETS, FAILED, OUT_OF_TIME, STOPPED, Budget, Clock, Effort
from spm_opt.align.listed import by_list
from spm_opt.align.result import Progress, Result
from spm_opt.align.settle import Outcome, settle
from spm_opt.criteria.terms import Criterion
from spm_opt.plan import Alignment
from spm_opt.problem import FloatArray, Problem
from spm_opt.verify import verify


def align(
    problem: Problem,
    criteria: Sequence[Criterion],
    *,
    effort: Effort = "standard",
    seed: int = 1,
    progress: Callable[[Progress], None] | None = None,
    time_limit: float | None = None,
    stop: Callable[[], bool] | None = None,
    start: Alignment | None = None,
) -> Result:
    """Find the best alignment that keeps every hard rule, and say how good it provably is.

    Parameters
    ----------
    problem
        Units, territories and eligible pairs; those that ``Criterion.removed`` names are taken away by
        ``prepare``, and by whoever makes a problem without it.
    criteria
        Rules and aims.
    effort
        How long to search, counted in work.
    seed
        Seed of the search.
    progress
        Called now and then with what was reached. What it raises ends the search without a result.
    time_limit
        Seconds after which the search stops with the best plan so far; a result that it has cut is not
        repeatable, and says so.
    stop
        Asked several times a second whether to stop with the best plan so far, maybe by another thread: the
        ``is_set`` of a ``threading.Event``, for one. What it has cut is not repeatable either.
    start
        A plan of this problem to begin from beside today's, as good as it may be: units may be without a territory,
        and territories without units or center. Where territories differ in nothing but their
        names, or all are listed, or pairs are too many, centers are chosen without it.
    """
    clock = Clock(time.monotonic(), time_limit, progress, stop)
    budget = BUDGETS[effort]
    isolated.warm()
    with isolated.watched(clock) as watch:
        if locate.free_territories(problem, criteria).any():
            outcome, center = with_centers(problem, criteria, budget, seed, clock, start)
        else:
            outcome, center = _seated(problem, criteria, budget, seed, clock, start), problem.seat
    outcome = replace(
        outcome, steps=(*outcome.steps, *watch.troubles), complete=outcome.complete and not watch.cut
    )
    return _result(problem, criteria, outcome, center, clock, _cut(outcome, clock, failed=watch.failed))


def _seated(
    problem: Problem,
    criteria: Sequence[Criterion],
    budget: Budget,
    seed: int,
    clock: Clock,
    start: Alignment | None,
) -> Outcome:
    """Settle for given seats; where none counts, and territories are few enough to be listed, choose among these."""
    listed = by_list(problem, criteria, budget, clock)
    if listed is not None and listed.outcome is not None:
        return listed.outcome
    units = None if start is None else start.unit_territory
    return settle(problem, criteria, budget, seed, clock, units, keep=True)


def _cut(outcome: Outcome, clock: Clock, *, failed: bool) -> str:
    """Say what ended the search before its effort was spent, or nothing."""
    if clock.stopped:
        return STOPPED
    if failed:
        return FAILED
    return "" if outcome.complete else OUT_OF_TIME


def _result(
    problem: Problem,
    criteria: Sequence[Criterion],
    outcome: Outcome,
    center: FloatArray,
    clock: Clock,
    cut: str,
) -> Result:
    """Judge the plan with no solver, and put the result into words."""
    method = "; ".join(outcome.steps)
    if cut not in method and cut != FAILED:
        method += f"; {cut}"
    if outcome.territory is None:
        return Result(
            "infeasible",
            None,
            (),
            {},
            (),
            method,
            outcome.reason,
            outcome.work,
            clock.seconds,
            cut,
        )
    alignment = Alignment.of_units(problem, outcome.territory, center)
    verdict = verify(problem, criteria, alignment)
    parts = _parts(criteria, [measure.value for measure in verdict.measures])
    levels = tuple(
        replace(level, objective=sum(c.weight * m.value for c, m in zip(criteria, verdict.measures, strict=True)
                                     if c.weight and c.priority == level.priority))
        for level in outcome.levels
    )  # fmt: skip
    if not verdict.holds:
        reason = f"none was found {_within(cut)}; nothing is proven"
        return Result(
            "unknown", alignment, levels, parts, verdict.breaches, method, reason, outcome.work, clock.seconds, cut,
        )  # fmt: skip
    proven = all(level.gap == 0 for level in levels)
    return Result(
        "optimal" if proven else "feasible", alignment, levels, parts, (), method, "", outcome.work, clock.seconds, cut,
    )  # fmt: skip


def _within(cut: str) -> str:
    """Say what the search had to do with."""
    return {STOPPED: "before it was stopped", OUT_OF_TIME: "in the time given"}.get(
        cut, "in the effort given"
    )


def _parts(criteria: Sequence[Criterion], values: Sequence[float]) -> dict[str, float]:
    """Points of each aim by its title; aims of one title are numbered."""
    parts: dict[str, float] = {}
    for criterion, value in zip(criteria, values, strict=True):
        if criterion.weight:
            title, same = criterion.title(), 2
            while title in parts:
                title, same = f"{criterion.title()} ({same})", same + 1
            parts[title] = criterion.weight * value
    return parts
