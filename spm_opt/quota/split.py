"""A table of whole amounts with given sums of rows and of columns, as near to given weights as there is."""

from __future__ import annotations

from typing import Any

import numpy as np
from ortools.graph.python import min_cost_flow

from spm_opt.errors import QuotaError
from spm_opt.problem import FloatArray, IntArray

ROUNDS = 50
"""Times that rows and columns are scaled in turn."""
FINENESS = 1_000
"""Parts of a unit in which what is left by rounding down is told apart."""
FAR = 4
"""What a unit beyond the next whole number costs, in the price of the dearest one within."""


def split(rows: IntArray, columns: IntArray, weight: FloatArray) -> IntArray:
    """Fill a table of whole amounts, by proportional fitting and rounding.

    The weights are scaled to the sums of rows and columns (iterative proportional fitting); every cell is
    rounded down, and a flow of least cost says which are rounded up instead, so that all sums are exact
    and the total departure from the fitted amounts is least. Every cell is within one unit of its fitted
    amount where the fitting has met the sums, which it does unless zeros among the weights stand in the way.

    Parameters
    ----------
    rows, columns
        Sums, not negative, with the same total; shapes ``(r,)`` and ``(c,)``.
    weight
        Not negative, shape ``(r, c)``; a row or column without weight is taken as even.

    Raises
    ------
    ValueError
        The totals differ.
    """
    if rows.sum() != columns.sum():
        raise ValueError(f"rows sum to {rows.sum():,}, columns to {columns.sum():,}")
    fitted = _fitted(rows.astype(np.float64), columns.astype(np.float64), weight)
    down = np.floor(fitted + 1e-6).astype(np.int64)
    down = _lowered(down, rows, columns)
    return down + _rest(rows - down.sum(axis=1), columns - down.sum(axis=0), fitted - down)


def _fitted(rows: FloatArray, columns: FloatArray, weight: FloatArray) -> FloatArray:
    """Scale rows and columns in turn to their sums."""
    table = np.where(weight.sum(axis=1, keepdims=True) > 0, weight, 1.0)
    table = np.where(table.sum(axis=0, keepdims=True) > 0, table, 1.0)
    for _ in range(ROUNDS):
        table *= _ratio(columns, table.sum(axis=0))[None, :]
        table *= _ratio(rows, table.sum(axis=1))[:, None]
        if np.abs(table.sum(axis=0) - columns).max(initial=0.0) < 1e-9 * max(
            1.0, float(columns.max(initial=0.0))
        ):
            break
    return table


def _ratio(wanted: FloatArray, has: FloatArray) -> FloatArray:
    return np.where(has > 0, wanted / np.where(has > 0, has, 1.0), 0.0)


def _lowered(down: IntArray, rows: IntArray, columns: IntArray) -> IntArray:
    """Lower cells, the largest first, where what was rounded down sums to more than it may."""
    found = down.copy()
    for own, sums in ((found, rows), (found.T, columns)):
        for row in np.flatnonzero(own.sum(axis=1) > sums).tolist():
            excess = int(own[row].sum() - sums[row])
            for cell in np.argsort(-own[row], kind="stable").tolist():
                taken = min(excess, int(own[row, cell]))
                own[row, cell] -= taken
                excess -= taken
    return found


def _rest(rows: IntArray, columns: IntArray, part: FloatArray) -> IntArray:
    """Give out what rounding down has left: a unit a cell, the largest remainders first."""
    flow: Any = min_cost_flow.SimpleMinCostFlow()  # its stubs ask for arrays of one width
    places = np.argwhere((rows[:, None] > 0) & (columns[None, :] > 0))
    if not len(places):
        return np.zeros(part.shape, dtype=np.int64)
    tail, head = places[:, 0], places[:, 1] + len(rows)
    remainder = np.clip(part[places[:, 0], places[:, 1]], -1.0, 1.0)
    price = np.rint((1 - 2 * remainder) * FINENESS).astype(np.int64)
    once = np.ones(len(places), dtype=np.int64)
    flow.add_arcs_with_capacity_and_unit_cost(tail, head, once, price)
    least = np.minimum(rows[places[:, 0]], columns[places[:, 1]])
    flow.add_arcs_with_capacity_and_unit_cost(tail, head, least, np.full(len(places), FAR * 3 * FINENESS))
    flow.set_nodes_supplies(np.arange(len(rows) + len(columns)), np.concatenate([rows, -columns]))
    if flow.solve() != flow.OPTIMAL:
        raise QuotaError("amounts could not be split into whole ones")
    given = flow.flows(np.arange(2 * len(places)))
    found = np.zeros(part.shape, dtype=np.int64)
    np.add.at(found, (places[:, 0], places[:, 1]), given[: len(places)] + given[len(places) :])
    return found
