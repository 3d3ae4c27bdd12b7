"""Branch and bound over a few adjoining territories of a map."""

from itertools import pairwise, product

import numpy as np
import pytest
from made_grid import grid
from made_random import in_pieces

from spm_opt.align import neighbourhoods
from spm_opt.align.construct import connected, rounded
from spm_opt.align.core import keeps
from spm_opt.align.effort import BUDGETS, Clock
from spm_opt.align.engine import align
from spm_opt.align.isolated import watched
from spm_opt.align.model import build
from spm_opt.align.neighbourhoods import Reach, reach_out, solve
from spm_opt.align.relax import relax
from spm_opt.criteria import Balance, Contiguity, Dispersion, Disruption

RULES = (
    Balance(activity="hours", tolerance=0.2),
    Disruption(of="accounts", limit=0.7, weight=0.01),
    Dispersion(weight=1.0, weight_by="hours"),
    Contiguity(),
)
NO_CAPS = np.zeros(0)


def country(seed, wide=4, high=3, names=("A", "B", "C")):
    """Make a grid of random hours, seats and sellers."""
    rng = np.random.default_rng(seed)
    hours, seller = rng.integers(1, 9, (wide, high)), rng.choice(names, (wide, high))
    seats = {t: (float(rng.integers(wide)), float(rng.integers(high))) for t in names}
    return grid(
        wide,
        high,
        names,
        account=lambda x, y: {"hours": float(hours[x, y]), "seller": str(seller[x, y])},
        seats=seats,
    )


def best_and_worst(problem, model):
    """Find the cheapest and the dearest plan that holds, looking at all."""
    every = np.array(list(product(range(model.k), repeat=model.n)))
    arcs = model.start[:-1] + every  # every pair is eligible
    cost = model.cost[0][arcs].sum(axis=1)
    activity = np.zeros((len(every), len(model.lower)))
    dense = model.rows.toarray().T
    for node in range(model.n):
        activity += dense[arcs[:, node]]
    holds = ((activity >= model.lower - 1e-9) & (activity <= model.upper + 1e-9)).all(axis=1)
    order = np.flatnonzero(holds)[np.argsort(cost[holds], kind="stable")]
    ends = [
        next((every[i] for i in turn if not in_pieces(problem, every[i])), None)
        for turn in (order, order[::-1])
    ]
    return ends[0], ends[1]


def broken(model, plan):
    used = np.zeros(len(model.territory))
    used[model.arcs_of(plan)] = 1.0
    return float(model.violation(model.rows @ used)[model.hard].sum())


def reached(model, start, most=16, going=lambda _value, _violation: True):
    with watched(Clock(0.0, None, None)):
        return reach_out(model, start, relax(model), most=most, seed=1, going=going, left=lambda: None)


@pytest.mark.parametrize("seed", range(6))
def test_a_neighbourhood_of_all_territories_has_the_best_plan(seed, monkeypatch):
    """From the dearest plan that holds, all nodes free, branch and bound with cuts finds what enumeration finds."""
    for name, value in (("NODES", 10_000), ("CLOSE", 1e-9)):
        monkeypatch.setattr(neighbourhoods, name, value)
    problem = country(seed, 5 if seed == 0 else 3, 2 if seed == 0 else 3)
    model = build(problem, RULES)
    best, worst = best_and_worst(problem, model)
    if best is None:
        pytest.skip("no plan holds")
    run = neighbourhoods._Run(model, worst, relax(model), 1)
    (asked,) = run._about(0, np.arange(3), Reach(2, 20, 1_000))
    used = solve(asked)
    plan = worst if used is None else model.territory[asked.arcs[used]]
    assert model.value(plan)[0] == pytest.approx(model.value(best)[0], rel=1e-6)
    assert not in_pieces(problem, plan)


@pytest.mark.parametrize("seed", range(3))
def test_every_step_leaves_a_connected_plan_that_breaks_no_more(seed, monkeypatch):
    """After each neighbourhood the plan hangs together by a search of its own, and is no worse than before."""
    problem = country(seed, 6, 5, tuple("ABCD"))
    model = build(problem, RULES)
    share = relax(model).share
    start = connected(model, rounded(model, share), share)
    seen, take = [start], neighbourhoods._Run.take

    def noted(run, asked, used):
        take(run, asked, used)
        seen.append(run.plan.copy())

    monkeypatch.setattr(neighbourhoods._Run, "take", noted)
    found = reached(model, start)
    assert not any(in_pieces(problem, plan) for plan in (*seen, found.territory))
    breaks = [broken(model, plan) for plan in seen]
    assert all(after <= before + 1e-9 for before, after in pairwise(breaks))
    first, last = ((broken(model, plan), model.value(plan)[0]) for plan in (start, found.territory))
    assert last <= (first[0] + 1e-9, first[1]) or last[0] < first[0]
    assert keeps(model, found.territory, 0, NO_CAPS) or broken(model, start) > 0


def test_a_broken_plan_is_mended():
    """Where one of two columns has all the work, nodes cross until both are within their limits."""
    problem = grid(
        6, 4, ("A", "B"), account=lambda x, _: {"hours": 1.0 + x}, seats={"A": (0.0, 1.0), "B": (5.0, 1.0)}
    )
    model = build(problem, (Balance(activity="hours", tolerance=0.05), Dispersion(weight=1.0), Contiguity()))
    start = (problem.place[:, 0] > 1).astype(np.int64)
    found = reached(model, start)
    assert broken(model, start) > 0
    assert keeps(model, found.territory, 0, NO_CAPS)
    assert not in_pieces(problem, found.territory)


def test_the_same_start_gives_the_same_plan_and_a_stop_is_told():
    """Two runs take the same steps; one that is told to stop after the first keeps what it has."""
    problem = country(1, 6, 5, tuple("ABCD"))
    model = build(problem, RULES)
    share = relax(model).share
    start = connected(model, rounded(model, share), share)
    first, again = reached(model, start), reached(model, start)
    assert np.array_equal(first.territory, again.territory)
    assert first.solved == again.solved
    assert first.complete
    short = reached(model, start, going=lambda _value, _violation: False)
    assert not short.complete
    assert short.solved <= 2
    assert not in_pieces(problem, short.territory)


def test_a_map_of_a_few_hundred_units_is_searched_so_after_the_local_search():
    """The engine says that it did, counts how often, and the plan holds by the checker."""
    problem = country(2, 20, 12, tuple("ABCDEFGHIJKLMNOPQR"))
    rules = (Balance(activity="hours", tolerance=0.4), *RULES[2:])
    result = align(problem, rules, effort="quick", seed=1)
    assert result.status == "feasible"
    assert 0 < result.work["neighbourhoods"] <= BUDGETS["quick"].adjoining
    assert "around a few territories" in result.method
