"""Few open positions among few candidates of a small problem: every choice of seats, to proof."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import permutations

import numpy as np

from spm_opt.align.effort import Budget, Clock
from spm_opt.align.locate import located
from spm_opt.align.model import build
from spm_opt.align.relax import relax
from spm_opt.align.result import PROVEN, Level
from spm_opt.align.settle import EXACT_ARCS, Outcome, settle
from spm_opt.criteria.terms import Criterion
from spm_opt.problem import BoolArray, FloatArray, Problem

CHOICES = 400
"""Most choices of seats that are looked at one by one."""

EACH = 0.5
"""Most of the time that is left for one of them."""


def enumerable(problem: Problem, criteria: Sequence[Criterion], free: BoolArray) -> bool:
    """Whether every choice of seats can be looked at; levels of priority are not told apart."""
    if problem.candidates is None or len(problem.arcs.territory) > EXACT_ARCS:
        return False
    one = len({c.priority for c in criteria if c.weight}) == 1
    return one and math.perm(len(problem.candidates), int(free.sum())) <= CHOICES


def every_choice(
    problem: Problem, criteria: Sequence[Criterion], free: BoolArray, budget: Budget, seed: int, clock: Clock
) -> tuple[Outcome, FloatArray]:
    """Settle the choices of seats in the order of their relaxations, until none of the rest can be better.

    Returns
    -------
    The outcome, and the center of each territory, shape ``(k, 2)``.
    """
    ranked = sorted(
        (_bound(located(problem, center), criteria), at) for at, center in _choices(problem, free)
    )
    centers = dict(_choices(problem, free))
    best: Outcome | None = None
    chosen, least, work = problem.seat, np.inf, {"choices of seats": len(ranked), "choices settled": 0}
    complete = True
    for bound, at in ranked:
        value = np.inf if best is None or best.territory is None else best.levels[0].objective
        if np.isfinite(value) and bound >= value - PROVEN * max(1.0, abs(value)):
            least = min(least, bound)
            break
        if clock.over and best is not None and best.territory is not None:
            least, complete = min(least, bound), False
            break
        found = settle(located(problem, centers[at]), criteria, budget, seed, clock.part(EACH))
        complete = complete and found.complete
        work["choices settled"] += 1
        for kind, amount in found.work.items():
            work[kind] = work.get(kind, 0) + amount
        least = min(least, _proven(found))
        if best is None or _better(found, best):
            best, chosen = found, centers[at]
    if best is None:
        raise ValueError("no choice of seats")
    return _told(best, least, work, len(ranked), complete=complete), chosen


def _choices(problem: Problem, free: BoolArray) -> Iterator[tuple[int, FloatArray]]:
    """Every way to give the free territories a candidate each, numbered."""
    places = np.zeros((0, 2)) if problem.candidates is None else problem.candidates
    for at, choice in enumerate(permutations(range(len(places)), int(free.sum()))):
        center = problem.seat.copy()
        center[free] = places[list(choice)]
        yield at, center


def _bound(problem: Problem, criteria: Sequence[Criterion]) -> float:
    model = build(problem, criteria)
    if (np.diff(model.start) == 0).any():
        return np.inf
    return float(relax(model).bound)


def _proven(found: Outcome) -> float:
    """Points that no plan with these seats can beat."""
    if found.territory is None:
        return np.inf
    bound = found.levels[0].lower_bound
    return -np.inf if bound is None else bound


def _better(found: Outcome, best: Outcome) -> bool:
    if found.territory is None or best.territory is None:
        return found.territory is not None
    return found.levels[0].objective < best.levels[0].objective


def _told(best: Outcome, least: float, work: dict[str, int], count: int, *, complete: bool) -> Outcome:
    """Put the best of all into words, with the bound that holds for every choice."""
    if best.territory is None:
        reason = f"{best.reason}; likewise for every other choice of seats among the candidates"
        return replace(best, reason=reason if count > 1 else best.reason, work=work, complete=complete)
    level = best.levels[0]
    known = None if np.isinf(least) else min(least, level.objective)
    step = f"seats chosen among {count} choices of candidates, with a bound over all"
    levels = (Level(level.priority, level.objective, known),)
    return replace(best, levels=levels, steps=(*best.steps, step), work=work, complete=complete)
