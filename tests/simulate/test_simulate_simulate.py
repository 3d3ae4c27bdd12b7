"""The replications of the year."""

import math

import numpy as np
import pytest
from made_company import aligned, company, shuffled, yearly
from scipy.stats import skew

from spm_opt.simulate import simulate as module
from spm_opt.simulate.demand import estimate
from spm_opt.simulate.draws import account_draws, opportunity_draws, shocks
from spm_opt.simulate.productivity import productivity
from spm_opt.simulate.simulate import simulate

STILL = {"churn": 0.0, "growth": 0.0, "growth_spread": 0.0, "market_shock": 0.0, "seller_shock": 0.0}


def one_account(replications=100_000, sellers=({"id": "S"},), pipeline=None, **rules):
    scenario = company(
        [{"id": "A", "revenue": 100.0}],
        sellers,
        pipeline=pipeline,
        simulate={**STILL, "win_rates": {"open": 0.3}, **rules},
    )
    return simulate(scenario, aligned(scenario, {"A": "S"}), replications=replications).amount[:, 0]


def region(*, seed=4, accounts=60, sellers=4, segments="xyz", **rules):
    """Make a company of several segments, markets, a vacancy, a new hire, churn, history and pipeline."""
    rng = np.random.default_rng(seed)
    names = [f"A{i:03d}" for i in range(accounts)]
    rows = [
        {
            "id": name,
            "segment": segments[i % len(segments)],
            "market": "mn"[i % 2],
            "revenue": float(rng.integers(1, 100)),
        }
        for i, name in enumerate(names)
    ]
    staff = [{"id": f"S{i}"} for i in range(sellers)]
    staff[0] |= {"name": ""}
    staff[1] |= {"start": "2027-02-10"}
    history = [
        row
        for name in names[:-3]
        for row in yearly(
            name, y2025=float(rng.lognormal(3, 1)), y2026=float(rng.lognormal(3, 1) * (rng.random() > 0.1))
        )
    ]
    pipeline = [
        {
            "id": f"O{i:03d}",
            "account": str(rng.choice(names)),
            "amount": float(rng.integers(1, 50)),
            "stage": str(rng.choice(["early", "late"])),
            "close": f"2027-{rng.integers(1, 13):02d}-15",
        }
        for i in range(accounts // 2)
    ]
    return company(
        rows,
        staff,
        history=history,
        pipeline=pipeline,
        simulate={"win_rates": {"early": 0.2, "late": 0.6}, "replications": 500, **rules},
    )


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


@pytest.mark.parametrize("shock", ["market_shock", "seller_shock"])
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


def slow(scenario, alignment, replications, seed):
    """Work out the year by plain loops in double precision over the same draws; nobody comes last."""
    demand = estimate(scenario)
    sellers, rules = alignment.territory_ids, scenario.settings.simulate
    ready = productivity(scenario.sellers, sellers, scenario.settings)
    luck, normal = account_draws(seed, demand.account_ids, replications)
    coin = opportunity_draws(seed, demand.deals.ids, replications)
    market = shocks(seed, "market", demand.market_names, rules.market_shock, replications).astype(float)
    seller = shocks(seed, "seller", sellers, rules.seller_shock, replications).astype(float)
    owner = dict(zip(alignment.account_ids, alignment.account_territory.tolist(), strict=True))
    year = np.zeros((replications, len(sellers) + 1))
    for r in range(replications):
        for i, name in enumerate(demand.account_ids):
            t = owner[name]
            months = ready[t] if t >= 0 else np.full(12, rules.vacancy)
            growth = demand.growth[i] * math.exp(demand.spread[i] * normal[i, r] - demand.spread[i] ** 2 / 2)
            factor = min(growth, 1) + months.mean() * max(growth - 1, 0)
            if luck[i, r] < demand.churn[i]:
                factor = 0
            brought = demand.base[i] * factor
            for d in np.flatnonzero(demand.deals.account == i):
                if coin[d, r] < demand.deals.win[d] * months[demand.deals.month[d]]:
                    brought += demand.deals.amount[d]
            year[r, t] += brought * market[demand.market[i], r] * (seller[t, r] if t >= 0 else 1)
    return year


def test_equals_the_plain_loops_draw_by_draw(monkeypatch):
    """The vectorised year equals the slow one in every replication, however it is cut into chunks."""
    scenario = region()
    alignment = dealt(scenario)
    for chunk in (module.CHUNK, 7 * 40):
        monkeypatch.setattr(module, "CHUNK", chunk)
        fast = simulate(scenario, alignment, replications=40, seed=9)
        plain = slow(scenario, alignment, 40, 9)
        assert fast.amount == pytest.approx(plain[:, :-1], rel=2e-6)
        assert fast.unassigned == pytest.approx(plain[:, -1], rel=2e-6)


def test_sources_add_up_to_the_mean():
    """Retained and pipeline sum to the mean sales; last year and productivity are those of the inputs."""
    scenario = region()
    alignment = dealt(scenario)
    sales = simulate(scenario, alignment)
    assert sales.amount.shape == (500, 4)
    mean = sales.expected["retained"] + sales.expected["pipeline"]
    assert mean.to_numpy() == pytest.approx(sales.amount.mean(axis=0))
    assert sales.expected.index.tolist() == ["S0", "S1", "S2", "S3"]
    assert sales.expected["productivity"].tolist() == pytest.approx([0.5, (0.5 + 2.9 + 6) / 12, 1, 1])
    mine = alignment.account_territory == 2
    assert sales.expected.loc["S2", "last_year"] == pytest.approx(estimate(scenario).base[mine].sum())
    assert sales.company == pytest.approx(sales.amount.sum(axis=1) + sales.unassigned)


def test_moving_an_account_changes_two_territories():
    """Two alignments with one seed meet the same futures: all other territories stay to the last bit."""
    scenario = region()
    before = dealt(scenario)
    holder = dict(zip(before.account_ids, (f"S{t}" for t in before.account_territory), strict=True))
    del holder["A059"]
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
