"""Search with moving centers, where territories are interchangeable: moves, swaps, and centers that go elsewhere.

Annealing over moves and swaps of units comes first, every territory always measured to the best of its units.
Then neighbourhoods: one center is closed and another opened, or nothing is moved, and what lies around is
annealed for a moment; the plan stays where it is no worse. Limits are kept by penalties.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from spm_opt.align.effort import Clock
from spm_opt.align.median import Median
from spm_opt.align.medoids import Ground, State, anneal, keep_best, lay_out
from spm_opt.align.relocate import disturb
from spm_opt.align.result import PROVEN
from spm_opt.problem import FloatArray, IntArray

CLOSE, FEWEST_CLOSE, MOST_CLOSE = 3, 20, 400
"""Units near each one that it may follow: so many territories' worth, at least and at most."""
TEMPERATURES = 100
"""Steps of cooling."""
HOT, COLD = 0.5, 0.02
"""First and last temperature, in mean points of a unit."""
STILL = 0.05
"""Share of the steps, at the end, that accept improvements only."""
STIFF, SOFT = 10.0, 0.5
"""Penalty of breaking a limit by a mean unit: in temperatures, and at least in mean points of a unit."""
DEARER, CHEAPER, DEAREST = 1.1, 0.95, 1e4
"""How the penalty of a limit changes with every step in which it is broken, or kept, and how far."""
EACH, HEAT = 100, 0.5
"""Proposals for each unit of a neighbourhood, and its highest temperature in mean points of a unit."""
CHUNK, AFRESH = 10, 100
"""Neighbourhoods between two looks at the clock, and such looks between sums taken afresh."""
TRIAL = 20_000
"""Proposals that measure the speed, where a time limit is set."""
FIRST = 0.5
"""Share of the time for the annealing."""


@dataclass(frozen=True, eq=False)
class Interchanged:
    """What the search came to.

    Attributes
    ----------
    label
        Territory of each unit, shape ``(n,)``: the best plan that keeps the limits, or the least broken.
    violation, value
        Relative violation of all limits, and the points with the best centers.
    work
        Moves and neighbourhoods looked at.
    complete
        Whether the search ran to its end rather than being stopped.
    stalled
        Whether the latter half of the neighbourhoods brought nothing: another start may bring more.
    """

    label: IntArray
    violation: float
    value: float
    work: dict[str, int]
    complete: bool
    stalled: bool


def interchange(
    median: Median,
    start: IntArray | None,
    *,
    proposals: int,
    neighbourhoods: int,
    seed: int,
    clock: Clock,
    bound: float = -np.inf,
) -> Interchanged:
    """Choose centers and assign units to them by local search.

    Parameters
    ----------
    median
        The problem; at least as many units as territories.
    start
        Territory of each unit in a plan to begin from, shape ``(n,)``: none may be empty, and where contiguity is
        asked each must hang together. Without it units are drawn as centers, and annealing comes first.
    proposals
        Moves that the annealing looks at.
    neighbourhoods
        Neighbourhoods that are searched afterwards.
    seed, clock
        Which draws, and until when.
    bound
        Points that no plan can beat; the search ends where they are reached.
    """
    search = _Search(median, seed, clock, bound)
    done, complete = 0, True
    if start is None:
        lay_out(search.ground, search.state, _drawn(median, seed))
        done, complete = search.cool(proposals)
    else:
        lay_out(search.ground, search.state, np.ascontiguousarray(start, dtype=np.int64))
        search.look()
    tried, last = search.wander(neighbourhoods)
    work = {"proposals": done, "neighbourhoods": tried}
    complete = complete and (tried >= neighbourhoods or search.reached)
    return Interchanged(
        search.best,
        float(search.out[0]),
        float(search.out[1]) + median.constant,
        work,
        complete,
        2 * last <= tried,
    )


class _Search:
    """The compiled state of one search, and how it is driven."""

    def __init__(self, median: Median, seed: int, clock: Clock, bound: float) -> None:
        n, m = median.activity.shape
        self.ground, self.state = _ground(median), _state(n, median.k, m, seed)
        self.clock, self.bound, self.constant = clock, bound, median.constant
        self.best, self.out, self.beyond = np.zeros(n, dtype=np.int64), np.full(2, np.inf), np.zeros(m)
        mean = np.abs(median.activity).mean(axis=0)
        self.unit: FloatArray = np.where(mean > 0, mean, 1.0)
        self.boost: FloatArray = np.ones(m)

    @property
    def reached(self) -> bool:
        """Whether nothing better can exist."""
        value = self.out[1] + self.constant
        return bool(
            np.isfinite(self.bound)
            and self.out[0] <= 0
            and value - self.bound <= PROVEN * max(1.0, abs(self.bound))
        )

    def going(self) -> bool:
        """Whether there is time left and something to gain; reports progress."""
        value = float(self.out[1]) + self.constant if self.out[0] <= 0 else np.inf
        return self.clock.tell("search", value, float(self.out[0]), self.bound) and not self.reached

    def look(self) -> None:
        """Write down the present plan where it is the best."""
        keep_best(self.ground, self.state, self.best, self.out)

    def cool(self, proposals: int) -> tuple[int, bool]:
        """Anneal from hot to cold; returns proposals looked at, and whether they were all."""
        fitting = min(proposals, self._fitting())
        each, hot, done = max(1, fitting // TEMPERATURES), HOT * self._mean(), 0
        slope, still = np.log(COLD / HOT), (1 - STILL) * TEMPERATURES
        for step in range(TEMPERATURES):
            temperature = hot * np.exp(slope * step / still) if step < still else 0.0
            self._anneal(each, temperature)
            done += each
            self.boost = np.where(
                self.beyond > 0,
                np.minimum(DEAREST, self.boost * DEARER),
                np.maximum(1.0, self.boost * CHEAPER),
            )
            if not self.going():
                break
        return done, (done >= each * TEMPERATURES or self.reached) and fitting == proposals

    def wander(self, neighbourhoods: int) -> tuple[int, int]:
        """Search neighbourhoods from the best plan on; returns how many, and after how many none was better."""
        lay_out(self.ground, self.state, self.best.copy())
        tried = looks = last = 0
        while tried < neighbourhoods and self.going():
            count = min(CHUNK, neighbourhoods - tried)
            before, base = tuple(self.out), STIFF * self._mean() / self.unit
            weight = self.boost * base
            disturb(self.ground, self.state, weight, count, EACH, HEAT, self.best, self.out)
            self.boost = np.clip(CHEAPER * weight / base, 1.0, DEAREST)
            tried, looks = tried + count, looks + 1
            last = last if tuple(self.out) == before else tried
            if looks % AFRESH == 0:
                lay_out(self.ground, self.state, self.best.copy())
        return tried, last

    def _anneal(self, proposals: int, temperature: float) -> None:
        weight = self.boost * np.maximum(STIFF * temperature, SOFT * self._mean()) / self.unit
        # sums are taken afresh, so that nothing builds up
        lay_out(self.ground, self.state, self.state.label.copy())
        anneal(self.ground, self.state, weight, proposals, temperature, self.best, self.out, self.beyond)

    def _mean(self) -> float:
        return float(self.state.value.sum()) / len(self.state.label) or 1.0

    def _fitting(self) -> int:
        """How many proposals fit into the time for annealing, by the speed of a short one."""
        if self.clock.limit is None:
            return np.iinfo(np.int64).max
        start = self.state.label.copy()
        # the first calls may compile
        disturb(self.ground, self.state, self.unit, 0, EACH, HEAT, self.best, self.out)
        for proposals in (0, TRIAL):
            began = time.monotonic()
            self._anneal(proposals, HOT * self._mean())
        speed = TRIAL / max(1e-4, time.monotonic() - began)
        lay_out(self.ground, self.state, start)
        return max(TRIAL, int(FIRST * speed * (self.clock.limit - self.clock.seconds)))


def _state(n: int, k: int, m: int, seed: int) -> State:
    def whole(count: int) -> IntArray:
        return np.zeros(count, dtype=np.int64)

    return State(
        label=whole(n),
        head=whole(k),
        after=whole(n),
        before=whole(n),
        members=whole(k),
        size=np.zeros((k, m)),
        total=np.zeros(n),
        medoid=whole(k),
        value=np.zeros(k),
        mark=whole(n + 1),
        queue=whole(n + 1),
        draws=np.array([seed % 2**63], dtype=np.uint64),
    )


def _ground(median: Median) -> Ground:
    n, m = median.activity.shape
    count = min(n - 1, MOST_CLOSE, max(FEWEST_CLOSE, CLOSE * n // median.k))
    symmetric = np.array_equal(median.cost, median.cost.T)
    scale = np.abs(median.activity).sum(axis=0) / median.k
    return Ground(
        median.cost,
        median.cost if symmetric else np.ascontiguousarray(median.cost.T),
        np.ascontiguousarray(median.activity),
        median.lower,
        median.upper,
        np.where(scale > 0, scale, np.ones(m)),
        _close(median.cost, count),
        np.array([median.contiguous]),
        np.ones(n, dtype=bool),
        median.near_start,
        median.near,
    )


def _close(cost: FloatArray, count: int) -> IntArray:
    """Find the ``count`` cheapest centers of each unit in order, but for the unit itself; shape ``(n, count)``."""
    n = len(cost)
    found = np.empty((n, count), dtype=np.int64)
    for i in range(n):
        row = cost[i].copy()
        row[i] = np.inf
        nearest = np.argpartition(row, count - 1)[:count] if count < n else np.arange(n)
        found[i] = nearest[np.lexsort((nearest, row[nearest]))]
    return found


def _drawn(median: Median, seed: int) -> IntArray:
    """Draw units as centers, beside the seats, and give each unit to the cheapest; shape ``(n,)``."""
    units, seats = median.n - len(median.seated), len(median.seated)
    drawn = np.random.default_rng(seed).choice(units, median.k - seats, replace=False)
    center = np.concatenate((drawn, np.arange(units, median.n)))
    label = np.argmin(median.cost[:, center], axis=1).astype(np.int64)
    label[center] = np.arange(median.k)
    return np.asarray(label)
