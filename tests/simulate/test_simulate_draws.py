"""Streams of random numbers by name."""

import numpy as np

from spm_opt.simulate.draws import account_draws, opportunity_draws, shocks, stream


def test_a_stream_depends_on_seed_kind_and_name():
    """Each of the three changes the numbers; the same three give the same ones."""
    keys = [(1, "account", "A"), (2, "account", "A"), (1, "market", "A"), (1, "account", "B")]
    firsts = [stream(*key).random() for key in keys]
    assert len(set(firsts)) == 4
    assert firsts == [stream(*key).random() for key in keys]


def test_company_does_not_change_an_account():
    """What an account draws does not depend on which others are drawn with it."""
    alone = account_draws(3, ["B"], 50)
    among = account_draws(3, ["A", "B", "C"], 50)
    for one, many in zip(alone, among, strict=True):
        assert one[0].tobytes() == many[1].tobytes()


def test_draws_have_their_distributions():
    """Uniform and standard normal, and not correlated with each other or between accounts."""
    churn, growth = account_draws(1, [f"A{i}" for i in range(40)], 5_000)
    assert abs(churn.mean() - 0.5) < 0.003
    assert abs(growth.mean()) < 0.01
    assert abs(growth.std() - 1) < 0.01
    assert abs(np.corrcoef(churn.ravel(), growth.ravel())[0, 1]) < 0.01
    assert np.abs(np.corrcoef(growth) - np.eye(40)).max() < 0.07
    assert abs(opportunity_draws(1, ["O"], 100_000).mean() - 0.5) < 0.005


def test_shocks_have_mean_one():
    """The mean is 1, the standard deviation that of a lognormal: sqrt(exp(s^2) - 1)."""
    drawn = shocks(1, "seller", ["S", "T"], 0.3, 200_000)
    assert np.allclose(drawn.mean(axis=1), 1, atol=4 * 0.307 / np.sqrt(200_000))
    assert np.allclose(drawn.std(axis=1), np.sqrt(np.expm1(0.09)), rtol=0.02)


def test_no_spread_no_shock():
    """A spread of 0 gives exactly 1."""
    assert (shocks(1, "market", ["M"], 0.0, 100) == 1).all()
