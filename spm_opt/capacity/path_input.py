"""The question of the path of headcount, from a scenario and its sizing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from spm_opt.capacity.available import drawn_months
from spm_opt.capacity.path_question import YEAR, PathLimits, PathQuestion
from spm_opt.capacity.positions import cell_of, size_of
from spm_opt.capacity.sizing import Sizing
from spm_opt.problem import FloatArray, IntArray
from spm_opt.scenario.scenario import Scenario
from spm_opt.scenario.size_settings import Size, SizeRole

REPLICATIONS = 2_000
PROBE = "settled seller"


def asked(scenario: Scenario, sizing: Sizing) -> PathQuestion:
    """Write down what the path of headcount is asked."""
    size = size_of(scenario)
    roles = roles_of(scenario, sizing)
    level, seated, leaves = settled_path(scenario)
    cost = sizing.cost[:, None] / YEAR * seated + np.array([one.hire_cost for one in roles])[:, None] * leaves
    count = len(sizing.cells)
    return PathQuestion(
        tuple(group for group, _ in sizing.cells), tuple(role for _, role in sizing.cells),
        staffed(scenario, sizing), tuple(sizing.value), np.tile(level, (count, 1)), tuple(scenario.settings.simulate.ramp),
        np.full(size.months, 1 / YEAR), cost, np.array([one.hire_cost for one in roles]),
        np.array([one.leave_cost for one in roles]), size.manager_cost / YEAR, _limits(size, roles, sizing),
    )  # fmt: skip


def staffed(scenario: Scenario, sizing: Sizing) -> IntArray:
    """Count each cell's positions with somebody, today or from a day that is known; shape ``(c,)``."""
    sellers = scenario.sellers
    known = (sellers["name"] != "") | sellers["start"].notna()
    known = known if (sellers["name"] != "").any() else known | True
    cell = cell_of(scenario, sizing, sellers)
    return np.bincount(cell[known.to_numpy() & (cell >= 0)], minlength=len(sizing.cells)).astype(np.int64)


def roles_of(scenario: Scenario, sizing: Sizing) -> tuple[SizeRole, ...]:
    """Give each cell's role."""
    known = {one.name: one for one in size_of(scenario).roles}
    return tuple(known[role] for _, role in sizing.cells)


def settled_path(scenario: Scenario) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Give a settled seller's position by month: expected level, chance that somebody sits there, and to be left."""
    probe = pd.DataFrame([{**scenario.sellers.iloc[0].to_dict(), "id": PROBE, "name": PROBE}])
    probe["start"] = pd.Series([pd.NaT], dtype=scenario.sellers["start"].dtype)
    probe["end"] = pd.Series([pd.NaT], dtype=scenario.sellers["end"].dtype)
    alone, months = replace(scenario, sellers=probe), size_of(scenario).months
    drawn = list(drawn_months(alone, months, REPLICATIONS, scenario.settings.seed))
    level, seated, leaves = (
        np.array([float(getattr(one, name).mean()) for one in drawn])
        for name in ("level", "seated", "leaves")
    )
    return level, seated, leaves


def _limits(size: Size, roles: tuple[SizeRole, ...], sizing: Sizing) -> PathLimits:
    ends = sizing.value.shape[1] - 1
    return PathLimits(
        size.budget, size.span, size.hires_a_month, np.array([one.least for one in roles], dtype=np.int64),
        np.array([ends if one.most is None else one.most for one in roles], dtype=np.int64), size.relocation_cost,
    )  # fmt: skip
