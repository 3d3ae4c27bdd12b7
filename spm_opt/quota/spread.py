"""Spreading an amount in proportion within limits, exactly."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction


def spread(
    total: int, weights: Sequence[Fraction], low: Sequence[int], high: Sequence[int]
) -> tuple[Fraction, ...]:
    """Spread a total in proportion to weights, cut at the limits, and spread again what was cut.

    The result is ``min(max(level * weight, low), high)`` with the one level for which it sums to the
    total (water-filling): every territory that no limit holds has the same amount for each unit of
    weight. Where all weighted territories stand at their highest and something is left, those without
    weight share it evenly.

    Parameters
    ----------
    total
        What is spread, between the sums of ``low`` and of ``high``.
    weights, low, high
        Of each territory; not negative, ``low <= high``.

    Raises
    ------
    ValueError
        When the total does not lie between the sums of the limits.
    """
    if not sum(low) <= total <= sum(high):
        raise ValueError(f"{total} lies outside the limits {sum(low)} to {sum(high)}")
    rest = total - sum(
        top if weight else bottom for weight, bottom, top in zip(weights, low, high, strict=True)
    )
    if rest > 0:
        # all weighted ones are full: nothing but an even split is left to go by
        weights = [Fraction(1) if not weight else Fraction(0) for weight in weights]
        low = [bottom if weight else top for weight, bottom, top in zip(weights, low, high, strict=True)]
    level = _level(total, weights, low, high)
    return tuple(
        min(max(level * weight, Fraction(bottom)), Fraction(top))
        for weight, bottom, top in zip(weights, low, high, strict=True)
    )


def _level(total: int, weights: Sequence[Fraction], low: Sequence[int], high: Sequence[int]) -> Fraction:
    """Find the level at which the clipped amounts sum to the total, by a sweep over where limits bite."""
    events: list[tuple[Fraction, Fraction, int]] = []
    for weight, bottom, top in zip(weights, low, high, strict=True):
        if weight:
            # from low / weight on the amount rises with the level, at high / weight it stops
            events += [(bottom / weight, weight, -bottom), (top / weight, -weight, top)]
    fixed, slope, level = Fraction(sum(low)), Fraction(0), Fraction(0)
    for level, turn, change in sorted(events):
        if slope and fixed + slope * level >= total:
            break
        slope += turn
        fixed += change
    return (total - fixed) / slope if slope else level
