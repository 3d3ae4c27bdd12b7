"""The fairness of a quota plan in one value: its audit, and the back-test of its method."""

from __future__ import annotations

from dataclasses import dataclass, replace

from spm_opt.errors import QuotaError, ScenarioError
from spm_opt.plan import Alignment, QuotaPlan
from spm_opt.quota.audit import Audit, audit
from spm_opt.quota.backtest import BackTest, backtest
from spm_opt.scenario.scenario import Scenario
from spm_opt.simulate.simulate import simulate


@dataclass(frozen=True, eq=False)
class Fairness:
    """What was found, or why there is no back-test."""

    audit: Audit
    backtest: BackTest | None
    why_not: str = ""


def fairness(scenario: Scenario, alignment: Alignment, quotas: QuotaPlan) -> Fairness:
    """Audit quotas, and hold last year's quotas by the same method against last year's sales.

    Chances to attain are judged by simulated years other than those that may have set the quotas: by their
    own draws, quotas of equal chance would pass whatever they were worth.

    Parameters
    ----------
    scenario
        Its seed is that of the random arrangements; the next one is that of the simulated years.
    alignment, quotas
        As for `spm_opt.quota.audit.audit`.
    """
    seed = scenario.settings.seed
    other = scenario.settings.model_copy(update={"seed": seed + 1})
    sales = simulate(replace(scenario, settings=other), alignment)
    found = audit(scenario, alignment, quotas, sales, seed=seed)
    try:
        return Fairness(found, backtest(scenario, alignment, seed=seed))
    except (QuotaError, ScenarioError) as error:
        return Fairness(found, None, str(error))
