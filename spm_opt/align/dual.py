"""A Lagrangian bound for chosen centers, by subgradients, and what it rules out.

The assignment of each unit is priced by ``alpha[i]`` and the limits of each center by ``nu[j, a]`` (positive
at the lower limit, negative at the upper). For any prices the bound

    sum of alpha + the k least of   V[j] = (limits priced) + r[j, j] + sum over i != j of min(0, r[i, j])
    with    r[i, j] = cost[i, j] - alpha[i] - sum over a of nu[j, a] activity[i, a]

holds for every plan (Validi, Buchanan and Lykhovyd, Operations Research 2022, use the same relaxation).
``alpha`` climbs along the subgradient of the chosen centers, ``nu`` center by center with steps that grow
while they keep their direction. A pair whose use would lift the bound above a known plan is ruled out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spm_opt.align.isolated import halting
from spm_opt.align.kernel import copy, copy_rows
from spm_opt.align.median import Median
from spm_opt.compiled import inner, outer
from spm_opt.problem import BoolArray, FloatArray, IntArray

WORK = 2_000_000_000
"""Matrix entries that are looked at."""
ROUNDS = 4_000
"""Most iterations."""
PATIENCE = 30
"""Iterations without progress after which steps shrink."""
SLOWEST = 1e-3
"""Pace at which the climb ends."""
NEVER = 1e300
"""Stands for a limit that is not there."""


@dataclass(frozen=True, eq=False)
class Dual:
    """Prices and what they prove.

    Attributes
    ----------
    bound
        Points that no plan can beat.
    alpha, nu
        The prices, shape ``(n,)`` and ``(n, m)``.
    value
        Value of each center, shape ``(n,)``.
    chosen
        The ``k`` centers of least value, shape ``(n,)``.
    rounds
        Iterations spent.
    """

    bound: float
    alpha: FloatArray
    nu: FloatArray
    value: FloatArray
    chosen: BoolArray
    rounds: int

    def least_with(self, median: Median) -> FloatArray:
        """Bound on the points of plans that use each pair of unit and center, shape ``(n, n)``."""
        reduced = median.cost - self.alpha[:, None] - median.activity @ self.nu.T
        last = np.sort(self.value)[median.k - 1]
        opened = np.where(self.chosen, 0.0, self.value - last)
        least = self.bound + opened[None, :] + np.maximum(0.0, reduced)
        np.fill_diagonal(least, self.bound + opened)
        return np.asarray(least)


def ascend(
    median: Median,
    target: float | None = None,
    start: Dual | None = None,
    *,
    centers: IntArray | None = None,
    forced: int = -1,
    rounds: int = ROUNDS,
) -> Dual:
    """Climb towards the best bound.

    Parameters
    ----------
    median
        The problem.
    target
        Points of a known plan, which steps are measured against; without it a guess is used.
    start
        Prices to begin from.
    centers
        The units that may be centers, all of them by default.
    forced
        A unit that is a center in any case, or -1.
    rounds
        Most iterations.
    """
    n, m = median.activity.shape
    centers = np.arange(n) if centers is None else centers
    if start is None:
        nearest = np.partition(median.cost, min(n - 1, max(1, n // (3 * median.k))), axis=1)
        alpha, nu = nearest[:, min(n - 1, max(1, n // (3 * median.k)))].copy(), np.zeros((len(centers), m))
    else:
        alpha, nu = start.alpha.copy(), start.nu[centers]
    cost = median.cost if len(centers) == n else np.ascontiguousarray(median.cost[:, centers])
    value, chosen = np.empty(len(centers)), np.zeros(len(centers), dtype=np.bool_)
    spread = median.activity.sum(axis=0) / median.k
    with halting() as halt:
        bound, done = _climb(
            cost, centers, median.activity, np.maximum(median.lower, -NEVER), np.minimum(median.upper, NEVER),
            median.k, alpha, nu, value, chosen, -1.0 if target is None else target - median.constant,
            np.where(spread > 0, spread, 1.0), min(rounds, max(50, WORK // (n * len(centers)))),
            0.5 if start is not None else 1.0, int(np.searchsorted(centers, forced)) if forced >= 0 else -1, halt,
        )  # fmt: skip
    every_nu, every_value, every_chosen = np.zeros((n, m)), np.full(n, np.inf), np.zeros(n, dtype=np.bool_)
    every_nu[centers], every_value[centers], every_chosen[centers] = nu, value, chosen
    # what floating-point sums may have lost is taken off
    return Dual(bound + median.constant - 1e-9 * abs(bound), alpha, every_nu, every_value, every_chosen, done)


@inner
def _evaluate(cost, centers, activity, lower, upper, k, alpha, nu, value, chosen, size, forced):  # type: ignore[no-untyped-def] # noqa: PLR0912  kept in one piece for the compiler
    """Bound at given prices; fills the values, the sizes and the choice of centers."""
    n, m = activity.shape
    for j in range(len(centers)):
        value[j] = 0.0
        for a in range(m):
            size[j, a] = 0.0
            if nu[j, a] > 0.0:
                value[j] += nu[j, a] * lower[a]
            elif nu[j, a] < 0.0:
                value[j] += nu[j, a] * upper[a]
    for i in range(n):
        for j in range(len(centers)):
            reduced = cost[i, j] - alpha[i]
            for a in range(m):
                reduced -= nu[j, a] * activity[i, a]
            if i == centers[j] or reduced < 0.0:
                value[j] += reduced
                for a in range(m):
                    size[j, a] += activity[i, a]
    total, wanted = alpha.sum(), k
    chosen[:] = False
    if forced >= 0:
        total += value[forced]
        chosen[forced] = True
        wanted -= 1
    for j in np.argsort(value):
        if wanted == 0:
            break
        if not chosen[j]:
            total += value[j]
            chosen[j] = True
            wanted -= 1
    return total


@inner
def _pull(cost, centers, activity, alpha, nu, chosen, pull):  # type: ignore[no-untyped-def]
    """How much the assignment of each unit is short: one less its chosen centers; adds to the last pull."""
    n, m = activity.shape
    norm = 0.0
    for i in range(n):
        short = 1.0
        for j in range(len(centers)):
            if chosen[j]:
                reduced = cost[i, j] - alpha[i]
                for a in range(m):
                    reduced -= nu[j, a] * activity[i, a]
                if i == centers[j] or reduced < 0.0:
                    short -= 1.0
        pull[i] = 0.6 * short + 0.4 * pull[i]
        norm += pull[i] * pull[i]
    return norm


@inner
def _turn(lower, upper, size, nu, step, last):  # type: ignore[no-untyped-def]
    """Move the price of every limit of every center by a step of its own."""
    for j in range(nu.shape[0]):
        for a in range(nu.shape[1]):
            now = nu[j, a]
            if now > 0.0:
                slope = lower[a] - size[j, a]
            elif now < 0.0:
                slope = upper[a] - size[j, a]
            else:
                slope = min(0.0, upper[a] - size[j, a]) + max(0.0, lower[a] - size[j, a])
            if slope == 0.0:
                continue
            way = 1.0 if slope > 0.0 else -1.0
            if last[j, a] * way > 0.0:
                step[j, a] *= 1.2
            elif last[j, a] * way < 0.0:
                step[j, a] *= 0.5
            last[j, a] = way
            then = now + way * step[j, a]
            nu[j, a] = 0.0 if now * then < 0.0 else then


@outer
def _climb(  # type: ignore[no-untyped-def]
    cost,
    centers,
    activity,
    lower,
    upper,
    k,
    alpha,
    nu,
    value,
    chosen,
    goal,
    spread,
    rounds,
    pace,
    forced,
    halt,
):
    """Climb; ``alpha``, ``nu``, ``value`` and ``chosen`` end at the best bound, which is returned."""
    n, m = activity.shape
    best, stall = -np.inf, 0
    best_alpha, best_nu = alpha.copy(), nu.copy()
    c = len(centers)
    size, pull = np.zeros((c, m)), np.zeros(n)
    step, last = np.empty((c, m)), np.zeros((c, m))
    guessed = goal < 0.0
    margin = 0.05
    done = 0
    for at in range(rounds):
        done = at + 1
        now = _evaluate(cost, centers, activity, lower, upper, k, alpha, nu, value, chosen, size, forced)
        if at == 0:
            scale = abs(goal) if not guessed else max(abs(now), 1e-12)
            for a in range(m):
                for j in range(c):
                    step[j, a] = 0.02 * scale / k / spread[a]
        if now > best:
            if best == -np.inf or now > best + 1e-5 * abs(best):
                stall = 0
            best = now
            copy(alpha, best_alpha)
            copy_rows(nu, best_nu)
        else:
            stall += 1
        if halt[0] != 0:
            break
        if stall >= PATIENCE:
            pace *= 0.6
            margin *= 0.7
            stall = 0
            copy(best_alpha, alpha)
            if pace < SLOWEST:
                break
        norm = _pull(cost, centers, activity, alpha, nu, chosen, pull)
        ahead = margin * abs(best) if guessed else max(goal - now, 1e-3 * abs(goal))
        if norm > 0.0:
            for i in range(n):
                alpha[i] += pace * ahead / norm * pull[i]
        _turn(lower, upper, size, nu, step, last)
    copy(best_alpha, alpha)
    copy_rows(best_nu, nu)
    return _evaluate(cost, centers, activity, lower, upper, k, alpha, nu, value, chosen, size, forced), done
