"""Families, on five accounts assigned singly."""

import numpy as np
import pytest
from made_grid import plan_of
from made_problem import problem_of
from pydantic import ValidationError

from spm_opt.criteria import Families


def two_families():
    """Make families a, b and c, d, and e alone."""
    return problem_of(
        [
            {"id": "a", "family": 0},
            {"id": "b", "family": 0},
            {"id": "c", "family": 1},
            {"id": "d", "family": 1},
            {"id": "e"},
        ],
        ("A", "B"),
    )


def test_families_together_hold():
    """Each family with one seller: nothing is split."""
    problem = two_families()
    measure = Families().judge(problem, plan_of(problem, a="A", b="A", c="B", d="B", e="A"), problem.seat)
    assert (measure.value, measure.unit, measure.holds) == (0.0, "families split", True)
    assert measure.limit == "every family with one seller"
    assert measure.title == "families kept together"


def test_breaches_name_the_family_and_its_sellers():
    """A family split in two is one breach of amount one, by the name of its first member."""
    problem = two_families()
    measure = Families().judge(problem, plan_of(problem, a="A", b="A", c="B", d="A", e="A"), problem.seat)
    (breach,) = measure.breaches
    assert (measure.value, breach.subject, breach.amount) == (1.0, "c", 1.0)
    assert breach.text == "the family of c is split between A and B"


def test_a_member_without_a_seller_is_apart():
    """Nobody is not a seller one can share."""
    problem = two_families()
    measure = Families().judge(problem, plan_of(problem, a="", b="A", c="B", d="B", e="A"), problem.seat)
    assert measure.breaches[0].text == "the family of a is split between nobody and A"


def test_the_engine_is_asked_to_contract():
    """Members share a label; others have one of their own."""
    together = Families().terms(two_families()).together
    assert together[0] == together[1]
    assert together[2] == together[3]
    assert len(np.unique(together)) == 3
    assert Families().references() == ()


def test_wrong_settings_are_refused():
    """It has no settings of its own."""
    with pytest.raises(ValidationError):
        Families(level="parent")
