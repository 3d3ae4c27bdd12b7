"""Segments: how many accounts of a segment every territory has."""

from __future__ import annotations

from typing import Literal, Self

import numpy as np
from pydantic import Field, model_validator

from spm_opt.criteria.terms import Breach, Measure, Reference, Rows, Settings, Terms, per_territory
from spm_opt.problem import BoolArray, FloatArray, IntArray, Problem


class Segments(Settings):
    """The number of accounts of one segment in every territory, between limits.

    The value is the number of accounts missing or too many, over all territories. It is always a hard rule.
    """

    kind: Literal["segments"] = "segments"
    segment: str
    """The segment whose accounts are counted."""
    lower: int = Field(0, ge=0)
    """The fewest accounts of the segment in any territory."""
    upper: int | None = Field(None, ge=0)
    """The most accounts of the segment in any territory; without it there is no upper limit."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if not self.lower and self.upper is None:
            raise ValueError("give lower, upper or both")
        if self.upper is not None and self.lower > self.upper:
            raise ValueError(f"lower {self.lower:,} is above upper {self.upper:,}")
        return self

    def title(self) -> str:
        """Name the criterion in words."""
        return f"accounts of segment {self.segment}"

    def references(self) -> tuple[Reference, ...]:
        """Name the segment."""
        return (Reference("segment", self.segment, "segment"),)

    def terms(self, problem: Problem) -> Terms:
        """Give a row a territory."""
        members = self._members(problem)
        count = np.bincount(problem.accounts.unit[members], minlength=problem.n).astype(np.float64)
        matrix = per_territory(problem, count[problem.arcs.unit])
        low, high = np.full(problem.k, float(self.lower)), np.full(problem.k, self._most())
        return Terms(rows=(Rows(matrix, low, high, np.inf, problem.territory_ids),))

    def judge(self, problem: Problem, territory: IntArray, center: FloatArray) -> Measure:  # noqa: ARG002
        """Count account by account."""
        held = territory[problem.accounts.unit][self._members(problem)]
        count = np.bincount(held[held >= 0], minlength=problem.k).astype(np.float64)
        off = np.clip(self.lower - count, 0, None) + np.clip(count - self._most(), 0, None)
        breaches = []
        for t in np.flatnonzero(off):
            name, few = problem.territory_ids[t], count[t] < self.lower
            limit = f"fewer than {self.lower:,}" if few else f"more than {self.upper:,}"
            text = f"{name}: has {count[t]:,.0f} of segment {self.segment}, {limit}"
            breaches.append(Breach(name, float(off[t]), text))
        return Measure(
            title=self.title(),
            value=float(off.sum()),
            unit="accounts missing or too many",
            limit=self._words(),
            breaches=tuple(breaches),
            local={f"{self.segment}_accounts": count},
        )

    def _members(self, problem: Problem) -> BoolArray:
        """Which accounts are of the segment, shape ``(a,)``."""
        segment = problem.accounts.segment or ("",) * len(problem.accounts.ids)
        return np.array([one == self.segment for one in segment], dtype=bool)

    def _most(self) -> float:
        return np.inf if self.upper is None else float(self.upper)

    def _words(self) -> str:
        """Say the rule in words."""
        parts = [f"at least {self.lower:,}"] if self.lower else []
        parts += [f"at most {self.upper:,}"] if self.upper is not None else []
        return f"{' and '.join(parts)} accounts of the segment in every territory"
