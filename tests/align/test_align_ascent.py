"""The relaxation by ascent: the linear program's bound, without its matrix."""

from dataclasses import replace

import numpy as np
import pytest
from made_problem import problem_of
from made_random import best_by_enumeration, random_case

from spm_opt.align import ascent
from spm_opt.align.ascent import climb, suited
from spm_opt.align.model import build
from spm_opt.align.relax import relax
from spm_opt.align.scale import row_scale
from spm_opt.criteria import Balance, Dispersion, Disruption

NO_CAPS = np.zeros(0)


@pytest.fixture
def climbing(monkeypatch):
    """Let every model be climbed, however small."""
    monkeypatch.setattr(ascent, "SUITED_NODES", 0)
    monkeypatch.setattr(ascent, "SUITED_ARCS", 0)


def country(seed=0, units=120, sellers=6, *, largest=0.0):
    """Make units and seats at random, two skewed activities, and perhaps one unit too large for its only seller."""
    rng = np.random.default_rng(seed)
    hours, revenue = np.exp(rng.multivariate_normal((0.0, 0.0), ((0.5, 0.3), (0.3, 0.5)), units)).T
    place, seat = rng.random((units, 2)) * 100, rng.random((sellers, 2)) * 100
    hours[0] += largest
    accounts = [{"id": f"u{i:03}", "hours": hours[i], "revenue": revenue[i]} for i in range(units)]
    return problem_of(
        accounts,
        [f"t{i}" for i in range(sellers)],
        places={f"u{i:03}": tuple(place[i]) for i in range(units)},
        seats={f"t{i}": tuple(seat[i]) for i in range(sellers)},
        forbidden=[("u000", f"t{i}") for i in range(1, sellers) if largest],
    )


def rules(tolerance=0.1):
    """Travel as the aim, and both activities balanced."""
    balances = [Balance(activity=name, tolerance=tolerance) for name in ("hours", "revenue")]
    return [Dispersion(weight=1.0, weight_by="hours"), *balances]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.usefixtures("climbing")
def test_the_climb_comes_close_to_the_linear_program(seed):
    """The bound is at most the linear program's, and within a thousandth of it; the shares nearly keep the rows."""
    model = build(country(seed), rules())
    exact = relax_as_program(model)
    found = relax(model)
    assert exact.bound * (1 - 1e-3) <= found.bound <= exact.bound * (1 + 1e-9)
    assert np.bincount(model.node, weights=found.share) == pytest.approx(np.ones(model.n))
    assert (found.share >= 0).all()
    assert (model.violation(model.rows @ found.share) / row_scale(model)).max() < 0.05
    assert model.cost[0] @ found.share == pytest.approx(exact.bound, rel=0.02)


def relax_as_program(model):
    """Relax by the linear program, whatever the size."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ascent, "SUITED_NODES", model.n + 1)
        return relax(model)


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.usefixtures("climbing")
def test_no_bound_is_above_the_best_plan(seed):
    """On small odd models, with families, soft rows and missing pairs, no plan beats the bound."""
    problem, criteria, model = random_case(seed)
    best = best_by_enumeration(problem, criteria)
    found = relax(model)
    if best is None:
        return
    assert found.violation == 0
    assert found.bound <= best[0] + 1e-6 * max(1.0, abs(best[0]))


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.usefixtures("climbing")
def test_soft_rows_are_worth_their_price_at_most(seed):
    """Where balance is an aim with a price, the bound is still close to the linear program's."""
    aims = [Dispersion(weight=1.0), Balance(activity="hours", weight=0.05), Disruption(limit=0.5)]
    model = build(country(seed, units=60), aims)
    exact, found = relax_as_program(model), relax(model)
    price = np.where(model.hard, np.inf, model.price)
    assert (np.abs(found.multiplier) <= price * (1 + 1e-9)).all()
    assert exact.bound - 2e-3 * abs(exact.bound) <= found.bound <= exact.bound + 1e-7 * abs(exact.bound)


@pytest.mark.usefixtures("climbing")
def test_what_cannot_hold_is_proven():
    """A unit with more hours than its only seller may have: no plan, and the clash names its limit."""
    model = build(country(largest=300.0), rules())
    found = relax(model)
    assert found.violation > 0
    assert found.bound == np.inf
    assert found.violation <= relax_as_program(model).violation + 1e-9
    assert any("hours" in name for name in found.clash)


def relax_as_program_level(model, caps):
    """Bound of the second level by the linear program."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ascent, "SUITED_NODES", model.n + 1)
        return relax(model, 1, caps).bound


def with_owners(problem, current):
    """Give every account a seller today."""
    return replace(problem, accounts=replace(problem.accounts, current=current))


@pytest.mark.usefixtures("climbing")
def test_a_level_after_another_keeps_to_its_cap():
    """The cap on moves raises the bound on travel, as far as the linear program says."""
    aims = [Disruption(weight=1.0), Dispersion(weight=1.0, priority=2)]
    problem = country()
    moved = problem.accounts.current.copy()
    moved[:] = np.arange(problem.n) % problem.k
    model = build(with_owners(problem, moved), aims)
    caps = np.array([0.3 * problem.n])
    assert suited(model, 1)
    exact = [relax_as_program_level(model, cap) for cap in (caps, 3 * caps)]
    found = [relax(model, 1, cap).bound for cap in (caps, 3 * caps)]
    for at in range(2):
        assert exact[at] * (1 - 2e-3) <= found[at] <= exact[at] * (1 + 1e-9)
    assert found[0] > found[1]


@pytest.mark.usefixtures("climbing")
def test_prices_in_an_earlier_level_are_left_to_the_linear_program():
    """A priced row of a level that is capped is not climbed."""
    aims = [Balance(activity="hours", weight=1.0), Dispersion(weight=1.0, priority=2)]
    model = build(country(), aims)
    assert suited(model, 0)
    assert not suited(model, 1)


def test_the_climb_repeats():
    """The same model gives the same bytes."""
    model = build(country(3), rules())
    first, again = climb(model, 0, NO_CAPS), climb(model, 0, NO_CAPS)
    assert first.multiplier.tobytes() == again.multiplier.tobytes()
    assert first.share.tobytes() == again.share.tobytes()
    assert first.rounds == again.rounds
