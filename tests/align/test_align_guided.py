"""The search of large models: guided by prices, in two halves at once."""

import numpy as np
import pytest
from made_grid import grid
from made_random import in_pieces, random_case

from spm_opt.align.construct import connected, rounded
from spm_opt.align.guided import guided
from spm_opt.align.halves import Halves
from spm_opt.align.model import build
from spm_opt.align.relax import relax
from spm_opt.align.scale import row_scale
from spm_opt.align.search import Bench
from spm_opt.criteria import Balance, Contiguity, Dispersion, Disruption

NO_CAPS = np.zeros(0)
RULES = (
    Balance(activity="hours", tolerance=0.05),
    Dispersion(weight=1.0, weight_by="hours"),
    Disruption(limit=0.9, weight=0.01),
    Contiguity(),
)


def country(seed=0, side=12, sellers=8):
    """Make a grid with sellers, two single accounts, random hours, and owners at random."""
    rng = np.random.default_rng(seed)
    names = tuple("ABCDEFGHIJ"[:sellers])
    hours, owner = rng.integers(1, 9, (side, side)), rng.integers(0, sellers, (side, side))
    return grid(
        side,
        side,
        names,
        account=lambda x, y: {"hours": float(hours[x, y]), "revenue": 1.5, "seller": names[owner[x, y]]},
        singles=[{"id": "y", "hours": 3.0}, {"id": "z", "hours": 4.0}],
        seats={
            t: (float(a), float(b))
            for t, (a, b) in zip(names, rng.integers(0, side, (sellers, 2)), strict=True)
        },
    )


def started(model):
    relaxed = relax(model)
    return connected(model, rounded(model, relaxed.share), relaxed.share), relaxed


def searched(model, *, level=0, caps=NO_CAPS, proposals=100_000, seed=1, left=None, **more):
    start, relaxed = started(model)
    return guided(
        model,
        start,
        level=level,
        caps=caps,
        multiplier=relaxed.multiplier,
        proposals=proposals,
        seed=seed,
        keep_going=more.get("keep_going", lambda *_: True),
        left=left or (lambda: None),
    )


def recomputed(model, territory, level=0, caps=NO_CAPS):
    """Work out value and violation of a plan from nothing."""
    used = np.zeros(len(model.territory))
    used[model.arcs_of(territory)] = 1.0
    broken = (model.violation(model.rows @ used) / row_scale(model))[model.hard]
    value = model.value(territory)
    over = np.maximum(0, value[:level] - caps) / np.maximum(1.0, np.abs(caps))
    return value[level], broken[broken > 1e-9].sum() + over.sum()


@pytest.mark.parametrize("seed", range(4))
def test_a_map_is_balanced_and_stays_whole(seed):
    """The plan keeps every hard rule, hangs together, and is what the books say."""
    problem = country(seed)
    model = build(problem, RULES)
    found = searched(model, seed=seed)
    value, violation = recomputed(model, found.territory)
    assert found.violation == violation == 0
    assert found.value == pytest.approx(value, rel=1e-9)
    assert found.value >= relax(model).bound - 1e-9
    assert found.torn == 0
    assert not in_pieces(problem, found.territory)
    assert found.complete


@pytest.mark.parametrize("seed", range(15))
def test_books_are_right_on_small_odd_models(seed):
    """With families, missing pairs, soft and hard rows and few moves, the books are still right."""
    _, _, model = random_case(seed, units=7, map_share=[0.0, 0.5, 1.0][seed % 3])
    found = searched(model, proposals=5_000, seed=seed)
    value, violation = recomputed(model, found.territory)
    assert found.value == pytest.approx(value, rel=1e-9, abs=1e-9)
    assert found.violation == pytest.approx(violation, abs=1e-9)


def test_a_later_level_keeps_to_its_cap():
    """Travel improves as far as the cap on moves allows."""
    aims = [Disruption(weight=1.0), Dispersion(weight=1.0, priority=2), Contiguity()]
    model = build(country(), aims)
    start, _ = started(model)
    caps = np.array([model.value(start)[0]])
    found = searched(model, level=1, caps=caps)
    value, violation = recomputed(model, found.territory, 1, caps)
    assert (found.value, found.violation) == (pytest.approx(value), pytest.approx(violation, abs=1e-12))
    assert found.violation == 0


def test_the_same_seed_gives_the_same_plan():
    """Two threads or not, seeds repeat, and other seeds differ."""
    model = build(country(), RULES)
    first, again, other = (searched(model, proposals=20_000, seed=seed) for seed in (4, 4, 5))
    assert np.array_equal(first.territory, again.territory)
    assert first.value == again.value
    assert not np.array_equal(first.territory, other.territory)


@pytest.mark.parametrize("seed", range(3))
def test_halves_hang_together_and_meet_in_books_that_are_right(seed):
    """After steps in two halves the plan is connected, and its activities are those counted from nothing."""
    problem = country(seed)
    model = build(problem, RULES)
    start, _ = started(model)
    bench = Bench(model, start, 0, NO_CAPS, 0.0, seed)
    with Halves(bench, seed) as halves:
        for _ in range(20):
            halves.anneal(2_000, 3 * bench.points, np.full(len(model.lower), bench.points))
            assert not in_pieces(problem, bench.territory)
            used = np.zeros(len(model.territory))
            used[bench.arcs] = 1.0
            assert halves.activity == pytest.approx(model.rows @ used)
            assert halves.points == pytest.approx(model.value(bench.territory)[:1])
    assert not np.array_equal(bench.territory, start)


def test_little_time_is_shared_out_and_a_listener_can_stop():
    """Where time is short fewer moves are looked at, and the plan is not called complete; nor is a stopped one."""
    model = build(country(), RULES)
    short = searched(model, proposals=10**9, left=lambda: 0.01)
    assert short.proposals < 10**8
    assert not short.complete
    calls = []
    stopped = searched(model, keep_going=lambda *reached: calls.append(reached) or len(calls) < 3)
    assert len(calls) == 3
    assert not stopped.complete
    assert calls[-1] == (stopped.value, stopped.violation)
