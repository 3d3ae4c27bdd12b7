"""Over-assignment that is chosen, and its curve."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_company import aligned, company, shuffled
from pydantic import ValidationError

from spm_opt.errors import QuotaError, ScenarioError
from spm_opt.quota.over import Year
from spm_opt.quota.quota import quota
from spm_opt.quota.tree import reconcile
from spm_opt.scenario.quota_settings import Quota
from spm_opt.scenario.settings import Table
from spm_opt.simulate.sales import Sales

TWO = np.array([[100.0, 100.0], [100.0, 60.0], [60.0, 100.0], [60.0, 60.0]])
"""Two sellers with 100 or 60, each as likely."""
PAY = ((0.0, 0.0), (1.0, 1.0), (2.0, 3.0))


def planned(draws=TWO, names=("Ann", "Bob"), unassigned=0.0, order=None, **rules):
    staff = [{"id": f"S{i}", "name": name, "region": "East" if i else "West"} for i, name in enumerate(names)]
    if "over" in rules:
        rules["over"] = {"most": 1.3, **rules["over"]}
    given_rules = {"step": 1, "target": 160, "methods": {"even": 1.0}, **rules}
    scenario = company([{"id": f"A{i}", "revenue": 1.0} for i in range(len(names))], staff, quota=given_rules)
    scenario = scenario if order is None else shuffled(scenario, order)
    alignment = aligned(scenario, {f"A{i}": f"S{i}" for i in range(len(names))})
    if order is not None:
        draws = draws[:, [int(name[1:]) for name in alignment.territory_ids]]
    extra = np.full(len(draws), unassigned)
    sales = Sales(alignment.territory_ids, draws, extra, pd.DataFrame(), pd.DataFrame(), 1)
    return quota(scenario, alignment, sales)


def row(plan, hedge):
    return plan.over.set_index("hedge").loc[hedge]


def chosen(plan):
    return plan.over.loc[plan.over["chosen"], "hedge"].tolist()


def test_the_least_hedge_by_hand():
    """160 from quotas of 80: only both attaining do it (1 in 4); from 100 on one of them is enough (3 in 4)."""
    plan = planned(over={"chance": 0.5})
    assert chosen(plan) == [1.25]
    assert (plan.cents / 100).tolist() == [100, 100]
    assert plan.target_cents == 16_000
    assert plan.over["p_company"].tolist() == [0.25] * 25 + [0.75] * 6
    assert row(plan, 1.0)["p_attain_mean"] == row(plan, 1.25)["p_attain_mean"] == 0.5
    assert row(plan, 1.26)["p_attain_least"] == 0.0
    assert row(plan, 1.25)["quotas"] == pytest.approx(200)


def test_expected_cost_by_hand():
    """At 80: 1.5 for 1.25 and 0.75 for 0.75, 1.125 a seller, where the mean sales of 80 would cost 1."""
    plan = planned(over={"chance": 0.5, "target_pay": 1000, "pay": PAY})
    assert row(plan, 1.0)["payout"] == pytest.approx(2250)
    assert row(plan, 1.0)["payout_at_mean"] == pytest.approx(2000)
    assert row(plan, 1.25)["payout"] == pytest.approx(1600)


def test_the_cheapest_hedge_by_hand():
    """Pay alone falls to the end; where a missed quota costs a target pay, 1.25 is the cheapest."""
    assert chosen(planned(over={"chance": 0.5, "choose": "cheapest"})) == [1.3]
    assert chosen(planned(over={"chance": 0.5, "choose": "cheapest", "missed": 1.0})) == [1.25]
    assert chosen(planned(over={"chance": 0.5, "choose": "cheapest", "attain": 0.5})) == [1.25]


def test_what_is_counted_and_what_nobody_has():
    """Counted to 1.25 of a quota, one seller of two makes up at once; so does 20 from accounts without one."""
    assert chosen(planned(over={"chance": 0.5, "counted": 1.25})) == [1.0]
    assert row(planned(over={"chance": 0.5, "counted": 1.25}), 1.0)["p_company"] == 0.75
    assert chosen(planned(over={"chance": 0.5}, unassigned=20.0)) == [1.0]


def test_a_level_of_its_own_beside_given_hedges():
    """10 % of the company are given, the regions' hedge is chosen: 1.1 x 1.14 is the first beyond 1.25."""
    plan = planned(hedges={"company": 1.1}, over={"chance": 0.5, "level": "region"})
    assert chosen(plan) == [1.14]
    assert plan.nodes.set_index(["level", "node"])["cents"].to_dict() == {
        ("company", "company"): 16_000, ("region", "East"): 8_800, ("region", "West"): 8_800,
        ("territory", "S0"): 10_000, ("territory", "S1"): 10_000,
    }  # fmt: skip


def test_vacant_positions_carry_quota_and_no_chance():
    """The vacant one counts for the company, not among those who attain and are paid."""
    plan = planned(names=("Ann", ""), over={"chance": 0.5})
    assert row(plan, 1.25)["p_attain_mean"] == 0.5
    assert row(plan, 1.25)["payout"] == pytest.approx(0.8)


def test_a_chance_beyond_reach_is_refused_with_the_highest():
    """One year in four both sell 60: no hedge helps."""
    with pytest.raises(
        QuotaError, match=r"chance of 80.0 %: the highest is 75.0 %, at 1.25; .* it would be 75.0 %"
    ):
        planned(over={"chance": 0.8})
    with pytest.raises(
        QuotaError, match=r"leaves sellers .* of 60.0 %: 1.25 does for the company, and leaves them 50.0 %"
    ):
        planned(over={"chance": 0.5, "attain": 0.6})


def test_rules_leave_room_for_some_hedges_only():
    """With a cap of 110 nothing above 1.37 can be assigned; with one of 70 not even the target."""
    plan = planned(over={"chance": 0.5, "most": 1.4}, cap=110)
    assert plan.over["hedge"].max() == 1.37
    with pytest.raises(QuotaError, match="cannot hold together"):
        planned(over={"chance": 0.5}, cap=70)


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({"chance": 0.5, "over": {"chance": 0.5}}, "give the target or growth that the company is to reach"),
        ({"target": 1000, "hedges": {"company": 1.1}, "over": {"chance": 0.5}}, "given by hedges too"),
        ({"target": 1000, "over": {"chance": 0.5, "pay": [[0, 0]]}}, "at least 2 items"),
        ({"target": 1000, "over": {"chance": 0.5, "pay": [[0, 0], [0, 1]]}}, "attainment must rise"),
        ({"target": 1000, "over": {"chance": 0.5, "pay": [[0, 1], [1, 0]]}}, "pay not fall"),
    ],
)
def test_settings_that_cannot_be_meant(rules, message):
    """Said when the scenario is read."""
    with pytest.raises(ValidationError, match=message):
        Quota(**rules)


def test_it_needs_a_simulated_year_and_a_level_with_nodes():
    """Without either there is nothing to choose from."""
    with pytest.raises(ScenarioError, match="no node with nodes below it is at level 'district'"):
        planned(over={"chance": 0.5, "level": "district"})
    scenario = company(
        [{"id": "A0", "revenue": 1.0}], [{"id": "S0"}], quota={"target": 1000, "over": {"chance": 0.5}}
    )
    with pytest.raises(ScenarioError, match="needs the simulated year"):
        quota(scenario, aligned(scenario, {"A0": "S0"}))


@given(st.integers(0, 10**6))
@settings(max_examples=10, derandomize=True, deadline=None)
def test_figures_equal_plain_counting(seed):
    """Chances and cost are those of going through every year and seller, and convex pay costs more than its mean."""
    rng = np.random.default_rng(seed)
    count = int(rng.integers(1, 5))
    draws = rng.gamma(2.0, 50.0, (int(rng.integers(1, 30)), count))
    quotas = rng.integers(0, 200, count).astype(float)
    points = tuple(
        zip(np.cumsum(rng.integers(1, 4, 4)) / 4, np.cumsum(np.cumsum(rng.random(4))), strict=True)
    )
    convex = all(np.diff(np.diff([p for _, p in points]) / np.diff([a for a, _ in points])) >= 0)
    sales = Sales(tuple("abcd"[:count]), draws, np.zeros(len(draws)), pd.DataFrame(), pd.DataFrame(), 1)
    year = Year.of(sales, sales.territory_ids, np.ones(count, dtype=bool))
    assert year.attain(quotas).tolist() == pytest.approx((draws >= quotas).mean(axis=0).tolist())

    def paid(attainment):
        slope = (points[-1][1] - points[-2][1]) / (points[-1][0] - points[-2][0])
        inside = np.interp(attainment, [a for a, _ in points], [p for _, p in points])
        return inside + np.maximum(0, attainment - points[-1][0]) * slope

    with np.errstate(divide="ignore", invalid="ignore"):
        each, mean = (np.where(quotas > 0, one / quotas, 1.0) for one in (draws, draws.mean(axis=0)))
    expected, at_mean = year.pay(quotas, points)
    assert expected == pytest.approx(paid(each).mean(axis=0).sum())
    assert at_mean == pytest.approx(paid(mean).sum())
    assert not convex or expected >= at_mean - 1e-9


@given(st.integers(0, 10**6))
@settings(max_examples=3, derandomize=True, deadline=None)
def test_the_choice_is_the_first_of_all_that_reach(seed):
    """Against counting every hedge's quotas in whole steps; the chance never falls as the hedge rises."""
    rng = np.random.default_rng(seed)
    draws = rng.gamma(4.0, 25.0, (200, 3))
    names, target = ("Ann", "Bob", "Cem"), 270
    tried = [planned(draws, names, target=target, hedges={"company": 1 + i / 100}) for i in (0, 15, 30)]
    reached = [(np.minimum(draws, one.cents / 100).sum(axis=1) >= target).mean() for one in tried]
    assert reached == sorted(reached)
    wanted = (reached[1] + reached[2]) / 2
    if not 0 < wanted < 1:
        return
    plan = planned(draws, names, target=target, over={"chance": wanted})
    assert planned(draws, names, order=seed, target=target, over={"chance": wanted}).over.equals(plan.over)
    assert (np.minimum(draws, plan.cents / 100).sum(axis=1) >= target).mean() >= wanted
    before = round(chosen(plan)[0] - 0.01, 2)
    if before >= 1:
        less = row(plan, before)["p_company"]
        lower = planned(draws, names, target=target, hedges={"company": before})
        assert less < wanted or (np.minimum(draws, lower.cents / 100).sum(axis=1) >= target).mean() < wanted


def test_a_chosen_hedge_leaves_room_for_given_cells():
    """90 of S0's 100 in X, below a hedge that is chosen: the company's own cells make room, and all adds up."""
    rules = {"products": {"X": 0.5, "Y": 0.5}, "step": 1, "target": 160, "methods": {"even": 1.0}}
    rules["over"] = {"chance": 0.5, "most": 1.3}
    scenario = company(
        [{"id": "A0", "revenue": 1.0}, {"id": "A1", "revenue": 1.0}],
        [{"id": "S0"}, {"id": "S1"}],
        quota=rules,
    )
    table = pd.DataFrame(
        [("S0", "", "X", "", 90.0, 2)], columns=["node", "level", "product", "period", "target", "row"]
    )
    files = scenario.settings.tables.model_copy(update={"targets": Table(path="targets.csv")})
    whole = scenario.settings.model_copy(update={"tables": files})
    scenario = replace(scenario, settings=whole, targets=table)
    alignment = aligned(scenario, {"A0": "S0", "A1": "S1"})
    sales = Sales(alignment.territory_ids, TWO, np.zeros(4), pd.DataFrame(), pd.DataFrame(), 1)
    plan = quota(scenario, alignment, sales)
    assert chosen(plan) == [1.25]
    cells = plan.cells.set_index(["node", "product"])["cents"].to_dict()
    assert cells["S0", "X"] == 9_000
    assert cells["S0", "X"] + cells["S1", "X"] == pytest.approx(1.25 * cells["company", "X"], abs=1)
    assert (reconcile(plan)["difference"] == 0).all()
