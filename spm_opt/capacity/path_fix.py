"""What a good plan cannot have: positions and steps that lose too much at prices of what cells share.

At any prices, a cell's best path is known, and the best that goes through a number of positions in a month or takes
a step (forward and backward over months). What that path is worse than the best, every plan with it is below the
bound of all plans. So whoever looks for plans at most so much below the bound leaves it out (Lagrangian probing,
as by reduced costs).
"""

from __future__ import annotations

import numpy as np

from spm_opt.capacity.path_bound import Block, reduced
from spm_opt.capacity.path_model import Program
from spm_opt.problem import FloatArray

ROUNDING = 1e-12
"""Room for rounding, as a share of the sum of all gains."""


def lossy(block: Block, gain: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Say what a cell loses at least against its best path, at some gains of its columns.

    Returns
    -------
    tuple
        Where a position is there, where it is not, each of shape ``(n, h)``; and where a step is taken, by kind,
        ``(2 or 4, n, h)``.
    """
    ups, downs = gain[1::2], gain[2::2]
    up, down = ups.max(axis=0), downs.max(axis=0)
    number, arc = _through(block, gain[0], up, down)
    size, months = up.shape
    there, empty = np.full((size, months), np.inf), np.full((size, months), np.inf)
    steps = np.full((len(gain) - 1, size, months), np.inf)
    for p in range(size):
        there[p], empty[p] = number[:, p + 1 :].min(axis=1), number[:, : p + 1].min(axis=1)
        # an amount that is not the best of its direction loses the difference on top
        steps[::2, p] = arc[:, : p + 1, p + 1 :].min(axis=(1, 2)) + up[p] - ups[:, p]
        steps[1::2, p] = arc[:, p + 1 :, : p + 1].min(axis=(1, 2)) + down[p] - downs[:, p]
    return there, empty, steps


def _through(
    block: Block, stays: FloatArray, up: FloatArray, down: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Say what paths lose through each number in a month, ``(h, n + 1)``, and from one to another."""
    run, run_up, run_down = (np.pad(np.cumsum(one, axis=0), ((1, 0), (0, 0))).T for one in (stays, up, down))
    here = np.where(block.allowed, run, -np.inf)
    months, numbers = here.shape
    count = np.arange(numbers)
    change = np.where(
        count[None, :] > count[:, None],
        run_up[:, None, :] - run_up[:, :, None],
        run_down[:, :, None] - run_down[:, None, :],
    )
    ahead, after = np.full((months + 1, numbers), -np.inf), np.zeros((months, numbers))
    ahead[0, block.now] = 0.0
    for t in range(months):
        ahead[t + 1] = (ahead[t][:, None] + change[t]).max(axis=0) + here[t]
    for t in range(months - 1, 0, -1):
        after[t - 1] = (change[t] + (here[t] + after[t])[None, :]).max(axis=1)
    best = ahead[-1].max()
    arc = best - (ahead[:-1, :, None] + change + (here + after)[:, None, :])
    return best - (ahead[1:] + after), arc


def narrowed(
    program: Program, cells: tuple[Block, ...], prices: FloatArray, slacks: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Give limits of columns that all plans keep in which each cell loses no more than its slack.

    A plan below the bound at these prices by so much or less is such a plan.
    """
    gain = reduced(program, prices)[0]
    low, high = program.low.copy(), program.high.copy()
    slacks = slacks + ROUNDING * float(np.abs(gain).sum())
    for block, slack in zip(cells, slacks, strict=True):
        there, empty, steps = lossy(block, gain[block.columns])
        high[block.columns[0][there > slack]] = 0.0
        low[block.columns[0][empty > slack]] = 1.0
        high[block.columns[1:][steps > slack]] = 0.0
    return low, high
