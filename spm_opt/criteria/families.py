"""Families: accounts of one parent kept with one seller."""

from __future__ import annotations

from typing import Literal

import numpy as np

from spm_opt.criteria.terms import Breach, Measure, Reference, Settings, Terms
from spm_opt.problem import FloatArray, IntArray, Problem


class Families(Settings):
    """Accounts assigned singly that have one parent stay together.

    Accounts that lie in a geographic unit follow their geography. The value is the number of families
    that are split. It is always a hard rule.
    """

    kind: Literal["families"] = "families"

    def title(self) -> str:
        """Name the criterion in words."""
        return "families kept together"

    def references(self) -> tuple[Reference, ...]:
        """None."""
        return ()

    def terms(self, problem: Problem) -> Terms:
        """Ask that units of a family be contracted; a unit without a family is its own."""
        alone = np.arange(problem.n) + problem.n
        return Terms(together=np.where(problem.family >= 0, problem.family, alone))

    def judge(self, problem: Problem, territory: IntArray, center: FloatArray) -> Measure:  # noqa: ARG002
        """Look at every family's members."""
        holders: dict[int, set[int]] = {}
        first: dict[int, int] = {}
        for unit in np.flatnonzero(problem.family >= 0):
            label = int(problem.family[unit])
            first.setdefault(label, int(unit))
            holders.setdefault(label, set()).add(int(territory[unit]))
        breaches = tuple(
            Breach(
                problem.unit_ids[first[label]],
                len(found) - 1.0,
                f"the family of {problem.unit_ids[first[label]]} is split between "
                + " and ".join(problem.territory_ids[t] if t >= 0 else "nobody" for t in sorted(found)),
            )
            for label, found in sorted(holders.items())
            if len(found) > 1
        )
        return Measure(
            title=self.title(),
            value=float(len(breaches)),
            unit="families split",
            limit="every family with one seller",
            breaches=breaches,
        )
