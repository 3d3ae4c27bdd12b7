"""Many good paths of each cell, and the plan that takes one of each.

Column generation (Dantzig and Wolfe 1960): a small program mixes the paths that are known; its prices find
better ones, until there are none. Then one path of each cell is chosen, in whole numbers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy import sparse
from scipy.optimize import linprog

from spm_opt.capacity.path_bound import Block, Priced, priced
from spm_opt.capacity.path_model import Program
from spm_opt.problem import BoolArray, FloatArray, IntArray

AROUND = 12
"""Prices tried around those of the relaxation before the first mix."""
APART = (0.05, 0.5)
"""By how much of themselves these differ, as standard deviations of their logarithms."""
MOST_EXTRA = 1000.0
"""Most of an extra column."""
NEAR = 1e-7
"""Relative distance from the bound at which a mix is as good as it gets."""


@dataclass(eq=False)
class Pool:
    """Paths that are known, in the order they were found."""

    program: Program
    cells: tuple[Block, ...]
    known: set[tuple[int, bytes]] = field(default_factory=set)
    cell: list[int] = field(default_factory=list)
    path: list[BoolArray] = field(default_factory=list)
    value: list[float] = field(default_factory=list)
    shared: list[FloatArray] = field(default_factory=list)

    def take(self, found: Priced) -> int:
        """Keep the paths that are new; say how many."""
        before = len(self.cell)
        for c, (block, path) in enumerate(zip(self.cells, found.paths, strict=True)):
            key = (c, np.packbits(path).tobytes())
            if key not in self.known:
                self.known.add(key)
                flat = path.ravel().astype(np.float64)
                self.cell.append(c)
                self.path.append(path)
                self.value.append(float(self.program.gain[block.columns.ravel()] @ flat))
                self.shared.append(block.shared @ flat)
        return len(self.cell) - before

    def mixed(self, extra: sparse.csr_matrix | None = None, gain: FloatArray | None = None) -> Mix:
        """Write down the program that mixes the paths.

        Columns are the paths, then what is no cell's, then extra ones of the shared rows with their gains.
        """
        program, count = self.program, len(self.cell)
        own = np.zeros(program.gain.size, dtype=bool)
        for block in self.cells:
            own[block.columns.ravel()] = True
        rest = np.flatnonzero(~own)
        one = sparse.csr_matrix(
            (np.ones(count), (self.cell, np.arange(count))), shape=(len(self.cells), count)
        )
        shared = [sparse.csr_matrix(np.array(self.shared).T), program.rows[program.own :][:, rest]]
        shared += [] if extra is None else [extra]
        more = np.zeros(0) if gain is None else gain
        none = sparse.csr_matrix((len(self.cells), rest.size + more.size))
        rows = sparse.vstack([sparse.hstack([one, none]), sparse.hstack(shared)]).tocsr()
        ones = np.ones(len(self.cells))
        return Mix(
            np.r_[self.value, program.gain[rest], more],
            np.r_[np.zeros(count), program.low[rest], np.zeros(more.size)],
            np.r_[np.ones(count), program.high[rest], np.full(more.size, MOST_EXTRA)],
            rows,
            np.r_[ones, program.floor[program.own :]],
            np.r_[ones, program.ceiling[program.own :]],
            rest,
        )

    def whole(self, mix: Mix, chosen: FloatArray) -> FloatArray:
        """Write a choice of one path of each cell as a solution of the whole program."""
        x = np.zeros(self.program.gain.size)
        for number in np.flatnonzero(chosen[: len(self.cell)] > 0.5):  # noqa: PLR2004  yes or no
            block = self.cells[self.cell[number]]
            x[block.columns.ravel()] = self.path[number].ravel()
        x[mix.rest] = np.rint(chosen[len(self.cell) : len(self.cell) + mix.rest.size])
        return x


@dataclass(frozen=True, eq=False)
class Mix:
    """The program over paths: gains, limits of columns, rows and their limits; ``rest`` are columns of the whole."""

    gain: FloatArray
    low: FloatArray
    high: FloatArray
    rows: sparse.csr_matrix
    floor: FloatArray
    ceiling: FloatArray
    rest: IntArray


@dataclass(frozen=True, eq=False)
class Relaxed:
    """A relaxation's value and the prices of its rows, or ``None`` where it has no solution."""

    value: float
    prices: FloatArray


def relaxed(
    gain: FloatArray, low: FloatArray, high: FloatArray, rows: sparse.csr_matrix, floor: FloatArray,
    ceiling: FloatArray,
) -> Relaxed | None:  # fmt: skip
    """Solve without whole numbers (dual simplex); ``None`` where there is no solution."""
    same = floor == ceiling
    above, below = ~same & np.isfinite(ceiling), ~same & np.isfinite(floor)
    scale = float(np.abs(gain).max(initial=1.0)) / 1000
    inequalities = sparse.vstack([rows[above], -rows[below]]).tocsr()
    limits = np.r_[ceiling[above], -floor[below]]
    solve: Any = linprog  # its stubs know no sparse rows
    found = solve(
        -gain / scale,
        inequalities if len(limits) else None,
        limits if len(limits) else None,
        rows[same] if same.any() else None,
        floor[same] if same.any() else None,
        np.column_stack([low, high]),
        method="highs-ds",
    )
    if found.x is None:
        return None
    prices = np.zeros(len(floor))
    if len(limits):
        count = int(above.sum())
        prices[above] = -found.ineqlin.marginals[:count]
        prices[below] += found.ineqlin.marginals[count:]
    if same.any():
        prices[same] = -found.eqlin.marginals
    return Relaxed(-float(found.fun) * scale, prices * scale)


def generated(
    program: Program, cells: tuple[Block, ...], prices: FloatArray, rounds: int, seed: int
) -> tuple[Pool, float, FloatArray]:
    """Find paths from the prices of the relaxation on; return them, the best bound that was met, and its prices."""
    pool, rng = Pool(program, cells), np.random.default_rng(seed)
    moving = bool(program.moving.size)
    best, where = np.inf, prices

    def look(at: FloatArray) -> int:
        nonlocal best, where
        found = priced(program, cells, at)
        if found.total < best:
            best, where = found.total, at
        fresh = pool.take(found)
        return fresh + (pool.take(priced(program, cells, at, moving=False)) if moving else 0)

    look(prices)
    look(np.zeros(prices.size))
    for spread in APART:
        for _ in range(AROUND):
            look(prices * np.exp(rng.normal(0, spread, prices.size)))
    for _ in range(rounds):
        mix = pool.mixed()
        answer = relaxed(mix.gain, mix.low, mix.high, mix.rows, mix.floor, mix.ceiling)
        if answer is None:
            look(prices * np.exp(rng.normal(1, 1, prices.size)))
            continue
        at = answer.prices[len(cells) :]
        if not look(at) + look((prices + at) / 2):
            break
        if best - program.constant - answer.value <= NEAR * abs(answer.value):
            break
    return pool, best, where
