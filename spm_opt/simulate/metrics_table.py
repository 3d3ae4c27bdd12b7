"""Sales metrics: what time sheets, closed opportunities and past quotas say of sellers and teams.

A share of occasions (won, went on, quota reached) comes with its 90 % Wilson score interval [1]_: for ``h``
of ``n`` and ``p = h / n`` it is

    ``(p + z**2 / (2 n) +- z sqrt(p (1 - p) / n + z**2 / (4 n**2))) / (1 + z**2 / n)``,  z = 1.645,

which keeps its coverage for few occasions and for shares near 0 and 1, where ``p +- z sqrt(p (1 - p) / n)``
does not [2]_. What is estimated from fewer than `SMALL` observations is marked; sums (hours, deals, the
attainment of a period) are counted, not estimated, and bear no mark.

Districts and regions are those that sellers are in today. An opportunity that names no seller counts for
the seller whom its account has today; one whose seller has no position any more counts for the company.

.. [1] E. B. Wilson (1927), Probable inference, the law of succession, and statistical inference, Journal of
   the American Statistical Association 22, 209-212.
.. [2] L. D. Brown, T. T. Cai and A. DasGupta (2001), Interval estimation for a binomial proportion,
   Statistical Science 16, 101-133.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from spm_opt.problem import BoolArray, FloatArray, IntArray
from spm_opt.scenario.columns import period_labels
from spm_opt.scenario.past_tables import CATEGORIES
from spm_opt.scenario.scenario import Scenario
from spm_opt.simulate.metrics import closed_deals, stage_places
from spm_opt.simulate.past_sales import past_sales
from spm_opt.workload.time_sheets import past_periods

SMALL = 10
"""Observations below which an estimate is marked as made from a small sample."""
LEVELS = ("seller", "district", "region", "company")
Z90 = 1.6448536269514722
"""Quantile of the normal distribution that leaves 5 % on either side."""
COLUMNS = ("level", "name", "metric", "detail", "value", "low", "high", "n", "small")


@dataclass(frozen=True, eq=False)
class SalesMetrics:
    """What the tables of the past say, a row a figure.

    Attributes
    ----------
    rows
        ``level`` (one of `LEVELS`), ``name`` (a seller's id, a district, a region, ``"company"``), ``metric``,
        ``detail`` (category of hours, stage, or period; else empty), ``value`` (``nan`` where there is
        nothing to count), ``low`` and ``high`` (90 % interval of shares of occasions; else ``nan``), ``n``
        (observations behind it) and ``small``. By level, name, metric and detail.

        ``hours`` in the time sheets (``n``: periods of sellers); ``share_of_hours`` by category;
        ``deals_closed``; ``win_rate``; ``deal_size_mean`` and ``deal_size_median`` of won deals in currency;
        ``cycle_days_median`` from the opening to the closing of won deals; ``conversion``, the share of the
        opportunities that came to a stage which went on from it, to a later one or to be won;
        ``quota_reached``, the share of the periods of sellers in which sales reached the quota;
        ``attainment``, sales divided by quota, over all periods (``detail`` empty) and of each.
    """

    rows: pd.DataFrame


@dataclass(frozen=True, eq=False)
class _Level:
    """The groups of a level, and the group of each seller; ``place`` is -1 where a seller is in none."""

    level: str
    names: tuple[str, ...]
    of: dict[str, int]

    def places(self, sellers: pd.Series) -> IntArray:
        """Find the group of each row's seller, shape ``(rows,)``; the company has them all."""
        if self.level == "company":
            return np.zeros(len(sellers), dtype=np.int64)
        return np.array([self.of.get(name, -1) for name in sellers.tolist()], dtype=np.int64)


@dataclass(frozen=True, eq=False)
class _Figure:
    """One metric of every group of a level, arrays of shape ``(groups,)``."""

    metric: str
    detail: str
    value: FloatArray
    n: IntArray
    low: FloatArray | None = None
    high: FloatArray | None = None
    estimate: bool = True


def sales_metrics(scenario: Scenario) -> SalesMetrics:
    """Measure how sellers and teams sold, from what ended before the planned year.

    The same figures come out for any order of rows. A table that the scenario does not have gives no rows.
    """
    deals, stages = closed_deals(scenario), tuple(scenario.settings.simulate.win_rates)
    if deals is not None:
        deals = _with_sellers(deals, scenario).assign(place=stage_places(deals, stages))
    sheets = past_periods(scenario.timesheets, scenario)
    quotas = past_periods(scenario.quota_history, scenario)
    if quotas is not None:
        quotas = quotas.assign(label=period_labels(quotas).to_numpy(), sales=past_sales(scenario, quotas))
        quotas = quotas[(quotas["quota"] > 0) & quotas["sales"].notna()]
    frames = [
        _frame(level, figure)
        for level in _levels(scenario)
        for figure in (
            *(_hours(sheets, level) if sheets is not None else ()),
            *(_deals(deals, level, stages) if deals is not None else ()),
            *(_quotas(quotas, level) if quotas is not None else ()),
        )
    ]
    if not frames:
        return SalesMetrics(pd.DataFrame(columns=list(COLUMNS)))
    rows = pd.concat(frames, ignore_index=True)
    order = rows["level"].map({level: i for i, level in enumerate(reversed(LEVELS))})
    rows = rows.assign(order=order).sort_values(["order", "name"], kind="stable", ignore_index=True)
    return SalesMetrics(rows[list(COLUMNS)])


def wilson(hits: IntArray, n: IntArray) -> tuple[FloatArray, FloatArray]:
    """Compute the 90 % Wilson score interval of ``hits`` out of ``n``, ``nan`` where there is none of either."""
    count = np.where(n > 0, n, np.nan).astype(float)
    share, wide = hits / count, Z90**2 / count
    middle, half = share + wide / 2, np.sqrt(wide * share * (1 - share) + wide**2 / 4)
    return np.clip((middle - half) / (1 + wide), 0, 1), np.clip((middle + half) / (1 + wide), 0, 1)


def _levels(scenario: Scenario) -> Iterator[_Level]:
    """Make the groups of every level; districts and regions where sellers have them."""
    sellers = scenario.sellers.sort_values("id", kind="stable")
    ids = sellers["id"].tolist()
    yield _Level("company", ("company",), {})
    for level in ("region", "district"):
        own = sellers[level].tolist()
        names = tuple(sorted(set(own) - {""}))
        place = {name: i for i, name in enumerate(names)}
        if names:
            yield _Level(level, names, {who: place[one] for who, one in zip(ids, own, strict=True) if one})
    yield _Level("seller", tuple(ids), {who: i for i, who in enumerate(ids)})


def _with_sellers(deals: pd.DataFrame, scenario: Scenario) -> pd.DataFrame:
    """Give opportunities without a seller that of their account today."""
    accounts = scenario.accounts
    owner = dict(zip(accounts["id"].tolist(), accounts["seller"].tolist(), strict=True))
    pairs = zip(deals["seller"].tolist(), deals["account"].tolist(), strict=True)
    return deals.assign(seller=[own or owner.get(account, "") for own, account in pairs])


def _hours(sheets: pd.DataFrame, level: _Level) -> Iterator[_Figure]:
    """Hours, and the share of each category."""
    place, count = level.places(sheets["seller"]), len(level.names)
    hours = sheets["hours"].to_numpy(dtype=float)
    keys = pd.DataFrame({"place": place, **{key: sheets[key].to_numpy() for key in ("seller", "period")}})
    seen = keys[(place >= 0) & (hours > 0)].drop_duplicates()["place"].to_numpy(dtype=np.int64)
    n = np.bincount(seen, minlength=count).astype(np.int64)
    total = _sums(hours, place, count)
    yield _Figure("hours", "", _where(n, total), n, estimate=False)
    for category in CATEGORIES:
        own = np.where((sheets["category"] == category).to_numpy(dtype=bool), hours, 0.0)
        share = np.divide(_sums(own, place, count), total, out=np.full(count, np.nan), where=total > 0)
        yield _Figure("share_of_hours", category, share, n)


def _deals(deals: pd.DataFrame, level: _Level, stages: tuple[str, ...]) -> Iterator[_Figure]:
    """Deals closed, win rate, size, cycle, and conversion by stage."""
    place, count = level.places(deals["seller"]), len(level.names)
    won, at = deals["won"].to_numpy(dtype=bool), deals["place"].to_numpy(dtype=np.int64)
    closed = _counts(place, np.ones(len(place), dtype=bool), count)
    yield _Figure("deals_closed", "", _where(closed, closed.astype(float)), closed, estimate=False)
    yield _share("win_rate", "", _counts(place, won, count), closed)
    amount = deals["amount"].to_numpy(dtype=float)
    yield _grouped("deal_size_mean", amount, place, won, count, "mean")
    yield _grouped("deal_size_median", amount, place, won, count, "median")
    days = np.asarray((deals["closed"] - deals["opened"]).dt.days, dtype=np.float64)
    yield _grouped("cycle_days_median", days, place, won, count, "median")
    for i, stage in enumerate(stages):
        reached = _counts(place, at >= i, count)
        yield _share("conversion", stage, _counts(place, (at > i) | (won & (at == i)), count), reached)


def _quotas(quotas: pd.DataFrame, level: _Level) -> Iterator[_Figure]:
    """Share of quotas reached, and attainment in all and by period."""
    place, count = level.places(quotas["seller"]), len(level.names)
    quota, sales = quotas["quota"].to_numpy(dtype=float), quotas["sales"].to_numpy(dtype=float)
    every = np.ones(len(place), dtype=bool)
    reached = _counts(place, sales >= quota, count)
    yield _share("quota_reached", "", reached, _counts(place, every, count))
    label = quotas["label"]
    for period in ("", *sorted(set(label))):
        mine = every if not period else (label == period).to_numpy(dtype=bool)
        asked, sold = (_sums(np.where(mine, one, 0.0), place, count) for one in (quota, sales))
        value = np.divide(sold, asked, out=np.full(count, np.nan), where=asked > 0)
        yield _Figure("attainment", period, value, _counts(place, mine, count), estimate=False)


def _share(metric: str, detail: str, hits: IntArray, n: IntArray) -> _Figure:
    value = np.divide(hits, n, out=np.full(len(n), np.nan), where=n > 0)
    return _Figure(metric, detail, value, n, *wilson(hits, n))


def _grouped(
    metric: str,
    values: FloatArray,
    place: IntArray,
    mask: BoolArray,
    count: int,
    how: Literal["mean", "median"],
) -> _Figure:
    """Take the mean or the median of known values by group, the same for any order of rows."""
    known = mask & (place >= 0) & ~np.isnan(values)
    values, group = values[known], place[known]
    order = np.lexsort((values, group))
    found = pd.Series(values[order]).groupby(group[order]).agg(how).reindex(range(count))
    return _Figure(
        metric, "", found.to_numpy(dtype=float), _counts(group, np.ones(len(group), dtype=bool), count)
    )


def _counts(place: IntArray, mask: BoolArray, count: int) -> IntArray:
    return np.bincount(place[mask & (place >= 0)], minlength=count).astype(np.int64)


def _sums(values: FloatArray, place: IntArray, count: int) -> FloatArray:
    """Sum by group, the same for any order of rows."""
    order = np.lexsort((values, place))
    order = order[place[order] >= 0]
    return np.bincount(place[order], weights=values[order], minlength=count).astype(np.float64)


def _where(n: IntArray, value: FloatArray) -> FloatArray:
    return np.where(n > 0, value, np.nan)


def _frame(level: _Level, figure: _Figure) -> pd.DataFrame:
    nothing = np.full(len(level.names), np.nan)
    return pd.DataFrame({
        "level": level.level, "name": list(level.names), "metric": figure.metric, "detail": figure.detail,
        "value": figure.value, "low": nothing if figure.low is None else figure.low,
        "high": nothing if figure.high is None else figure.high, "n": figure.n,
        "small": figure.estimate & (figure.n > 0) & (figure.n < SMALL),
    })  # fmt: skip
