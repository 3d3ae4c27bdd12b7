"""The demand model's parameters."""

import math
from dataclasses import replace

import numpy as np
import pytest
from made_company import company, shuffled, yearly
from scipy import stats

from spm_opt.errors import ScenarioError
from spm_opt.simulate.demand import estimate
from spm_opt.simulate.shape import mean_factor

QUIET = {"market_shock": 0.0, "seller_shock": 0.0}


def with_ratios(ratios, segments=None, *, before=100.0, markets=None, sellers=None, **simulate):
    """Make a company whose accounts went from ``before`` to ``before * ratio``."""
    names = [f"A{i:04d}" for i in range(len(ratios))]
    history = [
        row
        for name, ratio in zip(names, ratios, strict=True)
        for row in yearly(name, y2025=before, y2026=before * ratio)
    ]
    accounts = [
        {"id": name, "segment": segment, "market": market, "seller": seller}
        for name, segment, market, seller in zip(
            names, *(each or [""] * len(ratios) for each in (segments, markets, sellers)), strict=True
        )
    ]
    staff = [{"id": name} for name in sorted({*(sellers or ["S"])})]
    return company(accounts, staff, history=history, simulate={**QUIET, **simulate})


def parameter(demand, name, segment=""):
    table = demand.parameters
    return table[(table["parameter"] == name) & (table["segment"] == segment)].iloc[0]


def test_churn_of_the_company_has_the_prior_of_jeffreys():
    """10 of 100 lost: 10.5 of 101; with one segment that counts as 50 accounts more of the same."""
    demand = estimate(with_ratios([0.0] * 10 + [1.0] * 90))
    assert demand.churn.active.company == pytest.approx(10.5 / 101)
    row = parameter(demand, "churn")
    assert row["value"] == pytest.approx((10 + 50 * 10.5 / 101) / 150)
    assert (row["source"], row["observations"]) == ("history", 100)
    a, b = row["value"] * 150, (1 - row["value"]) * 150
    assert (row["low"], row["high"]) == pytest.approx(stats.beta.ppf([0.05, 0.95], a, b))


def test_churn_of_a_segment_is_shrunk_towards_the_company():
    """Lost are 10 of 50 in x, 0 of 50 in y; 50 more in each at the company's 10.5 of 101."""
    demand = estimate(with_ratios([0.0] * 10 + [1.0] * 90, ["x"] * 50 + ["y"] * 50))
    more = 50 * 10.5 / 101
    assert demand.churn.active.value == pytest.approx([(10 + more) / 100, more / 100])
    assert parameter(demand, "churn", "x")["observations"] == 50


def quarterly(account, *amounts):
    """Quarters from 2025 on."""
    return [
        {"account": account, "period": f"{2025 + q // 4}-{q % 4 * 3 + 1:02d}-01", "months": 3, "revenue": r}
        for q, r in enumerate(amounts)
    ]


def test_accounts_that_fell_silent_churn_at_a_rate_of_their_own():
    """Of 40 that bought nothing in the last quarter of 2025 30 were lost, of 60 others none."""
    history = []
    for i in range(100):
        silent, back = i < 40, i < 10
        history += quarterly(
            f"A{i:02d}", 9, 9, 9, 0 if silent else 9, *([9] * 4 if back or not silent else [0] * 4)
        )
    accounts = [{"id": f"A{i:02d}"} for i in range(100)]
    demand = estimate(company(accounts, [{"id": "S"}], history=history))
    assert parameter(demand, "churn_silent")["value"] == pytest.approx((30 + 50 * 30.5 / 41) / 90)
    assert parameter(demand, "churn")["value"] == pytest.approx((0 + 50 * 0.5 / 61) / 110)
    assert demand.state.tolist() == [0] * 10 + [1] * 30 + [0] * 60  # today, by the last quarter of 2026


def test_few_silent_accounts_are_no_class():
    """29 of them say too little: one rate for all, and no row about them."""
    history = []
    for i in range(100):
        history += quarterly(f"A{i:02d}", 9, 9, 9, 0 if i < 29 else 9, *([0] * 4 if i < 20 else [9] * 4))
    demand = estimate(company([{"id": f"A{i:02d}"} for i in range(100)], [{"id": "S"}], history=history))
    assert "churn_silent" not in set(demand.parameters["parameter"])
    assert demand.churn.active.company == demand.churn.silent.company == pytest.approx(20.5 / 101)


def test_a_part_of_a_year_counts_as_a_whole_one():
    """40 accounts that began in July 2025 with 10 a quarter and go on with 10: no growth, and so from July 2026 on."""
    history = []
    for i in range(40):
        history += quarterly(f"A{i:02d}", 0, 0, 10, 10, 10, 10, 10, 10)
    history += quarterly("B", 0, 0, 0, 0, 0, 0, 10, 10) + quarterly("C", 0, 0, 10, 10, 0, 0, 10, 10)
    ids = [*(f"A{i:02d}" for i in range(40)), "B", "C"]
    demand = estimate(company([{"id": name} for name in ids], [{"id": "S"}], history=history))
    assert demand.growth.levels.company == pytest.approx(0, abs=0.02)
    # B began in July, C buys in the second half of every year
    assert demand.base[-2:].tolist() == [40, 20]
    assert demand.past.base[-2:].tolist() == [20, 20]


def test_growth_has_the_mean_and_spread_of_its_logarithms():
    """Half grew by e^0.3, half shrank by e^-0.1: mean 0.1, spread 0.2; mean growth near exp(0.1205) - 1."""
    demand = estimate(with_ratios([math.exp(0.3)] * 20 + [math.exp(-0.1)] * 20))
    levels = demand.growth.levels
    assert levels.mean == pytest.approx([0.1])
    assert levels.spread == pytest.approx([0.2 * math.sqrt(40 / 39)])  # their mean took a degree of freedom
    # 40 accounts and 20 like them, and the year that they were seen in: company and segment
    assert levels.error == pytest.approx([math.sqrt(0.04 / 60 + 0.03**2 + 0.02**2)])
    assert parameter(demand, "growth")["value"] == pytest.approx(math.expm1(0.1205), abs=0.001)


def test_growth_of_a_segment_is_shrunk_towards_the_company():
    """20 of x at e^0.2, 20 of y at 1, worth 20 more accounts each: means of logs 0.15 and 0.05, no spread."""
    demand = estimate(with_ratios([math.exp(0.2)] * 20 + [1.0] * 20, ["x"] * 20 + ["y"] * 20))
    assert demand.growth.levels.mean == pytest.approx([0.15, 0.05])
    assert demand.growth.levels.spread == pytest.approx([0, 0], abs=1e-12)


def test_the_spread_is_what_sellers_and_markets_leave():
    """Two markets 0.2 apart, plus and minus 0.2 in each: a variance of 0.04 with 38 degrees of freedom of 40."""
    logs = [0.3, -0.1] * 10 + [0.1, -0.3] * 10
    markets = ["m"] * 20 + ["n"] * 20
    for shock, lift in ((0.1, 0.01), (0.5, 0.05)):
        levels = estimate(
            with_ratios(np.exp(logs).tolist(), markets=markets, market_shock=shock)
        ).growth.levels
        assert levels.spread**2 == pytest.approx([0.04 * 40 / 38])
        # the shock has a mean factor of 1: its part of the mean stays, up to the variance seen
        assert levels.mean == pytest.approx([lift / 2])


def test_what_sellers_share_is_their_variance_between():
    """Ten sellers with four accounts each at plus and minus 0.2 around their own mean; by hand from the sums of squares."""
    means = np.linspace(-0.45, 0.45, 10)
    logs = np.concatenate([m + np.array([-0.2, 0.2, -0.2, 0.2]) for m in means])
    sellers = [f"S{i}" for i in range(10) for _ in range(4)]
    scenario = with_ratios(np.exp(logs).tolist(), sellers=sellers)
    simulation = scenario.settings.simulate.model_copy(update={"seller_shock": 0.1})
    simulation.model_fields_set.discard("seller_shock")
    scenario = replace(scenario, settings=scenario.settings.model_copy(update={"simulate": simulation}))
    grown = estimate(scenario).growth
    between, within = 4 * (means**2).sum() / 9, 40 * 0.04 / 30
    own = (between - within) / 4
    assert grown.shared.seller.value**2 == pytest.approx((3 * 0.01 + 9 * own) / 12)
    tau = grown.shared.seller.value**2
    whole = means.var() + 0.04
    keeps = 0.5 * tau / (0.5 * tau + 0.5 * tau + whole / 4)
    assert grown.skill.level == pytest.approx(keeps * means)
    assert grown.skill.kept == pytest.approx(np.full(10, 0.5 * (1 - keeps) + 0.5))


def test_six_years_tell_what_the_company_and_its_segments_share():
    """Years that move all accounts by plus or minus 10 %, and a segment beside the others by 5 %, are found again."""
    years = [0.1, -0.1, 0.1, -0.1, 0.1, -0.1]
    history = []
    for i in range(200):
        sold = 100.0
        amounts = {"y2019": sold}
        for at, year in enumerate(years):
            beside = (0.05 if at % 3 else -0.1) * (1 if i % 2 else -1)
            sold *= math.exp(year + beside + 0.05 * ((i + at) % 5 - 2))
            amounts[f"y{2020 + at}"] = sold
        history += yearly(f"A{i:03d}", **amounts)
    accounts = [{"id": f"A{i:03d}", "segment": "xy"[i % 2], "market": "m"} for i in range(200)]
    demand = estimate(company(accounts, [{"id": "S"}], history=history, year=2026))
    rows = {name: parameter(demand, f"{name}_shock") for name in ("company", "segment")}
    assert {row["source"] for row in rows.values()} == {"history"}
    assert rows["company"]["low"] < 0.11 < rows["company"]["high"]
    assert rows["segment"]["low"] < 0.08 < rows["segment"]["high"]
    few = [row for row in history if row["period"] >= "2022"]
    row = parameter(estimate(company(accounts, [{"id": "S"}], history=few, year=2026)), "company_shock")
    assert (row["value"], row["source"]) == (0.03, "default")


def test_skill_is_what_stays_from_year_to_year():
    """Thirty sellers whose departures are the same in both years have skill; where the next is another, luck."""
    rng = np.random.default_rng(5)
    names = [f"A{i:04d}" for i in range(30 * 40)]
    sellers = [f"S{i // 40:02d}" for i in range(len(names))]
    effects = rng.normal(0, 0.15, (2, 30))
    for second, low, high in ((0, 0.75, 1.0), (1, 0.0, 0.4)):
        one, two = (np.exp(effects[e].repeat(40) + rng.normal(0, 0.2, len(names))) for e in (0, second))
        history = [
            row
            for name, a, b in zip(names, one.tolist(), two.tolist(), strict=True)
            for row in yearly(name, y2024=100, y2025=100 * a, y2026=100 * a * b)
        ]
        accounts = [{"id": a, "seller": s} for a, s in zip(names, sellers, strict=True)]
        staff = [{"id": name} for name in sorted(set(sellers))]
        row = parameter(estimate(company(accounts, staff, history=history)), "skill")
        assert row["source"] == "history"
        assert low <= row["value"] <= high


def test_new_business_is_counted_among_those_without_sales():
    """10 of 40 prospects began with a tenth of their potential: 10.5 of 41 in all, and 10 %, all alike."""
    names = [f"A{i:02d}" for i in range(40)]
    history = [
        row for i, name in enumerate(names) for row in yearly(name, y2025=0.0, y2026=10.0 if i < 10 else 0.0)
    ]
    accounts = [{"id": name, "potential": 100.0} for name in names]
    demand = estimate(company(accounts, [{"id": "S"}], history=history, activities=("revenue", "potential")))
    assert demand.prospects.company == pytest.approx(10.5 / 41)
    assert parameter(demand, "new_business")["observations"] == 40
    assert parameter(demand, "first_purchase")["value"] == pytest.approx(0.1)
    assert (demand.potential[:10] == 100).all()  # of the year, whether an account buys or not


def test_without_potential_nobody_begins():
    """No potential, no new business beyond the pipeline, and no row about it."""
    demand = estimate(with_ratios([1.0] * 40))
    assert demand.prospects.value.tolist() == [0.0]
    assert "new_business" not in set(demand.parameters["parameter"])


def test_a_tiny_base_does_not_explode_growth():
    """One account that grew a thousandfold among 39 that stood still counts as 10 % at most."""
    demand = estimate(with_ratios([1000.0] + [1.0] * 39))
    assert parameter(demand, "growth")["value"] < 0.01


def test_too_few_accounts_use_the_scenario():
    """29 accounts are not enough; the source says whether the planner or the package chose the rate."""
    demand = estimate(with_ratios([1.5] * 29, churn=0.07, growth=0.02))
    assert demand.churn.active.value.tolist() == [0.07]
    assert parameter(demand, "growth")["value"] == pytest.approx(0.02)
    assert demand.growth.levels.spread.tolist() == [0.25]
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
    assert demand.churn.active.value[0] == pytest.approx(0.06, abs=0.012)
    assert parameter(demand, "growth")["value"] == pytest.approx(0.08, abs=0.02)
    assert demand.growth.levels.spread[0] == pytest.approx(0.3, abs=0.015)


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


def grows(demand):
    return np.exp(demand.beyond.mean) * mean_factor(demand.growth.shape, demand.beyond.spread) - 1


def test_the_pipeline_is_part_of_growth_seen_in_history():
    """40 accounts grew from 100 to 120; a deal of 480 at a half is 240 of 4,800 that stay: 5 % of the 20 % are known."""
    demand = with_pipeline([1.2] * 40, ("A0000", 480), ("new", 5000))
    stays = 1 - demand.churn.active.value[0]
    assert grows(demand) == pytest.approx([0.2 - 0.05 / stays])
    assert parameter(demand, "growth")["value"] == pytest.approx(0.2)
    assert parameter(demand, "growth_beyond_pipeline")["value"] == pytest.approx(0.2 - 0.05 / stays)


def test_a_pipeline_beyond_growth_leaves_last_year():
    """More expected wins than growth: the accounts stay as they are, and all growth is in the deals."""
    assert grows(with_pipeline([1.2] * 40, ("A0000", 9_000))) == pytest.approx([0], abs=1e-12)


def test_shrinking_accounts_go_on_shrinking():
    """Growth below nothing is not lowered further by a pipeline."""
    assert grows(with_pipeline([0.9] * 40, ("A0000", 480))) == pytest.approx([-0.1])


def test_a_stated_growth_is_used_as_it_is():
    """With too little history the scenario's growth stands beside the pipeline."""
    assert grows(with_pipeline([1.2] * 20, ("A0000", 480), growth=0.04)) == pytest.approx([0.04])


def test_closed_opportunities_count_beside_the_stated_win_rate():
    """Of 30 that came to the late stage 6 were won; with the stated 60 % worth ten: 12 of 40."""
    closed = [
        {
            "id": f"C{i}", "account": "A", "amount": 1.0, "stage": "late", "won": i < 6,
            "opened": "2026-01-01", "expected": "2026-03-01", "closed": "2026-05-01",
        }
        for i in range(30)
    ]  # fmt: skip
    open_deal = [{"id": "O", "account": "A", "amount": 10, "stage": "late", "close": "2027-05-01"}]
    scenario = company(
        [{"id": "A"}], [{"id": "S"}], pipeline=open_deal, opportunities=closed,
        simulate={"win_rates": {"early": 0.2, "late": 0.6}},
    )  # fmt: skip
    row = parameter(estimate(scenario), "win_rate", "late")
    assert (row["value"], row["source"], row["observations"]) == (pytest.approx(12 / 40), "history", 30)
    assert (row["low"], row["high"]) == pytest.approx(stats.beta.ppf([0.05, 0.95], 12, 28))
    assert parameter(estimate(scenario), "delay")["source"] == "default"  # six won are too few


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
        assert other.base.tobytes() == first.base.tobytes()
        assert other.beyond.mean.tobytes() == first.beyond.mean.tobytes()
        assert other.growth.shape.tobytes() == first.growth.shape.tobytes()
        assert other.parameters.equals(first.parameters)
