"""Spreading an amount within limits, and rounding it to whole steps."""

from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spm_opt.quota.rounding import whole_steps
from spm_opt.quota.spread import spread

FREE = 10**9


def shares(*weights):
    return [Fraction(weight) for weight in weights]


@pytest.mark.parametrize(
    ("total", "weights", "low", "high", "expected"),
    [
        (60, (1, 2, 3), (0, 0, 0), (FREE,) * 3, (10, 20, 30)),
        (60, (1, 2, 3), (15, 0, 0), (FREE,) * 3, (15, 18, 27)),
        (60, (1, 2, 3), (0, 0, 0), (FREE, FREE, 24), (12, 24, 24)),
        (60, (1, 2, 3), (0, 0, 0), (FREE, 22, 24), (14, 22, 24)),
        (60, (1, 2, 3), (16, 0, 0), (FREE, FREE, 24), (16, 20, 24)),
        (6, (1, 2, 3), (1, 2, 3), (FREE,) * 3, (1, 2, 3)),
        (6, (1, 2, 3), (0, 0, 0), (1, 2, 3), (1, 2, 3)),
        (6, (1, 1, 1), (2, 0, 0), (2, 3, 3), (2, 2, 2)),
        (0, (1, 1), (0, 0), (5, 5), (0, 0)),
        (10, (1, 0, 0), (0, 0, 0), (4, FREE, 2), (4, 4, 2)),
        (10, (1, 0), (0, 3), (FREE, 5), (7, 3)),
    ],
)
def test_spreads_by_hand(total, weights, low, high, expected):
    """In proportion; what a limit cuts off is spread again over the others; the weightless come last."""
    assert spread(total, shares(*weights), low, high) == expected


def test_a_total_outside_the_limits_is_refused():
    """Nothing to solve: the caller should have looked."""
    with pytest.raises(ValueError, match="outside"):
        spread(7, shares(1, 1), (0, 0), (3, 3))


@st.composite
def cases(draw, largest=60, most=6):
    count = draw(st.integers(1, most))
    weights = draw(st.lists(st.fractions(0, 5, max_denominator=7), min_size=count, max_size=count))
    low = draw(st.lists(st.integers(0, largest // 3), min_size=count, max_size=count))
    high = [bottom + draw(st.integers(0, largest)) for bottom in low]
    return draw(st.integers(sum(low), sum(high))), weights, low, high


@given(cases())
@settings(max_examples=300, derandomize=True, deadline=None)
def test_one_level_for_all(case):
    """The amounts sum exactly, keep their limits, and whoever no limit holds has the same per weight."""
    total, weights, low, high = case
    got = spread(*case)
    assert sum(got) == total
    assert all(bottom <= amount <= top for amount, bottom, top in zip(got, low, high, strict=True))
    free = {
        amount / weight
        for amount, weight, bottom, top in zip(got, weights, low, high, strict=True)
        if weight and bottom < amount < top
    }
    assert len(free) <= 1
    for level in free:
        for amount, weight, bottom, top in zip(got, weights, low, high, strict=True):
            if weight and amount / weight != level:
                assert (amount == bottom and level * weight <= bottom) or (
                    amount == top and level * weight >= top
                )


@given(cases(largest=4, most=4))
@settings(max_examples=60, derandomize=True, deadline=None)
def test_no_rounding_departs_less(case):
    """Enumeration over all whole numbers within the limits finds no smaller total departure."""
    total, weights, low, high = case
    ideal = spread(total, weights, low, high)
    got = whole_steps(total, ideal, high)
    assert sum(got) == total
    assert all(bottom <= steps <= top for steps, bottom, top in zip(got, low, high, strict=True))
    assert all(abs(steps - amount) < 1 for steps, amount in zip(got, ideal, strict=True))
    best = min(
        sum(abs(steps - amount) for steps, amount in zip(choice, ideal, strict=True))
        for choice in product(*(range(bottom, top + 1) for bottom, top in zip(low, high, strict=True)))
        if sum(choice) == total
    )
    departure = sum(abs(steps - amount) for steps, amount in zip(got, ideal, strict=True))
    assert departure == best


def test_of_equal_fractions_the_first_are_rounded_up():
    """Three thirds of ten: the first takes the odd one."""
    assert whole_steps(10, [Fraction(10, 3)] * 3, [FREE] * 3) == (4, 3, 3)
    assert whole_steps(11, [Fraction(11, 3)] * 3, [FREE] * 3) == (4, 4, 3)
