"""The score: a plan judged by its criteria and by the simulated year, beside the incumbent."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from spm_opt.by_account import judged_by_account
from spm_opt.criteria.terms import Criterion, Measure
from spm_opt.measures import measured
from spm_opt.pay.payout import payout
from spm_opt.plan import Alignment, QuotaPlan
from spm_opt.problem import FloatArray, Problem
from spm_opt.scenario.scenario import Scenario
from spm_opt.simulate.sales import Sales
from spm_opt.verify import verify

INCUMBENT = "_incumbent"
"""Ending of the incumbent's columns and figures."""
QUANTILES = {"p10": 0.1, "p50": 0.5, "p90": 0.9}
YEAR_FIGURES = {
    "attainment_spread": "attainment_spread",
    "gini_potential": "gini_potential",
    "gini_pay": "gini_pay",
    "pay": "pay",
    "revenue_at_risk": "handover_loss",
}
"""Odds that are means over all replications, and the measures of the single one that they are means of."""
RARE = 0.95
LIKELY = 0.5
"""Chance from which a territory counts as likely to attain its quota."""


@dataclass(frozen=True, eq=False)
class Scorecard:
    """A judged plan.

    Attributes
    ----------
    territories
        Local measures, a row a territory, indexed by its id; the incumbent's figures in columns that
        end in ``_incumbent``. ``quota`` and ``mean_sales`` in currency, ``productivity`` of the position,
        ``p_attain`` (the share of replications in which sales reach the quota), ``attainment_p10``,
        ``attainment_p50``, ``attainment_p90`` (quantiles of sales over quota; ``nan`` for a quota of
        nothing), then the columns of every criterion.
    criteria
        Global measures, a row a criterion: ``criterion``, ``kind``, ``unit``, ``limit``, ``value``,
        ``holds``, ``weight``, ``priority``, ``points``, and the incumbent's ``value_incumbent``,
        ``holds_incumbent`` (missing where there is no incumbent).
    odds
        Company figures by name: ``target``, ``mean``, ``p10``, ``p50``, ``p90`` of sales, ``p_target``
        (chance to reach the target), ``share_likely`` (share of territories that attain in at least half
        of the replications), ``p_attain_spread`` (standard deviation of the chances to attain),
        ``share_attaining`` (mean share of sellers at or above quota), ``attainment_spread`` (mean standard
        deviation over sellers of sales by quota in one replication), ``gini_potential`` (0 where all
        territories have the same), where there is a compensation plan ``gini_pay`` over sellers, ``pay`` (mean
        cost of it) and ``cost_of_sales`` (that cost by mean sales, where there are any), ``revenue_at_risk`` (mean
        sales lost because accounts change hands) and ``revenue_at_risk_p95`` (exceeded in one replication of twenty); for the plan and, with the ending
        ``_incumbent``, the incumbent.
    breaches
        Every broken hard rule of the new plan, in words; empty for a plan that holds.
    """

    territories: pd.DataFrame
    criteria: pd.DataFrame
    odds: Mapping[str, float]
    breaches: tuple[str, ...]


def score(
    problem: Problem,
    criteria: Sequence[Criterion],
    alignment: Alignment,
    quotas: QuotaPlan | None = None,
    sales: Sales | None = None,
    *,
    incumbent: Alignment | None = None,
    incumbent_quotas: QuotaPlan | None = None,
    incumbent_sales: Sales | None = None,
    scenario: Scenario | None = None,
) -> Scorecard:
    """Judge a plan, and today's alignment beside it.

    Attainment is sales over quota in the same replication, so what territories share, they share here
    too. The incumbent is judged account by account, since today a unit may have several sellers.

    Parameters
    ----------
    problem, criteria
        What the plan was made for.
    alignment, quotas, sales
        The plan, and the year simulated under it; an alignment alone is judged by its criteria only.
    incumbent, incumbent_quotas, incumbent_sales
        The same for today's alignment, as far as there is one. Without quotas or sales the figures that
        need them are left out.
    scenario
        What says who fills a position, what potential accounts have and what is paid; without it the figures
        that need it are left out.
    """
    verdict = verify(problem, criteria, alignment)
    measures = verdict.measures
    columns: dict[str, FloatArray] = {}
    columns |= _year_columns(problem, quotas, sales)
    if sales is not None:
        columns["productivity"] = sales.expected.loc[list(problem.territory_ids), "productivity"].to_numpy(
            dtype=float
        )
    columns |= _judged_columns(columns, measures)
    odds = _odds(quotas, sales) | _year_odds(scenario, alignment, quotas, sales)
    today: tuple[Measure, ...] = ()
    if incumbent is not None:
        today = judged_by_account(problem, criteria, incumbent)
        before = _year_columns(problem, incumbent_quotas, incumbent_sales)
        before |= _judged_columns(before, today)
        columns |= {name + INCUMBENT: values for name, values in before.items()}
        own = _odds(incumbent_quotas, incumbent_sales)
        own |= _year_odds(scenario, incumbent, incumbent_quotas, incumbent_sales)
        odds |= {name + INCUMBENT: value for name, value in own.items()}
    return Scorecard(
        territories=pd.DataFrame(columns, index=pd.Index(problem.territory_ids, name="territory")),
        criteria=_criteria_rows(criteria, measures, today),
        odds=odds,
        breaches=tuple(breach.text for breach in verdict.breaches),
    )


def _in_order(ids: tuple[str, ...], wanted: tuple[str, ...]) -> list[int]:
    place = {name: t for t, name in enumerate(ids)}
    return [place[name] for name in wanted]


def _year_columns(problem: Problem, quotas: QuotaPlan | None, sales: Sales | None) -> dict[str, FloatArray]:
    """Quota, sales and attainment of every territory, as far as they are known."""
    columns: dict[str, FloatArray] = {}
    names = problem.territory_ids
    if quotas is not None:
        columns["quota"] = quotas.cents[_in_order(quotas.territory_ids, names)] / 100
    if sales is not None:
        amount = sales.amount[:, _in_order(sales.territory_ids, names)]
        columns["mean_sales"] = amount.mean(axis=0)
        if quotas is not None:
            columns["p_attain"] = (amount >= columns["quota"]).mean(axis=0)
            asked = np.where(columns["quota"] > 0, columns["quota"], np.nan)
            quantiles = np.quantile(amount, list(QUANTILES.values()), axis=0) / asked
            columns |= {f"attainment_{name}": row for name, row in zip(QUANTILES, quantiles, strict=True)}
    return columns


def _judged_columns(taken: Mapping[str, FloatArray], measures: Iterable[Measure]) -> dict[str, FloatArray]:
    """Columns of the criteria; where two disagree on a name, the later one has its title in brackets."""
    columns: dict[str, FloatArray] = {}
    for measure in measures:
        for name, values in measure.local.items():
            known = columns.get(name, taken.get(name))
            same = known is None or np.array_equal(known, values, equal_nan=True)
            columns[name if same else f"{name} ({measure.title})"] = values
    return columns


def _odds(quotas: QuotaPlan | None, sales: Sales | None) -> dict[str, float]:
    """Company figures, as far as they are known."""
    odds: dict[str, float] = {}
    if quotas is not None:
        odds["target"] = quotas.target_cents / 100
    if sales is None:
        return odds
    company = sales.company
    odds["mean"] = float(company.mean())
    odds |= {name: float(np.quantile(company, share)) for name, share in QUANTILES.items()}
    if quotas is not None:
        quota = quotas.cents[_in_order(quotas.territory_ids, sales.territory_ids)] / 100
        attained = sales.amount >= quota
        chance = attained.mean(axis=0)
        odds["p_target"] = float((company >= odds["target"]).mean())
        odds["share_likely"] = float((chance >= LIKELY).mean())
        odds["p_attain_spread"] = float(chance.std())
        odds["share_attaining"] = float(attained.mean())
    return odds


def _year_odds(
    scenario: Scenario | None, alignment: Alignment, quotas: QuotaPlan | None, sales: Sales | None
) -> dict[str, float]:
    """Means over all replications of what `measured` says of each, as far as it is known."""
    if scenario is None or sales is None:
        return {}
    paid = None if quotas is None else payout(scenario, quotas, sales)
    found = measured(scenario, alignment, quotas, sales, payout=paid)
    odds = {name: float(found[measure].mean()) for name, measure in YEAR_FIGURES.items() if measure in found}
    if "pay" in odds and sales.company.mean() > 0:  # a future without sales has no cost by sales of its own
        odds["cost_of_sales"] = odds["pay"] / float(sales.company.mean())
    if "handover_loss" in found:
        odds["revenue_at_risk_p95"] = float(np.quantile(found["handover_loss"], RARE))
    return odds


def _criteria_rows(
    criteria: Sequence[Criterion], measures: Sequence[Measure], today: Sequence[Measure]
) -> pd.DataFrame:
    """Global measures, a row a criterion."""
    table = pd.DataFrame(
        {
            "criterion": [measure.title for measure in measures],
            "kind": [criterion.kind for criterion in criteria],
            "unit": [measure.unit for measure in measures],
            "limit": [measure.limit for measure in measures],
            "value": [measure.value for measure in measures],
            "holds": [measure.holds for measure in measures],
            "weight": [criterion.weight for criterion in criteria],
            "priority": [criterion.priority for criterion in criteria],
            "points": [c.weight * measure.value for c, measure in zip(criteria, measures, strict=True)],
        }
    )
    table["value_incumbent"] = [measure.value for measure in today] if today else math.nan
    holds: list[bool] | list[None] = [measure.holds for measure in today] if today else [None] * len(measures)
    return table.assign(holds_incumbent=pd.array(holds, dtype="boolean"))


def scorecard_json(scorecard: Scorecard) -> dict[str, Any]:
    """Write a scorecard with plain Python values, for ``scorecard.json``.

    Numbers that do not exist are ``None``: JSON knows neither ``nan`` nor infinity.
    """
    names = ({"territory": str(name)} for name in scorecard.territories.index)
    rows = _records(scorecard.territories)
    return {
        "odds": {name: _plain(value) for name, value in scorecard.odds.items()},
        "criteria": _records(scorecard.criteria),
        "territories": [name | row for name, row in zip(names, rows, strict=True)],
        "breaches": list(scorecard.breaches),
    }


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(key): _plain(value) for key, value in row.items()} for row in table.to_dict("records")]


def _plain(value: Any) -> Any:
    if value is pd.NA or value is None:
        return None
    if isinstance(value, str):
        return str(value)
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    number = float(value)
    return number if math.isfinite(number) else None
