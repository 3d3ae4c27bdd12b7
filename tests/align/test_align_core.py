"""The core of a model and its proof, against enumeration; and where the points of plans can lie."""

from dataclasses import replace

import numpy as np
import pytest
from made_random import best_by_enumeration, every_plan, random_case

from spm_opt.align.core import close, grid, keeps, one_level, part, reduced_costs
from spm_opt.align.model import build
from spm_opt.align.relax import relax
from spm_opt.criteria import Balance, Capacity, Dispersion, Disruption

NO_CAPS = np.zeros(0)


def nodes_of(model, plan):
    return plan[np.unique(model.node_of_unit, return_index=True)[1]]


def plans_of(problem, model):
    """Yield every plan of nodes that keeps the hard rows, once."""
    seen = set()
    for plan in every_plan(problem):
        nodes = nodes_of(model, plan)
        if (plan == nodes[model.node_of_unit]).all() and tuple(nodes) not in seen:
            seen.add(tuple(nodes))
            if keeps(model, nodes, 0, NO_CAPS):
                yield nodes


@pytest.mark.parametrize("seed", range(30))
def test_from_any_plan_the_core_is_closed_at_the_best(seed):
    """From the dearest plan that holds, branch and bound comes to the best by enumeration, and proves it."""
    problem, criteria, model = random_case(seed, units=6, map_share=0.0)
    plans = list(plans_of(problem, model))
    if not plans:
        assert best_by_enumeration(problem, criteria) is None
        return
    worst = max(plans, key=lambda plan: model.value(plan)[0])
    closed = close(model, worst, relax(model), level=0, caps=NO_CAPS, nodes=1000, left=lambda: None)
    assert closed.proven
    assert keeps(model, closed.territory, 0, NO_CAPS)
    assert closed.value == pytest.approx(best_by_enumeration(problem, criteria)[0], rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("seed", range(20))
def test_reduced_costs_bound_every_plan_that_uses_the_arc(seed):
    """No plan costs less than the bound and the reduced cost of any arc that it uses."""
    problem, _, model = random_case(100 + seed, units=5, map_share=0.0)
    dearer, bound = reduced_costs(model, 0, NO_CAPS, relax(model))
    for plan in plans_of(problem, model):
        assert bound + dearer[model.arcs_of(plan)].max() <= model.value(plan)[0] + 1e-6


@pytest.mark.parametrize("seed", range(20))
def test_a_part_counts_as_the_whole_does(seed):
    """A plan of the part has the points and the violations of the whole plan."""
    _, _, model = random_case(200 + seed, units=5, map_share=0.0)
    rng = np.random.default_rng(seed)
    keep = rng.random(len(model.territory)) < 0.6
    keep[model.start[:-1]] = True
    core = part(model, keep)
    plan = core.model.territory[core.model.start[:-1]]
    whole = core.whole(plan)
    np.testing.assert_allclose(core.model.value(plan), model.value(whole), atol=1e-9)
    assert keeps(core.model, plan, 0, NO_CAPS) == keeps(model, whole, 0, NO_CAPS)


@pytest.mark.parametrize("seed", range(20))
def test_points_lie_on_the_grid(seed):
    """Every plan's points are whole steps from the origin, and a bound is lifted to no more than the best."""
    problem, _, _ = random_case(300 + seed, units=5, map_share=0.0)
    model = build(problem, [Disruption(weight=7.0), Capacity(activity="hours")])
    lattice, values = grid(model, 0), [model.value(plan)[0] for plan in plans_of(problem, model)]
    if lattice.step:
        steps = (np.array(values) - lattice.origin) / lattice.step
        np.testing.assert_allclose(steps, np.round(steps), atol=1e-6)
    if values:
        assert lattice.up(relax(model).bound) <= min(values) + 1e-9
        assert all(value > lattice.below(value) for value in values)


def test_the_step_is_the_greatest_there_is():
    """Costs of 3, 9 and 15 at one node and 4, 10 at another differ by sixes; a third of one makes it twos."""
    problem, _, model = random_case(1, units=5, map_share=0.0)
    del problem
    small = replace(
        model,
        start=np.array([0, 3, 5]),
        territory=np.array([0, 1, 2, 0, 1]),
        cost=np.array([[3.0, 9.0, 15.0, 4.0, 10.0]]),
        constant=np.array([0.5]),
        price=np.full(len(model.lower), np.inf),
    )
    assert grid(small, 0).step == pytest.approx(6.0)
    assert grid(small, 0).up(7.6) == pytest.approx(13.5)
    assert grid(small, 0).up(7.5) == pytest.approx(7.5)
    finer = replace(small, cost=np.array([[3.0, 9.0, 15.0, 4.0, 6.0]]))
    assert grid(finer, 0).step == pytest.approx(2.0)


def test_priced_rows_and_odd_costs_have_no_grid():
    """Where deviations are priced, or costs have no common measure, a bound is left as it is."""
    problem, _, _ = random_case(4, units=5, map_share=0.0)
    priced = build(problem, [Balance(activity="hours", weight=1.0), Disruption(weight=1.0)])
    assert grid(priced, 0).step == 0
    assert grid(priced, 0).up(1.25) == 1.25
    _, _, model = random_case(4, units=5, map_share=0.0)
    odd = replace(model, cost=np.sqrt(np.arange(1.0, model.cost.size + 1)).reshape(model.cost.shape))
    odd = replace(odd, price=np.full(len(model.lower), np.inf))
    assert grid(odd, 0).step == 0


@pytest.mark.parametrize("seed", range(10))
def test_a_later_level_stands_alone_with_the_caps_as_rows(seed):
    """The level on its own has the points of the level, and holds where plans keep the cap."""
    problem, _, _ = random_case(400 + seed, units=5, map_share=0.0)
    criteria = [Disruption(weight=1.0), Dispersion(weight=1.0, priority=2), Capacity(activity="hours")]
    model = build(problem, criteria)
    plans = list(plans_of(problem, model))
    if not plans:
        return
    cap = float(np.median([model.value(plan)[0] for plan in plans])) + 1e-7
    flat, _ = one_level(model, 1, np.array([cap]), relax(model, 1, np.array([cap])))
    for plan in plans:
        assert flat.value(plan)[0] == pytest.approx(model.value(plan)[1])
        assert keeps(flat, plan, 0, NO_CAPS) == (model.value(plan)[0] <= cap)


def test_levels_with_prices_cannot_stand_alone():
    """What a priced row of an earlier level costs is no sum over arcs."""
    problem, _, _ = random_case(4, units=5, map_share=0.0)
    model = build(problem, [Balance(activity="hours", weight=1.0), Disruption(weight=1.0, priority=2)])
    assert one_level(model, 1, np.array([1e9]), relax(model, 1, np.array([1e9]))) is None
