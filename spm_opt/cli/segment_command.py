"""The command ``segment``."""

# ruff: noqa: PLC0415  what is heavy is imported inside, so that --help comes at once

from __future__ import annotations

from pathlib import Path

import click

from spm_opt.cli.answer import Answer, answering
from spm_opt.cli.commands import CODES, scenario_argument, seed_option, target_folder
from spm_opt.cli.progress import display


@click.command(short_help="Give every account its segment, and say why.", epilog=CODES)
@scenario_argument
@seed_option
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
    help="Write segments.csv, segment_table.csv and segment_changes.csv there, too.",
)  # fmt: skip
@answering
def segment(scenario: Path, seed: int | None, out: Path | None) -> Answer:
    """Give every account its segment: by rules, by share of potential, or by statistics.

    Shown are the size, potential, sales and churn of each, what changed since last year, and how many accounts
    lie near to a boundary. `--out` has the reason of every account.
    """
    from spm_opt.errors import InputError
    from spm_opt.load import load
    from spm_opt.report.files import write_files
    from spm_opt.report.segment_text import segment_files, segment_text
    from spm_opt.scenario.check import check
    from spm_opt.workload.segment import segment as segmented

    if out is not None:
        target_folder(out)
    with display() as progress:
        progress("load", None)
        read = load(scenario, seed=seed)
        progress("check", None)
        findings = check(read)
        if findings.errors:
            raise InputError(findings)
        progress("segment", None)
        found = segmented(read)
    document = {
        "near": int(found.near.sum()), "segments": found.table, "changes": found.changes,
        "numbers": found.stability,
    }  # fmt: skip
    text = segment_text(read, found)
    if out is not None:
        files = segment_files(found)
        write_files(out, files)
        text += f"\n\n  {out}/{next(iter(files))}"
        document |= {"folder": str(out), "files": list(files)}
    said = f"spm-opt: {findings.counts()} in the input; `spm-opt check` lists them" if len(findings) else ""
    return Answer(text, document, 0, said)
