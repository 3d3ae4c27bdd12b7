"""What closed opportunities and time sheets tell the demand model.

Stages
    The stages are in the order of ``[simulate.win_rates]``. A closed opportunity has reached the stage it
    names and every stage before it, so ``won / reached`` of a stage estimates the chance that an
    opportunity which is in that stage, or has just come to it, will be won.
Delays
    Months from the day on which a won opportunity was first expected to close to the day on which it did.
    Lost ones are left out: what is late there is the clean-up of a list, and no sale.
Selling
    Hours with customers and hours spent on finding them, as a share of all hours in the time sheets.

Only what ended before the planned year counts, or before the month ``before``: a forecast for a year that
is over must not learn from it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from spm_opt.problem import FloatArray, IntArray
from spm_opt.scenario.scenario import Scenario
from spm_opt.workload.time_sheets import sheets

DAYS_A_MONTH = 365.2425 / 12
SELLING = ("prospecting", "selling")
"""Categories of hours that bring sales."""
_YEAR = 12


@dataclass(frozen=True, eq=False)
class StageCounts:
    """Closed opportunities by stage.

    Attributes
    ----------
    stages
        The ``s`` stages, first to last.
    reached
        How many closed opportunities came to each stage or beyond, shape ``(s,)``.
    won
        How many of those were won, shape ``(s,)``.
    """

    stages: tuple[str, ...]
    reached: IntArray
    won: IntArray


def stage_counts(scenario: Scenario, *, before: int | None = None) -> StageCounts | None:
    """Count the closed opportunities that reached each stage, and those of them that were won.

    Parameters
    ----------
    scenario
        Its closed opportunities, and the order of stages.
    before
        First month that is not to be known, counted from the year 0 (``year * 12 + month - 1``); January
        of the planned year where nothing is said.

    Returns
    -------
    StageCounts or None
        ``None`` where no opportunity has closed.

    Raises
    ------
    ValueError
        An opportunity has a stage without a win rate; checking a scenario finds that first, with its row.
    """
    closed = closed_deals(scenario, before)
    if closed is None:
        return None
    stages = tuple(scenario.settings.simulate.win_rates)
    place = stage_places(closed, stages)
    count = len(stages)
    reached, won = (
        np.bincount(places, minlength=count)[::-1].cumsum()[::-1]
        for places in (place, place[closed["won"].to_numpy(dtype=bool)])
    )
    return StageCounts(stages, reached.astype(np.int64), won.astype(np.int64))


def delays(scenario: Scenario, *, before: int | None = None) -> FloatArray | None:
    """Measure how late won opportunities closed; see `stage_counts` for the parameters.

    Returns
    -------
    ndarray or None
        Months from the expected to the actual day, negative where it came early, ascending, of shape
        ``(won opportunities with an expected day,)``; ``None`` where there is none.
    """
    closed = closed_deals(scenario, before)
    if closed is None:
        return None
    known = closed[closed["won"] & closed["expected"].notna()]
    late = (known["closed"] - known["expected"]).dt.days.to_numpy(dtype=np.float64) / DAYS_A_MONTH
    return np.sort(late) if len(late) else None


def selling_share(scenario: Scenario, *, before: int | None = None) -> dict[str, tuple[float, float]] | None:
    """Measure the share of their hours that sellers spend on selling; see `stage_counts` for the parameters.

    Returns
    -------
    dict or None
        By seller, the share of hours spent prospecting and selling, and the hours it was taken from;
        sellers without hours are not in it. ``None`` where nobody has any.
    """
    found = sheets(scenario, SELLING, before=before)
    return None if found is None else dict(found.own)


def closed_deals(scenario: Scenario, before: int | None = None) -> pd.DataFrame | None:
    """Take the opportunities that closed before a month (see `stage_counts`), ``None`` where there is none."""
    table = scenario.opportunities
    if table is None:
        return None
    closed = pd.DatetimeIndex(table["closed"])
    known = table[np.asarray(closed.year * _YEAR + closed.month - 1 < _limit(scenario, before))]
    return None if known.empty else known


def stage_places(closed: pd.DataFrame, stages: tuple[str, ...]) -> IntArray:
    """Find the place of each opportunity's stage, shape ``(rows,)``; see `stage_counts` for what it raises."""
    place = pd.Index(stages, dtype=object).get_indexer(pd.Index(closed["stage"], dtype=object))
    if (place < 0).any():
        stage = closed["stage"].iloc[int(place.argmin())]
        raise ValueError(f"closed opportunities name a stage without a win rate: {stage!r}")
    return place.astype(np.int64)


def _limit(scenario: Scenario, before: int | None) -> int:
    return scenario.settings.year * _YEAR if before is None else before
