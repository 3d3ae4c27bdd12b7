"""The month-by-month path of headcount with the most expected margin less cost, within limits.

1. The relaxation gives prices of what cells share; at these, arithmetic of our own bounds all plans.
2. Paths of cells that are good at such prices are gathered, and OR-Tools takes one of each (``path_columns``).
3. The plan is bettered cell by cell (``path_polish``).
4. A small program is solved whole, by OR-Tools, as well. For a large one the cells of a role, or of a group
   with managers, are bounded together (``path_family``), and the plan is looked for near that bound
   (``path_inside``); paths are mixed only where none is found.

A plan is called optimal where our own bound meets it, or two solvers of OR-Tools say so; the bound of families is
of one solver.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import sparse

from spm_opt.capacity.path_bound import blocks
from spm_opt.capacity.path_columns import Pool, generated, relaxed
from spm_opt.capacity.path_conflict import conflict_error
from spm_opt.capacity.path_family import families
from spm_opt.capacity.path_inside import inside
from spm_opt.capacity.path_model import Program, program
from spm_opt.capacity.path_polish import polished
from spm_opt.capacity.path_question import Figures, PathQuestion, Steps, broken, figures
from spm_opt.capacity.path_solver import Whole, answered

NODES = 1_000
"""Nodes of a solver's search tree."""
ROUNDS = 60
"""Rounds in which paths of cells are gathered."""
SMALL = 8_000
"""Columns of a program up to which it is solved whole."""
AGREE = 1e-6
"""Relative difference within which a value and its bound are the same."""


@dataclass(frozen=True, eq=False)
class Path:
    """A plan of headcount.

    Attributes
    ----------
    question
        What was asked.
    steps
        Hires, positions given up and moves by cell and month.
    figures
        What it comes to, by plain sums.
    bound
        Profit (margin less cost) that no plan within the limits can beat.
    status
        ``optimal`` where that is proven twice; else ``feasible``, with the bound.
    """

    question: PathQuestion
    steps: Steps
    figures: Figures
    bound: float
    status: Literal["optimal", "feasible"]

    @property
    def gap(self) -> float:
        """How far the profit is below the bound, as a share of the bound."""
        return (self.bound - self.figures.profit) / max(1.0, abs(self.bound))


def path(question: PathQuestion, *, seed: int = 1) -> Path:
    """Find the path of headcount with the most margin less cost.

    Raises
    ------
    HeadcountError
        No path keeps the limits; it names those that clash.
    """
    whole = program(question)
    root = relaxed(whole.gain, whole.low, whole.high, whole.rows, whole.floor, whole.ceiling)
    if root is None:
        raise conflict_error(question)
    cells = blocks(question, whole)
    pool, alone, prices = generated(whole, cells, root.prices[whole.own :], ROUNDS, seed)
    bound, near = alone, None
    if whole.gain.size > SMALL:
        kin = families(question, whole, cells, prices)
        bound -= sum(one.loss for one in kin)
        near = inside(question, whole, cells, prices, kin, bound)
    mixed = [_kept(question, one) for one in _all_together(question, pool)] if near is None else []
    found = [
        polished(question, one)
        for one in (*mixed, near, _kept(question, _today(question)))
        if one is not None
    ]
    proven = False
    if whole.gain.size <= SMALL or not found:
        steps, proven = _whole(question, whole)
        found += [] if steps is None else [steps]
    if not found:
        raise conflict_error(question)
    best = max(found, key=lambda one: figures(question, one).profit)
    made = figures(question, best)
    # a bound that only one solver says makes no plan optimal
    same = proven or alone - made.profit <= AGREE * max(1.0, abs(alone))
    return Path(question, best, made, made.profit if proven else bound, "optimal" if same else "feasible")


def _kept(question: PathQuestion, steps: Steps | None) -> Steps | None:
    """Keep a plan only where it breaks no limit."""
    return None if steps is None or broken(question, steps) else steps


def _today(question: PathQuestion) -> Steps:
    """Leave everything as it is, but for the fewest and most of each cell."""
    positions = np.clip(question.now[:, None], question.fewest(), question.most()[:, None])
    change = np.diff(positions, axis=1, prepend=question.now[:, None])
    none = np.zeros_like(change)
    return Steps(np.maximum(change, 0), np.maximum(-change, 0), none, none)


def _whole(question: PathQuestion, whole: Program) -> tuple[Steps | None, bool]:
    """Solve the whole program by two solvers; say whether they agree on the best."""
    asked = Whole(whole.gain, whole.low, whole.high, whole.rows, whole.floor, whole.ceiling)
    answers = [answered(asked, "highs", NODES), answered(asked, "scip", NODES)]
    steps = [
        None if one.x is None else _kept(question, whole.taken(one.x, question.cells)) for one in answers
    ]
    good = [one for one in steps if one is not None]
    if not good:
        return None, False
    worth = [figures(question, one).profit for one in good]
    agreed = all(one.proven for one in answers) and len(good) == len(answers)
    agreed = agreed and max(worth) - min(worth) <= AGREE * max(1.0, abs(max(worth)))
    return good[int(np.argmax(worth))], agreed


def _all_together(question: PathQuestion, pool: Pool) -> list[Steps | None]:
    """Take one path of each cell, with managers in parts, and with as many as whole ones may need."""
    span = question.limits.span
    return [_together(question, pool, one) for one in ((0,) if span is None else (0, span - 1))]


def _together(question: PathQuestion, pool: Pool, spare: int) -> Steps | None:
    """Take one path of each cell, in whole numbers; movers without a match are hired, or given up.

    Managers are in parts here, of a group for its sellers and some to spare; afterwards whole ones count.
    """
    whole = pool.program
    extra, gain = _unmatched(question, whole)
    mix = pool.mixed(extra, gain)
    managers = mix.rest.size
    first, floor = len(pool.cell), mix.floor.copy()
    floor[len(pool.cells) : len(pool.cells) + managers] += spare
    high = mix.high.copy()
    high[first : first + managers] += 1
    parts = tuple(range(first, first + managers))
    asked = Whole(mix.gain, mix.low, high, mix.rows, floor, mix.ceiling, parts)
    answer = answered(asked, "scip", NODES)
    if answer.x is None:
        return None
    return _matched(question, whole.taken(pool.whole(mix, answer.x), question.cells))


def _unmatched(question: PathQuestion, whole: Program) -> tuple[sparse.csr_matrix, np.ndarray]:
    """Give columns for movers without a match, by role and month: those that are hired, then those that go."""
    shape, count = (whole.rows.shape[0], whole.moving.size), whole.moving.size
    column, months = np.arange(count), question.months
    hire, leave = float(question.hire_cost.max(initial=0.0)), float(question.leave_cost.max(initial=0.0))
    hired, left = sparse.lil_matrix(shape), sparse.lil_matrix(shape)
    hired[whole.moving, column], left[whole.moving, column] = -1.0, 1.0
    for place in column:
        if whole.hiring.size:
            hired[whole.hiring[place % months], place] = 1.0
        for year, row in zip(question.years, whole.spending, strict=False):
            if year.start <= place % months < year.stop:
                hired[row, place], left[row, place] = hire, leave
    gain = np.r_[np.full(count, -3 * hire - 1.0), np.full(count, -leave - 1.0)]
    return sparse.hstack([hired, left]).tocsr()[whole.own :], gain


def _matched(question: PathQuestion, steps: Steps) -> Steps:
    """Turn movers without a match into hires and positions given up."""
    hires, gone, into, away = (one.copy() for one in (steps.hires, steps.gone, steps.into, steps.away))
    for role in sorted(set(question.role)):
        cells = [c for c, one in enumerate(question.role) if one == role]
        for t in range(question.months):
            over = int(into[cells, t].sum() - away[cells, t].sum())
            source, target = (into, hires) if over > 0 else (away, gone)
            for c in cells:
                part = min(abs(over), int(source[c, t]))
                source[c, t] -= part
                target[c, t] += part
                over -= part if over > 0 else -part
    return Steps(hires, gone, into, away)
