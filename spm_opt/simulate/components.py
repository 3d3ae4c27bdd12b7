"""What accounts share: the company's years, their segments', their markets', their sellers'.

All is told from departures, in logarithms, of accounts' growth from their segments' mean, by one-way random effects
(`spm_opt.simulate.laws.Shared`), each where history holds enough groups:

- the company: the means of years, with six years of history (five pairs);
- segments: the means of a segment's years beside the company's, with as many;
- markets: the means of a market's years beside the company's;
- sellers: the means of a seller's years beside their segments'.

The accounts' own variance is what is left when the means of sellers and markets in each year are taken out. A mean
of logarithms is therefore less sure than its accounts' number says:
``v / n + shocks of sellers, markets, segment and company in the years seen``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spm_opt.problem import FloatArray, IntArray
from spm_opt.scenario.simulate_settings import Simulation
from spm_opt.simulate.laws import Shared
from spm_opt.simulate.observed import ENOUGH, Groups, Seen, means, stated

ENOUGH_YEARS, ENOUGH_SELLERS, ENOUGH_MARKETS = 5, 5, 3
"""Groups before their spread is estimated; pairs of years for the company's and the segments'."""
LEVEL_PRIOR = 20.0
"""Weight of the company's growth in a segment's, in accounts."""
TURNS = 10
"""Times that sellers' and markets' means are taken out in turns."""


@dataclass(frozen=True, eq=False)
class Components:
    """What accounts of the company, a segment, a market and a seller share."""

    company: Shared
    segment: Shared
    market: Shared
    seller: Shared


def stated_components(settings: Simulation) -> Components:
    """Take all of it as the scenario states it."""
    return Components(
        *(_only_stated(settings, f"{name}_shock") for name in ("company", "segment", "market", "seller"))
    )


def components(seen: Seen, groups: Groups, settings: Simulation) -> Components:
    """Estimate what accounts share."""
    segment, market, seller = (of[seen.account] for of in (groups.segment, groups.market, groups.seller))
    own, whole = means(seen.log, segment, groups.segments)
    residual, years = seen.log - own[segment], seen.pairs
    held, alike = seller >= 0, 1 + (years - 1) * settings.skill**2
    of_segment = _only_stated(settings, "segment_shock")
    if years >= ENOUGH_YEARS and groups.segments > 1:
        of_segment = _shared(
            _beside(seen, residual), segment * years + seen.pair, ENOUGH_YEARS, settings, "segment_shock",
            taken=groups.segments + years - 2,
        )  # fmt: skip
    return Components(
        company=_shared(residual, seen.pair, ENOUGH_YEARS, settings, "company_shock"),
        segment=of_segment,
        market=_shared(
            _beside(seen, seen.log - whole), market * years + seen.pair, ENOUGH_MARKETS, settings, "market_shock",
            taken=years - 1,
        ),
        seller=_shared(
            departures(seen, groups)[held], (seller * years + seen.pair)[held], ENOUGH_SELLERS, settings,
            "seller_shock", taken=years - 1, alike=alike,
        ),
    )  # fmt: skip


def departures(seen: Seen, groups: Groups) -> FloatArray:
    """Give each account's departure from the mean of its segment in that year."""
    return _beside(seen, seen.log, groups.segment[seen.account])


def _beside(seen: Seen, values: FloatArray, segment: IntArray | None = None) -> FloatArray:
    """Take the mean of each year out, or of each segment's year."""
    group = seen.pair if segment is None else segment * seen.pairs + seen.pair
    own, _ = means(values, group, int(group.max()) + 1)
    return np.asarray(values - own[group])


def _only_stated(settings: Simulation, key: str) -> Shared:
    return Shared(float(getattr(settings, key)), 0.0, 0.0, 1.0, 0, 0.0, stated(settings, key))


def _shared(
    values: FloatArray, group: IntArray, enough: int, settings: Simulation, key: str,
    *, taken: int = 0, alike: float = 1.0,
) -> Shared:  # fmt: skip
    """Estimate what groups share; a scenario that states it is believed.

    ``taken`` are degrees of freedom that means taken out before have cost, beside the mean of all; ``alike`` is how
    many groups say as much as one that stands alone.
    """
    source = stated(settings, key)
    _, group, members = np.unique(group, return_inverse=True, return_counts=True)
    groups, count, free = len(members), len(values), len(members) - 1 - taken
    if source == "scenario" or groups < enough or free < 1 or count - groups < ENOUGH:
        return _only_stated(settings, key)
    own, whole = means(values, group, groups)
    between = float(members @ (own - whole) ** 2) / free
    within = float(((values - own[group]) ** 2).sum()) / (count - groups)
    typical = (count - float(members @ members) / count) / (groups - 1)
    return Shared(float(getattr(settings, key)), between, within, typical, groups, free / alike, "history")


def inside(shared: Components, groups: Groups) -> float:
    """Give the shared variance that the accounts of one segment show among themselves."""
    pairs = np.unique(groups.segment * groups.markets + groups.market)
    crossed = len(pairs) > groups.segments
    apart = len(np.unique(groups.seller[groups.seller >= 0])) > 1
    return shared.seller.value**2 * apart + shared.market.value**2 * crossed


def lasting(seen: Seen, groups: Groups, seller: float, market: float) -> FloatArray:
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


def alone(seen: Seen, residual: FloatArray, groups: Groups, shared: float) -> tuple[FloatArray, float]:
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
                left -= means(left, cell, int(cell.max()) + 1)[0][cell]
        squares = left**2 * count / (count - taken)
    else:
        squares = np.maximum(residual**2 - shared, 0.0)
    company = float(squares.mean())
    own = np.bincount(segment, squares, groups.segments)
    return (own + LEVEL_PRIOR * company) / (observed + LEVEL_PRIOR), company
