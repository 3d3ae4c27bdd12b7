"""Results and their gaps."""

import pytest

from spm_opt.align.result import Level, Result


@pytest.mark.parametrize(
    ("objective", "bound", "gap"),
    [
        (11.0, 10.0, 0.1),
        (10.0, 10.0, 0.0),
        (10.0 + 1e-7, 10.0, 0.0),
        (5.0, 0.0, None),
        (5.0, -1.0, None),
        (0.0, 0.0, 0.0),
        (5.0, None, None),
    ],
)
def test_the_gap_is_relative_to_the_bound(objective, bound, gap):
    """Eleven points against ten proven are 10 % off; without a positive bound there is no percentage."""
    assert Level(1, objective, bound).gap == (None if gap is None else pytest.approx(gap))


def test_a_result_speaks_of_its_first_priority():
    """Objective, bound and gap are those of the first level, and nothing where there is none."""
    levels = (Level(1, 12.0, 10.0), Level(2, 3.0, 3.0))
    result = Result("feasible", None, levels, {}, (), "", "", {}, 0.1)
    assert (result.objective, result.lower_bound, result.gap) == (12.0, 10.0, pytest.approx(0.2))
    empty = Result("infeasible", None, (), {}, (), "", "", {}, 0.1)
    assert (empty.objective, empty.lower_bound, empty.gap) == (None, None, None)
