"""Ejection chains: a search for models without contiguity, where limits are tight and single moves break them.

A chain gives a node to a territory, which gives another of its nodes to a third, and so on until it closes
or ends (Yagiura, Ibaraki and Glover, European Journal of Operational Research 2006). Chains are looked for
depth first, as far as all their partial sums gain (Lin and Kernighan 1973); the sums are of reduced costs,
so that what a limit is worth counts. Where no chain gains, one or two nodes are kicked elsewhere and
chains mend what that broke; what came out a little worse is kept now and then, ever more seldom. Only arcs
of small reduced cost are looked at: few for each node, but those that good plans are made of.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from spm_opt.align.chains import rounds
from spm_opt.align.core import keeps, part, reduced_costs
from spm_opt.align.model import Model
from spm_opt.align.relax import Relaxation
from spm_opt.align.scale import row_scale
from spm_opt.criteria.terms import HOLDS_WITHIN
from spm_opt.problem import BoolArray, FloatArray, IntArray

CHOICES = (0.67, 1.0, 1.42, 1.0)
"""Arcs that are looked at in each phase, for each node and beside its cheapest: shares of what is usual."""
USUAL, OF_FEW = 0.2, 14.0
"""What is usual: so many, and so many by the nodes of a territory; where those are few, few of their sums fit."""
TIE = 1e-9
"""Relative difference at which reduced costs are the same."""
TIES = 8
"""Most arcs of one node that are looked at."""
STEPS = 60
"""Steps of each phase; temperature and penalties change between them."""
SWEEP = 10
"""Steps after which every node is looked at, rather than those that were touched."""
HOT, COLD = 1.0, 0.1
"""First and last temperature of a phase, in typical reduced costs of the arcs that are looked at."""
SOFT, STIFF = 0.5, 5.0
"""What breaking a hard limit costs beyond its multiplier, as a share of that: first and last of a phase."""
BASE = 0.1
"""What breaking a limit by a typical node costs at least, in typical reduced costs."""
DEARER, CHEAPER = 1.1, 0.95
"""How the penalty of a row changes with every step in which it is broken, or kept."""
DEEPEST = 4
"""Most nodes that one chain moves."""


@dataclass(frozen=True, eq=False)
class Chained:
    """What the chains came to: the best plan of nodes (``None``: none without a broken rule) and the effort."""

    territory: IntArray | None
    value: float
    looks: int
    complete: bool


def eject(
    model: Model,
    start: IntArray,
    relaxed: Relaxation,
    *,
    known: IntArray | None = None,
    looks: int,
    seed: int,
    spent: Callable[[float], float],
) -> Chained:
    """Improve a plan by ejection chains.

    Parameters
    ----------
    model
        A model of one level that does not ask for contiguity.
    start
        Where to begin, shape ``(n,)``; it may break hard rows.
    relaxed
        The relaxation of the model.
    known
        A plan that is not to be lost, shape ``(n,)``, or ``None``.
    looks
        Partial chains to look at.
    seed
        Seed of the draws.
    spent
        Given the best points so far, the share of the time that is spent: at 1 the search stops.
    """
    dearer, _ = reduced_costs(model, 0, np.zeros(0), relaxed)
    best, value = None, np.inf
    for plan in (start, known):
        if plan is not None and keeps(model, plan, 0, np.zeros(0)) and model.value(plan)[0] < value:
            best, value = plan, float(model.value(plan)[0])
    state, taken, complete = np.array([seed], dtype=np.uint64), 0, True
    at, phase, gained = 0.0, None, False
    while at < 1:
        number = int(at * len(CHOICES))
        if phase is None or phase.number != number:
            if phase is not None:
                start = best if gained and best is not None else phase.present
            phase = _Phase(model, relaxed, dearer, start, number)
            if phase.idle:
                break
        found = phase.step(at * len(CHOICES) - number, looks // (STEPS * len(CHOICES)), state)
        taken += phase.looks
        if found is not None and keeps(model, found, 0, np.zeros(0)) and model.value(found)[0] < value:
            best, value, gained = found, float(model.value(found)[0]), True
        now = spent(value)
        complete = complete and now <= taken / looks
        at = max(at, taken / looks, now)
    return Chained(best, value, taken, complete)


class _Phase:
    """A part of the search that looks at the same arcs; it holds the state that the compiled loops change."""

    def __init__(
        self, model: Model, relaxed: Relaxation, dearer: FloatArray, start: IntArray, number: int
    ) -> None:
        keep = (
            (model.territory == start[model.node])
            | (relaxed.share > 0)
            | _cheap(model, dearer, 1 + CHOICES[number] * (USUAL + OF_FEW * model.k / max(1, model.n)))
        )
        self.number, self.core, self.looks, self._steps = number, part(model, keep), 0, 0
        small = self.core.model
        self.idle = not len(self.core.node)
        if self.idle:
            return
        choice = keep & (np.bincount(model.node[keep], minlength=model.n) > 1)[model.node]
        reduced = dearer[choice]
        self._typical = _typical(reduced, dearer)
        self._columns = small.rows.tocsc()
        self._arcs = small.arcs_of(start[self.core.node])
        self._best = self._arcs.copy()
        self._out = np.array([np.inf, np.inf, 0.0, 0.0])
        self._boost = np.ones(len(small.lower))
        order = np.argsort(small.territory, kind="stable")
        self._entry = np.concatenate(([0], np.cumsum(np.bincount(small.territory, minlength=small.k))))
        self._enters = small.node[order]
        self._reduced, self._slope = reduced, _slope(small, relaxed.multiplier)
        count = np.maximum(1, np.diff(small.rows.indptr))
        size = np.asarray(abs(small.rows).sum(axis=1)).ravel() / count
        self._least = BASE * self._typical / np.where(size > 0, size, 1.0)

    @property
    def present(self) -> IntArray:
        """The plan that the search stands at, shape ``(n,)``."""
        return self.core.whole(self.core.model.territory[self._arcs])

    def step(self, share: float, looks: int, state: Any) -> IntArray | None:
        """Search at one temperature; returns the best plan where it is better than those before."""
        small, was = self.core.model, tuple(self._out[:2])
        stiff = 1 + SOFT * (STIFF / SOFT) ** share
        hard = self._boost * (stiff * np.abs(self._slope) + self._least)
        weight = np.where(small.hard, hard, small.price)
        data = (self._reduced, self._columns.data, small.lower, small.upper, weight, self._slope)
        before = self._out[3]
        rounds(
            small.start, small.territory, tuple(np.ascontiguousarray(each, dtype=np.float64) for each in data),
            self._columns.indptr.astype(np.int64), self._columns.indices.astype(np.int64), row_scale(small),
            small.hard, self._entry, self._enters, np.ones(small.n, dtype=np.bool_), small.k, self._arcs,
            self._best, self._out, state, self._steps % SWEEP == 0, before + looks,
            HOT * self._typical * (COLD / HOT) ** share, DEEPEST, 1e-9 * self._typical,
        )  # fmt: skip
        self._steps, self.looks = self._steps + 1, int(self._out[3] - before)
        activity = np.asarray(small.rows[:, self._arcs].sum(axis=1), dtype=np.float64).ravel()
        broken = small.violation(activity) > HOLDS_WITHIN * row_scale(small)
        self._boost = np.where(broken, self._boost * DEARER, np.maximum(1.0, self._boost * CHEAPER))
        if tuple(self._out[:2]) == was or self._out[0] > 0:
            return None
        return self.core.whole(small.territory[self._best])


def _cheap(model: Model, dearer: FloatArray, choices: float) -> BoolArray:
    """Mark the arcs of least reduced cost, so many for a node on average, with those as cheap as the last."""
    limit = np.partition(dearer, at)[at] if (at := round(choices * model.n)) < len(dearer) else np.inf
    order = np.lexsort((dearer, model.node))
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order)) - model.start[model.node]
    return np.asarray((dearer <= limit + TIE * float(dearer.max(initial=0.0))) & (rank < TIES))


def _typical(reduced: FloatArray, all_reduced: FloatArray) -> float:
    """Say what a typical choice among the arcs that are looked at costs; else the least that any does."""
    tiny = TIE * float(all_reduced.max(initial=0.0))
    if (reduced > tiny).any():
        return float(np.median(reduced[reduced > tiny]))
    return float(all_reduced[all_reduced > tiny].min()) if (all_reduced > tiny).any() else 1.0


def _slope(model: Model, multiplier: FloatArray) -> FloatArray:
    """Say what a unit of each row's activity is worth, as the reduced costs count it, shape ``(r,)``."""
    price = np.where(model.hard, np.inf, model.price)
    slope = np.clip(multiplier, -price, price)
    slope = np.where((slope > 0) & ~np.isfinite(model.lower), 0.0, slope)
    return np.where((slope < 0) & ~np.isfinite(model.upper), 0.0, slope)
