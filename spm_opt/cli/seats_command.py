"""The command ``seats``."""

# ruff: noqa: PLC0415  what is heavy is imported inside, so that --help comes at once

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from spm_opt.cli.answer import Answer, answering
from spm_opt.cli.commands import CODES, scenario_argument, target_folder
from spm_opt.cli.progress import display

if TYPE_CHECKING:
    from spm_opt.align.effort import Effort


@click.command(short_help="Say what more sellers buy, and who would be missed least.", epilog=CODES)
@scenario_argument
@click.option("--add", type=click.IntRange(0, 50), default=3, show_default=True, help="Most sellers to add.")
@click.option(
    "--drop", type=click.IntRange(0, 1_000), default=3, show_default=True,
    help="Positions whose loss is solved, those of the least estimated loss; all are estimated.",
)  # fmt: skip
@click.option(
    "--effort", type=click.Choice(["quick", "standard", "thorough"]),
    help="How long to search for each plan [default: quick for large scenarios, else the scenario's].",
)  # fmt: skip
@click.option("--seed", type=int, help="Seed of search and simulation [default: the scenario's].")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Write seats.csv there, too.",
)
@answering
def seats(
    scenario: Path, add: int, drop: int, effort: Effort | None, seed: int | None, out: Path | None
) -> Answer:
    """Choose seats for additional sellers together with the territories.

    Says what each buys in balance, travel and sales, and which position would be missed least.
    """
    from spm_opt.capacity.seats import seats as find
    from spm_opt.capacity.seats_table import seats_table
    from spm_opt.report.files import write_files
    from spm_opt.report.seats_text import seats_text
    from spm_opt.report.tables import frame_bytes
    from spm_opt.run import open_scenario

    if out is not None:
        target_folder(out)
    with display() as progress:
        progress("load", None)
        opened = open_scenario(scenario, seed=seed).scenario
        found = find(
            opened, add=add, drop=drop, effort=effort, seed=seed, progress=lambda stage: progress(stage, None)
        )
    table = seats_table(found, opened.settings.currency)
    text = seats_text(opened, found)
    document: dict[str, Any] = {
        "effort": found.effort,
        "seed": found.seed,
        "figures": table.to_dict("records"),
    }
    if out is not None:
        write_files(out, {"seats.csv": frame_bytes(table)})
        text += f"\n\n  {out}/seats.csv"
        document |= {"folder": str(out), "files": ["seats.csv"]}
    findings = opened.findings
    said = f"spm-opt: {findings.counts()} in the input; `spm-opt check` lists them" if len(findings) else ""
    return Answer(text, document, 0, said)
