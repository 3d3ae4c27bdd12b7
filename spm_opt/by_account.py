"""Judging an alignment account by account: today, several sellers may share a unit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from spm_opt.criteria import Apart, Contiguity, Dispersion, Pairs
from spm_opt.criteria.terms import Criterion, Measure
from spm_opt.geography.distance import distance_km
from spm_opt.plan import Alignment
from spm_opt.problem import NONE, AccountArrays, Arcs, FloatArray, IntArray, Problem


def by_account(problem: Problem) -> Problem:
    """Return the problem in which every account is a unit of its own, at the place of its unit.

    The sizes of an alignment that follows units are the same in both. Polygons and their neighbours are
    gone, and with them units that hold no account. An account counts as locked where it is today with the
    territory that its unit is locked to.
    """
    accounts = problem.accounts
    unit, count = accounts.unit, len(accounts.ids)
    locked = problem.locked[unit]
    return replace(
        problem,
        unit_ids=accounts.ids,
        activity=accounts.activity,
        arcs=_repeated(problem),
        place=problem.place[unit],
        edges=np.zeros((0, 2), dtype=np.int64),
        geographic=np.zeros(count, dtype=bool),
        family=problem.family[unit],
        requires=problem.requires[unit],
        locked=np.where(accounts.current == locked, locked, NONE),
        accounts=AccountArrays(
            accounts.ids, np.arange(count), accounts.current, accounts.activity, accounts.segment
        ),
        between=None if problem.between is None else problem.between[np.ix_(unit, unit)],
    )


def _repeated(problem: Problem) -> Arcs:
    """Lay out the arcs of each account's unit, one account after the other.

    An amount given for a pair is split among the unit's accounts as their own activity is.
    """
    arcs, unit = problem.arcs, problem.accounts.unit
    width = np.diff(arcs.start)[unit]
    start = np.concatenate(([0], np.cumsum(width))).astype(np.int64)
    arc = np.repeat(arcs.start[unit] - start[:-1], width) + np.arange(start[-1])
    amount = {
        name: values[arc] * np.repeat(_parts(problem, name), width) for name, values in arcs.amount.items()
    }
    given = None if arcs.given is None else arcs.given[arc]
    return Arcs(start, arcs.territory[arc], arcs.travel[arc], given, amount)


def _parts(problem: Problem, activity: str) -> FloatArray:
    """Part of its unit's activity that each account has, shape ``(a,)``; equal parts where the unit has none."""
    accounts = problem.accounts
    own = accounts.activity[:, problem.activity_names.index(activity)]
    total = np.bincount(accounts.unit, weights=own, minlength=problem.n)[accounts.unit]
    equal = 1 / np.bincount(accounts.unit, minlength=problem.n)[accounts.unit]
    return np.asarray(np.divide(own, total, out=equal, where=total > 0), dtype=float)


def judged_by_account(
    problem: Problem, criteria: Sequence[Criterion], alignment: Alignment
) -> tuple[Measure, ...]:
    """Judge an alignment in which a unit may have several sellers.

    What a territory carries, how far it travels for it and what moves is counted account by account.
    Contiguity, distances that count every unit the same, and units named to be apart are about units as
    such: there each unit counts for the territory that holds most of its accounts. Where a plan's centers are chosen, they are
    chosen for this alignment too: the best place among its own.
    """
    each = by_account(problem)
    found = []
    for criterion in criteria:
        view, territory = (
            (problem, alignment.unit_territory)
            if _is_about_units(criterion, each)
            else (each, alignment.account_territory)
        )
        center = alignment.center
        judge = criterion
        if isinstance(criterion, Dispersion):
            center = _chosen(criterion, view, territory, center)
        elif isinstance(criterion, Pairs):
            judge = _pairs_by_account(criterion, problem)
        found.append(judge.judge(view, territory, center))
    return tuple(found)


def _is_about_units(criterion: Criterion, each: Problem) -> bool:
    if isinstance(criterion, Apart):
        return not {name for group in criterion.apart for name in group}.issubset(each.unit_ids)
    return isinstance(criterion, Contiguity) or (
        isinstance(criterion, Dispersion) and criterion.weight_by is None
    )


def _chosen(dispersion: Dispersion, view: Problem, territory: IntArray, center: FloatArray) -> FloatArray:
    """Choose the centers that a plan may choose: each the candidate, or place of a unit, with the least travel to it."""
    if view.candidates is not None:
        return _among_candidates(dispersion, view, territory, center, view.candidates)
    wanted = np.isnan(center).any(axis=1) | (dispersion.center == "chosen")
    placed = ~np.isnan(view.place).any(axis=1)
    share = dispersion.shares(view)
    center = center.copy()
    for t in np.flatnonzero(wanted):
        mine = np.flatnonzero(placed & (territory == t))
        if len(mine):
            spots = mine[np.unique(view.place[mine], axis=0, return_index=True)[1]]
            if view.between is None:
                far = distance_km(view.place[mine][:, None], view.place[spots][None], planar=view.planar)
            else:
                far = view.between[np.ix_(mine, spots)]
            center[t] = view.place[spots[(share[mine] @ far**dispersion.power).argmin()]]
    return center


def _pairs_by_account(pairs: Pairs, problem: Problem) -> Pairs:
    """Name the accounts of a unit where a pair names the unit."""
    inside: dict[str, list[str]] = {name: [] for name in problem.unit_ids}
    for account, unit in zip(problem.accounts.ids, problem.accounts.unit.tolist(), strict=True):
        inside[problem.unit_ids[unit]].append(account)

    def named(given: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
        return tuple((account, seller) for name, seller in given for account in inside.get(name, [name]))

    return pairs.model_copy(
        update={"prescribed": named(pairs.prescribed), "forbidden": named(pairs.forbidden)}
    )


def _among_candidates(
    dispersion: Dispersion, view: Problem, territory: IntArray, center: FloatArray, candidates: FloatArray
) -> FloatArray:
    """Choose the missing centers among the candidates, each by itself."""
    placed, share, center = ~np.isnan(view.place).any(axis=1), dispersion.shares(view), center.copy()
    for t in np.flatnonzero(np.isnan(center).any(axis=1)):
        mine = np.flatnonzero(placed & (territory == t))
        if len(mine):
            far = distance_km(view.place[mine][:, None], candidates[None], planar=view.planar)
            center[t] = candidates[(share[mine] @ far**dispersion.power).argmin()]
    return center
