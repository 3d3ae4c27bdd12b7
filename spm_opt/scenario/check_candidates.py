"""Candidate seats: named once, somewhere, where people can live, and enough of them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import shapely
from scipy.spatial import cKDTree

from spm_opt.criteria import Dispersion
from spm_opt.geography.distance import distance_km
from spm_opt.geography.locate import polygon_of, unit_sphere
from spm_opt.problem import NONE, BoolArray, FloatArray, IntArray
from spm_opt.scenario.fields import PLACES
from spm_opt.scenario.findings import Finding
from spm_opt.scenario.located import column_name, row_findings
from spm_opt.scenario.place import place_columns
from spm_opt.scenario.scenario import Scenario
from spm_opt.scenario.settings import Table

ASHORE = 10.0
"""Km outside every polygon that a simplified coast may account for."""


def check_candidates(scenario: Scenario) -> list[Finding]:
    """Judge the candidates' places, and whether there are enough; their ids are judged with all others."""
    frame, table = scenario.candidates, scenario.settings.tables.candidates
    if frame is None or table is None:
        return []
    where = (table.path, place_columns(table, planar=scenario.settings.units.coordinates == "planar"))
    points = frame[["x", "y"]].to_numpy(dtype=float)
    bare = np.asarray(np.isnan(points).any(axis=1))
    columns = {column_name(table, field) for field in PLACES}
    read = {one.row for one in scenario.findings.errors if one.file == table.path and one.column in columns}
    found = _findings(
        frame, where, bare & ~frame["row"].isin(read).to_numpy(dtype=bool), "candidate without a place",
        frame["id"].tolist(), "coordinates",
    )  # fmt: skip
    found += _again(frame, where, points, bare) + _few(scenario, table, int((frame["id"] != "").sum()))
    geography = scenario.geography
    if geography is not None and len(geography):
        return found + _off_the_map(scenario, frame, where, points)
    return found + _far_from_all(scenario, frame, where, points)


def open_positions(scenario: Scenario) -> BoolArray:
    """Positions whose seat the solver chooses, shape ``(k,)``: those without one where travel counts."""
    aims = [c for c in scenario.settings.criteria if isinstance(c, Dispersion) and c.weight > 0]
    bare = scenario.sellers[["x", "y"]].isna().any(axis=1).to_numpy(dtype=bool)
    chosen = any(isinstance(c, Dispersion) and c.center == "chosen" for c in scenario.settings.criteria)
    return np.asarray((bare | chosen) & bool(aims))


def _few(scenario: Scenario, table: Table, count: int) -> list[Finding]:
    wanted = int(open_positions(scenario).sum())
    unread = any(one.file == table.path and not one.row for one in scenario.findings.errors)
    if count >= wanted or unread:
        return []
    rule = "fewer candidates than open positions"
    expected = f"at least {wanted:,}, one for each position without a seat"
    return [Finding("error", rule, table.path, value=f"{count:,}", expected=expected)]


def _again(frame: pd.DataFrame, where: tuple[str, str], points: FloatArray, bare: BoolArray) -> list[Finding]:
    """Warn of candidates at one place: both can be taken."""
    first: dict[tuple[float, float], str] = {}
    names, twice = frame["id"].tolist(), np.zeros(len(frame), dtype=bool)
    shown = [""] * len(frame)
    for at in np.flatnonzero(~bare):
        before = first.setdefault((points[at, 0], points[at, 1]), names[at])
        twice[at] = before != names[at]
        shown[at] = f"{names[at]}, where {before} is"
    rule, expected = "two candidates at one place", "each place once, unless two sellers may sit there"
    return _findings(frame, where, twice, rule, shown, expected, mild=twice)


def _off_the_map(
    scenario: Scenario, frame: pd.DataFrame, where: tuple[str, str], points: FloatArray
) -> list[Finding]:
    """Find candidates outside every polygon, with the nearest: beyond a coast that was simplified, an error."""
    if scenario.geography is None:
        return []
    shapes = scenario.geography.geometry.to_numpy()
    inside = polygon_of(points, shapes) != NONE
    out = np.flatnonzero(~inside & ~np.isnan(points).any(axis=1))
    planar = scenario.settings.units.coordinates == "planar"
    nearest, far = _nearest_shapes(shapes, points[out], planar=planar)
    mask, mild, shown = np.zeros(len(frame), dtype=bool), np.zeros(len(frame), dtype=bool), [""] * len(frame)
    for at, shape, km in zip(out, nearest, far, strict=True):
        mask[at], mild[at] = True, km <= ASHORE
        unit = scenario.geography["id"].iloc[int(shape)]
        shown[at] = f"{_called(frame, points, int(at))}; nearest is {unit}, {km:,.1f} km"
    rule, expected = "candidate outside every polygon", "a place on the map"
    return _findings(frame, where, mask, rule, shown, expected, mild=mild)


def _nearest_shapes(shapes: np.ndarray, points: FloatArray, *, planar: bool) -> tuple[IntArray, FloatArray]:
    """Polygon nearest to each point by its coordinates, and the distance to it in km."""
    if not len(points):
        return np.zeros(0, dtype=np.int64), np.zeros(0)
    where = shapely.points(points)
    nearest = np.asarray(shapely.STRtree(shapes).nearest(where), dtype=np.int64)
    way = shapely.shortest_line(shapes[nearest], where)
    there = shapely.get_coordinates(shapely.get_point(way, 0))
    return nearest, distance_km(there, points, planar=planar)


def _far_from_all(
    scenario: Scenario, frame: pd.DataFrame, where: tuple[str, str], points: FloatArray
) -> list[Finding]:
    """Find candidates that lie farther from every account than all accounts from each other, or than neighbours."""
    accounts = scenario.accounts[["x", "y"]].to_numpy(dtype=float)
    accounts = np.unique(accounts[~np.isnan(accounts).any(axis=1)], axis=0)
    known = np.flatnonzero(~np.isnan(points).any(axis=1))
    if len(accounts) < 2 or not len(known):  # noqa: PLR2004  two make a distance
        return []
    planar = scenario.settings.units.coordinates == "planar"
    flat = accounts if planar else unit_sphere(accounts)
    tree = cKDTree(flat)
    neighbour = np.asarray(tree.query(flat, k=[2])[1])[:, 0]
    gap = float(distance_km(accounts, accounts[neighbour], planar=planar).max())
    wide = float(distance_km(accounts.min(axis=0), accounts.max(axis=0), planar=planar))
    at = np.asarray(tree.query(points[known] if planar else unit_sphere(points[known]))[1])
    far = np.zeros(len(frame))
    far[known] = distance_km(points[known], accounts[at], planar=planar)
    shown = [f"{_called(frame, points, c)}; nearest account {far[c]:,.1f} km" for c in range(len(frame))]
    rule = "candidate far from every account"
    expected = f"at most {gap:,.1f} km, the farthest that any account is from the next"
    return _findings(frame, where, far > gap, rule, shown, expected, mild=far <= max(gap, wide))


def _called(frame: pd.DataFrame, points: FloatArray, at: int) -> str:
    return f"{frame['id'].iloc[at]} at {points[at, 0]:.6g}, {points[at, 1]:.6g}"


def _findings(
    frame: pd.DataFrame,
    where: tuple[str, str],
    mask: BoolArray,
    rule: str,
    shown: list[str],
    expected: str,
    mild: BoolArray | None = None,
) -> list[Finding]:
    """Make a finding of every row of ``mask``, a warning of those that are ``mild`` too."""
    mild = np.zeros(len(frame), dtype=bool) if mild is None else mild
    found = []
    for severity, rows_of in (("error", mask & ~mild), ("warning", mask & mild)):
        at = np.flatnonzero(rows_of)
        rows, values = frame["row"].iloc[at].tolist(), [shown[i] for i in at]
        found += row_findings(
            *where, rows, values, rule, expected,
            severity="error" if severity == "error" else "warning",
        )  # fmt: skip
    return found
