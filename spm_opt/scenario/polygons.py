"""The polygons of geographic units, from a GIS file to valid geometry in longitude and latitude."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely

from spm_opt.problem import IntArray
from spm_opt.scenario.findings import Finding, Severity, nearest
from spm_opt.scenario.settings import Geography
from spm_opt.scenario.sources import cell_text
from spm_opt.scenario.tables import missing_file

_NOT_READABLE = "not readable as geography"
FORMATS = (".gpkg", ".geojson", ".json", ".topojson", ".shp")


def no_units() -> gpd.GeoDataFrame:
    """Make a geography without units."""
    frame = pd.DataFrame({"id": pd.Series(dtype=str), "name": pd.Series(dtype=str)})
    return gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries([], crs=None))


def read_geography(
    folder: Path, geography: Geography, *, planar: bool
) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Read the units; whatever is wrong with them becomes findings, and what cannot be read is left out.

    Parameters
    ----------
    planar
        Whether the scenario's coordinates are km in a plane: polygons are then taken as they are.
        Otherwise a file that names its reference system is turned to longitude and latitude.
    """
    path = folder / geography.path
    if path.suffix.lower() not in FORMATS:
        fault = ("unknown format", path.suffix, ", ".join(FORMATS))
        return no_units(), [_finding(geography, *fault)]
    if not path.is_file():
        return no_units(), [missing_file(folder, geography.path)]
    if not _is_what_it_says(path):
        return no_units(), [_finding(geography, _NOT_READABLE, "other content", f"a {path.suffix} file")]
    try:
        layers = [str(name) for name, _ in pyogrio.list_layers(path)]
        if geography.layer is not None and geography.layer not in layers:
            hint = nearest(geography.layer, layers)
            return no_units(), [
                _finding(geography, "no such layer", geography.layer, "one of " + ", ".join(layers), hint)
            ]
        frame = gpd.read_file(path, layer=geography.layer or layers[0], engine="pyogrio", use_arrow=False)
    except Exception as error:  # noqa: BLE001  GDAL, pyogrio and geopandas raise many kinds for a broken file
        return no_units(), [_finding(geography, _NOT_READABLE, str(error), "polygons")]
    return _units(frame, geography, planar=planar)


def _is_what_it_says(path: Path) -> bool:
    """Tell whether a file begins as its name promises.

    GDAL chooses a driver by the content and not by the name: a virtual file that calls itself
    ``units.geojson`` would lead it to other files or to the network. Skipping that driver by
    ``OGR_SKIP`` has no effect once the drivers are registered.
    """
    with path.open("rb") as file:
        start = file.read(65_536)
    if path.suffix.lower() == ".gpkg":
        return start.startswith(b"SQLite format 3\0")
    if path.suffix.lower() == ".shp":
        return start.startswith(b"\0\0\x27\x0a")
    return start.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{") and b"<OGRVRT" not in start


def _finding(
    geography: Geography,
    rule: str,
    value: str = "",
    expected: str = "",
    hint: str = "",
    row: int = 0,
    column: str = "",
) -> Finding:
    return Finding("error", rule, geography.path, row, column, value, expected, hint)


def _units(frame: Any, geography: Geography, *, planar: bool) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Bring the units under our names, valid and in the scenario's coordinates."""
    if not isinstance(frame, gpd.GeoDataFrame):
        return no_units(), [_finding(geography, "no geometry", expected="polygons")]
    columns = [str(name) for name in frame.columns if name != frame.geometry.name]
    findings = [
        _finding(
            geography,
            "missing column",
            column=name,
            hint=nearest(name, columns) or "one of: " + ", ".join(columns),
        )
        for name in (geography.id, geography.name)
        if name is not None and name not in columns
    ]
    if findings:
        return no_units(), findings
    if frame.crs is not None and not planar:
        frame = frame.to_crs("EPSG:4326")
    ids = [cell_text(None if pd.isna(value) else value) for value in frame[geography.id]]
    names = ids
    if geography.name:
        names = [cell_text(None if pd.isna(value) else value) for value in frame[geography.name]]
    shapes = np.asarray(frame.geometry.array, dtype=object)
    shapes, bad, found = _repaired(shapes, ids, geography)
    findings = found + _bad_ids(ids, geography)
    if not planar:
        findings += _out_of_range(shapes, ids, geography, known=frame.crs is not None)
    units = pd.DataFrame({"id": pd.Series(ids, dtype=str), "name": pd.Series(names, dtype=str)})
    good = ~bad & (units["id"] != "").to_numpy(dtype=bool) & ~units["id"].duplicated().to_numpy(dtype=bool)
    result = gpd.GeoDataFrame(units[good], geometry=list(shapes[good]), crs=None if planar else "EPSG:4326")
    return result.sort_values("id", kind="stable", ignore_index=True), findings


def _repaired(shapes: Any, ids: list[str], geography: Geography) -> tuple[Any, Any, list[Finding]]:
    """Make invalid polygons valid, keeping polygons polygons; find what is no polygon at all."""
    nothing = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    polygonal = np.isin(shapely.get_type_id(shapes), (3, 6))
    invalid = np.flatnonzero(~nothing & polygonal & ~shapely.is_valid(shapes))
    shapes = shapely.force_2d(shapes)
    broken = shapes[invalid]
    shapes[invalid] = shapely.make_valid(broken, method="structure", keep_collapsed=False)
    findings = _repairs(broken, shapes[invalid], invalid, ids, geography)
    findings += [
        _finding(geography, "empty geometry", ids[at], "a polygon", row=at + 1, column="geometry")
        for at in np.flatnonzero(nothing).tolist()
    ]
    findings += [
        _finding(
            geography, "not a polygon", f"{ids[at]}: {shapes[at].geom_type}", "a polygon",
            row=at + 1, column="geometry",
        )
        for at in np.flatnonzero(~nothing & ~polygonal).tolist()
    ]  # fmt: skip
    return shapes, nothing | ~polygonal | shapely.is_empty(shapes), findings


def _repairs(before: Any, after: Any, rows: IntArray, ids: list[str], geography: Geography) -> list[Finding]:
    """Report every repair, and the polygons of which nothing is left."""
    reasons, areas = shapely.is_valid_reason(before), shapely.area(before)
    findings = []
    for i, at in enumerate(rows.tolist()):
        value = f"{ids[at]}: {reasons[i]}"
        severity: Severity = "warning"
        hint = f"used repaired, area {areas[i]:.6g} before and {after[i].area:.6g} after"
        if after[i].is_empty:
            severity, hint = "error", "nothing is left of it once repaired: draw it again"
        findings.append(
            Finding(
                severity, "broken polygon", geography.path, at + 1, "geometry", value, "a valid polygon", hint
            )
        )
    return findings


def _bad_ids(ids: list[str], geography: Geography) -> list[Finding]:
    """Find units without an id, and ids that stand more than once."""
    series = pd.Series(ids, dtype=str)
    empty = (series == "").to_numpy(dtype=bool)
    twice = series.duplicated().to_numpy(dtype=bool) & ~empty
    first = {name: at + 1 for at, name in reversed(list(enumerate(ids)))}
    findings = [
        _finding(geography, "empty id", row=at + 1, column=geography.id)
        for at in np.flatnonzero(empty).tolist()
    ]
    findings += [
        _finding(
            geography, "duplicate id", ids[at], f"each unit once (first in row {first[ids[at]]})",
            row=at + 1, column=geography.id,
        )
        for at in np.flatnonzero(twice).tolist()
    ]  # fmt: skip
    return findings


def _out_of_range(shapes: Any, ids: list[str], geography: Geography, *, known: bool) -> list[Finding]:
    """Find polygons that cannot be in degrees."""
    bounds = shapely.bounds(shapes)
    with np.errstate(invalid="ignore"):
        wrong = np.abs(bounds[:, [0, 2]]).max(axis=1, initial=0) > 180.000001  # noqa: PLR2004  degrees
        wrong |= np.abs(bounds[:, [1, 3]]).max(axis=1, initial=0) > 90.000001  # noqa: PLR2004  degrees
    hint = "" if known else 'a file that names its reference system, or coordinates = "planar"'
    return [
        _finding(geography, "outside the world", ids[at], "longitude and latitude", hint, at + 1, "geometry")
        for at in np.flatnonzero(wrong).tolist()
    ]
