"""The command ``pay``."""

# ruff: noqa: PLC0415  what is heavy is imported inside, so that --help comes at once

from __future__ import annotations

from pathlib import Path

import click

from spm_opt.cli.answer import Answer, answering
from spm_opt.cli.commands import (
    CODES,
    alignment_of,
    broken,
    plan_option,
    scenario_argument,
    target_folder,
    today_option,
)
from spm_opt.cli.progress import display


@click.command(short_help="Say what sellers are paid.", epilog=CODES)
@scenario_argument
@plan_option
@today_option
@click.option(
    "--comp", type=click.Path(path_type=Path, dir_okay=False, exists=True), metavar="FILE",
    help="A compensation plan [default: the one that the scenario names].",
)  # fmt: skip
@click.option(
    "--statement", "wanted", multiple=True, metavar="SELLER",
    help="Show every step from results to pay of this seller; may be given more than once.",
)  # fmt: skip
@click.option(
    "--actual", type=click.Path(path_type=Path, dir_okay=False, exists=True), metavar="FILE",
    help="A table of results (seller, period, amount): statements of what really happened, with no simulation.",
)  # fmt: skip
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
    help="Write pay.csv and statements.csv there, too.",
)  # fmt: skip
@answering
def pay(
    scenario: Path, plan: Path | None, comp: Path | None, wanted: tuple[str, ...], actual: Path | None,
    out: Path | None, *, today: bool,
) -> Answer:  # fmt: skip
    """Say what the compensation plan pays: its cost as a distribution, pay by seller, statements.

    Statements are for mean sales of the simulated year, or with --actual for results that really happened.
    """
    from spm_opt.cli.pays import actual_pay, plan_of, quotas_of, simulated_pay
    from spm_opt.report.files import write_files
    from spm_opt.simulate.simulate import simulate

    if out is not None:
        target_folder(out)
    with display() as progress:
        opened, alignment, stored = alignment_of(scenario, plan, today=today)
        made, quotas = plan_of(opened.scenario, comp), stored.quotas if stored else None
        progress("pay", None)
        if actual is None:
            told = simulated_pay(opened.scenario, made, comp, alignment, quotas, wanted)
        else:
            if quotas is None:  # they may follow from the simulated year
                quotas = quotas_of(opened.scenario, alignment, None, simulate(opened.scenario, alignment))
            told = actual_pay(opened.scenario, made, comp, quotas, actual, wanted)
    text, document = told.text, {"alignment": "plan" if stored else "today", **told.document}
    if out is not None:
        write_files(out, told.files)
        text += f"\n\n  {out}/{next(iter(told.files))}"
        document |= {"folder": str(out), "files": list(told.files)}
    return Answer(text, document, *broken(stored.result.breaches if stored else ()))
