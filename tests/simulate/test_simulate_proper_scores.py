"""Scores of forecasts: against closed forms, by hand, and what must hold of any."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.extra.numpy import arrays
from scipy.stats import norm

from spm_opt.simulate.proper_scores import Pit, clustered_error, crps, crps_of, pit, pit_of_draws

SAMPLES = arrays(np.float64, st.tuples(st.integers(1, 4), st.integers(2, 9)), elements=st.integers(-3, 3))


def ordered(*rows):
    return np.sort(np.array(rows, dtype=float), axis=1)


def normal_score(y, mean, spread):
    """Score a normal forecast: the closed form in Gneiting and Raftery (2007), signs turned."""
    z = (y - mean) / spread
    return spread * (z * (2 * norm.cdf(z) - 1) + 2 * norm.pdf(z) - 1 / np.sqrt(np.pi))


@pytest.mark.parametrize("y", [-1.0, 10.0, 14.0, 25.0])
def test_crps_of_a_normal_forecast(y):
    """200,000 draws of a normal distribution score within Monte Carlo error of the closed form."""
    sample = ordered(np.random.default_rng(1).normal(10, 4, 200_000))
    assert crps(sample, np.array([y]))[0] == pytest.approx(normal_score(y, 10, 4), abs=0.03)


def test_crps_of_an_exponential_forecast():
    """E|X - y| - E|X - X'| / 2 of the exponential distribution is y + 2 exp(-y) - 3/2."""
    y = np.array([0.0, 0.7, 4.0])
    sample = np.random.default_rng(2).exponential(1, 200_000)
    assert crps_of(sample, y) == pytest.approx(y + 2 * np.exp(-y) - 1.5, abs=0.01)


def test_crps_by_hand():
    """Of the draws 1 and 4 with 2 observed: 3/2 - 3/2 = 0 as a sample, 3/2 - 3/4 as the whole forecast."""
    assert crps(ordered([4, 1]), np.array([2.0])).tolist() == [0.0]
    assert crps_of(np.array([4.0, 1.0]), np.array([2.0])).tolist() == [0.75]


def test_the_score_of_a_point_is_its_error():
    """A forecast that is one number scores its absolute error, in either form."""
    assert crps_of(np.array([7.0]), np.array([4.0, 9.0])).tolist() == [3.0, 2.0]
    assert crps(ordered([7, 7, 7]), np.array([4.0])).tolist() == [3.0]


def test_the_score_of_few_draws_is_not_biased():
    """Over many samples of three draws the mean score is that of the distribution."""
    rng = np.random.default_rng(3)
    scores = crps(np.sort(rng.normal(size=(100_000, 3)), axis=1), np.full(100_000, 0.5))
    assert scores.mean() == pytest.approx(normal_score(0.5, 0, 1), abs=4 * scores.std() / np.sqrt(100_000))


@given(SAMPLES, st.integers(-4, 4))
@settings(max_examples=50)
def test_both_forms_are_the_definition(sample, y):
    """Both scores are the means over all pairs, written out."""
    at = np.full(len(sample), float(y))
    error = np.abs(sample - y).mean(axis=1)
    apart = np.abs(sample[:, :, None] - sample[:, None, :]).sum(axis=(1, 2))
    count = sample.shape[1]
    assert crps(np.sort(sample, axis=1), at) == pytest.approx(error - apart / (2 * count * (count - 1)))
    whole = [crps_of(row, at[:1])[0] for row in sample]
    assert whole == pytest.approx(error - apart / (2 * count**2))


def test_pit_by_hand():
    """Of the draws 0, 0, 3, 5: 4 is the fourth of five places, 0 shares the first three, 9 has the last."""
    places = pit(np.repeat(ordered([0, 0, 3, 5]), 3, axis=0), np.array([4.0, 0.0, 9.0]))
    assert places.low == pytest.approx([3 / 5, 0, 4 / 5])
    assert places.high == pytest.approx([4 / 5, 3 / 5, 1])
    assert places.coverage(0.5) == pytest.approx([(0.75 - 0.6) / 0.2, (0.6 - 0.25) / 0.6, 0])
    assert places.histogram(5)[1] == pytest.approx([1 / 3, 1 / 3, 1 / 3, 0, 0])


@given(SAMPLES)
@settings(max_examples=50)
def test_draws_have_uniform_places_among_themselves(sample):
    """The places of all draws of a row fill the unit interval evenly, atoms or not."""
    places = pit_of_draws(np.sort(sample, axis=1), sample)
    for bins in (1, 2, 7):
        assert places.histogram(bins).mean(axis=1) == pytest.approx(np.full((len(sample), bins), 1 / bins))
    assert places.coverage(0.8).mean(axis=1) == pytest.approx(np.full(len(sample), 0.8))


def test_a_right_forecast_with_an_atom_covers_its_level():
    """Half of all accounts buy nothing: coverage is still 50, 80 and 95 %, within Monte Carlo error."""
    rng = np.random.default_rng(4)
    made = np.where(rng.random((4000, 201)) < 0.5, 0.0, rng.lognormal(size=(4000, 201)))
    places = pit(np.sort(made[:, 1:], axis=1), made[:, 0])
    for level in (0.5, 0.8, 0.95):
        assert places.coverage(level).mean() == pytest.approx(
            level, abs=3 * np.sqrt(level * (1 - level) / 4000)
        )


def test_too_narrow_a_forecast_is_seen():
    """Draws with half the true spread cover the central 80 % in 2 Phi(0.64) - 1 = 48 % of cases."""
    rng = np.random.default_rng(5)
    places = pit(np.sort(rng.normal(0, 0.5, (4000, 400)), axis=1), rng.normal(size=4000))
    expected = 2 * norm.cdf(0.5 * norm.ppf(0.9)) - 1
    assert places.coverage(0.8).mean() == pytest.approx(expected, abs=0.025)
    assert places.histogram(10).mean(axis=0)[[0, 9]].min() > 0.2


def test_an_interval_is_spread_evenly():
    """A PIT between 0.2 and 0.6 has half of itself between 0 and 0.4, and its middle at 0.4."""
    one = Pit(np.array([0.2]), np.array([0.6]))
    assert one.inside(0, 0.4) == pytest.approx([0.5])
    assert one.mean == pytest.approx([0.4])


def test_the_error_of_a_mean_in_clusters():
    """Singly it is the usual standard error; of pairs that are alike, that of half as many values."""
    values = np.random.default_rng(6).normal(size=50)
    usual = values.std(ddof=1) / np.sqrt(50)
    assert clustered_error(values, np.arange(50)) == pytest.approx(usual)
    assert clustered_error(np.repeat(values, 2), np.repeat(np.arange(50), 2)) == pytest.approx(usual)
    assert np.isnan(clustered_error(values, np.zeros(50, dtype=int)))
