"""Overlays' settings: specialists, technical sellers and managers over the territories."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from spm_opt.criteria import AnyCriterion
from spm_opt.scenario.frozen import Frozen

Name = Annotated[str, Field(min_length=1)]


class Overlay(Frozen):
    """A layer of positions over the territories, or over an earlier layer."""

    name: Name
    """What its positions are called; they are numbered (`Specialist East 1`)."""
    over: str = ""
    """The layer below: an overlay listed before, or without it the territories."""
    ratio: float | None = Field(default=None, ge=1, le=10_000, allow_inf_nan=False)
    """Units (territories, or positions of the layer below) for one position: every group has its units by this,
    rounded up, and no position has more than this, rounded up."""
    positions: int | None = Field(default=None, ge=1, le=100_000)
    """Number of positions, in place of a ratio; groups share them in proportion to their units."""
    within: Literal["district", "region"] | None = None
    """Level of the sales organisation that no position crosses. Every group is then solved by itself, and balance
    compares the positions of a group."""
    today: Literal["manager", "district", "region"] | None = None
    """Column of the sellers that says who has each territory today in this layer: positions take these names,
    and disruption counts against them."""
    criteria: tuple[AnyCriterion, ...] = ()
    """Rules and aims of the layer: balance, contiguity, dispersion, disruption (with `today`), limits and segments,
    by activities of the scenario or by `number`, the count of units. Without any, the first activity is balanced
    (a point for each percent) and travel weighted by it kept short (a point for each 10 km)."""

    @model_validator(mode="after")
    def _sized(self) -> Self:
        if (self.ratio is None) == (self.positions is None):
            raise ValueError("give ratio or positions, one of the two")
        return self
