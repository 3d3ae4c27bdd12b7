"""Chosen centers: the matrix form, its Lagrangian bound, and both exact methods, against enumeration."""

from __future__ import annotations

import itertools
from dataclasses import replace

import networkx as nx
import numpy as np
import pytest
from made_problem import problem_of

from spm_opt.align import centers
from spm_opt.align.centers import with_centers
from spm_opt.align.closing import Closed
from spm_opt.align.dual import ascend
from spm_opt.align.effort import BUDGETS, Clock
from spm_opt.align.engine import align
from spm_opt.align.locate import names_like_today
from spm_opt.align.median import median_of
from spm_opt.align.median_exact import best_centers_of, cost_of, solve
from spm_opt.align.median_logic import solve_cp
from spm_opt.criteria import Balance, Contiguity, Dispersion, Disruption, Limits
from spm_opt.problem import NONE

EFFORT = {"hint": None, "deterministic_time": 20.0, "seconds": None, "seed": 1}


def made(seed, *, contiguous, tolerance=0.35):
    """Draw a random problem of six or seven units, two or three territories, and its criteria."""
    rng = np.random.default_rng(seed)
    n, k = int(rng.integers(6, 8)), int(rng.integers(2, 4))
    ids = [f"u{i}" for i in range(n)]
    edges = [(int(rng.integers(0, i)), i) for i in range(1, n)]
    edges.append((0, n - 1))
    problem = problem_of(
        [{"id": name, "hours": float(rng.integers(1, 9))} for name in ids],
        tuple("ABC"[:k]),
        places={name: tuple(rng.uniform(0, 9, 2)) for name in ids},
    )
    problem = replace(
        problem,
        edges=np.array(sorted({tuple(sorted(edge)) for edge in edges}), dtype=np.int64),
        geographic=np.full(n, contiguous),
    )
    activity = problem.activity_names[0]
    criteria = [Dispersion(weight=1.0, weight_by=activity), Balance(activity=activity, tolerance=tolerance)]
    return problem, [*criteria, Contiguity()] if contiguous else criteria


def best_by_enumeration(problem, criteria, median):
    """Least points over every partition that keeps the rules, each territory at its best center."""
    graph = nx.Graph(problem.edges.tolist())
    graph.add_nodes_from(range(problem.n))
    balance = criteria[1]
    best = np.inf
    for plan in itertools.product(range(problem.k), repeat=problem.n):
        label = np.array(plan)
        if len(set(plan)) < problem.k or not balance.judge(problem, label, problem.seat).holds:
            continue
        if median.contiguous and any(
            not nx.is_connected(graph.subgraph(np.flatnonzero(label == t).tolist())) for t in range(problem.k)
        ):
            continue
        best = min(best, float(best_centers_of(median, label)[1].sum()) + median.constant)
    return best


CASES = [(seed, contiguous) for seed in range(12) for contiguous in (False, True)]


@pytest.mark.parametrize(("seed", "contiguous"), CASES)
def test_bound_and_both_solvers_agree_with_enumeration(seed, contiguous):
    """The bound never passes the optimum nor rules out its pairs, and HiGHS, CP-SAT and the engine reach it."""
    problem, criteria = made(seed, contiguous=contiguous)
    median = median_of(problem, criteria)
    optimum = best_by_enumeration(problem, criteria, median)
    every = np.ones((problem.n, problem.n), dtype=bool)
    exact = solve(median, every, nodes=100_000, seconds=None)
    logic = solve_cp(median, every, aim=True, **EFFORT)
    probe = solve_cp(median, every, aim=False, **EFFORT)
    result = align(problem, criteria, effort="quick")
    if optimum == np.inf:
        assert exact.bound == logic.bound == probe.bound == np.inf
        assert result.status == "infeasible"
        return
    dual = ascend(median)
    assert dual.bound <= optimum + 1e-9
    assert cost_of(median, exact.center) == pytest.approx(optimum)
    assert cost_of(median, logic.center) == pytest.approx(optimum)
    assert exact.closed
    assert logic.closed
    assert logic.bound <= optimum + 1e-6
    assert probe.center is not None
    least = dual.least_with(median)
    assert (least[np.arange(problem.n), exact.center] <= optimum + 1e-9).all()
    assert result.status == "optimal"
    assert result.objective == pytest.approx(optimum)
    assert result.lower_bound <= optimum + 1e-6


@pytest.mark.campaign
@pytest.mark.parametrize("contiguous", [False, True], ids=["free", "contiguous"])
@pytest.mark.parametrize("seed", range(100, 250))
def test_both_solvers_agree_with_enumeration_at_length(seed, contiguous):
    """The same for three hundred more instances."""
    test_bound_and_both_solvers_agree_with_enumeration(seed, contiguous)


def test_prices_from_a_known_plan_never_lose_the_bound():
    """Climbing on from earlier prices with a target gives a bound that still holds."""
    problem, criteria = made(3, contiguous=False)
    median = median_of(problem, criteria)
    optimum = best_by_enumeration(problem, criteria, median)
    first = ascend(median)
    again = ascend(median, optimum, first)
    assert again.bound <= optimum + 1e-9


@pytest.mark.parametrize(
    "criterion",
    [
        Balance(activity="w", weight=1.0),
        Disruption(weight=1.0),
        Limits(activity="w", upper=3.0, hard=False, weight=1.0),
        Dispersion(weight=1.0, priority=2),
    ],
    ids=["soft balance", "disruption", "soft limits", "two priorities"],
)
def test_what_is_not_of_the_form_is_refused(criterion):
    """Prices on limits, costs of moving and orders of priority are left to the general way."""
    problem = problem_of(
        [{"id": f"u{i}", "hours": 1.0, "seller": "AB"[i % 2]} for i in range(4)],
        ("A", "B"),
        places={f"u{i}": (float(i), 0.0) for i in range(4)},
    )
    name = problem.activity_names[0]
    fields = criterion.model_dump() | (
        {"activity": name} if "activity" in type(criterion).model_fields else {}
    )
    assert median_of(problem, [Dispersion(weight=1.0), type(criterion)(**fields)]) is None


def test_a_unit_above_the_limit_is_said_at_once():
    """One unit heavier than the limit makes every plan impossible, and is named."""
    problem = problem_of(
        [{"id": "big", "hours": 9.0}, {"id": "small", "hours": 1.0}, {"id": "other", "hours": 1.0}],
        ("A", "B"),
        places={"big": (0.0, 0.0), "small": (1.0, 0.0), "other": (2.0, 0.0)},
    )
    name = problem.activity_names[0]
    outcome, _ = with_centers(
        problem,
        [Dispersion(weight=1.0), Limits(activity=name, upper=5.0)],
        BUDGETS["quick"],
        1,
        Clock(0.0, None, None),
    )
    assert outcome.territory is None
    assert "big alone carries 9, above the limit 5" in outcome.reason


def test_a_plan_is_told_with_the_best_center_of_each_territory(monkeypatch):
    """A solver that was cut leaves a worse unit as center: the points told are those from the best one."""
    problem = problem_of(
        [{"id": f"u{i}", "hours": 1.0} for i in range(3)],
        ("A",),
        places={f"u{i}": (float(i), 0.0) for i in range(3)},
    )
    cut = Closed(np.zeros(3, dtype=np.int64), -np.inf, "cut")
    monkeypatch.setattr(centers, "close", lambda *_: cut)
    monkeypatch.setattr(centers, "_further", lambda _median, closed, *_, **__: (closed, True))
    outcome, center = with_centers(
        problem, [Dispersion(weight=1.0)], BUDGETS["quick"], 1, Clock(0.0, None, None)
    )
    median = median_of(problem, [Dispersion(weight=1.0)])
    assert cost_of(median, cut.center) > outcome.levels[0].objective
    assert outcome.levels[0].objective == pytest.approx(cost_of(median, np.ones(3, dtype=np.int64)))
    assert center[0].tolist() == problem.place[1].tolist()


def test_parts_are_named_so_that_most_stay():
    """Two parts take the names of the territories that most of their units have today."""
    today = np.array([1, 1, 0, 0, NONE])
    assert names_like_today(today, np.array([0, 0, 1, 1, 1]), 2).tolist() == [1, 0]


@pytest.mark.parametrize("sellers", ["ABC", "ABCDEF"], ids=["more than places", "more than units"])
def test_more_sellers_than_places_are_no_fault(sellers):
    """Four units at two places cost no travel with three sellers, or with six: some may be left without a unit."""
    problem = problem_of(
        [{"id": f"u{i}", "hours": 1.0} for i in range(4)],
        tuple(sellers),
        places={f"u{i}": (float(i // 2), 0.0) for i in range(4)},
    )
    for seed in range(3):
        result = align(problem, [Dispersion(weight=1.0)], effort="quick", seed=seed)
        assert result.status in {"optimal", "feasible"}
        assert result.objective == pytest.approx(0.0)
        assert (result.alignment.unit_territory >= 0).all()
