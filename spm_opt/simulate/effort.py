"""Coverage: what a seller's time allows of the work that the accounts ask for.

A seller with the capacity of ``K`` hours and accounts that ask for ``W`` hours gives each of them the part
``e = K / W`` of the effort it needs. Selling brings ``e`` to the power of the elasticity: diminishing returns.
For what existing accounts grow by and for open deals, effort beyond what accounts ask for brings nothing
more; prospects take up to twice the effort. Both are told relative to today's alignment, over whose sellers
they average 1 (weighted by last year's sales): that is under which history was made. Without capacity or
workload every seller's effort is 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from spm_opt.problem import FloatArray, IntArray
from spm_opt.workload.time_sheets import drawn_share

LEAST, MOST = 0.1, 2.0
"""Least effort counted, and the most that prospects take up."""


@dataclass(frozen=True, eq=False)
class Effort:
    """What selling brings by territory, relative to today; "no seller" last, shape ``(k + 1,)``.

    Attributes
    ----------
    growth
        For growth and open deals.
    prospects
        For new business.
    """

    growth: FloatArray
    prospects: FloatArray


def effort(
    capacity: FloatArray,
    workload: FloatArray | None,
    base: FloatArray,
    holder: IntArray,
    today: IntArray,
    elasticity: float,
) -> Effort:
    """Work out what every seller's effort brings.

    Parameters
    ----------
    capacity
        Hours that each of ``k`` positions can sell, shape ``(k,)``; ``inf`` where nothing is said.
    workload
        Hours that each account asks for, shape ``(a,)``.
    base
        Last year's sales, shape ``(a,)``.
    holder, today
        Territory of each account under the plan and today, ``k`` for none; shape ``(a,)``.
    elasticity
        Of sales to effort.
    """
    count = len(capacity)
    if workload is None:
        return Effort(np.ones(count + 1), np.ones(count + 1))
    now, then = (_covered(capacity, workload, held) for held in (holder, today))
    held = today < count
    weight = np.bincount(today[held], base[held], count + 1)
    out = []
    for most in (1.0, MOST):
        brings, usual = (np.clip(one, LEAST, most) ** elasticity for one in (now, then))
        mean = float(weight @ usual / weight.sum()) if weight.sum() > 0 else 1.0
        brings = brings / mean
        brings[-1] = 1.0
        out.append(brings)
    return Effort(*out)


def _covered(capacity: FloatArray, workload: FloatArray, holder: IntArray) -> FloatArray:
    """Give the part of the effort asked for that each seller's time allows, shape ``(k + 1,)``."""
    asked = np.bincount(holder, workload, len(capacity) + 1)
    room = np.append(capacity, np.inf)
    known = (asked > 0) & np.isfinite(room)
    return np.where(known, room / np.where(asked > 0, asked, 1.0), 1.0)


def selling_capacity(
    sellers: pd.DataFrame, names: Sequence[str], shares: Mapping[str, tuple[float, float]] | None
) -> FloatArray:
    """Give each position's capacity, by its share of hours for selling where time sheets tell it.

    A seller's share is drawn towards the team's as if 100 hours more were like it, and counts relative to the
    team's: capacities are what planners count with, shares say who has more or less of them for customers.
    """
    table = sellers.set_index("id").loc[list(names)]
    capacity = table["capacity"].to_numpy(dtype=float)
    if not shares:
        return capacity
    hours = sum(hours for _, hours in shares.values())
    team = sum(share * hours for share, hours in shares.values()) / max(hours, 1e-9)
    if team <= 0:
        return capacity
    factor = [drawn_share(*shares[name], team) / team if name in shares else 1.0 for name in names]
    return np.asarray(capacity * np.array(factor))
