"""What the command ``pay`` does and says."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import click
import pandas as pd

from spm_opt.errors import InputError, ScenarioError
from spm_opt.pay.actual import actual_results, filled_months
from spm_opt.pay.pay import pay
from spm_opt.pay.results import Results
from spm_opt.pay.statement import statements
from spm_opt.pay.year import year_results
from spm_opt.plan import Alignment, QuotaPlan
from spm_opt.quota.quota import quota
from spm_opt.report.pay_tables import (
    cost_figures,
    paid_rows,
    part_rows,
    pay_files,
    pay_table,
    statement_records,
)
from spm_opt.report.pay_text import cost_text, paid_text, sellers_text, statement_text
from spm_opt.scenario.actual_rows import read_actual
from spm_opt.scenario.check_pay import check_pay
from spm_opt.scenario.findings import Findings, nearest
from spm_opt.scenario.pay_file import load_pay, pay_places
from spm_opt.scenario.pay_settings import REVENUE, CompensationPlan
from spm_opt.scenario.scenario import Scenario
from spm_opt.simulate.sales import Sales
from spm_opt.simulate.simulate import simulate


@dataclass(frozen=True, eq=False)
class Told:
    """What there is to say of pay, for people and for programs, and the files of it."""

    text: str
    document: dict[str, object]
    files: dict[str, bytes]


def plan_of(scenario: Scenario, file: Path | None) -> CompensationPlan:
    """Take the compensation plan of a file, or the scenario's own.

    Raises
    ------
    ScenarioError
        Neither is there.
    InputError
        The file cannot be understood, or names what the scenario has not.
    """
    if file is None:
        if scenario.pay is None:
            text = "scenario.toml: pay: no compensation plan; name a file, or take one with --comp FILE"
            raise ScenarioError([text])
        return scenario.pay
    return load_pay(file)


def require_names(scenario: Scenario, plan: CompensationPlan, file: Path | None, measures: set[str]) -> None:
    """Refuse a plan that names what the scenario or the measured results have not.

    Raises
    ------
    InputError
        With every finding.
    """
    path = scenario.folder / (scenario.settings.pay or "") if file is None else file
    found = Findings.of(check_pay(scenario, plan, pay_places(path.parent, path.name), measures))
    if found.errors:
        raise InputError(found)


def quotas_of(scenario: Scenario, alignment: Alignment, stored: QuotaPlan | None, sales: Sales) -> QuotaPlan:
    """Take the quotas of a plan's folder, or set them where it has none."""
    return quota(scenario, alignment, sales) if stored is None else stored


def require_sellers(wanted: tuple[str, ...], results: Results) -> None:
    """Refuse statements of sellers who are not there."""
    for name in wanted:
        if name not in results.seller_ids:
            near = nearest(name, results.seller_ids)
            raise click.UsageError(
                f"--statement {name}: no such seller" + (f". Maybe: {near}" if near else "")
            )


def simulated_pay(
    scenario: Scenario,
    plan: CompensationPlan,
    file: Path | None,
    alignment: Alignment,
    stored: QuotaPlan | None,
    wanted: tuple[str, ...],
) -> Told:
    """Compute pay in the simulated year, and statements at its mean sales."""
    require_names(scenario, plan, file, {REVENUE})
    sales = simulate(scenario, alignment)
    results = year_results(scenario, plan, quotas_of(scenario, alignment, stored, sales), sales)
    require_sellers(wanted, results)
    found = pay(plan, results)
    figures, parts = cost_figures(found, sales.company), part_rows(found)
    table = pay_table(scenario, results, found)
    rows = statements(plan, results.mean(), wanted or None)
    text = [cost_text(scenario, plan, figures, parts, results.replications), sellers_text(scenario, table)]
    document: dict[str, object] = {
        "plan": plan.name,
        "basis": "simulated",
        "cost": figures,
        "parts": parts,
        "sellers": table,
    }
    return _with_statements(scenario, text, document, rows, pay_files(rows, table), shown=bool(wanted))


def actual_pay(
    scenario: Scenario,
    plan: CompensationPlan,
    file: Path | None,
    quotas: QuotaPlan,
    actual: Path,
    wanted: tuple[str, ...],
) -> Told:
    """Compute statements of what really happened."""
    filled = filled_months(scenario)
    table = read_actual(actual, year=scenario.settings.year, kind=plan.periods, filled=filled)
    require_names(scenario, plan, file, set(table["measure"]))
    results, through = actual_results(scenario, plan, quotas, table, actual.name)
    require_sellers(wanted, results)
    known = set(table.loc[table["amount"].notna(), "seller"])
    names = wanted or tuple(name for name in results.seller_ids if name in known)
    rows = statements(plan, results, names, through=through)
    until, paid = results.periods[through - 1], paid_rows(scenario, rows)
    document: dict[str, object] = {"plan": plan.name, "basis": "actual", "through": until, "sellers": paid}
    text = [paid_text(scenario, plan, paid, until)]
    return _with_statements(scenario, text, document, rows, pay_files(rows), shown=bool(wanted))


def _with_statements(
    scenario: Scenario,
    text: list[str],
    document: dict[str, object],
    rows: pd.DataFrame,
    files: dict[str, bytes],
    *,
    shown: bool,
) -> Told:
    """Add the statements that were asked for."""
    if shown:
        names = scenario.sellers.set_index("id")["name"]
        for seller, own in rows.groupby("seller", sort=False):
            text.append(statement_text(own, str(names[seller])))
        document = {**document, "statements": statement_records(rows)}
    return Told("\n\n".join(text), document, files)
