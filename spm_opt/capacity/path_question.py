"""What the path of headcount is asked: cells and months, what positions bring and cost, and the limits.

A cell is a group (a region or district) and a role. Its positions have an order: the curve says what the first,
second, third... seller brings, and who is hired into the j-th position brings the j-th seller's part in the
share of the ramp; who moves in has no ramp, and takes the new position where a ramp would cost most. In a month
a cell gains sellers or loses some, not both. Of settled positions some are empty or ramping again after
departures: the curve is read at the expected number of effective sellers.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from spm_opt.problem import FloatArray, IntArray

YEAR = 12


@dataclass(frozen=True, eq=False)
class PathLimits:
    """What holds the path in; what is ``None`` holds nothing.

    Attributes
    ----------
    budget
        Most that a calendar year may cost, with everything that counts as cost; a part of a year has its part.
    span
        Most sellers of a group for one manager.
    hires
        Most new positions in a month, over all cells.
    least, most
        Fewest and most positions of each cell, shape ``(c,)``. The fewest hold from the last month of the first
        year on; before, a cell with fewer loses none of them.
    move
        Cost of moving one seller to another group, or ``None`` where nobody moves.
    """

    budget: float | None = None
    span: int | None = None
    hires: int | None = None
    least: IntArray | None = None
    most: IntArray | None = None
    move: float | None = None


@dataclass(frozen=True, eq=False)
class PathQuestion:
    """Cells and months of a plan of headcount: ``c`` cells, ``h`` months.

    Attributes
    ----------
    group, role
        Names of each cell's group and role.
    now
        Positions of each cell today, shape ``(c,)``.
    value
        Expected margin of a year with 0, 1, 2... effective sellers, one array a cell; linear between them.
    presence
        Effective sellers that a settled position stands for in a month, after departures, shape ``(c, h)``.
    ramp
        Share of that which a new position has in its first months, full from then on.
    weight
        Part of a year's margin that falls into each month, shape ``(h,)``.
    cost
        Expected cost of a position in a month, shape ``(c, h)``.
    hire_cost, leave_cost
        Cost of a new position and of giving one up, shape ``(c,)``.
    manager_cost
        Cost of one manager in a month.
    limits
        What holds the path in.
    """

    group: tuple[str, ...]
    role: tuple[str, ...]
    now: IntArray
    value: tuple[FloatArray, ...]
    presence: FloatArray
    ramp: tuple[float, ...]
    weight: FloatArray
    cost: FloatArray
    hire_cost: FloatArray
    leave_cost: FloatArray
    manager_cost: float = 0.0
    limits: PathLimits = field(default_factory=PathLimits)

    @property
    def cells(self) -> int:
        """Number of cells."""
        return len(self.group)

    @property
    def months(self) -> int:
        """Number of months."""
        return int(self.weight.size)

    @property
    def groups(self) -> tuple[str, ...]:
        """Groups in sorted order."""
        return tuple(sorted(set(self.group)))

    @property
    def group_of(self) -> IntArray:
        """Number of each cell's group, shape ``(c,)``."""
        return np.searchsorted(self.groups, self.group).astype(np.int64)

    @property
    def years(self) -> tuple[slice, ...]:
        """Months of each calendar year, the last one perhaps not whole."""
        return tuple(slice(one, min(one + YEAR, self.months)) for one in range(0, self.months, YEAR))

    def fewest(self) -> IntArray:
        """Fewest positions by cell and month, shape ``(c, h)``."""
        least = np.zeros(self.cells, dtype=np.int64) if self.limits.least is None else self.limits.least
        early = np.arange(self.months) < min(YEAR, self.months) - 1
        return np.where(early[None, :], np.minimum(least, self.now)[:, None], least[:, None])

    def most(self) -> IntArray:
        """Most positions of each cell, shape ``(c,)``; the curves end there too."""
        ends = np.array([len(one) - 1 for one in self.value], dtype=np.int64)
        return ends if self.limits.most is None else np.minimum(ends, self.limits.most)

    def settled(self, cell: int) -> FloatArray:
        """Margin of each month with 0, 1, 2... positions without ramp, shape ``(h, n + 1)``."""
        value = self.value[cell]
        places = np.arange(len(value))
        effective = self.presence[cell][:, None] * places
        margin: FloatArray = np.interp(effective, places, value) * self.weight[:, None]
        return margin

    def lost(self, settled: FloatArray) -> FloatArray:
        """Margin that the ramp costs in all, by first month and position: shape ``(h, n)``."""
        brings = np.diff(settled, axis=1)
        out = np.zeros_like(brings)
        for age, share in enumerate(self.ramp[: self.months]):
            out[: self.months - age] += (1 - share) * brings[age:]
        return out


@dataclass(frozen=True, eq=False)
class Steps:
    """Whole numbers of a path, each of shape ``(c, h)``: what begins in a month.

    Attributes
    ----------
    hires, gone, into, away
        New positions, positions given up, sellers that come from another group, and that go to one.
    """

    hires: IntArray
    gone: IntArray
    into: IntArray
    away: IntArray


@dataclass(frozen=True, eq=False)
class Figures:
    """What a path comes to.

    Attributes
    ----------
    positions, effective, margin, cost
        By cell and month, ``(c, h)``: positions at the end of the month, effective sellers with ramp and
        departures, margin less what the ramps of that month's hires lose in all, and cost.
    managers, manager_cost
        By group and month ``(g, h)``, and their cost by month ``(h,)``.
    """

    positions: IntArray
    effective: FloatArray
    margin: FloatArray
    cost: FloatArray
    managers: IntArray
    manager_cost: FloatArray

    @property
    def profit(self) -> float:
        """Margin less all cost."""
        return float(self.margin.sum() - self.cost.sum() - self.manager_cost.sum())


def figures(question: PathQuestion, steps: Steps) -> Figures:
    """Work a path out by plain sums, with nothing of the program."""
    change = steps.hires + steps.into - steps.gone - steps.away
    positions = question.now[:, None] + np.cumsum(change, axis=1)
    ramping = np.zeros(positions.shape)
    for age, share in enumerate(question.ramp[: question.months]):
        ramping[:, age:] += (1 - share) * steps.hires[:, : question.months - age]
    margin = np.zeros(positions.shape)
    for c in range(question.cells):
        settled = question.settled(c)
        lost = question.lost(settled)
        for t in range(question.months):
            new = lost[t, positions[c, t] - max(0, change[c, t]) : positions[c, t]]
            margin[c, t] = settled[t, positions[c, t]] - np.sort(new)[: steps.hires[c, t]].sum()
    cost = positions * question.cost + steps.hires * question.hire_cost[:, None]
    cost += steps.gone * question.leave_cost[:, None] + steps.into * (question.limits.move or 0.0)
    heads = np.zeros((len(question.groups), question.months), dtype=np.int64)
    np.add.at(heads, question.group_of, positions)
    span = question.limits.span
    managers = -(-heads // span) if span is not None else np.zeros_like(heads)
    effective = question.presence * (positions - ramping)
    return Figures(positions, effective, margin, cost, managers, managers.sum(axis=0) * question.manager_cost)


def broken(question: PathQuestion, steps: Steps) -> tuple[str, ...]:
    """Name the limits that a path breaks, by plain sums."""
    limits, made = question.limits, figures(question, steps)
    found = []
    if min(one.min(initial=0) for one in (steps.hires, steps.gone, steps.into, steps.away)) < 0:
        found.append("steps")
    comes, goes = steps.hires + steps.into > 0, steps.gone + steps.away > 0
    if (comes & goes).any():
        found.append("steps")
    if (made.positions < question.fewest()).any():
        found.append("least")
    if (made.positions > question.most()[:, None]).any():
        found.append("most")
    if limits.hires is not None and (steps.hires.sum(axis=0) > limits.hires).any():
        found.append("hires_a_month")
    net = {role: np.zeros(question.months, dtype=np.int64) for role in question.role}
    for c, role in enumerate(question.role):
        net[role] += steps.into[c] - steps.away[c]
    if any(one.any() for one in net.values()) or (limits.move is None and steps.into.any()):
        found.append("moves")
    if limits.budget is not None:
        spent = made.cost.sum(axis=0) + made.manager_cost
        parts = [spent[year].sum() * YEAR / spent[year].size for year in question.years]
        if max(parts) > limits.budget * (1 + 1e-9):
            found.append("budget")
    return tuple(found)
