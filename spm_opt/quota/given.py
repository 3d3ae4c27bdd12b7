"""A tree of any depth and its targets from tables, every fault found at once.

Targets may be given at any node, for any product and period (or all of them). What is not given is derived:
from above by weights, from below by sums. What contradicts is a finding that names both amounts.
"""

from __future__ import annotations

from collections.abc import Iterator

import networkx as nx
import numpy as np
import pandas as pd

from spm_opt.errors import InputError
from spm_opt.problem import BoolArray, FloatArray, IntArray
from spm_opt.quota.cells import ALL, largest_remainders
from spm_opt.quota.hierarchy import ROOT, Hierarchy
from spm_opt.quota.target import cents, money
from spm_opt.scenario.findings import Finding, Findings

NEAR = 1e-6
"""Within this of 100, percentages are taken to sum to it."""
FIRST_ROW = 2
"""The first row of a table under its header."""


def tree_of(nodes: pd.DataFrame, file: str = "nodes.csv") -> Hierarchy:
    """Build a tree from ``node``, ``parent`` (empty for the top) and ``level``.

    A node that is meant as a branch (``leaf`` is false, where the table has that column) needs children.

    Raises
    ------
    InputError
        With every finding: no top or several, a node twice or with two parents, an unknown parent, a
        cycle, a branch without children.
    """
    findings = Findings.of(tree_faults(nodes, file))
    if findings.errors:
        raise InputError(findings)
    parent = dict(zip(nodes["node"], nodes["parent"], strict=True))
    level = dict(zip(nodes["node"], nodes["level"], strict=True)) if "level" in nodes.columns else {}
    depth = {name: len(_path(name, parent)) for name in parent}
    names = sorted(parent, key=lambda name: (depth[name], name))
    place = {name: i for i, name in enumerate(names)}
    return Hierarchy(
        names=tuple(names),
        levels=tuple(str(level.get(name, f"level {depth[name]}")) for name in names),
        parent=tuple(place.get(parent[name], -1) for name in names),
    )


def _path(name: str, parent: dict[str, str]) -> list[str]:
    """List the nodes above one, nearest first."""
    path = []
    while parent[name]:
        name = parent[name]
        path.append(name)
    return path


def tree_faults(
    nodes: pd.DataFrame, file: str, childless: str = "a node below it, or leaf = true"
) -> Iterator[Finding]:
    """Find what is wrong with a tree; rows are numbered by the column ``row`` where there is one.

    ``childless`` says what is expected of a branch without anything below it.
    """
    known = set(nodes["node"])
    first: dict[str, tuple[int, str]] = {}
    rows = nodes["row"].tolist() if "row" in nodes.columns else range(FIRST_ROW, FIRST_ROW + len(nodes))
    for row, name, parent in zip(rows, nodes["node"], nodes["parent"], strict=True):
        if name in first:
            at, before = first[name]
            rule = "node twice" if parent == before else "two parents"
            yield Finding(
                "error", rule, file, row, "parent", parent, f"{before}, as in row {at}, or no such row"
            )
        first.setdefault(name, (row, parent))
        if parent and parent not in known:
            yield Finding("error", "unknown parent", file, row, "parent", parent, "a node of this table")
    tops = [name for name, (_, parent) in first.items() if not parent]
    if len(tops) != 1:
        yield Finding("error", "not one top", file, 0, "parent", ", ".join(tops), "one node without a parent")
    graph = nx.DiGraph([(parent, name) for name, (_, parent) in first.items() if parent])
    circles = list(nx.simple_cycles(graph))
    for circle in circles:
        start = min(range(len(circle)), key=lambda i: circle[i])
        shown = [*circle[start:], *circle[:start], circle[start]]
        yield Finding("error", "cycle", file, first[shown[0]][0], "parent", " > ".join(shown), "a tree")
    if "leaf" in nodes.columns:
        with_children = set(nodes["parent"])
        leaves = set(nodes.loc[nodes["leaf"].astype(bool), "node"])
        for name, (row, _) in first.items():
            if name in leaves or name in with_children or (circles and name in tops):
                continue  # in a circle may be what was meant to be below the top
            yield Finding("error", "no children", file, row, "node", name, childless)


def checked_weights(
    tree: Hierarchy, table: pd.DataFrame, file: str = "weights.csv", *, percent: bool = False
) -> FloatArray:
    """Take the weight of every node among its siblings from ``node`` and ``weight``; shape ``(n,)``.

    Raises
    ------
    InputError
        With every finding: a weight that is negative, missing or no number, an unknown node or one twice,
        siblings whose weights are all zero, or percentages of siblings that do not sum to 100.
    """
    place = {name: i for i, name in enumerate(tree.names)}
    weight = np.full(len(tree), np.nan)
    weight[ROOT] = 100.0 if percent else 1.0
    findings, row_of = list[Finding](), dict[int, int]()
    for row, (name, value) in enumerate(zip(table["node"], table["weight"], strict=True), start=FIRST_ROW):
        node = place.get(name)
        if node is None or node in row_of:
            rule = "unknown node" if node is None else "node twice"
            findings.append(Finding("error", rule, file, row, "node", str(name), "every node once"))
            continue
        row_of[node], weight[node] = row, float(value)
        if not np.isfinite(weight[node]) or weight[node] < 0:
            rule = "negative weight" if weight[node] < 0 else "missing weight"
            findings.append(Finding("error", rule, file, row, "weight", str(value), "0 or more"))
    for node in range(1, len(tree)):
        if node not in row_of:
            findings.append(
                Finding("error", "missing weight", file, 0, "node", tree.names[node], "a row for it")
            )
    findings += _sibling_faults(tree, weight, row_of, file, percent=percent)
    if findings:
        raise InputError(Findings.of(findings))
    return weight


def _sibling_faults(
    tree: Hierarchy, weight: FloatArray, row_of: dict[int, int], file: str, *, percent: bool
) -> Iterator[Finding]:
    for node, below in enumerate(tree.children):
        own = weight[list(below)]
        if not below or not (own >= 0).all():  # said already, or missing
            continue
        row = row_of.get(below[0], 0)
        if not own.sum() > 0:
            yield Finding(
                "error", "zero weights", file, row, "weight", tree.names[node], "a child with a weight"
            )
        elif percent and abs(own.sum() - 100) > NEAR:
            value = f"{own.sum():.10g} below {tree.names[node]}"
            yield Finding("error", "percentages do not sum to 100", file, row, "weight", value, "100")


def derived(
    tree: Hierarchy, table: pd.DataFrame, weight: FloatArray, file: str = "targets.csv"
) -> dict[tuple[str, str], IntArray]:
    """Derive every node's target for each product and period that targets are given for.

    Where a node has a target and some of its children do, the others share the rest by weight; where
    only children have one, their parent is their sum and children without are at 0.

    Parameters
    ----------
    tree
        The nodes.
    table
        ``node``, ``product``, ``period`` ("all" for all of them) and ``target`` in currency.
    weight
        Of every node among its siblings, shape ``(n,)``.

    Returns
    -------
    For each product and period, cents of every node, shape ``(n,)``.

    Raises
    ------
    InputError
        With every finding: an unknown node, a cell twice, a negative or missing amount, children whose
        targets are more than the parent's, or all given and less: both amounts are named.
    """
    findings, stated = _stated(tree, table, file)
    found = {}
    for key in sorted(stated):
        sums, full, faults = _from_below(tree, stated[key], file, key)
        findings += faults
        if not faults:
            found[key] = _from_above(tree, sums, full, weight)
    findings += list(_across(tree, found, stated, file))
    if findings:
        raise InputError(Findings.of(findings))
    return found


Stated = dict[int, tuple[int, int]]
"""Cents and row of each node that has a target."""


def _stated(
    tree: Hierarchy, table: pd.DataFrame, file: str
) -> tuple[list[Finding], dict[tuple[str, str], Stated]]:
    """Read the targets."""
    place = {name: i for i, name in enumerate(tree.names)}
    findings, stated = list[Finding](), dict[tuple[str, str], Stated]()
    columns = (table[name] for name in ("node", "product", "period", "target"))
    for row, (name, product, period, target) in enumerate(zip(*columns, strict=True), start=FIRST_ROW):
        if name not in place:
            findings.append(
                Finding("error", "unknown node", file, row, "node", str(name), "a node of the tree")
            )
        elif not np.isfinite(target) or target < 0:
            findings.append(Finding("error", "no amount", file, row, "target", str(target), "0 or more"))
        else:
            own = stated.setdefault((str(product), str(period)), {})
            amount, node = cents(target), place[name]
            if node in own:
                value = f"{money(amount)} and {money(own[node][0])} in row {own[node][1]}"
                findings.append(Finding("error", "target twice", file, row, "target", value, "one of them"))
            own.setdefault(node, (amount, row))
    return findings, stated


def _from_below(
    tree: Hierarchy, own: Stated, file: str, key: tuple[str, str]
) -> tuple[IntArray, BoolArray, list[Finding]]:
    """Sum what is given at or below each node, say where that is all of it, and find what contradicts it."""
    sums = np.zeros(len(tree), dtype=np.int64)
    full = np.zeros(len(tree), dtype=bool)
    findings = []
    for node in range(len(tree) - 1, -1, -1):
        below = list(tree.children[node])
        sums[node], full[node] = sums[below].sum(), bool(below) and bool(full[below].all())
        if node in own:
            amount, row = own[node]
            if below and (sums[node] > amount or (full[node] and sums[node] < amount)):
                value = f"{money(amount)} for {tree.names[node]}, {money(int(sums[node]))} given below it"
                rule = f"targets contradict ({', '.join(key)})"
                findings.append(Finding("error", rule, file, row, "target", value, "the same, or less below"))
            sums[node], full[node] = amount, True
    return sums, full, findings


def _from_above(tree: Hierarchy, sums: IntArray, full: BoolArray, weight: FloatArray) -> IntArray:
    """Hand every amount down: to children that are fixed theirs, what is left to all others by weight."""
    found = np.zeros(len(tree), dtype=np.int64)
    found[ROOT] = sums[ROOT]
    for node, below in enumerate(tree.children):
        if below:
            places = list(below)
            found[places] = sums[places]
            others = [child for child in below if not full[child]]
            rest = int(found[node] - sums[places].sum())
            if others and rest:
                found[others] += largest_remainders(rest, weight[others])
    return found


def _across(
    tree: Hierarchy, found: dict[tuple[str, str], IntArray], stated: dict[tuple[str, str], Stated], file: str
) -> Iterator[Finding]:
    """Find where targets of products, or of periods, are more than a node's target for all of them."""
    whole = stated.get((ALL, ALL), {})
    for node, (amount, row) in whole.items():
        for side, name in enumerate(("products", "periods")):
            parts = [
                key for key in found if key[side] != ALL and key[1 - side] == ALL and node in stated[key]
            ]
            total = sum(stated[key][node][0] for key in parts)
            if total > amount:
                value = f"{money(amount)} for all of {tree.names[node]}, {money(total)} for its {name}"
                rule = f"targets of {name} contradict"
                yield Finding("error", rule, file, row, "target", value, "no more than for all")
