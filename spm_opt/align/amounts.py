"""Limits that are sums of what nodes carry, the same wherever they go: the shape of most large models."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spm_opt.align.model import Model
from spm_opt.problem import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Amounts:
    """What nodes carry, and where it counts.

    Attributes
    ----------
    amount
        What each node adds to each limit of the territory that it is in, shape ``(n, q)``.
    row
        The model's row for each limit of each territory, shape ``(k, q)``.
    """

    amount: FloatArray
    row: IntArray

    def total(self, where: IntArray) -> FloatArray:
        """Sum what each territory has in a plan (shape ``(n,)``), shape ``(k, q)``."""
        k = len(self.row)
        columns = [np.bincount(where, weights=column, minlength=k) for column in self.amount.T]
        return np.stack(columns, axis=1) if columns else np.zeros((k, 0))


def amounts_of(model: Model) -> Amounts | None:
    """Say what nodes carry, where a model has one level and every row is of one territory.

    Every territory must have the same number of rows, and a node the same coefficient in the first of each,
    the second, and so on; else there is none.
    """
    r, k = len(model.lower), model.k
    if len(model.constant) != 1 or not r or r % k:
        return None
    entries = model.rows.tocoo()
    row, arc = entries.coords
    there = entries.data != 0
    row, arc, data = row[there], arc[there], entries.data[there]
    territory = np.full(r, -1)
    territory[row] = model.territory[arc]
    if (territory < 0).any() or (territory[row] != model.territory[arc]).any():
        return None
    order = np.lexsort((np.arange(r), territory))
    if (np.bincount(territory, minlength=k) != r // k).any():
        return None
    rank = np.empty(r, dtype=np.int64)
    rank[order] = np.tile(np.arange(r // k), k)
    node = model.node
    amount = np.zeros((model.n, r // k))
    amount[node[arc], rank[row]] = data
    count = np.zeros((model.n, r // k), dtype=np.int64)
    np.add.at(count, (node[arc], rank[row]), 1)
    whole = count == np.where(amount != 0, np.diff(model.start)[:, None], 0)
    if (amount[node[arc], rank[row]] != data).any() or not whole.all():
        return None
    return Amounts(amount, order.reshape(k, -1).astype(np.int64))
