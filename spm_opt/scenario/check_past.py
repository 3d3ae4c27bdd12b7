"""What closed opportunities, time sheets and quotas of the past say against the other tables."""

from __future__ import annotations

import numpy as np
import pandas as pd

from spm_opt.problem import BoolArray, FloatArray, IntArray
from spm_opt.scenario.check_sales import overlaps, unknown_accounts, unknown_stages
from spm_opt.scenario.findings import Finding, Severity
from spm_opt.scenario.located import column_name, count_of, frame_findings, nearest_of
from spm_opt.scenario.scenario import Scenario
from spm_opt.scenario.settings import Table
from spm_opt.scenario.texts import is_empty, is_one_of

_DAY = 24


def check_past(scenario: Scenario) -> list[Finding]:
    """Judge the tables that sales metrics are made from."""
    return _opportunities(scenario) + _timesheets(scenario) + _quota_history(scenario)


def _opportunities(scenario: Scenario) -> list[Finding]:
    """Judge ids, accounts, sellers, stages and dates of closed opportunities."""
    frame, table = scenario.opportunities, scenario.settings.tables.opportunities
    if frame is None or table is None or frame.empty:
        return []
    again = ((frame["id"] != "") & frame["id"].duplicated()).to_numpy(dtype=bool)
    findings = frame_findings(frame, table, "id", again, "duplicate id", "each opportunity once")
    findings += unknown_accounts(scenario, frame, table) + _unknown_sellers(scenario, frame, table)
    findings += unknown_stages(scenario, frame, table)
    shown = frame.assign(**{field: frame[field].dt.strftime("%Y-%m-%d") for field in ("expected", "closed")})
    odd: tuple[tuple[str, str, Severity], ...] = (
        ("closed", "closed before it was opened", "error"),
        ("expected", "expected to close before it was opened", "warning"),
    )
    for field, rule, severity in odd:
        early = (frame[field] < frame["opened"]).to_numpy(dtype=bool)
        day = "a day not before the one on which it was opened"
        findings += frame_findings(shown, table, field, early, rule, day, severity=severity)
    year = frame["closed"].dt.year.to_numpy(dtype=float)
    return findings + _late(scenario, year, table, "closed", "opportunities")


def _timesheets(scenario: Scenario) -> list[Finding]:
    """Judge sellers, periods and hours of time sheets."""
    frame, table = scenario.timesheets, scenario.settings.tables.timesheets
    if frame is None or table is None or frame.empty:
        return []
    findings = _unknown_sellers(scenario, frame, table) + overlaps(frame, table, "seller", additive=True)
    known = frame[frame["period"].notna() & ~is_empty(frame["seller"])].sort_values("row", ignore_index=True)
    total = known.groupby(["seller", "period", "months"])["hours"].transform("sum")
    most = _DAY * _days(known)
    first = ~known.duplicated(["seller", "period", "months"]).to_numpy(dtype=bool)
    wide: BoolArray = first & (total.to_numpy(dtype=float) > most)
    shown = known.assign(hours=total.map("{:g}".format))
    expected = "at most 24 hours a day, all categories of a seller's period together"
    findings += frame_findings(shown, table, "hours", wide, "more hours than the period has", expected)
    return findings + _late_periods(scenario, frame, table)


def _quota_history(scenario: Scenario) -> list[Finding]:
    """Judge sellers and periods of past quotas."""
    frame, table = scenario.quota_history, scenario.settings.tables.quota_history
    if frame is None or table is None or frame.empty:
        return []
    findings = _unknown_sellers(scenario, frame, table) + overlaps(frame, table, "seller")
    none = (frame["quota"] == 0).to_numpy(dtype=bool)
    rule = "quota of 0 has no attainment"
    findings += frame_findings(
        frame, table, "quota", none, rule, "a quota above 0, or no row", severity="warning"
    )
    faulty = [one.row for one in scenario.findings.errors if one.file == table.path]
    unsaid = (frame["sales"].isna() & ~frame["row"].isin(faulty)).to_numpy(dtype=bool)
    bare = unsaid & ~_sales_known(scenario, frame)
    if bare.any():
        rule = "quotas without sales count in no attainment"
        expected = "sales, or history of the period and of accounts that the seller has today"
        first = int(frame["row"][bare].min())
        rows, column = count_of(int(bare.sum())), column_name(table, "sales")
        findings.append(Finding("warning", rule, table.path, first, column, rows, expected))
    return findings + _late_periods(scenario, frame, table)


def _sales_known(scenario: Scenario, frame: pd.DataFrame) -> BoolArray:
    """Tell whether the history knows what the seller's accounts of today bought in each period, shape ``(rows,)``."""
    history = scenario.history
    if history is None or history.empty:
        return np.zeros(len(frame), dtype=bool)
    (start, end), (first, last) = _months(frame), _months(history)
    held = is_one_of(frame["seller"], scenario.accounts["seller"].unique())
    return np.asarray(held & (start >= first.min()) & (end <= last.max()))


def _months(frame: pd.DataFrame) -> tuple[IntArray, IntArray]:
    """First month of each period, and the one after its last, counted from 1970; shape ``(rows,)``."""
    start = frame["period"].to_numpy(dtype="datetime64[M]").astype(np.int64)
    return start, start + frame["months"].to_numpy(dtype=np.int64)


def _unknown_sellers(scenario: Scenario, frame: pd.DataFrame, table: Table) -> list[Finding]:
    """Warn of sellers who have no position today, each once: the past may name people who are gone."""
    known = set(scenario.sellers["id"]) - {""}
    if not known:  # the sellers could not be read: that has been said
        return []
    near = nearest_of(known)
    rows = frame[~is_empty(frame["seller"]) & ~is_one_of(frame["seller"], known)]
    return [
        Finding(
            "warning", "unknown seller", table.path, int(found.min()), column_name(table, "seller"), str(name),
            f"the id of a seller; {len(found):,} {'row counts' if len(found) == 1 else 'rows count'} for the company alone",
            near(str(name)),
        )
        for name, found in rows.groupby("seller")["row"]
    ]  # fmt: skip


def _late_periods(scenario: Scenario, frame: pd.DataFrame, table: Table) -> list[Finding]:
    year = frame["period"].dt.year.to_numpy(dtype=float)
    return _late(scenario, year, table, "period", "periods")


def _late(scenario: Scenario, year: FloatArray, table: Table, field: str, what: str) -> list[Finding]:
    """Warn of what lies in or after the planned year."""
    late = int((year >= scenario.settings.year).sum())
    if not late:
        return []
    rule = f"{what} in or after the planned year are not used"
    column, before = column_name(table, field), f"before {scenario.settings.year}"
    return [Finding("warning", rule, table.path, 0, column, count_of(late), before)]


def _days(frame: pd.DataFrame) -> FloatArray:
    """Count the days of each period, shape ``(rows,)``."""
    begin = frame["period"].to_numpy(dtype="datetime64[M]")
    end = begin + frame["months"].to_numpy(dtype="timedelta64[M]")
    days = end.astype("datetime64[D]") - begin.astype("datetime64[D]")
    return np.asarray(days.astype(np.float64))
