"""The simulated year's settings: rates used where history is too thin, and what no table tells."""

from __future__ import annotations

from itertools import pairwise

from pydantic import Field, field_validator

from spm_opt.scenario.frozen import Fraction, Frozen


class Handover(Frozen):
    """What a change of hands does to an account's sales of the year after.

    At one Fortune 500 firm customers bought 13 to 17 % less in the year after a change of seller; other
    studies found accounts that a new seller revived. So the loss is a distribution: its mean is uncertain,
    and accounts differ around it, some of them gaining.
    """

    loss: float = Field(default=0.15, ge=-1, le=1, allow_inf_nan=False)
    """Mean share of an account's sales that is lost in the year after it gets another seller."""
    uncertainty: float = Field(default=0.03, ge=0, le=1, allow_inf_nan=False)
    """Standard deviation of that mean: how sure it is."""
    spread: float = Field(default=0.15, ge=0, le=1, allow_inf_nan=False)
    """Standard deviation of single accounts around the mean; with 0.15 one of six gains."""


class Simulation(Frozen):
    """The simulated year. Rates are estimated from history where there is enough, else these are used."""

    replications: int = Field(default=10_000, ge=1, le=1_000_000)
    """Number of simulated years."""
    revenue: str = "revenue"
    """Activity that holds last year's sales of an account, for accounts without history."""
    potential: str = "potential"
    """Activity that holds what an account could buy in a year; without it there is no new business beyond
    the pipeline."""
    workload: str = "workload"
    """Activity that is held against sellers' capacity: who has more work than time sells less."""
    churn: Fraction = 0.05
    """Share of accounts lost in a year, where history is too thin."""
    growth: float = Field(default=0.03, gt=-1, lt=10, allow_inf_nan=False)
    """Mean growth of an account that stays, where history is too thin."""
    growth_spread: float = Field(default=0.25, ge=0, le=3, allow_inf_nan=False)
    """Standard deviation of the logarithm of that growth, where history is too thin."""
    new_business: Fraction = 0.04
    """Share of the accounts without sales that begin to buy in a year, where history is too thin."""
    first_purchase: Fraction = 0.1
    """Mean share of its potential that such an account buys in its first year, where history is too thin."""
    first_purchase_spread: float = Field(default=0.8, ge=0, le=3, allow_inf_nan=False)
    """Standard deviation of the logarithm of that share, where history is too thin."""
    elasticity: Fraction = 0.34
    """Diminishing returns: selling brings effort to this power (0.34 is the mean of a meta-analysis of
    personal selling elasticities, Albers, Mantrala and Sridhar 2010)."""
    win_rates: dict[str, Fraction] = {}
    """Probability that an open opportunity is won, by stage in the order of stages; every stage of the
    pipeline needs one. Closed opportunities, where given, count beside it."""
    delay: float = Field(default=1.0, ge=0, le=24, allow_inf_nan=False)
    """Mean months by which deals close later than expected, where closed opportunities do not tell."""
    company_shock: float = Field(default=0.03, ge=0, le=3, allow_inf_nan=False)
    """Spread of the shock that all accounts share (standard deviation of its logarithm)."""
    segment_shock: float = Field(default=0.02, ge=0, le=3, allow_inf_nan=False)
    """Spread of the shock that all accounts of a segment share."""
    market_shock: float = Field(default=0.06, ge=0, le=3, allow_inf_nan=False)
    """Spread of the shock that all accounts of a market share, where history is too thin."""
    seller_shock: float = Field(default=0.10, ge=0, le=3, allow_inf_nan=False)
    """Spread of what all accounts of a seller share, skill and luck together, where history is too thin."""
    skill: Fraction = 0.5
    """Part of that spread (of its variance) that is skill and stays with the seller, where history is too thin;
    the rest is one year's luck."""
    attrition: float = Field(default=0.2, ge=0, lt=1, allow_inf_nan=False)
    """Share of sellers who leave within a year (surveys say at least 20 %)."""
    refill: float = Field(default=3.0, ge=1, le=36, allow_inf_nan=False)
    """Mean months until a position that was left is filled again."""
    ramp: tuple[Fraction, ...] = (0.2, 0.4, 0.6, 0.8, 0.9)
    """Share of full productivity in each month after the start, never falling; full from then on (Bridge Group 2024,
    over 400 firms: 5 months in the median)."""
    vacancy: Fraction = 0.5
    """Share of full productivity while a position is not filled."""
    handover: Handover = Handover()

    @field_validator("ramp")
    @classmethod
    def _ramp_rises(cls, ramp: tuple[float, ...]) -> tuple[float, ...]:
        falls = next((month for month, (one, other) in enumerate(pairwise(ramp), 2) if other < one), 0)
        if falls:
            raise ValueError(
                f"a ramp does not fall: {ramp[falls - 1]:g} in month {falls} after {ramp[falls - 2]:g}"
            )
        return ramp
