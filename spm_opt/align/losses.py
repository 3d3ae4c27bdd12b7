"""Where a plan loses against its bound: what each territory pays above what the multipliers say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from spm_opt.align.core import reduced_costs
from spm_opt.align.model import Model
from spm_opt.align.relax import Relaxation
from spm_opt.problem import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Losses:
    """What losses are counted by.

    Attributes
    ----------
    model
        A model of one level.
    multiplier
        What a unit of each row's limit is worth, shape ``(r,)``.
    dearer
        Points by which using each arc lifts the bound, shape ``(a,)``.
    cheapest
        Territory of each node's cheapest arc, shape ``(n,)``.
    touches
        Which rows concern which territories, ones of shape ``(r, k)``.
    """

    model: Model
    multiplier: FloatArray
    dearer: FloatArray
    cheapest: IntArray
    touches: sparse.csr_array

    @classmethod
    def against(cls, model: Model, relaxed: Relaxation) -> Losses:
        """Make them from a relaxation of the model."""
        dearer, _ = reduced_costs(model, 0, np.zeros(0), relaxed)
        of_territory = sparse.csr_array(
            (np.ones(len(model.territory)), (np.arange(len(model.territory)), model.territory)),
            shape=(len(model.territory), model.k),
        )
        return cls(
            model,
            relaxed.multiplier,
            dearer,
            model.territory[np.lexsort((dearer, model.node))[model.start[:-1]]],
            sparse.csr_array((abs(model.rows) @ of_territory).astype(bool).astype(float)),
        )

    def of(self, arcs: IntArray, activity: FloatArray, paid: FloatArray) -> FloatArray:
        """Points that each territory loses, shape ``(k,)``.

        Parameters
        ----------
        arcs
            Arc of each node in the plan, shape ``(n,)``.
        activity, paid
            What the plan uses of each row, and pays for breaking it, shape ``(r,)``.
        """
        model, worth = self.model, self.multiplier
        below = np.where(np.isfinite(model.upper), model.upper, activity) - activity
        above = activity - np.where(np.isfinite(model.lower), model.lower, activity)
        room = np.maximum(0.0, np.where(worth < 0, below, above))
        dearer = self.dearer[arcs]
        by_node = np.bincount(model.territory[arcs], weights=dearer, minlength=model.k)
        by_node += np.bincount(self.cheapest, weights=dearer, minlength=model.k)
        return np.asarray(self.touches.T @ (np.abs(worth) * room + paid) + 0.5 * by_node)
