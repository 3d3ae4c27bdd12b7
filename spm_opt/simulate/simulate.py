"""The simulated year, account by account, in many replications.

An account with sales ``b`` a year before, of segment ``s`` and market ``m``, held by a seller ``t``, brings

    b x alive x (min(g, 1) + sells_t x max(g - 1, 0)) x hands x company x segment_s x market_m x seller_t

- ``alive`` is 0 with its segment's churn probability, else 1: a lost account buys nothing all year;
- ``g = exp(mu_s + sigma_s w)`` is its growth, ``w`` skewed and heavy-tailed as history shows (``shape``);
- ``sells_t`` is what selling brings, relative to history: productivity (ramp, vacancy, who leaves; ``tenure``)
  times coverage (hours there are to hours asked for, to the power of the elasticity; ``effort``). What an account
  bought last year renews whoever looks after it; only what goes beyond is won by selling;
- ``hands`` is ``1 - loss`` in the year in which an account gets another seller, its loss drawn around a mean that
  is uncertain itself; coming from an empty chair costs nothing. Departures within the year cost productivity: what
  they cost beyond is in what history shows accounts of one seller to share. A stress that makes a seller leave is a
  change of hands for all accounts of that seller;
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

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from spm_opt.align.effort import cores
from spm_opt.plan import Alignment
from spm_opt.problem import FloatArray, IntArray
from spm_opt.scenario.scenario import Scenario
from spm_opt.simulate.demand import Demand
from spm_opt.simulate.futures import Futures, futures
from spm_opt.simulate.history import Window
from spm_opt.simulate.kernel import account_lines, add_accounts, add_deals
from spm_opt.simulate.sales import Sales
from spm_opt.simulate.stress import Stress
from spm_opt.simulate.task import AS_EXPECTED, Task, posted, prepared

BLOCK = 250
"""Replications worked out at a time, at most; even, since partners stay together."""
CELLS = 1_000_000
"""Territories times replications of a block, about: what a block keeps at hand stays small."""


class Totals(NamedTuple):
    """A block: sales by territory, "no seller" last, in ``r`` replications.

    ``amount`` has the shape ``(k + 1, r)``; ``lost`` is what changes of hands cost the company, ``(r,)``; ``won`` are
    opportunities by quarter, ``(4, k, r)``, without any if there are none open; ``sums`` are sums over the block by
    source (retained, new, pipeline, handover), ``(4, k)``.
    """

    amount: FloatArray
    lost: FloatArray
    won: npt.NDArray[np.float32]
    sums: FloatArray


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
    demand: Demand | None = None,
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
    demand
        What ``estimate`` gave for this scenario and window, so as not to estimate anew for every plan or stress.

    Raises
    ------
    ScenarioError
        When a stage of the pipeline has no win rate.
    ValueError
        When scenario and alignment do not have the same accounts, or there is not one replication.
    """
    count = _count(scenario, replications)
    task = prepared(
        scenario, alignment, seed=seed, stress=stress, window=window, handovers=handovers, demand=demand
    )
    k = len(alignment.territory_ids)
    amount, unassigned, lost = np.empty((count, k)), np.empty(count), np.empty(count)
    deals = np.empty((4, k, count), dtype=np.float32) if task.demand.deals.ids else None
    sums = np.zeros((4, k))
    for first, size, made in _blocks(task, count, executor):
        at = slice(first, first + size)
        amount[at], unassigned[at], lost[at] = made.amount[:-1].T, made.amount[-1], made.lost
        if deals is not None:
            deals[:, :, at] = made.won
        sums += made.sums
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
    count = _count(scenario, replications)
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
    """Work the blocks out, and give them in their order.

    Threads of this process get a few at a time, so that finished blocks do not pile up; an executor of the caller
    gets all of them, since it may have any number of workers.
    """
    own = ThreadPoolExecutor(cores()) if executor is None else None
    length = min(BLOCK, max(2, CELLS // (len(task.people.names) + 1) // 2 * 2))
    work = executor or own
    assert work is not None  # noqa: S101  one of the two
    task = posted(task)
    ahead = 2 * cores() if own else count
    waiting: deque[tuple[int, int, Future[Totals]]] = deque()
    try:
        for first in range(0, count, length):
            size = min(length, count - first)
            waiting.append((first, size, work.submit(block, task, first, size)))
            if len(waiting) >= ahead:
                yield _finished(*waiting.popleft())
        while waiting:
            yield _finished(*waiting.popleft())
    finally:
        for _, _, future in waiting:
            future.cancel()
        if own:
            own.shutdown(cancel_futures=True)


def _finished(first: int, size: int, future: Future[Totals]) -> tuple[int, int, Totals]:
    return first, size, future.result()


def block(task: Task, first: int, size: int) -> Totals:
    """Work out a block of replications."""
    drawn = _futures(task, first, size)
    # partners stay together: one more than asked for where that is odd
    shape = (len(task.people.names) + 1, size + size % 2)
    existing, new, lost, won = np.zeros(shape), np.zeros(shape), np.zeros(shape), np.zeros((4, *shape))
    inputs = _inputs(task, drawn)
    add_accounts(task.buyers, *inputs, first // 2, existing, new, lost)
    _add_deals(task, drawn, inputs, first, won, lost)
    parts = [(part * drawn.sellers)[..., :size] for part in (existing, new, won.sum(axis=0), lost)]
    by_quarter = (won * drawn.sellers)[:, :-1, :size] if len(task.deal_key) else won[:, :0, :0]
    return Totals(
        amount=parts[0] + parts[1] + parts[2],
        lost=parts[3].sum(axis=0),
        won=by_quarter.astype(np.float32),
        sums=np.stack([part[:-1].sum(axis=1) for part in parts]),
    )


def _futures(task: Task, first: int, size: int) -> Futures:
    return futures(task.demand, task.people, task.rules, task.seed, task.company, first, size + size % 2)


def _inputs(task: Task, drawn: Futures) -> tuple[tuple[object, ...], ...]:
    """Lay out the arrays as the compiled loops take them."""
    groups = task.demand.groups
    return (
        (task.key, task.base, task.potential, groups.segment, groups.market, task.holder, task.moved, task.state),
        (
            drawn.churn, drawn.mean, drawn.spread, drawn.begins, drawn.share, drawn.first_spread,
            drawn.segments, drawn.markets, task.demand.growth.shape,
        ),
        (drawn.sells, drawn.reaches),
        (drawn.loss, task.rules.handover.spread),
    )  # fmt: skip


def _add_deals(
    task: Task,
    drawn: Futures,
    inputs: tuple[tuple[object, ...], ...],
    first: int,
    won: FloatArray,
    lost: FloatArray,
) -> None:
    deals, seats, window = task.demand.deals, drawn.seats, task.demand.window
    if not len(task.deal_key):
        return
    accounts, shared, _, handover = inputs
    rows = np.flatnonzero(~task.gone[deals.account])
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
        lost,
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


def _count(scenario: Scenario, replications: int | None) -> int:
    count = scenario.settings.simulate.replications if replications is None else replications
    if count < 1:
        raise ValueError(f"a year is simulated in 1 replication at least, not {count}")
    return count
