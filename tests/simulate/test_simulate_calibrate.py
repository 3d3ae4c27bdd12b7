"""Calibration of whole companies: of invented ones, of us_medtech, and of AdventureWorks as far as it goes."""

import sys

import numpy as np
import pytest
from made_company import company, shuffled, yearly
from made_history import invented, truth
from scenario_copy import ROOT, SCENARIOS

from spm_opt.errors import CalibrationError
from spm_opt.scenario.load import load
from spm_opt.simulate.calibrate import calibrate

REAL = ROOT.parent / "shared" / "real" / "adventureworks"
QUOTAS = ROOT / "tests" / "real" / "adventureworks_quota_history"


def group(calibration, level, name=""):
    table = calibration.groups
    return table[(table["level"] == level) & (table["group"] == name)].iloc[0]


@pytest.fixture(scope="module")
def made():
    rng = np.random.default_rng(11)
    return invented(rng, truth(rng), accounts=400, sellers=12)


@pytest.fixture(scope="module")
def found(made):
    return calibrate(made, replications=400)


def test_every_outcome_counts_once(made, found):
    """Accounts are buyers or prospects; the buyers of all segments, and of all territories, are the buyers."""
    buyers, prospects = group(found, "accounts")["n"], group(found, "prospects")["n"]
    assert buyers + prospects == len(made.accounts)
    table = found.groups
    assert table[(table["level"] == "accounts") & (table["group"] != "")]["n"].sum() == buyers
    assert found.territories["accounts"].sum() == buyers
    assert (group(found, "territories")["n"], group(found, "company")["n"]) == (12, 1)


def test_what_was_sold_is_what_history_says(made, found):
    """Territories' sales sum to those of 2026, and those of a year before to 2025's."""
    rows = made.history.groupby(made.history["period"].dt.year)["revenue"].sum()
    assert found.territories["sold"].sum() == pytest.approx(rows[2026])
    assert found.territories["year_before"].sum() == pytest.approx(rows[2025])
    assert (found.first, found.months, found.history_months) == (2026 * 12, 12, 36)


def test_scores_by_territory_sum_to_the_group(found):
    """The mean score of territories is that of their group, and so for their accounts."""
    table = found.territories
    assert table["crps"].mean() == pytest.approx(group(found, "territories")["crps"])
    for name in ("crps", "crps_same", "crps_ratio"):
        whole = (table[f"accounts_{name}"] * table["accounts"]).sum() / table["accounts"].sum()
        assert whole == pytest.approx(group(found, "accounts")[name])
    inside = (table["cover_80"] * table["accounts"]).sum() / table["accounts"].sum()
    assert inside == pytest.approx(group(found, "accounts")["cover_80"])


def test_histograms_sum_to_one(found):
    """Each group's shares sum to 1, and lie about their ranges."""
    assert found.histograms.groupby(["level", "group"])["share"].sum().to_numpy() == pytest.approx(1)
    assert (found.histograms["low"] <= found.histograms["high"]).all()


def test_naive_forecasts_by_hand():
    """Ratios 2 and 1 of a year before; in 2026 A doubled from 20, B stayed at 10."""
    rows = [*yearly("A", y2024=10, y2025=20, y2026=40), *yearly("B", y2024=10, y2025=10, y2026=10)]
    scenario = company([{"id": name, "seller": "S"} for name in "AB"], [{"id": "S"}], history=rows)
    row = group(calibrate(scenario, replications=200), "accounts")
    assert row["crps_same"] == pytest.approx((20 + 0) / 2)
    # A: the forecasts 20 and 40 for 40; B: 10 and 20 for 10: half their distance less a quarter of it
    assert row["crps_ratio"] == pytest.approx((10 - 5 + 5 - 2.5) / 2)


def test_the_same_seed_gives_the_same_calibration(made, found):
    """Bytes do not depend on the order of rows; another seed gives other draws."""
    again = calibrate(shuffled(made, 3), replications=400)
    assert again.groups.equals(found.groups)
    assert again.territories.equals(found.territories)
    assert again.histograms.equals(found.histograms)
    assert not calibrate(made, replications=400, seed=2).groups.equals(found.groups)


def test_chunks_change_nothing(made, found, monkeypatch):
    """Accounts worked out seven at a time give what they give at once, but for the order of sums."""
    monkeypatch.setattr(sys.modules[calibrate.__module__], "CHUNK", 7 * 400)
    again = calibrate(made, replications=400)
    numbers = found.groups.select_dtypes("number")
    assert again.groups[numbers.columns].to_numpy() == pytest.approx(numbers.to_numpy(), nan_ok=True)


def test_too_few_replications_are_refused(made):
    """A hundred are the least."""
    with pytest.raises(CalibrationError, match="at least 100 replications, not 99"):
        calibrate(made, replications=99)


def test_us_medtech_is_calibrated_by_account():
    """Of its accounts, all and by segment, 80 % intervals cover 75 to 85 %; the small segment of 35 apart."""
    result = calibrate(load(SCENARIOS / "us_medtech"), replications=600)
    table = result.groups[(result.groups["level"] == "accounts") & (result.groups["n"] > 100)]
    assert len(table) == 5
    assert table["cover_80"].between(0.75, 0.85).all()
    whole = group(result, "accounts")
    assert whole["verdict"] == "as expected"
    assert whole["cover_50"] == pytest.approx(0.5, abs=0.05)
    assert whole["cover_95"] == pytest.approx(0.95, abs=0.02)
    assert whole["skill_same"] > 0.2
    assert whole["skill_ratio"] > 2 * whole["skill_ratio_error"] > 0
    sources = result.parameters.set_index("parameter")["source"]
    assert set(sources[["churn", "growth", "growth_spread", "seller_shock"]]) == {"history"}


@pytest.mark.skipif(
    not REAL.is_dir(), reason=f"the AdventureWorks export is not at {REAL}: nothing real was run"
)
def test_adventureworks_as_far_as_it_goes():
    """Quotas of ten sellers from the first quarter to the last: 7 inside the 80 % interval, all rates by default."""
    result = calibrate(load(QUOTAS))
    assert (result.first, result.months, result.history_months) == (2024 * 12 + 3, 12, 36)
    assert (group(result, "accounts")["n"], group(result, "prospects")["n"]) == (14, 3)
    sources = result.parameters.set_index("parameter")["source"]
    assert set(sources[["churn", "growth", "growth_spread", "seller_shock"]].to_numpy()) == {"default"}
    table = result.territories
    inside = (table["p10"] <= table["sold"]) & (table["sold"] <= table["p90"])
    assert inside["274":"283"].sum() == 7
    assert inside.sum() == 8
