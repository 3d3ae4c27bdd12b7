"""The scenario as it would have been a year earlier, as far as its tables tell."""

from __future__ import annotations

from dataclasses import replace

from spm_opt.errors import QuotaError
from spm_opt.quota.measures import PIPELINE
from spm_opt.scenario.quota_faults import target_faults
from spm_opt.scenario.quota_settings import Quota
from spm_opt.scenario.scenario import Scenario
from spm_opt.simulate.earlier import last_end, until
from spm_opt.simulate.history import Years, years
from spm_opt.workload.bought import YEAR


def why_no_year_before(scenario: Scenario) -> str:
    """Say why quotas of the year before cannot be set; nothing where they can."""
    past = years(scenario)
    if past.before is None:
        return f"it needs two years of history, and there are {past.months} months"
    if not past.before.sum() > 0:
        return "there were no sales in the year before last"
    if not any(weight > 0 for measure, weight in scenario.settings.quota.mix.items() if measure != PIPELINE):
        return "the quotas follow the pipeline alone, and last year's is not kept"
    if scenario.targets is not None and target_faults(scenario.settings.quota):
        return "the company target stands in the table of targets alone, which speaks of one year"
    return ""


def year_before(scenario: Scenario) -> Scenario:
    """Take a scenario back by a year, so that the same method sets quotas that knew nothing of last year.

    History ends a year earlier; an activity that holds last year's sales holds those of the year before; the
    pipeline is left out, of the data and of the mix; a target in currency becomes the growth that it asks
    for; pins, freezes and the table of targets, which speak of one year, are left out. Activities, sellers and amounts in rules stay as they are: what they were is not kept.

    Raises
    ------
    QuotaError
        When history or mix do not allow it.
    """
    why = why_no_year_before(scenario)
    past = years(scenario)
    if why or past.before is None or scenario.history is None:
        raise QuotaError(why)
    accounts = scenario.accounts.sort_values("id", kind="stable")
    revenue = scenario.settings.simulate.revenue
    if revenue in accounts.columns:
        accounts = accounts.assign(**{revenue: past.before})
    settings = scenario.settings
    update = {"year": settings.year - 1, "quota": _rules(settings.quota, past)}
    return replace(
        scenario,
        settings=settings.model_copy(update=update),
        accounts=accounts,
        history=until(scenario.history, last_end(scenario.history, settings.year) - YEAR),
        pipeline=None,
        targets=None,
    )


def _rules(rules: Quota, past: Years) -> Quota:
    """Keep the rules, less pipeline, pins and freezes, with the target as growth."""
    mix = {measure: weight for measure, weight in rules.mix.items() if measure != PIPELINE}
    growth = rules.growth
    if rules.target is not None:
        growth = rules.target / float(past.last.sum()) - 1
    return rules.model_copy(
        update={
            "mix": mix,
            "target": None,
            "growth": growth,
            "pins": (),
            "freeze": (),
            "products": {},
            "periods": "year",
        }
    )
