"""The Gini coefficient: how unequally something is handed out."""

from __future__ import annotations

import numpy as np

from spm_opt.problem import FloatArray


def gini(values: FloatArray) -> FloatArray:
    """Give the Gini coefficient along the last axis: 0 where all have the same, near 1 where one has all.

    With the ``n`` values in ascending order it is ``sum((2 i - n - 1) x_i) / (n sum(x_i))``, half the mean
    absolute difference of all pairs, divided by the mean (C. Gini, Variabilità e mutabilità, 1912; in this
    form in P. M. Dixon et al., Ecology 68(5), 1987). No correction is made for few values: with ``n`` of
    them the most that it can be is ``(n - 1) / n``. Where everybody has nothing, all have the same.

    Parameters
    ----------
    values
        Not negative, shape ``(..., n)``.

    Returns
    -------
    Shape ``(...)``; ``nan`` where there is nobody.

    >>> gini(np.array([[1.0, 1.0, 1.0], [0.0, 0.0, 9.0], [1.0, 2.0, 3.0]])).round(4).tolist()
    [0.0, 0.6667, 0.2222]
    """
    n = values.shape[-1]
    if n == 0:
        return np.full(values.shape[:-1], np.nan)
    ordered = np.sort(values, axis=-1)
    total = ordered.sum(axis=-1)
    weighed = ordered @ (2.0 * np.arange(1, n + 1) - n - 1)
    return np.asarray(np.divide(weighed, n * total, out=np.zeros(np.shape(total)), where=total > 0))
