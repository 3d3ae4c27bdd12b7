"""The tables of a comparison, cell by cell, for the page and the command line."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from spm_opt.compare.measures import Measure
from spm_opt.compare.phrases import BY_NAME, change, interval, value
from spm_opt.compare.sellers import LOSES, WINS
from spm_opt.compare.verdict import standing
from spm_opt.report import words
from spm_opt.report.facts import VACANT
from spm_opt.report.grids import Cell, Grid, Head, Row, numeric

if TYPE_CHECKING:
    from spm_opt.compare.compare import Comparison

STYLES = {WINS: "yes", LOSES: "no"}


def measure_grid(found: Comparison) -> Grid:
    """Lay out what each plan comes to, and how it stands against the first, a row a measure and plan."""
    first = found.plans[0]
    heads = (
        Head("measure"), Head("plan"), Head("mean", numeric=True), Head(f"difference to {first}", numeric=True),
        Head("95 % interval", numeric=True), Head(f"beats {first} in", numeric=True),
        Head("is beaten in", numeric=True),
    )  # fmt: skip
    return Grid(heads, tuple(_measure_rows(found)))


def _measure_rows(found: Comparison) -> Iterator[Row]:
    currency = found.scenario.settings.currency
    for row in found.measures.to_dict("records"):
        measure = BY_NAME[str(row["measure"])]
        mean = numeric(value(measure, row["value"], currency))
        if row["plan"] == found.plans[0]:
            yield Row((Cell(measure.label), Cell(str(row["plan"])), mean, *[numeric("")] * 4))
            continue
        texts = [
            interval(measure, row["low"], row["high"], currency),
            *(words.percent(row[name]) for name in ("beats", "beaten")),
        ]
        gap = change(measure, row["difference"], currency)
        style = {"better": "yes", "worse": "no"}.get(standing(measure, row), "soft")
        yield Row(
            (
                Cell(""),
                Cell(str(row["plan"])),
                mean,
                numeric(gap, classes=style),
                *(numeric(text) for text in texts),
            )
        )


def regret_grid(found: Comparison) -> Grid:
    """Lay out how often each plan is the best of all, its regret and its worst futures."""
    heads = (
        Head("measure"), Head("plan"), Head("best in", numeric=True), Head("tied in", numeric=True),
        Head("regret, mean", numeric=True), Head("regret, most", numeric=True),
        Head("mean of the worst 5 %", numeric=True),
    )  # fmt: skip
    return Grid(heads, tuple(_regret_rows(found)))


def _regret_rows(found: Comparison) -> Iterator[Row]:
    currency = found.scenario.settings.currency
    for row in found.measures.to_dict("records"):
        measure = BY_NAME[str(row["measure"])]
        texts = [words.percent(row[name]) for name in ("best", "tied")]
        texts += [_extreme(measure, row, name, currency) for name in ("regret", "regret_most", "worst")]
        label = measure.label if row["plan"] == found.plans[0] else ""
        yield Row((Cell(label), Cell(str(row["plan"])), *(numeric(text) for text in texts)))


def _extreme(measure: Measure, row: Mapping[Hashable, Any], name: str, currency: str) -> str:
    """Write a regret or the worst futures; of what is reached or not, there is no more or less in one future."""
    yes_or_no = measure.name == "target_reached" and name != "regret"
    return words.DASH if yes_or_no else value(measure, float(row[name]), currency)


def stress_grid(found: Comparison) -> Grid:
    """Lay out what every stress does to every plan."""
    first = found.plans[0]
    heads = [
        Head("stress"),
        Head("plan"),
        Head("mean sales", numeric=True),
        Head("of expected", numeric=True),
    ]
    heads += [Head("reaches target in", numeric=True)] if found.target is not None else []
    heads += [Head(text, numeric=True) for text in (f"difference to {first}", "95 % interval", "best in")]
    return Grid(tuple(heads), tuple(_stress_rows(found)))


def _stress_rows(found: Comparison) -> Iterator[Row]:
    measure, currency = BY_NAME["company_sales"], found.scenario.settings.currency
    for row in found.stress.to_dict("records"):
        first = row["plan"] == found.plans[0]
        texts = [value(measure, row["value"], currency), words.signed(row["change"])]
        texts += [words.percent(row["p_target"])] if found.target is not None else []
        gap = "" if first else change(measure, row["difference"], currency)
        style = {"better": "yes", "worse": "no"}.get(standing(measure, row), "soft")
        span = "" if first else interval(measure, row["low"], row["high"], currency)
        label = str(row["stress"]) if first else ""
        cells = [Cell(label), Cell(str(row["plan"])), *(numeric(text) for text in texts)]
        cells += [numeric(gap, classes=style), numeric(span), numeric(words.percent(row["best"]))]
        yield Row(tuple(cells))


def case_lines(found: Comparison) -> list[str]:
    """Say what happens in each stress."""
    return [f"{case.name}: {case.about}" for case in found.cases]


def seller_grid(found: Comparison, plan: str, most: int | None = None) -> Grid:
    """Lay out what a plan changes for each seller; of ``most``, as many of those who win and of those who lose most.

    Nobody wins or loses in a vacant position: its row stands in the whole table only, without a verdict.
    """
    table = found.sellers[found.sellers["plan"] == plan]
    if most is not None:
        table = table[table["seller"] != ""]
    if most is not None and len(table) > 2 * most:
        table = pd.concat([table.iloc[:most], table.iloc[-most:]])
    shown = [name for name in COLUMNS if table[name].notna().any()]
    heads = [Head("territory"), Head("seller"), Head("")]
    heads += [Head(text, numeric=True) for name in shown for text in (COLUMNS[name], "change")]
    heads += [Head(name, numeric=True) for name in ACCOUNTS]
    return Grid(tuple(heads), tuple(_seller_rows(found, table, shown)))


COLUMNS = {
    "pay": "mean pay",
    "p_attain": "chance to attain",
    "quota": "quota",
    "sales": "mean sales",
    "potential": "potential",
}
ACCOUNTS = ("kept", "lost", "gained")


def _seller_rows(found: Comparison, table: pd.DataFrame, shown: list[str]) -> Iterator[Row]:
    currency = found.scenario.settings.currency
    for row in table.to_dict("records"):
        verdict, seller = str(row["verdict"]), str(row["seller"])
        cells = [
            Cell(str(row["territory"])),
            Cell(seller or VACANT, "" if seller else "soft"),
            Cell(verdict if seller else words.DASH, STYLES.get(verdict, "soft") if seller else "soft"),
        ]
        for name in shown:
            now, gap = float(row[name]), float(row[f"{name}_change"])
            texts = _points(now, gap) if name == "p_attain" else _amounts(name, now, gap, currency)
            cells += [numeric(texts[0], now), numeric(texts[1], gap)]
        cells += [numeric(words.count(row[name]), float(row[name])) for name in ACCOUNTS]
        yield Row(tuple(cells))


def _points(now: float, gap: float) -> tuple[str, str]:
    return words.percent(now, 0), change(BY_NAME["share_attaining"], gap, "", unit=False)


def _amounts(name: str, now: float, gap: float, currency: str) -> tuple[str, str]:
    before = now - gap
    relative = words.signed(gap / before) if before > 0 else words.DASH
    return words.figure(now) if name == "potential" else words.short(now, currency), relative
