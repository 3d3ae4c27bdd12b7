"""Who is hired when, at least cost: the whole-number program of a hiring plan.

    least   sum of hires times what a seller hired then costs until the end
    hours   of each cell and year: those of today's sellers + hires times those of one >= target + buffer
    limits  hires a month over all cells, positions of a cell, what a year costs

Nobody is given up: what fewer sellers would be worth is the matter of the path of headcount.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from spm_opt.capacity.path_solver import Whole, solved
from spm_opt.problem import FloatArray, IntArray

NODES = 20_000
AGREE = 1e-6
NAMES = ("hires_a_month", "most", "budget")


@dataclass(frozen=True, eq=False)
class HiringQuestion:
    """What a hiring plan is asked: ``c`` cells, ``h`` months, ``y`` years.

    Attributes
    ----------
    today
        Expected hours of those who are there, shape ``(c, y)``.
    target
        Hours of each year, shape ``(c, y)``.
    brings
        Expected hours in each year of one hired in each month, shape ``(c, h, y)``.
    costs
        What one hired in each month costs in each year, shape ``(c, h, y)``.
    room
        Positions that may come on top, shape ``(c,)``, or ``None``.
    hires
        Most a month, or ``None``.
    money
        What each year's hires may cost, shape ``(y,)``, or ``None``.
    """

    today: FloatArray
    target: FloatArray
    brings: FloatArray
    costs: FloatArray
    room: IntArray | None
    hires: int | None
    money: FloatArray | None


@dataclass(frozen=True, eq=False)
class Hires:
    """Numbers by cell and month, ``(c, h)``; ``None`` where there are none, or none were found."""

    hires: IntArray | None
    proven: bool


def cheapest(question: HiringQuestion, buffer: FloatArray, kept: tuple[str, ...] = NAMES) -> Hires:
    """Find the cheapest hires whose expected hours exceed the targets by a buffer, by two solvers.

    Parameters
    ----------
    buffer
        Hours by cell and year, shape ``(c, y)``.
    kept
        The limits that hold.
    """
    asked = _whole(question, buffer, kept)
    answers = [solved(asked, "highs", NODES), solved(asked, "scip", NODES)]
    shape = question.costs.shape[:2]
    found = [one.x for one in answers if one.x is not None]
    proven = all(one.proven for one in answers)
    if not found:
        return Hires(None, proven)
    worth = [float(asked.gain @ one) for one in found]
    proven = (
        proven and len(found) == len(answers) and max(worth) - min(worth) <= AGREE * max(1.0, abs(max(worth)))
    )
    return Hires(found[int(np.argmax(worth))].astype(np.int64).reshape(shape), proven)


def _whole(question: HiringQuestion, buffer: FloatArray, kept: tuple[str, ...]) -> Whole:
    cells, months, years = question.costs.shape
    columns = np.arange(cells * months).reshape(cells, months)
    lines: list[tuple[IntArray, FloatArray, float, float]] = []
    for c in range(cells):
        for y in range(years):
            floor = question.target[c, y] + buffer[c, y] - question.today[c, y]
            # where nothing is missing, there is nothing to ask
            if floor > 0:
                lines.append((columns[c], question.brings[c, :, y], floor, np.inf))
        if question.room is not None and "most" in kept:
            lines.append((columns[c], np.ones(months), -np.inf, float(question.room[c])))
    if question.hires is not None and "hires_a_month" in kept:
        lines += [(columns[:, t], np.ones(cells), -np.inf, float(question.hires)) for t in range(months)]
    if question.money is not None and "budget" in kept:
        lines += [
            (columns.ravel(), question.costs[:, :, y].ravel(), -np.inf, float(question.money[y]))
            for y in range(years)
        ]
    row = np.concatenate(
        [np.full(len(one[0]), at) for at, one in enumerate(lines)] or [np.zeros(0, dtype=np.int64)]
    )
    column = np.concatenate([one[0] for one in lines] or [np.zeros(0, dtype=np.int64)])
    amount = np.concatenate([one[1] for one in lines] or [np.zeros(0)])
    rows = sparse.csr_matrix((amount, (row, column)), shape=(len(lines), columns.size))
    most = 1_000.0 if question.hires is None or "hires_a_month" not in kept else float(question.hires)
    return Whole(
        -question.costs.sum(axis=2).ravel(), np.zeros(columns.size), np.full(columns.size, most), rows,
        np.array([one[2] for one in lines]), np.array([one[3] for one in lines]),
    )  # fmt: skip


def clashing(question: HiringQuestion, buffer: FloatArray) -> tuple[str, ...]:
    """Name the limits that the target clashes with: dropped one by one, and none of those left can be."""
    given = {"hires_a_month": question.hires, "most": question.room, "budget": question.money}
    kept = tuple(name for name in NAMES if given[name] is not None)
    for name in kept:
        rest = tuple(one for one in kept if one != name)
        answer = cheapest(question, buffer, rest)
        if answer.hires is None and answer.proven:
            kept = rest
    return kept
