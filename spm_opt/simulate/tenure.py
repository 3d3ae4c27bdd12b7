"""Who sits in each chair in each replication: sellers who stay, leave, are replaced and ramp.

A filled position is left in each month with the same chance, such that the scenario's share of sellers leaves
in a year; at most once a year. It stays empty for a geometric number of months with the scenario's mean, at
least one; then somebody new begins, with the ramp from its first month. While empty it has the productivity
``vacancy``. A position that is vacant today is filled when its start says so, or not in the year. One whose seller's
last day is known is left then, if not before, and filled again as any other.

Productivity counts relative to that of a settled position, which suffers the usual departures too: rates that
history tells were made with them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spm_opt.compiled import inner, outer
from spm_opt.problem import FloatArray, IntArray
from spm_opt.scenario.simulate_settings import Simulation
from spm_opt.simulate.draws import KeyArray, uniforms

LEAVES, STAYS_EMPTY = 0, 1
"""Purposes of a seller's draws."""


@dataclass(frozen=True, eq=False)
class Chairs:
    """Positions as they stand before the year, "no seller" last; ``k`` positions and ``h`` months.

    Attributes
    ----------
    planned
        Productivity by month if nobody leaves, shape ``(k + 1, h)``.
    filled
        First month in which each can be left, ``h`` for one that is not filled; shape ``(k + 1,)``.
    leaves
        Whether its seller leaves on the first day, shape ``(k + 1,)``.
    due
        Month by which each is left, at the latest; ``h`` where nothing is said, shape ``(k + 1,)``.
    levels
        Productivity of a position that was left: empty, then by month of the ramp; full from then on.
    hazard
        Chance to leave in a month.
    refill
        Mean months until it is filled again.
    usual
        Mean productivity of a settled position over the window.
    """

    planned: FloatArray
    filled: IntArray
    leaves: np.ndarray
    due: IntArray
    levels: FloatArray
    hazard: float
    refill: float
    usual: float


def chairs(
    planned: FloatArray, filled: IntArray, leaves: np.ndarray, due: IntArray, rules: Simulation, delay: int
) -> Chairs:
    """Prepare the positions; ``delay`` are months by which ramps start late.

    Productivity of a settled position is worked out from the usual ramp, whatever the stress.
    """
    months = planned.shape[1]
    hazard = 1 - (1 - rules.attrition) ** (1 / 12)
    usual = _settled(months, hazard, rules)
    late = [rules.ramp[0] if rules.ramp else 1.0] * delay
    levels = np.array([rules.vacancy, *late, *rules.ramp, 1.0])
    return Chairs(planned, filled, leaves, due, levels, hazard, rules.refill, usual)


def _settled(months: int, hazard: float, rules: Simulation) -> float:
    """Mean productivity of a position that is filled today."""
    levels = np.array([rules.vacancy, *rules.ramp, 1.0])
    stay = 1 - 1 / rules.refill
    mean = (1 - hazard) ** months
    for leave in range(months):
        chance = hazard * (1 - hazard) ** leave
        left = months - leave
        for empty in range(1, left + 1):
            # the last one stands for every longer vacancy
            likely = stay ** (empty - 1) * (1.0 if empty == left else 1 / rules.refill)
            mean += chance * likely * float(_path(months, leave, empty, levels).mean())
    return mean


def _path(months: int, leave: int, empty: int, levels: FloatArray) -> FloatArray:
    """Productivity by month of a position that is left, empty for some months, and filled again."""
    since = np.arange(months) - leave - empty
    path = levels[np.clip(since + 1, 0, len(levels) - 1)]
    return np.where(np.arange(months) < leave, 1.0, path)


@dataclass(frozen=True, eq=False)
class Seats:
    """What became of the positions in replications, each of shape ``(k + 1, r)``.

    Attributes
    ----------
    leave
        Month in which each was left, the number of months for one that was not.
    empty
        Months until it was filled again.
    year
        Mean productivity, relative to a settled position.
    """

    leave: IntArray
    empty: IntArray
    year: FloatArray


def seated(chairs: Chairs, key: KeyArray, first: int, count: int) -> Seats:
    """Draw who leaves, and how long positions stay empty; "no seller" has the last key, and is never left."""
    months = chairs.planned.shape[1]
    leave = np.full((len(key), count), months, dtype=np.int64)
    if chairs.hazard > 0:
        waits = np.log(uniforms(key, LEAVES, first, count)) / np.log1p(-chairs.hazard)
        leave = np.minimum(chairs.filled[:, None] + waits.astype(np.int64), months)
    leave = np.minimum(leave, chairs.due[:, None])
    leave = np.where((chairs.filled >= months)[:, None], months, leave)
    leave = np.where(chairs.leaves[:, None], 0, leave)
    empty = np.ones_like(leave)
    if chairs.refill > 1:
        wait = np.log(uniforms(key, STAYS_EMPTY, first, count)) / np.log1p(-1 / chairs.refill)
        empty += wait.astype(np.int64)
    year = np.empty(leave.shape)
    _mean_level(chairs.planned, chairs.levels, leave, empty, year)
    return Seats(leave, empty, year / chairs.usual)


@inner
def level(planned, levels, leave, empty, month):  # type: ignore[no-untyped-def]
    """Give the productivity of a position in a month."""
    if month < leave:
        return planned[month]
    return levels[min(max(month - leave - empty + 1, 0), len(levels) - 1)]


@outer
def _mean_level(planned, levels, leave, empty, out):  # type: ignore[no-untyped-def]
    months = planned.shape[1]
    for t in range(out.shape[0]):
        for r in range(out.shape[1]):
            total = 0.0
            for month in range(months):
                total += level(planned[t], levels, leave[t, r], empty[t, r], month)
            out[t, r] = total / months
