"""History as it was earlier."""

from __future__ import annotations

import pandas as pd

from spm_opt.workload.bought import YEAR, spans


def last_end(history: pd.DataFrame, year: int) -> int:
    """Give the month in which the history before a year ends, counted from the year 0; 0 where nothing is before it."""
    _, end = spans(history)
    return int(end[end <= year * YEAR].max(initial=0))


def until(history: pd.DataFrame, month: int) -> pd.DataFrame:
    """Keep the periods that have ended by a month, counted from the year 0."""
    kept: pd.DataFrame = history[spans(history)[1] <= month]
    return kept
