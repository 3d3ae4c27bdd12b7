"""The commands. What is heavy is imported inside them, so that ``--help`` comes at once."""

# ruff: noqa: PLC0415  imports inside functions: see above

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

import click

from spm_opt.align import isolated
from spm_opt.cli.answer import BROKEN, Answer, answering
from spm_opt.cli.interrupt import Stop
from spm_opt.cli.progress import display
from spm_opt.cli.scheduler import scheduler_option, workers
from spm_opt.errors import InputError, PlanFolderError

if TYPE_CHECKING:
    from spm_opt.plan import Alignment
    from spm_opt.report.read_plan import Stored
    from spm_opt.run import Opened
    from spm_opt.scenario.settings import Effort

CODES = """\b
Exit codes: 0 done; 1 the plan breaks a hard rule; 2 usage or scenario.toml; 3 input data;
4 proven infeasible; 5 no plan found in the effort given; 130 interrupted.
"""
STOPS = f"""{CODES}
\b
A first Ctrl-C stops the search and goes on with the best plan so far; a second one ends at once.
"""

scenario_argument = click.argument("scenario", type=click.Path(path_type=Path))
seed_option = click.option(
    "--seed",
    type=click.IntRange(0, 2**63 - 1),
    help="Seed of search and simulation [default: the scenario's].",
)
effort_option = click.option(
    "--effort", type=click.Choice(["quick", "standard", "thorough"]),
    help="How long to search, counted in work: the same effort gives the same plan [default: the scenario's].",
)  # fmt: skip
limit_option = click.option(
    "--time-limit", type=click.FloatRange(0, min_open=True), metavar="SECONDS",
    help="Stop the search then, with the best plan so far. NOT REPEATABLE: a plan cut by the clock says so.",
)  # fmt: skip
out_option = click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
    help="Folder to write to [default: runs/NAME, by the scenario's folder].",
)  # fmt: skip
plan_option = click.option(
    "--plan", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
    help="Folder with the plan [default: runs/NAME, by the scenario's folder].",
)  # fmt: skip
positions_option = click.option(
    "--positions", type=click.Path(path_type=Path, dir_okay=False, exists=True), metavar="FILE",
    help="Sellers in place of the scenario's: positions.csv of `size --out`. A copy lies with the plan.",
)  # fmt: skip
today_option = click.option("--today", is_flag=True, help="Take today's alignment instead of a plan.")


@click.group(context_settings={"help_option_names": ["-h", "--help"]}, epilog=CODES)
@click.version_option(package_name="spm_opt", prog_name="spm-opt")
def main() -> None:
    """Plan sales territories and quotas, with proof and with the odds of the year.

    SCENARIO is a folder with a scenario.toml and its tables; `spm-opt init DIR` makes a first one. `run` does
    the whole job; every stage is a command too. Results go to stdout, progress to stderr.
    """


@main.command(short_help="Do the whole job.", epilog=STOPS)
@scenario_argument
@out_option
@seed_option
@effort_option
@limit_option
@positions_option
@scheduler_option
@answering
def run(
    scenario: Path, out: Path | None, seed: int | None, effort: Effort | None, time_limit: float | None,
    positions: Path | None, scheduler: str | None, stop: Stop,
) -> Answer:  # fmt: skip
    """Do the whole job: check, align, simulate, quota, score, report."""
    isolated.warm()  # a solver's imports take as long as those below
    from spm_opt.report.report import report as write
    from spm_opt.report.show import summary
    from spm_opt.run import run as whole
    from spm_opt.score import scorecard_json

    folder = target_folder(out or folder_of(scenario))
    with workers(scheduler) as executor, display(stop.follow) as progress:
        made = whole(
            scenario, effort=effort, seed=seed, positions=positions, time_limit=time_limit, progress=progress,
            stop=stop, executor=executor,
        )  # fmt: skip
        progress("report", None)
        paths = write(made, folder, beside=copied(positions))
    document = {
        "folder": str(folder),
        "files": [path.name for path in paths],
        "plan": made.plan.provenance,
        "scorecard": scorecard_json(made.scorecard),
    }
    return Answer(summary(made, folder), document, BROKEN if made.scorecard.breaches else 0)


@main.command(short_help="Find everything wrong in the input.", epilog=CODES)
@scenario_argument
@answering
def check(scenario: Path) -> Answer:
    """Look for everything wrong or odd in the input, at once."""
    from spm_opt.load import load
    from spm_opt.report.stages import findings_text
    from spm_opt.run import look

    with display() as progress:
        progress("load", None)
        read = load(scenario)
        progress("check", None)
        examined = look(read)
    findings = examined.findings
    document = {
        "errors": len(findings.errors),
        "warnings": len(findings.warnings),
        "findings": findings.rows(),
    }
    code = InputError.exit_code if findings.errors else 0
    return Answer(findings_text(findings, examined.problem), document, code)


@main.command(short_help="Find the territories.", epilog=STOPS)
@scenario_argument
@out_option
@seed_option
@effort_option
@limit_option
@positions_option
@answering
def align(
    scenario: Path, out: Path | None, seed: int | None, effort: Effort | None, time_limit: float | None,
    positions: Path | None, stop: Stop,
) -> Answer:  # fmt: skip
    """Find the territories; write accounts.csv, territories.csv and plan.json."""
    isolated.warm()  # a solver's imports take as long as those below
    from spm_opt.plan import Alignment
    from spm_opt.provenance import provenance
    from spm_opt.report.alignment import alignment_contents
    from spm_opt.report.files import write_files
    from spm_opt.report.stages import alignment_text
    from spm_opt.run import Stages, aligned, has_incumbent, open_scenario
    from spm_opt.score import score as judge
    from spm_opt.score import scorecard_json

    folder = target_folder(out or folder_of(scenario))
    with display(stop.follow) as progress:
        stages = Stages(progress)
        opened = open_scenario(scenario, effort=effort, seed=seed, positions=positions, stages=stages)
        with stages.stage("align"):
            result, found = aligned(opened, time_limit=time_limit, progress=stages.told("align"), stop=stop)
        today = Alignment.incumbent(opened.problem) if has_incumbent(opened.problem) else None
        scorecard = judge(opened.problem, opened.scenario.settings.criteria, found, incumbent=today)
        files = dict(alignment_contents(opened, result, found, scorecard)) | copied(positions)
        write_files(folder, files)
    document = {
        "folder": str(folder),
        "files": list(files),
        "plan": provenance(opened.scenario, opened.problem, result, found),
        "scorecard": scorecard_json(scorecard),
    }
    text = alignment_text(opened, result, scorecard, folder)
    return Answer(text, document, BROKEN if scorecard.breaches else 0)


@main.command(short_help="Simulate the year under a plan.", epilog=CODES)
@scenario_argument
@plan_option
@today_option
@seed_option
@scheduler_option
@answering
def simulate(
    scenario: Path, plan: Path | None, seed: int | None, scheduler: str | None, *, today: bool
) -> Answer:
    """Simulate the year: sales of every territory and of the company, in quantiles."""
    from spm_opt.report.stages import sales_rows, sales_text
    from spm_opt.simulate.simulate import simulate as simulated

    with workers(scheduler) as executor, display() as progress:
        opened, alignment, stored = alignment_of(scenario, plan, today=today, seed=seed)
        progress("simulate", None)
        sales = simulated(opened.scenario, alignment, executor=executor)
    rows = sales_rows(sales)
    document = {
        "alignment": "plan" if stored else "today",
        "replications": len(sales.amount),
        "seed": sales.seed,
        "sales": rows,
        "parameters": sales.parameters,
    }
    return Answer(
        sales_text(opened.scenario, sales, rows), document, *broken(stored.result.breaches if stored else ())
    )


@main.command(short_help="Spread the company target.", epilog=CODES)
@scenario_argument
@plan_option
@today_option
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
    help="Write quotas.csv there, too. In the plan's own folder, `score` and `report` take it up.",
)  # fmt: skip
@click.option(
    "--audit", "fair", is_flag=True, help="Test the quotas for fairness and against last year, too."
)
@click.option(
    "--previous", type=click.Path(path_type=Path, file_okay=False, exists=True), metavar="DIR",
    help="A plan's folder with the quotas seen last: freezes keep them, and ties change them least.",
)  # fmt: skip
@click.option(
    "--edit", "edits", type=click.Path(path_type=Path, dir_okay=False, exists=True), metavar="FILE",
    help="A table of edits (move, resplit, pin, unpin, swap), done in the order of its rows to the new quotas.",
)  # fmt: skip
@answering
def quota(
    scenario: Path, plan: Path | None, out: Path | None, previous: Path | None, edits: Path | None,
    *, today: bool, fair: bool,
) -> Answer:  # fmt: skip
    """Spread the company target over the territories, anew from the scenario's rules."""
    from spm_opt.cli.quotas import edited, told
    from spm_opt.quota.quota import quota as quoted
    from spm_opt.quota.tree import seen_last
    from spm_opt.report.files import write_files
    from spm_opt.report.quota_files import quota_files
    from spm_opt.report.read_plan import read_plan
    from spm_opt.simulate.simulate import simulate as simulated

    out = out and target_folder(out)
    with display() as progress:
        opened, alignment, stored = alignment_of(scenario, plan, today=today)
        progress("simulate", None)
        sales = simulated(opened.scenario, alignment)
        progress("quota", None)
        seen = read_plan(previous, opened).quotas if previous else None
        quotas = quoted(opened.scenario, alignment, sales, seen=seen_last(seen) if seen else None)
        quotas, trail = edited(opened, alignment, quotas, sales, edits) if edits else (quotas, None)
        text, document = told(opened, alignment, quotas, out=out, trail=trail, fair=fair)
    if out is not None:
        write_files(out, quota_files(quotas, trail))
    document = {"alignment": "plan" if stored else "today", **document}
    return Answer(text, document, *broken(stored.result.breaches if stored else ()))


@main.command(short_help="Judge a plan beside today's alignment.", epilog=CODES)
@scenario_argument
@plan_option
@scheduler_option
@answering
def score(scenario: Path, plan: Path | None, scheduler: str | None) -> Answer:
    """Judge a plan, today's alignment beside it; quotas are read from its folder, or set where it has none.

    Files of the plan may have been edited by hand: the checker says whether every hard rule still holds, and
    the exit code is 1 where not.
    """
    from spm_opt.report.show import summary
    from spm_opt.report.stages import territory_text
    from spm_opt.run import Stages, judged
    from spm_opt.score import scorecard_json

    with workers(scheduler) as executor, display() as progress:
        opened, alignment, stored = _stored(scenario, plan)
        made = judged(
            opened, stored.result, alignment, quotas=stored.quotas, stages=Stages(progress), executor=executor
        )
    text = f"{summary(made)}\n\n{territory_text(made)}"
    return Answer(text, scorecard_json(made.scorecard), *broken(made.scorecard.breaches))


@main.command(short_help="Write report.html and the rest anew.", epilog=CODES)
@scenario_argument
@plan_option
@out_option
@scheduler_option
@answering
def report(scenario: Path, plan: Path | None, out: Path | None, scheduler: str | None) -> Answer:
    """Write report.html and every other file anew, from the plan in its folder.

    A plan that was edited by hand and breaks a hard rule is reported as broken, with exit code 1.
    """
    from spm_opt.report.read_plan import positions_of, read_provenance
    from spm_opt.report.report import report as write
    from spm_opt.report.show import summary
    from spm_opt.run import Stages, judged

    folder = target_folder(out or plan or folder_of(scenario))
    with workers(scheduler) as executor, display() as progress:
        opened, alignment, stored = _stored(scenario, plan)
        made = judged(
            opened, stored.result, alignment, quotas=stored.quotas, stages=Stages(progress), executor=executor
        )
        progress("report", None)
        source = plan or folder_of(scenario)
        paths = write(made, folder, beside=copied(positions_of(source, read_provenance(source))))
    document = {"folder": str(folder), "files": [path.name for path in paths]}
    return Answer(summary(made, folder), document, *broken(made.scorecard.breaches))


@main.command(short_help="Write a first scenario that runs as it is.")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@answering
def init(folder: Path) -> Answer:
    """Write a small commented scenario that runs as it is."""
    from importlib.resources import files

    from spm_opt.report.files import write_files

    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise PlanFolderError(f"{folder} is there already and not an empty folder; nothing was written")
    template = files("spm_opt").joinpath("init_template")
    content = {one.name: one.read_bytes() for one in template.iterdir() if one.is_file()}
    write_files(folder, dict(sorted(content.items())))
    text = f"{folder}: a scenario to start from. Next:\n  spm-opt run {folder}"
    return Answer(text, {"folder": str(folder), "files": sorted(content)})


def folder_of(scenario: Path) -> Path:
    """Name the folder where a scenario's plan lies if nothing else is said: ``runs/NAME``."""
    path = Path(os.path.abspath(scenario))  # noqa: PTH100  a link keeps the name it was given
    return Path("runs") / (path.parent if path.name == "scenario.toml" else path).name


def target_folder(folder: Path) -> Path:
    """Refuse to write a plan into a scenario: both have an ``accounts.csv``."""
    if (folder / "scenario.toml").exists():
        raise PlanFolderError(f"{folder} is a scenario's folder: a plan there would overwrite its tables")
    return folder


def copied(positions: Path | None) -> dict[str, bytes]:
    """Give the copy of a table of sellers that lies with a plan."""
    from spm_opt.scenario.load import POSITIONS

    return {} if positions is None else {POSITIONS: positions.read_bytes()}


def broken(breaches: Collection[object]) -> tuple[int, str]:
    """Exit code and message for a plan that breaks rules, or does not."""
    if not breaches:
        return 0, ""
    places = "1 place" if len(breaches) == 1 else f"{len(breaches):,} places"
    return BROKEN, f"spm-opt: the plan breaks hard rules in {places}"


def _stored(
    scenario: Path, plan: Path | None, seed: int | None = None, *, way_out: str = ""
) -> tuple[Opened, Alignment, Stored]:
    """Open a scenario with the seed and effort of its plan, and read that plan."""
    from spm_opt.report.read_plan import positions_of, read_plan, read_provenance
    from spm_opt.run import open_scenario

    folder = plan or folder_of(scenario)
    try:
        known = read_provenance(folder)
    except PlanFolderError as error:
        if not scenario.exists():
            open_scenario(scenario)  # says so
        raise PlanFolderError(f"{error}; `spm-opt run {scenario}` makes one{way_out}") from None
    opened = open_scenario(
        scenario, effort=known["effort"], seed=known["seed"] if seed is None else seed,
        positions=positions_of(folder, known),
    )  # fmt: skip
    stored = read_plan(folder, opened)
    return opened, stored.alignment, stored


def alignment_of(
    scenario: Path, plan: Path | None, *, today: bool, seed: int | None = None
) -> tuple[Opened, Alignment, Stored | None]:
    """Take the plan's alignment, or today's."""
    from spm_opt.plan import Alignment
    from spm_opt.run import has_incumbent, open_scenario

    if not today:
        return _stored(scenario, plan, seed, way_out=", --today takes today's alignment")
    if plan is not None:
        raise click.UsageError("--plan and --today exclude each other")
    opened = open_scenario(scenario, seed=seed)
    if not has_incumbent(opened.problem):
        raise PlanFolderError("no account has a seller today")
    return opened, Alignment.incumbent(opened.problem), None
