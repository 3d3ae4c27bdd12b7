"""How many segments: the most that come out again when other accounts of the same market are looked at.

For each number of clusters the accounts are halved at random, each half is clustered by itself, every account is
given to the nearest center of either half, and the two partitions are compared (Lange, Roth, Braun and Buhmann,
Neural Computation 16, 2004) by the adjusted Rand index (Hubert and Arabie 1985), which is 1 for the same partition
and 0 on average for partitions by chance. The same is done with points that have the same means and covariances
but no groups: a normal distribution (a reference as in the gap statistic, Tibshirani, Walther and Hastie 2001).

Chosen is, of the numbers that are more stable than 95 % of clouds without groups (their mean and 1.645 standard
deviations), the largest within one standard error of the most stable. If no number is, the data have no groups
that come out again more than any cut of a cloud does; then the same is chosen among all numbers, and said.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType

import numpy as np
import pandas as pd

from spm_opt.errors import MissingExtra
from spm_opt.problem import FloatArray, IntArray

HALVINGS = 10
STARTS = 4
"""Starts of each clustering whose stability is looked at."""
CERTAIN = 1.645
"""Standard deviations by which stability must be above that without groups."""
SAME = 1e-9


@dataclass(frozen=True, eq=False)
class Choice:
    """A number of segments and where it comes from.

    Attributes
    ----------
    number
        Chosen; 0 where no number can be tried, for want of accounts that differ.
    grouped
        Whether it is more stable than without groups.
    table
        A row a number tried: ``segments``, ``stability`` (mean adjusted Rand index), ``standard_error``,
        ``without_groups`` (of data without groups), ``chosen``.
    """

    number: int
    grouped: bool
    table: pd.DataFrame


def stable_number(points: FloatArray, tried: Sequence[int], seed: int) -> Choice:
    """Choose the number of clusters of points, shape ``(m, d)``, by stability.

    Raises
    ------
    MissingExtra
        scikit-learn is not installed.
    """
    with one_thread():
        found = _agreements(points, tried, seed)
    usable = ~np.isnan(found).any(axis=(0, 1))
    mean, error = found.mean(axis=1), found.std(axis=1, ddof=1) / np.sqrt(HALVINGS)
    grouped = usable & (mean[0] > mean[1] + CERTAIN * error[1] * np.sqrt(HALVINGS) + SAME)
    among = grouped if grouped.any() else usable
    number = 0
    if among.any():
        best = int(np.flatnonzero(among)[mean[0, among].argmax()])
        enough = np.flatnonzero(among & (mean[0] >= mean[0, best] - error[0, best] - SAME))
        number = int(tried[enough.max()])
    table = pd.DataFrame({
        "segments": list(tried), "stability": mean[0], "standard_error": error[0], "without_groups": mean[1],
        "chosen": [one == number for one in tried],
    })  # fmt: skip
    return Choice(number, bool(grouped.any()), table)


def _agreements(points: FloatArray, tried: Sequence[int], seed: int) -> FloatArray:
    """Find how far halves agree, of the points and of a cloud without groups, shape ``(2, halvings, numbers)``."""
    rng = np.random.default_rng([seed, 1])
    covariance = np.atleast_2d(np.cov(points, rowvar=False))
    found = np.full((2, HALVINGS, len(tried)), np.nan)
    for halving in range(HALVINGS):
        without = rng.multivariate_normal(points.mean(axis=0), covariance, len(points), method="eigh")
        for kind, cloud in enumerate((points, without)):
            found[kind, halving] = _agreement(cloud, rng.permutation(len(points)), tried, seed + halving)
    return found


def _agreement(points: FloatArray, order: IntArray, tried: Sequence[int], seed: int) -> FloatArray:
    """Cluster two halves, and see how far they agree on all points, by number; ``nan`` where a half has too few."""
    adjusted_rand_score = _sklearn().metrics.adjusted_rand_score
    middle = len(order) // 2
    halves = [points[np.sort(part)] for part in (order[:middle], order[middle:])]
    different = min(len(np.unique(half, axis=0)) for half in halves)
    found = np.full(len(tried), np.nan)
    for at, number in enumerate(tried):
        if number < different:
            labels = [nearest_center(points, centers(half, number, seed, STARTS))[0] for half in halves]
            found[at] = adjusted_rand_score(*labels)
    return found


def centers(points: FloatArray, number: int, seed: int, starts: int) -> FloatArray:
    """Find the centers of a number of clusters by k-means from several starts, shape ``(number, d)``.

    Raises
    ------
    MissingExtra
        scikit-learn is not installed.
    """
    made = _sklearn().cluster.KMeans(n_clusters=number, n_init=starts, random_state=seed % 2**32).fit(points)
    return np.asarray(made.cluster_centers_, dtype=np.float64)


def nearest_center(points: FloatArray, places: FloatArray) -> tuple[IntArray, FloatArray, FloatArray]:
    """Give each point's nearest center, and the distances to it and to the second nearest, each of shape ``(m,)``."""
    nearest = np.zeros(len(points), dtype=np.int64)
    first, second = np.full(len(points), np.inf), np.full(len(points), np.inf)
    for at, place in enumerate(places):
        far = np.sqrt(((points - place) ** 2).sum(axis=1))
        closer = far < first
        second = np.where(closer, first, np.minimum(second, far))
        nearest[closer] = at
        first = np.where(closer, far, first)
    return nearest, first, second


@contextmanager
def one_thread() -> Iterator[None]:
    """Let scikit-learn work in one thread inside: sums have one order, and small ones do not wait for each other."""
    _sklearn()
    from threadpoolctl import threadpool_limits  # noqa: PLC0415  comes with scikit-learn

    with threadpool_limits(limits=1):
        yield


def _sklearn() -> ModuleType:
    """Bring scikit-learn, which only this needs.

    Raises
    ------
    MissingExtra
        It is not installed.
    """
    try:
        import sklearn.cluster  # noqa: PLC0415  optional, and slow to come
        import sklearn.metrics  # noqa: PLC0415  likewise
    except ImportError:
        raise MissingExtra('segments by = "statistics"', "segments") from None
    found: ModuleType = sklearn
    return found
