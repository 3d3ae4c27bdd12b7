"""A plan of paths made better cell by cell, all else kept, with every limit and whole managers counted.

With the other cells fixed, the best path of one is found month by month over its number of positions: managers
cost whole ones, hires have what is left of the month's limit, and money has a price, after which the budget is
checked. Cells with movers stay as they are.
"""

from __future__ import annotations

import numpy as np

from spm_opt.capacity.path_question import Figures, PathQuestion, Steps, broken, figures
from spm_opt.problem import FloatArray, IntArray

SWEEPS = 6
MONEY = (0.0, 0.05, 0.1, 0.2, 0.4, 0.8)
"""Prices of money tried, on top of itself, until the budget holds."""
BETTER = 1e-9
"""Relative gain that counts."""


def polished(question: PathQuestion, steps: Steps) -> Steps:
    """Make a plan that keeps the limits better, as long as a cell's path can be bettered."""
    best = figures(question, steps).profit
    for _ in range(SWEEPS):
        before = best
        for cell in range(question.cells):
            if steps.into[cell].any() or steps.away[cell].any():
                continue
            steps, best = _bettered(question, steps, best, cell)
        if best - before <= BETTER * abs(best):
            break
    return steps


def _bettered(question: PathQuestion, steps: Steps, best: float, cell: int) -> tuple[Steps, float]:
    made = figures(question, steps)
    for money in MONEY if question.limits.budget is not None else MONEY[:1]:
        positions = _best(question, steps, made, cell, money)
        tried = _changed(question, steps, cell, positions)
        worth = figures(question, tried).profit
        if worth <= best + BETTER * abs(best):
            continue
        if not broken(question, tried):
            return tried, worth
    return steps, best


def _changed(question: PathQuestion, steps: Steps, cell: int, positions: IntArray) -> Steps:
    """Give a cell another path, by hires and positions given up."""
    change = np.diff(positions, prepend=question.now[cell])
    hires, gone = steps.hires.copy(), steps.gone.copy()
    hires[cell], gone[cell] = np.maximum(change, 0), np.maximum(-change, 0)
    return Steps(hires, gone, steps.into, steps.away)


def _best(question: PathQuestion, steps: Steps, made: Figures, cell: int, money: float) -> IntArray:
    """Find the cell's best path at a price of money."""
    top = int(max(question.most()[cell], question.now[cell]))
    count = np.arange(top + 1)
    here, lost = _here(question, made, cell, count, money)
    limit = question.limits.hires
    left = (
        np.full(question.months, top)
        if limit is None
        else limit - steps.hires.sum(axis=0) + steps.hires[cell]
    )
    rise = count[None, :] - count[:, None]
    value, came = np.full(count.size, -np.inf), np.zeros((question.months, count.size), dtype=np.int64)
    value[question.now[cell]] = 0.0
    for t in range(question.months):
        run = np.r_[0.0, np.cumsum(lost[t])]
        grow = -(run[None, :] - run[:, None]) - rise * question.hire_cost[cell] * (1 + money)
        shrink = rise * question.leave_cost[cell] * (1 + money)
        change = np.where(rise > left[t], -np.inf, np.where(rise > 0, grow, shrink))
        through = value[:, None] + change
        came[t] = through.argmax(axis=0)
        value = through[came[t], count] + here[t]
    path = np.zeros(question.months, dtype=np.int64)
    last = int(value.argmax())
    for t in range(question.months - 1, -1, -1):
        path[t] = last
        last = int(came[t, last])
    return path


def _here(
    question: PathQuestion, made: Figures, cell: int, count: IntArray, money: float
) -> tuple[FloatArray, FloatArray]:
    """Give what each number of positions is worth in each month, and what ramps lose, ``(h, n)``."""
    settled = question.settled(cell)
    wide = np.pad(settled, ((0, 0), (0, max(0, count.size - settled.shape[1]))), mode="edge")[:, : count.size]
    here = wide - question.cost[cell][:, None] * count * (1 + money)
    span = question.limits.span
    if span is not None:
        group = question.group_of
        others = made.positions[(group == group[cell])].sum(axis=0) - made.positions[cell]
        here -= -(-(others[:, None] + count) // span) * question.manager_cost * (1 + money)
    allowed = (count >= question.fewest()[cell][:, None]) & (count <= question.most()[cell])
    return np.where(allowed, here, -np.inf), question.lost(wide)
