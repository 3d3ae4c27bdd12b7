"""The main job: every stage in order, from a scenario folder to a scored plan."""

from __future__ import annotations

from dataclasses import dataclass

from spm_opt.align.result import Result
from spm_opt.plan import Alignment, Plan, QuotaPlan
from spm_opt.problem import Problem
from spm_opt.scenario.scenario import Scenario
from spm_opt.score import Scorecard
from spm_opt.simulate.sales import Sales


@dataclass(frozen=True, eq=False)
class Run:
    """All that a run made: the values of every stage, for the new plan and for the incumbent."""

    scenario: Scenario
    problem: Problem
    result: Result
    plan: Plan
    sales: Sales
    scorecard: Scorecard
    incumbent: Alignment
    incumbent_quotas: QuotaPlan | None
    incumbent_sales: Sales | None
