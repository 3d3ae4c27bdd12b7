"""Columns of text into columns with a type; a text that has no such meaning becomes a finding."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from spm_opt.problem import BoolArray, FloatArray
from spm_opt.scenario.findings import Finding
from spm_opt.scenario.tables import Texts
from spm_opt.scenario.texts import is_empty, is_one_of, text_series

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_PLAIN = frozenset("0123456789.+-eE")
_DATE = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_PERIOD = re.compile(r"([0-9]{4})(?:-(?:[Qq]([1-4])|(0[1-9]|1[0-2])))?")
_ORNAMENTS = re.compile(r"[\s\u00a0\u202f$€£¥%'\u2019]|[A-Z]{3}(?![A-Za-z])")
_TRUE = frozenset(("yes", "true", "1", "x"))
_FALSE = frozenset(("no", "false", "0", ""))
_ENDLESS = frozenset(
    ("inf", "+inf", "-inf", "infinity", "-infinity", "nan", "#n/a", "na", "n/a", "null", "none")
)
_MEANT = {"closed": "the date on which it was closed", "won": "yes or no"}
"""What is expected where the field's name is no noun."""

Typed = tuple[FloatArray, list[Finding]]


def floats(
    table: Texts, field: str, *, decimal: str = ".", empty: float | None = None, low: float = -np.inf
) -> Typed:
    """Read finite numbers.

    Parameters
    ----------
    decimal
        Decimal mark of the texts.
    empty
        What an empty cell stands for; ``None`` makes it an error.
    low
        Least value that is meant.

    Returns
    -------
    tuple
        Numbers of shape ``(rows,)``, ``nan`` where there is a finding; and the findings.
    """
    text = table.column(field)
    if decimal != ".":
        # a point is then no decimal mark: make such a text no number instead of another number
        text = text.str.replace(".", "_", regex=False).str.replace(decimal, ".", regex=False)
    missing = is_empty(text)
    good = ~missing & _looks_numeric(text)
    values = np.full(len(text), np.nan)
    values[good] = text[good].to_numpy(dtype=object).astype(np.float64)
    endless = good & ~np.isfinite(values)
    below = good & (values < low)
    values[endless | below] = np.nan
    findings = table.findings(~good & ~missing, field, "not a number", "a number", _number_hint(decimal))
    findings += table.findings(endless, field, "too large", "a finite number")
    findings += table.findings(
        below, field, "negative" if low == 0 else f"below {low:g}", f"at least {low:g}"
    )
    if empty is None:
        findings += table.findings(
            missing, field, "empty", "a number", "0, where nothing is meant: empty is not zero"
        )
    else:
        values[missing] = empty
    return values, findings


def _looks_numeric(text: pd.Series[str]) -> BoolArray:
    """Find the texts that are plain decimal numbers; a file with none but such texts is seen at once."""
    listed = text.tolist()
    if set("".join(listed)) <= _PLAIN:
        try:
            np.array([value or "0" for value in listed], dtype=object).astype(np.float64)
        except ValueError:
            pass
        else:
            return np.ones(len(listed), dtype=bool)
    return np.fromiter(
        (_NUMBER.fullmatch(value) is not None for value in listed), dtype=bool, count=len(listed)
    )


def _number_hint(decimal: str) -> Callable[[str], str]:
    """Prepare to say how a text that is no number may have been meant."""
    other, name = (",", "comma") if decimal == "." else (".", "point")

    def hint(value: str) -> str:
        bare = _ORNAMENTS.sub("", value)
        plain = bare.replace(other, "").replace(decimal, ".")
        thousands = re.fullmatch(rf"-?[0-9]{{1,3}}(\{other}[0-9]{{3}})+(\{decimal}[0-9]*)?", bare)
        if value.casefold() in _ENDLESS:
            return "write 0, or leave the row out"
        if thousands and bare.count(other) == 1 and decimal not in bare:
            return f'{plain} without the separator of thousands, or decimal = "{other}" for a decimal {name}'
        if re.fullmatch(rf"-?[0-9]+\{other}[0-9]*|-?[0-9]{{1,3}}(\{decimal}[0-9]{{3}})+\{other}[0-9]*", bare):
            return f'looks like a decimal {name}: decimal = "{other}"'
        if thousands or _NUMBER.fullmatch(plain):
            return plain.replace(".", decimal)
        letter = _NUMBER.fullmatch(re.sub("[oO]", "0", plain)) or re.fullmatch("[0-9oO.,]+", bare)
        return "a letter O stands for a zero" if letter else ""

    return hint


def of_given(table: Texts, field: str, findings: list[Finding]) -> list[Finding]:
    """Keep findings of columns that the file has: one that is missing has been reported as a whole."""
    return findings if field in table.texts else []


def empty_cells(table: Texts, field: str) -> list[Finding]:
    """Find empty cells where there must be a text."""
    missing = is_empty(table.column(field))
    return of_given(table, field, table.findings(missing, field, "empty", _MEANT.get(field, f"the {field}")))


def flags(table: Texts, field: str, of: str = "accounts") -> tuple[BoolArray, list[Finding]]:
    """Read yes and no of a table, shape ``(rows,)``; an empty cell is no."""
    folded = table.column(field).str.lower()
    truth = is_one_of(folded, _TRUE)
    wrong = ~truth & ~is_one_of(folded, _FALSE)
    column = table.names.get(field, field)

    def hint(value: str) -> str:
        return (
            f'[tables.{of}.translate.{field}] with column = "{column}" and '
            f'values = {{ "{value}" = "yes" }}, or "no", and so on for every word'
        )

    expected = "yes, no, true, false, 1, 0, x or empty"
    return truth, table.findings(wrong, field, "not yes or no", expected, hint)


def dates(table: Texts, field: str) -> tuple[pd.Series[Any], list[Finding]]:
    """Read ISO dates (a time of day behind one is let go); ``NaT`` where there is a finding or an empty cell."""
    codes, words = pd.factorize(table.column(field))
    found = [_date(str(word)) for word in words]
    values = np.array(found, dtype="datetime64[s]")[codes] if found else np.zeros(0, dtype="datetime64[s]")
    bad = np.isnat(values)
    missing = is_empty(table.column(field))
    findings = table.findings(bad & ~missing, field, "not a date", "a date such as 2026-03-31", _date_hint)
    return pd.Series(values), findings


def _date(word: str) -> np.datetime64:
    match = _DATE.fullmatch(word)
    try:
        return np.datetime64(match[1] if match else "NaT", "s")
    except ValueError:
        return np.datetime64("NaT", "s")


def _date_hint(value: str) -> str:
    """Turn a date of another habit around where only one reading of it exists."""
    match = re.fullmatch(r"([0-9]{1,2})([./-])([0-9]{1,2})\2([0-9]{4})", value)
    if not match:
        return ""
    first, last, year = int(match[1]), int(match[3]), match[4]
    readings = {f"{year}-{m:02d}-{d:02d}" for d, m in ((first, last), (last, first))}
    if match[2] == ".":
        readings = {f"{year}-{last:02d}-{first:02d}"}
    real = sorted(one for one in readings if not np.isnat(_date(one)))
    return real[0] if len(real) == 1 else "write year-month-day"


def periods(table: Texts, field: str) -> tuple[pd.Series[Any], pd.Series[Any], list[Finding]]:
    """Read years, quarters and months: their first days (``NaT`` where there is a finding) and their months."""
    codes, words = pd.factorize(table.column(field))
    found = [_period(str(word)) for word in words]
    starts = np.array([start for start, _ in found], dtype="datetime64[s]")
    months = np.array([length for _, length in found], dtype=np.int64)
    bad = np.isnat(starts)[codes] if found else np.zeros(0, dtype=bool)
    expected = "a year, quarter or month such as 2026, 2026-Q1 or 2026-01"
    findings = table.findings(bad, field, "not a period", expected, _period_hint)
    if not found:
        return pd.Series(starts), pd.Series(months), findings
    return pd.Series(starts[codes]), pd.Series(months[codes]), findings


def _period(word: str) -> tuple[np.datetime64, int]:
    match = _PERIOD.fullmatch(word)
    if not match or match[1] < "1000":
        return np.datetime64("NaT", "s"), 0
    year, quarter, month = match.groups()
    if quarter:
        return np.datetime64(f"{year}-{3 * int(quarter) - 2:02d}-01", "s"), 3
    return np.datetime64(f"{year}-{month or '01'}-01", "s"), 1 if month else 12


def period_labels(frame: pd.DataFrame) -> pd.Series[str]:
    """Write each ``period`` of ``months`` as a planner does, shape ``(rows,)``."""
    start = frame["period"].to_numpy(dtype="datetime64[M]").astype(np.int64)
    pairs = np.stack([start, frame["months"].to_numpy(dtype=np.int64)], axis=1)
    known, at = np.unique(pairs, axis=0, return_inverse=True)
    names = []
    for first, length in known.tolist():
        year, month = 1970 + first // 12, first % 12
        names.append({12: f"{year}", 3: f"{year}-Q{month // 3 + 1}"}.get(length, f"{year}-{month + 1:02d}"))
    return text_series([names[i] for i in at.ravel().tolist()])


def _period_hint(value: str) -> str:
    """Name the period that another way of writing stands for."""
    if _DATE.fullmatch(value):
        quarter = (int(value[5:7]) + 2) // 3
        return f"{value[:7]} for a month, {value[:4]}-Q{quarter} for a quarter, {value[:4]} for a year"
    match = re.fullmatch(r"([0-9]{4})[ /_]?[Qq]([1-4])|[Qq]([1-4])[ /_-]?([0-9]{4})", value)
    return f"{match[1] or match[4]}-Q{match[2] or match[3]}" if match else ""


def words(table: Texts, field: str) -> pd.Series[Any]:
    """Read lists separated by semicolons as sorted tuples, shape ``(rows,)``."""
    codes, texts = pd.factorize(table.column(field))
    found = [tuple(sorted({one.strip() for one in str(text).split(";")} - {""})) for text in texts]
    values = np.empty(len(found), dtype=object)
    values[:] = found
    return pd.Series(values[codes] if found else values, dtype=object)
