"""Improvement: a sequence of local searches that first look for cheap plans, then mend, then polish."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from spm_opt.align.effort import Budget, Clock
from spm_opt.align.guided import guided
from spm_opt.align.model import Model
from spm_opt.align.relax import Relaxation
from spm_opt.align.result import reached
from spm_opt.align.search import Found, Recenter, search
from spm_opt.problem import FloatArray, IntArray


@dataclass(frozen=True)
class Stiffer:
    """A mending search: its stiffness, its heat at most, and how far inside the limits it aims."""

    stiffness: float
    heat: float
    inset: float


SOFT = 3.0
"""Stiffness of the searches that look for cheap plans, whatever they break."""
COLD, HOT = 0.1, 5.0
"""First temperatures of two such searches from the relaxation: near it, and farther from it."""
FIRST = 0.4
"""Share of the proposals for each."""
CHAIN = (
    Stiffer(10.0, 1.0, 0.0),
    Stiffer(30.0, 1.0, 0.002),
    Stiffer(30.0, 3.0, 0.003),
    Stiffer(100.0, 3.0, 0.005),
)
"""The searches that mend what the best of them broke, one after the other while it is needed."""
CHAINS = 3
"""How often mending may begin again, each time with other draws and aiming farther inside the limits."""
POLISH = (Stiffer(30.0, 1.0, 0.002), Stiffer(30.0, 0.3, 0.001))
"""The searches that lower the points of a plan that breaks nothing any more."""
TRIAL = 100_000
"""Proposals that measure the speed of the search, where a time limit is set."""
ALL_SHARES, SEARCHES = 2.5, 9
"""Sum of the shares of the searches that a plan usually takes, and their number."""
SMALL = 500
"""Arcs below which least proposals are fewer in proportion: the exact method follows, and takes no time there."""
LARGE = 2_000
"""Nodes from which the search is guided by prices, in two halves at once, where each limit is of one territory."""
MEND = 0.25
"""Share of the proposals for each mending or polishing search."""


def improve(
    model: Model,
    ideas: Sequence[IntArray],
    relaxed: Relaxation,
    *,
    level: int,
    caps: FloatArray,
    budget: Budget,
    seed: int,
    clock: Clock,
    recenter: Recenter | None = None,
    kept: IntArray | None = None,
) -> Found:
    """Search softly from every idea, mend what the best of them breaks, then polish.

    Parameters
    ----------
    model
        The model.
    ideas
        Plans to start from, each of shape ``(n,)``: first that of the relaxation, then plans that stand.
    relaxed
        The relaxation of the level.
    level, caps
        The level whose points count, and the most points of each earlier one.
    budget, seed, clock
        How long to search, with which draws, and until when.
    recenter
        Where centers are free: the cost of every arc from the centers that suit a plan best.
    kept
        A plan that is good but for a few places, shape ``(n,)``: it is mended as it is, too.
    """
    small = min(1.0, len(model.territory) / SMALL) if recenter is None else 1.0
    proposals = max(round(small * budget.least_proposals), budget.proposals * model.n)
    if recenter is None and along_prices(model):
        return _guided(model, ideas[0], relaxed, level, caps, proposals, seed, clock)
    searches = Searches(model, relaxed, level, caps, proposals, clock, recenter)
    fitting = searches.fitting(ideas[0], seed)
    searches = replace(searches, proposals=min(proposals, fitting))
    setups = [(ideas[0], COLD), (ideas[0], HOT), *((idea, 1.0) for idea in ideas[1:])]
    tries = [
        (searches.one(idea, FIRST, Stiffer(SOFT, heat, 0.0), seed + at), heat)
        for at, (idea, heat) in enumerate(setups)
    ]
    spent, number = sum(found.proposals for found, _ in tries), seed + len(setups)
    soft, warm = min(tries, key=lambda pair: _merit(pair[0]))
    best = min((found for found, _ in tries), key=rank)
    if kept is not None:
        mended = _mended(searches, kept, number)
        best = min((best, *mended), key=rank)
        spent, number = spent + sum(one.proposals for one in mended), number + len(mended)
    for chain in range(CHAINS):
        present = soft
        for mend in CHAIN:
            if (best.violation > 0 or best.torn) and searches.going(best):
                heat = mend.heat if chain else min(warm, mend.heat)
                aim = Stiffer(mend.stiffness, heat, mend.inset * (1 + chain))
                present = searches.one(present.territory, MEND, aim, number)
                spent, number = spent + present.proposals, number + 1
                best = min((best, present), key=rank)
    for last in POLISH:
        if searches.going(best):
            aim = Stiffer(last.stiffness, min(warm, last.heat), last.inset)
            polished = searches.one(best.territory, MEND, aim, number)
            spent, number = spent + polished.proposals, number + 1
            best = min((best, polished), key=rank)
    return replace(best, proposals=spent, complete=not clock.over and fitting >= proposals)


def _mended(searches: Searches, kept: IntArray, number: int) -> list[Found]:
    """Mend a plan near itself."""
    found: list[Found] = []
    for at, mend in enumerate(CHAIN):
        begun = found[-1].territory if found else kept
        found.append(searches.one(begun, MEND, replace(mend, heat=COLD), number + at))
    return found


def _guided(
    model: Model,
    idea: IntArray,
    relaxed: Relaxation,
    level: int,
    caps: FloatArray,
    proposals: int,
    seed: int,
    clock: Clock,
) -> Found:
    """Search a large model along the prices of the relaxation."""
    found = guided(
        model,
        idea,
        level=level,
        caps=caps,
        multiplier=relaxed.multiplier,
        proposals=proposals,
        seed=seed,
        keep_going=Searches(model, relaxed, level, caps, proposals, clock, None).tell,
        left=lambda: clock.left(1.0),
    )
    return replace(found, complete=found.complete and not clock.over)


def along_prices(model: Model) -> bool:
    """Whether a model with fixed centers is searched along prices.

    It is large, and every hard row speaks of one territory: a limit over the whole plan has no border to move.
    """
    if model.n < LARGE:
        return False
    hard = model.rows[np.flatnonzero(model.hard)].tocoo()
    row, territory = hard.coords[0], model.territory[hard.coords[1]]
    least, most = np.full(hard.shape[0], model.k), np.full(hard.shape[0], -1)
    np.minimum.at(least, row, territory)
    np.maximum.at(most, row, territory)
    return bool((most <= least).all())


@dataclass(frozen=True, eq=False)
class Searches:
    """What all searches of a level share."""

    model: Model
    relaxed: Relaxation
    level: int
    caps: FloatArray
    proposals: int
    clock: Clock
    recenter: Recenter | None

    def one(self, start: IntArray, share: float, aim: Stiffer, seed: int) -> Found:
        """Search from a plan with a share of the proposals."""
        return search(
            self.model,
            start,
            level=self.level,
            caps=self.caps,
            multiplier=self.relaxed.multiplier,
            proposals=round(share * self.proposals),
            heat=aim.heat,
            stiffness=aim.stiffness,
            inset=aim.inset,
            seed=seed,
            keep_going=self.tell,
            recenter=self.recenter,
        )

    def fitting(self, start: IntArray, seed: int) -> int:
        """How many proposals fit into the time that is left, by the speed of a short search."""
        left = self.clock.left(1.0)
        if left is None:
            return self.proposals
        # the first call may compile, the second takes what every call does, whatever its proposals
        seconds = []
        for proposals in (1, 1, TRIAL):
            began = time.monotonic()
            replace(self, proposals=proposals).one(start, 1.0, Stiffer(SOFT, COLD, 0.0), seed)
            seconds.append(time.monotonic() - began)
        speed = TRIAL / max(1e-3, seconds[2] - seconds[1])
        return max(TRIAL, int(speed * max(0.0, left - sum(seconds) - SEARCHES * seconds[1]) / ALL_SHARES))

    def going(self, best: Found) -> bool:
        """Whether there is time left, and something to gain."""
        return self.tell(best.value, best.violation if not best.torn else 1.0)

    def tell(self, value: float, violation: float) -> bool:
        """Report what was reached; say whether to go on."""
        bound = self.relaxed.bound
        on = self.clock.tell("search", value if violation <= 0 else float("inf"), violation, bound)
        return on and not (violation <= 0 and reached(value, bound))


def rank(found: Found) -> tuple[int, float, float]:
    """Order plans: whole before torn, then the less broken, then the better."""
    return found.torn, found.violation, found.value


def _merit(found: Found) -> tuple[int, float, float]:
    """How promising a soft search is: to mend what it breaks takes about that share of its points."""
    return found.torn, found.value * (1 + found.violation), found.violation
