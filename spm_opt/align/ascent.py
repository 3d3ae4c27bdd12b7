"""The relaxation of a large model by climbing its smoothed Lagrangian dual, matrix-free.

With the rows priced in by multipliers, each node takes its cheapest arc; the sum of what they pay is the
Lagrangian bound, concave in the multipliers, with kinks. Where a node takes all its arcs in shares that
fall off exponentially with their cost (a soft minimum), the kinks are gone, and a quasi-Newton method climbs
in a few hundred rounds to where the shares together keep the rows: a fractional plan, and multipliers whose
bound is within hundredths of a percent of the linear program's. Where many arcs of a node cost the same, as
where it does not matter to which of them an account moves, it takes lower temperatures to come that near. (Nesterov, Smooth minimization of
non-smooth functions, 2005, with entropy for the distance.)
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from spm_opt.align.isolated import called_off
from spm_opt.align.model import Model
from spm_opt.align.scale import move_costs, typical
from spm_opt.compiled import outer
from spm_opt.problem import BoolArray, FloatArray

SUITED_NODES, SUITED_ARCS = 2_000, 100_000
"""Size from which climbing is faster than a linear program is solved."""
SOFTNESS = 0.01
"""Temperature of the shares, in what moving the node costs."""
COOLER, COOLINGS, BLURRED = 0.3, 4, 2e-3
"""By how much it falls, how often, while what smoothing takes off the bound is more than so much of it."""
LEAST_SPREAD = 0.1
"""What moving a node costs at least, in what moving a typical one does."""
FARTHEST = 25.0
"""Temperatures from the cheapest arc at which a share counts as none."""
MOST_ROUNDS, MEMORY = 500, 15
"""Most rounds of the quasi-Newton method, and how many of them it remembers."""
STANDS = 6e-7
"""Relative gain of a round, in typical moves of every node, at which the climb ends."""


@dataclass(frozen=True, eq=False)
class Climb:
    """Where a climb ended.

    Attributes
    ----------
    share
        How much of each arc the nodes take, shape ``(a,)``.
    multiplier
        What a unit of each row's limit is worth in points, shape ``(r,)``.
    push
        What a point of each earlier level is worth, shape ``(level,)``.
    endless
        Whether the bound grew beyond what any plan can cost, so that there is none.
    rounds
        Times that all nodes were priced.
    """

    share: FloatArray
    multiplier: FloatArray
    push: FloatArray
    endless: bool
    rounds: int


def suited(model: Model, level: int) -> bool:
    """Whether a model is large, and its earlier levels are of the kind that climbing knows."""
    priced_before = (~model.hard & (model.level < level)).any()
    return model.n >= SUITED_NODES and len(model.territory) >= SUITED_ARCS and not priced_before


def climb(model: Model, level: int, caps: FloatArray, until: float | None = None) -> Climb:
    """Climb the smoothed dual of one level, the levels before it capped, until a time (``time.monotonic``)."""
    dual = _Dual(model, level, caps, until)
    x = np.zeros(len(dual.scale))
    for cooled in range(COOLINGS + 1):
        ended = minimize(  # type: ignore[call-overload]  # the stubs want a bound of every kind named
            dual.descent,
            x,
            jac=True,
            method="L-BFGS-B",
            bounds=dual.bounds,
            options={"maxiter": MOST_ROUNDS, "maxcor": MEMORY, "ftol": STANDS * COOLER**cooled, "gtol": 0.0},
            callback=dual.check,
        )
        x = ended.x
        up, down, push = dual.parted(dual.best_at)
        soft, least, _ = dual.price_all(up, down, push)
        if dual.over() or least - soft <= BLURRED * abs(dual.best):
            break
        dual.temperature = COOLER * dual.temperature
    return Climb(dual.share, up - down, push, dual.best > dual.dearest, dual.rounds)


class _Dual:
    """The smoothed dual as a function of scaled multipliers: of lower limits, of upper ones, of caps."""

    def __init__(self, model: Model, level: int, caps: FloatArray, until: float | None) -> None:
        self.model, self.level, self.caps, self.until = model, level, caps, until
        columns = model.rows.tocsc()
        self.columns = columns.indptr.astype(np.int64), columns.indices.astype(np.int64), columns.data
        points, size = typical(model, level)
        self.whole = points * max(1, model.n)
        pushes = [points / typical(model, earlier)[0] for earlier in range(level)]
        self.scale = np.concatenate((points / size, points / size, pushes))
        self.temperature = SOFTNESS * np.maximum(move_costs(model, level), LEAST_SPREAD * points)
        self.share = np.zeros(len(model.territory))
        self.lower = np.where(np.isfinite(model.lower), model.lower, 0.0)
        self.upper = np.where(np.isfinite(model.upper), model.upper, 0.0)
        self.bounds = self._bounds()
        self.dearest = self._dearest()
        self.best, self.best_at, self.rounds = -np.inf, np.zeros(len(self.scale)), 0

    def _bounds(self) -> list[tuple[float, float | None]]:
        """Range of each scaled multiplier: a soft row is worth no more than its price, and one to come nothing."""
        model, r = self.model, len(self.model.lower)
        price = np.where(model.hard | (model.level <= self.level), model.price, 0.0)
        there: BoolArray = np.concatenate((np.isfinite(model.lower), np.isfinite(model.upper)))
        most = np.concatenate((np.where(there, np.tile(price, 2), 0.0), np.full(self.level, np.inf)))
        most[: 2 * r] /= self.scale[: 2 * r]
        return [(0.0, None if np.isinf(limit) else float(limit)) for limit in most]

    def _dearest(self) -> float:
        """Points that no plan can exceed: every node on its dearest arc, every soft row missed by all there is."""
        model = self.model
        arcs = np.maximum.reduceat(model.cost[self.level], model.start[:-1]).sum()
        soft = ~model.hard & (model.level == self.level)
        reach = np.asarray(abs(model.rows).sum(axis=1)).ravel() + np.maximum(abs(self.lower), abs(self.upper))
        worst = arcs + model.constant[self.level] + float(model.price[soft] @ reach[soft])
        return float(worst + 1e-6 * abs(worst) + self.whole)

    def parted(self, x: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Multipliers of lower limits, of upper limits and of caps, in points."""
        r = len(self.model.lower)
        at = x * self.scale
        return at[:r], at[r : 2 * r], at[2 * r :]

    def price_all(
        self, up: FloatArray, down: FloatArray, push: FloatArray
    ) -> tuple[float, float, FloatArray]:
        """Let every node take its shares: what they pay smoothed, what they would pay at least, the rows' use."""
        cost = np.concatenate((push, [1.0])) @ self.model.cost[: self.level + 1]
        use = np.zeros(len(up))
        soft, least = _priced(
            self.model.start, cost, *self.columns, up - down, self.temperature, self.share, use
        )
        return soft, least, use

    def descent(self, x: FloatArray) -> tuple[float, FloatArray]:
        """Return the smoothed dual turned upside down, in typical moves of every node, and its slope."""
        up, down, push = self.parted(x)
        soft, least, use = self.price_all(up, down, push)
        constant = self.model.constant[: self.level + 1]
        fixed = up @ self.lower - down @ self.upper + push @ (constant[:-1] - self.caps) + constant[-1]
        self.rounds += 1
        if least + fixed > self.best:
            self.best, self.best_at = float(least + fixed), x.copy()
        paid = self.model.cost[: self.level] @ self.share + constant[:-1] - self.caps
        slope = np.concatenate((self.lower - use, use - self.upper, paid)) * self.scale
        return -float(soft + fixed) / self.whole, -slope / self.whole

    def check(self, _: FloatArray) -> None:
        """Stop where there is no reason to go on."""
        if self.over():
            raise StopIteration

    def over(self) -> bool:
        """Whether the bound has left all plans behind, or the time is over."""
        return self.best > self.dearest or called_off(self.until)


@outer
def _priced(start, cost, columns, rows, coefficients, multiplier, temperature, share, use):  # type: ignore[no-untyped-def]
    """Share out each node over its arcs; adds up ``use`` of each row, and returns the soft and the hard minimum."""
    soft = 0.0
    hard = 0.0
    for u in range(len(start) - 1):
        least = np.inf
        for a in range(start[u], start[u + 1]):
            priced = cost[a]
            for at in range(columns[a], columns[a + 1]):
                priced -= coefficients[at] * multiplier[rows[at]]
            share[a] = priced
            least = min(least, priced)
        total = 0.0
        for a in range(start[u], start[u + 1]):
            far = (share[a] - least) / temperature[u]
            share[a] = math.exp(-far) if far < FARTHEST else 0.0
            total += share[a]
        hard += least
        soft += least - temperature[u] * math.log(total)
        for a in range(start[u], start[u + 1]):
            if share[a] > 0.0:
                share[a] /= total
                for at in range(columns[a], columns[a + 1]):
                    use[rows[at]] += share[a] * coefficients[at]
    return soft, hard
