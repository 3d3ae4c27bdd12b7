"""What plans are compared by: figures that a plan has in every future."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from spm_opt.compare.candidate import Candidate, holder_of
from spm_opt.compare.paired import Better
from spm_opt.gini import gini
from spm_opt.problem import BoolArray, FloatArray
from spm_opt.quota.audit_table import POTENTIAL
from spm_opt.scenario.scenario import Scenario
from spm_opt.simulate.sales import Sales

LOW = 0.1


@dataclass(frozen=True)
class Measure:
    """A measure: its name in files, what it is called, how it is written, and which way is better."""

    name: str
    label: str
    kind: Literal["money", "share", "figure"]
    better: Better


MEASURES = (
    Measure("company_sales", "sales of the company", "money", "more"),
    Measure("target_reached", "company target reached", "share", "more"),
    Measure("share_attaining", "territories at quota", "share", "more"),
    Measure("attainment_low", "attainment that 9 of 10 sellers exceed", "share", "more"),
    Measure("attainment_spread", "spread of attainment over sellers", "share", "less"),
    Measure("gini_potential", "Gini of potential", "figure", "less"),
)
"""Every measure, in the order in which they are shown. Those that need quotas or potential are left out
where there are none."""


@dataclass(frozen=True, eq=False)
class Future:
    """A plan and the years it met."""

    plan: Candidate
    sales: Sales


def measured(scenario: Scenario, one: Future, target: float | None) -> Mapping[str, FloatArray]:
    """Measure a plan in every future.

    ``company_sales`` are those of all accounts. ``target_reached`` is 1 where they reach ``target``, else 0.
    ``share_attaining`` counts every territory with a quota, ``attainment_low`` (the tenth percentile over
    sellers) and ``attainment_spread`` (the standard deviation over sellers) those whose position is filled.
    The Gini of potential is the same in every future.

    Returns
    -------
    Each measure that the plan has, shape ``(replications,)``.
    """
    company = one.sales.company
    found = {"company_sales": company}
    if target is not None:
        found["target_reached"] = (company >= target).astype(np.float64)
    found |= _attainment(scenario, one)
    if POTENTIAL in scenario.settings.activities:
        found["gini_potential"] = np.full(len(company), gini(potential(scenario, one.plan, one.sales)))
    return {name: values for name, values in found.items() if np.isfinite(values).all()}


def _attainment(scenario: Scenario, one: Future) -> dict[str, FloatArray]:
    if one.plan.quotas is None:
        return {}
    quota = quota_of(one.plan, one.sales)
    asked = quota > 0
    found = (
        {"share_attaining": (one.sales.amount[:, asked] >= quota[asked]).mean(axis=1)} if asked.any() else {}
    )
    sellers = asked & filled(scenario, one.sales)
    if sellers.any():
        attained = one.sales.amount[:, sellers] / quota[sellers]
        found["attainment_low"] = np.quantile(attained, LOW, axis=1)
        found["attainment_spread"] = attained.std(axis=1)
    return found


def quota_of(plan: Candidate, sales: Sales) -> FloatArray:
    """Give the quotas of a plan in currency, in the order of the simulated territories."""
    if plan.quotas is None:
        return np.full(len(sales.territory_ids), np.nan)
    place = {name: t for t, name in enumerate(plan.quotas.territory_ids)}
    return plan.quotas.cents[[place[name] for name in sales.territory_ids]] / 100


def filled(scenario: Scenario, sales: Sales) -> BoolArray:
    """Say which positions somebody fills, in the order of the simulated territories."""
    names = scenario.sellers.set_index("id")["name"].loc[list(sales.territory_ids)]
    return np.asarray(names != "", dtype=bool)


def potential(scenario: Scenario, plan: Candidate, sales: Sales) -> FloatArray:
    """Add the potential of each territory up, in the order of the simulated territories."""
    table = scenario.accounts.sort_values("id", kind="stable")
    holder = holder_of(tuple(table["id"]), sales.territory_ids, plan.alignment)
    own = table[POTENTIAL].to_numpy(dtype=float)
    return np.bincount(holder[holder >= 0], own[holder >= 0], len(sales.territory_ids)).astype(np.float64)
