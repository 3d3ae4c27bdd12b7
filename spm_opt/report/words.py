"""Numbers in words and figures, the same on the page and on the command line."""

# ruff: noqa: RUF001, RUF002  dashes and minus signs as readers expect them

from __future__ import annotations

import math

from spm_opt.align.result import Result

SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}
DASH = "–"
"""Stands where nothing is known."""
MINUS = "−"
EDITED, OTHER_INPUT = "edited since", "made from other input"
"""How the method of a plan ends that is not as the engine returned it, or not for this input."""


def count(value: float) -> str:
    """Write a whole number with separators."""
    return f"{round(value):,}"


def figure(value: float) -> str:
    """Write a measure: whole from a hundred on, else three significant digits.

    >>> figure(1234.5), figure(12.345), figure(0.01234), figure(8e-7), figure(float("nan"))
    ('1,234', '12.3', '0.0123', '0.0000', '–')
    """
    if not math.isfinite(value):
        return DASH
    if abs(value) >= 100:  # noqa: PLR2004
        return f"{value:,.0f}"
    if 0 < abs(value) < 1e-4:  # noqa: PLR2004  no powers of ten for planners
        return f"{value:.4f}"
    return f"{value:.3g}"


def between(low: float, high: float) -> str:
    """Write an interval.

    >>> between(0.1234, 12.345), between(float("nan"), 1.0)
    ('0.123 to 12.3', '–')
    """
    return f"{figure(low)} to {figure(high)}" if math.isfinite(low) and math.isfinite(high) else DASH


def percent(share: float, places: int = 1) -> str:
    """Write a fraction in percent.

    >>> percent(0.1234), percent(float("nan"))
    ('12.3 %', '–')
    """
    return f"{share * 100:.{places}f} %" if math.isfinite(share) else DASH


def signed(share: float, places: int = 1) -> str:
    """Write a deviation in percent with its sign.

    >>> signed(0.05), signed(-0.05), signed(0.0)
    ('+5.0 %', '−5.0 %', '0.0 %')
    """
    if not math.isfinite(share):
        return DASH
    text = f"{abs(share) * 100:.{places}f} %"
    if float(text[:-2]) == 0:
        return text
    return (MINUS if share < 0 else "+") + text


def amount(value: float, currency: str) -> str:
    """Write an amount of money in whole units.

    >>> amount(1234567.8, "USD"), amount(-12.0, "CHF")
    ('$1,234,568', '−CHF 12')
    """
    if not math.isfinite(value):
        return DASH
    return f"{MINUS if round(value) < 0 else ''}{mark(currency)}{abs(round(value)):,}"


def short(value: float, currency: str) -> str:
    """Write an amount of money in thousands, millions or billions.

    >>> short(410_000_000, "USD"), short(4_120_000, "EUR"), short(950, "USD")
    ('$410.0 M', '€4.12 M', '$950')
    """
    if not math.isfinite(value):
        return DASH
    for scale, letter in ((1e9, "bn"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= scale:
            scaled = abs(value) / scale
            places = 1 if scaled >= 100 else 2  # noqa: PLR2004
            return f"{MINUS if value < 0 else ''}{mark(currency)}{scaled:,.{places}f} {letter}"
    return amount(value, currency)


def mark(currency: str) -> str:
    """Name the currency as it stands before an amount."""
    return SYMBOLS.get(currency, currency + " ")


def plural(number: int, noun: str, many: str = "") -> str:
    """Write a count with its noun.

    >>> plural(1, "rule"), plural(2, "rule"), plural(3, "territory", "territories")
    ('1 rule', '2 rules', '3 territories')
    """
    return f"{number:,} {noun if number == 1 else many or noun + 's'}"


def of_limit(value: float, unit: str) -> str:
    """Write a criterion's value with its measurement unit."""
    return f"{figure(value) if abs(value) < 1000 else count(value)} {unit}".strip()  # noqa: PLR2004


def why_not_repeatable(result: Result) -> str:
    """Say why a plan is not what the same command gives again; nothing where it is."""
    if result.repeatable:
        return ""
    return result.cut if result.cut in {EDITED, OTHER_INPUT} else f"{result.cut}, not repeatable"
