"""Where in a TOML text each key and each value stands.

``tomllib`` gives values without their places. This scanner gives places without values: it is fed only
texts that ``tomllib`` has accepted, so it may trust the syntax and only has to follow the structure.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass

Path = tuple[str | int, ...]
"""Keys and array indices (from 0) from the top of a document down to a value."""

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_SCALAR = re.compile(r"[^,\]}#\n]*")
_BLANK = re.compile(r"[ \t]*")
_BLANKS_AND_COMMENTS = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_STRING = re.compile(
    r"'''[\s\S]*?'''(?:'{0,2})|\"\"\"(?:[^\\]|\\[\s\S])*?\"\"\"(?:\"{0,2})|'[^'\n]*'|\"(?:[^\"\\\n]|\\.)*\""
)


@dataclass(frozen=True)
class Place:
    """Line and column, both from 1."""

    line: int
    column: int


def locate(text: str) -> dict[Path, Place]:
    """Find the place of every key, and of every element of an array, in a valid TOML text.

    A table or an array of tables stands where its name was first written.

    >>> locate('a.b = [1, 2]')[("a", "b")]
    Place(line=1, column=3)
    >>> locate('a.b = [1, 2]')[("a", "b", 1)]
    Place(line=1, column=11)
    """
    scanner = _Scanner(text.replace("\r\n", "\n"))
    scanner.document()
    return scanner.places()


class _Scanner:
    """A walk through one text; it keeps where it is and what it has passed."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.offsets: dict[Path, int] = {}
        self.counts: dict[Path, int] = {}
        self.offset_of_header = 0

    def places(self) -> dict[Path, Place]:
        """Turn offsets into lines and columns."""
        starts = [0, *(found.end() for found in re.finditer("\n", self.text))]
        found: dict[Path, Place] = {}
        line = 0
        for path, offset in sorted(self.offsets.items(), key=lambda item: item[1]):
            while line + 1 < len(starts) and starts[line + 1] <= offset:
                line += 1
            found[path] = Place(line + 1, offset - starts[line] + 1)
        return found

    def document(self) -> None:
        """Walk statement by statement."""
        prefix: Path = ()
        self.skip(_BLANKS_AND_COMMENTS)
        while self.at < len(self.text):
            if self.text.startswith("[[", self.at):
                prefix = self.header(2)
                index = self.counts.get(prefix, 0)
                self.counts[prefix] = index + 1
                prefix = (*prefix, index)
                self.mark(prefix, self.offset_of_header)
            elif self.text.startswith("[", self.at):
                prefix = self.header(1)
            else:
                self.pair(prefix)
            self.skip(_BLANKS_AND_COMMENTS)

    def header(self, brackets: int) -> Path:
        """Read the name of a table; a name that is an array of tables stands for its last element."""
        self.at += brackets
        path: Path = ()
        names = self.key()
        for i, (name, offset) in enumerate(names):
            path = (*path, name)
            self.mark(path, offset)
            if path in self.counts and (brackets == 1 or i < len(names) - 1):
                path = (*path, self.counts[path] - 1)
        self.offset_of_header = names[-1][1]
        self.at += brackets
        return path

    def pair(self, prefix: Path) -> None:
        """Read ``key = value``."""
        path = prefix
        for name, offset in self.key():
            path = (*path, name)
            self.mark(path, offset)
        self.at += 1  # the equals sign
        self.skip(_BLANK)
        self.value(path)

    def key(self) -> list[tuple[str, int]]:
        """Read a dotted key, each part with its offset."""
        parts = []
        while True:
            self.skip(_BLANK)
            start = self.at
            if self.text[start] in "'\"":
                self.skip(_STRING)
                # a quoted part has all the escapes of a string: let tomllib read it
                name = str(tomllib.loads(f"x = {self.text[start : self.at]}")["x"])
            else:
                self.skip(_BARE)
                name = self.text[start : self.at]
            parts.append((name, start))
            self.skip(_BLANK)
            if self.text[self.at] != ".":
                return parts
            self.at += 1

    def value(self, path: Path) -> None:
        """Pass over a value, marking what lies inside it."""
        if self.text[self.at] == "[":
            self.elements(path)
        elif self.text[self.at] == "{":
            self.inline_table(path)
        elif self.text[self.at] in "'\"":
            self.skip(_STRING)
        else:
            self.skip(_SCALAR)

    def elements(self, path: Path) -> None:
        """Pass over an array."""
        self.at += 1
        index = 0
        self.skip(_BLANKS_AND_COMMENTS)
        while self.text[self.at] != "]":
            self.mark((*path, index), self.at)
            self.value((*path, index))
            index += 1
            self.skip(_BLANKS_AND_COMMENTS)
            if self.text[self.at] == ",":
                self.at += 1
                self.skip(_BLANKS_AND_COMMENTS)
        self.at += 1

    def inline_table(self, path: Path) -> None:
        """Pass over an inline table."""
        self.at += 1
        self.skip(_BLANKS_AND_COMMENTS)
        while self.text[self.at] != "}":
            self.pair(path)
            self.skip(_BLANKS_AND_COMMENTS)
            if self.text[self.at] == ",":
                self.at += 1
                self.skip(_BLANKS_AND_COMMENTS)
        self.at += 1

    def mark(self, path: Path, offset: int) -> None:
        self.offsets.setdefault(path, offset)

    def skip(self, pattern: re.Pattern[str]) -> None:
        found = pattern.match(self.text, self.at)
        if found:
            self.at = found.end()
