"""A compensation plan, ``compensation.toml``, as frozen models: every key, with its default."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, ValidationInfo, field_validator, model_validator

from spm_opt.scenario.frozen import Fraction, Frozen, Money
from spm_opt.scenario.pay_faults import (
    component_faults,
    components_faults,
    draw_faults,
    mix_faults,
    role_faults,
    spiff_faults,
    spiffs_faults,
)
from spm_opt.scenario.quota_faults import refuse

Name = Annotated[str, Field(min_length=1)]
Part = Annotated[float, Field(ge=0, le=1e15, allow_inf_nan=False)]
"""Of a quota, of target pay or of sales; what is too much is a fault among others, found with them at once."""
REVENUE = "revenue"
"""The measure that the simulated year has."""


class Mix(Frozen):
    """Target pay in its two parts."""

    salary: Fraction
    """Share that is paid whatever is sold."""
    variable: Fraction
    """Share that is paid for results, in full at target; both sum to 1."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        refuse(mix_faults(self))
        return self


class Role(Frozen):
    """Sellers with the same target pay and mix."""

    name: Name
    """What the role is called in this file and in statements."""
    target_pay: Money
    """Pay of a full year at target, salary and variable, in currency. A seller who is there for a part of the
    year has the share of the months (the month of the start counts whole); a vacant position is paid nothing."""
    mix: Mix
    """Shares of salary and variable in target pay."""
    individual: dict[str, Money] = {}
    """Target pay of single sellers, in place of the role's."""
    sellers: tuple[str, ...] = ()
    """Positions that have this role."""
    districts: tuple[str, ...] = ()
    """Districts whose sellers have it, unless named elsewhere."""
    regions: tuple[str, ...] = ()
    """Regions whose sellers have it, unless named elsewhere. A role that names nobody is for all others."""
    cap: Part | None = None
    """Most pay for all components of a year together, in parts of variable target pay. Without it, no limit."""


class Tier(Frozen):
    """A stretch of attainment (or of sales) and what it pays."""

    model_config = ConfigDict(populate_by_name=True)

    low: Part = Field(alias="from")
    """Where the tier begins: 1.0 is the quota (with ``tiers_by = "amount"``, currency)."""
    high: Part | None = Field(default=None, alias="to")
    """Where it ends; without it where the next begins, and the last never."""
    rate: Part = 0.0
    """Parts of target pay for each part of quota: 1 pays 1 % of target pay for each 1 % of quota, above 1
    accelerates, below 1 decelerates, 0 stands still. For a commission the share of sales that is paid: 0.03
    for 3 %."""
    pay: Part | None = None
    """Pay where the tier begins, in parts of target pay: a step (``{from = 1.0, pay = 1.0}``). Without it, it
    goes on where the tier below ends."""


class Component(Frozen):
    """One thing that is paid for."""

    name: Name
    """What it is called in statements."""
    kind: Literal["attainment", "commission"] = "attainment"
    """Target pay by attainment of quota, or a share of sales."""
    measure: Name = REVENUE
    """What is measured: "revenue", which is simulated, or a measure of the table of actual results."""
    product: str | None = None
    """The product that counts; without it all do."""
    of: Name = "seller"
    """Whose result counts: the own ("seller"), or that of the seller's "district", "region", "company" or
    another level of the organisation. A team's quota is its own, without over-assignment."""
    weight: Part | None = None
    """Share of variable target pay; those of every role sum to 1. A commission pays by its rate all the same: its
    weight says what it is meant to pay at quota; without one it is paid on top."""
    roles: tuple[str, ...] = ()
    """Roles that have it; without it all do."""
    basis: Literal["period", "year_to_date", "year"] = "year_to_date"
    """What is set against what: each period's result against its quota, by itself; the result since January
    against the quota since January, less what was paid before; or the result since January against the quota
    of the whole year, less what was paid before."""
    threshold: Part | None = None
    """Attainment below which nothing is paid. Once it is reached, all tiers count from the first."""
    tiers_by: Literal["attainment", "amount"] = "attainment"
    """Whether the tiers of a commission are in parts of quota or in currency."""
    tiers: tuple[Tier, ...]
    """Tiers from the lowest up, each beginning where the one before ends."""
    cap: Part | None = None
    """Most pay, in parts of its target pay."""
    claw_back: bool = False
    """Whether what was paid too much earlier in the year is taken back; otherwise it is only set off against
    what this component earns later."""
    may_fall: bool = False
    """Whether a tier may begin below where the one before ends, so that pay falls as results rise."""

    @model_validator(mode="after")
    def _sound(self) -> Self:
        refuse(component_faults(self))
        return self


class Spiff(Frozen):
    """A special payment for a product in some periods."""

    name: Name
    """What it is called in statements."""
    measure: Name = REVENUE
    """As in components."""
    product: str | None = None
    """The product that counts; without it all do."""
    periods: tuple[str, ...]
    """Periods in which it is paid, each by itself: 2027-Q2, 2027-04 or 2027."""
    rate: Part | None = None
    """Share of sales that is paid: 0.01 for 1 %. Or give ``amount``."""
    amount: Money | None = None
    """Amount in currency that is paid for each period in which the goal is met."""
    goal: Part | None = None
    """Attainment of the period's quota from which it is paid; without it, any result is."""
    cap: Money | None = None
    """Most that a seller gets in the year, in currency."""
    roles: tuple[str, ...] = ()
    """Roles that have it; without it all do."""

    @model_validator(mode="after")
    def _sound(self) -> Self:
        refuse(spiff_faults(self))
        return self


class Draw(Frozen):
    """An advance: the least that the components pay a seller in a period."""

    roles: tuple[str, ...] = ()
    """Roles that have it; without it all do."""
    amount: Money
    """The least, in currency for each period of pay; months in which the position is not filled do not count."""
    recovery: Literal["recoverable", "non_recoverable"]
    """Whether the advance is taken from what later periods earn beyond the draw, or kept."""
    periods: tuple[str, ...] = ()
    """Periods of pay in which there is a draw; without it all."""
    months_after_start: int | None = Field(default=None, ge=1, le=36)
    """Only in periods that begin within so many months of the seller's start."""


class CompensationPlan(Frozen):
    """A whole compensation plan."""

    name: Name
    """What the plan is called."""
    currency: str
    """Currency of all amounts, that of the scenario."""
    periods: Literal["year", "quarter", "month"] = "quarter"
    """How often it is paid. A month of the simulated year has its share of the quarter by the season."""
    roles: tuple[Role, ...]
    """Who is paid what at target, a ``[[roles]]`` each."""
    components: tuple[Component, ...]
    """What is paid for, a ``[[components]]`` each."""
    spiffs: tuple[Spiff, ...] = ()
    """Special payments, a ``[[spiffs]]`` each."""
    draws: tuple[Draw, ...] = ()
    """Advances, a ``[[draws]]`` each."""

    @property
    def measured(self) -> tuple[Component | Spiff, ...]:
        """All that is paid by a measure."""
        return (*self.components, *self.spiffs)

    @field_validator("roles")
    @classmethod
    def _roles_apart(cls, roles: tuple[Role, ...]) -> tuple[Role, ...]:
        refuse(role_faults(roles))
        return roles

    @field_validator("components")
    @classmethod
    def _components_whole(
        cls, components: tuple[Component, ...], known: ValidationInfo
    ) -> tuple[Component, ...]:
        refuse(components_faults(components, known.data.get("roles")))
        return components

    @field_validator("spiffs")
    @classmethod
    def _spiffs_sound(cls, spiffs: tuple[Spiff, ...], known: ValidationInfo) -> tuple[Spiff, ...]:
        refuse(spiffs_faults(spiffs, known.data.get("components", ()), known.data.get("roles")))
        return spiffs

    @field_validator("draws")
    @classmethod
    def _draws_sound(cls, draws: tuple[Draw, ...], known: ValidationInfo) -> tuple[Draw, ...]:
        refuse(draw_faults(draws, known.data.get("roles")))
        return draws
