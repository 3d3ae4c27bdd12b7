"""Ejection chains: never worse than the start, rules kept, books right, the best where everything is free."""

import numpy as np
import pytest
from made_random import best_by_enumeration, random_case
from test_align_core import NO_CAPS, plans_of

import spm_opt
from spm_opt.align.construct import rounded
from spm_opt.align.core import keeps
from spm_opt.align.ejection import eject
from spm_opt.align.model import build
from spm_opt.align.relax import relax
from spm_opt.criteria import Capacity, Dispersion
from spm_opt.problem import NONE, AccountArrays, Arcs, Problem


def forever(value):
    del value
    return 0.0


def chained(model, start, looks=20_000, seed=1):
    return eject(model, start, relax(model), looks=looks, seed=seed, spent=forever)


@pytest.mark.parametrize("seed", range(30))
def test_chains_keep_the_rules_and_never_lose(seed):
    """From any plan that holds they come to one that holds and costs no more; on most tiny models the best."""
    problem, criteria, model = random_case(seed, units=6, map_share=0.0)
    plans = list(plans_of(problem, model))
    if not plans or relax(model).violation > 0:
        return
    start = plans[len(plans) // 2]
    found = chained(model, start)
    assert keeps(model, found.territory, 0, NO_CAPS)
    assert found.value == pytest.approx(model.value(found.territory)[0])
    assert found.value <= model.value(start)[0]
    assert found.value >= best_by_enumeration(problem, criteria)[0] - 1e-6


def pairs(n=60, k=6, seed=3, slack=1.04):
    """Make jobs for agents: dear pairs weigh little, so that room is worth what it holds."""
    rng = np.random.default_rng(seed)
    weight = rng.integers(1, 100, (n, k)).astype(float)
    cost = 111 - weight + rng.integers(-10, 11, (n, k))
    arcs = Arcs(
        np.arange(n + 1) * k, np.tile(np.arange(k), n), cost.ravel(), np.ones(n * k, dtype=bool),
        {"load": weight.ravel()},
    )  # fmt: skip
    none, ids = np.full(n, NONE), tuple(f"u{i}" for i in range(n))
    capacity = np.full(k, np.floor(slack * 0.8 * weight.sum() / k / k))
    return Problem(
        ids, tuple(f"t{t}" for t in range(k)), ("load",), weight.mean(axis=1)[:, None], arcs,
        np.full((n, 2), np.nan), np.full((k, 2), np.nan), True, np.zeros((0, 2), dtype=np.int64),
        np.zeros(n, dtype=bool), capacity, none, np.zeros((n, 0), dtype=bool), np.zeros((k, 0), dtype=bool),
        (), none, AccountArrays(ids, np.arange(n), none, weight.mean(axis=1)[:, None]), {}, {},
    )  # fmt: skip


PAIRED = (Dispersion(weight=60.0), Capacity(activity="load"))


def test_tight_room_is_filled_to_within_a_hair_of_the_bound():
    """From the rounded relaxation, which breaks limits, chains come to a plan within 1 % of the bound."""
    model = build(pairs(), PAIRED)
    loose = relax(model)
    start = rounded(model, loose.share)
    found = eject(model, start, loose, looks=500_000, seed=1, spent=forever)
    assert keeps(model, found.territory, 0, NO_CAPS)
    assert found.value <= 1.01 * loose.bound


def test_the_same_seed_gives_the_same_plan_and_another_effort_counts():
    """Two calls agree to the byte; the work is counted."""
    model = build(pairs(), PAIRED)
    start = rounded(model, relax(model).share)
    first, second = chained(model, start, 100_000), chained(model, start, 100_000)
    assert first.territory.tobytes() == second.territory.tobytes()
    assert first.looks == second.looks >= 100_000
    assert first.complete


def test_a_clock_stops_the_chains():
    """Where all the time is spent the best so far is returned, and said not to be complete."""
    model = build(pairs(), PAIRED)
    start = rounded(model, relax(model).share)
    found = eject(model, start, relax(model), looks=10**9, seed=1, spent=lambda _: 1.0)
    assert not found.complete
    assert found.looks < 10**8


def test_pairs_are_proven_optimal_through_the_front_door():
    """A small assignment with whole costs is closed: its objective is whole, and the bound meets it."""
    result = spm_opt.align(pairs(24, 4), (Dispersion(weight=24.0), PAIRED[1]), effort="standard")
    assert result.status == "optimal"
    assert result.objective == pytest.approx(round(result.objective))
    assert result.lower_bound == pytest.approx(result.objective)
