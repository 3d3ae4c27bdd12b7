"""The path of headcount as a whole-number program.

For each cell, position and month one yes or no says whether the position is there. A position needs the one
before it, and changes of a month are hires, moves or positions given up. All of it is a sum over positions,
whatever the shape of the curve; within a cell the program is a network, whose relaxation is whole by itself, so
that only what cells share (budget, hires, moves, managers) makes fractions.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from scipy import sparse

from spm_opt.capacity.path_question import YEAR, PathQuestion, Steps
from spm_opt.problem import BoolArray, FloatArray, IntArray

Terms = list[tuple[IntArray, FloatArray]]


@dataclass(frozen=True, eq=False)
class Program:
    """Maximise ``gain @ x + constant`` with ``low <= x <= high``, ``floor <= rows @ x <= ceiling``, some whole.

    Attributes
    ----------
    cell
        Cell of each of the ``p`` positions there may be, in order within a cell, shape ``(p,)``.
    there
        Columns that say which positions are there, shape ``(p, h)``.
    steps
        Columns of hires, positions given up, arrivals and those who go, each of shape ``(p, h)``; the last two
        empty where nobody moves.
    own
        Rows that belong to one cell each; those after are of what cells share.
    hiring, moving, spending
        Rows of hires by month, of moves by role and month, and of the budget by year; empty where not limited.
    """

    gain: FloatArray
    low: FloatArray
    high: FloatArray
    whole: BoolArray
    rows: sparse.csr_matrix
    floor: FloatArray
    ceiling: FloatArray
    constant: float
    cell: IntArray
    there: IntArray
    steps: tuple[IntArray, ...]
    own: int
    hiring: IntArray
    moving: IntArray
    spending: IntArray

    def taken(self, x: FloatArray, cells: int) -> Steps:
        """Read the path out of a solution; who would go and come in one month stays."""
        whole = np.rint(x).astype(np.int64)
        months = self.steps[0].shape[1]
        found = [np.zeros((cells, months), dtype=np.int64) for _ in range(4)]
        for into, columns in zip(found, self.steps, strict=True):
            if columns.size:
                np.add.at(into, self.cell, whole[columns])
        hires, gone, into, away = found
        both = np.minimum(into, away)
        return Steps(hires, gone, into - both, away - both)


@dataclass(eq=False)
class _Sheet:
    """Columns and rows as they come."""

    high: list[FloatArray] = field(default_factory=list)
    low: list[FloatArray] = field(default_factory=list)
    gain: list[FloatArray] = field(default_factory=list)
    columns: int = 0
    entries: list[tuple[IntArray, IntArray, FloatArray]] = field(default_factory=list)
    floor: list[FloatArray] = field(default_factory=list)
    ceiling: list[FloatArray] = field(default_factory=list)
    rows: int = 0

    def add(self, shape: tuple[int, ...], low: FloatArray | float, high: FloatArray | float) -> IntArray:
        """Add columns; return their numbers in the shape."""
        count = int(np.prod(shape))
        self.low.append(np.broadcast_to(np.asarray(low, dtype=np.float64), shape).ravel())
        self.high.append(np.broadcast_to(np.asarray(high, dtype=np.float64), shape).ravel())
        self.columns += count
        return np.arange(self.columns - count, self.columns).reshape(shape)

    def rules(self, terms: Terms, floor: FloatArray | float, ceiling: FloatArray | float) -> None:
        """Add rows: a term has columns by row in its first axis, and an amount for each."""
        count = len(terms[0][0])
        for columns, amounts in terms:
            each = columns.reshape(count, -1)
            row = np.repeat(np.arange(self.rows, self.rows + count), each.shape[1])
            self.entries.append((row, each.ravel(), np.broadcast_to(amounts, columns.shape).ravel()))
        self.floor.append(np.broadcast_to(np.asarray(floor, dtype=np.float64), (count,)))
        self.ceiling.append(np.broadcast_to(np.asarray(ceiling, dtype=np.float64), (count,)))
        self.rows += count


def program(question: PathQuestion) -> Program:
    """Write a question down as a whole-number program."""
    sheet, months = _Sheet(), question.months
    top = np.maximum(question.most(), question.now)
    cell = np.repeat(np.arange(question.cells), top)
    order = np.concatenate([np.arange(one) for one in top]) if cell.size else cell
    shape = (cell.size, months)
    always = order[:, None] < question.fewest()[cell]
    never = order >= question.most()[cell]
    there = sheet.add(shape, np.where(never[:, None], 0, always), np.where(never, 0.0, 1.0)[:, None])
    none = np.zeros((0, months), dtype=np.int64)
    moves = [none, none] if question.limits.move is None else [sheet.add(shape, 0.0, 1.0) for _ in range(2)]
    steps = (sheet.add(shape, 0.0, 1.0), sheet.add(shape, 0.0, 1.0), *moves)
    _network(sheet, question, cell, order, there, steps)
    own = sheet.rows
    managers = _managers(sheet, question, cell, there)
    gain, spent, constant = _amounts(question, cell, there, steps, managers)
    limited = _shared(sheet, question, cell, steps, spent)
    row, column, amount = (np.concatenate(part) for part in zip(*sheet.entries, strict=True))
    rows = sparse.csr_matrix((amount, (row, column)), shape=(sheet.rows, sheet.columns))
    full = np.zeros(sheet.columns)
    for columns, amounts in gain:
        full[columns] += amounts
    for columns, amounts in spent:
        full[columns] -= amounts
    return Program(
        full, np.concatenate(sheet.low), np.concatenate(sheet.high), np.ones(sheet.columns, dtype=bool), rows,
        np.concatenate(sheet.floor), np.concatenate(sheet.ceiling), constant, cell, there, steps, own, *limited,
    )  # fmt: skip


def _network(
    sheet: _Sheet, question: PathQuestion, cell: IntArray, order: IntArray, there: IntArray,
    steps: tuple[IntArray, ...],
) -> None:  # fmt: skip
    """Let a position need the one before it, and change only by a step."""
    upper = np.flatnonzero(order > 0)
    one = np.ones(1)
    sheet.rules([(there[upper - 1].ravel(), one), (there[upper].ravel(), -one)], 0.0, np.inf)
    for sign, columns in zip((-1.0, 1.0, -1.0, 1.0), steps, strict=True):
        if columns.size:
            sheet.entries.append((
                np.arange(sheet.rows, sheet.rows + there.size), columns.ravel(), np.full(there.size, sign),
            ))  # fmt: skip
    later = there[:, 1:]
    rows = np.arange(sheet.rows, sheet.rows + there.size).reshape(there.shape)
    sheet.entries.append((rows[:, 1:].ravel(), there[:, :-1].ravel(), np.full(later.size, -1.0)))
    start = np.zeros(there.shape)
    start[:, 0] = order < question.now[cell]
    sheet.rules([(there.ravel(), one)], start.ravel(), start.ravel())
    # who comes takes a position that is new: nobody is replaced within the month
    arrives = [(columns[:, 1:].ravel(), one) for columns in (steps[0], steps[2]) if columns.size]
    sheet.rules([*arrives, (there[:, :-1].ravel(), one)], -np.inf, 1.0)
    # and who goes was there before: nobody comes and goes within the month
    sheet.rules([*arrives, (there[:, 1:].ravel(), -one)], -np.inf, 0.0)


def _managers(sheet: _Sheet, question: PathQuestion, cell: IntArray, there: IntArray) -> IntArray:
    """Count managers: at least the sellers of a group divided by the span; by group and month."""
    span, months = question.limits.span, question.months
    if span is None:
        return np.zeros((0, months), dtype=np.int64)
    group = question.group_of[cell]
    heads = np.bincount(group, minlength=len(question.groups))
    managers = sheet.add((len(question.groups), months), 0.0, -(-heads // span)[:, None].astype(np.float64))
    for g in range(len(question.groups)):
        sheet.rules(
            [(managers[g], np.array([float(span)])), (there[group == g].T, np.array([-1.0]))], 0.0, np.inf
        )
    return managers


def _amounts(
    question: PathQuestion, cell: IntArray, there: IntArray, steps: tuple[IntArray, ...], managers: IntArray
) -> tuple[Terms, Terms, float]:
    """Give what columns bring and what they cost, by month in the last axis, and the margin without anybody."""
    brings, lost, constant = [], [], 0.0
    for c in range(question.cells):
        count = int((cell == c).sum())
        settled = question.settled(c)
        constant += float(settled[:, 0].sum())
        # positions beyond the curve are given up at once, and bring nothing meanwhile
        beyond = ((0, 0), (0, max(0, count + 1 - settled.shape[1])))
        settled = np.pad(settled, beyond, mode="edge")[:, : count + 1]
        brings.append(np.diff(settled, axis=1).T)
        lost.append(question.lost(settled).T)
    hires, gone, into, _ = steps
    gain = [(there, np.concatenate(brings)), (hires, -np.concatenate(lost))]
    spent = [
        (there, question.cost[cell]),
        (hires, np.broadcast_to(question.hire_cost[cell][:, None], hires.shape)),
        (gone, np.broadcast_to(question.leave_cost[cell][:, None], gone.shape)),
        (into, np.full(into.shape, question.limits.move or 0.0)),
        (managers, np.full(managers.shape, question.manager_cost)),
    ]
    return gain, spent, constant


def _shared(
    sheet: _Sheet, question: PathQuestion, cell: IntArray, steps: tuple[IntArray, ...], spent: Terms
) -> tuple[IntArray, IntArray, IntArray]:
    """Hold what cells share: hires of a month, movers that arrive where others left, and a year's budget."""
    limits, one = question.limits, np.ones(1)
    hires, _, into, away = steps
    marks = [sheet.rows]
    if limits.hires is not None:
        sheet.rules([(hires.T, one)], -np.inf, float(limits.hires))
    marks.append(sheet.rows)
    for role in sorted(set(question.role)) if into.size else ():
        of_role = np.array([one == role for one in question.role])[cell]
        sheet.rules([(into[of_role].T, one), (away[of_role].T, -one)], 0.0, 0.0)
    marks.append(sheet.rows)
    for year in question.years if limits.budget is not None else ():
        share = (year.stop - year.start) / YEAR
        terms = [(c[:, year].reshape(1, -1), a[:, year].reshape(1, -1)) for c, a in spent if c.size]
        sheet.rules(terms, -np.inf, float(limits.budget or 0.0) * share)
    marks.append(sheet.rows)
    first, second, third = (np.arange(a, b) for a, b in pairwise(marks))
    return first, second, third
