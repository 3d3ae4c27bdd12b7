"""The fairness audit in plain words."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable
from typing import Any

from spm_opt.quota.audit import Audit
from spm_opt.report import words
from spm_opt.report.text import INDENT

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
SHARES = ("p_attain",)
"""Figures that cannot differ by more than 100 points."""
WIDTH = 110
NAMED = 5
"""Territories named before the rest are counted."""


def audit_text(audit: Audit, title: str = "Fairness of the quotas") -> str:
    """Say what the audit found, signs first, and what it could not have found."""
    lines = [f"{title}: {words.plural(len(audit.sellers), 'seller')} compared{_left_out(audit)}"]
    if "p_attain" in audit.tests["figure"].tolist():
        chance = audit.sellers["p_attain"]
        lines += wrapped(
            f"The chance to attain goes from {words.percent(chance.min(), 0)} to {words.percent(chance.max(), 0)}, "
            f"with a standard deviation of {chance.std(ddof=0) * 100:.0f} points."
        )
    rows = [{str(key): value for key, value in row.items()} for row in audit.tests.to_dict("records")]
    for row in sorted(rows, key=lambda row: not row["sign"]):
        lines += wrapped(("Sign: " if row["sign"] else "No sign ") + _sentence(row))
    lines += [line for text in _not_tested(audit) for line in wrapped(text)]
    if rows:
        lines += wrapped(_footer(audit, rows))
    return "\n".join(lines)


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


def _sentence(row: dict[str, Any]) -> str:
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
    range_ = f"{_difference(row, 'low').split()[0]} to {_difference(row, 'high')}"
    if not (math.isfinite(row["low"]) and math.isfinite(row["high"])):
        range_ = "too few to bound it"
    chance = f"; p {_p(row['p_holm'])}" if row["sign"] else ""
    known = f"{what} ({most}{_difference(row, 'effect')} {against}; {range_}{chance})"
    return known + ("." if row["sign"] else f"; {_unseen(row)}")


def _unseen(row: dict[str, Any]) -> str:
    sellers = words.plural(row["sellers"], "seller")
    none = not math.isfinite(row["detectable"]) or (row["figure"] in SHARES and row["detectable"] >= 1)
    if none:
        return f"but {sellers} are too few for any difference to be seen."
    return f"with {sellers}, a difference below {_size(row, 'detectable')} could have gone unseen."


def _size(row: dict[str, Any], name: str) -> str:
    unit = "%" if row["figure"] == "quota_to_potential" else "points"
    return f"{abs(row[name]) * 100:.0f} {unit}"


def _difference(row: dict[str, Any], name: str) -> str:
    size = _size(row, name)
    if size.startswith("0 "):
        return size
    return ("+" if row[name] > 0 else words.MINUS) + size


def _p(p: float) -> str:
    return "below 0.001" if p < 0.001 else f"{p:.3f}"  # noqa: PLR2004


def _left_out(audit: Audit) -> str:
    """Name the territories that were not compared."""
    names = audit.left_out
    if not names:
        return ""
    more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
    return f" (left out: {', '.join(names[:NAMED])}{more}; no seller, or no quota)"


def _not_tested(audit: Audit) -> Iterable[str]:
    """Say which tests could not be made, those with one reason together."""
    reasons: dict[tuple[str, str], list[str]] = {}
    for figure, attribute, why in audit.skipped.itertuples(index=False, name=None):
        reasons.setdefault((attribute, why), []).append(FIGURES[figure])
    for (attribute, why), figures in reasons.items():
        yield f"Not tested: {' and '.join(figures)} by {ATTRIBUTES[attribute]}: {why}."


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
