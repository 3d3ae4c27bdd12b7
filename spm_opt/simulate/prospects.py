"""New business: accounts that have not bought, and begin to.

An account without sales in the year before begins to buy with a probability by segment, estimated from the
windows of the history as churn is. In its first year it buys a share of its potential: the logarithm of first
sales on potential has the mean and the spread seen, over all segments. What the open pipeline is expected to
bring to a segment's prospects is taken off the probability, as it is off growth: most new business was an
opportunity first. Selling more brings more with diminishing returns (see ``effort``); no account buys more
than its potential.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from spm_opt.problem import FloatArray
from spm_opt.scenario.simulate_settings import Simulation
from spm_opt.simulate.growth import rates
from spm_opt.simulate.history import Pair
from spm_opt.simulate.laws import Levels, Rates
from spm_opt.simulate.observed import Groups, drawn_in, stated

ENOUGH_FIRST = 10
"""First years to observe before history replaces the stated share of potential."""


def new_business(
    pairs: Sequence[Pair], groups: Groups, potential: FloatArray | None, settings: Simulation
) -> tuple[Rates, Levels]:
    """Estimate how many prospects begin to buy, and how much of their potential; none without potential."""
    count = groups.segments
    if potential is None:
        nobody = Rates(np.zeros(count), 0.0, np.full(count, np.inf), np.inf, np.zeros(count), "scenario")
        return nobody, _stated_first(0, count, settings)
    began, seen = np.zeros((2, count), dtype=np.int64)
    shares = []
    for pair in pairs:
        prospect = (pair.before <= 0) & (potential > 0)
        first = prospect & (pair.last > 0)
        seen += np.bincount(groups.segment[prospect], minlength=count)
        began += np.bincount(groups.segment[first], minlength=count)
        shares.append(np.log(pair.last[first] / potential[first]))
    found = rates(began, seen, settings.new_business, stated(settings, "new_business"))
    logs = np.concatenate(shares) if shares else np.zeros(0)
    if len(logs) < ENOUGH_FIRST:
        return found, _stated_first(len(logs), count, settings)
    return found, _first(drawn_in(logs), count)


def _first(logs: FloatArray, count: int) -> Levels:
    """Estimate the share of potential that is bought in the first year, the same for all segments."""
    mean, spread, seen = float(logs.mean()), float(logs.std(ddof=1)), len(logs)
    error = spread / np.sqrt(seen)
    return Levels(
        np.full(count, mean), np.full(count, error), np.full(count, spread), np.full(count, seen - 1.0),
        mean, error, spread, seen - 1.0, np.full(count, float(seen)), "history", "history",
    )  # fmt: skip


def _stated_first(seen: int, count: int, settings: Simulation) -> Levels:
    spread = settings.first_purchase_spread
    mean = float(np.log(max(settings.first_purchase, 1e-12)) - spread**2 / 2)
    return Levels(
        np.full(count, mean), np.zeros(count), np.full(count, spread), np.full(count, np.inf),
        mean, 0.0, spread, np.inf, np.full(count, float(seen)),
        stated(settings, "first_purchase"), stated(settings, "first_purchase_spread"),
    )  # fmt: skip
