"""The lowest and the highest quota that the rules allow each territory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from spm_opt.errors import QuotaError
from spm_opt.quota.target import cents, money
from spm_opt.scenario.quota_settings import Quota

SHOWN = 5
"""Territories named in a message before the rest are counted."""


@dataclass(frozen=True)
class Limits:
    """Lowest and highest quota of each territory in steps, and the rule that each comes from.

    A rule is empty where none is given: then the lowest is 0 and the highest the company target.
    """

    low: tuple[int, ...]
    high: tuple[int, ...]
    low_rule: tuple[str, ...]
    high_rule: tuple[str, ...]


def limits(
    rules: Quota, territory_ids: Sequence[str], last_year: Sequence[float], step: int, target: int
) -> Limits:
    """Work out every territory's limits, rounded inwards to whole steps.

    Growth limits a territory only where it had sales last year: nothing can grow from nothing.

    Parameters
    ----------
    rules
        Floor, cap and growth limits.
    territory_ids, last_year
        The territories, and last year's sales of their accounts in currency.
    step, target
        In cents.

    Raises
    ------
    QuotaError
        When the rules cannot hold together: for one territory, or for the sum of all.
    """
    lows = [_low(rules, amount, step) for amount in last_year]
    highs = [_high(rules, amount, step, target) for amount in last_year]
    found = Limits(
        low=tuple(low for low, _ in lows),
        high=tuple(high for high, _ in highs),
        low_rule=tuple(rule for _, rule in lows),
        high_rule=tuple(rule for _, rule in highs),
    )
    messages = _crossed(found, territory_ids, step) or _unreachable(found, territory_ids, step, target)
    if messages:
        raise QuotaError("\n".join(messages))
    return found


def _grown(growth: float, amount: float) -> Fraction:
    """Last year's sales with growth, exactly, in cents."""
    return (1 + Fraction(repr(float(growth)))) * cents(amount)


def _low(rules: Quota, amount: float, step: int) -> tuple[int, str]:
    """Give the lowest number of steps and the rule behind it."""
    bounds: list[tuple[Fraction, str]] = []
    if rules.floor is not None:
        bounds.append((Fraction(cents(rules.floor)), "floor"))
    if rules.growth_min is not None and amount > 0:
        bounds.append((_grown(rules.growth_min, amount), "growth_min"))
    bound, rule = max(bounds, key=lambda pair: pair[0], default=(Fraction(0), ""))
    return max(0, -int(-bound // step)), rule


def _high(rules: Quota, amount: float, step: int, target: int) -> tuple[int, str]:
    """Give the highest number of steps and the rule behind it."""
    bounds: list[tuple[Fraction, str]] = []
    if rules.cap is not None:
        bounds.append((Fraction(cents(rules.cap)), "cap"))
    if rules.growth_max is not None and amount > 0:
        bounds.append((_grown(rules.growth_max, amount), "growth_max"))
    bound, rule = min(bounds, key=lambda pair: pair[0], default=(Fraction(target), ""))
    return int(bound // step), rule


def _crossed(found: Limits, names: Sequence[str], step: int) -> list[str]:
    """Say for which territories the lowest quota is above the highest."""
    messages = []
    for name, low, high, low_rule, high_rule in zip(
        names, found.low, found.high, found.low_rule, found.high_rule, strict=True
    ):
        if low > high:
            top = f"{high_rule} at most" if high_rule else "the company target is"
            messages.append(
                f"{name}: quota.{low_rule} asks for at least {money(low * step)}, {top} {money(high * step)} "
                f"in whole steps: {money((low - high) * step)} apart"
            )
    return messages


def _unreachable(found: Limits, names: Sequence[str], step: int, target: int) -> list[str]:
    """Say when all lowest quotas together exceed the target, or all highest ones fall short of it."""
    least, most = sum(found.low) * step, sum(found.high) * step
    if least > target:
        text = (
            f"the lowest quotas sum to {money(least)}, {money(least - target)} above the company target "
            f"{money(target)}: {_who(found.low_rule, names)}"
        )
        return [text]
    if most < target:
        text = (
            f"the highest quotas sum to {money(most)}, {money(target - most)} below the company target "
            f"{money(target)}: {_who(found.high_rule, names)}"
        )
        return [text]
    return []


def _who(rules: Sequence[str], names: Sequence[str]) -> str:
    """Name each rule that binds, with the territories it binds in."""
    parts = []
    for rule in sorted(set(rules) - {""}):
        bound = [name for name, own in zip(names, rules, strict=True) if own == rule]
        more = f" and {len(bound) - SHOWN:,} more" if len(bound) > SHOWN else ""
        parts.append(f"quota.{rule} in {', '.join(bound[:SHOWN])}{more}")
    return "; ".join(parts)
