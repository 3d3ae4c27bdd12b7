"""Runs made by hand: a plan with every value that the report reads, without solver or engine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from spm_opt.align.result import Level, Result
from spm_opt.plan import Alignment, Plan, QuotaPlan
from spm_opt.problem import IntArray, Problem
from spm_opt.run import Run
from spm_opt.scenario.scenario import Scenario
from spm_opt.score import score
from spm_opt.simulate.sales import Sales


def made_run(
    scenario: Scenario,
    problem: Problem,
    unit_territory: IntArray,
    *,
    seed: int = 1,
    replications: int = 200,
    result: Mapping[str, Any] | None = None,
) -> Run:
    """Lay a given alignment out as a run, with drawn sales, equal quotas and their score."""
    alignment = Alignment.of_units(problem, unit_territory)
    incumbent = Alignment.incumbent(problem)
    quotas = made_quotas(problem)
    sales, before = (made_sales(problem, one, seed, replications) for one in (alignment, incumbent))
    held = bool((incumbent.account_territory >= 0).any())
    judged = {"incumbent": incumbent, "incumbent_quotas": quotas, "incumbent_sales": before} if held else {}
    scorecard = score(problem, scenario.settings.criteria, alignment, quotas, sales, **judged)
    return Run(
        scenario=scenario,
        problem=problem,
        result=Result(**(RESULT | {"alignment": alignment} | dict(result or {}))),
        plan=Plan(alignment, quotas, PROVENANCE | {"seed": seed, "hashes": dict(scenario.hashes)}),
        sales=sales,
        scorecard=scorecard,
        incumbent=incumbent,
        incumbent_quotas=quotas if held else None,
        incumbent_sales=before if held else None,
    )


RESULT: dict[str, Any] = {
    "status": "feasible",
    "alignment": None,
    "levels": (Level(1, 12.5, 12.0),),
    "parts": {"dispersion": 12.5},
    "breaches": (),
    "method": "relaxation, rounding and search",
    "reason": "",
    "work": {"proposals": 200_000},
    "seconds": 1.5,
    "repeatable": True,
}
PROVENANCE: dict[str, Any] = {"effort": "quick", "versions": {"spm_opt": "0.1.0"}, "status": "feasible"}


def made_sales(problem: Problem, alignment: Alignment, seed: int, replications: int) -> Sales:
    """Lognormal sales in proportion to the first activity."""
    held = alignment.account_territory >= 0
    size = np.bincount(
        alignment.account_territory[held], weights=problem.accounts.activity[held, 0], minlength=problem.k
    )
    draws = np.random.default_rng(seed).lognormal(0.0, 0.12, (replications, problem.k))
    table = pd.DataFrame({"last_year": size, "productivity": 1.0}, index=pd.Index(problem.territory_ids))
    parameters = pd.DataFrame({
        "parameter": ["churn", "growth"], "segment": ["", "clinic"], "value": [0.05, 0.031],
        "source": ["default", "history"], "observations": [0, 321],
    })  # fmt: skip
    return Sales(problem.territory_ids, size * draws * 1.02, np.zeros(replications), table, parameters, seed)


def made_quotas(problem: Problem) -> QuotaPlan:
    """Equal quotas in whole thousands, and the roll-up through the problem's groups."""
    total = problem.accounts.activity[:, 0].sum()
    cents = np.full(problem.k, max(1, round(total * 1.02 / problem.k / 1000)) * 100_000, dtype=np.int64)
    levels = [level for level in ("region", "district") if level in problem.groups]
    rows: list[dict[str, object]] = [
        {"level": "company", "node": "company", "parent": "", "parent_level": "", "cents": int(cents.sum())}
    ]
    above, upper = np.full(problem.k, "company", dtype=object), "company"
    for level in levels:
        names = np.array(problem.group_names[level], dtype=object)[problem.groups[level]]
        for name in dict.fromkeys(names.tolist()):
            mine = names == name
            rows.append(
                {
                    "level": level,
                    "node": name,
                    "parent": above[mine][0],
                    "parent_level": upper,
                    "cents": int(cents[mine].sum()),
                }
            )
        above, upper = names, level
    rows += [
        {
            "level": "territory",
            "node": name,
            "parent": above[t],
            "parent_level": upper,
            "cents": int(cents[t]),
        }
        for t, name in enumerate(problem.territory_ids)
    ]
    basis = pd.DataFrame(
        {"share": 1 / problem.k, "quota": cents / 100}, index=pd.Index(problem.territory_ids)
    )
    return QuotaPlan(problem.territory_ids, cents, int(cents.sum()), basis, pd.DataFrame(rows))
