"""Contiguity, by pictures of a 3 x 3 grid."""

import numpy as np
import pytest
from made_grid import by_place, grid
from pydantic import ValidationError

from spm_opt.criteria import Contiguity
from spm_opt.problem import NONE


def drawn(*lines):
    """Read a plan of letters, the northern row first, on a grid with one account assigned singly."""
    problem = grid(3, 3, ("A", "B", "C"), singles=[{"id": "z"}])
    letters = {(x, 2 - row): lines[row][x] for row in range(3) for x in range(3)}
    return problem, by_place(problem, lambda x, y: letters.get((x, y), "A"))


def judged(*lines):
    problem, territory = drawn(*lines)
    return Contiguity().judge(problem, territory, problem.seat)


def test_stripes_hang_together():
    """Three stripes are three pieces, none too many; touching corners are not needed."""
    measure = judged("AAA", "BBB", "CCC")
    assert (measure.value, measure.unit, measure.holds) == (0.0, "extra pieces", True)
    assert measure.limit == "every territory in one piece"
    np.testing.assert_allclose(measure.local["pieces"], [1, 1, 1])


def test_corners_do_not_connect():
    """A chessboard of five A and four B cells is nine pieces, seven too many."""
    measure = judged("ABA", "BAB", "ABA")
    assert measure.value == 7.0
    assert [(b.subject, b.amount) for b in measure.breaches] == [("A", 4.0), ("B", 3.0)]
    np.testing.assert_allclose(measure.local["pieces"], [5, 4, 0])


def test_breaches_name_what_is_cut_off():
    """The smaller piece is the one that is cut off, by the name of its first unit."""
    (breach,) = judged("AAA", "BBB", "BAB").breaches
    assert breach.text == "A: in 2 pieces; cut off: u10"


def test_accounts_assigned_singly_need_not_touch():
    """The single account goes to any territory, and two of them need no border."""
    problem, territory = drawn("AAA", "BBB", "CCC")
    for t in range(3):
        territory[problem.unit_ids.index("z")] = t
        assert Contiguity().judge(problem, territory, problem.seat).holds


def test_units_without_a_territory_connect_nothing():
    """A stripe whose middle has no territory is in two pieces."""
    problem, territory = drawn("AAA", "BBB", "CCC")
    territory[problem.unit_ids.index("u11")] = NONE
    assert [b.subject for b in Contiguity().judge(problem, territory, problem.seat).breaches] == ["B"]


def test_the_engine_is_asked_for_the_structure():
    """The model gets no cost and no row, only the wish."""
    terms = Contiguity().terms(drawn("AAA", "AAA", "AAA")[0])
    assert (terms.contiguous, terms.cost, terms.rows) == (True, None, ())
    assert Contiguity().references() == ()
    assert Contiguity().title() == "contiguity"


def test_wrong_settings_are_refused():
    """It has no settings of its own."""
    with pytest.raises(ValidationError):
        Contiguity(pieces=2)
