"""A position less: the problem without it, and a cheap estimate for each of what that would cost.

The estimate is a linear program over loads. The nodes of the territory that goes may be divided between territories
that they border on, or whose centers are nearest. Every other territory takes as much as its limits leave, and
hands load on to its neighbours at the points of its cheapest nodes to move; what fits nowhere is overload. A limit
that all share, as on disruption, counts by its price in the relaxation. Whole units, contiguity and the shapes that
result are not seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import sparse
from scipy.optimize import linprog

from spm_opt.align.locate import located
from spm_opt.align.model import Model, build
from spm_opt.align.relax import relax
from spm_opt.align.thin import load_of
from spm_opt.criteria import Balance, Capacity, Pairs
from spm_opt.criteria.terms import Criterion
from spm_opt.geography.distance import distance_km
from spm_opt.plan import Alignment
from spm_opt.problem import NONE, Arcs, BoolArray, FloatArray, IntArray, Problem

NEAR = 6
"""Nearest centers that count as neighbours, where borders tell none."""
FIRST = 0.1
"""Share of a territory's load whose cheapest nodes tell what handing load on costs."""
PAIRED = ("prescribed", "forbidden")
"""Keys that name pairs with a seller."""
OVERLOAD = 10.0
"""Price of a share of load that fits nowhere, in points of all of the plan."""


def rules_without(criteria: Sequence[Criterion], name: str) -> tuple[Criterion, ...]:
    """Drop the pairs that name a seller who does not exist any more."""
    return tuple(
        one.model_copy(
            update={key: tuple(pair for pair in getattr(one, key) if pair[1] != name) for key in PAIRED}
        )
        if isinstance(one, Pairs)
        else one
        for one in criteria
    )


def without(problem: Problem, territory: int, criteria: Sequence[Criterion] = ()) -> Problem:
    """Return the problem in which a territory does not exist.

    Its accounts and locks have no seller then; what only it might have may go to anybody that ``criteria`` (those
    without its pairs) allow.
    """
    problem = _freed(problem, territory)
    keep = np.arange(problem.k) != territory
    number = np.cumsum(keep) - 1
    arcs = problem.arcs.keep(problem.arcs.territory != territory)
    arcs = replace(arcs, territory=number[arcs.territory])
    accounts = replace(problem.accounts, current=_renumbered(problem.accounts.current, number, territory))
    less = replace(
        problem,
        territory_ids=tuple(name for t, name in enumerate(problem.territory_ids) if t != territory),
        arcs=arcs,
        seat=problem.seat[keep],
        capacity=problem.capacity[keep],
        offers=problem.offers[keep],
        locked=_renumbered(problem.locked, number, territory),
        accounts=accounts,
        groups={level: group[keep] for level, group in problem.groups.items()},
    )
    for criterion in criteria:
        removed = criterion.removed(less)
        if removed is not None and removed.any():
            less = less.with_arcs(less.arcs.keep(~removed))
    return less


def _freed(problem: Problem, territory: int) -> Problem:
    """Offer the units that one territory alone might have to all territories."""
    arcs, k = problem.arcs, problem.k
    others = np.bincount(arcs.unit[arcs.territory != territory], minlength=problem.n)
    bare = np.flatnonzero((others == 0) & (np.diff(arcs.start) > 0))
    if not len(bare):
        return problem
    unit, to = np.repeat(bare, k), np.tile(np.arange(k, dtype=np.int64), len(bare))
    fresh = to != territory
    unit, to = unit[fresh], to[fresh]
    order = np.lexsort((np.concatenate((arcs.territory, to)), np.concatenate((arcs.unit, unit))))
    travel = distance_km(problem.place[unit], problem.seat[to], planar=problem.planar)
    given = (
        None if arcs.given is None else np.concatenate((arcs.given, np.zeros(len(unit), dtype=bool)))[order]
    )
    amount = {
        name: np.concatenate((values, problem.carried(name)[unit]))[order]
        for name, values in arcs.amount.items()
    }
    start = np.concatenate(
        ([0], np.cumsum(np.bincount(np.concatenate((arcs.unit, unit)), minlength=problem.n)))
    )
    whole = Arcs(
        start.astype(np.int64), np.concatenate((arcs.territory, to))[order],
        np.concatenate((arcs.travel, travel))[order], given, amount,
    )  # fmt: skip
    return problem.with_arcs(whole)


def _renumbered(territory: IntArray, number: IntArray, gone: int) -> IntArray:
    return np.asarray(np.where((territory < 0) | (territory == gone), NONE, number[territory]))


def cut(alignment: Alignment, territory: int) -> Alignment:
    """Take a territory out of a plan; its units have none then."""
    k = len(alignment.territory_ids)
    keep = np.arange(k) != territory
    number = np.cumsum(keep) - 1
    return replace(
        alignment,
        territory_ids=tuple(name for t, name in enumerate(alignment.territory_ids) if t != territory),
        account_territory=_renumbered(alignment.account_territory, number, territory),
        unit_territory=_renumbered(alignment.unit_territory, number, territory),
        center=alignment.center[keep],
    )


def mapped(alignment: Alignment, problem: Problem) -> Alignment:
    """Write a plan for some of a problem's territories as a plan of that problem, the others left empty."""
    at = {name: t for t, name in enumerate(problem.territory_ids)}
    number = np.array([at[name] for name in alignment.territory_ids], dtype=np.int64)
    held = alignment.unit_territory
    center = np.full((problem.k, 2), np.nan)
    center[number] = alignment.center
    return Alignment.of_units(problem, np.where(held >= 0, number[held], NONE), center)


@dataclass(frozen=True, eq=False)
class Screened:
    """Estimates for every territory of a plan, shape ``(k,)``.

    Attributes
    ----------
    points
        What the plan's aims would lose.
    overload
        Load that fits nowhere, in mean territories.
    """

    points: FloatArray
    overload: FloatArray


def screened(problem: Problem, criteria: Sequence[Criterion], alignment: Alignment) -> Screened:
    """Estimate for every position what would be lost without it.

    Parameters
    ----------
    problem, criteria
        What was asked.
    alignment
        The plan that is held against.
    """
    model = _priced(build(located(problem, alignment.center), criteria))
    first = np.unique(model.node_of_unit, return_index=True)[1]
    own = alignment.unit_territory[first]
    load: FloatArray = np.bincount(model.node_of_unit, weights=load_of(problem), minlength=model.n).astype(
        np.float64
    )
    close = _neighbours(problem, alignment)
    room = _room(problem, criteria, alignment)
    hand = _handing_on(model, own, load, close)
    total = float(np.abs(model.cost[0][model.arcs_of(own)]).sum()) if (own >= 0).all() else 1.0
    price = OVERLOAD * max(total, 1e-9)
    points, overload = np.zeros(problem.k), np.zeros(problem.k)
    for t in range(problem.k):
        points[t], overload[t] = _loss(model, own, load, close, room, hand, t, price)
    return Screened(points, overload * problem.k)


def _priced(model: Model) -> Model:
    """Add to the points what the limits that all territories share are worth in the relaxation."""
    entries = model.rows.tocoo()
    row, arc = entries.coords
    least, most = np.full(len(model.lower), model.k), np.full(len(model.lower), -1)
    np.minimum.at(least, row, model.territory[arc])
    np.maximum.at(most, row, model.territory[arc])
    if not (most > least).any():
        return model
    price = relax(model).multiplier * (most > least)
    return replace(model, cost=model.cost - price @ model.rows)


def _neighbours(problem: Problem, alignment: Alignment) -> BoolArray:
    """Which territories load may pass between, shape ``(k, k)``."""
    k, held = problem.k, alignment.unit_territory
    close = np.zeros((k, k), dtype=bool)
    ends = held[problem.edges]
    ends = ends[(ends >= 0).all(axis=1)]
    close[ends[:, 0], ends[:, 1]] = close[ends[:, 1], ends[:, 0]] = True
    np.fill_diagonal(close, val=False)
    lonely = np.flatnonzero(~close.any(axis=1))
    far = distance_km(alignment.center[lonely, None], alignment.center[None, :], planar=problem.planar)
    far[np.arange(len(lonely)), lonely] = np.inf
    for at, t in enumerate(lonely):
        order = np.lexsort((np.arange(k), far[at]))
        near = order[:NEAR] if not np.isnan(far[at]).all() else order
        close[t, near[near != t]] = close[near[near != t], t] = True
    return close


def _room(problem: Problem, criteria: Sequence[Criterion], alignment: Alignment) -> FloatArray:
    """Load that each territory can still take when one goes, as a share of all; ``inf`` where nothing limits."""
    room = np.full(problem.k, np.inf)
    for criterion in criteria:
        if not isinstance(criterion, Balance | Capacity):
            continue
        total = problem.carried(criterion.activity).sum()
        if total <= 0:
            continue
        size = problem.sizes(criterion.activity, alignment.unit_territory)
        if isinstance(criterion, Capacity):
            most = (
                problem.capacity * (1 + criterion.overload) if criterion.hard else np.full(problem.k, np.inf)
            )
        elif criterion.tolerance is None:
            continue
        else:
            mean = np.full(problem.k, total / max(1, problem.k - 1))
            share = problem.capacity / problem.capacity.sum() if criterion.target == "capacity" else None
            target = mean if share is None else share * total * problem.k / max(1, problem.k - 1)
            most = (1 + criterion.tolerance) * target
        room = np.minimum(room, np.maximum(0.0, most - size) / total)
    return room


def _handing_on(
    model: Model, own: IntArray, load: FloatArray, close: BoolArray
) -> dict[tuple[int, int], float]:
    """Points for a share of load handed on between neighbours, by the cheapest nodes of the giver."""
    price: dict[tuple[int, int], float] = {}
    node = model.node
    mine = np.full(model.n, np.nan)
    used = model.territory == own[node]
    mine[node[used]] = model.cost[0][used]
    for i, j in np.argwhere(close).tolist():
        at = np.flatnonzero((model.territory == j) & (own[node] == i) & (load[node] > 0))
        if not len(at):
            continue
        each = (model.cost[0][at] - mine[node[at]]) / load[node[at]]
        order = np.argsort(each, kind="stable")
        weight = load[node[at]][order]
        few = np.cumsum(weight) - weight < FIRST * weight.sum()
        price[i, j] = max(0.0, float(np.average(each[order][few], weights=weight[few])))
    return price


def _loss(
    model: Model,
    own: IntArray,
    load: FloatArray,
    close: BoolArray,
    room: FloatArray,
    hand: dict[tuple[int, int], float],
    gone: int,
    price: float,
) -> tuple[float, float]:
    """Solve the program for one territory: points lost, and load that fits nowhere."""
    k, node = len(room), model.node
    inside = own[node] == gone
    offer = inside & close[gone][model.territory]
    bare = np.setdiff1d(np.flatnonzero(own == gone), node[offer])
    at = np.flatnonzero(offer | (inside & np.isin(node, bare) & (model.territory != gone)))
    nodes, row = np.unique(node[at], return_inverse=True)
    # what it alone may have is not estimated
    before = float(model.cost[0][inside & (model.territory == gone) & np.isin(node, nodes)].sum())
    if not len(nodes):
        return 0.0, float(load[own == gone].sum())
    flows = [(pair, points) for pair, points in hand.items() if gone not in pair]
    limited = np.flatnonzero(np.isfinite(room) & (np.arange(k) != gone))
    a, f, o = len(at), len(flows), len(limited)
    cost = np.concatenate((model.cost[0][at], [points for _, points in flows], np.full(o, price)))
    where = np.full(k, -1)
    where[limited] = np.arange(o)
    entries = [(where[model.territory[at]], np.arange(a), load[node[at]])]
    giver, taker = (np.array([pair[side] for pair, _ in flows], dtype=np.int64) for side in (0, 1))
    entries += [(where[taker], a + np.arange(f), np.ones(f)), (where[giver], a + np.arange(f), -np.ones(f))]
    entries.append((np.arange(o), a + f + np.arange(o), -np.ones(o)))
    rows, columns, values = (np.concatenate([entry[side] for entry in entries]) for side in range(3))
    kept = rows >= 0
    limits: Any = sparse.csr_array((values[kept], (rows[kept], columns[kept])), shape=(o, a + f + o))
    whole: Any = sparse.csr_array((np.ones(a), (row, np.arange(a))), shape=(len(nodes), a + f + o))
    answer: Any = linprog(
        cost, A_ub=limits, b_ub=room[limited], A_eq=whole, b_eq=np.ones(len(nodes)), method="highs"
    )
    if answer.x is None:
        return np.inf, float(load[own == gone].sum())
    over = float(answer.x[a + f :].sum())
    lost = float(answer.fun) - price * over - before
    return lost, over if over > 1e-9 else 0.0  # noqa: PLR2004  what sums lose
