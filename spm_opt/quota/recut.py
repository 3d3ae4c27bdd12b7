"""The split by product and period after an edit: every sum exact, as near to what it was as the amounts allow."""

from __future__ import annotations

import numpy as np

from spm_opt.errors import QuotaError
from spm_opt.problem import FloatArray, IntArray
from spm_opt.quota.cells import Cells, handed_down, shared
from spm_opt.quota.hierarchy import ROOT
from spm_opt.quota.share import Held


def recut(before: Cells, quota: IntArray, held: Held | None = None) -> Cells:
    """Split new quotas of the same nodes as the old ones were, from the company down.

    Children that keep their quota keep their cells, as long as that leaves the others no cell below zero;
    the others share the rest in proportion to what they had, in the mix of their parent where they had
    nothing. Where nothing has changed, nothing is changed.

    Parameters
    ----------
    before
        The old cells; the company's own stay.
    quota
        New cents of each node, shape ``(n,)``; the company's as before.
    held
        What is given for parts of quotas.

    Raises
    ------
    QuotaError
        What is given for parts of quotas leaves no room for these quotas.
    """
    tree, old = before.tree, before.cents
    found = np.zeros_like(old)
    found[ROOT] = old[ROOT]
    kept = old.sum(axis=(1, 2)) == quota
    for node, below in enumerate(tree.children):
        if below:
            places = np.array(below)
            total = handed_down(found[node], int(quota[places].sum()))
            found[places] = _below(old[places], total, places, quota[places], kept[places], held)
    return Cells(tree, before.products, before.periods, found)


def _below(
    old: IntArray, total: IntArray, places: IntArray, quota: IntArray, kept: IntArray, held: Held | None
) -> IntArray:
    """Share what siblings sum to, with those kept as they are where that can be."""
    rest = total - old[kept].sum(axis=0)
    if kept.all() and not rest.any():
        return old
    weight = _weights(old, total, quota)
    if not kept.all() and (rest >= 0).all():
        found, others = old.copy(), ~kept
        try:
            found[others] = shared(places[others], rest, quota[others], weight[others], held)
        except QuotaError:  # with the others free to change there may be room
            return shared(places, total, quota, weight, held)
        return found
    return shared(places, total, quota, weight, held)


def _weights(old: IntArray, total: IntArray, quota: IntArray) -> FloatArray:
    """Scale old cells to new quotas; a node that had nothing takes the mix that all have together."""
    sums, whole = old.sum(axis=(1, 2)), max(1, int(total.sum()))
    mix = np.where(sums[:, None, None] > 0, old / np.where(sums > 0, sums, 1)[:, None, None], total / whole)
    return np.asarray(mix * quota[:, None, None])
