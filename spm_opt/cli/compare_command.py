"""The command ``compare``."""

# ruff: noqa: PLC0415  what is heavy is imported inside, so that --help comes at once

from __future__ import annotations

from pathlib import Path

import click

from spm_opt.cli.answer import BROKEN, Answer, answering
from spm_opt.cli.commands import CODES, target_folder
from spm_opt.cli.progress import display
from spm_opt.cli.scheduler import scheduler_option, workers


@click.command(short_help="Say which plan is better, and for whom.", epilog=CODES)
@click.argument("plans", metavar="PLAN PLAN ...", nargs=-1, required=True)
@click.option(
    "--scenario", type=click.Path(path_type=Path), metavar="DIR",
    help="The scenario that all are judged in [default: that of the first plan, looked for here, in NAME and in "
    "scenarios/NAME, by the plan's folder].",
)  # fmt: skip
@click.option(
    "--seed", type=click.IntRange(0, 2**63 - 1),
    help="Seed of the futures [default: that of the first plan]. Another one judges quotas by futures that they "
    "were not set with.",
)  # fmt: skip
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
    help="Write the tables and comparison.html there, too.",
)  # fmt: skip
@scheduler_option
@answering
def compare(
    plans: tuple[str, ...], scenario: Path | None, seed: int | None, out: Path | None, scheduler: str | None
) -> Answer:
    """Compare plans in the same simulated years: which is better, by how much, in how many, and for whom.

    PLAN is the folder of a plan, or the word `today` for today's alignment with quotas by the same rules. The
    first one is what the others are held against. Plans may be made by other rules and aims, if from the same
    accounts, sellers, history and pipeline.
    """
    from spm_opt.compare.compare import compare as compared
    from spm_opt.compare.files import comparison_document, comparison_files
    from spm_opt.compare.text import comparison_text
    from spm_opt.report.files import write_files

    if out is not None:
        target_folder(out)
    with workers(scheduler) as executor, display() as progress:
        progress("compare", None)
        found = compared(plans, scenario, seed=seed, executor=executor)
    text, document = comparison_text(found), comparison_document(found)
    if out is not None:
        files = comparison_files(found)
        write_files(out, files)
        text += f"\n\n  {out}/{next(iter(files))}"
        document |= {"folder": str(out), "files": list(files)}
    said = ", ".join(f"{name} in {count:,}" for name, count in found.broken.items())
    message = f"spm-opt: hard rules are broken by {said}" if said else ""
    return Answer(text, document, BROKEN if said else 0, message)
