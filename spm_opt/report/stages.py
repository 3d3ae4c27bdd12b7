"""What the command line prints after a single stage."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from spm_opt.align.result import Result
from spm_opt.plan import QuotaPlan
from spm_opt.problem import Problem
from spm_opt.report import words
from spm_opt.report.rollup import rolled_up
from spm_opt.report.show import criteria_lines, proof_lines
from spm_opt.report.text import INDENT, aligned
from spm_opt.run import Opened, Run
from spm_opt.scenario.findings import Findings
from spm_opt.scenario.scenario import Scenario
from spm_opt.score import QUANTILES, Scorecard
from spm_opt.simulate.sales import Sales

COMPANY = "company"
WIDTH = 90
"""Characters in a line of words beside a title."""
SHOWN_PERCENTS = 5
"""Hedges are shown in steps of so many percent."""


def findings_text(findings: Findings, problem: Problem | None) -> str:
    """List what was found, and say what there is to plan."""
    size = ""
    if problem is not None:
        size = (
            f"{words.plural(len(problem.accounts.ids), 'account')} in {words.plural(problem.n, 'unit')}, "
            f"{words.plural(problem.k, 'territory', 'territories')}: "
        )
    return "\n".join([*([findings.text()] if len(findings) else []), size + findings.counts()])


def alignment_text(opened: Opened, result: Result, scorecard: Scorecard, folder: Path) -> str:
    """Show status, proof and criteria of an alignment."""
    settings = opened.scenario.settings
    today = "value_incumbent" in scorecard.criteria and bool(
        scorecard.criteria["value_incumbent"].notna().any()
    )
    status = "; ".join(filter(None, (result.status, words.why_not_repeatable(result))))
    lines = [f"{settings.name}, {settings.year}"]
    lines += aligned([("plan", status), *proof_lines(result)])
    lines += ["", *criteria_lines(scorecard, today=today), "", f"{INDENT}{folder}/accounts.csv"]
    return "\n".join(lines)


def sales_rows(sales: Sales) -> list[dict[str, Any]]:
    """Lay out the year, a row a territory and the company last: mean, quantiles and last year."""
    known = sales.expected.loc[list(sales.territory_ids), ["last_year", "productivity"]].to_dict("records")
    rows = [
        {"territory": name}
        | _spread(sales.amount[:, t])
        | {str(key): value for key, value in known[t].items()}
        for t, name in enumerate(sales.territory_ids)
    ]
    return [*rows, {"territory": COMPANY} | _spread(sales.company)]


def _spread(amount: np.ndarray) -> dict[str, float]:
    quantiles = np.quantile(amount, list(QUANTILES.values())).tolist()
    return {"mean": float(amount.mean())} | dict(zip(QUANTILES, quantiles, strict=True))


def sales_text(scenario: Scenario, sales: Sales, rows: Sequence[Mapping[str, Any]]) -> str:
    """Show the simulated year."""
    currency = scenario.settings.currency
    heads = ["territory", "last year", "mean", *QUANTILES, "productivity"]
    table = [heads]
    for row in rows:
        known = "last_year" in row
        table.append([
            str(row["territory"]), words.amount(row["last_year"], currency) if known else "",
            *(words.amount(row[name], currency) for name in ("mean", *QUANTILES)),
            words.percent(row["productivity"], 0) if known else "",
        ])  # fmt: skip
    years = words.plural(len(sales.amount), "simulated year")
    title = f"{scenario.settings.name}, {scenario.settings.year}: sales in {years}"
    return "\n".join([title, *aligned(table, range(1, len(heads))), "", *aligned(_sources(sales, currency))])


def _sources(sales: Sales, currency: str) -> list[tuple[str, str]]:
    """Say what the year is made of, and where its parameters come from."""
    means = sales.expected.reindex(columns=["retained", "new", "pipeline", "handover"], fill_value=0.0).sum()
    names = ("kept and grown", "new business", "pipeline", "lost to changes of hands")
    lines = [(name, words.amount(value, currency)) for name, value in zip(names, means.tolist(), strict=True)]
    for source, title in (("history", "from history"), ("scenario", "stated"), ("default", "by default")):
        known = sales.parameters.loc[sales.parameters["source"] == source, "parameter"].tolist()
        kinds = dict.fromkeys(re.sub(r"_month_\d+$", "", name) for name in known)
        wrapped = textwrap.wrap(", ".join(kinds), WIDTH)
        lines += zip([title, *[""] * len(wrapped)], wrapped, strict=False)
    return lines


def quota_text(scenario: Scenario, quotas: QuotaPlan, folder: Path | None) -> str:
    """Show the quotas from the company down, beside last year's sales of the same accounts."""
    currency = scenario.settings.currency
    table = [["", "quota", "last year", "growth"]]
    for node in rolled_up(quotas):
        growth = node.cents / 100 / node.last_year - 1 if node.last_year > 0 else np.nan
        amounts = (words.amount(node.cents / 100, currency), words.amount(node.last_year, currency))
        table.append([INDENT * node.depth + node.name, *amounts, words.signed(growth)])
    lines = [f"{scenario.settings.name}, {scenario.settings.year}: quotas", *aligned(table, (1, 2, 3))]
    lines += over_lines(quotas, currency)
    return "\n".join([*lines, *(["", f"{INDENT}{folder}/quotas.csv"] if folder is not None else [])])


def trail_lines(trail: pd.DataFrame) -> list[str]:
    """Show the edits, a line each."""
    lines = ["", "Edits"]
    for number, rows in trail.groupby("edit", sort=True):
        first, changed = rows.iloc[0], int((rows["node"] != "").sum())
        nodes = words.plural(changed, "quota") + " changed"
        lines.append(f"{INDENT}{number}. {first['what']}, by {first['by']}: {first['why']} ({nodes})")
    return lines


def over_lines(quotas: QuotaPlan, currency: str) -> list[str]:
    """Show what each over-assignment does, every fifth percent and the one that was chosen."""
    if quotas.over is None:
        return []
    table = [
        ["hedge", "company reaches", "sellers attain, mean", "least", "expected cost", "sum of quotas", ""]
    ]
    for row in quotas.over.to_dict("records"):
        if row["chosen"] or round(100 * row["hedge"]) % SHOWN_PERCENTS == 0:
            chances = [
                words.percent(row[name], 1) for name in ("p_company", "p_attain_mean", "p_attain_least")
            ]
            amounts = [words.amount(row["quotas"], currency), "chosen" if row["chosen"] else ""]
            table.append([f"{row['hedge']:.2f}", *chances, words.figure(row["payout"]), *amounts])
    return ["", "Over-assignment: what it does for the company, and to sellers", *aligned(table, range(6))]


def territory_text(run: Run) -> str:
    """Show quota and odds of every territory."""
    currency, table = run.scenario.settings.currency, run.scorecard.territories
    heads = [
        "territory",
        "quota",
        "mean sales",
        "chance to attain",
        *(f"attainment {name}" for name in QUANTILES),
    ]
    names = ["quota", "mean_sales", "p_attain", *(f"attainment_{name}" for name in QUANTILES)]
    values = table[names].to_numpy(dtype=float).tolist()
    rows = [heads] + [
        [
            str(name),
            *(words.amount(one, currency) for one in row[:2]),
            *(words.percent(one, 0) for one in row[2:]),
        ]
        for name, row in zip(table.index, values, strict=True)
    ]
    return "\n".join(aligned(rows, range(1, len(heads))))
