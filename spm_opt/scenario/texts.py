"""Columns of text, compared at speed in whatever way this pandas keeps them."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from spm_opt.problem import BoolArray


def text_series(values: list[str]) -> pd.Series[str]:
    """Make a column of text."""
    return pd.Series(values, dtype=str)


def is_empty(text: pd.Series[str]) -> BoolArray:
    """Find the empty texts, shape ``(rows,)``."""
    return (text == "").to_numpy(dtype=bool)


def is_one_of(text: pd.Series[str], known: Iterable[str]) -> BoolArray:
    """Find the texts that are among the known ones, shape ``(rows,)``.

    ``Series.isin`` takes 10 s for a million known words, since it makes an Arrow scalar of each.
    """
    words = frozenset(known)
    if not words:
        return np.zeros(len(text), dtype=bool)
    codes, found = pd.factorize(text)
    listed = found.tolist()
    return np.fromiter((word in words for word in listed), dtype=bool, count=len(listed))[codes]
