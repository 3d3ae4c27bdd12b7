"""What history tells of the response: sales and effort of sellers, period by period and segment by segment.

Sales are those of the accounts that a seller has today. Effort is the hours that the seller had, divided by the
hours that these accounts ask for, in parts of what is usual in the seller's role. Hours are the capacity times the
ramp of that time, times what time sheets of the year, where there are any, say that this seller worked more or
less than the team. Months before the seller began tell nothing, since nobody knows who was there. Periods without sales tell
nothing either: what is estimated are logarithms.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from spm_opt.capacity.cells import YEAR, Cells
from spm_opt.problem import FloatArray, IntArray
from spm_opt.scenario.capacity_settings import Capacity
from spm_opt.scenario.scenario import Scenario
from spm_opt.simulate.history import Window
from spm_opt.simulate.productivity import productivity
from spm_opt.workload.bought import spans
from spm_opt.workload.time_sheets import past_periods

SHORTEST, LONGEST = 3, 36
"""Months of the shortest period, and of the past that counts: what is older was sold by others."""

MOST_LIFT = 0.5
"""Half a variance at most: beyond, logarithms are no measure any more."""
SHEET_HOURS = 100.0
"""Hours of the team's that count beside a seller's own in a year."""


@dataclass(frozen=True, eq=False)
class Panel:
    """A row a seller, period and segment, each of shape ``(n,)``.

    Attributes
    ----------
    seller, segment, period
        Places among positions, segments and periods.
    sales
        Logarithm of sales, and half the variance that their accounts' chance gives them: that is how much lower the
        logarithm of a sum of few accounts is on average.
    effort
        Logarithm of effort in parts of the role's usual.
    size
        Logarithm of the potential (without one, of the hours asked) of the accounts.
    new
        Part of the period that lies in the seller's first year: whose accounts changed hands.
    accounts
        Accounts that the row adds up.
    months
        Months of a period; 0 where there is no history.
    """

    seller: IntArray
    segment: IntArray
    period: IntArray
    sales: FloatArray
    effort: FloatArray
    size: FloatArray
    new: FloatArray
    accounts: IntArray
    months: int

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.seller)


def panel(scenario: Scenario, known: Cells) -> Panel:
    """Put history and effort together; the same for any order of rows."""
    none, nothing = np.zeros(0, dtype=np.int64), np.zeros(0)
    empty = Panel(none, none, none, nothing, nothing, nothing, nothing, none, 0)
    table = scenario.history
    if table is None or table.empty:
        return empty
    begin, finish = spans(table)
    table = table[finish <= scenario.settings.year * YEAR]
    if table.empty:
        return empty
    begin, finish = spans(table)
    months = max(SHORTEST, int((finish - begin).max()))
    count = min(LONGEST, int(finish.max() - begin.min())) // months
    first = int(finish.max()) - count * months
    if count == 0:
        return empty
    sales = _sales(scenario, known, table, first, count, months)
    effort, new = _effort(scenario, known, first, count, months)
    size, accounts, lift = _size(scenario, known)
    seen = (sales > 0) & np.isfinite(effort)[:, None, :] & (size > 0)[:, :, None]
    seller, segment, period = np.nonzero(seen)
    return Panel(
        seller, segment, period, np.log(sales[seen]) + lift[seller, segment], np.log(effort[seller, period]),
        np.log(size[seller, segment]), new[seller, period], accounts[seller, segment], months,
    )  # fmt: skip


def _sales(
    scenario: Scenario, known: Cells, table: pd.DataFrame, first: int, count: int, months: int
) -> FloatArray:
    """Sum sales by seller, segment and period, shape ``(k, s, t)``; a longer row counts in proportion to months."""
    k, s = len(known.staff.ids), len(known.segments)
    ids = pd.Index(np.sort(scenario.accounts["id"].to_numpy(dtype=object)))
    account = ids.get_indexer(pd.Index(table["account"]))
    begin, finish = spans(table)
    value = table["revenue"].to_numpy(dtype=float) / (finish - begin)
    seller = np.where(account >= 0, known.book.seller[account], -1)
    order = np.lexsort((value, finish, begin, account))
    order = order[seller[order] >= 0]
    place = (seller * s + known.book.segment[account])[order] * count
    begin, finish, value = begin[order] - first, finish[order] - first, value[order]
    out = np.zeros(k * s * count)
    for offset in range(int((finish - begin).max()) if len(order) else 0):
        month = begin + offset
        inside = (month < finish) & (month >= 0)
        np.add.at(out, place[inside] + month[inside] // months, value[inside])
    return out.reshape(k, s, count)


def _effort(
    scenario: Scenario, known: Cells, first: int, count: int, months: int
) -> tuple[FloatArray, FloatArray]:
    """Effort by seller and period, ``nan`` where it is not known, and the part in the first year; ``(k, t)``."""
    staff, book = known.staff, known.book
    window = Window(first, count * months)
    level = productivity(scenario.sellers, staff.ids, scenario.settings, window=window)
    began, ended, new = _tenure(scenario, staff.ids, first + np.arange(count * months))
    there = began & ~ended & staff.filled[:, None]
    monthly = np.where(there, level * staff.hours[:, None] / YEAR, np.nan)
    hours = monthly.reshape(-1, count, months).sum(axis=2)
    hours = hours * _kept(hours, _sheets(scenario, known, first, count, months), months)
    role = np.where(staff.role >= 0, staff.role, 0)
    held = book.seller >= 0
    own = book.hours[np.arange(len(held)), role[book.seller]]
    asked = np.bincount(book.seller[held], own[held], len(staff.ids)) * known.usual[role] * months / YEAR
    good = (asked > 0) & (staff.role >= 0)
    effort = hours / np.where(good, asked, np.nan)[:, None]
    return np.where(effort > 0, effort, np.nan), new.reshape(-1, count, months).mean(axis=2)


def _kept(hours: FloatArray, sheets: FloatArray, months: int) -> FloatArray:
    """Give the factor from what each seller could work to what time sheets say, year by year, shape ``(k, t)``.

    Sheets of single periods are too noisy: an effort that is measured with errors looks as if it did nothing. The
    team's factor is 1; a seller's year is drawn towards it as if ``SHEET_HOURS`` more were like the team's.
    """
    both = np.isfinite(hours) & (sheets > 0)
    could, did = np.where(both, hours, 0.0), np.where(both, sheets, 0.0)
    scale = could.sum() / did.sum() if both.any() else 1.0
    count = hours.shape[1]
    year = (np.arange(count)[::-1] * months) // YEAR
    same = (year[:, None] == year[None, :]).astype(float)
    return np.asarray((did @ same * scale + SHEET_HOURS) / (could @ same + SHEET_HOURS))


def _tenure(
    scenario: Scenario, ids: tuple[str, ...], month: IntArray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Say in which months each seller had begun, had ended, and was in the first year; ``(k, months)`` each."""
    table = scenario.sellers.set_index("id").loc[list(ids)]
    start, end = pd.DatetimeIndex(table["start"]), pd.DatetimeIndex(table["end"])
    since = np.where(start.isna(), -(10**6), start.year * YEAR + start.month - 1).astype(np.int64)[:, None]
    until = np.where(end.isna(), 10**6, end.year * YEAR + end.month - 1).astype(np.int64)[:, None]
    return month >= since, month >= until, (month >= since) & (month < since + YEAR)


def _sheets(scenario: Scenario, known: Cells, first: int, count: int, months: int) -> FloatArray:
    """Hours of the counted categories by seller and period, 0 where a period is not whole; shape ``(k, t)``."""
    out = np.zeros((len(known.staff.ids), count))
    table = past_periods(scenario.timesheets, scenario)
    if table is None:
        return out
    counted = (scenario.settings.capacity or Capacity()).counted
    seller = pd.Index(known.staff.ids).get_indexer(pd.Index(table["seller"]))
    begin, finish = (one - first for one in spans(table))
    period = begin // months
    whole = (seller >= 0) & (begin >= 0) & (finish <= count * months) & ((finish - 1) // months == period)
    rows = pd.DataFrame({
        "place": seller * count + period, "begin": begin, "length": finish - begin,
        "hours": np.where(table["category"].isin(counted), table["hours"].to_numpy(dtype=float), 0.0),
    })[whole]  # fmt: skip
    rows = rows.sort_values(["place", "begin", "length", "hours"], kind="stable")
    hours = np.bincount(rows["place"], rows["hours"], out.size)
    spanned = rows.drop_duplicates(["place", "begin", "length"])
    covered = np.bincount(spanned["place"], spanned["length"], out.size)
    return np.where(covered == months, hours, 0.0).reshape(out.shape)


def _size(scenario: Scenario, known: Cells) -> tuple[FloatArray, IntArray, FloatArray]:
    """Potential of each seller's accounts by segment (without one, the hours they ask for), their number, and the lift.

    Sales of an account are its potential times a ratio, whose coefficient of variation ``v`` is that of the segment;
    so those of a seller's accounts vary by ``v^2 sum(p^2) / sum(p)^2``.
    """
    book, shape = known.book, (len(known.staff.ids), len(known.segments))
    name = scenario.settings.simulate.potential
    accounts = scenario.accounts.sort_values("id", kind="stable")
    own = accounts[name].to_numpy(dtype=float) if name in accounts.columns else book.hours.sum(axis=1)
    held = book.seller >= 0
    place, count = (book.seller * shape[1] + book.segment)[held], shape[0] * shape[1]
    size, square = (np.bincount(place, own[held] ** power, count).reshape(shape) for power in (1, 2))
    total, bought = (np.bincount(book.segment, values, shape[1]) for values in (own, book.sales))
    ratio = np.divide(bought, total, out=np.zeros(shape[1]), where=total > 0)
    apart = np.bincount(book.segment, (book.sales - own * ratio[book.segment]) ** 2, shape[1])
    whole = np.bincount(book.segment, (own * ratio[book.segment]) ** 2, shape[1])
    varies = np.divide(apart, whole, out=np.zeros(shape[1]), where=whole > 0)
    lift = varies * np.divide(square, size**2, out=np.zeros(shape), where=size > 0) / 2
    members = np.bincount(place, minlength=count).reshape(shape).astype(np.int64)
    return size.astype(np.float64), members, np.minimum(lift, MOST_LIFT)
