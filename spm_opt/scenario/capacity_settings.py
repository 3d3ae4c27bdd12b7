"""Selling capacity's settings: the hours that a seller has for customers, month by month."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field

from spm_opt.scenario.frozen import Fraction, Frozen

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
Category = Literal["prospecting", "selling", "administration", "travel", "other"]


class Capacity(Frozen):
    """Hours that a seller has; without this section they are a column that somebody typed.

    Ramp, departures and time to refill are those of `[simulate]`.
    """

    hours_a_day: float = Field(default=8.0, gt=0, le=24, allow_inf_nan=False)
    """Working hours of a full day."""
    weekend: tuple[Weekday, ...] = ("saturday", "sunday")
    """Days of the week on which nobody works."""
    holidays: tuple[date, ...] = ()
    """Days of the year on which nobody works."""
    leave: float = Field(default=20.0, ge=0, le=366, allow_inf_nan=False)
    """Working days a year that a seller is away: leave, illness, training."""
    leave_by_month: tuple[float, ...] = ()
    """Parts of that leave by month from January, in any unit (12 numbers); without it as working days are."""
    selling_share: Fraction = 0.65
    """Share of working hours that goes into what the workload counts, where time sheets do not tell."""
    selling_share_spread: Fraction = 0.08
    """Standard deviation of that share between sellers, where time sheets do not tell."""
    counted: tuple[Category, ...] = ("prospecting", "selling", "travel")
    """Categories of time sheets that the workload counts."""
