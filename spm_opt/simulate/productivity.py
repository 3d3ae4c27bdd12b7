"""Productivity: how much of a full seller each position has, month by month."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from spm_opt.problem import FloatArray, IntArray
from spm_opt.scenario.settings import Settings
from spm_opt.simulate.history import Window

MONTHS = 12


def productivity(
    sellers: pd.DataFrame,
    territory_ids: Sequence[str],
    settings: Settings,
    *,
    window: Window | None = None,
    delay: int = 0,
) -> FloatArray:
    """Give the share of full productivity of each position in each month, if nobody leaves.

    Before the month in which its seller starts, a position has the share ``vacancy``; from that month on
    the shares of ``ramp``, one a month, and then 1. A seller without a start date has been there long
    enough to be fully productive; a vacant position without one is not filled in the year.

    Parameters
    ----------
    sellers
        The scenario's sellers, in any order.
    territory_ids
        The ``k`` positions, in the order wanted.
    settings
        The year, ``simulate.ramp`` and ``simulate.vacancy``.
    window
        The months, in place of the planned year.
    delay
        Months by which ramps start late, of sellers who are still ramping.

    Returns
    -------
    Shape ``(k, months)``.
    """
    window = window or Window(settings.year * MONTHS)
    table = sellers.set_index("id").loc[list(territory_ids)]
    start = pd.DatetimeIndex(table["start"])
    never = np.asarray(start.isna(), dtype=bool)
    vacant = table["name"].to_numpy() == ""
    rules = settings.simulate
    first = [rules.ramp[0]] * delay if rules.ramp else []
    level = np.array([rules.vacancy, *first, *rules.ramp, 1.0])
    began = np.where(never, 0, start.year * MONTHS + start.month - 1)
    since = window.first + np.arange(window.months)[None, :] - began[:, None]
    share = level[np.clip(since + 1, 0, len(level) - 1).astype(np.int64)]
    settled = np.where(vacant, rules.vacancy, 1.0)
    return np.where(never[:, None], settled[:, None], share)


def first_filled(sellers: pd.DataFrame, territory_ids: Sequence[str], window: Window) -> IntArray:
    """Give the first month of the window in which each position is filled, ``window.months`` for one that is not."""
    table = sellers.set_index("id").loc[list(territory_ids)]
    start = pd.DatetimeIndex(table["start"])
    never = np.asarray(start.isna(), dtype=bool)
    vacant = table["name"].to_numpy() == ""
    began = np.where(never, 0, start.year * MONTHS + start.month - 1 - window.first)
    month = np.clip(began, 0, window.months).astype(np.int64)
    return np.where(never & vacant, window.months, month)


def last_months(sellers: pd.DataFrame, territory_ids: Sequence[str], window: Window) -> IntArray:
    """Give the month of the window by which each position is left: that of the day after its seller's last.

    It is 0 for a seller who has left before, and ``window.months`` where no last day lies in the window.
    """
    end = pd.DatetimeIndex(sellers.set_index("id").loc[list(territory_ids)]["end"]) + pd.Timedelta(days=1)
    never = np.asarray(end.isna(), dtype=bool)
    left = np.where(never, window.months, end.year * MONTHS + end.month - 1 - window.first)
    return np.clip(left, 0, window.months).astype(np.int64)
