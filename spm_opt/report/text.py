"""Plain text in columns, for the command line."""

from __future__ import annotations

from collections.abc import Collection, Sequence

INDENT = "  "


_CONTROLS = dict.fromkeys((*range(32), *range(127, 160), 0x2028, 0x2029), " ")
"""What would break a line, or a terminal: names come from files."""


def one_line(text: str) -> str:
    """Put blanks in place of line breaks and other control characters."""
    return text.translate(_CONTROLS)


def aligned(rows: Sequence[Sequence[str]], right: Collection[int] = ()) -> list[str]:
    """Pad each column to its widest cell; a row is one line, whatever names hold."""
    rows = [[one_line(cell) for cell in row] for row in rows]
    widths = [max(len(row[c]) for row in rows) for c in range(len(rows[0]))]
    return [
        INDENT
        + "  ".join(
            cell.rjust(width) if c in right else cell.ljust(width)
            for c, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
