"""What one component earns and pays, period by period.

With the result ``x`` and the quota ``q`` that the basis sets against each other, attainment is ``a = x / q``
(1 where there is no quota: a seller without one is paid as at it). Below the threshold nothing is paid. A
tier from ``l`` to ``h`` of rate ``r`` pays

    target * (r * (min(a, h) - min(a, l)) + step [a >= l])

where ``step`` is what its ``pay`` lies above the end of the tier before; the tier of a commission pays
``r * (min(x, h q) - min(x, l q))``, or with limits in currency ``r * (min(x, h) - min(x, l))``. Each tier is
rounded to the cent, their sum is cut at the cap, and what was paid before is taken off.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spm_opt.pay.results import Key, Results, ratio, whole
from spm_opt.pay.targets import members
from spm_opt.problem import BoolArray, FloatArray, IntArray
from spm_opt.scenario.pay_settings import Component


@dataclass(frozen=True, eq=False)
class Earned:
    """A component in some replications, for the ``s`` sellers that have it; cents of shape ``(r, s, periods)``.

    Attributes
    ----------
    places
        The sellers, shape ``(s,)``.
    result, quota
        What counts in each period; ``quota`` of shape ``(s, periods)``.
    set_result, set_quota
        What the basis sets against each other.
    target
        Target pay that attainment is turned into, shape ``(s, periods)``.
    attainment
        Their ratio; 1 where there is no quota.
    below
        Whether attainment is below the threshold.
    tiers
        What each tier pays.
    cut
        What the cap takes off, 0 or less.
    due
        What is due: for the period, or for the year so far.
    before
        What was paid for the year so far in earlier periods; 0 for pay by period.
    paid
        Pay of the period.
    """

    places: IntArray
    result: FloatArray
    quota: FloatArray
    set_result: FloatArray
    set_quota: FloatArray
    target: FloatArray
    attainment: FloatArray
    below: BoolArray
    tiers: tuple[FloatArray, ...]
    cut: FloatArray
    due: FloatArray
    before: FloatArray
    paid: FloatArray


def key_of(component: Component) -> Key:
    """Give the key of what a component measures."""
    return component.measure, component.product or ""


def earned(component: Component, results: Results, target: FloatArray, rows: slice) -> Earned:
    """Compute a component.

    Parameters
    ----------
    component, results
        What is paid for, and what was reached.
    target
        Its target pay up to the end of each period, cents of shape ``(k, periods)``.
    rows
        The replications.

    Raises
    ------
    ScenarioError
        There are no quotas for what it measures.
    """
    places = members(component, results)
    result, quota = (one[..., places, :] for one in results.credited(key_of(component), component.of, rows))
    own = target[places]
    set_result, set_quota, own = _set_against(component.basis, result, quota, own)
    # the year's target pay is nobody's before the position is filled
    own = own * (np.cumsum(results.months[places], axis=1) > 0)
    attainment = _attainment(component, set_result, set_quota)
    below = attainment < (component.threshold or 0.0)
    tiers = tuple(
        np.where(below, 0.0, one) for one in _tiers(component, set_result, set_quota, attainment, own)
    )
    total = np.zeros(result.shape)
    for one in tiers:
        total += one
    most = np.inf if component.cap is None else whole(component.cap * own)
    due = np.minimum(total, most)
    before, paid = _paid(component, due)
    return Earned(
        places, result, quota, set_result, set_quota, own, attainment, below, tiers, due - total, due, before,
        paid,
    )  # fmt: skip


def _set_against(
    basis: str, result: FloatArray, quota: FloatArray, target: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Give result, quota and target pay as the basis counts them."""
    if basis == "period":
        return result, quota, np.diff(target, axis=1, prepend=0.0)
    result = np.cumsum(result, axis=-1)
    if basis == "year_to_date":
        return result, np.cumsum(quota, axis=-1), target
    whole_year = np.broadcast_to(quota.sum(axis=-1, keepdims=True), quota.shape)
    return result, whole_year, np.broadcast_to(target[:, -1:], target.shape)


def _attainment(component: Component, result: FloatArray, quota: FloatArray) -> FloatArray:
    """Divide results by quotas; by amounts of currency nobody is held to a quota."""
    if component.tiers_by == "amount":
        return np.ones(result.shape)
    return ratio(result, quota, key_of(component), component.name)


def _tiers(
    component: Component, result: FloatArray, quota: FloatArray, attainment: FloatArray, target: FloatArray
) -> list[FloatArray]:
    """Give what each tier pays, threshold and cap apart."""
    found, level = [], 0.0
    for low, high, rate, pay in stretches(component):
        if component.kind == "attainment":
            start = level if pay is None else pay
            part = rate * (np.minimum(attainment, high) - np.minimum(attainment, low))
            if start != level:
                part = part + (start - level) * (attainment >= low)
            found.append(whole(target * part))
            level = start + rate * (min(high, 1e9) - low)
        else:
            bottom, top = (_bound(component, at, quota) for at in (low, high))
            found.append(whole(rate * (np.minimum(result, top) - np.minimum(result, bottom))))
    return found


def stretches(component: Component) -> list[tuple[float, float, float, float | None]]:
    """List the tiers with both ends: from, to (``inf`` for the last), rate, and pay where it begins."""
    ends = [tier.low for tier in component.tiers[1:]] + [np.inf]
    return [
        (tier.low, tier.high if tier.high is not None else end, tier.rate, tier.pay)
        for tier, end in zip(component.tiers, ends, strict=True)
    ]


def _bound(component: Component, at: float, quota: FloatArray) -> FloatArray:
    """Give a limit of a commission's tier in cents; without a quota all sales are in the tier that ends at 1 or above."""
    if component.tiers_by == "amount":
        return np.full(quota.shape, 100 * at)
    asked = quota > 0
    return np.where(asked, at * np.where(asked, quota, 1.0), 0.0 if at < 1 else np.inf)


def _paid(component: Component, due: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Give what was paid before each period, and what each pays."""
    if component.basis == "period":
        return np.zeros(due.shape), due
    so_far = due if component.claw_back else np.maximum.accumulate(np.maximum(due, 0.0), axis=-1)
    before = np.concatenate([np.zeros((*due.shape[:-1], 1)), so_far[..., :-1]], axis=-1)
    return before, so_far - before
