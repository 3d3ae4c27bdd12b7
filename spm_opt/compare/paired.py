"""Plans that met the same futures, compared future by future.

What a plan does better than another is judged by the differences within each future, never between means of
futures that differ: what all plans share, a good or bad year, cancels out, and far fewer replications tell
plans apart (common random numbers).

Replications 2j and 2j + 1 are antithetic partners and not independent of each other; their means are. The
interval of a difference is therefore Student's over the means of pairs (A. M. Law, Simulation Modeling and
Analysis, 5th ed. 2015, sections 11.2 and 11.3): that of the mean over all replications.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from spm_opt.problem import BoolArray, FloatArray
from spm_opt.simulate.sales import pair_means

Better = Literal["more", "less"]
LEVEL = 0.95
"""Confidence of every interval."""
WORST = 0.05
"""Share of futures that count as the worst."""
SAME = 1e-9
"""Relative difference up to which two figures are the same: sums of the same amounts in another order."""


def paired(values: FloatArray, better: Better = "more") -> pd.DataFrame:
    """Compare plans on one measure.

    Parameters
    ----------
    values
        The measure of each plan in each future, shape ``(plans, replications)``; the first plan is the one
        that the others are held against.
    better
        Whether more of it is better, or less.

    Returns
    -------
    A row a plan: ``value`` (mean), ``difference`` to the first plan with its interval ``low`` to ``high``
    (``nan`` with fewer than two pairs), ``beats`` and ``beaten`` (share of futures in which it is better,
    and worse, than the first plan), ``best`` (share in which it is the best of all; plans that tie share the future), ``tied`` (share
    in which another is just as good as the best, this plan being among them), ``regret`` and
    ``regret_most`` (how far it is from the best plan of each future: mean, and in the worst of them), and
    ``worst`` (mean of its worst five percent of futures).
    """
    gain = values if better == "more" else -values
    top = gain.max(axis=0)
    room = SAME * np.abs(gain).max(axis=0)
    behind = top - gain
    leads: BoolArray = behind <= room
    behind[leads] = 0.0
    many = leads.sum(axis=0)
    difference = values - values[0]
    difference[np.abs(difference) <= room] = 0.0
    low, high = intervals(difference)
    return pd.DataFrame({
        "value": values.mean(axis=1),
        "difference": difference.mean(axis=1),
        "low": low,
        "high": high,
        "beats": (gain > gain[0] + room).mean(axis=1),
        "beaten": (gain < gain[0] - room).mean(axis=1),
        "best": (leads / many).mean(axis=1),
        "tied": (leads & (many > 1)).mean(axis=1),
        "regret": behind.mean(axis=1),
        "regret_most": behind.max(axis=1),
        "worst": [worst(row, better) for row in values],
    })  # fmt: skip


def intervals(difference: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Give the interval of each row's mean, shape ``(plans, replications)`` to ``(plans,)`` twice."""
    means = pair_means(difference.T)
    pairs = len(means)
    if pairs < 2:  # noqa: PLR2004  one mean has no spread
        return np.full(len(difference), math.nan), np.full(len(difference), math.nan)
    middle = difference.mean(axis=1)
    wide = stdtrit(pairs - 1, (1 + LEVEL) / 2) * means.std(axis=0, ddof=1) / math.sqrt(pairs)
    return middle - wide, middle + wide


def worst(values: FloatArray, better: Better = "more") -> float:
    """Give the mean of the worst five percent of futures, at least one (conditional value at risk)."""
    count = max(1, math.ceil(WORST * len(values)))
    ordered = np.sort(values)
    return float((ordered[:count] if better == "more" else ordered[-count:]).mean())
