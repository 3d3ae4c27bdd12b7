"""Filling a tree at one level, within limits at every node."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from spm_opt.problem import FloatArray, IntArray
from spm_opt.quota.hierarchy import ROOT, Hierarchy

HALVINGS = 100
"""Times that the range of levels is halved: down to the last bits of a double."""

Amounts = Callable[[FloatArray], FloatArray]
"""From the level of each leaf to its amount; does not fall where the level rises."""


@dataclass(frozen=True, eq=False)
class Filling:
    """What is filled: a tree with limits and hedges.

    ``low`` and ``high`` are in cents, ``hedge`` is what children sum to for each unit of the node; shape
    ``(n,)``. ``amounts`` gives the leaves' amounts by level, ``levels`` the least and largest level.
    """

    tree: Hierarchy
    hedge: FloatArray
    low: FloatArray
    high: FloatArray
    amounts: Amounts
    levels: tuple[float, float]

    def rolled(self, level: FloatArray) -> FloatArray:
        """Give every node's amount where each leaf stands at a level and every limit cuts; shape ``(n,)``."""
        tree = self.tree
        total = np.zeros(len(tree))
        total[tree.leaves] = self.amounts(level)
        parent = np.array(tree.parent)
        for depth in range(int(tree.depth.max(initial=0)), -1, -1):
            here = np.flatnonzero(tree.depth == depth)
            inner = here[np.isin(here, tree.leaves, invert=True)]
            total[inner] /= self.hedge[inner]
            total[here] = np.clip(total[here], self.low[here], np.maximum(self.low[here], self.high[here]))
            if depth:
                np.add.at(total, parent[here], total[here])
        return total

    def fill(self, amount: float) -> tuple[FloatArray, FloatArray]:
        """Spread an amount from the company down so that leaves share one level where no limit cuts.

        Where the limits of a node cut its amount, the leaves below it share a level of their own, which
        is the common one no more. This is water-filling, nested: of all ways to spread within the limits
        of the tree it leaves no leaf further behind than it must.

        Returns
        -------
        Amounts of all nodes in cents, shape ``(n,)``, and the level of each leaf before its own limits.
        """
        tree = self.tree
        given = np.zeros(len(tree))
        given[ROOT] = amount
        level = np.zeros(len(tree.leaves))
        for depth in range(int(tree.depth.max(initial=0))):
            above = _ancestors(tree, depth)
            level = self._levels(given, above, level, depth)
            below = np.flatnonzero(tree.depth == depth + 1)
            given[below] = self.rolled(level)[below]
        given[ROOT] = amount
        return given, level

    def _levels(self, given: FloatArray, above: IntArray, level: FloatArray, depth: int) -> FloatArray:
        """Find the level below each node of a depth at which its children sum to what it is given."""
        tree, count = self.tree, len(self.tree)
        parent = np.array(tree.parent)
        below = np.flatnonzero(tree.depth == depth + 1)
        low, high = (np.full(count, bound) for bound in self.levels)
        inside = above >= 0
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            if ((middle == low) | (middle == high)).all():
                break  # no double lies between
            tried = np.where(inside, middle[above], level)
            sums = np.bincount(parent[below], self.rolled(tried)[below], count)
            short = sums < given * self.hedge
            low, high = np.where(short, middle, low), np.where(short, high, middle)
        return np.where(inside, high[above], level)


def _ancestors(tree: Hierarchy, depth: int) -> IntArray:
    """Give each leaf's ancestor at a depth, -1 for a leaf that stands there itself or higher."""
    found = np.full(len(tree.leaves), -1, dtype=np.int64)
    for i, leaf in enumerate(tree.leaves.tolist()):
        path = tree.above(leaf)[::-1]
        if len(path) > depth + 1:
            found[i] = path[depth]
    return found
