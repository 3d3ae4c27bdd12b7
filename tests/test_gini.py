"""The Gini coefficient, by hand and by its definition."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spm_opt.gini import gini


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([5.0], 0.0),
        ([4.0, 4.0, 4.0, 4.0], 0.0),
        ([0.0, 0.0, 0.0, 8.0], 0.75),  # the most that four can have: (n - 1) / n
        ([1.0, 3.0], 0.25),  # differences 0, 2, 2, 0: mean 1; half of it by the mean of 2
        ([3.0, 1.0, 2.0], 2 / 9),  # pairs 2, 1, 1 twice: mean 8 / 9; half of it by the mean of 2
        ([0.0, 0.0], 0.0),
    ],
)
def test_by_hand(values, expected):
    """Small cases have the value that pencil and paper give."""
    assert gini(np.array(values)) == pytest.approx(expected)


def test_nobody():
    """Among nobody there is no coefficient, and no warning."""
    assert np.isnan(gini(np.zeros((2, 0)))).all()


amounts = st.lists(st.floats(0, 1e6), min_size=1, max_size=12)


@settings(max_examples=50, deadline=None, derandomize=True)
@given(amounts, st.floats(0.01, 100))
def test_definition(values, factor):
    """It is half the mean absolute difference by the mean, whatever the order and the unit."""
    x = np.array(values)
    differences = np.abs(x[:, None] - x[None, :]).mean()
    expected = differences / (2 * x.mean()) if x.sum() > 0 else 0.0
    assert gini(x) == pytest.approx(expected, abs=1e-9)
    assert gini(x[::-1] * factor) == pytest.approx(gini(x), abs=1e-9)


def test_rows():
    """Every row of an array has its own."""
    table = np.array([[1.0, 3.0], [2.0, 2.0]])
    assert gini(table).tolist() == [0.25, 0.0]
