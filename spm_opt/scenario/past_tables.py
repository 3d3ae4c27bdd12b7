"""Tables that tell how the company sold: closed opportunities, time sheets, quotas of the past."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from spm_opt.scenario.columns import dates, empty_cells, flags, floats, of_given, periods
from spm_opt.scenario.findings import Finding
from spm_opt.scenario.located import nearest_of
from spm_opt.scenario.settings import Settings
from spm_opt.scenario.tables import Texts
from spm_opt.scenario.texts import is_empty, is_one_of

CATEGORIES = ("prospecting", "selling", "administration", "travel", "other")
"""What hours are spent on."""

Read = tuple[pd.DataFrame, list[Finding]]


def read_opportunities(texts: Texts, settings: Settings, decimal: str) -> Read:  # noqa: ARG001  one form for all tables
    """Give closed opportunities their types; a lost one may lack its amount, any may lack the first two dates."""
    amount, findings = floats(texts, "amount", decimal=decimal, empty=np.nan, low=0.0)
    won, wrong = flags(texts, "won", "opportunities")
    findings += wrong
    bare = won & is_empty(texts.column("amount"))
    findings += of_given(
        texts, "amount", texts.findings(bare, "amount", "empty", "what a won opportunity brought")
    )
    when = {}
    for field in ("opened", "expected", "closed"):
        when[field], more = dates(texts, field)
        findings += more
    for field in ("id", "account", "closed", "won", "stage"):
        findings += empty_cells(texts, field)
    frame = pd.DataFrame({
        "row": texts.row, "id": texts.column("id"), "account": texts.column("account"),
        "seller": texts.column("seller"), "amount": amount, "stage": texts.column("stage"), "won": won, **when,
    })  # fmt: skip
    return frame.sort_values(["id", "row"], kind="stable", ignore_index=True), findings


def read_timesheets(texts: Texts, settings: Settings, decimal: str) -> Read:  # noqa: ARG001  one form for all tables
    """Give time sheets their types."""
    start, months, wrong = periods(texts, "period")
    hours, more = floats(texts, "hours", decimal=decimal, low=0.0)
    category = texts.column("category").str.lower()
    findings = of_given(texts, "period", wrong) + of_given(texts, "hours", more)
    for field in ("seller", "category"):
        findings += empty_cells(texts, field)
    unknown = ~is_empty(category) & ~is_one_of(category, CATEGORIES)
    expected = "one of " + ", ".join(CATEGORIES)
    findings += texts.findings(unknown, "category", "unknown category", expected, _category_hint(texts))
    frame = pd.DataFrame({
        "row": texts.row, "seller": texts.column("seller"), "period": start, "months": months,
        "category": category, "hours": hours,
    })  # fmt: skip
    return frame.sort_values(["seller", "period", "category", "row"], ignore_index=True), findings


def _category_hint(texts: Texts) -> Callable[[str], str]:
    """Prepare to name the nearest category, or the way to translate a word of the company's own."""
    column, near = texts.names.get("category", "category"), nearest_of(CATEGORIES)

    def hint(value: str) -> str:
        way = (
            f'[tables.timesheets.translate.category] with column = "{column}" and '
            f'values = {{ "{value}" = "other" }}, and so on for every word'
        )
        return near(value) or way

    return hint


def read_quota_history(texts: Texts, settings: Settings, decimal: str) -> Read:  # noqa: ARG001  one form for all tables
    """Give quotas of the past their types; sales that are not given come from the history."""
    start, months, wrong = periods(texts, "period")
    quota, more = floats(texts, "quota", decimal=decimal, low=0.0)
    sales, odd = floats(texts, "sales", decimal=decimal, empty=np.nan, low=0.0)
    findings = of_given(texts, "period", wrong) + of_given(texts, "quota", more) + odd
    findings += empty_cells(texts, "seller")
    frame = pd.DataFrame({
        "row": texts.row, "seller": texts.column("seller"), "period": start, "months": months,
        "quota": quota, "sales": sales,
    })  # fmt: skip
    return frame.sort_values(["seller", "period", "row"], ignore_index=True), findings
