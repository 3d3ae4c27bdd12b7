"""Where sellers should sit: what each additional position buys, and which position would be missed least.

The plan of today's positions is solved first, then again with one additional open position after the other: seats of
open positions are chosen together with the territories, among the scenario's candidates where it has some. All
plans have their last search from the plan before, with the same effort, and meet the same simulated futures. A limit
on disruption grows by the fair share of the additional positions, which can get customers from nobody else; where a
position goes, that its customers change hands does not count against a limit, but in points and sales.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from spm_opt.align.effort import Effort
from spm_opt.align.engine import align
from spm_opt.align.result import Result
from spm_opt.capacity.seats_fewer import Screened, cut, mapped, rules_without, screened, without
from spm_opt.capacity.seats_found import Position, Seat, Seats, Step, difference, no_plan
from spm_opt.capacity.seats_more import nearest_seat, with_more, with_room
from spm_opt.criteria import Balance, Dispersion, Disruption
from spm_opt.criteria.terms import Criterion, Measure
from spm_opt.errors import InfeasibleError, NotFoundError
from spm_opt.geography.distance import distance_km
from spm_opt.plan import Alignment
from spm_opt.problem import FloatArray, Problem
from spm_opt.scenario.check_candidates import open_positions
from spm_opt.scenario.prepare import prepare
from spm_opt.scenario.scenario import Scenario
from spm_opt.simulate.sales import Sales
from spm_opt.simulate.simulate import simulate

BIG = 100_000
"""Pairs of unit and territory beyond which the further plans have the effort "quick", unless another is asked for."""
AGAIN = 2
"""Times that a search is begun again where rules are broken yet."""


def seats(
    scenario: Scenario,
    *,
    add: int = 3,
    drop: int = 3,
    effort: Effort | None = None,
    seed: int | None = None,
    replications: int | None = None,
    progress: Callable[[str], None] | None = None,
) -> Seats:
    """Choose seats for additional positions, and find the positions that would be missed least.

    Parameters
    ----------
    scenario
        What is planned.
    add
        Most positions to add; of candidates no more than there are.
    drop
        Positions whose loss is solved, those of the least estimated loss; the estimate is made for all.
    effort
        Of every plan's last search; "quick" for large scenarios (``BIG``) if none is given, else the scenario's.
    seed, replications
        Override the scenario's settings.
    progress
        Told what begins.

    Raises
    ------
    InputError
        The input holds errors.
    InfeasibleError, NotFoundError
        There is no plan for today's positions, or none was found.
    """
    run = _Run.of(scenario, effort, seed, replications, progress or (lambda _: None))
    steps = [run.first_step]
    most = int(min(add, run.free_candidates))
    steps += [run.more(count) for count in range(1, most + 1)]
    run.tell("screen")
    found = screened(run.problem, run.criteria, run.plan)
    return Seats(
        tuple(steps), _ranked(run, found, drop), run.effort, run.scenario.settings.effort, run.seed,
        len(run.sales.amount), add - most, run.problem.candidates is not None or run.scenario.candidates is not None,
    )  # fmt: skip


class _Run:
    """The plan of today's positions, and what further plans are made and judged with."""

    def __init__(self, scenario: Scenario, effort: Effort, seed: int, replications: int | None) -> None:
        self.scenario, self.effort, self.seed, self.replications = scenario, effort, seed, replications
        self.criteria = scenario.settings.criteria
        self.tell: Callable[[str], None] = lambda _: None
        self.problem: Problem
        self.plan: Alignment
        self.sales: Sales
        self.first_step: Step
        self.last: tuple[Alignment, Sales]

    @classmethod
    def of(
        cls,
        scenario: Scenario,
        effort: Effort | None,
        seed: int | None,
        replications: int | None,
        tell: Callable[[str], None],
    ) -> _Run:
        """Solve the plan of today's positions: as the scenario asks, and once more from there."""
        problem, settings = prepare(scenario), scenario.settings
        usual: Effort = "quick" if problem.n * problem.k > BIG else settings.effort
        run = cls(scenario, effort or usual, settings.seed if seed is None else seed, replications)
        run.tell, run.problem = tell, problem
        tell("today's positions")
        result = align(problem, run.criteria, effort=settings.effort, seed=run.seed)
        if result.alignment is not None:
            again = align(problem, run.criteria, effort=run.effort, seed=run.seed, start=result.alignment)
            result = again if _no_worse(again, result) else result
        if result.status == "infeasible":
            raise InfeasibleError(result)
        if result.status == "unknown" or result.alignment is None:
            raise NotFoundError(result)
        run.plan = result.alignment
        run.sales = run._simulated(scenario, run.plan)
        run.last = (run.plan, run.sales)
        run.first_step = run.told(problem, result, run.sales, 0, 0.0)
        return run

    @property
    def free_candidates(self) -> float:
        """Candidates that today's open positions leave; ``inf`` where any place will do."""
        if self.scenario.candidates is None:
            return math.inf
        return len(self.scenario.candidates) - int(open_positions(self.scenario).sum())

    def more(self, count: int) -> Step:
        """Solve the plan with some positions more, from the plan with one less."""
        self.tell(f"{count} more")
        wider, ids = with_more(self.scenario, self.problem, count)
        problem = prepare(wider)
        criteria = with_room(self.criteria, count / problem.k)
        result = self._solved(problem, criteria, mapped(self.last[0], problem))
        if result.alignment is None or result.status == "unknown":
            return no_plan(result, count, "")
        sales = self._simulated(wider, result.alignment)
        step = self.told(
            problem, result, sales, count, count * self._cost(wider, ids[0]), scenario=wider, ids=ids
        )
        self.last = (result.alignment, sales)
        return step

    def less(self, territory: int) -> Step:
        """Solve the plan without a position, from today's plan without it."""
        name = self.problem.territory_ids[territory]
        self.tell(f"without {name}")
        criteria = rules_without(self.criteria, name)
        problem = without(self.problem, territory, criteria)
        result = self._solved(problem, criteria, cut(self.plan, territory))
        if result.alignment is None or result.status == "unknown":
            return no_plan(result, 0, name)
        sales = self._simulated(self.scenario, mapped(result.alignment, self.problem))
        cost = self._cost(self.scenario, name)
        return self.told(problem, result, sales, 0, cost, dropped=name)

    def _solved(self, problem: Problem, criteria: Sequence[Criterion], start: Alignment) -> Result:
        """Search from a plan, and again from where that ends while rules are broken."""
        result = align(problem, criteria, effort=self.effort, seed=self.seed, start=start)
        for again in range(1, AGAIN + 1):
            if result.status != "unknown" or result.alignment is None:
                break
            result = align(
                problem, criteria, effort=self.effort, seed=self.seed + again, start=result.alignment
            )
        return result

    def told(
        self,
        problem: Problem,
        result: Result,
        sales: Sales,
        added: int,
        cost: float,
        *,
        dropped: str = "",
        scenario: Scenario | None = None,
        ids: tuple[str, ...] = (),
    ) -> Step:
        """Judge a plan."""
        plan = result.alignment
        if plan is None:
            return no_plan(result, added, dropped)
        measures = [one.judge(problem, plan.unit_territory, plan.center) for one in self.criteria]
        deviations: dict[str, float] = {}
        travel = np.nan
        for criterion, measure in zip(self.criteria, measures, strict=True):
            if isinstance(criterion, Balance):
                off = float(np.abs(measure.local[f"{criterion.activity}_deviation"]).max(initial=0.0))
                deviations[criterion.activity] = max(off, deviations.get(criterion.activity, 0.0))
            if isinstance(criterion, Dispersion) and np.isnan(travel):
                travel = _mean_travel(problem, criterion, plan)
        before = self.sales if dropped or not added else self.last[1]
        return Step(
            added=added, dropped=dropped, status=result.status, reason="",
            points=self._points(measures, plan if dropped else None),
            bound=None if dropped else result.lower_bound, deviations=deviations, travel=travel,
            sales=float(sales.company.mean()),
            handover=0.0 if sales.handover is None else float(sales.handover.mean()),
            against_first=difference(sales, self.sales), against_last=difference(sales, before),
            settled_against_first=difference(sales, self.sales, settled=True),
            settled_against_last=difference(sales, before, settled=True), cost=cost,
            seats=tuple(_seat(scenario or self.scenario, problem, plan, name) for name in ids),
        )  # fmt: skip

    def _points(self, measures: Sequence[Measure], less: Alignment | None) -> float:
        """Add up the aims of the first priority; accounts of a position that goes count as moved, too."""
        first = min((c.priority for c in self.criteria if c.weight), default=1)
        points = 0.0
        for criterion, measure in zip(self.criteria, measures, strict=True):
            value = measure.value
            if less is not None and isinstance(criterion, Disruption):
                whole = mapped(less, self.problem)
                value = criterion.judge(self.problem, whole.unit_territory, whole.center).value
            points += criterion.weight * value if criterion.priority == first else 0.0
        return points

    def _simulated(self, scenario: Scenario, plan: Alignment) -> Sales:
        return simulate(scenario, plan, replications=self.replications, seed=self.seed)

    def _cost(self, scenario: Scenario, name: str) -> float:
        """Full cost of one seller a year by the role of a position; ``nan`` where no role is known to cost anything."""
        size = scenario.settings.size
        if size is None:
            return np.nan
        role = dict(zip(scenario.sellers["id"], scenario.sellers["role"], strict=True))[name]
        if len(size.roles) == 1 and not role:
            return size.roles[0].cost
        return next((one.cost for one in size.roles if one.name == role), np.nan)


def _no_worse(result: Result, other: Result) -> bool:
    """Whether a plan is at least as good as another, level after level."""
    if result.status not in {"optimal", "feasible"}:
        return False
    points, others = ([level.objective for level in one.levels] for one in (result, other))
    return other.status not in {"optimal", "feasible"} or points <= others


def _mean_travel(problem: Problem, criterion: Dispersion, plan: Alignment) -> float:
    """Mean distance of units to their centers, as the criterion weighs them, whatever its power."""
    plain = criterion.model_copy(update={"power": 1.0})
    return float(plain.judge(problem, plan.unit_territory, plan.center).value)


def _seat(scenario: Scenario, problem: Problem, plan: Alignment, name: str) -> Seat:
    """Say where an additional position sits."""
    t = problem.territory_ids.index(name)
    row = scenario.sellers.iloc[t]
    center: FloatArray = plan.center[t]
    sizes = {one: float(problem.sizes(one, plan.unit_territory)[t]) for one in problem.activity_names}
    near = nearest_seat(problem, problem.seat, center) if not np.isnan(center).any() else -1
    group = row if near < 0 else scenario.sellers.iloc[near]
    return Seat(
        name, place_name(scenario, problem, center), float(center[0]), float(center[1]), str(group["district"]),
        str(group["region"]), sizes,
    )  # fmt: skip


def place_name(scenario: Scenario, problem: Problem, center: FloatArray) -> str:
    """Name a seat: by its candidate, else by the unit that lies there or nearest."""
    if np.isnan(center).any():
        return ""
    if problem.candidates is not None and scenario.candidates is not None:
        same = np.flatnonzero((problem.candidates == center).all(axis=1))
        if len(same):
            row = scenario.candidates.iloc[int(same[0])]
            return str(row["name"] or row["id"])
    far = distance_km(problem.place, center[None], planar=problem.planar)
    unit = problem.unit_ids[int(np.nanargmin(far))]
    for frame in (scenario.geography, scenario.accounts):
        if frame is not None and "name" in frame:
            named = frame.loc[frame["id"] == unit, "name"]
            if len(named):
                return str(named.iloc[0]) or unit
    return unit


def _ranked(run: _Run, found: Screened, drop: int) -> tuple[Position, ...]:
    """Order positions by what would be lost; the least needed few are solved."""
    order = np.lexsort((np.arange(run.problem.k), np.round(found.points, 9), np.round(found.overload, 9)))
    drop = min(drop, run.problem.k - 1)
    solved = {int(t): run.less(int(t)) for t in order[:drop]}
    first = sorted(solved, key=lambda t: (not solved[t].found, solved[t].points if solved[t].found else 0.0))
    order = np.concatenate((np.array(first, dtype=np.int64), order[drop:]))
    rows = run.scenario.sellers
    return tuple(
        Position(
            rank + 1, run.problem.territory_ids[t], str(rows["name"].iloc[t]), str(rows["district"].iloc[t]),
            str(rows["region"].iloc[t]), float(found.points[t]), float(found.overload[t]), solved.get(int(t)),
        )
        for rank, t in enumerate(order.tolist())
    )  # fmt: skip
