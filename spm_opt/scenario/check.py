"""The second stage: what the tables of a scenario say of each other, and what contradicts.

Where accounts lie is judged where it is found out, in placing them.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from spm_opt.criteria import Balance, Capacity, Pairs, Skills
from spm_opt.problem import BoolArray
from spm_opt.scenario.check_candidates import check_candidates
from spm_opt.scenario.check_overlays import check_overlays
from spm_opt.scenario.check_past import check_past
from spm_opt.scenario.check_pay import check_pay
from spm_opt.scenario.check_sales import check_history, check_pipeline
from spm_opt.scenario.check_settings import check_settings
from spm_opt.scenario.check_size import check_size
from spm_opt.scenario.check_time import check_dates_and_shares
from spm_opt.scenario.findings import Finding, Findings, Severity
from spm_opt.scenario.located import frame_findings, nearest_of
from spm_opt.scenario.scenario import Scenario
from spm_opt.scenario.settings import Table
from spm_opt.scenario.sources import RAGGED
from spm_opt.scenario.texts import is_empty, is_one_of
from spm_opt.scenario.travel import check_travel

_LEVELS = ("manager", "district", "region")


def check(scenario: Scenario) -> Findings:
    """Look for every contradiction in the input at once.

    Returns
    -------
    Findings
        What reading found, and what the tables and the settings say against each other. A row that
        could not be read is not judged again.
    """
    found = (
        _no_rows(scenario)
        + _accounts(scenario)
        + _locks_and_skills(scenario)
        + _sellers(scenario)
        + _levels_and_capacities(scenario)
        + check_dates_and_shares(scenario)
        + check_history(scenario)
        + check_pipeline(scenario)
        + check_past(scenario)
        + check_travel(scenario)
        + _candidates(scenario)
        + check_settings(scenario)
        + check_overlays(scenario)
        + check_size(scenario)
        + check_pay(scenario)
    )
    broken = {(one.file, one.row) for one in scenario.findings if one.rule == RAGGED}
    return scenario.findings + Findings.of(one for one in found if (one.file, one.row) not in broken)


def _no_rows(scenario: Scenario) -> list[Finding]:
    """Find tables without rows, unless it has been said why they have none."""
    tables = scenario.settings.tables
    faulty = {one.file for one in scenario.findings.errors}
    findings = []
    for name, table in tables:
        if table is None or name == "geography":
            continue
        if getattr(scenario, name).empty and table.path not in faulty:
            severity: Severity = "error" if name in ("accounts", "sellers") else "warning"
            rule = f"no {name.replace('_', ' ')}"
            findings.append(Finding(severity, rule, table.path, expected="at least one row"))
    return findings


def _accounts(scenario: Scenario) -> list[Finding]:
    """Judge ids, sellers and parents of the accounts."""
    accounts, table = scenario.accounts, scenario.settings.tables.accounts
    findings = _twice(scenario.accounts, table, "account")
    sellers = set(scenario.sellers["id"]) - {""}
    if sellers:
        unknown = ~is_empty(accounts["seller"]) & ~is_one_of(accounts["seller"], sellers)
        findings += frame_findings(
            accounts, table, "seller", unknown, "unknown seller", "the id of a seller", nearest_of(sellers)
        )
    parent = accounts["parent"]
    single = ~is_empty(parent) & ~parent.duplicated(keep=False).to_numpy(dtype=bool)
    lonely = single & ~is_one_of(parent, accounts["id"] if single.any() else ())
    rule = "parent that is no account and that no other account has"
    findings += frame_findings(
        accounts, table, "parent", lonely, rule, "the id of an account", severity="warning",
        hint=nearest_of(accounts["id"]) if lonely.any() else "",
    )  # fmt: skip
    return findings


def _candidates(scenario: Scenario) -> list[Finding]:
    """Judge ids and places of candidate seats."""
    frame, table = scenario.candidates, scenario.settings.tables.candidates
    if frame is None or table is None:
        return []
    return _twice(frame, table, "candidate") + check_candidates(scenario)


def _twice(frame: pd.DataFrame, table: Table, noun: str) -> list[Finding]:
    """Find ids that stand in more than one row; the first of them counts as right."""
    ids = frame["id"]
    again = (ids != "") & ids.duplicated()
    members = frame[is_one_of(ids, ids[again])].drop_duplicates("id")
    first = dict(zip(members["id"], members["row"], strict=True))
    return frame_findings(
        frame, table, "id", again.to_numpy(dtype=bool), "duplicate id", f"each {noun} once",
        lambda name: f"it is already in row {first[name]}",
    )  # fmt: skip


def _locks_and_skills(scenario: Scenario) -> list[Finding]:
    """Judge what ties accounts to sellers."""
    accounts, table = scenario.accounts, scenario.settings.tables.accounts
    criteria = scenario.settings.criteria
    free = (accounts["locked"] & (accounts["seller"] == "")).to_numpy(dtype=bool)
    findings = frame_findings(
        accounts, table, "seller", free, "locked account without a seller", "the id of a seller"
    )
    if accounts["locked"].any() and not any(isinstance(one, Pairs) and one.locked for one in criteria):
        findings.append(
            _idle(table.path, "locks", "locked accounts may move", 'a criterion of kind = "pairs"')
        )
    required = accounts["skills"]
    if not required.map(len).any():
        return findings
    if not any(isinstance(one, Skills) for one in criteria):
        return [
            *findings,
            _idle(table.path, "skills", "skills do not matter", 'a criterion of kind = "skills"'),
        ]
    offered = {skill for skills in scenario.sellers["skills"] for skill in skills}
    rare = {skills for skills in required.unique() if not offered.issuperset(skills)}
    mask = required.isin(rare).to_numpy(dtype=bool)
    near = nearest_of(offered)

    def hint(value: str) -> str:
        return ", ".join(filter(None, (near(skill) for skill in value.split(";") if skill not in offered)))

    expected = "skills that a seller has"
    return findings + frame_findings(
        accounts, table, "skills", mask, "skill that no seller has", expected, hint
    )


def _idle(file: str, field: str, what: str, way: str) -> Finding:
    return Finding("warning", f"{what}: no criterion asks for {field}", file, suggestion=way)


def _sellers(scenario: Scenario) -> list[Finding]:
    """Judge ids, vacancies and today's load of the sellers."""
    sellers, table = scenario.sellers, scenario.settings.tables.sellers
    findings = _twice(sellers, table, "seller")
    named = (sellers["name"] != "").any()
    vacant = (sellers["name"] == "") & sellers["start"].isna()
    if named:
        findings += frame_findings(
            sellers, table, "start", vacant.to_numpy(dtype=bool), "vacant position without a start",
            "the day it will be filled", "it stays empty all year", severity="warning",
        )  # fmt: skip
    held = scenario.accounts["seller"]
    idle = ~is_one_of(sellers["id"], held.unique()) & ~is_empty(sellers["id"])
    if (held != "").any():
        findings += frame_findings(
            sellers, table, "id", idle, "seller without any account", severity="warning"
        )
    return findings


def _levels_and_capacities(scenario: Scenario) -> list[Finding]:
    """Find sellers who lack what a criterion compares them by."""
    sellers, table = scenario.sellers, scenario.settings.tables.sellers
    bare: BoolArray = ~np.isfinite(sellers["capacity"].to_numpy(dtype=float))
    faulty = {(one.file, one.row, one.column) for one in scenario.findings.errors}
    findings = []
    for criterion in scenario.settings.criteria:
        if isinstance(criterion, Balance) and criterion.within in _LEVELS:
            none = is_empty(sellers[criterion.within])
            expected = f"a {criterion.within}, since {criterion.title()} compares by it"
            findings += frame_findings(
                sellers, table, criterion.within, none, f"no {criterion.within}", expected
            )
        if isinstance(criterion, Balance) and criterion.target == "capacity":
            expected = f"a number, since {criterion.title()} follows capacity"
            findings += frame_findings(sellers, table, "capacity", bare, "no capacity", expected)
        if isinstance(criterion, Capacity) and len(bare) and bare.all():
            findings.append(
                _idle(table.path, "capacity", f"{criterion.title()} has no effect", "a capacity for sellers")
            )
    return [one for one in findings if (one.file, one.row, one.column) not in faulty]
