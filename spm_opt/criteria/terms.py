"""The words a criterion speaks: terms for the model, a measure for a finished plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol

import numpy as np
from pydantic import BaseModel, ConfigDict, Field
from scipy import sparse

from spm_opt.problem import BoolArray, FloatArray, IntArray, Problem

HOLDS_WITHIN = 1e-9
"""Relative tolerance below which a limit counts as kept: what sums of floating-point numbers lose."""


@dataclass(frozen=True, eq=False)
class Rows:
    """Linear limits ``lower <= matrix @ x <= upper`` on the arcs that a plan uses.

    Attributes
    ----------
    matrix
        Coefficients, shape ``(r, a)`` over the problem's arcs.
    lower, upper
        Limits, shape ``(r,)``, infinite where there is none.
    price
        What a unit of violation adds to the criterion's value; ``inf`` makes the rows hard.
    labels
        What each row is about, usually a territory's id.
    """

    matrix: sparse.csr_array
    lower: FloatArray
    upper: FloatArray
    price: float
    labels: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Terms:
    """What a criterion says to the model.

    Attributes
    ----------
    cost
        What each arc adds to the criterion's value, shape ``(a,)``, or ``None``.
    constant
        What the value has in any case.
    rows
        Hard limits and priced ones.
    contiguous
        Whether the geographic units of each territory must hang together.
    together
        For each unit the label of the units it moves with, shape ``(n,)``, or ``None``.
    """

    cost: FloatArray | None = None
    constant: float = 0.0
    rows: tuple[Rows, ...] = ()
    contiguous: bool = False
    together: IntArray | None = None


@dataclass(frozen=True)
class Breach:
    """One place where a plan breaks a hard rule."""

    subject: str
    amount: float
    text: str


@dataclass(frozen=True, eq=False)
class Measure:
    """What a criterion says of a finished alignment.

    Attributes
    ----------
    title
        The criterion in words (``"balance of workload"``).
    value
        Its figure for the whole plan, the same that the model minimises when it is an aim.
    unit
        Measurement unit of the value.
    limit
        The hard rule in words, empty where there is none.
    breaches
        Where the hard rule is broken; none when it holds.
    local
        Columns for the table of territories, each of shape ``(k,)``.
    """

    title: str
    value: float
    unit: str
    limit: str = ""
    breaches: tuple[Breach, ...] = ()
    local: Mapping[str, FloatArray] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def holds(self) -> bool:
        """Whether the hard rule, if there is one, is kept."""
        return not self.breaches


@dataclass(frozen=True)
class Reference:
    """A name in a criterion's settings that must exist in the scenario's tables."""

    kind: str
    name: str
    key: str


class Settings(BaseModel):
    """Keys that every criterion has."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    weight: float = Field(0.0, ge=0, allow_inf_nan=False)
    """Points that one unit of the criterion's value costs; 0 makes it a rule only."""
    priority: int = Field(1, ge=1, le=9)
    """Aims of priority 1 are settled first, and later ones never spoil them."""

    def removed(self, problem: Problem) -> BoolArray | None:  # noqa: ARG002
        """Take away no arcs; a criterion that excludes pairs says otherwise."""
        return None


class Criterion(Protocol):
    """What an alignment is judged by, for the model and for a finished plan."""

    @property
    def kind(self) -> str:
        """Name in ``scenario.toml``."""

    @property
    def weight(self) -> float:
        """Points that one unit of the value costs."""

    @property
    def priority(self) -> int:
        """Place in the order of aims."""

    def title(self) -> str:
        """Name the criterion in words."""

    def references(self) -> tuple[Reference, ...]:
        """Names that must exist in the tables."""

    def removed(self, problem: Problem) -> BoolArray | None:
        """Mark the arcs that no plan may use, shape ``(a,)``; ``None`` where there are none."""

    def terms(self, problem: Problem) -> Terms:
        """Say the criterion to the model, on arcs from which ``removed`` has taken its own."""

    def judge(self, problem: Problem, territory: IntArray, center: FloatArray) -> Measure:
        """Say what the criterion means for a finished alignment.

        Parameters
        ----------
        problem
            The problem, uncontracted.
        territory
            Territory of each unit or ``NONE``, shape ``(n,)``.
        center
            Point that each territory is measured to, shape ``(k, 2)``.
        """


def per_territory(problem: Problem, amount: FloatArray) -> sparse.csr_array:
    """Lay ``amount`` of each arc (shape ``(a,)``) into the row of its territory; shape ``(k, a)``."""
    count = len(amount)
    at = (problem.arcs.territory, np.arange(count))
    return sparse.csr_array((amount, at), shape=(problem.k, count))


def scaled(matrix: sparse.csr_array, scale: FloatArray) -> sparse.csr_array:
    """Multiply each row of ``matrix`` (shape ``(r, a)``) by its ``scale`` (shape ``(r,)``)."""
    return sparse.csr_array(sparse.diags_array(scale) @ matrix)
