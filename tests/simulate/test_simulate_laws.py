"""How sure parameters are, the shape of growth, and what effort and chairs come to."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from spm_opt.scenario.simulate_settings import Simulation
from spm_opt.simulate.draws import keys
from spm_opt.simulate.effort import effort, selling_capacity
from spm_opt.simulate.laws import Levels, Rates, Shared
from spm_opt.simulate.shape import NODES, mean_factor, normal_shape, seen_shape, shaped
from spm_opt.simulate.tenure import chairs, seated

GRID = (np.arange(20_000) + 0.5) / 20_000


def test_a_rate_is_beta_distributed():
    """Mean 0.2 worth 50 observations: beta 10, 40; a stated one, and one of nothing, are always the same."""
    law = Rates(np.array([0.2, 0.3, 0.0]), 0.2, np.array([50.0, np.inf, 50.0]), 50.0, np.zeros(3), "history")
    drawn = law.draw(np.stack([GRID, GRID, GRID]))
    assert drawn[0] == pytest.approx(stats.beta.ppf(GRID, 10, 40))
    assert set(drawn[1]) == {0.3}
    assert set(drawn[2]) == {0.0}
    assert law.interval()[1] == pytest.approx(stats.beta.ppf([0.05, 0.95], 10, 40))
    assert np.isnan(law.interval()[2]).all()


def levels(error, freedom):
    one = np.ones(1)
    return Levels(
        one * 0.1, one * error, one * 0.3, one * freedom, 0.1, error, 0.3, freedom, one, "history", "history"
    )


def test_what_is_not_known_of_a_mean_does_not_move_the_mean_factor():
    """The mean of exp(mean) over what is drawn is exp(0.1), and the spread follows its chi-square law."""
    mean, spread = levels(0.2, 9.0).draw(GRID[None], GRID[None])
    assert np.exp(mean).mean() == pytest.approx(math.exp(0.1), rel=1e-4)
    assert spread[0] == pytest.approx(0.3 * np.sqrt(9 / stats.chi2.isf(GRID, 9)))
    mean, spread = levels(0.0, np.inf).draw(GRID[None], GRID[None])
    assert (set(mean[0]), set(spread[0])) == ({0.1}, {0.3})


def test_a_shared_spread_covers_its_truth():
    """Of 400 samples of 30 groups of 20, with 0.15 between and 0.3 within, the 90 % interval covers 0.15 in 86 to 94 %."""
    rng = np.random.default_rng(3)
    covered = 0
    for _ in range(400):
        values = rng.normal(0, 0.15, (30, 1)) + rng.normal(0, 0.3, (30, 20))
        means = values.mean(axis=1)
        between = 20 * means.var(ddof=1)
        within = float(((values - means[:, None]) ** 2).sum() / (30 * 19))
        low, high = Shared(0.15, between, within, 20.0, 30, 29.0, "history").interval()
        covered += low <= 0.15 <= high
    assert 0.86 <= covered / 400 <= 0.94


def test_the_normal_shape_is_a_straight_line():
    """It gives z back, also far out, and its mean factor is exp(s^2 / 2)."""
    z = np.array([-9.0, -4.0, -1.23456, 0.0, 2.5, 7.0])
    assert shaped(normal_shape(), z) == pytest.approx(z)
    assert mean_factor(normal_shape(), np.array([0.4])) == pytest.approx(np.exp([0.08]))


def test_a_seen_shape_has_mean_0_variance_1_and_the_skew_of_the_data():
    """Of 5,000 standardised exponential draws: right-skewed (2), where the normal law has none."""
    drawn = np.random.default_rng(1).exponential(size=5_000) - 1
    shape = seen_shape(drawn)
    w = shaped(shape, stats.norm.ppf(GRID))
    assert w.mean() == pytest.approx(0, abs=0.002)
    assert w.var() == pytest.approx(1, abs=0.005)
    assert 1.6 < stats.skew(w) < 2.1
    assert (np.diff(shape) >= 0).all()
    assert mean_factor(shape, np.array([0.3])) == pytest.approx([np.exp(0.3 * w).mean()], rel=2e-3)


def test_few_accounts_hardly_bend_the_normal_shape():
    """Twenty of them are a tenth of the 200 that speak for the normal law."""
    bent = seen_shape(np.repeat([-1.0, 1.0], 10))
    assert np.abs(bent - NODES)[16:-16].max() < 0.3


def test_effort_is_hours_there_are_to_hours_asked_for():
    """100 of 200 hours: a half to the elasticity; idle time helps prospects only, up to twice; nobody counts as 1."""
    made = effort(
        np.array([100.0, 400.0]),
        np.array([200.0, 100.0, 50.0]),
        np.array([1.0, 1.0, 0.0]),
        np.array([0, 1, 2]),
        np.array([1, 1, 2]),
        0.5,
    )
    # today seller 1 has both: 400 of 300 hours, so 1 for growth and sqrt(4 / 3) for prospects
    assert made.growth == pytest.approx([math.sqrt(0.5), 1, 1])
    assert made.prospects == pytest.approx([math.sqrt(0.5 * 3 / 4), math.sqrt(2 * 3 / 4), 1])


def test_time_sheets_say_who_has_more_hours_for_customers():
    """40 % against a team of 50 %, over 100 hours with 100 more at the team's: 45 / 50 of the capacity."""
    sellers = pd.DataFrame({"id": ["S", "T", "U"], "capacity": [1000.0, 1000.0, 1000.0]})
    found = selling_capacity(sellers, ("S", "T", "U"), {"S": (0.4, 100.0), "T": (0.6, 100.0)})
    assert found == pytest.approx([900, 1100, 1000])
    assert selling_capacity(sellers, ("S",), None) == pytest.approx([1000])


def test_a_settled_chair_has_its_usual_productivity():
    """Over many replications it averages 1, and 30 % leave for four months on average."""
    rules = Simulation(attrition=0.3, refill=4.0, vacancy=0.3)
    made = chairs(np.ones((1, 12)), np.array([0]), np.array([False]), np.array([12]), rules, 0)
    found = seated(made, keys(1, "seller", ["S"]), 0, 200_000)
    assert found.year.mean() == pytest.approx(1, abs=0.001)
    assert (found.leave < 12).mean() == pytest.approx(0.3, abs=0.004)
    assert found.empty.mean() == pytest.approx(4, abs=0.03)


def test_who_is_not_there_does_not_leave():
    """A vacancy is never left, a hire of July not before July, a stress empties a chair at once, a last day is kept."""
    rules = Simulation(attrition=0.9)
    leaves, due = np.array([False, False, True, False]), np.array([12, 12, 12, 4])
    made = chairs(np.ones((4, 12)), np.array([12, 6, 0, 0]), leaves, due, rules, 0)
    leave = seated(made, keys(1, "seller", "abcd"), 0, 500).leave
    assert set(leave[0]) == {12}
    assert leave[1].min() == 6
    assert set(leave[2]) == {0}
    assert set(leave[3]) == {0, 1, 2, 3, 4}
