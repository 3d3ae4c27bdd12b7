"""Limits: the size of every territory between a lower and an upper limit in its own unit."""

from __future__ import annotations

from typing import Literal, Self

import numpy as np
from pydantic import Field, model_validator

from spm_opt.criteria.terms import (
    HOLDS_WITHIN,
    Breach,
    Measure,
    Reference,
    Rows,
    Settings,
    Terms,
    per_territory,
    scaled,
)
from spm_opt.problem import FloatArray, IntArray, Problem


class Limits(Settings):
    """The size of each territory in one activity, between limits in the activity's own unit.

    The value is the mean over all territories of how far each is beyond its limit, in percent of that
    limit; beyond a limit of 0 each unit of the activity counts 100 %.
    """

    kind: Literal["limits"] = "limits"
    activity: str
    """The measure that is limited."""
    lower: float | None = Field(None, ge=0, allow_inf_nan=False)
    """The least that every territory has; without it there is no lower limit."""
    upper: float | None = Field(None, ge=0, allow_inf_nan=False)
    """The most that every territory has; without it there is no upper limit."""
    hard: bool = True
    """Whether the limits must hold; otherwise what lies beyond them is only an aim with a weight."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.lower is None and self.upper is None:
            raise ValueError("give lower, upper or both")
        if self.lower is not None and self.upper is not None and self.lower > self.upper:
            raise ValueError(f"lower {self.lower:,.10g} is above upper {self.upper:,.10g}")
        return self

    def title(self) -> str:
        """Name the criterion in words."""
        return f"limits of {self.activity}"

    def references(self) -> tuple[Reference, ...]:
        """Name the activity."""
        return (Reference("activity", self.activity, "activity"),)

    def terms(self, problem: Problem) -> Terms:
        """Give a row a territory: hard within the limits, or one priced for each limit."""
        sizes, ids = per_territory(problem, problem.on_arcs(self.activity)), problem.territory_ids
        low = np.full(problem.k, -np.inf if self.lower is None else self.lower)
        high = np.full(problem.k, np.inf if self.upper is None else self.upper)
        if self.hard:
            return Terms(rows=(Rows(sizes, low, high, np.inf, ids),))
        none = np.full(problem.k, np.inf)
        rows = []
        for limit, least, most in ((self.lower, low, none), (self.upper, -none, high)):
            if self.weight and limit is not None:
                scale = np.full(problem.k, 100 / problem.k / (limit or 1.0))
                rows.append(Rows(scaled(sizes, scale), least * scale, most * scale, 1.0, ids))
        return Terms(rows=tuple(rows))

    def judge(self, problem: Problem, territory: IntArray, center: FloatArray) -> Measure:  # noqa: ARG002
        """Compare every size with the limits."""
        size = problem.sizes(self.activity, territory)
        low, high = self.lower or 0.0, np.inf if self.upper is None else self.upper
        below, above = np.clip(low - size, 0, None), np.clip(size - high, 0, None)
        beyond = below / (low or 1.0) + above / (high or 1.0)
        breaches = []
        if self.hard:
            broken = (below > HOLDS_WITHIN * max(1.0, low)) | (above > HOLDS_WITHIN * max(1.0, high))
            for t in np.flatnonzero(broken):
                name, limit = problem.territory_ids[t], low if below[t] > 0 else high
                side = "below" if below[t] > 0 else "above"
                text = f"{name}: {self.activity} {size[t]:,.10g} is {side} its limit {limit:,.10g}"
                breaches.append(Breach(name, float(below[t] + above[t]), text))
        return Measure(
            title=self.title(),
            value=float(beyond.mean() * 100),
            unit="% mean excess over limits",
            limit=self._words() if self.hard else "",
            breaches=tuple(breaches),
            local={self.activity: size},
        )

    def _words(self) -> str:
        """Say the rule in words."""
        parts = [
            f"{word} {limit:,.10g}"
            for word, limit in (("at least", self.lower), ("at most", self.upper))
            if limit is not None
        ]
        return f"{self.activity} {' and '.join(parts)} in every territory"
