"""Prescribed and forbidden pairs: accounts that are locked, named for a seller, or kept from one."""

from __future__ import annotations

from typing import Literal

import numpy as np

from spm_opt.criteria.terms import Breach, Measure, Reference, Settings, Terms
from spm_opt.problem import BoolArray, FloatArray, IntArray, Problem

Pair = tuple[str, str]


class Pairs(Settings):
    """Pairs of an account (or a unit) and a seller that must be, or must not be.

    The value is the number of broken pairs. It is always a hard rule.
    """

    kind: Literal["pairs"] = "pairs"
    prescribed: tuple[Pair, ...] = ()
    """Pairs ``[account or unit, seller]`` that must be."""
    forbidden: tuple[Pair, ...] = ()
    """Pairs ``[account or unit, seller]`` that must not be."""
    locked: bool = True
    """Whether accounts marked as locked stay with their current seller."""

    def title(self) -> str:
        """Name the criterion in words."""
        return "prescribed and forbidden pairs"

    def references(self) -> tuple[Reference, ...]:
        """Every account or unit, and every seller, that a pair names."""
        named = [("prescribed", pair) for pair in self.prescribed] + [
            ("forbidden", pair) for pair in self.forbidden
        ]
        accounts = tuple(Reference("account or unit", pair[0], key) for key, pair in named)
        return accounts + tuple(Reference("seller", pair[1], key) for key, pair in named)

    def removed(self, problem: Problem) -> BoolArray | None:
        """Take away the arcs that a pair excludes."""
        arcs = problem.arcs
        gone = (
            _leaves(arcs.territory, problem.locked[arcs.unit])
            if self.locked
            else np.zeros(len(arcs.territory), bool)
        )
        for unit, territory in self._located(problem, self.prescribed):
            own = slice(int(arcs.start[unit]), int(arcs.start[unit + 1]))
            gone[own] |= arcs.territory[own] != territory
        for unit, territory in self._located(problem, self.forbidden):
            own = slice(int(arcs.start[unit]), int(arcs.start[unit + 1]))
            gone[own] |= arcs.territory[own] == territory
        return gone

    def terms(self, problem: Problem) -> Terms:  # noqa: ARG002
        """Say no more than the arcs it removes."""
        return Terms()

    def judge(self, problem: Problem, territory: IntArray, center: FloatArray) -> Measure:  # noqa: ARG002
        """Look at every pair."""
        names = problem.territory_ids
        breaches = []
        for unit, t in self._located(problem, self.prescribed):
            if territory[unit] != t:
                breaches.append(
                    Breach(problem.unit_ids[unit], 1.0, f"{problem.unit_ids[unit]}: not with {names[t]}")
                )
        for unit, t in self._located(problem, self.forbidden):
            if territory[unit] == t:
                breaches.append(
                    Breach(problem.unit_ids[unit], 1.0, f"{problem.unit_ids[unit]}: with {names[t]}")
                )
        if self.locked:
            for unit in np.flatnonzero(_leaves(territory, problem.locked)).tolist():
                text = f"{problem.unit_ids[unit]}: locked to {names[problem.locked[unit]]}, but moved"
                breaches.append(Breach(problem.unit_ids[unit], 1.0, text))
        return Measure(
            title=self.title(),
            value=float(len(breaches)),
            unit="pairs broken",
            limit="every pair kept",
            breaches=tuple(breaches),
        )

    @staticmethod
    def _located(problem: Problem, pairs: tuple[Pair, ...]) -> list[tuple[int, int]]:
        """Find unit and territory of each pair; an account stands for the unit it lies in."""
        if not pairs:
            return []
        unit = dict(zip(problem.accounts.ids, problem.accounts.unit.tolist(), strict=True))
        unit |= {name: i for i, name in enumerate(problem.unit_ids)}
        territory = {name: t for t, name in enumerate(problem.territory_ids)}
        return [(unit[subject], territory[seller]) for subject, seller in pairs]


def _leaves(territory: IntArray, locked: IntArray) -> BoolArray:
    return np.asarray((locked >= 0) & (territory != locked))
