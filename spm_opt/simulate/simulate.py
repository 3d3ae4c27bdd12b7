"""The simulated year, account by account, in many replications.

In one replication, an account with last year's sales ``b`` that a seller with the yearly productivity
``p`` holds brings ``b * alive * (min(g, 1) + p * max(g - 1, 0)) * market * seller``:

- ``alive`` is 0 with the account's churn probability, else 1: a lost account buys nothing all year;
- ``g`` is its lognormal growth. What an account bought last year renews whoever looks after it; only
  what goes beyond that is won by selling, so productivity counts for growth above 1 alone;
- ``market`` and ``seller`` are shocks that all accounts of a market, or of a seller, share: lognormal
  with mean 1, so they widen the year without moving it, and do not average out over accounts.

An open opportunity of amount ``x`` brings ``x * won * market * seller``, where ``won`` has the win rate of
its stage times the productivity of its seller in the month in which it closes: an empty chair wins fewer
deals. Accounts without a seller are looked after as a vacant position would, and meet no seller's shock.

The draws belong to account, opportunity, market and seller (see ``draws``), never to a territory: two
alignments with one seed meet the same futures, and an account that changes hands changes two territories.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from spm_opt.plan import Alignment
from spm_opt.problem import FloatArray, IntArray
from spm_opt.scenario.scenario import Scenario
from spm_opt.simulate.demand import Demand, estimate
from spm_opt.simulate.draws import Float32Array, account_draws, mean_one, opportunity_draws, shocks
from spm_opt.simulate.history import positions
from spm_opt.simulate.productivity import MONTHS, productivity
from spm_opt.simulate.sales import Sales

CHUNK = 2_000_000
"""Draws held at a time: 8 MB in single precision for each array of a chunk."""


@dataclass(frozen=True, eq=False)
class Task:
    """What every chunk needs; territory ``k`` stands for "no seller".

    ``holder`` is the territory of each account, shape ``(a,)``; ``productive`` the share of a full seller
    by territory and month, shape ``(k + 1, 12)``.
    """

    demand: Demand
    holder: IntArray
    productive: FloatArray
    replications: int
    seed: int
    market_shock: float


def simulate(
    scenario: Scenario, alignment: Alignment, *, replications: int | None = None, seed: int | None = None
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

    Raises
    ------
    ScenarioError
        When a stage of the pipeline has no win rate.
    ValueError
        When scenario and alignment do not have the same accounts.
    """
    rules = scenario.settings.simulate
    seed = scenario.settings.seed if seed is None else seed
    names = alignment.territory_ids
    demand = estimate(scenario)
    filled = productivity(scenario.sellers, names, scenario.settings)
    task = Task(
        demand=demand,
        holder=_holder(demand, alignment),
        productive=np.vstack([filled, np.full((1, MONTHS), rules.vacancy)]),
        replications=rules.replications if replications is None else replications,
        seed=seed,
        market_shock=rules.market_shock,
    )
    shared = shocks(seed, "seller", names, rules.seller_shock, task.replications)
    by_source = {"retained": _accounts_total(task), "pipeline": _deals_total(task)}
    for total in by_source.values():
        total[:-1] *= shared
    whole = by_source["retained"] + by_source["pipeline"]
    return Sales(
        territory_ids=names,
        amount=np.ascontiguousarray(whole[:-1].T),
        unassigned=whole[-1].copy(),
        expected=_expected(task, by_source, names),
        parameters=demand.parameters,
        seed=seed,
    )


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


def _chunks(rows: IntArray, replications: int) -> Iterator[IntArray]:
    """Cut rows into chunks whose draws fit in memory."""
    size = max(1, CHUNK // replications)
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


def _accounts_total(task: Task) -> FloatArray:
    """Sales of existing accounts by territory and replication, seller shocks apart; shape ``(k + 1, r)``."""
    demand = task.demand
    total = np.zeros((len(task.productive), task.replications))
    yearly = task.productive.mean(axis=1).astype(np.float32)
    for rows in _chunks(np.flatnonzero(demand.base > 0), task.replications):
        luck, normal = account_draws(task.seed, [demand.account_ids[i] for i in rows], task.replications)
        factor = mean_one(normal, demand.spread[rows])
        factor *= demand.growth[rows].astype(np.float32)[:, None]
        above = np.maximum(factor - 1, 0)
        np.minimum(factor, 1, out=factor)
        above *= yearly[task.holder[rows]][:, None]
        factor += above
        factor *= luck >= demand.churn[rows].astype(np.float32)[:, None]
        _add(task, total, rows, demand.base[rows], factor)
    return total


def _deals_total(task: Task) -> FloatArray:
    """Won opportunities by territory and replication, seller shocks apart; shape ``(k + 1, r)``."""
    deals = task.demand.deals
    total = np.zeros((len(task.productive), task.replications))
    chance = deals.win * _at_close(task.productive, task.holder[deals.account], deals.month)
    for rows in _chunks(np.arange(len(deals.ids)), task.replications):
        luck = opportunity_draws(task.seed, [deals.ids[i] for i in rows], task.replications)
        won = (luck < chance.astype(np.float32)[rows][:, None]).astype(np.float32)
        _add(task, total, deals.account[rows], deals.amount[rows], won)
    return total


def _at_close(productive: FloatArray, holder: IntArray, month: IntArray) -> FloatArray:
    """Productivity in the month in which each deal closes; the year's mean for one without a date."""
    return np.where(month < 0, productive.mean(axis=1)[holder], productive[holder, month])


def _add(task: Task, total: FloatArray, accounts: IntArray, amount: FloatArray, factor: Float32Array) -> None:
    """Multiply by the markets' shocks and add up by territory, in double precision, in the order of ids."""
    demand = task.demand
    markets, market = np.unique(demand.market[accounts], return_inverse=True)
    names = [demand.market_names[i] for i in markets]
    factor *= shocks(task.seed, "market", names, task.market_shock, task.replications)[market]
    sums = sparse.csr_array(
        (amount, (task.holder[accounts], np.arange(len(accounts)))), shape=(len(total), len(accounts))
    )
    total += sums @ factor


def _expected(task: Task, by_source: dict[str, FloatArray], names: tuple[str, ...]) -> pd.DataFrame:
    """Mean sales by source, last year's sales and productivity, a row a territory."""
    columns = {source: total[:-1].mean(axis=1) for source, total in by_source.items()}
    columns["last_year"] = np.bincount(task.holder, task.demand.base, len(names) + 1)[:-1]
    columns["productivity"] = task.productive[:-1].mean(axis=1)
    return pd.DataFrame(columns, index=pd.Index(names, name="territory"))
