"""The command ``metrics``."""

# ruff: noqa: PLC0415  what is heavy is imported inside, so that --help comes at once

from __future__ import annotations

from pathlib import Path

import click

from spm_opt.cli.answer import Answer, answering
from spm_opt.cli.commands import CODES, scenario_argument, target_folder
from spm_opt.cli.from_tables import answer, checked
from spm_opt.cli.progress import display


@click.command(short_help="Measure how the company sold.", epilog=CODES)
@scenario_argument
@click.option(
    "--by", type=click.Choice(["seller", "district", "region", "company"]),
    help="Whose figures, beside the company's [default: district, or seller where there are none].",
)  # fmt: skip
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
    help="Write metrics.csv there, too, with the figures of every level.",
)  # fmt: skip
@answering
def metrics(scenario: Path, by: str | None, out: Path | None) -> Answer:
    """Measure how the company sold: hours, win rates, conversion, deal sizes, cycles, attainment.

    From the scenario's closed opportunities, time sheets and past quotas. Small samples are marked.
    """
    from spm_opt.report.metrics_text import level_shown, metrics_text, of_level
    from spm_opt.report.tables import frame_bytes
    from spm_opt.simulate.metrics_table import SMALL, sales_metrics

    if out is not None:
        target_folder(out)
    with display() as progress:
        read, findings = checked(scenario, progress)
        progress("metrics", None)
        found = sales_metrics(read)
        by = level_shown(read, found, by)
    text, document = (
        metrics_text(read, found, by),
        {"by": by, "small_below": SMALL, "metrics": of_level(found, by)},
    )
    return answer(text, document, findings, out, {"metrics.csv": frame_bytes(found.rows)})
