"""The simulated year as pay sees it: results and quotas of sellers and teams by period."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from spm_opt.errors import InputError
from spm_opt.pay.node_quotas import NodeQuotas, node_quotas, seasonal
from spm_opt.pay.results import OWN, YEAR, Key, Results, Team
from spm_opt.pay.targets import members
from spm_opt.plan import QuotaPlan
from spm_opt.problem import FloatArray
from spm_opt.quota.organisation import TERRITORY
from spm_opt.quota.season import season
from spm_opt.scenario.findings import Finding, Findings
from spm_opt.scenario.located import column_name
from spm_opt.scenario.pay_periods import COUNT, period_names
from spm_opt.scenario.pay_roles import roles_of
from spm_opt.scenario.pay_settings import REVENUE, CompensationPlan
from spm_opt.scenario.scenario import Scenario
from spm_opt.simulate.sales import Sales


def year_results(scenario: Scenario, plan: CompensationPlan, quotas: QuotaPlan, sales: Sales) -> Results:
    """Give the simulated year's results and the plan's quotas in periods of pay.

    The simulation has quarters: a month has its share of its quarter by the season of the quotas. Sales of a
    product are the seller's sales times the product's share of the seller's quota.
    """
    amount, count = sales.quarters, COUNT[plan.periods]
    into = None if amount.shape[2] == count else seasonal(season(scenario), amount.shape[2], count)
    return results_of(scenario, plan, quotas, {(REVENUE, ""): amount}, sales.territory_ids, into)


def results_of(
    scenario: Scenario,
    plan: CompensationPlan,
    quotas: QuotaPlan,
    amount: Mapping[Key, FloatArray],
    seller_ids: tuple[str, ...],
    into: FloatArray | None = None,
) -> Results:
    """Put results of any kind beside the quotas of the sellers and of the teams that the plan speaks of.

    Parameters
    ----------
    scenario, plan, quotas
        The sellers, who is paid how, and the quotas.
    amount
        Results in currency by measure and product, shapes ``(replications, k, spans)``.
    seller_ids
        The ``k`` sellers.
    into
        What part of each span falls into each period of pay, shape ``(spans, periods)``.

    Raises
    ------
    InputError
        A seller who is paid for the result of a team is in none.
    """
    year, count = scenario.settings.year, COUNT[plan.periods]
    sellers = scenario.sellers.set_index("id", drop=False).loc[list(seller_ids)]
    start, filled = tenure(sellers, year)
    first = np.arange(count) * (YEAR // count)
    nodes = node_quotas(scenario, quotas, count)
    own = nodes.rows((TERRITORY, name) for name in seller_ids)
    quota = {(REVENUE, product): found[own] for product, found in nodes.cents.items()}
    made = Results(
        seller_ids=seller_ids,
        roles=roles_of(plan, sellers),
        periods=period_names(year, plan.periods),
        months=filled.reshape(len(seller_ids), count, -1).sum(axis=2).astype(float),
        since=year * YEAR + first[None, :] - start[:, None],
        amount=amount,
        quota=quota,
        share=_shares(quota),
        into=into,
        teams={one.of: _team(nodes, seller_ids, one.of) for one in plan.components if one.of != OWN},
    )
    _require_teams(scenario, plan, made)
    return made


def _require_teams(scenario: Scenario, plan: CompensationPlan, made: Results) -> None:
    """Refuse to pay a seller for a team's result who is in none.

    Raises
    ------
    InputError
        With every such seller.
    """
    table, rows = scenario.settings.tables.sellers, scenario.sellers.set_index("id")["row"]
    found = [
        Finding(
            "error", f"in no {one.of}, whose result {one.name!r} pays for", table.path,
            int(rows[made.seller_ids[at]]), column_name(table, "id"), made.seller_ids[at],
        )
        for one in plan.components
        if one.of != OWN
        for at in members(one, made)
        if made.teams[one.of].node[at] < 0 and made.months[at].any()
    ]  # fmt: skip
    if found:
        raise InputError(Findings.of(found))


def tenure(sellers: pd.DataFrame, year: int) -> tuple[FloatArray, FloatArray]:
    """Give the month of each seller's start, and the months of the year in which the position is filled.

    Returns
    -------
    Months since the year 0, ``-inf`` for a seller who has been there long and ``inf`` for a position that stays
    vacant, shape ``(k,)``; and 1 or 0 by month, shape ``(k, 12)``. The month of the start is filled.
    """
    start = pd.DatetimeIndex(sellers["start"])
    vacant = (sellers["name"] == "").to_numpy(dtype=bool)
    none = np.asarray(start.isna(), dtype=bool)
    month = np.where(none, 0, start.year * YEAR + start.month - 1)
    begins = np.where(none, np.where(vacant, np.inf, -np.inf), month)
    return begins, (year * YEAR + np.arange(YEAR)[None, :] >= begins[:, None]).astype(float)


def _shares(quota: Mapping[Key, FloatArray]) -> dict[str, FloatArray]:
    """Give each product's share of every seller's quota; of a seller who has none, that of all sellers."""
    total = quota[(REVENUE, "")]
    asked = np.where(total > 0, total, 1.0)
    found = {}
    for (_, product), own in quota.items():
        everyone = own.sum() / max(1.0, total.sum())
        found[product] = np.where(total > 0, own / asked, everyone)
    return found


def _team(nodes: NodeQuotas, seller_ids: tuple[str, ...], level: str) -> Team:
    """Give the nodes of a level, and whom each seller belongs to."""
    places = [place for place, (own, _) in enumerate(nodes.nodes) if own == level]
    at = {place: i for i, place in enumerate(places)}
    node = [next((at[one] for one in nodes.above((TERRITORY, name)) if one in at), -1) for name in seller_ids]
    return Team(
        names=tuple(nodes.nodes[place][1] for place in places),
        node=np.array(node, dtype=np.int64),
        quota={(REVENUE, product): found[places] for product, found in nodes.cents.items()},
    )
