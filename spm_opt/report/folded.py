"""Many texts that differ in their numbers, folded: each pattern once, and the numbers of every text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

HOLE = "\N{OBJECT REPLACEMENT CHARACTER}"
"""Stands in a pattern where a number belongs."""
_NUMBER = re.compile(r"\d(?:[\d,.]*\d)?")

Texts = tuple[str, ...]


def folded(many: Sequence[Texts]) -> dict[str, Any]:
    """Fold lists of texts into ``patterns``, the ``kind`` of each list, and its ``numbers`` joined by blanks.

    What is the same number in every list of a pattern stands in the pattern. Filling each hole with the
    next number gives the very texts again.
    """
    place: dict[Texts, int] = {}
    kind, numbers = [], []
    for texts in many:
        plain = tuple(text.replace(HOLE, " ") for text in texts)
        pattern = tuple(_NUMBER.sub(HOLE, text) for text in plain)
        kind.append(place.setdefault(pattern, len(place)))
        numbers.append([one for text in plain for one in _NUMBER.findall(text)])
    patterns = []
    for at, pattern in enumerate(place):
        own = [i for i, one in enumerate(kind) if one == at]
        same = _same([numbers[i] for i in own])
        patterns.append(_filled(pattern, same))
        for i in own:
            numbers[i] = [one for one, fixed in zip(numbers[i], same, strict=True) if fixed is None]
    return {"patterns": patterns, "kind": kind, "numbers": [" ".join(one) for one in numbers]}


def _same(rows: list[list[str]]) -> list[str | None]:
    """Give the number of each place where all rows have the same one."""
    return [column[0] if len(set(column)) == 1 else None for column in zip(*rows, strict=True)]


def _filled(pattern: Texts, same: list[str | None]) -> list[str]:
    """Put numbers that never differ into their places."""
    rest = iter(same)
    return [
        "".join(part + (next(rest) or HOLE) for part in text.split(HOLE)[:-1]) + text.split(HOLE)[-1]
        for text in pattern
    ]
