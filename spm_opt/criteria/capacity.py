"""Capacity: no seller carries more than they can."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

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


class Capacity(Settings):
    """The size of each territory in one activity, below the capacity of its position.

    The value is the mean overload in percent of capacity.
    """

    kind: Literal["capacity"] = "capacity"
    activity: str
    """The measure that capacity is counted in."""
    overload: float = Field(0.0, ge=0, allow_inf_nan=False)
    """How far capacity may be exceeded, as a fraction."""
    hard: bool = True
    """Whether the limit must hold; otherwise overload is only an aim with a weight."""

    def title(self) -> str:
        """Name the criterion in words."""
        return f"capacity for {self.activity}"

    def references(self) -> tuple[Reference, ...]:
        """Name the activity."""
        return (Reference("activity", self.activity, "activity"),)

    def terms(self, problem: Problem) -> Terms:
        """Give a row for each territory whose capacity is known."""
        known = np.flatnonzero(np.isfinite(problem.capacity))
        capacity = problem.capacity[known]
        sizes = per_territory(problem, problem.on_arcs(self.activity))[known]
        labels = tuple(problem.territory_ids[t] for t in known)
        none = np.full(len(known), -np.inf)
        rows = []
        if self.hard:
            rows.append(Rows(sizes, none, capacity * (1 + self.overload), np.inf, labels))
        if self.weight:
            # a capacity of nothing is exceeded by any load; count it against one unit of the activity
            scale = 100 / problem.k / np.where(capacity > 0, capacity, 1.0)
            rows.append(Rows(scaled(sizes, scale), none, capacity * scale, 1.0, labels))
        return Terms(rows=tuple(rows))

    def judge(self, problem: Problem, territory: IntArray, center: FloatArray) -> Measure:  # noqa: ARG002
        """Compare every size with the capacity of its position."""
        size = problem.sizes(self.activity, territory)
        known = np.isfinite(problem.capacity)
        capacity = np.where(known, problem.capacity, 0.0)
        over = np.where(known, size - capacity, 0.0)
        ratio = np.clip(over, 0, None) / np.where(capacity > 0, capacity, 1.0)
        breaches = []
        if self.hard:
            limit = capacity * (1 + self.overload)
            for t in np.flatnonzero(known & (size > limit + HOLDS_WITHIN * np.maximum(1.0, limit))):
                text = f"{problem.territory_ids[t]}: {self.activity} {size[t]:,.10g} exceeds its limit {limit[t]:,.10g}"
                breaches.append(Breach(problem.territory_ids[t], float(size[t] - limit[t]), text))
        use = np.divide(size, capacity, out=np.full(problem.k, np.nan), where=known & (capacity > 0))
        return Measure(
            title=self.title(),
            value=float(ratio.mean() * 100),
            unit="% mean overload",
            limit=f"{self.activity} at most {100 * (1 + self.overload):.4g} % of capacity"
            if self.hard
            else "",
            breaches=tuple(breaches),
            local={self.activity: size, "capacity": problem.capacity, "capacity_used": use},
        )
