"""Skill: what of a seller's departure stays from year to year.

The part ``rho`` of a seller's variance ``tau^2`` is skill and stays, the rest is each year's luck. Over ``y`` years and
``n`` accounts in all, the mean departure ``e`` of the accounts held today predicts the next year as ``k e`` with
``k = rho tau^2 / (rho tau^2 + (1 - rho) tau^2 / y + v / n)``, and leaves the variance
``rho tau^2 (1 - k) + (1 - rho) tau^2``. With two pairs of years and 20 sellers, ``rho`` is the covariance of sellers'
mean departures between the years on ``tau^2``, the stated part counting as ten sellers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spm_opt.problem import FloatArray
from spm_opt.scenario.simulate_settings import Simulation
from spm_opt.simulate.observed import Groups, Seen, stated

SKILL_SELLERS, SKILL_PRIOR = 20, 10.0
"""Sellers before the part of skill is estimated, and what the stated part counts."""


@dataclass(frozen=True, eq=False)
class Skill:
    """What is known of sellers.

    Attributes
    ----------
    level
        Predicted departure of each, in logarithms, shape ``(sellers,)``.
    kept
        Part of a seller's variance that the prediction leaves, shape ``(sellers,)``.
    persistence, source
        The part of skill, and where it comes from.
    """

    level: FloatArray
    kept: FloatArray
    persistence: float
    source: str


def no_skill(groups: Groups, settings: Simulation) -> Skill:
    """Know nothing of anybody."""
    count = groups.sellers
    return Skill(np.zeros(count), np.ones(count), settings.skill, stated(settings, "skill"))


def skill(seen: Seen, residual: FloatArray, groups: Groups, spread: float, settings: Simulation) -> Skill:
    """Predict every seller's departure next year; ``spread`` is what accounts of a seller share."""
    rho, source = _persistence(seen, residual, groups, spread, settings)
    return Skill(*_predicted(seen, residual, groups, spread, rho), rho, source)


def _departures(
    seen: Seen, residual: FloatArray, groups: Groups, pair: int | None
) -> tuple[FloatArray, FloatArray]:
    """Give the mean departure of each seller's accounts and their number, of one pair or all."""
    seller = groups.seller[seen.account]
    part = (seller >= 0) if pair is None else (seller >= 0) & (seen.pair == pair)
    members = np.bincount(seller[part], minlength=groups.sellers).astype(float)
    sums = np.bincount(seller[part], residual[part], groups.sellers)
    return np.divide(sums, members, out=np.zeros(groups.sellers), where=members > 0), members


def _persistence(
    seen: Seen, residual: FloatArray, groups: Groups, spread: float, settings: Simulation
) -> tuple[float, str]:
    """Estimate the part of a seller's spread that stays from year to year."""
    source = stated(settings, "skill")
    if seen.pairs < 2 or source == "scenario" or spread <= 0:  # noqa: PLR2004
        return settings.skill, source
    (one, size), (two, other) = (_departures(seen, residual, groups, pair) for pair in (0, 1))
    both = (size > 0) & (other > 0)
    if both.sum() < SKILL_SELLERS:
        return settings.skill, source
    covariance = float(np.cov(one[both], two[both])[0, 1])
    seen_part = float(np.clip(covariance / spread**2, 0, 1))
    count = float(both.sum())
    return (count * seen_part + SKILL_PRIOR * settings.skill) / (count + SKILL_PRIOR), "history"


def _predicted(
    seen: Seen, residual: FloatArray, groups: Groups, spread: float, rho: float
) -> tuple[FloatArray, FloatArray]:
    """Predict each seller's departure next year, and the part of the variance that is left."""
    mean, members = _departures(seen, residual, groups, None)
    stays, luck = rho * spread**2, (1 - rho) * spread**2
    own = float(residual.var()) / np.maximum(members, 1.0)
    shrink = np.where(members > 0, stays / np.maximum(stays + luck / seen.pairs + own, 1e-300), 0.0)
    left = np.ones(len(mean)) if spread <= 0 else (stays * (1 - shrink) + luck) / spread**2
    return shrink * mean, left
