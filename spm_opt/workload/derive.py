"""Figures that a scenario has derived, put where every later stage looks for them."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from spm_opt.scenario.findings import Findings
from spm_opt.scenario.scenario import Scenario
from spm_opt.workload.check_time import check_time
from spm_opt.workload.hours import hours
from spm_opt.workload.segment import segmented
from spm_opt.workload.selling_time import selling_time


def derived(scenario: Scenario) -> Scenario:
    """Fill in segments, workload and capacity where the settings say how they are derived.

    What was found on the way is in the result's ``findings``.
    """
    return _with_capacity(_with_hours(segmented(scenario)))


def _with_hours(scenario: Scenario) -> Scenario:
    """Fill in the hours of accounts."""
    rules = scenario.settings.workload
    if rules is None:
        return scenario
    made = hours(scenario)
    accounts = scenario.accounts.sort_values("id", kind="stable")
    total = pd.Series(made.total, index=accounts.index).reindex(scenario.accounts.index)
    accounts = scenario.accounts.assign(**{rules.activity: total})
    return replace(scenario, accounts=accounts, findings=scenario.findings + made.findings)


def _with_capacity(scenario: Scenario) -> Scenario:
    """Fill in the hours of sellers."""
    if scenario.settings.capacity is None:
        return scenario
    made = selling_time(scenario)
    sellers = scenario.sellers.sort_values("id", kind="stable")
    total = pd.Series(made.hours.sum(axis=1), index=sellers.index).reindex(scenario.sellers.index)
    found = Findings.of(check_time(scenario))
    return replace(
        scenario, sellers=scenario.sellers.assign(capacity=total), findings=scenario.findings + found
    )
