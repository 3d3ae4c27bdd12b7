"""Periods of pay by name: 2027, 2027-Q2, 2027-05."""

from __future__ import annotations

import re
from collections.abc import Sequence

COUNT = {"year": 1, "quarter": 4, "month": 12}
"""Periods in a year."""
_NAME = re.compile(r"([0-9]{4})(?:-(?:[Qq]([1-4])|(0[1-9]|1[0-2])))?")


def period_names(year: int, kind: str) -> tuple[str, ...]:
    """Name the periods of a year in their order.

    >>> period_names(2027, "quarter")
    ('2027-Q1', '2027-Q2', '2027-Q3', '2027-Q4')
    """
    if kind == "year":
        return (str(year),)
    mark = "-Q{}" if kind == "quarter" else "-{:02d}"
    return tuple(str(year) + mark.format(i + 1) for i in range(COUNT[kind]))


def months_of(period: str) -> tuple[int, range] | None:
    """Give the year of a period and its months, counted from January as 0; nothing for what is no period.

    >>> months_of("2027"), months_of("2027-Q2"), months_of("2027-05"), months_of("Q2")
    ((2027, range(0, 12)), (2027, range(3, 6)), (2027, range(4, 5)), None)
    """
    found = _NAME.fullmatch(period)
    if not found:
        return None
    year, quarter, month = found.groups()
    if quarter:
        return int(year), range(3 * int(quarter) - 3, 3 * int(quarter))
    return int(year), range(int(month) - 1, int(month)) if month else range(12)


def within(name: str, periods: Sequence[str]) -> list[int]:
    """List the places of the periods that a period is made of; none where it is shorter than they are.

    >>> within("2027-Q2", ("2027-Q1", "2027-Q2")), within("2027", ("2027-Q1", "2027-Q2"))
    ([1], [0, 1])
    >>> within("2027-05", ("2027-Q1", "2027-Q2"))
    []
    """
    own = months_of(name)
    if own is None:
        return []
    others = [(i, months_of(one)) for i, one in enumerate(periods)]
    return [i for i, one in others if one is not None and one[0] == own[0] and set(one[1]) <= set(own[1])]
