"""Table files of every format as columns of text, with the row that each value stands in.

All formats end in the same text (a number 12.0 is ``"12"``, a date is ``"2026-01-31"``, an empty cell is
``""``, blanks around a value are gone), so that one set of rules reads them all.
"""

from __future__ import annotations

import codecs
import csv
import datetime as dt
import io
import itertools
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd

from spm_opt.errors import MissingExtra
from spm_opt.problem import IntArray
from spm_opt.scenario.findings import Finding
from spm_opt.scenario.settings import Table
from spm_opt.scenario.texts import text_series

RAGGED = "wrong number of fields"
"""Rule broken by a row with too few or too many fields; what such a row holds is not judged further."""

_BATCH = 65_536
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_ENCODINGS = ("utf-8", "utf-16", "cp1252", "cp1250", "latin-1")
_INFLATED = 100_000_000
_INFLATION = 200
_EXACT = 1e15


@dataclass(frozen=True, eq=False)
class Columns:
    """Some columns of a table as text, and what was wrong with its rows.

    Attributes
    ----------
    row
        Row of the file of each value, counting the header, from 1.
    texts
        The columns that were asked for, one value a row.
    findings
        Rows that could not be taken as they are.
    """

    row: IntArray
    texts: tuple[pd.Series[str], ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, eq=False)
class Source:
    """A table file that has been opened: its header, and a way to take columns by their index."""

    header: tuple[str, ...]
    take: Callable[[Sequence[int]], Columns]


class Unreadable(Exception):  # noqa: N818  a state of the file, turned into a finding at once
    """A file that cannot be read as a table; carries the finding."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(str(finding))
        self.finding = finding


def open_source(path: Path, table: Table) -> Source:
    """Open a table file by the ending of its name.

    Raises
    ------
    Unreadable
        The content is not what the name says, or is empty.
    MissingExtra
        The format needs a package that is not installed.
    """
    suffix = path.suffix.lower()
    readers = {
        ".csv": _open_text,
        ".tsv": _open_text,
        ".txt": _open_text,
        ".xlsx": _open_excel,
        ".parquet": _open_parquet,
    }
    if suffix not in readers:
        raise _unreadable(table, "unknown format", value=suffix, expected=".csv, .tsv, .xlsx or .parquet")
    return readers[suffix](path, table)


def cell_text(value: object) -> str:
    """Write a value of a typed file as the text that a planner would have typed."""
    match value:
        case None:
            text = ""
        case bool():
            text = "true" if value else "false"
        case float():
            text = str(int(value)) if value.is_integer() and abs(value) < _EXACT else repr(value)
        case Decimal():
            text = format(value.normalize(), "f")
        case dt.datetime():
            text = value.date().isoformat() if value.time() == dt.time() else value.isoformat(sep=" ")
        case bytes():
            text = value.decode("utf-8", errors="replace").strip()
        case _:
            text = str(value).strip()
    return text


def _unreadable(
    table: Table, rule: str, *, row: int = 0, value: str = "", expected: str = "", suggestion: str = ""
) -> Unreadable:
    return Unreadable(Finding("error", rule, table.path, row, "", value, expected, suggestion))


# --- rows of fields -----------------------------------------------------------------------------------


def _source_of_rows(table: Table, rows: Iterator[Sequence[str]]) -> Source:
    """Make a source of a file that comes row by row, its header first unless the settings have one."""
    if table.header:
        return Source(table.header, lambda wanted: _take(table, rows, len(table.header), wanted, first_row=1))
    head = next(rows, None)
    if head is None or not any(name.strip() for name in head):
        raise _unreadable(
            table, "empty file", expected="a row of column names" if head is not None else "a table"
        )
    header = tuple(name.strip() for name in head)
    return Source(header, lambda wanted: _take(table, rows, len(header), wanted, first_row=2))


def _take(
    table: Table, rows: Iterator[Sequence[str]], width: int, wanted: Sequence[int], first_row: int
) -> Columns:
    """Take columns out of the rows, batch by batch, since whole rows need many times the room."""
    parts: list[list[pd.Series[str]]] = []
    numbers: list[IntArray] = []
    findings: list[Finding] = []
    for batch in iter(lambda: list(itertools.islice(rows, _BATCH)), []):
        number = np.arange(first_row, first_row + len(batch), dtype=np.int64)
        first_row += len(batch)
        findings += _fit(table, batch, width, number)
        # blank rows carry nothing; they are dropped, but rows keep the numbers that a spreadsheet shows
        filled = np.fromiter(
            (bool(row) and any(map(str.strip, row)) for row in batch), dtype=bool, count=len(batch)
        )
        kept = batch if filled.all() else list(itertools.compress(batch, filled))
        numbers.append(number[filled])
        parts.append([text_series([row[i].strip() for row in kept]) for i in wanted])
    texts = tuple(
        pd.concat([part[i] for part in parts], ignore_index=True) if parts else text_series([])
        for i in range(len(wanted))
    )
    row = np.concatenate(numbers) if numbers else np.zeros(0, dtype=np.int64)
    return Columns(row, texts, tuple(findings))


def _fit(table: Table, batch: list[Sequence[str]], width: int, number: IntArray) -> list[Finding]:
    """Bring every row of a batch to the same width, in place, and report those that had another."""
    widths = np.fromiter(map(len, batch), dtype=np.int64, count=len(batch))
    findings = []
    for i in np.flatnonzero(widths != width).tolist():
        fields = list(batch[i])
        batch[i] = (fields + [""] * width)[:width]
        blank = not any(field.strip() for field in (fields if len(fields) < width else fields[width:]))
        if not blank:
            hint = "put a field that holds the delimiter in double quotes" if len(fields) > width else ""
            expected = f"{width} fields as in the header"
            findings.append(
                Finding(
                    "error", RAGGED, table.path, int(number[i]), "", f"{len(fields)} fields", expected, hint
                )
            )
    return findings


# --- text files ---------------------------------------------------------------------------------------


def _open_text(path: Path, table: Table) -> Source:
    text = _decoded(path.read_bytes(), table)
    if not text.strip():
        raise _unreadable(table, "empty file", expected="a table")
    if "\0" in text:
        row = text.count("\n", 0, text.index("\0")) + 1
        raise _unreadable(table, "NUL character", row=row, expected="text", suggestion='encoding = "utf-16"')
    delimiter = (
        "\t"
        if path.suffix.lower() == ".tsv" and "delimiter" not in table.model_fields_set
        else table.delimiter
    )
    return _source_of_rows(table, _csv_rows(io.StringIO(text, newline=""), delimiter, table))


def _csv_rows(text: io.StringIO, delimiter: str, table: Table) -> Iterator[Sequence[str]]:
    """Read row by row; ``strict`` makes the reader tell of broken quotes rather than guess."""
    reader = csv.reader(text, delimiter=delimiter, strict=True)
    for count in itertools.count(1):
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            hint = "write a quote inside a quoted field twice, and close every quote"
            raise _unreadable(table, "broken quotes", row=count, value=str(error), suggestion=hint) from None
        yield fields


def _decoded(data: bytes, table: Table) -> str:
    """Decode a file, minding a byte-order mark."""
    mark = next(((bom, name) for bom, name in _BOMS if data.startswith(bom)), (b"", table.encoding))
    body, encoding = data[len(mark[0]) :], mark[1]
    try:
        return body.decode(encoding)
    except UnicodeDecodeError as error:
        fitting = [name for name in _ENCODINGS if name != encoding and _decodes(body, name)]
        at, row = error.start, body.count(b"\n", 0, error.start) + 1
        raise _unreadable(
            table,
            "wrong encoding",
            row=row,
            value=f"byte 0x{body[at]:02x} at position {at + 1}, after {body[max(0, at - 15) : at].decode(encoding, 'replace')!r}",
            expected=f"{encoding} text",
            suggestion=" or ".join(f'encoding = "{name}"' for name in fitting[:2]),
        ) from None


def _decodes(data: bytes, encoding: str) -> bool:
    """Tell whether a file may be in an encoding: it decodes, and what comes out has no control characters."""
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return not re.search(r"[\x00-\x08\x0e-\x1f\x80-\x9f]", text) and (encoding != "utf-16" or "\n" in text)


# --- Excel --------------------------------------------------------------------------------------------


def _open_excel(path: Path, table: Table) -> Source:
    try:
        from python_calamine import CalamineError, CalamineWorkbook  # noqa: PLC0415  optional
    except ImportError:
        raise MissingExtra(f"Reading {table.path}", "excel") from None
    _refuse_bomb(path, table)
    try:
        book = CalamineWorkbook.from_path(str(path))
        name = table.sheet if table.sheet is not None else book.sheet_names[0]
        if name not in book.sheet_names:
            raise _unreadable(
                table, "no such sheet", value=name, expected="one of " + ", ".join(book.sheet_names)
            )
        values = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
    except (CalamineError, OSError, ValueError, IndexError) as error:
        raise _unreadable(table, "not an Excel file", value=str(error), expected="a .xlsx workbook") from None
    return _source_of_rows(table, _excel_rows(values))


def _excel_rows(values: Iterable[Sequence[object]]) -> Iterator[Sequence[str]]:
    return ([cell_text(value) for value in row] for row in values)


def _refuse_bomb(path: Path, table: Table) -> None:
    """Refuse an archive that inflates to many times its size before anything is inflated."""
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, OSError) as error:
        raise _unreadable(table, "not an Excel file", value=str(error), expected="a .xlsx workbook") from None
    if size > _INFLATED and size > _INFLATION * path.stat().st_size:
        raise _unreadable(
            table,
            "inflates too much",
            value=f"{size:,} bytes",
            expected=f"at most {_INFLATION} times the file",
        )


# --- Parquet ------------------------------------------------------------------------------------------


def _open_parquet(path: Path, table: Table) -> Source:
    try:
        import pyarrow as pa  # noqa: PLC0415  optional
        import pyarrow.parquet as pq  # noqa: PLC0415  optional
    except ImportError:
        raise MissingExtra(f"Reading {table.path}", "parquet") from None
    try:
        data = pq.read_table(path)
    except (pa.ArrowException, OSError) as error:
        raise _unreadable(table, "not a Parquet file", value=str(error), expected="a .parquet file") from None
    header = tuple(str(name).strip() for name in data.column_names)

    def take(wanted: Sequence[int]) -> Columns:
        filled = np.zeros(data.num_rows, dtype=bool)
        for column in data.columns:
            filled |= column.is_valid().to_numpy()
        texts = (text_series(list(map(cell_text, data.column(i).to_pylist()))) for i in wanted)
        # rows are numbered as in the same table with a header row
        row = np.arange(2, data.num_rows + 2, dtype=np.int64)
        return Columns(row[filled], tuple(text[filled].reset_index(drop=True) for text in texts), ())

    return Source(table.header or header, take)
