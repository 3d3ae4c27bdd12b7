"""Overlays' settings: specialists, technical sellers and managers over the territories."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from spm_opt.criteria import AnyCriterion
from spm_opt.scenario.frozen import Frozen

Name = Annotated[str, Field(min_length=1)]


class Overlay(Frozen):
    """A layer of positions over the territories, or over an earlier layer."""

    name: Name
    """What its positions are called; they are numbered."""
    over: str = ""
    """The layer below: an overlay listed before, or without it the territories."""
    ratio: float | None = Field(default=None, ge=1, le=10_000, allow_inf_nan=False)
    """Positions of the layer below for one of this layer, rounded up in every group."""
    positions: int | None = Field(default=None, ge=1, le=100_000)
    """Number of positions, in place of a ratio."""
    within: Literal["district", "region"] | None = None
    """Level of the sales organisation that no position of the layer crosses."""
    criteria: tuple[AnyCriterion, ...] = ()
    """Rules and aims of the layer, by activities of the scenario."""
