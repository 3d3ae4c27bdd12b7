"""Findings: what is wrong or odd in the input, where exactly, and what to do about it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Literal

Severity = Literal["error", "warning"]
SHOWN_PER_RULE = 20


@dataclass(frozen=True, order=True)
class Finding:
    """One problem found in the input.

    Attributes
    ----------
    severity
        ``"error"`` stops the run before any solving, ``"warning"`` does not.
    rule
        Short name of the rule that was broken, for grouping (``"not a number"``).
    file
        File name inside the scenario folder.
    row
        1-based row of the file counting the header, or 0 where the finding is about the whole file.
    column
        The column as it is called in the file, or empty.
    value
        What was found there.
    expected
        What would have been right.
    suggestion
        A way out, or empty.
    """

    severity: Severity
    rule: str
    file: str
    row: int = 0
    column: str = ""
    value: str = ""
    expected: str = ""
    suggestion: str = ""

    def __str__(self) -> str:
        text = f"{self._place()}: {self.rule}"
        if self.value:
            text += f" (found {self.value!r})"
        if self.expected:
            text += f"; expected {self.expected}"
        if self.suggestion:
            text += f". Maybe: {self.suggestion}"
        return text

    def _place(self) -> str:
        """Name the place as tables have rows and columns, and as settings have lines and keys."""
        if self.file.endswith(".toml"):
            return f"{self.file}:{self.row}: {self.column}" if self.row else self.file
        place = self.file
        if self.row:
            place += f": row {self.row}"
        if self.column:
            place += f', column "{self.column}"'
        return place


@dataclass(frozen=True)
class Findings:
    """All findings of one input, errors first, in the order of file, rule and row; of settings by line."""

    items: tuple[Finding, ...] = ()

    @classmethod
    def of(cls, items: Iterable[Finding]) -> Findings:
        """Put the findings in their order, each once."""
        return cls(tuple(sorted(set(items), key=_order)))

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def __add__(self, other: Findings) -> Findings:
        return Findings.of((*self.items, *other.items))

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that stop the run."""
        return tuple(f for f in self.items if f.severity == "error")

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """The findings that do not stop the run."""
        return tuple(f for f in self.items if f.severity == "warning")

    def text(self) -> str:
        """Every finding a line, grouped by rule; of each rule the first twenty, the rest counted."""
        groups: dict[tuple[str, str, str], list[Finding]] = {}
        for finding in self.items:
            groups.setdefault((finding.severity, finding.file, finding.rule), []).append(finding)
        lines = []
        for (severity, file, rule), members in groups.items():
            lines += [f"{severity}: {finding}" for finding in members[:SHOWN_PER_RULE]]
            if len(members) > SHOWN_PER_RULE:
                lines.append(f"{severity}: {file}: {rule}: and {len(members) - SHOWN_PER_RULE:,} more")
        return "\n".join(lines)

    def counts(self) -> str:
        """Say how many errors and warnings there are."""
        errors, warnings = len(self.errors), len(self.warnings)
        return f"{errors:,} error{'s' * (errors != 1)}, {warnings:,} warning{'s' * (warnings != 1)}"

    def rows(self) -> list[dict[str, object]]:
        """Every finding as a dictionary, for JSON."""
        return [asdict(finding) for finding in self.items]


def _order(one: Finding) -> tuple[object, ...]:
    """Sort tables by rule, and settings as they are read."""
    inside = (one.row, one.rule) if one.file.endswith(".toml") else (one.rule, one.row)
    return (one.severity, one.file, *inside, one.column, one.value)


def nearest(name: str, known: Iterable[str]) -> str:
    """Name the known word nearest to ``name``, or say nothing where none is near.

    >>> nearest("workloud", ["potential", "workload"])
    'workload'
    >>> nearest("x", ["potential"])
    ''
    """
    folded = {word.casefold(): word for word in known}
    match = difflib.get_close_matches(name.casefold(), list(folded), n=1, cutoff=0.6)
    return folded[match[0]] if match else ""
