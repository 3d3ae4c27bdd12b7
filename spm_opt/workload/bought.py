"""What accounts bought, from the history: sums over months, and the last two years."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from spm_opt.problem import BoolArray, FloatArray, IntArray
from spm_opt.scenario.scenario import Scenario

YEAR, QUARTER = 12, 3


@dataclass(frozen=True, eq=False)
class Rows:
    """The history as arrays, in an order that does not depend on that of its rows."""

    account: IntArray
    begin: IntArray
    finish: IntArray
    revenue: FloatArray
    count: int
    """Number of accounts."""

    @classmethod
    def of(cls, table: pd.DataFrame | None, ids: tuple[str, ...], first: int) -> Rows | None:
        """Take the periods that end before a month; nothing where there are none."""
        if table is None:
            return None
        begin, finish = spans(table)
        kept = finish <= first
        if not kept.any():
            return None
        account = positions(ids, table["account"][kept], "the history")
        revenue = table["revenue"].to_numpy(dtype=float)[kept]
        begin, finish = begin[kept], finish[kept]
        order = np.lexsort((revenue, finish, begin, account))
        return cls(account[order], begin[order], finish[order], revenue[order], len(ids))

    @property
    def end(self) -> int:
        """The month after the last."""
        return int(self.finish.max())

    @property
    def span(self) -> int:
        """Months from the first to the last."""
        return self.end - int(self.begin.min())

    def sum(self, start: int, months: int = YEAR) -> FloatArray:
        """Sum each account's revenue over months from ``start``, shape ``(a,)``."""
        inside = np.minimum(self.finish, start + months) - np.maximum(self.begin, start)
        part = np.flatnonzero(inside > 0)
        length = self.finish[part] - self.begin[part]
        amount = self.revenue[part] * inside[part] / length
        return np.bincount(self.account[part], weights=amount, minlength=self.count).astype(np.float64)

    @property
    def known(self) -> BoolArray:
        """Accounts that the history speaks of, shape ``(a,)``."""
        return np.bincount(self.account, minlength=self.count) > 0

    def last_year(self) -> FloatArray:
        """Sum the last twelve months, a shorter history scaled up to them, shape ``(a,)``."""
        return self.sum(self.end - YEAR) * max(1.0, YEAR / self.span)

    def silent(self, end: int) -> BoolArray:
        """Find the accounts that bought nothing in the three months before ``end``."""
        return self.sum(end - QUARTER, QUARTER) <= 0

    def lifts(self, start: int, months: int) -> FloatArray:
        """Give the factor from what an account bought in a window to what it buys in as many months, shape ``(a,)``.

        It is 1 but for accounts that bought nothing in the year before the window, nor in its first quarter.
        """
        bought = self.revenue > 0
        inside = np.flatnonzero(bought & (self.finish > start) & (self.begin < start + months))
        accounts, at = np.unique(
            self.account[inside], return_index=True
        )  # rows are sorted by account and month
        empty = np.zeros(self.count, dtype=np.int64)
        empty[accounts] = np.maximum(self.begin[inside[at]] - start, 0)
        began = (empty >= QUARTER) & (self.sum(start - YEAR) <= 0)
        return np.where(began, months / (months - np.where(began, empty, 0)), 1.0)


def spans(table: pd.DataFrame) -> tuple[IntArray, IntArray]:
    """Count the months from the year 0 to the start and to the end of each period of a history."""
    period = pd.DatetimeIndex(table["period"])
    begin = np.asarray(period.year * YEAR + period.month - 1, dtype=np.int64)
    return begin, begin + table["months"].to_numpy(dtype=np.int64)


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


@dataclass(frozen=True, eq=False)
class Bought:
    """What was bought in the last two years before the planned one, in the order of the accounts.

    Attributes
    ----------
    last
        Sales of the twelve months that end where the history ends, at the latest before the planned year. An account
        that the history does not know has what its table states.
    before
        Sales of the twelve months before those, shape ``(a,)``; ``None`` where history is shorter.
    """

    last: FloatArray
    before: FloatArray | None


def bought(scenario: Scenario) -> Bought:
    """Add up what every account bought in the last two years.

    Of tables with faults, which are found later, rows that say nothing are left out; where two accounts have one
    id, both are told the same.
    """
    accounts, table = scenario.accounts, scenario.history
    names = pd.Index(accounts["id"])
    single = names.drop_duplicates()
    place = np.arange(len(names)) if len(single) == len(names) else single.get_indexer(names)
    if table is not None:
        there = single.get_indexer(pd.Index(table["account"])) >= 0  # isin takes 10 s for a million names
        sound = there & table["revenue"].notna() & table["period"].notna()
        table = table if sound.all() else table[sound]
    rows = Rows.of(table, tuple(single.tolist()), scenario.settings.year * YEAR)
    stated = stated_sales(scenario)
    if rows is None:
        return Bought(stated, None)
    last = np.where(rows.known[place], rows.last_year()[place], stated).clip(0)
    before = rows.sum(rows.end - 2 * YEAR)[place].clip(0) if rows.span >= 2 * YEAR else None
    return Bought(last, before)


def stated_sales(scenario: Scenario) -> FloatArray:
    """Give what the accounts' table says of last year's sales, 0 where it says nothing; shape ``(a,)``."""
    accounts, revenue = scenario.accounts, scenario.settings.simulate.revenue
    if revenue not in accounts.columns:
        return np.zeros(len(accounts))
    stated: FloatArray = np.nan_to_num(accounts[revenue].to_numpy(dtype=float)).clip(0)
    return stated
