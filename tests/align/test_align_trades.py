"""Trades of up to three nodes across a border."""

from itertools import combinations, product

import networkx as nx
import numpy as np
import pytest
from made_grid import grid
from made_random import in_pieces

from spm_opt.align.amounts import amounts_of
from spm_opt.align.construct import connected, rounded
from spm_opt.align.model import build
from spm_opt.align.relax import relax
from spm_opt.align.trades import traded
from spm_opt.criteria import Balance, Contiguity, Dispersion

RULES = (Balance(activity="hours", tolerance=0.1), Dispersion(weight=1.0, weight_by="hours"), Contiguity())


def country(seed, wide=5, high=4, names=("A", "B", "C")):
    """Make a grid of random hours with seats at random places."""
    rng = np.random.default_rng(seed)
    hours = rng.integers(1, 9, (wide, high))
    seats = {t: (float(rng.integers(wide)), float(rng.integers(high))) for t in names}
    return grid(
        wide, high, names, account=lambda x, y: {"hours": float(hours[x, y]), "seller": "A"}, seats=seats
    )


def start_of(model):
    share = relax(model).share
    return connected(model, rounded(model, share), share)


def broken(model, plan):
    used = np.zeros(len(model.territory))
    used[model.arcs_of(plan)] = 1.0
    return float(model.violation(model.rows @ used).sum())


def trades(model, plan):
    """Every plan that differs by at most three nodes across one border, at most two of them going the same way."""
    graph = nx.Graph(
        [
            (u, int(v))
            for u in range(model.n)
            for v in model.near[model.near_start[u] : model.near_start[u + 1]]
        ]
    )
    for s, t in combinations(range(model.k), 2):
        side = [
            [u for u in range(model.n) if plan[u] == own and any(plan[v] == other for v in graph[u])]
            for own, other in ((s, t), (t, s))
        ]
        choices = [[c for size in range(3) for c in combinations(nodes, size)] for nodes in side]
        for out, into in product(*choices):
            if 0 < len(out) + len(into) <= 3:
                after = plan.copy()
                after[list(out)], after[list(into)] = t, s
                parts = [np.flatnonzero(after == own).tolist() for own in (s, t)]
                if all(part and nx.is_connected(graph.subgraph(part)) for part in parts):
                    yield after


@pytest.mark.parametrize("seed", range(12))
def test_no_trade_is_left_that_keeps_the_limits_and_costs_less(seed):
    """The plan is connected, breaks no more than before, and brute force over all trades finds nothing better."""
    problem = country(seed)
    model = build(problem, RULES)
    start = start_of(model)
    plan = traded(model, amounts_of(model), start, np.full(len(model.lower), 100.0))
    assert not in_pieces(problem, plan)
    assert broken(model, plan) <= broken(model, start)
    if broken(model, plan) == 0:
        value = model.value(plan)[0]
        better = [
            a for a in trades(model, plan) if broken(model, a) == 0 and model.value(a)[0] < value - 1e-5
        ]
        assert not better


def test_two_small_nodes_are_given_for_a_large_one():
    """Of A with 3 3 3 9 over B with 1 5 5 5, each wanting 17, only 3 and 3 for a 5 will do."""
    hours = {
        (0, 0): 3.0,
        (1, 0): 3.0,
        (2, 0): 3.0,
        (3, 0): 9.0,
        (0, 1): 1.0,
        (1, 1): 5.0,
        (2, 1): 5.0,
        (3, 1): 5.0,
    }
    problem = grid(
        4,
        2,
        ("A", "B"),
        account=lambda x, y: {"hours": hours[x, y]},
        seats={"A": (0.0, 0.0), "B": (0.0, 1.0)},
    )
    model = build(problem, (Balance(activity="hours", tolerance=0.01), Contiguity(), Dispersion(weight=1e-3)))
    start = (problem.place[:, 1] > 0).astype(np.int64)
    plan = traded(model, amounts_of(model), start, np.full(len(model.lower), 100.0))
    assert broken(model, start) > 0
    assert broken(model, plan) == pytest.approx(0, abs=1e-9)
    assert not in_pieces(problem, plan)


@pytest.mark.parametrize("seed", range(3))
def test_the_same_start_gives_the_same_plan_and_a_stop_keeps_it_whole(seed):
    """Trades draw nothing; where they are stopped after a round the plan is connected too."""
    problem = country(seed, 9, 8, tuple("ABCDEF"))
    model = build(problem, RULES)
    start, weight = start_of(model), np.full(len(model.lower), 10.0)
    first, again, short = (
        traded(model, amounts_of(model), start, weight, going)
        for going in (lambda: True, lambda: True, lambda: False)
    )
    assert np.array_equal(first, again)
    assert not in_pieces(problem, first)
    assert not in_pieces(problem, short)


def test_a_territory_without_any_node_stays_without():
    """Where the last territories are empty there is no border to trade across, and the plan is kept."""
    model = build(country(0), RULES)
    start = np.zeros(model.n, dtype=np.int64)
    assert np.array_equal(traded(model, amounts_of(model), start, np.full(len(model.lower), 1.0)), start)
