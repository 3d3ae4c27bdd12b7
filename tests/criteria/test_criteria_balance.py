"""Balance, by numbers that a person can check."""

import numpy as np
import pytest
from made_grid import by_place, grid
from made_problem import problem_of
from pydantic import ValidationError

from spm_opt.criteria import Balance
from spm_opt.criteria.terms import Reference
from spm_opt.errors import ScenarioError

COLUMNS = ("W", "M", "E")


def columns(**more):
    """Make a 3 x 3 grid with 1 to 9 hours: the columns W, M, E carry 12, 15 and 18 of 45."""
    return grid(3, 3, COLUMNS, account=lambda x, y: {"hours": 1.0 + x + 3 * y}, **more)


def judged(criterion, problem):
    return criterion.judge(problem, by_place(problem, lambda x, _: COLUMNS[int(x)]), problem.seat)


def test_value_is_the_mean_deviation_in_percent():
    """Three territories 20 % below, at and 20 % above their mean deviate by 40/3 % on average."""
    measure = judged(Balance(activity="hours"), columns())
    assert measure.value == pytest.approx(40 / 3)
    assert measure.unit == "% mean deviation from target"
    assert measure.title == "balance of hours"
    assert (measure.limit, measure.breaches, measure.holds) == ("", (), True)


def test_local_columns_are_size_target_and_deviation():
    """Each territory shows what it carries, what it should, and how far it is off."""
    local = judged(Balance(activity="hours"), columns()).local
    np.testing.assert_allclose(local["hours"], [12, 15, 18])
    np.testing.assert_allclose(local["hours_target"], [15, 15, 15])
    np.testing.assert_allclose(local["hours_deviation"], [-0.2, 0, 0.2])


def test_breaches_name_the_territory_the_side_and_the_amount():
    """Beyond a tolerance of 15 %, the outer columns are each 5 points too far, and say so."""
    measure = judged(Balance(activity="hours", tolerance=0.15), columns())
    assert measure.limit == "every territory within 15 % of its target"
    assert [b.subject for b in measure.breaches] == ["W", "E"]
    assert [b.amount for b in measure.breaches] == pytest.approx([0.05, 0.05])
    assert measure.breaches[0].text == "W: hours 12 is 20.00% below its target 15, more than 15 % allowed"
    assert "20.00% above" in measure.breaches[1].text


def test_a_tolerance_reached_exactly_holds():
    """Twenty percent off is within a tolerance of twenty percent, whatever floating point adds."""
    assert judged(Balance(activity="hours", tolerance=0.2), columns()).holds


def test_targets_can_follow_capacity():
    """With capacities 1 : 1 : 3 the targets are 9, 9 and 27, and the deviations 1/3, 2/3 and -1/3."""
    problem = columns(capacity={"W": 10.0, "M": 10.0, "E": 30.0})
    measure = judged(Balance(activity="hours", target="capacity"), problem)
    np.testing.assert_allclose(measure.local["hours_target"], [9, 9, 27])
    assert measure.value == pytest.approx(100 * (1 / 3 + 2 / 3 + 1 / 3) / 3)


def test_targets_by_capacity_need_every_capacity():
    """A seller without a capacity has no share, and the message says what is needed."""
    with pytest.raises(ScenarioError, match="needs a capacity for every seller"):
        judged(Balance(activity="hours", target="capacity"), columns(capacity={"W": 10.0}))


def test_a_territory_that_should_have_nothing_may_have_nothing():
    """Where capacity gives a target of zero, anything carried breaks the rule and nothing keeps it."""
    problem = columns(capacity={"W": 0.0, "M": 10.0, "E": 10.0})
    rule = Balance(activity="hours", tolerance=9.0, target="capacity")
    (breach,) = judged(rule, problem).breaches
    assert (breach.subject, breach.amount) == ("W", 12.0)
    moved = by_place(problem, lambda x, _: "M" if x < 2 else "E")
    assert rule.judge(problem, moved, problem.seat).holds


def test_within_a_level_territories_are_compared_with_their_group():
    """W and M of one region share 27 hours, so they are 1.5 off 13.5 each; E is alone and at target."""
    region = {"region": {"W": "old", "M": "old", "E": "new"}}
    problem = columns(groups=region)
    measure = judged(Balance(activity="hours", within="region", tolerance=0.1), problem)
    np.testing.assert_allclose(measure.local["hours_target"], [13.5, 13.5, 18])
    assert measure.value == pytest.approx(100 * 2 * 1.5 / 13.5 / 3)
    assert measure.title == "balance of hours within region"
    assert [b.subject for b in measure.breaches] == ["W", "M"]


def test_within_a_level_no_unit_may_have_a_choice_of_groups():
    """A region's total is unknown while a unit may leave it; the message names such a unit and a way out."""
    problem = columns(groups={"region": {"W": "old", "M": "old", "E": "new"}})
    with pytest.raises(ScenarioError, match="unit u00 may go to more than one region"):
        Balance(activity="hours", within="region", tolerance=0.1).terms(problem)


def test_empty_territories_and_empty_problems_are_no_trouble():
    """Where nothing is carried at all nothing deviates; where nothing is eligible the rows are empty."""
    problem = grid(3, 1, COLUMNS, account=lambda _x, _y: {})
    assert judged(Balance(activity="hours", tolerance=0.1), problem).value == 0.0
    problem = problem_of([{"id": "a", "hours": 1.0}], ["T"], forbidden=[("a", "T")])
    (rows,) = Balance(activity="hours", tolerance=0.1).terms(problem).rows
    assert rows.matrix.shape == (1, 0)


def test_rows_are_hard_within_the_tolerance_and_priced_at_the_target():
    """The model gets a hard row and a priced row a territory, in hours and in percent of target over three."""
    hard, priced = Balance(activity="hours", tolerance=0.2, weight=7.0).terms(columns()).rows
    np.testing.assert_allclose(hard.lower, [12, 12, 12])
    np.testing.assert_allclose(hard.upper, [18, 18, 18])
    assert (hard.price, priced.price) == (np.inf, 1.0)
    np.testing.assert_allclose(priced.lower, [100 / 3] * 3)
    np.testing.assert_allclose(priced.upper, priced.lower)
    assert hard.labels == priced.labels == COLUMNS


def test_references_are_the_activity_and_the_level():
    """What must exist in the tables is named with the key that names it."""
    assert Balance(activity="hours").references() == (Reference("activity", "hours", "activity"),)
    assert Balance(activity="hours", within="region").references()[1] == Reference(
        "level", "region", "within"
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"activity": "hours", "tolerance": 0.0},
        {"activity": "hours", "tolerance": -0.1},
        {"activity": "hours", "tolerance": 10.0},
        {"activity": "hours", "tolerance": float("nan")},
        {"activity": "hours", "target": "most"},
        {"activity": "hours", "weight": -1.0},
        {"activity": "hours", "weight": float("inf")},
        {"activity": "hours", "priority": 0},
        {"activity": "hours", "tollerance": 0.1},
    ],
)
def test_wrong_settings_are_refused(wrong):
    """Missing, out of range, unknown: no such settings come through."""
    with pytest.raises(ValidationError):
        Balance(**wrong)
