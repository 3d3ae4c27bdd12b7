"""Quotas in the tree of the organisation: ideal amounts at one level, then whole steps by the model.

The ideal is water-filling in exact limits (``fill``): all territories that no rule holds have the same
chance to attain (method "equal_chance" alone), or the same amount for each unit of their share. Whole
steps that keep every rule then depart from this ideal as little as possible (``model``): first the largest
departure of any territory, in chance or as a part of its ideal; then the sum of departures, each weighed
by how much chance a unit of money moves; then the change from what was seen last.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd

from spm_opt.errors import QuotaError, ScenarioError
from spm_opt.plan import Alignment, QuotaPlan
from spm_opt.problem import FloatArray, IntArray
from spm_opt.quota.asked import Known, Seen, question
from spm_opt.quota.chance import Chances
from spm_opt.quota.conflict import clash_error, clashes
from spm_opt.quota.fill import Amounts, Filling
from spm_opt.quota.hierarchy import ROOT, Hierarchy
from spm_opt.quota.joint import given
from spm_opt.quota.measures import territory_measures
from spm_opt.quota.methods import mixed, shares
from spm_opt.quota.model import LARGEST_WEIGHT, Aims, Solved, solve
from spm_opt.quota.near import near_steps
from spm_opt.quota.rules import Question
from spm_opt.quota.target import cents, company_target
from spm_opt.quota.trace import binding, sides, traced
from spm_opt.quota.tree import roll_up
from spm_opt.scenario.scenario import Scenario
from spm_opt.simulate.productivity import productivity
from spm_opt.simulate.sales import Sales

EVEN = 1_000.0
"""Level beyond which what no share takes up is spread evenly: all others stand at their highest by then."""
LEVELS = (-1.0, 1e6)
EQUAL: Final = "equal_chance"


@dataclass(frozen=True, eq=False)
class Case:
    """All that quotas in the tree are made from.

    ``names`` are the territories in the order of the tree's leaves; ``table`` has their measures.
    """

    scenario: Scenario
    tree: Hierarchy
    nodes: pd.DataFrame
    names: tuple[str, ...]
    table: pd.DataFrame
    productive: FloatArray
    chances: Chances | None
    seen: Seen

    @property
    def weights(self) -> dict[str, float]:
        """The methods that have a weight."""
        return {name: weight for name, weight in self.scenario.settings.quota.methods.items() if weight > 0}

    @property
    def by_chance(self) -> bool:
        """Whether quotas have equal chances, and nothing else."""
        return set(self.weights) == {EQUAL}


def case(scenario: Scenario, alignment: Alignment, sales: Sales | None, seen: Seen) -> Case:
    """Collect measures, tree and chances.

    Raises
    ------
    ScenarioError
        A measure is unknown, or equal chance is asked for without a simulated year.
    """
    settings = scenario.settings.quota
    names = tuple(sorted(alignment.territory_ids))
    nodes = roll_up(scenario, names, (0,) * len(names))
    chances = None
    if sales is not None:
        order = [sales.territory_ids.index(name) for name in names]
        chances = Chances.of(sales.amount[:, order])
    elif settings.methods.get(EQUAL) or settings.chance is not None:
        raise ScenarioError(["scenario.toml: quota.methods: equal chance needs the simulated year"])
    return Case(
        scenario=scenario,
        tree=Hierarchy.of_nodes(nodes),
        nodes=nodes,
        names=names,
        table=territory_measures(scenario, alignment).loc[list(names)],
        productive=productivity(scenario.sellers, names, scenario.settings).mean(axis=1),
        chances=chances,
        seen=seen,
    )


def fair_quotas(
    scenario: Scenario, alignment: Alignment, sales: Sales | None = None, seen: Seen | None = None
) -> QuotaPlan:
    """Set quotas by the methods and rules of the scenario, in its tree.

    Parameters
    ----------
    scenario, alignment, sales
        As `spm_opt.quota.quota.quota`.
    seen
        Quotas seen last in cents by level and node: freezes keep them, and of equally good plans the
        one that changes them least is taken.

    Raises
    ------
    ScenarioError
        A node or measure is unknown, a pin stands between steps.
    QuotaError
        The rules cannot hold together; ``clashes`` has the smallest set of them.
    """
    made = case(scenario, alignment, sales, seen or {})
    target = _target(made)
    asked = question_of(made, target)
    conflict = clashes(asked)
    if conflict:
        raise clash_error(conflict)
    filled = filling(made, asked, target)
    given, _ = filled.fill(float(target))
    solved = solve(near_steps(asked, given), _aims(made, asked, given[made.tree.leaves]))
    if solved is None:
        raise QuotaError("no quotas that keep the rules were found, and nothing is proven")
    trace = traced(
        _start(made, filled, target),
        given[made.tree.leaves],
        np.array(solved.units, dtype=np.int64)[made.tree.leaves] * asked.unit,
    )
    return _plan(made, asked, solved, given, trace, alignment)


def _target(made: Case) -> int:
    """Give the company target in cents: stated, grown, or what the territories' own level comes to."""
    settings = made.scenario.settings.quota
    if settings.target is not None or settings.growth is not None:
        return company_target(made.scenario)[0]
    targets = given(made.scenario, made.tree)
    if targets is not None and targets.company is not None:
        return targets.company
    if settings.chance is not None and made.chances is not None:
        amounts = made.chances.amount(np.full(len(made.names), 1 - settings.chance))
    else:
        amounts = made.table[f"{settings.accounts}_amount"].to_numpy() * 100.0
    asked = replace(question_of(made, None), largest=int(amounts.sum()) + 1)
    free = replace(filling(made, asked, 0), amounts=lambda _: amounts)
    amount = free.rolled(np.zeros(len(made.names)))[ROOT]
    step = cents(settings.steps.get("company", settings.step))
    return round(float(amount) / step) * step


def question_of(made: Case, target: int | None) -> Question:
    """Put the rules of a case together; without a target the company is free."""
    settings, table = made.scenario.settings.quota, made.table
    ratio = table[f"{settings.ratio_to}_amount"] if settings.ratio_to else table["last_year"] * 0.0
    known = Known(table["last_year"].tolist(), ratio.tolist(), made.productive.tolist())
    asked = question(settings, made.tree, known, target, made.seen)
    targets = given(made.scenario, made.tree)
    return asked if targets is None else replace(asked, rules=(*asked.rules, *targets.rules()))


def filling(made: Case, asked: Question, target: int) -> Filling:
    """Give the tree with its limits in cents, and the amounts of its leaves by level."""
    low, high = asked.limits()
    size = np.array(asked.multiple, dtype=np.float64) * asked.unit
    hedge = np.array([float(one) for one in asked.hedge])
    bounds = (np.array(low) * size, np.array(high) * size)
    free = Filling(made.tree, hedge, *bounds, lambda level: level, LEVELS)
    return replace(free, amounts=_amounts(made, free, target) if target else free.amounts)


def _amounts(made: Case, free: Filling, target: int) -> Amounts:
    """Give the amounts by level of the methods asked for; what nothing takes up is spread evenly."""
    count = len(made.names)

    def rest(level: FloatArray) -> FloatArray:
        return np.asarray(np.maximum(0.0, level - EVEN) * (target / count))

    chances = made.chances
    if made.by_chance and chances is not None:
        return lambda level: np.asarray(chances.amount(np.minimum(level, EVEN)) + rest(level))

    share = np.asarray(sum(_parts(made, free, target).values()))
    return lambda level: np.asarray(np.clip(level, 0.0, EVEN) * share * target + rest(level))


def _parts(made: Case, free: Filling, target: int) -> dict[str, FloatArray]:
    """Give what each method adds to every territory's share of the target."""
    chances = made.chances

    def equal() -> FloatArray:
        assert chances is not None  # noqa: S101  said by `case`
        amounts = _unlimited(replace(free, amounts=chances.amount), target)
        return np.asarray(amounts / amounts.sum())

    given = shares(made.scenario.settings.quota, made.tree, made.table, made.productive)
    return mixed(made.weights, {**given, EQUAL: equal})


def _unlimited(filled: Filling, target: int) -> FloatArray:
    """Give the territories' amounts where there are no limits at all."""
    open_ended = np.full(len(filled.tree), np.inf)
    alone = replace(filled, low=np.zeros(len(filled.tree)), high=open_ended)
    return np.asarray(alone.fill(float(target))[0][filled.tree.leaves])


def _start(made: Case, filled: Filling, target: int) -> dict[str, FloatArray]:
    """Give cents of every territory by method, before any rule."""
    total = _unlimited(filled, target)
    if made.by_chance:
        return {EQUAL: total}
    parts = _parts(made, filled, target)
    share = np.asarray(sum(parts.values()))
    return {
        name: total * np.divide(part, share, where=share > 0, out=part * 0.0) for name, part in parts.items()
    }


def _aims(made: Case, asked: Question, ideal: FloatArray) -> Aims:
    """Say what is wished of whole steps."""
    unit, chances = asked.unit, made.chances
    seen = [made.seen.get(("territory", name), -1) for name in made.names]
    weight = np.ones(len(ideal), dtype=np.int64)
    if made.by_chance and chances is not None:
        level = chances.miss(ideal)
        moved = chances.miss(ideal + unit) - chances.miss(np.maximum(0.0, ideal - unit))
        if moved.max(initial=0.0) > 0:
            weight = np.clip(np.rint(moved / moved.max() * LARGEST_WEIGHT), 1, LARGEST_WEIGHT).astype(
                np.int64
            )

        def window(departure: float) -> tuple[IntArray, IntArray]:
            return _inward(chances.amount(level - departure), chances.amount(level + departure), unit)

    else:

        def window(departure: float) -> tuple[IntArray, IntArray]:
            return _inward(ideal * (1 - departure), ideal * (1 + departure), unit)

    return Aims(
        ideal=np.rint(ideal).astype(np.int64),
        weight=weight,
        previous=np.array([past // unit if past >= 0 else -1 for past in seen], dtype=np.int64),
        window=window,
    )


def _inward(low: FloatArray, high: FloatArray, unit: int) -> tuple[IntArray, IntArray]:
    """Round a range of cents inwards to whole units; a millionth of a unit is forgiven."""
    least, most = np.ceil(low / unit - 1e-6), np.floor(high / unit + 1e-6)
    return least.astype(np.int64), most.astype(np.int64)


def _plan(
    made: Case,
    asked: Question,
    solved: Solved,
    given: FloatArray,
    trace: dict[str, FloatArray],
    alignment: Alignment,
) -> QuotaPlan:
    """Put the plan together: quotas, where each comes from, and the nodes."""
    settings, tree = made.scenario.settings.quota, made.tree
    amounts = np.array(solved.units, dtype=np.int64) * asked.unit
    own = amounts[tree.leaves]
    limits, rules = np.array(asked.limits())[:, tree.leaves] * asked.unit / 100, sides(asked)
    basis = made.table.assign(
        proportional=made.table["share"] * (own.sum() / 100), lowest=limits[0], highest=limits[1],
        lowest_rule=[rules[leaf][0] for leaf in tree.leaves], highest_rule=[rules[leaf][1] for leaf in tree.leaves],
        ideal=given[tree.leaves] / 100, **trace, binding=binding(asked, given), quota=own / 100,
    )  # fmt: skip
    if made.chances is not None:
        basis["expected_sales"] = made.chances.draws.mean(axis=1) / 100
        basis["chance"] = made.chances.attain(own.astype(np.float64))
        for name, chance in settings.chances.items():
            level = np.full(len(own), 1 - chance)
            basis[f"quota_{name}"] = np.rint(made.chances.amount(level) / asked.unit) * asked.unit / 100
    nodes = made.nodes.assign(cents=amounts, **_node_limits(asked))
    if settings.hedged:
        nodes["hedge"] = [float(one) for one in asked.hedge]
        nodes["step"] = [asked.unit * size / 100 for size in asked.multiple]
    order = list(alignment.territory_ids)
    by_name = dict(zip(made.names, own.tolist(), strict=True))
    return QuotaPlan(
        territory_ids=alignment.territory_ids,
        cents=np.array([by_name[name] for name in order], dtype=np.int64),
        target_cents=int(amounts[ROOT]),
        basis=basis.loc[order],
        nodes=nodes,
    )


def _node_limits(asked: Question) -> dict[str, list[float]]:
    """Give every node's lowest and highest quota in currency: 0 and infinity where no rule is about it."""
    low, high = asked.limits()
    ruled = {node for rule in asked.rules for node in rule.nodes}
    size = [asked.unit * own / 100 for own in asked.multiple]
    return {
        "lowest": [low[node] * size[node] if node in ruled else 0.0 for node in range(len(size))],
        "highest": [high[node] * size[node] if node in ruled else np.inf for node in range(len(size))],
    }
