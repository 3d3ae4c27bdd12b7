"""Tallies and verdicts: by hand, and what a right, a narrow, a wide and a shifted forecast come to."""

import numpy as np
import pytest
from scipy import sparse
from scipy.stats import norm

from spm_opt.simulate.tally import BINS, PIT_MEAN, tally, together
from spm_opt.simulate.verdict import Level, histogram, judge

R = 400


def level(sample, observed, cluster=None):
    """One group of all outcomes; the naive forecasts are 0 and 1."""
    count = len(observed)
    member = sparse.csr_array(np.ones((1, count)))
    naive = np.column_stack([np.abs(observed), np.abs(observed - 1)])
    return Level(
        tally(sample, observed, member), naive, np.arange(count) if cluster is None else cluster, member
    )


def normal(seed, count=300, spread=1.0, shift=0.0, shared=0.0):
    """Draw forecasts and outcomes; ``shared`` is the spread of what all have in common, in both."""
    rng = np.random.default_rng(seed)
    sample = (
        spread * (np.sqrt(1 - shared**2) * rng.normal(size=(count, R)) + shared * rng.normal(size=R)) + shift
    )
    return sample, np.sqrt(1 - shared**2) * rng.normal(size=count) + shared * rng.normal()


@pytest.mark.parametrize(("made", "verdict"), [
    ({}, "as expected"), ({"spread": 0.6}, "too narrow"), ({"spread": 1.8}, "too wide"), ({"shift": 0.5}, "too high"),
    ({"shift": -0.5}, "too low"),
])  # fmt: skip
def test_verdicts(made, verdict):
    """300 normal outcomes against a forecast that is right, narrow, wide, too high or too low."""
    assert verdict in judge(level(*normal(1, **made)), 0)["verdict"]


def test_thin_tails_are_seen():
    """Outcomes beyond the 80 % interval go three times as far out as a normal forecast has it."""
    sample, observed = normal(7, count=600)
    observed[np.abs(observed) > norm.ppf(0.9)] *= 3
    row = judge(level(sample, observed), 0)
    assert row["low_80"] <= row["cover_80"] <= row["high_80"]
    assert row["verdict"] == "tails too thin"


def test_few_outcomes_say_little():
    """Of five outcomes anything from one to five may lie inside."""
    assert judge(level(*normal(2, count=5)), 0)["verdict"] == "says little"


def test_what_outcomes_share_widens_the_range():
    """Where all outcomes share a half of their variance, the share inside strays far further; errors know only clusters."""
    alone, together_ = (judge(level(*normal(3, shared=shared)), 0) for shared in (0.0, np.sqrt(0.5)))
    assert together_["high_80"] - together_["low_80"] > 4 * (alone["high_80"] - alone["low_80"])
    independent = 2 * norm.ppf(0.975) * np.sqrt(0.8 * 0.2 / 300)
    assert alone["high_80"] - alone["low_80"] == pytest.approx(independent, rel=0.25)


def test_a_right_forecast_is_called_wrong_in_one_of_twenty():
    """Over 200 right forecasts with shared shocks, 80 % coverage leaves its range in 5 %, within Monte Carlo error."""
    outside = 0
    for seed in range(200):
        row = judge(level(*normal(seed, count=40, shared=0.6)), 0)
        outside += not row["low_80"] <= row["cover_80"] <= row["high_80"]
    assert outside / 200 == pytest.approx(0.05, abs=2.5 * np.sqrt(0.05 * 0.95 / 200))


def test_figures_by_hand():
    """Draws 1 to 9 and the outcomes 4.5 and 20: the middle of ten places, and the last."""
    sample = np.tile(np.arange(1.0, 10), (2, 1))
    own = level(sample, np.array([4.5, 20.0]))
    row = judge(own, 0)
    assert row["pit_mean"] == pytest.approx((0.45 + 0.95) / 2)
    assert (row["cover_50"], row["cover_80"]) == pytest.approx((0.5, 0.5))
    assert row["cover_95"] == pytest.approx((1 + 0.75) / 2)
    assert row["crps_same"] == pytest.approx((4.5 + 20) / 2)
    assert row["skill_same"] == pytest.approx(1 - row["crps"] / row["crps_same"])
    assert histogram(own, 0)["share"].tolist() == pytest.approx([0, 0, 0, 0, 0.5, 0, 0, 0, 0, 0.5])


def test_parts_come_to_the_whole():
    """Outcomes in chunks give the tally of all of them, group by group."""
    sample, observed = normal(4, count=30)
    member = sparse.csr_array((np.arange(30)[None, :] % 3 == np.arange(3)[:, None]).astype(float))
    whole = tally(sample, observed, member)
    parts = together(
        [tally(sample[rows], observed[rows], member[:, rows]) for rows in np.split(np.arange(30), [7, 20])]
    )
    assert parts.sums == pytest.approx(whole.sums)
    assert parts.score == pytest.approx(whole.score)
    assert whole.sums[:, :, PIT_MEAN + 1 :].sum(axis=2) == pytest.approx(np.full((3, 1 + R // 2), 10.0))
    assert whole.figures.shape == (30, PIT_MEAN + 1 + BINS)
