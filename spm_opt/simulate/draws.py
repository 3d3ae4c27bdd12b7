"""Random numbers that belong to things, not to places in a loop.

Every account, opportunity, market, seller and parameter has a key of its own, hashed from the seed, its kind and
its id. Its number for a purpose in a replication is a function of key, purpose and replication alone: the
output of SplitMix64 (Steele, Lea and Flood 2014) at that place of its sequence. Two alignments with one seed
therefore meet the same futures (common random numbers); neither the order of rows, nor what else is in the
tables, nor how replications are dealt to workers changes what happens to an account; and nothing is stored.

Replications come in antithetic pairs: where ``2j`` draws ``u``, ``2j + 1`` draws ``1 - u``. What rises or falls
with a draw then varies less on average over a pair, so the same number of replications gives narrower intervals.
Standard errors must be taken over the means of pairs.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

from spm_opt.compiled import inner, outer
from spm_opt.problem import FloatArray

KeyArray = npt.NDArray[np.uint64]
Kind = Literal["account", "opportunity", "company", "segment", "market", "seller", "parameter"]
APART = 40
"""Bits between the sequences of two purposes of one key."""


def keys(seed: int, kind: Kind, names: Sequence[str]) -> KeyArray:
    """Give each thing its key, shape ``(len(names),)``.

    Hashed with BLAKE2, so that similar names give unrelated sequences.
    """
    start = hashlib.blake2b(f"{seed}\x00{kind}\x00".encode(), digest_size=8)
    out = np.empty(len(names), dtype="<u8")
    for at, name in enumerate(names):
        own = start.copy()
        own.update(name.encode())
        out[at] = int.from_bytes(own.digest(), "little")
    return out.astype(np.uint64)


@inner
def uniform(key, purpose, pair):  # type: ignore[no-untyped-def]
    """Draw the number of a key for a purpose in a pair of replications, between 0 and 1 and never at either."""
    z = key + np.uint64(0x9E3779B97F4A7C15) * ((np.uint64(purpose) << np.uint64(APART)) + np.uint64(pair))
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = z ^ (z >> np.uint64(31))
    return (np.float64(z >> np.uint64(12)) + 0.5) * (1.0 / 4503599627370496.0)


@outer
def _fill(key, purpose, first, out):  # type: ignore[no-untyped-def]
    for i in range(out.shape[0]):
        for at in range(out.shape[1]):
            r = first + at
            u = uniform(key[i], purpose, r // 2)
            out[i, at] = u if r % 2 == 0 else 1.0 - u


def uniforms(key: KeyArray, purpose: int, first: int, count: int) -> FloatArray:
    """Draw the numbers of several keys for replications from ``first``, shape ``(len(key), count)``."""
    out = np.empty((len(key), count))
    _fill(key, purpose, first, out)
    return out


@inner
def normal(u):  # type: ignore[no-untyped-def]
    """Invert the standard normal distribution (Wichura 1988, AS 241): correct to 16 digits."""
    q = u - 0.5
    if abs(q) <= 0.425:
        r = 0.180625 - q * q
        top = (((((((2509.0809287301226727 * r + 33430.575583588128105) * r + 67265.770927008700853) * r
                   + 45921.953931549871457) * r + 13731.693765509461125) * r + 1971.5909503065514427) * r
                + 133.14166789178437745) * r + 3.387132872796366608)  # fmt: skip
        low = (((((((5226.495278852854561 * r + 28729.085735721942674) * r + 39307.89580009271061) * r
                   + 21213.794301586595867) * r + 5394.1960214247511077) * r + 687.1870074920579083) * r
                + 42.313330701600911252) * r + 1.0)  # fmt: skip
        return q * top / low
    r = math.sqrt(-math.log(min(u, 1.0 - u)))
    if r <= 5.0:
        r -= 1.6
        top = (((((((7.7454501427834140764e-4 * r + 0.0227238449892691845833) * r + 0.24178072517745061177) * r
                   + 1.27045825245236838258) * r + 3.64784832476320460504) * r + 5.7694972214606914055) * r
                + 4.6303378461565452959) * r + 1.42343711074968357734)  # fmt: skip
        low = (((((((1.05075007164441684324e-9 * r + 5.475938084995344946e-4) * r + 0.0151986665636164571966) * r
                   + 0.14810397642748007459) * r + 0.68976733498510000455) * r + 1.6763848301838038494) * r
                + 2.05319162663775882187) * r + 1.0)  # fmt: skip
    else:
        r -= 5.0
        top = (((((((2.01033439929228813265e-7 * r + 2.71155556874348757815e-5) * r + 0.0012426609473880784386) * r
                   + 0.026532189526576123093) * r + 0.29656057182850489123) * r + 1.7848265399172913358) * r
                + 5.4637849111641143699) * r + 6.6579046435011037772)  # fmt: skip
        low = (((((((2.04426310338993978564e-15 * r + 1.4215117583164458887e-7) * r + 1.8463183175100546818e-5) * r
                   + 7.868691311456132591e-4) * r + 0.0148753612908506148525) * r + 0.13692988092273580531) * r
                + 0.59983220655588793769) * r + 1.0)  # fmt: skip
    return top / low if q > 0 else -top / low
