"""Segmentation's settings: which accounts deserve which coverage, by rules, by share or by statistics."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from spm_opt.scenario.frozen import Fraction, Frozen
from spm_opt.scenario.locate import Path
from spm_opt.scenario.quota_faults import Fault, refuse

Name = Annotated[str, Field(min_length=1)]

WAYS = {
    "rules": ("rules",), "share": ("measure", "classes", "within"), "statistics": ("measures", "fewest", "most"),
}  # fmt: skip
"""Keys that count only with one way to segment."""


class Range(Frozen):
    """Numbers between two limits."""

    at_least: float | None = Field(default=None, allow_inf_nan=False)
    """The lowest number that fits; without it there is no lower limit."""
    below: float | None = Field(default=None, allow_inf_nan=False)
    """The lowest number that does not fit any more; without it there is no upper limit."""


def _kind(value: object) -> str | None:
    """Tell what a condition is by its form in the file."""
    if isinstance(value, bool):
        return "<flag>"
    if isinstance(value, str):
        return "<word>"
    if isinstance(value, list | tuple):
        return "<words>" if value else None
    return "<range>" if isinstance(value, dict | Range) else None


Condition = Annotated[
    Annotated[bool, Tag("<flag>")]
    | Annotated[str, Tag("<word>")]
    | Annotated[tuple[str, ...], Tag("<words>")]
    | Annotated[Range, Tag("<range>")],
    Discriminator(
        _kind,
        custom_error_type="condition",
        custom_error_message="should be a word, a list of words, true or false, or a range { at_least = 10, below = 20 }",
    ),
]


class Rule(Frozen):
    """A segment and what its accounts have in common."""

    segment: Name
    """The segment of accounts that fit and that no rule before took."""
    where: dict[str, Condition] = {}
    """Conditions that all hold, by column: a word, a list of words (any of them), true or false, or a range of
    numbers `{ at_least = 10, below = 20 }`. Columns are our fields, activities, `last_year` (sales), `growth` (of
    sales on the year before, 0.1 for 10 %), and any other column of the file. A rule without conditions takes every
    account that is left."""


class Segments(Frozen):
    """How accounts fall into segments; without this section they have those of their table."""

    by: Literal["rules", "share", "statistics"]
    """By rules in their order, by cumulative share of a measure, or by clusters of accounts that are alike."""
    rules: tuple[Rule, ...] = ()
    """With `by = "rules"`: the first that fits counts."""
    measure: str = "potential"
    """With `by = "share"`: the activity (or `last_year`) that accounts are ranked by."""
    classes: dict[str, Fraction] = {"A": 0.5, "B": 0.8, "C": 1.0}
    """With `by = "share"`: classes in their order, and the cumulative share of the measure up to which each goes. An
    account belongs to the class that it begins in; one with nothing belongs to the last."""
    within: str | None = None
    """With `by = "share"`: a column whose values are classed each by itself; it comes before the class in names."""
    measures: tuple[str, ...] = ()
    """With `by = "statistics"`: activities, `last_year` or `growth` that accounts are compared by; the first orders
    the segments."""
    fewest: int = Field(default=2, ge=2, le=50)
    """With `by = "statistics"`: the fewest segments tried."""
    most: int = Field(default=8, ge=2, le=50)
    """With `by = "statistics"`: the most segments tried."""
    previous: str | None = None
    """Column of the accounts with last year's segment, for what changed; without it nothing is said of that."""
    near: Fraction = 0.05
    """How near to a boundary an account counts as near, as a share of the boundary."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        refuse([*self._idle(), *self._rules(), *self._classes(), *self._clusters()])
        return self

    def _idle(self) -> list[Fault]:
        """Find keys that another way to segment would need."""
        return [
            ((name,), f'counts only with by = "{way}"')
            for way, names in WAYS.items()
            for name in names
            if way != self.by and name in self.model_fields_set
        ]

    def _rules(self) -> list[Fault]:
        if self.by != "rules":
            return []
        found: list[Fault] = [] if self.rules else [(("rules",), 'by = "rules" needs a [[segments.rules]]')]
        for i, rule in enumerate(self.rules):
            for name, one in rule.where.items():
                path: Path = ("rules", i, "where", name)
                if isinstance(one, Range):
                    found += [(path, text) for text in _range_fault(one)]
        return found

    def _classes(self) -> list[Fault]:
        if self.by != "share":
            return []
        limits = list(self.classes.values())
        if not limits or limits[-1] != 1:
            return [(("classes",), "the last class should go up to 1: every account needs one")]
        names = list(self.classes)
        return [
            (("classes", names[i]), f"should be above {limits[i - 1]:g}, where class {names[i - 1]} ends")
            for i in range(1, len(limits))
            if limits[i] <= limits[i - 1]
        ]

    def _clusters(self) -> list[Fault]:
        if self.by != "statistics":
            return []
        found: list[Fault] = [] if self.measures else [(("measures",), "name at least one measure")]
        found += [
            (("measures", i), f"{name!r} is named twice")
            for i, name in enumerate(self.measures)
            if name in self.measures[:i]
        ]
        if self.most < self.fewest:
            found.append((("most",), f"should be at least fewest, {self.fewest}"))
        return found


def _range_fault(one: Range) -> list[str]:
    if one.at_least is None and one.below is None:
        return ["give at_least, below, or both"]
    if one.at_least is not None and one.below is not None and one.at_least >= one.below:
        return [f"at_least ({one.at_least:g}) should be less than below ({one.below:g}): no number fits"]
    return []
