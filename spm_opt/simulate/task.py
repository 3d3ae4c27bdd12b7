"""What the replications of a year need: demand, positions, and who holds which account."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from spm_opt.plan import Alignment
from spm_opt.problem import BoolArray, FloatArray, IntArray
from spm_opt.scenario.scenario import Scenario
from spm_opt.scenario.simulate_settings import Simulation
from spm_opt.simulate.demand import Demand, estimate
from spm_opt.simulate.draws import KeyArray, keys
from spm_opt.simulate.effort import effort, selling_capacity
from spm_opt.simulate.futures import People
from spm_opt.simulate.history import Window, holders
from spm_opt.simulate.metrics import selling_share
from spm_opt.simulate.productivity import first_filled, last_months, productivity
from spm_opt.simulate.stress import Stress
from spm_opt.simulate.tenure import chairs
from spm_opt.workload.selling_time import selling_time

AS_EXPECTED = Stress()
"""The year without a stress."""


@dataclass(frozen=True, eq=False)
class Task:
    """What every block needs; territory ``k`` stands for "no seller".

    Attributes
    ----------
    demand
        What accounts may buy.
    people
        Positions and sellers.
    rules
        Settings of the simulation.
    seed
        Of all draws.
    key, deal_key
        Of accounts, shape ``(a,)``, and opportunities, shape ``(d,)``.
    base, potential
        Of each account, as the stress leaves them, shape ``(a,)``.
    holder
        Territory of each account, shape ``(a,)``.
    moved
        Whether it changes hands, shape ``(a,)``.
    gone
        Whether the stress takes it away, shape ``(a,)``.
    state
        Row of each account in the churn of a block, shape ``(a,)``.
    company
        Factor on all sales.
    """

    demand: Demand
    people: People
    rules: Simulation
    seed: int
    key: KeyArray
    deal_key: KeyArray
    base: FloatArray
    potential: FloatArray
    holder: IntArray
    moved: BoolArray
    gone: BoolArray
    state: IntArray
    company: float

    @property
    def buyers(self) -> IntArray:
        """Accounts that may buy anything."""
        return np.flatnonzero((self.base > 0) | (self.potential > 0))


def prepared(
    scenario: Scenario,
    alignment: Alignment,
    *,
    seed: int | None = None,
    stress: Stress = AS_EXPECTED,
    window: Window | None = None,
    handovers: bool = True,
    demand: Demand | None = None,
) -> Task:
    """Put together what the replications need; ``demand`` is estimated where it is not given."""
    rules, names = scenario.settings.simulate, alignment.territory_ids
    seed = scenario.settings.seed if seed is None else seed
    demand = estimate(scenario, window=window) if demand is None else demand
    holder = _holder(demand, alignment)
    lost = np.isin(np.array(demand.account_ids, dtype=object), stress.lost_accounts)
    today = _today(demand, names)
    filled = first_filled(scenario.sellers, names, demand.window)
    due = last_months(scenario.sellers, names, demand.window)
    there = (filled == 0) & (due > 0)
    return Task(
        demand=demand,
        people=_people(scenario, demand, names, (holder, today), (filled, due), stress),
        rules=rules,
        seed=seed,
        key=keys(seed, "account", demand.account_ids),
        deal_key=keys(seed, "opportunity", demand.deals.ids),
        base=np.where(lost, 0.0, demand.base),
        potential=np.where(lost, 0.0, demand.potential),
        holder=holder,
        moved=_moved(holder, today, there, np.isin(names, stress.leavers)) & handovers,
        gone=lost,
        state=demand.state,
        company=stress.company,
    )


def _people(
    scenario: Scenario, demand: Demand, names: tuple[str, ...], held: tuple[IntArray, IntArray],
    tenure: tuple[IntArray, IntArray], stress: Stress,
) -> People:  # fmt: skip
    """Put sellers into positions; ``held`` is who holds each account and today, ``tenure`` from when and up to when."""
    rules, window = scenario.settings.simulate, demand.window
    planned = productivity(scenario.sellers, names, scenario.settings, window=window, delay=stress.ramp_delay)
    nobody = np.full((1, window.months), rules.vacancy)
    leaves = np.isin(np.array([*names, ""], dtype=object), stress.leavers)
    place = pd.Index(demand.seller_names).get_indexer(pd.Index(names))
    filled, due = tenure
    there = (filled == 0) & (due > 0)
    return People(
        names=names,
        chairs=chairs(
            np.vstack([planned, nobody]),
            np.append(filled, window.months),
            leaves,
            np.append(due, window.months),
            rules,
            stress.ramp_delay,
        ),
        brings=effort(_hours(scenario, names, window), demand.workload, demand.base, *held, rules.elasticity),
        skill=np.append(np.where(there, demand.growth.skill.level[place], 0.0), 0.0),
        kept=np.append(np.where(there, demand.growth.skill.kept[place], 1.0), 0.0),
    )


def _hours(scenario: Scenario, names: tuple[str, ...], window: Window) -> FloatArray:
    """Give each position's hours a year, by what is known before the window, shape ``(k,)``.

    A capacity that is derived has the time sheets in it.
    """
    if scenario.settings.capacity is None:
        return selling_capacity(scenario.sellers, names, selling_share(scenario, before=window.first))
    made = selling_time(scenario, window.first)
    return np.asarray(made.hours.sum(axis=1)[pd.Index(made.seller_ids).get_indexer(pd.Index(names))])


def _today(demand: Demand, names: tuple[str, ...]) -> IntArray:
    """Give today's territory of each account, ``k`` where it has none."""
    place = pd.Index(names).get_indexer(pd.Index(demand.seller_names))
    known = demand.groups.seller >= 0
    seller = place[np.where(known, demand.groups.seller, 0)]
    return np.where(known & (seller >= 0), seller, len(names)).astype(np.int64)


def _moved(holder: IntArray, today: IntArray, there: BoolArray, leavers: BoolArray) -> BoolArray:
    """Say which accounts lose a seller whom they know: to another position, or because a stress makes that one leave."""
    known, leaves = np.append(there, False), np.append(leavers, False)
    return np.asarray(((holder != today) | leaves[today]) & known[today])


def _holder(demand: Demand, alignment: Alignment) -> IntArray:
    """Give the territory of each account in the order of ids, ``k`` where it has none."""
    if len(alignment.account_ids) != len(demand.account_ids):
        raise ValueError(
            f"the alignment has {len(alignment.account_ids):,} accounts, the scenario {len(demand.account_ids):,}"
        )
    holder = holders(demand.account_ids, alignment)
    return np.where(holder < 0, len(alignment.territory_ids), holder)


def posted(task: Task) -> Task:
    """Leave out what blocks do not read, so that a task is small where it is sent to other processes."""
    demand, nothing = task.demand, np.zeros(0)
    past = replace(
        demand.past,
        account_ids=(),
        last=nothing,
        before=None,
        base=nothing,
        level=nothing,
        pairs=(),
        quarters=None,
    )
    deals = replace(demand.deals, ids=())
    return replace(
        task, demand=replace(demand, account_ids=(), deals=deals, past=past, parameters=pd.DataFrame())
    )
