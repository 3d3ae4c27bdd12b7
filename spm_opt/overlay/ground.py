"""What a layer stands on: territories, or the positions of the layer below, as units of a Problem."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from spm_opt.by_account import by_account
from spm_opt.overlay.exact import summed
from spm_opt.plan import Alignment
from spm_opt.problem import NONE, AccountArrays, Arcs, BoolArray, FloatArray, IntArray, Problem
from spm_opt.scenario.overlay_positions import NUMBER


def territories_as_units(problem: Problem, alignment: Alignment) -> Problem:
    """Make every territory a unit, with the accounts that it has in an alignment.

    Parameters
    ----------
    problem
        The problem of the territories.
    alignment
        Their accounts; it may be today's, in which a unit may have several sellers. Accounts without a
        territory are under no layer.

    Returns
    -------
    The territories as units, none of them assigned yet: activities are exact sums over accounts, and a last one,
    ``"number"``, counts the units. A unit lies at the seat or center of its territory, else in the middle of it;
    units are neighbours where polygons of theirs are.
    """
    held = np.flatnonzero(alignment.account_territory >= 0)
    own = np.stack([one[held] for one in _carried(problem, alignment)], axis=1)
    accounts = problem.accounts
    below = replace(
        problem,
        activity_names=(*problem.activity_names, NUMBER),
        activity=np.column_stack((problem.activity, np.ones(problem.n))),
        accounts=AccountArrays(
            ids=tuple(accounts.ids[a] for a in held.tolist()),
            unit=alignment.account_territory[held],
            current=np.full(len(held), NONE, dtype=np.int64),
            activity=np.column_stack((own, np.zeros(len(held)))),
            segment=tuple(accounts.segment[a] for a in held.tolist()) if accounts.segment else (),
        ),
        between=None,
    )
    return _contracted(below, alignment.unit_territory, problem.territory_ids, alignment.center)


def positions_as_units(problem: Problem, alignment: Alignment) -> Problem:
    """Make every position of a finished layer a unit, for the layer over it; see `territories_as_units`."""
    label, accounts = alignment.unit_territory, problem.accounts
    below = replace(problem, accounts=replace(accounts, unit=label[accounts.unit]))
    return _contracted(below, label, problem.territory_ids, alignment.center)


def _carried(problem: Problem, alignment: Alignment) -> list[FloatArray]:
    """Each activity of every account, as its territory carries it; shape ``(a,)`` each."""
    own = problem.accounts.activity.T
    if not problem.arcs.amount:
        return list(own)
    each = by_account(problem)
    arc = each.arcs.used(alignment.account_territory)
    return [
        np.where(arc >= 0, each.arcs.amount[name][arc], column) if name in each.arcs.amount else column
        for name, column in zip(problem.activity_names, own, strict=True)
    ]


def _contracted(below: Problem, label: IntArray, ids: tuple[str, ...], seat: FloatArray) -> Problem:
    """Put the units of each label together; accounts already have their new units."""
    u, accounts = len(ids), below.accounts
    columns = [summed(one, accounts.unit, u) for one in accounts.activity.T[:-1]]
    held = label >= 0
    pairs = np.sort(label[below.edges], axis=1)
    apart = (pairs >= 0).all(axis=1) & (pairs[:, 0] != pairs[:, 1])
    return Problem(
        unit_ids=ids,
        territory_ids=(),
        activity_names=below.activity_names,
        activity=np.column_stack([*columns, np.ones(u)]),
        arcs=Arcs(np.zeros(u + 1, dtype=np.int64), np.zeros(0, dtype=np.int64), np.zeros(0)),
        place=np.where(np.isnan(seat), middles(below, label, u), seat),
        seat=np.zeros((0, 2)),
        planar=below.planar,
        edges=np.unique(pairs[apart], axis=0),
        geographic=np.bincount(label[held & below.geographic], minlength=u) > 0,
        capacity=np.zeros(0),
        family=np.full(u, NONE, dtype=np.int64),
        requires=_no_skills(u),
        offers=_no_skills(0),
        skill_names=(),
        locked=np.full(u, NONE, dtype=np.int64),
        accounts=accounts,
        groups={},
        group_names={},
    )


def _no_skills(rows: int) -> BoolArray:
    return np.zeros((rows, 0), dtype=bool)


def middles(problem: Problem, label: IntArray, k: int) -> FloatArray:
    """Middle of the units of each label, weighted by their first activity; shape ``(k, 2)``, ``nan`` where none is.

    Degrees are averaged as points of a sphere, so that the date line is no wall.
    """
    known = np.flatnonzero((label >= 0) & ~np.isnan(problem.place).any(axis=1))
    place, to = problem.place[known], label[known]
    weight = problem.activity[known, 0]
    empty = np.bincount(to, weights=weight, minlength=k) <= 0
    weight = np.where(empty[to], 1.0, weight)
    if problem.planar:
        points = place
    else:
        lon, lat = np.radians(place).T
        points = np.column_stack((np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)))
    total = np.bincount(to, weights=weight, minlength=k)
    total = np.where(total > 0, total, np.nan)
    mean = np.column_stack([np.bincount(to, weights=weight * one, minlength=k) / total for one in points.T])
    if problem.planar:
        return np.asarray(mean)
    x, y, z = mean.T
    return np.asarray(np.degrees(np.column_stack((np.arctan2(y, x), np.arctan2(z, np.hypot(x, y))))))
