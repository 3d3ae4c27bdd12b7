"""The command ``size``."""

# ruff: noqa: PLC0415  what is heavy is imported inside, so that --help comes at once

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import click

from spm_opt.cli.answer import Answer, answering
from spm_opt.cli.commands import CODES, scenario_argument, seed_option, target_folder
from spm_opt.cli.from_tables import answer, checked
from spm_opt.cli.progress import display


@click.command(short_help="Say how many sellers are needed.", epilog=CODES)
@scenario_argument
@seed_option
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
    help="Write headcount.csv, response.csv, path.csv, hiring.csv and positions.csv there, too, and the tables of "
    "segment, workload and capacity.",
)  # fmt: skip
@answering
def size(scenario: Path, seed: int | None, out: Path | None) -> Answer:
    """Say how many sellers each region needs, by the hours that accounts ask for and by what selling earns.

    From accounts to segments, hours, capacities and headcount. How sales answer to effort is estimated from history
    where there is enough, else a stated default is used.
    """
    from spm_opt.align.effort import Clock
    from spm_opt.align.isolated import watched
    from spm_opt.capacity.available import available
    from spm_opt.capacity.hiring import hire
    from spm_opt.capacity.path import path
    from spm_opt.capacity.path_input import asked
    from spm_opt.capacity.positions import written
    from spm_opt.capacity.sizing import size as sized
    from spm_opt.errors import InputError
    from spm_opt.report.hiring_text import hiring_document, hiring_text, path_frame, path_text
    from spm_opt.report.segment_text import segment_files
    from spm_opt.report.size_text import chain_text, size_text
    from spm_opt.report.tables import frame_bytes
    from spm_opt.workload.hours import hours
    from spm_opt.workload.segment import segment

    if out is not None:
        target_folder(out)
    with display() as progress:
        read, findings = checked(scenario, progress, seed=seed)
        progress("size", None)
        made = sized(read)
        if made.findings.errors:
            raise InputError(findings + made.findings)
        segments, work, had = segment(read), hours(read), available(read)
        with watched(Clock(time.monotonic(), None, None)):
            progress("path", None)
            found = path(asked(read, made))
            progress("hire", None)
            plan = hire(read, made)
    parts = [chain_text(read, segments, work, had), size_text(read, made)]
    text = "\n\n".join([*parts, path_text(read, found), hiring_text(read, made, plan)])
    document = {
        "headcount": made.curve[made.curve["best"]], "response": made.parameters, "segments": segments.table,
        "path": {"profit": found.figures.profit, "bound": found.bound, "status": found.status},
        "hiring": hiring_document(read, made, plan),
        "findings": [str(one) for one in made.findings],
    }  # fmt: skip
    frames = {
        "headcount.csv": made.curve, "response.csv": made.parameters, "path.csv": path_frame(read, found),
        "hiring.csv": plan.rows, "positions.csv": written(read, plan.sellers), "workload.csv": work.parts,
        "capacity.csv": had.rows,
    }  # fmt: skip
    files = {name: frame_bytes(frame) for name, frame in frames.items()} | segment_files(segments)
    said = answer(text, document, findings, out, files)
    doubts = [f"spm-opt: {one.severity}: {one}" for one in made.findings]
    return replace(said, message="\n".join(filter(None, [said.message, *doubts])))
