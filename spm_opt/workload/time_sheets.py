"""What time sheets say of where hours go.

A share measured from few hours says little of its seller: it is drawn towards the team's as if some hours more,
`TEAM_HOURS` where nothing is said, were like that (a credibility estimate, Buhlmann 1967, with its constant stated).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from spm_opt.scenario.scenario import Scenario

TEAM_HOURS = 100.0
"""Hours of the team's share that count beside a seller's own."""
_YEAR = 12


@dataclass(frozen=True, eq=False)
class Sheets:
    """Shares of hours that go into some categories.

    Attributes
    ----------
    own
        By seller, the share of its hours and the hours it was taken from; sellers without hours are not in it.
    team
        Share of all hours.
    noise
        Variance of the share of a single hour: that of a period of ``h`` hours varies by ``noise / h`` around its
        seller's; ``nan`` where no seller has two periods.
    between
        Variance of that share between sellers, beyond noise; ``nan`` with fewer than two sellers.
    """

    own: Mapping[str, tuple[float, float]]
    team: float
    noise: float
    between: float


def drawn_share(share: float, hours: float, team: float, weight: float = TEAM_HOURS) -> float:
    """Draw a share that was measured from some hours towards the team's."""
    return (share * hours + weight * team) / (hours + weight)


def sheets(scenario: Scenario, categories: Collection[str], *, before: int | None = None) -> Sheets | None:
    """Measure the share of hours that goes into categories.

    Parameters
    ----------
    scenario
        Its time sheets.
    categories
        Those that count.
    before
        First month that is not to be known, from the year 0 (``year * 12 + month - 1``); January of the planned
        year where nothing is said.

    Returns
    -------
    Sheets or None
        ``None`` where nobody has any hours.
    """
    table = past_periods(scenario.timesheets, scenario, before)
    if table is None:
        return None
    table = table.sort_values(["seller", "hours", "period", "months", "category"], kind="stable")
    table = table.assign(counted=table["hours"].where(table["category"].isin(categories), 0.0))
    rows = table.groupby(["seller", "period", "months"])[["hours", "counted"]].sum()
    rows = rows[rows["hours"] > 0]
    if rows.empty:
        return None
    by_seller = table.groupby("seller")[["hours", "counted"]].sum()
    by_seller = by_seller[by_seller["hours"] > 0]
    share = by_seller["counted"] / by_seller["hours"]
    names, hours = [str(name) for name in share.index], by_seller["hours"].tolist()
    own = dict(zip(names, zip(share.tolist(), hours, strict=True), strict=True))
    noise = _noise(rows, share)
    return Sheets(own, _team(own), noise, _between(share, by_seller["hours"], noise))


def _team(own: Mapping[str, tuple[float, float]]) -> float:
    return sum(share * hours for share, hours in own.values()) / sum(hours for _, hours in own.values())


def _noise(rows: pd.DataFrame, share: pd.Series[float]) -> float:
    """Pool what the shares of periods vary by, each counting by its hours."""
    freedom = len(rows) - len(share)
    if freedom <= 0:
        return float("nan")
    apart = rows["counted"] / rows["hours"] - share.reindex(rows.index.get_level_values(0)).to_numpy()
    return float((rows["hours"] * apart**2).sum() / freedom)


def _between(share: pd.Series[float], hours: pd.Series[float], noise: float) -> float:
    """Give the variance between sellers, less what noise adds to it."""
    if len(share) < 2:  # noqa: PLR2004  one seller differs from nobody
        return float("nan")
    added = 0.0 if np.isnan(noise) else noise * float((1 / hours).mean())
    return max(0.0, float(share.var()) - added)


def past_periods(
    table: pd.DataFrame | None, scenario: Scenario, before: int | None = None
) -> pd.DataFrame | None:
    """Take a table's periods that ended before a month (see `sheets`), ``None`` where there is none."""
    if table is None:
        return None
    start = pd.DatetimeIndex(table["period"])
    end = start.year * _YEAR + start.month - 1 + table["months"].to_numpy(dtype=np.int64)
    limit = scenario.settings.year * _YEAR if before is None else before
    known = table[np.asarray(end <= limit)]
    return None if known.empty else known
