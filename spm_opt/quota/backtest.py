"""The back-test: last year's quotas by the same method, against last year's results.

The scenario is taken back by a year (``year_before``), its quotas are set and its year simulated as if last
year were still to come, and then held against what was sold. One year is one draw: sellers share its market,
and a few of them tell little. So every figure stands beside the range in which it would have fallen in nine
of ten simulated years had the method's own chances been right, shared shocks and all; a figure inside says
that nothing speaks against the method, not that it is right.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from spm_opt.plan import Alignment
from spm_opt.problem import FloatArray
from spm_opt.quota.audit import GROUPS, NUMBERS, Audit, audited
from spm_opt.quota.audit_table import POTENTIAL, audit_table, by_territory, ratio
from spm_opt.quota.measures import HISTORY, PIPELINE
from spm_opt.quota.permute import DRAWS, LEVEL, by_sign
from spm_opt.quota.quota import quota
from spm_opt.quota.year_before import year_before
from spm_opt.scenario.scenario import Scenario
from spm_opt.simulate.history import years
from spm_opt.simulate.sales import Sales
from spm_opt.simulate.simulate import simulate

RANGE = (0.05, 0.95)
"""Quantiles between which nine of ten simulated years lie."""
OWN_RANGE = (0.1, 0.9)
"""Quantiles of a territory's own sales."""
NEAR = 0.2
"""Departure from quota that counts as near it."""
PAIRS = tuple(("attainment", attribute) for attribute in (*NUMBERS, *GROUPS))


@dataclass(frozen=True, eq=False)
class BackTest:
    """Last year's quotas by the same method, and what came of them.

    Attributes
    ----------
    year
        The year that the quotas were set for.
    territories
        A row a territory, indexed by its id: what ``audit_table`` says as of then, ``sales`` (what its
        accounts bought in that year, in currency), ``attainment`` (sales on quota), ``attained``,
        ``rank`` (share of simulated years with less), ``settled`` (whether its seller was there all year).
    measures
        A row a measure: ``measure``, ``value``, ``low``, ``high`` (nine of ten simulated years), ``inside``.
        "company" (sales of all accounts on the company target) and "attaining" (territories at or above
        quota) as they were; then, with every year, that one and each simulated, scaled so that quotas are met
        in sum, since the level of a year says nothing of how quotas were spread: "spread" (standard deviation
        of attainment), "near" (territories within 20 % of quota), "in_range" (territories between the 10 %
        and the 90 % quantile of their own simulated sales).
    against_even
        One row: how much nearer to the company's attainment the method left the settled sellers than the same
        growth for everyone would have: ``sellers``, ``method`` and ``even`` (mean absolute departures as a
        share of the company's attainment), ``gain`` (even less method), ``low``, ``high``, ``p``,
        ``detectable``. Empty where fewer than three can be compared.
    audit
        Departures of the settled sellers' attainment.
    notes
        What the back-test could not know.
    """

    year: int
    territories: pd.DataFrame
    measures: pd.DataFrame
    against_even: pd.DataFrame
    audit: Audit
    notes: tuple[str, ...]


def backtest(
    scenario: Scenario,
    alignment: Alignment,
    *,
    seed: int,
    potential: str = POTENTIAL,
    draws: int = DRAWS,
    level: float = LEVEL,
) -> BackTest:
    """Set last year's quotas by the same method, and hold last year's results against them.

    Parameters
    ----------
    scenario
        With at least two years of history.
    alignment
        The territories; matched by id. Its accounts count as held all through that year.
    seed, potential, draws, level
        As for ``audit``.

    Raises
    ------
    QuotaError
        When history or mix do not allow a back-test (``why_no_year_before``), or the rules cannot hold
        together for that year.
    """
    past = year_before(scenario)
    sales = simulate(past, alignment, handovers=False)
    quotas = quota(past, alignment, sales)
    result = years(scenario)
    table = audit_table(past, alignment, quotas, sales, potential=potential)
    names = table.index.tolist()
    sold = by_territory(result.account_ids, result.last, alignment).loc[names].to_numpy()
    simulated = sales.amount[:, [sales.territory_ids.index(name) for name in names]]
    table = table.assign(
        sales=sold,
        attainment=ratio(sold, table["quota"]),
        attained=sold >= table["quota"],
        rank=(simulated < sold).mean(axis=0),
        settled=(table["seller"] != "") & ~(table["tenure"] < 0),
    )
    target = quotas.target_cents / 100
    return BackTest(
        year=past.settings.year,
        territories=table,
        measures=_measures(table, simulated, sales.company / target, float(result.last.sum()) / target),
        against_even=_against_even(table, seed, draws, level),
        audit=audited(
            table.assign(seller=table["seller"].where(table["settled"], "")),
            PAIRS, seed=seed, draws=draws, level=level,
        ),
        notes=_notes(scenario, table, sales),
    )  # fmt: skip


def _measures(
    table: pd.DataFrame, simulated: FloatArray, company_simulated: FloatArray, company: float
) -> pd.DataFrame:
    """Hold what came of the quotas against what the method itself would have expected."""
    asked = table["quota"].to_numpy() > 0
    quotas = table["quota"].to_numpy()[asked]
    drawn, sold = simulated[:, asked], table["sales"].to_numpy()[None, asked]
    own = np.quantile(_level(drawn, quotas), OWN_RANGE, axis=0)
    expected = {"company": company_simulated, **_figures(drawn, quotas, own)}
    reached = {
        "company": company,
        **{name: float(one[0]) for name, one in _figures(sold, quotas, own).items()},
    }
    rows = []
    for name, value in reached.items():
        # a count is compared with counts: no quantile between two of them
        low, high = np.quantile(expected[name], RANGE, method="inverted_cdf").tolist()
        rows.append((name, value, low, high, low <= value <= high))
    return pd.DataFrame(rows, columns=["measure", "value", "low", "high", "inside"])


def _level(amount: FloatArray, quotas: FloatArray) -> FloatArray:
    """Scale years so that the quotas are met in sum; a year without sales stays one."""
    total = amount.sum(axis=1, keepdims=True)
    return np.asarray(amount * (quotas.sum() / np.where(total > 0, total, np.inf)))


def _figures(amount: FloatArray, quotas: FloatArray, own: FloatArray) -> dict[str, FloatArray]:
    """Give the measures of years, shape ``(years, territories)``, each of shape ``(years,)``."""
    level = _level(amount, quotas)
    return {
        "attaining": np.asarray((amount >= quotas).sum(axis=1)),
        "spread": np.asarray((level / quotas).std(axis=1)),
        "near": np.asarray((np.abs(level / quotas - 1) <= NEAR).sum(axis=1)),
        "in_range": np.asarray(((level >= own[0]) & (level <= own[1])).sum(axis=1)),
    }


def _against_even(table: pd.DataFrame, seed: int, draws: int, level: float) -> pd.DataFrame:
    """Compare the method with the same growth for everyone, seller by seller."""
    columns = ["sellers", "method", "even", "gain", "low", "high", "p", "detectable"]
    kept = table[table["settled"] & (table["quota"] > 0) & (table["size"] > 0)]
    if len(kept) < 3 or not kept["sales"].sum() > 0:  # noqa: PLR2004
        return pd.DataFrame(columns=columns)
    sold = kept["sales"].to_numpy()
    method, even = (
        np.abs(sold / asked / (sold.sum() / asked.sum()) - 1)
        for asked in (kept["quota"].to_numpy(), kept["size"].to_numpy())
    )
    found = by_sign(even - method, (seed, 0), draws=draws, level=level)
    row = (
        found.n, float(method.mean()), float(even.mean()), float(found.effect[0]), float(found.low[0]),
        float(found.high[0]), found.p, found.detectable,
    )  # fmt: skip
    return pd.DataFrame([row], columns=columns)


def _notes(scenario: Scenario, table: pd.DataFrame, sales: Sales) -> tuple[str, ...]:
    """Say what the back-test could not know."""
    mix = [name for name, weight in scenario.settings.quota.mix.items() if weight > 0]
    activities = [name for name in mix if name not in {HISTORY, PIPELINE, scenario.settings.simulate.revenue}]
    notes = ["territories and sellers are those given here, as if they had stood all through that year"]
    if activities:
        notes.append(f"{', '.join(activities)} as known today, which may have learnt from that year's sales")
    if scenario.pipeline is not None:
        notes.append(
            "without the pipeline of that time, which is not kept: the simulated years lack its sales"
        )
    rules = scenario.settings.quota
    if rules.floor is not None or rules.cap is not None or rules.nodes:
        notes.append("floor and cap in the amounts of this year")
    if rules.pins or rules.freeze or scenario.targets is not None:
        notes.append("without pins, freezes and given targets, which speak of this year")
    if rules.methods.get("accounts"):
        notes.append("targets of accounts as they are for this year")
    growth = sales.parameters[sales.parameters["parameter"] == "growth"]["source"]
    if not (growth == "history").any():
        notes.append(
            "rates of churn and growth as the scenario states them, for want of a third year of history"
        )
    late = int((~table["settled"]).sum())
    if late:
        notes.append(f"{late} positions that were not filled all year count as territories, not as sellers")
    return tuple(notes)
