"""Overlays: layers of specialists, technical sellers and managers over the territories, solved one after the other.

The units of a layer are territories, or positions of the layer below. Positions stay inside their group
of the sales organisation, so that groups are problems of their own: each goes to the territory engine, with centers
to be chosen among the places of its units. The layer as a whole is then judged by the checker.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from spm_opt.align.engine import align
from spm_opt.align.result import Level, Result
from spm_opt.errors import InfeasibleError, NotFoundError
from spm_opt.overlay.ground import positions_as_units, territories_as_units
from spm_opt.overlay.layer import Layer
from spm_opt.overlay.positions import part, with_positions
from spm_opt.overlay.rules import criteria_of, of_group
from spm_opt.plan import Alignment
from spm_opt.problem import NONE, IntArray, Problem
from spm_opt.scenario.overlay_settings import Overlay
from spm_opt.scenario.scenario import Scenario
from spm_opt.scenario.settings import Effort
from spm_opt.verify import verify


def overlays(
    scenario: Scenario,
    problem: Problem,
    alignment: Alignment,
    *,
    effort: Effort = "standard",
    seed: int = 1,
    stop: Callable[[], bool] | None = None,
) -> tuple[Layer, ...]:
    """Solve the layers of a scenario over an alignment, each over the territories or an earlier layer.

    Parameters
    ----------
    scenario
        Its ``[[overlays]]`` say which layers there are, and the sellers who has what today.
    problem, alignment
        The territories; the alignment may be today's.
    effort, seed
        How long to search for each group of a layer, counted in work, and with which draws.
    stop
        Asked whether to go on with the best layers so far.

    Raises
    ------
    InfeasibleError, NotFoundError
        No plan keeps the rules of a layer, or none was found; the reason names layer and group.
    """
    base = territories_as_units(problem, alignment)
    own = np.arange(problem.k, dtype=np.int64)
    made: dict[str, Layer] = {}
    for overlay in scenario.settings.overlays:
        below = made.get(overlay.over)
        ground, unit = (
            (base, own)
            if below is None
            else (positions_as_units(below.problem, below.alignment), below.territory_position)
        )
        asked = _asked(scenario, problem, base, ground, unit, overlay)
        made[overlay.name] = _solved(overlay, asked, unit, effort, seed, stop)
    return tuple(made.values())


def _asked(
    scenario: Scenario, problem: Problem, base: Problem, ground: Problem, unit: IntArray, overlay: Overlay
) -> Problem:
    """Make the problem of a layer.

    Parameters
    ----------
    scenario, problem
        What was loaded, and the problem of its territories.
    base
        The territories as units.
    ground
        What lies under the layer.
    unit
        Unit of the ground that each territory is or lies in, shape ``(k,)``.
    overlay
        The layer.
    """
    level = overlay.within
    group = np.zeros(ground.n, dtype=np.int64)
    names: tuple[str, ...] = ("",)
    if level is not None:
        group[unit], names = problem.groups[level], problem.group_names[level]
    holder = [""] * len(base.accounts.ids)
    if overlay.today is not None:
        column = scenario.sellers[overlay.today].tolist()
        holder = [column[t] for t in base.accounts.unit.tolist()]
    return with_positions(ground, overlay, group, names, holder)


def _solved(
    overlay: Overlay,
    problem: Problem,
    unit: IntArray,
    effort: Effort,
    seed: int,
    stop: Callable[[], bool] | None,
) -> Layer:
    """Solve a layer group by group, and judge it whole."""
    criteria = criteria_of(overlay, problem)
    of_position = problem.groups.get(overlay.within or "", np.zeros(problem.k, dtype=np.int64))
    of_unit = of_position[problem.arcs.territory[problem.arcs.start[:-1]]]
    position, center = np.full(problem.n, NONE, dtype=np.int64), problem.seat.copy()
    results = []
    for g in np.unique(of_position).tolist():
        units, own = np.flatnonzero(of_unit == g), np.flatnonzero(of_position == g)
        result = align(
            part(problem, units, own),
            of_group(criteria, problem, units, own),
            effort=effort,
            seed=seed,
            stop=stop,
        )
        where = f" in {problem.group_names[overlay.within][g]}" if overlay.within else ""
        found = _found(result, f"overlay {overlay.name}{where}")
        position[units], center[own] = own[found.unit_territory], found.center
        results.append(result)
    alignment = Alignment.of_units(problem, position, center)
    return Layer(
        name=overlay.name,
        over=overlay.over,
        within=overlay.within or "",
        problem=problem,
        criteria=criteria,
        result=together(results, alignment),
        alignment=alignment,
        verdict=verify(problem, criteria, alignment),
        territory_unit=unit,
        territory_position=position[unit],
    )


def _found(result: Result, where: str) -> Alignment:
    """Take a group's plan, or say of which layer and group there is none."""
    named = replace(result, reason=f"{where}: {result.reason}")
    if result.status == "infeasible":
        raise InfeasibleError(named)
    if result.status == "unknown" or result.alignment is None:
        raise NotFoundError(named)
    return result.alignment


def together(results: Sequence[Result], alignment: Alignment) -> Result:
    """Add up what was reached and proven in each group: points, bounds and work are sums."""
    priorities = sorted({level.priority for one in results for level in one.levels})
    parts: dict[str, float] = {}
    work: dict[str, int] = {}
    for one in results:
        for title, points in one.parts.items():
            parts[title] = parts.get(title, 0.0) + points
        for kind, amount in one.work.items():
            work[kind] = work.get(kind, 0) + amount
    return Result(
        status="optimal" if all(one.status == "optimal" for one in results) else "feasible",
        alignment=alignment,
        levels=tuple(_level(results, priority) for priority in priorities),
        parts=parts,
        breaches=(),
        method="; ".join(dict.fromkeys(one.method for one in results)),
        reason="",
        work=work,
        seconds=sum(one.seconds for one in results),
        cut=next((one.cut for one in results if one.cut), ""),
    )


def _level(results: Sequence[Result], priority: int) -> Level:
    """Sum one priority over groups; a group that says nothing of it has nothing to gain."""
    levels = [level for one in results for level in one.levels if level.priority == priority]
    bounds = [level.lower_bound for level in levels]
    known = [bound for bound in bounds if bound is not None]
    return Level(
        priority, sum(level.objective for level in levels), sum(known) if len(known) == len(bounds) else None
    )
