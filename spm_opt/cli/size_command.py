"""The command ``size``."""

# ruff: noqa: PLC0415  what is heavy is imported inside, so that --help comes at once

from __future__ import annotations

from pathlib import Path

import click

from spm_opt.cli.answer import Answer, answering
from spm_opt.cli.commands import CODES, scenario_argument, seed_option, target_folder
from spm_opt.cli.progress import display


@click.command(short_help="Say how many sellers are needed.", epilog=CODES)
@scenario_argument
@seed_option
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
    help="Write headcount.csv and response.csv there, too, and the tables of segment, workload and capacity.",
)  # fmt: skip
@answering
def size(scenario: Path, seed: int | None, out: Path | None) -> Answer:
    """Say how many sellers each region needs, by the hours that accounts ask for and by what selling earns.

    From accounts to segments, hours, capacities and headcount. How sales answer to effort is estimated from history
    where there is enough, else a stated default is used.
    """
    from spm_opt.capacity.available import available
    from spm_opt.capacity.sizing import size as sized
    from spm_opt.errors import InputError
    from spm_opt.load import load
    from spm_opt.report.files import write_files
    from spm_opt.report.segment_text import segment_files
    from spm_opt.report.size_text import chain_text, size_text
    from spm_opt.report.tables import frame_bytes
    from spm_opt.scenario.check import check
    from spm_opt.workload.hours import hours
    from spm_opt.workload.segment import segment

    if out is not None:
        target_folder(out)
    with display() as progress:
        progress("load", None)
        read = load(scenario, seed=seed)
        progress("check", None)
        findings = check(read)
        if findings.errors:
            raise InputError(findings)
        progress("size", None)
        made = sized(read)
        if made.findings.errors:
            raise InputError(findings + made.findings)
        segments, asked, had = segment(read), hours(read), available(read)
    text = chain_text(read, segments, asked, had) + "\n\n" + size_text(read, made)
    document = {
        "headcount": made.curve[made.curve["best"]], "response": made.parameters, "segments": segments.table,
        "findings": [str(one) for one in made.findings],
    }  # fmt: skip
    if out is not None:
        frames = {
            "headcount.csv": made.curve, "response.csv": made.parameters, "workload.csv": asked.parts,
            "capacity.csv": had.rows,
        }  # fmt: skip
        files = {name: frame_bytes(frame) for name, frame in frames.items()} | segment_files(segments)
        write_files(out, files)
        text += f"\n\n  {out}/headcount.csv  (and {', '.join(list(files)[1:])})"
        document |= {"folder": str(out), "files": list(files)}
    said = [f"spm-opt: {findings.counts()} in the input; `spm-opt check` lists them"] if len(findings) else []
    said += [f"spm-opt: {one.severity}: {one}" for one in made.findings]
    return Answer(text, document, 0, "\n".join(said))
