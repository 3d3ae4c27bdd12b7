"""CSV and JSON as bytes that are the same for the same values.

Numbers are written as the shortest decimal that gives back the value rounded to six places; what is not
known (``nan``) or not limited (``inf``) is an empty field in CSV and ``null`` in JSON. Text files are
UTF-8 with a line feed between lines; a field with a comma, a quote or a line break is quoted.
"""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

PLACES = 6
MOST = 10**18
"""More cents than any company target has."""


def csv_bytes(header: Iterable[str], rows: Iterable[Iterable[object]]) -> bytes:
    """Lay out a table as CSV."""
    lines = [header, *([field(value) for value in row] for row in rows)]
    text = "".join(",".join(map(_quoted, line)) + "\n" for line in lines)
    return text.encode("utf-8", "backslashreplace")


def _quoted(text: str) -> str:
    """Quote what a reader might take apart; ``csv.writer`` leaves a lone carriage return bare."""
    if any(letter in text for letter in ',"\r\n'):
        return '"' + text.replace('"', '""') + '"'
    return text


def frame_bytes(frame: pd.DataFrame) -> bytes:
    """Lay out a frame as CSV, without its index."""
    columns = [frame[name].tolist() for name in frame.columns]
    return csv_bytes([str(name) for name in frame.columns], zip(*columns, strict=True))


def field(value: object) -> str:
    """Write one value as a CSV field.

    >>> field(0.1 + 0.2), field(3.0), field(-0.0), field(float("inf")), field(None), field(True)
    ('0.3', '3', '0', '', '', 'true')
    """
    if value is None or value is pd.NaT:
        return ""
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, float | np.floating):
        return number(float(value)) if math.isfinite(value) else ""
    return str(value)


def number(value: float) -> str:
    """Write a finite number by the rule above, never in powers of ten."""
    rounded = round(value, PLACES) + 0.0  # a negative zero becomes zero
    text = format(rounded, f".{PLACES}f").rstrip("0").rstrip(".") if abs(rounded) < 1 else repr(rounded)
    return f"{rounded:.0f}" if "e" in text or text.endswith(".0") else text


def money(cents: int) -> str:
    """Write an amount in hundredths as currency with two places.

    >>> money(123456), money(-5)
    ('1234.56', '-0.05')
    """
    sign, whole = ("-" if cents < 0 else ""), abs(int(cents))
    return f"{sign}{whole // 100}.{whole % 100:02d}"


def cents(text: str) -> int | None:
    """Read an amount of currency back; nothing where it is no whole number of hundredths.

    >>> cents("1234.56"), cents("-0.05"), cents("0.001"), cents("much")
    (123456, -5, None, None)
    """
    try:
        amount = Decimal(text) * 100
        return int(amount) if amount == int(amount) and abs(amount) < MOST else None
    except (ArithmeticError, ValueError):
        return None


def json_bytes(value: object) -> bytes:
    """Lay out a value as JSON, keys in their order, a line an entry."""
    return (json.dumps(plain(value), indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode(
        "utf-8", "backslashreplace"
    )


def plain(value: Any) -> Any:
    """Turn arrays, frames and their scalars into what JSON knows."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, pd.DataFrame):
        return [plain(row) for row in value.to_dict(orient="records")]
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, set | frozenset):
        return sorted(plain(item) for item in value)
    return _scalar(value)


def _scalar(value: Any) -> Any:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        return _rounded(float(value))
    if isinstance(value, Path | dt.date):
        return str(value)
    raise TypeError(f"no JSON for {type(value).__name__}")


def _rounded(value: float) -> int | float | None:
    if not math.isfinite(value):
        return None
    rounded = round(value, PLACES) + 0.0
    return int(rounded) if rounded.is_integer() and abs(rounded) < 1e15 else rounded  # noqa: PLR2004
