"""A plan without geography mended and improved by branch and bound around one territory at a time.

The nodes of a territory may leave it to wherever that is cheap, and others may come in; all else stays (large
neighbourhood search: Shaw 1998). Hard rows are priced, far above what their multipliers say, so that a
plan that breaks some becomes one that breaks fewer. The next territory is the one that loses most against the
bound: by what its nodes pay above their cheapest arcs, by the room in rows that are worth something, and by
what is broken. One that was tried in vain counts for less, and is looked at more widely.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from scipy import sparse

from spm_opt.align.core import keeps
from spm_opt.align.isolated import isolated
from spm_opt.align.losses import Losses
from spm_opt.align.model import Model
from spm_opt.align.relax import Relaxation
from spm_opt.align.scale import row_scale
from spm_opt.align.second import branch_and_bound
from spm_opt.criteria.terms import HOLDS_WITHIN
from spm_opt.problem import BoolArray, FloatArray, IntArray


@dataclass(frozen=True)
class Reach:
    """How widely a territory is looked at.

    Attributes
    ----------
    choices
        Arcs of each node beside its own.
    arcs
        Arcs beside the plan's, in all.
    others
        Further territories whose nodes are free too.
    nodes
        Branch-and-bound nodes.
    """

    choices: int
    arcs: int
    others: int
    nodes: int


REACHES = (Reach(2, 250, 0, 50), Reach(1, 500, 0, 100), Reach(2, 500, 0, 200), Reach(2, 600, 1, 100))
"""How widely a territory is looked at, the more often it was tried in vain."""
PRICE, DEARER, PATIENCE = 30.0, 3.0, 4
"""What breaking a hard row costs at first, in its multiplier; how that grows after so many tries in vain."""
CLOSE, SLIGHT, SECONDS = 1e-3, 1e-12, 1.2
"""Relative gap of a neighbourhood that is good enough, a gain that is none, and seconds where time is limited."""
POOL = 4
"""How many times as many arcs into a territory are looked at as are then used."""
DIGITS = 6
"""Digits of reduced costs, in the greatest, up to which they count as the same."""
CROWDED = 1e-3
"""Room of a full territory, in its size, when a place is drawn among equal ones."""
IDLE, EACH = 12, 1
"""Tries without a gain, and more for each territory, after which a plan that holds is left."""


AT_ONCE = 2
"""Neighbourhoods that are solved at once, on as many cores as there are."""


@dataclass(frozen=True, eq=False)
class _Neighbourhood:
    """What is asked about a territory: the model of some nodes and arcs (shapes ``(n,)``, ``(a,)``) of the whole."""

    middle: int
    nodes: IntArray
    arcs: IntArray
    program: Model
    effort: int


@dataclass(frozen=True, eq=False)
class Regrouped:
    """The plan of nodes that breaks least, then costs least, shape ``(n,)``; and how often one was solved."""

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
    """Mend and improve a plan territory by territory.

    Parameters
    ----------
    model
        A model of one level that does not ask for contiguity.
    start
        Where to begin, shape ``(n,)``; it may break hard rows.
    relaxed
        The relaxation of the model; the better its multipliers, the better the arcs that are looked at.
    rounds
        Neighbourhoods to solve.
    seed
        Seed of the draws.
    spent
        Given the best points so far, the share of the time that is spent: at 1 the search stops.
    left
        Seconds that are left, or ``None``.
    """
    run = _Run(model, start, relaxed, seed)
    done, now, idle = 0, 0.0, IDLE + EACH * model.k
    with ThreadPoolExecutor(AT_ONCE) as pool:
        while done < rounds and now < 1 and not (run.holds and run.failed >= idle):
            seconds = left()
            run.step(None if seconds is None else min(SECONDS, seconds), pool)
            done += AT_ONCE
            now = spent(run.least)
    plan, value = (model.territory[run.best], run.least) if run.best is not None else (run.plan, run.points)
    holds = run.best is not None and keeps(model, plan, 0, np.zeros(0))
    return Regrouped(plan, value, holds, done, complete=now < 1)


class _Run:
    """The plan at present, what it breaks and loses, and the best plan that held."""

    def __init__(self, model: Model, start: IntArray, relaxed: Relaxation, seed: int) -> None:
        self.model, self.rng = model, np.random.default_rng(seed)
        self.losses = Losses.against(model, relaxed)
        dearer, self.touches = self.losses.dearer, self.losses.touches
        # equal reduced costs are many where it does not matter where a node goes
        self.dearer = np.round(dearer / max(1e-300, float(dearer.max(initial=0.0))), DIGITS)
        self.node, self.columns = model.node, model.rows.tocsc()
        self.price, self.scale = elastic_price(model, relaxed.multiplier, PRICE), row_scale(model)
        self.into = _into(model, self.dearer, self.node, POOL * max(reach.arcs for reach in REACHES))
        self.tries, self.failed = np.zeros(model.k, dtype=np.int64), 0
        self.best: IntArray | None = None
        self.least = np.inf
        self.arcs, self.plan = model.arcs_of(start), start.copy()
        self.activity = np.asarray(model.rows[:, self.arcs].sum(axis=1), dtype=float).ravel()
        self.look()

    def look(self) -> None:
        """Count what the plan costs and breaks, and keep it where it is the best that holds."""
        model = self.model
        beyond = model.violation(self.activity)
        beyond[beyond <= HOLDS_WITHIN * self.scale] = 0.0
        self.paid = self.price * beyond
        self.holds = not (beyond[model.hard] > 0).any()
        soft = float(self.paid[~model.hard].sum())
        self.points = float(model.cost[0, self.arcs].sum() + model.constant[0]) + soft
        self.merit = self.points + float(self.paid[model.hard].sum())
        if self.holds and self.points < self.least:
            self.best, self.least = self.arcs.copy(), self.points

    def step(self, seconds: float | None, pool: ThreadPoolExecutor) -> None:
        """Solve around some territories at once, and take each plan that is better one after the other."""
        asked = self._asked()
        searches = [
            partial(
                isolated,
                partial(
                    branch_and_bound,
                    each.program,
                    0,
                    np.zeros(0),
                    nodes=each.effort,
                    seconds=seconds,
                    gap=CLOSE,
                ),
                what="branch and bound",
                failing=None,
                within=seconds,
            )
            for each in asked
        ]
        running = [pool.submit(copy_context().run, search) for search in searches]
        for each, answer in zip(asked, [one.result() for one in running], strict=True):
            if answer is None or answer.x is None:
                continue
            used = each.arcs[answer.x[: len(each.arcs)] > 0.5]  # noqa: PLR2004  a binary that is one
            if len(used) == len(each.nodes):
                self._take(each.middle, each.nodes, used)

    def _asked(self) -> list[_Neighbourhood]:
        """Choose the worst territories and what is free about them, no node twice."""
        asked: list[_Neighbourhood] = []
        free = np.ones(self.model.n, dtype=bool)
        middles: list[int] = []
        for _ in range(min(AT_ONCE, self.model.k)):
            middle = self._worst(middles)
            middles.append(middle)
            reach = REACHES[min(self.tries[middle], len(REACHES) - 1)]
            self.tries[middle] += 1
            self.failed += 1
            arcs = self._free(middle, reach, free)
            if len(arcs):
                nodes = np.unique(self.node[arcs])
                free[nodes] = False
                arcs = np.sort(np.concatenate((arcs, self.arcs[nodes])))
                rest = self.activity - self._use(self.arcs[nodes])
                program = self._part(nodes, arcs, rest)
                asked.append(_Neighbourhood(middle, nodes, arcs, program, reach.nodes))
        return asked

    def _take(self, middle: int, nodes: IntArray, used: IntArray) -> None:
        """Take a plan of some nodes where it is better; those it concerns may be tried again."""
        before, was, merit = self.activity, self.arcs[nodes], self.merit
        self.arcs[nodes], self.activity = used, before - self._use(was) + self._use(used)
        self.look()
        if self.merit >= merit - SLIGHT * abs(merit):
            self.arcs[nodes], self.activity = was, before
            self.look()
            return
        self.plan[nodes] = self.model.territory[used]
        moved = was != used
        concerned = np.concatenate((self.model.territory[was[moved]], self.plan[nodes[moved]]))
        self.tries[concerned] = np.minimum(self.tries[concerned], 1)
        self.tries[middle], self.failed = 0, 0

    def _worst(self, but: list[int]) -> int:
        """Choose another territory that loses most, for how often it was tried; what is broken comes first."""
        broken = self.touches.T @ np.where(self.model.hard, self.paid, 0.0) > 0
        if broken.any() and self.tries[broken].sum() > PATIENCE * broken.sum():
            rows = (self.touches @ broken.astype(float) > 0) & self.model.hard
            self.price = np.where(rows, DEARER * self.price, self.price)
            self.tries[broken] = 0
            self.look()
        loses = self.losses.of(self.arcs, self.activity, self.paid)
        loses = np.where(broken, loses + loses.sum(), loses) / (1.0 + self.tries) ** 2
        loses[but] = -1.0
        return int(np.argmax(loses))

    def _free(self, middle: int, reach: Reach, of: BoolArray) -> IntArray:
        """Find the arcs of some nodes that may be used beside the plan's: out of the territory, and into it."""
        model, inside = self.model, np.zeros(self.model.k, dtype=bool)
        inside[middle] = True
        inside[self._others(middle, reach.others)] = True
        nodes = np.flatnonzero(inside[self.plan])
        arcs = [_ranges(model.start, nodes)]
        arcs += [
            self.into[1][slice(*self.into[0][t : t + 2])][: POOL * reach.arcs] for t in np.flatnonzero(inside)
        ]
        free = np.unique(np.concatenate(arcs))
        free = free[of[self.node[free]] & (self.arcs[self.node[free]] != free)]
        # among equal arcs those to the middle come first, then where there is room
        draw = self.rng.random(len(free)) / (CROWDED + self._room()[model.territory[free]])
        draw[inside[model.territory[free]]] = 0.0
        free = free[np.lexsort((draw, self.dearer[free], self.node[free]))]
        first = np.flatnonzero(np.diff(self.node[free], prepend=-1))
        rank = np.arange(len(free)) - np.repeat(first, np.diff(np.append(first, len(free))))
        free = free[rank < reach.choices]
        if len(free) > reach.arcs:
            free = free[np.lexsort((self.rng.random(len(free)), self.dearer[free]))[: reach.arcs]]
        return np.asarray(free, dtype=np.int64)

    def _others(self, middle: int, number: int) -> IntArray:
        """Draw further territories, rather those that lose much: room that is worth something may be traded."""
        weight = self.losses.of(self.arcs, self.activity, self.paid)
        weight[middle] = 0.0
        number = min(number, int((weight > 0).sum()))
        if not number:
            return np.zeros(0, dtype=np.int64)
        chosen: IntArray = self.rng.choice(self.model.k, number, replace=False, p=weight / weight.sum())
        return chosen

    def _room(self) -> FloatArray:
        """Least room of each territory's rows, in their sizes and at most 1, shape ``(k,)``."""
        room = np.minimum(self.model.upper - self.activity, self.activity - self.model.lower) / self.scale
        least = np.ones(self.model.k)
        rows, territories = self.touches.nonzero()
        np.minimum.at(least, territories, np.maximum(room[rows], 0.0))
        return least

    def _use(self, arcs: IntArray) -> FloatArray:
        """Add up what arcs take of each row, shape ``(r,)``."""
        return np.asarray(self.columns[:, arcs].sum(axis=1), dtype=float).ravel()

    def _part(self, nodes: IntArray, arcs: IntArray, rest: FloatArray) -> Model:
        """Make the model of some nodes and arcs, what the others use of the rows taken off, hard rows priced."""
        model, columns = self.model, self.columns[:, arcs]
        rows = np.unique(columns.indices)
        place = np.searchsorted(nodes, self.node[arcs])
        nothing, none = np.zeros(len(nodes) + 1, dtype=np.int64), np.zeros(0, dtype=np.int64)
        return replace(
            model,
            node_of_unit=np.arange(len(nodes), dtype=np.int64),
            start=np.concatenate(([0], np.cumsum(np.bincount(place)))).astype(np.int64),
            territory=model.territory[arcs],
            cost=np.ascontiguousarray(model.cost[:, arcs]),
            constant=np.zeros(1),
            rows=sparse.csr_array(columns.tocsr()[rows]),
            lower=(model.lower - rest)[rows],
            upper=(model.upper - rest)[rows],
            price=self.price[rows],
            level=model.level[rows],
            names=tuple(model.names[r] for r in rows),
            geographic=np.zeros(len(nodes), dtype=bool),
            near_start=nothing, near=none, look_start=nothing, look=none,
        )  # fmt: skip


def elastic_price(model: Model, multiplier: FloatArray, times: float) -> FloatArray:
    """Price every hard row at a multiple of what it is worth; priced rows keep their price; shape ``(r,)``.

    A row worth less than half of the others is priced as their median is, by the size of a typical node in each.
    """
    size = np.asarray(abs(model.rows).sum(axis=1)).ravel() / np.maximum(1, np.diff(model.rows.indptr))
    size = np.where(size > 0, size, 1.0)
    worth = np.abs(multiplier) * size
    usual = float(np.median(worth[worth > 0])) if (worth > 0).any() else 1.0
    return np.where(model.hard, times * np.maximum(worth, usual) / size, model.price)


def _into(model: Model, dearer: FloatArray, node: IntArray, most: int) -> tuple[IntArray, IntArray]:
    """List the cheapest arcs into each territory in compressed form, so many at most, those of choices only."""
    choice: BoolArray = np.diff(model.start)[node] > 1
    order = np.lexsort((dearer, model.territory))
    order = order[choice[order]]
    first = np.concatenate(([0], np.cumsum(np.bincount(model.territory[order], minlength=model.k))))
    order = order[np.arange(len(order)) - first[model.territory[order]] < most]
    count = np.bincount(model.territory[order], minlength=model.k)
    return np.concatenate(([0], np.cumsum(count))).astype(np.int64), order


def _ranges(start: IntArray, nodes: IntArray) -> IntArray:
    """Arcs of some nodes, one node after the other."""
    count = start[nodes + 1] - start[nodes]
    begin = np.repeat(start[nodes] - np.concatenate(([0], np.cumsum(count)))[:-1], count)
    return np.asarray(begin + np.arange(count.sum()), dtype=np.int64)
