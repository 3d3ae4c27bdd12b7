"""What all accounts of a replication share: parameters, shocks, sellers.

Shocks are lognormal with a mean factor of 1, ``exp(s z - s^2 / 2)``: they widen the year without moving it. They
have levels: the company, segments, markets, and sellers, whose spread is what history says accounts of one
seller share; part of it is skill that is already known (see ``growth``).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from spm_opt.problem import FloatArray
from spm_opt.scenario.simulate_settings import Simulation
from spm_opt.simulate.demand import Demand
from spm_opt.simulate.draws import Kind, keys, uniforms
from spm_opt.simulate.effort import Effort
from spm_opt.simulate.tenure import Chairs, Seats, seated

SHOCK = 2
"""Purpose of a seller's shock; the first two are when it leaves and how long the chair stays empty."""


@dataclass(frozen=True, eq=False)
class Futures:
    """A block of replications, as arrays whose last axis is the ``r`` replications.

    Attributes
    ----------
    churn
        By segment, of accounts that bought of late and then of those that fell silent, shape ``(2 s, r)``.
    mean, spread, begins
        Mean and spread of the logarithm of growth, chance to begin to buy, by segment: shape ``(s, r)``.
    share, first_spread
        Share of potential that is bought first (its median), and the spread of its logarithm, shape ``(r,)``.
    win, stays_open
        Win rate by stage, shape ``(stages, r)``; logarithm of the chance that a deal waits another month, ``(r,)``.
    segments, markets, sellers
        Shocks, shape ``(s, r)``, ``(markets, r)``, ``(k + 1, r)``; the company's is in the segments'.
    loss
        Mean share that a change of hands costs, shape ``(r,)``.
    seats
        What became of the positions.
    sells, reaches
        What selling brings of growth, and of prospects, relative to history: shape ``(k + 1, r)``.
    """

    churn: FloatArray
    mean: FloatArray
    spread: FloatArray
    begins: FloatArray
    share: FloatArray
    first_spread: FloatArray
    win: FloatArray
    stays_open: FloatArray
    segments: FloatArray
    markets: FloatArray
    sellers: FloatArray
    loss: FloatArray
    seats: Seats
    sells: FloatArray
    reaches: FloatArray


@dataclass(frozen=True, eq=False)
class People:
    """The positions and who sits in them, "no seller" last.

    Attributes
    ----------
    names
        The ``k`` positions.
    chairs
        How they are filled.
    brings
        What their sellers' effort brings.
    skill
        What is known of each seller, in logarithms, shape ``(k + 1,)``.
    kept
        Part of the variance that accounts of a seller share which that leaves, shape ``(k + 1,)``; 0 for "no seller".
    """

    names: tuple[str, ...]
    chairs: Chairs
    brings: Effort
    skill: FloatArray
    kept: FloatArray


def futures(
    demand: Demand, people: People, rules: Simulation, seed: int, company: float, first: int, count: int
) -> Futures:
    """Draw a block of replications from ``first``; ``company`` is a factor on all sales."""
    names, brings = people.names, people.brings

    def drawn(name: str, each: tuple[str, ...]) -> FloatArray:
        return uniforms(keys(seed, "parameter", [f"{name}\x00{one}" for one in each]), 0, first, count)

    def shock(kind: Kind, each: tuple[str, ...], spread: FloatArray) -> FloatArray:
        return _mean_one(uniforms(keys(seed, kind, each), SHOCK, first, count), spread)

    segments, whole = demand.segment_names, ("",)
    mean, spread = demand.beyond.draw(drawn("growth", segments), drawn("growth_spread", segments))
    share, first_spread = (
        one[0] for one in demand.first.draw(*(drawn(name, segments) for name in ("first", "first_spread")))
    )
    shared = demand.growth.shared
    market = shock("market", demand.market_names, shared.market.draw(drawn("market", whole)))
    common = shock("company", whole, shared.company.draw(drawn("company", whole))) * company
    luck = shared.seller.draw(drawn("seller", whole)) * np.sqrt(people.kept)[:, None]
    seats = seated(people.chairs, keys(seed, "seller", [*names, ""]), first, count)
    loss = rules.handover.loss + rules.handover.uncertainty * special.ndtri(drawn("handover", whole)[0])
    loss = np.clip(loss, -1.0, 1.0)
    waits = demand.closing.on_time.draw(drawn("delay", whole))[0]
    return Futures(
        churn=np.vstack(
            [
                demand.churn.active.draw(drawn("churn", segments)),
                demand.churn.silent.draw(drawn("churn_silent" if demand.churn.apart else "churn", segments)),
            ]
        ),
        mean=mean,
        spread=spread,
        begins=demand.prospects.draw(drawn("new_business", segments)),
        share=np.exp(share),
        first_spread=first_spread,
        win=demand.closing.win.draw(drawn("win_rate", demand.deals.stages)),
        stays_open=np.log1p(-np.minimum(waits, 1 - 1e-300), where=waits < 1, out=np.full(count, 0.0)),
        segments=shock("segment", segments, shared.segment.draw(drawn("segment", whole))) * common,
        markets=market,
        sellers=shock("seller", (*names, ""), luck) * np.exp(people.skill)[:, None],
        loss=loss,
        seats=seats,
        sells=seats.year * brings.growth[:, None],
        reaches=seats.year * brings.prospects[:, None],
    )


def _mean_one(uniform: FloatArray, spread: FloatArray) -> FloatArray:
    """Turn uniform numbers into lognormal factors with a mean of 1."""
    return np.exp(spread * special.ndtri(uniform) - spread**2 / 2)
