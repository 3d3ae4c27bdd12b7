"""Where each quota comes from: steps that add up to it, to the cent.

A quota is what each method gives before any rule (``from_equal_chance``, ``from_proportional``, ...), plus what
rules add or take (``rules``: the territory's own, or those of others whose share it carries), plus ``rounding``
to whole steps, plus later ``edits``. ``binding`` names the rule that holds the territory, or a node above it.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from spm_opt.problem import FloatArray, IntArray
from spm_opt.quota.hierarchy import ROOT
from spm_opt.quota.rules import Question, Rule

FROM = "from_"
NEAR = 0.5
"""Within so many cents of a limit an amount stands at it."""


def traced(start: Mapping[str, FloatArray], ideal: FloatArray, quota: IntArray) -> dict[str, FloatArray]:
    """Give the steps from methods to quotas.

    Parameters
    ----------
    start
        By method, cents of each territory before any rule, shape ``(k,)``.
    ideal
        Cents within all rules, before whole steps.
    quota
        Cents.

    Returns
    -------
    Columns in currency. Each is in whole cents, so that they sum to the quota exactly.
    """
    first = {FROM + method: np.rint(amount) for method, amount in start.items()}
    within = np.rint(ideal)
    steps = {**first, "rules": within - sum(first.values()), "rounding": quota - within}
    return {name: np.asarray(amount / 100) for name, amount in steps.items()}


def steps_of(basis: pd.DataFrame) -> list[str]:
    """List the columns of a basis that add up to the quota; none where it has no trace."""
    if "rounding" not in basis.columns:
        return []
    first = [str(name) for name in basis.columns if str(name).startswith(FROM)]
    return [*first, *(name for name in ("rules", "rounding", "edits") if name in basis.columns)]


def with_edits(basis: pd.DataFrame) -> pd.DataFrame:
    """Add to a trace what edits have changed since."""
    steps = [name for name in steps_of(basis) if name != "edits"]
    if not steps:
        return basis
    total = sum(np.rint(basis[name].to_numpy() * 100) for name in steps)
    return basis.assign(edits=(np.rint(basis["quota"].to_numpy() * 100) - total) / 100)


def sides(asked: Question) -> list[tuple[str, str]]:
    """Name for every node the rule behind its lowest and the one behind its highest quota, if any."""
    low, high = asked.limits()
    found = [["", ""] for _ in asked.multiple]
    for rule in asked.rules:
        for node, bound in zip(rule.nodes, rule.bound, strict=True):
            steps = bound / (asked.unit * asked.multiple[node])
            if rule.sides[0] and low[node] > 0 and -(-steps.numerator // steps.denominator) == low[node]:
                found[node][0] = rule.name.removeprefix("quota.")
            if rule.sides[1] and steps.numerator // steps.denominator == high[node]:
                found[node][1] = rule.name.removeprefix("quota.")
    return [(least, most) for least, most in found]


def binding(asked: Question, given: FloatArray) -> list[str]:
    """Name the rule that holds each territory, with who said it and why; else one that holds a node above.

    Parameters
    ----------
    asked
        The rules.
    given
        Ideal cents of every node, shape ``(n,)``.
    """
    low, high = asked.limits()
    said = {rule.name.removeprefix("quota."): _named(rule) for rule in asked.rules}
    held = []
    for node, rules in enumerate(sides(asked)):
        size = asked.unit * asked.multiple[node]
        at = [abs(given[node] - limit * size) <= NEAR for limit in (low[node], high[node])]
        held.append(next((said[rule] for rule, there in zip(rules, at, strict=True) if rule and there), ""))
    names = asked.tree.names
    found = []
    for leaf in asked.tree.leaves.tolist():
        above = [node for node in asked.tree.above(leaf) if held[node] and node != ROOT]
        node = above[0] if above else ROOT
        found.append("" if node == ROOT else held[node] if node == leaf else f"{held[node]} of {names[node]}")
    return found


def _named(rule: Rule) -> str:
    """Name a rule, with who said it and why."""
    name = rule.name.removeprefix("quota.")
    return f"{name} ({rule.said})" if rule.said else name
