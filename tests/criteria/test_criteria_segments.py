"""Counts of accounts of a segment, on five accounts."""

from dataclasses import replace

import numpy as np
import pytest
from made_grid import plan_of
from made_problem import problem_of
from pydantic import ValidationError

from spm_opt.criteria import Segments
from spm_opt.criteria.terms import Reference


def five():
    """Make unit u with two clinics and a lab, and single accounts v (a clinic) and w (a lab)."""
    problem = problem_of(
        [*({"id": f"a{i}", "unit": "u"} for i in range(3)), {"id": "v"}, {"id": "w"}], ("A", "B")
    )
    segment = ("clinic", "clinic", "lab", "clinic", "lab")
    return replace(problem, accounts=replace(problem.accounts, segment=segment))


def test_accounts_are_counted_account_by_account():
    """A has the two clinics of u, B has v: two accounts too few of three, one too many of one."""
    problem = five()
    plan = plan_of(problem, u="A", v="B", w="B")
    few = Segments(segment="clinic", lower=3).judge(problem, plan, problem.seat)
    assert few.local["clinic_accounts"].tolist() == [2.0, 1.0]
    assert (few.value, few.unit) == (3.0, "accounts missing or too many")
    assert [b.text for b in few.breaches] == [
        "A: has 2 of segment clinic, fewer than 3",
        "B: has 1 of segment clinic, fewer than 3",
    ]
    many = Segments(segment="clinic", lower=1, upper=1).judge(problem, plan, problem.seat)
    assert [(b.subject, b.amount, b.text) for b in many.breaches] == [
        ("A", 1.0, "A: has 2 of segment clinic, more than 1")
    ]
    assert many.limit == "at least 1 and at most 1 accounts of the segment in every territory"
    assert many.title == "accounts of segment clinic"
    assert Segments(segment="clinic", lower=1, upper=2).judge(problem, plan, problem.seat).holds


def test_rows_count_the_accounts_of_a_unit():
    """Unit u counts two clinics for whoever takes it, v one, w none."""
    problem = five()
    (rows,) = Segments(segment="clinic", lower=1).terms(problem).rows
    assert rows.matrix.toarray().tolist() == [[2, 0, 1, 0, 0, 0], [0, 2, 0, 1, 0, 0]]
    assert (rows.lower.tolist(), rows.labels) == ([1.0, 1.0], ("A", "B"))
    assert not np.isfinite(rows.upper).any()


def test_without_segments_nothing_is_counted():
    """Where no account has a segment, every territory has none of it."""
    problem = replace(five(), accounts=replace(five().accounts, segment=()))
    plan = plan_of(problem, u="A", v="B", w="B")
    assert Segments(segment="clinic", upper=0).judge(problem, plan, problem.seat).holds


def test_references_are_the_segment():
    """The segment must exist."""
    assert Segments(segment="lab", lower=1).references() == (Reference("segment", "lab", "segment"),)


@pytest.mark.parametrize(
    "wrong",
    [
        {"segment": "lab"},
        {"lower": 1},
        {"segment": "lab", "lower": 2, "upper": 1},
        {"segment": "lab", "lower": 0.5},
    ],
)
def test_wrong_settings_are_refused(wrong):
    """No limit, no segment, limits the wrong way round, half an account: refused."""
    with pytest.raises(ValidationError):
        Segments(**wrong)
