"""Bounds on the path of headcount with the cells of a role, or of a group, taken together.

What the cells of one family share with no other (moves within a role, managers of a group) is kept in whole
numbers; the rest has prices. A family's program is narrowed to what its best plan may have
(``path_fix``): a plan outside loses more than the slack, so that the family's value is at most the best plan inside,
as two solvers say, or its bound less the slack.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from spm_opt.capacity.path_bound import Block, Priced, priced, reduced
from spm_opt.capacity.path_fix import narrowed
from spm_opt.capacity.path_model import Program
from spm_opt.capacity.path_question import PathQuestion
from spm_opt.capacity.path_solver import GAP, Whole, answered
from spm_opt.problem import BoolArray, FloatArray, IntArray

FIRST = 1e-4
"""Slack tried first, as a share of the bound."""
WIDER = 3.0
"""By how much the slack grows."""
NODES = 1_000
"""Nodes of the search tree for a family."""
COLUMNS = 12_000
"""Most columns of a family's program."""


@dataclass(frozen=True, eq=False)
class Family:
    """What the cells of a family bring at most.

    Attributes
    ----------
    members
        Numbers of its cells.
    gain
        Of all columns, less prices of what other families share; 0 for columns of others.
    most
        What the gain of its columns comes to at most.
    loss
        By how much that is less than where its cells are priced one by one.
    """

    members: IntArray
    gain: FloatArray
    most: float
    loss: float


@dataclass(frozen=True, eq=False)
class Small:
    """A program with only the columns that may differ."""

    whole: Whole
    free: IntArray
    fixed: FloatArray

    def full(self, x: FloatArray) -> FloatArray:
        """Write a solution with all columns."""
        out = self.fixed.copy()
        out[self.free] = x
        return out


def small(
    gain: FloatArray, low: FloatArray, high: FloatArray, rows: sparse.csr_matrix, floor: FloatArray,
    ceiling: FloatArray,
) -> Small:  # fmt: skip
    """Leave out columns with one value, and rows that hold whatever the others are."""
    free = np.flatnonzero(low < high)
    fixed = np.where(low < high, 0.0, low)
    used = rows @ fixed
    kept = rows[:, free].tocsr()
    up, down = kept.maximum(0), kept.minimum(0)
    least, most = up @ low[free] + down @ high[free], up @ high[free] + down @ low[free]
    floor, ceiling = floor - used, ceiling - used
    needed = (least < floor - 1e-6) | (most > ceiling + 1e-6)
    whole = Whole(gain[free], low[free], high[free], kept[needed], floor[needed], ceiling[needed])
    return Small(whole, free, fixed)


def families(
    question: PathQuestion, program: Program, cells: tuple[Block, ...], prices: FloatArray
) -> tuple[Family, ...]:
    """Bound what the cells of a role bring together, or those of a group where its managers cost."""
    costly = question.limits.span is not None and question.manager_cost > 0
    names = np.array(question.group if costly else question.role)
    alone = priced(program, cells, prices)
    return tuple(
        _family(program, cells, prices, alone, np.flatnonzero(names == name)) for name in sorted(set(names))
    )


def _kin(program: Program, cells: tuple[Block, ...], members: IntArray) -> tuple[BoolArray, BoolArray]:
    """Tell a family's columns, and the rows that have no others: its managers, if all who need them are of it."""
    columns, owned = np.zeros((2, program.gain.size), dtype=bool)
    for c, block in enumerate(cells):
        owned[block.columns.ravel()] = True
        columns[block.columns.ravel()] = c in members
    sized = abs(program.rows)
    alone = (sized @ columns.astype(float) > 0) & (sized @ (owned & ~columns).astype(float) == 0)
    joined = (sized[alone].T @ np.ones(int(alone.sum())) > 0) & ~owned
    return columns | joined, alone


def _family(
    program: Program, cells: tuple[Block, ...], prices: FloatArray, alone: Priced, members: IntArray
) -> Family:
    columns, rows = _kin(program, cells, members)
    joined = columns.copy()
    for c in members:
        joined[cells[c].columns.ravel()] = False
    every = reduced(program, prices)[0]
    extra = np.where(every > 0, program.high, program.low)[joined] @ every[joined]
    single = float(alone.values[members].sum() + extra)
    gain = np.where(columns, reduced(program, np.where(rows[program.own :], 0.0, prices))[0], 0.0)
    most, slack = single, FIRST * abs(alone.total)
    while True:
        low, high = narrowed(program, cells, prices, np.full(len(cells), slack))
        low, high = np.where(columns, low, 0.0), np.where(columns, high, 0.0)
        less = small(gain, low, high, program.rows[rows], program.floor[rows], program.ceiling[rows])
        if less.free.size > COLUMNS:
            break
        at_most, value = _most(less, float(gain @ less.fixed))
        most = min(most, max(at_most, single - slack))
        if not np.isfinite(at_most) or most > single - slack:
            break
        slack = min(WIDER * slack, max(single - value, slack) * (1 + 1e-6) + 1.0)
    return Family(members, gain, most, single - most)


def _most(less: Small, constant: float) -> tuple[float, float]:
    """Bound a small program, as a solver proves, and say what its best plan comes to."""
    answer = answered(less.whole, "scip", NODES)
    if answer.x is None:
        return (-np.inf if answer.proven else np.inf), -np.inf
    value = float(less.whole.gain @ answer.x)
    return (value + constant + 2 * GAP * abs(value) if answer.proven else np.inf), value + constant
