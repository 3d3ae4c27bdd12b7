"""What contradicts itself in a compensation plan: each fault with the key that it is about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from spm_opt.scenario.findings import nearest
from spm_opt.scenario.locate import Path
from spm_opt.scenario.quota_faults import NEAR, Fault

if TYPE_CHECKING:
    from spm_opt.scenario.pay_settings import Component, Draw, Mix, Role, Spiff, Tier

RESERVED = ("salary", "draw", "cap of the role")
"""What statements call the other parts of pay."""
LARGEST = 10.0
"""An attainment above 1,000 % was meant in percent."""


def mix_faults(mix: Mix) -> list[Fault]:
    """Say when salary and variable are not the whole."""
    total = mix.salary + mix.variable
    return [] if abs(total - 1) <= NEAR else [((), f"salary and variable sum to {total:.6g}; expected 1")]


def role_faults(roles: Sequence[Role]) -> list[Fault]:
    """Find roles of one name, two for all others, and sellers, districts or regions that two roles name."""
    found = [*_none(roles, "role"), *_twice([one.name for one in roles], "role")]
    others = [i for i, one in enumerate(roles) if not (one.sellers or one.districts or one.regions)]
    found += [
        (
            (i, "name"),
            f"{roles[i].name!r} names nobody, as does {roles[others[0]].name!r}: one is for all others",
        )
        for i in others[1:]
    ]
    for key in ("sellers", "districts", "regions"):
        first: dict[str, str] = {}
        for i, role in enumerate(roles):
            for place, name in enumerate(getattr(role, key)):
                if name in first:
                    found.append(((i, key, place), f"{name} has the role {first[name]!r} already"))
                first.setdefault(name, role.name)
    for i, role in enumerate(roles):
        if role.cap is not None and role.cap < 1:
            found.append(((i, "cap"), _low_cap(role.cap)))
        if role.cap is not None and role.cap > LARGEST:
            found.append(((i, "cap"), _percent(role.cap, "of variable target pay")))
    return found


def component_faults(one: Component) -> list[Fault]:
    """Find what is wrong within one component."""
    if not one.tiers:
        return [*_weight_and_cap(one), (("tiers",), "expected at least one tier")]
    return [*_weight_and_cap(one), *_far(one), *_tiers(one), *_rates(one), *_threshold(one)]


def _weight_and_cap(one: Component) -> Iterator[Fault]:
    if one.weight is not None and one.weight > 1:
        yield ("weight",), _percent(one.weight, "of variable target pay")
    if one.cap is not None and one.cap < 1:
        yield ("cap",), _low_cap(one.cap)
    if one.cap is not None and one.cap > LARGEST:
        yield ("cap",), _percent(one.cap, "of target pay")
    if one.kind == "attainment":
        if one.weight is None:
            yield ("weight",), "missing key: the share of variable target pay"
        if one.tiers_by == "amount":
            yield ("tiers_by",), 'only the tiers of a commission are in currency; expected "attainment"'
        return
    if one.cap is not None and one.weight is None:
        yield (
            ("cap",),
            "a commission is capped in parts of its target pay: give its weight, or the role a cap",
        )
    if one.threshold is not None and one.tiers_by == "amount":
        yield (
            ("threshold",),
            "is in parts of quota, but the tiers are in currency; begin the first tier there",
        )


def _low_cap(cap: float) -> str:
    return f"{cap:g} is below target pay, which is 1"


def _far(one: Component) -> Iterator[Fault]:
    """Find places in percent where parts of the quota were meant."""
    if one.threshold is not None and one.threshold > LARGEST:
        yield ("threshold",), _percent(one.threshold, "of quota")
    for i, tier in enumerate(one.tiers):
        for key, value in (("from", tier.low), ("to", tier.high)):
            if one.tiers_by == "attainment" and value is not None and value > LARGEST:
                yield ("tiers", i, key), _percent(value, "of quota")


def _percent(value: float, of: str) -> str:
    """Say that a part is so large that it was meant in percent.

    >>> _percent(80, "of quota")
    '80 is 8,000 % of quota. Maybe: 0.8 for 80 %'
    """
    return f"{value:g} is {100 * value:,.10g} % {of}. Maybe: {value / 100:g} for {value:g} %"


def _tiers(one: Component) -> Iterator[Fault]:
    """Find gaps, overlaps and falls between tiers."""
    for i, tier in enumerate(one.tiers):
        if tier.high is not None and tier.high <= tier.low:
            yield ("tiers", i, "to"), f"{tier.high:,.10g} is not above from, {tier.low:,.10g}"
    level = None
    for i, (before, tier) in enumerate(pairwise(one.tiers), start=1):
        end = before.high
        if end is not None and tier.low > end:
            yield ("tiers", i, "from"), f"gap: nothing is said from {end:,.10g} to {tier.low:,.10g}"
        elif tier.low < (before.low if end is None else end) or (end is None and tier.low == before.low):
            until = f" to {end:,.10g}" if end is not None else ""
            yield ("tiers", i, "from"), f"overlap: the tier before goes from {before.low:,.10g}{until}"
        level = _end(before, level, tier.low)
        if tier.pay is not None and tier.pay < level - NEAR and not one.may_fall:
            text = f"{tier.pay:g} is below {level:.6g}, where the tier before ends: pay falls as results rise"
            yield ("tiers", i, "pay"), f"{text}; may_fall = true allows it"
    if one.tiers[-1].high is not None:
        end = one.tiers[-1].high
        yield ("tiers", len(one.tiers) - 1, "to"), f"gap: nothing is said above {end:,.10g}; leave it out"


def _end(tier: Tier, begins: float | None, until: float) -> float:
    """Give what is paid where a tier ends, in parts of target pay."""
    start = tier.pay if tier.pay is not None else begins or 0.0
    return start + tier.rate * max(0.0, until - tier.low)


def _rates(one: Component) -> Iterator[Fault]:
    for i, tier in enumerate(one.tiers):
        if one.kind == "commission":
            if tier.rate > 1:
                yield ("tiers", i, "rate"), _percent(tier.rate, "of sales")
            if tier.pay is not None:
                yield ("tiers", i, "pay"), "a commission has no target pay; use a component of its own"
            continue
        if tier.rate > LARGEST:
            yield ("tiers", i, "rate"), _percent(tier.rate, "of target pay for the whole quota")
        if tier.pay is not None and tier.pay > LARGEST:
            yield ("tiers", i, "pay"), _percent(tier.pay, "of target pay")
    if not any(tier.rate or tier.pay for tier in one.tiers):
        yield ("tiers",), "nothing is ever paid: give a rate or pay"


def _threshold(one: Component) -> Iterator[Fault]:
    if one.threshold is None or one.tiers_by == "amount":
        return
    first = one.tiers[0]
    ends = first.high if first.high is not None else one.tiers[1].low if len(one.tiers) > 1 else None
    if one.threshold < first.low:
        text = f"gap: nothing is said from the threshold {one.threshold:g} to the first tier, {first.low:g}"
        yield ("threshold",), text
    elif ends is not None and ends <= one.threshold <= LARGEST:
        yield ("threshold",), f"{one.threshold:g} is above the first tier, which ends at {ends:g}"


def components_faults(components: Sequence[Component], roles: Sequence[Role] | None) -> list[Fault]:
    """Find components of one name, unknown roles, and roles whose weights do not sum to 1."""
    found = [*_none(components, "component"), *_twice([one.name for one in components], "component")]
    found += _reserved([one.name for one in components]) + named_roles(components, roles)
    for role in roles or ():
        own = [one for one in components if not one.roles or role.name in one.roles]
        weights = [one.weight for one in own if one.weight is not None]
        if not own:
            found.append(((), f"the role {role.name!r} has no component"))
        elif weights and abs(sum(weights) - 1) > NEAR:
            last = max(i for i, one in enumerate(components) if one in own and one.weight is not None)
            text = f"the weights of the role {role.name!r} sum to {sum(weights):.6g}; expected 1"
            found.append(((last, "weight"), text))
    return found


def spiff_faults(one: Spiff) -> list[Fault]:
    """Find what is wrong within one SPIFF."""
    found: list[Fault] = []
    if (one.rate is None) == (one.amount is None):
        found.append((("rate",) if one.rate is not None else (), "give either rate or amount"))
    if one.rate is not None and one.rate > 1:
        found.append((("rate",), _percent(one.rate, "of sales")))
    if one.goal is not None and one.goal > LARGEST:
        found.append((("goal",), _percent(one.goal, "of quota")))
    if not one.periods:
        found.append((("periods",), "expected at least one period, such as 2027-Q2"))
    if one.amount is not None and one.goal is None:
        found.append((("amount",), "an amount needs a goal, the attainment from which it is paid"))
    found += [
        (("periods", i), f"{name} is named twice")
        for i, name in enumerate(one.periods)
        if name in one.periods[:i]
    ]
    return found


def spiffs_faults(
    spiffs: Sequence[Spiff], components: Sequence[Component], roles: Sequence[Role] | None
) -> list[Fault]:
    """Find SPIFFs of one name, also with a component, and unknown roles."""
    names, others = [one.name for one in spiffs], {one.name for one in components}
    found = [*_twice(names, "SPIFF"), *_reserved(names), *named_roles(spiffs, roles)]
    return found + [
        ((i, "name"), f"a component is called {name!r} already")
        for i, name in enumerate(names)
        if name in others
    ]


def named_roles(given: Sequence[Component | Spiff | Draw], roles: Sequence[Role] | None) -> list[Fault]:
    """Find roles that nobody has, where the roles themselves could be read."""
    if roles is None:
        return []
    names = [one.name for one in roles]
    found: list[Fault] = []
    for i, one in enumerate(given):
        for place, name in enumerate(one.roles):
            if name not in names:
                near = nearest(name, names)
                hint = f". Maybe: {near}" if near else ""
                path: Path = (i, "roles", place)
                found.append((path, f"unknown role {name!r}; expected one of {', '.join(names)}{hint}"))
    return found


def draw_faults(draws: Sequence[Draw], roles: Sequence[Role] | None) -> list[Fault]:
    """Find unknown roles, and roles that have two draws."""
    found = named_roles(draws, roles)
    for role in roles or ():
        own = [i for i, one in enumerate(draws) if not one.roles or role.name in one.roles]
        found += [((i,), f"the role {role.name!r} has a draw already, draws.{own[0] + 1}") for i in own[1:]]
    return found


def _none(given: Sequence[object], noun: str) -> list[Fault]:
    return [] if given else [((), f"expected at least one {noun}")]


def _reserved(names: Sequence[str]) -> list[Fault]:
    return [
        ((i, "name"), f"{name!r} is what statements call another part of pay; choose another name")
        for i, name in enumerate(names)
        if name in RESERVED
    ]


def _twice(names: Sequence[str], noun: str) -> Iterator[Fault]:
    for i, name in enumerate(names):
        if name in names[:i]:
            yield (i, "name"), f"another {noun} is called {name!r} already"
