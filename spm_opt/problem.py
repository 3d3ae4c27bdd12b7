"""The Problem: units and territories as arrays, the one form that every engine sees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

NONE = -1
"""Stands for "no territory" and "no family" in integer arrays."""


@dataclass(frozen=True, eq=False)
class Arcs:
    """The eligible (unit, territory) pairs, sorted by unit and then by territory.

    Attributes
    ----------
    start
        Where each unit's arcs begin, shape ``(n + 1,)``.
    territory
        Territory of each arc, shape ``(a,)``.
    travel
        Distance from the unit to the territory's seat in km, shape ``(a,)``; ``nan`` where the unit has
        no place or the seat is not known yet.
    given
        Arcs whose travel the planner gave, in km or minutes, shape ``(a,)``: it holds whatever the places
        are. ``None`` where none is.
    amount
        For some activities what the territory would carry with each arc, shape ``(a,)``, in place of what
        the unit carries by itself.
    """

    start: IntArray
    territory: IntArray
    travel: FloatArray
    given: BoolArray | None = None
    amount: Mapping[str, FloatArray] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def unit(self) -> IntArray:
        """Unit of each arc, shape ``(a,)``."""
        return np.repeat(np.arange(len(self.start) - 1, dtype=np.int64), np.diff(self.start))

    def keep(self, mask: BoolArray) -> Arcs:
        """Return the arcs where ``mask`` (shape ``(a,)``) is true."""
        counts = np.bincount(self.unit[mask], minlength=len(self.start) - 1)
        start = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
        given = None if self.given is None else self.given[mask]
        amount = {name: values[mask] for name, values in self.amount.items()}
        return Arcs(start, self.territory[mask], self.travel[mask], given, amount)

    def of(self, unit: int, territory: int) -> int:
        """Index of the arc of a pair, or ``NONE`` where the pair is not eligible."""
        low, high = int(self.start[unit]), int(self.start[unit + 1])
        at = low + int(np.searchsorted(self.territory[low:high], territory))
        return at if at < high and self.territory[at] == territory else NONE

    def used(self, territory: IntArray) -> IntArray:
        """Arc that each unit uses in a plan (shape ``(n,)``), or ``NONE`` where its pair is not eligible."""
        unit = self.unit
        hit = np.flatnonzero(self.territory == territory[unit])
        arc = np.full(len(self.start) - 1, NONE, dtype=np.int64)
        arc[unit[hit]] = hit
        return arc


@dataclass(frozen=True, eq=False)
class AccountArrays:
    """The accounts behind the units; disruption is measured on them, since a unit may hold many.

    Attributes
    ----------
    ids
        Account ids, ``a`` of them.
    unit
        Unit of each account, shape ``(a,)``.
    current
        Today's territory of each account, or ``NONE``; shape ``(a,)``.
    activity
        Activities of each account, shape ``(a, m)``.
    segment
        Segment of each account, ``""`` where it has none; empty where no account has one.
    """

    ids: tuple[str, ...]
    unit: IntArray
    current: IntArray
    activity: FloatArray
    segment: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Problem:
    """What is to be decided: ``n`` units for ``k`` territories with ``m`` activities.

    Attributes
    ----------
    unit_ids, territory_ids, activity_names
        Names along the three axes.
    activity
        What each unit carries, shape ``(n, m)``; the measurement units are the scenario's.
    arcs
        Eligible pairs. Skills, forbidden and prescribed pairs have already taken theirs away.
    place
        Longitude and latitude of each unit (or planar x and y in km), shape ``(n, 2)``; ``nan`` where
        it has none.
    seat
        Seat of each territory in the same coordinates, shape ``(k, 2)``; ``nan`` where the solver
        chooses a center.
    planar
        Whether coordinates are km in a plane rather than degrees.
    edges
        Pairs of neighbouring units, shape ``(e, 2)``, each once.
    geographic
        Which units must hang together with their territory; the others are assigned singly.
    capacity
        The most each territory can carry, shape ``(k,)``, ``inf`` where nothing is said.
    groups
        For each level of the sales organisation (``"district"``, ``"region"``) the group of each
        territory as an index, shape ``(k,)``.
    group_names
        For each level, the names that those indices stand for.
    family
        Family of each unit or ``NONE``, shape ``(n,)``; only units assigned singly have one.
    requires, offers
        Skills that units need, shape ``(n, s)``, and territories have, shape ``(k, s)``.
    skill_names
        Names of the ``s`` skills.
    locked
        Units whose accounts stay where they are: the territory, or ``NONE``; shape ``(n,)``.
    accounts
        The accounts behind the units.
    between
        Distance from each unit to each unit as a center, shape ``(n, n)``, in place of the straight line
        wherever a territory's center is the place of a unit; ``None`` where the straight line counts. Units
        at one place have the same distances.
    candidates
        Places among which the centers of territories without a seat are chosen, each for one of them, shape
        ``(p, 2)``; ``None`` where the place of any unit will do.
    """

    unit_ids: tuple[str, ...]
    territory_ids: tuple[str, ...]
    activity_names: tuple[str, ...]
    activity: FloatArray
    arcs: Arcs
    place: FloatArray
    seat: FloatArray
    planar: bool
    edges: IntArray
    geographic: BoolArray
    capacity: FloatArray
    family: IntArray
    requires: BoolArray
    offers: BoolArray
    skill_names: tuple[str, ...]
    locked: IntArray
    accounts: AccountArrays
    groups: Mapping[str, IntArray]
    group_names: Mapping[str, tuple[str, ...]]
    between: FloatArray | None = None
    candidates: FloatArray | None = None

    @property
    def n(self) -> int:
        """Number of units."""
        return len(self.unit_ids)

    @property
    def k(self) -> int:
        """Number of territories."""
        return len(self.territory_ids)

    def carried(self, activity: str) -> FloatArray:
        """One activity of every unit by itself, shape ``(n,)``."""
        return self.activity[:, self.activity_names.index(activity)]

    def on_arcs(self, activity: str) -> FloatArray:
        """One activity as each arc's territory would carry it, shape ``(a,)``."""
        if activity in self.arcs.amount:
            return self.arcs.amount[activity]
        return self.carried(activity)[self.arcs.unit]

    def sizes(self, activity: str, territory: IntArray) -> FloatArray:
        """Sum one activity over each territory, shape ``(k,)``; units without a territory count nowhere."""
        amount = self.carried(activity)
        if activity in self.arcs.amount:
            arc = self.arcs.used(territory)
            amount = np.where(arc >= 0, self.arcs.amount[activity][arc], amount)
        held = territory >= 0
        return np.bincount(territory[held], weights=amount[held], minlength=self.k).astype(np.float64)

    def with_arcs(self, arcs: Arcs) -> Problem:
        """Return the same problem with other eligible pairs."""
        return replace(self, arcs=arcs)
