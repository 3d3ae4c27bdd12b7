"""What history and pipeline say against the accounts and the settings."""

from __future__ import annotations

import numpy as np
import pandas as pd

from spm_opt.problem import IntArray
from spm_opt.scenario.columns import period_labels
from spm_opt.scenario.findings import Finding, nearest
from spm_opt.scenario.located import column_name, count_of, frame_findings, nearest_of
from spm_opt.scenario.scenario import Scenario
from spm_opt.scenario.settings import Table
from spm_opt.scenario.texts import is_empty, is_one_of


def check_history(scenario: Scenario) -> list[Finding]:
    """Judge the accounts and the periods of the history."""
    history, table = scenario.history, scenario.settings.tables.history
    if history is None or table is None or history.empty:
        return []
    findings = unknown_accounts(scenario, history, table)
    findings += overlaps(history, table, "account")
    start, months = _months(history)
    after = start + months > 12 * (scenario.settings.year - 1970)
    findings += _gaps(history[~after], table)
    late = int(after.sum())
    if late:
        rule = "periods in or after the planned year are not used"
        findings.append(
            _about(table, "period", rule, count_of(late), f"periods before {scenario.settings.year}")
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
    findings += unknown_accounts(scenario, pipeline, table)
    findings += unknown_stages(scenario, pipeline, table)
    return findings + _outside(scenario, pipeline, table)


def unknown_stages(scenario: Scenario, frame: pd.DataFrame, table: Table) -> list[Finding]:
    """Find stages without a rate: each is one fault, however many opportunities are in it."""
    rates = scenario.settings.simulate.win_rates
    findings = []
    stages = frame[~is_empty(frame["stage"]) & ~is_one_of(frame["stage"], rates)]
    for stage, rows in stages.groupby("stage")["row"]:
        hint = nearest(str(stage), rates) or f'"{stage}" = 0.2 under [simulate.win_rates]'
        expected = f"a stage with a win rate ({count_of(len(rows))} in this one)"
        findings.append(
            Finding(
                "error", "stage without a win rate", table.path, int(rows.min()), column_name(table, "stage"),
                str(stage), expected, hint,
            )
        )  # fmt: skip
    return findings


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
        findings.append(_about(table, "close", rule, count_of(other), f"dates in {year}"))
    if undated > faulty and not missing:
        rule = "opportunities without a date count in the planned year, in no particular month"
        findings.append(_about(table, "close", rule, count_of(undated - faulty), "a date"))
    return findings


def _about(table: Table, field: str, rule: str, value: str, expected: str) -> Finding:
    return Finding("warning", rule, table.path, 0, column_name(table, field), value, expected)


def unknown_accounts(scenario: Scenario, frame: pd.DataFrame, table: Table) -> list[Finding]:
    """Find accounts that the accounts' table does not have."""
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


def overlaps(frame: pd.DataFrame, table: Table, by: str, *, additive: bool = False) -> list[Finding]:
    """Find periods of an account (or a seller) that stand twice, or that hold another one.

    ``additive`` says that rows of one period add up, so that none stands twice.
    """
    known = frame[frame["period"].notna() & (frame[by] != "")].reset_index(drop=True)
    start, months = _months(known)
    who, row = pd.factorize(known[by])[0], known["row"].to_numpy(dtype=np.int64)
    # of one account, the shorter first of those that end together: a period that holds another follows it
    order = np.lexsort((row, months, start + months, who))
    one, two = order[:-1], order[1:]
    same = who[one] == who[two]
    again = same & (start[one] == start[two]) & (months[one] == months[two])
    holds = same & ~again & ((start + months)[one] > start[two])
    findings = []
    expected = f"periods of one {by} that do not overlap"
    for inner, outer in zip(one[holds].tolist(), two[holds].tolist(), strict=True):
        label, other = period_labels(known.iloc[[outer, inner]])
        findings.append(
            Finding(
                "error", "overlapping periods", table.path, int(row[outer]), column_name(table, "period"), label,
                expected, f"{other} in row {row[inner]} lies within it",
            )
        )  # fmt: skip
    if additive or not again.any():
        return findings
    twice = known.iloc[np.sort(two[again])]
    expected = f"each period of {'an' if by == 'account' else 'a'} {by} once"
    shown, every = twice.assign(period=period_labels(twice).to_numpy()), np.ones(len(twice), dtype=bool)
    return findings + frame_findings(shown, table, "period", every, "duplicate period", expected)


def _gaps(history: pd.DataFrame, table: Table) -> list[Finding]:
    """Find months that no account has; where there are none, say what the gaps of single accounts count as."""
    known = history[history["period"].notna() & (history["account"] != "")]
    if known.empty:
        return []
    known = known.sort_values(["period", "row"], kind="stable", ignore_index=True)
    start, months = _months(known)
    end = np.maximum.accumulate(start + months)
    findings = []
    for at in (1 + np.flatnonzero(start[1:] > end[:-1])).tolist():  # the first row behind each gap
        row, value = int(known["row"].iloc[at]), period_labels(known.iloc[[at]]).iloc[0]
        missing = f"sales in {_span(end[at - 1], start[at])}, which no account has"
        hint = "a row with revenue 0, where nobody bought anything"
        findings.append(
            Finding(
                "error", "periods missing before this one", table.path, row, column_name(table, "period"),
                value, missing, hint,
            )
        )  # fmt: skip
    spans = known.assign(start=start, end=start + months).groupby("account")
    holes = spans["end"].max() - spans["start"].min() > spans["months"].sum()
    if not findings and holes.any():
        rule = "periods that an account lacks between others count as no sales"
        accounts = f"{int(holes.sum()):,} accounts"
        findings.append(_about(table, "period", rule, accounts, "a row for every period"))
    return findings


def _span(start: int, end: int) -> str:
    """Write the months from ``start`` up to the one before ``end``, both counted from 1970."""
    first, last = (f"{1970 + month // 12}-{month % 12 + 1:02d}" for month in (int(start), int(end) - 1))
    return first if first == last else f"{first} to {last}"
