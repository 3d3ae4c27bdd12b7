"""The quotas rolled up through the sales organisation, and the proof that they add up."""

from __future__ import annotations

from fractions import Fraction
from math import gcd

import numpy as np
import pandas as pd

from spm_opt.errors import QuotaError
from spm_opt.plan import QuotaPlan
from spm_opt.quota.cells import Cells, reconcile_cells
from spm_opt.quota.hierarchy import Hierarchy
from spm_opt.quota.organisation import COMPANY, TOP, Node, in_order, paths
from spm_opt.quota.rules import assigned
from spm_opt.quota.target import cents, money
from spm_opt.scenario.scenario import Scenario

NO_LIMIT = 10**18
"""Cents that no quota reaches."""


def roll_up(scenario: Scenario, territory_ids: tuple[str, ...], quota: tuple[int, ...]) -> pd.DataFrame:
    """Sum the quotas of territories to every node above them, up to the company.

    Parameters
    ----------
    scenario
        With its sellers, and the table of the organisation where it has one.
    territory_ids, quota
        The territories and their quotas in cents.

    Returns
    -------
    A row a node, parents before children and sorted by name within a level: ``level``, ``node``,
    ``parent``, ``parent_level``, ``cents``. The company has no parent (``""``).

    Raises
    ------
    InputError
        The table of the organisation is no tree.
    """
    total: dict[Node, int] = {TOP: 0}
    parent: dict[Node, Node] = {TOP: ("", "")}
    for name, path, amount in zip(territory_ids, paths(scenario, territory_ids), quota, strict=True):
        above = TOP
        total[above] += amount
        for own in (*path, ("territory", name)):
            total[own] = total.get(own, 0) + amount
            parent[own] = above
            above = own
    nodes = in_order(parent)
    rows = [(*node, parent[node][1], parent[node][0], total[node]) for node in nodes]
    return pd.DataFrame(rows, columns=["level", "node", "parent", "parent_level", "cents"])


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
    rows += _node_checks(nodes)
    table = pd.DataFrame(rows, columns=["node", "check", "expected", "actual"])
    table = table.assign(difference=table["actual"] - table["expected"])
    if plan.cells is None:
        return table
    found = Cells.of_table(Hierarchy.of_nodes(nodes), plan.cells)
    return pd.concat(
        [table, reconcile_cells(found, nodes["cents"].to_numpy(dtype=np.int64))], ignore_index=True
    )


def _node_checks(nodes: pd.DataFrame) -> list[tuple[str, str, int, int]]:
    """Check the nodes above territories against their own limits, where they have any."""
    if not {"lowest", "highest"} <= set(nodes.columns):
        return []
    rows = []
    for level, name, amount, low, high in zip(
        *(nodes[column].tolist() for column in ("level", "node", "cents", "lowest", "highest")), strict=True
    ):
        if level != "territory":
            least, most = within(low, high)
            rows.append((name, f"{level} is within its limits", min(max(amount, least), most), amount))
    return rows


def within(low: float, high: float) -> tuple[int, int]:
    """Turn limits in currency into cents; what is not known or endless does not limit."""
    return (cents(low) if np.isfinite(low) else 0), (cents(high) if np.isfinite(high) else NO_LIMIT)


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
