"""Calibration: whether the simulated year would have told the truth about months that are over.

The last months of history are held out (`spm_opt.simulate.hold_out`), the model is estimated from what came
before, and simulates them. Every account, every territory and the company is then one forecast with its
outcome. Shown are the places of outcomes in their forecasts (PIT), the coverage of central intervals, and the CRPS
(`spm_opt.simulate.proper_scores`) beside that of two naive forecasts:

- the same as in the same months a year before, for certain;
- the same, times a ratio of one year's months to the year's before, drawn from all that were seen in the windows
  that the model learns from: at account level those of accounts (0 for one that was lost), at territory level
  those of territories. Who bought nothing is expected to buy nothing.

Skill is ``1 - CRPS / CRPS of the naive forecast``: 0 where the model knows no more, below where it knows less.
Every share stands beside the range in which it would lie in 95 of 100 cases if the model were right
(`spm_opt.simulate.tally`); errors (``..._error``) are standard errors that take accounts of one territory as alike, and
know nothing of what all accounts shared in that year: one year is one draw.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from spm_opt.errors import CalibrationError
from spm_opt.problem import FloatArray, IntArray
from spm_opt.scenario.scenario import Scenario
from spm_opt.simulate.demand import Demand, estimate
from spm_opt.simulate.hold_out import HeldOut, hold_out
from spm_opt.simulate.proper_scores import crps_of
from spm_opt.simulate.sales import Sales
from spm_opt.simulate.simulate import account_sales, simulate
from spm_opt.simulate.tally import LEVELS, PIT_MEAN, tally, together
from spm_opt.simulate.task import prepared
from spm_opt.simulate.verdict import RANGE, SCORES, Level, histogram, judge

REPLICATIONS = 2_000
"""Simulated years if nothing is said: an interval's end is then sure to half a percent."""
CHUNK = 2_000_000
"""Simulated sales held at a time: 16 MB."""
QUANTILES = {"p2_5": 0.025, "p10": 0.1, "p25": 0.25, "p50": 0.5, "p75": 0.75, "p90": 0.9, "p97_5": 0.975}
"""Quantiles of a territory's sales, by their column."""
FEWEST = 100
"""Replications below which quantiles are no longer quantiles."""
BUYERS, PROSPECTS, TERRITORIES, COMPANY = "accounts", "prospects", "territories", "company"
"""Levels: accounts that bought a year before, those that did not, territories, and the company."""


@dataclass(frozen=True, eq=False)
class Calibration:
    """What the simulated months said, and what came of them.

    Attributes
    ----------
    first, months
        The months held out: the first, counted from the year 0, and how many.
    history_months
        Months of history in all.
    replications, seed
        Of the simulation.
    groups
        A row a group of forecasts: ``level`` ("accounts" that bought a year before, "prospects" that did not,
        "territories", "company"), ``group`` (the segment, ``""`` for all), ``n``; for each of 50, 80 and 95 %
        the coverage ``cover_80``, the range ``low_80`` to ``high_80`` in which it would lie in 95 of 100 cases if
        the model were right, and its standard error ``error_80``; ``pit_mean`` with its range ``pit_low`` to
        ``pit_high``; mean scores ``crps``, ``crps_same``, ``crps_ratio``; ``skill_same``, ``skill_ratio`` with
        ``skill_same_error``, ``skill_ratio_error``; ``verdict``.
    histograms
        A row a group and bin of the PIT: ``level``, ``group``, ``bin`` from 0, ``share``, ``low``, ``high``.
    territories
        A row a territory, indexed by its id: ``sold``, ``year_before``, ``mean`` and quantiles (``p2_5`` to
        ``p97_5``) of its simulated sales, ``pit``, ``crps``, ``crps_same``, ``crps_ratio``; of its accounts that
        bought a year before ``accounts``, ``cover_50`` to ``cover_95``, ``low_80``, ``high_80``, ``accounts_crps``,
        ``accounts_crps_same``, ``accounts_crps_ratio``.
    parameters
        As ``Sales.parameters``: what the months were simulated with.
    notes
        What was not known.
    """

    first: int
    months: int
    history_months: int
    replications: int
    seed: int
    groups: pd.DataFrame
    histograms: pd.DataFrame
    territories: pd.DataFrame
    parameters: pd.DataFrame
    notes: tuple[str, ...]


def calibrate(
    scenario: Scenario, *, months: int | None = None, seed: int | None = None, replications: int | None = None
) -> Calibration:
    """Hold out the last months of history, simulate them, and hold both together.

    Parameters
    ----------
    scenario
        With at least 18 months of history.
    months
        12, 6 or 3; as many as history allows if nothing is said.
    seed
        Overrides the scenario's.
    replications
        At least 100; 2,000 if nothing is said.

    Raises
    ------
    CalibrationError
        When history is too short or too coarse, or the replications too few.
    """
    held = hold_out(scenario, months)
    seed = scenario.settings.seed if seed is None else seed
    replications = REPLICATIONS if replications is None else replications
    if replications < FEWEST:
        raise CalibrationError(f"calibration needs at least {FEWEST} replications, not {replications}")
    demand = estimate(held.scenario, window=held.window)
    sales = simulate(
        held.scenario,
        held.alignment,
        replications=replications,
        seed=seed,
        handovers=False,
        demand=demand,
    )
    names, accounts = _accounts(held, demand, seed, replications)
    territories, company = _territories(held, sales), _company(held, sales)
    judged: list[tuple[str, str, Level, int]] = [
        *((level, group, accounts, at) for at, (level, group) in enumerate(names)),
        (TERRITORIES, "", territories, 0),
        (COMPANY, "", company, 0),
    ]
    rows = [{"level": level, "group": group} | judge(own, at) for level, group, own, at in judged]
    bins = [histogram(own, at).assign(level=level, group=group) for level, group, own, at in judged]
    return Calibration(
        first=held.window.first,
        months=held.window.months,
        history_months=held.history_months,
        replications=replications,
        seed=seed,
        groups=pd.DataFrame(rows),
        histograms=pd.concat(bins, ignore_index=True)[["level", "group", "bin", "share", "low", "high"]],
        territories=_by_territory(held, sales, territories, accounts),
        parameters=sales.parameters,
        notes=held.notes,
    )


def _accounts(
    held: HeldOut, demand: Demand, seed: int, replications: int
) -> tuple[list[tuple[str, str]], Level]:
    """Judge every account; groups are all buyers, those of each segment, the prospects, those of each territory.

    Gives the names of the first groups, up to the territories.
    """
    segments, segment = np.unique(held.scenario.accounts["segment"].to_numpy(dtype=str), return_inverse=True)
    buys, holder = held.base > 0, held.alignment.account_territory
    groups = [buys, *(buys & (segment == s) for s in range(len(segments))), ~buys]
    names = [(BUYERS, ""), *((BUYERS, name) for name in segments.tolist()), (PROSPECTS, "")]
    if len(segments) == 1:
        del groups[1], names[1]
    kept = [g for g, own in enumerate(groups) if own.any()]
    groups = [groups[g] for g in kept]
    k = len(held.alignment.territory_ids)
    rows = np.flatnonzero(buys & (holder >= 0))
    of_territory = sparse.csr_array((np.ones(len(rows)), (holder[rows], rows)), shape=(k, len(holder)))
    member = sparse.csr_array(sparse.vstack([sparse.csr_array(np.array(groups, dtype=float)), of_territory]))
    size = max(1, CHUNK // replications)
    chunks = [np.arange(at, min(at + size, len(holder))) for at in range(0, len(holder), size)]
    task = prepared(held.scenario, held.alignment, seed=seed, handovers=False, demand=demand)
    parts = (
        tally(
            account_sales(held.scenario, held.alignment, rows, replications=replications, task=task),
            held.sold[rows],
            member[:, rows],
        )
        for rows in chunks
    )
    ratios = _ratios(held.training.before, held.training.last)
    cluster = np.where(holder < 0, k + np.arange(len(holder)), holder)
    return [names[g] for g in kept], Level(
        together(parts), _naive(held.sold, held.base, ratios), cluster, member
    )


def _territories(held: HeldOut, sales: Sales) -> Level:
    """Judge every territory's sales."""
    k = len(sales.territory_ids)
    ratios = _ratios(_by(held, held.training.before), _by(held, held.training.last))
    return _totals(sales.amount.T, _by(held, held.sold), _by(held, held.base), ratios, np.arange(k))


def _company(held: HeldOut, sales: Sales) -> Level:
    """Judge the company's sales."""
    sold, base, before, last = (
        np.array([values.sum()])
        for values in (held.sold, held.base, held.training.before, held.training.last)
    )
    return _totals(sales.company[None, :], sold, base, _ratios(before, last), np.zeros(1, dtype=np.int64))


def _totals(
    sample: FloatArray, sold: FloatArray, base: FloatArray, ratios: FloatArray, cluster: IntArray
) -> Level:
    member = sparse.csr_array(np.ones((1, len(sold))))
    return Level(tally(sample, sold, member), _naive(sold, base, ratios), cluster, member)


def _by(held: HeldOut, values: FloatArray) -> FloatArray:
    """Sum accounts by territory."""
    holder = held.alignment.account_territory
    own = holder >= 0
    return np.bincount(holder[own], values[own], len(held.alignment.territory_ids)).astype(np.float64)


def _ratios(before: FloatArray, last: FloatArray) -> FloatArray:
    """Give the ratios of sales a year apart, of whoever bought before."""
    bought = before > 0
    return np.asarray(last[bought] / before[bought])


def _naive(sold: FloatArray, base: FloatArray, ratios: FloatArray) -> FloatArray:
    """Score "the same as a year before", and that times a ratio seen."""
    score = np.abs(sold - base)
    scaled = score.copy()
    rows = np.flatnonzero(base > 0)
    if len(ratios):
        scaled[rows] = base[rows] * crps_of(ratios, sold[rows] / base[rows])
    return np.column_stack([score, scaled])


def _by_territory(held: HeldOut, sales: Sales, whole: Level, accounts: Level) -> pd.DataFrame:
    """Lay the territories out, with what their accounts were forecast."""
    k = len(sales.territory_ids)
    quantiles = np.quantile(sales.amount, list(QUANTILES.values()), axis=0)
    member = accounts.member[-k:]
    count = np.asarray(member.sum(axis=1))
    sums = accounts.tally.sums[-k:] / np.where(count > 0, count, np.nan)[:, None, None]
    low, high = np.quantile(sums[:, 1:, LEVELS.index(0.8)], RANGE, axis=1)
    scores = (
        member
        @ np.column_stack([accounts.tally.score, accounts.naive])
        / np.where(count > 0, count, np.nan)[:, None]
    )
    columns = {
        "sold": _by(held, held.sold),
        "year_before": _by(held, held.base),
        "mean": sales.amount.mean(axis=0),
        **dict(zip(QUANTILES, quantiles, strict=True)),
        "pit": whole.tally.figures[:, PIT_MEAN],
        **dict(zip(SCORES, np.column_stack([whole.tally.score, whole.naive]).T, strict=True)),
        "accounts": count.astype(np.int64),
        **{f"cover_{round(level * 100)}": sums[:, 0, at] for at, level in enumerate(LEVELS)},
        "low_80": low,
        "high_80": high,
        **{f"accounts_{name}": own for name, own in zip(SCORES, scores.T, strict=True)},
    }
    return pd.DataFrame(columns, index=pd.Index(sales.territory_ids, name="territory"))
