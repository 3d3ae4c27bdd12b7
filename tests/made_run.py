"""Runs made by hand: a plan with every value that the report reads, without solver or engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from made_company import company

from spm_opt.align.result import Level, Result
from spm_opt.criteria import Balance, Dispersion, Disruption
from spm_opt.plan import Alignment, Plan, QuotaPlan
from spm_opt.problem import IntArray, Problem
from spm_opt.run import Run
from spm_opt.scenario.findings import Findings
from spm_opt.scenario.prepare import prepare
from spm_opt.scenario.scenario import Scenario
from spm_opt.scenario.settings import Units
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
    scorecard = score(
        problem, scenario.settings.criteria, alignment, quotas, sales, scenario=scenario, **judged
    )
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
        "low": [np.nan, 0.011], "high": [np.nan, 0.051], "source": ["default", "history"], "observations": [0, 321],
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


SIDE = 6


def grid_scenario(
    *,
    kind: str = "polygons",
    incumbent: bool = True,
    mark: str = "",
    findings: Findings | None = None,
) -> Scenario:
    """Lay out 36 accounts on a 6 by 6 board of fields of 10 km for four sellers, the last position vacant.

    ``kind`` is "polygons", "points" (each account its own unit, with a place) or "nothing" (no places).
    ``mark`` is put into every name and id that a user may choose freely.
    """
    cells = [(column, row) for row in range(SIDE) for column in range(SIDE)]
    sellers = [f"S{t}{mark}" for t in range(4)]
    placed = kind != "nothing"
    accounts = [
        {
            "id": f"A{i:02d}{mark}", "name": f"Account {i}{mark}", "revenue": 100.0 + i, "hours": 10.0,
            "x": 10.0 * column + 5 if placed else np.nan, "y": 10.0 * row + 5 if placed else np.nan,
            "seller": sellers[(column >= 3) + 2 * (row >= 4)] if incumbent else "",
        }
        for i, (column, row) in enumerate(cells)
    ]  # fmt: skip
    people = [
        {
            "id": name, "name": "" if t == 3 else f"Person {t}{mark}", "district": f"D{t // 2}{mark}",
            "region": f"R{mark}", "x": 15.0 + 30 * (t % 2) if placed else np.nan,
            "y": 15.0 + 30 * (t // 2) if placed else np.nan,
        }
        for t, name in enumerate(sellers)
    ]  # fmt: skip
    base = company(accounts, people, activities=("revenue", "hours"), quota={"growth": 0.05, "step": 10})
    criteria = (
        Balance(activity="revenue", tolerance=0.2),
        Dispersion(weight_by="hours", weight=1.0),
        Disruption(of="accounts", limit=0.6, weight=0.1),
    )
    settings = base.settings.model_copy(
        update={
            "name": f"Board{mark}",
            "criteria": criteria if placed else (criteria[0], criteria[2]),
            "units": Units(by="geography" if kind == "polygons" else "account", coordinates="planar"),
        }
    )
    return replace(
        base,
        settings=settings,
        geography=_board(cells, mark) if kind == "polygons" else None,
        findings=findings or Findings(),
        hashes={"accounts.csv": "ab" * 32},
    )


def _board(cells: list[tuple[int, int]], mark: str) -> gpd.GeoDataFrame:
    shapes = [shapely.box(10 * c, 10 * r, 10 * c + 10, 10 * r + 10) for c, r in cells]
    names = [f"U{i:02d}{mark}" for i in range(len(cells))]
    return gpd.GeoDataFrame({"id": names, "name": [f"Field {n}" for n in names]}, geometry=shapes)


def quarters(scenario: Scenario, problem: Problem) -> IntArray:
    """Give each unit of the board to the seller of its quarter, shape ``(36,)``."""
    table = scenario.accounts.set_index("id")
    number = {name: int(name[1:3]) for name in table.index}
    quarter = np.zeros(problem.n, dtype=np.int64)
    for account, unit in zip(problem.accounts.ids, problem.accounts.unit.tolist(), strict=True):
        row, column = divmod(number[account], SIDE)
        quarter[unit] = (column >= SIDE / 2) + 2 * (row >= SIDE / 2)
    return quarter


def board_run(**options: Any) -> Run:
    """Make a run on the board: options of :func:`grid_scenario`, and ``result`` for the engine's result."""
    result = options.pop("result", None)
    scenario = grid_scenario(**options)
    problem = prepare(scenario)
    return made_run(scenario, problem, quarters(scenario, problem), result=result)
