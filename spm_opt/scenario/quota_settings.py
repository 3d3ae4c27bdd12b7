"""The ``[quota]`` part of ``scenario.toml``: target, methods and rules of the quotas."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from spm_opt.scenario.frozen import Frozen, Money
from spm_opt.scenario.over_settings import Over

Method = Literal["proportional", "even", "growth", "accounts", "equal_chance"]
LEVELS = ("company", "region", "district", "territory")
"""Levels of a tree that no table of the organisation is given for."""
Weight = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Growth = Annotated[float, Field(ge=-1, le=1000, allow_inf_nan=False)]
Step = Annotated[float, Field(gt=0, le=1e15, allow_inf_nan=False)]
Hedge = Annotated[float, Field(ge=0.5, le=3, allow_inf_nan=False)]


NEAR = 1e-6
"""Within this of 1, shares are taken to sum to it."""


class NodeRule(Frozen):
    """Limits of one node of the sales organisation."""

    node: str
    """The node's name, as sellers have it; "company" is the top."""
    level: str | None = None
    """Its level, where the name stands at several."""
    floor: Money | None = None
    """Lowest quota in currency."""
    cap: Money | None = None
    """Highest quota in currency."""
    growth_min: Growth | None = None
    """Least growth on the node's own last year."""
    growth_max: Growth | None = None
    """Most growth on the node's own last year."""


class Pin(Frozen):
    """A node's quota, fixed by somebody for a reason."""

    node: str
    """The node's name, as sellers have it."""
    level: str | None = None
    """Its level, where the name stands at several."""
    quota: Money
    """The quota in currency, a whole multiple of the level's step."""
    by: str = Field(min_length=1)
    """Who fixed it."""
    why: str = Field(min_length=1)
    """Why."""


class Quota(Frozen):
    """How the company target is spread over territories."""

    target: Money | None = None
    """The company target in currency; or give ``growth`` or ``chance``."""
    growth: float | None = Field(default=None, gt=-1, lt=10, allow_inf_nan=False)
    """Growth of the company target on last year's sales, rounded to a whole step."""
    chance: Annotated[float, Field(gt=0, lt=1)] | None = None
    """Chance to attain that every territory has before rules; the company target follows from it."""
    methods: dict[Method, Weight] = {"proportional": 1.0}
    """Weights of the methods whose shares are mixed: "proportional" (to ``mix``), "even", "growth" (last
    year's sales grown by ``growths``), "accounts" (bottom-up targets) and "equal_chance" (the quantile of
    each territory's own simulated sales)."""
    mix: dict[str, Weight] = {"history": 1.0}
    """Weights of the measures that the target follows: "history" (last year's sales), "pipeline"
    (open opportunities times their win rates), "capacity" (of the sellers) or any activity."""
    growths: dict[str, Growth] = {}
    """Growth by node for the method "growth"; the nearest node above a territory counts, else ``growth``."""
    accounts: str | None = None
    """Activity that holds each account's own target, for the method "accounts"."""
    part_year: bool = False
    """Count vacancy, start and ramp: each share times the part of the year that the position is productive.
    Equal chance does so by itself."""
    chances: dict[str, Annotated[float, Field(gt=0, lt=1)]] = {}
    """More quotas by the chance to attain them, shown beside (``{threshold = 0.8, stretch = 0.2}``)."""
    step: Step = 1_000
    """Quotas are whole multiples of this amount of currency."""
    steps: dict[str, Step] = {}
    """Larger steps of levels above territories, each a whole multiple of ``step``."""
    hedges: dict[str, Hedge] = {}
    """Over-assignment by level: what the quotas below a node sum to, divided by its own (1.05: 5 % more),
    rounded to the nearest whole ``step`` (half a step up)."""
    over: Over | None = None
    """Over-assignment that is chosen: see ``[quota.over]``."""
    floor: Money | None = None
    """Lowest quota in currency."""
    cap: Money | None = None
    """Highest quota in currency."""
    growth_min: float | None = Field(default=None, ge=-1, allow_inf_nan=False)
    """Least growth of a quota on the territory's own last year (-0.1: at most 10 % below it)."""
    growth_max: float | None = Field(default=None, ge=-1, allow_inf_nan=False)
    """Most growth of a quota on the territory's own last year."""
    ratio_to: str | None = None
    """Measure (as in ``mix``) that ``ratio_min`` and ``ratio_max`` speak of."""
    ratio_min: Weight | None = None
    """Least quota of a territory for each unit of that measure."""
    ratio_max: Weight | None = None
    """Most quota of a territory for each unit of that measure."""
    productivity_min: Money | None = None
    """Least quota in currency for a full productive year of a position; part of a year in proportion."""
    productivity_max: Money | None = None
    """Most quota in currency for a full productive year of a position."""
    nodes: tuple[NodeRule, ...] = ()
    """Limits of single nodes, a ``[[quota.nodes]]`` each."""
    pins: tuple[Pin, ...] = ()
    """Quotas that are fixed, a ``[[quota.pins]]`` each."""
    freeze: tuple[str, ...] = ()
    """Nodes that keep the quota they had in the quotas seen last (``spm-opt quota --previous``)."""
    audit: bool = False
    """Test the quotas of a run for fairness, and against last year, in its report (``spm-opt quota --audit``)."""

    products: dict[str, Annotated[float, Field(ge=0, le=1)]] = {}
    """Share of each product in every quota; they sum to 1. Without products there is one for all."""
    periods: Literal["year", "quarter", "month"] = "year"
    """The finest periods that quotas are split into."""
    seasonality: Literal["even", "history"] | tuple[Annotated[float, Field(ge=0, le=1)], ...] = "even"
    """Share of each month (or quarter) of the year, twelve (or four) that sum to 1; or "even", or "history":
    as the whole years before were. With ``part_year``, each territory's shares count where it is productive."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        given = sum(one is not None for one in (self.target, self.growth, self.chance))
        if given > 1:
            raise ValueError("give either target or growth")
        for name in ("mix", "methods"):
            if not sum(getattr(self, name).values()) > 0:
                raise ValueError(f"the weights of {name} must not all be zero")
        if self.accounts is None and self.methods.get("accounts"):
            raise ValueError('the method "accounts" needs the activity with their targets: accounts')
        if self.ratio_to is None and (self.ratio_min is not None or self.ratio_max is not None):
            raise ValueError("ratio_min and ratio_max need the measure that they speak of: ratio_to")
        faults = [
            _over_fault(self),
            _crossed(self),
            *(_crossed(one) for one in self.nodes),
            *_step_faults(self),
            *_share_faults(self),
        ]
        if fault := next(filter(None, faults), ""):
            raise ValueError(fault)
        return self

    @property
    def split(self) -> bool:
        """Whether quotas are split over products or periods."""
        return bool(self.products) or self.periods != "year"

    @property
    def plain(self) -> bool:
        """Whether only the mix and limits of territories are given: no tree rules, one method."""
        more = (
            self.steps, self.hedges, self.nodes, self.pins, self.freeze, self.ratio_to, self.part_year,
            self.productivity_min is not None, self.productivity_max is not None, self.chance, self.over,
        )  # fmt: skip
        # products and periods split any plan: they ask for nothing here
        return {name for name, weight in self.methods.items() if weight} == {"proportional"} and not any(more)


def target_fault(rules: Quota) -> str:
    """Say when the company target comes from nowhere, for want of a table of targets, too."""
    given = any(one is not None for one in (rules.target, rules.growth, rules.chance))
    return "" if given or "accounts" in rules.methods else "give either target or growth"


def level_fault(rules: Quota) -> str:
    """Say which level is none, where sellers name region and district only."""
    named = [("steps", level) for level in rules.steps] + [("hedges", level) for level in rules.hedges]
    named += [("nodes", one.level) for one in rules.nodes if one.level]
    named += [("pins", one.level) for one in rules.pins if one.level]
    named += [("over", rules.over.level)] if rules.over else []
    for key, level in named:
        if level not in LEVELS:
            return f"{key}: {level!r} is no level; expected one of {', '.join(LEVELS)}"
    return ""


def _over_fault(rules: Quota) -> str:
    """Say why no over-assignment can be chosen."""
    if rules.over is None:
        return ""
    if rules.target is None and rules.growth is None:
        return "over: give the target or growth that the company is to reach"
    if rules.over.level in rules.hedges:
        return f"over: the hedge of {rules.over.level} is given by hedges too; keep one of them"
    return ""


def _crossed(rules: Quota | NodeRule) -> str:
    """Say when the least that is given is above the most."""
    where = f"nodes: {rules.node}: " if isinstance(rules, NodeRule) else ""
    if rules.floor is not None and rules.cap is not None and rules.floor > rules.cap:
        return f"{where}floor {rules.floor:,.10g} is above cap {rules.cap:,.10g}"
    pairs = [("growth_min", "growth_max")]
    pairs += [("ratio_min", "ratio_max"), ("productivity_min", "productivity_max")]
    for least, most in pairs[: 1 if isinstance(rules, NodeRule) else 3]:
        low, high = getattr(rules, least), getattr(rules, most)
        if low is not None and high is not None and low > high:
            return f"{where}{least} {low} is above {most} {high}"
    return ""


def _share_faults(rules: Quota) -> list[str]:
    """Say which shares do not sum to 1, or are not one for each month or quarter."""
    given = {"products": tuple(rules.products.values())}
    faults = []
    if not isinstance(rules.seasonality, str):
        given["seasonality"] = rules.seasonality
        if len(rules.seasonality) not in (4, 12):
            faults.append(f"seasonality: {len(rules.seasonality)} shares; expected 4 quarters or 12 months")
    return faults + [
        f"{name}: the shares sum to {sum(shares):.6g}; expected 1"
        for name, shares in given.items()
        if shares and abs(sum(shares) - 1) > NEAR
    ]


def _step_faults(rules: Quota) -> list[str]:
    """Say which amounts are no whole number of their steps."""
    faults = [step_fault(rules.target, rules.step)]
    for level, step in rules.steps.items():
        if Decimal(repr(step)) % Decimal(repr(rules.step)):
            faults.append(f"steps: {level}: {step:,.10g} is not a whole multiple of step {rules.step:,.10g}")
        elif level == "company":
            faults.append(step_fault(rules.target, step))
    return faults


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
