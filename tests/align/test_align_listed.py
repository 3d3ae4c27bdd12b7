"""Whole territories listed: the best plan by enumeration, where balance is an aim and centers are chosen."""

from itertools import product

import numpy as np
import pytest
from made_grid import grid
from made_problem import problem_of

from spm_opt.align.effort import BUDGETS, Clock
from spm_opt.align.engine import align
from spm_opt.align.listed import by_list
from spm_opt.criteria import Balance, Contiguity, Dispersion, Limits
from spm_opt.plan import Alignment
from spm_opt.verify import verify

AIMS = (
    Balance(activity="hours", weight=1.0),
    Dispersion(weight_by="hours", weight=5.0),
    Limits(activity="hours", lower=1.0),
)


def country(seed: int, width: int = 3, height: int = 2, k: int = 3):
    draw = np.random.default_rng(seed).integers(1, 9, (width, height))
    return grid(width, height, "ABC"[:k], account=lambda x, y: {"hours": float(draw[x, y])})


def best_of_all(problem, criteria) -> float:
    """Look at every plan, each territory measured to the best of its own places."""
    best, shares = np.inf, criteria[1].shares(problem)
    for label in product(range(problem.k), repeat=problem.n):
        unit = np.array(label)
        if len(set(label)) < problem.k:
            continue
        center = np.empty((problem.k, 2))
        for p in range(problem.k):
            own = problem.place[unit == p]
            far = np.hypot(*(own[:, None] - own[None]).transpose(2, 0, 1))
            center[p] = own[np.argmin(far @ shares[unit == p])]
        verdict = verify(problem, criteria, Alignment.of_units(problem, unit, center))
        if verdict.holds:
            points = [c.weight * m.value for c, m in zip(criteria, verdict.measures, strict=True)]
            best = min(best, sum(points))
    return best


@pytest.mark.parametrize("more", [(), (Contiguity(),)])
def test_the_listed_plan_is_the_best_of_all(more):
    """With balance as an aim the engine proves what enumeration finds, contiguous or not."""
    problem, criteria = country(3), (*AIMS, *more)
    result = align(problem, criteria, effort="quick")
    assert result.status == "optimal"
    assert "territories listed to proof" in result.method
    assert result.objective == pytest.approx(best_of_all(problem, criteria))
    assert result.lower_bound <= result.objective


def test_it_speaks_only_where_it_may():
    """No list where a territory may be empty, or where there are too many sets of units."""
    clock, budget = Clock(0.0, None, None), BUDGETS["quick"]
    assert by_list(country(1), AIMS[:2], budget, clock) is None
    assert by_list(country(1, 7, 7), AIMS, budget, clock) is None
    assert by_list(country(1), AIMS, budget, clock) is not None


def test_what_cannot_be_put_together_is_proven_so():
    """Of a hub with four arms every connected territory of two units or more needs the hub: two cannot be."""
    at = {"hub": (0.0, 0.0), "n": (0.0, 1.0), "s": (0.0, -1.0), "e": (1.0, 0.0), "w": (-1.0, 0.0)}
    rows = [{"id": f"a{name}", "unit": name, "hours": 1.0} for name in at]
    star = problem_of(rows, "AB", places=at, edges=[("hub", arm) for arm in "nsew"])
    rules = (*AIMS[:2], Limits(activity="hours", lower=2.0), Contiguity())
    result = align(star, rules, effort="quick")
    assert result.status == "infeasible"
    assert "none can be put together" in result.reason


def test_one_territory_has_all():
    """A single territory is listed as it is, however many units there are."""
    result = align(country(1, 7, 7, k=1), AIMS, effort="quick")
    assert (result.status, len(set(result.alignment.unit_territory))) == ("optimal", 1)
