"""History as it was earlier."""

from __future__ import annotations

import numpy as np
import pandas as pd

from spm_opt.problem import IntArray
from spm_opt.simulate.history import YEAR


def ends(history: pd.DataFrame) -> IntArray:
    """Count the months from the year 0 to the end of each period."""
    period = pd.DatetimeIndex(history["period"])
    start = np.asarray(period.year * YEAR + period.month - 1, dtype=np.int64)
    return np.asarray(start + history["months"].to_numpy(dtype=np.int64))


def last_end(history: pd.DataFrame, year: int) -> int:
    """Give the month in which the history before a year ends, counted from the year 0; 0 where nothing is before it."""
    end = ends(history)
    return int(end[end <= year * YEAR].max(initial=0))


def until(history: pd.DataFrame, month: int) -> pd.DataFrame:
    """Keep the periods that have ended by a month, counted from the year 0."""
    kept: pd.DataFrame = history[ends(history) <= month]
    return kept
