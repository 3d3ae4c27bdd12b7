"""What a reader must know of plans before judging their comparison."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from spm_opt.compare.candidate import Candidate, other_settings
from spm_opt.compare.phrases import listed
from spm_opt.measures import holder_of
from spm_opt.report import words
from spm_opt.scenario.scenario import Scenario


def notes_on(
    scenario: Scenario, plans: Sequence[Candidate], target: float | None, seed: int
) -> tuple[str, ...]:
    """Say which plans lack quotas, were made for another target or by other settings, or are the same.

    And whether quotas at equal chances are judged by the very futures that they were set with.
    """
    notes = [
        f"{one.name} breaks hard rules in {words.plural(one.broken, 'place')}." for one in plans if one.broken
    ]
    without = [one.name for one in plans if one.quotas is None]
    if without and len(without) < len(plans):
        notes.append(
            f"No quotas keep the rules under {listed(without)}; what needs quotas is left out for all plans."
        )
    other = [one.name for one in plans if one.quotas is not None and one.quotas.target_cents / 100 != target]
    if other:
        notes.append(
            f"{listed(other)}: made for another company target; all are judged by that of the first plan."
        )
    changed = other_settings(scenario, plans)
    if changed:
        notes.append(
            f"{listed(changed)}: made with another scenario.toml; judged with the settings of this one."
        )
    if seed == scenario.settings.seed and "equal_chance" in scenario.settings.quota.methods:
        notes.append(
            "Quotas at equal chances were set with these very futures; another seed judges them by futures that they "
            "were not set with."
        )
    return (*notes, *(f"{one} and {other} are the same plan." for one, other in _twins(scenario, plans)))


def _twins(scenario: Scenario, plans: Sequence[Candidate]) -> list[tuple[str, str]]:
    """Name each plan that is the same as an earlier one, after that one."""
    ids, names = tuple(sorted(scenario.accounts["id"])), plans[0].alignment.territory_ids
    holders = [holder_of(ids, names, one.alignment) for one in plans]
    quotas = [_quotas(one) for one in plans]
    found = []
    for place, one in enumerate(plans):
        for before in range(place):
            if quotas[before] == quotas[place] and np.array_equal(holders[before], holders[place]):
                found.append((plans[before].name, one.name))
                break
    return found


def _quotas(plan: Candidate) -> dict[str, int] | None:
    if plan.quotas is None:
        return None
    return dict(zip(plan.quotas.territory_ids, plan.quotas.cents.tolist(), strict=True))
