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
from typing import NamedTuple

import numpy as np
import pandas as pd

from spm_opt.align.effort import cores
from spm_opt.plan import Alignment
from spm_opt.problem import FloatArray, IntArray
from spm_opt.scenario.scenario import Scenario
from spm_opt.simulate.futures import Futures, futures
from spm_opt.simulate.history import Window
from spm_opt.simulate.kernel import account_lines, add_accounts, add_deals
from spm_opt.simulate.sales import Sales
from spm_opt.simulate.stress import Stress
from spm_opt.simulate.task import AS_EXPECTED, Task, prepared

BLOCK = 250
"""Replications worked out at a time; even, since partners stay together."""


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
    return Totals(*(total * drawn.sellers for total in totals))


def _futures(task: Task, first: int, size: int) -> Futures:
    return futures(task.demand, task.people, task.rules, task.seed, task.company, first, size + size % 2)


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
