"""What a SPIFF pays: a share of sales, or an amount, in some periods, each by itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spm_opt.pay.results import OWN, Results, ratio, whole
from spm_opt.pay.targets import members
from spm_opt.problem import BoolArray, FloatArray, IntArray
from spm_opt.scenario.pay_periods import within
from spm_opt.scenario.pay_settings import Spiff


@dataclass(frozen=True, eq=False)
class Paid:
    """A SPIFF in some replications, for the ``s`` sellers that have it; cents of shape ``(r, s, periods)``.

    Attributes
    ----------
    places
        The sellers, shape ``(s,)``.
    ends
        The last period of pay of each of its own periods, in which it is paid, by name.
    result, quota
        By its own periods, in their order, shapes ``(r, s, own)`` and ``(s, own)``.
    earned
        What each of them pays before the cap, shape ``(r, s, own)``.
    paid
        Pay of each period.
    """

    places: IntArray
    ends: dict[str, int]
    result: FloatArray
    quota: FloatArray
    earned: FloatArray
    paid: FloatArray


def spiff_pay(spiff: Spiff, results: Results, rows: slice) -> Paid:
    """Compute a SPIFF; a period that is longer than those of pay is paid at its end."""
    places = members(spiff, results)
    key = (spiff.measure, spiff.product or "")
    result, quota = (one[..., places, :] for one in results.credited(key, OWN, rows))
    spans = {name: within(name, results.periods) for name in spiff.periods}
    result = np.stack([result[..., at].sum(axis=-1) for at in spans.values()], axis=-1)
    quota = np.stack([quota[..., at].sum(axis=-1) for at in spans.values()], axis=-1)
    filled = np.stack([results.months[places][:, at].sum(axis=-1) for at in spans.values()], axis=-1) > 0
    earned = np.where(filled & _met(spiff, result, quota), _amount(spiff, result), 0.0)
    ends = {name: at[-1] for name, at in spans.items()}
    paid = np.zeros((*earned.shape[:-1], len(results.periods)))
    for own, end in enumerate(ends.values()):
        paid[..., end] += earned[..., own]
    if spiff.cap is not None:
        so_far = np.minimum(np.cumsum(paid, axis=-1), whole(np.array(100 * spiff.cap)))
        paid = np.diff(so_far, axis=-1, prepend=0.0)
    return Paid(places, ends, result, quota, earned, paid)


def _met(spiff: Spiff, result: FloatArray, quota: FloatArray) -> BoolArray:
    """Say where the goal is met; where there is no quota, as at it."""
    if spiff.goal is None:
        return np.ones(result.shape, dtype=bool)
    return np.asarray(ratio(result, quota, (spiff.measure, spiff.product or ""), spiff.name) >= spiff.goal)


def _amount(spiff: Spiff, result: FloatArray) -> FloatArray:
    if spiff.rate is not None:
        return whole(spiff.rate * result)
    return np.full(result.shape, whole(np.array(100 * (spiff.amount or 0.0))))
