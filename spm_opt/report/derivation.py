"""Where hours come from, for the page: segments, hours by segment and channel, and each account's and seller's steps."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from spm_opt.capacity.available import Available, available
from spm_opt.report import words
from spm_opt.report.capacity_text import seller_steps
from spm_opt.report.folded import folded
from spm_opt.report.grids import Cell, Grid, Head, Row, numeric
from spm_opt.report.segment_text import changes_text, near_text
from spm_opt.report.workload_text import NAMES, Step, steps_at
from spm_opt.run import Run
from spm_opt.scenario.scenario import Scenario
from spm_opt.workload.account_columns import AccountColumns
from spm_opt.workload.hours import PARTS, Hours, hours
from spm_opt.workload.segment import Segmentation, segment

MOST_ACCOUNTS = 20_000
"""Accounts whose steps the page holds; of more, the command line shows each."""
MONTH_HEADS = ("month", "working days", "leave", "settled h", "expected h", "in 90 %", "median", "in 10 %")


def derivation(run: Run) -> dict[str, Any] | None:
    """Lay out where hours come from; nothing where neither segments, workload nor capacity are derived.

    Returns
    -------
    Grids ``segments`` and ``workload``, each ``None`` where there is none; ``segment_note``; ``lookup``, what the
    page's script shows; and ``note``.
    """
    scenario = run.scenario
    settings = scenario.settings
    if settings.segments is None and settings.workload is None and settings.capacity is None:
        return None
    segments = None if settings.segments is None else segment(scenario)
    known = settings.workload is not None or settings.simulate.workload in scenario.accounts.columns
    asked = hours(scenario) if known else None
    have = np.isfinite(scenario.sellers["capacity"].to_numpy(dtype=float)).any()
    count = len(scenario.accounts)
    many = count > MOST_ACCOUNTS
    note = (
        f"With more than {MOST_ACCOUNTS:,} accounts the page has no steps of each: spm-opt workload SCENARIO "
        "--account ID shows those of one, and spm-opt segment SCENARIO --out DIR the reasons of all."
    )
    return {
        "segments": None if segments is None else _segment_grid(segments, settings.currency),
        "segment_note": ""
        if segments is None
        else f"{near_text(scenario, segments)} {changes_text(segments)}",
        "workload": None if asked is None or settings.workload is None else _hour_grid(asked),
        "lookup": {
            "accounts": None if many else _accounts(scenario, segments, asked),
            "sellers": _sellers(scenario, available(scenario)) if have else None,
            "months": list(MONTH_HEADS),
        },
        "note": note if many else "",
    }


def _segment_grid(found: Segmentation, currency: str) -> Grid:
    """Tabulate the segments."""
    has = set(found.table.columns)
    heads = [
        Head("segment"), Head("accounts", numeric=True), Head("share", numeric=True),
        *([Head("potential", numeric=True)] if "potential" in has else []), Head("sales last year", numeric=True),
        Head("churn", numeric=True), Head("near a boundary", numeric=True), Head("what is in it"),
    ]  # fmt: skip
    rows = []
    for row in found.table.to_dict("records"):
        money = [row[name] for name in ("potential", "last_year") if name in has]
        cells = [
            Cell(row["segment"]), numeric(words.count(row["accounts"]), row["accounts"]),
            numeric(words.percent(row["share"]), row["share"]),
            *(numeric(words.short(one, currency), one) for one in money),
            numeric(words.percent(row["churn"]), row["churn"]), numeric(words.count(row["near"]), row["near"]),
            Cell(row["description"], "soft"),
        ]  # fmt: skip
        rows.append(Row(tuple(cells)))
    return Grid(tuple(heads), tuple(rows))


def _hour_grid(asked: Hours) -> Grid:
    """Tabulate hours by segment and channel, and all of a channel last."""
    parts = asked.parts
    sizes = ["contacts", *PARTS, "hours"]
    heads = [
        Head("segment"), Head("channel"), Head("accounts", numeric=True), Head("contacts", numeric=True),
        *(Head(name, numeric=True) for name in NAMES.values()), Head("hours", numeric=True),
        Head("an account", numeric=True),
    ]  # fmt: skip
    rows = []
    for keys in (["segment", "channel"], ["channel"]):
        grouped = parts.groupby(keys, sort=True)
        table = grouped[sizes].sum().assign(accounts=grouped["account"].nunique()).reset_index()
        rows += [_hour_row(row, sizes) for row in table.to_dict("records")]
    return Grid(tuple(heads), tuple(rows))


def _hour_row(row: Mapping[Hashable, Any], sizes: list[str]) -> Row:
    counts = [numeric(words.count(row[name]), row[name]) for name in ("accounts", *sizes)]
    each = row["hours"] / row["accounts"]
    name = str(row["segment"]) or "(none)" if "segment" in row else "all"
    cells = (Cell(name), Cell(str(row["channel"]), "soft"), *counts, numeric(words.figure(each), each))
    return Row(cells, "" if "segment" in row else "level0")


def _accounts(scenario: Scenario, segments: Segmentation | None, asked: Hours | None) -> dict[str, Any]:
    """Give every account's steps, folded."""
    accounts = scenario.accounts
    steps = [_columns(scenario)]
    if segments is not None:
        steps.append(
            [("segment", why, name) for why, name in zip(segments.reason, segments.segment, strict=True)]
        )
    texts = []
    for at, own in enumerate(zip(*steps, strict=True)):
        more = [] if asked is None else _asked(scenario, asked, at, told=segments is not None)
        texts.append(tuple(text for step in (*own, *more) for text in step))
    return {"ids": accounts["id"].tolist(), "names": accounts["name"].tolist(), **folded(texts)}


def _asked(scenario: Scenario, asked: Hours, at: int, *, told: bool) -> list[Step]:
    """Derive the hours; which segment it is has been told where segments are derived."""
    steps = steps_at(scenario, asked, at)
    return [one for one in steps if not (told and one[0] == "segment")]


def _columns(scenario: Scenario) -> list[Step]:
    """Say what the tables hold of every account: what segments and hours are made from."""
    columns, settings = AccountColumns(scenario), scenario.settings
    potential = settings.simulate.potential
    told = [f"last year's sales {one:,.0f}" for one in columns.bought.last.tolist()]
    if potential in scenario.accounts.columns:
        amounts = np.nan_to_num(columns.numbers(potential)).tolist()
        told = [f"{potential} {one:,.0f}, {more}" for one, more in zip(amounts, told, strict=True)]
    given = scenario.accounts["given_segment"].tolist()
    return [
        ("from the tables", f"segment {name}, {more}" if name else more, "")
        for name, more in zip(given, told, strict=True)
    ]


def _sellers(scenario: Scenario, made: Available) -> dict[str, Any]:
    """Give every position's steps and months."""
    names: pd.Series[str] = scenario.sellers.set_index("id")["name"]
    return {
        "ids": list(made.seller_ids),
        "names": [str(names[one]) or "vacant" for one in made.seller_ids],
        **folded([
            tuple(text for step in seller_steps(scenario, made, one) for text in step) for one in made.seller_ids
        ]),
        "by_month": folded([_months(made, at) for at in range(len(made.seller_ids))]),
    }  # fmt: skip


def _months(made: Available, at: int) -> tuple[str, ...]:
    """Write the months of a position, cell by cell."""
    cells: list[str] = []
    for m, month in enumerate(made.months):
        sizes = [one[at, m] for one in (made.settled, made.expected, made.low, made.median, made.high)]
        days = (f"{made.time.working_days[m]:g}", f"{made.time.leave_days[at, m]:.1f}")
        cells += [month, *days, *(f"{one:,.1f}" if np.isfinite(one) else words.DASH for one in sizes)]
    return tuple(cells)
