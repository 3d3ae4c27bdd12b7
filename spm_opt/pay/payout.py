"""What a scenario's compensation plan pays for a simulated year."""

from __future__ import annotations

from spm_opt.pay.pay import Payout, pay
from spm_opt.pay.year import year_results
from spm_opt.plan import QuotaPlan
from spm_opt.scenario.scenario import Scenario
from spm_opt.simulate.sales import Sales


def payout(scenario: Scenario, quotas: QuotaPlan, sales: Sales) -> Payout | None:
    """Compute the pay of every seller in every simulated year; nothing where the scenario has no ``pay``.

    Sellers come in the order of ``sales.territory_ids``.
    """
    if scenario.pay is None:
        return None
    return pay(scenario.pay, year_results(scenario, scenario.pay, quotas, sales))
