"""Accounts kept apart, on four accounts in three units."""

import numpy as np
import pytest
from made_grid import plan_of
from made_problem import problem_of
from pydantic import ValidationError

from spm_opt.criteria import Apart
from spm_opt.criteria.terms import Reference

PROBLEM = problem_of(
    [{"id": "a1", "unit": "u"}, {"id": "a2", "unit": "u"}, {"id": "v"}, {"id": "w"}],
    ("A", "B"),
    forbidden=[("w", "B")],
)


def test_every_two_of_a_list_are_looked_at():
    """Of three with one seller every two are a pair; an account stands for its unit."""
    rule = Apart(apart=(("a1", "v", "w"),))
    measure = rule.judge(PROBLEM, plan_of(PROBLEM, u="A", v="A", w="A"), PROBLEM.seat)
    assert (measure.value, measure.unit, measure.limit) == (
        3.0,
        "pairs with one seller",
        "none of them share a seller",
    )
    assert [b.text for b in measure.breaches] == [
        "a1 and v: both with A",
        "a1 and w: both with A",
        "v and w: both with A",
    ]
    assert [(b.subject, b.amount) for b in measure.breaches] == [("u", 1.0), ("u", 1.0), ("v", 1.0)]


def test_pairs_with_different_sellers_or_none_hold():
    """Apart is apart, and what nobody has is shared by nobody."""
    rule = Apart(apart=(("u", "v"), ("v", "w")))
    assert rule.judge(PROBLEM, plan_of(PROBLEM, u="A", v="B", w="A"), PROBLEM.seat).holds
    assert rule.judge(PROBLEM, plan_of(PROBLEM, u="", v="", w=""), PROBLEM.seat).holds


def test_rows_let_one_of_a_list_go_to_a_territory():
    """A row for each territory that two could have; w cannot go to B, so no row of v and w for it."""
    (rows,) = Apart(apart=(("u", "v"), ("v", "w"))).terms(PROBLEM).rows
    assert rows.labels == ("u, v with A", "u, v with B", "v, w with A")
    assert rows.upper.tolist() == [1.0] * 3
    assert np.isinf(rows.price)
    pairs = [(PROBLEM.unit_ids[u], PROBLEM.territory_ids[t]) for u, t in zip(
        PROBLEM.arcs.unit, PROBLEM.arcs.territory, strict=True)]  # fmt: skip
    assert [[pairs[a] for a in np.flatnonzero(row)] for row in rows.matrix.toarray()] == [
        [("u", "A"), ("v", "A")],
        [("u", "B"), ("v", "B")],
        [("v", "A"), ("w", "A")],
    ]


def test_accounts_of_one_unit_cannot_be_apart():
    """Both forms say so: the row counts the unit twice, and every plan breaks the rule."""
    rule = Apart(apart=(("a1", "a2"),))
    (rows,) = rule.terms(PROBLEM).rows
    assert rows.matrix.max() == 2.0
    assert not rule.judge(PROBLEM, plan_of(PROBLEM, u="A", v="B", w="A"), PROBLEM.seat).holds


def test_references_are_every_name():
    """Each account or unit of each list."""
    assert Apart(apart=(("a1", "v"),)).references() == (
        Reference("account or unit", "a1", "apart"),
        Reference("account or unit", "v", "apart"),
    )


@pytest.mark.parametrize(
    "wrong", [{}, {"apart": []}, {"apart": [["a"]]}, {"apart": [["a", "a"]]}, {"apart": ["ab"], "hard": 1}]
)
def test_wrong_settings_are_refused(wrong):
    """No list, a list of one, one twice, unknown: refused."""
    with pytest.raises(ValidationError):
        Apart(**wrong)
