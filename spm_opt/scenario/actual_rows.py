"""What really happened: results of sellers by period, read from a table for statements of pay."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from spm_opt.errors import InputError
from spm_opt.scenario.columns import floats
from spm_opt.scenario.fields import Fields
from spm_opt.scenario.findings import Finding, Findings, nearest
from spm_opt.scenario.pay_periods import COUNT, months_of, period_names
from spm_opt.scenario.pay_settings import REVENUE
from spm_opt.scenario.settings import Table
from spm_opt.scenario.tables import read_table

FIELDS = Fields(("seller", "period", "amount"), ("measure", "product", "quota"))
TEXTS = ("seller", "period", "measure", "product")


def read_actual(path: Path, *, year: int, kind: str, filled: Mapping[str, Collection[int]]) -> pd.DataFrame:
    """Read results.

    Parameters
    ----------
    path
        The file.
    year, kind
        The planned year, and how often pay is paid.
    filled
        By seller, the months (January is 0) in which the position is filled.

    Returns
    -------
    ``row``, ``seller``, ``period``, ``measure``, ``product`` (``""`` for none), ``amount`` (``nan`` where a row has
    a quota only), ``quota`` (``nan`` where none is given), ``place`` (the period of pay, from 0).

    Raises
    ------
    InputError
        With every finding: unknown sellers, periods that are none of the year or longer than those of pay, a
        period twice, months without a result before the last that has one, negative amounts.
    """
    texts, findings = read_table(path.parent, Table(path=path.name), FIELDS)
    given = "quota" in texts.texts
    quota, more = floats(texts, "quota", empty=np.nan, low=0.0)
    amount, wrong = floats(texts, "amount", empty=np.nan if given else None, low=0.0)
    table = pd.DataFrame(
        {"row": texts.row, **{name: texts.column(name) for name in TEXTS}, "amount": amount, "quota": quota}
    )
    table["measure"] = table["measure"].where(table["measure"] != "", REVENUE)
    findings += (wrong if "amount" in texts.texts else []) + (more if given else [])
    table["place"] = [_place(name, year, COUNT[kind]) for name in table["period"]]
    if set(FIELDS.required) <= set(texts.texts):
        findings += [*_names(table, path.name, year, kind, filled), *_twice(table, path.name)]
        if not findings:
            findings += _missing(table, path.name, period_names(year, kind), filled)
    if findings:
        raise InputError(Findings.of(findings))
    return table


def _place(name: str, year: int, count: int) -> int:
    """Find the period of pay that a period lies in, -1 where there is none."""
    found = months_of(name)
    if found is None or found[0] != year:
        return -1
    first, last = (month * count // 12 for month in (found[1][0], found[1][-1]))
    return first if first == last else -1


def _names(
    table: pd.DataFrame, file: str, year: int, kind: str, filled: Mapping[str, Collection[int]]
) -> Iterator[Finding]:
    """Find sellers and periods that are none."""
    example = period_names(year, kind)[-1]
    for row, seller, period, place in zip(
        table["row"], table["seller"], table["period"], table["place"], strict=True
    ):
        if seller not in filled:
            hint = nearest(seller, filled)
            yield Finding(
                "error", "unknown seller", file, int(row), "seller", seller, "the id of a seller", hint
            )
        if place < 0:
            expected = f"a {kind} of {year} or less, such as {example}"
            yield Finding("error", "unknown period", file, int(row), "period", period, expected)


def _twice(table: pd.DataFrame, file: str) -> Iterator[Finding]:
    """Find months that two rows of one seller, measure and product speak of."""
    first: dict[tuple[object, ...], int] = {}
    keys = zip(table["seller"], table["measure"], table["product"], strict=True)
    for row, key, period in zip(table["row"], keys, table["period"], strict=True):
        found = months_of(period)
        before = [first[(*key, month)] for month in found[1] if (*key, month) in first] if found else []
        if before:
            expected = f"each period once; row {before[0]} speaks of it"
            yield Finding("error", "period twice", file, int(row), "period", period, expected)
        for month in found[1] if found else ():
            first.setdefault((*key, month), int(row))


def _missing(
    table: pd.DataFrame, file: str, periods: tuple[str, ...], filled: Mapping[str, Collection[int]]
) -> Iterator[Finding]:
    """Find filled months of the periods that have results without any."""
    known = table[table["amount"].notna()]
    if known.empty:
        yield Finding("error", "no results", file, expected="at least one row with an amount")
        return
    length = 12 // len(periods)
    needed = range((int(known["place"].max()) + 1) * length)
    covered: dict[tuple[str, str], set[int]] = {}
    for seller, measure, period in zip(known["seller"], known["measure"], known["period"], strict=True):
        found = months_of(period)
        covered.setdefault((seller, measure), set()).update(found[1] if found else ())
    for seller in sorted(set(known["seller"])):
        for measure in sorted(set(known["measure"])):
            lacking = [
                m for m in needed if m in filled[seller] and m not in covered.get((seller, measure), ())
            ]
            for place in sorted({month // length for month in lacking}):
                rule = f"no {measure} of {seller} in all of {periods[place]}"
                yield Finding(
                    "error", rule, file, expected="an amount for every month: 0 where nothing was sold"
                )
