"""Chances to attain, from the draws of the simulated year."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spm_opt.problem import FloatArray


@dataclass(frozen=True, eq=False)
class Chances:
    """Each territory's predictive distribution: its draws in cents, sorted, shape ``(k, draws)``.

    A chance to miss between 0 and 1 stands for the quantile, linear between draws (``numpy.quantile``).
    Below 0 and above 1 the amount goes on in proportion, from the least draw down to nothing at -1 and
    from the largest draw up without end, so that any total has a common level.
    """

    draws: FloatArray

    @classmethod
    def of(cls, amount: FloatArray) -> Chances:
        """Sort draws in currency, shape ``(replications, k)``."""
        return cls(np.sort(np.ascontiguousarray(amount.T), axis=1) * 100.0)

    def amount(self, miss: FloatArray) -> FloatArray:
        """Give the amount in cents that each territory misses with its chance, shape ``(k,)``."""
        last, rows = self.draws.shape[1] - 1, np.arange(len(self.draws))
        at = np.clip(miss, 0.0, 1.0) * last
        low = np.minimum(at.astype(np.int64), max(0, last - 1))
        high = np.minimum(low + 1, last)
        found = self.draws[rows, low] + (self.draws[rows, high] - self.draws[rows, low]) * (at - low)
        return np.asarray(found * np.maximum(0.0, 1.0 + np.minimum(0.0, miss)) * np.maximum(1.0, miss))

    def miss(self, cents: FloatArray) -> FloatArray:
        """Give each territory's chance to miss an amount in cents, as `amount` would turn it back."""
        grid = np.linspace(0.0, 1.0, self.draws.shape[1])
        found = np.array([np.interp(c, own, grid) for c, own in zip(cents, self.draws, strict=True)])
        least, most = self.draws[:, 0], self.draws[:, -1]
        with np.errstate(divide="ignore", invalid="ignore"):
            below = np.where((cents < least) & (least > 0), cents / least - 1.0, found)
            return np.asarray(np.where((cents > most) & (most > 0), cents / most, below))

    def attain(self, cents: FloatArray) -> FloatArray:
        """Give the share of draws that reach each amount in cents, shape ``(k,)``."""
        count = self.draws.shape[1]
        return np.array(
            [1 - own.searchsorted(c, side="left") / count for c, own in zip(cents, self.draws, strict=True)]
        )
