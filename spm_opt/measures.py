"""What a simulated year says of a plan, future by future: what scores and comparisons are made of."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from spm_opt.gini import gini
from spm_opt.pay.pay import Payout
from spm_opt.plan import Alignment, QuotaPlan
from spm_opt.problem import NONE, BoolArray, FloatArray, IntArray
from spm_opt.quota.audit_table import POTENTIAL
from spm_opt.scenario.scenario import Scenario
from spm_opt.simulate.history import holders
from spm_opt.simulate.sales import Sales

LOW = 0.1


def measured(
    scenario: Scenario,
    alignment: Alignment,
    quotas: QuotaPlan | None,
    sales: Sales,
    *,
    payout: Payout | None = None,
    target: float | None = None,
) -> Mapping[str, FloatArray]:
    """Measure a plan in every future.

    ``company_sales`` are those of all accounts. ``target_reached`` is 1 where they reach ``target``, else 0.
    ``share_attaining`` counts every territory with a quota, ``attainment_low`` (the tenth percentile over
    sellers) and ``attainment_spread`` (the standard deviation over sellers) those whose position is filled.
    The Gini of potential is the same in every future. ``handover_loss`` is what accounts buy less because
    they get another seller, ``settled_sales`` what the company sells without that. With ``payout`` there are
    ``pay`` of all sellers, ``cost_of_sales`` (``pay`` by ``company_sales``) and ``gini_pay`` over those who fill
    a position.

    Returns
    -------
    Each measure that the plan has, shape ``(replications,)``.
    """
    company = sales.company
    found = {"company_sales": company}
    if target is not None:
        found["target_reached"] = (company >= target).astype(np.float64)
    if quotas is not None:
        found |= _attainment(scenario, quota_of(quotas, sales), sales)
    if POTENTIAL in scenario.settings.activities:
        own = potential(scenario, alignment, sales.territory_ids)
        found["gini_potential"] = np.full(len(company), gini(own))
    if payout is not None:
        found["gini_pay"] = gini(payout.amount[:, filled(scenario, sales.territory_ids)])
        found["pay"] = payout.cost
        nothing = np.full(len(company), np.nan)
        found["cost_of_sales"] = np.divide(payout.cost, company, out=nothing, where=company > 0)
    if sales.handover is not None:
        found["settled_sales"] = company + sales.handover
        found["handover_loss"] = sales.handover
    return {name: values for name, values in found.items() if np.isfinite(values).all()}


def _attainment(scenario: Scenario, quota: FloatArray, sales: Sales) -> dict[str, FloatArray]:
    found = {}
    asked = quota > 0
    if asked.any():
        found["share_attaining"] = (sales.amount[:, asked] >= quota[asked]).mean(axis=1)
    sellers = asked & filled(scenario, sales.territory_ids)
    if sellers.any():
        attained = sales.amount[:, sellers] / quota[sellers]
        found["attainment_low"] = np.quantile(attained, LOW, axis=1)
        found["attainment_spread"] = attained.std(axis=1)
    return found


def quota_of(quotas: QuotaPlan | None, sales: Sales) -> FloatArray:
    """Give quotas in currency, in the order of the simulated territories; ``nan`` without any."""
    if quotas is None:
        return np.full(len(sales.territory_ids), np.nan)
    place = {name: t for t, name in enumerate(quotas.territory_ids)}
    return quotas.cents[[place[name] for name in sales.territory_ids]] / 100


def filled(scenario: Scenario, territory_ids: tuple[str, ...]) -> BoolArray:
    """Say which positions somebody fills."""
    names = scenario.sellers.set_index("id")["name"].loc[list(territory_ids)]
    return np.asarray(names != "", dtype=bool)


def potential(scenario: Scenario, alignment: Alignment, territory_ids: tuple[str, ...]) -> FloatArray:
    """Add the potential of each territory up."""
    table = scenario.accounts.sort_values("id", kind="stable")
    holder = holder_of(tuple(table["id"]), territory_ids, alignment)
    own = table[POTENTIAL].to_numpy(dtype=float)
    return np.bincount(holder[holder >= 0], own[holder >= 0], len(territory_ids)).astype(np.float64)


def holder_of(account_ids: tuple[str, ...], territory_ids: tuple[str, ...], alignment: Alignment) -> IntArray:
    """Give each account's territory as a place in ``territory_ids``, ``NONE`` where it has none."""
    number = {name: t for t, name in enumerate(territory_ids)}
    territory = np.array([*(number[name] for name in alignment.territory_ids), NONE], dtype=np.int64)
    return np.asarray(territory[holders(account_ids, alignment)])  # NONE is the last place
