"""What the accounts bought in the years that the history tells of."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pandas as pd

from spm_opt.plan import Alignment
from spm_opt.problem import NONE, BoolArray, FloatArray, IntArray
from spm_opt.scenario.scenario import Scenario
from spm_opt.workload.bought import YEAR, Rows, positions, stated_sales

MOST_PAIRS = 5
"""Pairs of years that rates are estimated from, the latest first: what is older says little of next year."""


@dataclass(frozen=True)
class Window:
    """The months that are simulated.

    Attributes
    ----------
    first
        First month, counted from the year 0: year x 12 + month - 1.
    months
        How many.
    """

    first: int
    months: int = YEAR


@dataclass(frozen=True, eq=False)
class Pair:
    """Sales of the accounts in two windows a year apart, each of shape ``(a,)``.

    Attributes
    ----------
    before, last
        What was bought in the earlier window and the later one.
    level
        What ``before`` comes to over the whole window for accounts that began within it: one that bought nothing in
        the year before the window, and first in its seventh month, counts double.
    silent
        Accounts that bought nothing in the three months before the later window.
    """

    before: FloatArray
    last: FloatArray
    level: FloatArray
    silent: BoolArray


@dataclass(frozen=True, eq=False)
class Years:
    """Sales of the accounts, in the order of their ids.

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
    base
        What the simulated window begins with: sales in the same months a year before it, shape ``(a,)``. For
        a whole year that is ``last``.
    level
        What ``base`` comes to over the whole window for accounts that began within it, shape ``(a,)``.
    silent
        Accounts that bought nothing in the three months before the simulated window, shape ``(a,)``.
    pairs
        Windows as long as the simulated one, each with the same months a year earlier; the latest first. The
        first one ends where history ends. Rates are estimated from them.
    quarters
        Sales of the last twelve months by quarter of the year, shape ``(a, 4)``; ``None`` without history.
    """

    account_ids: tuple[str, ...]
    last: FloatArray
    before: FloatArray | None
    from_history: BoolArray
    months: int
    base: FloatArray
    level: FloatArray
    silent: BoolArray
    pairs: tuple[Pair, ...]
    quarters: FloatArray | None


def whole_year(scenario: Scenario) -> Window:
    """Give the planned year as a window."""
    return Window(scenario.settings.year * YEAR)


def years(scenario: Scenario, window: Window | None = None) -> Years:
    """Add up what every account bought.

    The last year is the twelve months that end where the history ends, at the latest on the day before
    the simulated window; a period that lies in it only in part counts in proportion to its months. A history
    shorter than a year is scaled up to one. An account that the history does not know has its revenue
    activity as last year's sales.

    Parameters
    ----------
    scenario
        With or without history.
    window
        What is simulated; the planned year if nothing is said.
    """
    window = window or whole_year(scenario)
    accounts = scenario.accounts.sort_values("id", kind="stable")
    ids = tuple(accounts["id"].tolist())
    stated = stated_sales(replace(scenario, accounts=accounts))
    rows = Rows.of(scenario.history, ids, window.first)
    if rows is None:
        nowhere = np.zeros(len(ids), dtype=bool)
        base = stated * (window.months / YEAR)
        return Years(ids, stated, None, nowhere, 0, base, base, nowhere, (), None)
    known = rows.known
    last = np.where(known, rows.last_year(), stated).clip(0)
    base = last
    if window.months != YEAR:
        base = np.where(known, rows.sum(rows.end - YEAR, window.months), stated * (window.months / YEAR))
    return Years(
        account_ids=ids,
        last=last,
        before=rows.sum(rows.end - 2 * YEAR) if rows.span >= 2 * YEAR else None,
        from_history=known,
        months=rows.span,
        base=base.clip(0),
        level=base.clip(0) * rows.lifts(rows.end - YEAR, window.months),
        silent=known & rows.silent(rows.end),
        pairs=_pairs(rows, window.months),
        quarters=_quarters(rows),
    )


def _pairs(rows: Rows, months: int) -> tuple[Pair, ...]:
    """Cut the history into windows a year apart, from its end."""
    count = min(MOST_PAIRS, (rows.span - months) // YEAR)
    starts = [rows.end - months - YEAR * back for back in range(count + 1)]
    sums = [rows.sum(start, months) for start in starts]
    return tuple(
        Pair(before, last, before * rows.lifts(start - YEAR, months), rows.silent(start))
        for start, (last, before) in zip(starts, pairwise(sums), strict=False)
    )


def _quarters(rows: Rows) -> FloatArray:
    """Add up the last twelve months by quarter of the year."""
    first = rows.end - YEAR
    sums = np.zeros((rows.count, 4))
    for month in range(first, rows.end):
        sums[:, month % YEAR // 3] += rows.sum(month, 1)
    return sums.clip(0)


def holders(account_ids: tuple[str, ...], alignment: Alignment) -> IntArray:
    """Give the territory of each account in the order of ``account_ids``, ``NONE`` where it has none, shape ``(a,)``."""
    holder = np.full(len(account_ids), NONE, dtype=np.int64)
    place = positions(account_ids, pd.Series(alignment.account_ids, dtype=str), "the alignment")
    holder[place] = alignment.account_territory
    return holder
