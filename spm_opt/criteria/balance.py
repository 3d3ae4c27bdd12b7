"""Balance: the size of every territory near its target, measure by measure."""

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
from spm_opt.errors import ScenarioError
from spm_opt.problem import FloatArray, IntArray, Problem


class Balance(Settings):
    """The size of each territory in one activity, held near its target.

    The target of a territory is the mean of all of them, or of its ``within`` group, or the share of the
    group's total that its capacity has; totals are of what units carry by themselves, also where the travel
    table gives other amounts for some pairs. The value is the mean absolute deviation in percent of target.
    """

    kind: Literal["balance"] = "balance"
    activity: str
    """The measure to balance."""
    tolerance: float | None = Field(None, gt=0, lt=10, allow_inf_nan=False)
    """Largest deviation from target, as a fraction (0.1 for 10 %); without it there is no hard limit."""
    within: str | None = None
    """Level of the sales organisation ("region", "district") whose territories are compared."""
    target: Literal["equal", "capacity"] = "equal"
    """Whether the same for all, or in proportion to capacity."""

    def title(self) -> str:
        """Name the criterion in words."""
        return f"balance of {self.activity}" + (f" within {self.within}" if self.within else "")

    def references(self) -> tuple[Reference, ...]:
        """Name the activity, and the level if there is one."""
        level = (Reference("level", self.within, "within"),) if self.within else ()
        return (Reference("activity", self.activity, "activity"), *level)

    def terms(self, problem: Problem) -> Terms:
        """Give a row a territory: hard within the tolerance, priced at the target."""
        rows = []
        target = self._shares(problem) * self._group_totals(problem)
        sizes = per_territory(problem, problem.on_arcs(self.activity))
        if self.tolerance is not None:
            low, high = (1 - self.tolerance) * target, (1 + self.tolerance) * target
            rows.append(Rows(sizes, low, high, np.inf, problem.territory_ids))
        if self.weight:
            scale = np.divide(100 / problem.k, target, out=np.zeros(problem.k), where=target > 0)
            rows.append(
                Rows(scaled(sizes, scale), target * scale, target * scale, 1.0, problem.territory_ids)
            )
        return Terms(rows=tuple(rows))

    def judge(self, problem: Problem, territory: IntArray, center: FloatArray) -> Measure:  # noqa: ARG002
        """Compare every size with its target."""
        size = problem.sizes(self.activity, territory)
        group = self._group(problem)
        own = size
        if self.activity in problem.arcs.amount:
            held = territory >= 0
            carried = problem.carried(self.activity)[held]
            own = np.bincount(territory[held], weights=carried, minlength=problem.k).astype(np.float64)
        target = self._shares(problem) * np.bincount(group, weights=own)[group]
        deviation = np.divide(size - target, target, out=np.zeros(problem.k), where=target > 0)
        return Measure(
            title=self.title(),
            value=float(np.abs(deviation).mean() * 100),
            unit="% mean deviation from target",
            limit=f"every territory within {100 * self.tolerance:.4g} % of its target"
            if self.tolerance is not None
            else "",
            breaches=self._breaches(problem, size, target, deviation),
            local={
                self.activity: size,
                f"{self.activity}_target": target,
                f"{self.activity}_deviation": deviation,
            },
        )

    def _breaches(
        self, problem: Problem, size: FloatArray, target: FloatArray, deviation: FloatArray
    ) -> tuple[Breach, ...]:
        """Find the territories beyond the tolerance; one that should have nothing may have nothing."""
        if self.tolerance is None:
            return ()
        amount = np.where(target > 0, np.abs(deviation) - self.tolerance, size)
        breaches = []
        for t in np.flatnonzero(amount > np.where(target > 0, HOLDS_WITHIN * (1 + self.tolerance), 0.0)):
            name, side = problem.territory_ids[t], "above" if size[t] > target[t] else "below"
            off = f"{abs(deviation[t]):.2%} {side}" if target[t] > 0 else side
            text = (
                f"{name}: {self.activity} {size[t]:,.10g} is {off} its target {target[t]:,.10g}, "
                f"more than {100 * self.tolerance:.4g} % allowed"
            )
            breaches.append(Breach(name, float(amount[t]), text))
        return tuple(breaches)

    def _group(self, problem: Problem) -> IntArray:
        return problem.groups[self.within] if self.within else np.zeros(problem.k, dtype=np.int64)

    def _shares(self, problem: Problem) -> FloatArray:
        """Share of its group's total that each territory should have."""
        claim = problem.capacity if self.target == "capacity" else np.ones(problem.k)
        if not np.isfinite(claim).all():
            raise ScenarioError([f"{self.title()}: target = 'capacity' needs a capacity for every seller"])
        group = self._group(problem)
        total = np.bincount(group, weights=claim)[group]
        return np.divide(claim, total, out=np.zeros(problem.k), where=total > 0)

    def _group_totals(self, problem: Problem) -> FloatArray:
        """Total of the group of each territory, which is certain only where no unit may leave its group."""
        group, arcs = self._group(problem), problem.arcs
        if not len(arcs.territory):
            return np.zeros(problem.k)
        reached = group[arcs.territory]
        first = reached[np.minimum(arcs.start[:-1], len(reached) - 1)]
        strays = np.flatnonzero(reached != first[arcs.unit])
        if len(strays):
            unit = arcs.unit[strays[0]]
            text = (
                f"{self.title()}: unit {problem.unit_ids[unit]} may go to more than one {self.within}, so the "
                f"{self.within}'s total is not known; tie accounts to a {self.within} by skills or forbidden pairs"
            )
            raise ScenarioError([text])
        has_arc = np.diff(arcs.start) > 0
        carried = problem.carried(self.activity)[has_arc]
        total = np.bincount(first[has_arc], weights=carried, minlength=group.max() + 1)
        return total[group].astype(np.float64)
