"""How well forecasts that are samples fit what happened: probability integral transforms, coverage, CRPS.

Probability integral transform (PIT)
    The place of an observation in its forecast distribution. Where that distribution has an atom (an account
    may buy nothing) the place is an interval: ``P(X < y)`` to ``P(X <= y)``. Spread evenly over it, the PIT
    of a right forecast is uniform (Czado, Gneiting, Held: Predictive model assessment for count data,
    Biometrics 65, 2009). They draw a number from the interval, or average over it; here everything is averaged,
    so that no random number decides.
    Of ``R`` draws that an observation is exchangeable with, ``l`` lie below it and ``e`` are equal to it: the
    interval is ``l / (R + 1)`` to ``(l + e + 1) / (R + 1)``, which is exactly uniform for every ``R``.
Coverage
    The part of that interval inside the central ``level`` of the unit interval. Without atoms it is whether the
    observation lies in the central interval; with them its mean is still the level, where that of the plain
    interval would be above.
CRPS
    The continuous ranked probability score, ``E|X - y| - E|X - X'| / 2``, in the units of ``y``; the smaller
    the better, and the absolute error where the forecast is a point (Gneiting, Raftery: Strictly proper
    scoring rules, JASA 102, 2007). ``crps`` takes the second mean over pairs of different draws, which
    makes it unbiased for the distribution behind the sample (Ferro: Fair scores for ensemble forecasts, QJRMS 140,
    2014); ``crps_of`` takes values as the whole forecast.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spm_opt.problem import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Pit:
    """Lower and upper ends of probability integral transforms, of any one shape, ``low < high``."""

    low: FloatArray
    high: FloatArray

    @property
    def mean(self) -> FloatArray:
        """Middle of each interval."""
        return np.asarray((self.low + self.high) / 2)

    def inside(self, low: float, high: float) -> FloatArray:
        """Give the part of each interval that lies between two numbers."""
        both = np.minimum(self.high, high) - np.maximum(self.low, low)
        return np.asarray(np.clip(both, 0, None) / (self.high - self.low))

    def coverage(self, level: float) -> FloatArray:
        """Give the part of each interval in the central ``level``."""
        return self.inside(0.5 - level / 2, 0.5 + level / 2)

    def histogram(self, bins: int) -> FloatArray:
        """Give the part of each interval in each of the equal ``bins``, along a new last axis."""
        return np.stack([self.inside(at / bins, (at + 1) / bins) for at in range(bins)], axis=-1)


def pit(ordered: FloatArray, observed: FloatArray) -> Pit:
    """Find the place of each observation among its draws, of which it is not one.

    Parameters
    ----------
    ordered
        Draws, each row in rising order, shape ``(n, R)``.
    observed
        Shape ``(n,)``.
    """
    below, up_to = _ranks(ordered, observed[:, None])
    count = ordered.shape[1] + 1
    return Pit(below[:, 0] / count, (up_to[:, 0] + 1) / count)


def pit_of_draws(ordered: FloatArray, drawn: FloatArray) -> Pit:
    """Find the place of draws among all draws, themselves included: what a right forecast's PITs look like.

    ``drawn`` has the shape ``(n, t)``: some columns of the sample before it was ordered.
    """
    below, up_to = _ranks(ordered, drawn)
    return Pit(below / ordered.shape[1], up_to / ordered.shape[1])


def _ranks(ordered: FloatArray, values: FloatArray) -> tuple[IntArray, IntArray]:
    """Count the draws below, and those up to, each value; both of the shape of ``values``."""
    below, up_to = np.empty((2, *values.shape), dtype=np.int64)
    for row, (draws, own) in enumerate(zip(ordered, values, strict=True)):
        below[row] = draws.searchsorted(own, "left")
        up_to[row] = draws.searchsorted(own, "right")
    return below, up_to


def crps(ordered: FloatArray, observed: FloatArray) -> FloatArray:
    """Score draws from a forecast, without the bias of their number; may be a little below 0.

    Parameters
    ----------
    ordered
        At least two draws, each row in rising order, shape ``(n, R)``.
    observed
        Shape ``(n,)``.

    Returns
    -------
    Shape ``(n,)``.
    """
    count = ordered.shape[1]
    # the sum of |x_i - x_j| over pairs i < j is that of (2 i - R - 1) x_(i)
    apart = ordered @ (2.0 * np.arange(1, count + 1) - count - 1) * 2 / (count * (count - 1))
    return np.asarray(np.abs(ordered - observed[:, None]).mean(axis=1) - apart / 2)


def crps_of(values: FloatArray, observed: FloatArray) -> FloatArray:
    """Score one forecast that gives each of ``values`` the same chance, against many observations.

    ``values`` has the shape ``(m,)``, in any order; ``observed`` and what is returned ``(n,)``. Time grows
    with ``(n + m) log m``.
    """
    ordered = np.sort(values)
    count = len(ordered)
    sums = np.concatenate([[0.0], np.cumsum(ordered)])
    at = ordered.searchsorted(observed, "right")
    error = (at * observed - sums[at]) + (sums[-1] - sums[at] - (count - at) * observed)
    apart = ordered @ (2.0 * np.arange(1, count + 1) - count - 1) * 2 / count**2
    return np.asarray(error / count - apart / 2)


def clustered_error(values: FloatArray, cluster: IntArray) -> float:
    """Give the standard error of a mean whose values are alike within clusters.

    The root of the sum of squares, over clusters, of the sums of departures from the mean, on the number of
    values; times the root of ``c / (c - 1)`` for ``c`` clusters. Not a number where there is one cluster.
    What all clusters share is not in it.
    """
    names, own = np.unique(cluster, return_inverse=True)
    if len(names) < 2:  # noqa: PLR2004
        return float("nan")
    sums = np.bincount(own, values - values.mean())
    return float(np.sqrt((sums**2).sum() * len(names) / (len(names) - 1)) / len(values))
