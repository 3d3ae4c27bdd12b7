"""The plan as a GeoPackage: territories, units, seats and accounts, each a layer.

Layers without any place (a scenario with neither polygons nor coordinates) are written as attribute
tables, so that the file is there in any case. The time stamp that the format asks for is fixed, so that
the same plan gives the same bytes.
"""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely

from spm_opt.problem import FloatArray, IntArray, Problem
from spm_opt.report.facts import Facts
from spm_opt.report.places import account_places, known, unit_polygons
from spm_opt.run import Run

STAMP = "2000-01-01T00:00:00.000Z"
DEGREES = "EPSG:4326"


def geopackage_bytes(run: Run, facts: Facts) -> bytes:
    """Write the layers ``territories``, ``units``, ``seats`` and ``accounts``."""
    with tempfile.TemporaryDirectory() as folder, _fixed_time():
        path = Path(folder) / "territories.gpkg"
        for name, frame, shapes in _layers(run, facts):
            _write(path, name, frame, shapes, planar=run.problem.planar)
        return path.read_bytes()


@contextmanager
def _fixed_time() -> Iterator[None]:
    before = pyogrio.get_gdal_config_option("OGR_CURRENT_DATE")
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": STAMP})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": before})


def _write(path: Path, layer: str, frame: pd.DataFrame, shapes: Any, *, planar: bool) -> None:
    if shapes is None:
        pyogrio.write_dataframe(frame, path, layer=layer, driver="GPKG", append=path.exists())
        return
    placed = gpd.GeoDataFrame(frame, geometry=shapes, crs=None if planar else DEGREES)
    kind = "Point" if layer in {"seats", "accounts"} else "MultiPolygon"
    if kind == "MultiPolygon":
        placed = placed.set_geometry(_multi(shapes), crs=placed.crs)
    with warnings.catch_warnings():
        # coordinates in km of no known projection have no reference system to give
        warnings.filterwarnings("ignore", message="'crs' was not provided")
        pyogrio.write_dataframe(
            placed,
            path,
            layer=layer,
            driver="GPKG",
            append=path.exists(),
            geometry_type=kind,
            layer_options={"SPATIAL_INDEX": "YES"},
        )


def _multi(shapes: Any) -> np.ndarray:
    """Turn polygons into multipolygons: a layer has one geometry type."""
    return np.array(
        [
            None
            if shape is None
            else shapely.multipolygons([p for p in shapely.get_parts(shape) if p.geom_type == "Polygon"])
            for shape in shapes
        ],
        dtype=object,
    )


def _layers(run: Run, facts: Facts) -> Iterator[tuple[str, pd.DataFrame, Any]]:
    """Layer name, attributes, and geometries or ``None`` where nothing has a place."""
    problem, alignment = run.problem, run.plan.alignment
    units, polygons = unit_polygons(run)
    yield "territories", territory_table(run, facts), _dissolved(run, units, polygons)
    yield "units", _unit_table(run, facts), _laid(problem.n, units, polygons)
    yield "seats", names_table(run.problem, facts.sellers), _points(alignment.center)
    yield "accounts", _account_table(run, facts), _points(account_places(run))


def territory_table(run: Run, facts: Facts) -> pd.DataFrame:
    """One row a territory: who, in which groups, its quota, and every local measure of the scorecard."""
    table = names_table(run.problem, facts.sellers)
    table["quota"] = run.plan.quotas.cents / 100
    measures = run.scorecard.territories.loc[list(run.problem.territory_ids)]
    for name in measures.columns:
        if name not in table.columns:
            table[name] = measures[name].to_numpy()
    return table


def names_table(problem: Problem, sellers: tuple[str, ...]) -> pd.DataFrame:
    """One row a territory: who, and in which groups."""
    table = pd.DataFrame({"territory": list(problem.territory_ids), "seller": list(sellers)})
    for level, index in problem.groups.items():
        names = np.array([*problem.group_names[level], ""], dtype=object)
        table[level] = names[index]
    return table


def _named(names: tuple[str, ...], index: IntArray) -> list[str]:
    return [names[i] if i >= 0 else "" for i in index]


def _unit_table(run: Run, facts: Facts) -> pd.DataFrame:
    problem, then = run.problem, run.plan.alignment.unit_territory
    table = pd.DataFrame(
        {
            "unit": list(problem.unit_ids),
            "territory": _named(problem.territory_ids, then),
            "seller": _named(facts.sellers, then),
            "previous_territory": _named(problem.territory_ids, run.incumbent.unit_territory),
            "accounts": np.bincount(problem.accounts.unit, minlength=problem.n),
        }
    )
    for m, name in enumerate(problem.activity_names):
        table[name if name not in table.columns else f"activity_{name}"] = problem.activity[:, m]
    return table


def _account_table(run: Run, facts: Facts) -> pd.DataFrame:
    problem, then = run.problem, run.plan.alignment.account_territory
    table = pd.DataFrame(
        {
            "account": list(problem.accounts.ids),
            "unit": [problem.unit_ids[u] for u in problem.accounts.unit],
            "territory": _named(problem.territory_ids, then),
            "seller": _named(facts.sellers, then),
            "previous_territory": _named(problem.territory_ids, run.incumbent.account_territory),
        }
    )
    for m, name in enumerate(problem.activity_names):
        table[name if name not in table.columns else f"activity_{name}"] = problem.accounts.activity[:, m]
    return table


def _points(place: FloatArray) -> np.ndarray | None:
    there = known(place)
    if not there.any():
        return None
    shapes = np.full(len(place), None, dtype=object)
    shapes[there] = shapely.points(place[there])
    return shapes


def _laid(count: int, at: IntArray, shapes: np.ndarray) -> np.ndarray | None:
    if not len(at):
        return None
    laid = np.full(count, None, dtype=object)
    laid[at] = shapes
    return laid


def _dissolved(run: Run, units: IntArray, polygons: np.ndarray) -> np.ndarray | None:
    """Union of the units of each territory, or ``None`` where there are no polygons."""
    if not len(units):
        return None
    holder = run.plan.alignment.unit_territory[units]
    laid = np.full(run.problem.k, None, dtype=object)
    for territory in range(run.problem.k):
        held = polygons[holder == territory]
        if len(held):
            laid[territory] = shapely.union_all(held)
    return laid
