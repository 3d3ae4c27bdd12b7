"""Accounts with their segments, whatever way they came to them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from spm_opt.problem import BoolArray, IntArray
from spm_opt.scenario.findings import Finding

WHOLE = 100
"""From here on numbers are written without decimals."""


@dataclass(frozen=True, eq=False)
class Assigned:
    """A segment for each of ``a`` accounts.

    Attributes
    ----------
    names
        The segments, in the order in which they are shown.
    number
        Each account's segment as a place in ``names``, ``NONE`` where it has none, shape ``(a,)``.
    near
        Accounts near to a boundary, shape ``(a,)``.
    reasons
        Says of accounts, given by their places, why they are in their segment.
    descriptions
        What each segment's accounts have in common, in the order of ``names``.
    findings
        What was found wrong or odd.
    stability
        A row a number of segments that was tried; ``None`` where the number was given.
    """

    names: tuple[str, ...]
    number: IntArray
    near: BoolArray
    reasons: Callable[[IntArray], list[str]]
    descriptions: tuple[str, ...]
    findings: tuple[Finding, ...] = ()
    stability: pd.DataFrame | None = None


def figure(value: float) -> str:
    """Write a number as a planner reads it.

    >>> figure(230114.4), figure(12.345), figure(float("nan"))
    ('230,114', '12.3', 'nothing')
    """
    if math.isnan(value):
        return "nothing"
    return f"{value:,.0f}" if abs(value) >= WHOLE else f"{value:.3g}"
