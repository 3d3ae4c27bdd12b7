"""The command ``calibrate``."""

# ruff: noqa: PLC0415  what is heavy is imported inside, so that --help comes at once

from __future__ import annotations

from pathlib import Path

import click

from spm_opt.cli.answer import Answer, answering
from spm_opt.cli.commands import CODES, scenario_argument, seed_option, target_folder
from spm_opt.cli.progress import display


@click.command(short_help="Hold out the last months and predict them.", epilog=CODES)
@scenario_argument
@click.option(
    "--months", type=click.Choice(["12", "6", "3"]),
    help="Months held out; they need 36, 24 and 18 of history [default: as many as history allows].",
)  # fmt: skip
@seed_option
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
    help="Write calibration.html, calibration.csv and calibration_territories.csv there, too.",
)  # fmt: skip
@answering
def calibrate(scenario: Path, months: str | None, seed: int | None, out: Path | None) -> Answer:
    """Hold out the last months of history, predict them from what came before, and compare.

    Shown are coverage of the 50, 80 and 95 % intervals, the places of outcomes in their forecasts, and CRPS
    beside two naive forecasts: by segment, by territory and for the company.
    """
    from spm_opt.report.calibration_files import calibration_document, calibration_files
    from spm_opt.report.calibration_text import calibration_text
    from spm_opt.report.files import write_files
    from spm_opt.run import open_scenario
    from spm_opt.simulate.calibrate import calibrate as calibrated

    if out is not None:
        target_folder(out)
    with display() as progress:
        progress("load", None)
        opened = open_scenario(scenario, seed=seed)
        progress("calibrate", None)
        found = calibrated(opened.scenario, months=None if months is None else int(months), seed=seed)
    settings = opened.scenario.settings
    text = calibration_text(found, settings.name, settings.currency)
    document = calibration_document(found)
    if out is not None:
        files = calibration_files(found, opened.scenario)
        write_files(out, files)
        text += f"\n\n  {out}/{next(iter(files))}"
        document |= {"folder": str(out), "files": list(files)}
    return Answer(text, document)
