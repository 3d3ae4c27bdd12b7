"""What the command line prints of pay."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import pandas as pd

from spm_opt.pay.statement import TOTAL, WHOLE
from spm_opt.report import words
from spm_opt.report.tables import money
from spm_opt.report.text import INDENT, aligned, one_line
from spm_opt.scenario.pay_settings import CompensationPlan
from spm_opt.scenario.scenario import Scenario
from spm_opt.score import QUANTILES

SHARES = ("attainment",)
"""Figures of statements that are no money."""


def cost_text(
    scenario: Scenario,
    plan: CompensationPlan,
    figures: Mapping[str, float],
    parts: Sequence[Mapping[str, Any]],
    replications: int,
) -> str:
    """Show the cost of pay as a distribution, and what each part has of it."""
    currency = scenario.settings.currency
    above = figures["mean"] - figures["at_mean_sales"]
    beside = f"{words.amount(abs(above), currency)} {'above' if above >= 0 else 'below'}"
    spread = ", ".join(words.amount(figures[name], currency) for name in QUANTILES)
    lines = [
        ("mean cost", words.amount(figures["mean"], currency)),
        (", ".join(QUANTILES), spread),
        ("cost at mean sales", f"{words.amount(figures['at_mean_sales'], currency)}: the mean is {beside} it"),
        ("cost at target", words.amount(figures["at_target"], currency)),
        ("share of sales", words.percent(figures["share_of_sales"])),
    ]  # fmt: skip
    table = [["part", "mean", "at mean sales"]]
    table += [
        [str(row["part"]), *(words.amount(row[name], currency) for name in ("mean", "at_mean_sales"))]
        for row in parts
    ]
    title = f"{scenario.settings.name}, {scenario.settings.year}: {plan.name}, in {words.plural(replications, 'simulated year')}"
    return "\n".join([title, *aligned(lines), "", *aligned(table, (1, 2))])


def sellers_text(scenario: Scenario, table: pd.DataFrame) -> str:
    """Show target and expected pay of every seller."""
    currency = scenario.settings.currency
    heads = ["seller", "", "target", "mean", "p10", "p90", "cap reached", "below threshold"]
    rows = [heads]
    for row in table.to_dict("records"):
        amounts = (row[name] for name in ("target_pay", "mean_pay", "pay_p10", "pay_p90"))
        rows.append([
            str(row["seller"]), str(row["name"]) or "vacant", *(words.amount(one, currency) for one in amounts),
            *(words.percent(row[name], 0) for name in ("p_cap", "p_below_threshold")),
        ])  # fmt: skip
    return "\n".join(aligned(rows, range(2, len(heads))))


def paid_text(
    scenario: Scenario, plan: CompensationPlan, rows: Sequence[Mapping[str, Any]], until: str
) -> str:
    """Show what sellers have been paid for results that really happened."""
    currency = scenario.settings.currency
    parts = [name for name in rows[0] if name not in ("seller", "name")]
    table = [["seller", "", *parts]]
    table += [
        [
            row["seller"],
            row["name"] or "vacant",
            *(words.amount(row[part] or 0.0, currency) for part in parts),
        ]
        for row in rows
    ]
    title = f"{scenario.settings.name}, {scenario.settings.year}: {plan.name}, paid through {until}"
    return "\n".join([title, *aligned(table, range(2, len(parts) + 2))])


def statement_text(rows: pd.DataFrame, name: str) -> str:
    """Show one seller's statement, every step a line."""
    seller = str(rows["seller"].iloc[0])
    lines = [one_line(f"Statement of {seller}, {name}" if name else f"Statement of {seller}")]
    for period, own in rows.groupby("period", sort=False):
        table = [
            [
                "" if row["component"] == TOTAL else str(row["component"]),
                str(row["step"]), _figure(row),
                "" if pd.isna(row["cents"]) else _separated(int(row["cents"])),
                "=" if row["kind"] == "sum" else "",
            ]
            for row in own.to_dict("records")
        ]  # fmt: skip
        title = "Year" if period == WHOLE else str(period)
        lines += ["", f"{INDENT}{title}", *(INDENT + line for line in aligned(_once(table), (2, 3)))]
    return "\n".join(lines)


def _once(table: list[list[str]]) -> list[list[str]]:
    """Name a component in its first line only."""
    return [
        ["" if i and row[0] == table[i - 1][0] else row[0] or "Total", *row[1:]]
        for i, row in enumerate(table)
    ]


def _figure(row: Mapping[Hashable, Any]) -> str:
    if pd.isna(row["value"]):
        return ""
    if row["step"] in SHARES:
        return f"{100 * row['value']:.4f} %"
    if str(row["step"]).startswith("months"):
        return f"{row['value']:g}"
    return _separated(round(100 * row["value"]))


def _separated(cents: int) -> str:
    """Write cents as currency with separators.

    >>> _separated(-123456789)
    '-1,234,567.89'
    """
    whole, _, part = money(cents).partition(".")
    return f"{int(whole):,}.{part}" if whole not in ("-0", "0") else money(cents)
