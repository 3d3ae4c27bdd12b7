"""Apart: accounts that must not share a seller, such as competitors."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Annotated, Literal

import numpy as np
from pydantic import AfterValidator, Field
from scipy import sparse

from spm_opt.criteria.terms import Breach, Measure, Reference, Rows, Settings, Terms
from spm_opt.problem import FloatArray, IntArray, Problem


def _different(names: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(names)) < len(names):
        raise ValueError("names one twice")
    return names


Group = Annotated[tuple[str, ...], Field(min_length=2), AfterValidator(_different)]


class Apart(Settings):
    """Accounts (or units) of which no two may have the same seller.

    The value is the number of pairs that share a seller. It is always a hard rule.
    """

    kind: Literal["apart"] = "apart"
    apart: tuple[Group, ...] = Field(min_length=1)
    """Pairs or longer lists ``[account or unit, account or unit, ...]`` of which no two share a seller."""

    def title(self) -> str:
        """Name the criterion in words."""
        return "accounts kept apart"

    def references(self) -> tuple[Reference, ...]:
        """Every account or unit that a list names."""
        return tuple(Reference("account or unit", name, "apart") for group in self.apart for name in group)

    def terms(self, problem: Problem) -> Terms:
        """Give a row for each list and each territory that two of it could have: at most one may."""
        arcs, unit = problem.arcs, _units(problem)
        row: list[int] = []
        column: list[int] = []
        labels: list[str] = []
        for group in self.apart:
            # two accounts of one unit count it twice, so that no plan passes
            members = [unit[name] for name in group]
            own = np.concatenate([np.arange(arcs.start[u], arcs.start[u + 1]) for u in members])
            for t in np.flatnonzero(np.bincount(arcs.territory[own], minlength=problem.k) > 1):
                mine = own[arcs.territory[own] == t]
                row += [len(labels)] * len(mine)
                column += mine.tolist()
                labels.append(f"{', '.join(group)} with {problem.territory_ids[t]}")
        shape = (len(labels), len(arcs.territory))
        matrix = sparse.csr_array((np.ones(len(row)), (row, column)), shape=shape)
        none, one = np.full(len(labels), -np.inf), np.ones(len(labels))
        return Terms(rows=(Rows(matrix, none, one, np.inf, tuple(labels)),))

    def judge(self, problem: Problem, territory: IntArray, center: FloatArray) -> Measure:  # noqa: ARG002
        """Look at every two of each list."""
        breaches = tuple(self._together(problem, territory))
        return Measure(
            title=self.title(),
            value=float(len(breaches)),
            unit="pairs with one seller",
            limit="none of them share a seller",
            breaches=breaches,
        )

    def _together(self, problem: Problem, territory: IntArray) -> Iterator[Breach]:
        unit = _units(problem)
        for group in self.apart:
            for one, other in combinations(group, 2):
                held = territory[unit[one]]
                if held >= 0 and held == territory[unit[other]]:
                    text = f"{one} and {other}: both with {problem.territory_ids[held]}"
                    yield Breach(problem.unit_ids[unit[one]], 1.0, text)


def _units(problem: Problem) -> dict[str, int]:
    """Find the unit of every name; an account stands for the unit it lies in."""
    unit = dict(zip(problem.accounts.ids, problem.accounts.unit.tolist(), strict=True))
    return unit | {name: i for i, name in enumerate(problem.unit_ids)}
