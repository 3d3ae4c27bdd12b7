"""Prepare: from a scenario's tables to the arrays that every engine sees."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from spm_opt.criteria import Dispersion
from spm_opt.errors import InputError
from spm_opt.problem import NONE, AccountArrays, BoolArray, FloatArray, IntArray, Problem
from spm_opt.scenario.check import check
from spm_opt.scenario.eligible import eligible, full_arcs
from spm_opt.scenario.findings import Findings
from spm_opt.scenario.place import Placement, placed
from spm_opt.scenario.scenario import Scenario
from spm_opt.scenario.travel import half_known, with_given, without_own_pair

LEVELS = ("manager", "district", "region")


@dataclass(frozen=True, eq=False)
class Examined:
    """A scenario after every look at its input.

    Attributes
    ----------
    problem
        The arrays, or ``None`` where findings hold errors.
    findings
        Everything found: by reading, by the check of the tables, by placing accounts in units, and by
        asking which seller may have which unit.
    """

    problem: Problem | None
    findings: Findings


def examine(scenario: Scenario) -> Examined:
    """Look at the whole input, and prepare the problem if it holds no error; raises nothing for errors."""
    placement = placed(scenario)
    astray = without_own_pair(scenario, placement.account_unit, placement.unit_ids)
    findings = check(scenario) + placement.findings + Findings.of(astray)
    if findings.errors:
        return Examined(None, findings)
    problem, blocked = eligible(scenario, assembled(scenario, placement), placement)
    findings += blocked + Findings.of(half_known(scenario, problem))
    return Examined(None if findings.errors else problem, findings)


def prepare(scenario: Scenario) -> Problem:
    """Turn a scenario into a Problem.

    Units are sorted by id, territories and accounts too: the order of rows in a file changes nothing.

    Raises
    ------
    InputError
        Where the check, the placing of accounts or the eligible pairs hold an error; it carries every
        finding of all three.
    """
    examined = examine(scenario)
    if examined.problem is None:
        raise InputError(examined.findings)
    return examined.problem


def assembled(scenario: Scenario, placement: Placement) -> Problem:
    """Lay the tables out as arrays, with every pair of unit and territory as an arc.

    Parameters
    ----------
    scenario
        A scenario without errors.
    placement
        Its units, with every account placed.
    """
    settings, sellers = scenario.settings, scenario.sellers
    accounts = _accounts(scenario, placement)
    n, k = len(placement.unit_ids), len(sellers)
    requires, offers, skill_names = _skills(scenario, placement)
    groups, group_names = _groups(sellers)
    chosen = any(isinstance(c, Dispersion) and c.center == "chosen" for c in settings.criteria)
    seat = np.full((k, 2), np.nan) if chosen else sellers[["x", "y"]].to_numpy(dtype=float)
    planar = settings.units.coordinates == "planar"
    names = (placement.unit_ids, tuple(sellers["id"].tolist()))
    own = {
        name: _sums(column, accounts.unit, n)
        for name, column in zip(settings.activities, accounts.activity.T, strict=True)
    }
    return Problem(
        unit_ids=placement.unit_ids,
        territory_ids=names[1],
        activity_names=tuple(settings.activities),
        activity=np.stack(list(own.values()), axis=1),
        arcs=with_given(full_arcs(placement.place, seat, planar=planar), scenario, names, own),
        place=placement.place,
        seat=seat,
        planar=planar,
        edges=placement.edges,
        geographic=placement.geographic,
        capacity=sellers["capacity"].to_numpy(dtype=float),
        family=_families(scenario.accounts, placement),
        requires=requires,
        offers=offers,
        skill_names=skill_names,
        locked=_locked(scenario.accounts, accounts, n),
        accounts=accounts,
        groups=groups,
        group_names=group_names,
        candidates=_candidates(scenario, seat),
    )


def _candidates(scenario: Scenario, seat: FloatArray) -> FloatArray | None:
    """Places of candidate seats, shape ``(p, 2)``, where any seat is to be chosen among some."""
    frame = scenario.candidates
    if frame is None or frame.empty or not np.isnan(seat).any():
        return None
    return np.asarray(frame[["x", "y"]].to_numpy(dtype=float))


def _accounts(scenario: Scenario, placement: Placement) -> AccountArrays:
    frame = scenario.accounts
    territory = {name: t for t, name in enumerate(scenario.sellers["id"].tolist())}
    return AccountArrays(
        ids=tuple(frame["id"].tolist()),
        unit=placement.account_unit,
        current=np.array([territory.get(name, NONE) for name in frame["seller"]], dtype=np.int64),
        activity=frame[list(scenario.settings.activities)].to_numpy(dtype=float),
        segment=tuple(frame["segment"].tolist()),
    )


def _sums(column: FloatArray, unit: IntArray, n: int) -> FloatArray:
    return np.bincount(unit, weights=column, minlength=n).astype(np.float64, copy=False)


def _locked(frame: pd.DataFrame, accounts: AccountArrays, n: int) -> IntArray:
    """Territory that a locked account ties its unit to, or ``NONE``; shape ``(n,)``."""
    locked = np.full(n, NONE, dtype=np.int64)
    held = np.flatnonzero(frame["locked"].to_numpy(dtype=bool) & (accounts.current != NONE))[::-1]
    locked[accounts.unit[held]] = accounts.current[held]
    return locked


def _skills(scenario: Scenario, placement: Placement) -> tuple[BoolArray, BoolArray, tuple[str, ...]]:
    """Lay out what units require, shape ``(n, s)``, what sellers offer, shape ``(k, s)``, and the names."""
    wanted, held = scenario.accounts["skills"].tolist(), scenario.sellers["skills"].tolist()
    names = tuple(sorted({skill for skills in (*wanted, *held) for skill in skills}))
    at = {name: s for s, name in enumerate(names)}
    requires = np.zeros((len(placement.unit_ids), len(names)), dtype=bool)
    offers = np.zeros((len(held), len(names)), dtype=bool)
    for unit, skills in zip(placement.account_unit.tolist(), wanted, strict=True):
        requires[unit, [at[skill] for skill in skills]] = True
    for t, skills in enumerate(held):
        offers[t, [at[skill] for skill in skills]] = True
    return requires, offers, names


def _groups(sellers: pd.DataFrame) -> tuple[dict[str, IntArray], dict[str, tuple[str, ...]]]:
    """Group of each territory at the levels that every seller has, and the groups' names."""
    groups, group_names = {}, {}
    for level in LEVELS:
        named = sellers[level].tolist()
        if named and all(named):
            names = tuple(sorted(set(named)))
            group_names[level] = names
            groups[level] = np.array([names.index(name) for name in named], dtype=np.int64)
    return groups, group_names


def _families(frame: pd.DataFrame, placement: Placement) -> IntArray:
    """Family of each unit assigned singly that has a relative among them, else ``NONE``; shape ``(n,)``.

    Accounts belong together when a chain of parents joins them. A parent is an account, or any word
    that several accounts name. Families are numbered by their first unit.
    """
    ids, parents = frame["id"].tolist(), frame["parent"].tolist()
    node = {name: a for a, name in enumerate(ids)}
    for parent in parents:
        if parent:
            node.setdefault(parent, len(node))
    child = np.array([a for a, parent in enumerate(parents) if parent], dtype=np.int64)
    above = np.array([node[parent] for parent in parents if parent], dtype=np.int64)
    graph = coo_array((np.ones(len(child)), (child, above)), shape=(len(node), len(node)))
    _, clan = connected_components(graph, directed=False)
    alone = np.flatnonzero((placement.single != NONE) & ~placement.geographic)
    family = np.full(len(placement.unit_ids), NONE, dtype=np.int64)
    _, first, at, size = np.unique(
        clan[placement.single[alone]], return_index=True, return_inverse=True, return_counts=True
    )
    number = np.full(len(size), NONE, dtype=np.int64)
    large = np.flatnonzero(size > 1)
    number[large[np.argsort(first[large], kind="stable")]] = np.arange(len(large))
    family[alone] = number[at]
    return family
