"""Paired comparison, by hand on four futures, and what must hold of any."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from spm_opt.compare.paired import SAME, paired, worst
from spm_opt.simulate.sales import pair_means

T_ONE = 12.706204736  # Student's 97.5 % quantile with one degree of freedom


def test_two_plans_in_four_futures():
    """Means, paired interval, shares, regret and the worst are those of pencil and paper."""
    table = paired(np.array([[10.0, 12.0, 8.0, 10.0], [11.0, 14.0, 8.0, 7.0]]))
    assert table["value"].tolist() == [10.0, 10.0]
    # differences 1, 2 | 0, -3: means of pairs 1.5 and -1.5, mean 0, standard error 1.5
    assert table["difference"].tolist() == [0.0, 0.0]
    assert table["high"].tolist() == pytest.approx([0.0, T_ONE * 1.5])
    assert table["low"].tolist() == pytest.approx([0.0, -T_ONE * 1.5])
    assert table["beats"].tolist() == [0.0, 0.5]
    assert table["beaten"].tolist() == [0.0, 0.25]
    # the third future is shared
    assert table["best"].tolist() == [0.375, 0.625]
    assert table["tied"].tolist() == [0.25, 0.25]
    assert table["regret"].tolist() == [0.75, 0.75]  # (1 + 2) / 4, 3 / 4
    assert table["regret_most"].tolist() == [2.0, 3.0]
    assert table["worst"].tolist() == [8.0, 7.0]


def test_where_less_is_better():
    """The same figures as a cost: who was best is worst, the difference keeps its sign."""
    table = paired(np.array([[10.0, 12.0, 8.0, 10.0], [11.0, 14.0, 8.0, 7.0]]), "less")
    assert table["beats"].tolist() == [0.0, 0.25]
    assert table["best"].tolist() == [0.625, 0.375]
    assert table["regret"].tolist() == [0.75, 0.75]
    assert table["regret_most"].tolist() == [3.0, 2.0]
    assert table["worst"].tolist() == [12.0, 14.0]


def test_three_plans_share_a_future():
    """Three that tie have a third of the future each; one that is behind has none."""
    table = paired(np.array([[1.0, 3.0], [1.0, 3.0], [1.0, 2.0]]))
    assert table["best"].tolist() == pytest.approx([1 / 3 / 2 + 1 / 4, 1 / 3 / 2 + 1 / 4, 1 / 3 / 2])
    assert table["tied"].tolist() == [1.0, 1.0, 0.5]


def test_one_pair_has_no_interval():
    """Two replications are one pair, and one figure has no spread."""
    table = paired(np.array([[1.0, 2.0], [2.0, 2.0]]))
    assert table["low"].isna().all()
    assert table["high"].isna().all()


def test_rounding_is_no_difference():
    """Sums of the same amounts in another order tie, though their last digit differs."""
    table = paired(np.array([[0.3, 1e9, 1.0, 2.0], [0.1 + 0.2, 1e9 + 1e-7, 1.0, 2.0]]))
    assert table["difference"].tolist() == [0.0, 0.0]
    assert table["best"].tolist() == [0.5, 0.5]
    assert table["beats"].tolist() == [0.0, 0.0]


def test_worst_five_percent():
    """Of a hundred futures the worst are five, of ten at least one."""
    values = np.arange(100.0)[::-1]
    assert worst(values) == 2.0
    assert worst(values, "less") == 97.0
    assert worst(np.arange(10.0)) == 0.0


def test_pair_means_by_hand():
    """Partners are neighbours; an odd last one stands alone; further axes are kept."""
    assert pair_means(np.array([1.0, 3.0, 5.0, 9.0])).tolist() == [2.0, 7.0]
    assert pair_means(np.array([1.0, 3.0, 5.0])).tolist() == [2.0, 5.0]
    assert pair_means(np.array([[1.0, 2.0], [3.0, 6.0]])).tolist() == [[2.0, 4.0]]
    assert pair_means(np.array([4.0])).tolist() == [4.0]


futures = arrays(
    np.float64, st.tuples(st.integers(2, 4), st.integers(4, 9)), elements=st.floats(-1e6, 1e6, width=32)
)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(futures, st.sampled_from(["more", "less"]))
def test_what_holds_of_any_comparison(values, better):
    """Shares of the best sum to 1, regret is never negative, and the least mean regret has the best mean."""
    table = paired(values, better)
    assert table["best"].sum() == pytest.approx(1.0)
    assert (table["regret"] >= 0).all()
    assert (table["regret_most"] >= table["regret"] - 1e-9 * np.abs(values).max()).all()
    assert ((table["beats"] + table["beaten"]) <= 1 + 1e-12).all()
    sign = 1 if better == "more" else -1
    leader = int((sign * table["value"]).idxmax())
    assert table["regret"][leader] <= table["regret"].min() + 2 * SAME * np.abs(values).max()


@settings(max_examples=40, deadline=None, derandomize=True)
@given(futures)
def test_order_flips_signs(values):
    """With the other of two plans first, differences change their sign and nothing else."""
    ahead, behind = paired(values[:2]), paired(values[1::-1])
    assert behind["difference"][1] == -ahead["difference"][1]
    assert behind["low"][1] == pytest.approx(-ahead["high"][1])
    assert behind["beats"][1] == ahead["beaten"][1]
    for name in ("value", "best", "tied", "regret", "regret_most", "worst"):
        assert behind[name].tolist() == ahead[name].tolist()[::-1]


def test_partners_that_cancel_narrow_the_interval():
    """Antithetic partners are one observation: where they cancel, the interval sees it."""
    rng = np.random.default_rng(1)
    luck = rng.normal(size=500)
    antithetic = np.stack([luck, -luck], axis=1).ravel()
    table = paired(np.stack([np.zeros(1000), antithetic]))
    assert table["high"][1] - table["low"][1] < 1e-9
    independent = paired(np.stack([np.zeros(1000), rng.normal(size=1000)]))
    assert independent["high"][1] - independent["low"][1] == pytest.approx(
        2 * 1.96 / math.sqrt(1000), rel=0.1
    )
