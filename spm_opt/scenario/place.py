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
from spm_opt.scenario.fields import PLACES
from spm_opt.scenario.findings import Finding, Findings, Severity
from spm_opt.scenario.located import column_name, frame_findings, nearest_of
from spm_opt.scenario.scenario import Scenario
from spm_opt.scenario.settings import Table
from spm_opt.scenario.sources import RAGGED
from spm_opt.scenario.travel import travel_is_known


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
    wrong = says & (by_id == NONE)
    found = frame_findings(
        accounts, scenario.settings.tables.accounts, "unit", wrong, "unknown unit", "the id of a polygon",
        nearest_of(row) if wrong.any() else "",
    )  # fmt: skip
    return np.where(says, by_id, by_place), found


def _without_place(
    scenario: Scenario, points: FloatArray, polygon: IntArray
) -> tuple[BoolArray, list[Finding]]:
    """Find the accounts that are nowhere, shape ``(a,)``, and say what becomes of them."""
    accounts, units = scenario.accounts, scenario.settings.units
    bare = np.asarray(np.isnan(points).any(axis=1))
    named = accounts["named"].to_numpy(dtype=bool)
    if units.by == "geography":
        said = (accounts["unit"] != "").to_numpy(dtype=bool)
        # a named account may lie outside every polygon, as long as it lies somewhere
        lost = (polygon == NONE) & ~said & (bare | ~named) & _has_map(scenario)
        return lost, _lost_findings(scenario, points, lost, mild=named | (units.without_place != "error"))
    asked = any(isinstance(c, Contiguity | Dispersion) for c in scenario.settings.criteria)
    if bare.all() and not asked and units.without_place != "keep":
        return np.zeros(len(accounts), dtype=bool), []
    lost = (polygon == NONE) & bare
    if not any(isinstance(c, Contiguity) for c in scenario.settings.criteria):
        lost &= ~travel_is_known(scenario)
    mild = np.full(len(lost), units.without_place != "error" or not asked)
    return lost, _lost_findings(scenario, points, lost, mild=mild)


def _lost_findings(
    scenario: Scenario, points: FloatArray, lost: BoolArray, *, mild: BoolArray
) -> list[Finding]:
    """Make a finding of every lost account: a warning where ``mild``, unless its place was misread anyway."""
    accounts, units = scenario.accounts, scenario.settings.units
    table = scenario.settings.tables.accounts
    expected = "a place inside a polygon, or the id of its unit" if units.by == "geography" else "coordinates"
    faulty = _faulty_rows(scenario)
    found = []
    for a in np.flatnonzero(lost & ~accounts["row"].isin(faulty).to_numpy(dtype=bool)):
        name, row, (x, y) = str(accounts["id"].iloc[a]), int(accounts["row"].iloc[a]), points[a]
        rule, value = (
            ("no place", name) if np.isnan(x + y) else ("in no polygon", f"{name} at {x:.6g}, {y:.6g}")
        )
        column = place_columns(table)
        if mild[a]:
            rule += f", so it {_FATE[units.without_place]}"
            found.append(Finding("warning", rule, table.path, row, column, value, expected))
        else:
            advice = _way_out(scenario, x, y)
            found.append(Finding("error", rule, table.path, row, column, value, expected, advice))
    return found


def _way_out(scenario: Scenario, x: float, y: float) -> str:
    """Advise on an account that is nowhere; coordinates that are right the other way around are told."""
    advice = 'correct it, or set units.without_place = "single" or "keep"'
    if scenario.geography is None or not len(scenario.geography):
        return advice
    west, south, east, north = scenario.geography.total_bounds

    def inside(x: float, y: float) -> bool:
        return bool(west <= x <= east and south <= y <= north)

    if inside(y, x) and not inside(x, y):
        return "the two coordinates are swapped: exchange their columns"
    return advice


def _has_map(scenario: Scenario) -> bool:
    """Tell whether there are polygons to look in; where they could not be read, that is the finding."""
    return scenario.geography is not None and len(scenario.geography) > 0


def _faulty_rows(scenario: Scenario) -> set[int]:
    """Rows of accounts whose place could not be read, which is a finding already."""
    table = scenario.settings.tables.accounts
    columns = {column_name(table, field) for field in (*PLACES, "unit")}
    return {
        one.row
        for one in scenario.findings.errors
        if one.file == table.path and (one.rule == RAGGED or one.column in columns)
    }


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
    geography = scenario.geography if scenario.settings.units.by == "geography" else None
    polygon_ids = [] if geography is None else geography["id"].tolist()
    ids = np.array([*polygon_ids, *(account_ids[a] for a in single)], dtype=object)
    order = np.argsort(ids, kind="stable") if len(ids) else np.zeros(0, dtype=np.int64)
    at = np.empty(len(ids), dtype=np.int64)
    at[order] = np.arange(len(ids))
    unit = np.full(len(account_ids), NONE, dtype=np.int64)
    unit[single] = at[len(polygon_ids) :]
    inside = np.flatnonzero((polygon != NONE) & ~singly)
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
            column_name(table, "id"), ids[u], "an id that no polygon has",
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
                    int(accounts["row"].iloc[a]), column_name(table, "locked"), text, f"one seller for unit {unit}",
                    "mark one of them as named, so that it is assigned singly",
                )
            )  # fmt: skip
    return found


def place_columns(table: Table, *, planar: bool = False) -> str:
    """Name the columns of the coordinates as the file calls them."""
    flat = planar or "x" in table.columns or "y" in table.columns
    return ", ".join(
        column_name(table, field) for field in (("x", "y") if flat else ("longitude", "latitude"))
    )
