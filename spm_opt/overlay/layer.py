"""A layer: positions over the territories, and what is proven of how they were cut."""

from __future__ import annotations

from dataclasses import dataclass

from spm_opt.align.result import Result
from spm_opt.criteria.terms import Criterion
from spm_opt.plan import Alignment
from spm_opt.problem import IntArray, Problem
from spm_opt.verify import Verdict


@dataclass(frozen=True, eq=False)
class Layer:
    """Positions of specialists, technical sellers or managers, each over some units of the layer below.

    Attributes
    ----------
    name
        What the layer is called.
    over
        The layer below, ``""`` for the territories.
    within
        Level of the sales organisation that no position crosses, ``""`` where there is none.
    problem
        Units (territories, or positions of the layer below) and positions, with exact activities.
    criteria
        Rules and aims of the whole layer.
    result
        What the engine says of it, its groups taken together: points and bounds are sums.
    alignment
        Every unit's position, and every account's.
    verdict
        What the checker says of it.
    territory_unit, territory_position
        Unit that each territory is or lies in, and the position over it, shape ``(k,)``.
    """

    name: str
    over: str
    within: str
    problem: Problem
    criteria: tuple[Criterion, ...]
    result: Result
    alignment: Alignment
    verdict: Verdict
    territory_unit: IntArray
    territory_position: IntArray

    @property
    def position_ids(self) -> tuple[str, ...]:
        """Names of the positions."""
        return self.problem.territory_ids

    @property
    def groups(self) -> tuple[str, ...]:
        """Group of each position, ``""`` where the layer has none."""
        if not self.within:
            return ("",) * self.problem.k
        names = self.problem.group_names[self.within]
        return tuple(names[g] for g in self.problem.groups[self.within].tolist())
