"""Placing: which unit every account falls into, which units are neighbours, and what stands in the way."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import shapely

from spm_opt.criteria import Contiguity, Dispersion, Pairs
from spm_opt.geography.adjacency import Geometries, point_edges, polygon_edges
from spm_opt.geography.bridges import Bridge, bridges
from spm_opt.geography.locate import middle_of, polygon_of
from spm_opt.problem import NONE, BoolArray, FloatArray, IntArray
from spm_opt.scenario.findings import Finding, Findings, Severity, nearest
from spm_opt.scenario.scenario import Scenario
from spm_opt.scenario.settings import Table


@dataclass(frozen=True, eq=False)
class Placement:
    """The units of a scenario, sorted by id, and the accounts in them.

    Attributes
    ----------
    unit_ids
        The ``n`` units: polygons by their id, accounts assigned singly by theirs.
    account_unit
        Unit of each account in the order of ``scenario.accounts``, or ``NONE`` where a finding says that
        there is none; shape ``(a,)``.
    single
        Account of each unit that is an account assigned singly, else ``NONE``; shape ``(n,)``.
    polygon
        Row in ``scenario.geography`` of each unit that is a polygon, else ``NONE``; shape ``(n,)``.
    place
        Coordinates of each unit, shape ``(n, 2)``. For an account they are its own, or a point within
        the polygon that it names. For a polygon they are the mean place of its accounts, since travel
        goes there and not to the middle of the land; with no account, a point within the polygon.
    edges
        Pairs of neighbouring units, the smaller first, sorted, shape ``(e, 2)``.
    geographic
        Units that must hang together with their territory: polygons, and where contiguity is asked of
        account units those that have a place and are not named; shape ``(n,)``.
    kept
        Accounts without a place that stay with their current seller, shape ``(a,)``.
    findings
        What placing found.
    """

    unit_ids: tuple[str, ...]
    account_unit: IntArray
    single: IntArray
    polygon: IntArray
    place: FloatArray
    edges: IntArray
    geographic: BoolArray
    kept: BoolArray
    findings: Findings


def placed(scenario: Scenario) -> Placement:
    """Place every account in a unit.

    It raises nothing: what cannot be placed is a finding, and the account has no unit.
    """
    points = scenario.accounts[["x", "y"]].to_numpy(dtype=float)
    polygon, found = _polygons_of_accounts(scenario, points)
    lost, missing = _without_place(scenario, points, polygon)
    found += missing
    named = scenario.accounts["named"].to_numpy(dtype=bool)
    by_geography = scenario.settings.units.by == "geography"
    singly = named | lost if by_geography else np.ones(len(named), dtype=bool)
    units = _laid_out(scenario, np.where(singly, NONE, polygon), singly)
    place = _places(scenario, units, points, polygon)
    edges, geographic, between = _neighbours(scenario, units, place, named)
    found += between + _clashing_ids(scenario, units) + _clashing_locks(scenario, units)
    kept = lost & (scenario.settings.units.without_place == "keep")
    return replace(
        units, place=place, edges=edges, geographic=geographic, kept=kept, findings=Findings.of(found)
    )


def _polygons_of_accounts(scenario: Scenario, points: FloatArray) -> tuple[IntArray, list[Finding]]:
    """Row in the geography of each account, by its unit id or else by its place; shape ``(a,)``."""
    accounts, geography = scenario.accounts, scenario.geography
    if geography is None:
        return np.full(len(accounts), NONE, dtype=np.int64), []
    row = {name: at for at, name in reversed(list(enumerate(geography["id"].tolist())))}
    given = accounts["unit"].to_numpy(dtype=object)
    by_id = np.array([row.get(name, NONE) for name in given], dtype=np.int64)
    says = np.array([name != "" for name in given], dtype=bool)
    by_place = polygon_of(np.where(says[:, None], np.nan, points), geography.geometry.to_numpy())
    wrong = np.flatnonzero(says & (by_id == NONE))
    table = scenario.settings.tables.accounts
    found = [
        Finding(
            "error", "unknown unit", table.path, int(accounts["row"].iloc[a]), column_of(table, "unit"), str(given[a]),
            "the id of a polygon in the geography", nearest(str(given[a]), row) if len(wrong) <= MOST_GUESSES else "",
        )
        for a in wrong
    ]  # fmt: skip
    return np.where(says, by_id, by_place), found


MOST_GUESSES = 200
"""Unknown names that a nearest one is looked up for; each look-up reads every known name."""


def _without_place(
    scenario: Scenario, points: FloatArray, polygon: IntArray
) -> tuple[BoolArray, list[Finding]]:
    """Find the accounts that are nowhere, shape ``(a,)``, and say what becomes of them."""
    accounts, units = scenario.accounts, scenario.settings.units
    bare = np.asarray(np.isnan(points).any(axis=1))
    by_geography = units.by == "geography"
    named = accounts["named"].to_numpy(dtype=bool)
    said = (accounts["unit"] != "").to_numpy(dtype=bool)
    lost = (polygon == NONE) & ~(said & by_geography)
    # a named account may lie outside every polygon, and without geography only coordinates make a place
    lost &= bare | ~named if by_geography else bare
    asked = by_geography or any(isinstance(c, Contiguity | Dispersion) for c in scenario.settings.criteria)
    if not asked and bare.all() and units.without_place != "keep":
        return np.zeros(len(accounts), dtype=bool), []
    severity: Severity = "error" if units.without_place == "error" and asked else "warning"
    table = scenario.settings.tables.accounts
    expected = "a place inside a polygon, or the id of its unit" if by_geography else "coordinates"
    found = []
    for a in np.flatnonzero(lost):
        mild = severity == "warning" or (by_geography and bool(named[a]))
        name = str(accounts["id"].iloc[a])
        rule = "no place" if bare[a] else "in no polygon"
        if mild:
            rule += f", so it {_FATE[units.without_place]}"
        value = name if bare[a] else f"{name} at {points[a, 0]:.6g}, {points[a, 1]:.6g}"
        advice = "" if mild else 'correct it, or set units.without_place = "single" or "keep"'
        level: Severity = "warning" if mild else "error"
        row = int(accounts["row"].iloc[a])
        found.append(Finding(level, rule, table.path, row, place_columns(table), value, expected, advice))
    return lost, found


_FATE = {
    "error": "is assigned singly with no travel counted",
    "single": "is assigned singly with no travel counted",
    "keep": "stays with its current seller",
}
"""What becomes of an account without a place that is no error."""


def _laid_out(scenario: Scenario, polygon: IntArray, singly: BoolArray) -> Placement:
    """Order all units by id and point every account to its own; the rest of the placement is empty."""
    account_ids = scenario.accounts["id"].tolist()
    single = np.flatnonzero(singly)
    by_geography = scenario.settings.units.by == "geography" and scenario.geography is not None
    polygon_ids = scenario.geography["id"].tolist() if by_geography else []  # type: ignore[index]
    ids = np.array([*polygon_ids, *(account_ids[a] for a in single)], dtype=object)
    order = np.argsort(ids, kind="stable") if len(ids) else np.zeros(0, dtype=np.int64)
    at = np.empty(len(ids), dtype=np.int64)
    at[order] = np.arange(len(ids))
    unit = np.full(len(account_ids), NONE, dtype=np.int64)
    unit[single] = at[len(polygon_ids) :]
    inside = (polygon != NONE) & by_geography & ~singly
    unit[inside] = at[polygon[inside]]
    none = np.full(len(ids), NONE, dtype=np.int64)
    of_single, of_polygon = none.copy(), none.copy()
    of_single[at[len(polygon_ids) :]] = single
    of_polygon[at[: len(polygon_ids)]] = np.arange(len(polygon_ids))
    return Placement(
        unit_ids=tuple(ids[order].tolist()),
        account_unit=unit,
        single=of_single,
        polygon=of_polygon,
        place=np.full((len(ids), 2), np.nan),
        edges=np.zeros((0, 2), dtype=np.int64),
        geographic=of_polygon != NONE,
        kept=np.zeros(len(unit), dtype=bool),
        findings=Findings(),
    )


def _places(scenario: Scenario, units: Placement, points: FloatArray, polygon: IntArray) -> FloatArray:
    """Give every unit its coordinates, shape ``(n, 2)``."""
    planar = scenario.settings.units.coordinates == "planar"
    place = middle_of(points, units.account_unit, len(units.unit_ids), planar=planar)
    alone = np.flatnonzero(units.single != NONE)
    place[alone] = points[units.single[alone]]
    if scenario.geography is None:
        return place
    lies_in = units.polygon.copy()
    lies_in[alone] = polygon[units.single[alone]]
    bare = np.flatnonzero(np.isnan(place).any(axis=1) & (lies_in != NONE))
    shapes: Geometries = scenario.geography.geometry.to_numpy()[lies_in[bare]]
    inside = shapely.point_on_surface(shapes)
    place[bare] = np.stack([shapely.get_x(inside), shapely.get_y(inside)], axis=1)
    return place


def _neighbours(
    scenario: Scenario, units: Placement, place: FloatArray, named: npt.NDArray[np.bool_]
) -> tuple[IntArray, BoolArray, list[Finding]]:
    """Join the neighbours among geographic units; returns edges, geographic and findings."""
    planar = scenario.settings.units.coordinates == "planar"
    if scenario.settings.units.by == "geography":
        return _polygon_neighbours(scenario, units, planar=planar)
    asked = any(isinstance(c, Contiguity) for c in scenario.settings.criteria)
    geographic = ~np.isnan(place).any(axis=1) & ~named[units.single] & asked
    members = np.flatnonzero(geographic)
    return members[point_edges(place[members], planar=planar)], geographic, []


def _polygon_neighbours(
    scenario: Scenario, units: Placement, *, planar: bool
) -> tuple[IntArray, BoolArray, list[Finding]]:
    members = np.flatnonzero(units.polygon != NONE)
    geographic = units.polygon != NONE
    none = np.zeros((0, 2), dtype=np.int64)
    if scenario.geography is None:
        return none, geographic, []
    shapes: Geometries = scenario.geography.geometry.to_numpy()[units.polygon[members]]
    if not shapely.is_valid(shapes).all():  # a broken polygon has its own finding
        return none, geographic, []
    edges = polygon_edges(shapes)
    ways = bridges(shapes, edges, planar=planar)
    found = [_island(scenario, [units.unit_ids[u] for u in members], way) for way in ways]
    joined = np.array([sorted(way.at) for way in ways], dtype=np.int64).reshape(-1, 2)
    edges = np.unique(np.concatenate([edges, joined]), axis=0)
    return members[edges], geographic, found


def _island(scenario: Scenario, ids: list[str], way: Bridge) -> Finding:
    geography = scenario.settings.tables.geography
    names = [ids[u] for u in way.units]
    shown = ", ".join(names[:5]) + (f" and {len(names) - 5:,} more" if len(names) > 5 else "")  # noqa: PLR2004
    here, there = (ids[u] for u in way.at)
    severity: Severity = "error" if scenario.settings.units.islands == "error" else "warning"
    value = f"{shown}; nearest is {here} to {there}, {way.km:,.1f} km"
    rule, advice = "island, joined to its nearest neighbour", ""
    if severity == "error":
        rule, advice = "island", 'set units.islands = "bridge" to join it to its nearest neighbour'
    file, column = (geography.path, geography.id) if geography else ("", "")
    return Finding(severity, rule, file, 0, column, value, "a border in common with the rest", advice)


def _clashing_ids(scenario: Scenario, units: Placement) -> list[Finding]:
    """Find accounts assigned singly whose id is a polygon's id too."""
    ids = units.unit_ids
    polygons = {ids[u] for u in np.flatnonzero(units.polygon != NONE)}
    table, row = scenario.settings.tables.accounts, scenario.accounts["row"]
    return [
        Finding(
            "error", "an account assigned singly has the id of a polygon", table.path, int(row.iloc[units.single[u]]),
            column_of(table, "id"), ids[u], "an id that no polygon has",
        )
        for u in np.flatnonzero(units.single != NONE)
        if ids[u] in polygons
    ]  # fmt: skip


def _clashing_locks(scenario: Scenario, units: Placement) -> list[Finding]:
    """Find polygons whose accounts are locked to different sellers."""
    if not any(isinstance(c, Pairs) and c.locked for c in scenario.settings.criteria):
        return []
    accounts, table = scenario.accounts, scenario.settings.tables.accounts
    locked = accounts["locked"].to_numpy(dtype=bool) & (accounts["seller"] != "").to_numpy(dtype=bool)
    first: dict[int, int] = {}
    found = []
    for a in np.flatnonzero(locked & (units.account_unit != NONE)):
        earlier = first.setdefault(int(units.account_unit[a]), int(a))
        seller, holder = accounts["seller"].iloc[a], accounts["seller"].iloc[earlier]
        if seller != holder:
            unit = units.unit_ids[int(units.account_unit[a])]
            text = f"account {accounts['id'].iloc[a]} to {seller}, account {accounts['id'].iloc[earlier]} to {holder}"
            found.append(
                Finding(
                    "error", "accounts of one unit are locked to different sellers", table.path,
                    int(accounts["row"].iloc[a]), column_of(table, "locked"), text, f"one seller for unit {unit}",
                    "mark one of them as named, so that it is assigned singly",
                )
            )  # fmt: skip
    return found


def column_of(table: Table, field: str) -> str:
    """Name a field's column as the file calls it."""
    if field in table.translate:
        return table.translate[field].column
    return table.columns.get(field, field)


def place_columns(table: Table) -> str:
    """Name the columns of the coordinates as the file calls them."""
    flat = "x" in table.columns or "y" in table.columns
    return ", ".join(column_of(table, field) for field in (("x", "y") if flat else ("longitude", "latitude")))
