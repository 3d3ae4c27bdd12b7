"""Random streams that belong to things, not to places in a loop.

Every account, opportunity, market and seller has a stream of its own, keyed by the seed, its kind and its
id. Two alignments with one seed therefore meet the same futures (common random numbers), and neither the
order of rows nor what else is in the tables changes what happens to an account.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

Float32Array = npt.NDArray[np.float32]
"""Draws are kept in single precision: a part in ten million, at half the memory and time."""
Kind = Literal["account", "opportunity", "market", "seller"]


def stream(seed: int, kind: Kind, name: str) -> np.random.Generator:
    """Open the stream of one thing.

    The key is hashed with BLAKE2, so that similar names give unrelated streams.
    """
    key = hashlib.blake2b(f"{seed}\x00{kind}\x00{name}".encode(), digest_size=32).digest()
    return np.random.Generator(np.random.SFC64(np.frombuffer(key, dtype="<u4").tolist()))


def account_draws(seed: int, names: Sequence[str], replications: int) -> tuple[Float32Array, Float32Array]:
    """Draw what happens to accounts: uniform numbers for churn, standard normal ones for growth.

    Both have the shape ``(len(names), replications)``.
    """
    churn = np.empty((len(names), replications), dtype=np.float32)
    growth = np.empty_like(churn)
    for row, name in enumerate(names):
        own = stream(seed, "account", name)
        own.random(dtype=np.float32, out=churn[row])
        own.standard_normal(dtype=np.float32, out=growth[row])
    return churn, growth


def opportunity_draws(seed: int, names: Sequence[str], replications: int) -> Float32Array:
    """Draw a uniform number for each opportunity and replication, shape ``(len(names), replications)``."""
    luck = np.empty((len(names), replications), dtype=np.float32)
    for row, name in enumerate(names):
        stream(seed, "opportunity", name).random(dtype=np.float32, out=luck[row])
    return luck


def shocks(
    seed: int, kind: Literal["market", "seller"], names: Sequence[str], spread: float, replications: int
) -> Float32Array:
    """Draw the lognormal shock of each market or seller, with a mean of exactly 1.

    ``exp(s z - s^2 / 2)`` with ``z`` standard normal and ``s`` the spread; shape ``(len(names), replications)``.
    """
    normal = np.empty((len(names), replications), dtype=np.float32)
    for row, name in enumerate(names):
        stream(seed, kind, name).standard_normal(dtype=np.float32, out=normal[row])
    return mean_one(normal, np.full(len(names), spread))


def mean_one(normal: Float32Array, spread: npt.NDArray[np.float64]) -> Float32Array:
    """Turn standard normal numbers, in place, into lognormal factors with a mean of 1.

    ``spread`` is the standard deviation of the logarithm, one for each row, shape ``(len(normal),)``.
    """
    normal *= spread.astype(np.float32)[:, None]
    normal -= (spread**2 / 2).astype(np.float32)[:, None]
    return np.exp(normal, out=normal)
