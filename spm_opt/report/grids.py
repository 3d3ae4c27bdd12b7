"""The tables on the page, cell by cell."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from spm_opt.align.result import Result
from spm_opt.report import words
from spm_opt.report.facts import VACANT, Facts
from spm_opt.report.tables import number
from spm_opt.run import Run
from spm_opt.score import INCUMBENT
from spm_opt.simulate.parameters import meaning

MOST_CHANGES = 50


@dataclass(frozen=True)
class Head:
    """A column's heading."""

    text: str
    numeric: bool = False


@dataclass(frozen=True)
class Cell:
    """A cell: what it shows, its style, and what it sorts by where that is not its text."""

    text: str
    classes: str = ""
    sort: str | None = None


@dataclass(frozen=True)
class Row:
    """A row and its style."""

    cells: tuple[Cell, ...]
    kind: str = ""


@dataclass(frozen=True)
class Grid:
    """A table."""

    heads: tuple[Head, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Fact:
    """A named value of the provenance."""

    name: str
    value: str
    code: bool = False


def numeric(text: str, value: float | None = None, classes: str = "") -> Cell:
    """Right-aligned cell, sorted by ``value`` where one is given."""
    sort = None if value is None else number(value) if math.isfinite(value) else ""
    return Cell(text, f"n {classes}".strip(), sort)


def criteria(run: Run, facts: Facts) -> Grid:
    """Every criterion: its limit, whether it holds, its value and points, beside today's."""
    heads = [Head("criterion"), Head("hard rule"), Head("holds"), Head("new plan", numeric=True)]
    heads += [Head("today", numeric=True)] if facts.has_incumbent else []
    heads += [Head("measured in"), Head("weight", numeric=True), Head("points", numeric=True)]
    rows = []
    for row in run.scorecard.criteria.to_dict("records"):
        limit = str(row["limit"] or "")
        cells = [
            Cell(str(row["criterion"])),
            Cell(limit or "none", "" if limit else "soft"),
            _holds(row["holds"], limit),
        ]
        cells.append(numeric(words.figure(float(row["value"]))))
        if facts.has_incumbent:
            before = words.figure(_float(row.get("value" + INCUMBENT)))
            broken = limit != "" and not _true(row.get("holds" + INCUMBENT))
            cells.append(numeric(before + (" ✗" if broken else ""), classes="no" if broken else ""))
        cells.append(Cell(str(row["unit"]), "soft"))
        weighed = float(row["weight"]) > 0
        cells.append(numeric(words.figure(float(row["weight"])) if weighed else words.DASH))
        cells.append(numeric(words.figure(float(row["points"])) if weighed else words.DASH))
        rows.append(Row(tuple(cells)))
    return Grid(tuple(heads), tuple(rows))


def _holds(value: object, limit: str) -> Cell:
    if not limit:
        return Cell(words.DASH, "soft")
    return Cell("yes", "yes") if _true(value) else Cell("no", "no")


def _true(value: object) -> bool:
    return isinstance(value, bool | np.bool_) and bool(value)


def _float(value: object) -> float:
    return float(value) if isinstance(value, int | float | np.integer | np.floating) else math.nan


def odds(run: Run) -> Grid:
    """Company figures of the simulated year, plan and today."""
    figures, currency = run.scorecard.odds, run.scenario.settings.currency
    plain = [name for name in figures if not name.endswith(INCUMBENT)]
    today = any(name.endswith(INCUMBENT) and math.isfinite(value) for name, value in figures.items())
    heads = [Head("company"), Head("new plan", numeric=True)] + (
        [Head("today", numeric=True)] if today else []
    )
    rows = []
    for name in plain:
        cells = [
            Cell(ODDS_LABELS.get(name, name.replace("_", " "))),
            numeric(odds_figure(name, figures[name], currency)),
        ]
        if today:
            cells.append(numeric(odds_figure(name, figures.get(name + INCUMBENT, math.nan), currency)))
        rows.append(Row(tuple(cells)))
    return Grid(tuple(heads), tuple(rows))


ODDS_LABELS = {
    "target": "company target",
    "mean": "mean sales",
    "p10": "1 year in 10 below",
    "p50": "median sales",
    "p90": "1 year in 10 above",
    "p_target": "chance to reach the target",
    "share_likely": "territories at least as likely as not to attain",
    "p_attain_spread": "spread of the chances to attain (standard deviation)",
    "share_attaining": "territories that attain, on average",
    "attainment_spread": "spread of attainment over sellers (standard deviation)",
    "gini_potential": "Gini of potential over territories (0: all the same)",
    "gini_pay": "Gini of pay over sellers, on average",
    "pay": "cost of pay, mean",
    "cost_of_sales": "cost of pay by sales",
    "revenue_at_risk": "sales lost to changes of hands, mean",
    "revenue_at_risk_p95": "sales lost to changes of hands, 1 year in 20 above",
}


def odds_figure(name: str, value: float, currency: str) -> str:
    """Write a company figure: a chance or share in percent, a Gini as it is, else money."""
    if name.startswith(("p_", "share_", "attainment_", "cost_")):
        return words.percent(value)
    if name.startswith("gini_"):
        return words.figure(value)
    return words.amount(value, currency)


def territories(run: Run, facts: Facts) -> Grid:
    """One row a territory: who, how large, how far from target, quota, and the odds."""
    table, currency = run.scorecard.territories, run.scenario.settings.currency
    columns = [_Column(name) for name in table.columns if _shown(str(name), facts)]
    levels = facts.levels
    heads = [
        Head("territory"),
        Head("seller"),
        *[Head(level) for level in levels],
        Head("quota", numeric=True),
    ]
    heads += [Head(column.label, numeric=True) for column in columns]
    rows = []
    for t, name in enumerate(run.problem.territory_ids):
        cells = [Cell(name), Cell(facts.sellers[t], "soft" if facts.sellers[t] == VACANT else "")]
        cells += [Cell(_group(run, level, t)) for level in levels]
        cells.append(numeric(facts.quota_texts[t], float(run.plan.quotas.cents[t]) / 100))
        for column in columns:
            value = _float(table.loc[name, column.name])
            cells.append(numeric(column.text(value, currency), value))
        rows.append(Row(tuple(cells)))
    return Grid(tuple(heads), tuple(rows))


def _group(run: Run, level: str, territory: int) -> str:
    index = int(run.problem.groups[level][territory])
    return run.problem.group_names[level][index] if index >= 0 else ""


def _shown(name: str, facts: Facts) -> bool:
    """Pick the columns for the page; territories.csv has them all."""
    today = name.endswith(INCUMBENT)
    base = name.removesuffix(INCUMBENT)
    if today:
        return facts.has_incumbent and (base.endswith("_deviation") or base == "p_attain")
    return not base.endswith(("_target", "_lost", "_gained")) and base not in {"quota", "capacity"}


COLUMN_LABELS = {
    "p_attain": "chance to attain",
    "attainment_p10": "attainment, 1 year in 10 below",
    "attainment_p50": "attainment, median",
    "attainment_p90": "attainment, 1 year in 10 above",
}


@dataclass(frozen=True)
class _Column:
    """A column of the scorecard, and how it is written."""

    name: str

    @property
    def label(self) -> str:
        """Heading on the page."""
        base = self.name.removesuffix(INCUMBENT)
        text = COLUMN_LABELS.get(base, base.replace("_deviation", ": off target").replace("_", " "))
        return text + (", today" if self.name.endswith(INCUMBENT) else "")

    def text(self, value: float, currency: str) -> str:
        """Write a value by what the column holds."""
        base = self.name.removesuffix(INCUMBENT)
        if base.endswith("_deviation"):
            return words.signed(value)
        if base.startswith(("p_", "attainment")) or base.endswith(("_used", "productivity")):
            return words.percent(value)
        if base.endswith("sales") or base in {"last_year", "retained", "pipeline", "expected"}:
            return words.amount(value, currency)
        return words.figure(value)


def vacancies(facts: Facts) -> str:
    """Say how many positions nobody fills."""
    vacant = sum(name == VACANT for name in facts.sellers)
    return (
        f"{words.plural(vacant, 'position')} of {len(facts.sellers)} {'is' if vacant == 1 else 'are'} vacant."
        if vacant
        else ""
    )


def changes(run: Run, facts: Facts) -> Grid:
    """List the accounts that change hands and weigh most."""
    problem = run.problem
    now, then = run.incumbent.account_territory, run.plan.alignment.account_territory
    measure, amount = _weight(run)
    moved = np.flatnonzero((now >= 0) & (now != then))
    order = sorted(moved.tolist(), key=lambda a: (-amount[a], problem.accounts.ids[a]))[:MOST_CHANGES]
    names = dict(
        zip(run.scenario.accounts["id"].astype(str), run.scenario.accounts["name"].astype(str), strict=True)
    )
    rows = [
        Row(
            (
                Cell(names.get(problem.accounts.ids[a], "") or problem.accounts.ids[a]),
                Cell(problem.accounts.ids[a], "soft"),
                numeric(words.figure(float(amount[a]))),
                Cell(_who(run, facts, int(now[a]))),
                Cell(_who(run, facts, int(then[a]))),
            )
        )
        for a in order
    ]
    heads = (Head("account"), Head("id"), Head(measure, numeric=True), Head("from"), Head("to"))
    return Grid(heads, tuple(rows))


def _weight(run: Run) -> tuple[str, np.ndarray]:
    """Choose what accounts are ranked by: last year's sales where they are an activity, else the first activity."""
    names = run.problem.activity_names
    revenue = run.scenario.settings.simulate.revenue
    name = revenue if revenue in names else names[0]
    return name, run.problem.accounts.activity[:, names.index(name)]


def _who(run: Run, facts: Facts, territory: int) -> str:
    if territory < 0:
        return "nobody"
    position, seller = run.problem.territory_ids[territory], facts.sellers[territory]
    return position if seller == position else f"{position} · {seller}"


def changes_note(run: Run, facts: Facts) -> str:
    """Say how much of what changes hands is listed."""
    if not facts.accounts_moved:
        return "Nothing changes hands."
    shown = min(facts.accounts_moved, MOST_CHANGES)
    part = f"The {shown} largest" if shown < facts.accounts_moved else "All"
    return f"{part} of {words.plural(facts.accounts_moved, 'account')}, by {_weight(run)[0]}; accounts.csv has every one."


def parameters(run: Run) -> Grid:
    """List what the simulation was run with, and where each number comes from."""
    rows = []
    for row in run.sales.parameters.to_dict("records"):
        seen = _float(row.get("observations"))
        rows.append(
            Row(
                (
                    Cell(str(row["parameter"])),
                    Cell(meaning(str(row["parameter"])), "soft"),
                    Cell(_text(row["segment"]) or "all", "" if _text(row["segment"]) else "soft"),
                    numeric(words.figure(_float(row["value"]))),
                    numeric(words.between(_float(row["low"]), _float(row["high"]))),
                    Cell(str(row["source"])),
                    numeric(words.count(seen) if seen > 0 else words.DASH),
                )
            )
        )
    heads = (
        Head("parameter"),
        Head("what it is"),
        Head("for"),
        Head("value", numeric=True),
        Head("90 % interval", numeric=True),
        Head("source"),
        Head("observations", numeric=True),
    )
    return Grid(heads, tuple(rows))


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def provenance(run: Run) -> list[Fact]:
    """Seed, effort, proof, method, work, versions and hashes."""
    result, settings = run.result, run.scenario.settings
    known = run.plan.provenance
    facts = [
        Fact("seed", str(known.get("seed", run.sales.seed))),
        Fact("effort", str(known.get("effort", settings.effort))),
        Fact("status", result.status),
        *_levels(result),
        Fact("method", result.method),
        Fact("work", _pairs((name, f"{count:,}") for name, count in result.work.items())),
        Fact("replications", f"{len(run.sales.amount):,}"),
        Fact(
            "repeatable",
            words.why_not_repeatable(result) or "yes: the same scenario, seed and effort give the same bytes",
        ),
        Fact("versions", _pairs(known.get("versions", {}).items())),
    ]
    facts += [
        Fact(f"sha-256 of {name}", digest, code=True) for name, digest in sorted(run.scenario.hashes.items())
    ]
    return [fact for fact in facts if fact.value]


def _levels(result: Result) -> list[Fact]:
    """Points reached, bound and gap of each priority."""
    facts = []
    for level in result.levels:
        aims = f", priority {level.priority}" if len(result.levels) > 1 else ""
        bound = "not proven" if level.lower_bound is None else f"{words.figure(level.lower_bound)} points"
        gap = "not proven" if level.gap is None else words.percent(level.gap)
        facts += [
            Fact("objective" + aims, f"{words.figure(level.objective)} points"),
            Fact("lower bound" + aims, bound),
            Fact("gap" + aims, gap),
        ]
    return facts


def _pairs(items: Iterable[Sequence[object]]) -> str:
    return ", ".join(f"{name} {value}" for name, value in items)
