"""The score, by hand on three territories, and the incumbent account by account."""

import json
import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from made_company import aligned, company
from made_problem import problem_of

from spm_opt.by_account import by_account, judged_by_account
from spm_opt.criteria import Balance, Capacity, Contiguity, Dispersion, Disruption, Families, Pairs, Skills
from spm_opt.plan import Alignment, QuotaPlan
from spm_opt.quota.quota import quota
from spm_opt.score import score, scorecard_json
from spm_opt.simulate.sales import Sales
from spm_opt.simulate.simulate import simulate

NAMES = ("R", "S", "T")


def quotas(*amounts, target=None):
    cents = np.array(amounts, dtype=np.int64) * 100
    total = int(cents.sum()) if target is None else target * 100
    return QuotaPlan(NAMES, cents, total, pd.DataFrame(), pd.DataFrame())


def sold(*years, unassigned=None):
    amount = np.array(years, dtype=float)
    expected = pd.DataFrame({"productivity": [1.0, 0.5, 1.0]}, index=list(NAMES))
    lost = np.zeros(len(amount)) if unassigned is None else np.array(unassigned, dtype=float)
    return Sales(NAMES, amount, lost, expected, pd.DataFrame(), 1)


PROBLEM = problem_of(
    [
        {"id": "a", "hours": 6.0, "revenue": 10.0, "seller": "R"},
        {"id": "b", "hours": 3.0, "revenue": 20.0, "seller": "R"},
        {"id": "c", "hours": 3.0, "revenue": 30.0, "seller": "T"},
        {"id": "d", "hours": 0.0, "revenue": 40.0},
    ],
    NAMES,
)
CRITERIA = (
    Balance(activity="hours", tolerance=0.5, weight=2.0),
    Disruption(of="revenue", weight=1.0, priority=2),
)
PLAN = Alignment.of_units(PROBLEM, np.array([0, 1, 2, 1]))
YEAR = sold([10, 20, 30], [12, 18, 30], [8, 22, 30], [20, 10, 0])


def test_attainment_by_hand():
    """Four replications: quotas of 10, 20, 30 are reached in 3, 2 and 3 of them."""
    table = score(PROBLEM, CRITERIA, PLAN, quotas(10, 20, 30), YEAR).territories
    assert table.index.tolist() == ["R", "S", "T"]
    assert table["quota"].tolist() == [10, 20, 30]
    assert table["mean_sales"].tolist() == [12.5, 17.5, 22.5]
    assert table["p_attain"].tolist() == [0.75, 0.5, 0.75]
    assert table["attainment_p50"].tolist() == [1.1, 0.95, 1.0]
    assert table["attainment_p10"].tolist() == pytest.approx([0.86, 0.62, 0.3])
    assert table["attainment_p90"].tolist() == pytest.approx([1.76, 1.07, 1.0])
    assert table["productivity"].tolist() == [1.0, 0.5, 1.0]
    assert not [name for name in table.columns if name.endswith("_incumbent")]


def test_local_measures_of_every_criterion():
    """Sizes, targets and deviations of balance, and what disruption takes and gives."""
    table = score(PROBLEM, CRITERIA, PLAN, quotas(10, 20, 30), YEAR).territories
    assert table["hours"].tolist() == [6, 3, 3]
    assert table["hours_target"].tolist() == [4, 4, 4]
    assert table["hours_deviation"].tolist() == [0.5, -0.25, -0.25]
    assert table["revenue_lost"].tolist() == [20, 0, 0]
    assert table["revenue_gained"].tolist() == [0, 20, 0]


def test_global_measures_by_hand():
    """A row a criterion: mean deviation 33.3 %, 20 of 60 moved; points are weight times value."""
    table = score(PROBLEM, CRITERIA, PLAN, quotas(10, 20, 30), YEAR).criteria
    assert table["kind"].tolist() == ["balance", "disruption"]
    assert table["criterion"].tolist() == ["balance of hours", "revenue moved"]
    assert table["value"].tolist() == pytest.approx([100 / 3, 100 / 3])
    assert table["points"].tolist() == pytest.approx([200 / 3, 100 / 3])
    assert table["weight"].tolist() == [2.0, 1.0]
    assert table["priority"].tolist() == [1, 2]
    assert table["holds"].tolist() == [True, True]
    assert table["value_incumbent"].isna().all()
    assert table["holds_incumbent"].isna().all()


def test_company_odds_by_hand():
    """Sales of 60, 60, 60, 30 and what nobody holds against a target of 62."""
    year = sold([10, 20, 30], [12, 18, 30], [8, 22, 30], [20, 10, 0], unassigned=[0, 2, 5, 0])
    odds = score(PROBLEM, CRITERIA, PLAN, quotas(10, 20, 30, target=62), year).odds
    assert odds["target"] == 62
    assert odds["mean"] == (60 + 62 + 65 + 30) / 4
    assert odds["p50"] == 61
    assert odds["p10"] == pytest.approx(39)
    assert odds["p90"] == pytest.approx(64.1)
    assert odds["p_target"] == 0.5
    assert odds["share_likely"] == 1.0
    assert odds["p_attain_spread"] == pytest.approx(np.std([0.75, 0.5, 0.75]))
    assert odds["share_attaining"] == pytest.approx(8 / 12)


def test_the_incumbent_stands_beside_the_plan():
    """Today R has 9 of 12 hours, 125 % above its target; its own quotas and sales are scored."""
    today = Alignment.incumbent(PROBLEM)
    before = sold([30, 0, 30], [10, 0, 30], unassigned=[4, 4])
    card = score(
        PROBLEM,
        CRITERIA,
        PLAN,
        quotas(10, 20, 30),
        YEAR,
        incumbent=today,
        incumbent_quotas=quotas(25, 0, 35),
        incumbent_sales=before,
    )
    table = card.territories
    assert table["hours_incumbent"].tolist() == [9, 0, 3]
    assert table["hours_deviation_incumbent"].tolist() == [1.25, -1.0, -0.25]
    assert table["revenue_lost_incumbent"].tolist() == [0, 0, 0]
    assert table["quota_incumbent"].tolist() == [25, 0, 35]
    assert table["p_attain_incumbent"].tolist() == [0.5, 1.0, 0.0]
    assert table["attainment_p50_incumbent"].tolist() == pytest.approx([0.8, math.nan, 30 / 35], nan_ok=True)
    assert card.criteria["value_incumbent"].tolist() == pytest.approx([250 / 3, 0.0])
    assert card.criteria["holds_incumbent"].tolist() == [False, True]
    assert card.odds["p_target_incumbent"] == 0.5
    assert card.odds["mean_incumbent"] == 54
    assert card.breaches == ()


def test_without_quotas_for_today_the_rest_is_scored():
    """Where rules leave no quotas for today's alignment, its sales and criteria are still shown."""
    card = score(
        PROBLEM,
        CRITERIA,
        PLAN,
        quotas(10, 20, 30),
        YEAR,
        incumbent=Alignment.incumbent(PROBLEM),
        incumbent_sales=YEAR,
    )
    assert "mean_sales_incumbent" in card.territories
    assert "p_attain_incumbent" not in card.territories
    assert "p_target_incumbent" not in card.odds
    assert card.odds["mean_incumbent"] == card.odds["mean"]


def test_broken_rules_are_told_in_words():
    """A plan that gives R all hours breaks the balance everywhere."""
    card = score(
        PROBLEM, CRITERIA, Alignment.of_units(PROBLEM, np.array([0, 0, 0, 1])), quotas(1, 1, 1), YEAR
    )
    assert [text.split(":")[0] for text in card.breaches] == ["R", "S", "T"]
    assert card.criteria["holds"].tolist() == [False, True]


def test_columns_of_two_criteria_do_not_hide_each_other():
    """Balance by capacity and balance of all share the sizes, but not their targets."""
    problem = problem_of(
        [{"id": "a", "hours": 6.0}, {"id": "b", "hours": 3.0}, {"id": "c", "hours": 3.0}],
        NAMES,
        capacity={"R": 6.0, "S": 3.0, "T": 3.0},
    )
    both = (
        Balance(activity="hours"),
        Balance(activity="hours", target="capacity"),
        Capacity(activity="hours"),
    )
    table = score(problem, both, Alignment.of_units(problem, np.arange(3)), quotas(1, 1, 1), YEAR).territories
    assert table["hours_target"].tolist() == [4, 4, 4]
    assert table["hours_target (balance of hours)"].tolist() == [6, 3, 3]
    assert [name for name in table.columns if name.startswith("hours (")] == []
    assert table["capacity_used"].tolist() == [1, 1, 1]


def test_json_has_plain_numbers():
    """Everything survives JSON; what is not a number is null."""
    problem = problem_of([{"id": "a", "hours": 6.0}, {"id": "b"}, {"id": "c"}], NAMES)
    card = score(
        problem,
        (Capacity(activity="hours"),),
        Alignment.of_units(problem, np.arange(3)),
        quotas(10, 0, 30),
        YEAR,
    )
    written = json.loads(json.dumps(scorecard_json(card), allow_nan=False))
    assert written["territories"][1]["territory"] == "S"
    assert written["territories"][1]["attainment_p50"] is None
    assert written["territories"][0]["capacity"] is None
    assert written["territories"][0]["p_attain"] == 0.75
    assert written["criteria"][0]["holds"] is True
    assert written["criteria"][0]["holds_incumbent"] is None
    assert written["criteria"][0]["priority"] == 1
    assert written["odds"]["target"] == 40
    assert written["breaches"] == []


SHARED = problem_of(
    [
        {"id": "a1", "unit": "u", "hours": 2.0, "revenue": 5.0, "seller": "R"},
        {"id": "a2", "unit": "u", "hours": 1.0, "revenue": 1.0, "seller": "R"},
        {"id": "a3", "unit": "u", "hours": 7.0, "revenue": 2.0, "seller": "S"},
        {"id": "b1", "unit": "v", "hours": 4.0, "revenue": 1.0, "seller": "S"},
        {"id": "c1", "unit": "w", "hours": 4.0, "revenue": 1.0, "seller": "T", "locked": True},
        {"id": "c2", "unit": "w", "hours": 1.0, "revenue": 1.0, "seller": "R"},
        {"id": "c3", "unit": "w", "hours": 1.0, "revenue": 1.0, "seller": "R"},
        {"id": "d", "hours": 1.0, "revenue": 9.0, "family": 0, "requires": {"x"}, "seller": "S"},
        {"id": "e", "hours": 1.0, "revenue": 9.0, "family": 0, "seller": "T"},
    ],
    NAMES,
    places={"u": (0.0, 0.0), "v": (3.0, 0.0), "w": (6.0, 0.0), "z": (9.0, 0.0)},
    edges=[("u", "v"), ("v", "w"), ("w", "z")],
    seats={"R": (0.0, 4.0), "S": (3.0, 4.0)},
    capacity={"R": 3.0},
    skills={"R": {"x"}},
)
TODAY = Alignment.incumbent(SHARED)


def judged(*criteria):
    return judged_by_account(SHARED, criteria, TODAY)


def test_a_shared_unit_counts_for_each_of_its_sellers():
    """Unit u is R's by majority, yet 7 of its 10 hours are S's: R carries 5, S 12."""
    assert TODAY.unit_territory[SHARED.unit_ids.index("u")] == 0
    balance, capacity = judged(Balance(activity="hours"), Capacity(activity="hours"))
    assert balance.local["hours"].tolist() == [5, 12, 5]
    assert [breach.amount for breach in capacity.breaches] == [2.0]


def test_travel_counts_each_account_from_its_units_place():
    """R: 3 hours at 4 km and 2 at the root of 52; S: 7 at 5 km, 4 at 4 km; T has no seat, and chooses w."""
    (travel,) = judged(Dispersion(weight_by="hours"))
    far = math.sqrt(52)
    assert travel.value == pytest.approx((3 * 4 + 2 * far + 7 * 5 + 4 * 4 + 4 * 0) / 20)
    assert travel.local["mean_travel_km"] == pytest.approx([(12 + 2 * far) / 5, 51 / 11, 0])


def test_chosen_centers_are_chosen_for_today_too():
    """Each at the best of its own places: R at u (2 hours 6 km away), S at u (4 hours 3 km away), T at w."""
    (travel,) = judged(Dispersion(weight_by="hours", center="chosen"))
    assert travel.value == pytest.approx((2 * 6 + 4 * 3) / 20)


def test_units_as_such_go_by_majority():
    """Pieces and unweighted travel: u and w are R's, v is S's, z nobody's; so R is in two pieces."""
    contiguity, travel = judged(Contiguity(), Dispersion())
    assert contiguity.local["pieces"].tolist() == [2, 1, 0]
    assert travel.value == pytest.approx((4 + 4 + math.sqrt(52)) / 4)


def test_today_nothing_has_moved_and_no_lock_is_broken():
    """The locked account c1 is with T, whoever holds most of its unit."""
    disruption, pairs = judged(Disruption(limit=0.0), Pairs())
    assert disruption.value == 0
    assert disruption.holds
    assert pairs.holds


def test_pairs_that_name_a_unit_speak_for_its_accounts():
    """Prescribing u to R finds a3 with S; forbidding it to S finds the same; v and its seller are well."""
    (pairs,) = judged(
        Pairs(prescribed=(("u", "R"), ("b1", "S")), forbidden=(("u", "S"), ("v", "T"), ("d", "R")))
    )
    assert [breach.text for breach in pairs.breaches] == ["a3: not with R", "a3: with S"]


def test_families_and_skills_of_single_accounts():
    """The family of d and e is split today, and d's seller lacks the skill."""
    families, skills = judged(Families(), Skills())
    assert families.value == 1
    assert [breach.text for breach in skills.breaches] == ["d: S lacks x"]


def test_both_views_agree_where_accounts_follow_units():
    """For alignments that follow units, each measure on sizes, travel and changes is the same in both views."""
    rng = np.random.default_rng(8)
    criteria = (
        Balance(activity="hours", tolerance=0.3),
        Capacity(activity="hours"),
        Dispersion(weight_by="revenue"),
        Disruption(of="revenue"),
        Disruption(),
        Families(),
        Skills(),
    )
    each = by_account(SHARED)
    for _ in range(20):
        plan = Alignment.of_units(SHARED, rng.integers(0, 3, SHARED.n), np.nan_to_num(SHARED.seat))
        for criterion in criteria:
            whole = criterion.judge(SHARED, plan.unit_territory, plan.center)
            single = criterion.judge(each, plan.account_territory, plan.center)
            assert single.value == pytest.approx(whole.value)
            assert single.holds == whole.holds
            for name, values in whole.local.items():
                assert single.local[name] == pytest.approx(values, nan_ok=True)


def test_arcs_of_accounts_are_those_of_their_units():
    """Each account may go where its unit may, at the same distance."""
    each = by_account(SHARED)
    for account, unit in enumerate(SHARED.accounts.unit):
        for t in range(SHARED.k):
            one, other = each.arcs.of(account, t), SHARED.arcs.of(int(unit), t)
            assert each.arcs.travel[one] == pytest.approx(SHARED.arcs.travel[other], nan_ok=True)
    assert len(each.arcs.territory) == each.n * each.k


def test_simulated_and_spread_quotas_are_scored_together():
    """The stages fit: simulate, quota, score on one small company, with chances between 0 and 1."""
    rows = [
        {"id": name, "revenue": 100.0, "seller": seller} for name, seller in zip("abcd", "RSTT", strict=True)
    ]
    scenario = company(rows, [{"id": name} for name in NAMES], quota={"growth": 0.03, "step": 1})
    problem = problem_of(rows, NAMES)
    alignment = aligned(scenario, dict(zip("abcd", "RSTT", strict=True)))
    sales = simulate(scenario, alignment, replications=2000)
    card = score(problem, (Balance(activity="revenue"),), alignment, quota(scenario, alignment, sales), sales)
    assert card.territories["quota"].tolist() == [103, 103, 206]
    assert card.territories["p_attain"].between(0.3, 0.6).all()
    assert card.odds["share_attaining"] == pytest.approx(card.territories["p_attain"].mean())


def test_spread_and_gini_by_hand():
    """Spread of attainment over those who fill a position, and Gini of potential over all territories."""
    sellers = [{"id": "R"}, {"id": "S", "name": ""}, {"id": "T"}]
    accounts = [{"id": name, "potential": own} for name, own in (("a", 10.0), ("b", 20.0), ("c", 60.0))]
    scenario = company(accounts, sellers, activities=("potential",))
    problem = problem_of([{"id": row["id"], "potential": row["potential"]} for row in accounts], NAMES)
    plan = Alignment.of_units(problem, np.array([0, 1, 2]))
    year = sold([10, 99, 20], [8, 0, 24], [15, 1, 30])
    odds = score(problem, (), plan, quotas(10, 10, 20), year, scenario=scenario).odds
    # attainment of R and T: 1 and 1, 0.8 and 1.2, 1.5 and 1.5: spread 0, 0.2, 0
    assert odds["attainment_spread"] == pytest.approx(0.2 / 3)
    # differences 10, 50, 40 of pairs, in both orders: 200 / 9; by twice the mean of 30
    assert odds["gini_potential"] == pytest.approx(200 / 9 / 60)
    assert "gini_potential" not in score(problem, (), plan, quotas(10, 10, 20), year).odds


def test_revenue_at_risk_by_hand():
    """Sales lost to changes of hands: their mean, and what one year in twenty exceeds."""
    scenario = company([{"id": name} for name in "abc"], [{"id": name} for name in NAMES])
    problem = problem_of([{"id": name, "revenue": 0.0} for name in "abc"], NAMES)
    plan = Alignment.of_units(problem, np.array([0, 1, 2]))
    year = replace(sold([10, 20, 30], [12, 18, 30]), handover=np.array([2.0, 4.0]))
    odds = score(problem, (), plan, quotas(10, 20, 30), year, scenario=scenario).odds
    assert odds["revenue_at_risk"] == 3.0
    assert odds["revenue_at_risk_p95"] == pytest.approx(3.9)
