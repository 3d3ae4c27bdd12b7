"""Forecasts held against what happened, and against what they would look like if they were right.

To say whether 74 % of outcomes inside the 80 % intervals are too few, one must know how far that share strays
when nothing is wrong. Accounts share a year, a market and a seller, so it strays further than for independent
ones. The replications themselves tell: each in turn plays the outcome, against the others. A share outside the
range of nearly all replications speaks against the forecasts; one inside does not prove them right.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from spm_opt.problem import FloatArray
from spm_opt.simulate.proper_scores import Pit, crps, pit, pit_of_draws

LEVELS = (0.5, 0.8, 0.95)
"""Central intervals whose coverage is shown."""
BINS = 10
"""Bins of a PIT histogram."""
PLAYED = 400
"""Replications that play the outcome."""
PIT_MEAN = len(LEVELS)
FIGURES = PIT_MEAN + 1 + BINS
"""Coverages, the mean of the PITs, and the histogram's shares, in this order."""


@dataclass(frozen=True, eq=False)
class Tally:
    """Figures of ``n`` outcomes, and their sums over ``g`` groups with those of replications that play them.

    Attributes
    ----------
    figures
        Figures of each outcome, shape ``(n, figures)``.
    score
        CRPS of each forecast, shape ``(n,)``.
    sums
        By group: the outcome first, then the replications that played, shape ``(g, 1 + played, figures)``.
    """

    figures: FloatArray
    score: FloatArray
    sums: FloatArray


def tally(sample: FloatArray, observed: FloatArray, member: sparse.csr_array) -> Tally:
    """Hold draws against outcomes.

    Parameters
    ----------
    sample
        Draws by replication, antithetic partners side by side, shape ``(n, R)`` with at least two.
    observed
        Outcomes, shape ``(n,)``.
    member
        1 where an outcome (column) belongs to a group (row), shape ``(g, n)``; groups may overlap.
    """
    ordered = np.sort(sample, axis=1)
    played = sample[:, ::2][:, :PLAYED]  # one of two partners: they are not independent
    real = _figures(pit(ordered, observed))
    rows = np.concatenate([real[:, None], _figures(pit_of_draws(ordered, played))], axis=1)
    sums = (member @ rows.reshape(len(observed), -1)).reshape(member.shape[0], rows.shape[1], FIGURES)
    return Tally(real, crps(ordered, observed), sums)


def together(parts: Iterable[Tally]) -> Tally:
    """Join the tallies of parts of one list of outcomes, each let go before the next is made."""
    figures, score, sums = [], [], np.zeros(())
    for part in parts:
        figures.append(part.figures)
        score.append(part.score)
        sums = sums + part.sums
    return Tally(np.concatenate(figures), np.concatenate(score), np.asarray(sums))


def _figures(places: Pit) -> FloatArray:
    """Lay the figures of PITs out along a new last axis."""
    cover = np.stack([places.coverage(level) for level in LEVELS], axis=-1)
    return np.concatenate([cover, places.mean[..., None], places.histogram(BINS)], axis=-1)
