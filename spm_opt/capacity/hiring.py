"""Who is hired when, so that each year's target is met with a stated chance, at least cost.

Targets are hours of each group and role in each planned year (``[size.hiring]``):

- ``hours``: what accounts ask for, but no more than the recommended headcount has, settled and all present;
- ``sales``: what the recommended headcount has after the usual departures, so that its sales come in.

1. The cheapest hires are found whose expected hours exceed each target by a buffer, first of none.
2. The plan is simulated: who leaves when, how long positions stay empty, ramps and time for selling, by the draws of
   the simulated year. Where a target's chance is too low, its buffer is raised to what lies between the mean and
   the quantile that has to reach the target; again from 1.
3. Hires are dropped, and put off by a month, one by one, as long as all chances hold.

So the plan's chances are those of the simulation; that no single hire can be dropped or put off by a month is
certain for its draws; that the hires of step 1 are the cheapest for their buffers was proven by two solvers, and
that no other plan with the same chances is cheaper is not.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from spm_opt.capacity.available import drawn_months
from spm_opt.capacity.hiring_model import HiringQuestion, cheapest, clashing
from spm_opt.capacity.path_input import roles_of, settled_path, staffed
from spm_opt.capacity.path_question import YEAR
from spm_opt.capacity.positions import cell_of, hired, size_of, with_positions
from spm_opt.capacity.sizing import Sizing
from spm_opt.errors import HeadcountError
from spm_opt.problem import FloatArray, IntArray
from spm_opt.scenario.scenario import Scenario

REPLICATIONS = 1_000
TRIES = 12
"""Times that buffers are raised."""
STEP = 0.05
"""Chances tried below one that cannot be had."""


@dataclass(frozen=True, eq=False)
class Late:
    """The same hires some months late: chances, and what is lost and saved by year, ``(c, y)`` and ``(y,)``."""

    months: int
    chance: FloatArray
    hours: FloatArray
    margin: FloatArray
    cost: FloatArray


@dataclass(frozen=True, eq=False)
class HiringPlan:
    """Who is hired when: ``c`` cells, ``h`` months, ``y`` years.

    Attributes
    ----------
    hires
        By cell and month, shape ``(c, h)``.
    target, expected, chance
        Hours asked, expected hours, and the chance that they suffice, each of shape ``(c, y)``.
    margin, cost
        Expected margin of sales and expected cost of sellers and hires, by year ``(y,)``.
    late
        The same with delay.
    rows
        A row a month, group and role: ``month``, ``group``, ``role``, ``hires``, ``departures`` (expected), ``in_seat``,
        ``ramping``, ``productive`` (in settled sellers), ``hours``, ``p10``, ``p90``, ``asked``, ``cost``.
    sellers
        The sellers' table with those hired.
    proven
        Whether the hires before step 3 are proven the cheapest for their buffers.
    """

    hires: IntArray
    target: FloatArray
    expected: FloatArray
    chance: FloatArray
    margin: FloatArray
    cost: FloatArray
    late: Late
    rows: pd.DataFrame
    sellers: pd.DataFrame
    proven: bool


@dataclass(frozen=True, eq=False)
class _Case:
    """What all plans share: the scenario, its sizing, and the yearly hours of who is there, ``(c, y, r)``."""

    scenario: Scenario
    sizing: Sizing
    question: HiringQuestion
    today: FloatArray

    def hours(self, hires: IntArray) -> FloatArray:
        """Draw the yearly hours of each cell with these hires, shape ``(c, y, r)``."""
        table = hired(self.scenario, self.sizing, hires)
        return self.today + _yearly(self.scenario, self.sizing, table)

    def chance(self, hires: IntArray) -> FloatArray:
        """Give the chance of each target, shape ``(c, y)``."""
        met: FloatArray = (self.hours(hires) >= self.question.target[:, :, None]).mean(axis=2)
        return met


def hire(scenario: Scenario, sizing: Sizing) -> HiringPlan:
    """Plan hires month by month.

    Raises
    ------
    HeadcountError
        The targets cannot be met with the stated chance within the limits; it names the limits that clash, and the
        highest chance that was reached.
    """
    rules = size_of(scenario).hiring
    case = _case(scenario, sizing)
    found, proven, buffer = _met(case, rules.probability)
    if found is None:
        raise _unreached(case, rules.probability, buffer)
    hires = _spare(case, found, rules.probability)
    return _told(case, hires, proven=proven)


def _case(scenario: Scenario, sizing: Sizing) -> _Case:
    size = size_of(scenario)
    months, years = size.months, -(-size.months // YEAR)
    level, seated, leaves = settled_path(scenario)
    year = np.arange(months) // YEAR
    parts = np.bincount(year, minlength=years) / YEAR
    present = np.bincount(year, level, years) / np.bincount(year, minlength=years)
    recommended = sizing.best * sizing.hours
    target = np.minimum(sizing.needed, recommended)[:, None] * parts
    if size.hiring.meet == "sales":
        target = recommended[:, None] * parts * present
    # hours are drawn for the positions there are; theirs are a settled year's
    today = _yearly(scenario, sizing, scenario.sellers)
    brings, costs = _of_one(scenario, sizing, seated, leaves)
    roles, there = roles_of(scenario, sizing), staffed(scenario, sizing).tolist()
    room = None if all(one.most is None for one in roles) else np.array(
        [10**6 if one.most is None else max(0, one.most - now) for one, now in zip(roles, there, strict=True)]
    )  # fmt: skip
    money = None
    if size.budget is not None:
        money = size.budget * parts - _standing(scenario, sizing, seated, leaves)
    question = HiringQuestion(today.mean(axis=2), target, brings, costs, room, size.hires_a_month, money)
    return _Case(scenario, sizing, question, today)


def _monthly_cost(scenario: Scenario, sizing: Sizing, seated: FloatArray, leaves: FloatArray) -> FloatArray:
    """Give the expected cost of one position in each month: its seller, and who is hired again; ``(c, h)``."""
    again = np.array([one.hire_cost for one in roles_of(scenario, sizing)])
    return sizing.cost[:, None] / YEAR * seated + again[:, None] * leaves


def _standing(scenario: Scenario, sizing: Sizing, seated: FloatArray, leaves: FloatArray) -> FloatArray:
    """Give what those who are there cost in each year, with managers for all of today; ``(y,)``."""
    size, there = size_of(scenario), staffed(scenario, sizing)
    month = (_monthly_cost(scenario, sizing, seated, leaves) * there[:, None]).sum(axis=0)
    if size.span is not None:
        heads: dict[str, int] = {}
        for (group, _), count in zip(sizing.cells, there.tolist(), strict=True):
            heads[group] = heads.get(group, 0) + count
        month = month + sum(-(-one // size.span) for one in heads.values()) * size.manager_cost / YEAR
    sums: FloatArray = np.bincount(np.arange(size.months) // YEAR, month.astype(np.float64)).astype(
        np.float64
    )
    return sums


def _of_one(
    scenario: Scenario, sizing: Sizing, seated: FloatArray, leaves: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Give what one hired in each month brings in hours and costs, by year: two of shape ``(c, h, y)``."""
    size = size_of(scenario)
    months, years, cells = size.months, -(-size.months // YEAR), len(sizing.cells)
    brings, costs = np.zeros((cells, months, years)), np.zeros((cells, months, years))
    month = _monthly_cost(scenario, sizing, seated, leaves)
    share = size.manager_cost / YEAR / size.span if size.span is not None else 0.0
    for first in range(months):
        one = np.zeros((cells, months), dtype=np.int64)
        one[:, first] = 1
        table = hired(scenario, sizing, one)
        brings[:, first] = _yearly(scenario, sizing, table).mean(axis=2)
        year = np.arange(first, months) // YEAR
        for c in range(cells):
            costs[c, first] = np.bincount(year, month[c, : months - first] + share, years)
            costs[c, first, first // YEAR] += roles_of(scenario, sizing)[c].hire_cost
    return brings, costs


def _yearly(scenario: Scenario, sizing: Sizing, sellers: pd.DataFrame) -> FloatArray:
    """Draw the hours of these sellers by cell and year, shape ``(c, y, r)``."""
    months = size_of(scenario).months
    out = np.zeros((len(sizing.cells), -(-months // YEAR), REPLICATIONS))
    if not len(sellers):
        return out
    table = sellers.sort_values("id", kind="stable", ignore_index=True)
    cell = cell_of(scenario, sizing, table)
    own = replace(scenario, sellers=table)
    for month, drawn in enumerate(drawn_months(own, months, REPLICATIONS, scenario.settings.seed)):
        np.add.at(out[:, month // YEAR], cell[cell >= 0], drawn.hours[cell >= 0])
    return out


def _met(case: _Case, probability: float) -> tuple[IntArray | None, bool, FloatArray]:
    """Raise buffers until the simulated chances hold; ``None`` where no hires within the limits do."""
    target = case.question.target
    buffer = np.zeros(target.shape)
    for _ in range(TRIES):
        answer = cheapest(case.question, buffer)
        if answer.hires is None:
            return None, answer.proven, buffer
        hours = case.hours(answer.hires)
        short = (hours >= target[:, :, None]).mean(axis=2) < probability
        if not short.any():
            return answer.hires, answer.proven, buffer
        # the quantile is one of the draws, so that enough of them are at or above it
        low = np.quantile(hours, 1 - probability, axis=2, method="lower")
        needed = hours.mean(axis=2) - low
        # from a plan that falls short again, a hundredth of the target more
        buffer = np.where(short, np.maximum(needed, buffer + 0.002 * target), buffer)
    return None, False, buffer


def _spare(case: _Case, hires: IntArray, probability: float) -> IntArray:
    """Drop hires, and put them off by a month, one by one, as long as all chances hold."""
    for c, month in np.argwhere(hires > 0).tolist():
        for later in (None, *range(hires.shape[1] - 1, month, -1)):
            for _ in range(int(hires[c, month])):
                tried = hires.copy()
                tried[c, month] -= 1
                if later is not None:
                    tried[c, later] += 1
                    if case.question.hires is not None and tried[:, later].sum() > case.question.hires:
                        break
                if (case.chance(tried)[c] < probability).any():
                    break
                hires = tried
    return hires


def _unreached(case: _Case, probability: float, buffer: FloatArray) -> HeadcountError:
    """Say which limits the targets clash with, and what chance can be had."""
    names = clashing(case.question, buffer)
    reached = 0.0
    for chance in np.arange(probability - STEP, 0, -STEP).tolist():
        found, _, _ = _met(case, chance)
        if found is not None:
            reached = float(case.chance(found).min())
            break
    limits = ", ".join(f"{one} = {_value(case, one)}" for one in names) or "no limit"
    best = f"the highest chance found is {reached:.0%}" if reached else "no chance above 0 was found"
    return HeadcountError(
        f"[size.hiring] probability = {probability:g} cannot be met together with {limits}: {best}",
        ("probability", *names),
    )


def _value(case: _Case, name: str) -> str:
    size = size_of(case.scenario)
    if name == "budget":
        return f"{size.budget:,.10g}"
    if name == "hires_a_month":
        return f"{size.hires_a_month}"
    return ", ".join(f"{one.most} {one.name}" for one in size.roles if one.most is not None)


def _told(case: _Case, hires: IntArray, *, proven: bool) -> HiringPlan:
    """Work out everything that is told of a plan."""
    scenario, sizing = case.scenario, case.sizing
    delay = min(size_of(scenario).hiring.delay, hires.shape[1])
    later = np.zeros_like(hires)
    later[:, delay:] = hires[:, : hires.shape[1] - delay]
    now, then = case.hours(hires), case.hours(later)
    cost, late_cost = ((case.question.costs * one[:, :, None]).sum(axis=(0, 1)) for one in (hires, later))
    late = Late(
        delay, (then >= case.question.target[:, :, None]).mean(axis=2), (now - then).mean(axis=2),
        _margin(sizing, now) - _margin(sizing, then), cost - late_cost,
    )  # fmt: skip
    table = hired(scenario, sizing, hires)
    with_them = with_positions(scenario, table)
    return HiringPlan(
        hires, case.question.target, now.mean(axis=2), case.chance(hires), _margin(sizing, now), cost, late,
        _rows(case, hires, with_them), with_them.sellers, proven,
    )  # fmt: skip


def _margin(sizing: Sizing, hours: FloatArray) -> FloatArray:
    """Give the expected margin of each year with these hours, ``(y,)``."""
    out = np.zeros(hours.shape[1])
    for c, one in enumerate(sizing.hours.tolist()):
        if one > 0:
            sellers = hours[c] / one
            out += np.interp(sellers, np.arange(sizing.value.shape[1]), sizing.value[c]).mean(axis=1)
    return out


def _rows(case: _Case, hires: IntArray, scenario: Scenario) -> pd.DataFrame:
    """Tell the plan month by month."""
    sizing, months = case.sizing, hires.shape[1]
    cell = cell_of(case.scenario, sizing, scenario.sellers)
    known = np.flatnonzero(cell >= 0)
    again = np.array([one.hire_cost for one in roles_of(scenario, sizing)])
    rows = []
    for month, drawn in enumerate(drawn_months(scenario, months, REPLICATIONS, scenario.settings.seed)):
        sums = {}
        for name in ("hours", "level", "seated", "leaves"):
            whole = np.zeros((len(sizing.cells), REPLICATIONS))
            np.add.at(whole, cell[known], getattr(drawn, name)[known].astype(np.float64))
            sums[name] = whole
        ramping = np.zeros(len(sizing.cells))
        np.add.at(ramping, cell[known], (drawn.seated & (drawn.level < 1))[known].mean(axis=1))
        low, high = np.quantile(sums["hours"], (0.1, 0.9), axis=1)
        label = f"{scenario.settings.year + month // YEAR:04d}-{month % YEAR + 1:02d}"
        part = case.question.target[:, month // YEAR] / min(YEAR, months - month // YEAR * YEAR)
        for c, (group, role) in enumerate(sizing.cells):
            in_seat, gone = float(sums["seated"][c].mean()), float(sums["leaves"][c].mean())
            cost = sizing.cost[c] / YEAR * in_seat + again[c] * (gone + float(hires[c, month]))
            rows.append({
                "month": label, "group": group, "role": role, "hires": int(hires[c, month]), "departures": gone,
                "in_seat": in_seat, "ramping": float(ramping[c]), "productive": float(sums["level"][c].mean()),
                "hours": float(sums["hours"][c].mean()), "p10": float(low[c]), "p90": float(high[c]),
                "asked": float(part[c]), "cost": float(cost),
            })  # fmt: skip
    return pd.DataFrame(rows)
