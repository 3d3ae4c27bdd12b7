"""Last year's quotas by the same method against last year's results."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from made_company import aligned, company, shuffled, yearly

from spm_opt.errors import QuotaError
from spm_opt.quota.backtest import backtest
from spm_opt.quota.year_before import why_no_year_before, year_before
from spm_opt.simulate.history import years


def made(before, last, *, sellers=None, quota=None, more=(), pipeline=None, activities=("revenue",)):
    """Make an account a seller, with sales of the year before last and of last year."""
    count = len(before)
    rows = [
        row for i in range(count) for row in yearly(f"A{i}", y2025=float(before[i]), y2026=float(last[i]))
    ]
    scenario = company(
        [{"id": f"A{i}", "revenue": float(last[i])} for i in range(count)],
        sellers or [{"id": f"S{i}"} for i in range(count)],
        history=[*rows, *more], pipeline=pipeline, activities=activities,
        quota=quota or {"growth": 0.1, "step": 1}, simulate={"replications": 500},
    )  # fmt: skip
    return scenario, aligned(scenario, {f"A{i}": f"S{i}" for i in range(count)})


def measures(test):
    return test.measures.set_index("measure")


def test_by_hand():
    """With 10 % growth on 100, 200, 300 the quotas were 110, 220, 330; sold were 121, 198, 330."""
    test = backtest(*made([100, 200, 300], [121, 198, 330]), seed=1)
    table = test.territories
    assert test.year == 2026
    assert table["quota"].tolist() == [110, 220, 330]
    assert table["size"].tolist() == [100, 200, 300]
    assert table["sales"].tolist() == [121, 198, 330]
    assert table["attainment"].tolist() == pytest.approx([1.1, 0.9, 1])
    assert table["attained"].tolist() == [True, False, True]
    found = measures(test)
    assert found.loc["company", "value"] == pytest.approx(649 / 660)
    assert found.loc["attaining", "value"] == 2
    level = np.array([1.1, 0.9, 1]) * 660 / 649
    assert found.loc["spread", "value"] == pytest.approx(level.std())
    assert found.loc["near", "value"] == 3
    assert (found["low"] <= found["high"]).all()


def test_given_targets_are_of_one_year():
    """They are left out; where the company target stands in them alone, there is no back-test."""
    scenario, alignment = made([100, 200, 300], [121, 198, 330])
    table = pd.DataFrame(
        [("S0", "", "", "", 200.0, 2)], columns=["node", "level", "product", "period", "target", "row"]
    )
    given = replace(scenario, targets=table)
    assert backtest(given, alignment, seed=1).territories["quota"].tolist() == [110, 220, 330]
    rules = given.settings.quota.model_copy(update={"growth": None})
    alone = replace(given, settings=given.settings.model_copy(update={"quota": rules}))
    with pytest.raises(QuotaError, match="in the table of targets alone"):
        year_before(alone)


def test_it_does_not_know_last_year():
    """Other sales last year change results, never the quotas; not even by the revenue activity in the mix."""
    rules = {"growth": 0.1, "step": 1, "mix": {"history": 1, "revenue": 1}}
    one = backtest(*made([100, 200, 300], [121, 198, 330], quota=rules), seed=1)
    two = backtest(*made([100, 200, 300], [500, 1, 0], quota=rules), seed=1)
    assert one.territories["quota"].tolist() == two.territories["quota"].tolist() == [110, 220, 330]
    assert one.territories["p_attain"].tolist() == two.territories["p_attain"].tolist()
    assert one.territories["sales"].tolist() != two.territories["sales"].tolist()


def test_a_target_in_currency_becomes_growth():
    """A target of 715 on last year's 650 is 10 % growth: 660 on the 600 of the year before."""
    test = backtest(*made([100, 200, 300], [120, 200, 330], quota={"target": 715, "step": 1}), seed=1)
    assert test.territories["quota"].sum() == 660


def test_equal_chance_and_rules_of_this_year():
    """The method counts, here equal chance; a pin of this year does not, and the notes say so."""
    rules = {
        "growth": 0.1, "step": 1, "methods": {"equal_chance": 1.0},
        "pins": [{"node": "S0", "quota": 5, "by": "Ada", "why": "a promise"}],
    }  # fmt: skip
    test = backtest(*made([100, 200, 300], [121, 198, 330], quota=rules), seed=1)
    assert test.territories["quota"].sum() == 660
    assert test.territories["quota"].min() > 90
    assert np.ptp(test.territories["p_attain"].to_numpy()) < 0.05
    assert "without pins, freezes and given targets, which speak of this year" in test.notes


def test_the_pipeline_is_left_out_and_said():
    """Last year's pipeline is not known: it leaves the mix, and the notes say so."""
    deal = {"id": "O", "account": "A0", "amount": 9.0, "stage": "won", "close": "2027-02-01"}
    scenario, alignment = made(
        [100, 300], [100, 300], quota={"growth": 0, "step": 1, "mix": {"history": 1, "pipeline": 9}},
        pipeline=[deal],
    )  # fmt: skip
    test = backtest(scenario, alignment, seed=1)
    assert test.territories["quota"].tolist() == [100, 300]
    assert any("pipeline" in note for note in test.notes)


def test_the_year_before_ends_where_history_did():
    """History by months up to September: the year before ends with the September before."""
    months = pd.date_range("2024-10-01", "2026-09-01", freq="MS")
    rows = [
        {"account": "A", "period": str(month.date()), "months": 1, "revenue": float(10 + i // 12)}
        for i, month in enumerate(months)
    ]
    scenario = company([{"id": "A"}], [{"id": "S"}], history=rows)
    past = year_before(scenario)
    assert past.settings.year == 2026
    assert years(scenario).last.tolist() == [132]
    assert years(past).last.tolist() == years(scenario).before.tolist() == [120]


def test_why_there_is_none():
    """Without two years of history, or with nothing but the pipeline to follow, the reason is said."""
    short = company([{"id": "A"}], [{"id": "S"}], history=yearly("A", y2026=5))
    assert why_no_year_before(short) == "it needs two years of history, and there are 12 months"
    only, alignment = made([1, 1], [1, 1], quota={"growth": 0, "mix": {"pipeline": 1}})
    with pytest.raises(QuotaError, match="pipeline alone"):
        backtest(only, alignment, seed=1)
    nothing, _ = made([0, 0], [1, 1])
    assert why_no_year_before(nothing) == "there were no sales in the year before last"
    assert why_no_year_before(made([1, 1], [1, 1])[0]) == ""


def test_who_came_in_that_year_is_no_seller_of_it():
    """Vacant positions and sellers hired in that year count as territories, not in tests of sellers."""
    staff = [{"id": f"S{i}"} for i in range(6)]
    staff[4] |= {"start": pd.Timestamp("2026-03-01")}
    staff[5] |= {"name": ""}
    test = backtest(*made([10] * 6, [10, 11, 12, 13, 14, 15], sellers=staff), seed=1)
    assert test.territories["settled"].tolist() == [True] * 4 + [False] * 2
    assert test.audit.left_out == ("S4", "S5")
    assert test.against_even["sellers"].item() == 4
    assert measures(test).loc["near", "value"] == 6
    assert "2 positions that were not filled all year count as territories, not as sellers" in test.notes


def test_a_better_method_is_told_from_even_growth():
    """Where all grow to their potential, quotas by potential are nearer than the same growth for all."""
    rng = np.random.default_rng(2)
    potential, before = rng.uniform(100, 200, 20), rng.uniform(50, 200, 20)
    scenario, alignment = made(
        before, potential * rng.uniform(0.95, 1.05, 20), activities=("potential", "revenue")
    )
    ids = scenario.accounts["id"].str[1:].astype(int)
    accounts = scenario.accounts.assign(potential=potential[ids])
    rules = scenario.settings.quota.model_copy(update={"mix": {"potential": 1.0}})
    settings = scenario.settings.model_copy(update={"quota": rules})
    scenario = type(scenario)(**{**scenario.__dict__, "accounts": accounts, "settings": settings})
    row = backtest(scenario, alignment, seed=1, draws=999).against_even.iloc[0]
    assert row["method"] < 0.05 < row["even"]
    assert row["p"] < 0.01
    assert 0 < row["low"] < row["gain"] < row["high"]


def test_even_growth_is_not_told_from_itself():
    """Quotas by history are the same growth for everyone: the two differ by nothing."""
    row = backtest(*made([1000, 2000, 3000, 4000], [1200, 1900, 3300, 4100]), seed=1).against_even.iloc[0]
    assert row["gain"] == pytest.approx(0, abs=1e-3)


def test_order_of_rows_does_not_matter():
    """The back-test of shuffled tables is the same to the last bit."""
    scenario, alignment = made(range(10, 20), range(20, 10, -1))
    one, two = (backtest(made_, alignment, seed=4, draws=99) for made_ in (scenario, shuffled(scenario, 3)))
    for name in ("territories", "measures", "against_even"):
        pd.testing.assert_frame_equal(getattr(one, name), getattr(two, name), check_exact=True)
    pd.testing.assert_frame_equal(one.audit.tests, two.audit.tests, check_exact=True)
