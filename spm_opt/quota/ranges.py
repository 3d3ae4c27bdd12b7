"""What given amounts leave room for: the least and the most of every node, product and period.

Amounts are known as ranges of whole cents. A whole is the sum of its parts in three ways: a node of its
children (unless it is over-assigned: then its number is another than theirs), all products of single ones,
and a year, or a quarter, of its periods. Each sum narrows the ranges of its whole and of its parts, until
nothing changes. A range without an amount in it proves, by plain sums, that what is given contradicts itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spm_opt.problem import FloatArray, IntArray
from spm_opt.quota.hierarchy import Hierarchy

ROUNDS = 60
"""Times that all sums are gone through at most: a range that narrows on is wider than it might be, never wrong."""

SLACK = 8
"""Cents by which rounding may leave children's cells short of their parent's times its hedge."""

Key = tuple[int, int, int]
"""Node, product and period, each by its place in the ranges."""


@dataclass(frozen=True, eq=False)
class Axes:
    """What ranges are kept for: a tree, its products and its finest periods.

    Products have a place each and one more for all of them; periods theirs, then quarters where the finest
    are months, then the whole year. ``hedge`` is what the children of each node sum to for one of its own,
    shape ``(n,)``: where it is 1 the node is their sum.
    """

    tree: Hierarchy
    products: int
    periods: int
    hedge: FloatArray

    @property
    def shape(self) -> tuple[int, int, int]:
        """Nodes, products with all, periods with quarters and all."""
        return len(self.tree), self.products + 1, self.periods + self.quarters + 1

    @property
    def quarters(self) -> int:
        """Quarters that are sums of finer periods."""
        return self.periods // 3 if self.periods == 12 else 0  # noqa: PLR2004  months

    @property
    def most(self) -> int:
        """Give the cents that no amount may reach: the sums of as many as there are parts stay in 64 bits."""
        parts = max([self.products, self.periods, *map(len, self.tree.children)])
        return int(2**62 // (parts + 1))

    def free(self) -> Ranges:
        """Give the ranges where nothing is known."""
        return Ranges(np.zeros(self.shape, dtype=np.int64), np.full(self.shape, self.most, dtype=np.int64))

    def group(self, key: Key) -> tuple[int, slice, slice]:
        """Say which cells make up a range."""
        at, product, period = key
        fine, quarters = self.periods, self.quarters
        products = slice(None) if product == self.products else slice(product, product + 1)
        if period < fine:
            return at, products, slice(period, period + 1)
        if period == fine + quarters:
            return at, products, slice(None)
        first = 3 * (period - fine)
        return at, products, slice(first, first + 3)

    def narrowed(self, ranges: Ranges) -> Ranges:
        """Go through all sums until nothing changes, or a range is empty."""
        low, high = ranges.low.copy(), ranges.high.copy()
        for _ in range(ROUNDS):
            before = low.copy(), high.copy()
            self._products(low, high)
            self._periods(low, high)
            self._children(low, high)
            if (low > high).any() or ((low == before[0]).all() and (high == before[1]).all()):
                break
        return Ranges(low, high)

    def roomy(self, ranges: Ranges) -> Ranges:
        """Raise what over-assigned nodes have at least, so that their cells leave room for those below them.

        Their own cells follow from nothing else; with less, what is given below would be out of reach.
        """
        for depth in range(int(self.tree.depth.max(initial=0)), -1, -1):
            low = ranges.low.copy()
            for node in np.flatnonzero((self.tree.depth == depth) & (self.hedge != 1)).tolist():
                needed = ranges.low[list(self.tree.children[node])].sum(axis=0)
                raised = np.ceil((needed + SLACK) / self.hedge[node]).astype(np.int64)
                low[node] = np.where(
                    needed > 0, np.minimum(np.maximum(low[node], raised), ranges.high[node]), low[node]
                )
            tried = self.narrowed(Ranges(low, ranges.high))
            ranges = ranges if tried.empty else tried
        return ranges

    def _products(self, low: IntArray, high: IntArray) -> None:
        _sum(low[:, -1], high[:, -1], low[:, :-1], high[:, :-1])

    def _periods(self, low: IntArray, high: IntArray) -> None:
        fine, lows, highs = self.periods, np.moveaxis(low, 2, 1), np.moveaxis(high, 2, 1)
        for quarter in range(self.quarters):
            own = slice(3 * quarter, 3 * quarter + 3)
            _sum(lows[:, fine + quarter], highs[:, fine + quarter], lows[:, own], highs[:, own])
        own = slice(fine, fine + self.quarters) if self.quarters else slice(0, fine)
        _sum(lows[:, -1], highs[:, -1], lows[:, own], highs[:, own])

    def _children(self, low: IntArray, high: IntArray) -> None:
        parent = np.array(self.tree.parent)
        below = np.flatnonzero((parent >= 0) & (self.hedge[parent] == 1))
        if not len(below):
            return
        above = parent[below]
        sums = np.zeros_like(low), np.zeros_like(high)
        for total, own in zip(sums, (low, high), strict=True):
            np.add.at(total, above, own[below])
        nodes = np.unique(above)
        low[nodes] = np.maximum(low[nodes], sums[0][nodes])
        high[nodes] = np.minimum(high[nodes], sums[1][nodes])
        others = sums[0][above] - low[below], sums[1][above] - high[below]
        new = low[above] - others[1], high[above] - others[0]
        low[below], high[below] = np.maximum(low[below], new[0]), np.minimum(high[below], new[1])


@dataclass(frozen=True, eq=False)
class Ranges:
    """The least and the most cents of every node, product and period; shape as `Axes.shape`."""

    low: IntArray
    high: IntArray

    @property
    def empty(self) -> bool:
        """Whether some range has no amount in it."""
        return bool((self.low > self.high).any())


def _sum(low: IntArray, high: IntArray, lows: IntArray, highs: IntArray) -> None:
    """Narrow a whole and its parts, in place; parts along the second axis."""
    least, most = lows.sum(axis=1), highs.sum(axis=1)
    np.maximum(low, least, out=low)
    np.minimum(high, most, out=high)
    new = low[:, None] - (most[:, None] - highs), high[:, None] - (least[:, None] - lows)
    np.maximum(lows, new[0], out=lows)
    np.minimum(highs, new[1], out=highs)
