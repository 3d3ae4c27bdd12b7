"""The whole program, narrowed to where plans near the bound are, and solved.

A plan near the bound of families loses in each of its cells no more than its family has to, and what it is below
the bound; all else is left out, and what a cell would lose beyond a cap. What families bring at most is a row for each, so that the relaxation knows it.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from spm_opt.capacity.path_bound import Block
from spm_opt.capacity.path_family import Family, Small, small
from spm_opt.capacity.path_fix import narrowed
from spm_opt.capacity.path_model import Program
from spm_opt.capacity.path_question import PathQuestion, Steps, broken
from spm_opt.capacity.path_solver import answered
from spm_opt.problem import FloatArray

NEAR = 2e-5
"""How far below the bound plans are looked for, as a share of it."""
CAP = 2e-4
"""Most that a cell may lose there, as a share of the bound."""
COLUMNS = 9_000
"""Most columns of a program."""
NODES = 100
"""Nodes of its search tree."""


def inside(
    question: PathQuestion, program: Program, cells: tuple[Block, ...], prices: FloatArray,
    kin: tuple[Family, ...], bound: float,
) -> Steps | None:  # fmt: skip
    """Find the best plan near the bound, or ``None`` where that is too much or finds none."""
    less = _near(program, cells, prices, kin, NEAR * abs(bound), CAP * abs(bound))
    if less.free.size > COLUMNS:
        return None
    answer = answered(less.whole, "scip", NODES)
    if answer.x is None:
        return None
    steps = program.taken(less.full(answer.x), question.cells)
    return None if broken(question, steps) else steps


def _near(
    program: Program, cells: tuple[Block, ...], prices: FloatArray, kin: tuple[Family, ...], near: float,
    cap: float,
) -> Small:  # fmt: skip
    slacks = np.zeros(len(cells))
    for one in kin:
        slacks[one.members] = min(one.loss + near, cap)
    low, high = narrowed(program, cells, prices, slacks)
    rows = sparse.vstack([program.rows, *(sparse.csr_matrix(one.gain) for one in kin)]).tocsr()
    most = np.array([one.most for one in kin])
    return small(
        program.gain, low, high, rows, np.r_[program.floor, np.full(most.size, -np.inf)],
        np.r_[program.ceiling, most],
    )  # fmt: skip
