"""Headcount laid out for the terminal."""

from __future__ import annotations

import numpy as np

from spm_opt.capacity.available import Available
from spm_opt.capacity.sizing import HIGH, LOW, Sizing
from spm_opt.report import words
from spm_opt.report.capacity_text import capacity_table, capacity_text, groups_of
from spm_opt.report.segment_text import segment_text
from spm_opt.report.text import aligned
from spm_opt.report.workload_text import by_group, workload_text
from spm_opt.scenario.scenario import Scenario
from spm_opt.workload.hours import Hours
from spm_opt.workload.segment import Segmentation

MOST_CELLS = 8
"""Cells whose numbers around the best are shown; headcount.csv has them all."""
SOURCES = {
    "history": "history",
    "company": "other segments*",
    "scenario": "scenario.toml",
    "default": "default*",
}


def chain_text(scenario: Scenario, segments: Segmentation, asked: Hours, had: Available) -> str:
    """Show in few lines what headcount is made from: segments, the hours that they ask for, and those of sellers."""
    size = scenario.settings.size
    level = "region" if size is None else size.level
    by, groups = groups_of(scenario, had, level if (scenario.sellers[level] != "").any() else "company")
    parts = (
        segment_text(scenario, segments),
        workload_text(scenario, asked, by_group(scenario, asked, "segment"), "segment"),
        capacity_text(scenario, had, capacity_table(had, groups), by),
    )
    first, *others = (part.partition("\n\n")[0] for part in parts)
    return "\n\n".join([first, *others])


def size_text(scenario: Scenario, sizing: Sizing) -> str:
    """Show how sales answer to effort, how many sellers are best, and what lies around that."""
    settings = scenario.settings
    level = "region" if settings.size is None else settings.size.level
    return "\n".join([
        f"{settings.name}, {settings.year}: how many sellers",
        "", *_responses(sizing),
        "", *_headcount(settings.currency, level, sizing),
        "", *_around(settings.currency, level, sizing),
    ])  # fmt: skip


def _responses(sizing: Sizing) -> list[str]:
    """Show each segment's curve."""
    heads = [
        "segment",
        "elasticity",
        "90 % interval",
        "without selling",
        "at most",
        "shape",
        "from",
        "observations",
    ]
    rows = [heads]
    table = sizing.parameters
    for name in dict.fromkeys(table["segment"].tolist()):
        own = table[table["segment"] == name].set_index("parameter")
        e, without, most = (own.loc[key] for key in ("elasticity", "without", "most"))
        rows.append([
            name or words.DASH, f"{e['value']:.2f}", f"{e['low']:.2f} to {e['high']:.2f}",
            words.percent(without["value"], 0), words.percent(most["value"], 0),
            "S-shaped" if own.loc["s_shaped", "value"] > 0.5 else "concave",  # noqa: PLR2004
            SOURCES[e["source"]], words.count(e["observations"]),
        ])  # fmt: skip
    lines = ["How sales answer to effort", *aligned(rows, (1, 2, 3, 4, 7))]
    lines.append(
        "  Percent of sales for a percent of effort, and sales without and with unlimited selling, in today's."
    )
    if table["source"].isin(["default", "company"]).any():
        lines.append("  * history is too thin to tell; the findings say what is missing.")
    return lines


def _headcount(currency: str, level: str, sizing: Sizing) -> list[str]:
    """Show the build-up and the best number of each cell, and their sums."""
    heads = [
        level, "role", "now", "hours needed", "of one", "build-up", "best", "90 % of futures", "as good",
        "profit", "90 % interval",
    ]  # fmt: skip
    rows = [heads]
    for c, (group, role) in enumerate(sizing.cells):
        rows.append([
            group, role, words.count(sizing.sellers[c]), words.count(sizing.needed[c]),
            words.count(sizing.hours[c]), f"{sizing.build_up[c]:.1f}", words.count(sizing.best[c]),
            _range(sizing.best_low[c], sizing.best_high[c]), _range(sizing.flat_low[c], sizing.flat_high[c]),
            *_profit(currency, sizing, np.array([c])),
        ])  # fmt: skip
    if len(sizing.cells) > 1:
        rows.append([
            "all", "", words.count(sizing.sellers.sum()), words.count(sizing.needed.sum()), "",
            f"{sizing.build_up.sum():.1f}", words.count(sizing.best.sum()), "", "",
            *_profit(currency, sizing, np.arange(len(sizing.cells))),
        ])  # fmt: skip
    return [
        "Sellers", *aligned(rows, range(2, len(heads))),
        "  As good: numbers whose expected profit is within 1 % of the best. Profit: margin of sales less sellers' cost.",
    ]  # fmt: skip


def _profit(currency: str, sizing: Sizing, cells: np.ndarray) -> list[str]:
    draws = sizing.profit_draws[cells, sizing.best[cells]].sum(axis=0)
    low, high = np.quantile(draws, [LOW, HIGH])
    return [
        words.short(float(draws.mean()), currency),
        f"{words.short(float(low), currency)} to {words.short(float(high), currency)}",
    ]


def _range(low: int, high: int) -> str:
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def _around(currency: str, level: str, sizing: Sizing) -> list[str]:
    """Show the numbers around the best: today's, the build-up, and the ends of those as good."""
    heads = ["sellers", "", "sales", "profit", "90 % interval", "last earns", "and costs", "best in"]
    rows = [[level, "role", *heads]]
    largest = sorted(range(len(sizing.cells)), key=lambda c: -sizing.sales[c].max())[:MOST_CELLS]
    for c in sorted(largest):
        for at, (number, what) in enumerate(_numbers(sizing, c)):
            names = sizing.cells[c] if at == 0 else ("", "")
            rows.append([*names, *_row(sizing, c, number, what, currency)])
    lines = ["Around the best", *aligned(rows, (2, 4, 5, 6, 7, 8, 9))]
    if len(sizing.cells) > MOST_CELLS:
        lines.append(
            f"  The {MOST_CELLS} with the highest sales of {len(sizing.cells)}; headcount.csv has them all."
        )
    return lines


def _numbers(sizing: Sizing, c: int) -> list[tuple[int, str]]:
    """Name the numbers of a cell that are shown."""
    named: dict[int, list[str]] = {}
    marks = (
        (sizing.sellers[c], "today"), (np.ceil(sizing.build_up[c]), "build-up"), (sizing.flat_low[c], "fewest as good"),
        (sizing.best[c], "best"), (sizing.flat_high[c], "most as good"),
    )  # fmt: skip
    for number, word in marks:
        named.setdefault(int(number), []).append(word)
    return [(number, ", ".join(named[number])) for number in sorted(named)]


def _row(sizing: Sizing, c: int, number: int, what: str, currency: str) -> list[str]:
    own = sizing.curve.iloc[c * sizing.value.shape[1] + number]

    def money(key: str) -> str:
        return words.short(float(own[key]), currency)

    return [
        words.count(number), what, money("sales"), money("profit"), f"{money('low')} to {money('high')}",
        money("earns_last"), money("costs_last"), words.percent(float(own["chance_best"]), 0),
    ]  # fmt: skip
