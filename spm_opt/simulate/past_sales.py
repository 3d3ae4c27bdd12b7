"""What the accounts that a seller has today bought in periods of the past."""

from __future__ import annotations

import numpy as np
import pandas as pd

from spm_opt.problem import FloatArray, IntArray
from spm_opt.scenario.scenario import Scenario


def past_sales(scenario: Scenario, quotas: pd.DataFrame) -> FloatArray:
    """Give the sales of each row of past quotas: those it states, else those of the seller's accounts of today.

    A period of the history that lies in a quota's period only in part counts in proportion to its months.

    Parameters
    ----------
    scenario
        Its history and its accounts.
    quotas
        ``seller``, ``period``, ``months``, ``sales``, as in ``Scenario.quota_history``.

    Returns
    -------
    ndarray
        Sales in currency, shape ``(rows,)``; ``nan`` where none are stated and the history does not span
        the period, or the seller has no accounts today.
    """
    stated = quotas["sales"].to_numpy(dtype=float)
    table = scenario.history
    if table is None or table.empty or not np.isnan(stated).any():
        return stated
    names, first, monthly = _by_month(scenario, table)
    place = pd.Index(names, dtype=object).get_indexer(pd.Index(quotas["seller"], dtype=object))
    start = _starts(quotas) - first
    end = start + quotas["months"].to_numpy(dtype=np.int64)
    known = (place >= 0) & (start >= 0) & (end <= monthly.shape[1])
    found = np.full(len(quotas), np.nan)
    for begin, until in sorted(set(zip(start[known].tolist(), end[known].tolist(), strict=True))):
        rows = known & (start == begin) & (end == until)
        # thirds of a quarter add up to it again once rounded to cents
        found[rows] = np.round(monthly[place[rows], begin:until].sum(axis=1), 2)
    return np.where(np.isnan(stated), found, stated)


def _by_month(scenario: Scenario, table: pd.DataFrame) -> tuple[list[str], int, FloatArray]:
    """Spread the history over months: sellers, the first month from 1970, and sales ``(sellers, months)``."""
    accounts = scenario.accounts
    owner = dict(zip(accounts["id"].tolist(), accounts["seller"].tolist(), strict=True))
    names = sorted(set(owner.values()) - {""})
    code = {name: i for i, name in enumerate(names)}
    place = np.array([code.get(owner.get(one, ""), -1) for one in table["account"].tolist()], dtype=np.int64)
    start, months = _starts(table), table["months"].to_numpy(dtype=np.int64)
    first, last = int(start.min()), int((start + months).max())
    value = table["revenue"].to_numpy(dtype=float) / months
    order = np.lexsort((value, months, start, place))  # the same sum for any order of rows
    order = order[place[order] >= 0]
    monthly = np.zeros((len(names), last - first))
    for length in np.unique(months).tolist():
        own = order[months[order] == length]
        for at in range(length):
            np.add.at(monthly, (place[own], start[own] - first + at), value[own])
    return names, first, monthly


def _starts(table: pd.DataFrame) -> IntArray:
    return table["period"].to_numpy(dtype="datetime64[M]").astype(np.int64)
