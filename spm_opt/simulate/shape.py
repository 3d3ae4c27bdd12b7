"""The shape of growth: how far from normal the logarithms of growth are.

Growth of accounts is skewed and has heavy tails: a few double. Standardised logarithms ``w`` (mean 0,
variance 1) are written as ``w = shape(z)`` of a standard normal ``z``, with ``shape`` straight between nodes
four standard deviations to either side. Its nodes are the quantiles seen in history, drawn towards the
straight line of the normal law as if 200 accounts more had been normal, then standardised again. Without
history it is that line itself.
"""

from __future__ import annotations

import numpy as np
from scipy import special

from spm_opt.problem import FloatArray

NODES = np.linspace(-4.0, 4.0, 129)
NORMAL_WEIGHT = 200.0
"""Weight of the normal law beside what was seen, in accounts."""
_Z, _WEIGHT = np.polynomial.hermite_e.hermegauss(201)
_WEIGHT = _WEIGHT / _WEIGHT.sum()


def normal_shape() -> FloatArray:
    """Give the normal law: the straight line."""
    return NODES.copy()


def seen_shape(standardised: FloatArray) -> FloatArray:
    """Give the shape of standardised logarithms, shape ``(n,)``."""
    count = len(standardised)
    seen = np.quantile(standardised, special.ndtr(NODES), method="hazen")
    drawn = (count * seen + NORMAL_WEIGHT * NODES) / (count + NORMAL_WEIGHT)
    values = shaped(drawn, _Z)
    mean = float(_WEIGHT @ values)
    spread = float(np.sqrt(_WEIGHT @ (values - mean) ** 2))
    return np.asarray((drawn - mean) / spread)


def shaped(shape: FloatArray, z: FloatArray) -> FloatArray:
    """Turn standard normal numbers into standardised logarithms; beyond the nodes the last slopes go on."""
    cell = np.clip(((z - NODES[0]) / (NODES[1] - NODES[0])).astype(np.int64), 0, len(NODES) - 2)
    part = (z - NODES[cell]) / (NODES[1] - NODES[0])
    return np.asarray(shape[cell] + part * (shape[cell + 1] - shape[cell]))


def mean_factor(shape: FloatArray, spread: FloatArray) -> FloatArray:
    """Give the mean of ``exp(spread w)`` for spreads of shape ``(s,)``: ``exp(spread^2 / 2)`` for the normal law."""
    if np.array_equal(shape, NODES):
        return np.exp(spread**2 / 2)
    return np.asarray(np.exp(spread[:, None] * shaped(shape, _Z)[None, :]) @ _WEIGHT)
