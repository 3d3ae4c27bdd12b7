"""The command ``overlay``."""

# ruff: noqa: PLC0415  what is heavy is imported inside, so that --help comes at once

from __future__ import annotations

from pathlib import Path

import click

from spm_opt.align import isolated
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


@click.command(short_help="Lay specialists and managers over the territories.", epilog=CODES)
@scenario_argument
@plan_option
@today_option
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
    help="Write overlays.csv and overlay_sizes.csv there, too.",
)  # fmt: skip
@answering
def overlay(scenario: Path, plan: Path | None, out: Path | None, *, today: bool) -> Answer:
    """Solve the layers of specialists, technical sellers and managers over the territories of a plan.

    Each layer has its own ratio, rules and aims; positions sum to territories exactly.
    """
    isolated.warm()
    from spm_opt.errors import ScenarioError
    from spm_opt.overlay.overlays import overlays
    from spm_opt.overlay.rollup import sizes
    from spm_opt.report.files import write_files
    from spm_opt.report.overlay_files import layer_rows, overlay_files
    from spm_opt.report.overlay_text import overlay_text

    if out is not None:
        target_folder(out)
    with display() as progress:
        opened, alignment, stored = alignment_of(scenario, plan, today=today)
        settings = opened.scenario.settings
        if not settings.overlays:
            raise ScenarioError(["scenario.toml: no layers; expected at least one [[overlays]]"])
        progress("overlay", None)
        layers = overlays(
            opened.scenario, opened.problem, alignment, effort=settings.effort, seed=settings.seed
        )
        table = sizes(layers, opened.problem, alignment, stored.quotas if stored else None)
    text = overlay_text(opened.scenario, layers, table)
    document: dict[str, object] = {
        "alignment": "plan" if stored else "today",
        "layers": layer_rows(layers, table),
    }
    if out is not None:
        files = overlay_files(layers, opened.problem, table)
        write_files(out, files)
        text += "\n\n" + "\n".join(f"  {out}/{name}" for name in files)
        document |= {"folder": str(out), "files": list(files)}
    breaches = [
        *(stored.result.breaches if stored else ()),
        *(b for one in layers for b in one.verdict.breaches),
    ]
    return Answer(text, document, *broken(breaches))
