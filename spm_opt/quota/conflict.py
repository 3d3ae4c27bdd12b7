"""Rules that cannot hold together: which ones, and the cheapest change to each that frees them.

1. Of the rules by name, the smallest set that no quotas keep together is found by trying sets by size.
2. Within each rule of the set, nodes that the clash does not need are left out, halves first.
3. For each rule of the set, all others hard, the least change of its own value is solved for, and
   verified by solving once more, with all rules and the changed one; where that is not enough, since other
   rules clash as well, with the rules of the set and the changed one.

That a set has no quotas is said only where plain arithmetic on sums agrees with the solver, or the solver
agrees with itself from another start without presolve; the report says which.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import combinations
from math import ceil, floor
from operator import and_
from typing import Literal

from ortools.sat.python import cp_model

from spm_opt.errors import QuotaError
from spm_opt.quota.model import Model, feasible
from spm_opt.quota.rules import Question, Rule
from spm_opt.quota.target import money

MOST_SETS = 400
"""Sets of rules tried by size; beyond, rules are dropped one by one, which still leaves no needless one."""
SHOWN = 5
BASIS_POINTS = 10_000
"""A rate changes in steps of one of these."""


@dataclass(frozen=True)
class Clash:
    """One rule in a conflict: the nodes it needs, and the value that would free the others.

    ``further`` says that other rules clash as well, so that the value frees those of this conflict only.
    """

    rule: Rule
    nodes: tuple[str, ...]
    value: Fraction
    freed: Fraction | None
    proof: Literal["sums", "solved twice"]
    further: bool = False

    def __str__(self) -> str:
        more = f" and {len(self.nodes) - SHOWN:,} more" if len(self.nodes) > SHOWN else ""
        said = f", {self.rule.said}" if self.rule.said else ""
        text = f"{self.rule.name} = {_written(self.value, self.rule.unit)} ({', '.join(self.nodes[:SHOWN])}{more}{said})"
        if self.freed is None:
            return f"{text}: no change to it alone was found that is enough"
        beside = " for these; other rules clash as well" if self.further else ""
        return f"{text}: {_written(self.freed, self.rule.unit)} would do{beside}"


def clashes(question: Question) -> tuple[Clash, ...]:
    """Explain why no quotas keep the rules; nothing where some do."""
    if not impossible(question, question.rules):
        return ()
    needed = _thinned(question, _smallest(question))
    proof: Literal["sums", "solved twice"] = "sums" if sums_clash(question, needed) else "solved twice"
    return tuple(_clash(question, rule, {one.name for one in needed}, proof) for rule in needed)


def _clash(question: Question, rule: Rule, needed: set[str], proof: Literal["sums", "solved twice"]) -> Clash:
    """Find what frees a rule of a conflict: from all rules, or where more of them clash from those needed."""
    nodes = tuple(question.tree.names[node] for node in rule.nodes)
    found = freed(question, rule.name)
    if found is not None:
        return Clash(rule, nodes, rule.value, found, proof)
    alone = replace(question, rules=tuple(one for one in question.rules if one.name in needed))
    return Clash(rule, nodes, rule.value, freed(alone, rule.name), proof, further=True)


def clash_error(conflict: tuple[Clash, ...]) -> QuotaError:
    """Put a conflict into an error that has every rule of it, a line each."""
    return QuotaError("these rules cannot hold together:\n" + "\n".join(map(str, conflict)), conflict)


def impossible(question: Question, rules: Sequence[Rule]) -> bool:
    """Say whether it is certain that no quotas keep these rules."""
    if sums_clash(question, rules):
        return True
    # a solver that says so is asked again from elsewhere before it is believed
    return all(Model(question, rules).solve(seed=s)[0] == cp_model.INFEASIBLE for s in (0, 7))


def sums_clash(question: Question, rules: Sequence[Rule]) -> bool:
    """Add the lowest and highest quotas up the tree; they clash where the lowest is above the highest."""
    tree, own = question.tree, question.multiple
    low, high = question.limits(rules)
    for node in range(len(tree) - 1, -1, -1):
        below = tree.children[node]
        if below:
            slack = Fraction(question.common(node), 2) if question.hedge[node] != 1 else Fraction(0)
            least = (sum(low[c] * own[c] for c in below) - slack) / question.hedge[node] / own[node]
            most = (sum(high[c] * own[c] for c in below) + slack) / question.hedge[node] / own[node]
            low[node], high[node] = max(low[node], ceil(least)), min(high[node], floor(most))
        if low[node] > high[node]:
            return True
    return False


def _smallest(question: Question) -> list[Rule]:
    """Find the smallest set of rules by name that no quotas keep together."""
    rules, tried = question.rules, 0
    for size in range(1, len(rules) + 1):
        for chosen in combinations(rules, size):
            tried += 1
            if tried > MOST_SETS:
                return _dropped(rules, lambda kept: impossible(question, kept))
            if impossible(question, chosen):
                return list(chosen)
    return list(rules)


def _dropped(rules: Sequence[Rule], clash: Callable[[list[Rule]], bool]) -> list[Rule]:
    """Drop every rule that the clash does not need, one by one."""
    kept = list(rules)
    for rule in rules:
        rest = [one for one in kept if one is not rule]
        if clash(rest):
            kept = rest
    return kept


def _thinned(question: Question, rules: list[Rule]) -> list[Rule]:
    """Leave out the nodes of each rule that the clash does not need: halves first, then ever fewer."""
    kept = list(rules)
    for place, rule in enumerate(rules):
        nodes = list(range(len(rule.nodes)))
        size = len(nodes) // 2
        while size:
            for start in range(0, len(nodes), size):
                fewer = nodes[:start] + nodes[start + size :]
                tried = [*kept[:place], _only(rule, fewer), *kept[place + 1 :]]
                if fewer and sums_clash(question, tried):
                    nodes = fewer
                    break
            else:
                size //= 2
            size = min(size, len(nodes) // 2)
        kept[place] = _only(rule, nodes)
    return kept


def _only(rule: Rule, places: Sequence[int]) -> Rule:
    """Keep a rule for some of its nodes."""
    return replace(
        rule,
        nodes=tuple(rule.nodes[i] for i in places),
        bound=tuple(rule.bound[i] for i in places),
        rate=tuple(rule.rate[i] for i in places),
    )


def freed(question: Question, name: str) -> Fraction | None:
    """Find the value nearest to a rule's own for which quotas exist, all other rules kept; verified.

    The more a rule gives way, the more quotas keep it: so the least change is halved in on, by plain sums
    first, which costs nothing, and from there by solving.
    """
    rule = next(one for one in question.rules if one.name == name)
    others = [one for one in question.rules if one is not rule]
    parts = 1 if rule.unit == "cents" else BASIS_POINTS

    def widened(change: int) -> list[Rule]:
        by = Fraction(change, parts)
        low, high = _moved(rule, -by), _moved(rule, by)
        sides = ((low, (True, False)), (high, (False, True)))
        own = [replace(one, sides=side) for one, side in sides if any(map(and_, side, rule.sides))]
        return [*others, *own]

    most = _most(question, rule) * parts
    summed = _least(0, most, lambda change: not sums_clash(question, widened(change)))
    change = _least(summed, most, lambda change: bool(feasible(question, widened(change))))
    by = Fraction(change, parts)
    for sign in [-1] * rule.sides[0] + [1] * rule.sides[1]:
        if feasible(question, [*others, _moved(rule, sign * by)]):
            return rule.value + sign * by
    return None


def _least(low: int, high: int, enough: Callable[[int], bool]) -> int:
    """Find the least whole number from which on something is enough; the highest where none is."""
    if enough(low):
        return low
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def _most(question: Question, rule: Rule) -> int:
    """Give a change of a rule's value that is surely enough: nothing from below, anything from above."""
    if rule.unit == "cents":
        return question.free
    return int(max([abs(rule.value), *(question.free / rate for rate in rule.rate if rate)])) + 1


def _moved(rule: Rule, by: Fraction) -> Rule:
    """Change a rule's value, and its bounds with it."""
    bound = tuple(old + by * rate for old, rate in zip(rule.bound, rule.rate, strict=True))
    return replace(rule, bound=bound, value=rule.value + by)


def _written(value: Fraction, unit: str) -> str:
    return money(int(value)) if unit == "cents" else f"{float(value):,.10g}"
