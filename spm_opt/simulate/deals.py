"""The open opportunities that can be won in the planned year.

Win rates
    Of ``n`` closed opportunities that reached a stage ``w`` were won: with the scenario's rate for the stage as a
    prior worth ten opportunities, its win rate has a beta distribution with the mean ``(w + 10 rate) / (n + 10)``.
    Without closed opportunities the scenario's rates are used as they are.
Time to close
    Deals close later than expected by a geometric number of months; its mean is that of the closed opportunities
    where there are at least ten. What slips out of the year is not sold in it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from spm_opt.errors import ScenarioError
from spm_opt.problem import NONE, FloatArray, IntArray
from spm_opt.scenario.findings import nearest
from spm_opt.scenario.scenario import Scenario
from spm_opt.scenario.simulate_settings import Simulation
from spm_opt.simulate.laws import Rates
from spm_opt.simulate.metrics import StageCounts, delays, stage_counts
from spm_opt.simulate.observed import stated
from spm_opt.workload.bought import positions

RATE_PRIOR = 10.0
"""Weight of the scenario's win rates beside closed opportunities, in opportunities."""
ENOUGH_DELAYS = 10
"""Closed opportunities before their delays replace the stated one."""


@dataclass(frozen=True, eq=False)
class Deals:
    """Open opportunities that close in the planned year, in the order of their ids.

    Attributes
    ----------
    ids
        The ``d`` opportunities.
    account
        Account of each, as a place among the sorted account ids, shape ``(d,)``.
    amount
        Amount in currency, shape ``(d,)``.
    win
        Probability that a fully productive seller wins it, shape ``(d,)``.
    month
        Month of the planned year in which it closes, 0 for January, or ``NONE`` where it has no date.
    stages
        The stages that occur, sorted.
    stage_index
        Stage of each, as a place among ``stages``, shape ``(d,)``.
    outside, outside_amount
        How many opportunities close in another year, and what they are worth; they count nowhere.
    """

    ids: tuple[str, ...]
    account: IntArray
    amount: FloatArray
    win: FloatArray
    month: IntArray
    stages: tuple[str, ...]
    stage_index: IntArray
    outside: int
    outside_amount: float


def deals(scenario: Scenario, account_ids: tuple[str, ...]) -> Deals:
    """Take the opportunities that close in the planned year.

    A deal counts with its full amount as booked when it closes. One that closes before the planned year
    belongs to the year before, one that closes after it to a later year. One without a date counts in
    the planned year, in no particular month.

    Raises
    ------
    ScenarioError
        When a stage has no win rate.
    """
    table = scenario.pipeline
    if table is None:
        none = np.zeros(0, dtype=np.int64)
        return Deals((), none, np.zeros(0), np.zeros(0), none, (), none, 0, 0.0)
    rates = scenario.settings.simulate.win_rates
    _require_rates(sorted(set(table["stage"])), rates)
    table = table.sort_values("id", kind="stable")
    close = pd.DatetimeIndex(table["close"])
    inside = np.asarray(close.isna() | (close.year == scenario.settings.year))
    kept, month = table[inside], close[inside].month
    stages, stage = np.unique(kept["stage"].to_numpy(dtype=str), return_inverse=True)
    return Deals(
        ids=tuple(kept["id"].tolist()),
        account=positions(account_ids, kept["account"], "the pipeline"),
        amount=kept["amount"].to_numpy(dtype=float),
        win=np.array([rates[stage] for stage in kept["stage"]], dtype=float),
        month=np.where(np.isnan(month), NONE + 1, month).astype(np.int64) - 1,
        stages=tuple(stages.tolist()),
        stage_index=stage.astype(np.int64),
        outside=int((~inside).sum()),
        outside_amount=float(table["amount"].to_numpy(dtype=float)[~inside].sum()),
    )


@dataclass(frozen=True, eq=False)
class Closing:
    """How open opportunities end.

    Attributes
    ----------
    win
        Win rates by stage, in the order of ``Deals.stages``.
    on_time
        The chance of each month that a deal does not wait another one; the mean delay in months is
        ``1 / on_time - 1``.
    """

    win: Rates
    on_time: Rates


def closing(scenario: Scenario, open_deals: Deals, first: int) -> Closing:
    """Estimate win rates and delays from opportunities closed before a month, or take them as stated."""
    settings = scenario.settings.simulate
    stages = open_deals.stages
    given = np.array([settings.win_rates[stage] for stage in stages], dtype=float)
    return Closing(
        _win(given, stages, stage_counts(scenario, before=first)),
        _on_time(delays(scenario, before=first), settings),
    )


def _win(given: FloatArray, stages: tuple[str, ...], counts: StageCounts | None) -> Rates:
    seen = (
        {}
        if counts is None
        else dict(zip(counts.stages, zip(counts.reached, counts.won, strict=True), strict=True))
    )
    reached, won = np.array([seen.get(stage, (0, 0)) for stage in stages], dtype=float).reshape(-1, 2).T
    if not reached.sum():
        return Rates(given, 0.0, np.full(len(given), np.inf), np.inf, reached, "scenario")
    weight = reached + RATE_PRIOR
    return Rates((won + RATE_PRIOR * given) / weight, 0.0, weight, np.inf, reached, "history")


def _on_time(months: FloatArray | None, settings: Simulation) -> Rates:
    seen = np.zeros(0) if months is None else np.clip(np.round(months), 0, None)
    many = np.array([float(len(seen))])
    if len(seen) < ENOUGH_DELAYS:
        value = 1 / (1 + settings.delay)
        return Rates(np.array([value]), value, np.full(1, np.inf), np.inf, many, stated(settings, "delay"))
    value, weight = (len(seen) + 1) / (len(seen) + seen.sum() + 2), len(seen) + seen.sum() + 2
    return Rates(np.array([value]), value, np.array([weight]), weight, many, "history")


def _require_rates(stages: list[str], rates: dict[str, float]) -> None:
    messages = []
    for stage in stages:
        if stage not in rates:
            near = nearest(stage, rates)
            hint = f" (is {near!r} meant?)" if near else ""
            messages.append(f"scenario.toml: simulate.win_rates: no win rate for the stage {stage!r}{hint}")
    if messages:
        raise ScenarioError(messages)
