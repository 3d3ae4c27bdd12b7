"""A local search of large models, guided by prices on the rows that follow what the plan breaks.

A penalty on what lies outside a limit moves single nodes across the border of a territory that is too full.
Where the room is several territories away it is of little help: each of those between is at its limit too,
and blocks. So here every hard row has a price, from the relaxation at first: a node is charged for it
wherever it goes, and all borders shift at once to where the prices want them. Prices rise while a row is
broken, and fall back while it has room (a subgradient step, as in the dual of the relaxation, but for
connected plans). What then lies a hair outside is mended by trades of several nodes where limits are sums of what
nodes carry, and by penalties alone, where it is broken.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from spm_opt.align.halves import Halves
from spm_opt.align.model import Model
from spm_opt.align.scale import move_costs
from spm_opt.align.search import Bench, Found
from spm_opt.align.trades import compiled, traded
from spm_opt.problem import BoolArray, FloatArray, IntArray

NARROWEST, WIDEST = 0.1, 10.0
"""What a move costs about a territory, at least and at most, in typical moves."""
MARGIN, STIFF = 1.5, 3.0
"""What breaking a row costs at least, in its price, and what breaking it by a typical node costs a trade, in
typical moves."""
DEARER, CHEAPER = 1.05, 0.95
"""How the penalty of a row changes with every step in which it is broken, or kept."""
FASTER, SLOWER = 1.2, 0.5
"""How the pace of a row's price changes with every step in which the row is broken on the same side again, or on
the other (as in delta-bar-delta: Jacobs, Neural Networks 1988)."""
PACES, PACE = (0.02, 1.0), 0.3
"""Least and most pace of a price, and the first."""
NEGLIGIBLE = 1e-10
"""Relative violation of a hard row that counts as none: what sums lose."""
USUAL = 1.3
"""Sum of the shares of the stages that a plan usually takes, and of what trades take."""
TRIALS, SHORT, LEAST = 2, 50_000, 1_000
"""Where time is limited: steps that only show the speed, proposals of each, and of any step at least."""
EACH = 2.2
"""Proposals of a step for each node, at most: prices that move after more, overshoot."""


@dataclass(frozen=True)
class Stage:
    """A stretch of a guided search: from where to where it goes, in equal ratios.

    Attributes
    ----------
    steps
        Number of temperatures at least; prices and penalties move after each.
    share
        Share of the proposals.
    heat
        First and last temperature, in typical moves.
    stiffness
        First and last penalty on breaking a row by a typical node, in typical moves.
    rate
        How much a price moves where a row is broken by a typical node, in typical moves; where zero,
        prices are no longer charged.
    inset
        How far inside the limits prices and penalties aim, as a share of the limits' width.
    rings
        Where not zero, nodes move only in territories that are broken, and in so many rings about them.
    """

    steps: int
    share: float
    heat: tuple[float, float]
    stiffness: tuple[float, float]
    rate: float
    inset: tuple[float, float]
    rings: int = 0


FINDING = (
    Stage(100, 0.15, (0.1, 0.03), (1.0, 3.0), 1.0, (0.03, 0.02)),
    Stage(200, 0.6, (0.03, 0.004), (3.0, 30.0), 2.0, (0.02, 0.004)),
    Stage(100, 0.25, (0.004, 0.002), (30.0, 60.0), 3.0, (0.004, 0.002)),
)
"""The stages that find prices, and a plan that breaks little."""
POLISH = (Stage(40, 0.15, (0.003, 0.001), (30.0, 30.0), 0.0, (0.002, 0.001)),)
"""The stages that lower the points, each from the best plan so far."""
MENDING = (
    Stage(40, 0.1, (0.01, 0.003), (30.0, 100.0), 0.0, (0.01, 0.01), 4),
    Stage(40, 0.1, (0.03, 0.003), (30.0, 100.0), 0.0, (0.01, 0.01), 3),
    Stage(40, 0.1, (0.1, 0.003), (30.0, 100.0), 0.0, (0.01, 0.01), 4),
)
"""The stages that mend what each of them broke, one after the other while it is needed."""
AGAIN = 3
"""How often they may begin again; penalties on what stays broken go on growing."""


def guided(
    model: Model,
    territory: IntArray,
    *,
    level: int,
    caps: FloatArray,
    multiplier: FloatArray,
    proposals: int,
    seed: int,
    keep_going: Callable[[float, float], bool],
    left: Callable[[], float | None],
) -> Found:
    """Improve a plan, connected where asked, along moving prices.

    Parameters are those of ``search``; ``left`` gives the seconds that it may still take, or ``None``.
    """
    bench = Bench(model, territory, level, caps, 0.0, seed)
    with Halves(bench, seed) as halves:
        run = _Run(bench, halves, multiplier, proposals, left)
        run.all_stages(keep_going)
    return run.found()


class _Run:
    """The state of a guided search: prices, penalties, the best plan so far."""

    def __init__(
        self,
        bench: Bench,
        halves: Halves,
        multiplier: FloatArray,
        proposals: int,
        left: Callable[[], float | None],
    ) -> None:
        self.bench, self.halves, self.proposals, self.left = bench, halves, proposals, left
        hard, self.multiplier = bench.model.hard, multiplier
        self.up, self.down = np.maximum(multiplier, 0.0) * hard, np.maximum(-multiplier, 0.0) * hard
        self.local, bench.warmth = _local(bench)
        bench.penalty = bench.points * bench.model.n
        self.boost = np.ones(len(hard))
        self.pace, self.side = np.full(len(hard), PACE), np.zeros(len(hard))
        self.done, self.complete = 0, True
        self.best = self.kept = self._present()
        if halves.amounts is not None:
            compiled(bench.model, halves.amounts)
        self.began, self.ahead, self.steps, self.last = time.monotonic(), USUAL, 0, 0.0

    def all_stages(self, keep_going: Callable[[float, float], bool]) -> None:
        """Go through all stages, those that mend only while something is broken."""
        for stage in FINDING:
            if not self.through(stage, keep_going):
                return
        if not self.trade(keep_going):
            return
        for stage in POLISH:
            if not self.through(stage, keep_going) or not self.trade(keep_going):
                return
            # what is cheaper now, may break a little more than the best plan so far
            self.kept, self.best = min(self.kept, self.best, key=_rank), self._present()
            for mend in MENDING * AGAIN:
                if self.best[0] > 0 and not (self.through(mend, keep_going) and self.trade(keep_going)):
                    return

    def trade(self, keep_going: Callable[[float, float], bool]) -> bool:
        """Trade from the present plan on, where limits are sums of amounts; says whether to go on."""
        bench, amounts = self.bench, self.halves.amounts
        if amounts is None:
            return True

        def going() -> bool:
            best = min(self.kept, self.best, key=_rank)
            return keep_going(best[1], best[0])

        weight = np.maximum(STIFF * bench.points / bench.size, MARGIN * np.abs(self.multiplier))
        weight = np.where(bench.model.hard, weight, bench.soft)
        bench.arcs = bench.model.arcs_of(traded(bench.model, amounts, bench.territory, weight, going))
        self.halves.count()
        self.look()
        return going()

    def through(self, stage: Stage, keep_going: Callable[[float, float], bool]) -> bool:
        """Go through a stage; says whether to go on."""
        bench, model = self.bench, self.bench.model
        if stage.rings or not stage.rate:
            best = self.best if stage.rings else min(self.kept, self.best, key=_rank)
            bench.arcs = best[2].copy()
            self.halves.count()
        if not stage.rate:
            bench.guide, bench.row_price = np.zeros(len(model.territory)), np.zeros(len(model.lower))
        self.halves.active = self._active(stage)
        at = 0.0
        while at < 1:
            proposals, steps = self._next(stage)
            self._aim(_between(stage.inset, at))
            weight = _between(stage.stiffness, at) * self.local / bench.unit
            if stage.rate:
                bench.row_price = self.down - self.up
                if self.halves.amounts is None:
                    bench.guide = np.asarray(model.rows.T @ bench.row_price)
            else:
                weight = self.boost * np.maximum(weight, MARGIN * (self.up + self.down))
            self.halves.anneal(proposals, bench.points * _between(stage.heat, at), weight)
            self.follow(stage, self.halves.activity)
            self.look()
            at += 1 / steps
            best = min(self.kept, self.best, key=_rank)
            if not keep_going(best[1], best[0]):
                self.complete = False
                return False
        return True

    def _aim(self, inset: float) -> None:
        """Let prices and penalties aim so far inside the limits, as a share of their width."""
        bench, model = self.bench, self.bench.model
        width = np.where(model.hard, inset * np.minimum(bench.scale, model.upper - model.lower), 0.0)
        bench.lower, bench.upper = model.lower + width, model.upper - width

    def _active(self, stage: Stage) -> BoolArray:
        """Mark the nodes that may move in a stage: all, or those about what is broken where it is little."""
        model = self.bench.model
        broken = model.hard & (model.violation(self.halves.activity) > NEGLIGIBLE * self.bench.scale)
        if stage.rings and broken.any():
            return self.halves.near(broken, stage.rings)
        return np.ones(model.n, dtype=np.bool_)

    def follow(self, stage: Stage, activity: FloatArray) -> None:
        """Move prices, or else penalties, by what is broken."""
        bench, model = self.bench, self.bench.model
        if not stage.rate:
            broken = model.violation(activity) > 0
            self.boost = np.where(broken, self.boost * DEARER, np.maximum(1.0, self.boost * CHEAPER))
            return
        below, above = bench.lower - activity, activity - bench.upper
        side = (below > 0).astype(float) - (above > 0)
        turned = side * self.side
        change = np.where(turned > 0, FASTER, np.where(turned < 0, SLOWER, 1.0))
        self.pace = np.clip(self.pace * change, *PACES)
        self.side = np.where(side != 0, side, self.side)
        move = self.pace * stage.rate * self.local / bench.unit**2 * model.hard
        self.up = np.maximum(0.0, self.up + move * np.where(np.isfinite(below), below, 0.0))
        self.down = np.maximum(0.0, self.down + move * np.where(np.isfinite(above), above, 0.0))

    def look(self) -> None:
        """Keep the present plan where it is the best so far."""
        self.best = min(self.best, self._present(), key=_rank)

    def _present(self) -> _Plan:
        """Violation, points and arcs of the present plan."""
        bench, points = self.bench, self.halves.points
        broken = (bench.model.violation(self.halves.activity) / bench.scale)[bench.model.hard]
        cap = bench.caps[:-1]
        over = np.maximum(0.0, points[:-1] - cap) / np.maximum(1.0, np.abs(cap))
        violation = float(broken[broken > NEGLIGIBLE].sum() + over[over > NEGLIGIBLE].sum())
        return violation, float(points[-1]), bench.arcs

    def _next(self, stage: Stage) -> tuple[int, float]:
        """Proposals of the next step, and how many such steps the stage then takes.

        As planned, or what the time that is left allows for.
        """
        nodes = self.bench.model.n
        active = self.halves.active.mean()
        planned, left = stage.share * self.proposals, self.left()
        if left is not None:
            now = time.monotonic()
            speed = self.last / max(1e-3, now - self.began)
            fitting = speed * left * stage.share / max(stage.share, self.ahead)
            self.began = now
            # the first steps may compile, and show what the speed is
            known = self.steps > TRIALS
            self.complete = self.complete and (fitting >= planned or not known)
            planned = min(planned, fitting) if known else SHORT * stage.steps
        steps = max(stage.steps, planned / (EACH * nodes))
        proposals = max(LEAST, round(planned / steps))
        self.steps += 1
        self.ahead -= stage.share / steps
        self.last = proposals * active
        self.done += round(proposals * active)
        return proposals, steps

    def found(self) -> Found:
        """Put the best plan into words."""
        violation, value, arcs = min(self.kept, self.best, key=_rank)
        territory = self.bench.model.territory[arcs]
        return self.bench.found(territory, violation, value, self.done, complete=self.complete)


_Plan = tuple[float, float, IntArray]


def _rank(plan: _Plan) -> tuple[float, float]:
    """Order plans: the less broken first, then the better."""
    return plan[:2]


def _between(ends: tuple[float, float], at: float) -> float:
    return float(ends[0] * (ends[1] / ends[0]) ** at)


def _local(bench: Bench) -> tuple[FloatArray, FloatArray]:
    """Say what a move costs about each row, in points, and about each territory, in typical moves.

    In town a move costs little, in the country much: one temperature for both would be too hot or too cold.
    """
    model = bench.model
    spread = np.maximum(move_costs(model, bench.level), NARROWEST * bench.points)
    count = np.bincount(bench.territory, minlength=model.k)
    sums = np.bincount(bench.territory, weights=spread, minlength=model.k)
    mean = np.where(count > 0, sums / np.maximum(1, count), spread.mean())
    warmth = np.clip(mean / spread.mean(), NARROWEST, WIDEST)
    used = abs(model.rows[:, bench.arcs])
    total = np.asarray(used.sum(axis=1)).ravel()
    about = np.asarray(used @ warmth[bench.territory]).ravel() / np.where(total > 0, total, 1.0)
    return bench.points * np.where(total > 0, about, 1.0), warmth
