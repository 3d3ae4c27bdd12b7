"""Dispersion: how far the units of a territory lie from its seat or center."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from spm_opt.criteria.terms import Measure, Reference, Settings, Terms
from spm_opt.geography.travel import travelled
from spm_opt.problem import FloatArray, IntArray, Problem


class Dispersion(Settings):
    """The distance of every unit to its seller's seat, or to a center that the solver chooses.

    The value is the mean distance to the power, weighted by an activity: in km for power 1 (the
    p-median form), in km² for power 2 (the moment of inertia); where a travel table names a pair, in what
    that table counts. Units with neither a place nor given travel count nothing.
    """

    kind: Literal["dispersion"] = "dispersion"
    weight_by: str | None = None
    """The activity that weighs each unit; without it every unit counts the same."""
    power: float = Field(1.0, gt=0, le=4, allow_inf_nan=False)
    """Power of the distance."""
    center: Literal["seat", "chosen"] = "seat"
    """Whether measured to the seats, or to centers that the solver chooses for every territory.

    With ``"seat"`` a center is still chosen for a position that has no seat.
    """

    def title(self) -> str:
        """Name the criterion in words."""
        return "travel" + (f" weighted by {self.weight_by}" if self.weight_by else "")

    def references(self) -> tuple[Reference, ...]:
        """Name the activity, if there is one."""
        return (Reference("activity", self.weight_by, "weight_by"),) if self.weight_by else ()

    def terms(self, problem: Problem) -> Terms:
        """Give each arc its weighted distance; where the seat is not known yet it costs nothing."""
        share = self.shares(problem)
        travel = np.nan_to_num(problem.arcs.travel, nan=0.0)
        return Terms(cost=share[problem.arcs.unit] * travel**self.power)

    def judge(self, problem: Problem, territory: IntArray, center: FloatArray) -> Measure:
        """Measure every unit's distance to the center of its territory."""
        held = territory >= 0
        far = np.nan_to_num(travelled(problem, territory, center), nan=0.0)
        share = self.shares(problem)
        total = np.bincount(territory[held], weights=share[held], minlength=problem.k)
        travel = np.bincount(territory[held], weights=(share * far)[held], minlength=problem.k)
        return Measure(
            title=self.title(),
            value=float((share * far**self.power)[held].sum()),
            unit="km" if self.power == 1 else f"km^{self.power:g}",
            local={"mean_travel_km": np.divide(travel, total, out=np.zeros(problem.k), where=total > 0)},
        )

    def shares(self, problem: Problem) -> FloatArray:
        """Weight of each unit whose travel is known or can be, summing to one; shape ``(n,)``."""
        weight = problem.carried(self.weight_by) if self.weight_by else np.ones(problem.n)
        nowhere = np.asarray(np.isnan(problem.place).any(axis=1))
        if problem.arcs.given is not None:
            nowhere[problem.arcs.unit[problem.arcs.given]] = False
        weight = np.where(nowhere, 0.0, weight)
        total = weight.sum()
        return weight / total if total > 0 else weight
