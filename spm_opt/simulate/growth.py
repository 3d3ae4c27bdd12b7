"""Churn and growth, estimated from windows of the history a year apart.

Churn
    An account with sales in one window and none in the same months a year later has churned. Accounts that bought
    nothing in the three months before the later one have a rate of their own, where at least 30 were seen. Of ``n`` accounts
    observed ``c`` did: the company's rate has the beta distribution of Jeffreys' prior, ``(c + 1/2)`` to
    ``(n - c + 1/2)``; a segment's counts as if 50 accounts more had churned at the company's rate, so a segment
    of five accounts says little, and one of a thousand speaks for itself.
Growth of the accounts that stay
    The logarithm of sales to those of a year before, which count as a whole year's where an account began within
    it. Values beyond five robust standard deviations (1.4826
    times the median absolute deviation) of the median are drawn in to that limit, since an account that
    bought only part of a year, or hardly anything, shows no growth that will repeat. Mean and variance are
    taken of the company and shrunk towards it in each segment, as if 20 accounts more had behaved like it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from spm_opt.problem import FloatArray, IntArray
from spm_opt.scenario.simulate_settings import Simulation
from spm_opt.simulate.components import (
    LEVEL_PRIOR,
    Components,
    alone,
    components,
    departures,
    inside,
    lasting,
    stated_components,
)
from spm_opt.simulate.history import Pair
from spm_opt.simulate.laws import Levels, Rates
from spm_opt.simulate.observed import ENOUGH, Groups, Seen, means, stated, stayed
from spm_opt.simulate.shape import normal_shape, seen_shape
from spm_opt.simulate.skill import Skill, no_skill, skill

RATE_PRIOR = 50.0
"""Weight of the company's rate in a segment's, in accounts."""


@dataclass(frozen=True, eq=False)
class Growth:
    """What history says of growth.

    Attributes
    ----------
    levels
        Means and spreads of logarithms by segment.
    shape
        See `spm_opt.simulate.shape`.
    shared
        What accounts of the company, a segment, a market and a seller share.
    skill
        What is known of sellers.
    """

    levels: Levels
    shape: FloatArray
    shared: Components
    skill: Skill


def rates(
    count: IntArray,
    of: IntArray,
    given: float,
    source: str,
    *,
    enough: int = ENOUGH,
    prior: float = RATE_PRIOR,
) -> Rates:
    """Estimate a probability by segment from how often it happened (``count``) in how many (``of``), shape ``(s,)``."""
    total = int(of.sum())
    if total < enough:
        size = len(of)
        return Rates(np.full(size, given), given, np.full(size, np.inf), np.inf, of.astype(float), source)
    company = float((count.sum() + 0.5) / (total + 1))
    weight = of.astype(np.float64) + prior
    return Rates(
        (count + prior * company) / weight, company, weight, total + 1.0, of.astype(float), "history"
    )


@dataclass(frozen=True, eq=False)
class Churn:
    """Churn of each segment: of accounts that bought of late, and of those that fell silent.

    ``apart`` says whether history tells the two apart; else they are the same.
    """

    active: Rates
    silent: Rates
    apart: bool


def churn(pairs: Sequence[Pair], groups: Groups, settings: Simulation) -> Churn:
    """Estimate the churn of each segment."""
    seen, gone = np.zeros((2, 2, groups.segments), dtype=np.int64)
    for pair in pairs:
        for at, state in enumerate((~pair.silent, pair.silent)):
            bought = (pair.before > 0) & state
            seen[at] += np.bincount(groups.segment[bought], minlength=groups.segments)
            gone[at] += np.bincount(groups.segment[bought & (pair.last <= 0)], minlength=groups.segments)
    given = settings.churn, stated(settings, "churn")
    if seen[1].sum() < ENOUGH:
        every = rates(gone.sum(axis=0), seen.sum(axis=0), *given)
        return Churn(every, every, apart=False)
    return Churn(rates(gone[0], seen[0], *given), rates(gone[1], seen[1], *given), apart=True)


def growth(pairs: Sequence[Pair], groups: Groups, settings: Simulation) -> Growth:
    """Estimate growth, its shape, and what sellers and markets share."""
    seen = stayed(pairs)
    if len(seen.log) < ENOUGH:
        return _stated(seen, groups, settings)
    shared = components(seen, groups, settings)
    residual = departures(seen, groups)
    shape = seen_shape((residual - residual.mean()) / max(float(residual.std()), 1e-12))
    known = skill(seen, residual, groups, shared.seller.value, settings)
    return Growth(_levels(seen, residual, groups, shared), shape, shared, known)


def _levels(seen: Seen, residual: FloatArray, groups: Groups, shared: Components) -> Levels:
    """Estimate means and spreads of logarithms by segment."""
    segment = groups.segment[seen.account]
    own, company = means(seen.log, segment, groups.segments)
    observed = np.bincount(segment, minlength=groups.segments).astype(np.float64)
    total, within = float(residual.var()), np.bincount(segment, residual**2, groups.segments)
    variance = (within + LEVEL_PRIOR * total) / (observed + LEVEL_PRIOR)
    among = inside(shared, groups)
    spread, company_spread = alone(seen, residual, groups, among)
    common = shared.company.value**2 / seen.pairs
    each = common + shared.segment.value**2 / seen.pairs
    years = lasting(seen, groups, shared.seller.value, shared.market.value)
    return Levels(
        # what is shared is drawn with a mean factor of 1: its part of the mean factor stays here
        mean=(observed * own + LEVEL_PRIOR * company) / (observed + LEVEL_PRIOR)
        + np.minimum(among, variance) / 2,
        error=np.sqrt(variance / (observed + LEVEL_PRIOR) + each + years[:-1]),
        spread=np.sqrt(spread),
        freedom=observed + LEVEL_PRIOR - 1,
        company=company + min(among, total) / 2,
        company_error=float(np.sqrt(total / len(residual) + common + years[-1])),
        company_spread=float(np.sqrt(company_spread)),
        company_freedom=len(residual) - 1.0,
        observed=observed,
        source="history",
        spread_source="history",
    )


def _stated(seen: Seen, groups: Groups, settings: Simulation) -> Growth:
    """Take growth as the scenario states it."""
    count = groups.segments
    nothing, endless = np.zeros(count), np.full(count, np.inf)
    # a stated growth is that of the mean, whose logarithm the spread lifts
    level = float(np.log1p(settings.growth) - settings.growth_spread**2 / 2)
    levels = Levels(
        mean=np.full(count, level),
        error=nothing,
        spread=np.full(count, settings.growth_spread),
        freedom=endless,
        company=level,
        company_error=0.0,
        company_spread=settings.growth_spread,
        company_freedom=np.inf,
        observed=np.bincount(groups.segment[seen.account], minlength=count).astype(float),
        source=stated(settings, "growth"),
        spread_source=stated(settings, "growth_spread"),
    )
    return Growth(levels, normal_shape(), stated_components(settings), no_skill(groups, settings))
