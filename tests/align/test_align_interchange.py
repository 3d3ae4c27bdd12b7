"""The search with moving centers: against enumeration, and what it keeps up to date against sums taken afresh."""

from __future__ import annotations

import itertools
import time

import numpy as np
import pytest

from spm_opt.align.effort import Clock
from spm_opt.align.interchange import _ground, _state, interchange
from spm_opt.align.median import Median
from spm_opt.align.median_exact import best_centers_of
from spm_opt.align.medoids import anneal, energy, keep_best, lay_out
from spm_opt.align.relocate import disturb

EFFORT = {"proposals": 20_000, "neighbourhoods": 60, "seed": 1, "clock": Clock(0.0, None, None)}


def made(seed, n, k, *, activities=1, power=1, low=False, ring=False):
    """Draw units on a map with what they carry; with ``ring`` they must hang together along a ring."""
    rng = np.random.default_rng(seed)
    place = rng.uniform(0, 9, (n, 2))
    weight = rng.integers(1, 5, n).astype(float)
    far = np.linalg.norm(place[:, None] - place[None, :], axis=2)
    activity = rng.integers(1, 9, (n, activities)).astype(float)
    mean = activity.sum(axis=0) / k
    beside = np.stack([np.roll(np.arange(n), 1), np.roll(np.arange(n), -1)], axis=1)
    return Median(
        cost=weight[:, None] * far**power,
        constant=2.0,
        activity=activity,
        lower=0.6 * mean if low else np.full(activities, -np.inf),
        upper=1.4 * mean,
        k=k,
        contiguous=ring,
        near_start=np.arange(n + 1) * 2,
        near=beside.ravel(),
    )


def keeps(median, label):
    size = np.stack(
        [np.bincount(label, weights=column, minlength=median.k) for column in median.activity.T], axis=1
    )
    return bool((size <= median.upper + 1e-9).all() and (size >= median.lower - 1e-9).all())


def value_of(median, label):
    return float(best_centers_of(median, label)[1].sum()) + median.constant


def best_by_enumeration(median):
    """Least points over every partition into non-empty territories that keep the limits."""
    best = np.inf
    for plan in itertools.product(range(median.k), repeat=median.n):
        label = np.array(plan)
        if len(set(plan)) == median.k and keeps(median, label):
            best = min(best, value_of(median, label))
    return best


@pytest.mark.parametrize("seed", range(12))
def test_small_problems_are_solved(seed):
    """With one or two activities, lower limits or none, and either power, the best plan by enumeration is found."""
    median = made(seed, 8, 2 + seed % 2, activities=1 + seed % 2, power=1 + seed // 6, low=seed % 3 == 0)
    optimum = best_by_enumeration(median)
    found = interchange(median, None, **EFFORT)
    if optimum == np.inf:
        assert found.violation > 0
        return
    assert found.violation == 0
    assert keeps(median, found.label)
    assert found.value == pytest.approx(value_of(median, found.label))
    assert found.value == pytest.approx(optimum)
    assert found.complete


@pytest.mark.parametrize("ring", [False, True])
def test_what_is_kept_up_to_date_equals_sums_taken_afresh(ring):
    """After 20,000 proposals and 50 neighbourhoods: sizes, points with every center, best centers and their points."""
    n, k = 40, 5
    median = made(7, n, k, activities=2, low=True, ring=ring)
    ground, state = _ground(median), _state(n, k, 2, 3)
    lay_out(ground, state, np.repeat(np.arange(k), n // k))
    best, out, beyond = np.zeros(n, dtype=np.int64), np.full(2, np.inf), np.zeros(2)
    weight = np.array([3.0, 5.0])
    anneal(ground, state, weight, 20_000, 5.0, best, out, beyond)
    disturb(ground, state, weight, 50, 20, 0.5, best, out)
    label = state.label.copy()
    fresh = _state(n, k, 2, 3)
    lay_out(ground, fresh, label)
    assert np.array_equal(fresh.members, state.members)
    for name in ("size", "total", "value"):
        assert getattr(state, name) == pytest.approx(getattr(fresh, name)), name
    over = np.maximum(0, np.maximum(state.size - median.upper, median.lower - state.size))
    assert energy(ground, state, weight) == pytest.approx(state.value.sum() + (over @ weight).sum())
    for t in range(k):
        own = np.flatnonzero(label == t)
        assert state.value[t] == pytest.approx(median.cost[np.ix_(own, own)].sum(axis=0).min())
        if ring:  # a territory of a ring has at most one gap
            assert np.count_nonzero((label == t) & (np.roll(label, 1) != t)) <= 1


def test_a_start_is_never_made_worse():
    """From a plan that keeps the limits, the search ends with one that does and costs no more."""
    median = made(5, 60, 6, low=True)
    first = interchange(median, None, **{**EFFORT, "proposals": 3_000, "neighbourhoods": 0})
    again = interchange(median, first.label, **{**EFFORT, "seed": 2})
    assert first.violation == again.violation == 0
    assert again.value <= first.value


def test_a_contiguous_start_stays_contiguous():
    """From whole territories only whole ones are reached, and they are no dearer."""
    median = made(9, 30, 4, ring=True)
    start = np.repeat(np.arange(4), (8, 7, 8, 7))
    found = interchange(median, start, **EFFORT)
    for t in range(4):
        assert np.count_nonzero((found.label == t) & (np.roll(found.label, 1) != t)) <= 1
    if keeps(median, start):
        assert found.value <= value_of(median, start)


def test_the_same_seed_finds_the_same():
    """Effort is counted in work: two runs give the same plan, and another seed may give another."""
    median = made(11, 50, 7)
    one, two = (interchange(median, None, **EFFORT) for _ in range(2))
    assert np.array_equal(one.label, two.label)
    assert one.work == two.work


def test_a_bound_that_is_reached_ends_the_search():
    """With the value itself as the bound no neighbourhood is searched."""
    median = made(11, 50, 7)
    first = interchange(median, None, **EFFORT)
    again = interchange(median, first.label, **EFFORT, bound=first.value)
    assert again.work["neighbourhoods"] == 0
    assert again.complete


def test_a_time_limit_cuts_and_says_so():
    """Without time left the search still gives a plan, and is not called complete."""
    median = made(11, 50, 7)
    found = interchange(median, None, **{**EFFORT, "clock": Clock(time.monotonic() - 5.0, 1.0, None)})
    assert not found.complete
    assert len(found.label) == 50
    assert set(found.label) <= set(range(7))


def test_the_best_is_the_least_broken_then_the_cheapest():
    """A plan that keeps the limits replaces a cheaper one that does not."""
    median = made(2, 12, 2)
    ground, state = _ground(median), _state(12, 2, 1, 1)
    best, out = np.zeros(12, dtype=np.int64), np.full(2, np.inf)
    lay_out(ground, state, np.array([0] + [1] * 11))
    keep_best(ground, state, best, out)
    assert out[0] > 0
    broken = best.copy()
    found = interchange(median, None, **EFFORT)
    lay_out(ground, state, found.label)
    keep_best(ground, state, best, out)
    assert out[0] == 0
    assert not np.array_equal(best, broken)
