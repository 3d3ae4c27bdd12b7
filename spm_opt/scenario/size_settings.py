"""Headcount's settings: roles, what they cost, what limits how many there are, and when they come."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from spm_opt.scenario.frozen import Fraction, Frozen, Money
from spm_opt.scenario.workload_settings import Channel

Name = Annotated[str, Field(min_length=1)]
Count = Annotated[int, Field(ge=0, le=100_000)]


class SizeRole(Frozen):
    """Sellers of one kind: which hours they work, and what one of them costs."""

    name: Name
    """What the role is called; sellers have it by the column `role`."""
    channels: tuple[Channel, ...] = ("field",)
    """Channels whose hours the role works."""
    segments: tuple[str, ...] = ()
    """Segments whose hours the role works; without it all that no other role of its channels names."""
    cost: Money = Field(gt=0)
    """Full cost of one seller a year: pay, benefits, car, tools."""
    hire_cost: Money = 0.0
    """Cost of finding and training one."""
    leave_cost: Money = 0.0
    """Cost of giving up one position."""
    least: Count = 0
    """Fewest in every region: the minimum presence."""
    most: Count | None = None
    """Most in every region; without it no limit."""


class Response(Frozen):
    """How the sales of a segment answer to selling effort, in place of what history tells.

    The curve is that of ADBUDG (Little 1970). It is S-shaped where the elasticity is above
    (1 - without) (most - 1) / (most - without), else concave: each further hour brings less.
    """

    segment: str = ""
    """The segment; without it every segment that no entry names."""
    elasticity: float = Field(default=0.34, gt=0, le=5, allow_inf_nan=False)
    """Percent of sales for a percent of effort, at the effort of today (Albers, Mantrala and Sridhar 2010)."""
    without: float = Field(default=0.4, ge=0, lt=1, allow_inf_nan=False)
    """Share of today's sales that would come without any selling, within the year."""
    most: float = Field(default=2.0, gt=1, le=100, allow_inf_nan=False)
    """Most sales that unlimited selling would bring, in parts of today's."""
    uncertainty: float = Field(default=0.2, ge=0, le=5, allow_inf_nan=False)
    """Standard deviation of the elasticity: how sure it is, and with it the rest of the curve; 0 for certain."""


class Hiring(Frozen):
    """When people are hired: so that the year works out, at least cost."""

    probability: Fraction = 0.8
    """The chance with which each year's target is met."""
    meet: Literal["hours", "sales"] = "hours"
    """The target: the hours that the workload asks for, or the sales of the recommended headcount."""
    delay: int = Field(default=2, ge=0, le=24)
    """Months of delay whose cost is told."""


class Size(Frozen):
    """How many sellers, where and when."""

    level: Literal["region", "district"] = "region"
    """Level of the sales organisation by which headcount is decided."""
    months: int = Field(default=24, ge=1, le=60)
    """Months that are planned, from January of the planned year."""
    margin: Fraction = 0.7
    """Share of sales that is left to pay for selling and to earn: 1 less the cost of what is sold."""
    roles: tuple[SizeRole, ...] = Field(min_length=1)
    """Who sells."""
    responses: tuple[Response, ...] = ()
    """How segments answer to effort, where history does not tell or you know better."""
    budget: Money | None = None
    """Most that sellers may cost in a year, hiring included; without it no limit."""
    span: int | None = Field(default=None, ge=1, le=1_000)
    """Most sellers for one manager; without it managers are not counted."""
    manager_cost: Money = 0.0
    """Full cost of one manager a year."""
    hires_a_month: Count | None = None
    """Most hires a month, in all regions; without it no limit."""
    relocation_cost: Money | None = None
    """Cost of moving one seller to another region; without it nobody is moved."""
    hiring: Hiring = Hiring()
