"""Plans compared: which is better, by how much, in how many futures, and for whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from spm_opt.compare.candidate import Candidate, in_order
from spm_opt.compare.given import Given, candidates_of
from spm_opt.compare.measures import MEASURES, Future
from spm_opt.compare.notes import notes_on
from spm_opt.compare.paired import paired
from spm_opt.compare.sellers import by_seller
from spm_opt.compare.stresses import RECESSION, Case, stress_set, stressed
from spm_opt.compare.verdict import verdict
from spm_opt.measures import measured
from spm_opt.pay.payout import payout
from spm_opt.problem import FloatArray
from spm_opt.scenario.scenario import Scenario
from spm_opt.simulate.demand import Demand, estimate
from spm_opt.simulate.simulate import simulate


@dataclass(frozen=True, eq=False)
class Comparison:
    """Plans that met the same futures, and how they did.

    Attributes
    ----------
    scenario
        What they were judged in.
    plans
        Names; the first plan is the one that the others are held against.
    replications, seed
        How many futures, and the seed that they were drawn from.
    target
        The company target that all are judged by, in currency; ``None`` where no plan has quotas.
    sales
        Sales of the company under each plan in each future, shape ``(plans, replications)``.
    measures
        A row a measure and plan: ``measure``, ``plan`` and the columns of ``paired``.
    stress
        A row a stress and plan, as ``stressed`` says.
    cases
        What happens in each stress.
    sellers
        A row a plan (but the first) and territory, as ``by_seller`` says.
    parameters
        What the futures were drawn with, as ``Sales.parameters`` says.
    broken
        Number of places in which a plan breaks hard rules, for plans that were made by those rules and do.
    notes
        What a reader must know to judge the comparison, in sentences.
    """

    scenario: Scenario
    plans: tuple[str, ...]
    replications: int
    seed: int
    target: float | None
    sales: FloatArray
    measures: pd.DataFrame
    stress: pd.DataFrame
    cases: tuple[Case, ...]
    sellers: pd.DataFrame
    parameters: pd.DataFrame
    broken: Mapping[str, int]
    notes: tuple[str, ...]

    @property
    def verdict(self) -> tuple[str, ...]:
        """Which plan is better at what, in sentences with figures, and what they rest on."""
        return verdict(self)


def compare(
    candidates: Sequence[Given],
    scenario: Scenario | Path | str | None = None,
    *,
    replications: int | None = None,
    seed: int | None = None,
    recession: float = RECESSION,
    cases: Sequence[Case] | None = None,
    executor: Executor | None = None,
) -> Comparison:
    """Compare plans in the same simulated years.

    Parameters
    ----------
    candidates
        Two plans or more, each a ``Run`` (or a name and a run), the folder of a plan, a name with an alignment
        and its quotas, a ``Candidate``, or ``"today"`` for today's alignment with quotas by the same rules. The
        first is the one that the others are held against.
    scenario
        What they are judged in, or its folder; without it that of the first run, else of the first folder (see
        ``found_scenario``). All plans must be for its accounts and sellers, and made from its tables; rules and
        aims may differ.
    replications, seed
        Override the scenario's settings. Quotas at equal chances were set with the futures of the
        scenario's seed: another seed judges them by futures that they have not seen.
    recession
        Factor on all sales in the stress of that name.
    cases
        Stresses of your own in place of the stress set; none at all if it is empty.
    executor
        Works the replications out, as for ``simulate``.

    Raises
    ------
    ComparisonError
        The plans are not for the same accounts, sellers and history, or there are fewer than two.
    PlanFolderError
        A folder holds no plan of the scenario, or its scenario was not found.
    """
    where, plans = candidates_of(candidates, scenario)
    names = plans[0].alignment.territory_ids
    plans = tuple(in_order(plan, names) for plan in plans)
    demand = estimate(where)
    futures = [_future(where, one, demand, replications, seed, executor) for one in plans]
    target = next((one.quotas.target_cents / 100 for one in plans if one.quotas is not None), None)
    sales = futures[0].sales
    chosen = stress_set(where, futures[0], recession) if cases is None else tuple(cases)
    return Comparison(
        scenario=where,
        plans=tuple(one.name for one in plans),
        replications=len(sales.amount),
        seed=sales.seed,
        target=target,
        sales=np.stack([one.sales.company for one in futures]),
        measures=_measures(where, futures, target),
        stress=stressed(where, futures, chosen, target, demand, executor),
        cases=chosen,
        sellers=by_seller(where, futures),
        parameters=sales.parameters,
        broken={one.name: one.broken for one in plans if one.broken},
        notes=notes_on(where, plans, target, sales.seed),
    )


def _future(
    scenario: Scenario, plan: Candidate, demand: Demand, replications: int | None, seed: int | None,
    executor: Executor | None,
) -> Future:  # fmt: skip
    sales = simulate(
        scenario, plan.alignment, replications=replications, seed=seed, executor=executor, demand=demand
    )
    return Future(plan, sales, None if plan.quotas is None else payout(scenario, plan.quotas, sales))


def _measures(scenario: Scenario, futures: Sequence[Future], target: float | None) -> pd.DataFrame:
    """Compare the plans on every measure that all of them have."""
    each = [
        measured(scenario, one.plan.alignment, one.plan.quotas, one.sales, payout=one.payout, target=target)
        for one in futures
    ]
    frames = []
    for measure in MEASURES:
        if all(measure.name in own for own in each):
            table = paired(np.stack([own[measure.name] for own in each]), measure.better)
            table.insert(0, "measure", measure.name)
            table.insert(1, "plan", [one.plan.name for one in futures])
            frames.append(table)
    return pd.concat(frames, ignore_index=True)
