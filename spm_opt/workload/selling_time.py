"""Selling time: the hours that a settled seller has for customers, month by month.

    hours = (working days - leave) x hours a day x part time x share of hours that count

Ramp, departures, starts and ends are not in them: those belong to who sits in the position, and to the
simulated year (`spm_opt.capacity.available` puts both together).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

import numpy as np
import pandas as pd

from spm_opt.problem import FloatArray
from spm_opt.scenario.capacity_settings import Capacity, Weekday
from spm_opt.scenario.scenario import Scenario
from spm_opt.workload.time_sheets import TEAM_HOURS, Sheets, drawn_share, sheets

YEAR = 12
OWN, TEAM, COLUMN = "time sheets", "time sheets of the others", "capacity column"


@dataclass(frozen=True, eq=False)
class SellingTime:
    """Hours for customers of ``k`` positions in ``h`` months, each with a settled seller.

    Attributes
    ----------
    seller_ids
        The positions, sorted.
    first
        First month, counted from the year 0: year x 12 + month - 1.
    working_days
        Days of each month that are neither weekend nor holiday, shape ``(h,)``.
    leave_days
        Of those, days that each seller is away, shape ``(k, h)``.
    part_time
        Share of full time, shape ``(k,)``.
    share
        Share of working hours that counts as selling time, shape ``(k,)``; ``nan`` where the capacity is a column.
    share_sd
        How unsure that share is in a year (standard deviation), shape ``(k,)``.
    share_source
        Where each share comes from: ``time sheets``, ``time sheets of the others``, ``scenario``, ``default``, or
        ``capacity column``.
    hours
        Shape ``(k, h)``; ``nan`` where nothing says how many.
    """

    seller_ids: tuple[str, ...]
    first: int
    working_days: FloatArray
    leave_days: FloatArray
    part_time: FloatArray
    share: FloatArray
    share_sd: FloatArray
    share_source: tuple[str, ...]
    hours: FloatArray


def selling_time(scenario: Scenario, first: int | None = None, months: int = YEAR) -> SellingTime:
    """Work out the selling time of every position.

    Parameters
    ----------
    scenario
        Its ``[capacity]``, sellers and time sheets. Without ``[capacity]`` the capacity column counts, spread over
        a year as working days are.
    first
        First month, counted from the year 0; January of the planned year where nothing is said. Time sheets count
        up to then, at most up to the planned year.
    months
        How many.
    """
    rules, year = scenario.settings.capacity, scenario.settings.year
    first = year * YEAR if first is None else first
    sellers = scenario.sellers.sort_values("id", kind="stable")
    days = working_days(rules or Capacity(), year, first, months)
    if rules is None:
        return _of_column(sellers, days, first, months, year)
    away = _leave(rules, sellers, year, first, months)
    part_time = sellers["part_time"].to_numpy(dtype=float)
    there = (days - away) * rules.hours_a_day * part_time[:, None]
    names = tuple(sellers["id"].tolist())
    known = sheets(scenario, rules.counted, before=min(first, year * YEAR))
    a_year = there[:, :YEAR].sum(axis=1) * YEAR / min(months, YEAR)
    share, spread, source = _shares(rules, known, names, a_year)
    return SellingTime(
        names, first, days, away, part_time, share, spread, source, there * share[:, None]
    )  # fmt: skip


def working_days(rules: Capacity, year: int, first: int, months: int) -> FloatArray:
    """Count the days of each month that are neither weekend nor holiday, shape ``(months,)``.

    A year that none of the holidays lies in loses as many days in each month as the planned year does.
    """
    month = np.arange(first, first + months + 1)
    day = (month - 1970 * YEAR).astype("datetime64[M]").astype("datetime64[D]")
    mask = [name not in rules.weekend for name in get_args(Weekday)]
    every = np.busday_count(day[:-1], day[1:], weekmask=mask)
    holidays = np.array(rules.holidays, dtype="datetime64[D]")
    days = np.busday_count(day[:-1], day[1:], weekmask=mask, holidays=holidays).astype(float)
    told = np.unique([one.year for one in rules.holidays])
    untold = ~np.isin(month[:-1] // YEAR, told) & np.isin(year, told)
    if untold.any():
        planned = _lost(rules, mask, year)
        days = np.where(untold, np.maximum(every - planned[month[:-1] % YEAR], 0), days)
    return np.asarray(days, dtype=float)


def _lost(rules: Capacity, mask: list[bool], year: int) -> FloatArray:
    """Count the working days that holidays take from each month of a year, shape ``(12,)``."""
    day = np.arange(f"{year:04d}-01", f"{year + 1:04d}-02", dtype="datetime64[M]")[: YEAR + 1].astype(
        "datetime64[D]"
    )
    holidays = np.array(rules.holidays, dtype="datetime64[D]")
    every = np.busday_count(day[:-1], day[1:], weekmask=mask)
    return np.asarray(every - np.busday_count(day[:-1], day[1:], weekmask=mask, holidays=holidays), float)


def leave_wanted(rules: Capacity, leave: FloatArray, year: int, first: int, months: int) -> FloatArray:
    """Spread days of leave a year over months, shape ``(k, months)``; more than a month has may come out."""
    start = first - first % YEAR
    span = -(-(first + months - start) // YEAR) * YEAR
    weight = np.tile(np.array(rules.leave_by_month, dtype=float), span // YEAR)
    if not len(weight):
        weight = working_days(rules, year, start, span)
    weight = weight.reshape(-1, YEAR)
    total = weight.sum(axis=1, keepdims=True)
    part = np.divide(weight, total, out=np.zeros_like(weight), where=total > 0).ravel()
    return np.asarray(leave[:, None] * part[first - start : first - start + months])


def _leave(rules: Capacity, sellers: pd.DataFrame, year: int, first: int, months: int) -> FloatArray:
    wanted = leave_wanted(rules, days_of_leave(rules, sellers), year, first, months)
    return np.minimum(wanted, working_days(rules, year, first, months))


def days_of_leave(rules: Capacity, sellers: pd.DataFrame) -> FloatArray:
    """Give each seller's days of leave a year, the scenario's where the table has none; shape ``(k,)``."""
    own = sellers["leave"].to_numpy(dtype=float)
    return np.where(np.isnan(own), rules.leave, own)


def _shares(
    rules: Capacity, known: Sheets | None, names: tuple[str, ...], a_year: FloatArray
) -> tuple[FloatArray, FloatArray, tuple[str, ...]]:
    """Give each position's share, how unsure it is, and where it comes from.

    A year of ``H`` hours varies by ``noise / H`` around its seller's share, which ``n`` hours of time sheets leave
    unsure by ``noise / (n + team_hours)``, and by as much as it was drawn away from what they say. A seller
    without any may be anybody of the team.
    """
    count, spread = len(names), rules.selling_share_spread
    if known is None or known.team <= 0:
        source = "scenario" if "selling_share" in rules.model_fields_set else "default"
        return np.full(count, rules.selling_share), np.full(count, spread), (source,) * count
    noise = TEAM_HOURS * spread**2 if np.isnan(known.noise) else known.noise
    weight = max(rules.team_hours, 1e-9)
    between = spread**2 if np.isnan(known.between) else known.between
    told = [known.own.get(name, (known.team, 0.0)) for name in names]
    said, own = np.array(told).reshape(-1, 2).T
    share = np.array([drawn_share(*one, known.team, weight) for one in told])
    unsure = np.where(own > 0, noise / (own + weight) + (share - said) ** 2, between)
    year = np.divide(noise, a_year, out=np.zeros(count), where=a_year > 0)
    return share, np.sqrt(unsure + year), tuple(OWN if hours > 0 else TEAM for hours in own)


def _of_column(sellers: pd.DataFrame, days: FloatArray, first: int, months: int, year: int) -> SellingTime:
    """Spread the capacity of the sellers' table over months as working days are."""
    start = first - first % YEAR
    span = -(-(first + months - start) // YEAR) * YEAR
    whole = working_days(Capacity(), year, start, span).reshape(-1, YEAR).sum(axis=1).repeat(YEAR)
    capacity, count = sellers["capacity"].to_numpy(dtype=float), len(sellers)
    capacity = np.where(np.isfinite(capacity), capacity, np.nan)
    return SellingTime(
        seller_ids=tuple(sellers["id"].tolist()),
        first=first,
        working_days=days,
        leave_days=np.zeros((count, months)),
        part_time=sellers["part_time"].to_numpy(dtype=float),
        share=np.full(count, np.nan),
        share_sd=np.zeros(count),
        share_source=(COLUMN,) * count,
        hours=capacity[:, None] * (days / whole[first - start : first - start + months]),
    )
