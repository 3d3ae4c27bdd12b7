"""Amounts whose sums are exact, whatever the order and however often they are parted and added up again."""

from __future__ import annotations

import math

import numpy as np

from spm_opt.problem import FloatArray

BITS = 51
"""Binary places that the total of an activity takes; two are left, so that no sum is ever rounded."""


def on_grid(values: FloatArray) -> FloatArray:
    """Round amounts to whole multiples of one power of two, small enough to change nothing that is seen.

    A double holds whole multiples of a power of two exactly as long as they have no more than 53 binary places.
    Once all amounts are multiples of the same one, and their total has no more places than that, every
    sum of some of them is exact: positions sum to their territories, and both to the company, to the last bit.
    An amount changes by at most a part in 10 to the 15 of the total; whole numbers and cents of binary fractions
    not at all.

    >>> import numpy as np
    >>> cells = on_grid(np.array([0.1, 0.2, 0.3]))
    >>> bool((cells[0] + cells[1]) + cells[2] == cells[0] + (cells[1] + cells[2]))
    True
    """
    total = math.fsum(np.abs(values).tolist())
    if total == 0:
        return np.zeros(len(values))
    places = BITS - math.frexp(total)[1]
    return np.asarray(np.ldexp(np.round(np.ldexp(values, places)), -places), dtype=float)
