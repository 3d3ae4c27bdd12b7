"""What a plan was made from and how: everything that ``plan.json`` holds.

The same scenario, seed and effort give the same bytes, so no clock is read here; how long the stages took
stands in a file of its own, which the provenance names.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

import numpy as np

from spm_opt.align.result import Result
from spm_opt.overlay.layer import Layer
from spm_opt.plan import Alignment
from spm_opt.problem import Problem
from spm_opt.scenario.scenario import Scenario

TIMINGS = "timings.json"
"""File beside ``plan.json`` with the seconds of every stage, the one file that no two runs share."""
PACKAGES = ("spm_opt", "ortools", "numpy", "scipy", "numba", "geopandas")


def provenance(
    scenario: Scenario,
    problem: Problem,
    result: Result,
    alignment: Alignment,
    layers: Sequence[Layer] = (),
) -> dict[str, Any]:
    """Gather what a plan was made from.

    Parameters
    ----------
    scenario
        With the settings as resolved, and every finding.
    problem
        What was solved.
    result
        What the engine says of the plan.
    alignment
        The plan. What ``accounts.csv`` cannot say of it is kept here: where units without any account
        went, and the centers that were chosen.
    layers
        The layers over the plan.
    """
    settings = scenario.settings
    return {
        "scenario": settings.name,
        "status": result.status,
        "objective": result.objective,
        "lower_bound": result.lower_bound,
        "gap": result.gap,
        "levels": [
            {"priority": one.priority, "objective": one.objective, "lower_bound": one.lower_bound, "gap": one.gap}
            for one in result.levels
        ],
        "parts": dict(result.parts),
        "method": result.method,
        "repeatable": result.repeatable,
        "cut": result.cut,
        "seed": settings.seed,
        "effort": settings.effort,
        "timings": {"work": dict(result.work), "seconds": TIMINGS},
        "versions": versions(),
        "hashes": dict(scenario.hashes),
        "findings": scenario.findings.rows(),
        "units_without_accounts": units_without_accounts(problem, alignment),
        "centers": chosen_centers(problem, alignment),
        **({"overlays": [proven(layer) for layer in layers]} if layers else {}),
        "settings": settings.model_dump(mode="json"),
    }  # fmt: skip


def proven(layer: Layer) -> dict[str, Any]:
    """Say what is proven of a layer."""
    result = layer.result
    return {
        "name": layer.name,
        "over": layer.over or "territories",
        "status": result.status,
        "objective": result.objective,
        "lower_bound": result.lower_bound,
        "gap": result.gap,
        "method": result.method,
        "breaches": [one.text for one in layer.verdict.breaches],
    }


def versions() -> dict[str, str]:
    """Versions that the bytes of a plan may depend on."""
    major, minor, _ = platform.python_version_tuple()
    return {"python": f"{major}.{minor}"} | {name: version(name) for name in PACKAGES}


def units_without_accounts(problem: Problem, alignment: Alignment) -> Mapping[str, str]:
    """Territory of each unit that holds no account."""
    empty = np.setdiff1d(np.arange(problem.n), problem.accounts.unit)
    territory = alignment.unit_territory[empty]
    return {
        problem.unit_ids[u]: problem.territory_ids[t]
        for u, t in zip(empty.tolist(), territory.tolist(), strict=True)
        if t >= 0
    }


def chosen_centers(problem: Problem, alignment: Alignment) -> Mapping[str, tuple[float, float]]:
    """Center of each territory that has another than its seat."""
    return {
        name: (x, y)
        for name, (x, y), seat in zip(
            problem.territory_ids, alignment.center.tolist(), problem.seat.tolist(), strict=True
        )
        if not np.isnan((x, y)).any() and [x, y] != seat
    }
