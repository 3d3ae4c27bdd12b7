"""The measures that the company target follows."""

from __future__ import annotations

import numpy as np
import pandas as pd

from spm_opt.errors import ScenarioError
from spm_opt.plan import Alignment
from spm_opt.problem import FloatArray, IntArray
from spm_opt.scenario.findings import nearest
from spm_opt.scenario.scenario import Scenario
from spm_opt.simulate.deals import deals
from spm_opt.simulate.history import positions, years

HISTORY, PIPELINE = "history", "pipeline"


def account_measures(scenario: Scenario) -> pd.DataFrame:
    """Give each measure of the mix, and last year's sales, account by account.

    Returns
    -------
    Indexed by account id, sorted: ``last_year``, and a column for each measure with a weight, named
    ``<measure>_amount``. "history" is last year's sales, "pipeline" the open opportunities of the planned
    year times their win rates, any other name the activity so called.

    Raises
    ------
    ScenarioError
        When a measure is neither, or the scenario has no pipeline.
    """
    past = years(scenario)
    accounts = scenario.accounts.sort_values("id", kind="stable")
    columns = {"last_year": past.last}
    for measure in _weighted(scenario):
        if measure == HISTORY:
            amount = past.last
        elif measure == PIPELINE:
            amount = _expected_wins(scenario, past.account_ids)
        else:
            amount = accounts[measure].to_numpy(dtype=float)
        columns[f"{measure}_amount"] = amount
    return pd.DataFrame(columns, index=pd.Index(past.account_ids, name="account"))


def territory_measures(scenario: Scenario, alignment: Alignment) -> pd.DataFrame:
    """Add the measures up by territory, with their shares.

    Returns
    -------
    Indexed by territory: ``last_year``, ``<measure>_amount`` and ``<measure>_share`` for each measure of
    the mix, and ``share``, the mean of the measures' shares weighted as the mix says.

    Raises
    ------
    ScenarioError
        When a measure is unknown, or zero in all territories.
    """
    each = account_measures(scenario)
    holder = _holder(tuple(each.index), alignment)
    held, count = holder >= 0, len(alignment.territory_ids)
    sums = {name: np.bincount(holder[held], each[name].to_numpy()[held], count) for name in each.columns}
    table = pd.DataFrame(sums, index=pd.Index(alignment.territory_ids, name="territory"))
    weights = _weighted(scenario)
    share = np.zeros(count)
    for measure, weight in weights.items():
        part = _share(table[f"{measure}_amount"].to_numpy(), measure)
        table[f"{measure}_share"] = part
        share += weight / sum(weights.values()) * part
    return table.assign(share=share)


def _weighted(scenario: Scenario) -> dict[str, float]:
    """Give the measures that have a weight, after checking that they exist."""
    settings, messages = scenario.settings, []
    weights = {measure: weight for measure, weight in settings.quota.mix.items() if weight > 0}
    known = [HISTORY, PIPELINE, *settings.activities]
    for measure in weights:
        if measure not in known:
            near = nearest(measure, known)
            hint = f" (is {near!r} meant?)" if near else ""
            messages.append(
                f"scenario.toml: quota.mix: {measure!r} is no activity, history or pipeline{hint}"
            )
        if measure == PIPELINE and scenario.pipeline is None:
            messages.append(
                "scenario.toml: quota.mix: pipeline has a weight, but there is no [tables.pipeline]"
            )
    if messages:
        raise ScenarioError(messages)
    return weights


def _expected_wins(scenario: Scenario, account_ids: tuple[str, ...]) -> FloatArray:
    open_deals = deals(scenario, account_ids)
    won = open_deals.amount * open_deals.win
    return np.bincount(open_deals.account, won, len(account_ids)).astype(np.float64)


def _holder(account_ids: tuple[str, ...], alignment: Alignment) -> IntArray:
    """Give the territory of each account in the order of ids, ``NONE`` where it has none."""
    place = positions(account_ids, pd.Series(alignment.account_ids, dtype=str), "the alignment")
    holder = np.empty(len(account_ids), dtype=np.int64)
    holder[place] = alignment.account_territory
    return holder


def _share(amount: FloatArray, measure: str) -> FloatArray:
    total = amount.sum()
    if not total > 0:
        raise ScenarioError(
            [f"scenario.toml: quota.mix: {measure} is zero in all territories, so nothing can follow it"]
        )
    return np.asarray(amount / total)
