"""Results that really happened, as pay sees them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd

from spm_opt.errors import InputError
from spm_opt.pay.results import OWN, Key, Results, Team
from spm_opt.pay.targets import members
from spm_opt.pay.year import results_of, tenure
from spm_opt.plan import QuotaPlan
from spm_opt.problem import BoolArray, FloatArray, IntArray
from spm_opt.scenario.findings import Finding, Findings
from spm_opt.scenario.pay_periods import COUNT
from spm_opt.scenario.pay_settings import CompensationPlan
from spm_opt.scenario.scenario import Scenario


def filled_months(scenario: Scenario) -> dict[str, tuple[int, ...]]:
    """List the months (January is 0) in which each position is filled."""
    filled = tenure(scenario.sellers, scenario.settings.year)[1]
    return {
        name: tuple(np.flatnonzero(own).tolist())
        for name, own in zip(scenario.sellers["id"], filled, strict=True)
    }


def actual_results(
    scenario: Scenario, plan: CompensationPlan, quotas: QuotaPlan, table: pd.DataFrame, file: str
) -> tuple[Results, int]:
    """Give the results of a table (`spm_opt.scenario.actual_rows.read_actual`), and how many periods they reach to.

    All rows of a measure sum to its result; a product without a row has not been sold. A quota in the table
    takes the place of the plan's for its seller, measure, product and period; teams are then held to the sum of
    their sellers' quotas.

    Raises
    ------
    InputError
        Something that the plan pays for is not in the table, or a team is not in it whole.
    """
    sellers, count = quotas.territory_ids, COUNT[plan.periods]
    amount: dict[Key, FloatArray] = {}
    given: dict[Key, FloatArray] = {}
    place = pd.Index(sellers).get_indexer(pd.Index(table["seller"]))
    for measure, product, rows in _keys(table, plan):
        at = (place[rows], table["place"].to_numpy()[rows])
        amount[measure, product] = _sum(
            at, table["amount"].to_numpy(dtype=float)[rows], (len(sellers), count)
        )[None]
        given[measure, product] = _given(
            at, table["quota"].to_numpy(dtype=float)[rows], (len(sellers), count)
        )
    made = results_of(scenario, plan, quotas, amount, sellers)
    _require_all(plan, made, table, file)
    through = int(table.loc[table["amount"].notna(), "place"].max()) + 1
    absent = ~np.isin(np.arange(len(sellers)), place)
    return _with_quotas(made, given, through, absent), through


def _keys(table: pd.DataFrame, plan: CompensationPlan) -> Iterator[tuple[str, str, IntArray]]:
    """Give measures and products that have rows, and the rows; for all products those of every product."""
    for measure in sorted(set(table["measure"])):
        own = (table["measure"] == measure).to_numpy(dtype=bool)
        yield measure, "", np.flatnonzero(own)
        products = {one.product for one in plan.measured if one.product and one.measure == measure}
        for product in sorted(products & set(table["product"])):
            yield measure, product, np.flatnonzero(own & (table["product"] == product).to_numpy(dtype=bool))


def _sum(at: tuple[IntArray, IntArray], values: FloatArray, shape: tuple[int, int]) -> FloatArray:
    found = np.zeros(shape)
    np.add.at(found, at, np.nan_to_num(values))
    return found


def _given(at: tuple[IntArray, IntArray], quota: FloatArray, shape: tuple[int, int]) -> FloatArray:
    """Sum the quotas that are given, in cents; ``nan`` where none is."""
    known = _sum(at, (~np.isnan(quota)).astype(float), shape) > 0
    return np.where(known, np.rint(100 * _sum(at, quota, shape)), np.nan)


def _with_quotas(made: Results, given: dict[Key, FloatArray], through: int, absent: BoolArray) -> Results:
    """Put quotas of the table in the place of the plan's, also in the sums of teams.

    Of what has no quotas in the plan none are asked of later periods, nor of sellers who are not in the table.
    """
    own, changed = dict(made.quota), set[Key]()
    for key, quota in given.items():
        if not np.isnan(quota).all():
            before = own.get(key, np.full(quota.shape, np.nan))
            found = np.where(np.isnan(quota), before, quota)
            free = absent[:, None] | (np.arange(quota.shape[1]) >= through)
            found = np.where(free, np.nan_to_num(found), found)
            own[key] = found
            changed.add(key)
    teams = {level: _resummed(team, own, changed) for level, team in made.teams.items()}
    return replace(made, quota=own, teams=teams)


def _resummed(team: Team, own: dict[Key, FloatArray], changed: set[Key]) -> Team:
    sums = {
        key: np.stack([own[key][team.node == node].sum(axis=0) for node in range(len(team.names))])
        for key in changed
        if team.names
    }
    return replace(team, quota={**team.quota, **sums})


def _require_all(plan: CompensationPlan, made: Results, table: pd.DataFrame, file: str) -> None:
    """Refuse a table that lacks a measure, a product, or sellers of a team whose result is paid for."""
    found = []
    for one in plan.measured:
        key = (one.measure, one.product or "")
        if key not in made.amount:
            rule = f"no rows of {' of '.join(filter(None, key[::-1]))}, which {one.name!r} pays for"
            found.append(Finding("error", rule, file))
    known = set(table.loc[table["amount"].notna(), "seller"])
    for component in plan.components:
        if component.of == OWN:
            continue
        team = made.teams[component.of]
        paid = {int(team.node[at]) for at in members(component, made) if made.seller_ids[at] in known}
        lacking = [
            name
            for name, node, months in zip(made.seller_ids, team.node, made.months.sum(axis=1), strict=True)
            if node in paid and name not in known and months
        ]
        if lacking:
            rule = f"no results of sellers of a {component.of} whose result {component.name!r} pays for"
            shown = ", ".join(lacking[:12]) + (", ..." if len(lacking) > 12 else "")  # noqa: PLR2004
            found.append(Finding("error", rule, file, value=shown, expected="the whole team"))
    if found:
        raise InputError(Findings.of(found))
