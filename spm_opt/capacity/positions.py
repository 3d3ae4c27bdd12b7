"""Positions after a hiring plan, as a table of sellers in our own field names.

Who is hired fills a vacant position of the cell first; others get a position of their own, ``NEW-East-1``, without
a name and a seat, whose capacity is that of the cell's settled full-time seller; it joins the team (manager and
district) of the group whose sellers are asked for most hours.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from spm_opt.capacity.cells import COMPANY, YEAR
from spm_opt.capacity.sizing import Sizing
from spm_opt.errors import ScenarioError
from spm_opt.problem import IntArray
from spm_opt.scenario.scenario import Scenario
from spm_opt.scenario.size_settings import Size

LEVELS = ("manager", "district", "region")
COLUMNS = (
    "id", "name", "x", "y", "capacity", "start", "end", "part_time", "leave", "role", "skills", "manager",
    "district", "region",
)  # fmt: skip


def written(scenario: Scenario, sellers: pd.DataFrame) -> pd.DataFrame:
    """Lay a sellers' table out as it is read again: fields with data, places under the names they are read by."""
    table: pd.DataFrame = sellers[list(COLUMNS)].copy()
    table["skills"] = [";".join(one) for one in table["skills"]]
    table["capacity"] = table["capacity"].where(np.isfinite(table["capacity"]))
    for field in ("start", "end"):
        table[field] = table[field].dt.strftime("%Y-%m-%d")
    for field in ("x", "y", "capacity", "leave", "start", "end"):
        table[field] = [None if pd.isna(one) else one for one in table[field]]
    if scenario.settings.units.coordinates != "planar":
        table = table.rename(columns={"x": "longitude", "y": "latitude"})
    return table


def hired(scenario: Scenario, sizing: Sizing, hires: IntArray) -> pd.DataFrame:
    """Give the sellers' table of those hired alone, a row a hire in the order of their ids.

    Parameters
    ----------
    hires
        By cell and month from January of the planned year, shape ``(c, h)``.
    """
    rows: list[dict[str, Any]] = []
    for c in range(len(sizing.cells)):
        vacant, teams = _vacant(scenario, sizing, c), _teams(scenario, sizing.cells[c][0])
        for number, month in enumerate(np.repeat(np.arange(hires.shape[1]), hires[c]).tolist()):
            start = {"start": pd.Timestamp(scenario.settings.year + month // YEAR, month % YEAR + 1, 1)}
            if number < len(vacant):
                rows.append({str(name): one for name, one in vacant.iloc[number].items()} | start)
                continue
            team = teams[(number - len(vacant)) % len(teams)] if teams else {}
            rows.append(_new(scenario, sizing, c, number - len(vacant) + 1) | team | start)
    table = pd.DataFrame(rows, columns=scenario.sellers.columns)
    table["start"] = pd.to_datetime(table["start"]).astype(scenario.sellers["start"].dtype)
    table["end"] = pd.to_datetime(table["end"]).astype(scenario.sellers["end"].dtype)
    return table.sort_values("id", kind="stable", ignore_index=True)


def size_of(scenario: Scenario) -> Size:
    """Give ``[size]``.

    Raises
    ------
    ScenarioError
        There is none.
    """
    if scenario.settings.size is None:
        raise ScenarioError(["scenario.toml: headcount needs [size] with at least one of [[size.roles]]"])
    return scenario.settings.size


def cell_of(scenario: Scenario, sizing: Sizing, sellers: pd.DataFrame) -> IntArray:
    """Find each position's cell, -1 for none, shape ``(k,)``."""
    size = size_of(scenario)
    level = scenario.sellers[size.level]
    one = bool((level == "").all())
    said = (scenario.sellers["role"] != "").any()
    role = sellers["role"].tolist() if said else [size.roles[0].name] * len(sellers)
    places = {cell: number for number, cell in enumerate(sizing.cells)}
    groups = [COMPANY] * len(sellers) if one else sellers[size.level].tolist()
    return np.array([places.get(cell, -1) for cell in zip(groups, role, strict=True)], dtype=np.int64)


def _vacant(scenario: Scenario, sizing: Sizing, cell: int) -> pd.DataFrame:
    """List the cell's positions that nobody fills nor will fill."""
    sellers = scenario.sellers
    if not (sellers["name"] != "").any():
        return sellers.iloc[:0]
    empty = (sellers["name"] == "") & sellers["start"].isna() & (cell_of(scenario, sizing, sellers) == cell)
    found: pd.DataFrame = sellers[empty].sort_values("id", kind="stable")
    return found


def _teams(scenario: Scenario, group: str) -> list[dict[str, Any]]:
    """List the teams of a group (manager, district, region), that with most hours asked for a position first."""
    level, sellers = size_of(scenario).level, scenario.sellers
    own = sellers if group == COMPANY else sellers[sellers[level] == group]
    asked = scenario.accounts.groupby("seller")[scenario.settings.simulate.workload].sum()
    hours = own["id"].map(asked).fillna(0.0)
    mean = hours.groupby([own[one] for one in LEVELS]).mean()
    order = sorted(mean.index, key=lambda one: (-float(mean[one]), one))
    return [dict(zip(LEVELS, one, strict=True)) for one in order]


def _new(scenario: Scenario, sizing: Sizing, cell: int, number: int) -> dict[str, Any]:
    """Make a position that is not there yet."""
    group, role = sizing.cells[cell]
    row: dict[str, Any] = dict.fromkeys(scenario.sellers.columns, "")
    # where nobody's role is said, all have the first
    said = role if (scenario.sellers["role"] != "").any() else ""
    row |= {
        "x": np.nan,
        "y": np.nan,
        "capacity": float(sizing.hours[cell]),
        "part_time": 1.0,
        "leave": np.nan,
    }
    row |= {"start": pd.NaT, "end": pd.NaT, "skills": (), "role": said, "row": 0}
    roles = len({name for _, name in sizing.cells})
    row["id"] = f"NEW-{group}-{number}" if roles == 1 else f"NEW-{group}-{role}-{number}"
    return row


def with_positions(scenario: Scenario, sellers: pd.DataFrame) -> Scenario:
    """Put positions into a scenario: those with a known id in place of what is there, others beside."""
    kept: pd.DataFrame = scenario.sellers[~scenario.sellers["id"].isin(sellers["id"])]
    whole = pd.concat([kept, sellers], ignore_index=True) if len(sellers) else kept
    return replace(scenario, sellers=whole.sort_values("id", kind="stable", ignore_index=True))
