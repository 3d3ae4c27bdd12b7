"""Sales metrics laid out for readers: the same tables on the command line and on the page."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from spm_opt.errors import ScenarioError
from spm_opt.report import words
from spm_opt.report.grids import Cell, Grid, Head, Row, numeric
from spm_opt.report.text import aligned
from spm_opt.scenario.past_tables import CATEGORIES
from spm_opt.scenario.scenario import Scenario
from spm_opt.simulate.metrics_table import LEVELS, SMALL, SalesMetrics

MARK = "*"
RULE = f"{MARK} from fewer than {SMALL} observations: too few to tell much."
MOST_PERIODS = 8
"""Periods whose attainment is shown, the last ones; metrics.csv has them all."""
HOURS = {"administration": "administration", "travel": "on the road"}
"""What readers call categories of hours, where that is not their name."""

TABLES = ("opportunities", "timesheets", "quota_history")
"""What metrics are made from."""

Figures = dict[tuple[str, str, str, str], Any]
"""Rows of the metrics by level, name, metric and detail."""


@dataclass(frozen=True)
class Column:
    """A column: its heading, how a cell is written and sorted by its figure, and whether small samples are marked."""

    head: str
    metric: str
    detail: str = ""
    write: Callable[[Any], str] = lambda row: words.percent(row.value, 0)
    marked: bool = True
    sort: Callable[[Any], float] = lambda row: float(row.value)


@dataclass(frozen=True)
class Section:
    """A table of metrics: its title, its columns, and what must be known to read it."""

    title: str
    columns: tuple[Column, ...]
    note: str


def sections(scenario: Scenario, metrics: SalesMetrics) -> list[Section]:
    """List the tables that the scenario has metrics for."""
    found = set(metrics.rows["metric"])
    made = []
    if "hours" in found:
        made.append(_hours())
    if "win_rate" in found:
        made += [_deals(scenario.settings.currency), _conversion(scenario)]
    if "attainment" in found:
        rows = metrics.rows
        periods = sorted(set(rows["detail"][rows["metric"] == "attainment"]) - {""})
        made.append(_quotas(periods))
    return made


def metrics_text(scenario: Scenario, metrics: SalesMetrics, by: str) -> str:
    """Show the metrics of one level, the company first."""
    settings, figures = scenario.settings, _figures(metrics)
    groups = [one for one in _groups(metrics) if one[0] in {"company", by}]
    names = _names(scenario) if by == "seller" else {}
    lines = [f"{settings.name}: how the company sold before {settings.year}, by {by}"]
    for section in sections(scenario, metrics):
        heads = ["", *([""] if names else []), *(column.head for column in section.columns)]
        table = [heads]
        for level, name in groups:
            who = [names.get(name, "") if level == "seller" else ""] if names else []
            cells = [_cell(figures, level, name, column) for column in section.columns]
            table.append([name, *who, *cells])
        few = any(
            cell.endswith(MARK) for row in table[1:] for cell in row[len(heads) - len(section.columns) :]
        )
        first = len(heads) - len(section.columns)
        lines += ["", section.title, *aligned(table, range(first, len(heads)))]
        lines += [f"  {note}" for note in (section.note, RULE if few else "") if note]
    return "\n".join(lines)


def metrics_grids(scenario: Scenario, metrics: SalesMetrics) -> list[dict[str, Any]]:
    """Lay out the metrics of every level for the page: a title, a table and its notes each."""
    figures, groups, names = _figures(metrics), _groups(metrics), _names(scenario)
    made = []
    for section in sections(scenario, metrics):
        heads = (
            Head("who"), Head("level"), Head("seller"),
            *(Head(column.head, numeric=True) for column in section.columns),
        )  # fmt: skip
        rows = []
        for level, name in groups:
            cells = [Cell(name), Cell(level, "soft"), Cell(names.get(name, "") if level == "seller" else "")]
            for column in section.columns:
                row = figures[level, name, column.metric, column.detail]
                cells.append(numeric(_cell(figures, level, name, column), column.sort(row)))
            rows.append(Row(tuple(cells), "level0" if level == "company" else ""))
        made.append({"title": section.title, "grid": Grid(heads, tuple(rows)), "note": section.note})
    return made


def _figures(metrics: SalesMetrics) -> Figures:
    key = [metrics.rows[name].tolist() for name in ("level", "name", "metric", "detail")]
    return dict(zip(zip(*key, strict=True), metrics.rows.itertuples(index=False), strict=True))


def _groups(metrics: SalesMetrics) -> list[tuple[str, str]]:
    """List the groups, from the company down."""
    pairs = metrics.rows[["level", "name"]].drop_duplicates()
    found = list(zip(pairs["level"].tolist(), pairs["name"].tolist(), strict=True))
    return sorted(found, key=lambda pair: (-LEVELS.index(pair[0]), pair[1]))


def _names(scenario: Scenario) -> dict[str, str]:
    table = scenario.sellers
    return {who: name or "vacant" for who, name in zip(table["id"], table["name"], strict=True)}


def _cell(figures: Figures, level: str, name: str, column: Column) -> str:
    row = figures[level, name, column.metric, column.detail]
    if not row.n or not math.isfinite(row.value):
        return words.DASH
    return column.write(row) + (MARK if row.small and column.marked else "")


def _hours() -> Section:
    shares = tuple(Column(HOURS.get(one, one), "share_of_hours", one) for one in CATEGORIES)
    columns = (
        Column("hours", "hours", write=lambda row: words.count(row.value)),
        _observed("periods", "hours"),
        *shares,
    )
    return Section("Where hours went", columns, "")


def _deals(currency: str) -> Section:
    def money(row: Any) -> str:
        return words.amount(row.value, currency)

    columns = (
        _observed("closed", "deals_closed"),
        Column("win rate", "win_rate", write=lambda row: words.percent(row.value)),
        _interval("win_rate"),
        Column("won", "win_rate", write=lambda row: words.count(_hits(row)), marked=False, sort=_hits),
        Column("mean size", "deal_size_mean", write=money),
        Column("median size", "deal_size_median", write=money),
        Column("median days", "cycle_days_median", write=lambda row: words.count(row.value)),
    )
    return Section(
        "Closed opportunities", columns, "Sizes and days (from opening to closing) of won opportunities."
    )


def _conversion(scenario: Scenario) -> Section:
    columns = tuple(
        Column(
            stage, "conversion", stage, lambda row: f"{words.percent(row.value, 0)} of {words.count(row.n)}"
        )
        for stage in scenario.settings.simulate.win_rates
    )
    note = "Of the opportunities that came to a stage, those that went on from it or were won."
    return Section("Conversion by stage", columns, note)


def _quotas(periods: Sequence[str]) -> Section:
    columns = (
        _observed("quotas", "quota_reached"),
        Column("reached", "quota_reached"),
        _interval("quota_reached"),
        Column("attainment", "attainment"),
        *(Column(period, "attainment", period) for period in periods[-MOST_PERIODS:]),
    )
    return Section("Quotas", columns, "Attainment is sales divided by quota, by period and in all.")


def _observed(head: str, metric: str) -> Column:
    """Show how many observations there are."""
    return Column(
        head, metric, write=lambda row: words.count(row.n), marked=False, sort=lambda row: float(row.n)
    )


def _interval(metric: str) -> Column:
    """Show the interval of a share."""

    def write(row: Any) -> str:
        return f"{words.percent(row.low, 0).removesuffix(' %')} to {words.percent(row.high, 0)}"

    return Column("90 % interval", metric, write=write, sort=lambda row: float(row.low))


def _hits(row: Any) -> float:
    return float(row.value * row.n)


def of_level(metrics: SalesMetrics, by: str) -> pd.DataFrame:
    """Take the rows of the company and of one level."""
    return metrics.rows[metrics.rows["level"].isin(["company", by])]


def level_shown(scenario: Scenario, metrics: SalesMetrics, asked: str | None) -> str:
    """Choose the level that is shown: the one asked for, else districts, else sellers.

    Raises
    ------
    ScenarioError
        The scenario has none of the tables that metrics are made from, or no seller has the level.
    """
    if not any(getattr(scenario.settings.tables, name) for name in TABLES):
        names = ", ".join(f"[tables.{name}]" for name in TABLES)
        raise ScenarioError([f"scenario.toml: sales metrics need at least one of {names}; there is none"])
    levels = set(metrics.rows["level"]) or set(LEVELS)
    chosen = asked or ("district" if "district" in levels else "seller")
    if chosen not in levels:
        raise ScenarioError([f"no seller has a {chosen}; metrics go by {' or '.join(sorted(levels))}"])
    return chosen
