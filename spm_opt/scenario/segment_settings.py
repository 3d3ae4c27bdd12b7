"""Segmentation's settings: which accounts deserve which coverage, by rules, by share or by statistics."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from spm_opt.scenario.frozen import Fraction, Frozen

Name = Annotated[str, Field(min_length=1)]


class Range(Frozen):
    """Numbers between two limits."""

    at_least: float | None = Field(default=None, allow_inf_nan=False)
    """The lowest number that fits; without it there is no lower limit."""
    below: float | None = Field(default=None, allow_inf_nan=False)
    """The lowest number that does not fit any more; without it there is no upper limit."""


Condition = bool | str | tuple[str, ...] | Range


class Rule(Frozen):
    """A segment and what its accounts have in common."""

    segment: Name
    """The segment of accounts that fit and that no rule before took."""
    where: dict[str, Condition] = {}
    """Conditions that all hold, by column: a word, a list of words, true or false, or a range of numbers
    `{ at_least = 10, below = 20 }`. A rule without conditions takes every account that is left."""


class Segments(Frozen):
    """How accounts fall into segments; without this section they have those of their table."""

    by: Literal["rules", "share", "statistics"]
    """By rules in their order, by cumulative share of a measure, or by clusters of accounts that are alike."""
    rules: tuple[Rule, ...] = ()
    """With `by = "rules"`: the first that fits counts."""
    measure: str = "potential"
    """With `by = "share"`: the activity (or `last_year`) that accounts are ranked by."""
    classes: dict[str, Fraction] = {"A": 0.5, "B": 0.8, "C": 1.0}
    """With `by = "share"`: classes in their order, and the cumulative share of the measure up to which each goes."""
    within: str | None = None
    """With `by = "share"`: a column whose values are classed each by itself; it comes before the class in names."""
    measures: tuple[str, ...] = ()
    """With `by = "statistics"`: activities, `last_year` or `growth` that accounts are compared by."""
    fewest: int = Field(default=2, ge=2, le=50)
    """With `by = "statistics"`: the fewest segments tried."""
    most: int = Field(default=8, ge=2, le=50)
    """With `by = "statistics"`: the most segments tried."""
    previous: str = "segment"
    """Column of the accounts with last year's segment, for what changed."""
    near: Fraction = 0.05
    """How near to a boundary an account counts as near, as a share of the boundary."""
