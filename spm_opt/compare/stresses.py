"""The stress set: years that go wrong in one way, the same way for every plan."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np
import pandas as pd

from spm_opt.compare.measures import Future
from spm_opt.compare.paired import paired
from spm_opt.measures import filled
from spm_opt.problem import FloatArray
from spm_opt.report import words
from spm_opt.scenario.scenario import Scenario
from spm_opt.simulate.demand import Demand
from spm_opt.simulate.history import years
from spm_opt.simulate.simulate import simulate
from spm_opt.simulate.stress import Stress

RECESSION = 0.85
"""Factor on all sales in a recession: a convention for a hard year, not a forecast."""
LATE = 2
"""Months by which ramps begin late."""
LEAVERS = 3
EXPECTED = "as expected"


@dataclass(frozen=True)
class Case:
    """One stress: its name, what happens in it in words, and what the simulation is put to."""

    name: str
    about: str
    stress: Stress


def stress_set(scenario: Scenario, first: Future, recession: float = RECESSION) -> tuple[Case, ...]:
    """Choose the stresses: the largest account lost, sellers leave, ramps late, a recession.

    The account is the one with the largest sales last year. The sellers are the three with the largest mean
    sales under the first plan: the same people leave under every plan, on the first day, and their positions
    are filled again after the usual time.
    """
    cases = []
    past, currency = years(scenario), scenario.settings.currency
    largest = int(np.argmax(past.last))  # of equal ones the first by id
    if past.last[largest] > 0:
        account = past.account_ids[largest]
        name = scenario.accounts.set_index("id")["name"].loc[account]
        about = f"{name or account} buys nothing (last year {words.short(past.last[largest], currency)})"
        cases.append(Case("largest account lost", about, Stress(lost_accounts=(account,))))
    leavers = _leavers(scenario, first)
    if leavers:
        names = scenario.sellers.set_index("id")["name"].loc[list(leavers)]
        people = ", ".join(f"{name} ({place})" for place, name in names.items())
        about = f"{people}: the largest mean sales under {first.plan.name}; they leave on 1 January"
        cases.append(Case(words.plural(len(leavers), "seller") + " leave", about, Stress(leavers=leavers)))
    late = f"every ramp begins {LATE} months late"
    cases.append(Case(f"ramp {LATE} months late", late, Stress(ramp_delay=LATE)))
    hard = f"all sales are {words.percent(1 - recession, 0)} lower"
    return (*cases, Case("recession", hard, Stress(company=recession)))


def _leavers(scenario: Scenario, first: Future) -> tuple[str, ...]:
    names = first.sales.territory_ids
    there = np.flatnonzero(filled(scenario, names))
    mean = first.sales.amount.mean(axis=0)
    order = there[np.lexsort((there, -mean[there]))]
    return tuple(sorted(names[t] for t in order[:LEAVERS].tolist()))


def stressed(
    scenario: Scenario,
    futures: Sequence[Future],
    cases: Sequence[Case],
    target: float | None,
    demand: Demand,
    executor: Executor | None = None,
) -> pd.DataFrame:
    """Put every plan to every stress, with the draws of the futures without it.

    Returns
    -------
    A row a stress and plan, the year as expected first: ``stress``, ``plan``, the columns of ``paired`` for
    the company's sales, ``change`` (mean sales relative to the same plan's without stress, less 1) and
    ``p_target`` (chance to reach ``target``; ``nan`` without one).
    """
    calm = [one.sales.company for one in futures]
    frames = [_table(EXPECTED, futures, calm, calm, target)]
    for case in cases:
        hit = [
            simulate(
                scenario, one.plan.alignment,
                replications=len(one.sales.amount), seed=one.sales.seed, stress=case.stress, executor=executor,
                demand=demand,
            ).company
            for one in futures
        ]  # fmt: skip
        frames.append(_table(case.name, futures, hit, calm, target))
    return pd.concat(frames, ignore_index=True)


def _table(
    name: str, futures: Sequence[Future], hit: list[FloatArray], calm: list[FloatArray], target: float | None
) -> pd.DataFrame:
    table = paired(np.stack(hit))
    table.insert(0, "stress", name)
    table.insert(1, "plan", [one.plan.name for one in futures])
    table["change"] = [_less(after.mean(), before.mean()) for after, before in zip(hit, calm, strict=True)]
    table["p_target"] = [np.nan if target is None else float((one >= target).mean()) for one in hit]
    return table


def _less(after: float, before: float) -> float:
    return after / before - 1 if before > 0 else np.nan
