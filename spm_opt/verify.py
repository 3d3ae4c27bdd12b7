"""The checker of finished plans: no solver, and no code shared with the engines.

It trusts nothing that an engine says of its own plan. Names are compared with the problem, every unit and
account is looked at, eligibility is read from the problem's pairs, and every criterion judges the plan.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from spm_opt.criteria.terms import Breach, Criterion, Measure
from spm_opt.plan import Alignment
from spm_opt.problem import NONE, FloatArray, IntArray, Problem


@dataclass(frozen=True, eq=False)
class Verdict:
    """What the checker says of a plan.

    Attributes
    ----------
    holds
        Whether every hard rule is kept.
    breaches
        Every place where one is broken: the plan's form first, then the criteria in their order.
    measures
        What each criterion says, in their order; empty where the plan belongs to another problem.
    """

    holds: bool
    breaches: tuple[Breach, ...]
    measures: tuple[Measure, ...]


def verify(problem: Problem, criteria: Sequence[Criterion], alignment: Alignment) -> Verdict:
    """Check a finished alignment against its problem and its criteria.

    Every unit and every account must have exactly one territory, one that exists; accounts must follow
    their units; every unit must be with a territory it is eligible for; every criterion must hold.

    Parameters
    ----------
    problem
        The problem as prepared: its pairs say who is eligible for what.
    criteria
        What the plan is judged by.
    alignment
        The plan. In an incumbent, a unit shared by several sellers shows as accounts that do not follow.
    """
    foreign = tuple(_foreign(problem, alignment))
    if foreign:
        return Verdict(holds=False, breaches=foreign, measures=())
    territory = alignment.unit_territory
    known = np.where((territory >= 0) & (territory < problem.k), territory, NONE)
    measures = tuple(criterion.judge(problem, known, alignment.center) for criterion in criteria)
    breaches = (
        *_homeless(problem, alignment),
        *_astray(problem, alignment),
        *_ineligible(problem, known),
        *_off_candidates(problem, alignment.center),
        *(breach for measure in measures for breach in measure.breaches),
    )
    return Verdict(holds=not breaches, breaches=breaches, measures=measures)


def _foreign(problem: Problem, alignment: Alignment) -> Iterator[Breach]:
    """Find names and lengths by which the plan belongs to another problem."""
    named = (
        ("unit", problem.unit_ids, alignment.unit_ids, (alignment.unit_territory,)),
        (
            "account",
            problem.accounts.ids,
            alignment.account_ids,
            (alignment.account_unit, alignment.account_territory),
        ),
        ("territory", problem.territory_ids, alignment.territory_ids, (alignment.center,)),
    )
    for kind, wanted, found, arrays in named:
        yield from _other_names(kind, wanted, found)
        for values in arrays:
            if len(values) != len(wanted):
                text = f"{len(values):,} values for {len(wanted):,} of the kind {kind}"
                yield Breach(kind, float(abs(len(values) - len(wanted))), text)


def _other_names(kind: str, wanted: tuple[str, ...], found: tuple[str, ...]) -> Iterator[Breach]:
    if wanted == found:
        return
    expected, given = Counter(wanted), Counter(found)
    for name, times in sorted((expected - given).items()):
        yield Breach(name, float(times), f"{name}: {kind} of the problem, missing in the plan")
    for name, times in sorted((given - expected).items()):
        text = f"{name}: {kind} of the plan, {'more than once' if name in expected else 'unknown to the problem'}"
        yield Breach(name, float(times), text)
    if expected == given:
        place = next(i for i, (one, other) in enumerate(zip(wanted, found, strict=True)) if one != other)
        yield Breach(wanted[place], 1.0, f"{wanted[place]}: {kind} at another place than in the problem")


def _homeless(problem: Problem, alignment: Alignment) -> Iterator[Breach]:
    """Find units and accounts without a territory, or with one that does not exist."""
    for kind, names, territory in (
        ("unit", alignment.unit_ids, alignment.unit_territory),
        ("account", alignment.account_ids, alignment.account_territory),
    ):
        for i in np.flatnonzero((territory < 0) | (territory >= problem.k)):
            given = int(territory[i])
            what = "no territory" if given == NONE else f"territory number {given}, which does not exist"
            yield Breach(names[i], 1.0, f"{names[i]}: {kind} with {what}")


def _astray(problem: Problem, alignment: Alignment) -> Iterator[Breach]:
    """Find accounts in another unit than the problem's, or with another territory than their unit."""
    unit = problem.accounts.unit
    for a in np.flatnonzero(alignment.account_unit != unit):
        text = f"{alignment.account_ids[a]}: account in another unit than {problem.unit_ids[unit[a]]}"
        yield Breach(alignment.account_ids[a], 1.0, text)
    followed = alignment.unit_territory[unit]
    for a in np.flatnonzero(alignment.account_territory != followed):
        text = (
            f"{alignment.account_ids[a]}: account with {_called(problem, alignment.account_territory[a])}, "
            f"its unit {problem.unit_ids[unit[a]]} with {_called(problem, followed[a])}"
        )
        yield Breach(alignment.account_ids[a], 1.0, text)


def _called(problem: Problem, territory: int) -> str:
    return problem.territory_ids[territory] if 0 <= territory < problem.k else "nobody"


def _ineligible(problem: Problem, territory: IntArray) -> Iterator[Breach]:
    """Find units with a territory that they are not eligible for."""
    arcs = problem.arcs
    allowed = np.zeros(problem.n, dtype=bool)
    allowed[arcs.unit[arcs.territory == territory[arcs.unit]]] = True
    for u in np.flatnonzero(~allowed & (territory >= 0)):
        name, seller = problem.unit_ids[u], problem.territory_ids[territory[u]]
        yield Breach(name, 1.0, f"{name}: not eligible for {seller}")


def _off_candidates(problem: Problem, center: FloatArray) -> Iterator[Breach]:
    """Find chosen centers that are no candidate, or share one that takes a single center."""
    if problem.candidates is None:
        return
    room = Counter((x, y) for x, y in problem.candidates.tolist())
    open_seats = np.flatnonzero(np.isnan(problem.seat).any(axis=1) & ~np.isnan(center).any(axis=1))
    for t in open_seats.tolist():
        x, y = center[t].tolist()
        name = problem.territory_ids[t]
        if room[x, y] == 0:
            known = (problem.candidates == center[t]).all(axis=1).any()
            what = "a candidate that another has too" if known else "no candidate"
            yield Breach(name, 1.0, f"{name}: its seat at {x:.6g}, {y:.6g} is {what}")
        room[x, y] -= 1
