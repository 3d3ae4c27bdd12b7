"""Reading: a scenario's folder as a Scenario, before anything is derived from it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from spm_opt.errors import ScenarioError
from spm_opt.problem import BoolArray, FloatArray
from spm_opt.scenario.columns import dates, empty_cells, flags, floats, of_given, periods, words
from spm_opt.scenario.fields import check_mapping, fields_of
from spm_opt.scenario.findings import Finding, Findings
from spm_opt.scenario.past_tables import read_opportunities, read_quota_history, read_timesheets
from spm_opt.scenario.pay_file import read_pay
from spm_opt.scenario.polygons import read_geography
from spm_opt.scenario.scenario import Scenario
from spm_opt.scenario.segment_columns import Kind, columns_needed
from spm_opt.scenario.settings import Settings, Table
from spm_opt.scenario.settings_file import FILE, read_settings
from spm_opt.scenario.sources import RAGGED
from spm_opt.scenario.tables import Texts, read_table
from spm_opt.scenario.texts import is_empty

POSITIONS = "positions.csv"
"""What a table is called that was read in place of the scenario's sellers."""
Read = tuple[pd.DataFrame, list[Finding]]


def load(folder: Path | str, *, positions: Path | None = None) -> Scenario:
    """Read a scenario: its settings, its tables, its map.

    Parameters
    ----------
    folder
        The folder with ``scenario.toml`` and its tables, or the path of that file.
    positions
        A table in our own field names that is read in place of the scenario's sellers.

    Returns
    -------
    Scenario
        All that was read. What is wrong with the tables is in its ``findings``; a table that could not
        be read is empty.

    Raises
    ------
    ScenarioError
        There is no such folder, or its ``scenario.toml`` cannot be understood.
    MissingExtra
        A table is in a format that needs an optional package.
    """
    folder = _folder(Path(folder))
    settings, places = read_settings(folder / FILE)
    settings = settings if positions is None else _with_sellers(settings, str(positions.absolute()))
    check_mapping(settings, places)
    tables = settings.tables
    planar = settings.units.coordinates == "planar"
    accounts, findings = _read(folder, "accounts", tables.accounts, settings, _accounts)
    sellers, more = _read(folder, "sellers", tables.sellers, settings, _sellers)
    findings += more
    optional: dict[str, pd.DataFrame | None] = {"history": None, "pipeline": None}
    for name, table, typed in (
        ("history", tables.history, _history),
        ("pipeline", tables.pipeline, _pipeline),
        ("travel", tables.travel, _travel),
        ("targets", tables.targets, _targets),
        ("organisation", tables.organisation, _organisation),
        ("opportunities", tables.opportunities, read_opportunities),
        ("timesheets", tables.timesheets, read_timesheets),
        ("quota_history", tables.quota_history, read_quota_history),
        ("candidates", tables.candidates, _candidates),
    ):
        if table is not None:
            optional[name], more = _read(folder, name, table, settings, typed)
            findings += more
    geography = None
    if tables.geography is not None:
        geography, more = read_geography(folder, tables.geography, planar=planar)
        findings += more
    pay, more = (None, []) if settings.pay is None else read_pay(folder, settings.pay)
    findings += more
    hashes = _hashes(folder, settings)
    if positions is not None:
        # wherever the file lies, the plan says the same
        findings = [
            replace(one, file=POSITIONS) if one.file == tables.sellers.path else one for one in findings
        ]
        hashes = {POSITIONS if name == tables.sellers.path else name: one for name, one in hashes.items()}
        settings = _with_sellers(settings, POSITIONS)
    return Scenario(
        folder=folder, settings=settings, accounts=accounts, sellers=sellers, geography=geography,
        findings=Findings.of(findings), hashes=hashes, pay=pay, **optional,
    )  # fmt: skip


def _with_sellers(settings: Settings, path: str) -> Settings:
    """Name another table of sellers, whose columns are called as our fields are."""
    tables = settings.tables.model_copy(update={"sellers": Table(path=path)})
    return settings.model_copy(update={"tables": tables})


def _folder(path: Path) -> Path:
    """Find the folder that is meant."""
    if path.name == FILE and path.is_file():
        return path.parent
    if not path.is_dir():
        raise ScenarioError([f"{path}: no such folder; expected a folder with a {FILE}"])
    if not (path / FILE).is_file():
        raise ScenarioError([f"{path}: has no {FILE}"])
    return path


def _hashes(folder: Path, settings: Settings) -> dict[str, str]:
    """Hash every input file that is there; a shapefile with the files that belong to it."""
    found = {}
    names = {one.path for _, one in settings.tables if one is not None}
    for name in sorted(names | ({settings.pay} if settings.pay else set())):
        path = folder / name
        parts = [path]
        if path.suffix.lower() == ".shp":
            parts = sorted(one for one in path.parent.glob(f"{path.stem}.*") if one.is_file())
        if path.is_file():
            digest = hashlib.sha256()
            for part in parts:
                digest.update(part.read_bytes())
            found[name] = digest.hexdigest()
    return found


def _read(folder: Path, name: str, table: Table, settings: Settings, typed: Callable[..., Read]) -> Read:
    """Read one table and give its columns their types; a broken row is not judged further."""
    texts, findings = read_table(folder, table, fields_of(settings)[name])
    broken = {one.row for one in findings if one.rule == RAGGED}
    decimal = table.decimal if Path(table.path).suffix.lower() not in (".xlsx", ".parquet") else "."
    frame, more = typed(texts, settings, decimal)
    return frame, findings + [one for one in more if one.row not in broken]


def _accounts(texts: Texts, settings: Settings, decimal: str) -> Read:
    x, y, findings = _coordinates(texts, decimal, planar=settings.units.coordinates == "planar")
    named, more = flags(texts, "named")
    locked, even_more = flags(texts, "locked")
    findings += more + even_more + empty_cells(texts, "id")
    segment, market = texts.column("segment"), texts.column("market")
    frame = pd.DataFrame({
        "row": texts.row, "id": texts.column("id"), "name": texts.column("name"), "parent": texts.column("parent"),
        "x": x, "y": y, "unit": texts.column("unit"), "segment": segment, "seller": texts.column("seller"),
        "named": named, "locked": locked, "skills": words(texts, "skills"),
        "market": market.where(market != "", segment), "given_segment": segment,
    })  # fmt: skip
    for activity in settings.activities:
        given = activity in texts.texts
        values, more = floats(texts, activity, decimal=decimal, low=0.0)
        frame[activity] = values
        findings += more if given else []
    for name, kind in columns_needed(settings)[0].items():
        frame[name], more = _extra(texts, name, kind, decimal)
        findings += of_given(texts, name, more)
    return _sorted(frame), findings


def _extra(
    texts: Texts, name: str, kind: Kind, decimal: str
) -> tuple[pd.Series[str] | FloatArray | BoolArray, list[Finding]]:
    """Read a column that is no field of ours, as segments take it; empty is no number."""
    if kind == "numbers":
        return floats(texts, name, decimal=decimal, empty=np.nan)
    return flags(texts, name) if kind == "flag" else (texts.column(name), [])


def _sellers(texts: Texts, settings: Settings, decimal: str) -> Read:
    x, y, findings = _coordinates(texts, decimal, planar=settings.units.coordinates == "planar")
    capacity, more = floats(texts, "capacity", decimal=decimal, empty=np.inf, low=0.0)
    if settings.capacity is not None:
        more = _not_used(texts, "capacity")
    part_time, fault = floats(texts, "part_time", decimal=decimal, empty=1.0, low=0.0)
    leave, another = floats(texts, "leave", decimal=decimal, empty=np.nan, low=0.0)
    start, even_more = dates(texts, "start")
    end, last = dates(texts, "end")
    findings += more + fault + another + even_more + last + empty_cells(texts, "id")
    frame = pd.DataFrame({
        "row": texts.row, "id": texts.column("id"), "name": texts.column("name"), "x": x, "y": y,
        "capacity": capacity, "start": start, "end": end, "part_time": part_time, "leave": leave,
        "role": texts.column("role"), "skills": words(texts, "skills"),
        **{level: texts.column(level) for level in ("manager", "district", "region")},
    })  # fmt: skip
    return _sorted(frame), findings


def _not_used(texts: Texts, field: str) -> list[Finding]:
    """Warn of a column whose figures are derived."""
    if field not in texts.texts:
        return []
    rule, column = "column not used: [capacity] derives it", texts.names.get(field, field)
    return [Finding("warning", rule, texts.file, 1, column, suggestion="leave it out of columns")]


def _candidates(texts: Texts, settings: Settings, decimal: str) -> Read:
    x, y, findings = _coordinates(texts, decimal, planar=settings.units.coordinates == "planar")
    frame = pd.DataFrame(
        {"row": texts.row, "id": texts.column("id"), "name": texts.column("name"), "x": x, "y": y}
    )
    return _sorted(frame), findings + empty_cells(texts, "id")


def _history(texts: Texts, settings: Settings, decimal: str) -> Read:  # noqa: ARG001  one form for all tables
    start, months, findings = periods(texts, "period")
    revenue, more = floats(texts, "revenue", decimal=decimal, low=0.0)
    frame = pd.DataFrame({
        "row": texts.row, "account": texts.column("account"), "period": start, "months": months, "revenue": revenue,
    })  # fmt: skip
    findings = (
        of_given(texts, "period", findings) + of_given(texts, "revenue", more) + empty_cells(texts, "account")
    )
    return frame.sort_values(["account", "period", "row"], ignore_index=True), findings


def _pipeline(texts: Texts, settings: Settings, decimal: str) -> Read:  # noqa: ARG001  one form for all tables
    amount, findings = floats(texts, "amount", decimal=decimal, low=0.0)
    close, more = dates(texts, "close")
    frame = pd.DataFrame({
        "row": texts.row, "id": texts.column("id"), "account": texts.column("account"), "amount": amount,
        "stage": texts.column("stage"), "close": close,
    })  # fmt: skip
    findings = of_given(texts, "amount", findings) + more
    for field in ("id", "account", "stage"):
        findings += empty_cells(texts, field)
    return _sorted(frame), findings


def _travel(texts: Texts, settings: Settings, decimal: str) -> Read:
    findings: list[Finding] = []
    frame = pd.DataFrame({"row": texts.row, "unit": texts.column("unit"), "seller": texts.column("seller")})
    for field in ("travel", *settings.activities):
        values, more = floats(texts, field, decimal=decimal, empty=np.nan, low=0.0)
        frame[field] = values
        findings += more if field in texts.texts else []
    for field in ("unit", "seller"):
        findings += empty_cells(texts, field)
    return frame.sort_values(["unit", "seller", "row"], ignore_index=True), findings


def _targets(texts: Texts, settings: Settings, decimal: str) -> Read:  # noqa: ARG001  one form for all tables
    target, findings = floats(texts, "target", decimal=decimal, low=0.0)
    names = {field: texts.column(field) for field in ("node", "level", "product", "period")}
    frame = pd.DataFrame({"row": texts.row, **names, "target": target})
    findings = of_given(texts, "target", findings) + empty_cells(texts, "node")
    return frame.sort_values(["node", "level", "product", "period", "row"], ignore_index=True), findings


def _organisation(texts: Texts, settings: Settings, decimal: str) -> Read:  # noqa: ARG001  one form for all tables
    names = {field: texts.column(field) for field in ("node", "parent", "level")}
    frame = pd.DataFrame({"row": texts.row, **names})
    return frame.sort_values(["node", "row"], ignore_index=True), empty_cells(texts, "node")


def _sorted(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.sort_values(["id", "row"], kind="stable", ignore_index=True)


def _coordinates(texts: Texts, decimal: str, *, planar: bool) -> tuple[FloatArray, FloatArray, list[Finding]]:
    """Read places: both coordinates or none, in range; degrees of exactly 0, 0 stand for no place."""
    across, up = ("longitude", "latitude")
    if planar or not {across, up} & set(texts.texts):
        across, up = "x", "y"
    findings = [
        Finding(
            "error", "missing column", texts.file, 1, texts.names.get(one, one), expected=f"{across} and {up}"
        )
        for one, other in ((across, up), (up, across))
        if one not in texts.texts and other in texts.texts
    ]
    if findings:
        nowhere = np.full(len(texts.row), np.nan)
        return nowhere, nowhere.copy(), findings
    x, wrong_x = floats(texts, across, decimal=decimal, empty=np.nan)
    y, wrong_y = floats(texts, up, decimal=decimal, empty=np.nan)
    findings = wrong_x + wrong_y
    written_x, written_y = (~is_empty(texts.column(one)) for one in (across, up))
    for one, lone in ((across, written_y & ~written_x), (up, written_x & ~written_y)):
        findings += texts.findings(
            lone, one, "one coordinate without the other", f"{across} and {up}, or neither"
        )
    if not planar:
        findings += _degrees(texts, x, y, across, up)
    nowhere = np.isnan(x) | np.isnan(y) if planar else np.isnan(x) | np.isnan(y) | ((x == 0) & (y == 0))
    return np.where(nowhere, np.nan, x), np.where(nowhere, np.nan, y), findings


def _degrees(texts: Texts, x: FloatArray, y: FloatArray, across: str, up: str) -> list[Finding]:
    """Judge coordinates in degrees; ones out of range are blanked in place."""
    origin = (x == 0) & (y == 0)
    rule = "coordinates 0, 0 are taken as none"
    findings = texts.findings(origin, across, rule, "longitude and latitude", severity="warning")
    wide: BoolArray = np.abs(x) > 180  # noqa: PLR2004  degrees
    high: BoolArray = np.abs(y) > 90  # noqa: PLR2004  degrees
    swapped = high & (np.abs(x) <= 90)  # noqa: PLR2004  degrees
    findings += texts.findings(
        wide, across, "outside the world", "-180 to 180", 'degrees, or coordinates = "planar"'
    )
    findings += texts.findings(
        high & ~swapped, up, "outside the world", "-90 to 90", 'degrees, or coordinates = "planar"'
    )
    findings += texts.findings(
        swapped, up, "outside the world", "-90 to 90", "longitude and latitude may be swapped"
    )
    x[wide], y[high] = np.nan, np.nan
    return findings
