"""What history and pipeline say against the accounts and the settings."""

from __future__ import annotations

import numpy as np
import pandas as pd

from spm_opt.problem import IntArray
from spm_opt.scenario.findings import Finding, nearest
from spm_opt.scenario.located import column_name, frame_findings, nearest_of
from spm_opt.scenario.scenario import Scenario
from spm_opt.scenario.settings import Table
from spm_opt.scenario.texts import is_empty, is_one_of


def check_history(scenario: Scenario) -> list[Finding]:
    """Judge the accounts and the periods of the history."""
    history, table = scenario.history, scenario.settings.tables.history
    if history is None or table is None or history.empty:
        return []
    findings = _unknown_accounts(scenario, history, table) + _overlaps(history, table)
    start, months = _months(history)
    late = int((start + months > 12 * (scenario.settings.year - 1970)).sum())
    if late:
        rule = "periods in or after the planned year are not used"
        findings.append(
            _about(table, "period", rule, f"{late:,} rows", f"periods before {scenario.settings.year}")
        )
    absent = int((~is_one_of(scenario.accounts["id"], history["account"].unique())).sum())
    revenue = scenario.settings.simulate.revenue
    if absent and revenue not in scenario.settings.activities:
        rule = "accounts without history count no sales of last year"
        expected = f"history of every account, or an activity {revenue!r} for those without"
        findings.append(_about(table, "account", rule, f"{absent:,} accounts", expected))
    return findings


def check_pipeline(scenario: Scenario) -> list[Finding]:
    """Judge the ids, the accounts and the stages of the opportunities."""
    pipeline, table = scenario.pipeline, scenario.settings.tables.pipeline
    if pipeline is None or table is None or pipeline.empty:
        return []
    ids = pipeline["id"]
    again = ((ids != "") & ids.duplicated()).to_numpy(dtype=bool)
    findings = frame_findings(pipeline, table, "id", again, "duplicate id", "each opportunity once")
    findings += _unknown_accounts(scenario, pipeline, table)
    rates = scenario.settings.simulate.win_rates
    # a stage without a rate is one fault, however many opportunities are in it
    stages = pipeline[~is_empty(pipeline["stage"]) & ~is_one_of(pipeline["stage"], rates)]
    for stage, rows in stages.groupby("stage")["row"]:
        hint = nearest(str(stage), rates) or f'"{stage}" = 0.2 under [simulate.win_rates]'
        expected = f"a stage with a win rate ({len(rows):,} rows have this one)"
        findings.append(
            Finding(
                "error", "stage without a win rate", table.path, int(rows.min()), column_name(table, "stage"),
                str(stage), expected, hint,
            )
        )  # fmt: skip
    return findings + _outside(scenario, pipeline, table)


def _outside(scenario: Scenario, pipeline: pd.DataFrame, table: Table) -> list[Finding]:
    """Warn of opportunities that the planned year will not see, or not at a known time."""
    close = pipeline["close"]
    year = scenario.settings.year
    other = int((close.notna() & (close.dt.year != year)).sum())
    undated = int(close.isna().sum())
    faulty = sum(one.rule == "not a date" and one.file == table.path for one in scenario.findings)
    missing = any(one.rule == "missing column" and one.file == table.path for one in scenario.findings)
    findings = []
    if other:
        rule = "opportunities that close outside the planned year are not used"
        findings.append(_about(table, "close", rule, f"{other:,} rows", f"dates in {year}"))
    if undated > faulty and not missing:
        rule = "opportunities without a date count in the planned year, in no particular month"
        findings.append(_about(table, "close", rule, f"{undated - faulty:,} rows", "a date"))
    return findings


def _about(table: Table, field: str, rule: str, value: str, expected: str) -> Finding:
    return Finding("warning", rule, table.path, 0, column_name(table, field), value, expected)


def _unknown_accounts(scenario: Scenario, frame: pd.DataFrame, table: Table) -> list[Finding]:
    known = set(scenario.accounts["id"]) - {""}
    if not known:  # the accounts could not be read: that has been said
        return []
    unknown = ~is_empty(frame["account"]) & ~is_one_of(frame["account"], known)
    hint = nearest_of(known) if unknown.any() else ""
    return frame_findings(frame, table, "account", unknown, "unknown account", "the id of an account", hint)


def _months(history: pd.DataFrame) -> tuple[IntArray, IntArray]:
    """First month of each period, counted from 1970, and its length; shape ``(rows,)``."""
    start = history["period"].to_numpy(dtype="datetime64[M]").astype(np.int64)
    return start, history["months"].to_numpy(dtype=np.int64)


def _overlaps(history: pd.DataFrame, table: Table) -> list[Finding]:
    """Find periods of an account that stand twice, or that are not all of one length."""
    known = history[history["period"].notna() & (history["account"] != "")]
    known = known.sort_values(["account", "row"], kind="stable", ignore_index=True)
    again = known.duplicated(["account", "period", "months"]).to_numpy(dtype=bool)
    usual = known.groupby("account")["months"].transform("first")
    other = (known["months"] != usual).to_numpy(dtype=bool)
    shown = known.assign(period=_labels(known))
    findings = frame_findings(
        shown, table, "period", again, "duplicate period", "each period of an account once"
    )
    return findings + frame_findings(
        shown, table, "period", other & ~again, "mixed period lengths",
        "years, quarters or months for one account, since they overlap or leave gaps",
    )  # fmt: skip


def _labels(history: pd.DataFrame) -> pd.Series[str]:
    """Write each period as a planner does."""
    start, months = _months(history)
    pairs, at = np.unique(np.stack([start, months], axis=1), axis=0, return_inverse=True)
    names = []
    for first, length in pairs.tolist():
        year, month = 1970 + first // 12, first % 12
        names.append({12: f"{year}", 3: f"{year}-Q{month // 3 + 1}"}.get(length, f"{year}-{month + 1:02d}"))
    return pd.Series([names[i] for i in at.ravel().tolist()], dtype=str)
