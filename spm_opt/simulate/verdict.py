"""What a tally of forecasts says: shares with their ranges, skill, and a verdict in a word."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from spm_opt.problem import FloatArray, IntArray
from spm_opt.simulate.proper_scores import clustered_error
from spm_opt.simulate.tally import BINS, LEVELS, PIT_MEAN, Tally

RANGE = (0.025, 0.975)
"""Quantiles between which a share lies in 95 of 100 cases if the forecasts are right."""
SCORES = ("crps", "crps_same", "crps_ratio")
"""Scores of the model and of both naive forecasts."""
LITTLE = 0.3
"""Width of that range, of the 80 % intervals' coverage, from which it says little."""


@dataclass(frozen=True, eq=False)
class Level:
    """Forecasts of one kind with their outcomes, ``n`` of them in ``g`` groups.

    Attributes
    ----------
    tally
        Them, held against each other.
    naive
        CRPS of both naive forecasts, shape ``(n, 2)``.
    cluster
        What is alike, shape ``(n,)``.
    member
        As for ``tally``, shape ``(g, n)``.
    """

    tally: Tally
    naive: FloatArray
    cluster: IntArray
    member: sparse.csr_array


def judge(level: Level, group: int) -> dict[str, Any]:
    """Give the figures of a group, as ``Calibration.groups`` says, and the verdict."""
    rows = level.member.indices[level.member.indptr[group] : level.member.indptr[group + 1]]
    count, cluster = len(rows), level.cluster[rows]
    sums = level.tally.sums[group] / count
    figures = level.tally.figures[rows]
    low, high = (np.quantile(sums[1:], at, axis=0) for at in RANGE)
    row: dict[str, Any] = {"n": count}
    for at, share in enumerate(LEVELS):
        name = round(share * 100)
        row[f"cover_{name}"] = float(sums[0, at])
        row[f"low_{name}"], row[f"high_{name}"] = float(low[at]), float(high[at])
        row[f"error_{name}"] = clustered_error(figures[:, at], cluster)
    row |= {
        "pit_mean": float(sums[0, PIT_MEAN]),
        "pit_low": float(low[PIT_MEAN]),
        "pit_high": float(high[PIT_MEAN]),
    }
    scores = np.column_stack([level.tally.score, level.naive])[rows]
    row |= dict(zip(SCORES, scores.mean(axis=0).tolist(), strict=True))
    for at, naive in enumerate(("same", "ratio"), start=1):
        row[f"skill_{naive}"], row[f"skill_{naive}_error"] = _skill(scores[:, 0], scores[:, at], cluster)
    return row | {"verdict": _verdict(row)}


def histogram(level: Level, group: int) -> pd.DataFrame:
    """Give the PIT histogram of a group: the share in each bin, and its range if the forecasts are right."""
    count = level.member.indptr[group + 1] - level.member.indptr[group]
    shares = level.tally.sums[group][:, PIT_MEAN + 1 :] / count
    low, high = np.quantile(shares[1:], RANGE, axis=0)
    return pd.DataFrame({"bin": np.arange(BINS), "share": shares[0], "low": low, "high": high})


def _skill(score: FloatArray, naive: FloatArray, cluster: IntArray) -> tuple[float, float]:
    """Compare mean scores, with the standard error of their ratio, linearised."""
    if not naive.sum() > 0:
        return float("nan"), float("nan")
    ratio = float(score.sum() / naive.sum())
    return 1 - ratio, clustered_error((score - ratio * naive) / naive.mean(), cluster)


def _verdict(row: dict[str, Any]) -> str:
    """Say in a few words what speaks against the forecasts."""
    found = []
    if row["cover_80"] < row["low_80"]:
        found.append("too narrow")
    if row["cover_80"] > row["high_80"]:
        found.append("too wide")
    if row["cover_95"] < row["low_95"] and "too narrow" not in found:
        found.append("tails too thin")
    if row["pit_mean"] < row["pit_low"]:
        found.append("too high")
    if row["pit_mean"] > row["pit_high"]:
        found.append("too low")
    if found:
        return ", ".join(found)
    return "says little" if row["high_80"] - row["low_80"] > LITTLE else "as expected"
