"""Segments by rules: the first whose conditions an account fits."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from spm_opt.problem import NONE, BoolArray, FloatArray, IntArray
from spm_opt.scenario.findings import Finding, nearest
from spm_opt.scenario.locate import Path
from spm_opt.scenario.segment_settings import Condition, Range, Rule, Segments
from spm_opt.scenario.settings_file import FILE, Places, dotted
from spm_opt.workload.account_columns import AccountColumns
from spm_opt.workload.assigned import Assigned, figure

Holds = dict[tuple[int, str], BoolArray]
"""Whether each account fits a condition, by rule and column."""


def by_rules(columns: AccountColumns, settings: Segments, places: Places) -> Assigned:
    """Give every account the segment of the first rule that it fits.

    An account is near to a boundary where a number of it lies within ``near`` of a limit (as a share of the limit),
    and where it would come to another segment if that number were on the other side.
    """
    rules = settings.rules
    count = len(columns.scenario.accounts)
    holds = {
        (i, name): _holds(columns, name, condition)
        for i, rule in enumerate(rules)
        for name, condition in rule.where.items()
    }
    first = _first(rules, holds, count)
    names = tuple(dict.fromkeys(rule.segment for rule in rules))
    segment = np.array([*(names.index(rule.segment) for rule in rules), NONE], dtype=np.int64)
    number = segment[first]
    near = _near(columns, rules, holds, segment, number, settings.near)
    return Assigned(
        names=names,
        number=number,
        near=near,
        reasons=lambda rows: _reasons(columns, rules, first, rows),
        descriptions=tuple(
            "; or ".join(_rule_text(rule) for rule in rules if rule.segment == name) for name in names
        ),
        findings=tuple(_findings(columns, rules, holds, first, places)),
    )


def _holds(columns: AccountColumns, name: str, condition: Condition) -> BoolArray:
    """Find the accounts that fit one condition, shape ``(a,)``."""
    if isinstance(condition, bool):
        return np.equal(columns.flags(name), condition)
    if isinstance(condition, Range):
        return _inside(columns.numbers(name), condition)
    wanted = {condition} if isinstance(condition, str) else set(condition)
    codes, words = columns.words(name)
    return np.array([not wanted.isdisjoint(one) for one in words], dtype=bool)[codes]


def _inside(values: FloatArray, condition: Range) -> BoolArray:
    """Find the numbers in a range; what is no number is in none."""
    fits = ~np.isnan(values)
    if condition.at_least is not None:
        fits &= values >= condition.at_least
    if condition.below is not None:
        fits &= values < condition.below
    return fits


def _first(rules: Sequence[Rule], holds: Holds, count: int) -> IntArray:
    """Give each account's first rule, ``NONE`` where there is none, shape ``(a,)``."""
    first = np.full(count, NONE, dtype=np.int64)
    left = np.ones(count, dtype=bool)
    for i, rule in enumerate(rules):
        fits = left.copy()
        for name in rule.where:
            fits &= holds[i, name]
        first[fits] = i
        left &= ~fits
    return first


def _near(
    columns: AccountColumns, rules: Sequence[Rule], holds: Holds, segment: IntArray, number: IntArray, share: float
) -> BoolArray:  # fmt: skip
    """Find the accounts that one number a little different would bring to another segment."""
    near = np.zeros(len(number), dtype=bool)
    for name, limit in _limits(rules):
        values = columns.numbers(name)
        rows = np.flatnonzero(np.abs(values - limit) <= share * abs(limit))
        across = np.where(values[rows] >= limit, np.nextafter(limit, -np.inf), limit)
        moved = {key: found[rows] for key, found in holds.items()}
        for i, rule in enumerate(rules):
            condition = rule.where.get(name)
            if isinstance(condition, Range):
                moved[i, name] = _inside(across, condition)
        near[rows] |= segment[_first(rules, moved, len(rows))] != number[rows]
    return near


def _limits(rules: Sequence[Rule]) -> list[tuple[str, float]]:
    """List every limit of a range once, with its column; to 0 nothing is near by a share of it."""
    found = [
        (name, limit)
        for rule in rules
        for name, condition in rule.where.items()
        if isinstance(condition, Range)
        for limit in (condition.at_least, condition.below)
        if limit
    ]
    return list(dict.fromkeys(found))


def _reasons(columns: AccountColumns, rules: Sequence[Rule], first: IntArray, rows: IntArray) -> list[str]:
    """Name the rule, and what the account has where the rule asks."""
    reasons = np.full(len(rows), "fits no rule", dtype=object)
    for i, rule in enumerate(rules):
        mine = np.flatnonzero(first[rows] == i)
        head = f"rule {i + 1}: {_rule_text(rule)}"
        told = [
            [f"{name} {value}" for value in _values(columns, name, condition, rows[mine])]
            for name, condition in rule.where.items()
            if not isinstance(condition, bool | str)
        ]
        if told:
            reasons[mine] = [f"{head} (here {', '.join(parts)})" for parts in zip(*told, strict=True)]
        else:
            reasons[mine] = head
    return list(reasons)


def _values(columns: AccountColumns, name: str, condition: Condition, rows: IntArray) -> list[str]:
    if isinstance(condition, Range):
        return [figure(value) for value in columns.numbers(name)[rows].tolist()]
    return columns.shown(name, rows)


def _rule_text(rule: Rule) -> str:
    """Write a rule's conditions."""
    parts = [f"{name} {_condition_text(condition)}" for name, condition in rule.where.items()]
    return ", ".join(parts) or "every account that is left"


def _condition_text(condition: Condition) -> str:
    if isinstance(condition, bool):
        return "yes" if condition else "no"
    if isinstance(condition, str):
        return condition or "empty"
    if isinstance(condition, Range):
        limits = ((condition.at_least, "at least"), (condition.below, "below"))
        return " and ".join(f"{word} {figure(limit)}" for limit, word in limits if limit is not None)
    return " or ".join(one or "empty" for one in condition)


def _findings(
    columns: AccountColumns, rules: Sequence[Rule], holds: Holds, first: IntArray, places: Places
) -> list[Finding]:  # fmt: skip
    """Find accounts that no rule takes, rules that take none, and words that no account has."""
    found = []
    left = np.flatnonzero(first == NONE)
    if len(left):
        one = columns.scenario.accounts.iloc[left[0]]
        many = f"{len(left):,} accounts, the first" if len(left) > 1 else "1 account,"
        found.append(
            _finding(
                places,
                ("segments", "rules"),
                "accounts that fit no rule",
                f"{many} {one['id']} in row {one['row']}",
                "every account in a segment",
                "a last rule without where, for all that are left",
            )
        )
    caught = np.bincount(first[first != NONE], minlength=len(rules))
    for i, rule in enumerate(rules):
        if caught[i] == 0:
            hint = _why_none(columns, rules, holds, first, i)
            path: Path = ("segments", "rules", i)
            rule_name = "rule that catches no account"
            found.append(_finding(places, path, rule_name, rule.segment, "at least one account", hint))
        else:
            found += _unknown_words(columns, rule, i, places)
    return found


def _why_none(
    columns: AccountColumns, rules: Sequence[Rule], holds: Holds, first: IntArray, i: int
) -> str:  # fmt: skip
    """Say why a rule catches nothing: rules before it, one condition, or all together."""
    where = rules[i].where
    fits = np.ones(len(first), dtype=bool)
    for name, condition in where.items():
        if not holds[i, name].any():
            return f"no account has {name} {_condition_text(condition)}" + _range_of(columns, name, condition)
        fits &= holds[i, name]
    before = sorted({int(one) + 1 for one in first[fits].tolist()})
    if before:
        listed = " and ".join(str(one) for one in before)
        many = "s" if len(before) > 1 else ""
        return f"put it before rule{many} {listed}, which take{'' if many else 's'} all that fit, or leave it out"
    return "no account fits all of its conditions together"


def _range_of(columns: AccountColumns, name: str, condition: Condition) -> str:
    """Say what accounts have instead."""
    if isinstance(condition, bool):
        return ""
    if isinstance(condition, Range):
        values = columns.numbers(name)
        values = values[~np.isnan(values)]
        if not len(values):
            return f": {name} is known of none"
        return f": it goes from {figure(values.min())} to {figure(values.max())}"
    wanted = (condition,) if isinstance(condition, str) else condition
    known = {word for one in columns.words(name)[1] for word in one}
    near = [word for word in (nearest(one, known) for one in wanted) if word]
    return f"; near is {' and '.join(near)}" if near else ""


def _unknown_words(columns: AccountColumns, rule: Rule, i: int, places: Places) -> list[Finding]:
    """Warn of words in a list that no account has."""
    found = []
    for name, condition in rule.where.items():
        if isinstance(condition, tuple):
            known = {word for one in columns.words(name)[1] for word in one}
            found += [
                _finding(
                    places, ("segments", "rules", i, "where", name, at), "word that no account has", word,
                    f"a {name} of an account", nearest(word, known), warning=True,
                )
                for at, word in enumerate(condition)
                if word not in known
            ]  # fmt: skip
    return found


def _finding(
    places: Places, path: Path, rule: str, value: str, expected: str, hint: str, *, warning: bool = False
) -> Finding:  # fmt: skip
    line = places.place(path).line
    return Finding("warning" if warning else "error", rule, FILE, line, dotted(path), value, expected, hint)
