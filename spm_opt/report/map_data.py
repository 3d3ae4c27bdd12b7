"""What the map on the page is drawn from."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import shapely

from spm_opt.problem import NONE, FloatArray, IntArray
from spm_opt.report.colours import PALETTE, neighbour_pairs, spread_colours
from spm_opt.report.facts import Facts
from spm_opt.report.map_shapes import (
    Frame,
    frame_around,
    pack_numbers,
    pack_points,
    pack_polygons,
    project_polygons,
)
from spm_opt.report.places import account_places, known, unit_polygons
from spm_opt.run import Run

MOST_DOTS = 50_000
"""Accounts drawn as dots, at most; the map says so when there are more."""


def map_data(run: Run, facts: Facts) -> dict[str, Any] | None:
    """Gather shapes, places and figures for the map, or ``None`` where nothing has a place.

    Returns
    -------
    A dictionary for JSON: ``grid`` (width and height), ``units`` (polygons), ``points`` (units assigned
    singly), ``dots`` (accounts), ``seats``, ``territories`` and ``views`` (ways to colour).
    """
    problem = run.problem
    area, polygons = unit_polygons(run)
    point = np.flatnonzero(~problem.geographic & known(problem.place))
    seat = np.flatnonzero(known(run.plan.alignment.center))
    everything = np.concatenate(
        [
            shapely.get_coordinates(polygons),
            problem.place[point],
            run.plan.alignment.center[seat],
        ]
    )
    if not len(area) and not len(point):
        return None
    frame = frame_around(everything, planar=problem.planar)
    return {
        "grid": [frame.width, frame.height],
        "palette": list(PALETTE),
        "today": facts.has_incumbent,
        "activities": [
            f"{name} ({unit})" if unit else name
            for name, unit in (
                (name, run.scenario.settings.activities.get(name, "")) for name in problem.activity_names
            )
        ],
        "near": _near(run)[area].tolist() if facts.has_incumbent else None,
        "units": _units(run, area) | pack_polygons(project_polygons(polygons, frame), frame),
        "points": _units(run, point) | {"at": _packed(problem.place[point], frame)},
        "dots": _dots(run, frame),
        "seats": {"territory": seat.tolist(), "at": _packed(run.plan.alignment.center[seat], frame)},
        "territories": _territories(run, facts),
        "views": _views(facts),
    }


def _packed(place: FloatArray, frame: Frame) -> str:
    return pack_points(frame.place(frame.project(place)))


def _units(run: Run, units: IntArray) -> dict[str, Any]:
    """Names and figures of some units, in their order."""
    problem = run.problem
    names = _unit_names(run)
    return {
        "id": [problem.unit_ids[u] for u in units],
        "name": [names.get(problem.unit_ids[u], "") for u in units],
        "plan": run.plan.alignment.unit_territory[units].tolist(),
        "now": run.incumbent.unit_territory[units].tolist(),
        "accounts": np.bincount(problem.accounts.unit, minlength=problem.n)[units].tolist(),
        "moved": _moved(run)[units].tolist(),
        "sizes": [
            [_short(value) for value in problem.activity[units, m]]
            for m in range(len(problem.activity_names))
        ],
    }


def _near(run: Run) -> IntArray:
    """Spread today's territories over units without accounts, from neighbour to neighbour, shape ``(n,)``.

    Such a unit takes the territory of most of its neighbours (the first of equals); it is drawn pale. A
    unit whose accounts have no seller keeps none.
    """
    problem, near = run.problem, run.incumbent.unit_territory.copy()
    empty = np.bincount(problem.accounts.unit, minlength=problem.n) == 0
    ends = np.concatenate([problem.edges, problem.edges[:, ::-1]]).reshape(-1, 2)
    while True:
        reach = ends[empty[ends[:, 0]] & (near[ends[:, 0]] == NONE) & (near[ends[:, 1]] != NONE)]
        if not len(reach):
            return near
        votes, number = np.unique(
            np.column_stack([reach[:, 0], near[reach[:, 1]]]), axis=0, return_counts=True
        )
        order = np.lexsort((votes[:, 1], -number, votes[:, 0]))
        unit, first = np.unique(votes[order, 0], return_index=True)
        near[unit] = votes[order, 1][first]


def _unit_names(run: Run) -> dict[str, str]:
    accounts = run.scenario.accounts
    names = dict(zip(accounts["id"].astype(str), accounts["name"].astype(str), strict=True))
    if run.scenario.geography is not None:
        frame = run.scenario.geography
        names |= dict(zip(frame["id"].astype(str), frame["name"].astype(str), strict=True))
    return names


def _moved(run: Run) -> IntArray:
    """Accounts of each unit that get another seller, shape ``(n,)``."""
    now, then = run.incumbent.account_territory, run.plan.alignment.account_territory
    moves = (now >= 0) & (now != then)
    return np.bincount(run.problem.accounts.unit[moves], minlength=run.problem.n)


def _short(value: float) -> float:
    """Keep four significant digits: a tooltip shows no more."""
    if value == 0 or not math.isfinite(value):
        return 0
    rounded = round(value, 3 - math.floor(math.log10(abs(value))))
    return int(rounded) if rounded == int(rounded) else rounded


def _dots(run: Run, frame: Frame) -> dict[str, Any] | None:
    """Accounts as dots: where, and with whom today and in the plan."""
    place = account_places(run)
    shown = np.flatnonzero(known(place) & run.problem.geographic[run.problem.accounts.unit])
    if not 0 < len(shown) <= MOST_DOTS:
        return None
    return {
        "at": _packed(place[shown], frame),
        "plan": pack_numbers(run.plan.alignment.account_territory[shown]),
        "now": pack_numbers(run.incumbent.account_territory[shown]),
    }


def _territories(run: Run, facts: Facts) -> dict[str, Any]:
    both = [run.plan.alignment.unit_territory]
    if facts.has_incumbent:
        both.append(run.incumbent.unit_territory)
    pairs = neighbour_pairs(run.problem)
    return {
        "id": list(run.problem.territory_ids),
        "seller": list(facts.sellers),
        "colour": spread_colours(both, pairs, run.problem.k),
        "quota": facts.quota_texts,
        "odds": facts.odds_texts,
        "groups": {
            level: {
                "of": run.problem.groups[level].tolist(),
                "names": list(run.problem.group_names[level]),
                "colour": _group_colours(run, level, both, pairs),
            }
            for level in facts.levels
        },
    }


def _group_colours(run: Run, level: str, both: list[IntArray], pairs: IntArray) -> list[int]:
    """Give a colour of its own to each group while the palette lasts, else different ones for neighbours."""
    names = run.problem.group_names[level]
    if len(names) <= len(PALETTE):
        return list(range(len(names)))
    group = run.problem.groups[level]
    return spread_colours([np.where(t >= 0, group[t], NONE) for t in both], pairs, len(names))


def _views(facts: Facts) -> list[dict[str, Any]]:
    views: list[dict[str, Any]] = [{"key": "territory", "label": "territory", "kind": "territory"}]
    views += [{"key": level, "label": level, "kind": "group"} for level in facts.levels]
    for balance in facts.balances:
        views.append(
            {
                "key": f"deviation {balance.activity}",
                "label": f"{balance.title}: off target",
                "kind": "deviation",
                "plan": _list(balance.plan),
                "now": _list(balance.incumbent),
                "tolerance": balance.tolerance,
            }
        )
    incumbent = facts.attainment_incumbent
    views.append(
        {
            "key": "odds",
            "label": "chance to attain quota",
            "kind": "odds",
            "plan": _list(facts.attainment.odds),
            "now": None if incumbent is None else _list(incumbent.odds),
        }
    )
    if facts.has_incumbent:
        views.append({"key": "moved", "label": "what changes hands", "kind": "moved"})
    return views


def _list(values: FloatArray | None) -> list[float | None] | None:
    if values is None:
        return None
    return [round(float(v), 6) if math.isfinite(v) else None for v in values]
