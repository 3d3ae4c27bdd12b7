"""The quotas rolled up through the sales organisation, and the proof that they add up."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from math import gcd

import numpy as np
import pandas as pd

from spm_opt.errors import QuotaError
from spm_opt.plan import QuotaPlan
from spm_opt.quota.cells import Cells, reconcile_cells
from spm_opt.quota.hierarchy import Hierarchy
from spm_opt.quota.rules import assigned
from spm_opt.quota.target import cents, money

COMPANY = "company"
LEVELS = ("region", "district")
"""Levels between company and territory, from the top; one that no seller names is left out."""

Node = tuple[str, str]
"""Level and name."""


def roll_up(sellers: pd.DataFrame, territory_ids: tuple[str, ...], quota: tuple[int, ...]) -> pd.DataFrame:
    """Sum the quotas of territories to districts, regions and the company.

    A territory without district or region belongs to the next level above. A name that a level uses
    below two parents stands for two nodes, told apart by the parent's name in brackets.

    Parameters
    ----------
    sellers
        The scenario's sellers.
    territory_ids, quota
        The territories and their quotas in cents.

    Returns
    -------
    A row a node, parents before children and sorted by name within a level: ``level``, ``node``,
    ``parent``, ``parent_level``, ``cents``. The company has no parent (``""``).
    """
    table = sellers.set_index("id").loc[list(territory_ids)]
    paths = [_path(row) for row in table[list(LEVELS)].itertuples(index=False, name=None)]
    twice = _ambiguous(paths)
    total: dict[Node, int] = {(COMPANY, COMPANY): 0}
    parent: dict[Node, Node] = {(COMPANY, COMPANY): ("", "")}
    for name, path, amount in zip(territory_ids, paths, quota, strict=True):
        above: Node = (COMPANY, COMPANY)
        total[above] += amount
        for node in (*path, ("territory", name)):
            own = (node[0], f"{node[1]} ({above[1]})") if node in twice else node
            total[own] = total.get(own, 0) + amount
            parent[own] = above
            above = own
    order = {level: place for place, level in enumerate((COMPANY, *LEVELS, "territory"))}
    nodes = sorted(total, key=lambda node: (order[node[0]], node[1]))
    rows = [(*node, parent[node][1], parent[node][0], total[node]) for node in nodes]
    return pd.DataFrame(rows, columns=["level", "node", "parent", "parent_level", "cents"])


def _path(values: tuple[str, ...]) -> tuple[Node, ...]:
    """Give the nodes between the company and a territory that are named."""
    return tuple((level, name) for level, name in zip(LEVELS, values, strict=True) if name)


def _ambiguous(paths: Iterable[tuple[Node, ...]]) -> set[Node]:
    """Find the nodes that stand below more than one parent."""
    parents: dict[Node, set[Node | None]] = {}
    for path in paths:
        above: Node | None = None
        for node in path:
            parents.setdefault(node, set()).add(above)
            above = node
    return {node for node, above in parents.items() if len(above) > 1}


def seen_last(plan: QuotaPlan) -> dict[Node, int]:
    """Give the quota of every node in cents, for the next plan to go by."""
    nodes = plan.nodes
    return {
        (str(level), str(node)): int(amount)
        for level, node, amount in zip(nodes["level"], nodes["node"], nodes["cents"], strict=True)
    }


def reconcile(plan: QuotaPlan) -> pd.DataFrame:
    """Check every sum of a quota plan with plain integers and no solver.

    Returns
    -------
    A row a check: ``node``, ``check``, ``expected``, ``actual``, ``difference`` in cents. The company has
    the target, every node the sum of its children, every territory its quota in the plan, and every
    quota stays within its limits. All differences are 0 in a plan that adds up.
    """
    nodes = plan.nodes
    held = {
        (level, node): int(c)
        for level, node, c in zip(nodes["level"], nodes["node"], nodes["cents"], strict=True)
    }
    children: dict[Node, int] = {}
    for level, node, amount in zip(nodes["parent_level"], nodes["parent"], nodes["cents"], strict=True):
        children[level, node] = children.get((level, node), 0) + int(amount)
    rows = [(COMPANY, "has the company target", plan.target_cents, held.get((COMPANY, COMPANY), 0))]
    for key, amount in held.items():
        if key[0] != "territory":
            rows.append(_sum_check(key, amount, children.get(key, 0), nodes))
    low, high = (plan.basis[name].to_numpy() for name in ("lowest", "highest"))
    for t, name in enumerate(plan.territory_ids):
        quota = int(plan.cents[t])
        rows.append((name, "territory has its quota", quota, held.get(("territory", name), 0)))
        allowed = min(max(quota, round(low[t] * 100)), round(high[t] * 100))
        rows.append((name, "quota is within its limits", allowed, quota))
    table = pd.DataFrame(rows, columns=["node", "check", "expected", "actual"])
    table = table.assign(difference=table["actual"] - table["expected"])
    if plan.cells is None:
        return table
    found = Cells.of_table(Hierarchy.of_nodes(nodes), plan.cells)
    return pd.concat(
        [table, reconcile_cells(found, nodes["cents"].to_numpy(dtype=np.int64))], ignore_index=True
    )


def _sum_check(key: Node, amount: int, children: int, nodes: pd.DataFrame) -> tuple[str, str, int, int]:
    """Check a node against its children; with a hedge, the children against what it comes to."""
    level, node = key
    if "hedge" in nodes.columns:
        own = (nodes["level"] == level) & (nodes["node"] == node)
        hedge = Fraction(repr(float(nodes.loc[own, "hedge"].iloc[0])))
        if hedge != 1:
            below = (nodes["parent_level"] == level) & (nodes["parent"] == node)
            common = gcd(*(cents(float(step)) for step in nodes.loc[below, "step"]))
            return (
                node,
                f"children of {level} sum to it times its hedge",
                assigned(amount, hedge, common),
                children,
            )
    return node, f"{level} is the sum of its children", children, amount


def require_reconciled(plan: QuotaPlan) -> None:
    """Refuse a plan that does not add up.

    Raises
    ------
    QuotaError
        Naming every node and check that fails, and by how much.
    """
    messages = unreconciled(plan)
    if messages:
        raise QuotaError("\n".join(messages))


def unreconciled(plan: QuotaPlan) -> tuple[str, ...]:
    """Name every node and check that fails, and by how much; nothing for a plan that adds up."""
    table = reconcile(plan)
    wrong = table[table["difference"] != 0]
    return tuple(
        f"{node}: {check}: off by {money(int(difference))}"
        for node, check, difference in zip(wrong["node"], wrong["check"], wrong["difference"], strict=True)
    )
