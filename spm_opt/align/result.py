"""What the territory engine returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from spm_opt.criteria.terms import Breach
from spm_opt.plan import Alignment

Status = Literal["optimal", "feasible", "infeasible", "unknown"]


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
    objective
        Points of the plan: the sum over aims of weight times value.
    lower_bound
        Points that no plan can beat, or ``None`` where nothing is proven.
    gap
        ``objective / lower_bound - 1``, or ``None``.
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
    repeatable
        Whether the same call gives the same bytes: false once a time limit has cut the search.
    """

    status: Status
    alignment: Alignment | None
    objective: float | None
    lower_bound: float | None
    gap: float | None
    parts: Mapping[str, float]
    breaches: tuple[Breach, ...]
    method: str
    reason: str
    work: Mapping[str, int]
    seconds: float
    repeatable: bool
