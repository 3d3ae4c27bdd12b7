"""Whole territories: what is listed, what is chosen, and what it proves."""

import itertools
import time

import networkx as nx
import numpy as np
import pytest

from spm_opt.align import closing
from spm_opt.align.closing import close
from spm_opt.align.connected_sets import list_sets, ways
from spm_opt.align.dual import ascend
from spm_opt.align.effort import BUDGETS, Clock
from spm_opt.align.median import Median
from spm_opt.align.median_exact import best_centers_of, cost_of, solve
from spm_opt.align.partition import partition
from spm_opt.align.probing import probe
from spm_opt.align.subsets import reduced_points

CLOCK = Clock(time.monotonic(), None, None)


def made(
    seed: int, *, contiguous: bool, rows: int = 3, columns: int = 3, k: int = 3
) -> tuple[Median, nx.Graph]:
    """Make a small grid with random points and two activities."""
    rng = np.random.default_rng(seed)
    graph = nx.convert_node_labels_to_integers(nx.grid_2d_graph(rows, columns), ordering="sorted")
    n = rows * columns
    place = rng.random((n, 2))
    cost = np.round(np.linalg.norm(place[:, None] - place[None], axis=2), 3)
    activity = rng.integers(1, 6, (n, 2)).astype(float)
    total = activity.sum(axis=0) / k
    near = [np.array(sorted(graph[i]), dtype=np.int64) for i in range(n)]
    start = np.concatenate(([0], np.cumsum([len(a) for a in near]))).astype(np.int64)
    limits = np.floor(0.6 * total), np.ceil(1.4 * total)
    return Median(cost, 0.0, activity, *limits, k, contiguous, start, np.concatenate(near)), graph


def sets_of(median: Median, graph: nx.Graph) -> dict[int, tuple[float, int]]:
    """Find every set that keeps the rules, as bits, with its points and its best center."""
    found = {}
    for bits in range(1, 2**median.n):
        units = [i for i in range(median.n) if bits >> i & 1]
        size = median.activity[units].sum(axis=0)
        if (size < median.lower).any() or (size > median.upper).any():
            continue
        if median.contiguous and not nx.is_connected(graph.subgraph(units)):
            continue
        total = median.cost[np.ix_(units, units)].sum(axis=0)
        at = int(np.argmin(np.round(total, 9)))
        found[bits] = (float(total[at]), units[at])
    return found


def best_of(median: Median, sets: dict[int, tuple[float, int]]) -> float:
    """Find the points of the best plan by enumeration."""
    whole, best = 2**median.n - 1, np.inf
    for chosen in itertools.combinations(sets, median.k - 1):
        held = 0
        for bits in chosen:
            if held & bits:
                break
            held |= bits
        else:
            last = whole & ~held
            if last in sets:
                best = min(best, sum(sets[bits][0] for bits in (*chosen, last)))
    return best


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("contiguous", [False, True])
def test_exactly_the_sets_within_the_budget_are_listed(seed, contiguous):
    """A center's list holds each set of which it is the best center and which the prices allow, once."""
    median, graph = made(seed, contiguous=contiguous)
    every = sets_of(median, graph)
    dual = ascend(median)
    for j in range(median.n):
        reduced = median.cost[:, j] - dual.alpha - median.activity @ dual.nu[j]
        relaxed = reduced[j] + np.minimum(0, np.delete(reduced, j)).sum()
        bits, points = np.zeros((2000, 1), dtype=np.uint64), np.empty(2000)
        budget = 0.7
        _, complete, filled = list_sets(
            j, reduced, median.activity, median.lower, median.upper, budget, 10**6, np.zeros(1, dtype=np.int64), median.contiguous,
            median.near_start, median.near, median.cost, bits, points, 0,
        )  # fmt: skip
        wanted = {}
        for held, (total, center) in every.items():
            units = [i for i in range(median.n) if held >> i & 1]
            if center == j and reduced[units].sum() <= relaxed + budget:
                wanted[held] = total
        assert complete
        assert filled == len(wanted)
        assert dict(zip(bits[:filled, 0].tolist(), points[:filled].tolist(), strict=True)) == pytest.approx(
            wanted
        )


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("contiguous", [False, True])
def test_targets_are_answered_as_enumeration_does(seed, contiguous):
    """Below the optimum the target becomes the bound; above it the optimum is found."""
    median, graph = made(seed, contiguous=contiguous)
    optimum = best_of(median, sets_of(median, graph))
    if optimum == np.inf:
        pytest.skip("no plan keeps the limits")
    dual = ascend(median)
    for target, found in ((0.97 * optimum, False), (optimum, True), (1.1 * optimum, True)):
        pairs = dual.least_with(median) <= target + 1e-9
        probed = probe(median, dual, pairs, target, CLOCK)
        assert probed.bound <= optimum + 1e-9
        answer = partition(median, probed, target, 10**7, CLOCK)
        assert answer.closed
        assert (answer.center is not None) == found
        assert answer.bound == pytest.approx(optimum if found else target)
        if answer.center is not None:
            assert cost_of(median, answer.center) == pytest.approx(optimum)


@pytest.mark.campaign
def test_a_larger_grid_is_proven_from_a_bad_plan_and_agrees_with_a_plain_model():
    """Twelve units in three territories: the optimum comes out, whatever the plan it began from."""
    median, _ = made(3, contiguous=True, rows=3, columns=4, k=3)
    label = np.repeat(np.arange(3), 4)  # the rows of the grid, each in one piece
    start = best_centers_of(median, label)[0]
    work = {"dual rounds": 0, "branch and bound nodes": 0}
    closed = close(median, ascend(median), start, BUDGETS["standard"], 1, CLOCK, work)
    every = np.ones((median.n, median.n), dtype=bool)
    assert closed.center is not None
    plain = solve(median, every, nodes=10**6, seconds=None)
    assert plain.closed
    assert closed.bound == pytest.approx(plain.bound, rel=1e-5)
    assert cost_of(median, closed.center) == pytest.approx(plain.bound, rel=1e-5)


def test_the_way_to_a_unit_costs_the_units_between():
    """On a path of four, the far end costs itself and both units before it, and gains are not counted."""
    near_start, near = np.array([0, 1, 3, 5, 6]), np.array([1, 0, 2, 1, 3, 2])
    way = np.empty(4)
    ways(0, np.array([-5.0, 2.0, -1.0, 4.0]), near_start, near, 100.0, way)
    assert way.tolist() == [0.0, 2.0, 2.0, 6.0]


def test_reduced_points_take_off_units_territory_and_cuts():
    """A set of units 0 and 2 pays both units' prices, its own, and the cut of three units it holds two of."""
    bits = np.array([[0b101]], dtype=np.uint64)
    reduced = reduced_points(
        bits, np.array([10.0]), np.array([1.0, 50.0, 2.0]), 3.0, np.array([[0, 1, 2]]), np.array([-4.0])
    )
    assert reduced.tolist() == [10.0 - 3.0 - 1.0 - 2.0 + 4.0]


def test_an_optimum_is_claimed_only_where_a_second_solve_agrees(monkeypatch):
    """By pairs, the first solve's word alone leaves a gap; with the second it is closed."""
    median, _ = made(0, contiguous=False)
    monkeypatch.setattr(closing, "_listable", lambda _: False)
    start = best_centers_of(median, np.repeat(np.arange(3), 3))[0]
    dual = ascend(median)

    def closed() -> closing.Closed:
        work = {"dual rounds": 0, "branch and bound nodes": 0}
        return closing.close(median, dual, start, BUDGETS["quick"], 1, CLOCK, work)

    sure = closed()
    solve = closing.solve
    monkeypatch.setattr(
        closing, "solve", lambda *a, presolve=True, **k: closing.NOTHING if not presolve else solve(*a, **k)
    )
    unsure = closed()
    value = cost_of(median, sure.center)
    assert sure.bound == pytest.approx(value, rel=1e-9)
    assert cost_of(median, unsure.center) == pytest.approx(value)
    assert unsure.bound < value * (1 - 1e-6)
