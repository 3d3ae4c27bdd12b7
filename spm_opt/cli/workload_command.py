"""The command ``workload``."""

# ruff: noqa: PLC0415  what is heavy is imported inside, so that --help comes at once

from __future__ import annotations

from pathlib import Path

import click

from spm_opt.cli.answer import Answer, answering
from spm_opt.cli.commands import CODES, scenario_argument, target_folder
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
    from spm_opt.errors import InputError
    from spm_opt.load import load
    from spm_opt.report.files import write_files
    from spm_opt.report.tables import frame_bytes
    from spm_opt.report.workload_text import account_steps, account_text, by_group, workload_text
    from spm_opt.scenario.check import check
    from spm_opt.workload.hours import hours

    if out is not None:
        target_folder(out)
    with display() as progress:
        progress("load", None)
        read = load(scenario)
        progress("check", None)
        findings = check(read)
        if findings.errors:
            raise InputError(findings)
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
    if out is not None:
        write_files(out, {"workload.csv": frame_bytes(made.parts)})
        text += f"\n\n  {out}/workload.csv"
        document |= {"folder": str(out), "files": ["workload.csv"]}
    said = f"spm-opt: {findings.counts()} in the input; `spm-opt check` lists them" if len(findings) else ""
    return Answer(text, document, 0, said)
