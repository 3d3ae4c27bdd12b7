"""Selling capacity's settings: the hours that a seller has for customers, month by month."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, field_validator

from spm_opt.scenario.frozen import Fraction, Frozen, NotEmpty

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
Part = Annotated[float, Field(ge=0, allow_inf_nan=False)]
DAYS, MONTHS = 7, 12
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
    leave_by_month: tuple[Part, ...] = ()
    """Parts of that leave by month from January, in any unit (12 numbers); without it as working days are."""
    selling_share: float = Field(default=0.65, gt=0, le=1, allow_inf_nan=False)
    """Share of working hours that goes into what the workload counts, where time sheets do not tell."""
    selling_share_spread: Fraction = 0.08
    """Standard deviation of that share between sellers, where time sheets do not tell."""
    counted: Annotated[tuple[Category, ...], NotEmpty] = ("prospecting", "selling", "travel")
    """Categories of time sheets that the workload counts."""
    team_hours: float = Field(default=100.0, ge=0, le=1e6, allow_inf_nan=False)
    """Hours of the team's share that count beside the hours in a seller's own time sheets: few, and each seller has its
    own share; very many, and all plan with the team's."""

    @field_validator("weekend")
    @classmethod
    def _some_day_is_left(cls, weekend: tuple[Weekday, ...]) -> tuple[Weekday, ...]:
        if len(set(weekend)) == DAYS:
            raise ValueError("names every day of the week, so that nobody ever works")
        return weekend

    @field_validator("leave_by_month")
    @classmethod
    def _every_month_has_a_part(cls, parts: tuple[float, ...]) -> tuple[float, ...]:
        if parts and len(parts) != MONTHS:
            raise ValueError(f"should have 12 numbers, one a month from January (found {len(parts)})")
        if parts and not sum(parts) > 0:
            raise ValueError("should not be 0 in every month")
        return parts
