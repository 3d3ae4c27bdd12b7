"""Who wins and who loses: what a plan changes for each seller."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from spm_opt.compare.measures import Future
from spm_opt.compare.paired import intervals
from spm_opt.measures import holder_of, potential
from spm_opt.problem import BoolArray, FloatArray, IntArray
from spm_opt.quota.audit_table import POTENTIAL
from spm_opt.scenario.scenario import Scenario

NOTICEABLE = 0.01
"""Change below which nobody wins or loses: a point of chance, or 1 % of pay or sales."""
WINS, LOSES, SAME = "wins", "loses", "same"


def by_seller(scenario: Scenario, futures: Sequence[Future]) -> pd.DataFrame:
    """Hold every seller's year under each plan against the same seller's under the first.

    Returns
    -------
    A row a plan (but the first) and territory: ``plan``, ``territory``, ``seller`` (``""`` where nobody
    fills the position), ``potential``, ``sales`` (mean), ``quota``, ``p_attain`` and ``pay`` (mean), each with
    its change from the first plan (``_change``; ``nan`` where it is not known), accounts ``kept``, ``lost`` and ``gained``, ``judged_by`` (the figure
    that says who wins), the interval of its change ``low`` to ``high``, and ``verdict``: "wins" or "loses"
    where the interval leaves out zero and the change is noticeable, else "same". Judged by mean pay where
    there is a compensation plan, else by the chance to attain where both plans have quotas, else by sales;
    the winners come first.
    """
    first = futures[0]
    before = _figures(scenario, first)
    frames = [_held_against(scenario, first, before, one) for one in futures[1:]]
    return pd.concat(frames, ignore_index=True)


def _figures(scenario: Scenario, one: Future) -> pd.DataFrame:
    """Lay out what is compared, a row a territory in the order of the simulated ones."""
    quota = one.quota
    could = np.full(len(quota), np.nan)
    if POTENTIAL in scenario.settings.activities:
        could = potential(scenario, one.plan.alignment, one.sales.territory_ids)
    return pd.DataFrame({
        "potential": could,
        "sales": one.sales.amount.mean(axis=0),
        "quota": quota,
        "p_attain": np.where(quota > 0, (one.sales.amount >= quota).mean(axis=0), np.nan),
        "pay": np.full(len(quota), np.nan) if one.payout is None else one.payout.amount.mean(axis=0),
    })  # fmt: skip


def _held_against(scenario: Scenario, first: Future, before: pd.DataFrame, one: Future) -> pd.DataFrame:
    after = _figures(scenario, one)
    names = one.sales.territory_ids
    table = pd.DataFrame({"plan": one.plan.name, "territory": list(names)})
    table["seller"] = scenario.sellers.set_index("id")["name"].loc[list(names)].tolist()
    for name in after.columns:
        table[name] = after[name]
        table[f"{name}_change"] = after[name] - before[name]
    table = table.assign(**_accounts(scenario, first, one))
    judged, change = _judged(first, one)
    low, high = intervals(change.T)
    middle = change.mean(axis=0)
    told = np.abs(middle) >= NOTICEABLE * (1.0 if judged == "p_attain" else before[judged].to_numpy())
    verdict = np.where(told & (low > 0), WINS, np.where(told & (high < 0), LOSES, SAME))
    table = table.assign(judged_by=judged, low=low, high=high, verdict=verdict)
    order = np.lexsort((np.arange(len(table)), -np.nan_to_num(middle)))
    return table.iloc[order]


def _judged(first: Future, one: Future) -> tuple[str, FloatArray]:
    """Give the figure that says who wins, and its change in every future, shape ``(replications, k)``."""
    if first.payout is not None and one.payout is not None:
        return "pay", one.payout.amount - first.payout.amount
    if first.plan.quotas is None or one.plan.quotas is None:
        return "sales", one.sales.amount - first.sales.amount
    attained = [(it.sales.amount >= it.quota).astype(np.float64) for it in (first, one)]
    return "p_attain", attained[1] - attained[0]


def _accounts(scenario: Scenario, first: Future, one: Future) -> dict[str, IntArray]:
    """Count the accounts that each territory keeps, loses and gains."""
    ids, names = tuple(sorted(scenario.accounts["id"])), one.sales.territory_ids
    then, now = (holder_of(ids, names, it.plan.alignment) for it in (first, one))
    stays = then == now

    def count(holder: IntArray, which: BoolArray) -> IntArray:
        return np.bincount(holder[which & (holder >= 0)], minlength=len(names)).astype(np.int64)

    return {"kept": count(now, stays), "lost": count(then, ~stays), "gained": count(now, ~stays)}
