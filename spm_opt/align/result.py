"""What the territory engine returns."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from spm_opt.criteria.terms import Breach
from spm_opt.plan import Alignment

Status = Literal["optimal", "feasible", "infeasible", "unknown"]
PROVEN = 1e-6
"""Relative gap at which a plan counts as optimal."""


def reached(value: float, bound: float) -> bool:
    """Say whether points are as good as a bound; never where nothing is proven."""
    return math.isfinite(bound) and value - bound <= PROVEN * max(1.0, abs(bound))


def no_worse(value: float) -> float:
    """Points up to which a plan counts as no worse than one of ``value``."""
    return value + PROVEN * max(1.0, abs(value))


@dataclass(frozen=True)
class Progress:
    """How far the engine is.

    Attributes
    ----------
    step
        What it is doing, in words.
    objective
        Points of the best plan so far, ``inf`` while there is none.
    violation
        Relative violation of hard rules by that plan.
    lower_bound
        Points that no plan can beat, ``-inf`` while nothing is proven.
    seconds
        Seconds since the search began.
    """

    step: str
    objective: float
    violation: float
    lower_bound: float
    seconds: float = 0.0

    @property
    def gap(self) -> float | None:
        """``objective / lower_bound - 1``; ``None`` while there is no plan, or nothing positive is proven."""
        if not math.isfinite(self.objective) or not self.lower_bound > 0:
            return None
        return max(0.0, self.objective / self.lower_bound - 1)


@dataclass(frozen=True)
class Level:
    """What was reached and proven for the aims of one priority, those before it kept at their values."""

    priority: int
    objective: float
    lower_bound: float | None

    @property
    def gap(self) -> float | None:
        """``objective / lower_bound - 1``; ``None`` where nothing positive is proven."""
        if self.lower_bound is None:
            return None
        if self.objective - self.lower_bound <= PROVEN * max(1.0, abs(self.objective)):
            return 0.0
        return self.objective / self.lower_bound - 1 if self.lower_bound > 0 else None


@dataclass(frozen=True, eq=False)
class Result:
    """An alignment with its proof, or why there is none.

    Attributes
    ----------
    status
        ``"optimal"``: proven, and the checker agrees. ``"feasible"``: every hard rule holds.
        ``"infeasible"``: proven twice that no plan exists. ``"unknown"``: none found in the effort
        given, and nothing proven.
    alignment
        The plan; for ``"unknown"`` the nearest that was found, if any, which breaks the rules in
        ``breaches``; for ``"infeasible"`` ``None``.
    levels
        For each priority, first to last, the points reached and proven.
    parts
        The points of each aim, by its title.
    breaches
        Hard rules that ``alignment`` breaks.
    method
        What was used, and why it stopped, in words.
    reason
        Why there is no plan, in words; empty where there is one.
    work
        Effort spent, by kind (``"simplex iterations"``, ``"proposals"``): the same in every run.
    seconds
        Wall time; never the same twice.
    cut
        What ended the search before its effort was spent: ``"cut by the time limit"``, ``"stopped by the
        user"``, ``"a solver failed"``; empty where nothing did.
    """

    status: Status
    alignment: Alignment | None
    levels: tuple[Level, ...]
    parts: Mapping[str, float]
    breaches: tuple[Breach, ...]
    method: str
    reason: str
    work: Mapping[str, int]
    seconds: float
    cut: str = ""

    @property
    def repeatable(self) -> bool:
        """Whether the same call gives the same bytes: not once anything has cut the search."""
        return not self.cut

    @property
    def objective(self) -> float | None:
        """Points of the aims of the first priority: the sum of weight times value."""
        return self.levels[0].objective if self.levels else None

    @property
    def lower_bound(self) -> float | None:
        """Points of the first priority that no plan can beat, or ``None`` where nothing is proven."""
        return self.levels[0].lower_bound if self.levels else None

    @property
    def gap(self) -> float | None:
        """Relative distance of the first priority's points from their bound; ``None`` without a bound or a plan."""
        return self.levels[0].gap if self.levels and self.status in {"optimal", "feasible"} else None
