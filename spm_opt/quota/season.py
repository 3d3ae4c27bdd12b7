"""The season: what part of a year's quota each month or quarter has."""

from __future__ import annotations

import numpy as np
import pandas as pd

from spm_opt.errors import ScenarioError
from spm_opt.problem import FloatArray
from spm_opt.scenario.scenario import Scenario

YEAR = 12


def season(scenario: Scenario) -> FloatArray:
    """Give each month's share of the planned year, shape ``(12,)``: given, even, or from history.

    From history, the revenue of every whole twelve months up to the planned year is added up by calendar
    month; a period longer than a month counts evenly in each of its months. Given quarters are even within.

    Raises
    ------
    ScenarioError
        When history is asked for and spans no whole year, or has no revenue in it.
    """
    rules = scenario.settings.quota
    if rules.seasonality == "history":
        return _from_history(scenario)
    if rules.seasonality == "even":
        return np.full(YEAR, 1 / YEAR)
    given = np.array(rules.seasonality)
    return np.asarray(np.repeat(given / (YEAR // len(given)), YEAR // len(given)))


def period_shares(scenario: Scenario, monthly: FloatArray) -> dict[str, float]:
    """Name the finest periods with their shares: ``2027``, ``2027-Q1`` or ``2027-01``."""
    kind, year = scenario.settings.quota.periods, scenario.settings.year
    shares = finest(scenario, monthly).tolist()
    if kind == "year":
        return {str(year): shares[0]}
    names = [f"{year}-Q{i + 1}" if kind == "quarter" else f"{year}-{i + 1:02d}" for i in range(len(shares))]
    return dict(zip(names, shares, strict=True))


def finest(scenario: Scenario, monthly: FloatArray) -> FloatArray:
    """Add months up to the finest periods, along the last axis."""
    count = {"year": 1, "quarter": 4, "month": YEAR}[scenario.settings.quota.periods]
    return np.asarray(monthly.reshape(*monthly.shape[:-1], count, YEAR // count).sum(axis=-1))


def _from_history(scenario: Scenario) -> FloatArray:
    """Add the whole years of the history up by calendar month."""
    table, first = scenario.history, scenario.settings.year * YEAR
    if table is not None:
        table = table.sort_values(["period", "account", "months", "revenue"])
        period = pd.DatetimeIndex(table["period"])
        start = np.asarray(period.year * YEAR + period.month - 1, dtype=np.int64)
        months = table["months"].to_numpy(dtype=np.int64)
        known = start + months <= first
        if known.any():
            end = int((start + months)[known].max())
            since = end - (end - int(start[known].min())) // YEAR * YEAR
            total = np.zeros(YEAR)
            each = table["revenue"].to_numpy(dtype=float) / months
            for ahead in range(int(months.max())):
                at = start + ahead
                own = known & (ahead < months) & (at >= since) & (at < end)
                total += np.bincount(at[own] % YEAR, each[own], YEAR)
            if total.sum() > 0 and (total >= 0).all():
                return np.asarray(total / total.sum())
    text = "scenario.toml: quota.seasonality: the history has no whole year of sales before the planned one"
    raise ScenarioError([text])
