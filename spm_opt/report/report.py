"""The report: a run as a folder of files that people and systems read."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from spm_opt.plan import Alignment, QuotaPlan
from spm_opt.problem import IntArray, Problem
from spm_opt.provenance import TIMINGS
from spm_opt.report.facts import gather
from spm_opt.report.files import write_files
from spm_opt.report.geopackage import geopackage_bytes, territory_table
from spm_opt.report.html import page
from spm_opt.report.rollup import TERRITORY
from spm_opt.report.tables import csv_bytes, frame_bytes, json_bytes, money
from spm_opt.run import Run
from spm_opt.score import scorecard_json

NAMES = (
    "accounts.csv",
    "territories.csv",
    "quotas.csv",
    "scorecard.json",
    "plan.json",
    "territories.gpkg",
    "report.html",
)
"""What a report consists of, always all of it."""


def report(run: Run, folder: Path) -> tuple[Path, ...]:
    """Write the files of a run into ``folder``: all of them, or none.

    The same run gives the same bytes. A run that was timed has one file more, with the seconds of its
    stages, which no two runs share.

    Returns
    -------
    The paths, in the order of :data:`NAMES`.

    Raises
    ------
    PlanFolderError
        The folder cannot be written; what it held is as it was.
    """
    began = time.monotonic()
    files = dict(contents(run))
    if run.seconds:
        files[TIMINGS] = json_bytes({**run.seconds, "report": time.monotonic() - began})
    return write_files(folder, files)


def contents(run: Run) -> Mapping[str, bytes]:
    """Make the files of a run in memory: name to content."""
    facts = gather(run)
    made = {
        "accounts.csv": accounts_csv(run.problem, facts.sellers, run.plan.alignment, run.incumbent),
        "territories.csv": frame_bytes(territory_table(run, facts)),
        "quotas.csv": quotas_csv(run.plan.quotas),
        "scorecard.json": json_bytes(scorecard_json(run.scorecard)),
        "plan.json": json_bytes(run.plan.provenance),
        "territories.gpkg": geopackage_bytes(run, facts),
        "report.html": page(run, facts),
    }
    return {name: made[name] for name in NAMES}


def accounts_csv(
    problem: Problem, sellers: tuple[str, ...], alignment: Alignment, incumbent: Alignment
) -> bytes:
    """Write a row an account: its unit, its territory and seller, and those it has today.

    ``seller`` and ``previous_seller`` are names of people; ``vacant`` where nobody fills the position,
    and empty where there is no territory.
    """
    then, now = alignment.account_territory, incumbent.account_territory
    rows = zip(
        problem.accounts.ids,
        [problem.unit_ids[u] for u in problem.accounts.unit],
        _named(problem.territory_ids, then),
        _named(sellers, then),
        _named(problem.territory_ids, now),
        _named(sellers, now),
        np.where((now >= 0) & (now != then), "yes", "no").tolist(),
        strict=True,
    )
    header = ("account", "unit", "territory", "seller", "previous_territory", "previous_seller", "moved")
    return csv_bytes(header, rows)


HEDGED = ("hedge", "step")
"""Columns of the nodes where quotas are over-assigned."""


def quotas_csv(quotas: QuotaPlan) -> bytes:
    """Write a row a node of the sales organisation: its quota, and for a territory what it is made from."""
    nodes, basis = quotas.nodes, quotas.basis
    measures = [str(name) for name in basis.columns if str(name) not in {"quota", "cents"}]
    columns = ["level", "node", "parent_level", "parent"]
    rows = []
    for node in nodes.to_dict("records"):
        own = str(node["node"])
        known = node["level"] == TERRITORY and own in basis.index
        tail = [basis.at[own, name] for name in measures] if known else [None] * len(measures)
        hedged = [node[name] for name in HEDGED if name in node]
        rows.append([*(node[name] for name in columns), money(int(node["cents"])), *hedged, *tail])
    hedges = [name for name in HEDGED if name in nodes.columns]
    return csv_bytes((*columns, "quota", *hedges, *measures), rows)


def quota_cells_csv(quotas: QuotaPlan) -> dict[str, bytes]:
    """Write a row a node, product and period to ``quota_cells.csv``, where quotas are split so far."""
    if quotas.cells is None:
        return {}
    columns = ("level", "node", "product", "period")
    rows = [
        [*(row[name] for name in columns), money(int(row["cents"]))]
        for row in quotas.cells.to_dict("records")
    ]
    return {"quota_cells.csv": csv_bytes((*columns, "quota"), rows)}


def _named(names: tuple[str, ...], index: IntArray) -> list[str]:
    return [names[i] if i >= 0 else "" for i in index.tolist()]
