"""Draws: the least that a period pays, as an advance that is recovered or kept.

A recoverable draw keeps a balance: what the components earn beyond the draw of a period pays it back, what
they earn less adds to it (as does pay that is taken back). What is left at the end of the year is still owed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spm_opt.pay.results import Results, whole
from spm_opt.pay.targets import members
from spm_opt.problem import BoolArray, FloatArray, IntArray
from spm_opt.scenario.pay_settings import Draw


@dataclass(frozen=True, eq=False)
class Advance:
    """A draw in some replications, for the ``s`` sellers that have it.

    Attributes
    ----------
    places
        The sellers, shape ``(s,)``.
    least
        The draw of each period in cents, 0 where there is none, shape ``(s, periods)``.
    paid
        What the draw adds to pay (above 0) or takes back (below 0), shape ``(r, s, periods)``.
    owed
        The balance at the end of each period, shape ``(r, s, periods)``; 0 for a draw that is kept.
    """

    places: IntArray
    least: FloatArray
    paid: FloatArray
    owed: FloatArray


def advance(draw: Draw, results: Results, earned: FloatArray) -> Advance:
    """Compute a draw beside what the components pay, cents of shape ``(r, k, periods)``."""
    places = members(draw, results)
    least, force = _least(draw, results, places)
    own = earned[:, places]
    if draw.recovery == "non_recoverable":
        paid = np.where(force, np.maximum(least - own, 0.0), 0.0)
        return Advance(places, least, paid, np.zeros(paid.shape))
    owed, balance = np.zeros(own.shape), np.zeros(own.shape[:-1])
    for period in range(own.shape[-1]):
        balance = np.maximum(0.0, balance + least[:, period] - own[..., period])
        owed[..., period] = balance
    return Advance(places, least, np.diff(owed, axis=-1, prepend=0.0), owed)


def _least(draw: Draw, results: Results, places: IntArray) -> tuple[FloatArray, BoolArray]:
    """Give each seller's draw by period, and where there is one."""
    named = np.array([not draw.periods or name in draw.periods for name in results.periods])
    force = named & (results.months[places] > 0)
    if draw.months_after_start is not None:
        force = force & (results.since[places] < draw.months_after_start)
    least = np.where(force, whole(100 * draw.amount * results.part[places]), 0.0)
    return least.astype(np.float64), force
