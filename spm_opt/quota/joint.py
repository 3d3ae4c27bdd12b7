"""Targets that a table gives, at any node, for any product and period: what they say, and what contradicts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from spm_opt.errors import InputError, QuotaError
from spm_opt.plan import QuotaPlan
from spm_opt.problem import BoolArray, IntArray
from spm_opt.quota.asked import Finder, amount_rule, chosen_places, hedges
from spm_opt.quota.cells import ALL, Cells, summed
from spm_opt.quota.hierarchy import ROOT, Hierarchy
from spm_opt.quota.ranges import Axes, Key, Ranges
from spm_opt.quota.rules import Rule
from spm_opt.quota.share import Held
from spm_opt.quota.target import cents, company_target, money
from spm_opt.scenario.findings import Finding, Findings, nearest
from spm_opt.scenario.located import column_name
from spm_opt.scenario.scenario import Scenario
from spm_opt.scenario.settings import Table

SHOWN = 8
MOST_CONFLICTS = 20
TOML = "scenario.toml"
YEAR = 2
"""Places of periods where the year is the finest: itself, and all."""


@dataclass(frozen=True)
class Stated:
    """One amount that is given: where, for what, and how many cents; row 0 stands for ``scenario.toml``."""

    row: int
    key: Key
    cents: int


@dataclass(frozen=True, eq=False)
class Given:
    """The targets of a scenario.

    Attributes
    ----------
    axes
        Tree, products and periods.
    products, periods
        Names of the places on both axes, all of them and the whole year last.
    rows
        What is given, in the order of the file.
    file
        The file's name.
    """

    axes: Axes
    products: tuple[str, ...]
    periods: tuple[str, ...]
    rows: tuple[Stated, ...]
    file: str

    @property
    def tree(self) -> Hierarchy:
        """The organisation."""
        return self.axes.tree

    def ranges(self, rows: Sequence[Stated] | None = None) -> Ranges:
        """Give what is left of all ranges by some rows, or all."""
        free = self.axes.free()
        for one in self.rows if rows is None else rows:
            free.low[one.key] = max(free.low[one.key], one.cents)
            free.high[one.key] = min(free.high[one.key], one.cents)
        return self.axes.narrowed(free)

    @property
    def company(self) -> int | None:
        """The company target in cents that follows from the table, if one does."""
        ranges = self.ranges()
        low, high = (int(side[ROOT, -1, -1]) for side in (ranges.low, ranges.high))
        return low if low == high else None

    @cached_property
    def touched(self) -> BoolArray:
        """Say which nodes have a target for a part of their quota, or are above one that has."""
        found = np.zeros(len(self.tree), dtype=bool)
        whole = (self.axes.shape[1] - 1, self.axes.shape[2] - 1)
        for one in self.rows:
            if one.key[1:] != whole:
                found[self.tree.above(one.key[0])] = True
        return found

    def held(self, quota: IntArray) -> Held:
        """Give the ranges in which these quotas of the nodes, shape ``(n,)``, are split.

        Raises
        ------
        QuotaError
            The quotas leave no room for the targets, with those that are in the way.
        """
        whole = (self.axes.shape[1] - 1, self.axes.shape[2] - 1)
        totals = [Stated(0, (node, *whole), amount) for node, amount in enumerate(quota.tolist())]
        ranges = self.ranges([*self.rows, *totals])
        if ranges.empty:
            core = smallest(list(self.rows), lambda some: self.ranges([*some, *totals]).empty)
            raise QuotaError(f"the quotas leave no room for {'; '.join(map(self.said, core[:SHOWN]))}")
        return Held(self.axes, self.axes.roomy(ranges), self.ranges(totals), self.touched)

    def reconciled(self, plan: QuotaPlan) -> pd.DataFrame:
        """Check every target against a plan with plain integers.

        Returns
        -------
        A row a target, as `tree.reconcile` has them: ``node``, ``check``, ``expected``, ``actual``,
        ``difference`` in cents.
        """
        own = dict(
            zip(
                zip(plan.nodes["level"], plan.nodes["node"], strict=True),
                plan.nodes["cents"].tolist(),
                strict=True,
            )
        )
        cells = None if plan.cells is None else Cells.of_table(Hierarchy.of_nodes(plan.nodes), plan.cells)
        place = {key: at for at, key in enumerate(own)}
        rows = []
        for one in self.rows:
            node, product, period = one.key
            name, what = self.tree.names[node], (self.products[product], self.periods[period])
            actual = own[self.tree.levels[node], name]
            if cells is not None and what != (ALL, ALL):
                actual = summed(cells, place[self.tree.levels[node], name], *what)
            rows.append((name, f"is as given: {self.said(one)}", one.cents, int(actual)))
        table = pd.DataFrame(rows, columns=["node", "check", "expected", "actual"])
        return table.assign(difference=table["actual"] - table["expected"])

    def require_reconciled(self, plan: QuotaPlan) -> None:
        """Refuse a plan that does not have what is given.

        Raises
        ------
        QuotaError
            Naming every target that is missed, and by how much.
        """
        table = self.reconciled(plan)
        wrong = table[table["difference"] != 0]
        if len(wrong):
            pairs = zip(wrong["check"], wrong["difference"], strict=True)
            raise QuotaError("\n".join(f"{check}: off by {money(int(by))}" for check, by in pairs))

    def said(self, one: Stated) -> str:
        """Name an amount with its place."""
        node, product, period = one.key
        more = [name for name in (self.products[product], self.periods[period]) if name != ALL]
        place = f"row {one.row}" if one.row else TOML
        return f"{', '.join([self.tree.names[node], *more])}: {money(one.cents)} ({place})"

    def rules(self) -> Iterator[Rule]:
        """Say what quotas of whole nodes must be for the targets to hold."""
        whole = (self.axes.shape[1] - 1, self.axes.shape[2] - 1)
        ranges, plain = self.ranges(), self.ranges([one for one in self.rows if one.key[1:] == whole])
        direct = {one.key[0]: one for one in self.rows if one.row and one.key[1:] == whole}
        for node in range(1, len(self.tree)):
            low, high = (int(side[node, *whole]) for side in (ranges.low, ranges.high))
            if node in direct:
                yield amount_rule(
                    f"{self.file} row {direct[node].row}", (node,), direct[node].cents, both=True
                )
                continue
            name = f"{self.file}: parts of {self.tree.names[node]}"
            if low > plain.low[node, *whole]:
                yield amount_rule(f"{name}, least", (node,), low, both=False)
            if high < plain.high[node, *whole]:
                yield replace(amount_rule(f"{name}, most", (node,), high, both=False), sides=(False, True))

    def contradictions(self) -> Iterator[tuple[Stated, ...]]:
        """Give sets of rows that no amounts keep together, each without a needless row."""
        rows = list(self.rows)
        for _ in range(MOST_CONFLICTS):
            if not self.ranges(rows).empty:
                return
            core = smallest(rows, lambda some: self.ranges(some).empty)
            yield tuple(core)
            rows = [one for one in rows if one not in core or not one.row]


def smallest(rows: list[Stated], clash: Callable[[list[Stated]], bool]) -> list[Stated]:
    """Leave out what a clash does not need: halves first, then ever fewer, until none can be left out."""
    kept, size = rows, max(1, len(rows) // 2)
    while True:
        fewer = next(
            (t for at in range(0, len(kept), size) if clash(t := [*kept[:at], *kept[at + size :]])), None
        )
        if fewer is not None:
            kept, size = fewer, max(1, min(size, len(fewer) // 2))
        elif size == 1:
            return kept
        else:
            size //= 2


def given(scenario: Scenario, tree: Hierarchy) -> Given | None:
    """Read the targets of a scenario; none where it has no table of them.

    Raises
    ------
    InputError
        With every finding.
    """
    made, findings = _read(scenario, tree)
    if findings.errors:
        raise InputError(findings)
    return made


def given_for(scenario: Scenario, plan: QuotaPlan) -> Given | None:
    """Read the targets of a scenario for a plan of it, with the over-assignment that the plan has."""
    made = given(scenario, Hierarchy.of_nodes(plan.nodes))
    if made is None or "hedge" not in plan.nodes.columns:
        return made
    hedge = plan.nodes["hedge"].to_numpy(dtype=np.float64)
    return replace(
        made, axes=replace(made.axes, hedge=np.where([*map(bool, made.tree.children)], hedge, 1.0))
    )


def target_findings(scenario: Scenario, tree: Hierarchy) -> Findings:
    """Find what is wrong with the table of targets: all at once, none where there is none."""
    return _read(scenario, tree)[1]


def _read(scenario: Scenario, tree: Hierarchy) -> tuple[Given | None, Findings]:
    frame, table = scenario.targets, scenario.settings.tables.targets
    if frame is None or table is None:
        return None, Findings()
    rules = scenario.settings.quota
    products, periods = _places(scenario)
    fine = {"year": 1, "quarter": 4, "month": 12}[rules.periods]
    finder = Finder(tree)
    hedge = np.array([float(one) for one in hedges(rules, finder)])
    hedge[chosen_places(rules, finder)] = np.nan  # any
    made = Given(Axes(tree, len(products) - 1, fine, hedge), products, periods, (), table.path)
    findings, rows = list[Finding](), dict[Key, Stated]()
    for record in frame.sort_values("row").to_dict("records"):
        key, faults = _key(record, finder, made, table, scenario.settings.year)
        findings += faults
        if key is not None and np.isfinite(record["target"]):
            one = Stated(int(record["row"]), key, cents(float(record["target"])))
            if one.cents >= made.axes.most:
                findings.append(_fault("too large", table, one.row, "target", money(one.cents), "less"))
                continue
            if key in rows:
                value = f"{made.said(rows[key])}; {made.said(one)}"
                findings.append(_fault("target twice", table, one.row, "target", value, "one of them"))
            rows.setdefault(key, one)
    made = replace(made, rows=(*rows.values(), *_company(scenario)))
    made = replace(made, rows=tuple(_at_root(one, made) for one in made.rows))
    return made, Findings.of([*findings, *(_judged(made, scenario, table) if not findings else ())])


def _places(scenario: Scenario) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Name the places of products and periods, all of them last."""
    rules, year = scenario.settings.quota, scenario.settings.year
    quarters = [f"{year}-Q{i}" for i in range(1, 5)]
    fine = {"year": [str(year)], "quarter": quarters, "month": [f"{year}-{i:02d}" for i in range(1, 13)]}
    more = quarters if rules.periods == "month" else []
    return (*(tuple(rules.products) or (ALL,)), ALL), (*fine[rules.periods], *more, ALL)


def _company(scenario: Scenario) -> Iterator[Stated]:
    """Take the company target of ``scenario.toml``, where it gives one."""
    rules = scenario.settings.quota
    if rules.target is not None or rules.growth is not None:
        yield Stated(0, (ROOT, -1, -1), company_target(scenario)[0])


def _at_root(one: Stated, made: Given) -> Stated:
    """Count places from the front."""
    node, product, period = one.key
    shape = made.axes.shape
    return replace(one, key=(node, product % shape[1], period % shape[2]))


def _fault(
    rule: str, table: Table, row: int, field: str, value: str, expected: str, hint: str = ""
) -> Finding:
    return Finding("error", rule, table.path, row, column_name(table, field), value, expected, hint)


def _key(
    record: dict[Any, Any], finder: Finder, made: Given, table: Table, year: int
) -> tuple[Key | None, list[Finding]]:
    """Find node, product and period of a row."""
    row, findings, messages = int(record["row"]), list[Finding](), list[str]()
    node = finder.find("", str(record["node"]), str(record["level"]) or None, messages)
    if node is None:
        several = sum(name == record["node"] for name in made.tree.names) > 1
        expected = "a level too: the name stands at several" if several else "a node of the organisation"
        hint = "" if several else nearest(str(record["node"]), made.tree.names)
        findings.append(_fault("unknown node", table, row, "node", str(record["node"]), expected, hint))
    product, period = str(record["product"]), str(record["period"]).upper()
    if product not in ("", *made.products):
        own = [name for name in made.products if name != ALL]
        expected = f"one of quota.products: {', '.join(own)}" if own else "empty: quota.products has none"
        findings.append(_fault("unknown product", table, row, "product", product, expected))
    whole = ("", ALL.upper(), str(year))
    if period not in (*whole, *made.periods):
        fine = f"one of {made.periods[0]} to {made.periods[-2]}" if len(made.periods) > YEAR else str(year)
        expected = f"empty, or {fine} (quota.periods)"
        findings.append(_fault("unknown period", table, row, "period", str(record["period"]), expected))
    if findings or node is None:
        return None, findings
    last = len(made.products) - 1, len(made.periods) - 1
    at = last[0] if product in ("", ALL) else made.products.index(product)
    return (node, at, last[1] if period in whole else made.periods.index(period)), []


def _judged(made: Given, scenario: Scenario, table: Table) -> Iterator[Finding]:
    """Find contradictions, amounts between steps, and a company without a target."""
    broken = False
    for core in made.contradictions():
        broken = True
        more = f"; and {len(core) - SHOWN:,} more" if len(core) > SHOWN else ""
        value = "; ".join(map(made.said, core[:SHOWN])) + more
        row = max(one.row for one in core)
        yield _fault("targets contradict", table, row, "target", value, "amounts that sum up")
    if broken:
        return
    ranges, rules = made.ranges(), scenario.settings.quota
    rows = {one.key[0]: one.row for one in reversed(made.rows)}
    for node, row in sorted(rows.items()):
        low, high = (int(side[node, -1, -1]) for side in (ranges.low, ranges.high))
        step = cents(rules.steps.get(made.tree.levels[node], rules.step))
        if row and low == high and low % step:
            value = f"{money(low)} for {made.tree.names[node]}"
            yield _fault("no whole steps", table, row, "target", value, f"a whole multiple of {money(step)}")
    given_otherwise = rules.chance is not None or "accounts" in rules.methods
    if ranges.low[ROOT, -1, -1] < ranges.high[ROOT, -1, -1] and not given_otherwise:
        expected = "a target of the company here, or quota.target"
        yield _fault("no company target", table, 0, "target", "", expected)
