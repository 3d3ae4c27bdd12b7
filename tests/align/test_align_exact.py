"""The exact method and its second opinion, against enumeration."""

from dataclasses import replace

import numpy as np
import pytest
from made_grid import grid
from made_random import best_by_enumeration, in_pieces, random_case

from spm_opt.align import exact as exact_module
from spm_opt.align.exact import prove
from spm_opt.align.model import build
from spm_opt.align.second import second_opinion
from spm_opt.criteria import Balance, Contiguity, Dispersion

NO_CAPS = np.zeros(0)


def proof_of(model, level=0, caps=NO_CAPS, time=5.0, hint=None):
    return prove(model, hint, level=level, caps=caps, deterministic_time=time, seed=1)


def torn_row():
    """Make a row of five whose ends only A may have, and whose middle only B may."""
    problem = grid(
        5,
        1,
        ("A", "B"),
        forbidden=[("u00", "B"), ("u40", "B"), ("u20", "A")],
        seats={"A": (0.0, 0.0), "B": (2.0, 0.0)},
    )
    return build(problem, [Contiguity(), Dispersion(weight=1.0)])


@pytest.mark.parametrize("seed", range(40))
def test_the_first_level_is_the_best_of_all_plans(seed):
    """CP-SAT and HiGHS both come to the best value by enumeration, or both to there being none."""
    problem, criteria, model = random_case(seed, units=5, map_share=[0.0, 0.6, 1.0][seed % 3])
    best, proof = best_by_enumeration(problem, criteria), proof_of(model)
    second = second_opinion(model, 0, NO_CAPS, [])
    assert proof.proven
    if best is None:
        assert proof.territory is None
        assert proof.bound == second == np.inf
    else:
        assert model.value(proof.territory)[0] == pytest.approx(best[0], rel=1e-6, abs=1e-6)
        assert proof.bound == pytest.approx(best[0], rel=1e-6, abs=1e-6)
        assert second == pytest.approx(best[0], rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("seed", range(12))
def test_later_levels_keep_the_earlier_ones(seed):
    """With the first priority capped at its best, the second comes to its best among those plans."""
    problem, criteria, _ = random_case(200 + seed, units=5)
    criteria = [Balance(activity="hours", weight=1.0), Dispersion(weight=1.0, priority=2)]
    model, best = build(problem, criteria), best_by_enumeration(problem, criteria)
    proof = proof_of(model, 1, np.array([best[0] + 1e-6]))
    assert proof.proven
    np.testing.assert_allclose(model.value(proof.territory), best, rtol=1e-5, atol=1e-5)


def test_contiguity_alone_can_make_it_impossible():
    """The relaxation admits a row whose ends cannot meet; both methods prove that it does not exist."""
    proof = proof_of(torn_row())
    assert (proof.territory, proof.bound, proof.proven) == (None, np.inf, True)
    assert second_opinion(torn_row(), 0, NO_CAPS, []) == np.inf


def test_nothing_is_believed_that_the_second_opinion_denies(monkeypatch):
    """Where HiGHS does not confirm, neither infeasibility nor optimality counts as proven."""
    monkeypatch.setattr(exact_module, "second_opinion", lambda *_: -np.inf)
    proof = proof_of(torn_row())
    assert (proof.territory, proof.bound, proof.proven) == (None, -np.inf, False)
    _, _, model = random_case(3)
    assert not proof_of(model).proven


def test_the_plan_is_connected():
    """Stripes are dearest here, and yet the plan hangs together."""
    problem = grid(4, 4, ("A", "B"), seats={"A": (1.5, 0.0), "B": (1.5, 3.0)},
                   account=lambda x, y: {"hours": 1.0 + (x + y) % 2})  # fmt: skip
    model = build(problem, [Contiguity(), Balance(activity="hours", tolerance=0.1), Dispersion(weight=1.0)])
    proof = proof_of(model)
    assert proof.proven
    assert not in_pieces(problem, proof.territory)


def test_work_is_counted_and_the_same_twice():
    """Deterministic time repeats, and a budget of nothing proves little but does no harm."""
    _, _, model = random_case(5, units=7)
    first, again = proof_of(model), proof_of(model)
    assert first.work == again.work
    assert np.array_equal(first.territory, again.territory)
    short = proof_of(model, time=0.0)
    assert short.bound <= first.bound + 1e-6


def test_a_hint_does_not_change_the_optimum():
    """Starting from a poor plan leads to the same value."""
    _, _, model = random_case(5, units=7)
    poor = model.territory[model.start[1:] - 1]
    assert proof_of(model, hint=poor).bound == pytest.approx(proof_of(model).bound, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("factor", [1e-6, 1e6, 1 / 3])
def test_the_scale_of_points_and_rows_does_not_matter(factor):
    """In other units of money, hours and points the same plan is best."""
    problem, criteria, model = random_case(8, units=6)
    other = replace(
        model, cost=model.cost * factor, constant=model.constant * factor, price=model.price * factor
    )
    first, scaled = proof_of(model), proof_of(other)
    assert scaled.proven
    assert scaled.bound == pytest.approx(first.bound * factor, rel=1e-5, abs=1e-9)
    inflated = build(replace(problem, activity=problem.activity * factor, capacity=problem.capacity * factor,
                             accounts=replace(problem.accounts, activity=problem.accounts.activity * factor)),
                     criteria)  # fmt: skip
    assert proof_of(inflated).bound == pytest.approx(first.bound, rel=1e-5, abs=1e-9)
