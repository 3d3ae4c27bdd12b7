"""The command ``workload``."""

# ruff: noqa: PLC0415  what is heavy is imported inside, so that --help comes at once

from __future__ import annotations

from pathlib import Path

import click

from spm_opt.cli.answer import Answer, answering
from spm_opt.cli.commands import CODES, scenario_argument, target_folder
from spm_opt.cli.from_tables import answer, checked
from spm_opt.cli.progress import display


@click.command(short_help="Work out the hours that accounts ask for.", epilog=CODES)
@scenario_argument
@click.option(
    "--by", type=click.Choice(["segment", "channel", "seller", "district", "region"]), default="segment",
    show_default=True, help="Sum the hours by this; sellers are those of today.",
)  # fmt: skip
@click.option("--account", metavar="ID", help="Derive the hours of one account, step by step.")
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
    help="Write workload.csv there, too: a row an account and channel.",
)  # fmt: skip
@answering
def workload(scenario: Path, by: str, account: str | None, out: Path | None) -> Answer:
    """Work out the hours that every account asks for: contacts, preparation, travel, new business."""
    from spm_opt.report.tables import frame_bytes
    from spm_opt.report.workload_text import account_steps, account_text, by_group, workload_text
    from spm_opt.workload.hours import hours

    if out is not None:
        target_folder(out)
    with display() as progress:
        read, findings = checked(scenario, progress)
        progress("workload", None)
        made = hours(read)
    if account is None:
        table = by_group(read, made, by)
        text, document = workload_text(read, made, table, by), {"by": by, "groups": table.to_dict("records")}
    else:
        steps = [
            dict(zip(("step", "how", "value"), one, strict=True))
            for one in account_steps(read, made, account)
        ]
        text, document = account_text(read, made, account), {"account": account, "steps": steps}
    return answer(text, document, findings, out, {"workload.csv": frame_bytes(made.parts)})
