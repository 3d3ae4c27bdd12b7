"""Sums that are exact in the digits that are written, whatever the order and however often parted and added up."""

from __future__ import annotations

import math

import numpy as np

from spm_opt.problem import FloatArray, IntArray

MOST_PLACES, DIGITS = 6, 15
"""Decimal places that tables are written with, and digits that a double holds for certain."""


def places_of(values: FloatArray) -> int:
    """Say in how many decimal places amounts are counted: six, or as many as their total leaves of 15 digits.

    >>> import numpy as np
    >>> places_of(np.array([1234.5])), places_of(np.array([4e12, 1.5]))
    (6, 2)
    """
    total = math.fsum(np.abs(values).tolist())
    return MOST_PLACES if total == 0 else min(MOST_PLACES, DIGITS - 1 - math.floor(math.log10(total)))


def summed(values: FloatArray, label: IntArray, k: int) -> FloatArray:
    """Sum amounts by label, exactly: each is taken as a whole number of the last place that is counted.

    Whole numbers below ``2 ** 53`` add up in doubles without rounding. So sums of sums, by whatever labels, are
    the same whole numbers in every order, and the decimals that are written of them add up to the last digit.

    Parameters
    ----------
    values
        Amounts of all there is; it is their total that says how finely they are counted.
    label
        Label of each, below ``k``.
    k
        Number of labels.

    >>> import numpy as np
    >>> summed(np.array([0.1, 0.2, 0.7]), np.array([0, 0, 1]), 2).tolist()
    [0.3, 0.7]
    """
    places = places_of(values)
    unit = 10.0 ** abs(places)
    whole = np.rint(values * unit if places >= 0 else values / unit)
    total = np.bincount(label, weights=whole, minlength=k)
    return np.asarray(total / unit if places >= 0 else total * unit, dtype=float)
