"""Dispersion, by distances on a 3 x 3 grid of km."""

import numpy as np
import pytest
from made_grid import by_place, grid
from pydantic import ValidationError

from spm_opt.criteria import Dispersion
from spm_opt.criteria.terms import Reference

SEATS = {"W": (0.0, 1.0), "E": (2.0, 1.0)}


def halves():
    """Make a 3 x 3 grid; W has the left column, E the other two; u22 carries 9 hours, others none but 1."""
    problem = grid(
        3,
        3,
        ("W", "E"),
        account=lambda x, y: {"hours": 9.0 if (x, y) == (2, 2) else 1.0},
        singles=[{"id": "z", "hours": 5.0}],
        seats=SEATS,
    )
    return problem, by_place(problem, lambda x, _: "W" if x == 0 else "E")


def test_value_is_the_mean_distance():
    """Three units at 1, 0, 1 km and six at 1, 0, 1, sqrt 2, 1, sqrt 2: their mean over nine."""
    problem, territory = halves()
    measure = Dispersion().judge(problem, territory, problem.seat)
    west, east = 2.0, 2.0 + 1.0 + 2 * np.sqrt(2)
    assert measure.value == pytest.approx((west + east) / 9)
    assert (measure.unit, measure.title, measure.limit, measure.holds) == ("km", "travel", "", True)
    np.testing.assert_allclose(measure.local["mean_travel_km"], [west / 3, east / 6])


def test_value_can_be_weighted():
    """With 9 of 17 hours in u22 at 1 km, and the single account without a place left out."""
    problem, territory = halves()
    measure = Dispersion(weight_by="hours").judge(problem, territory, problem.seat)
    assert measure.value == pytest.approx((2 + 9 + 1 + 1 + 2 * np.sqrt(2)) / 17)
    assert measure.title == "travel weighted by hours"


def test_power_two_is_the_moment_of_inertia():
    """Squared distances: 2 km2 in the west, 1 + 1 + 1 + 2 + 2 in the east, over nine units."""
    problem, territory = halves()
    measure = Dispersion(power=2).judge(problem, territory, problem.seat)
    assert measure.value == pytest.approx((2 + 7) / 9)
    assert measure.unit == "km^2"


def test_distances_are_measured_to_the_centers_given():
    """With both centers in the middle the grid lies 4 x 1 + 4 x sqrt 2 km from them."""
    problem, territory = halves()
    center = np.ones((2, 2))
    value = Dispersion().judge(problem, territory, center).value
    assert value == pytest.approx((4 + 4 * np.sqrt(2)) / 9)


def test_costs_are_weighted_distances_and_nothing_where_the_seat_is_unknown():
    """An arc costs its share of the mean; a territory without a seat costs nothing until it has a center."""
    problem, _ = halves()
    cost = Dispersion().terms(problem).cost
    assert cost[problem.arcs.of(problem.unit_ids.index("u00"), 1)] == pytest.approx(np.sqrt(5) / 9)
    assert cost[problem.arcs.of(problem.unit_ids.index("z"), 1)] == 0.0
    vacant = grid(3, 3, ("W", "E"), seats={"W": SEATS["W"]})
    cost = Dispersion().terms(vacant).cost
    assert cost[vacant.arcs.territory == 1].max() == 0.0
    assert cost[vacant.arcs.territory == 0].max() > 0.0


def test_a_weight_of_nothing_costs_nothing():
    """Where the activity is nowhere, the mean is zero rather than undefined."""
    problem, territory = halves()
    assert Dispersion(weight_by="revenue").judge(problem, territory, problem.seat).value == 0.0


def test_references_are_the_activity_if_one_is_named():
    """Plain travel refers to nothing."""
    assert Dispersion().references() == ()
    assert Dispersion(weight_by="hours").references() == (Reference("activity", "hours", "weight_by"),)


@pytest.mark.parametrize(
    "wrong", [{"power": 0}, {"power": 5}, {"power": float("nan")}, {"center": "best"}, {"by": "hours"}]
)
def test_wrong_settings_are_refused(wrong):
    """Out of range or unknown: no such settings come through."""
    with pytest.raises(ValidationError):
        Dispersion(**wrong)
