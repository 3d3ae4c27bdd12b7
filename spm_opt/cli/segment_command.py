"""The command ``segment``."""

# ruff: noqa: PLC0415  what is heavy is imported inside, so that --help comes at once

from __future__ import annotations

from pathlib import Path

import click

from spm_opt.cli.answer import Answer, answering
from spm_opt.cli.commands import CODES, scenario_argument, seed_option, target_folder
from spm_opt.cli.from_tables import answer, checked
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
    from spm_opt.report.segment_text import segment_files, segment_text
    from spm_opt.workload.segment import segment as segmented

    if out is not None:
        target_folder(out)
    with display() as progress:
        read, findings = checked(scenario, progress, seed=seed)
        progress("segment", None)
        found = segmented(read)
    document = {
        "near": int(found.near.sum()), "segments": found.table, "changes": found.changes,
        "numbers": found.stability,
    }  # fmt: skip
    text = segment_text(read, found)
    return answer(text, document, findings, out, segment_files(found))
