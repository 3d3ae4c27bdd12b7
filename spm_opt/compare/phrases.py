"""How measures, their differences and intervals are written."""

from __future__ import annotations

import math
from collections.abc import Sequence

from spm_opt.compare.measures import MEASURES, Measure
from spm_opt.report import words

BY_NAME = {measure.name: measure for measure in MEASURES}
POINTS = "points"


def value(measure: Measure, amount: float, currency: str) -> str:
    """Write a measure's value."""
    if measure.kind == "money":
        return words.short(amount, currency)
    return words.percent(amount, measure.places) if measure.kind == "share" else _figure(amount)


def change(measure: Measure, amount: float, currency: str, *, unit: bool = True) -> str:
    """Write a difference of a measure with its sign: money, percentage points or a figure."""
    if not math.isfinite(amount):
        return words.DASH
    if measure.kind == "money":
        text = words.short(abs(amount), currency)
        return text if round(amount) == 0 else _sign(amount) + text
    if measure.kind == "share":
        text = f"{abs(amount) * 100:.{measure.places}f}"
        text = text if float(text) == 0 else _sign(amount) + text
        return f"{text} {POINTS}" if unit else text
    text = _figure(abs(amount))
    return text if float(text) == 0 else _sign(amount) + text


def interval(measure: Measure, low: float, high: float, currency: str) -> str:
    """Write an interval of a difference."""
    if not math.isfinite(low):
        return words.DASH
    return f"{change(measure, low, currency, unit=False)} to {change(measure, high, currency, unit=False)}"


def listed(texts: Sequence[str]) -> str:
    """Join names or clauses as a sentence does.

    >>> listed(["a"]), listed(["a", "b", "c"])
    ('a', 'a, b and c')
    """
    return " and ".join(filter(None, (", ".join(texts[:-1]), texts[-1])))


def _figure(amount: float) -> str:
    return f"{amount:.3f}" if math.isfinite(amount) else words.DASH


def _sign(amount: float) -> str:
    return words.MINUS if amount < 0 else "+"
