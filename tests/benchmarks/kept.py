"""Rows of earlier runs in a file, so that a long table can be made in parts, and one method of it anew."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.benchmarks.machine import today

Row = dict[str, Any]


@dataclass
class Kept:
    """The rows of a file, by what they were made from; without a file it keeps nothing.

    Attributes
    ----------
    path
        The file, or ``None``.
    rows
        The rows, each with the date of its run.
    """

    path: Path | None
    rows: dict[str, Row] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path | None) -> Kept:
        """Read the file, if there is one."""
        if path is None or not path.exists():
            return cls(path)
        return cls(path, json.loads(path.read_text(encoding="utf-8")))

    def of(self, made_from: dict[str, Any]) -> Row | None:
        """Return the row that was made from this, with its day in the note where it was another day."""
        row = self.rows.get(json.dumps(made_from, sort_keys=True))
        if row is None or row["day"] == today():
            return row
        return row | {"note": f"({row['day']}) {row['note']}"}

    def add(self, made_from: dict[str, Any], row: Row) -> None:
        """Keep a row, and write the file anew, whole or not at all."""
        self.rows[json.dumps(made_from, sort_keys=True)] = row | {"day": today()}
        if self.path is not None:
            beside = self.path.with_name(self.path.name + ".part")
            beside.write_text(json.dumps(self.rows, indent=1), encoding="utf-8")
            os.replace(beside, self.path)  # noqa: PTH105  the call that is atomic
