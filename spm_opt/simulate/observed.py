"""Accounts seen in two windows a year apart, and the groups that they belong to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from spm_opt.problem import FloatArray, IntArray
from spm_opt.scenario.simulate_settings import Simulation
from spm_opt.simulate.history import Pair

ENOUGH = 30
"""Accounts to observe before history replaces the scenario's rates."""
ROBUST_LIMIT = 5.0
"""Robust standard deviations from the median beyond which a growth is drawn in."""
NARROWEST = 0.1
"""Least distance of that limit from the median, in logarithms: about 10 % of growth."""


@dataclass(frozen=True, eq=False)
class Groups:
    """Where accounts belong, each of shape ``(a,)``: segment, market, and today's seller (-1 for none)."""

    segment: IntArray
    market: IntArray
    seller: IntArray
    segments: int
    markets: int
    sellers: int


@dataclass(frozen=True, eq=False)
class Seen:
    """Accounts with sales in both windows of a pair: which, of which pair, and the logarithm of growth."""

    account: IntArray
    pair: IntArray
    log: FloatArray
    pairs: int


def stated(settings: Simulation, key: str) -> str:
    """Say where a setting comes from."""
    return "scenario" if key in settings.model_fields_set else "default"


def stayed(pairs: Sequence[Pair]) -> Seen:
    """Collect the accounts with sales in both windows, outliers drawn in."""
    where = [np.flatnonzero((pair.before > 0) & (pair.last > 0)) for pair in pairs]
    if not sum(map(len, where)):
        nothing = np.zeros(0, dtype=np.int64)
        return Seen(nothing, nothing, np.zeros(0), max(len(pairs), 1))
    logs = [np.log(pair.last[at] / pair.level[at]) for pair, at in zip(pairs, where, strict=True)]
    number = np.repeat(np.arange(len(pairs)), [len(at) for at in where])
    return Seen(np.concatenate(where), number, drawn_in(np.concatenate(logs)), len(pairs))


def drawn_in(logs: FloatArray) -> FloatArray:
    """Draw outliers in to the robust limit."""
    middle = np.median(logs)
    wide = max(ROBUST_LIMIT * 1.4826 * float(np.median(np.abs(logs - middle))), NARROWEST)
    return np.clip(logs, middle - wide, middle + wide)


def means(values: FloatArray, group: IntArray, count: int) -> tuple[FloatArray, float]:
    """Give the mean of each group (the company's for one without members) and the company's."""
    company = float(values.mean())
    members = np.bincount(group, minlength=count)
    sums = np.bincount(group, values, count)
    return np.divide(sums, members, out=np.full(count, company), where=members > 0), company
