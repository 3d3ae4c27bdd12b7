"""Skills, on three accounts and two sellers."""

import numpy as np
import pytest
from made_grid import plan_of
from made_problem import problem_of
from pydantic import ValidationError

from spm_opt.criteria import Skills


def clinic():
    """Make accounts that need nothing, French, or French and surgery; A has French, B both."""
    return problem_of(
        [{"id": "a"}, {"id": "f", "requires": {"french"}}, {"id": "s", "requires": {"french", "surgery"}}],
        ("A", "B", "C"),
        skills={"A": {"french"}, "B": {"french", "surgery"}},
    )


def test_arcs_to_sellers_who_lack_a_skill_are_removed():
    """The plain account may go anywhere, the French one to A or B, the surgical one to B."""
    problem = clinic()
    assert np.array_equal(
        Skills().removed(problem), [False, False, False, False, False, True, True, False, True]
    )


def test_nothing_is_removed_where_nothing_is_required():
    """Without requirements there is no array to make."""
    assert Skills().removed(problem_of([{"id": "a"}], ("A",), skills={"A": {"french"}})) is None


def test_a_plan_with_every_skill_holds():
    """Every required skill present: no unit without."""
    problem = clinic()
    measure = Skills().judge(problem, plan_of(problem, a="C", f="A", s="B"), problem.seat)
    assert (measure.value, measure.unit, measure.limit, measure.holds) == (
        0.0, "units without the skill", "every required skill present", True,
    )  # fmt: skip
    assert measure.title == "skills"


def test_breaches_name_the_seller_and_every_lack():
    """C lacks both skills for s and French for f; that is two units."""
    problem = clinic()
    measure = Skills().judge(problem, plan_of(problem, a="C", f="C", s="C"), problem.seat)
    assert measure.value == 2.0
    assert [b.text for b in measure.breaches] == ["f: C lacks french", "s: C lacks french, surgery"]
    assert [(b.subject, b.amount) for b in measure.breaches] == [("f", 1.0), ("s", 1.0)]


def test_units_without_a_territory_are_not_asked():
    """A unit that nobody has is the checker's business."""
    problem = clinic()
    assert Skills().judge(problem, plan_of(problem, a="", f="", s=""), problem.seat).holds


def test_references_and_settings():
    """It names nothing and has no settings of its own."""
    assert Skills().references() == ()
    with pytest.raises(ValidationError):
        Skills(required=("french",))
