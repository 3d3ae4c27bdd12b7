"""Fairness in one value."""

from dataclasses import replace

import numpy as np
from made_company import aligned, company, yearly

from spm_opt.quota.audit import audit
from spm_opt.quota.fairness import fairness
from spm_opt.quota.quota import quota
from spm_opt.simulate.simulate import simulate


def case(years):
    """Make twelve sellers with a history of some years."""
    sales = [100.0 + 10 * i for i in range(12)]
    accounts = [{"id": f"A{i:02d}", "revenue": one, "potential": 2 * one} for i, one in enumerate(sales)]
    staff = [{"id": f"S{i:02d}", "region": "East" if i < 6 else "West"} for i in range(12)]
    history = [
        row
        for i, one in enumerate(sales)
        for row in yearly(f"A{i:02d}", **{f"y{2026 - back}": one - back for back in range(years)})
    ]
    rules = {"growth": 0.05, "methods": {"equal_chance": 1.0}, "step": 1}
    names = ("revenue", "potential")
    scenario = company(accounts, staff, history=history, quota=rules, activities=names)
    alignment = aligned(scenario, {f"A{i:02d}": f"S{i:02d}" for i in range(12)})
    return scenario, alignment, simulate(scenario, alignment)


def test_chances_are_judged_by_other_years_than_those_that_set_the_quotas():
    """The audit is the one of the next seed's simulated years, in which chances are no longer quite equal."""
    scenario, alignment, sales = case(3)
    plan = quota(scenario, alignment, sales)
    found = fairness(scenario, alignment, plan)
    other = replace(scenario, settings=scenario.settings.model_copy(update={"seed": 2}))
    wanted = audit(scenario, alignment, plan, simulate(other, alignment), seed=1)
    assert found.audit.tests.equals(wanted.tests)
    own = audit(scenario, alignment, plan, sales, seed=1)
    assert np.std(found.audit.sellers["p_attain"]) > np.std(own.sellers["p_attain"])
    assert found.backtest is not None
    assert found.why_not == ""


def test_why_there_is_no_back_test():
    """With one year of history there is an audit, and a reason."""
    scenario, alignment, sales = case(1)
    found = fairness(scenario, alignment, quota(scenario, alignment, sales))
    assert found.backtest is None
    assert "history" in found.why_not
    assert len(found.audit.tests)
