"""The main job: every stage in order, from a scenario folder to a scored plan."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from spm_opt.align.engine import align
from spm_opt.align.result import Progress, Result
from spm_opt.errors import InfeasibleError, InputError, NotFoundError, QuotaError, ScenarioError
from spm_opt.load import load
from spm_opt.overlay.layer import Layer
from spm_opt.overlay.overlays import overlays
from spm_opt.plan import Alignment, Plan, QuotaPlan
from spm_opt.problem import Problem
from spm_opt.provenance import provenance
from spm_opt.quota.fairness import Fairness, fairness
from spm_opt.quota.quota import input_findings, plan_cells, quota, require_rules
from spm_opt.quota.tree import unreconciled
from spm_opt.scenario.findings import Findings
from spm_opt.scenario.prepare import Examined, examine
from spm_opt.scenario.scenario import Scenario
from spm_opt.scenario.settings import Effort
from spm_opt.scenario.settings_file import FILE
from spm_opt.score import Scorecard, score
from spm_opt.simulate.demand import estimate
from spm_opt.simulate.enough import enough
from spm_opt.simulate.sales import Sales
from spm_opt.simulate.simulate import simulate

Report = Callable[[str, Progress | None], None]
"""Told the stage, and within the alignment how far it is."""


@dataclass(frozen=True, eq=False)
class Run:
    """All that a run made: the values of every stage, for the new plan and for the incumbent.

    ``fairness`` is there where the scenario asks for it (``quota.audit``), ``layers`` are those of its
    ``[[overlays]]``, over the new plan. ``seconds`` is the wall time of each
    stage, the one thing that is never the same twice.
    """

    scenario: Scenario
    problem: Problem
    result: Result
    plan: Plan
    sales: Sales
    scorecard: Scorecard
    incumbent: Alignment
    incumbent_quotas: QuotaPlan | None
    incumbent_sales: Sales | None
    seconds: Mapping[str, float] = field(default_factory=dict)
    fairness: Fairness | None = None
    layers: tuple[Layer, ...] = ()


@dataclass(frozen=True, eq=False)
class Opened:
    """A scenario whose input holds no error, with its problem; its ``findings`` are all that was found."""

    scenario: Scenario
    problem: Problem


@dataclass(eq=False)
class Stages:
    """The stages of a run as they pass: tells each one's name and keeps its seconds."""

    progress: Report | None = None
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time what happens inside."""
        if self.progress is not None:
            self.progress(name, None)
        began = time.monotonic()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + time.monotonic() - began

    def told(self, name: str) -> Callable[[Progress], None] | None:
        """Give the engine's progress a listener."""
        progress = self.progress
        return None if progress is None else lambda how: progress(name, how)


def run(
    folder: Path | str,
    *,
    effort: Effort | None = None,
    seed: int | None = None,
    positions: Path | None = None,
    time_limit: float | None = None,
    progress: Report | None = None,
    stop: Callable[[], bool] | None = None,
    executor: Executor | None = None,
) -> Run:
    """Do the whole job: load, check, align, simulate, quota and score.

    Parameters
    ----------
    folder
        The scenario's folder.
    effort, seed
        Override the scenario's settings.
    positions
        A table of sellers, as ``spm-opt size --out`` writes it, in place of the scenario's.
    time_limit
        Seconds after which the search for an alignment stops with the best plan so far. A run that it
        has cut is not repeatable, and says so.
    progress
        Called at the start of every stage, and now and then within the alignment.
    stop
        Asked within the alignment whether to go on with the best plan so far, as if by a time limit.
    executor
        Works the replications out; threads of this process if none is given. It changes no number.

    Raises
    ------
    ScenarioError
        ``scenario.toml`` cannot be understood.
    InputError
        The input holds errors.
    InfeasibleError, NotFoundError
        There is no alignment that keeps the hard rules, or none was found.
    QuotaError
        No quotas keep theirs.
    """
    stages = Stages(progress)
    opened = open_scenario(folder, effort=effort, seed=seed, positions=positions, stages=stages)
    require_rules(opened.scenario)
    with stages.stage("align"):
        result, alignment = aligned(opened, time_limit=time_limit, progress=stages.told("align"), stop=stop)
    return judged(opened, result, alignment, stages=stages, executor=executor)


def check(scenario: Scenario) -> Findings:
    """Find all that is wrong or odd in a scenario's input."""
    return look(scenario).findings


def look(scenario: Scenario) -> Examined:
    """Look at the whole input, that of the quotas too; raises nothing for errors."""
    examined = examine(scenario)
    if examined.problem is None:
        return examined
    findings = examined.findings + input_findings(scenario)
    if not findings.errors:
        findings += enough(scenario)
    return Examined(None if findings.errors else examined.problem, findings)


def open_scenario(
    folder: Path | str, *, effort: Effort | None = None, seed: int | None = None, positions: Path | None = None,
    stages: Stages | None = None,
) -> Opened:  # fmt: skip
    """Load a scenario, look at its whole input, and prepare its problem.

    Raises
    ------
    ScenarioError
        ``scenario.toml`` cannot be understood.
    InputError
        The input holds errors; it carries every finding.
    """
    stages = stages or Stages()
    with stages.stage("load"):
        scenario = loaded(folder, effort=effort, seed=seed, positions=positions)
    with stages.stage("check"):
        examined = look(scenario)
    if examined.problem is None:
        raise InputError(examined.findings)
    return Opened(replace(scenario, findings=examined.findings), examined.problem)


def loaded(
    folder: Path | str,
    *,
    effort: Effort | None = None,
    seed: int | None = None,
    positions: Path | None = None,
) -> Scenario:
    """Load a scenario with its settings as resolved, and the hash of ``scenario.toml`` among the others."""
    scenario = load(folder, effort=effort, seed=seed, positions=positions)
    digest = hashlib.sha256((scenario.folder / FILE).read_bytes()).hexdigest()
    return replace(scenario, hashes={FILE: digest, **scenario.hashes})


def aligned(
    opened: Opened,
    *,
    time_limit: float | None = None,
    progress: Callable[[Progress], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> tuple[Result, Alignment]:
    """Find an alignment that keeps every hard rule.

    Raises
    ------
    InfeasibleError, NotFoundError
        There is none, or none was found.
    """
    settings = opened.scenario.settings
    result = align(
        opened.problem, settings.criteria, effort=settings.effort, seed=settings.seed, progress=progress,
        time_limit=time_limit, stop=stop,
    )  # fmt: skip
    if result.status == "infeasible":
        raise InfeasibleError(result)
    if result.status == "unknown" or result.alignment is None:
        raise NotFoundError(result)
    return result, result.alignment


def judged(
    opened: Opened,
    result: Result,
    alignment: Alignment,
    *,
    quotas: QuotaPlan | None = None,
    stages: Stages | None = None,
    executor: Executor | None = None,
) -> Run:
    """Lay the layers over a plan, simulate, set quotas and score, for the plan and for today's alignment.

    Parameters
    ----------
    opened
        Scenario and problem.
    result
        What the engine says of the plan.
    alignment
        The plan.
    quotas
        Its quotas, where they are given.
    stages
        Where stages are told and timed.
    executor
        Works the replications out.

    Raises
    ------
    InfeasibleError, NotFoundError
        There is no layer that keeps its rules, or none was found.
    QuotaError
        No quotas keep their rules.
    """
    scenario, problem = opened.scenario, opened.problem
    stages = stages or Stages()
    if quotas is not None and quotas.cells is None and scenario.settings.quota.split:
        quotas = replace(quotas, cells=plan_cells(scenario, quotas))
    incumbent = Alignment.incumbent(problem)
    held = has_incumbent(problem)
    layers = layers_over(opened, alignment, stages)
    with stages.stage("simulate"):
        demand = estimate(scenario)
        sales = simulate(scenario, alignment, executor=executor, demand=demand)
        incumbent_sales = simulate(scenario, incumbent, executor=executor, demand=demand) if held else None
    with stages.stage("quota"):
        quotas, faults = (
            (quota(scenario, alignment, sales), ()) if quotas is None else (quotas, unreconciled(quotas))
        )
        incumbent_quotas = quotas_of_today(scenario, incumbent, incumbent_sales) if held else None
        found = fairness(scenario, alignment, quotas) if scenario.settings.quota.audit else None
    with stages.stage("score"):
        scorecard = score(
            problem, scenario.settings.criteria, alignment, quotas, sales,
            incumbent=incumbent if held else None, incumbent_quotas=incumbent_quotas,
            incumbent_sales=incumbent_sales, scenario=scenario,
        )  # fmt: skip
    faults += tuple(f"{one.name}: {breach.text}" for one in layers for breach in one.verdict.breaches)
    scorecard = replace(scorecard, breaches=scorecard.breaches + faults)
    plan = Plan(alignment, quotas, provenance(scenario, problem, result, alignment, layers))
    return Run(
        scenario, problem, result, plan, sales, scorecard, incumbent, incumbent_quotas, incumbent_sales,
        dict(stages.seconds), found, layers,
    )  # fmt: skip


def layers_over(opened: Opened, alignment: Alignment, stages: Stages) -> tuple[Layer, ...]:
    """Solve the scenario's layers over an alignment, where it has any."""
    settings = opened.scenario.settings
    if not settings.overlays:
        return ()
    with stages.stage("overlay"):
        return overlays(
            opened.scenario, opened.problem, alignment, effort=settings.effort, seed=settings.seed
        )


def has_incumbent(problem: Problem) -> bool:
    """Say whether any account has a seller today."""
    return bool((problem.accounts.current >= 0).any())


def quotas_of_today(scenario: Scenario, incumbent: Alignment, sales: Sales | None) -> QuotaPlan | None:
    """Set the quotas that today's alignment would get, or none where the rules cannot hold for it."""
    try:
        return quota(scenario, incumbent, sales)
    except (QuotaError, ScenarioError):  # of the scenario's own faults the new plan's quotas have told
        return None
