"""Hours that positions will have for customers, month by month, as distributions.

    hours = settled hours x level of who sits there x (share of the year / mean share)

- settled hours are those of `spm_opt.workload.selling_time`;
- the level is that of the simulated year, with its very draws (`spm_opt.simulate.tenure`): nothing before somebody
  starts, the ramp, who leaves when, how long the position stays empty, and the ramp of who comes after. One thing
  differs: an empty position has no hours of its own, while in the simulated year its accounts go on buying a part
  (``simulate.vacancy``), since others look after them;
- the share of working hours that is selling time is drawn around its mean (a beta distribution, whose mean and
  standard deviation are those of ``SellingTime.share`` and ``share_sd``).

Expected hours are those of the mean share, so that settled hours less what is lost are exactly they.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import special

from spm_opt.problem import FloatArray, IntArray
from spm_opt.scenario.scenario import Scenario
from spm_opt.simulate.draws import keys, uniforms
from spm_opt.simulate.history import Window
from spm_opt.simulate.productivity import first_filled, last_months, productivity
from spm_opt.simulate.tenure import Chairs, Seats, chairs, seated
from spm_opt.workload.selling_time import YEAR, SellingTime, selling_time

LOSSES = ("before_start", "ramp", "departures", "after_end")
"""Why hours are fewer than those of a settled seller."""
SHARE = 3
"""Purpose of a seller's share of time for selling; the first three are the simulated year's."""
QUANTILES = (0.1, 0.5, 0.9)
MOST_OF_VARIANCE = 0.99
"""Most of the variance that a share with a given mean can have."""


@dataclass(frozen=True, eq=False)
class Available:
    """Hours of ``k`` positions in ``h`` months, from ``r`` replications; ``nan`` where no capacity is known.

    Attributes
    ----------
    seller_ids
        The positions, sorted.
    months
        The months, as 2027-01.
    time
        Settled hours and where they come from.
    settled
        Hours of a settled seller, shape ``(k, h)``.
    expected
        Mean hours, shape ``(k, h)``.
    low, median, high
        Hours that are reached in 90 %, half and 10 % of replications, each of shape ``(k, h)``.
    year
        Hours of the first twelve months, shape ``(r, k)``.
    lost
        By reason, mean hours that are missing from the settled ones, each of shape ``(k, h)``: ``before_start``
        (nobody yet), ``ramp`` (of who starts), ``departures`` (the empty position, and the ramp of who comes
        after), ``after_end`` (the same, after a last day that is known).
    """

    seller_ids: tuple[str, ...]
    months: tuple[str, ...]
    time: SellingTime
    settled: FloatArray
    expected: FloatArray
    low: FloatArray
    median: FloatArray
    high: FloatArray
    year: FloatArray
    lost: dict[str, FloatArray]

    def by(self, groups: Sequence[str]) -> pd.DataFrame:
        """Sum the first twelve months of positions of one group each.

        Parameters
        ----------
        groups
            Group of each position, in their order; a role or a region, say.

        Returns
        -------
        DataFrame
            A row a group, sorted: ``group``, ``positions``, ``settled``, ``expected``, ``p10``, ``p50``, ``p90``, and
            the reasons of ``lost``. Positions without a known capacity are counted and have no hours.
        """
        rows = []
        names = np.array(groups, dtype=object)
        for name in sorted(set(groups)):
            own = np.flatnonzero(names == name)
            sums = np.nansum(self.year[:, own], axis=1)
            low, median, high = np.quantile(sums, QUANTILES).tolist()
            sizes = {"settled": self.settled, "expected": self.expected, **self.lost}
            figures = {key: float(np.nansum(values[own, :YEAR])) for key, values in sizes.items()}
            rows.append(
                {"group": name, "positions": len(own), **figures, "p10": low, "p50": median, "p90": high}
            )
        return pd.DataFrame(
            rows, columns=["group", "positions", "settled", *LOSSES, "expected", "p10", "p50", "p90"]
        )

    @property
    def rows(self) -> pd.DataFrame:
        """A row a position and month, in their order, hours unless the name says otherwise."""
        k, h = self.settled.shape
        time = self.time
        whole = {
            "seller": np.repeat(np.array(self.seller_ids, dtype=object), h),
            "month": np.tile(np.array(self.months, dtype=object), k),
            "working_days": np.tile(time.working_days, k),
            "leave_days": time.leave_days.ravel(),
            "part_time": np.repeat(time.part_time, h),
            "share": np.repeat(time.share, h),
            "share_sd": np.repeat(time.share_sd, h),
            "share_source": np.repeat(np.array(time.share_source, dtype=object), h),
            "settled": self.settled.ravel(),
            **{key: values.ravel() for key, values in self.lost.items()},
            "expected": self.expected.ravel(),
            "p10": self.low.ravel(),
            "p50": self.median.ravel(),
            "p90": self.high.ravel(),
        }
        return pd.DataFrame(whole)


def available(
    scenario: Scenario, *, months: int | None = None, replications: int = 2_000, seed: int | None = None
) -> Available:
    """Draw the hours of every position.

    Parameters
    ----------
    scenario
        Its sellers, ``[capacity]``, and ramp, attrition and time to refill of ``[simulate]``.
    months
        From January of the planned year; 12 where nothing is said. A position is left at most once in them.
    replications
        How many draws.
    seed
        In place of the scenario's. The draws are those of the simulated year.
    """
    h = YEAR if months is None else months
    window = Window(scenario.settings.year * YEAR, h)
    time = selling_time(scenario, window.first, h)
    seed = scenario.settings.seed if seed is None else seed
    empty = _empty(scenario, time.seller_ids, window)
    key = keys(seed, "seller", [*time.seller_ids, ""])
    seats = seated(empty, key, 0, replications)
    share = _share(time, uniforms(key[:-1], SHARE, 0, replications))
    k = len(time.seller_ids)
    lost = {name: np.zeros((k, h)) for name in LOSSES}
    quantiles, year = np.zeros((3, k, h)), np.zeros((k, replications))
    for month in range(h):
        levels = _levels(empty, seats, month)[:-1]
        for name, part in _reasons(empty, seats, levels, month).items():
            lost[name][:, month] = time.hours[:, month] * part
        drawn = time.hours[:, [month]] * levels * share
        quantiles[:, :, month] = np.quantile(drawn, QUANTILES, axis=1)
        year += drawn if month < YEAR else 0.0
    expected = time.hours - sum(lost.values())
    low, median, high = quantiles
    return Available(
        time.seller_ids, _labels(window), time, time.hours, expected, low, median, high, year.T, lost
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Month:
    """One month of ``k`` positions in ``r`` replications, each of shape ``(k, r)``.

    ``hours`` are as those of ``available``, ``level`` is the share of a settled seller, ``seated`` says where
    somebody sits, and ``leaves`` who leaves in the month.
    """

    hours: FloatArray
    level: FloatArray
    seated: npt.NDArray[np.bool_]
    leaves: npt.NDArray[np.bool_]


def drawn_months(scenario: Scenario, months: int, replications: int, seed: int) -> Iterator[Month]:
    """Draw every month from January of the planned year on, positions in the order of their ids.

    The draws are those of ``available``, and a position's are its own, whoever else is there.
    """
    window = Window(scenario.settings.year * YEAR, months)
    time = selling_time(scenario, window.first, months)
    empty = _empty(scenario, time.seller_ids, window)
    key = keys(seed, "seller", [*time.seller_ids, ""])
    seats = seated(empty, key, 0, replications)
    share = _share(time, uniforms(key[:-1], SHARE, 0, replications))
    filled, leave = empty.filled[:-1, None], seats.leave[:-1]
    for month in range(months):
        level = _levels(empty, seats, month)[:-1]
        there = ((month >= filled) & (month < leave)) | (month >= leave + seats.empty[:-1])
        hours = np.nan_to_num(time.hours[:, [month]], posinf=0.0) * level * share
        yield Month(hours, level, there, (month == leave) & (month >= filled))


def _empty(scenario: Scenario, names: tuple[str, ...], window: Window) -> Chairs:
    """Give the positions of the simulated year, with no hours where nobody sits."""
    settings = scenario.settings
    rules = settings.simulate.model_copy(update={"vacancy": 0.0})
    settings = settings.model_copy(update={"simulate": rules})
    planned = productivity(scenario.sellers, names, settings, window=window)
    return chairs(
        np.vstack([planned, np.zeros((1, window.months))]),
        np.append(first_filled(scenario.sellers, names, window), window.months),
        np.zeros(len(names) + 1, dtype=bool),
        np.append(last_months(scenario.sellers, names, window), window.months),
        rules,
        0,
    )


def _levels(chairs: Chairs, seats: Seats, month: int) -> FloatArray:
    """Give the level of every position in a month, shape ``(k + 1, r)``."""
    since = np.clip(month - seats.leave - seats.empty + 1, 0, len(chairs.levels) - 1)
    return np.where(month < seats.leave, chairs.planned[:, [month]], chairs.levels[since])


def _reasons(chairs: Chairs, seats: Seats, levels: FloatArray, month: int) -> dict[str, FloatArray]:
    """Divide what a level lacks of 1 by its reason, as means over replications: each of shape ``(k,)``."""
    leave, due, filled = seats.leave[:-1], chairs.due[:-1, None], chairs.filled[:-1, None]
    gone = month >= leave
    known = gone & (leave == due) & (due < chairs.planned.shape[1])
    lacks: FloatArray = 1 - levels
    before = ~gone & (month < filled)
    why: dict[str, npt.NDArray[np.bool_]] = {
        "before_start": before, "ramp": ~gone & ~before, "departures": gone & ~known, "after_end": known,
    }  # fmt: skip
    return {name: np.where(mask, lacks, 0.0).mean(axis=1) for name, mask in why.items()}


def _share(time: SellingTime, uniform: FloatArray) -> FloatArray:
    """Draw each position's share of time for selling relative to its mean, shape ``(k, r)``."""
    factor = np.ones_like(uniform)
    mean = time.share
    variance = np.minimum(time.share_sd**2, MOST_OF_VARIANCE * mean * (1 - mean))
    drawn = np.flatnonzero(variance > 0)
    weight = (mean * (1 - mean))[drawn] / variance[drawn] - 1
    own = mean[drawn][:, None]
    factor[drawn] = (
        special.betaincinv(own * weight[:, None], (1 - own) * weight[:, None], uniform[drawn]) / own
    )
    return factor


def _labels(window: Window) -> tuple[str, ...]:
    months: IntArray = np.arange(window.first, window.first + window.months)
    return tuple(f"{month // YEAR:04d}-{month % YEAR + 1:02d}" for month in months.tolist())
