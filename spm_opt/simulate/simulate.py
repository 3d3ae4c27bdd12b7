"""The simulated year, account by account, in many replications.

An account with sales ``b`` a year before, of segment ``s`` and market ``m``, held by a seller ``t``, brings

    b x alive x (min(g, 1) + sells_t x max(g - 1, 0)) x hands x company x segment_s x market_m x seller_t

- ``alive`` is 0 with its segment's churn probability, else 1: a lost account buys nothing all year;
- ``g = exp(mu_s + sigma_s w)`` is its growth, ``w`` skewed and heavy-tailed as history shows (``shape``);
- ``sells_t`` is what selling brings, relative to history: productivity (ramp, vacancy, who leaves; ``tenure``)
  times coverage (hours there are to hours asked for, to the power of the elasticity; ``effort``). What an account
  bought last year renews whoever looks after it; only what goes beyond is won by selling;
- ``hands`` is ``1 - loss`` in the year in which an account gets another seller, its loss drawn around a mean that
  is uncertain itself. Where its seller leaves within the year it loses for the rest of it, relative to what
  usually is lost that way, since history's rates hold that. Coming from an empty chair costs nothing;
- the rest are shocks that many accounts share: lognormal with a mean of 1, around the seller's known skill.

An account without sales begins to buy with the probability ``min(1, pi_s x reaches_t)``, and then brings its
potential times a lognormal share, at most all of it, times the shocks; ``reaches_t`` is ``sells_t``, but for
effort beyond what is asked for, which prospects take up.

An open opportunity of amount ``x`` closes a geometric number of months late and brings ``x`` times the shocks
where it is won: with the win rate of its stage, times coverage, and its seller's productivity in the month in
which it closes; times ``1 - loss`` where the account changes hands. Accounts without a seller are looked after
as a vacant position would, and meet no seller's shock.

Parameters estimated from history are drawn anew in every replication from what the data leave open (``laws``).
All draws belong to accounts, opportunities, sellers and parameters (see ``draws``), never to a territory: two
alignments with one seed meet the same futures, and an account that changes hands changes two territories.
Replications are worked out in blocks, each in the order of ids, by any executor: results depend neither on the
number of workers nor on the order of rows. Memory grows with territories times replications.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from spm_opt.align.effort import cores
from spm_opt.plan import Alignment
from spm_opt.problem import BoolArray, FloatArray, IntArray
from spm_opt.scenario.scenario import Scenario
from spm_opt.scenario.simulate_settings import Simulation
from spm_opt.simulate.demand import Demand, estimate
from spm_opt.simulate.draws import KeyArray, keys
from spm_opt.simulate.effort import effort, selling_capacity
from spm_opt.simulate.futures import Futures, People, futures
from spm_opt.simulate.history import Window, positions
from spm_opt.simulate.kernel import account_lines, add_accounts, add_deals
from spm_opt.simulate.metrics import selling_share
from spm_opt.simulate.productivity import first_filled, productivity
from spm_opt.simulate.sales import Sales
from spm_opt.simulate.stress import Stress
from spm_opt.simulate.tenure import chairs

BLOCK = 250
"""Replications worked out at a time; even, since partners stay together."""
AS_EXPECTED = Stress()


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
    company: float


class Totals(NamedTuple):
    """Sales of a block by territory ("no seller" last) and replication, each of shape ``(k + 1, r)``; won by quarter first."""

    existing: FloatArray
    new: FloatArray
    lost: FloatArray
    won: FloatArray


def simulate(
    scenario: Scenario,
    alignment: Alignment,
    *,
    replications: int | None = None,
    seed: int | None = None,
    stress: Stress = AS_EXPECTED,
    window: Window | None = None,
    handovers: bool = True,
    executor: Executor | None = None,
) -> Sales:
    """Simulate the planned year under an alignment.

    Parameters
    ----------
    scenario
        Accounts, sellers, history, pipeline and the settings of the simulation.
    alignment
        Who holds which account. Matched by id: the order of rows does not matter.
    replications, seed
        Override the scenario's settings.
    stress
        What the year is put to beside its usual chances.
    window
        The months to simulate, in place of the planned year.
    handovers
        Whether an account whose seller today is another one suffers the change of hands.
    executor
        Works the blocks out; threads of this process if none is given. It changes no number.

    Raises
    ------
    ScenarioError
        When a stage of the pipeline has no win rate.
    ValueError
        When scenario and alignment do not have the same accounts.
    """
    rules = scenario.settings.simulate
    count = rules.replications if replications is None else replications
    task = prepared(scenario, alignment, seed=seed, stress=stress, window=window, handovers=handovers)
    k = len(alignment.territory_ids)
    amount, unassigned, lost = np.empty((count, k)), np.empty(count), np.empty(count)
    deals = np.empty((4, k, count), dtype=np.float32) if task.demand.deals.ids else None
    sums = np.zeros((4, k))
    for first, size, block in _blocks(task, count, executor):
        whole = block.existing + block.new + block.won.sum(axis=0)
        at = slice(first, first + size)
        amount[at], unassigned[at] = whole[:-1, :size].T, whole[-1, :size]
        lost[at] = block.lost[:, :size].sum(axis=0)
        if deals is not None:
            deals[:, :, at] = block.won[:, :-1, :size]
        by_source = (block.existing, block.new, block.won.sum(axis=0), block.lost)
        sums += np.stack([one[:-1, :size].sum(axis=1) for one in by_source])
    return Sales(
        territory_ids=alignment.territory_ids,
        amount=amount,
        unassigned=unassigned,
        expected=_expected(task, sums / count),
        parameters=task.demand.parameters,
        seed=task.seed,
        handover=lost,
        season=_season(task),
        deals=deals,
    )


def account_sales(
    scenario: Scenario,
    alignment: Alignment,
    rows: IntArray,
    *,
    replications: int | None = None,
    seed: int | None = None,
    window: Window | None = None,
    handovers: bool = True,
    task: Task | None = None,
) -> FloatArray:
    """Simulate single accounts, the pipeline apart, with the draws of ``simulate``.

    Parameters
    ----------
    rows
        Places among the sorted account ids. Ask for some at a time: memory grows with rows times replications.
    task
        What ``prepared`` gave for the same arguments, so as not to estimate anew for every chunk.

    Returns
    -------
    Sales in currency, shape ``(len(rows), replications)``.
    """
    count = scenario.settings.simulate.replications if replications is None else replications
    task = task or prepared(scenario, alignment, seed=seed, window=window, handovers=handovers)
    out = np.empty((len(rows), count))
    for first in range(0, count, BLOCK):
        size = min(BLOCK, count - first)
        drawn = _futures(task, first, size)
        lines = np.empty((len(rows), size + size % 2))
        account_lines(np.asarray(rows), *_inputs(task, drawn), first // 2, lines)
        lines *= drawn.sellers[task.holder[rows]]
        out[:, first : first + size] = lines[:, :size]
    return out


def prepared(
    scenario: Scenario,
    alignment: Alignment,
    *,
    seed: int | None = None,
    stress: Stress = AS_EXPECTED,
    window: Window | None = None,
    handovers: bool = True,
) -> Task:
    """Estimate demand and put together what the replications need."""
    rules, names = scenario.settings.simulate, alignment.territory_ids
    seed = scenario.settings.seed if seed is None else seed
    demand = estimate(scenario, window=window)
    holder = _holder(demand, alignment)
    lost = np.isin(np.array(demand.account_ids, dtype=object), stress.lost_accounts)
    today = _today(demand, names)
    filled = first_filled(scenario.sellers, names, demand.window)
    return Task(
        demand=demand,
        people=_people(scenario, demand, names, holder, today, filled, stress),
        rules=rules,
        seed=seed,
        key=keys(seed, "account", demand.account_ids),
        deal_key=keys(seed, "opportunity", demand.deals.ids),
        base=np.where(lost, 0.0, demand.base),
        potential=np.where(lost, 0.0, demand.potential),
        holder=holder,
        moved=_moved(holder, today, filled, handovers=handovers),
        company=stress.company,
    )


def _people(
    scenario: Scenario, demand: Demand, names: tuple[str, ...], holder: IntArray, today: IntArray,
    filled: IntArray, stress: Stress,
) -> People:  # fmt: skip
    rules, window = scenario.settings.simulate, demand.window
    planned = productivity(scenario.sellers, names, scenario.settings, window=window, delay=stress.ramp_delay)
    nobody = np.full((1, window.months), rules.vacancy)
    leaves = np.isin(np.array([*names, ""], dtype=object), stress.leavers)
    capacity = selling_capacity(scenario.sellers, names, selling_share(scenario))
    place = pd.Index(demand.seller_names).get_indexer(pd.Index(names))
    there = filled == 0
    return People(
        names=names,
        chairs=chairs(
            np.vstack([planned, nobody]), np.append(filled, window.months), leaves, rules, stress.ramp_delay
        ),
        brings=effort(capacity, demand.workload, demand.base, holder, today, rules.elasticity),
        skill=np.append(np.where(there, demand.growth.skill[place], 0.0), 0.0),
        kept=np.append(np.where(there, demand.growth.kept[place], 1.0), 0.0),
    )


def _today(demand: Demand, names: tuple[str, ...]) -> IntArray:
    """Give today's territory of each account, ``k`` where it has none."""
    place = pd.Index(names).get_indexer(pd.Index(demand.seller_names))
    known = demand.groups.seller >= 0
    seller = place[np.where(known, demand.groups.seller, 0)]
    return np.where(known & (seller >= 0), seller, len(names)).astype(np.int64)


def _moved(holder: IntArray, today: IntArray, filled: IntArray, *, handovers: bool) -> BoolArray:
    """Say which accounts lose a seller whom they know."""
    known = np.append(filled == 0, False)  # noqa: FBT003  "no seller" is nobody
    return np.asarray((holder != today) & known[today] & handovers)


def _holder(demand: Demand, alignment: Alignment) -> IntArray:
    """Give the territory of each account in the order of ids, ``k`` where it has none."""
    if len(alignment.account_ids) != len(demand.account_ids):
        raise ValueError(
            f"the alignment has {len(alignment.account_ids):,} accounts, the scenario {len(demand.account_ids):,}"
        )
    place = positions(demand.account_ids, pd.Series(alignment.account_ids, dtype=str), "the alignment")
    holder = np.empty(len(place), dtype=np.int64)
    holder[place] = alignment.account_territory
    return np.where(holder < 0, len(alignment.territory_ids), holder)


def _blocks(task: Task, count: int, executor: Executor | None) -> Iterator[tuple[int, int, Totals]]:
    """Work the blocks out, and give them in their order."""
    firsts = range(0, count, BLOCK)
    sizes = [min(BLOCK, count - first) for first in firsts]
    with _at_work(executor) as work:
        waiting = [work.submit(block, task, *one) for one in zip(firsts, sizes, strict=True)]
        for first, size, future in zip(firsts, sizes, waiting, strict=True):
            yield first, size, future.result()


@contextmanager
def _at_work(executor: Executor | None) -> Iterator[Executor]:
    """Lend the executor, or threads of this process: compiled code lets them run side by side."""
    if executor is not None:
        yield executor
        return
    with ThreadPoolExecutor(cores()) as threads:
        yield threads


def block(task: Task, first: int, size: int) -> Totals:
    """Work out a block of replications; whole pairs, so one more than ``size`` where that is odd."""
    drawn = _futures(task, first, size)
    shape = (len(task.people.names) + 1, size + size % 2)
    totals = Totals(np.zeros(shape), np.zeros(shape), np.zeros(shape), np.zeros((4, *shape)))
    rows = np.flatnonzero((task.base > 0) | (task.potential > 0))
    inputs = _inputs(task, drawn)
    add_accounts(rows, *inputs, first // 2, totals.existing, totals.new, totals.lost)
    _add_deals(task, drawn, inputs, first, totals.won)
    for total in totals:
        total *= drawn.sellers
    return totals


def _futures(task: Task, first: int, size: int) -> Futures:
    return futures(
        task.demand, task.people, task.rules, task.seed, task.company, first, size + size % 2
    )


def _inputs(task: Task, drawn: Futures) -> tuple[tuple[object, ...], ...]:
    """Lay out the arrays as the compiled loops take them."""
    groups = task.demand.groups
    return (
        (task.key, task.base, task.potential, groups.segment, groups.market, task.holder, task.moved),
        (
            drawn.churn, drawn.mean, drawn.spread, drawn.begins, drawn.share, drawn.first_spread,
            drawn.segments, drawn.markets, task.demand.growth.shape,
        ),
        (drawn.sells, drawn.reaches, drawn.stays),
        (drawn.loss, task.rules.handover.spread),
    )  # fmt: skip


def _add_deals(
    task: Task, drawn: Futures, inputs: tuple[tuple[object, ...], ...], first: int, won: FloatArray
) -> None:
    deals, seats, window = task.demand.deals, drawn.seats, task.demand.window
    if not deals.ids:
        return
    accounts, shared, _, handover = inputs
    # a deal of an account that the stress takes away is gone with it
    gone = (task.base <= 0) & (task.potential <= 0) & ((task.demand.base > 0) | (task.demand.potential > 0))
    rows = np.flatnonzero(~gone[deals.account])
    people = task.people.chairs
    add_deals(
        rows,
        (task.deal_key, deals.account, deals.amount, deals.stage_index, deals.month),
        accounts,
        shared,
        (drawn.win, drawn.stays_open, window.months, window.first),
        (people.planned, people.levels, seats.leave, seats.empty, task.people.brings.growth / people.usual),
        handover,
        first // 2,
        won,
    )


def _season(task: Task) -> FloatArray:
    """Give the share of each quarter in last year's sales of every territory's accounts, shape ``(k, 4)``.

    The company's where a territory sold nothing; quarters alike where there is no history.
    """
    k, quarters = len(task.people.names), task.demand.past.quarters
    if quarters is None or not quarters.sum() > 0:
        return np.full((k, 4), 0.25)
    sums = np.stack([np.bincount(task.holder, quarters[:, q], k + 1)[:-1] for q in range(4)], axis=1)
    total = sums.sum(axis=1, keepdims=True)
    company = quarters.sum(axis=0) / quarters.sum()
    return np.where(total > 0, sums / np.where(total > 0, total, 1.0), company)


def _expected(task: Task, means: FloatArray) -> pd.DataFrame:
    """Mean sales by source, last year's sales and productivity, a row a territory."""
    names = task.people.names
    columns = dict(zip(("retained", "new", "pipeline", "handover"), means, strict=True))
    columns["last_year"] = np.bincount(task.holder, task.demand.past.last, len(names) + 1)[:-1]
    columns["productivity"] = task.people.chairs.planned[:-1].mean(axis=1)
    return pd.DataFrame(columns, index=pd.Index(names, name="territory"))
