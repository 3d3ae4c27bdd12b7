"""One table of a scenario: from its file to columns of text under our own field names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from spm_opt.problem import BoolArray, IntArray
from spm_opt.scenario.fields import Fields
from spm_opt.scenario.findings import SHOWN_PER_RULE, Finding, Severity, nearest
from spm_opt.scenario.located import nearest_of, row_findings
from spm_opt.scenario.settings import Table
from spm_opt.scenario.sources import RAGGED, Source, Unreadable, open_source
from spm_opt.scenario.texts import is_one_of, text_series

_UNUSED = "no row has this value of keep"


@dataclass(frozen=True, eq=False)
class Texts:
    """A table as text, before its columns have types.

    Attributes
    ----------
    file
        The file as the settings name it.
    row
        Row of the file of each value, counting the header.
    texts
        Columns by our field names; those the file does not have are missing.
    names
        The file's name of each field's column.
    """

    file: str
    row: IntArray
    texts: Mapping[str, pd.Series[str]]
    names: Mapping[str, str]

    def column(self, field: str) -> pd.Series[str]:
        """Take a column, empty texts where the file has none."""
        return self.texts[field] if field in self.texts else text_series([""] * len(self.row))

    def findings(
        self,
        mask: BoolArray,
        field: str,
        rule: str,
        expected: str = "",
        hint: Callable[[str], str] | str = "",
        *,
        severity: Severity = "error",
    ) -> list[Finding]:
        """Make a finding of every row where ``mask`` (shape of ``row``) is true."""
        where = np.flatnonzero(mask)
        values = self.column(field).iloc[where].tolist()
        name = self.names.get(field, field)
        return row_findings(
            self.file, name, self.row[where].tolist(), values, rule, expected, hint, severity=severity
        )


def read_table(folder: Path, table: Table, fields: Fields) -> tuple[Texts, list[Finding]]:
    """Read one table file; whatever is wrong with it becomes findings, and what cannot be read is empty."""
    nothing = Texts(table.path, np.zeros(0, dtype=np.int64), {}, {})
    path = folder / table.path
    if not path.is_file():
        return nothing, [missing_file(folder, table.path)]
    try:
        source = open_source(path, table)
        wanted, findings = _columns_wanted(source, table, fields)
        taken = source.take([at for _, at in wanted])
    except Unreadable as error:
        return nothing, [error.finding]
    except OSError as error:
        return nothing, [Finding("error", "cannot be read", table.path, value=error.strerror or str(error))]
    findings += taken.findings
    raw = Texts(
        table.path,
        taken.row,
        {source.header[at]: text for (_, at), text in zip(wanted, taken.texts, strict=True)},
        {},
    )
    raw, found = _kept(raw, table)
    result, more = _translated(raw, table, [(field, source.header[at]) for field, at in wanted if field])
    broken = {finding.row for finding in taken.findings if finding.rule == RAGGED}
    return result, findings + [one for one in found + more if one.row not in broken]


def missing_file(folder: Path, name: str) -> Finding:
    """Report a file that is not there, with the nearest that is."""
    place = (folder / name).parent
    beside = sorted(one.name for one in place.iterdir() if one.is_file()) if place.is_dir() else []
    return Finding(
        "error",
        "file not found",
        name,
        expected="a file in the scenario folder",
        suggestion=nearest(Path(name).name, beside),
    )


def _columns_wanted(
    source: Source, table: Table, fields: Fields
) -> tuple[list[tuple[str, int]], list[Finding]]:
    """Find the index of every column that is needed; ``""`` stands for one that only rows are kept by."""
    asked = {field: table.columns.get(field, field) for field in fields.all if field not in table.translate}
    sources = [
        (field, name, field in fields.required or field in table.columns) for field, name in asked.items()
    ]
    sources += [("", one.column, True) for one in table.translate.values()]
    sources += [("", name, True) for name in table.keep]
    wanted: list[tuple[str, int]] = []
    findings: list[Finding] = []
    for field, name, needed in dict.fromkeys(sources):
        if name in source.header:
            wanted.append((field, source.header.index(name)))
            if source.header.count(name) > 1:
                findings.append(
                    Finding("error", "duplicate column", table.path, 1, name, expected="each column once")
                )
        elif needed:
            findings.append(_missing_column(source, table, field, name))
    used = {source.header[at] for _, at in wanted}
    findings += _near_misses(
        source, table, [field for field in asked if asked[field] not in source.header], used
    )
    return wanted, list(dict.fromkeys(findings))


def _missing_column(source: Source, table: Table, field: str, name: str) -> Finding:
    """Report a column that the file does not have."""
    single = source.header[0] if len(source.header) == 1 else ""
    delimiter = next((mark for mark in ";\t|," if mark in single), "")
    hint = nearest(name, source.header)
    if delimiter:
        hint = f"delimiter = {delimiter!r}".replace("'", '"')
    elif field and not hint:
        hint = f'write {field} = "..." under columns, with one of: {", ".join(source.header)}'
    return Finding("error", "missing column", table.path, 1, name, suggestion=hint)


def _near_misses(source: Source, table: Table, absent: list[str], used: set[str]) -> list[Finding]:
    """Warn of a column that nobody asked for and that is called almost like a field the file lacks."""
    findings = []
    for name in sorted(set(source.header) - used):
        near = next((field for field in absent if _almost(name, field)), "")
        if near:
            findings.append(
                Finding(
                    "warning",
                    "column not used",
                    table.path,
                    1,
                    name,
                    suggestion=f'{near} = "{name}" under columns',
                )
            )
    return findings


def _almost(name: str, field: str) -> bool:
    """Tell whether two names differ by no more than case, blanks or one letter of many."""
    a, b = (word.casefold().replace(" ", "").replace("_", "") for word in (name, field))
    if a == b:
        return True
    return len(b) > 4 and abs(len(a) - len(b)) <= 1 and nearest(a, [b]) == b and _edits(a, b) == 1  # noqa: PLR2004


def _edits(a: str, b: str) -> int:
    """Count the letters in which two words differ once what they begin and end with alike is gone."""
    start = next((i for i, (p, q) in enumerate(zip(a, b, strict=False)) if p != q), min(len(a), len(b)))
    a, b = a[start:], b[start:]
    end = next(
        (i for i, (p, q) in enumerate(zip(a[::-1], b[::-1], strict=False)) if p != q), min(len(a), len(b))
    )
    return max(len(a), len(b)) - end


def _kept(raw: Texts, table: Table) -> tuple[Texts, list[Finding]]:
    """Leave out the rows that the settings do not keep."""
    mask = np.ones(len(raw.row), dtype=bool)
    findings = []
    for name, values in table.keep.items():
        if name not in raw.texts:
            continue
        text = raw.texts[name]
        mask &= is_one_of(text, values)
        present = set(text.unique().tolist())
        findings += [
            Finding("warning", _UNUSED, table.path, 0, name, value, suggestion=nearest(value, present))
            for value in values
            if value not in present
        ]
    if mask.all():
        return raw, findings
    texts = {name: text[mask].reset_index(drop=True) for name, text in raw.texts.items()}
    return Texts(raw.file, raw.row[mask], texts, raw.names), findings


def _translated(raw: Texts, table: Table, direct: list[tuple[str, str]]) -> tuple[Texts, list[Finding]]:
    """Put the columns under our field names, translating those that another column stands for."""
    texts = {field: raw.texts[name] for field, name in direct}
    names = dict(direct)
    findings: list[Finding] = []
    for field, rule in table.translate.items():
        if rule.column not in raw.texts:
            continue
        text = raw.texts[rule.column]
        unlisted = ~is_one_of(text, rule.values)
        findings += raw.findings(
            unlisted, rule.column, f"word without a translation to {field}",
            "one of " + ", ".join(list(rule.values)[:SHOWN_PER_RULE]), nearest_of(rule.values),
        )  # fmt: skip
        texts[field] = text_series(text.map(dict(rule.values)).fillna("").tolist())
        names[field] = rule.column
    return Texts(raw.file, raw.row, texts, names), findings
