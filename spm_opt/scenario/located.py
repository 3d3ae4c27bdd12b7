"""Findings at the rows where they are, in the words of the file."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd

from spm_opt.problem import BoolArray
from spm_opt.scenario.findings import SHOWN_PER_RULE, Finding, Severity, nearest
from spm_opt.scenario.settings import Table

_MANY = 2_000


def row_findings(
    file: str,
    column: str,
    rows: Iterable[int],
    values: Iterable[str],
    rule: str,
    expected: str = "",
    hint: Callable[[str], str] | str = "",
    *,
    severity: Severity = "error",
) -> list[Finding]:
    """Make a finding of every row; a hint that must be searched for is searched once a value, and not forever."""
    hints: dict[str, str] = {}

    def hint_for(value: str) -> str:
        if isinstance(hint, str):
            return hint
        if value not in hints:
            hints[value] = hint(value) if len(hints) < 10 * SHOWN_PER_RULE else ""
        return hints[value]

    return [
        Finding(severity, rule, file, row, column, value, expected, hint_for(value))
        for row, value in zip(rows, values, strict=True)
    ]


def nearest_of(known: Iterable[str]) -> Callable[[str], str]:
    """Prepare to name the nearest of many words; of very many only those that begin alike are compared."""
    words = sorted(set(known))
    if len(words) <= _MANY:
        return lambda name: nearest(name, words)
    groups: dict[str, list[str]] = {}
    for word in words:
        groups.setdefault(word[:2].casefold(), []).append(word)
    return lambda name: nearest(name, groups.get(name[:2].casefold(), [])[:_MANY])


def column_name(table: Table, field: str) -> str:
    """Name the file's column of one of our fields."""
    if field in table.translate:
        return table.translate[field].column
    return table.columns.get(field, field)


def frame_findings(
    frame: pd.DataFrame,
    table: Table,
    field: str,
    mask: BoolArray,
    rule: str,
    expected: str = "",
    hint: Callable[[str], str] | str = "",
    *,
    severity: Severity = "error",
) -> list[Finding]:
    """Make a finding of every row of a typed frame where ``mask`` (shape ``(rows,)``) is true."""
    where = np.flatnonzero(mask)
    rows, values = frame["row"].iloc[where].tolist(), frame[field].iloc[where].tolist()
    column = column_name(table, field)
    return row_findings(
        table.path, column, rows, map(_shown, values), rule, expected, hint, severity=severity
    )


def _shown(value: object) -> str:
    """Write a typed value as it stands in the file; what is missing was an empty cell."""
    if value is pd.NaT or value != value:  # noqa: PLR0124  nan alone differs from itself
        return ""
    return ";".join(map(str, value)) if isinstance(value, tuple) else str(value)


def count_of(rows: int) -> str:
    """Count rows in words."""
    return "1 row" if rows == 1 else f"{rows:,} rows"
