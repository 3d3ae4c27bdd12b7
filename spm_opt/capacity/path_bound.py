"""Bounds on the path of headcount, and best paths of single cells, by arithmetic of our own.

Prices on what cells share leave each cell to itself: its best path is found month by month over its number of
positions (dynamic programming). Whatever the prices, the sum is a bound for all plans (Lagrangian relaxation,
Geoffrion 1974); no solver is believed for it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from spm_opt.capacity.path_model import Program
from spm_opt.capacity.path_question import PathQuestion
from spm_opt.problem import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Block:
    """What belongs to one cell of ``n`` positions.

    Attributes
    ----------
    columns
        Its columns of the program: there, hires, gone, into, away (the last two perhaps missing), each by
        position and month, shape ``(3 or 5, n, h)``.
    shared
        Their amounts in the rows that cells share.
    allowed
        Which numbers of positions the limits allow, shape ``(h, n + 1)``.
    now
        Positions today.
    """

    columns: IntArray
    shared: sparse.csr_matrix
    allowed: BoolArray
    now: int


@dataclass(frozen=True, eq=False)
class Priced:
    """The best paths of cells at some prices.

    Attributes
    ----------
    total
        What no plan can beat.
    values
        Value of each cell's best path at these prices, shape ``(c,)``.
    paths
        Of each cell the block's columns that are one, as a boolean array of the block's shape.
    """

    total: float
    values: FloatArray
    paths: tuple[BoolArray, ...]


def blocks(question: PathQuestion, program: Program) -> tuple[Block, ...]:
    """Cut a program into cells."""
    shared = program.rows[program.own :].tocsc()
    fewest, most = question.fewest(), question.most()
    made = []
    for c in range(question.cells):
        of_cell = np.flatnonzero(program.cell == c)
        kinds = [program.there, *(one for one in program.steps if one.size)]
        columns = np.stack([one[of_cell] for one in kinds])
        count = np.arange(of_cell.size + 1)
        allowed = (count >= fewest[c][:, None]) & (count <= most[c])
        made.append(Block(columns, shared[:, columns.ravel()].tocsr(), allowed, int(question.now[c])))
    return tuple(made)


def priced(program: Program, cells: tuple[Block, ...], prices: FloatArray, *, moving: bool = True) -> Priced:
    """Price what cells share, find each cell's best path, and bound all plans.

    Parameters
    ----------
    prices
        Of the shared rows: above 0 where the ceiling holds, below where the floor does; a price of a side that a
        row has not counts as 0.
    moving
        Whether sellers may move; where not, the total bounds only plans without.
    """
    floor, ceiling = program.floor[program.own :], program.ceiling[program.own :]
    gain, prices = reduced(program, prices)
    limit = np.where(prices > 0, ceiling, np.where(prices < 0, floor, 0.0))
    rest = np.where(gain > 0, program.high, program.low) * gain
    for cell in cells:
        rest[cell.columns.ravel()] = 0.0
    found = [_best(cell, gain[cell.columns], moving=moving) for cell in cells]
    values = np.array([value for value, _ in found])
    total = program.constant + float(prices @ limit) + float(rest.sum()) + float(values.sum())
    return Priced(total, values, tuple(path for _, path in found))


def reduced(program: Program, prices: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Give what columns bring less the prices of what they share, and the prices that count."""
    floor, ceiling = program.floor[program.own :], program.ceiling[program.own :]
    prices = np.where(np.isfinite(ceiling), prices, np.minimum(prices, 0.0))
    prices = np.where(np.isfinite(floor), prices, np.maximum(prices, 0.0))
    return program.gain - program.rows[program.own :].T @ prices, prices


def _best(cell: Block, gain: FloatArray, *, moving: bool) -> tuple[float, BoolArray]:
    """Find a cell's best path: its value, and which of its columns are one."""
    if not moving:
        gain = np.concatenate([gain[:3], np.full(gain[3:].shape, -np.inf)])
    stays, up, down = gain[0], gain[1], gain[2]
    if len(gain) > 3:  # noqa: PLR2004  sellers may move as well
        up, down = np.maximum(up, gain[3]), np.maximum(down, gain[4])
    run, run_up, run_down = (np.pad(np.cumsum(one, axis=0), ((1, 0), (0, 0))).T for one in (stays, up, down))
    here = np.where(cell.allowed, run, -np.inf)
    count = np.arange(here.shape[1])
    rises = count[None, :] > count[:, None]
    months = len(here)
    value, came = np.full(count.size, -np.inf), np.zeros((months, count.size), dtype=np.int64)
    value[cell.now] = 0.0
    for t in range(months):
        change = np.where(
            rises, run_up[t][None, :] - run_up[t][:, None], run_down[t][:, None] - run_down[t][None, :]
        )
        through = value[:, None] + change
        came[t] = through.argmax(axis=0)
        value = through[came[t], count] + here[t]
    last = int(value.argmax())
    return float(value[last]), _walked(gain, came, last)


def _walked(gain: FloatArray, came: IntArray, last: int) -> BoolArray:
    """Go a best path back from its last month."""
    path = np.zeros(gain.shape, dtype=bool)
    for t in range(len(came) - 1, -1, -1):
        before = int(came[t, last])
        path[0, :last, t] = True
        low, high = min(before, last), max(before, last)
        first = 1 if last > before else 2
        kind = first
        for place in range(low, high):
            if len(gain) > 3:  # noqa: PLR2004  sellers may move as well
                kind = first + 2 * int(gain[first + 2, place, t] > gain[first, place, t])
            path[kind, place, t] = True
        last = before
    return path
