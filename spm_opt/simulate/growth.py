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
What sellers and markets share
    Accounts of one seller rise and fall together, as do those of one market: one-way random effects on the
    departures from the segments' (for markets: the company's) mean give the spread of each. The accounts' own
    variance is what is left when the means of sellers and markets in each year are taken out.
    A mean of logarithms is therefore less sure than its accounts' number says:
    ``v / n + shocks of sellers, markets, segment and company in the years seen``.
Skill
    The part ``rho`` of a seller's variance ``tau^2`` is skill and stays, the rest is each year's luck. Over ``y``
    years and ``n`` accounts in all, the mean departure ``e`` of the accounts held today predicts the next year as
    ``k e`` with ``k = rho tau^2 / (rho tau^2 + (1 - rho) tau^2 / y + v / n)``, and leaves the variance
    ``rho tau^2 (1 - k) + (1 - rho) tau^2``. With two pairs of years and 20 sellers, ``rho`` is the covariance of
    sellers' mean departures between the years on ``tau^2``, the stated part counting as ten sellers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from spm_opt.problem import FloatArray, IntArray
from spm_opt.scenario.simulate_settings import Simulation
from spm_opt.simulate.history import Pair
from spm_opt.simulate.laws import Levels, Rates, Shared
from spm_opt.simulate.shape import normal_shape, seen_shape

ENOUGH = 30
"""Accounts to observe before history replaces the scenario's rates."""
RATE_PRIOR = 50.0
"""Weight of the company's rate in a segment's, in accounts."""
LEVEL_PRIOR = 20.0
"""Weight of the company's growth in a segment's, in accounts."""
ROBUST_LIMIT = 5.0
"""Robust standard deviations from the median beyond which a growth is drawn in."""
NARROWEST = 0.1
"""Least distance of that limit from the median, in logarithms: about 10 % of growth."""
ENOUGH_SELLERS, ENOUGH_MARKETS = 5, 3
"""Groups before their spread is estimated."""
TURNS = 10
"""Times that sellers' and markets' means are taken out in turns."""
SKILL_SELLERS, SKILL_PRIOR = 20, 10.0
"""Sellers before the part of skill is estimated, and what the stated part counts."""


@dataclass(frozen=True, eq=False)
class Groups:
    """Where accounts belong, each of shape ``(a,)``: segment, market, and today's seller (-1 for none)."""

    segment: IntArray
    market: IntArray
    seller: IntArray
    segments: int
    markets: int
    sellers: int


@dataclass(frozen=True, eq=False)
class Growth:
    """What history says of growth.

    Attributes
    ----------
    levels
        Means and spreads of logarithms by segment.
    shape
        See `spm_opt.simulate.shape`.
    seller, market
        What accounts of a seller, or a market, share.
    skill
        Predicted departure of each seller, in logarithms, shape ``(sellers,)``.
    kept
        Part of a seller's variance that the prediction leaves, shape ``(sellers,)``.
    persistence, persistence_source
        The part of skill, and where it comes from.
    """

    levels: Levels
    shape: FloatArray
    seller: Shared
    market: Shared
    skill: FloatArray
    kept: FloatArray
    persistence: float
    persistence_source: str


@dataclass(frozen=True, eq=False)
class _Seen:
    """Accounts with sales in both windows of a pair: which, of which pair, and the logarithm of growth."""

    account: IntArray
    pair: IntArray
    log: FloatArray
    pairs: int


def stated(settings: Simulation, key: str) -> str:
    """Say where a setting comes from."""
    return "scenario" if key in settings.model_fields_set else "default"


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
    seen = _stayed(pairs)
    if len(seen.log) < ENOUGH:
        return _stated(seen, groups, settings)
    segment = groups.segment[seen.account]
    own, company = _means(seen.log, segment, groups.segments)
    observed = np.bincount(segment, minlength=groups.segments).astype(np.float64)
    mean = (observed * own + LEVEL_PRIOR * company) / (observed + LEVEL_PRIOR)
    residual = seen.log - own[segment]
    sellers, markets = groups.seller[seen.account], groups.market[seen.account]
    held = sellers >= 0
    alike = 1 + (seen.pairs - 1) * settings.skill**2
    seller = _shared(
        residual[held],
        sellers[held] * seen.pairs + seen.pair[held],
        ENOUGH_SELLERS,
        settings,
        "seller_shock",
        alike,
    )
    market = _shared(
        seen.log - company, markets * seen.pairs + seen.pair, ENOUGH_MARKETS, settings, "market_shock"
    )
    total = float(residual.var())
    within = np.bincount(segment, residual**2, groups.segments)
    variance = (within + LEVEL_PRIOR * total) / (observed + LEVEL_PRIOR)
    shared = _inside(seller, market, groups)
    alone, company_alone = _alone(seen, residual, groups, shared)
    common = settings.company_shock**2 / seen.pairs
    each = common + settings.segment_shock**2 / seen.pairs
    lasting = _common(seen, groups, seller.value, market.value)
    levels = Levels(
        # what is shared is drawn with a mean factor of 1: its part of the mean factor stays here
        mean=mean + np.minimum(shared, variance) / 2,
        error=np.sqrt(variance / (observed + LEVEL_PRIOR) + each + lasting[:-1]),
        spread=np.sqrt(alone),
        freedom=observed + LEVEL_PRIOR - 1,
        company=company + min(shared, total) / 2,
        company_error=float(np.sqrt(total / len(residual) + common + lasting[-1])),
        company_spread=float(np.sqrt(company_alone)),
        company_freedom=len(residual) - 1.0,
        observed=observed,
        source="history",
        spread_source="history",
    )
    shape = seen_shape((residual - residual.mean()) / max(np.sqrt(total), 1e-12))
    rho, source = _persistence(seen, residual, groups, seller.value, settings)
    skill, kept = _skill(seen, residual, groups, seller.value, rho)
    return Growth(levels, shape, seller, market, skill, kept, rho, source)


def _stayed(pairs: Sequence[Pair]) -> _Seen:
    """Collect the accounts with sales in both windows, outliers drawn in."""
    where = [np.flatnonzero((pair.before > 0) & (pair.last > 0)) for pair in pairs]
    if not sum(map(len, where)):
        nothing = np.zeros(0, dtype=np.int64)
        return _Seen(nothing, nothing, np.zeros(0), max(len(pairs), 1))
    logs = [np.log(pair.last[at] / pair.level[at]) for pair, at in zip(pairs, where, strict=True)]
    number = np.repeat(np.arange(len(pairs)), [len(at) for at in where])
    return _Seen(np.concatenate(where), number, drawn_in(np.concatenate(logs)), len(pairs))


def drawn_in(logs: FloatArray) -> FloatArray:
    """Draw outliers in to the robust limit."""
    middle = np.median(logs)
    wide = max(ROBUST_LIMIT * 1.4826 * float(np.median(np.abs(logs - middle))), NARROWEST)
    return np.clip(logs, middle - wide, middle + wide)


def _stated(seen: _Seen, groups: Groups, settings: Simulation) -> Growth:
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
    return Growth(
        levels,
        normal_shape(),
        _only_stated(settings, "seller_shock"),
        _only_stated(settings, "market_shock"),
        np.zeros(groups.sellers),
        np.ones(groups.sellers),
        settings.skill,
        stated(settings, "skill"),
    )


def _means(values: FloatArray, group: IntArray, count: int) -> tuple[FloatArray, float]:
    """Give the mean of each group (the company's for one without members) and the company's."""
    company = float(values.mean())
    members = np.bincount(group, minlength=count)
    sums = np.bincount(group, values, count)
    return np.divide(sums, members, out=np.full(count, company), where=members > 0), company


def _only_stated(settings: Simulation, key: str) -> Shared:
    return Shared(float(getattr(settings, key)), 0.0, 0.0, 1.0, 0, 0.0, stated(settings, key))


def _shared(
    values: FloatArray, group: IntArray, enough: int, settings: Simulation, key: str, alike: float = 1.0
) -> Shared:
    """Estimate what groups share; a scenario that states it is believed.

    ``alike`` is how many groups say as much as one that stands alone.
    """
    source = stated(settings, key)
    _, group, members = np.unique(group, return_inverse=True, return_counts=True)
    groups, count = len(members), len(values)
    if source == "scenario" or groups < enough or count - groups < ENOUGH:
        return _only_stated(settings, key)
    own, whole = _means(values, group, groups)
    between = float(members @ (own - whole) ** 2) / (groups - 1)
    within = float(((values - own[group]) ** 2).sum()) / (count - groups)
    typical = (count - float(members @ members) / count) / (groups - 1)
    freedom = (groups - 1) / alike
    return Shared(float(getattr(settings, key)), between, within, typical, groups, freedom, "history")


def _inside(seller: Shared, market: Shared, groups: Groups) -> float:
    """Give the shared variance that the accounts of one segment show among themselves."""
    pairs = np.unique(groups.segment * groups.markets + groups.market)
    crossed = len(pairs) > groups.segments
    apart = len(np.unique(groups.seller[groups.seller >= 0])) > 1
    return seller.value**2 * apart + market.value**2 * crossed


def _common(seen: _Seen, groups: Groups, seller: float, market: float) -> FloatArray:
    """Variance that shocks of the years seen leave in the segments' means, and last the company's, shape ``(s + 1,)``."""
    out = np.zeros(groups.segments + 1)
    for spread, of in ((seller, groups.seller), (market, groups.market)):
        group = (of[seen.account] + 1) * seen.pairs + seen.pair
        _, group = np.unique(group, return_inverse=True)
        size = int(group.max()) + 1
        cell = np.bincount(groups.segment[seen.account] * size + group, minlength=groups.segments * size)
        table = cell.reshape(groups.segments, size).astype(float)
        for row, parts in ((slice(0, -1), table), (slice(-1, None), table.sum(axis=0, keepdims=True))):
            sums = parts.sum(axis=1)
            out[row] += spread**2 * np.divide(
                (parts**2).sum(axis=1), sums**2, out=np.zeros(len(sums)), where=sums > 0
            )
    return out


def _alone(seen: _Seen, residual: FloatArray, groups: Groups, shared: float) -> tuple[FloatArray, float]:
    """Give the accounts' own variance by segment, and the company's: what sellers and markets leave.

    Their means of each year are taken out, in turns until both are gone, and the degrees of freedom that they take
    are allowed for. Where that leaves too few, what they share is taken off the whole variance instead.
    """
    segment, count = groups.segment[seen.account], len(residual)
    observed = np.bincount(segment, minlength=groups.segments)
    cells = [
        np.unique((of[seen.account] + 1) * seen.pairs + seen.pair, return_inverse=True)[1]
        for of in (groups.seller, groups.market)
    ]
    taken = sum(int(cell.max()) for cell in cells) + int((observed > 0).sum())
    left = residual.copy()
    if count - taken >= ENOUGH:
        for _ in range(TURNS):
            for cell in cells:
                left -= _means(left, cell, int(cell.max()) + 1)[0][cell]
        squares = left**2 * count / (count - taken)
    else:
        squares = np.maximum(residual**2 - shared, 0.0)
    company = float(squares.mean())
    own = np.bincount(segment, squares, groups.segments)
    return (own + LEVEL_PRIOR * company) / (observed + LEVEL_PRIOR), company


def _departures(
    seen: _Seen, residual: FloatArray, groups: Groups, pair: int | None
) -> tuple[FloatArray, FloatArray]:
    """Give the mean departure of each seller's accounts and their number, of one pair or all."""
    seller = groups.seller[seen.account]
    part = (seller >= 0) if pair is None else (seller >= 0) & (seen.pair == pair)
    members = np.bincount(seller[part], minlength=groups.sellers).astype(float)
    sums = np.bincount(seller[part], residual[part], groups.sellers)
    return np.divide(sums, members, out=np.zeros(groups.sellers), where=members > 0), members


def _persistence(
    seen: _Seen, residual: FloatArray, groups: Groups, spread: float, settings: Simulation
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


def _skill(
    seen: _Seen, residual: FloatArray, groups: Groups, spread: float, rho: float
) -> tuple[FloatArray, FloatArray]:
    """Predict each seller's departure next year, and the part of the variance that is left."""
    mean, members = _departures(seen, residual, groups, None)
    skill, luck = rho * spread**2, (1 - rho) * spread**2
    own = float(residual.var()) / np.maximum(members, 1.0)
    shrink = np.where(members > 0, skill / np.maximum(skill + luck / seen.pairs + own, 1e-300), 0.0)
    left = np.ones(len(mean)) if spread <= 0 else (skill * (1 - shrink) + luck) / spread**2
    return shrink * mean, left
