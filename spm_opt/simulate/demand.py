"""The demand model: what each account may buy, with every parameter, how sure it is, and where it comes from.

The formulas of the year are in `spm_opt.simulate.simulate`; those of the estimates in ``growth`` (churn, growth,
sellers, markets), ``prospects`` (new business), ``deals`` (win rates, delays), ``effort`` (coverage) and
``tenure`` (ramp, vacancy, attrition). What history is too thin for is taken from the scenario.

Growth and pipeline
    Growth seen in history holds the deals that were won in those years. What the open pipeline is
    expected to bring to the accounts of a segment that bought last year is therefore taken off the
    segment's mean growth, down to no growth at all: the pipeline says where the growth comes from, and
    what is left stands for deals that nobody has entered yet. What it is expected to bring to prospects is taken
    off their probability to begin to buy likewise. A ``growth`` that the scenario states is used as it is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from spm_opt.problem import FloatArray, IntArray
from spm_opt.scenario.scenario import Scenario
from spm_opt.scenario.segment_columns import made_from_sales
from spm_opt.simulate.deals import Closing, Deals, closing, deals
from spm_opt.simulate.growth import Churn, Growth, churn, growth
from spm_opt.simulate.history import Window, Years, whole_year, years
from spm_opt.simulate.laws import Levels, Rates
from spm_opt.simulate.observed import Groups
from spm_opt.simulate.parameters import parameter_table
from spm_opt.simulate.prospects import new_business
from spm_opt.simulate.shape import mean_factor


@dataclass(frozen=True, eq=False)
class Demand:
    """What each account may buy in the simulated months, in the order of account ids.

    Attributes
    ----------
    account_ids
        The ``a`` accounts, sorted.
    base
        Sales in currency a year before, shape ``(a,)``; a whole year's for accounts that began within it.
    potential
        What each could buy in the simulated months, shape ``(a,)``; 0 where nothing is said.
    workload
        Hours that each asks for in a year, shape ``(a,)``; ``None`` where nothing is said.
    groups
        Segment, market and today's seller of each.
    segment_names, market_names, seller_names
        What the numbers in ``groups`` stand for, sorted.
    churn
        Probability to buy nothing more.
    growth
        Growth of those that stay, and what sellers and markets share.
    beyond
        Means and spreads of growth beyond the pipeline: what the year is drawn from.
    prospects, first
        Probability to begin to buy, beyond the pipeline, and the share of potential bought then.
    deals, closing
        Open opportunities, and how they end.
    past
        What the accounts bought.
    window
        The simulated months.
    parameters
        A row a parameter, as ``Sales.parameters`` says.
    """

    account_ids: tuple[str, ...]
    base: FloatArray
    potential: FloatArray
    workload: FloatArray | None
    groups: Groups
    segment_names: tuple[str, ...]
    market_names: tuple[str, ...]
    seller_names: tuple[str, ...]
    churn: Churn
    growth: Growth
    beyond: Levels
    prospects: Rates
    first: Levels
    deals: Deals
    closing: Closing
    past: Years
    window: Window
    parameters: pd.DataFrame

    @property
    def state(self) -> IntArray:
        """Row of each account in the churn of a block: its segment's, or the same further down if it is silent."""
        return self.groups.segment + self.groups.segments * self.past.silent


def estimate(scenario: Scenario, *, window: Window | None = None) -> Demand:
    """Estimate the demand of every account.

    Raises
    ------
    ScenarioError
        When a stage of the pipeline has no win rate.
    """
    settings, window = scenario.settings.simulate, window or whole_year(scenario)
    past = years(scenario, window)
    accounts = scenario.accounts.sort_values("id", kind="stable")
    groups, names = _groups(scenario, accounts)
    potential = _activity(accounts, settings.potential)
    lost = churn(past.pairs, groups, settings)
    grown = growth(past.pairs, groups, settings)
    share = window.months / 12
    yearly = None if potential is None else potential * share
    began, first = new_business(past.pairs, groups, yearly, settings)
    pipeline = deals(scenario, past.account_ids)
    ends = closing(scenario, pipeline, window.first)
    won = pipeline.amount * ends.win.value[pipeline.stage_index]
    beyond = _beyond_pipeline(past, groups, lost, grown, won, pipeline)
    left = _beyond_pipeline_new(past, groups, began, first, yearly, won, pipeline)
    demand = Demand(
        account_ids=past.account_ids,
        base=past.level,
        potential=np.zeros(len(past.base)) if yearly is None else yearly,
        workload=_activity(accounts, settings.workload),
        groups=groups,
        segment_names=names[0],
        market_names=names[1],
        seller_names=names[2],
        churn=lost,
        growth=grown,
        beyond=beyond,
        prospects=left,
        first=first,
        deals=pipeline,
        closing=ends,
        past=past,
        window=window,
        parameters=pd.DataFrame(),
    )
    return replace(demand, parameters=parameter_table(demand, began, settings))


def _activity(accounts: pd.DataFrame, name: str) -> FloatArray | None:
    return accounts[name].to_numpy(dtype=float).clip(0) if name in accounts.columns else None


def _groups(scenario: Scenario, accounts: pd.DataFrame) -> tuple[Groups, list[tuple[str, ...]]]:
    """Give segments, markets and today's sellers numbers.

    Segments that are chosen by sales would show rates that they were chosen by: those of the table stand for them.
    """
    own = "given_segment" if made_from_sales(scenario.settings) else "segment"
    segments, segment = np.unique(accounts[own].to_numpy(dtype=str), return_inverse=True)
    markets, market = np.unique(accounts["market"].to_numpy(dtype=str), return_inverse=True)
    sellers = pd.Index(sorted(scenario.sellers["id"].tolist()))
    seller = sellers.get_indexer(pd.Index(accounts["seller"]))
    groups = Groups(
        segment.astype(np.int64), market.astype(np.int64), seller.astype(np.int64),
        len(segments), len(markets), len(sellers),
    )  # fmt: skip
    return groups, [tuple(segments.tolist()), tuple(markets.tolist()), tuple(sellers.tolist())]


def _beyond_pipeline(
    past: Years, groups: Groups, lost: Churn, grown: Growth, won: FloatArray, pipeline: Deals
) -> Levels:
    """Take off growth estimated from history what the open pipeline is expected to bring to last year's buyers."""
    levels = grown.levels
    known = past.base[pipeline.account] > 0
    if levels.source != "history" or not known.any():
        return levels
    count = groups.segments
    expected = np.bincount(groups.segment[pipeline.account], np.where(known, won, 0.0), count)
    goes = np.where(past.silent, lost.silent.value[groups.segment], lost.active.value[groups.segment])
    stays = np.bincount(groups.segment, past.level * (1 - goes), count)
    part = np.divide(expected, stays, out=np.zeros(count), where=stays > 0)
    factor = np.exp(levels.mean) * mean_factor(grown.shape, levels.spread)
    lower = np.minimum(factor, np.maximum(factor - part, 1.0))
    return replace(levels, mean=levels.mean + np.log(lower / factor))


def _beyond_pipeline_new(
    past: Years, groups: Groups, began: Rates, first: Levels, potential: FloatArray | None, won: FloatArray,
    pipeline: Deals,
) -> Rates:  # fmt: skip
    """Take off new business what the open pipeline is expected to bring to prospects."""
    new = past.base[pipeline.account] <= 0
    if potential is None or not new.any():
        return began
    count = groups.segments
    share = np.exp(first.mean + first.spread**2 / 2)
    room = np.bincount(groups.segment, np.where(past.base <= 0, potential, 0.0), count)
    usual = began.value * share * room
    expected = np.bincount(groups.segment[pipeline.account], np.where(new, won, 0.0), count)
    left = np.clip(1 - np.divide(expected, usual, out=np.ones(count), where=usual > 0), 0, 1)
    return replace(began, value=began.value * left)
