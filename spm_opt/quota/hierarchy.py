"""The sales organisation as a tree of any depth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from spm_opt.problem import IntArray

ROOT = 0


@dataclass(frozen=True)
class Hierarchy:
    """Nodes with their parents, every parent before its children, the company first.

    Attributes
    ----------
    names, levels
        Of each of the ``n`` nodes; together they are unique.
    parent
        Place of each node's parent; -1 for the company.
    """

    names: tuple[str, ...]
    levels: tuple[str, ...]
    parent: tuple[int, ...]

    @classmethod
    def of_nodes(cls, table: pd.DataFrame) -> Hierarchy:
        """Take the tree from a table with ``level``, ``node``, ``parent_level`` and ``parent``, as rolled up."""
        keys = list(zip(table["level"], table["node"], strict=True))
        place = {key: i for i, key in enumerate(keys)}
        above = zip(table["parent_level"], table["parent"], strict=True)
        return cls(
            names=tuple(name for _, name in keys),
            levels=tuple(level for level, _ in keys),
            parent=tuple(place.get(key, -1) for key in above),
        )

    def __len__(self) -> int:
        return len(self.names)

    @cached_property
    def children(self) -> tuple[tuple[int, ...], ...]:
        """Places of each node's children."""
        found: list[list[int]] = [[] for _ in self.names]
        for place, parent in enumerate(self.parent):
            if parent >= 0:
                found[parent].append(place)
        return tuple(map(tuple, found))

    @cached_property
    def leaves(self) -> IntArray:
        """Places of the nodes without children, in order."""
        return np.array([i for i, below in enumerate(self.children) if not below], dtype=np.int64)

    @cached_property
    def depth(self) -> IntArray:
        """Steps from the company to each node, shape ``(n,)``."""
        depth = np.zeros(len(self), dtype=np.int64)
        for place, parent in enumerate(self.parent):
            depth[place] = depth[parent] + 1 if parent >= 0 else 0
        return depth

    def above(self, place: int) -> list[int]:
        """List a node and those above it, nearest first."""
        path = []
        while place >= 0:
            path.append(place)
            place = self.parent[place]
        return path

    def summed(self, leaf_amounts: Sequence[float]) -> list[float]:
        """Add amounts of the leaves up to every node, in the order of nodes."""
        total = [0.0] * len(self)
        for place, amount in zip(self.leaves.tolist(), leaf_amounts, strict=True):
            total[place] = float(amount)
        for place in range(len(self) - 1, 0, -1):
            total[self.parent[place]] += total[place]
        return total
