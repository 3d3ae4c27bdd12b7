"""What contradicts itself in ``[quota]``, all of it at once: each fault with the key that it is about."""

from __future__ import annotations

from collections.abc import Container, Iterator
from decimal import Decimal
from typing import TYPE_CHECKING

from pydantic_core import PydanticCustomError

from spm_opt.scenario.findings import nearest
from spm_opt.scenario.locate import Path

if TYPE_CHECKING:
    from spm_opt.scenario.quota_settings import NodeRule, Quota

NEAR = 1e-6
"""Within this of 1, shares are taken to sum to it."""
LEVELS = ("company", "region", "district", "territory")
"""Where no table of the organisation names others."""
Fault = tuple[Path, str]
"""The key inside ``[quota]``, and what is wrong with it."""


def faults(rules: Quota) -> list[Fault]:
    """Find every contradiction among the settings of the quotas."""
    return [
        *_targets(rules),
        *_methods(rules),
        *_over(rules),
        *_crossed(rules, ()),
        *(fault for place, one in enumerate(rules.nodes) for fault in _crossed(one, ("nodes", place))),
        *_twice(rules),
        *_shares(rules),
        *_steps(rules),
    ]


def _targets(rules: Quota) -> Iterator[Fault]:
    given = [name for name in ("target", "growth", "chance") if getattr(rules, name) is not None]
    if len(given) > 1:
        yield (given[1],), f"give either target or growth, not {' and '.join(given)}"


def _methods(rules: Quota) -> Iterator[Fault]:
    for name in ("mix", "methods"):
        if not sum(getattr(rules, name).values()) > 0:
            yield (name,), f"the weights of {name} must not all be zero"
    if rules.accounts is None and rules.methods.get("accounts"):
        yield ("methods",), 'the method "accounts" needs the activity with their targets: accounts'
    if rules.ratio_to is None:
        for name in ("ratio_min", "ratio_max"):
            if getattr(rules, name) is not None:
                yield (name,), "ratio_min and ratio_max need the measure that they speak of: ratio_to"


def _over(rules: Quota) -> Iterator[Fault]:
    """Say why no over-assignment can be had, or chosen."""
    if "territory" in rules.hedges:
        yield ("hedges", "territory"), "no quotas are below a territory"
    if rules.over is None:
        return
    if rules.target is None and rules.growth is None:
        yield ("over",), "give the target or growth that the company is to reach"
    if rules.over.level in rules.hedges:
        yield ("over",), f"the hedge of {rules.over.level} is given by hedges too; keep one of them"


def _crossed(rules: Quota | NodeRule, path: Path) -> Iterator[Fault]:
    """Say where the least that is given is above the most."""
    pairs = [("floor", "cap"), ("growth_min", "growth_max")]
    pairs += [("ratio_min", "ratio_max"), ("productivity_min", "productivity_max")]
    for least, most in pairs:
        low, high = getattr(rules, least, None), getattr(rules, most, None)
        if low is not None and high is not None and low > high:
            where = f"{rules.node}: " if hasattr(rules, "node") else ""
            yield (*path, least), f"{where}{least} {low:,.10g} is above {most} {high:,.10g}"


def _twice(rules: Quota) -> Iterator[Fault]:
    """Find nodes that are pinned at two amounts, or pinned and frozen."""
    first: dict[tuple[str, str | None], int] = {}
    for place, pin in enumerate(rules.pins):
        before = first.setdefault((pin.node, pin.level), place)
        if rules.pins[before].quota != pin.quota:
            here, there = (f"{one.quota:,.10g}" for one in (pin, rules.pins[before]))
            text = f"{pin.node} is pinned at {here} here and at {there} by pins.{before + 1}"
            yield ("pins", place), text
    for place, name in enumerate(rules.freeze):
        if any(pin.node == name for pin in rules.pins):
            yield ("freeze", place), f"{name} is frozen and pinned; keep one of them"


def _shares(rules: Quota) -> Iterator[Fault]:
    """Say which shares do not sum to 1, or are not one for each month or quarter."""
    given = {"products": tuple(rules.products.values())}
    if not isinstance(rules.seasonality, str):
        given["seasonality"] = rules.seasonality
        if len(rules.seasonality) not in (4, 12):
            yield ("seasonality",), f"{len(rules.seasonality)} shares; expected 4 quarters or 12 months"
    for name, shares in given.items():
        if shares and abs(sum(shares) - 1) > NEAR:
            percent = f" ({sum(shares) / 100:.6g} in percent)" if sum(shares) > 50 else ""  # noqa: PLR2004
            yield (name,), f"the shares sum to {sum(shares):.6g}; expected 1{percent}"


def _steps(rules: Quota) -> Iterator[Fault]:
    """Say which amounts are no whole number of their steps."""
    if fault := step_fault(rules.target, rules.step):
        yield ("target" if fault.startswith("target") else "step",), fault.partition(": ")[2]
    for level, step in rules.steps.items():
        if Decimal(repr(step)) % Decimal(repr(rules.step)):
            yield (
                ("steps", level),
                f"{step:,.10g} is not a whole multiple of step {rules.step:,.10g}",
            )
        elif level == "company" and (fault := step_fault(rules.target, step)):
            yield ("target",), fault.partition(": ")[2]


def step_fault(target: float | None, step: float) -> str:
    """Say why the target is no whole number of steps, or the step no whole number of cents; else nothing.

    >>> step_fault(1_234_567, 1_000)
    'target: 1,234,567 is not a whole multiple of step 1,000; the nearest are 1,234,000 and 1,235,000'
    """
    # the shortest decimal that stands for a number is what the planner wrote
    unit = Decimal(repr(step))
    if unit * 100 % 1:
        return f"step: {unit:,f} is not a whole number of cents"
    wanted = Decimal(repr(target or 0))
    if wanted % unit == 0:
        return ""
    below = wanted // unit * unit
    multiple, low, high = (f"{amount:,.2f}".removesuffix(".00") for amount in (unit, below, below + unit))
    given = f"{wanted.normalize():,f}"
    return f"target: {given} is not a whole multiple of step {multiple}; the nearest are {low} and {high}"


def table_faults(rules: Quota, tables: Container[str]) -> list[Fault]:
    """Find what goes beyond the tables that there are: a company target from nowhere, levels that are none."""
    targets = [] if "targets" in tables else target_faults(rules)
    return targets + ([] if "organisation" in tables else level_faults(rules))


def target_faults(rules: Quota) -> list[Fault]:
    """Say when the company target comes from nowhere, for want of a table of targets, too."""
    given = any(one is not None for one in (rules.target, rules.growth, rules.chance))
    return (
        []
        if given or "accounts" in rules.methods
        else [((), "give target, growth or chance, or a table of targets")]
    )


def level_faults(rules: Quota) -> list[Fault]:
    """Say which levels are none, where sellers name region and district only."""
    named: list[tuple[Path, str]] = [(("steps", level), level) for level in rules.steps]
    named += [(("hedges", level), level) for level in rules.hedges]
    named += [(("nodes", i, "level"), one.level) for i, one in enumerate(rules.nodes) if one.level]
    named += [(("pins", i, "level"), one.level) for i, one in enumerate(rules.pins) if one.level]
    named += [(("over", "level"), rules.over.level)] if rules.over else []
    expected = ", ".join(LEVELS)
    return [
        (path, f"{level!r} is no level; expected one of {expected}" + (f". Maybe: {near}" if near else ""))
        for path, level in named
        if level not in LEVELS
        for near in [nearest(level, LEVELS)]
    ]


def refuse(found: list[Fault]) -> None:
    """Raise all faults as one error of a pydantic validator; ``parse_settings`` takes them apart again.

    Raises
    ------
    PydanticCustomError
        Where there are any.
    """
    if found:
        lines = [f"{'.'.join(_parts(path))}: {text}" if path else text for path, text in found]
        raise PydanticCustomError("faults", "{text}", {"text": "\n".join(lines), "faults": found})


def _parts(path: Path) -> list[str]:
    return [str(part + 1) if isinstance(part, int) else part for part in path]
