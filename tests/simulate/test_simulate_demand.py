"""The demand model's parameters."""

import math

import numpy as np
import pytest
from made_company import company, shuffled, yearly

from spm_opt.errors import ScenarioError
from spm_opt.simulate.demand import estimate

QUIET = {"market_shock": 0.0, "seller_shock": 0.0}


def with_ratios(ratios, segments=None, *, before=100.0, **simulate):
    """Make a company whose accounts went from ``before`` to ``before * ratio``."""
    names = [f"A{i:04d}" for i in range(len(ratios))]
    segments = segments or [""] * len(ratios)
    history = [
        row
        for name, ratio in zip(names, ratios, strict=True)
        for row in yearly(name, y2025=before, y2026=before * ratio)
    ]
    accounts = [{"id": name, "segment": segment} for name, segment in zip(names, segments, strict=True)]
    return company(accounts, [{"id": "S"}], history=history, simulate={**QUIET, **simulate})


def parameter(demand, name, segment=""):
    table = demand.parameters
    return table[(table["parameter"] == name) & (table["segment"] == segment)].iloc[0]


def test_churn_is_shrunk_towards_the_scenario_rate():
    """10 of 100 lost, prior 50 accounts at 4 %: (10 + 2) / 150 = 8 %."""
    demand = estimate(with_ratios([0.0] * 10 + [1.0] * 90, churn=0.04))
    assert demand.churn == pytest.approx(np.full(100, 0.08))
    row = parameter(demand, "churn")
    assert (row["value"], row["source"], row["observations"]) == (pytest.approx(0.08), "history", 100)


def test_churn_of_a_segment_is_shrunk_towards_the_company():
    """Lost are 10 of 50 in x, 0 of 50 in y; with 25 more at 4 % each: x (11 + 4)/125, y (1 + 4)/125."""
    scenario = with_ratios([0.0] * 10 + [1.0] * 90, ["x"] * 50 + ["y"] * 50, churn=0.04)
    demand = estimate(scenario)
    assert demand.churn[0] == pytest.approx(0.12)
    assert demand.churn[99] == pytest.approx(0.04)
    assert parameter(demand, "churn", "x")["observations"] == 50


def test_growth_has_the_mean_of_its_lognormal():
    """Half grew by e^0.3, half shrank by e^-0.1: m = 0.1, v = 0.04, mean exp(0.12), spread 0.2."""
    demand = estimate(with_ratios([math.exp(0.3)] * 20 + [math.exp(-0.1)] * 20))
    assert demand.growth == pytest.approx(np.full(40, math.exp(0.12)))
    assert demand.spread == pytest.approx(np.full(40, 0.2))
    assert parameter(demand, "growth")["value"] == pytest.approx(math.expm1(0.12))


def test_growth_of_a_segment_is_shrunk_towards_the_company():
    """20 of x at e^0.2, 20 of y at 1, worth 20 more accounts each: means of logs 0.15 and 0.05."""
    demand = estimate(with_ratios([math.exp(0.2)] * 20 + [1.0] * 20, ["x"] * 20 + ["y"] * 20))
    variance = (0 + 20 * 0.01) / 40
    assert demand.growth[0] == pytest.approx(math.exp(0.15 + variance / 2))
    assert demand.growth[39] == pytest.approx(math.exp(0.05 + variance / 2))
    assert demand.spread == pytest.approx(np.full(40, math.sqrt(variance)))


def test_shocks_are_taken_off_the_spread_but_not_off_the_mean():
    """A variance of 0.04 with shocks of 0.1 and 0.1 leaves sqrt(0.02); the mean stays."""
    ratios = [math.exp(0.3)] * 20 + [math.exp(-0.1)] * 20
    demand = estimate(with_ratios(ratios, market_shock=0.1, seller_shock=0.1))
    assert demand.growth == pytest.approx(np.full(40, math.exp(0.12)))
    assert demand.spread == pytest.approx(np.full(40, math.sqrt(0.02)))
    demand = estimate(with_ratios(ratios, market_shock=0.5))
    assert demand.spread.tolist() == [0.0] * 40


def test_a_tiny_base_does_not_explode_growth():
    """One account that grew a thousandfold among 39 that stood still counts as 10 % at most."""
    demand = estimate(with_ratios([1000.0] + [1.0] * 39))
    assert parameter(demand, "growth")["value"] < 0.01


def test_too_few_accounts_use_the_scenario():
    """29 accounts are not enough; the source says whether the planner or the package chose the rate."""
    demand = estimate(with_ratios([1.5] * 29, churn=0.07, growth=0.02))
    assert demand.churn[0] == 0.07
    assert demand.growth[0] == 1.02
    assert demand.spread[0] == 0.25
    sources = {name: parameter(demand, name)["source"] for name in ("churn", "growth", "growth_spread")}
    assert sources == {"churn": "scenario", "growth": "scenario", "growth_spread": "default"}
    assert parameter(demand, "churn")["observations"] == 29


def test_one_year_of_history_is_no_growth():
    """Without a year before last there is nothing to compare."""
    accounts = [{"id": f"A{i}"} for i in range(40)]
    history = [row for i in range(40) for row in yearly(f"A{i}", y2026=100)]
    demand = estimate(company(accounts, [{"id": "S"}], history=history))
    assert parameter(demand, "growth")["source"] == "default"
    assert parameter(demand, "months_of_history")["value"] == 12


def test_known_parameters_are_recovered():
    """4,000 accounts drawn with 6 % churn, mean growth 8 % and spread 0.3 give these back."""
    rng = np.random.default_rng(11)
    ratios = 1.08 * np.exp(0.3 * rng.standard_normal(4000) - 0.045) * (rng.random(4000) >= 0.06)
    demand = estimate(with_ratios(ratios.tolist(), market_shock=0.0, seller_shock=0.0))
    assert demand.churn[0] == pytest.approx(0.06, abs=0.012)
    assert demand.growth[0] == pytest.approx(1.08, abs=0.02)
    assert demand.spread[0] == pytest.approx(0.3, abs=0.015)


def with_pipeline(ratios, *deals, **others):
    """Make a company with history, an account that never bought, and deals of ``(account, amount)``."""
    past = with_ratios(ratios)
    return estimate(
        company(
            [*({"id": name} for name in past.accounts["id"]), {"id": "new"}],
            [{"id": "S"}],
            history=past.history.to_dict("records"),
            pipeline=[
                {"id": f"O{i}", "account": name, "amount": amount, "stage": "half", "close": "2027-05-01"}
                for i, (name, amount) in enumerate(deals)
            ],
            simulate={**QUIET, "churn": 0.0, "win_rates": {"half": 0.5}, **others},
        )
    )


def test_the_pipeline_is_part_of_growth_seen_in_history():
    """40 accounts grew from 100 to 120; a deal of 480 at a half is 240 of 4,800: 5 % of the 20 % are known."""
    demand = with_pipeline([1.2] * 40, ("A0000", 480), ("new", 5000))
    assert demand.growth == pytest.approx(np.full(41, 1.15))
    assert parameter(demand, "growth")["value"] == pytest.approx(0.2)
    assert parameter(demand, "growth_beyond_pipeline")["value"] == pytest.approx(0.15)


def test_a_pipeline_beyond_growth_leaves_last_year():
    """More expected wins than growth: the accounts stay as they are, and all growth is in the deals."""
    assert with_pipeline([1.2] * 40, ("A0000", 9_000)).growth == pytest.approx(np.ones(41))


def test_shrinking_accounts_go_on_shrinking():
    """Growth below nothing is not lowered further by a pipeline."""
    assert with_pipeline([0.9] * 40, ("A0000", 480)).growth == pytest.approx(np.full(41, 0.9))


def test_a_stated_growth_is_used_as_it_is():
    """With too little history the scenario's growth stands beside the pipeline."""
    assert with_pipeline([1.2] * 20, ("A0000", 480), growth=0.04).growth == pytest.approx(np.full(21, 1.04))


def deals(*rows, win_rates=None):
    table = [
        {"id": f"O{i}", "account": "A", "amount": 10, "stage": s, "close": c} for i, (s, c) in enumerate(rows)
    ]
    rates = {"early": 0.2, "late": 0.7} if win_rates is None else win_rates
    scenario = company([{"id": "A"}], [{"id": "S"}], pipeline=table, simulate={"win_rates": rates})
    return estimate(scenario)


def test_deals_of_the_planned_year_count():
    """One before, one after, two inside (January and December) and one without a date."""
    demand = deals(
        ("early", "2026-12-31"),
        ("early", "2027-01-01"),
        ("late", "2027-12-31"),
        ("late", None),
        ("late", "2028-01-01"),
    )
    assert demand.deals.ids == ("O1", "O2", "O3")
    assert demand.deals.month.tolist() == [0, 11, -1]
    assert demand.deals.win.tolist() == [0.2, 0.7, 0.7]
    assert parameter(demand, "win_rate", "late")["observations"] == 2
    outside = parameter(demand, "pipeline_closing_in_other_years")
    assert (outside["value"], outside["observations"]) == (20, 2)


def test_a_stage_without_win_rate_is_named():
    """Each stage that lacks a rate is a line, with the nearest that has one."""
    with pytest.raises(ScenarioError) as raised:
        deals(("Late", "2027-01-01"), ("odd", "2027-01-01"))
    assert raised.value.messages == (
        "scenario.toml: simulate.win_rates: no win rate for the stage 'Late' (is 'late' meant?)",
        "scenario.toml: simulate.win_rates: no win rate for the stage 'odd'",
    )


def test_an_empty_pipeline_is_no_pipeline():
    """A table without rows gives no deals."""
    assert deals().deals.ids == ()


def test_order_of_rows_does_not_matter():
    """Shuffled tables give the same bits."""
    rng = np.random.default_rng(2)
    scenario = with_ratios((rng.lognormal(0, 0.2, 90) * (rng.random(90) > 0.1)).tolist(), list("abc") * 30)
    first = estimate(scenario)
    for seed in range(3):
        other = estimate(shuffled(scenario, seed))
        for name in ("base", "churn", "growth", "spread"):
            assert getattr(other, name).tobytes() == getattr(first, name).tobytes()
        assert other.parameters.equals(first.parameters)
