"""The travel limit, by distances on a line of km."""

from dataclasses import replace

import numpy as np
import pytest
from made_grid import grid, plan_of
from made_problem import problem_of
from pydantic import ValidationError

from spm_opt.criteria import Reach
from spm_opt.errors import ScenarioError

LINE = grid(4, 1, ("W", "E"), singles=[{"id": "z"}], seats={"W": (0.0, 0.0), "E": (3.0, 0.0)})


def kept_of(criterion, problem):
    """Pairs of unit and seller that are left."""
    kept = problem.arcs.keep(~criterion.removed(problem))
    names = zip(kept.unit.tolist(), kept.territory.tolist(), strict=True)
    return {problem.unit_ids[u] + problem.territory_ids[t] for u, t in names}


def test_arcs_that_are_too_long_are_removed():
    """Within 2 km of W lie the first three, of E the last three; z is nowhere and may go anywhere."""
    left = kept_of(Reach(limit=2.0), LINE)
    assert left == {"u00W", "u10W", "u20W", "u10E", "u20E", "u30E", "zW", "zE"}


def test_breaches_name_the_unit_the_travel_and_the_seat():
    """With a limit of 1 km, u20 with W is one km too far."""
    plan = plan_of(LINE, u00="W", u10="W", u20="W", u30="E", z="W")
    measure = Reach(limit=1.0).judge(LINE, plan, LINE.seat)
    (breach,) = measure.breaches
    assert (breach.subject, breach.amount) == ("u20", 1.0)
    assert breach.text == "u20: 2 from the seat of W, more than 1"
    assert (measure.value, measure.unit) == (1.0, "units beyond the limit")
    assert (measure.title, measure.limit) == ("travel limit", "no unit farther than 1 from its seat")
    assert measure.local["longest_travel"].tolist() == [2.0, 0.0]


def test_travel_that_was_given_counts_in_place_of_distance():
    """A road of 9 from u10 to W is too long for a limit of 2, though the place is near."""
    arc = LINE.arcs.of(1, 0)
    given = np.arange(len(LINE.arcs.territory)) == arc
    road = replace(LINE, arcs=replace(LINE.arcs, travel=np.where(given, 9.0, LINE.arcs.travel), given=given))
    assert "u10W" not in kept_of(Reach(limit=2.0), road)
    plan = plan_of(LINE, u00="W", u10="W", u20="E", u30="E", z="W")
    assert [b.text for b in Reach(limit=2.0).judge(road, plan, road.seat).breaches] == [
        "u10: 9 from the seat of W, more than 2"
    ]


def test_a_seller_without_a_seat_is_refused():
    """Nothing can be measured to a center that is not chosen yet."""
    vacant = grid(2, 1, ("W", "E"), seats={"W": (0.0, 0.0)})
    for ask in (Reach(limit=2.0).removed, Reach(limit=2.0).terms):
        with pytest.raises(ScenarioError, match="travel limit: needs a seat for every seller; none for E"):
            ask(vacant)
    nowhere = problem_of([{"id": "a"}], ("A", "B"))
    assert not Reach(limit=2.0).removed(nowhere).any()


@pytest.mark.parametrize("wrong", [{}, {"limit": 0}, {"limit": float("inf")}, {"limit": 1, "unit": "km"}])
def test_wrong_settings_are_refused(wrong):
    """Missing, out of range, unknown: refused."""
    with pytest.raises(ValidationError):
        Reach(**wrong)


def test_references_are_none():
    """A travel limit names nothing."""
    assert Reach(limit=1.0).references() == ()
