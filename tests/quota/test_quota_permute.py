"""Permutation tests: small cases by hand, then what they promise over many made cases."""

import math
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spm_opt.quota.permute import by_group, by_rank, by_sign, holm


def array(*values):
    return np.array(values, dtype=float)


def test_two_groups_of_two_by_hand():
    """1, 2 against 3, 4: of six ways to choose two of four, two depart by 2 as much as this one: p = 1/3."""
    found = by_group(array(1, 2, 3, 4), ["a", "a", "b", "b"], (1,))
    assert found.exact
    assert found.arrangements == 6
    assert found.p == pytest.approx(1 / 3)
    assert found.contrasts == ("a", "b")
    assert found.effect.tolist() == pytest.approx([-2, 2])


def test_two_groups_of_five_by_hand():
    """Five low and five high of ten: 2 of 252 arrangements are as extreme."""
    found = by_group(np.arange(10.0), ["a"] * 5 + ["b"] * 5, (1,))
    assert (found.arrangements, found.exact) == (252, True)
    assert found.p == pytest.approx(2 / 252)


def test_a_rising_row_of_four_by_hand():
    """Of 24 orders of four, only rising and falling are as extreme as rising: p = 2/24."""
    found = by_rank(array(1, 2, 3, 4), array(10, 20, 30, 400), (1,))
    assert (found.arrangements, found.exact) == (24, True)
    assert found.p == pytest.approx(2 / 24)
    # 1 a rank, and upper and lower quartile of four lie two ranks apart
    assert found.effect.tolist() == pytest.approx([2])


def test_ties_of_the_attribute_are_one_arrangement():
    """Ranks 1.5, 1.5, 3 have three arrangements; the high figure on 3 is one of them: p = 1/3."""
    found = by_rank(array(0, 0, 1), array(5, 5, 9), (1,))
    assert found.arrangements == 3
    assert found.p == pytest.approx(1 / 3)


def test_the_largest_of_three_groups_counts():
    """Sellers 0, 0, 3 in three groups: whoever stands alone, the odd one is in some group, so p = 1."""
    found = by_group(array(0, 0, 3), ["a", "b", "c"], (1,))
    assert found.contrasts[found.strongest] == "c"
    assert found.effect.tolist() == pytest.approx([-1.5, -1.5, 3])
    assert found.p == 1


def test_equal_figures_depart_by_nothing():
    """Where all have the same, there is no sign of anything, even if it is 0.1 with its rounding."""
    found = by_rank(array(*[0.1] * 6), np.arange(6.0), (1,))
    assert found.p == 1
    assert found.effect.tolist() == pytest.approx([0])


@pytest.mark.parametrize("kind", ["rank", "group"])
def test_exact_agrees_with_brute_force(kind):
    """Listing different arrangements gives the p-value of all 6! orders of the figures."""
    rng = np.random.default_rng(4)
    for _ in range(5):
        figure = rng.normal(size=6).round(1)
        attribute = rng.integers(0, 3, 6)
        attribute[:2] = 0, 1
        if kind == "rank":
            found = by_rank(figure, attribute.astype(float), (1,))
            own = np.argsort(np.argsort(attribute)).astype(float)
            own = array(*[own[attribute == one].mean() for one in attribute])
            contrasts = [own - own.mean()]
        else:
            found = by_group(figure, attribute.tolist(), (1,))
            contrasts = [(attribute == one) - (attribute == one).mean() for one in set(attribute.tolist())]
        largest = [
            max(abs(x @ array(*order)) / math.sqrt(x @ x) for x in contrasts)
            for order in permutations(figure)
        ]
        assert found.p == pytest.approx(np.mean(np.array(largest) >= largest[0] - 1e-9))


def test_the_interval_holds_what_the_test_does_not_reject():
    """A difference inside the interval, taken off, is not told from chance; one outside is."""
    rng = np.random.default_rng(5)
    attribute = ["a"] * 4 + ["b"] * 5
    inside = np.array([one == "b" for one in attribute])
    figure = rng.normal(size=9) + 2 * inside
    found = by_group(figure, attribute, (1,))
    low, high = found.low[1], found.high[1]
    assert low < found.effect[1] < high
    for difference, kept in (
        (low + 0.01, True),
        (high - 0.01, True),
        (low - 0.01, False),
        (high + 0.01, False),
    ):
        assert (by_group(figure - difference * inside, attribute, (1,)).p > 0.05) == kept


def test_too_few_cannot_show_anything():
    """Among three there are six orders: no p below 1/3, no bounded interval, nothing detectable."""
    found = by_rank(array(1, 2, 3), array(1, 2, 3), (1,))
    assert found.p == pytest.approx(1 / 3)
    assert np.isinf([found.low[0], found.high[0], found.detectable]).all()


@pytest.mark.parametrize("kind", ["rank", "group"])
def test_p_values_are_uniform_where_nothing_departs(kind):
    """Without a departure, a share q of the p-values lies at or below q, with 24 sellers and skewed figures."""
    rng = np.random.default_rng(6)
    p = []
    for case in range(300):
        figure = rng.lognormal(0, 1, 24)
        attribute = rng.normal(size=24) if kind == "rank" else rng.integers(0, 4, 24)
        test = by_rank if kind == "rank" else by_group
        p.append(test(figure, attribute, (case,), draws=199).p)
    for share in (0.05, 0.2, 0.5, 0.8):
        assert abs(np.mean(np.array(p) <= share) - share) < 3 * math.sqrt(share * (1 - share) / 300)


def test_intervals_hold_the_truth_as_often_as_they_say():
    """A planted difference of 1 lies in about 95 of 100 intervals."""
    rng = np.random.default_rng(7)
    attribute = ["a"] * 12 + ["b"] * 12
    held = 0
    for case in range(200):
        figure = rng.normal(size=24) + array(*[0] * 12, *[1] * 12)
        found = by_group(figure, attribute, (case,), draws=399)
        held += found.low[1] <= 1 <= found.high[1]
    assert 181 <= held <= 198


@pytest.mark.parametrize("kind", ["rank", "group"])
def test_a_detectable_effect_is_seen_in_four_of_five_cases(kind):
    """An effect as large as the test says it can see is seen with about the chance that it says."""
    rng = np.random.default_rng(8)
    attribute = np.repeat(np.arange(4), 6) if kind == "group" else np.arange(24)
    unit = (attribute == 1) * 1.0 if kind == "group" else 2 * attribute / 24
    test = by_rank if kind == "rank" else by_group
    size = np.median([test(rng.normal(size=24), attribute, (c,), draws=499).detectable for c in range(40)])
    seen = [test(rng.normal(size=24) + size * unit, attribute, (c,), draws=499).p <= 0.05 for c in range(200)]
    assert 0.7 <= np.mean(seen) <= 0.9


def test_holm_by_hand():
    """The example of four: 0.005 x 4, 0.01 x 3, 0.03 x 2, and 0.04 no lower than the one before."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.6, 0.9]) == [1, 1]
    assert holm([]) == []


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0, 1), max_size=8))
def test_holm_keeps_order_and_never_lowers(p):
    """Corrected p-values are in the order of the plain ones, not below them, not above n times them or 1."""
    fixed = holm(p)
    assert all(one <= two <= min(1, len(p) * one + 1e-12) for one, two in zip(p, fixed, strict=True))
    assert all(
        (a < b) <= (c <= d) for a, c in zip(p, fixed, strict=True) for b, d in zip(p, fixed, strict=True)
    )


def test_same_seed_same_answer_and_the_bounds_of_input():
    """Random arrangements follow the seed alone; one group, or two sellers, are refused."""
    figure, groups = np.random.default_rng(9).normal(size=30), ["a", "b", "c"] * 10
    one, two = (by_group(figure, groups, (3, 1), draws=99) for _ in range(2))
    assert (one.p, one.low.tolist(), one.exact) == (two.p, two.low.tolist(), False)
    with pytest.raises(ValueError, match="the same for all"):
        by_group(figure, ["a"] * 30, (1,))
    with pytest.raises(ValueError, match="too few"):
        by_rank(array(1, 2), array(1, 2), (1,))


def test_exchanges_within_pairs_by_hand():
    """Differences 1, 2, 3: of eight exchanges all in one direction or the other are as extreme: p = 2/8."""
    found = by_sign(array(1, 2, 3), (1,))
    assert (found.arrangements, found.exact, found.p) == (8, True, 0.25)
    assert found.effect.tolist() == [2]
    assert by_sign(array(0, 0, 0), (1,)).p == 1


def test_exchanges_of_nothing_are_uniform_and_their_intervals_hold():
    """Differences around 0.5: p-values of what is left after taking it off are uniform, and intervals hold it."""
    rng = np.random.default_rng(10)
    found = [by_sign(0.5 + rng.normal(size=20), (case,), draws=199) for case in range(200)]
    p = np.array([by_sign(rng.normal(size=20), (case,), draws=199).p for case in range(200)])
    assert 181 <= sum(one.low[0] <= 0.5 <= one.high[0] for one in found) <= 198
    assert abs(np.mean(p <= 0.2) - 0.2) < 0.09
