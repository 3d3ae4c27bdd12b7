"""The territory engine's front door: from a Problem and its criteria to a plan and what is proven of it.

1. *Relax*: the linear program over all eligible pairs; its Lagrangian bound holds for every plan, and where
   the hard rules cannot even be met fractionally, no plan exists.
2. *Construct*: the relaxation rounded, and today's alignment, each mended until contiguous.
3. *Improve*: annealing over moves and swaps from each, then longer from the better.
4. *Prove*: a small model goes to CP-SAT with the best plan as its hint.
5. *Check*: every plan is judged by the criteria themselves, with no solver, before it is called feasible.

Levels of priority are settled one after the other, each capped at the value it reached. Where centers are
chosen, steps 1 to 3 alternate with moving each center to the best unit of its territory.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from spm_opt.align import locate
from spm_opt.align.construct import cheapest_from, connected, rounded
from spm_opt.align.exact import prove
from spm_opt.align.model import Model, build
from spm_opt.align.relax import Relaxation, relax
from spm_opt.align.result import PROVEN, Level, Progress, Result
from spm_opt.align.search import Found, search
from spm_opt.criteria.terms import Criterion
from spm_opt.plan import Alignment
from spm_opt.problem import FloatArray, IntArray, Problem
from spm_opt.verify import verify

Effort = Literal["quick", "standard", "thorough"]


@dataclass(frozen=True)
class Budget:
    """Effort in work, never in seconds.

    Attributes
    ----------
    proposals, least_proposals
        Moves that the local search looks at: for each node, and in all at least.
    exact_time
        Deterministic time of the exact method.
    relocations
        Rounds of choosing centers.
    """

    proposals: int
    least_proposals: int
    exact_time: float
    relocations: int


BUDGETS: dict[Effort, Budget] = {
    "quick": Budget(1_500, 100_000, 2.0, 4),
    "standard": Budget(4_000, 1_000_000, 10.0, 10),
    "thorough": Budget(30_000, 10_000_000, 60.0, 25),
}


@dataclass(frozen=True)
class Stiffer:
    """A mending search: its stiffness, its heat at most, and how far inside the limits it aims."""

    stiffness: float
    heat: float
    inset: float


SOFT = 3.0
"""Stiffness of the searches that look for cheap plans, whatever they break."""
COLD, HOT = 0.1, 5.0
"""First temperatures of two such searches from the relaxation: near it, and farther from it."""
FIRST = 0.4
"""Share of the proposals for each."""
CHAIN = (
    Stiffer(10.0, 1.0, 0.0),
    Stiffer(30.0, 1.0, 0.002),
    Stiffer(30.0, 3.0, 0.003),
    Stiffer(100.0, 3.0, 0.005),
)
"""The searches that mend what the best of them broke, one after the other while it is needed."""
CHAINS = 3
"""How often mending may begin again, each time with other draws and aiming farther inside the limits."""
POLISH = (Stiffer(30.0, 1.0, 0.002), Stiffer(30.0, 0.3, 0.001))
"""The searches that lower the points of a plan that breaks nothing any more."""
MEND = 0.25
"""Share of the proposals for each mending or polishing search."""
BLUR = 0.02
"""Share of the mean activity that weightless units get while a fractional plan is rounded."""
EXACT_ARCS = 4_000
"""Largest model that is given to the exact method."""


def align(
    problem: Problem,
    criteria: Sequence[Criterion],
    *,
    effort: Effort = "standard",
    seed: int = 1,
    progress: Callable[[Progress], None] | None = None,
    time_limit: float | None = None,
) -> Result:
    """Find the best alignment that keeps every hard rule, and say how good it provably is.

    Parameters
    ----------
    problem
        Units, territories and eligible pairs.
    criteria
        Rules and aims.
    effort
        How long to search, counted in work.
    seed
        Seed of the search.
    progress
        Called now and then with what was reached.
    time_limit
        Seconds after which the search stops with the best plan so far; a result that it has cut is not
        repeatable, and says so.
    """
    clock = _Clock(time.monotonic(), time_limit, progress)
    budget = BUDGETS[effort]
    if locate.free_territories(problem, criteria).any():
        outcome, center = _with_centers(problem, criteria, budget, seed, clock)
    else:
        outcome, center = _solve(problem, criteria, budget, seed, clock), problem.seat
    return _result(problem, criteria, outcome, center, clock)


@dataclass(frozen=True, eq=False)
class _Clock:
    began: float
    limit: float | None
    progress: Callable[[Progress], None] | None

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.began

    @property
    def over(self) -> bool:
        return self.limit is not None and self.seconds > self.limit

    def tell(self, step: str, objective: float, violation: float, bound: float) -> bool:
        """Report progress; say whether to go on."""
        if self.progress is not None:
            self.progress(Progress(step, objective, violation, bound))
        return not self.over


@dataclass(frozen=True, eq=False)
class _Outcome:
    """What the steps came to for fixed centers; ``territory`` is of units."""

    territory: IntArray | None
    levels: tuple[Level, ...]
    reason: str
    steps: tuple[str, ...]
    work: dict[str, int]
    complete: bool


def _solve(
    problem: Problem,
    criteria: Sequence[Criterion],
    budget: Budget,
    seed: int,
    clock: _Clock,
    start: IntArray | None = None,
) -> _Outcome:
    """Settle level after level for fixed centers; ``start`` (of units) is one more plan to begin from."""
    model = build(problem, criteria)
    stuck = np.flatnonzero(np.diff(model.start) == 0)
    if len(stuck):
        return _Outcome(
            None, (), _nowhere(model, problem, stuck), ("found before solving",), {}, complete=True
        )
    work = {"simplex iterations": 0, "proposals": 0, "exact deterministic time (ms)": 0}
    levels: list[Level] = []
    steps: list[str] = []
    starts = [
        _of_nodes(model, plan)
        for plan in (start, Alignment.incumbent(problem).unit_territory)
        if plan is not None
    ]
    best, complete = starts[0], True
    for at, priority in enumerate(model.priorities):
        caps = np.array([level.objective + PROVEN * max(1.0, abs(level.objective)) for level in levels])
        clock.tell("relaxation", np.inf, np.inf, -np.inf)
        relaxed = relax(model, at, caps)
        work["simplex iterations"] += relaxed.iterations
        if relaxed.violation > 0:
            return _Outcome(
                None, (), _clashing(relaxed.clash), ("linear relaxation, by its multipliers",), work, complete
            )
        ideas = [connected(model, rounded(model, relaxed.share), relaxed.share)]
        ideas += (
            [best] if at else [connected(model, cheapest_from(model, plan), relaxed.share) for plan in starts]
        )
        found = _improve(model, ideas, at, caps, relaxed, budget, seed, clock)
        best, complete = found.territory, complete and found.complete
        work["proposals"] += found.proposals
        step, bound, value = "local search", relaxed.bound, found.value if found.violation <= 0 else np.inf
        if value - bound <= PROVEN * max(1.0, abs(bound)):
            step += " reached the bound of the relaxation"
        elif len(model.territory) <= EXACT_ARCS and not clock.over:
            proof = prove(model, best, level=at, caps=caps, deterministic_time=budget.exact_time, seed=seed)
            work["exact deterministic time (ms)"] += proof.work
            if proof.proven and proof.territory is None:
                reason = "no plan keeps all hard rules together: proven by CP-SAT and by HiGHS"
                return _Outcome(None, (), reason, ("exact search",), work, complete)
            step += ", exact search to proof" if proof.proven else ", exact search to the end of its effort"
            if proof.territory is not None:
                reached = float(model.value(proof.territory)[at])
                if reached <= value:
                    best, value = proof.territory, reached
            bound = max(bound, value) if proof.proven else bound
        elif complete:
            step += " to the end of its effort"
        steps.append(step if complete else step + ", cut by the time limit")
        proven = None if np.isinf(bound) else min(float(bound), float(value))
        levels.append(Level(priority, float(value), proven))
        if np.isinf(value):
            break
    return _Outcome(best[model.node_of_unit], tuple(levels), "", tuple(steps), work, complete)


def _blurred(problem: Problem, criteria: Sequence[Criterion], model: Model) -> Model | None:
    """Build the model in which no geographic unit is weightless, or nothing where none is.

    A relaxation may send units that carry nothing anywhere at no cost, and scatters them. With a little
    activity they follow their surroundings, and the rounded plan hangs together far better.
    """
    light = problem.geographic & (problem.activity == 0).any(axis=1)
    if not model.geographic.any() or not light.any():
        return None
    mean = problem.activity[problem.geographic].mean(axis=0)
    return build(
        replace(problem, activity=problem.activity + BLUR * mean * problem.geographic[:, None]), criteria
    )


def _of_nodes(model: Model, units: IntArray) -> IntArray:
    """Territory of each node by its first unit, ``NONE`` where it has none."""
    first = np.unique(model.node_of_unit, return_index=True)[1]
    return units[first]


def _improve(
    model: Model,
    ideas: list[IntArray],
    level: int,
    caps: FloatArray,
    relaxed: Relaxation,
    budget: Budget,
    seed: int,
    clock: _Clock,
) -> Found:
    """Search softly from every idea, mend what the best of them breaks, then polish.

    The first idea is the relaxation's, the others are plans that stand.
    """
    proposals = max(budget.least_proposals, budget.proposals * model.n)
    spent, number, bound = 0, 0, relaxed.bound

    def going(value: float, violation: float) -> bool:
        on = clock.tell("search", value if violation <= 0 else np.inf, violation, bound)
        return on and not (violation <= 0 and value - bound <= PROVEN * max(1.0, abs(bound)))

    def tried(
        start: IntArray, share: float, heat: float, stiffness: float = SOFT, inset: float = 0.0
    ) -> Found:
        nonlocal spent, number
        number += 1
        found = search(
            model,
            start,
            level=level,
            caps=caps,
            multiplier=relaxed.multiplier,
            proposals=round(share * proposals),
            heat=heat,
            stiffness=stiffness,
            inset=inset,
            seed=seed + number,
            keep_going=going,
        )
        spent += found.proposals
        return found

    setups = [(ideas[0], COLD), (ideas[0], HOT), *((idea, 1.0) for idea in ideas[1:])]
    tries = [(tried(idea, FIRST, heat), heat) for idea, heat in setups]
    soft, warm = min(tries, key=lambda pair: _merit(pair[0]))
    best = soft
    for chain in range(CHAINS):
        present = soft
        for mend in CHAIN:
            if best.violation > 0 and going(best.value, best.violation):
                heat = mend.heat if chain else min(warm, mend.heat)
                present = tried(present.territory, MEND, heat, mend.stiffness, mend.inset * (1 + chain))
                best = min((best, present), key=_rank)
    for last in POLISH:
        if going(best.value, best.violation):
            polished = tried(best.territory, MEND, min(warm, last.heat), last.stiffness, last.inset)
            best = min((best, polished), key=_rank)
    return replace(best, proposals=spent, complete=not clock.over)


def _rank(found: Found) -> tuple[float, float]:
    return found.violation, found.value


def _merit(found: Found) -> tuple[float, float]:
    """How promising a soft search is: mending all rows broken by a percent in all takes about that of the points."""
    return found.value * (1 + found.violation), found.violation


def _with_centers(
    problem: Problem, criteria: Sequence[Criterion], budget: Budget, seed: int, clock: _Clock
) -> tuple[_Outcome, FloatArray]:
    """Alternate between assigning for given centers and moving centers to the best unit of their territory."""
    free = locate.free_territories(problem, criteria)
    today = Alignment.incumbent(problem).unit_territory
    center = locate.first_centers(problem, criteria, free, today)
    short = replace(
        budget, proposals=budget.proposals // 4, least_proposals=budget.least_proposals // 4, exact_time=0.0
    )
    work: dict[str, int] = {}
    outcome = None
    for _ in range(budget.relocations):
        start = None if outcome is None else outcome.territory
        outcome = _solve(locate.located(problem, center), criteria, short, seed, clock, start)
        _add(work, outcome.work)
        if outcome.territory is None or clock.over:
            break
        moved = locate.best_centers(problem, criteria, free, outcome.territory, center)
        if np.array_equal(moved, center, equal_nan=True):
            break
        center = moved
    if outcome is not None and outcome.territory is not None and not clock.over:
        outcome = _solve(locate.located(problem, center), criteria, budget, seed, clock, outcome.territory)
        _add(work, outcome.work)
    if outcome is None or outcome.territory is None:
        return replace(outcome, work=work) if outcome else _Outcome(
            None, (), "", (), work, complete=True
        ), center
    center = locate.best_centers(problem, criteria, free, outcome.territory, center)
    # what was proven held for the centers of the last round only
    levels = tuple(Level(level.priority, level.objective, None) for level in outcome.levels)
    steps = (*outcome.steps, "centers chosen by alternating, without a bound over all centers")
    return replace(outcome, levels=levels, steps=steps, work=work), center


def _add(total: dict[str, int], more: dict[str, int]) -> None:
    for kind, amount in more.items():
        total[kind] = total.get(kind, 0) + amount


def _nowhere(model: Model, problem: Problem, stuck: IntArray) -> str:
    """Say which units no territory may take."""
    names = [problem.unit_ids[u] for u in np.flatnonzero(np.isin(model.node_of_unit, stuck))]
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""  # noqa: PLR2004  as many as one reads
    return f"no seller may take {', '.join(names[:10])}{more} (skills, locks and pairs leave none in common)"


def _clashing(clash: tuple[str, ...]) -> str:
    more = f" and {len(clash) - 8} more" if len(clash) > 8 else ""  # noqa: PLR2004  as many as one reads
    return f"these limits cannot hold together, not even with divisible units: {'; '.join(clash[:8])}{more}"


def _result(
    problem: Problem, criteria: Sequence[Criterion], outcome: _Outcome, center: FloatArray, clock: _Clock
) -> Result:
    """Judge the plan with no solver, and put the result into words."""
    method = f"{'; '.join(outcome.steps)}"
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
            outcome.complete,
        )
    alignment = Alignment.of_units(problem, outcome.territory, center)
    verdict = verify(problem, criteria, alignment)
    parts = {
        measure.title: criterion.weight * measure.value
        for criterion, measure in zip(criteria, verdict.measures, strict=True)
        if criterion.weight
    }
    levels = tuple(
        replace(level, objective=sum(c.weight * m.value for c, m in zip(criteria, verdict.measures, strict=True)
                                     if c.weight and c.priority == level.priority))
        for level in outcome.levels
    )  # fmt: skip
    if not verdict.holds:
        reason = "none was found in the effort given; nothing is proven"
        return Result(
            "unknown", alignment, levels, parts, verdict.breaches, method, reason, outcome.work, clock.seconds,
            outcome.complete,
        )  # fmt: skip
    proven = all(level.gap == 0 for level in levels)
    return Result(
        "optimal" if proven else "feasible", alignment, levels, parts, (), method, "", outcome.work, clock.seconds,
        outcome.complete,
    )  # fmt: skip
