"""The linear relaxation and its bound."""

import numpy as np
import pytest
from made_problem import problem_of
from made_random import best_by_enumeration, random_case, random_problem
from scipy.optimize import linprog

from spm_opt.align import relax as relax_module
from spm_opt.align.model import build
from spm_opt.align.relax import relax
from spm_opt.criteria import Balance, Capacity, Dispersion, Disruption


def by_dense_program(model):
    """Solve the relaxation of the first level as it is written down; ``None`` where it is infeasible."""
    arcs, rows = len(model.territory), len(model.lower)
    priced = np.flatnonzero(~model.hard & (model.level == 0))
    slack = np.zeros((rows, len(priced)))
    slack[priced, np.arange(len(priced))] = 1.0
    used = model.hard | (model.level == 0)
    dense = model.rows.toarray()
    low, high = used & np.isfinite(model.lower), used & np.isfinite(model.upper)
    once = np.zeros((model.n, arcs + len(priced)))
    once[model.node, np.arange(arcs)] = 1.0
    answer = linprog(
        np.concatenate((model.cost[0], model.price[priced])),
        A_ub=np.vstack((-np.hstack((dense, slack))[low], np.hstack((dense, -slack))[high])),
        b_ub=np.concatenate((-model.lower[low], model.upper[high])),
        A_eq=once,
        b_eq=np.ones(model.n),
        method="highs-ipm",
    )
    return answer.fun + model.constant[0] if answer.status == 0 else None


@pytest.mark.parametrize("seed", range(40))
def test_the_bound_is_the_relaxations_optimum(seed):
    """The Lagrangian bound equals the program written down densely, and both agree where none exists."""
    _, _, model = random_case(seed)
    relaxed, expected = relax(model), by_dense_program(model)
    if expected is None:
        assert relaxed.violation > 0
        assert relaxed.bound == np.inf
        assert relaxed.clash
    else:
        assert relaxed.violation == 0
        assert relaxed.bound == pytest.approx(expected, rel=1e-6, abs=1e-6)
        np.testing.assert_allclose(np.bincount(model.node, weights=relaxed.share), 1.0, atol=1e-7)


@pytest.mark.parametrize("seed", range(15))
def test_no_plan_beats_the_bound(seed):
    """The best of all plans costs at least the bound, and there is none where the relaxation has none."""
    problem, criteria, model = random_case(seed, units=5)
    best, relaxed = best_by_enumeration(problem, criteria), relax(model)
    assert best is None or (relaxed.violation == 0 and relaxed.bound <= best[0] + 1e-6)


def test_a_clash_is_proven_and_named():
    """Ten hours do not fit into capacities of four and four, whatever is divided; the free seller is no part."""
    accounts = [{"id": f"a{i}", "hours": 2.0} for i in range(5)]
    problem = problem_of(accounts, ("A", "B"), capacity={"A": 4.0, "B": 4.0})
    relaxed = relax(build(problem, [Capacity(activity="hours"), Dispersion(weight=1.0)]))
    assert relaxed.violation == pytest.approx(2.0 / 4.0)
    assert set(relaxed.clash) == {"capacity for hours: A", "capacity for hours: B"}
    roomy = problem_of(accounts, ("A", "B"), capacity={"A": 4.0, "B": 6.0})
    assert relax(build(roomy, [Capacity(activity="hours")])).violation == 0


def test_a_limit_that_only_divided_units_reach_is_no_proof():
    """Three units of two hours balance exactly when one is halved: the relaxation admits it."""
    problem = problem_of([{"id": f"a{i}", "hours": 2.0} for i in range(3)], ("A", "B"))
    relaxed = relax(build(problem, [Balance(activity="hours", tolerance=0.01)]))
    assert relaxed.violation == 0
    assert relaxed.clash == ()


@pytest.mark.parametrize("seed", range(12))
def test_column_generation_equals_the_whole_program(seed, monkeypatch):
    """Starting from one arc a node, the bound and the verdict are those over all arcs."""
    _, _, model = random_case(100 + seed, units=12, territories=4)
    whole = relax(model)
    monkeypatch.setattr(relax_module, "ALL_ARCS_BELOW", 0)
    monkeypatch.setattr(relax_module, "FIRST_ARCS", 1)
    grown = relax(model)
    assert grown.bound == pytest.approx(whole.bound, rel=1e-6, abs=1e-6)
    assert grown.violation == pytest.approx(whole.violation, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("first", [Balance(activity="hours", weight=1.0), Disruption(weight=1.0)], ids=str)
@pytest.mark.parametrize("seed", range(12))
def test_later_levels_are_bounded_below_their_caps(seed, first):
    """With the first priority capped at its optimum, the bound of the second is below every such plan."""
    rng = np.random.default_rng(seed)
    problem = random_problem(rng, 5, 3, map_share=0.0)
    criteria = [first, Dispersion(weight=1.0, priority=2)]
    model = build(problem, criteria)
    if np.diff(model.start).min() == 0:
        return
    best = best_by_enumeration(problem, criteria)
    relaxed = relax(model, 1, np.array([best[0] + 1e-6]))
    assert relaxed.violation == 0
    assert relaxed.bound <= best[1] + 1e-5
    assert relaxed.bound >= relax(build(problem, [Dispersion(weight=1.0)])).bound - 1e-6
