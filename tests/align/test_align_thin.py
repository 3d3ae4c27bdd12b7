"""Where to begin with many centers, and which pairs are offered."""

from dataclasses import replace

import numpy as np
import pytest
from made_grid import grid
from made_random import random_problem

from spm_opt.align import alternate, median
from spm_opt.align.engine import align
from spm_opt.align.thin import spread, thinned
from spm_opt.criteria import Balance, Contiguity, Dispersion
from spm_opt.problem import NONE
from spm_opt.verify import verify


def test_spread_centers_share_the_load_and_seats_stay():
    """On a grid of 400 units with the seat of A in a corner, the nearest centers carry about the same."""
    names = tuple("ABCDEFGH")
    problem = grid(20, 20, names, seats={"A": (2.0, 2.0)})
    free = np.isnan(problem.seat).any(axis=1)
    center = spread(problem, free, problem.seat, 1)
    assert center[0].tolist() == [2.0, 2.0]
    far = np.linalg.norm(problem.place[:, None] - center[None], axis=2)
    count = np.bincount(far.argmin(axis=1), minlength=8)
    assert count.min() > 0
    assert count[1:].max() <= 2 * count[1:].min()
    assert np.array_equal(center, spread(problem, free, problem.seat, 1))


@pytest.mark.parametrize("seed", range(10))
def test_the_nearest_and_what_must_not_be_lost_is_offered(seed):
    """Two nearest eligible pairs, today's pair, and every pair of a unit that would be left with none."""
    rng = np.random.default_rng(seed)
    problem = random_problem(rng, 12, 6)
    center = rng.uniform(0, 10, (6, 2))
    today = rng.integers(-1, 6, 12)
    offered = thinned(problem, center, today, nearest=2)
    kept = set(zip(offered.arcs.unit.tolist(), offered.arcs.territory.tolist(), strict=True))
    every = set(zip(problem.arcs.unit.tolist(), problem.arcs.territory.tolist(), strict=True))
    assert kept <= every
    for u in range(12):
        own = {t for v, t in every if v == u}
        if np.isnan(problem.place[u]).any():
            assert {t for v, t in kept if v == u} == own
            continue
        near = set(np.argsort(np.linalg.norm(problem.place[u] - center, axis=1))[:2].tolist())
        wanted = (near | ({int(today[u])} if today[u] != NONE else set())) & own
        assert {t for v, t in kept if v == u} == (wanted if near & own else own)


def test_plans_among_the_nearest_keep_the_rules(monkeypatch):
    """With few pairs on offer, centers are chosen, all rules hold, travel is near the best, and no bound is claimed."""
    names = tuple("ABCDEF")
    problem = replace(grid(12, 10, names), seat=np.full((6, 2), np.nan))
    criteria = [Dispersion(weight=1.0), Balance(activity="hours", tolerance=0.1), Contiguity()]
    monkeypatch.setattr(alternate, "MANY_ARCS", 100)
    monkeypatch.setattr(median, "LARGEST", 10)
    result = align(problem, criteria, effort="quick")
    assert result.status == "feasible"
    assert verify(problem, criteria, result.alignment).holds
    assert "among the 16 nearest" in result.method
    assert result.lower_bound is None
    # six blocks of 4 by 5 units have a mean distance of 1.65 to their best unit
    assert result.objective <= 1.75
