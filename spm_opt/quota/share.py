"""Cells of siblings in whole cents within ranges: near their weights, and exact in every sum."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from ortools.sat.python import cp_model

from spm_opt.errors import QuotaError
from spm_opt.problem import BoolArray, FloatArray, IntArray
from spm_opt.quota.hierarchy import Hierarchy
from spm_opt.quota.ranges import Axes, Key, Ranges

ROUNDS = 400
"""Times that cells are scaled to their sums in turn."""
NEAR = 1e-3
"""Cents within which sums are met by scaling."""
DETERMINISTIC_TIME = 20.0
SHOWN = 5
PARTS = 16
"""Parts of a cent in which departures from the wish are counted."""
WINDOWS = (0, 3, None)
"""Cents around the two nearest whole ones in which cells are looked for, one after the other; then anywhere."""


@dataclass(frozen=True, eq=False)
class Siblings:
    """What is to be shared out.

    Attributes
    ----------
    total
        What all siblings sum to, cell by cell, shape ``(products, periods)``; none for a node by itself.
    quota
        Of each sibling, shape ``(c,)``.
    weight
        What cells should be in proportion to, shape ``(c, products, periods)``.
    ranges, keys
        Ranges of all siblings as `Axes.shape` has them, and those of them that matter.
    axes
        How products and periods lie in the ranges.
    """

    total: IntArray | None
    quota: IntArray
    weight: FloatArray
    ranges: Ranges
    keys: tuple[Key, ...]
    axes: Axes

    def cells(self) -> IntArray | None:
        """Give whole cents for every cell, near the weights; none where none were found."""
        wish = self._fitted()
        for around in WINDOWS:
            found = self._whole(wish, around)
            if found is not None:
                return found
        return None

    def _fitted(self) -> FloatArray:
        """Scale the weights to all sums in turn (iterative proportional fitting, ranges as limits)."""
        table = np.maximum(self.weight, 1e-9 * max(1.0, float(self.weight.max(initial=0.0))))
        groups = [
            (self.axes.group(key), int(self.ranges.low[key]), int(self.ranges.high[key])) for key in self.keys
        ]
        for _ in range(ROUNDS):
            moved = 0.0
            for group, low, high in groups:
                moved = max(moved, _scale(table[group], low, high))
            if self.total is not None:
                sums = table.sum(axis=0)
                table *= np.where(sums > 0, self.total / np.where(sums > 0, sums, 1.0), 0.0)
            for own, amount in zip(table, self.quota.tolist(), strict=True):
                moved = max(moved, _scale(own, amount, amount))
            if moved < NEAR:
                break
        return table

    def _whole(self, wish: FloatArray, around: int | None) -> IntArray | None:
        """Find whole cents that keep every sum and range, with the least total departure from a wish."""
        model, least, most = cp_model.CpModel(), *self._bounds(wish, around)
        if (least > most).any():
            return None
        flat = [
            model.new_int_var(low, high, f"x{i}")
            for i, (low, high) in enumerate(zip(least.ravel().tolist(), most.ravel().tolist(), strict=True))
        ]
        cells = np.array(flat, dtype=object).reshape(wish.shape)
        for own, amount in zip(cells, self.quota.tolist(), strict=True):
            model.add(sum(own.ravel().tolist()) == amount)
        if self.total is not None:
            for across, amount in zip(
                np.moveaxis(cells, 0, -1).reshape(-1, len(cells)), self.total.ravel().tolist(), strict=True
            ):
                model.add(sum(across.tolist()) == amount)
        for key in self.keys:
            low, high = int(self.ranges.low[key]), int(self.ranges.high[key])
            model.add_linear_constraint(sum(cells[self.axes.group(key)].ravel().tolist()), low, high)
        aims = np.rint(wish.ravel() * PARTS).astype(np.int64).tolist()
        bounds = zip(flat, aims, least.ravel().tolist(), most.ravel().tolist(), strict=True)
        model.minimize(sum(_away(model, *one) for one in bounds))
        for one, aim in zip(flat, aims, strict=True):
            model.add_hint(one, round(aim / PARTS))
        return _solved(model, flat, wish.shape)

    def _bounds(self, wish: FloatArray, around: int | None) -> tuple[IntArray, IntArray]:
        """Give the least and the most of every cell that is looked at."""
        fine = np.s_[:, : self.axes.products, : self.axes.periods]
        least, most = self.ranges.low[fine], np.minimum(self.ranges.high[fine], self.quota[:, None, None])
        if around is None:
            return least, most
        down = np.floor(wish + 1e-6).astype(np.int64)
        return np.maximum(least, np.minimum(down - around, most)), np.minimum(
            most, np.maximum(down + 1 + around, least)
        )


@dataclass(frozen=True, eq=False)
class Held:
    """What holds the cells of a tree with given quotas.

    Attributes
    ----------
    axes
        Tree, products and periods.
    ranges, free
        Ranges of every node, product and period, with what is given for parts of quotas and without it.
    touched
        Nodes that have something given at or below them, shape ``(n,)``.
    """

    axes: Axes
    ranges: Ranges
    free: Ranges
    touched: BoolArray

    def alone(self, node: int, quota: int, weight: FloatArray) -> IntArray:
        """Give the cells of a node by itself, shape ``(products, periods)``."""
        found: IntArray = self._shared(np.array([node]), None, np.array([quota]), weight[None])[0]
        return found

    def below(
        self, places: IntArray, total: IntArray, quota: IntArray, weight: FloatArray
    ) -> tuple[IntArray, IntArray]:
        """Share cells out to the touched ones among siblings; gives theirs, and what all others have together."""
        own = self.touched[places]
        if own.all():
            found = self._shared(places, total, quota, weight)
            return found, total - found.sum(axis=0)
        quotas = np.append(quota[own], quota[~own].sum())
        weights = np.concatenate([weight[own], weight[~own].sum(axis=0)[None]])
        found = self._shared(places[own], total, quotas, weights)
        return found[:-1], found[-1]

    def _shared(
        self, nodes: IntArray, total: IntArray | None, quota: IntArray, weight: FloatArray
    ) -> IntArray:
        """Share cells out over nodes, and over what is left as one more where there is a quota more."""
        own, free = (self._among(one, nodes, total, quota) for one in (self.ranges, self.free))
        matters = (own.low > free.low) | (own.high < free.high)
        keys = tuple((int(at), int(product), int(period)) for at, product, period in np.argwhere(matters))
        found = None if own.empty else Siblings(total, quota, weight, own, keys, self.axes).cells()
        if found is None:
            names = ", ".join(self.axes.tree.names[node] for node in nodes.tolist()[:SHOWN])
            raise QuotaError(f"no whole amounts by product and period were found for the targets of {names}")
        return found

    def _among(self, ranges: Ranges, nodes: IntArray, total: IntArray | None, quota: IntArray) -> Ranges:
        """Narrow the ranges of siblings by their quotas and by what they sum to."""
        count = len(quota)
        tree = Hierarchy(("",) * (count + 1), ("",) * (count + 1), (-1, *([0] * count)))
        axes = Axes(tree, self.axes.products, self.axes.periods, np.ones(count + 1))
        start = axes.free()
        for side, own in ((start.low, ranges.low), (start.high, ranges.high)):
            side[1 : len(nodes) + 1] = own[nodes]
            side[1:, -1, -1] = quota
            if total is not None:
                side[0, : self.axes.products, : self.axes.periods] = total
        narrowed = axes.narrowed(start)
        return Ranges(narrowed.low[1:], narrowed.high[1:])


@dataclass(frozen=True, eq=False)
class Together:
    """Cells that were found for all touched nodes at once, in place of `Held`; shape ``(n, products, periods)``."""

    cells: IntArray
    touched: BoolArray

    def alone(self, node: int, quota: int, weight: FloatArray) -> IntArray:  # noqa: ARG002  as Held
        """Give the cells of a node."""
        found: IntArray = self.cells[node]
        return found

    def below(
        self,
        places: IntArray,
        total: IntArray,
        quota: IntArray,  # noqa: ARG002  as Held
        weight: FloatArray,  # noqa: ARG002  as Held
    ) -> tuple[IntArray, IntArray]:
        """Give the cells of the touched ones among siblings, and what all others have together."""
        found: IntArray = self.cells[places[self.touched[places]]]
        return found, total - found.sum(axis=0)


def together(held: Held, quota: IntArray, wish: FloatArray) -> Together | None:
    """Find cells of all touched nodes at once: from the company down, those chosen first may leave no room below.

    Parameters
    ----------
    held
        What is given.
    quota, wish
        Of every node, shape ``(n,)``, and what its cells should be near to, shape ``(n, products, periods)``.

    Returns
    -------
    None where none were found, or where some node is over-assigned.
    """
    axes, model = held.axes, cp_model.CpModel()
    if not (axes.hedge == 1).all():
        return None
    nodes = np.flatnonzero(held.touched).tolist()
    fine = np.s_[:, : axes.products, : axes.periods]
    least, most = held.ranges.low[fine], np.minimum(held.ranges.high[fine], quota[:, None, None])
    if (least > most)[nodes].any():
        return None
    cells = np.zeros(wish.shape, dtype=object)
    for place in np.ndindex(len(nodes), *wish.shape[1:]):
        at = (nodes[place[0]], *place[1:])
        cells[at] = model.new_int_var(int(least[at]), int(most[at]), "")
    _keep(model, held, quota, cells)
    flat = [one for node in nodes for one in cells[node].ravel().tolist()]
    aims = np.rint(wish[nodes].ravel() * PARTS).astype(np.int64).tolist()
    bounds = zip(flat, aims, least[nodes].ravel().tolist(), most[nodes].ravel().tolist(), strict=True)
    model.minimize(sum(_away(model, *one) for one in bounds))
    found = _solved(model, flat, (len(nodes), *wish.shape[1:]))
    if found is None:
        return None
    whole = np.zeros(wish.shape, dtype=np.int64)
    whole[nodes] = found
    return Together(whole, held.touched)


def _keep(model: cp_model.CpModel, held: Held, quota: IntArray, cells: np.ndarray) -> None:
    """Keep quotas, what is given, and the sums of children; children that are not touched take any rest."""
    matters = (held.ranges.low > held.free.low) | (held.ranges.high < held.free.high)
    for node in np.flatnonzero(held.touched).tolist():
        model.add(sum(cells[node].ravel().tolist()) == int(quota[node]))
        for product, period in np.argwhere(matters[node]).tolist():
            key = (node, product, period)
            low, high = int(held.ranges.low[key]), int(held.ranges.high[key])
            model.add_linear_constraint(sum(cells[held.axes.group(key)].ravel().tolist()), low, high)
        below = list(held.axes.tree.children[node])
        mine = [child for child in below if held.touched[child]]
        for at in np.ndindex(cells.shape[1:]) if below else ():
            total = sum(cells[(child, *at)] for child in mine)
            model.add(cells[(node, *at)] == total if len(mine) == len(below) else cells[(node, *at)] >= total)


def _scale(group: FloatArray, low: int, high: int) -> float:
    """Scale cells to a sum within limits, in place, and say by how much that has moved them."""
    total = float(group.sum())
    wanted = min(max(total, low), high)
    if total > 0:
        group *= wanted / total
    return abs(wanted - total)


def _away(
    model: cp_model.CpModel, cell: cp_model.IntVar, aim: int, least: int, most: int
) -> cp_model.LinearExpr | int:
    """Count how far a cell is from its wish, in parts of a cent, but for what is the same for all choices."""
    if most - least <= 1:
        return (abs(PARTS * most - aim) - abs(PARTS * least - aim)) * cell if most > least else 0
    away = model.new_int_var(0, max(abs(PARTS * least - aim), abs(PARTS * most - aim)), "")
    model.add(away >= PARTS * cell - aim)
    model.add(away >= aim - PARTS * cell)
    return away


def _solved(model: cp_model.CpModel, flat: list[cp_model.IntVar], shape: tuple[int, ...]) -> IntArray | None:
    """Solve the same way every time."""
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = 0
    solver.parameters.catch_sigint_signal = False
    solver.parameters.max_deterministic_time = DETERMINISTIC_TIME
    if solver.solve(model) not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return None
    return np.array([solver.value(one) for one in flat], dtype=np.int64).reshape(shape)
