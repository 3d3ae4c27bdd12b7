"""Eligible pairs: which territory may have which unit, and why a unit has none left."""

from __future__ import annotations

import numpy as np

from spm_opt.criteria import Criterion, Families, Reach, Skills
from spm_opt.geography.distance import distance_km
from spm_opt.problem import NONE, Arcs, BoolArray, FloatArray, IntArray, Problem
from spm_opt.scenario.findings import Finding, Findings
from spm_opt.scenario.located import column_name
from spm_opt.scenario.place import Placement
from spm_opt.scenario.scenario import Scenario

AT_ONCE = 1_000_000
"""Pairs whose distance is computed in one go, to keep the intermediate arrays small."""


def full_arcs(place: FloatArray, seat: FloatArray, *, planar: bool) -> Arcs:
    """Make an arc of every pair of a unit and a territory.

    Parameters
    ----------
    place
        Coordinates of units, shape ``(n, 2)``.
    seat
        Coordinates of seats, shape ``(k, 2)``.
    planar
        Whether they are km in a plane.
    """
    n, k = len(place), len(seat)
    travel = np.full((n, k), np.nan)
    sited = np.flatnonzero(~np.isnan(seat).any(axis=1))
    step = max(1, AT_ONCE // max(1, len(sited)))
    for low in range(0, n if len(sited) else 0, step):
        rows = slice(low, low + step)
        travel[rows, sited] = distance_km(place[rows, None, :], seat[None, sited, :], planar=planar)
    start = np.arange(n + 1, dtype=np.int64) * k
    return Arcs(start, np.tile(np.arange(k, dtype=np.int64), n), travel.reshape(-1))


def eligible(scenario: Scenario, problem: Problem, placement: Placement) -> tuple[Problem, Findings]:
    """Take away the pairs that the criteria exclude; an error for each unit that has none left.

    Parameters
    ----------
    scenario
        Where the criteria, and the rows for findings, come from.
    problem
        The problem with every pair.
    placement
        Units and their accounts.
    """
    whole = problem
    for criterion in scenario.settings.criteria:
        removed = criterion.removed(problem)
        if removed is not None and removed.any():
            problem = problem.with_arcs(problem.arcs.keep(~removed))
    problem = problem.with_arcs(_kept(problem, placement))
    none = np.flatnonzero(np.diff(problem.arcs.start) == 0)
    found = _blocked(scenario, whole, placement, none) + _torn_families(scenario, problem, placement)
    return problem, Findings.of(found)


def _kept(problem: Problem, placement: Placement) -> Arcs:
    """Leave a unit without a place its current territory only, where it may stay there at all."""
    arcs = problem.arcs
    stays = np.full(problem.n, NONE, dtype=np.int64)
    kept = np.flatnonzero(placement.kept)
    for unit, territory in zip(problem.accounts.unit[kept], problem.accounts.current[kept], strict=True):
        if territory != NONE and arcs.of(int(unit), int(territory)) != NONE:
            stays[unit] = territory
    if not len(kept):
        return arcs
    return arcs.keep((stays[arcs.unit] == NONE) | (stays[arcs.unit] == arcs.territory))


def _blocked(scenario: Scenario, problem: Problem, placement: Placement, units: IntArray) -> list[Finding]:
    """Say of each of ``units`` which rules leave it without a seller."""
    if not len(units):
        return []
    small = _restricted(problem, units)
    masks = [(c, c.removed(small)) for c in scenario.settings.criteria]
    rules = [(c, mask.reshape(len(units), problem.k)) for c, mask in masks if mask is not None]
    return [
        _without_seller(scenario, problem, placement, int(unit), [(c, mask[i]) for c, mask in rules])
        for i, unit in enumerate(units)
    ]


def _torn_families(scenario: Scenario, problem: Problem, placement: Placement) -> list[Finding]:
    """Find families that must stay together, though no seller may have all of their members."""
    if not any(isinstance(c, Families) for c in scenario.settings.criteria):
        return []
    size = np.bincount(problem.family[problem.family != NONE])
    arcs = problem.arcs
    label = problem.family[arcs.unit]
    use = label != NONE
    votes = np.bincount(label[use] * problem.k + arcs.territory[use], minlength=len(size) * problem.k)
    torn = np.flatnonzero((votes.reshape(len(size), problem.k) < size[:, None]).all(axis=1))
    table = scenario.settings.tables.accounts
    found = []
    for family in torn:
        members = np.flatnonzero(problem.family == family)
        if (np.diff(arcs.start)[members] == 0).any():
            continue  # a member that no seller may have is a finding of its own
        names = ", ".join(problem.unit_ids[u] for u in members)
        found.append(
            Finding(
                "error", "no seller may have all accounts of a family", table.path,
                int(scenario.accounts["row"].iloc[placement.single[members[0]]]), column_name(table, "parent"), names,
                "a seller that locks, skills and pairs allow for each of them",
            )
        )  # fmt: skip
    return found


def _restricted(problem: Problem, units: IntArray) -> Problem:
    """Return the problem with all arcs of some units, and no arcs of the others."""
    return problem.with_arcs(problem.arcs.keep(np.isin(problem.arcs.unit, units)))


def _without_seller(
    scenario: Scenario,
    problem: Problem,
    placement: Placement,
    unit: int,
    rules: list[tuple[Criterion, BoolArray]],
) -> Finding:
    table, single = scenario.settings.tables.accounts, int(placement.single[unit])
    geography = scenario.settings.tables.geography
    reasons = [_reason(c, problem, unit) for c, mask in rules if mask.all()]
    if not reasons:
        left = [f"{c.title()}: {int((~mask).sum())} left" for c, mask in rules if mask.any()]
        reasons = ["no seller passes all rules at once (" + ", ".join(left) + ")"]
    file, row, column = table.path, 0, column_name(table, "id")
    if single != NONE:
        row = int(scenario.accounts["row"].iloc[single])
    elif geography is not None:
        file, column = geography.path, geography.id
    return Finding(
        "error", "no seller may have it", file, row, column, problem.unit_ids[unit], "a seller that every rule allows",
        "; ".join(reasons),
    )  # fmt: skip


def _reason(criterion: Criterion, problem: Problem, unit: int) -> str:
    """Say in words how one criterion alone excludes every seller."""
    if isinstance(criterion, Reach):
        return f"no seat within its travel limit of {criterion.limit:g}"
    if not isinstance(criterion, Skills):
        return f"{criterion.title()} exclude every seller"
    wanted = np.flatnonzero(problem.requires[unit])
    nobody = [problem.skill_names[s] for s in wanted if not problem.offers[:, s].any()]
    if nobody:
        return f"it requires {', '.join(nobody)}, which no seller has"
    return f"it requires {', '.join(problem.skill_names[s] for s in wanted)}, which no seller has together"
