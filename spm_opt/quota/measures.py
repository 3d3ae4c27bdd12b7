"""The measures that the company target follows."""

from __future__ import annotations

import numpy as np
import pandas as pd

from spm_opt.errors import ScenarioError
from spm_opt.plan import Alignment
from spm_opt.problem import FloatArray
from spm_opt.scenario.findings import nearest
from spm_opt.scenario.scenario import Scenario
from spm_opt.simulate.deals import deals
from spm_opt.simulate.history import holders, years

HISTORY, PIPELINE, CAPACITY = "history", "pipeline", "capacity"
SHOWN = 5
"""Names in a message before the rest are counted."""


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
    settings = scenario.settings
    others = [name for name in (settings.quota.ratio_to, settings.quota.accounts) if name]
    for measure in dict.fromkeys([*_weighted(scenario), *others]):
        if measure in settings.activities:
            amount = accounts[measure].to_numpy(dtype=float)
        elif measure == HISTORY:
            amount = past.last
        elif measure == PIPELINE:
            amount = _expected_wins(scenario, past.account_ids)
        else:
            continue
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
    holder = holders(tuple(each.index), alignment)
    held, count = holder >= 0, len(alignment.territory_ids)
    sums = {name: np.bincount(holder[held], each[name].to_numpy()[held], count) for name in each.columns}
    table = pd.DataFrame(sums, index=pd.Index(alignment.territory_ids, name="territory"))
    weights = _weighted(scenario)
    if CAPACITY in {*weights, scenario.settings.quota.ratio_to} - {*scenario.settings.activities}:
        table[f"{CAPACITY}_amount"] = _capacity(scenario, alignment)
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
    known = [HISTORY, PIPELINE, CAPACITY, *settings.activities]
    asked = [("quota.mix", measure) for measure in weights]
    asked += [("quota.ratio_to", name) for name in [settings.quota.ratio_to] if name]
    for key, measure in asked:
        if measure not in known:
            near = nearest(measure, known)
            hint = f" (is {near!r} meant?)" if near else ""
            messages.append(f"scenario.toml: {key}: {measure!r} is no activity, history or pipeline{hint}")
        if measure == PIPELINE and scenario.pipeline is None:
            messages.append(f"scenario.toml: {key}: pipeline has a weight, but there is no [tables.pipeline]")
    own = settings.quota.accounts
    if own and own not in settings.activities:
        messages.append(f"scenario.toml: quota.accounts: {own!r} is no activity")
    if messages:
        raise ScenarioError(messages)
    return weights


def _capacity(scenario: Scenario, alignment: Alignment) -> FloatArray:
    """Give each seller's capacity.

    Raises
    ------
    ScenarioError
        Naming those who have none.
    """
    sellers = scenario.sellers.set_index("id").loc[list(alignment.territory_ids)]
    found = sellers["capacity"].to_numpy(dtype=float)
    if not np.isfinite(found).all():
        without = [name for name, own in zip(alignment.territory_ids, found, strict=True) if own == np.inf]
        more = f" and {len(without) - SHOWN:,} more" if len(without) > SHOWN else ""
        names = ", ".join(without[:SHOWN])
        raise ScenarioError([f"scenario.toml: quotas follow capacity, but {names}{more} have none"])
    return np.asarray(found)


def _expected_wins(scenario: Scenario, account_ids: tuple[str, ...]) -> FloatArray:
    open_deals = deals(scenario, account_ids)
    won = open_deals.amount * open_deals.win
    return np.bincount(open_deals.account, won, len(account_ids)).astype(np.float64)


def _share(amount: FloatArray, measure: str) -> FloatArray:
    total = amount.sum()
    if not total > 0:
        raise ScenarioError(
            [f"scenario.toml: quota.mix: {measure} is zero in all territories, so nothing can follow it"]
        )
    return np.asarray(amount / total)
