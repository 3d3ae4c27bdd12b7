"""The ``[quota.over]`` part of ``scenario.toml``: over-assignment that is chosen, not given."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from spm_opt.scenario.frozen import Fraction, Frozen, Money

Chance = Annotated[float, Field(gt=0, lt=1)]
Point = tuple[
    Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)],
    Annotated[float, Field(ge=0, le=1000, allow_inf_nan=False)],
]


class Over(Frozen):
    """How much over-assignment to take at one level."""

    choose: Literal["least", "cheapest"] = "least"
    """The least hedge with which the company reaches its target at ``chance``, or of all such hedges the one
    with the least expected cost."""
    chance: Chance
    """Chance that the company reaches its target, at least."""
    level: str = "company"
    """The level whose hedge is chosen; ``hedges`` may give those of other levels."""
    most: float = Field(default=1.5, ge=1, le=3, allow_inf_nan=False)
    """Largest hedge looked at; from 1 on, every whole percent is."""
    counted: float = Field(default=1.0, ge=1, le=100, allow_inf_nan=False)
    """Most that the company counts on from a seller, in parts of the seller's quota: 1 counts no sale above a
    quota. The simulated sales do not respond to quotas; what a hedge raises is what is counted."""
    attain: Fraction = 0.0
    """Least mean chance of sellers to attain: hedges that leave them less are not taken."""
    pay: tuple[Point, ...] = Field(default=((0, 0), (1, 1), (2, 3)), min_length=2)
    """Variable pay in parts of ``target_pay`` by attainment: points, straight between them and beyond the last."""
    target_pay: Money = 1.0
    """Variable pay of each seller at quota, in currency; with 1 the cost is counted in target pays."""
    missed: Money = 0.0
    """What a missed quota costs beside, in parts of ``target_pay``: a seller who leaves over it."""

    @model_validator(mode="after")
    def _rising(self) -> Self:
        for (low, less), (high, more) in pairwise(self.pay):
            if not low < high or less > more:
                raise ValueError(
                    f"pay: [{high:g}, {more:g}] after [{low:g}, {less:g}]: attainment must rise, pay not fall"
                )
        return self
