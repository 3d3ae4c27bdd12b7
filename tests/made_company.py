"""Small companies made by hand, for tests that need a scenario without reading files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from spm_opt.plan import Alignment
from spm_opt.problem import NONE
from spm_opt.scenario.findings import Findings
from spm_opt.scenario.scenario import Scenario
from spm_opt.scenario.settings import Quota, Settings, Table, Tables
from spm_opt.scenario.simulate_settings import Simulation

Row = Mapping[str, Any]

ACCOUNT = {
    "name": "", "parent": "", "x": np.nan, "y": np.nan, "unit": "", "segment": "", "seller": "",
    "named": False, "locked": False, "skills": (), "market": "", "given_segment": "", "revenue": 0.0,
}  # fmt: skip
SELLER = {
    "name": "somebody", "x": np.nan, "y": np.nan, "capacity": np.inf, "start": pd.NaT, "skills": (),
    "manager": "", "district": "", "region": "", "end": pd.NaT, "part_time": 1.0, "leave": np.nan, "role": "",
}  # fmt: skip

DEAL = {
    "account": "A", "seller": "", "amount": np.nan, "stage": "", "won": False, "opened": pd.NaT,
    "expected": pd.NaT, "closed": pd.NaT,
}  # fmt: skip


def company(
    accounts: Iterable[Row],
    sellers: Iterable[Row],
    *,
    history: Sequence[Row] | None = None,
    pipeline: Sequence[Row] | None = None,
    opportunities: Sequence[Row] | None = None,
    timesheets: Sequence[Row] | None = None,
    quota_history: Sequence[Row] | None = None,
    simulate: Row | None = None,
    quota: Row | None = None,
    activities: Iterable[str] = ("revenue",),
    year: int = 2027,
    seed: int = 1,
) -> Scenario:
    """Make a scenario from rows; what has a period has ``months`` too, other tables their fields."""
    settings = Settings(
        name="made",
        year=year,
        seed=seed,
        activities=dict.fromkeys(activities, "USD"),
        tables=Tables(accounts=Table(path="accounts.csv"), sellers=Table(path="sellers.csv")),
        simulate=Simulation(**(simulate or {})),
        quota=Quota(**(quota or {"growth": 0.0})),
    )
    return Scenario(
        folder=Path(),
        settings=settings,
        accounts=_table({**ACCOUNT, **dict.fromkeys(activities, 0.0), **row} for row in accounts),
        sellers=_table({**SELLER, **row} for row in sellers).astype(
            {"start": "datetime64[ns]", "end": "datetime64[ns]"}
        ),
        geography=None,
        history=None if history is None else _dated(history, "period", ["account", "months", "revenue"]),
        pipeline=None
        if pipeline is None
        else _dated(pipeline, "close", ["id", "account", "amount", "stage"]),
        findings=Findings(),
        hashes={},
        opportunities=None if opportunities is None else _closed(opportunities),
        timesheets=None
        if timesheets is None
        else _dated(timesheets, "period", ["seller", "months", "category", "hours"]),
        quota_history=None
        if quota_history is None
        else _dated(quota_history, "period", ["seller", "months", "quota", "sales"]),
    )


def _table(rows: Iterable[Row]) -> pd.DataFrame:
    table = pd.DataFrame(list(rows)).sort_values("id").reset_index(drop=True)
    return table.assign(row=np.arange(2, len(table) + 2))


def _dated(rows: Sequence[Row], date: str, others: list[str]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=[*others, date])
    table[date] = pd.to_datetime(table[date])
    return table.assign(row=np.arange(2, len(table) + 2))


def _closed(rows: Sequence[Row]) -> pd.DataFrame:
    table = pd.DataFrame(
        [{**DEAL, "id": f"O{i:03d}", **row} for i, row in enumerate(rows)], columns=["id", *DEAL]
    )
    for date in ("opened", "expected", "closed"):
        table[date] = pd.to_datetime(table[date])
    return table.assign(row=np.arange(2, len(table) + 2))


def yearly(account: str, **years: float) -> list[dict[str, Any]]:
    """Yearly history of one account: ``yearly("A", y2025=100, y2026=120)``."""
    return [
        {"account": account, "period": f"{year[1:]}-01-01", "months": 12, "revenue": revenue}
        for year, revenue in years.items()
    ]


def aligned(scenario: Scenario, holder: Mapping[str, str]) -> Alignment:
    """Build the alignment that gives each account to a seller; accounts not named have none."""
    accounts = tuple(scenario.accounts["id"])
    sellers = tuple(scenario.sellers["id"])
    territory = np.array(
        [sellers.index(holder[name]) if name in holder else NONE for name in accounts], dtype=np.int64
    )
    return Alignment(
        account_ids=accounts,
        unit_ids=accounts,
        territory_ids=sellers,
        account_unit=np.arange(len(accounts)),
        account_territory=territory,
        unit_territory=territory,
        center=np.full((len(sellers), 2), np.nan),
    )


def shuffled(scenario: Scenario, seed: int) -> Scenario:
    """Return the same scenario with the rows of every table in another order."""
    changes = {
        name: table.sample(frac=1, random_state=seed)
        for name in (
            "accounts",
            "sellers",
            "history",
            "pipeline",
            "opportunities",
            "timesheets",
            "quota_history",
        )
        if (table := getattr(scenario, name)) is not None
    }
    return Scenario(**{**scenario.__dict__, **changes})
