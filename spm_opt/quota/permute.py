"""Permutation tests for a few sellers, of a figure against a number or groups.

The question: had the figures been handed out among the sellers with no regard to the attribute, how often
would they depart by it as much as they do? The answer counts arrangements of the attribute over the
sellers: all different ones where they are few, else as many random ones as asked for, beside the one that
is. No shape of the distribution is assumed, so it holds for twenty sellers as for two thousand.

One contrast ``x`` (mean 0 over the sellers) says one way to depart. A number has one: its rank, scaled so
that the slope is the difference between the upper and the lower quartile. Groups have one each: inside or
outside. With ``a = x . y`` and ``b = x . x`` the effect is ``a / b``, the slope of least squares, and the
statistic ``T = |a| / sqrt(b)``; over several contrasts the largest ``T`` counts, in every arrangement.

The interval of an effect is the test turned around (Pitman 1937): all ``d`` for which ``y - d x`` would not
be told from chance. An arrangement with ``a', b'`` is at least as extreme there if
``|a' - d b'| >= |a - d b|``, which is so between ``(a - a') / (b - b')`` and ``(a + a') / (b + b')``; so the
limits are order statistics of these ends, and no search is needed.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from scipy.stats import rankdata

from spm_opt.problem import FloatArray, IntArray

LEVEL = 0.05
"""Chance of a false alarm that is accepted."""
POWER = 0.8
"""Chance to see an effect from which on it counts as detectable."""
DRAWS = 9_999
"""Random arrangements, where there are too many to list."""
FEW = 20_000
"""Arrangements up to which all are listed."""
CHUNK = 2_000_000
"""Numbers held at a time."""
TIE = 1e-9
"""Relative difference below which two statistics are the same: sums in another order differ in the last bit."""


@dataclass(frozen=True, eq=False)
class Departure:
    """What a permutation test found.

    Attributes
    ----------
    n
        Sellers compared.
    contrasts
        Names of the groups; ``("",)`` for a number.
    effect, low, high
        Of each contrast, in the figure's unit, shape ``(contrasts,)``: the difference between upper and lower
        quartile of a number, or between the inside and the outside of a group; and the interval that holds
        the true difference with the confidence ``1 - level``, over several groups together (Bonferroni).
        Infinite where the sellers are too few to bound it.
    p_each
        Share of arrangements in which the largest departure of any contrast is at least this one's.
    p
        The least of them: the test's own p-value.
    strongest
        Index of the contrast with the largest statistic.
    detectable
        Smallest true effect, in the figure's unit, that the test would see at its level with the chance
        ``POWER``; for a group of typical size where there are several; infinite where it would see none.
    arrangements
        How many were looked at, the one that is among them.
    exact
        Whether these were all.
    """

    n: int
    contrasts: tuple[str, ...]
    effect: FloatArray
    low: FloatArray
    high: FloatArray
    p_each: FloatArray
    p: float
    strongest: int
    detectable: float
    arrangements: int
    exact: bool


@dataclass(frozen=True, eq=False)
class Design:
    """An attribute as codes and contrasts: seller ``i`` has the row ``contrast[codes[i]]``."""

    names: tuple[str, ...]
    codes: IntArray
    contrast: FloatArray


def by_rank(figure: FloatArray, attribute: FloatArray, seed: Sequence[int], **options: float) -> Departure:
    """Test whether a figure rises or falls with a number.

    Only ranks of the attribute count, so one seller far off does not decide alone.

    Parameters
    ----------
    figure, attribute
        Shape ``(n,)``, finite.
    seed
        Numbers that the random arrangements are made from.
    options
        ``draws`` (random arrangements), ``level`` (of the interval), ``detect_level`` (of the test that
        ``detectable`` speaks of; as ``level`` where not given).

    Raises
    ------
    ValueError
        When fewer than three sellers are compared, or the attribute is the same for all.
    """
    values, codes = np.unique(attribute, return_inverse=True)
    _require(len(figure), len(values))
    rank = rankdata(attribute, method="average")
    # upper and lower quartile are half of all sellers apart
    scaled = 2 * (rank - rank.mean()) / len(rank)
    contrast = np.zeros((len(values), 1))
    contrast[codes, 0] = scaled
    return _tested(figure, Design(("",), codes.astype(np.int64), contrast), seed, **options)


def by_group(
    figure: FloatArray, attribute: Sequence[Hashable], seed: Sequence[int], **options: float
) -> Departure:
    """Test whether a figure departs in any group from the sellers outside of it.

    Parameters
    ----------
    figure, attribute
        Shape ``(n,)``; the attribute's values name the groups.
    seed, options
        As for ``by_rank``.

    Raises
    ------
    ValueError
        When fewer than three sellers are compared, or all are in one group.
    """
    names, codes = np.unique(np.array([str(one) for one in attribute]), return_inverse=True)
    _require(len(figure), len(names))
    share = np.bincount(codes) / len(codes)
    contrast = np.eye(len(names)) - share[None, :]
    return _tested(figure, Design(tuple(names.tolist()), codes.astype(np.int64), contrast), seed, **options)


def by_sign(
    difference: FloatArray, seed: Sequence[int], *, draws: int = DRAWS, level: float = LEVEL
) -> Departure:
    """Test whether paired differences depart from 0 by exchanging the two of each pair.

    Parameters
    ----------
    difference
        Of each seller, between two figures of his; shape ``(n,)``, finite.
    seed, draws, level
        As for ``by_rank``; all ``2^n`` exchanges are listed where they are few. ``effect`` is the mean.

    Raises
    ------
    ValueError
        When fewer than three sellers are compared.
    """
    n = len(difference)
    _require(n, 2)
    exact = 2**n <= FEW
    if exact:
        rows = 1 - 2 * (np.arange(2**n)[:, None] >> np.arange(n) & 1)
    else:
        rows = 1 - 2 * np.random.default_rng(list(seed)).integers(0, 2, (draws + 1, n), dtype=np.int8)
        rows[0] = 1
    a, b = difference.sum(keepdims=True), np.array([float(n)])
    a_other, b_other = (rows @ difference)[:, None], rows.sum(axis=1, dtype=float)[:, None]
    p = float((np.abs(a_other) >= np.abs(a) * (1 - TIE)).mean())
    low, high = _limits(a, b, a_other, b_other, level)
    rest = difference - difference.mean()
    spread = float(rest.std(ddof=1)) or math.inf
    standard = np.sort(np.abs(rows @ rest) / math.sqrt(n) / spread)[::-1]
    seen = _detectable(standard, rest, n, level)
    return Departure(n, ("",), a / b, low, high, np.array([p]), p, 0, seen, len(rows), exact)


def holm(p: Sequence[float]) -> list[float]:
    """Correct p-values for their number (Holm 1979), so that one false alarm in all has the level's chance.

    >>> [round(one, 3) for one in holm([0.01, 0.04, 0.03, 0.005])]
    [0.03, 0.06, 0.06, 0.02]
    """
    corrected, highest = [0.0] * len(p), 0.0
    for place, i in enumerate(sorted(range(len(p)), key=lambda i: p[i])):
        highest = max(highest, min(1.0, (len(p) - place) * p[i]))
        corrected[i] = highest
    return corrected


def _require(sellers: int, values: int) -> None:
    if sellers < 3:  # noqa: PLR2004
        raise ValueError(f"{sellers} sellers are too few to compare")
    if values < 2:  # noqa: PLR2004
        raise ValueError("the same for all sellers")


def _tested(
    figure: FloatArray,
    design: Design,
    seed: Sequence[int],
    *,
    draws: float = DRAWS,
    level: float = LEVEL,
    detect_level: float | None = None,
) -> Departure:
    """Compare the arrangement that is with the others."""
    y = figure - figure.mean()
    rows, exact = _arrangements(design.codes, seed, int(draws))
    own = design.contrast[design.codes]
    a, b = own.T @ y, (own**2).sum(axis=0)
    # where all figures are the same, what is left of them is rounding
    scale = float(np.abs(figure).max(initial=0)) * math.sqrt(len(y)) * TIE
    each = np.where(np.abs(a) / np.sqrt(b) > scale, np.abs(a) / np.sqrt(b), 0.0)
    a_other = _rearranged(rows, design.contrast, y)
    largest = (np.abs(a_other) / np.sqrt(b)).max(axis=1)
    p_each = (largest[:, None] >= each * (1 - TIE)).mean(axis=0)
    shared = level / (len(b) if len(b) > 2 else 1)  # noqa: PLR2004  of two groups, one says all
    low, high = _limits(a, b, a_other, _kept(rows, design), shared)
    strongest = int(each.argmax())
    rest = y - own[:, strongest] * a[strongest] / b[strongest]
    standard = _standard(rows, design.contrast, rest, b)
    seen = _detectable(standard, rest, float(np.median(b)), level if detect_level is None else detect_level)
    return Departure(
        len(y), design.names, a / b, low, high, p_each, float(p_each.min()), strongest, seen, len(rows), exact
    )


def _arrangements(codes: IntArray, seed: Sequence[int], draws: int) -> tuple[IntArray, bool]:
    """List all different arrangements of the codes where they are few, else the one that is and random ones."""
    counts = np.bincount(codes)
    logarithm = math.lgamma(len(codes) + 1) - sum(math.lgamma(count + 1) for count in counts.tolist())
    if logarithm > math.log(FEW + 0.5):
        kind = np.min_scalar_type(len(counts))
        rows = np.tile(codes.astype(kind), (draws + 1, 1))
        rows[1:] = np.random.default_rng(list(seed)).permuted(rows[1:], axis=1)
        return rows, False
    rows, left = np.empty((1, 0), dtype=np.int64), counts[None, :]
    for _ in codes:
        parent, code = np.nonzero(left)
        rows = np.column_stack([rows[parent], code])
        left = left[parent]
        left[np.arange(len(code)), code] -= 1
    return rows, True


def _rearranged(rows: IntArray, contrast: FloatArray, y: FloatArray) -> FloatArray:
    """Multiply every rearranged contrast with a figure; shape ``(rows, contrasts)``."""
    if contrast.shape[1] > 1:
        return _by_code(rows, len(contrast), np.broadcast_to(y, rows.shape)) @ contrast
    parts = [contrast[:, 0][block] @ y for block in np.array_split(rows, 1 + rows.size // CHUNK)]
    return np.concatenate(parts)[:, None]


def _kept(rows: IntArray, design: Design) -> FloatArray:
    """Multiply every rearranged contrast with the same one as it is; shape ``(rows, contrasts)``."""
    if design.contrast.shape[1] == 1:
        return _rearranged(rows, design.contrast, design.contrast[design.codes, 0])
    share = np.bincount(design.codes) / len(design.codes)
    return _by_code(rows, len(share), rows == design.codes) - len(design.codes) * share**2


def _by_code(rows: IntArray, count: int, weights: np.ndarray) -> FloatArray:
    """Sum the weights of each row's sellers by the code they have there; shape ``(rows, count)``."""
    size = max(1, CHUNK // rows.shape[1])
    found = np.empty((len(rows), count))
    for start in range(0, len(rows), size):
        block = rows[start : start + size].astype(np.int64)
        block += np.arange(len(block))[:, None] * count
        part = weights[start : start + size].astype(np.float64).ravel()
        found[start : start + size] = np.bincount(block.ravel(), part, len(block) * count).reshape(-1, count)
    return found


def _limits(
    a: FloatArray, b: FloatArray, a_other: FloatArray, b_other: FloatArray, level: float
) -> tuple[FloatArray, FloatArray]:
    """Turn the test around: the differences that it would not reject, contrast by contrast."""
    # an arrangement that leaves the contrast as it is, or mirrors it, is as extreme for every difference
    apart, mirrored = b - b_other, b + b_other
    same = (apart <= TIE * b) | (mirrored <= TIE * b)
    ends = np.stack([
        (a - a_other) / np.where(same, 1, apart),
        (a + a_other) / np.where(same, 1, mirrored),
    ])  # fmt: skip
    lower = np.sort(np.where(same, -np.inf, ends.min(axis=0)), axis=0)
    upper = np.sort(np.where(same, np.inf, ends.max(axis=0)), axis=0)
    place = min(math.floor(level * len(a_other) * (1 + TIE)), len(a_other) - 1)
    return lower[place], upper[-1 - place]


def _standard(rows: IntArray, contrast: FloatArray, rest: FloatArray, b: FloatArray) -> FloatArray:
    """Give the largest statistic of each arrangement in units of the figure's own spread, largest first."""
    spread = float(rest.std(ddof=1))
    if spread <= 0:
        return np.zeros(len(rows))
    a = _rearranged(rows, contrast, rest)
    return np.sort((np.abs(a) / np.sqrt(b)).max(axis=1))[::-1] / spread


def _detectable(standard: FloatArray, rest: FloatArray, b: float, level: float) -> float:
    """Find the effect that exceeds the critical value with the chance ``POWER``.

    With the critical value ``c`` in units of the figures' spread, noise ``s`` and the effect
    ``d = u s / sqrt(b)``, which widens the spread too: ``u = c sqrt(1 + u^2 / (n - 1)) + z``.
    """
    n, z = len(rest), NormalDist().inv_cdf(POWER)
    among = math.floor(level * len(standard) * (1 + TIE))
    if among < 1:
        return math.inf
    c = float(standard[among - 1])
    noise = math.sqrt(float(rest @ rest) / (n - 2))
    part = 1 - c**2 / (n - 1)
    if part <= 0:
        return math.inf
    u = (z + math.sqrt(z**2 - part * (z**2 - c**2))) / part
    return u * noise / math.sqrt(b)
