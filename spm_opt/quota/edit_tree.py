"""A quota plan's nodes while one edit changes them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from math import gcd, lcm

import numpy as np
import pandas as pd

from spm_opt.errors import QuotaError
from spm_opt.plan import QuotaPlan
from spm_opt.quota.organisation import COMPANY, TOP, Node
from spm_opt.quota.rounding import whole_steps
from spm_opt.quota.rules import assigned
from spm_opt.quota.spread import spread
from spm_opt.quota.target import cents, money
from spm_opt.quota.trace import with_edits
from spm_opt.quota.tree import NO_LIMIT, within

TERRITORY = "territory"
Weights = Mapping[str, Fraction]


class EditTree:
    """Amounts by node, with the limits, steps, hedges and pins that they keep.

    Nothing of it outlives the edit: ``rolled`` makes a new plan of it.

    Attributes
    ----------
    cents
        Amount of each node.
    pins
        Cents of the nodes that must keep them.
    hedge
        What the children of each node sum to for each unit of its own.
    """

    def __init__(
        self, plan: QuotaPlan, step: int, steps: Mapping[str, int], pins: Mapping[Node, int]
    ) -> None:
        table, basis = plan.nodes, plan.basis
        keys: list[Node] = list(zip(table["level"], table["node"], strict=True))
        self.plan, self.pins = plan, dict(pins)
        self.cents = dict(zip(keys, table["cents"].tolist(), strict=True))
        self.parent = dict(zip(keys, zip(table["parent_level"], table["parent"], strict=True), strict=True))
        self.children: dict[Node, list[Node]] = {key: [] for key in keys}
        for key in sorted(keys):  # rows may come in any order
            if self.parent[key] in self.children:
                self.children[self.parent[key]].append(key)
        self.size = {key: steps.get(key[0], step) for key in keys}
        hedges = table["hedge"].tolist() if "hedge" in table.columns else [1.0] * len(keys)
        self.hedge = {
            key: Fraction(repr(float(hedge))) if self.children[key] else Fraction(1)
            for key, hedge in zip(keys, hedges, strict=True)
        }
        limits = zip(basis.index, basis["lowest"], basis["highest"], strict=True)
        self.limits = {(TERRITORY, str(name)): (cents(low), cents(high)) for name, low, high in limits}
        if {"lowest", "highest"} <= set(table.columns):
            inner = zip(keys, table["lowest"], table["highest"], strict=True)
            self.limits |= {key: within(low, high) for key, low, high in inner if self.children[key]}

    def whole(self, amount: float, node: Node) -> int:
        """Turn an amount of currency into cents, a whole number of a node's steps, not negative."""
        self._known(node)
        size, step = cents(amount), self.size[node]
        if size < 0 or size % step:
            raise QuotaError(f"{money(size)} is no whole multiple of step {money(step)}, or below 0")
        return size

    def path(self, node: Node) -> list[Node]:
        """List a node and those above it, nearest first."""
        self._known(node)
        path = [node]
        while path[-1] != TOP:
            path.append(self.parent[path[-1]])
        return path

    def leaves(self, node: Node) -> list[Node]:
        """List the territories below a node."""
        self._known(node)
        if node[0] == TERRITORY:
            return [node]
        return [leaf for child in self.children[node] for leaf in self.leaves(child)]

    def carry(self, source: Node, destination: Node, amount: int, common: Node) -> tuple[int, int]:
        """Take an amount from a node and give it to another, through all nodes below their common one.

        The node below the common one gives what the other gets. Where a node on the way is over-assigned,
        those below it change by its hedge times as much, in whole steps as everywhere: what leaves is then
        the amount nearest to the one asked for that keeps every sum, and what arrives is another.

        Returns
        -------
        What leaves and what arrives, in cents.
        """
        paths = [self._down(node, common) for node in (source, destination)]
        crossing = self._crossing(paths[0], self.size[paths[1][0]], amount)
        ends = []
        for path, first in zip(paths, (-crossing, crossing), strict=True):
            changes = self._changes(path, first)
            for node, own in zip(path[:-1], changes, strict=False):
                self.cents[node] += own
                self._allow(node, self.cents[node])
            self.fill(path[-1], self.cents[path[-1]] + changes[-1])
            ends.append(abs(changes[-1]))
        return ends[0], ends[1]

    def _down(self, node: Node, common: Node) -> list[Node]:
        """List the nodes from below a common one down to a node."""
        path = self.path(node)
        return path[: path.index(common)][::-1]

    def _changes(self, path: list[Node], first: int) -> list[int]:
        """Say how much each node of a path changes with its first one, all others staying as they are."""
        changes = [first]
        for node in path[:-1]:
            own = self.cents[node]
            changes.append(self._assigned(node, own + changes[-1]) - self._assigned(node, own))
        return changes

    def _crossing(self, path: list[Node], step: int, amount: int) -> int:
        """Find by how much the first node of a path falls when the last one falls by an amount, or nearly so."""
        if all(self.hedge[node] == 1 for node in path[:-1]):
            return amount
        size, most = lcm(step, self.size[path[0]]), 1

        def leaves(count: int) -> int:
            return -self._changes(path, -count * size)[-1]

        while leaves(most) < amount:
            most *= 2
        above = bisect_left(range(most), amount, key=leaves)
        tried = [count for count in (above - 1, above) if count >= 0]
        return size * min(tried, key=lambda count: (abs(leaves(count) - amount), count))

    def fill(self, node: Node, amount: int, weights: Weights | None = None) -> None:
        """Give a node an amount, and spread it over all below; without weights, as the quotas are."""
        below = self.children[node]
        if not below:
            self._require(node, amount, amount, *self._range(node))
            self.cents[node] = amount
            return
        self._allow(node, amount)
        ranges, unit = [self._range(child) for child in below], self._common(node)
        total = self._assigned(node, amount)
        self._require(node, amount, total, sum(low for low, _ in ranges), sum(high for _, high in ranges))
        # what is pinned comes first, so that all the rest changes by one factor, wherever it is in the tree
        fixed = [min(self._fixed(child), low) // unit for child, (low, _) in zip(below, ranges, strict=True)]
        lows = [low // unit - own for (low, _), own in zip(ranges, fixed, strict=True)]
        highs = [high // unit - own for (_, high), own in zip(ranges, fixed, strict=True)]
        rest = total // unit - sum(fixed)
        ideal = spread(rest, [self._free(child, weights) for child in below], lows, highs)
        self.cents[node] = amount
        for child, own, steps in zip(below, fixed, whole_steps(rest, ideal, highs), strict=True):
            given = (own + steps) * unit
            # what keeps its amount keeps all below, unless it is to be split by weights or a pin is new
            if weights is not None or given != self.cents[child] or self._moved(child):
                self.fill(child, given, weights)

    def rolled(self) -> QuotaPlan:
        """Make the plan with these amounts, not split by product and period as yet.

        Raises
        ------
        QuotaError
            When a node has no whole number of its steps.
        """
        odd = [key for key, own in sorted(self.cents.items()) if own % self.size[key]]
        if odd:
            key = odd[0]
            raise QuotaError(
                f"{said(key)} would have {money(self.cents[key])}, no whole multiple of {money(self.size[key])}"
            )
        plan = self.plan
        keys = zip(plan.nodes["level"], plan.nodes["node"], strict=True)
        named = pd.Series({name: self.cents[TERRITORY, name] for name in plan.territory_ids})
        basis = with_edits(plan.basis.assign(quota=named.loc[list(plan.basis.index)].to_numpy() / 100))
        if "chance" in basis.columns:  # of another quota it is not known
            basis["chance"] = basis["chance"].where(basis["quota"] == plan.basis["quota"])
        return replace(
            plan,
            cents=np.array(named.loc[list(plan.territory_ids)], dtype=np.int64),
            basis=basis,
            nodes=plan.nodes.assign(cents=np.array([self.cents[key] for key in keys], dtype=np.int64)),
            cells=None,
        )

    def _known(self, node: Node) -> None:
        if node not in self.cents:
            raise QuotaError(f"there is no {said(node)}")

    def _common(self, node: Node) -> int:
        return gcd(*(self.size[child] for child in self.children[node]))

    def _assigned(self, node: Node, amount: int) -> int:
        """Give what the children of a node with an amount sum to."""
        return assigned(amount, self.hedge[node], self._common(node))

    def _range(self, node: Node) -> tuple[int, int]:
        """Give the lowest and the highest amount that a node can have."""
        if node in self.pins:
            return self.pins[node], self.pins[node]
        size = self.size[node]
        if node[0] == TERRITORY:
            low, high = self.limits[node]
            return -(-low // size) * size, high // size * size
        ranges = [self._range(child) for child in self.children[node]]
        least, most = self.limits.get(node, (0, NO_LIMIT))
        return (
            max(self._least(node, sum(low for low, _ in ranges)), -(-least // size) * size),
            min(self._most(node, sum(high for _, high in ranges)), most // size * size),
        )

    def _least(self, node: Node, below: int) -> int:
        """Find the lowest amount whose children may sum to so much."""
        size = self.size[node]
        amount = max(0, int((below - self._common(node)) / self.hedge[node]) // size - 1) * size
        while self._assigned(node, amount) < below:
            amount += size
        return amount

    def _most(self, node: Node, below: int) -> int:
        """Find the highest amount whose children need not sum to more."""
        size = self.size[node]
        amount = (int((below + self._common(node)) / self.hedge[node]) // size + 1) * size
        while self._assigned(node, amount) > below:
            amount -= size
        return amount

    def _fixed(self, node: Node) -> int:
        """Add up what is pinned at a node or below."""
        below = sum(self._fixed(child) for child in self.children[node])
        return self.pins.get(node, int(below / self.hedge[node]))

    def _free(self, node: Node, weights: Weights | None) -> Fraction:
        """Add up the weights of the territories below a node that no pin holds."""
        if node in self.pins:
            return Fraction(0)
        if node[0] == TERRITORY:
            return Fraction(self.cents[node]) if weights is None else weights[node[1]]
        below = sum((self._free(child, weights) for child in self.children[node]), Fraction(0))
        return below / self.hedge[node]

    def _moved(self, node: Node) -> bool:
        """Say whether a pin at the node or below is not kept as yet."""
        own = self.pins.get(node, self.cents[node]) != self.cents[node]
        return own or any(self._moved(child) for child in self.children[node])

    def _allow(self, node: Node, amount: int) -> None:
        """Refuse what the limits of a node above territories don't let it have."""
        low, high = self.limits.get(node, (0, NO_LIMIT))
        if not low <= amount <= high:
            most = f"{money(high)} at most" if amount > high else f"{money(low)} at least"
            raise QuotaError(f"{said(node)} would have {money(amount)}; its limits let it have {most}")

    def _require(self, node: Node, amount: int, total: int, low: int, high: int) -> None:
        if not low <= total <= high:
            raise QuotaError(
                f"{said(node)} would have {money(amount)}; limits and pins let it have "
                f"{money(self._least(node, low) if self.children[node] else low)} to "
                f"{money(self._most(node, high) if self.children[node] else high)}"
            )


def said(node: Node) -> str:
    """Name a node in a sentence."""
    return COMPANY if node == TOP else f"{node[0]} {node[1]}"
