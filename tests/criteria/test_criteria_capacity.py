"""Capacity, by numbers that a person can check."""

import numpy as np
import pytest
from made_grid import by_place, grid
from pydantic import ValidationError

from spm_opt.criteria import Capacity
from spm_opt.criteria.terms import Reference

COLUMNS = ("W", "M", "E")
LIMITS = {"W": 10.0, "M": 20.0}  # nothing is said of E


def columns(capacity):
    """Make a 3 x 3 grid with 1 to 9 hours: the columns W, M, E carry 12, 15 and 18."""
    return grid(3, 3, COLUMNS, account=lambda x, y: {"hours": 1.0 + x + 3 * y}, capacity=capacity)


def judged(criterion, problem):
    return criterion.judge(problem, by_place(problem, lambda x, _: COLUMNS[int(x)]), problem.seat)


def test_value_is_the_mean_overload_in_percent():
    """W is 20 % over, M is under, E has no limit: a third of 20 % on average."""
    measure = judged(Capacity(activity="hours", hard=False), columns(LIMITS))
    assert measure.value == pytest.approx(20 / 3)
    assert measure.unit == "% mean overload"
    assert measure.title == "capacity for hours"
    assert measure.limit == ""
    assert measure.holds


def test_local_columns_are_size_capacity_and_use():
    """Use is the part of the capacity that is taken, and unknown where the capacity is."""
    local = judged(Capacity(activity="hours"), columns(LIMITS)).local
    np.testing.assert_allclose(local["hours"], [12, 15, 18])
    np.testing.assert_allclose(local["capacity"], [10, 20, np.inf])
    np.testing.assert_allclose(local["capacity_used"], [1.2, 0.75, np.nan])


def test_breaches_name_the_territory_and_the_excess():
    """A hard capacity with 10 % overload allows W 11 hours, one less than it has."""
    measure = judged(Capacity(activity="hours", overload=0.1), columns(LIMITS))
    (breach,) = measure.breaches
    assert breach.subject == "W"
    assert breach.amount == pytest.approx(1.0)
    assert breach.text == "W: hours 12 exceeds its limit 11"
    assert measure.limit == "hours at most 110 % of capacity"


def test_a_limit_reached_exactly_holds():
    """Twenty percent over is within an overload of twenty percent."""
    assert judged(Capacity(activity="hours", overload=0.2), columns(LIMITS)).holds


def test_a_capacity_of_nothing_counts_hours():
    """A seller who can carry nothing is overloaded by each hour as by a whole capacity of one."""
    measure = judged(Capacity(activity="hours"), columns({"W": 0.0}))
    assert measure.value == pytest.approx(100 * 12 / 3)
    assert [b.subject for b in measure.breaches] == ["W"]
    problem = columns({"W": 0.0})
    (priced,) = Capacity(activity="hours", hard=False, weight=1.0).terms(problem).rows
    used = np.isin(problem.arcs.unit, [0, 1, 2]) & (problem.arcs.territory == 0)
    assert (priced.matrix @ used)[0] - priced.upper[0] == pytest.approx(measure.value)


def test_rows_are_only_of_known_capacities():
    """E gets neither a hard nor a priced row."""
    hard, priced = Capacity(activity="hours", overload=0.1, weight=1.0).terms(columns(LIMITS)).rows
    assert hard.labels == priced.labels == ("W", "M")
    np.testing.assert_allclose(hard.upper, [11, 22])
    np.testing.assert_allclose(priced.upper, [100 / 3, 100 / 3])
    assert not np.isfinite(hard.lower).any()
    assert Capacity(activity="hours", hard=False).terms(columns(LIMITS)).rows == ()


def test_references_are_the_activity():
    """The activity must exist."""
    assert Capacity(activity="hours").references() == (Reference("activity", "hours", "activity"),)


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"activity": "hours", "overload": -0.1},
        {"activity": "hours", "overload": float("inf")},
        {"activity": "hours", "hard": "perhaps"},
        {"activity": "hours", "limit": 3},
    ],
)
def test_wrong_settings_are_refused(wrong):
    """Missing, out of range, unknown: no such settings come through."""
    with pytest.raises(ValidationError):
        Capacity(**wrong)
