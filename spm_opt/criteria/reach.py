"""Reach: no unit farther from its seller's seat than one travels."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from spm_opt.criteria.terms import HOLDS_WITHIN, Breach, Measure, Reference, Settings, Terms
from spm_opt.errors import ScenarioError
from spm_opt.geography.travel import travelled
from spm_opt.problem import BoolArray, FloatArray, IntArray, Problem


class Reach(Settings):
    """No unit lies farther than so many km from its seller's seat; a unit without a place may go anywhere.

    Where a travel table names a pair, its travel counts (minutes, if the table is in minutes). Every seller
    needs a seat. The value is the number of units beyond the limit. It is always a hard rule.
    """

    kind: Literal["reach"] = "reach"
    limit: float = Field(gt=0, allow_inf_nan=False)
    """The farthest that a unit may lie from its seat, in km or in what the travel table counts."""

    def title(self) -> str:
        """Name the criterion in words."""
        return "travel limit"

    def references(self) -> tuple[Reference, ...]:
        """None."""
        return ()

    def removed(self, problem: Problem) -> BoolArray | None:
        """Take away the arcs that are too long."""
        self._need_seats(problem)
        return np.asarray(problem.arcs.travel > self._most())

    def terms(self, problem: Problem) -> Terms:
        """Say no more than the arcs it removes."""
        self._need_seats(problem)
        return Terms()

    def judge(self, problem: Problem, territory: IntArray, center: FloatArray) -> Measure:
        """Measure every unit's travel to the center of its territory."""
        far = travelled(problem, territory, center)
        breaches = []
        for unit in np.flatnonzero(far > self._most()):
            seller = problem.territory_ids[territory[unit]]
            text = f"{problem.unit_ids[unit]}: {far[unit]:,.4g} from the seat of {seller}, more than {self.limit:g}"
            breaches.append(Breach(problem.unit_ids[unit], float(far[unit] - self.limit), text))
        longest = np.full(problem.k, np.nan)
        known = np.flatnonzero(~np.isnan(far))
        np.fmax.at(longest, territory[known], far[known])
        return Measure(
            title=self.title(),
            value=float(len(breaches)),
            unit="units beyond the limit",
            limit=f"no unit farther than {self.limit:g} from its seat",
            breaches=tuple(breaches),
            local={"longest_travel": longest},
        )

    def _most(self) -> float:
        return self.limit * (1 + HOLDS_WITHIN)

    def _need_seats(self, problem: Problem) -> None:
        """Refuse a territory without a seat that a unit with a place might go to."""
        arcs = problem.arcs
        seatless = np.isnan(problem.seat[arcs.territory]).any(axis=1)
        placed = ~np.isnan(problem.place[arcs.unit]).any(axis=1)
        open_ones = np.unique(arcs.territory[seatless & placed & np.isnan(arcs.travel)])
        if len(open_ones):
            names = ", ".join(problem.territory_ids[t] for t in open_ones[:5])
            more = f" and {len(open_ones) - 5:,} more" if len(open_ones) > 5 else ""  # noqa: PLR2004
            raise ScenarioError([f"{self.title()}: needs a seat for every seller; none for {names}{more}"])
