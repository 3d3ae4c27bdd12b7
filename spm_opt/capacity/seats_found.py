"""What is found about seats: plans with more positions or fewer, and the rank of each position."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from spm_opt.align.effort import Effort
from spm_opt.align.result import Result
from spm_opt.problem import FloatArray
from spm_opt.simulate.sales import Sales, pair_means

LEVEL = 0.95
"""Confidence of intervals of differences between means."""


@dataclass(frozen=True)
class Difference:
    """A mean difference over the same futures, and its 95 % interval (``nan`` with fewer than two pairs)."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Seat:
    """An additional position in a plan.

    Attributes
    ----------
    position
        Its id.
    place
        The candidate or the unit where it sits, by name; empty where travel counts for nothing.
    x, y
        Coordinates of the seat.
    district, region
        Where it belongs.
    sizes
        What it carries, by activity.
    """

    position: str
    place: str
    x: float
    y: float
    district: str
    region: str
    sizes: Mapping[str, float]


@dataclass(frozen=True, eq=False)
class Step:
    """A plan with some positions more, or one less.

    Attributes
    ----------
    added, dropped
        How many are added; the id of the one that goes, or nothing.
    status, reason
        What the engine says of it (``Result``): without a plan, nothing below is known.
    points, bound
        Points of the plan, and what no plan can beat with these positions (``None`` where nothing is proven). With
        several priorities, of the first.
    deviations
        Largest deviation from target of each balanced activity, as a fraction.
    travel
        Mean travel in km, ``nan`` where it counts for nothing.
    sales, handover
        Mean sales of the simulated year, and of these what changes of hands cost.
    against_first, against_last
        Sales less those of the plan of today's positions, and of the plan before.
    settled_against_first, settled_against_last
        The same but for what changes of hands cost: what holds once customers know their sellers.
    cost
        Cost of the sellers that are added, or saved, in a year; ``nan`` where no role has one.
    seats
        The additional positions.
    """

    added: int
    dropped: str
    status: str
    reason: str
    points: float
    bound: float | None
    deviations: Mapping[str, float]
    travel: float
    sales: float
    handover: float
    against_first: Difference
    against_last: Difference
    settled_against_first: Difference
    settled_against_last: Difference
    cost: float
    seats: tuple[Seat, ...] = ()

    @property
    def found(self) -> bool:
        """Whether there is a plan that keeps all rules."""
        return self.status in {"optimal", "feasible"}


@dataclass(frozen=True)
class Position:
    """What would be lost without a position; the less, the lower its rank.

    Attributes
    ----------
    rank
        From 1, missed least: first those that were solved, by their points, where a plan was found.
    position, name, district, region
        The position, its seller, and where it belongs.
    screened, overload
        Estimated loss of points, and load that fits nowhere, in mean territories.
    solved
        The plan without it, where it was solved.
    """

    rank: int
    position: str
    name: str
    district: str
    region: str
    screened: float
    overload: float
    solved: Step | None


@dataclass(frozen=True, eq=False)
class Seats:
    """What additional positions buy, and what each position is needed for.

    Attributes
    ----------
    steps
        Plans with 0, 1, ... additional positions.
    positions
        Today's positions, the one that would be missed least first.
    effort, first_effort
        Effort of every plan's last search, and of the first plan's search before that.
    seed, replications
        What the search and the simulated years were made with.
    left_out
        Positions that were asked for and that no candidate is left for.
    candidates
        Whether seats were chosen among candidates.
    """

    steps: tuple[Step, ...]
    positions: tuple[Position, ...]
    effort: Effort
    first_effort: Effort
    seed: int
    replications: int
    left_out: int
    candidates: bool


def difference(sales: Sales, before: Sales, *, settled: bool = False) -> Difference:
    """Compare the company's sales in the same futures; partners are antithetic, so that pairs count.

    Parameters
    ----------
    sales, before
        The plan, and the one that it is held against.
    settled
        Whether what changes of hands cost is left out.
    """
    one, other = (_company(each, settled=settled) for each in (sales, before))
    pairs = pair_means(one - other)
    mean, n = float((one - other).mean()), len(pairs)
    if n < 2:  # noqa: PLR2004  one tells no spread
        return Difference(mean, np.nan, np.nan)
    half = float(stdtrit(n - 1, 0.5 + LEVEL / 2) * pairs.std(ddof=1) / np.sqrt(n))
    return Difference(mean, mean - half, mean + half)


def _company(sales: Sales, *, settled: bool) -> FloatArray:
    return sales.company + sales.handover if settled and sales.handover is not None else sales.company


def no_plan(result: Result, added: int, dropped: str) -> Step:
    """Say that there is no plan, and why."""
    unknown = Difference(np.nan, np.nan, np.nan)
    broken = "; ".join(breach.text for breach in result.breaches[:3])
    reason = result.reason + (f"; the nearest breaks: {broken}" if broken else "")
    return Step(
        added, dropped, result.status, reason, np.nan, None, {}, np.nan, np.nan, np.nan, unknown, unknown, unknown,
        unknown, np.nan,
    )  # fmt: skip
