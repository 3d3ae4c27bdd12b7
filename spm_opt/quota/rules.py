"""The rules of the quotas as bounds on nodes, each with its name and with what a change of it moves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import gcd

from spm_opt.quota.hierarchy import Hierarchy


@dataclass(frozen=True)
class Rule:
    """One rule, as the planner gave it.

    Attributes
    ----------
    name
        The key in ``scenario.toml`` (``quota.floor``).
    sides
        Whether it holds from below and from above.
    nodes
        Places of the nodes that it holds.
    bound
        The amount in cents for each of these nodes, exactly.
    rate
        By how many cents the bound moves when the rule's own value moves by one unit.
    value, unit
        The rule's value and what it is counted in: ``"cents"``, or ``"of 1"`` for growth and ratios.
    said
        By whom and why, where somebody said so.
    """

    name: str
    sides: tuple[bool, bool]
    nodes: tuple[int, ...]
    bound: tuple[Fraction, ...]
    rate: tuple[Fraction, ...]
    value: Fraction
    unit: str = "cents"
    said: str = ""


@dataclass(frozen=True)
class Question:
    """The hard part of a quota plan: a tree, whole steps, hedges and rules.

    ``unit`` is the territories' step in cents; ``multiple`` each node's step in units; ``hedge`` what the
    children of each node sum to for one of its own; ``largest`` an amount in cents that no quota needs to
    exceed, where no rule says more.
    """

    tree: Hierarchy
    unit: int
    multiple: tuple[int, ...]
    hedge: tuple[Fraction, ...]
    rules: tuple[Rule, ...]
    largest: int = 0

    @property
    def free(self) -> int:
        """Cents that no quota reaches: the highest where no rule gives one."""
        amounts = [int(bound) for rule in self.rules for bound in rule.bound]
        return 4 * max([self.unit * max(self.multiple), self.largest, *amounts])

    def limits(self, rules: Sequence[Rule] | None = None) -> tuple[list[int], list[int]]:
        """Give every node's lowest and highest number of its own steps, rounded inwards."""
        low, high = [0] * len(self.tree), [self.free // self.unit] * len(self.tree)
        high = [top // own for top, own in zip(high, self.multiple, strict=True)]
        for rule in self.rules if rules is None else rules:
            for node, bound in zip(rule.nodes, rule.bound, strict=True):
                step = self.unit * self.multiple[node]
                if rule.sides[0]:
                    low[node] = max(low[node], -(-bound.numerator // (bound.denominator * step)))
                if rule.sides[1]:
                    high[node] = min(high[node], bound.numerator // (bound.denominator * step))
        for node, parent in enumerate(self.tree.parent):
            if parent >= 0:  # no child has more than all children together
                most = assigned(high[parent] * self.multiple[parent], self.hedge[parent], self.common(parent))
                high[node] = min(high[node], max(0, most) // self.multiple[node])
        return low, high

    def common(self, node: int) -> int:
        """Give the largest step in units that all children of a node share."""
        return gcd(*(self.multiple[child] for child in self.tree.children[node]))


def assigned(units: int, hedge: Fraction, common: int) -> int:
    """Give what the children of a node with so many units sum to: the nearest multiple, a half up.

    >>> assigned(901, Fraction(21, 20), 5), assigned(10, Fraction(21, 20), 1), assigned(7, Fraction(1), 1)
    (945, 11, 7)
    """
    if hedge == 1:
        return units
    return int((units * hedge / common + Fraction(1, 2)).__floor__()) * common
