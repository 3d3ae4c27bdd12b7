"""One plan for given centers: the levels of priority settled one after the other, with what is proven."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from spm_opt.align.ascent import suited
from spm_opt.align.construct import cheapest_from, connected, rounded
from spm_opt.align.core import grid, keeps, one_level
from spm_opt.align.effort import Budget, Clock
from spm_opt.align.exact import Proof, prove
from spm_opt.align.improve import along_prices, improve
from spm_opt.align.isolated import isolated
from spm_opt.align.model import Model, build
from spm_opt.align.neighbourhoods import reach_out
from spm_opt.align.relax import Relaxation, relax
from spm_opt.align.rescue import broken, rescued
from spm_opt.align.result import PROVEN, Level, reached
from spm_opt.align.scale import row_scale
from spm_opt.align.search import Found, Recenter
from spm_opt.align.sharpen import sharpen
from spm_opt.align.vertex import vertex
from spm_opt.criteria.terms import Criterion
from spm_opt.plan import Alignment
from spm_opt.problem import FloatArray, IntArray, Problem

BLUR = 0.02
"""Share of the mean activity that weightless units get while a fractional plan is rounded."""
BEFORE_CHAINS = 0.15
"""Share of the effort for annealing, where chains follow it."""
LINEAR = 0.4
"""Share of the time for the linear program of a large model without geography."""
EXACT_ARCS = 4_000
"""Largest model that is given to the exact method."""
BEFORE_NEIGHBOURHOODS = 0.75
"""Share of the time for annealing, where neighbourhoods of a map follow it."""


@dataclass(frozen=True, eq=False)
class Outcome:
    """What the steps came to for fixed centers; ``territory`` is of units."""

    territory: IntArray | None
    levels: tuple[Level, ...]
    reason: str
    steps: tuple[str, ...]
    work: dict[str, int]
    complete: bool


@dataclass(frozen=True, eq=False)
class FreeCenters:
    """How centers follow the plan while it is searched for, and the bound over all of them."""

    recenter: Recenter
    bound: float


@dataclass(frozen=True, eq=False)
class _Settled:
    """One level settled; ``territory`` is of nodes, and ``None`` where no plan exists."""

    territory: IntArray | None
    value: float
    bound: float
    step: str
    reason: str
    work: dict[str, int]
    complete: bool


def settle(
    problem: Problem,
    criteria: Sequence[Criterion],
    budget: Budget,
    seed: int,
    clock: Clock,
    start: IntArray | None = None,
    free: FreeCenters | None = None,
    *,
    keep: bool = False,
) -> Outcome:
    """Settle level after level for fixed centers.

    Parameters
    ----------
    problem, criteria
        What is asked; the center of each territory is its seat.
    budget, seed, clock
        How long to search, with which draws, and until when.
    start
        One more plan to begin from, shape ``(n,)`` over units.
    free
        Where centers may move in the search: how, and the bound that then counts.
    keep
        Whether the plan to begin from is good but for a few places, and is mended as it is, too.
    """
    model = build(problem, criteria)
    stuck = np.flatnonzero(np.diff(model.start) == 0)
    if len(stuck):
        reason = _nowhere(model, problem, stuck)
        return Outcome(None, (), reason, ("found before solving",), {}, complete=True)
    alone = _too_large(model, problem)
    if alone:
        return Outcome(None, (), alone, ("found before solving",), {}, complete=True)
    blurred = _blurred(problem, criteria, model)
    today = Alignment.incumbent(problem).unit_territory
    plans = [_of_nodes(model, plan) for plan in (start, today) if plan is not None]
    kinds = (
        "simplex iterations",
        "proposals",
        "chain links",
        "neighbourhoods",
        "exact deterministic time (ms)",
    )
    work = dict.fromkeys(kinds, 0)
    levels: list[Level] = []
    steps: list[str] = []
    complete = True
    for at, priority in enumerate(model.priorities):
        caps = np.array([level.objective + PROVEN * max(1.0, abs(level.objective)) for level in levels])
        kept = plans[0] if keep and start is not None else None
        settled = _settle_level(model, blurred, plans, at, caps, budget, seed, clock, free, kept)
        for kind, amount in settled.work.items():
            work[kind] += amount
        steps.append(settled.step)
        complete = complete and settled.complete
        if settled.territory is None:
            return Outcome(None, (), settled.reason, tuple(steps), work, complete)
        plans = [settled.territory]
        proven = None if np.isinf(settled.bound) else min(settled.bound, settled.value)
        levels.append(Level(priority, settled.value, proven))
        if np.isinf(settled.value):
            break
    return Outcome(plans[0][model.node_of_unit], tuple(levels), "", tuple(steps), work, complete)


def _settle_level(  # noqa: C901  one step after the other
    model: Model,
    blurred: Model | None,
    plans: Sequence[IntArray],
    level: int,
    caps: FloatArray,
    budget: Budget,
    seed: int,
    clock: Clock,
    free: FreeCenters | None,
    kept: IntArray | None,
) -> _Settled:
    clock.tell("relaxation", np.inf, np.inf, -np.inf)
    relaxed = relax(model, level, caps, clock.left(0.5))
    work = {"simplex iterations": relaxed.iterations}
    # once a level has a plan, a contradiction can only come from the rounding of its cap
    if relaxed.violation > 0 and level == 0:
        step, reason = "linear relaxation, by its multipliers", _clashing(relaxed.clash)
        return _Settled(None, np.inf, np.inf, step, reason, work, complete=True)
    single = free is None and not model.geographic.any()
    # along prices, and by the trades that follow, plans come so near to the bound that neighbourhoods gain nothing
    mapped = free is None and not (single or len(model.territory) <= EXACT_ARCS or along_prices(model))
    wide = single and suited(model, level)
    if wide:
        climbed, relaxed = relaxed, vertex(model, relaxed, level, caps, clock.left(LINEAR))
        work["simplex iterations"] = relaxed.iterations
    share = relaxed.share
    if blurred is not None:
        guide = relax(blurred, level, caps, clock.left(0.3))
        work["simplex iterations"] += guide.iterations
        share = guide.share
    ideas = [connected(model, rounded(model, share), share)]
    ideas += [connected(model, cheapest_from(model, plan), share) for plan in plans]
    recenter = None
    if free is not None:
        relaxed, recenter = replace(relaxed, bound=free.bound), free.recenter
    else:
        relaxed = replace(relaxed, bound=grid(model, level).up(relaxed.bound))
    if wide:
        step = (
            "ascent of the smoothed dual"
            if relaxed.share is climbed.share
            else "vertex of the linear program"
        )
        settled = _Settled(ideas[0], np.inf, relaxed.bound, step, "", work, complete=True)
        settled = _sharpen(model, settled, ideas[0], relaxed, level, caps, budget, seed, clock)
        if np.isfinite(settled.value) or clock.over:
            return settled
        ideas, work = [ideas[0] if settled.territory is None else settled.territory], settled.work
    found = improve(
        model,
        ideas,
        relaxed,
        level=level,
        caps=caps,
        budget=budget.share(BEFORE_CHAINS) if single else budget,
        seed=seed,
        clock=clock.part(BEFORE_CHAINS if single else BEFORE_NEIGHBOURHOODS if mapped else 1.0),
        recenter=recenter,
        kept=None if kept is None else connected(model, cheapest_from(model, kept), share),
    )
    if clock.over and broken(found) and free is None:
        found = rescued(model, found, relaxed, level=level, caps=caps, seed=seed, clock=clock)
    work["proposals"] = found.proposals
    given = (relaxed, level, caps, budget, seed, clock)
    found, work["neighbourhoods"] = _reach_out(model, found, *given) if mapped else (found, 0)
    settled = _Settled(
        found.territory,
        np.inf if broken(found) else found.value,
        relaxed.bound,
        f"local search {'to the end of its effort' if found.complete else clock.cut}"
        + ("; branch and bound around a few territories at a time" if work["neighbourhoods"] else ""),
        "",
        work,
        found.complete,
    )
    if reached(settled.value, settled.bound):
        return replace(settled, step="local search reached the bound of the relaxation")
    if single and not clock.over:
        settled = _sharpen(model, settled, ideas[0], relaxed, level, caps, budget, seed, clock)
    if reached(settled.value, settled.bound):
        return settled
    if len(model.territory) <= EXACT_ARCS and not clock.over and budget.exact_time > 0 and free is None:
        return _prove(model, settled, level, caps, budget, seed, clock)
    return settled


def _reach_out(
    model: Model,
    found: Found,
    relaxed: Relaxation,
    level: int,
    caps: FloatArray,
    budget: Budget,
    seed: int,
    clock: Clock,
) -> tuple[Found, int]:
    """Improve a plan of a map around a few territories at a time; says too how often."""
    flat = one_level(model, level, caps, relaxed)
    if (
        flat is None
        or found.torn
        or clock.over
        or reached(np.inf if broken(found) else found.value, relaxed.bound)
    ):
        return found, 0
    near = reach_out(
        *(flat[0], found.territory, flat[1]),
        most=budget.adjoining,
        seed=seed,
        going=lambda value, violation: clock.tell(
            "neighbourhoods", np.inf if violation else value, violation, relaxed.bound
        ),
        left=lambda: clock.left(1.0),
    )
    holds = keeps(model, near.territory, level, caps)
    if not holds and not found.violation:
        return found, near.solved
    value = float(model.value(near.territory)[level])
    return replace(
        found,
        territory=near.territory,
        value=value,
        violation=0.0 if holds else found.violation,
        complete=found.complete and near.complete,
    ), near.solved


def _sharpen(
    model: Model,
    settled: _Settled,
    idea: IntArray,
    relaxed: Relaxation,
    level: int,
    caps: FloatArray,
    budget: Budget,
    seed: int,
    clock: Clock,
) -> _Settled:
    """Improve a plan without geography by chains, and prove it by its core."""
    known = settled.territory if np.isfinite(settled.value) else None
    sharp = sharpen(
        model, idea, known, relaxed, level=level, caps=caps, budget=budget, seed=seed, clock=clock
    )
    work = {**settled.work, "chain links": sharp.looks}
    step = "; ".join((settled.step, *sharp.steps))
    settled = replace(settled, work=work, step=step, complete=settled.complete and sharp.complete)
    if sharp.territory is None:
        return settled if sharp.nearest is None else replace(settled, territory=sharp.nearest)
    value = float(model.value(sharp.territory)[level])
    if value <= settled.value:
        settled = replace(settled, territory=sharp.territory, value=value)
    return replace(settled, bound=settled.value) if sharp.proven else settled


def _prove(
    model: Model, settled: _Settled, level: int, caps: FloatArray, budget: Budget, seed: int, clock: Clock
) -> _Settled:
    """Give a small model to the exact method, with the plan so far as its hint."""
    clock.tell("exact search", settled.value, 0.0 if np.isfinite(settled.value) else np.inf, settled.bound)
    seconds = clock.left(0.8)
    proof = isolated(
        partial(
            prove,
            model,
            settled.territory,
            level=level,
            caps=caps,
            deterministic_time=budget.exact_time,
            seed=seed,
            seconds=seconds,
        ),
        what="the exact search",
        failing=Proof(None, -np.inf, proven=False, work=0),
        within=seconds,
    )
    work = {**settled.work, "exact deterministic time (ms)": proof.work}
    if proof.proven and proof.territory is None:
        if level > 0:
            return replace(settled, work=work)
        reason = f"no plan keeps all hard rules together ({_rules(model)}): proven by CP-SAT and by HiGHS"
        return replace(settled, territory=None, step="exact search", reason=reason, work=work)
    ended = clock.cut if clock.over else "to the end of its effort"
    step = "local search, exact search " + ("to proof" if proof.proven else ended)
    settled = replace(settled, step=step, work=work)
    if proof.territory is not None:
        value = float(model.value(proof.territory)[level])
        if value <= settled.value:
            settled = replace(settled, territory=proof.territory, value=value)
    bound = settled.value if proof.proven else max(settled.bound, proof.bound)
    return replace(settled, bound=bound)


def _blurred(problem: Problem, criteria: Sequence[Criterion], model: Model) -> Model | None:
    """Build the model in which no geographic unit is weightless, or nothing where none is.

    A relaxation may send units that carry nothing anywhere at no cost, and scatters them. With a little
    activity they follow their surroundings, and the rounded plan hangs together far better.
    """
    light = problem.geographic & (problem.activity == 0).any(axis=1)
    if not model.geographic.any() or not light.any() or problem.arcs.amount:
        return None
    mean = problem.activity[problem.geographic].mean(axis=0)
    return build(
        replace(problem, activity=problem.activity + BLUR * mean * problem.geographic[:, None]), criteria
    )


def _of_nodes(model: Model, units: IntArray) -> IntArray:
    """Territory of each node by its first unit, ``NONE`` where it has none."""
    first = np.unique(model.node_of_unit, return_index=True)[1]
    return units[first]


def _too_large(model: Model, problem: Problem) -> str:
    """Say which units break a hard limit alone wherever they go, others only adding to it; empty where none does."""
    entries = model.rows.tocoo()
    row, arc = entries.coords
    least = np.zeros(len(model.lower))
    np.minimum.at(least, row, entries.data)
    most = np.where(model.hard & (least >= 0), model.upper + PROVEN * row_scale(model), np.inf)
    beyond = np.flatnonzero(entries.data > most[row])
    free = np.ones(len(model.territory), dtype=np.bool_)
    free[arc[beyond]] = False
    stuck = np.flatnonzero(~np.logical_or.reduceat(free, model.start[:-1])) if len(beyond) else beyond
    if not len(stuck):
        return ""
    first = beyond[model.node[arc[beyond]] == stuck[0]][0]
    names = [problem.unit_ids[u] for u in np.flatnonzero(np.isin(model.node_of_unit, stuck))]
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""  # noqa: PLR2004  as many as one reads
    return (
        f"{', '.join(names[:10])}{more}: alone above the limit wherever it goes, {entries.data[first]:,.6g} "
        f"of at most {model.upper[row[first]]:,.6g} in {model.names[row[first]]}"
    )


def _nowhere(model: Model, problem: Problem, stuck: IntArray) -> str:
    """Say which units no territory may take."""
    names = [problem.unit_ids[u] for u in np.flatnonzero(np.isin(model.node_of_unit, stuck))]
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""  # noqa: PLR2004  as many as one reads
    return f"no seller may take {', '.join(names[:10])}{more} (skills, locks and pairs leave none in common)"


def _clashing(clash: tuple[str, ...]) -> str:
    more = f" and {len(clash) - 8} more" if len(clash) > 8 else ""  # noqa: PLR2004  as many as one reads
    return f"these limits cannot hold together, not even with divisible units: {'; '.join(clash[:8])}{more}"


def _rules(model: Model) -> str:
    """Name the hard rules of a model, each once."""
    titles = [name.split(": ")[0] for name, hard in zip(model.names, model.hard, strict=True) if hard]
    if model.geographic.any():
        titles.append("contiguity")
    return "; ".join(dict.fromkeys(titles)) or "skills, locks and pairs"
