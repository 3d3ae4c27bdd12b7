"""The fairness of the quotas on the page: what departs, for how many sellers, and the back-test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from spm_opt.quota.audit import Audit
from spm_opt.quota.backtest import BackTest
from spm_opt.quota.fairness import Fairness
from spm_opt.report import words
from spm_opt.report.audit_text import ATTRIBUTES, FIGURES, against_even, difference, reached, sentence, size
from spm_opt.report.grids import Cell, Grid, Head, Row, numeric


@dataclass(frozen=True)
class FairnessText:
    """A section of the page: sentences, the tests of the quotas, and the back-test's table and sentences."""

    sentences: tuple[str, ...]
    tests: Grid
    year: int | None
    measures: Grid | None
    about: tuple[str, ...]


def fairness_text(found: Fairness, currency: str) -> FairnessText:
    """Say what the audit and the back-test found."""
    test = found.backtest
    return FairnessText(
        sentences=tuple(_signs(found.audit)),
        tests=_tests(found.audit),
        year=None if test is None else test.year,
        measures=None if test is None else _measures(test),
        about=(f"No back-test: {found.why_not}",) if test is None else tuple(_about(test, currency)),
    )


def _signs(audit: Audit) -> list[str]:
    """Say first how many sellers and tests, then every sign."""
    signs = [row for row in _records(audit.tests) if row["sign"]]
    counted = words.plural(len(audit.tests), "test")
    sellers = words.plural(len(audit.sellers), "seller")
    if not len(audit.tests):
        return [f"No test could be made: {sellers} compared."]
    told = words.plural(len(signs), "sign") if signs else "no sign"
    verdict = f"{told} that the quotas are easier or harder for some than for others"
    head = (
        f"{sellers} compared in {counted}, corrected together: {verdict}. Where there is nothing, a sign has a "
        f"chance of at most {words.percent(audit.level, 0)}. A sign says that a figure departs, not why. Chances to "
        "attain are judged here by simulated years that no quota was set by."
    )
    return [head, *("Sign: " + sentence(row) for row in signs)]


def _tests(audit: Audit) -> Grid:
    """Lay the tests out: the difference, its range, what could have gone unseen, and the verdict."""
    heads = [Head("what"), Head("by"), Head("most in"), Head("sellers", numeric=True)]
    heads += [
        Head(text, numeric=True) for text in ("difference", "from", "to", "unseen below", "p, corrected")
    ]
    rows = []
    for row in _records(audit.tests):
        shares = [difference(row, name) for name in ("effect", "low", "high")]
        cells = [Cell(FIGURES[str(row["figure"])]), Cell(ATTRIBUTES[str(row["attribute"])])]
        cells += [Cell(str(row["group"]), "soft"), numeric(words.count(row["sellers"]))]
        cells += [numeric(text) for text in shares]
        cells.append(numeric(size(row, "detectable")))
        cells.append(numeric(f"{row['p_holm']:.3f}", None, "strong" if row["sign"] else ""))
        rows.append(Row(tuple(cells)))
    return Grid((*heads, Head("sign")), tuple(_with_verdict(rows, audit)))


def _with_verdict(rows: list[Row], audit: Audit) -> list[Row]:
    verdicts = ["yes" if sign else "no" for sign in audit.tests["sign"].tolist()]
    return [
        Row((*row.cells, Cell(verdict, "strong" if verdict == "yes" else "soft")))
        for row, verdict in zip(rows, verdicts, strict=True)
    ]


def _measures(test: BackTest) -> Grid:
    """Lay out what last year's quotas by this method would have met, beside what the simulation expected."""
    head, *table = reached(test, int((test.territories["quota"] > 0).sum()))
    rows = [Row((Cell(row[0]), numeric(row[1]), numeric(row[2]), Cell(row[3]))) for row in table]
    return Grid(
        (Head(head[0]), Head(head[1], numeric=True), Head(head[2], numeric=True), Head("")), tuple(rows)
    )


def _about(test: BackTest, currency: str) -> list[str]:
    """Say whether the method was nearer than even growth, what departed then, and what could not be known."""
    total = words.short(test.territories["quota"].sum(), currency)
    begin = f"Quotas of {total} that this method would have set for {test.year}, against what was sold then."
    signs = [sentence(row) for row in _records(test.audit.tests) if row["sign"]]
    counted = (
        f"{words.plural(len(test.audit.tests), 'test')} of {words.plural(len(test.audit.sellers), 'seller')}"
    )
    then = [f"Attainment of {test.year}, in {counted}: sign: {one}" for one in signs]
    then = then or [f"Attainment of {test.year} departs by nothing that was tested ({counted})."]
    even = [against_even(row) for row in _records(test.against_even)]
    return [begin, *even, *then, f"What it could not know: {'; '.join(test.notes)}."]


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(key): value for key, value in row.items()} for row in table.to_dict("records")]
