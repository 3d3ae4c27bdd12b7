"""The open opportunities that can be won in the planned year."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from spm_opt.errors import ScenarioError
from spm_opt.problem import NONE, FloatArray, IntArray
from spm_opt.scenario.findings import nearest
from spm_opt.scenario.scenario import Scenario
from spm_opt.simulate.history import positions


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
    stage
        Stage of each.
    outside, outside_amount
        How many opportunities close in another year, and what they are worth; they count nowhere.
    """

    ids: tuple[str, ...]
    account: IntArray
    amount: FloatArray
    win: FloatArray
    month: IntArray
    stage: tuple[str, ...]
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
        return Deals((), none, np.zeros(0), np.zeros(0), none, (), 0, 0.0)
    rates = scenario.settings.simulate.win_rates
    _require_rates(sorted(set(table["stage"])), rates)
    table = table.sort_values("id", kind="stable")
    close = pd.DatetimeIndex(table["close"])
    inside = np.asarray(close.isna() | (close.year == scenario.settings.year))
    kept, month = table[inside], close[inside].month
    return Deals(
        ids=tuple(kept["id"].tolist()),
        account=positions(account_ids, kept["account"], "the pipeline"),
        amount=kept["amount"].to_numpy(dtype=float),
        win=np.array([rates[stage] for stage in kept["stage"]], dtype=float),
        month=np.where(np.isnan(month), NONE + 1, month).astype(np.int64) - 1,
        stage=tuple(kept["stage"].tolist()),
        outside=int((~inside).sum()),
        outside_amount=float(table["amount"].to_numpy(dtype=float)[~inside].sum()),
    )


def _require_rates(stages: list[str], rates: dict[str, float]) -> None:
    messages = []
    for stage in stages:
        if stage not in rates:
            near = nearest(stage, rates)
            hint = f" (is {near!r} meant?)" if near else ""
            messages.append(f"scenario.toml: simulate.win_rates: no win rate for the stage {stage!r}{hint}")
    if messages:
        raise ScenarioError(messages)
