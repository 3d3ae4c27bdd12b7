"""Prescribed and forbidden pairs, and locks, on four accounts in three units."""

import numpy as np
import pytest
from made_grid import plan_of
from made_problem import problem_of
from pydantic import ValidationError

from spm_opt.criteria import Pairs
from spm_opt.criteria.terms import Reference


def three_units():
    """Make units u (holding a1 and a2), v and w; w is locked to B."""
    return problem_of(
        [
            {"id": "a1", "unit": "u"},
            {"id": "a2", "unit": "u"},
            {"id": "v"},
            {"id": "w", "locked": True, "seller": "B"},
        ],
        ("A", "B", "C"),
    )


def kept_of(criterion, problem):
    """Pairs of unit and seller that are left."""
    kept = problem.arcs.keep(~criterion.removed(problem))
    names = zip(kept.unit.tolist(), kept.territory.tolist(), strict=True)
    return {problem.unit_ids[u] + problem.territory_ids[t] for u, t in names}


def test_arcs_are_removed():
    """Prescribing leaves one pair (an account stands for its unit), forbidding takes one, a lock leaves one."""
    rule = Pairs(prescribed=(("a2", "C"),), forbidden=(("v", "A"),))
    assert kept_of(rule, three_units()) == {"uC", "vB", "vC", "wB"}


def test_locks_can_be_left_open():
    """Without locks the locked account may go anywhere."""
    assert kept_of(Pairs(locked=False, prescribed=(("u", "A"),)), three_units()) == {
        "uA", "vA", "vB", "vC", "wA", "wB", "wC",
    }  # fmt: skip


def test_a_plan_that_keeps_all_holds():
    """All pairs kept: none broken."""
    problem = three_units()
    rule = Pairs(prescribed=(("a2", "C"),), forbidden=(("v", "A"),))
    measure = rule.judge(problem, plan_of(problem, u="C", v="B", w="B"), problem.seat)
    assert (measure.value, measure.unit, measure.limit, measure.holds) == (
        0.0, "pairs broken", "every pair kept", True,
    )  # fmt: skip


def test_breaches_name_the_unit_and_the_seller():
    """Three rules broken are three breaches, each in its words."""
    problem = three_units()
    rule = Pairs(prescribed=(("a2", "C"),), forbidden=(("v", "A"),))
    measure = rule.judge(problem, plan_of(problem, u="A", v="A", w="C"), problem.seat)
    assert measure.value == 3.0
    assert [b.text for b in measure.breaches] == ["u: not with C", "v: with A", "w: locked to B, but moved"]
    assert [(b.subject, b.amount) for b in measure.breaches] == [("u", 1.0), ("v", 1.0), ("w", 1.0)]


def test_contradicting_pairs_leave_nothing():
    """Prescribing two sellers for one unit leaves it without a pair."""
    rule = Pairs(prescribed=(("a1", "A"), ("a2", "B")), locked=False)
    assert not any(pair.startswith("u") for pair in kept_of(rule, three_units()))


def test_references_are_every_name():
    """Accounts first, then sellers, each with its key."""
    rule = Pairs(prescribed=(("a2", "C"),), forbidden=(("v", "A"),))
    assert rule.references() == (
        Reference("account or unit", "a2", "prescribed"),
        Reference("account or unit", "v", "forbidden"),
        Reference("seller", "C", "prescribed"),
        Reference("seller", "A", "forbidden"),
    )
    assert Pairs().references() == ()
    assert np.array_equal(Pairs(locked=False).removed(three_units()), np.zeros(9, dtype=bool))


@pytest.mark.parametrize(
    "wrong", [{"prescribed": [["a"]]}, {"forbidden": [["a", "B", "C"]]}, {"locked": "maybe"}, {"pairs": []}]
)
def test_wrong_settings_are_refused(wrong):
    """A pair has two names; anything else is refused."""
    with pytest.raises(ValidationError):
        Pairs(**wrong)
