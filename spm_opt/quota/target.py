"""The company target, in cents and whole steps."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from spm_opt.errors import ScenarioError
from spm_opt.scenario.quota_faults import step_fault
from spm_opt.scenario.scenario import Scenario
from spm_opt.simulate.history import years


def cents(amount: float) -> int:
    """Turn an amount as it was written into cents, half a cent to the even one.

    >>> cents(0.29)
    29
    """
    # the shortest decimal that stands for the number is what the planner wrote
    return round(Fraction(repr(float(amount))) * 100)


def company_target(scenario: Scenario) -> tuple[int, int]:
    """Give the company target and the rounding step, in cents; the target is a whole multiple of the step.

    A target that is given must be one; a target by growth on last year's sales of all accounts, whether
    they have a seller or not, is rounded to the nearest.

    Raises
    ------
    ScenarioError
        When the target is not a whole multiple of the step; the message has the two nearest.
    """
    rules = scenario.settings.quota
    fault = step_fault(rules.target, rules.step)
    if fault:
        raise ScenarioError([f"scenario.toml: quota.{fault}"])
    step = cents(rules.step)
    if rules.target is not None:
        return cents(rules.target), step
    growth = Fraction(repr(float(rules.growth or 0)))
    last = sum(cents(amount) for amount in years(scenario).last.tolist())
    whole = cents(rules.steps.get("company", rules.step))
    return round(last * (1 + growth) / whole) * whole, step


def money(amount: int) -> str:
    """Write cents as an amount of currency.

    >>> money(123456700), money(50)
    ('1,234,567', '0.50')
    """
    return f"{Decimal(amount) / 100:,.2f}".removesuffix(".00")
