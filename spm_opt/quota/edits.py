"""Edits of a quota plan after the fact, each with who, what and why.

Every edit makes a new plan from an old one: the company target stays, every node stays the sum of its
children to the cent, quotas stay whole steps within their limits, and what is pinned stays. An edit that
cannot be had so is refused with the reason, and nothing has changed. What an edit leaves to be spread goes
from the top down in proportion (``spread``), to the quotas as they are or to given weights, and is rounded as
the quota stage rounds (``rounding``); nodes that an edit does not reach keep what they have.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from types import MappingProxyType

import numpy as np
import pandas as pd

from spm_opt.errors import QuotaError
from spm_opt.plan import QuotaPlan
from spm_opt.quota.rounding import whole_steps
from spm_opt.quota.spread import spread
from spm_opt.quota.target import cents, money
from spm_opt.quota.tree import COMPANY, Node, require_reconciled

TOP: Node = (COMPANY, COMPANY)
TERRITORY = "territory"


@dataclass(frozen=True)
class Change:
    """One line of the audit trail.

    Attributes
    ----------
    what, by, why
        The edit in words, who made it, and the reason given.
    before, after
        Cents of every node that it changed, by level and name.
    """

    what: str
    by: str
    why: str
    before: Mapping[Node, int]
    after: Mapping[Node, int]


@dataclass(frozen=True, eq=False)
class Edited:
    """A quota plan with what was done to it.

    Attributes
    ----------
    plan
        The quotas as they are now.
    step
        In cents; every quota is a whole multiple of it.
    pins
        Cents of the nodes that later edits must keep.
    trail
        The edits, oldest first.
    """

    plan: QuotaPlan
    step: int
    pins: Mapping[Node, int] = field(default_factory=lambda: MappingProxyType({}))
    trail: tuple[Change, ...] = ()


def begin(plan: QuotaPlan, step: float) -> Edited:
    """Open a plan for edits.

    Parameters
    ----------
    plan
        Quotas that add up.
    step
        Quotas are whole multiples of this amount of currency (the scenario's ``quota.step``).

    Raises
    ------
    QuotaError
        When the plan does not add up, holds quotas that are no whole steps, or has hedges: what a node's
        children sum to then is not the node's own quota.
    """
    require_reconciled(plan)
    if "hedge" in plan.nodes.columns and (plan.nodes["hedge"] != 1).any():
        raise QuotaError("quotas with over-assignment can't be edited; set them anew with pins instead")
    size = cents(step)
    odd = [name for name, own in zip(plan.territory_ids, plan.cents.tolist(), strict=True) if own % size]
    if odd:
        raise QuotaError(f"not a whole multiple of step {money(size)}: {', '.join(odd)}")
    return Edited(plan, size)


def trail_table(edited: Edited) -> pd.DataFrame:
    """Lay the audit trail out.

    Returns
    -------
    A row a node that an edit changed, in the order of edits: ``edit`` (its number from 1), ``what``, ``by``,
    ``why``, ``level``, ``node``, ``before`` and ``after`` in cents. An edit that changed no quota has one row
    without a node.
    """
    rows = []
    for number, change in enumerate(edited.trail, start=1):
        head = (number, change.what, change.by, change.why)
        rows += [(*head, *node, change.before[node], after) for node, after in change.after.items()]
        if not change.after:
            rows.append((*head, "", "", 0, 0))
    columns = ["edit", "what", "by", "why", "level", "node", "before", "after"]
    return pd.DataFrame(rows, columns=columns)


def move(edited: Edited, amount: float, source: Node, destination: Node, *, by: str, why: str) -> Edited:
    """Move an amount of currency from a node to another; both spread their change below in proportion.

    Raises
    ------
    QuotaError
        When a node is unknown, holds the other, or is pinned, itself or above below their common node; when
        the amount is no whole number of steps; or when limits and pins leave no room.
    """
    tree = _Tree(edited)
    moved = tree.whole(amount)
    up, down = tree.path(source), tree.path(destination)
    if source in down or destination in up:
        raise QuotaError(
            f"{_said(source)} and {_said(destination)} hold one another: nothing can move between them"
        )
    _unpinned(edited, [node for node in (*up, *down) if (node in up) != (node in down)])
    tree.fill(source, tree.cents[source] - moved)
    tree.fill(destination, tree.cents[destination] + moved)
    what = f"move {money(moved)} from {_said(source)} to {_said(destination)}"
    return tree.done(what, by, why)


def resplit(edited: Edited, node: Node, weights: Mapping[str, float], *, by: str, why: str) -> Edited:
    """Split a node's quota anew over all territories below it, in proportion to weights.

    Parameters
    ----------
    edited, node
        What is split; its own quota stays.
    weights
        By territory, not negative; each territory below the node needs one.
    by, why
        For the audit trail.

    Raises
    ------
    QuotaError
        When a weight is missing or negative, or limits and pins leave no room.
    """
    tree = _Tree(edited)
    below = [leaf[1] for leaf in tree.leaves(node)]
    wrong = [name for name in below if not 0 <= weights.get(name, -1.0) < np.inf]
    if wrong:
        raise QuotaError(f"no weight, or a negative one: {', '.join(wrong)}")
    tree.fill(node, tree.cents[node], {name: Fraction(float(weights[name])) for name in below})
    return tree.done(f"split {_said(node)} anew by weights", by, why)


def pin(
    edited: Edited, node: Node, amount: float, *, by: str, why: str, within: Node | None = None
) -> Edited:
    """Fix a node's quota, now and for later edits; others take the difference in proportion.

    Parameters
    ----------
    edited, node, amount
        What is fixed, and at how much currency.
    within
        The node whose other parts take the difference; the node directly above where not given.
    by, why
        For the audit trail.

    Raises
    ------
    QuotaError
        When the company is to be pinned (its target is given), the amount is no whole number of steps,
        ``within`` is not above the node, or limits and other pins leave no room.
    """
    tree = _Tree(edited)
    path = tree.path(node)
    if len(path) < 2:  # noqa: PLR2004
        raise QuotaError("the company's quota is its target; it can't be pinned")
    around = path[1] if within is None else within
    if around not in path[1:]:
        raise QuotaError(f"{_said(around)} is not above {_said(node)}")
    tree.pins[node] = tree.whole(amount)
    tree.fill(around, tree.cents[around])
    return tree.done(f"pin {_said(node)} at {money(tree.pins[node])} within {_said(around)}", by, why)


def unpin(edited: Edited, node: Node, *, by: str, why: str) -> Edited:
    """Let later edits change a node again; no quota changes now.

    Raises
    ------
    QuotaError
        When the node is not pinned.
    """
    tree = _Tree(edited)
    if tree.pins.pop(node, None) is None:
        raise QuotaError(f"{_said(node)} is not pinned")
    return tree.done(f"unpin {_said(node)}", by, why)


def swap(edited: Edited, one: str, other: str, *, by: str, why: str) -> Edited:
    """Exchange the quotas of two territories; the nodes above follow.

    Raises
    ------
    QuotaError
        When a territory is unknown, or is pinned, itself or above below their common node; or when its new
        quota breaks its limits.
    """
    tree = _Tree(edited)
    first, second = (TERRITORY, one), (TERRITORY, other)
    up, down = tree.path(first), tree.path(second)
    _unpinned(edited, [node for node in (*up, *down) if (node in up) != (node in down)])
    amounts = tree.cents[first], tree.cents[second]
    tree.cents[second], tree.cents[first] = amounts
    return tree.done(f"swap the quotas of {_said(first)} and {_said(second)}", by, why)


def _said(node: Node) -> str:
    return COMPANY if node == TOP else f"{node[0]} {node[1]}"


def _unpinned(edited: Edited, nodes: list[Node]) -> None:
    held = [_said(node) for node in nodes if node in edited.pins]
    if held:
        raise QuotaError(f"pinned: {', '.join(held)}")


class _Tree:
    """A plan's nodes while one edit changes them; nothing of it outlives the edit."""

    def __init__(self, edited: Edited) -> None:
        table, basis = edited.plan.nodes, edited.plan.basis
        keys: list[Node] = list(zip(table["level"], table["node"], strict=True))
        self.edited, self.pins = edited, dict(edited.pins)
        self.cents = dict(zip(keys, table["cents"].tolist(), strict=True))
        self.parent = dict(zip(keys, zip(table["parent_level"], table["parent"], strict=True), strict=True))
        self.children: dict[Node, list[Node]] = {key: [] for key in keys}
        for key in sorted(keys):  # rows may come in any order
            if self.parent[key] in self.children:
                self.children[self.parent[key]].append(key)
        limits = zip(basis.index, basis["lowest"], basis["highest"], strict=True)
        self.limits = {(TERRITORY, str(name)): (cents(low), cents(high)) for name, low, high in limits}

    def whole(self, amount: float) -> int:
        """Turn an amount of currency into cents, a whole number of steps, not negative."""
        size = cents(amount)
        if size < 0 or size % self.edited.step:
            raise QuotaError(
                f"{money(size)} is no whole multiple of step {money(self.edited.step)}, or below 0"
            )
        return size

    def path(self, node: Node) -> list[Node]:
        """List a node and those above it, nearest first."""
        if node not in self.cents:
            raise QuotaError(f"there is no {_said(node)}")
        path = [node]
        while path[-1] != TOP:
            path.append(self.parent[path[-1]])
        return path

    def leaves(self, node: Node) -> list[Node]:
        """List the territories below a node."""
        if node not in self.cents:
            raise QuotaError(f"there is no {_said(node)}")
        if node[0] == TERRITORY:
            return [node]
        return [leaf for child in self.children[node] for leaf in self.leaves(child)]

    def range(self, node: Node) -> tuple[int, int]:
        """Give the lowest and the highest number of steps that a node can have."""
        if node in self.pins:
            return (self.pins[node] // self.edited.step,) * 2
        if node[0] == TERRITORY:
            low, high = self.limits[node]
            return -(-low // self.edited.step), high // self.edited.step
        ranges = [self.range(child) for child in self.children[node]]
        return sum(low for low, _ in ranges), sum(high for _, high in ranges)

    def fill(self, node: Node, amount: int, weights: Mapping[str, Fraction] | None = None) -> None:
        """Give a node an amount, and spread it over all below; without weights, as the quotas are."""
        below = self.children[node]
        if not below:
            low, high = self.range(node)
            self._require(node, amount, low, high)
            self.cents[node] = amount
            return
        ranges = [self.range(child) for child in below]
        self._require(node, amount, sum(low for low, _ in ranges), sum(high for _, high in ranges))
        # what is pinned comes first, so that all the rest changes by one factor, wherever it is in the tree
        fixed = [self._fixed(child) // self.edited.step for child in below]
        lows = [low - own for (low, _), own in zip(ranges, fixed, strict=True)]
        highs = [high - own for (_, high), own in zip(ranges, fixed, strict=True)]
        rest = amount // self.edited.step - sum(fixed)
        ideal = spread(rest, [self._free(child, weights) for child in below], lows, highs)
        self.cents[node] = amount
        for child, own, steps in zip(below, fixed, whole_steps(rest, ideal, highs), strict=True):
            given = (own + steps) * self.edited.step
            # what keeps its amount keeps all below, unless it is to be split by weights or a pin is new
            if weights is not None or given != self.cents[child] or self._moved(child):
                self.fill(child, given, weights)

    def _fixed(self, node: Node) -> int:
        """Add up what is pinned at a node or below."""
        return self.pins.get(node, sum(self._fixed(child) for child in self.children[node]))

    def _free(self, node: Node, weights: Mapping[str, Fraction] | None) -> Fraction:
        """Add up the weights of the territories below a node that no pin holds."""
        if node in self.pins:
            return Fraction(0)
        if node[0] == TERRITORY:
            return Fraction(self.cents[node]) if weights is None else weights[node[1]]
        return sum((self._free(child, weights) for child in self.children[node]), Fraction(0))

    def _moved(self, node: Node) -> bool:
        """Say whether a pin at the node or below is not kept as yet."""
        own = self.pins.get(node, self.cents[node]) != self.cents[node]
        return own or any(self._moved(child) for child in self.children[node])

    def _require(self, node: Node, amount: int, low: int, high: int) -> None:
        step = self.edited.step
        if not low * step <= amount <= high * step:
            raise QuotaError(
                f"{_said(node)} would have {money(amount)}; limits and pins let it have {money(low * step)} to "
                f"{money(high * step)}"
            )

    def done(self, what: str, by: str, why: str) -> Edited:
        """Roll the territories up, prove that all adds up, and write the line of the trail."""
        if not (by.strip() and why.strip()):
            raise QuotaError("an edit needs who made it and why")
        old = self.edited
        plan = self._rolled()
        require_reconciled(plan)
        now = _amounts(plan)
        for node, amount in self.pins.items():
            if now[node] != amount:
                raise QuotaError(
                    f"{_said(node)} is pinned at {money(amount)} and would have {money(now[node])}"
                )
        before = _amounts(old.plan)
        changed = sorted(node for node in now if now[node] != before[node])
        change = Change(
            what, by, why,
            MappingProxyType({node: before[node] for node in changed}),
            MappingProxyType({node: now[node] for node in changed}),
        )  # fmt: skip
        return Edited(plan, old.step, MappingProxyType(self.pins), (*old.trail, change))

    def _rolled(self) -> QuotaPlan:
        """Make the plan with the territories' amounts, every node above their sum."""
        plan = self.edited.plan
        keys = zip(plan.nodes["level"], plan.nodes["node"], strict=True)
        total = [sum(self.cents[leaf] for leaf in self.leaves(key)) for key in keys]
        named = pd.Series({name: self.cents[TERRITORY, name] for name in plan.territory_ids})
        basis = plan.basis.assign(quota=named.loc[list(plan.basis.index)].to_numpy() / 100)
        if "chance" in basis.columns:  # of another quota it is not known
            basis["chance"] = basis["chance"].where(basis["quota"] == plan.basis["quota"])
        return replace(
            plan,
            cents=np.array(named.loc[list(plan.territory_ids)], dtype=np.int64),
            basis=basis,
            nodes=plan.nodes.assign(cents=np.array(total, dtype=np.int64)),
        )


def _amounts(plan: QuotaPlan) -> dict[Node, int]:
    table = plan.nodes
    keys = zip(table["level"], table["node"], strict=True)
    return dict(zip(keys, table["cents"].tolist(), strict=True))
