"""A plan of a large model, worked on in two halves at once.

Territories are parted into two groups that hang together, and moves go within a group only: what one thread
does then never touches what the other looks at. Which halves, changes from step to step. The outcome is the
same on one core as on two.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from spm_opt.align.amounts import amounts_of
from spm_opt.align.kernel import anneal_from
from spm_opt.align.lean import anneal_lean, on_border
from spm_opt.align.search import Bench
from spm_opt.problem import BoolArray, FloatArray, IntArray

PARTITIONS = 6
"""How many ways of parting the territories take turns."""


class Halves:
    """Two threads that anneal the plan of a bench; they end with the ``with`` block.

    Attributes
    ----------
    activity
        Row activities of the plan at present, shape ``(r,)``.
    points
        Points of each level so far, shape ``(level + 1,)``.
    active
        Nodes that may move, shape ``(n,)``; where they are few, so are the proposals.
    """

    def __init__(self, bench: Bench, seed: int) -> None:
        self.bench = bench
        self.rng = np.random.default_rng(seed)
        self.of_arc = sparse.csr_array(bench.model.rows.T)
        self.amounts = amounts_of(bench.model)
        self.pool = ThreadPoolExecutor(2)
        self.turn = 0
        self.active = np.ones(bench.model.n, dtype=np.bool_)
        self.groups: list[IntArray] = []
        self.count()

    def __enter__(self) -> Self:
        """Use the threads."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the threads."""
        self.pool.shutdown()

    def count(self) -> None:
        """Count anew what the plan at present comes to."""
        bench, model = self.bench, self.bench.model
        self.activity = np.asarray(self.of_arc[bench.arcs].sum(axis=0), dtype=np.float64).ravel()
        beyond = np.where(model.hard, 0.0, model.price) * model.violation(self.activity)
        priced = np.bincount(model.level, weights=beyond, minlength=len(model.constant))
        points = model.constant + model.cost[:, bench.arcs].sum(axis=1) + priced
        self.points = np.asarray(points[: bench.level + 1])

    def anneal(self, proposals: int, temperature: float, weight: FloatArray) -> None:
        """Look at some proposals at one temperature, half of them in each half of the territories."""
        bench = self.bench
        if self.turn % PARTITIONS == 0:
            self.groups = self._parted()
        group = self.groups[self.turn % PARTITIONS]
        self.turn += 1
        where = bench.territory
        of_node = group[where]
        seeds = self.rng.integers(0, 2**63, 2, dtype=np.uint64)
        weight = np.where(bench.model.hard, weight, bench.soft)
        active = self.active
        if self.amounts is not None:
            active = active & on_border(
                where, bench.model.geographic, bench.model.look_start, bench.model.look
            )
        half = self._half if self.amounts is None else self._lean_half
        done = [
            self.pool.submit(
                half, where, np.flatnonzero((of_node == side) & active), group, seeds[side : side + 1],
                round(proposals * ((of_node == side) & self.active).sum() / bench.model.n), temperature, weight,
            )
            for side in (0, 1)
        ]  # fmt: skip
        first, second = (future.result() for future in done)
        bench.arcs = np.where(of_node == 0, first, second)
        self.count()

    def _half(
        self,
        where: IntArray,
        pool: IntArray,
        group: IntArray,
        state: NDArray[np.uint64],
        count: int,
        temperature: float,
        weight: FloatArray,
    ) -> IntArray:
        """Anneal the nodes of a pool on a copy of the plan; returns the arcs of all nodes."""
        bench, model = self.bench, self.bench.model
        arcs = bench.arcs.copy()
        if not count or not len(pool):
            return arcs
        # the violation of a half means nothing: no snapshot of it is better than what is known
        out = np.array([-np.inf, -np.inf, 0.0, 0.0])
        members = np.bincount(where[model.geographic], minlength=model.k)
        anneal_from(
            model.start, model.territory, bench.cost, bench.guide, *bench.columns,
            bench.lower, bench.upper, model.lower, model.upper, bench.scale, weight, bench.kind, bench.caps,
            model.geographic, model.near_start, model.near, model.look_start, model.look,
            arcs, where, out, state, count, temperature, bench.warmth, bench.penalty,
            np.zeros(len(weight)), pool, group,
            where.copy(), members, self.activity.copy(), np.concatenate(([0.0], self.points)),
        )  # fmt: skip
        return arcs

    def _lean_half(
        self,
        where: IntArray,
        pool: IntArray,
        group: IntArray,
        state: NDArray[np.uint64],
        count: int,
        temperature: float,
        weight: FloatArray,
    ) -> IntArray:
        """Do the same where limits are sums of what nodes carry."""
        bench, model, amounts = self.bench, self.bench.model, self.amounts
        arcs = bench.arcs.copy()
        if amounts is None or not count or not len(pool):
            return arcs
        row = amounts.row
        members = np.bincount(where[model.geographic], minlength=model.k)
        anneal_lean(
            model.start, model.territory, bench.cost[0], amounts.amount,
            bench.lower[row], bench.upper[row], weight[row], bench.row_price[row],
            model.geographic, model.near_start, model.near, model.look_start, model.look,
            arcs, where.copy(), members, self.activity[row], pool, group, state, count, temperature, bench.warmth,
        )  # fmt: skip
        return arcs

    def near(self, rows: BoolArray, rings: int) -> BoolArray:
        """Mark the nodes of the territories that the plan uses in some rows, and of so many rings about them."""
        model, where = self.bench.model, self.bench.territory
        used = abs(self.of_arc[self.bench.arcs])
        marked = np.zeros(model.k, dtype=np.bool_)
        marked[where[used @ rows.astype(np.float64) > 0]] = True
        beside = self._beside()
        for _ in range(rings):
            marked |= (beside @ marked.astype(np.float64) + marked @ beside) > 0
        return np.asarray(marked[where])

    def _beside(self) -> sparse.csr_array:
        """Territories that share a border, shape ``(k, k)``."""
        model, k = self.bench.model, self.bench.model.k
        where = self.bench.territory
        pair = np.unique(np.repeat(where, np.diff(model.look_start)) * k + where[model.look])
        return sparse.csr_array((np.ones(len(pair)), (pair // k, pair % k)), shape=(k, k))

    def _parted(self) -> list[IntArray]:
        """Part the territories in two, in several ways: those met first from one of them, across borders."""
        model, k = self.bench.model, self.bench.model.k
        where = self.bench.territory
        beside = self._beside()
        size = np.bincount(where, minlength=k)
        groups = []
        for first in self.rng.integers(k, size=PARTITIONS):
            met = sparse.csgraph.breadth_first_order(beside, first, directed=False, return_predecessors=False)
            order = np.concatenate((met, self.rng.permutation(np.setdiff1d(np.arange(k), met))))
            group = np.ones(k, dtype=np.int64)
            group[order[np.cumsum(size[order]) <= model.n / 2]] = 0
            groups.append(group)
        return groups
