"""Pairs given by the planner: travel and amounts that the travel table names, laid on the arcs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from spm_opt.criteria import Dispersion, Reach
from spm_opt.problem import Arcs, BoolArray, FloatArray, IntArray, Problem
from spm_opt.scenario.findings import Finding
from spm_opt.scenario.located import column_name, frame_findings, nearest_of
from spm_opt.scenario.scenario import Scenario
from spm_opt.scenario.settings import Table
from spm_opt.scenario.texts import is_empty, is_one_of


def check_travel(scenario: Scenario) -> list[Finding]:
    """Judge the names and the pairs of the travel table, and seats that travel is measured to."""
    frame, table = scenario.travel, scenario.settings.tables.travel
    if frame is None or table is None or frame.empty:
        return _seats(scenario)
    units, sellers = set(scenario.accounts["id"]) - {""}, set(scenario.sellers["id"]) - {""}
    if units and scenario.settings.units.by == "geography" and scenario.geography is not None:
        units |= set(scenario.geography["id"])
    found = _seats(scenario) + _chosen(scenario, table)
    for field, known, noun in (("unit", units, "account or unit"), ("seller", sellers, "seller")):
        if known:
            wrong = ~is_empty(frame[field]) & ~is_one_of(frame[field], known)
            hint = nearest_of(known) if wrong.any() else ""
            found += frame_findings(
                frame, table, field, wrong, f"unknown {noun}", f"the id of one {noun}", hint
            )
    named = ~is_empty(frame["unit"]) & ~is_empty(frame["seller"])
    again = named & frame.duplicated(["unit", "seller"]).to_numpy(dtype=bool)
    found += frame_findings(frame, table, "seller", again, "duplicate pair", "each unit and seller once")
    if frame[["travel", *scenario.settings.activities]].isna().all(axis=None) and not _faulty(
        scenario, table
    ):
        rule, wanted = (
            "nothing is given for any pair",
            f"travel, or one of {', '.join(scenario.settings.activities)}",
        )
        found.append(Finding("error", rule, table.path, expected=wanted))
    return found


def _faulty(scenario: Scenario, table: Table) -> bool:
    return any(one.file == table.path for one in scenario.findings.errors)


def _chosen(scenario: Scenario, table: Table) -> list[Finding]:
    """Refuse travel to centers that nobody knows yet."""
    frame, criteria = scenario.travel, scenario.settings.criteria
    chosen = any(isinstance(one, Dispersion) and one.center == "chosen" for one in criteria)
    if frame is None or not chosen or frame["travel"].isna().all():
        return []
    rule, column = "travel is given, but the centers are chosen", column_name(table, "travel")
    wanted = 'center = "seat", since travel is to a seller as he is'
    return [Finding("error", rule, table.path, 0, column, expected=wanted)]


def _seats(scenario: Scenario) -> list[Finding]:
    """Find sellers without a seat that a travel limit is measured from."""
    criteria, sellers = scenario.settings.criteria, scenario.sellers
    if not any(isinstance(one, Reach) for one in criteria) or scenario.accounts[["x", "y"]].isna().all(
        axis=None
    ):
        return []
    bare = np.asarray(sellers[["x", "y"]].isna().any(axis=1), dtype=bool)
    if scenario.travel is not None:
        # a seller whose every travel is given needs none; that it is every one is seen on the pairs
        bare = bare & ~is_one_of(sellers["id"], scenario.travel["seller"])
    wanted = "its coordinates, since a travel limit is measured from them"
    return frame_findings(sellers, scenario.settings.tables.sellers, "id", bare, "no seat", wanted)


def without_own_pair(scenario: Scenario, account_unit: IntArray, unit_ids: tuple[str, ...]) -> list[Finding]:
    """Find accounts named in the travel table that go with their polygon and are no unit themselves.

    Parameters
    ----------
    scenario
        What was read.
    account_unit
        Unit of each account, shape ``(a,)``.
    unit_ids
        The units.
    """
    frame, table = scenario.travel, scenario.settings.tables.travel
    if frame is None or table is None:
        return []
    unit = dict(zip(scenario.accounts["id"].tolist(), account_unit.tolist(), strict=True))
    inside = is_one_of(frame["unit"], unit) & ~is_one_of(frame["unit"], unit_ids)

    def hint(name: str) -> str:
        return unit_ids[unit[name]] if unit[name] >= 0 else ""

    rule = "account that is not assigned singly"
    return frame_findings(frame, table, "unit", inside, rule, "the id of the unit that it goes with", hint)


def half_known(scenario: Scenario, problem: Problem) -> list[Finding]:
    """Find units and sellers whose travel is given for some pairs, and not to be measured for the others."""
    arcs, table = problem.arcs, scenario.settings.tables.travel
    if table is None or arcs.given is None:
        return []
    unknown = np.isnan(arcs.travel)
    seatless = np.asarray(np.isnan(problem.seat).any(axis=1))
    placeless = np.asarray(np.isnan(problem.place).any(axis=1))
    some = np.bincount(arcs.unit[arcs.given], minlength=problem.n) > 0
    units = np.unique(arcs.unit[unknown & (placeless & some)[arcs.unit]])
    sellers = np.unique(arcs.territory[unknown & seatless[arcs.territory] & ~placeless[arcs.unit]])
    rule = "travel is given for some pairs only, and there is no place to measure the others from"
    return [
        Finding(
            "error", rule, table.path, 0, column_name(table, field), names[i], "every pair, or coordinates"
        )
        for field, names, found in (
            ("unit", problem.unit_ids, units),
            ("seller", problem.territory_ids, sellers),
        )
        for i in found.tolist()
    ]


def travel_is_known(scenario: Scenario) -> BoolArray:
    """Which accounts need no place, since the travel table gives their way to every seller; shape ``(a,)``."""
    frame, accounts = scenario.travel, scenario.accounts
    if frame is None:
        return np.zeros(len(accounts), dtype=bool)
    known = frame[frame["travel"].notna() & is_one_of(frame["seller"], scenario.sellers["id"])]
    counts = known.groupby("unit")["seller"].nunique()
    whole = counts.index[counts == scenario.sellers["id"].nunique()].tolist()
    return is_one_of(accounts["id"], whole)


def with_given(
    arcs: Arcs, scenario: Scenario, at: tuple[tuple[str, ...], tuple[str, ...]], own: Mapping[str, FloatArray]
) -> Arcs:
    """Lay what the travel table gives on the arcs.

    Parameters
    ----------
    arcs
        An arc for every pair, so that unit ``u`` and territory ``t`` of ``k`` have arc ``u * k + t``.
    scenario
        A scenario without errors.
    at
        Names of units and of territories.
    own
        For each activity what each unit carries by itself, shape ``(n,)``.
    """
    frame = scenario.travel
    if frame is None or frame.empty:
        return arcs
    units, territories = ({name: i for i, name in enumerate(names)} for names in at)
    row = np.array([units[name] for name in frame["unit"]], dtype=np.int64)
    arc = row * len(territories) + np.array([territories[name] for name in frame["seller"]], dtype=np.int64)
    amount = {}
    for name, carried in own.items():
        values = frame[name].to_numpy(dtype=float)
        known = ~np.isnan(values)
        if known.any():
            amount[name] = carried[arcs.unit]
            amount[name][arc[known]] = values[known]
    values = frame["travel"].to_numpy(dtype=float)
    known = ~np.isnan(values)
    travel, given = arcs.travel.copy(), np.zeros(len(arcs.travel), dtype=bool)
    travel[arc[known]], given[arc[known]] = values[known], True
    return replace(arcs, travel=travel, given=given if known.any() else None, amount=amount)
