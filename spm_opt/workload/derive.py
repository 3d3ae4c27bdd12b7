"""Figures that a scenario has derived, put where every later stage looks for them."""

from __future__ import annotations

from spm_opt.scenario.scenario import Scenario


def derived(scenario: Scenario) -> Scenario:
    """Fill in segments, workload and capacity where the settings say how they are derived.

    What was found on the way is in the result's ``findings``.
    """
    return scenario
