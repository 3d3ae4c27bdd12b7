"""The fairness audit in plain words."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable
from typing import Any

from spm_opt.quota.audit import Audit
from spm_opt.quota.backtest import BackTest
from spm_opt.quota.permute import LEVEL
from spm_opt.report import words
from spm_opt.report.text import INDENT, aligned

FIGURES = {
    "p_attain": "the chance to attain",
    "quota_to_potential": "the quota for the same potential",
    "attainment": "attainment",
}
ATTRIBUTES = {
    "potential": "potential",
    "size": "size (past sales)",
    "asked_growth": "the growth asked for",
    "past_growth": "past growth",
    "tenure": "tenure",
    "region": "region",
    "manager": "manager",
}
MEASURES = {
    "company": ("the company's sales on its target", True),
    "attaining": ("territories at quota or above", False),
    "spread": ("standard deviation of attainment, the year's level apart", True),
    "near": ("territories within 20 % of quota, the year's level apart", False),
    "in_range": ("territories between their own 10 % and 90 % quantile, likewise", False),
}
"""Measures of the back-test, and whether they are shares."""
SHARES = ("p_attain",)
"""Figures that cannot differ by more than 100 points."""
WIDTH = 110
NAMED = 5
"""Territories named before the rest are counted."""


def audit_text(
    audit: Audit, title: str = "Fairness of the quotas", why_out: str = "no seller, or no quota"
) -> str:
    """Say what the audit found, signs first, and what it could not have found."""
    lines = [f"{title}: {words.plural(len(audit.sellers), 'seller')} compared{_left_out(audit, why_out)}"]
    if "p_attain" in audit.tests["figure"].tolist():
        chance = audit.sellers["p_attain"]
        lines += wrapped(
            f"The chance to attain goes from {words.percent(chance.min(), 0)} to {words.percent(chance.max(), 0)}, "
            f"with a standard deviation of {chance.std(ddof=0) * 100:.0f} points."
        )
    rows = [{str(key): value for key, value in row.items()} for row in audit.tests.to_dict("records")]
    for row in sorted(rows, key=lambda row: not row["sign"]):
        lines += wrapped(("Sign: " if row["sign"] else "No sign ") + sentence(row))
    lines += [line for text in _not_tested(audit) for line in wrapped(text)]
    if rows:
        lines += wrapped(_footer(audit, rows))
    return "\n".join(lines)


def backtest_text(test: BackTest, currency: str) -> str:
    """Say what last year's quotas by the same method would have been worth, and how little that shows."""
    table, asked = test.territories, test.territories["quota"] > 0
    count = int(asked.sum())
    total = words.short(table["quota"].sum(), currency)
    lines = [
        f"Back-test: quotas of {total} that this method would have set for {test.year}, against what was sold then"
    ]
    lines += aligned(reached(test, count))
    for row in test.against_even.to_dict("records"):
        lines += wrapped(against_even(row))
    lines += wrapped(f"What it could not know: {'; '.join(test.notes)}.")
    lines += wrapped(
        f"One year is one draw, and its sellers share one market: {words.plural(count, 'territory', 'territories')} "
        "count for fewer. A figure within its range does not prove the method right; it fails to prove it wrong."
    )
    by_them = audit_text(
        test.audit, f"Attainment of {test.year} by those quotas", "no seller all that year, or no quota"
    )
    return "\n".join([*lines, "", by_them])


def backtest_document(test: BackTest) -> dict[str, Any]:
    """Lay the back-test out for programs."""
    return {
        "year": test.year,
        "measures": test.measures,
        "against_even": test.against_even,
        "territories": test.territories.rename_axis("territory").reset_index(),
        "audit": audit_document(test.audit),
        "notes": list(test.notes),
    }


def reached(test: BackTest, count: int) -> list[list[str]]:
    """Lay out the measures of the back-test beside their ranges."""
    table = [["", "was", "in nine of ten simulated years", ""]]
    for row in test.measures.to_dict("records"):
        text, shared = MEASURES[row["measure"]]
        value, low, high = (
            words.percent(row[name], 0) if shared else words.count(row[name])
            for name in ("value", "low", "high")
        )
        reached = value if shared else f"{value} of {count:,}"
        table.append([text, reached, f"{low} to {high}", "as expected" if row["inside"] else "OUTSIDE"])
    return table


def against_even(row: dict[Any, Any]) -> str:
    """Say whether the same growth for everyone would have been nearer."""
    method, even, gain = (words.percent(row[name]) for name in ("method", "even", "detectable"))
    text = (
        f"Attainment of {words.plural(row['sellers'], 'seller')} lay {method} from the company's on average; with the "
        f"same growth asked of everyone, {even}"
    )
    p = f"p {_p(row['p'])}"
    if row["p"] <= LEVEL:
        return f"{text}: a sign that {'this method' if row['gain'] > 0 else 'even growth'} was nearer ({p})."
    if not math.isfinite(row["detectable"]):
        return f"{text}: too few to tell the two apart."
    return f"{text}: no sign that either was nearer ({p}); a difference below {gain} could have gone unseen."


def audit_document(audit: Audit) -> dict[str, Any]:
    """Lay the audit out for programs; numbers that are infinite become ``null``."""
    return {
        "seed": audit.seed,
        "level": audit.level,
        "left_out": list(audit.left_out),
        "tests": audit.tests,
        "groups": audit.groups,
        "skipped": audit.skipped,
        "sellers": audit.sellers.rename_axis("territory").reset_index(),
    }


def wrapped(text: str) -> list[str]:
    """Break a sentence into lines, indented."""
    return textwrap.wrap(
        text, WIDTH, initial_indent=INDENT, subsequent_indent=INDENT * 2, break_on_hyphens=False
    )


def sentence(row: dict[str, Any]) -> str:
    """Say one test: what departs or does not, by how much, and what would have gone unseen."""
    figure, attribute = FIGURES[row["figure"]], ATTRIBUTES[row["attribute"]]
    grouped = row["kind"] == "group"
    if row["sign"] and grouped:
        what = f"{figure} departs by {attribute}"
    elif row["sign"]:
        what = f"{figure} {'rises' if row['effect'] > 0 else 'falls'} with {attribute}"
    elif grouped:
        what = f"that {figure} departs by {attribute}"
    else:
        what = f"that {figure} rises or falls with {attribute}"
    against = "against the others" if grouped else "from the lower to the upper quartile"
    most = f"{row['group']} most, " if grouped else ""
    range_ = f"{difference(row, 'low').split()[0]} to {difference(row, 'high')}"
    if not (math.isfinite(row["low"]) and math.isfinite(row["high"])):
        range_ = "too few to bound it"
    chance = f"; p {_p(row['p_holm'])}" if row["sign"] else ""
    known = f"{what} ({most}{difference(row, 'effect')} {against}; {range_}{chance})"
    return known + ("." if row["sign"] else f"; {_unseen(row)}")


def _unseen(row: dict[str, Any]) -> str:
    sellers = words.plural(row["sellers"], "seller")
    none = not math.isfinite(row["detectable"]) or (row["figure"] in SHARES and row["detectable"] >= 1)
    if none:
        return f"but {sellers} are too few for any difference to be seen."
    return f"with {sellers}, a difference below {size(row, 'detectable')} could have gone unseen."


def size(row: dict[str, Any], name: str) -> str:
    """Write how large a difference is, in points of a share or in percent."""
    if not math.isfinite(row[name]):
        return words.DASH
    points = f"{abs(row[name]) * 100:.0f}"
    if row["figure"] == "quota_to_potential":
        return f"{points} %"
    return f"{points} point" if points == "1" else f"{points} points"


def difference(row: dict[str, Any], name: str) -> str:
    """Write a difference with its sign."""
    amount = size(row, name)
    if amount.startswith(("0 ", words.DASH)):
        return amount
    return ("+" if row[name] > 0 else words.MINUS) + amount


def _p(p: float) -> str:
    return "below 0.001" if p < 0.001 else f"{p:.3f}"  # noqa: PLR2004


def _left_out(audit: Audit, why: str) -> str:
    """Name the territories that were not compared."""
    names = audit.left_out
    if not names:
        return ""
    more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
    return f" (left out: {', '.join(names[:NAMED])}{more}: {why})"


def _not_tested(audit: Audit) -> Iterable[str]:
    """Say which tests could not be made, those with one reason together."""
    reasons: dict[tuple[str, str], list[str]] = {}
    for figure, attribute, why in audit.skipped.itertuples(index=False, name=None):
        reasons.setdefault((attribute, why), []).append(FIGURES[figure])
    together: dict[tuple[str, str], list[str]] = {}
    for (attribute, why), figures in reasons.items():
        together.setdefault((" and ".join(figures), why), []).append(ATTRIBUTES[attribute])
    for (what, why), attributes in together.items():
        yield f"Not tested: {what} by {', '.join(attributes)}: {why}."


def _footer(audit: Audit, rows: list[dict[str, Any]]) -> str:
    drawn = [row["arrangements"] - 1 for row in rows if not row["exact"]]
    how = (
        f"{max(drawn):,} random exchanges of sellers, seed {audit.seed}"
        if drawn
        else "all exchanges of sellers"
    )
    alarm = words.percent(audit.level, 0)
    return (
        f"Ranges are {words.percent(1 - audit.level, 0)} intervals of the true difference, each for itself. A "
        "difference could have gone unseen if these sellers would show it in fewer than four of five cases. In "
        f"{words.plural(len(rows), 'test')} together, a sign where there is nothing has a chance of at most {alarm} "
        f"({how}). A sign says that a figure departs, not why: a rule or a ramp may mean it."
    )
