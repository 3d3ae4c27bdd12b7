"""Rules and aims of a layer: what its list says, what holds without saying, and each group's part of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from spm_opt.criteria import Balance, Dispersion, Disruption, Limits
from spm_opt.criteria.terms import Criterion
from spm_opt.problem import IntArray, Problem
from spm_opt.scenario.overlay_positions import NUMBER, most_units
from spm_opt.scenario.overlay_settings import Overlay

FAR = 0.1
"""Points of a km of mean travel beside one for each percent of imbalance, where nothing is said."""


def criteria_of(overlay: Overlay, problem: Problem) -> tuple[Criterion, ...]:
    """Make the criteria of a whole layer.

    No position is empty, nor has more units than the ratio, rounded up, unless the list speaks of their number.
    Balance is within the groups that the layer is solved in.
    """
    given: list[Any] = list(overlay.criteria) or _default(problem)
    spoken = any(isinstance(one, Balance | Limits) and one.activity == NUMBER for one in given)
    own = (
        []
        if spoken
        else [Limits.model_validate({"activity": NUMBER, "lower": 1, "upper": most_units(overlay)})]
    )
    return (*own, *(_within(one, overlay.within) for one in given))


def _default(problem: Problem) -> list[Any]:
    first = problem.activity_names[0]
    near = (
        []
        if np.isnan(problem.place).all()
        else [Dispersion.model_validate({"weight_by": first, "weight": FAR})]
    )
    return [Balance.model_validate({"activity": first, "weight": 1.0}), *near]


def _within(criterion: Any, level: str | None) -> Any:
    return criterion.model_copy(update={"within": level}) if isinstance(criterion, Balance) else criterion


def of_group(
    criteria: Sequence[Criterion], problem: Problem, units: IntArray, positions: IntArray
) -> tuple[Criterion, ...]:
    """Make the criteria of one group, weighed so that the groups' points sum to those of the layer.

    Parameters
    ----------
    criteria, problem
        The whole layer's.
    units, positions
        Those of the group.
    """
    made = []
    model: Any  # every criterion is a frozen model, of which a copy may differ
    for one in criteria:
        changed: dict[str, Any] = {"weight": one.weight * _share(one, problem, units, positions)}
        if isinstance(one, Balance):
            changed["within"] = None
        model = one
        made.append(model.model_copy(update=changed))
    return tuple(made)


def _share(criterion: Criterion, problem: Problem, units: IntArray, positions: IntArray) -> float:
    """Part of a criterion's value that a group's own value counts for."""
    if isinstance(criterion, Balance | Limits):
        return len(positions) / problem.k
    if isinstance(criterion, Dispersion):
        return float(criterion.shares(problem)[units].sum())
    if isinstance(criterion, Disruption):
        accounts = problem.accounts
        held = accounts.current >= 0
        at = None if criterion.of == "accounts" else problem.activity_names.index(criterion.of)
        amount = held * (1.0 if at is None else accounts.activity[:, at])
        total = float(amount.sum())
        return float(amount[np.isin(accounts.unit, units)].sum()) / total if total > 0 else 0.0
    return 1.0
