"""How sure a parameter is: what a replication draws for it.

A parameter estimated from history is not known: every replication has its own value, drawn from the
distribution that the data leave (the posterior under the priors said with each). A parameter that was stated
has one value. Draws are by inversion of uniform numbers, so that replications come in antithetic pairs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from spm_opt.problem import BoolArray, FloatArray

INTERVAL = (0.05, 0.95)
"""Quantiles between which a parameter's 90 % interval lies."""
STATED_WEIGHT = 3.0
"""Weight of a stated spread beside an estimated one, in groups."""


@dataclass(frozen=True, eq=False)
class Rates:
    """Probabilities by segment: beta distributed where estimated.

    Attributes
    ----------
    value
        Mean by segment, shape ``(s,)``.
    company
        The company's.
    weight
        Observations behind each, those that a prior stands for among them, shape ``(s,)``; ``inf`` where stated.
    company_weight
        The same for the company.
    observed
        Observations, shape ``(s,)``.
    source
        "history", "scenario" or "default".
    """

    value: FloatArray
    company: float
    weight: FloatArray
    company_weight: float
    observed: FloatArray
    source: str

    def draw(self, uniform: FloatArray) -> FloatArray:
        """Draw from uniform numbers of shape ``(s, r)``."""
        return beta_quantile(self.value[:, None], self.weight[:, None], uniform)

    def interval(self) -> FloatArray:
        """Give the 90 % interval, the company first, shape ``(s + 1, 2)``; ``nan`` where stated."""
        value, weight = np.append(self.company, self.value), np.append(self.company_weight, self.weight)
        return _where_estimated(
            beta_quantile(value[:, None], weight[:, None], np.array([INTERVAL])), np.isfinite(weight)
        )


@dataclass(frozen=True, eq=False)
class Levels:
    """Means of logarithms by segment, with the spread around them.

    Attributes
    ----------
    mean
        Mean of the logarithm by segment, shape ``(s,)``.
    error
        Standard deviation of what is not known of it, shape ``(s,)``; 0 where stated.
    spread
        Standard deviation of single accounts' logarithms, shape ``(s,)``.
    freedom
        Degrees of freedom behind the spread, shape ``(s,)``; ``inf`` where stated.
    company, company_error, company_spread, company_freedom
        The same for the company.
    observed
        Observations, shape ``(s,)``.
    source, spread_source
        "history", "scenario" or "default".
    """

    mean: FloatArray
    error: FloatArray
    spread: FloatArray
    freedom: FloatArray
    company: float
    company_error: float
    company_spread: float
    company_freedom: float
    observed: FloatArray
    source: str
    spread_source: str

    def draw(self, level: FloatArray, wide: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Draw mean and spread from uniform numbers of shape ``(s, r)`` each.

        What is not known of the mean widens the year without moving it: the mean factor stays ``exp(mean)``.
        """
        error = self.error[:, None]
        mean = self.mean[:, None] + error * special.ndtri(level) - error**2 / 2
        return mean, self.spread[:, None] * chi_factor(self.freedom[:, None], wide)

    def interval(self) -> FloatArray:
        """Give the 90 % interval of the mean logarithm, the company first, shape ``(s + 1, 2)``."""
        mean, error = np.append(self.company, self.mean), np.append(self.company_error, self.error)
        return _where_estimated(
            mean[:, None] + error[:, None] * special.ndtri(np.array([INTERVAL])), error > 0
        )

    def spread_interval(self) -> FloatArray:
        """Give the 90 % interval of the spread, the company first, shape ``(s + 1, 2)``."""
        spread, freedom = (
            np.append(self.company_spread, self.spread),
            np.append(self.company_freedom, self.freedom),
        )
        wide = spread[:, None] * chi_factor(freedom[:, None], np.array([INTERVAL]))
        return _where_estimated(wide, np.isfinite(freedom))


@dataclass(frozen=True, eq=False)
class Shared:
    """The spread of what a group shares (its sellers' skill and luck, its markets' turns).

    One-way random effects: with ``g`` groups, mean squares ``B`` between and ``W`` within them and ``n0``
    members in a typical group, ``(B - W) / n0`` estimates the variance. A stated spread counts beside it as three
    groups more, since a few groups say little: of the mean square ``B`` would be on average, ``theta``, the prior is
    a scaled inverse chi-square distribution with 3 degrees of freedom at ``n0`` times the stated variance and
    ``W``, and the posterior one with ``3 + g - 1`` (Box, Tiao: Bayesian Inference in Statistical Analysis, 1973,
    5.2; ``W`` counts as known). Where a part ``rho`` of a group's variance stays over ``y`` years, its mean squares
    say less: the degrees of freedom are ``(g - 1) / (1 + (y - 1) rho^2)`` in place of ``g - 1``.

    Attributes
    ----------
    stated
        The spread where nothing is estimated, and the prior where it is.
    between, within, members, groups
        As above; no groups where it is stated.
    freedom
        Degrees of freedom behind ``between``.
    source
        "history", "scenario" or "default".
    """

    stated: float
    between: float
    within: float
    members: float
    groups: int
    freedom: float
    source: str

    @property
    def value(self) -> float:
        """Estimate of the spread."""
        return float(np.sqrt(self._variance(np.ones(1))[0]))

    def draw(self, uniform: FloatArray) -> FloatArray:
        """Draw from uniform numbers of any shape."""
        if not self.groups:
            return np.full(uniform.shape, self.stated)
        freedom = STATED_WEIGHT + self.freedom
        return np.sqrt(self._variance(np.asarray(freedom / special.chdtri(freedom, uniform))))

    def interval(self) -> tuple[float, float]:
        """Give the 90 % interval; ``nan`` where it is stated."""
        if not self.groups:
            return np.nan, np.nan
        low, high = self.draw(np.array(INTERVAL)).tolist()
        return low, high

    def _variance(self, factor: FloatArray) -> FloatArray:
        """Give the variance where the mean square between groups is so many times its estimate."""
        if not self.groups:
            return np.full(factor.shape, self.stated**2)
        usual = self.members * self.stated**2 + self.within
        square = (STATED_WEIGHT * usual + self.freedom * self.between) / (STATED_WEIGHT + self.freedom)
        return np.asarray(np.maximum(0.0, square * factor - self.within) / self.members)


def beta_quantile(mean: FloatArray, weight: FloatArray, uniform: FloatArray) -> FloatArray:
    """Invert beta distributions given by mean and weight; one without end has its mean."""
    mean, weight, uniform = np.broadcast_arrays(mean, weight, uniform)
    sure = ~np.isfinite(weight) | (mean <= 0) | (mean >= 1)
    a = np.where(sure, 1.0, mean * np.where(sure, 1.0, weight))
    b = np.where(sure, 1.0, (1 - mean) * np.where(sure, 1.0, weight))
    return np.where(sure, mean, special.betaincinv(a, b, uniform))


def chi_factor(freedom: FloatArray, uniform: FloatArray) -> FloatArray:
    """Draw what a standard deviation is to be multiplied with: the root of ``freedom / chi2``, rising in ``uniform``."""
    freedom, uniform = np.broadcast_arrays(freedom, uniform)
    sure = ~np.isfinite(freedom)
    known = np.where(sure, 1.0, freedom)
    return np.where(sure, 1.0, np.sqrt(known / special.chdtri(known, uniform)))


def _where_estimated(interval: FloatArray, estimated: BoolArray) -> FloatArray:
    return np.where(estimated[:, None], interval, np.nan)
