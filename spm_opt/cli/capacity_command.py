"""The command ``capacity``."""

# ruff: noqa: PLC0415  what is heavy is imported inside, so that --help comes at once

from __future__ import annotations

from pathlib import Path

import click

from spm_opt.cli.answer import Answer, answering
from spm_opt.cli.commands import CODES, scenario_argument, seed_option, target_folder
from spm_opt.cli.from_tables import answer, checked
from spm_opt.cli.progress import display


@click.command(short_help="Work out the hours that sellers have.", epilog=CODES)
@scenario_argument
@click.option(
    "--by", type=click.Choice(["seller", "role", "district", "region", "company"]),
    help="Sum the hours by this [default: district, else region, else company].",
)  # fmt: skip
@click.option("--seller", metavar="ID", help="Derive the hours of one position, step by step.")
@seed_option
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
    help="Write capacity.csv there, too: a row a position and month.",
)  # fmt: skip
@answering
def capacity(
    scenario: Path, by: str | None, seller: str | None, seed: int | None, out: Path | None
) -> Answer:
    """Work out the hours that every position has for customers, month by month, as a distribution."""
    from spm_opt.capacity.available import available
    from spm_opt.report.capacity_text import (
        capacity_table,
        capacity_text,
        groups_of,
        seller_steps,
        seller_text,
    )
    from spm_opt.report.tables import frame_bytes

    if out is not None:
        target_folder(out)
    with display() as progress:
        read, findings = checked(scenario, progress)
        progress("capacity", None)
        made = available(read, seed=seed)
    if seller is None:
        by, groups = groups_of(read, made, by)
        table = capacity_table(made, groups)
        text, document = capacity_text(read, made, table, by), {"by": by, "groups": table.to_dict("records")}
    else:
        steps = [
            dict(zip(("step", "how", "value"), one, strict=True)) for one in seller_steps(read, made, seller)
        ]
        text, document = seller_text(read, made, seller), {"seller": seller, "steps": steps}
    return answer(text, document, findings, out, {"capacity.csv": frame_bytes(made.rows)})
