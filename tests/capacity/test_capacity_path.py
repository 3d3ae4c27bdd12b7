"""The path of headcount: against all plans there are, and what must not depend on anything else."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from made_headcount import headcount

from spm_opt.capacity.path import path
from spm_opt.capacity.path_bound import blocks, priced
from spm_opt.capacity.path_columns import relaxed
from spm_opt.capacity.path_family import families
from spm_opt.capacity.path_fix import narrowed
from spm_opt.capacity.path_inside import inside
from spm_opt.capacity.path_model import program
from spm_opt.capacity.path_question import PathLimits, PathQuestion, Steps, broken, figures
from spm_opt.errors import HeadcountError


def plain(**changes):
    """One cell, three months, one seller; a second one brings 1,200 a month and costs 500."""
    question = PathQuestion(
        ("East",), ("field",), np.array([1]), (np.array([0.0, 24_000.0, 38_400.0]),), np.ones((1, 3)), (0.5,),
        np.full(3, 1 / 12), np.full((1, 3), 500.0), np.array([300.0]), np.array([100.0]),
    )  # fmt: skip
    return replace(question, **changes)


def best_of_all(question):
    """Try every path of positions, and every number of movers between two cells."""
    best = -np.inf
    tops = [range(top + 1) for top in question.most()]
    shape = (question.cells, question.months)
    for flat in product(*(one for one in tops for _ in range(question.months))):
        change = np.diff(np.array(flat).reshape(shape), axis=1, prepend=question.now[:, None])
        up, down = np.maximum(change, 0), np.maximum(-change, 0)
        most = np.zeros(question.months, dtype=int)
        if question.limits.move is not None:
            most = np.minimum(up.sum(axis=0), down.sum(axis=0))
        for movers in product(*(range(one + 1) for one in most)):
            # with two cells of one role one gains what the other loses
            into, away = np.minimum(up, movers), np.minimum(down, movers)
            steps = Steps(up - into, down - away, into, away)
            if not broken(question, steps):
                best = max(best, figures(question, steps).profit)
    return best


def test_a_path_by_hand():
    """The second seller is hired at once: 700 a month more than the cost, less half a month of ramp and the hire."""
    found = path(plain())
    assert found.steps.hires.tolist() == [[1, 0, 0]]
    assert found.figures.effective.tolist() == [[1.5, 2.0, 2.0]]
    # first seller 3 x (2,000 - 500), second 3 x (1,200 - 500), ramp 600, hire 300
    assert found.figures.profit == pytest.approx(4_500 + 2_100 - 600 - 300)
    assert found.status == "optimal"


@pytest.mark.parametrize("seed", range(6))
def test_a_path_is_the_best_of_all(seed):
    """No plan that keeps the limits has more profit: two regions, two months, all limits, both shapes of curve."""
    question = headcount(seed, regions=2, roles=1, months=2, about=2, manager_cost=2_000.0)
    question = replace(
        question,
        now=np.minimum(question.now, 3),
        weight=np.full(2, 0.5),
        limits=replace(
            question.limits, span=2, hires=1, least=np.array([0, 1]), most=np.array([3, 3]), move=5e3
        ),
    )
    best = best_of_all(question)
    found = path(question)
    assert found.figures.profit == pytest.approx(best, rel=1e-9)
    assert found.status == "optimal"
    assert found.bound >= best - 1e-6 * abs(best)
    assert not broken(question, found.steps)


def test_prices_bound_all_plans():
    """Whatever the prices, the bound is above the best plan; at those of the relaxation it is as tight."""
    question = headcount(4, regions=3, roles=2, months=4, about=3)
    whole = program(question)
    root = relaxed(whole.gain, whole.low, whole.high, whole.rows, whole.floor, whole.ceiling)
    cells = blocks(question, whole)
    found = path(question)
    rng = np.random.default_rng(1)
    tight = priced(whole, cells, root.prices[whole.own :]).total
    assert found.figures.profit <= tight <= root.value + whole.constant + 1e-6 * abs(tight)
    for _ in range(20):
        prices = root.prices[whole.own :] * rng.uniform(0, 2) + rng.normal(
            0, 1_000, whole.rows.shape[0] - whole.own
        )
        assert priced(whole, cells, prices).total >= found.figures.profit


@pytest.mark.parametrize(("seed", "manager_cost"), [(4, 2_000.0), (5, 0.0), (6, 15_000.0)])
def test_what_is_left_out_is_in_no_better_plan(seed, manager_cost):
    """At any prices a plan keeps the limits narrowed to its distance from the bound, and families bound it."""
    question = headcount(seed, regions=3, roles=2, months=4, about=3, manager_cost=manager_cost)
    found = path(question)
    assert found.status == "optimal"
    whole = program(question)
    cells, rng = blocks(question, whole), np.random.default_rng(1)
    root = relaxed(whole.gain, whole.low, whole.high, whole.rows, whole.floor, whole.ceiling)
    root = root.prices[whole.own :]
    there = [
        found.figures.positions[c] > p for c in range(question.cells) for p in range((whole.cell == c).sum())
    ]
    for prices in (root, *(root * rng.uniform(0, 2, root.size) for _ in range(5))):
        slack = priced(whole, cells, prices).total - found.figures.profit
        low, high = narrowed(whole, cells, prices, np.full(len(cells), slack * (1 + 1e-9)))
        assert (low[whole.there] <= there).all()
        assert (there <= high[whole.there]).all()
        for kind, steps in zip(
            whole.steps,
            (found.steps.hires, found.steps.gone, found.steps.into, found.steps.away),
            strict=True,
        ):
            for c in range(question.cells):
                assert (high[kind[whole.cell == c]].sum(axis=0) >= steps[c]).all()
    kin = families(question, whole, cells, root)
    bound = priced(whole, cells, root).total - sum(one.loss for one in kin)
    assert bound >= found.figures.profit - 1e-9 * abs(bound)
    near = inside(question, whole, cells, root, kin, bound)
    assert near is None or figures(question, near).profit <= found.figures.profit * (1 + 1e-9)


def test_dearer_sellers_are_never_more():
    """The dearer all sellers are, the fewer months of them are in the best plan."""
    question = headcount(2, regions=1, roles=2, months=3, about=3, limited=False, manager_cost=0.0)
    question = replace(question, weight=np.full(3, 1 / 3))
    months = [
        path(replace(question, cost=question.cost + more)).figures.positions.sum()
        for more in (0, 2e4, 8e4, 3e5)
    ]
    assert months == sorted(months, reverse=True)
    assert months[0] > months[-1]


def test_a_path_is_the_same_each_time():
    """The same question has the same plan."""
    question = headcount(5, regions=2, roles=2, months=3, about=3)
    one, two = path(question), path(question)
    assert np.array_equal(one.steps.hires, two.steps.hires)
    assert one.bound == two.bound


def test_a_budget_that_covers_no_plan_is_named():
    """Limits that clash are named, and only those: the budget with the fewest, not the hires."""
    question = plain(limits=PathLimits(budget=3_000.0, hires=9, least=np.array([1]), most=np.array([2])))
    with pytest.raises(HeadcountError) as caught:
        path(question)
    assert caught.value.clashes == ("budget", "least")
    assert "budget = 3,000" in str(caught.value)
    assert path(replace(question, limits=replace(question.limits, budget=6_000.0))).status == "optimal"
