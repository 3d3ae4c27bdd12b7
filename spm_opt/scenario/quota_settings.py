"""The ``[quota]`` part of ``scenario.toml``: target, methods and rules of the quotas."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, ValidationInfo, model_validator

from spm_opt.scenario.frozen import Frozen, Money
from spm_opt.scenario.over_settings import Over
from spm_opt.scenario.quota_faults import faults, refuse, table_faults

Method = Literal["proportional", "even", "growth", "accounts", "equal_chance"]
Weight = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Growth = Annotated[float, Field(ge=-1, le=1000, allow_inf_nan=False)]
Step = Annotated[float, Field(gt=0, le=1e15, allow_inf_nan=False)]
Hedge = Annotated[float, Field(ge=0.5, le=3, allow_inf_nan=False)]


class NodeRule(Frozen):
    """Limits and hedge of one node of the sales organisation."""

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
    hedge: Hedge | None = None
    """Over-assignment of this node alone, in place of its level's in ``hedges`` (1.0: none)."""


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
    rounded to the nearest whole ``step`` (half a step up). A single node's: ``hedge`` in ``[[quota.nodes]]``."""
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
    """Limits and hedges of single nodes, a ``[[quota.nodes]]`` each."""
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
    def _consistent(self, known: ValidationInfo) -> Self:
        tables = (known.context or {}).get("tables")
        refuse(faults(self) + ([] if tables is None else table_faults(self, tables)))
        return self

    @property
    def split(self) -> bool:
        """Whether quotas are split over products or periods."""
        return bool(self.products) or self.periods != "year"

    @property
    def hedged(self) -> bool:
        """Whether some node may be over-assigned."""
        return bool(self.hedges) or self.over is not None or any(one.hedge is not None for one in self.nodes)

    @property
    def plain(self) -> bool:
        """Whether only the mix and limits of territories are given: no tree rules, one method."""
        more = (
            self.steps, self.hedges, self.nodes, self.pins, self.freeze, self.ratio_to, self.part_year,
            self.productivity_min is not None, self.productivity_max is not None, self.chance, self.over,
        )  # fmt: skip
        # products and periods split any plan: they ask for nothing here
        return {name for name, weight in self.methods.items() if weight} == {"proportional"} and not any(more)
