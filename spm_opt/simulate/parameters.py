"""The table of parameters: each with its value, how sure it is, and where it comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import special

from spm_opt.problem import FloatArray
from spm_opt.scenario.simulate_settings import Simulation
from spm_opt.simulate.laws import INTERVAL, Levels, Rates, Shared
from spm_opt.simulate.observed import stated
from spm_opt.simulate.shape import mean_factor, normal_shape

if TYPE_CHECKING:
    from spm_opt.simulate.demand import Demand

COLUMNS = ("parameter", "segment", "value", "low", "high", "source", "observations")
Row = tuple[str, str, float, float, float, str, int]
MEANINGS = {
    "months_of_history": "months that the history spans",
    "last_year_sales": "sales of the last twelve months",
    "churn": "chance that an account buys nothing more",
    "churn_silent": "the same, of an account that bought nothing in the last three months",
    "growth": "mean growth of an account that stays",
    "growth_beyond_pipeline": "the same, without what the pipeline is expected to bring",
    "growth_spread": "spread of that growth between accounts (of its logarithm)",
    "new_business": "chance that an account without sales begins to buy",
    "new_business_beyond_pipeline": "the same, without what the pipeline is expected to bring",
    "first_purchase": "mean share of its potential that it buys in its first year",
    "first_purchase_spread": "spread of that share (of its logarithm)",
    "win_rate": "chance that an open opportunity in this stage is won",
    "delay": "mean months by which deals close later than expected",
    "pipeline_closing_in_other_years": "opportunities that close in another year, not counted",
    "company_shock": "spread of what all accounts share (of its logarithm)",
    "segment_shock": "spread of what the accounts of a segment share",
    "market_shock": "spread of what the accounts of a market share",
    "seller_shock": "spread of what the accounts of a seller share, skill and luck",
    "skill": "part of that which stays with the seller from year to year",
    "attrition": "share of sellers who leave within a year",
    "refill": "mean months until a position that was left is filled",
    "vacancy": "productivity of a position while it is empty",
    "elasticity": "power of selling effort: diminishing returns",
    "handover_loss": "mean share of sales lost in the year after a change of hands",
    "handover_uncertainty": "how sure that mean is (standard deviation)",
    "handover_spread": "spread of that loss between accounts",
}
"""What each parameter is, in words; months of the ramp are said by their number."""
ALWAYS_STATED = ("attrition", "refill", "vacancy", "elasticity")


def parameter_table(demand: Demand, began: Rates, settings: Simulation) -> pd.DataFrame:
    """Lay out every parameter; ``began`` is new business before the pipeline is taken off."""
    segments, grown = demand.segment_names, demand.growth
    rows = [*_past_rows(demand), *_rate_rows("churn", segments, demand.churn.active)]
    if demand.churn.apart:
        rows += _rate_rows("churn_silent", segments, demand.churn.silent)
    rows += _growth_rows("growth", segments, grown.levels, grown.shape)
    if demand.beyond is not grown.levels:
        rows += _segments_only(_growth_rows("growth_beyond_pipeline", segments, demand.beyond, grown.shape))
    rows += _spread_rows("growth_spread", segments, grown.levels)
    if demand.potential.any():
        rows += _rate_rows("new_business", segments, began)
        if demand.prospects is not began:
            rows += _segments_only(_rate_rows("new_business_beyond_pipeline", segments, demand.prospects))
        rows += _first_rows(demand.first)
    rows += _deal_rows(demand)
    rows += [
        _shared_row(f"{name}_shock", getattr(grown.shared, name))
        for name in ("company", "segment", "market", "seller")
    ]
    known = grown.skill
    rows.append(_plain("skill", known.persistence, known.source, grown.shared.seller.groups))
    rows += [_plain(name, float(getattr(settings, name)), stated(settings, name)) for name in ALWAYS_STATED]
    rows += _handover_rows(settings)
    ramp = stated(settings, "ramp")
    rows += [_plain(f"ramp_month_{at}", share, ramp) for at, share in enumerate(settings.ramp, start=1)]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _plain(name: str, value: float, source: str, observed: int = 0, segment: str = "") -> Row:
    return name, segment, value, np.nan, np.nan, source, observed


def _past_rows(demand: Demand) -> list[Row]:
    past = demand.past
    known = int(past.from_history.sum())
    rows = []
    if past.months:
        rows.append(_plain("months_of_history", float(past.months), "history", known))
        rows.append(_plain("last_year_sales", float(past.last[past.from_history].sum()), "history", known))
    if known < len(past.account_ids):
        rest = ~past.from_history
        rows.append(_plain("last_year_sales", float(past.last[rest].sum()), "scenario", int(rest.sum())))
    return rows


def _rows(
    name: str,
    segments: tuple[str, ...],
    values: FloatArray,
    interval: FloatArray,
    source: str,
    seen: FloatArray,
) -> list[Row]:
    """Give the company's row, which comes first in the arrays, then each segment's where there is more than one.

    Of one segment alone the row is that segment's: it is what the year is drawn from.
    """
    counts, bounds = [int(seen.sum()), *seen.astype(int).tolist()], interval.tolist()
    if len(segments) == 1:
        return [(name, "", float(values[1]), *bounds[1], source, counts[1])]
    return [
        (name, segment, float(values[at]), *bounds[at], source, counts[at])
        for at, segment in enumerate(["", *segments])
    ]


def _segments_only(rows: list[Row]) -> list[Row]:
    """Leave the company's row out, where there are segments."""
    return rows[1:] if len(rows) > 1 else rows


def _rate_rows(name: str, segments: tuple[str, ...], rates: Rates) -> list[Row]:
    values = np.append(rates.company, rates.value)
    return _rows(name, segments, values, rates.interval(), rates.source, rates.observed)


def _growth_rows(name: str, segments: tuple[str, ...], levels: Levels, shape: FloatArray) -> list[Row]:
    """Give mean growth: the mean factor less one."""
    lift = mean_factor(shape, np.append(levels.company_spread, levels.spread))
    values = np.exp(np.append(levels.company, levels.mean)) * lift - 1
    interval = np.exp(levels.interval()) * lift[:, None] - 1
    return _rows(name, segments, values, interval, levels.source, levels.observed)


def _spread_rows(name: str, segments: tuple[str, ...], levels: Levels) -> list[Row]:
    values = np.append(levels.company_spread, levels.spread)
    return _rows(name, segments, values, levels.spread_interval(), levels.spread_source, levels.observed)


def _first_rows(first: Levels) -> list[Row]:
    lift = mean_factor(normal_shape(), np.array([first.company_spread]))[0]
    around = special.stdtrit(first.company_freedom, INTERVAL)  # Student's: the spread is estimated, too
    low, high = (np.exp(first.company + _unsure(first) * around) * lift).tolist()
    seen = int(first.observed.max(initial=0))
    wide = first.spread_interval()[0].tolist()
    return [
        ("first_purchase", "", float(np.exp(first.company) * lift), low, high, first.source, seen),
        ("first_purchase_spread", "", first.company_spread, *wide, first.spread_source, seen),
    ]


def _unsure(first: Levels) -> float:
    """Give how unsure a lognormal mean is, in logarithms: as its median, and by the half of the variance.

    The second is the root of ``spread^4 / (2 f)`` with ``f`` degrees of freedom (Cox's method, Zhou and Gao 1997).
    Not a number where the mean is stated.
    """
    if not first.company_error > 0:
        return np.nan
    return float(np.sqrt(first.company_error**2 + first.company_spread**4 / (2 * first.company_freedom)))


def _deal_rows(demand: Demand) -> list[Row]:
    deals, ends = demand.deals, demand.closing
    interval = ends.win.interval()[1:].tolist()
    open_now = np.bincount(deals.stage_index, minlength=len(deals.stages))
    # of a rate that is stated, the open opportunities it is used for; else the closed ones that it comes from
    seen = ends.win.observed if ends.win.source == "history" else open_now
    rows: list[Row] = [
        ("win_rate", stage, float(ends.win.value[at]), *interval[at], ends.win.source, int(seen[at]))
        for at, stage in enumerate(deals.stages)
    ]
    if deals.ids:
        low, high = (1 / ends.on_time.interval()[0] - 1).tolist()
        value = 1 / ends.on_time.company - 1
        rows.append(("delay", "", value, high, low, ends.on_time.source, int(ends.on_time.observed[0])))
    if deals.outside:
        rows.append(
            _plain("pipeline_closing_in_other_years", deals.outside_amount, "scenario", deals.outside)
        )
    return rows


def _shared_row(name: str, shared: Shared) -> Row:
    return name, "", shared.value, *shared.interval(), shared.source, shared.groups


def _handover_rows(settings: Simulation) -> list[Row]:
    source = stated(settings, "handover")
    given = settings.handover
    return [
        _plain(
            f"handover_{key}",
            float(getattr(given, key)),
            "scenario" if source == "scenario" and key in given.model_fields_set else "default",
        )
        for key in ("loss", "uncertainty", "spread")
    ]


def meaning(parameter: str) -> str:
    """Say what a parameter is."""
    month = parameter.removeprefix("ramp_month_")
    return MEANINGS[parameter] if month == parameter else f"productivity in month {month} after the start"
