"""The replications of the year."""

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from made_company import aligned, company, shuffled, yearly
from plain_year import PlainYear
from scipy.stats import skew

from spm_opt.simulate import simulate as module
from spm_opt.simulate.demand import estimate
from spm_opt.simulate.sales import pair_means
from spm_opt.simulate.shape import NODES
from spm_opt.simulate.simulate import account_sales, simulate
from spm_opt.simulate.stress import Stress

SHOCKS = ("company_shock", "segment_shock", "market_shock", "seller_shock")
STILL = dict.fromkeys(["churn", "growth", "growth_spread", "attrition", "delay", *SHOCKS], 0.0)


def one_account(replications=100_000, sellers=({"id": "S"},), pipeline=None, **rules):
    scenario = company(
        [{"id": "A", "revenue": 100.0}],
        sellers,
        pipeline=pipeline,
        simulate={**STILL, "win_rates": {"open": 0.3}, **rules},
    )
    return simulate(scenario, aligned(scenario, {"A": "S"}), replications=replications).amount[:, 0]


def region(*, seed=4, accounts=150, sellers=6, segments="xyz", **rules):
    """Make a company with everything: segments, markets, a vacancy, a new hire, hours, prospects, open and closed deals."""
    rng = np.random.default_rng(seed)
    names = [f"A{i:03d}" for i in range(accounts)]
    rows = [
        {
            "id": name,
            "segment": segments[i % len(segments)],
            "market": "mnop"[i % 4],
            "seller": f"S{rng.integers(sellers)}" if i % 10 else "",
            "potential": float(rng.integers(100, 400)),
            "workload": float(rng.integers(10, 30)),
        }
        for i, name in enumerate(names)
    ]
    staff = [{"id": f"S{i}", "capacity": float(rng.integers(300, 600))} for i in range(sellers)]
    staff[0] |= {"name": ""}
    staff[1] |= {"start": "2027-02-10"}
    staff[3] |= {"capacity": np.inf}
    luck = {f"S{i}": rng.normal(0, 0.15) for i in range(sellers)} | {"": 0.0}
    history = []
    for row in rows:
        sold = rng.lognormal(3, 1) * (rng.random() > 0.3)
        for year in ("y2024", "y2025", "y2026"):
            history += yearly(row["id"], **{year: sold})
            starts = rng.random() < 0.3
            kept = sold * (rng.random() > 0.1) * math.exp(rng.normal(luck[row["seller"]], 0.3))
            sold = kept if sold > 0 else starts * row["potential"] * rng.lognormal(-2, 0.5)
    pipeline = [
        {
            "id": f"O{i:03d}",
            "account": str(rng.choice(names)),
            "amount": float(rng.integers(1, 50)),
            "stage": str(rng.choice(["early", "late"])),
            "close": f"2027-{rng.integers(1, 13):02d}-15" if i % 7 else None,
        }
        for i in range(accounts // 3)
    ]
    return company(
        rows,
        staff,
        history=history,
        pipeline=pipeline,
        opportunities=closed(rng),
        simulate={"win_rates": {"early": 0.2, "late": 0.6}, "replications": 500, **rules},
        activities=("revenue", "potential", "workload"),
    )


def closed(rng):
    """Make 40 closed opportunities, some late."""
    expected = pd.to_datetime("2026-02-01") + pd.to_timedelta(rng.integers(0, 200, 40), unit="D")
    return [
        {
            "id": f"C{i:02d}",
            "account": "A001",
            "amount": 10.0,
            "opened": first - pd.Timedelta(days=90),
            "expected": first,
            "closed": first + pd.Timedelta(days=int(rng.integers(0, 100))),
            "won": bool(rng.random() < 0.4),
            "stage": str(rng.choice(["early", "late"])),
        }
        for i, first in enumerate(expected)
    ]


def dealt(scenario, seed=0):
    """Accounts dealt to sellers at random, the last one to nobody."""
    rng = np.random.default_rng(seed)
    sellers = scenario.sellers["id"].tolist()
    return aligned(
        scenario, {name: str(rng.choice(sellers)) for name in scenario.accounts["id"].tolist()[:-1]}
    )


def test_nothing_random_gives_last_year():
    """No churn, growth, spread or shocks: every replication brings last year's sales."""
    assert np.unique(one_account(replications=50)).tolist() == [100.0]


def test_churn_is_a_coin():
    """With churn 0.2 the mean is 80 and the variance 100^2 * 0.16."""
    drawn = one_account(churn=0.2)
    assert set(np.unique(drawn)) == {0.0, 100.0}
    assert drawn.mean() == pytest.approx(80, abs=4 * 40 / math.sqrt(1e5))


def test_growth_is_lognormal_with_its_mean():
    """Growth 10 % with spread 0.4: mean 110, standard deviation 110 sqrt(exp(0.16) - 1), skewed upwards."""
    drawn = one_account(growth=0.1, growth_spread=0.4)
    assert drawn.mean() == pytest.approx(110, rel=0.006)
    assert drawn.std() == pytest.approx(110 * math.sqrt(math.expm1(0.16)), rel=0.02)
    quantiles = np.quantile(drawn, [0.1, 0.5, 0.9])
    expected = 110 * np.exp(0.4 * np.array([-1.281552, 0, 1.281552]) - 0.08)
    assert quantiles == pytest.approx(expected, rel=0.01)
    assert skew(drawn) == pytest.approx((math.exp(0.16) + 2) * math.sqrt(math.expm1(0.16)), rel=0.1)


@pytest.mark.parametrize("shock", SHOCKS)
def test_shocks_widen_the_year_without_moving_it(shock):
    """A shock of 0.3 has mean 1 and standard deviation sqrt(exp(0.09) - 1)."""
    drawn = one_account(**{shock: 0.3})
    assert drawn.mean() == pytest.approx(100, rel=0.005)
    assert drawn.std() == pytest.approx(100 * math.sqrt(math.expm1(0.09)), rel=0.02)


def test_a_deal_is_a_coin():
    """A deal of 50 with win rate 0.3 adds 15 on average, and either 0 or 50 in a replication."""
    deal = [{"id": "O", "account": "A", "amount": 50.0, "stage": "open", "close": "2027-06-01"}]
    drawn = one_account(pipeline=deal)
    assert set(np.unique(drawn)) == {100.0, 150.0}
    assert drawn.mean() == pytest.approx(115, abs=4 * 50 * math.sqrt(0.21 / 1e5))


def test_a_vacancy_wins_fewer_deals_and_renews_all_the_same():
    """Vacancy 0.5: the deal's chance halves; last year's sales stay."""
    deal = [{"id": "O", "account": "A", "amount": 50.0, "stage": "open", "close": "2027-06-01"}]
    drawn = one_account(pipeline=deal, sellers=({"id": "S", "name": ""},), vacancy=0.5)
    assert drawn.mean() == pytest.approx(100 + 50 * 0.15, abs=0.3)


def test_a_vacancy_takes_from_growth_only():
    """Growth of exactly 20 % gives 120 when filled, 110 at half productivity; a shrinking account is the same."""
    empty = ({"id": "S", "name": ""},)
    assert one_account(replications=1, growth=0.2)[0] == pytest.approx(120)
    assert one_account(replications=1, growth=0.2, sellers=empty)[0] == pytest.approx(110)
    assert one_account(replications=1, growth=-0.2, sellers=empty)[0] == pytest.approx(80)


def test_deals_meet_the_ramp_of_their_month():
    """A hire in July: a sure deal is won in 20 % of replications in July, in all of them in December."""
    for close, chance in (("2027-03-01", 0.5), ("2027-07-20", 0.2), ("2027-12-01", 1.0), (None, None)):
        deal = [{"id": "O", "account": "A", "amount": 1.0, "stage": "open", "close": close}]
        hired = ({"id": "S", "start": "2027-07-01"},)
        drawn = one_account(20_000, hired, deal, win_rates={"open": 1.0}) - 100
        expected = (6 * 0.5 + 0.2 + 0.4 + 0.6 + 0.8 + 0.9 + 1.0) / 12 if chance is None else chance
        assert drawn.mean() == pytest.approx(expected, abs=0.015)


def test_accounts_of_a_market_rise_and_fall_together():
    """With market shocks alone, two accounts of one market move as one, those of another do not."""
    rows = [{"id": "A", "market": "m"}, {"id": "B", "market": "m"}, {"id": "C", "market": "n"}]
    scenario = company(
        [{**row, "revenue": 1.0} for row in rows],
        [{"id": "S"}, {"id": "T"}, {"id": "U"}],
        simulate={**STILL, "market_shock": 0.2},
    )
    drawn = simulate(scenario, aligned(scenario, {"A": "S", "B": "T", "C": "U"})).amount
    assert np.array_equal(drawn[:, 0], drawn[:, 1])
    assert abs(np.corrcoef(drawn[:, 0], drawn[:, 2])[0, 1]) < 0.05


@pytest.mark.parametrize(
    "stress",
    [
        Stress(),
        Stress(lost_accounts=("A003", "A010")),
        Stress(leavers=("S2",), ramp_delay=2, company=0.85),
    ],
    ids=["as expected", "lost accounts", "leavers, late ramps, recession"],
)
def test_equals_the_plain_year_draw_by_draw(stress):
    """The compiled year equals the plain one in every replication, whatever the stress; so do its parts."""
    scenario = region()
    alignment = dealt(scenario)
    fast = simulate(scenario, alignment, replications=41, seed=9, stress=stress)
    plain, lost, deals = PlainYear(scenario, alignment, 41, 9, stress).total()
    assert fast.amount == pytest.approx(plain[:, :-1], rel=1e-9)
    assert fast.unassigned == pytest.approx(plain[:, -1], rel=1e-9)
    assert fast.handover == pytest.approx(lost, rel=1e-9, abs=1e-9)
    assert lost.any()
    assert fast.deals == pytest.approx(deals[:, :-1], rel=1e-6)
    assert deals.any()


def test_last_days_equal_the_plain_year_draw_by_draw():
    """Sellers whose last day is known, within the year, before it or long after, leave as the plain year has it."""
    scenario = region()
    days = {"S1": "2027-08-31", "S2": "2027-05-10", "S4": "2026-11-30", "S5": "2029-01-01"}
    scenario = replace(scenario, sellers=with_ends(scenario.sellers, days))
    alignment = dealt(scenario)
    fast = simulate(scenario, alignment, replications=41, seed=9)
    plain, lost, deals = PlainYear(scenario, alignment, 41, 9).total()
    assert fast.amount == pytest.approx(plain[:, :-1], rel=1e-9)
    assert fast.handover == pytest.approx(lost, rel=1e-9, abs=1e-9)
    assert fast.deals == pytest.approx(deals[:, :-1], rel=1e-6)
    usual = simulate(region(), alignment, replications=41, seed=9).amount
    assert (fast.amount != usual).any(axis=0)[[1, 2, 4]].all()
    late = replace(scenario, sellers=with_ends(scenario.sellers, {"S5": "2027-12-31"}))
    assert np.array_equal(simulate(late, alignment, replications=41, seed=9).amount, usual)


def with_ends(sellers, days):
    return sellers.assign(end=pd.to_datetime(sellers["id"].map(days)))


def test_the_plain_year_has_everything_in_it():
    """What the oracle is compared on does not leave a part of the model out."""
    demand = estimate(region())
    sources = demand.parameters.set_index("parameter")["source"]
    estimated = ["churn", "growth", "growth_spread", "new_business", "first_purchase", "win_rate", "delay"]
    estimated += ["market_shock", "seller_shock"]
    assert {name: set(np.atleast_1d(sources[name])) for name in estimated} == {
        name: {"history"} for name in estimated
    }
    assert demand.growth.skill.level.any()
    assert not np.array_equal(demand.growth.shape, NODES)
    assert (demand.deals.month < 0).any()


def test_blocks_and_workers_change_nothing(monkeypatch):
    """Blocks of another size, four threads or one, and any order of completion give the same bytes."""
    scenario = region()
    alignment = dealt(scenario)
    first = simulate(scenario, alignment, replications=901)
    with ThreadPoolExecutor(1) as alone, ThreadPoolExecutor(4) as four:
        for executor, block in ((alone, 250), (four, 250), (four, 64)):
            monkeypatch.setattr(module, "BLOCK", block)
            again = simulate(scenario, alignment, replications=901, executor=executor)
            assert again.amount.tobytes() == first.amount.tobytes()
            assert again.handover.tobytes() == first.handover.tobytes()
            assert again.deals.tobytes() == first.deals.tobytes()
            if block == 250:
                assert again.expected.equals(first.expected)


def test_fewer_replications_are_the_first_of_more():
    """The first 51 of 300 replications are those of a run of 51."""
    scenario = region()
    alignment = dealt(scenario)
    few, many = (simulate(scenario, alignment, replications=count) for count in (51, 300))
    assert few.amount.tobytes() == many.amount[:51].tobytes()


def test_single_accounts_add_up_to_their_territories():
    """Account by account, without a pipeline, the same draws give the same totals."""
    scenario = replace(region(), pipeline=None)
    alignment = dealt(scenario)
    whole = simulate(scenario, alignment, replications=300)
    rows = np.arange(len(alignment.account_ids))
    each = account_sales(scenario, alignment, rows, replications=300)
    for t in range(4):
        mine = alignment.account_territory == t
        assert each[mine].sum(axis=0) == pytest.approx(whole.amount[:, t])


def test_partners_vary_less_than_strangers():
    """The mean of the year over antithetic pairs has at most a third of the variance that independent pairs have."""
    scenario = region(seed=5)
    year = simulate(scenario, dealt(scenario), replications=4_000).company
    assert pair_means(year).var() < year.var() / 2 / 3


def test_sources_add_up_to_the_mean():
    """Retained, new and pipeline sum to the mean sales, quarters to the year; last year is that of the accounts."""
    scenario = region()
    alignment = dealt(scenario)
    sales = simulate(scenario, alignment)
    assert sales.amount.shape == (500, 6)
    mean = sales.expected[["retained", "new", "pipeline"]].sum(axis=1)
    assert mean.to_numpy() == pytest.approx(sales.amount.mean(axis=0))
    assert (
        sales.expected["handover"].sum() <= sales.handover.mean() + 1e-9
    )  # the rest is of nobody's accounts
    assert sales.quarters.sum(axis=2) == pytest.approx(sales.amount)
    assert sales.expected["productivity"].tolist()[:3] == pytest.approx([0.5, (0.5 + 2.9 + 6) / 12, 1])
    mine = alignment.account_territory == 2
    assert sales.expected.loc["S2", "last_year"] == pytest.approx(estimate(scenario).base[mine].sum())
    assert sales.company == pytest.approx(sales.amount.sum(axis=1) + sales.unassigned)


def test_moving_an_account_changes_two_territories():
    """Two alignments with one seed meet the same futures: all other territories stay to the last bit."""
    scenario = region()
    before = dealt(scenario)
    holder = {a: f"S{t}" for a, t in zip(before.account_ids, before.account_territory, strict=True) if t >= 0}
    moved = next(name for name, seller in holder.items() if seller == "S3")
    after = aligned(scenario, {**holder, moved: "S2"})
    one, two = simulate(scenario, before), simulate(scenario, after)
    changed = [
        name
        for t, name in enumerate(one.territory_ids)
        if one.amount[:, t].tobytes() != two.amount[:, t].tobytes()
    ]
    assert changed == ["S2", "S3"]
    assert one.unassigned.tobytes() == two.unassigned.tobytes()


def test_same_seed_same_bytes_and_another_seed_another_year():
    """The seed alone decides, from the settings or as an argument; replications are a prefix of more."""
    scenario = region()
    alignment = dealt(scenario)
    first = simulate(scenario, alignment)
    assert first.seed == 1
    assert simulate(scenario, alignment, seed=1).amount.tobytes() == first.amount.tobytes()
    assert not np.array_equal(simulate(scenario, alignment, seed=2).amount, first.amount)


def test_order_of_rows_does_not_matter():
    """Shuffled tables, with the alignment in the order of the shuffled accounts, give the same bytes."""
    scenario = region()
    alignment = dealt(scenario)
    names = [f"S{t}" if t >= 0 else None for t in alignment.account_territory]
    holder = {a: s for a, s in zip(alignment.account_ids, names, strict=True) if s}
    first = simulate(scenario, alignment)
    for seed in range(3):
        other = shuffled(scenario, seed)
        again = simulate(other, aligned(other, holder))
        order = [again.territory_ids.index(name) for name in first.territory_ids]
        assert np.ascontiguousarray(again.amount[:, order]).tobytes() == first.amount.tobytes()
        assert again.unassigned.tobytes() == first.unassigned.tobytes()
        assert again.expected.loc[list(first.territory_ids)].equals(first.expected)
        assert again.parameters.equals(first.parameters)


def test_another_account_leaves_the_rest_alone():
    """An account without sales changes nothing for the others."""
    rows = [{"id": "A", "revenue": 5.0}, {"id": "C", "revenue": 7.0}]
    small = company(rows, [{"id": "S"}])
    large = company([*rows, {"id": "B"}], [{"id": "S"}])
    one = simulate(small, aligned(small, dict.fromkeys("AC", "S")), replications=100)
    two = simulate(large, aligned(large, dict.fromkeys("ABC", "S")), replications=100)
    assert one.amount.tobytes() == two.amount.tobytes()


def test_an_alignment_of_other_accounts_is_refused():
    """More accounts, or others, than the scenario has: a mistake of the caller."""
    scenario = company([{"id": "A"}], [{"id": "S"}])
    for rows in ([{"id": "B"}], [{"id": "A"}, {"id": "B"}]):
        other = company(rows, [{"id": "S"}])
        with pytest.raises(ValueError, match="alignment"):
            simulate(scenario, aligned(other, {}))


def test_an_idle_company_sells_nothing():
    """No account with sales and no pipeline: zeros of the right shape."""
    scenario = company([{"id": "A"}], [{"id": "S"}])
    sales = simulate(scenario, aligned(scenario, {"A": "S"}), replications=3)
    assert sales.amount.tolist() == [[0.0]] * 3


# ---- what is new to the year ----------------------------------------------------------------------


def test_a_change_of_hands_costs_its_share():
    """A loss of 20 %, sure and the same for all: 100 become 80; coming from an empty chair costs nothing."""
    sure = {"loss": 0.2, "uncertainty": 0.0, "spread": 0.0}
    for names, brought in ((("S", "T"), 80.0), (("", "T"), 100.0)):
        scenario = company(
            [{"id": "A", "revenue": 100.0, "seller": "S"}],
            [{"id": "S", "name": names[0]}, {"id": "T", "name": names[1]}],
            simulate={**STILL, "handover": sure},
        )
        moved = simulate(scenario, aligned(scenario, {"A": "T"}), replications=3)
        assert moved.amount[:, 1].tolist() == [brought] * 3
        assert moved.handover.tolist() == [100.0 - brought] * 3
        assert (
            simulate(scenario, aligned(scenario, {"A": "T"}), replications=2, handovers=False)
            .amount[:, 1]
            .tolist()
            == [100.0] * 2
        )


def test_a_change_of_hands_is_a_distribution():
    """A loss of 15 % with an uncertainty of 3 and a spread of 15 points: mean 85, standard deviation sqrt(9 + 225)."""
    scenario = company(
        [{"id": "A", "revenue": 100.0, "seller": "S"}], [{"id": "S"}, {"id": "T"}], simulate=STILL
    )
    brought = simulate(scenario, aligned(scenario, {"A": "T"}), replications=40_000).amount[:, 1]
    assert brought.mean() == pytest.approx(85, abs=1e-6)  # partners cancel out
    assert brought.std() == pytest.approx(math.sqrt(9 + 225), rel=0.02)
    assert (brought > 100).mean() == pytest.approx(0.163, abs=0.01)  # one of six gains


def test_too_much_work_sells_less_than_time_for_it():
    """Twice the hours there are: growth of 20 % becomes 20 % x 0.5^0.34; relative to today, where half are covered."""
    accounts = [
        {"id": a, "revenue": 100.0, "workload": 10.0, "seller": s} for a, s in ("AS", "BS", "CT", "DT")
    ]
    scenario = company(
        accounts,
        [{"id": "S", "capacity": 20.0}, {"id": "T", "capacity": 10.0}],
        simulate={**STILL, "growth": 0.2},
        activities=("revenue", "workload"),
    )
    today = {row["id"]: row["seller"] for row in accounts}
    brought = simulate(scenario, aligned(scenario, today), replications=1).amount[0]
    usual = (1 + 0.5**0.34) / 2
    assert brought == pytest.approx([200 + 40 / usual, 200 + 40 * 0.5**0.34 / usual])
    assert brought.sum() == pytest.approx(480)  # today is what history was made with
    better = {**today, "C": "S", "D": "S"}
    scenario = company(
        accounts,
        [{"id": "S", "capacity": 40.0}, {"id": "T", "capacity": 10.0}],
        simulate={**STILL, "growth": 0.2, "handover": {"loss": 0.0, "uncertainty": 0.0, "spread": 0.0}},
        activities=("revenue", "workload"),
    )
    assert simulate(scenario, aligned(scenario, better), replications=1).amount[0] == pytest.approx(
        [400 + 80 / usual, 0]
    )


def test_prospects_begin_to_buy():
    """A chance of 30 % to buy a tenth of 1,000: mean 30; twice the effort lifts the chance by 2^0.34."""
    for hours, lift in ((100.0, 1.0), (200.0, 2**0.34), (900.0, 2**0.34)):
        scenario = company(
            [{"id": "A", "potential": 1000.0, "workload": 100.0}],
            [{"id": "S", "capacity": hours}],
            simulate={**STILL, "new_business": 0.3, "first_purchase": 0.1, "first_purchase_spread": 0.0},
            activities=("revenue", "potential", "workload"),
        )
        brought = simulate(scenario, aligned(scenario, {"A": "S"}), replications=40_000).amount[:, 0]
        assert set(np.round(np.unique(brought), 9)) == {0.0, 100.0}
        assert brought.mean() == pytest.approx(30 * lift, abs=0.5)


def test_nobody_buys_more_than_the_potential():
    """First purchases with an enormous spread end at the potential."""
    scenario = company(
        [{"id": "A", "potential": 50.0}],
        [{"id": "S"}],
        simulate={**STILL, "new_business": 1.0, "first_purchase": 1.0, "first_purchase_spread": 3.0},
        activities=("revenue", "potential"),
    )
    brought = simulate(scenario, aligned(scenario, {"A": "S"}), replications=2_000).amount
    assert brought.max() == 50.0


def test_deals_slip_by_a_geometric_delay():
    """A mean delay of one month: half close on time, and of those due in December half are sold next year."""
    for close, chance in (("2027-12-01", 0.5), ("2027-11-01", 0.75), ("2027-01-01", 1 - 0.5**12)):
        deal = [{"id": "O", "account": "A", "amount": 1.0, "stage": "open", "close": close}]
        drawn = one_account(20_000, pipeline=deal, win_rates={"open": 1.0}, delay=1.0) - 100
        assert drawn.mean() == pytest.approx(chance, abs=0.01)


def test_attrition_widens_the_year_of_a_seller_without_moving_it():
    """Departures are usual: growth stays what history shows on average, and varies with who leaves."""
    drawn = one_account(40_000, growth=0.2, attrition=0.3, handover={"loss": 0.0, "uncertainty": 0.0})
    assert drawn.mean() == pytest.approx(120, rel=0.002)
    assert drawn.std() > 1
    assert one_account(100, growth=0.2).std() == pytest.approx(0, abs=1e-9)


def test_a_stress_makes_the_year_worse():
    """Each stress lowers the mean, and a recession of 15 % lowers every year by exactly that."""
    scenario = region()
    alignment = dealt(scenario)
    usual = simulate(scenario, alignment)
    for stress in (Stress(lost_accounts=("A003",)), Stress(leavers=("S2",)), Stress(ramp_delay=2)):
        assert simulate(scenario, alignment, stress=stress).company.mean() < usual.company.mean()
    recession = simulate(scenario, alignment, stress=Stress(company=0.85)).company
    assert recession == pytest.approx(0.85 * usual.company)


def test_what_hands_cost_is_the_difference_to_a_year_without():
    """In every replication the company sells less by just what is said to be lost, opportunities included."""
    scenario = region()
    alignment = dealt(scenario)
    made = simulate(scenario, alignment, replications=60, seed=9)
    calm = simulate(scenario, alignment, replications=60, seed=9, handovers=False)
    assert made.handover == pytest.approx(calm.company - made.company, rel=1e-9, abs=1e-6)
    assert not np.array_equal(made.deals, calm.deals)
    assert not calm.handover.any()


@pytest.mark.parametrize("count", [0, -1])
def test_no_replications_are_refused(count):
    """Of no year at all there is no mean to give."""
    with pytest.raises(ValueError, match=f"at least, not {count}"):
        one_account(replications=count)
