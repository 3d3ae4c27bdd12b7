"""A plan without geography mended and improved by branch and bound over a few territories at a time.

All nodes of a group of territories that have a cheap arc to another of the group are free, the others stay
(large neighbourhood search: Shaw 1998). Hard rows are priced, far above what their multipliers say, so that a
plan that breaks some becomes one that breaks fewer. Groups begin at the territory whose rows are broken most,
or at a drawn one where none is, and others join where many cheap arcs lead to.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from scipy import sparse

from spm_opt.align.core import keeps, part, reduced_costs
from spm_opt.align.isolated import isolated
from spm_opt.align.model import Model
from spm_opt.align.relax import Relaxation
from spm_opt.align.scale import row_scale
from spm_opt.align.second import branch_and_bound
from spm_opt.criteria.terms import HOLDS_WITHIN
from spm_opt.problem import BoolArray, FloatArray, IntArray

GROUPS = (6, 9, 12)
"""Territories that are worked on together; the numbers take turns."""
ARCS = 1_000
"""Most arcs, beside the plan's own, that one group may use."""
PRICE = 10.0
"""What breaking a hard row costs, in its multiplier; a row without one counts as the median of the others."""
NODES, CLOSE, SECONDS = 100, 1e-3, 1.2
"""Branch-and-bound nodes of a group, the relative gap that is good enough, and seconds where time is limited."""
POOL = 250_000
"""Most arcs beside each node's cheapest that are looked at at all; of equal ones all."""
CHOICES = 6
"""Most arcs of one node that are looked at."""
IDLE = 12
"""Groups without a gain, and one more for four territories, after which a plan that holds is left."""
WIDEST = 4
"""How many times as many arcs are looked at where nothing better was found several times on end."""


@dataclass(frozen=True, eq=False)
class Regrouped:
    """The plan of nodes that breaks least, then costs least, shape ``(n,)``; and how often groups were solved."""

    territory: IntArray
    value: float
    holds: bool
    rounds: int
    complete: bool


def regroup(
    model: Model,
    start: IntArray,
    relaxed: Relaxation,
    *,
    rounds: int,
    seed: int,
    spent: Callable[[float], float],
    left: Callable[[], float | None],
) -> Regrouped:
    """Mend and improve a plan group by group.

    Parameters
    ----------
    model
        A model of one level that does not ask for contiguity.
    start
        Where to begin, shape ``(n,)``; it may break hard rows.
    relaxed
        The relaxation of the model; the better its multipliers, the better the arcs that are looked at.
    rounds
        Groups to solve.
    seed
        Seed of the draws.
    spent
        Given the best points so far, the share of the time that is spent: at 1 the search stops.
    left
        Seconds that are left, or ``None``.
    """
    dearer, _ = reduced_costs(model, 0, np.zeros(0), relaxed)
    at = min(len(dearer) - 1, model.n + POOL)
    keep = (dearer <= np.partition(dearer, at)[at]) | (model.territory == start[model.node])
    core = part(model, keep)
    choice = keep & (np.bincount(model.node[keep], minlength=model.n) > 1)[model.node]
    run = _Run(core.model, start[core.node], dearer[choice], relaxed.multiplier, seed)
    done, now, idle = 0, 0.0, IDLE + model.k // 4
    while done < rounds and now < 1 and not (run.holds and run.failed >= idle):
        seconds = left()
        run.step(GROUPS[done % len(GROUPS)], None if seconds is None else min(SECONDS, seconds))
        done += 1
        now = spent(run.points if run.holds else np.inf)
    plan = core.whole(run.plan)
    holds = run.holds and keeps(model, plan, 0, np.zeros(0))
    return Regrouped(plan, run.points, holds, done, complete=now < 1)


class _Run:
    """The plan at present, and what it breaks."""

    def __init__(
        self, model: Model, start: IntArray, dearer: FloatArray, multiplier: FloatArray, seed: int
    ) -> None:
        self.model, self.plan, self.rng = model, start, np.random.default_rng(seed)
        self.dearer = dearer
        self.cheap = _first(model, self.dearer, CHOICES)
        self.wide = _first(model, self.dearer, WIDEST * CHOICES)
        self.failed = 0
        self.price = elastic_price(model, multiplier, PRICE)
        self.soft = replace(model, price=self.price)
        self.fuzz = HOLDS_WITHIN * row_scale(model)
        of_territory = sparse.csr_array(
            (np.ones(len(model.territory)), (np.arange(len(model.territory)), model.territory)),
            shape=(len(model.territory), model.k),
        )
        self.touches = (abs(model.rows) @ of_territory).astype(bool).astype(float)
        self.look()

    def look(self) -> None:
        """Count what the plan costs and breaks."""
        model = self.model
        arcs = model.arcs_of(self.plan)
        activity = np.asarray(model.rows[:, arcs].sum(axis=1), dtype=float).ravel()
        beyond = model.violation(activity)
        beyond[beyond <= self.fuzz] = 0.0
        self.paid = self.price * beyond
        self.holds = not (beyond[model.hard] > 0).any()
        soft = float(self.paid[~model.hard].sum())
        self.points = float(model.cost[0, arcs].sum() + model.constant[0]) + soft
        self.merit = self.points + float(self.paid[model.hard].sum())

    def step(self, size: int, seconds: float | None) -> None:
        """Solve one group, and take its plan where that is better."""
        failed, self.failed = self.failed, self.failed + 1
        wide = failed % (2 * len(GROUPS)) >= len(GROUPS)
        core = part(self.soft, self._free(self._group(size), wide=wide))
        if not len(core.node):
            return
        search = partial(
            branch_and_bound, core.model, 0, np.zeros(0), nodes=NODES, seconds=seconds, gap=CLOSE
        )
        answer = isolated(search, what="branch and bound", failing=None, within=seconds)
        if answer is None or answer.x is None:
            return
        used = answer.x[: len(core.model.territory)] > 0.5  # noqa: PLR2004  a binary that is one
        if used.sum() != len(core.node):
            return
        was, merit = self.plan, self.merit
        self.plan = core.whole(core.model.territory[used])
        self.look()
        self.failed = 0
        if self.merit >= merit:
            self.failed = failed + 1
            self.plan = was
            self.look()

    def _group(self, size: int) -> BoolArray:
        """Choose territories: one whose rows are broken, or any, and others joined to it by cheap arcs."""
        model = self.model
        worth: FloatArray = np.asarray(self.touches.T @ np.where(model.hard, self.paid, 0.0))
        worth = worth if worth.any() else np.ones(model.k)
        chosen = np.zeros(model.k, dtype=bool)
        chosen[self.rng.choice(model.k, p=worth / worth.sum())] = True
        here, there = self.plan[model.node[self.cheap]], model.territory[self.cheap]
        joined = np.bincount(there[chosen[here]], minlength=model.k) + np.bincount(
            here[chosen[there]], minlength=model.k
        )
        weight = np.where(chosen, 0.0, joined + 1e-3)
        others = min(size, model.k) - 1
        if others > 0:
            chosen[self.rng.choice(model.k, others, replace=False, p=weight / weight.sum())] = True
        return chosen

    def _free(self, group: BoolArray, *, wide: bool) -> BoolArray:
        """Mark the plan's arcs, and the cheapest others within a group."""
        model, looked = self.model, self.wide if wide else self.cheap
        free = looked[group[model.territory[looked]] & group[self.plan][model.node[looked]]]
        most = WIDEST * ARCS if wide else ARCS
        if len(free) > most:
            free = free[np.argsort(self.dearer[free], kind="stable")[:most]]
        keep = model.territory == self.plan[model.node]
        keep[free] = True
        return np.asarray(keep)


def elastic_price(model: Model, multiplier: FloatArray, times: float) -> FloatArray:
    """Price every hard row at a multiple of what it is worth; priced rows keep their price; shape ``(r,)``.

    A row of no worth is priced as the median of the others is, by the size of a typical node in each.
    """
    size = np.asarray(abs(model.rows).sum(axis=1)).ravel() / np.maximum(1, np.diff(model.rows.indptr))
    size = np.where(size > 0, size, 1.0)
    worth = np.abs(multiplier) * size
    usual = float(np.median(worth[worth > 0])) if (worth > 0).any() else 1.0
    return np.where(model.hard, times * np.maximum(worth, usual) / size, model.price)


def _first(model: Model, dearer: FloatArray, most: int) -> IntArray:
    """Arcs of least reduced cost of each node, so many at most; equal ones are spread over the territories."""
    same = np.round(dearer / max(1e-300, float(dearer.max(initial=0.0))), 9)
    mixed = (model.territory * 7_919 + model.node * 104_729) % 100_003
    order = np.lexsort((mixed, same, model.node))
    rank = np.arange(len(order)) - model.start[model.node]
    return np.sort(order[rank < most])
