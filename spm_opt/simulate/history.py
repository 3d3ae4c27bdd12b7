"""What each account bought in the last two years."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from spm_opt.problem import BoolArray, FloatArray, IntArray
from spm_opt.scenario.scenario import Scenario

YEAR = 12


@dataclass(frozen=True, eq=False)
class Years:
    """Yearly sales of the accounts, in the order of their ids.

    Attributes
    ----------
    account_ids
        The ``a`` accounts, sorted.
    last
        Sales of the last twelve months, shape ``(a,)``, never negative.
    before
        Sales of the twelve months before those, shape ``(a,)``; ``None`` where history is shorter.
    from_history
        Whether ``last`` comes from the history, shape ``(a,)``; else it is the revenue activity, or 0
        where the accounts have none.
    months
        Months that the history spans; 0 without one.
    """

    account_ids: tuple[str, ...]
    last: FloatArray
    before: FloatArray | None
    from_history: BoolArray
    months: int


def years(scenario: Scenario) -> Years:
    """Add up the last two years of every account.

    The last year is the twelve months that end where the history ends, at the latest on the day before
    the planned year; a period that lies in it only in part counts in proportion to its months. A history
    shorter than a year is scaled up to one. An account that the history does not know has its revenue
    activity as last year's sales.
    """
    accounts = scenario.accounts.sort_values("id", kind="stable")
    ids = tuple(accounts["id"].tolist())
    revenue = scenario.settings.simulate.revenue
    stated = accounts[revenue].to_numpy(dtype=float) if revenue in accounts.columns else np.zeros(len(ids))
    table = scenario.history
    first = scenario.settings.year * YEAR
    if table is None or not (_ends(table) <= first).any():
        return Years(ids, stated.clip(0), None, np.zeros(len(ids), dtype=bool), 0)
    table = table[_ends(table) <= first]
    end, start = int(_ends(table).max()), int(_starts(table).min())
    account = positions(ids, table["account"], "the history")
    known = np.bincount(account, minlength=len(ids)) > 0
    last = _window(table, account, len(ids), end - YEAR) * max(1.0, YEAR / (end - start))
    before = _window(table, account, len(ids), end - 2 * YEAR) if end - start >= 2 * YEAR else None
    return Years(ids, np.where(known, last, stated).clip(0), before, known, end - start)


def positions(ids: tuple[str, ...], names: pd.Series[str], where: str) -> IntArray:
    """Find each name in ``ids``.

    Raises
    ------
    ValueError
        When a name is not there; loading a scenario finds that first, with its row.
    """
    found = pd.Index(ids).get_indexer(pd.Index(names))
    if (found < 0).any():
        raise ValueError(f"{where} names an account that does not exist: {names.iloc[int(found.argmin())]!r}")
    return found.astype(np.int64)


def _starts(table: pd.DataFrame) -> IntArray:
    """Count the months from the year 0 to each period's start."""
    period = pd.DatetimeIndex(table["period"])
    return np.asarray(period.year * YEAR + period.month - 1, dtype=np.int64)


def _ends(table: pd.DataFrame) -> IntArray:
    return np.asarray(_starts(table) + table["months"].to_numpy(dtype=np.int64))


def _window(table: pd.DataFrame, account: IntArray, count: int, start: int) -> FloatArray:
    """Sum each account's revenue over the twelve months from ``start``, the same for any order of rows."""
    begin, end = _starts(table), _ends(table)
    inside = np.clip(np.minimum(end, start + YEAR) - np.maximum(begin, start), 0, None)
    part = table["revenue"].to_numpy(dtype=float) * inside / (end - begin)
    order = np.lexsort((part, begin, account))
    return np.bincount(account[order], weights=part[order], minlength=count).astype(np.float64)
