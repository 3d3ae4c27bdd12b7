"""Skills: an account goes only to a seller who has what it requires."""

from __future__ import annotations

from typing import Literal

import numpy as np

from spm_opt.criteria.terms import Breach, Measure, Reference, Settings, Terms
from spm_opt.problem import BoolArray, FloatArray, IntArray, Problem


class Skills(Settings):
    """Every skill that a unit requires is one that its seller has.

    The value is the number of units whose seller lacks a skill. It is always a hard rule.
    """

    kind: Literal["skills"] = "skills"

    def title(self) -> str:
        """Name the criterion in words."""
        return "skills"

    def references(self) -> tuple[Reference, ...]:
        """None."""
        return ()

    def removed(self, problem: Problem) -> BoolArray | None:
        """Take away the arcs to sellers who lack a skill."""
        if not problem.requires.any():
            return None
        arcs = problem.arcs
        # whole numbers below 2**24 are exact in single precision, whose product is the fastest
        missing = problem.requires.astype(np.float32) @ (~problem.offers).T.astype(np.float32) > 0
        return np.asarray(missing[arcs.unit, arcs.territory])

    def terms(self, problem: Problem) -> Terms:  # noqa: ARG002
        """Say no more than the arcs it removes."""
        return Terms()

    def judge(self, problem: Problem, territory: IntArray, center: FloatArray) -> Measure:  # noqa: ARG002
        """Look at every unit and its seller."""
        held = np.flatnonzero(territory >= 0)
        lacks = problem.requires[held] & ~problem.offers[territory[held]]
        breaches = tuple(
            Breach(
                problem.unit_ids[unit],
                1.0,
                f"{problem.unit_ids[unit]}: {problem.territory_ids[territory[unit]]} lacks "
                + ", ".join(problem.skill_names[s] for s in np.flatnonzero(lack)),
            )
            for unit, lack in zip(held, lacks, strict=True)
            if lack.any()
        )
        return Measure(
            title=self.title(),
            value=float(len(breaches)),
            unit="units without the skill",
            limit="every required skill present",
            breaches=breaches,
        )
