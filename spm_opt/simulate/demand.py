"""The demand model: what each account may buy next year, with every parameter and where it comes from.

Churn
    An account with sales in the year before last and none in the last year has churned. To the accounts
    observed, 50 are added that churn at the scenario's rate, spread over the segments as the others are.
    With ``c_s`` of then ``n_s`` accounts churned, and the company's rate ``r = sum(c_s) / sum(n_s)``, a
    segment's rate is ``(c_s + 50 r) / (n_s + 50)``: the mean of a beta distribution after ``n_s``
    observations, with a prior worth 50 accounts. A segment of five accounts says little, one of a
    thousand speaks for itself, and where there is one segment only its rate is the company's.
Growth of the accounts that stay
    The logarithm of last year's sales to the year before is taken of every account with sales in both.
    Values beyond three robust standard deviations (1.4826 times the median absolute deviation) of the
    median are drawn in to that limit, since an account that bought only part of a year, or hardly
    anything, shows no growth that will repeat. Mean ``m`` and variance ``v`` are taken of the company and
    shrunk towards it in each segment, as if 20 accounts more had behaved like the company. Growth is
    lognormal, hence positively skewed, with the mean ``exp(m + v / 2)``.
Spread without the shocks
    The variance ``v`` seen in history holds the shocks of markets and sellers, which are drawn on their
    own. Their variances are taken off, so that the whole spread of an account is that of history.
Too little history
    With fewer than 30 accounts to observe, the scenario's ``churn``, or ``growth`` and ``growth_spread``,
    are used as they are.

Growth and pipeline
    Growth seen in history holds the deals that were won in those years. What the open pipeline is
    expected to bring to the accounts of a segment that bought last year is therefore taken off the
    segment's mean growth, down to no growth at all: the pipeline says where the growth comes from, and
    what is left stands for deals that nobody has entered yet. Deals with accounts that bought nothing
    last year are new business, and come on top. A ``growth`` that the scenario states is used as it is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from spm_opt.problem import BoolArray, FloatArray, IntArray
from spm_opt.scenario.scenario import Scenario
from spm_opt.scenario.settings import Simulation
from spm_opt.simulate.deals import Deals, deals
from spm_opt.simulate.history import Years, years

ENOUGH = 30
"""Accounts to observe before history replaces the scenario's rates."""
CHURN_PRIOR = 50.0
"""Weight of the wider rate, in accounts."""
GROWTH_PRIOR = 20.0
"""Weight of the company's growth in a segment's, in accounts."""
ROBUST_LIMIT = 3.0
"""Robust standard deviations from the median beyond which a growth is drawn in."""
NARROWEST = 0.1
"""Least distance of that limit from the median, in logarithms: about 10 % of growth."""

Row = tuple[str, str, float, str, int]


@dataclass(frozen=True, eq=False)
class Demand:
    """What each account may buy in the planned year, in the order of account ids.

    Attributes
    ----------
    account_ids
        The ``a`` accounts, sorted.
    base
        Last year's sales in currency, shape ``(a,)``.
    churn
        Probability to buy nothing more, shape ``(a,)``.
    growth
        Mean factor on last year's sales of an account that stays, shape ``(a,)``.
    spread
        Standard deviation of that factor's logarithm, shocks apart, shape ``(a,)``.
    market
        Market of each account, as an index into ``market_names``, shape ``(a,)``.
    market_names
        The markets, sorted.
    deals
        Open opportunities of the planned year.
    parameters
        A row a parameter, as ``Sales.parameters`` says.
    """

    account_ids: tuple[str, ...]
    base: FloatArray
    churn: FloatArray
    growth: FloatArray
    spread: FloatArray
    market: IntArray
    market_names: tuple[str, ...]
    deals: Deals
    parameters: pd.DataFrame


@dataclass(frozen=True, eq=False)
class Rates:
    """One rate for each segment, and what it was estimated from."""

    value: FloatArray
    company: float
    observed: IntArray
    source: str


def estimate(scenario: Scenario) -> Demand:
    """Estimate the demand of every account.

    Raises
    ------
    ScenarioError
        When a stage of the pipeline has no win rate.
    """
    settings = scenario.settings.simulate
    past = years(scenario)
    accounts = scenario.accounts.sort_values("id", kind="stable")
    segments, segment = np.unique(accounts["segment"].to_numpy(dtype=str), return_inverse=True)
    markets, market = np.unique(accounts["market"].to_numpy(dtype=str), return_inverse=True)
    count = len(segments)
    lost = _churn(past, segment, count, settings)
    mean, spread = _growth(past, segment, count, settings)
    pipeline = deals(scenario, past.account_ids)
    beyond = _beyond_pipeline(past, segment, lost, mean, pipeline)
    rows = [
        *_past_rows(past),
        *_rate_rows("churn", segments, lost),
        *_rate_rows("growth", segments, mean),
        *(_rate_rows("growth_beyond_pipeline", segments, beyond) if beyond is not mean else []),
        *_rate_rows("growth_spread", segments, spread),
        *_deal_rows(pipeline, settings),
        *_stated_rows(settings),
    ]
    return Demand(
        account_ids=past.account_ids,
        base=past.last,
        churn=lost.value[segment],
        growth=1 + beyond.value[segment],
        spread=spread.value[segment],
        market=market.astype(np.int64),
        market_names=tuple(markets.tolist()),
        deals=pipeline,
        parameters=pd.DataFrame(rows, columns=["parameter", "segment", "value", "source", "observations"]),
    )


def _stated(settings: Simulation, key: str) -> str:
    return "scenario" if key in settings.model_fields_set else "default"


def _churn(past: Years, segment: IntArray, count: int, settings: Simulation) -> Rates:
    """Estimate the churn of each segment."""
    bought = _bought_before(past)
    observed = np.bincount(segment[bought], minlength=count)
    if observed.sum() < ENOUGH:
        source = _stated(settings, "churn")
        return Rates(np.full(count, settings.churn), settings.churn, observed, source)
    gone = np.bincount(segment[bought & (past.last <= 0)], minlength=count)
    more = CHURN_PRIOR * observed / observed.sum()
    seen, lost = observed + more, gone + settings.churn * more
    company = lost.sum() / seen.sum()
    value = (lost + CHURN_PRIOR * company) / (seen + CHURN_PRIOR)
    return Rates(value, float(company), observed, "history")


def _growth(past: Years, segment: IntArray, count: int, settings: Simulation) -> tuple[Rates, Rates]:
    """Estimate mean growth, and its spread without the shocks, of each segment."""
    stayed = _bought_before(past) & (past.last > 0)
    observed = np.bincount(segment[stayed], minlength=count)
    if past.before is None or observed.sum() < ENOUGH:
        mean = np.full(count, settings.growth), settings.growth, observed, _stated(settings, "growth")
        wide = np.full(count, settings.growth_spread), settings.growth_spread, observed
        return Rates(*mean), Rates(*wide, _stated(settings, "growth_spread"))
    logs = _drawn_in(np.log(past.last[stayed] / past.before[stayed]))
    whole_mean, whole_variance = float(logs.mean()), float(logs.var())
    group = segment[stayed]
    own = np.divide(np.bincount(group, logs, count), observed, out=np.zeros(count), where=observed > 0)
    within = np.bincount(group, (logs - own[group]) ** 2, count)
    weight = observed + GROWTH_PRIOR
    mean_log = (observed * own + GROWTH_PRIOR * whole_mean) / weight
    variance = (within + GROWTH_PRIOR * whole_variance) / weight
    shocks = settings.market_shock**2 + settings.seller_shock**2
    growth = Rates(
        np.expm1(mean_log + variance / 2),
        float(np.expm1(whole_mean + whole_variance / 2)),
        observed,
        "history",
    )
    alone = np.sqrt(np.clip(variance - shocks, 0, None))
    return growth, Rates(alone, float(np.sqrt(max(whole_variance - shocks, 0.0))), observed, "history")


def _beyond_pipeline(past: Years, segment: IntArray, churn: Rates, growth: Rates, pipeline: Deals) -> Rates:
    """Take off growth estimated from history what the open pipeline is expected to bring to last year's buyers."""
    known = past.last[pipeline.account] > 0
    if growth.source != "history" or not known.any():
        return growth
    count = len(growth.value)
    won = np.where(known, pipeline.amount * pipeline.win, 0.0)
    expected = np.bincount(segment[pipeline.account], won, count)
    stays = np.bincount(segment, past.last, count) * (1 - churn.value)
    part = np.divide(expected, stays, out=np.zeros(count), where=stays > 0)
    company = growth.company - float(expected.sum() / stays.sum())
    return Rates(
        value=np.minimum(growth.value, np.clip(growth.value - part, 0, None)),
        company=min(growth.company, max(company, 0.0)),
        observed=growth.observed,
        source="history",
    )


def _bought_before(past: Years) -> BoolArray:
    """Find the accounts that history shows with sales in the year before last."""
    if past.before is None:
        return np.zeros(len(past.account_ids), dtype=bool)
    return past.from_history & (past.before > 0)


def _drawn_in(logs: FloatArray) -> FloatArray:
    """Draw outliers in to the robust limit."""
    middle = np.median(logs)
    wide = max(ROBUST_LIMIT * 1.4826 * float(np.median(np.abs(logs - middle))), NARROWEST)
    return np.clip(logs, middle - wide, middle + wide)


def _past_rows(past: Years) -> list[Row]:
    known = int(past.from_history.sum())
    rows: list[Row] = []
    if past.months:
        rows.append(("months_of_history", "", float(past.months), "history", known))
        rows.append(("last_year_sales", "", float(past.last[past.from_history].sum()), "history", known))
    if known < len(past.account_ids):
        stated = float(past.last[~past.from_history].sum())
        rows.append(("last_year_sales", "", stated, "scenario", len(past.account_ids) - known))
    return rows


def _rate_rows(name: str, segments: np.ndarray[tuple[int], np.dtype[np.str_]], rates: Rates) -> list[Row]:
    """Give the company's rate, then each segment's where there is more than one."""
    rows: list[Row] = [(name, "", rates.company, rates.source, int(rates.observed.sum()))]
    if len(segments) > 1:
        each = zip(segments.tolist(), rates.value.tolist(), rates.observed.tolist(), strict=True)
        rows += [(name, segment, value, rates.source, seen) for segment, value, seen in each]
    return rows


def _deal_rows(pipeline: Deals, settings: Simulation) -> list[Row]:
    seen = {stage: pipeline.stage.count(stage) for stage in sorted(set(pipeline.stage))}
    rows: list[Row] = [
        ("win_rate", stage, settings.win_rates[stage], "scenario", number) for stage, number in seen.items()
    ]
    if pipeline.outside:
        amount = pipeline.outside_amount
        rows.append(("pipeline_closing_in_other_years", "", amount, "scenario", pipeline.outside))
    return rows


def _stated_rows(settings: Simulation) -> list[Row]:
    """Give the parameters that no table tells anything about."""
    rows: list[Row] = [
        (name, "", float(getattr(settings, name)), _stated(settings, name), 0)
        for name in ("market_shock", "seller_shock", "vacancy")
    ]
    ramp = _stated(settings, "ramp")
    rows += [
        (f"ramp_month_{month}", "", share, ramp, 0) for month, share in enumerate(settings.ramp, start=1)
    ]
    return rows
