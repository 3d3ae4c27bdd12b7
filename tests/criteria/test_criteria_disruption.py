"""Disruption, account by account on a row of three units."""

import numpy as np
import pytest
from made_grid import plan_of
from made_problem import problem_of
from pydantic import ValidationError

from spm_opt.criteria import Disruption
from spm_opt.criteria.terms import Reference

ACCOUNTS = (
    {"id": "a1", "unit": "u1", "revenue": 30.0, "seller": "A"},
    {"id": "a2", "unit": "u1", "revenue": 10.0, "seller": "B"},
    {"id": "a3", "unit": "u2", "revenue": 50.0, "seller": "B"},
    {"id": "a4", "unit": "u3", "revenue": 10.0, "seller": "A"},
    {"id": "a5", "unit": "u3", "revenue": 99.0},  # nobody's today, so it cannot be moved
)


def shared():
    """Make three units; A and B share the first, and the plan gives the third from A to B."""
    problem = problem_of(ACCOUNTS, ("A", "B"))
    return problem, plan_of(problem, u1="A", u2="B", u3="B")


def test_value_is_the_share_of_accounts_that_move():
    """Of four accounts with a seller, a2 and a4 move: one half."""
    problem, territory = shared()
    measure = Disruption().judge(problem, territory, problem.seat)
    assert measure.value == pytest.approx(50.0)
    assert (measure.title, measure.unit, measure.limit) == ("accounts moved", "% of accounts", "")


def test_value_can_be_the_share_of_an_activity():
    """Ten of A's and ten of B's revenue, of a hundred that have a seller."""
    problem, territory = shared()
    measure = Disruption(of="revenue").judge(problem, territory, problem.seat)
    assert measure.value == pytest.approx(20.0)
    np.testing.assert_allclose(measure.local["revenue_lost"], [10, 10])
    np.testing.assert_allclose(measure.local["revenue_gained"], [10, 10])


def test_breach_says_by_how_much():
    """A fifth moves where fifteen percent may: five points too many."""
    problem, territory = shared()
    measure = Disruption(of="revenue", limit=0.15).judge(problem, territory, problem.seat)
    (breach,) = measure.breaches
    assert (breach.subject, breach.amount) == ("all", pytest.approx(0.05))
    assert breach.text == "20.00% of revenue moves, more than 15.00% allowed"
    assert measure.limit == "at most 15 % of revenue"


def test_a_limit_reached_exactly_holds():
    """A fifth is within a fifth, and nothing within nothing."""
    problem, territory = shared()
    assert Disruption(of="revenue", limit=0.2).judge(problem, territory, problem.seat).holds
    still = problem_of(ACCOUNTS[2:], ("A", "B"))
    stay = plan_of(still, u2="B", u3="A")
    assert Disruption(limit=0.0).judge(still, stay, still.seat).holds


def test_arcs_cost_what_would_move():
    """Unit u1 costs 10 % of revenue with A and 30 % with B; the account nobody has costs nothing."""
    problem, _ = shared()
    terms = Disruption(of="revenue", limit=0.2).terms(problem)
    np.testing.assert_allclose(terms.cost, [10, 30, 50, 0, 0, 10])
    (rows,) = terms.rows
    np.testing.assert_allclose(rows.matrix.toarray(), [[10, 30, 50, 0, 0, 10]])
    assert (rows.upper[0], rows.lower[0], rows.price) == (pytest.approx(20.0), -np.inf, np.inf)


def test_without_an_incumbent_nothing_moves():
    """Where nobody has a seller today, and where the activity is nowhere, the share is zero."""
    problem = problem_of([{"id": "a", "revenue": 5.0}], ("A", "B"))
    assert (
        Disruption(of="revenue", limit=0.0).judge(problem, plan_of(problem, a="A"), problem.seat).value == 0
    )
    assert not Disruption(of="revenue", limit=0.0).terms(problem).cost.any()
    problem, territory = shared()
    assert Disruption(of="hours").judge(problem, territory, problem.seat).value == 0


def test_an_account_left_without_a_seller_is_lost_and_gained_by_nobody():
    """A unit without a territory counts as moved."""
    problem, _ = shared()
    measure = Disruption().judge(problem, plan_of(problem, u1="A", u2="", u3="A"), problem.seat)
    np.testing.assert_allclose(measure.local["accounts_lost"], [0, 2])
    np.testing.assert_allclose(measure.local["accounts_gained"], [1, 0])
    assert measure.value == pytest.approx(50.0)


def test_references_are_the_activity_unless_accounts_are_counted():
    """Accounts always exist."""
    assert Disruption().references() == ()
    assert Disruption(of="revenue").references() == (Reference("activity", "revenue", "of"),)


@pytest.mark.parametrize("wrong", [{"limit": -0.1}, {"limit": 1.1}, {"limit": float("nan")}, {"off": "x"}])
def test_wrong_settings_are_refused(wrong):
    """Out of range or unknown: no such settings come through."""
    with pytest.raises(ValidationError):
        Disruption(**wrong)
