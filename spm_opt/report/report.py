"""The report: a run as a folder of files that people and systems read."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from spm_opt.plan import Alignment
from spm_opt.problem import IntArray, Problem
from spm_opt.provenance import TIMINGS
from spm_opt.report.facts import gather
from spm_opt.report.files import write_files
from spm_opt.report.geopackage import geopackage_bytes, territory_table
from spm_opt.report.html import page
from spm_opt.report.overlay_files import overlay_files, overlay_sizes
from spm_opt.report.quota_files import quota_files
from spm_opt.report.tables import csv_bytes, frame_bytes, json_bytes
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
"""What a report consists of, always all of it; `quota_files` and `overlay_files` may add to it."""


def report(run: Run, folder: Path, *, beside: Mapping[str, bytes] | None = None) -> tuple[Path, ...]:
    """Write the files of a run into ``folder``: all of them, or none.

    The same run gives the same bytes. A run that was timed has one file more, with the seconds of its
    stages, which no two runs share. Files given ``beside`` are written with them.

    Returns
    -------
    The paths, in the order of :data:`NAMES`, then those of quotas by product and period, or of their hedge, and of
    layers.

    Raises
    ------
    PlanFolderError
        The folder cannot be written; what it held is as it was.
    """
    began = time.monotonic()
    files = dict(contents(run)) | dict(beside or {})
    if run.seconds:
        files[TIMINGS] = json_bytes({**run.seconds, "report": time.monotonic() - began})
    return write_files(folder, files)


def contents(run: Run) -> Mapping[str, bytes]:
    """Make the files of a run in memory: name to content."""
    facts = gather(run)
    quotas = quota_files(run.plan.quotas)
    made = {
        "accounts.csv": accounts_csv(run.problem, facts.sellers, run.plan.alignment, run.incumbent),
        "territories.csv": frame_bytes(territory_table(run, facts)),
        "quotas.csv": quotas["quotas.csv"],
        "scorecard.json": json_bytes(scorecard_json(run.scorecard)),
        "plan.json": json_bytes(run.plan.provenance),
        "territories.gpkg": geopackage_bytes(run, facts),
        "report.html": page(run, facts),
    }
    layers = overlay_files(run.layers, run.problem, overlay_sizes(run)) if run.layers else {}
    return {name: made[name] for name in NAMES} | quotas | layers


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


def _named(names: tuple[str, ...], index: IntArray) -> list[str]:
    return [names[i] if i >= 0 else "" for i in index.tolist()]
