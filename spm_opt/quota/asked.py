"""From the settings of the quotas to a question: tree, steps, hedges, and every rule with its nodes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from spm_opt.errors import ScenarioError
from spm_opt.quota.hierarchy import ROOT, Hierarchy
from spm_opt.quota.rules import Question, Rule
from spm_opt.quota.target import cents, money
from spm_opt.scenario.findings import nearest
from spm_opt.scenario.quota_faults import LEVELS
from spm_opt.scenario.quota_settings import NodeRule, Quota

Seen = Mapping[tuple[str, str], int]
"""Quotas seen last in cents, by level and node."""


@dataclass(frozen=True)
class Known:
    """What the rules speak of, by territory in the order of the tree's leaves, in currency.

    ``productive`` is the part of the year in which each position is productive.
    """

    last_year: Sequence[float]
    measure: Sequence[float]
    productive: Sequence[float]


def exact(value: float) -> Fraction:
    """Give the number that the planner wrote: the shortest decimal that stands for it."""
    return Fraction(repr(float(value)))


def question(settings: Quota, tree: Hierarchy, known: Known, target: int | None, seen: Seen) -> Question:
    """Put the rules together; without a target the company is free.

    Raises
    ------
    ScenarioError
        A node that is not there or stands at several levels, a pin between steps, a freeze of what was
        never seen: all of them.
    """
    unit = cents(settings.step)
    multiple = tuple(
        cents(settings.steps[level]) // unit if level in settings.steps else 1 for level in tree.levels
    )
    finder = Finder(tree)
    messages = [
        f"scenario.toml: quota.{key}: there is no node at level {level!r}"
        for key in ("steps", "hedges")
        for level in getattr(settings, key)
        if level not in {*LEVELS, *tree.levels}
    ]
    messages += hedge_faults(settings, finder)
    rules = [] if target is None else [amount_rule("quota.target", (ROOT,), target, both=True)]
    rules += _of_territories(settings, tree, known)
    for place, one in enumerate(settings.nodes, start=1):
        node = finder.find(f"quota.nodes.{place}", one.node, one.level, messages)
        if node is not None:
            rules += _of_node(f"quota.nodes.{place}", one, node, tree, known)
    for place, pin in enumerate(settings.pins, start=1):
        node = finder.find(f"quota.pins.{place}", pin.node, pin.level, messages)
        if node is not None:
            step = unit * multiple[node]
            if cents(pin.quota) % step:
                messages.append(
                    f"scenario.toml: quota.pins.{place}: {money(cents(pin.quota))} is not a whole multiple of "
                    f"the step {money(step)} of {tree.levels[node]} {pin.node}"
                )
            said = f"by {pin.by}: {pin.why}"
            rules.append(amount_rule(f"quota.pins.{place}", (node,), cents(pin.quota), both=True, said=said))
    for place, name in enumerate(settings.freeze, start=1):
        rules += _frozen(f"quota.freeze.{place}", name, finder, seen, messages)
    if messages:
        raise ScenarioError(messages)
    return Question(tree, unit, multiple, hedges(settings, finder), tuple(rules))


def hedges(settings: Quota, finder: Finder) -> tuple[Fraction, ...]:
    """Give what the children of each node sum to for one of its own: its own hedge, or else its level's."""
    tree = finder.tree
    found = [exact(settings.hedges.get(level, 1.0)) for level in tree.levels]
    for node, own in own_hedges(settings, finder).items():
        found[node] = exact(own)
    return tuple(one if below else Fraction(1) for one, below in zip(found, tree.children, strict=True))


def own_hedges(settings: Quota, finder: Finder) -> dict[int, float]:
    """Give the hedges of single nodes, by place; names that are not there have none."""
    found = {}
    for one in settings.nodes:
        node = finder.find("", one.node, one.level, []) if one.hedge is not None else None
        if node is not None and one.hedge is not None:
            found[node] = one.hedge
    return found


def chosen_places(settings: Quota, finder: Finder) -> list[int]:
    """List the nodes whose hedge ``[quota.over]`` chooses: of its level, with nodes below and no own hedge."""
    if settings.over is None:
        return []
    level, own = settings.over.level, own_hedges(settings, finder)
    pairs = enumerate(zip(finder.tree.levels, finder.tree.children, strict=True))
    return [place for place, (at, below) in pairs if at == level and below and place not in own]


def hedge_faults(settings: Quota, finder: Finder) -> Iterator[str]:
    """Say which hedges are of nodes with none below, or of nodes that have another."""
    own = own_hedges(settings, finder)
    for place, one in enumerate(settings.nodes, start=1):
        node = finder.find("", one.node, one.level, []) if one.hedge is not None else None
        if node is None:
            continue
        key = f"scenario.toml: quota.nodes.{place}.hedge"
        if not finder.tree.children[node]:
            yield f"{key}: no quotas are below {finder.tree.levels[node]} {one.node}"
        if own[node] != one.hedge:
            yield f"{key}: {one.node} has {one.hedge:g} here and {own[node]:g} in another entry; keep one"


def _frozen(key: str, name: str, finder: Finder, seen: Seen, messages: list[str]) -> Iterator[Rule]:
    """Fix a node at what was seen last."""
    node = finder.find(key, name, None, messages)
    if node is None:
        return
    past = seen.get((finder.tree.levels[node], finder.tree.names[node]))
    if past is None:
        messages.append(f"scenario.toml: {key}: no quota of {name} was seen before; give the last quotas")
    else:
        yield amount_rule(key, (node,), past, both=True)


def amount_rule(name: str, nodes: tuple[int, ...], amount: int, *, both: bool, said: str = "") -> Rule:
    """Hold nodes to an amount in cents: from below, or from both sides."""
    one = (Fraction(1),) * len(nodes)
    bound = (Fraction(amount),) * len(nodes)
    return Rule(name, (True, both), nodes, bound, one, Fraction(amount), said=said)


def _limit(key: str, value: float | None, nodes: Sequence[int], rate: Sequence[Fraction]) -> Iterator[Rule]:
    """Limit nodes to a value times their rates in cents; a node whose rate is 0 is not limited."""
    if value is None:
        return
    least = key.endswith(("floor", "_min"))
    money_key = key.endswith(("floor", "cap")) or ".productivity" in key
    grown = 1 if ".growth" in key else 0
    held = [(node, of) for node, of in zip(nodes, rate, strict=True) if of > 0]
    if money_key:  # the value is an amount in cents, the rate a share of it
        number, unit = Fraction(cents(value)), "cents"
        held = [(node, of / 100) for node, of in held]
    else:
        number, unit = exact(value), "of 1"
    if held:
        yield Rule(
            name=key,
            sides=(least, not least),
            nodes=tuple(node for node, _ in held),
            bound=tuple((grown + number) * of for _, of in held),
            rate=tuple(of for _, of in held),
            value=number,
            unit=unit,
        )


def _of_territories(settings: Quota, tree: Hierarchy, known: Known) -> Iterator[Rule]:
    """Give the rules of all territories."""
    leaves = tree.leaves.tolist()
    hundred = [Fraction(100)] * len(leaves)
    last = [Fraction(cents(amount)) for amount in known.last_year]
    measure = [exact(amount) * 100 for amount in known.measure]
    productive = [exact(share) * 100 for share in known.productive]
    for name, rate in (
        ("floor", hundred), ("cap", hundred), ("growth_min", last), ("growth_max", last),
        ("ratio_min", measure), ("ratio_max", measure),
        ("productivity_min", productive), ("productivity_max", productive),
    ):  # fmt: skip
        yield from _limit(f"quota.{name}", getattr(settings, name), leaves, rate)


def _of_node(key: str, rules: NodeRule, node: int, tree: Hierarchy, known: Known) -> Iterator[Rule]:
    """Give the rules of one node."""
    last = Fraction(cents(tree.summed(known.last_year)[node]))
    for name in ("floor", "cap"):
        yield from _limit(f"{key}.{name}", getattr(rules, name), (node,), (Fraction(100),))
    for name in ("growth_min", "growth_max"):
        yield from _limit(f"{key}.{name}", getattr(rules, name), (node,), (last,))


class Finder:
    """Finds nodes by name."""

    def __init__(self, tree: Hierarchy) -> None:
        self.tree = tree
        self.places: dict[str, list[int]] = {}
        for place, name in enumerate(tree.names):
            self.places.setdefault(name, []).append(place)

    def find(self, key: str, name: str, level: str | None, messages: list[str]) -> int | None:
        """Give the node's place, or say why there is none."""
        found = [p for p in self.places.get(name, []) if level in (None, self.tree.levels[p])]
        if len(found) == 1:
            return found[0]
        if found:
            levels = ", ".join(self.tree.levels[place] for place in found)
            messages.append(f"scenario.toml: {key}: {name!r} stands at several levels ({levels}); give level")
        else:
            near = nearest(name, self.places)
            messages.append(
                f"scenario.toml: {key}: no node is called {name!r}"
                + (f" (is {near!r} meant?)" if near else "")
            )
        return None
