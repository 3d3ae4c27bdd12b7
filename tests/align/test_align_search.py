"""The local search: its books, its connectedness, its seed."""

import numpy as np
import pytest
from made_grid import grid
from made_random import in_pieces, random_case

from spm_opt.align.construct import connected, rounded
from spm_opt.align.model import build
from spm_opt.align.relax import relax
from spm_opt.align.scale import row_scale
from spm_opt.align.search import search
from spm_opt.criteria import Balance, Contiguity, Dispersion, Disruption

NO_CAPS = np.zeros(0)


def country(seed=0, side=7):
    """Make a grid of 49 with five sellers, two single accounts, random hours, and an incumbent at random."""
    rng = np.random.default_rng(seed)
    sellers = ("A", "B", "C", "D", "E")
    hours, owner = rng.integers(1, 9, (side, side)), rng.integers(0, 5, (side, side))
    return grid(
        side,
        side,
        sellers,
        account=lambda x, y: {"hours": float(hours[x, y]), "revenue": 1.5, "seller": sellers[owner[x, y]]},
        singles=[{"id": "y", "hours": 3.0}, {"id": "z", "hours": 4.0}],
        seats={
            t: (float(a), float(b)) for t, (a, b) in zip(sellers, rng.integers(0, side, (5, 2)), strict=True)
        },
    )


RULES = (
    Balance(activity="hours", tolerance=0.1, weight=0.2),
    Dispersion(weight=1.0, weight_by="hours"),
    Disruption(limit=0.9, weight=0.01),
    Contiguity(),
)


KNOBS = {"heat": 3.0, "stiffness": 10.0, "inset": 0.0}
"""What the engine turns from search to search."""


def searched(
    model, start, *, level=0, caps=NO_CAPS, proposals=20_000, seed=1, keep_going=lambda *_: True, **knobs
):
    return search(
        model,
        start,
        level=level,
        caps=caps,
        multiplier=np.zeros(len(model.lower)),
        proposals=proposals,
        seed=seed,
        keep_going=keep_going,
        **KNOBS | knobs,
    )


def started(model):
    relaxed = relax(model)
    return connected(model, rounded(model, relaxed.share), relaxed.share)


def recomputed(model, territory, level=0, caps=NO_CAPS):
    """Work out value and violation of a plan from nothing."""
    used = np.zeros(len(model.territory))
    used[model.arcs_of(territory)] = 1.0
    broken = (model.violation(model.rows @ used) / row_scale(model))[model.hard]
    value = model.value(territory)
    over = np.maximum(0, value[:level] - caps) / np.maximum(1.0, np.abs(caps))
    return value[level], broken[broken > 1e-9].sum() + over.sum()


@pytest.mark.parametrize("inset", [0.0, 0.1])
@pytest.mark.parametrize("seed", range(5))
def test_books_kept_move_by_move_equal_those_made_anew(seed, inset):
    """After 20,000 proposals, value and violation of the best plan are what the model says."""
    model = build(country(seed), RULES)
    found = searched(model, started(model), seed=seed, inset=inset)
    value, violation = recomputed(model, found.territory)
    assert found.value == pytest.approx(value, rel=1e-9, abs=1e-9)
    assert found.violation == pytest.approx(violation, abs=1e-9)
    assert found.complete
    assert found.proposals >= 20_000


@pytest.mark.parametrize("seed", range(25))
def test_books_are_right_on_small_odd_models(seed):
    """With families, missing pairs, soft and hard rows and few moves, the books are still right."""
    _, _, model = random_case(seed, units=7, map_share=[0.0, 0.5, 1.0][seed % 3])
    start = started(model)
    found = searched(model, start, proposals=5_000, heat=10.0, seed=seed)
    value, violation = recomputed(model, found.territory)
    assert found.value == pytest.approx(value, rel=1e-9, abs=1e-9)
    assert found.violation == pytest.approx(violation, abs=1e-9)
    before = recomputed(model, start)
    assert (found.violation, found.value) <= (before[1] + 1e-9, before[0] + 1e-9) or (
        found.violation < before[1]
    )


@pytest.mark.parametrize(
    "knobs", [{"heat": 0.1}, {"heat": 30.0}, {"stiffness": 300.0, "inset": 0.1}], ids=str
)
@pytest.mark.parametrize("seed", range(3))
def test_territories_stay_connected(seed, knobs):
    """However hot, moves and swaps never tear a territory apart, nor empty it of geography."""
    problem = country(seed)
    model = build(problem, RULES)
    start = started(model)
    assert not in_pieces(problem, start)
    found = searched(model, start, seed=seed, **knobs)
    assert not in_pieces(problem, found.territory)
    assert set(start[problem.geographic]) <= set(found.territory[problem.geographic])


def test_the_search_improves():
    """From a poor start the plan gets better by far, and balanced within its limits."""
    model = build(country(), RULES)
    start = started(model)
    found = searched(model, start, proposals=200_000)
    value, violation = recomputed(model, start)
    assert found.violation == 0.0
    assert violation > 0.0 or found.value < value
    assert found.value >= relax(model).bound - 1e-9


def test_a_later_level_keeps_to_its_cap():
    """Travel improves as far as balance, settled before, allows."""
    aims = [Balance(activity="hours", weight=1.0), Dispersion(weight=1.0, priority=2), Contiguity()]
    model = build(country(), aims)
    balanced = searched(model, started(model), proposals=100_000)
    caps = np.array([balanced.value + 1e-6])
    found = searched(model, balanced.territory, level=1, caps=caps, proposals=100_000)
    assert found.violation == 0.0
    assert model.value(found.territory)[0] <= caps[0] + 1e-9
    value, violation = recomputed(model, found.territory, 1, caps)
    assert (found.value, found.violation) == (pytest.approx(value), pytest.approx(violation))
    assert found.value <= model.value(balanced.territory)[1] + 1e-9


@pytest.mark.parametrize("seed", range(20))
def test_books_on_caps_are_right(seed):
    """Below a cap that can hardly be kept, the violation is what the best plan breaks of it."""
    problem, _, _ = random_case(seed, units=7, map_share=0.0)
    model = build(problem, [Disruption(weight=1.0), Dispersion(weight=1.0, priority=2)])
    start = started(model)
    caps = np.array([0.5 * model.value(start)[0]])
    found = searched(model, start, level=1, caps=caps, proposals=5_000, seed=seed)
    value, violation = recomputed(model, found.territory, 1, caps)
    assert found.value == pytest.approx(value, rel=1e-9, abs=1e-9)
    assert found.violation == pytest.approx(violation, abs=1e-9)


def test_the_same_seed_gives_the_same_plan():
    """Seeds repeat, and other seeds differ."""
    model = build(country(), RULES)
    start = started(model)
    first, again, other = (searched(model, start, seed=seed) for seed in (4, 4, 5))
    assert np.array_equal(first.territory, again.territory)
    assert first.value == again.value
    assert not np.array_equal(first.territory, other.territory)


def test_the_start_is_left_alone_and_the_listener_can_stop_it():
    """A listener that has enough ends the search, which says so and still returns a plan."""
    model = build(country(), RULES)
    start = started(model)
    before = start.copy()
    calls = []
    found = searched(model, start, keep_going=lambda *reached: calls.append(reached) or len(calls) < 3)
    assert len(calls) == 3
    assert not found.complete
    assert found.proposals < 20_000
    assert np.array_equal(start, before)
    assert calls[-1] == (found.value, found.violation)
