"""Small random problems, their criteria, and the best plan by looking at every one."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace

import networkx as nx
import numpy as np

from spm_opt.align.model import Model, build
from spm_opt.criteria import Balance, Capacity, Contiguity, Dispersion, Disruption, Families, Pairs, Skills
from spm_opt.criteria.terms import Criterion
from spm_opt.problem import NONE, AccountArrays, Arcs, Problem

Rng = np.random.Generator


def random_problem(
    rng: Rng, units: int, territories: int, *, map_share: float = 1.0, eligible: float = 0.9
) -> Problem:
    """Draw a problem with a connected map of some of its units, and accounts that share units.

    Activities, places and seats are whole numbers, so that ties and limits reached exactly are frequent.
    """
    n, k = units, territories
    on_map = round(n * map_share)
    owner = np.sort(np.concatenate((np.arange(n), rng.integers(0, n, n // 2))))
    current = rng.integers(-1, k, len(owner))
    amounts = rng.integers(0, 10, (len(owner), 2)).astype(float)
    segments = tuple("clinic" if i % 2 else "lab" for i in range(len(owner)))
    activity = np.zeros((n, 2))
    np.add.at(activity, owner, amounts)
    place = rng.integers(0, 10, (n, 2)).astype(float)
    place[rng.random(n) < 0.05] = np.nan
    seat = rng.integers(0, 10, (k, 2)).astype(float)
    family = np.full(n, NONE)
    family[on_map:] = rng.integers(-1, 2, n - on_map)
    requires, offers = rng.random((n, 2)) < 0.15, rng.random((k, 2)) < 0.7
    locked = np.where(rng.random(n) < 0.1, rng.integers(0, k, n), NONE)
    return Problem(
        unit_ids=tuple(f"u{i}" for i in range(n)),
        territory_ids=tuple(f"t{i}" for i in range(k)),
        activity_names=("hours", "revenue"),
        activity=activity,
        arcs=some_arcs(place, seat, rng.random((n, k)) < eligible),
        place=place,
        seat=seat,
        planar=True,
        edges=random_map(rng, on_map),
        geographic=np.arange(n) < on_map,
        capacity=np.where(rng.random(k) < 0.8, np.round(activity[:, 0].sum() / k * 1.3), np.inf),
        family=family.astype(np.int64),
        requires=requires,
        offers=offers,
        skill_names=("french", "surgery"),
        locked=locked.astype(np.int64),
        accounts=AccountArrays(
            tuple(f"a{i:02}" for i in range(len(owner))), owner, current, amounts, segments
        ),
        groups={"region": np.arange(k) % 2},
        group_names={"region": ("even", "odd")},
    )


def some_arcs(place: np.ndarray, seat: np.ndarray, eligible: np.ndarray) -> Arcs:
    """Make the arcs of the pairs where ``eligible`` (shape ``(n, k)``) is true."""
    unit, territory = np.nonzero(eligible)
    start = np.concatenate(([0], np.cumsum(eligible.sum(axis=1))))
    travel = np.hypot(*(place[unit] - seat[territory]).T)
    return Arcs(start.astype(np.int64), territory.astype(np.int64), travel)


def random_map(rng: Rng, units: int) -> np.ndarray:
    """Draw a connected graph over the first ``units`` units: a tree and two more edges."""
    edges = {(int(rng.integers(0, i)), i) for i in range(1, units)}
    if units > 2:
        edges |= {tuple(sorted(rng.choice(units, 2, replace=False).tolist())) for _ in range(2)}
    return np.array(sorted(edges), dtype=np.int64).reshape(-1, 2)


def random_criteria(rng: Rng) -> list[Criterion]:
    """Draw aims and rules of every kind, of one priority or two, hard and soft."""
    criteria: list[Criterion] = [
        Dispersion(weight=1.0, weight_by="hours", priority=int(rng.choice([1, 1, 2]))),
        Balance(
            activity="hours",
            tolerance=float(rng.choice([0.2, 0.4, 0.8])),
            weight=float(rng.choice([0.0, 0.5])),
        ),
        Capacity(activity="hours", weight=float(rng.choice([0.0, 0.3])), hard=bool(rng.random() < 0.5)),
        Disruption(of="revenue", limit=float(rng.choice([0.6, 1.0])), weight=0.1),
        Disruption(weight=float(rng.choice([0.0, 0.2])), priority=int(rng.choice([1, 2]))),
    ]
    criteria += [rule for rule in (Families(), Pairs(), Skills()) if rng.random() < 0.4]
    if rng.random() < 0.6:
        criteria.append(Contiguity())
    return [criteria[i] for i in rng.permutation(len(criteria))]


def without_removed(problem: Problem, criteria: Sequence[Criterion]) -> Problem:
    """Take away the pairs that the criteria exclude, as preparing a scenario does."""
    gone = np.zeros(len(problem.arcs.territory), dtype=bool)
    for criterion in criteria:
        mask = criterion.removed(problem)
        gone |= mask if mask is not None else False
    return problem.with_arcs(problem.arcs.keep(~gone))


def random_case(
    seed: int, units: int = 6, territories: int = 3, map_share: float = 0.5
) -> tuple[Problem, list[Criterion], Model]:
    """Draw a problem, its criteria, and their model, in which every node has an arc."""
    rng = np.random.default_rng(seed)
    while True:
        criteria = random_criteria(rng)
        problem = without_removed(random_problem(rng, units, territories, map_share=map_share), criteria)
        model = build(problem, criteria)
        if np.diff(model.start).min() > 0:
            return problem, criteria, model


def every_plan(problem: Problem) -> Iterator[np.ndarray]:
    """Yield every assignment of units to eligible territories."""
    arcs = problem.arcs
    own = [arcs.territory[arcs.start[u] : arcs.start[u + 1]].tolist() for u in range(problem.n)]
    for plan in itertools.product(*own):
        yield np.array(plan, dtype=np.int64)


def best_by_enumeration(
    problem: Problem, criteria: Sequence[Criterion], center: np.ndarray | None = None
) -> tuple[float, ...] | None:
    """Least points of each priority, in their order, over all plans that hold; ``None`` where none does."""
    center = problem.seat if center is None else center
    best = None
    for plan in every_plan(problem):
        points: dict[int, float] = {}
        for criterion in criteria:
            measure = criterion.judge(problem, plan, center)
            if not measure.holds:
                break
            if criterion.weight:
                points[criterion.priority] = (
                    points.get(criterion.priority, 0.0) + criterion.weight * measure.value
                )
        else:
            # rounded, so that a last bit in one priority does not outweigh the next
            found = tuple(round(points[priority], 7) for priority in sorted(points))
            best = found if best is None or found < best else best
    return best


def in_pieces(problem: Problem, plan: np.ndarray) -> bool:
    """Whether a territory's geographic units do not hang together, by a search of its own."""
    graph = nx.Graph(problem.edges.tolist())
    for t in range(problem.k):
        own = np.flatnonzero(problem.geographic & (plan == t)).tolist()
        graph.add_nodes_from(own)
        if own and not nx.is_connected(graph.subgraph(own)):
            return True
    return False


def with_arcs_in_groups(problem: Problem, level: str) -> Problem:
    """Tie every unit to one group of a level, turn by turn."""
    group, arcs = problem.groups[level], problem.arcs
    return problem.with_arcs(arcs.keep(group[arcs.territory] == arcs.unit % (group.max() + 1)))


def reordered(problem: Problem, order: np.ndarray) -> Problem:
    """Return the same problem with its territories in another order (shape ``(k,)``)."""
    place_of = np.argsort(order)
    eligible = np.zeros((problem.n, problem.k), dtype=bool)
    eligible[problem.arcs.unit, place_of[problem.arcs.territory]] = True
    seat = problem.seat[order]

    def moved(territory: np.ndarray) -> np.ndarray:
        return np.where(territory >= 0, place_of[territory], NONE)

    return replace(
        problem,
        territory_ids=tuple(problem.territory_ids[t] for t in order),
        arcs=some_arcs(problem.place, seat, eligible),
        seat=seat,
        capacity=problem.capacity[order],
        offers=problem.offers[order],
        locked=moved(problem.locked),
        accounts=replace(problem.accounts, current=moved(problem.accounts.current)),
        groups={level: group[order] for level, group in problem.groups.items()},
    )
