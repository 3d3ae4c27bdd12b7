"""Limits, by numbers that a person can check."""

import numpy as np
import pytest
from made_grid import by_place, grid
from pydantic import ValidationError

from spm_opt.criteria import Limits
from spm_opt.criteria.terms import Reference

COLUMNS = ("W", "M", "E")


def columns():
    """Make a 3 x 3 grid with 1 to 9 hours: the columns W, M, E carry 12, 15 and 18."""
    return grid(3, 3, COLUMNS, account=lambda x, y: {"hours": 1.0 + x + 3 * y})


def judged(criterion):
    problem = columns()
    return criterion.judge(problem, by_place(problem, lambda x, _: COLUMNS[int(x)]), problem.seat)


def test_value_is_the_mean_excess_in_percent_of_the_limit():
    """W lacks 3 of 15 hours, E has 3 more than 15: twice 20 % over three territories."""
    measure = judged(Limits(activity="hours", lower=15, upper=15, hard=False))
    assert measure.value == pytest.approx(40 / 3)
    assert (measure.unit, measure.limit, measure.holds) == ("% mean excess over limits", "", True)
    assert measure.title == "limits of hours"
    np.testing.assert_allclose(measure.local["hours"], [12, 15, 18])


def test_breaches_name_the_territory_the_side_and_the_limit():
    """W is one below 13, E two above 16."""
    measure = judged(Limits(activity="hours", lower=13, upper=16))
    assert [(b.subject, b.amount) for b in measure.breaches] == [("W", 1.0), ("E", 2.0)]
    assert [b.text for b in measure.breaches] == [
        "W: hours 12 is below its limit 13",
        "E: hours 18 is above its limit 16",
    ]
    assert measure.limit == "hours at least 13 and at most 16 in every territory"


def test_limits_reached_exactly_hold():
    """From 12 to 18 is what there is; one limit alone is enough of a rule."""
    assert judged(Limits(activity="hours", lower=12, upper=18)).holds
    assert judged(Limits(activity="hours", lower=12)).limit == "hours at least 12 in every territory"
    assert judged(Limits(activity="hours", upper=18)).limit == "hours at most 18 in every territory"


def test_rows_are_hard_or_priced():
    """Hard limits are one row a territory; soft ones a priced row for each limit that there is."""
    (hard,) = Limits(activity="hours", lower=13, weight=2.0).terms(columns()).rows
    assert np.isinf(hard.price)
    assert hard.labels == COLUMNS
    assert hard.lower.tolist() == [13.0] * 3
    assert not np.isfinite(hard.upper).any()
    low, high = Limits(activity="hours", lower=10, upper=20, hard=False, weight=2.0).terms(columns()).rows
    np.testing.assert_allclose(low.lower, [100 / 3] * 3)
    np.testing.assert_allclose(high.upper, [100 / 3] * 3)
    assert not np.isfinite(low.upper).any()
    assert not np.isfinite(high.lower).any()
    assert Limits(activity="hours", upper=20, hard=False).terms(columns()).rows == ()


def test_beyond_a_limit_of_nothing_each_hour_counts_whole():
    """All 45 hours lie above an upper limit of 0: 4500 % over three territories."""
    assert judged(Limits(activity="hours", upper=0, hard=False)).value == pytest.approx(1500)


def test_references_are_the_activity():
    """The activity must exist."""
    assert Limits(activity="hours", lower=1).references() == (Reference("activity", "hours", "activity"),)


@pytest.mark.parametrize(
    "wrong",
    [
        {"lower": 1},
        {"activity": "hours"},
        {"activity": "hours", "lower": 2, "upper": 1},
        {"activity": "hours", "lower": -1},
        {"activity": "hours", "upper": float("inf")},
        {"activity": "hours", "upper": 1, "tolerance": 0.1},
    ],
)
def test_wrong_settings_are_refused(wrong):
    """No limit at all, limits the wrong way round, out of range, unknown: refused."""
    with pytest.raises(ValidationError):
        Limits(**wrong)
