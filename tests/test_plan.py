"""Alignments made from units, and today's."""

import numpy as np
from made_problem import problem_of

from spm_opt.plan import Alignment
from spm_opt.problem import NONE


def shops():
    """Make unit u with four accounts of A, B and B, one of nobody, and unit v that is nobody's."""
    return problem_of(
        [
            {"id": "a1", "unit": "u", "seller": "A"},
            {"id": "a2", "unit": "u", "seller": "B"},
            {"id": "a3", "unit": "u", "seller": "B"},
            {"id": "a4", "unit": "u"},
            {"id": "a5", "unit": "v"},
        ],
        ("A", "B"),
        seats={"A": (1.0, 2.0)},
    )


def test_accounts_follow_their_units():
    """Every account has the territory of its unit, and centers are the seats unless others are given."""
    problem = shops()
    alignment = Alignment.of_units(problem, np.array([1, 0]))
    assert alignment.account_territory.tolist() == [1, 1, 1, 1, 0]
    np.testing.assert_array_equal(alignment.center, problem.seat)
    center = np.zeros((2, 2))
    assert Alignment.of_units(problem, np.array([1, 0]), center).center is center


def test_names_are_the_problems():
    """An alignment carries the names it needs to be read alone."""
    alignment = Alignment.of_units(shops(), np.array([1, 0]))
    assert alignment.account_ids == ("a1", "a2", "a3", "a4", "a5")
    assert (alignment.unit_ids, alignment.territory_ids) == (("u", "v"), ("A", "B"))
    assert alignment.account_unit.tolist() == [0, 0, 0, 0, 1]


def test_today_is_kept_account_by_account():
    """A shared unit shows with the seller of most of its accounts, an unowned one with nobody."""
    today = Alignment.incumbent(shops())
    assert today.account_territory.tolist() == [0, 1, 1, NONE, NONE]
    assert today.unit_territory.tolist() == [1, NONE]


def test_today_of_a_company_without_sellers_of_record_is_empty():
    """No account has a seller: no unit has one."""
    today = Alignment.incumbent(problem_of([{"id": "a"}, {"id": "b"}], ("A",)))
    assert today.unit_territory.tolist() == [NONE, NONE]


def test_a_tie_goes_to_the_first_territory():
    """One account each: the first territory shows, in every run."""
    rows = [{"id": "a", "unit": "u", "seller": "B"}, {"id": "b", "unit": "u", "seller": "A"}]
    assert Alignment.incumbent(problem_of(rows, ("A", "B"))).unit_territory.tolist() == [0]
