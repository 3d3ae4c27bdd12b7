"""Plans of different kinds against statements computed by hand; the arithmetic stands in words beside each.

Unless it says otherwise a seller has 60,000 of salary (15,000 a quarter), 40,000 of variable pay at target
(10,000 a quarter), and a quota of 100,000 a quarter.
"""

import numpy as np
import pytest
from made_pay import plan, results

from spm_opt.pay.pay import pay
from spm_opt.pay.statement import PAY, statements

LINEAR = [{"from": 0.0, "rate": 1.0}]
CURVE = [
    {"from": 0.0, "to": 1.0, "rate": 1.0},
    {"from": 1.0, "to": 1.2, "rate": 2.0},
    {"from": 1.2, "rate": 0.5},
]
QUOTA = [[100_000] * 4]


def paid(made, of, component="part 1"):
    """Give what a component pays seller s1 in each quarter, from the statement."""
    rows = statements(made, of, ["s1"])
    own = rows[(rows["component"] == component) & (rows["step"] == PAY) & (rows["period"] != "year")]
    return [cents / 100 for cents in own["cents"]]


def test_1_linear_by_year_to_date():
    """Linear pay is 0.1 for each 1 sold; year to date, each quarter pays what it sold."""
    made = plan({"tiers": LINEAR})
    # attainment since January: 80 %, 100 %, 110 %, 95 % of the quota so far; due 8,000, 20,000, 33,000, 38,000
    of = results([[80_000, 120_000, 130_000, 50_000]], QUOTA)
    assert paid(made, of) == [8_000, 12_000, 13_000, 5_000]
    assert pay(made, of).amount.tolist() == [[60_000 + 38_000]]


def test_2_a_threshold_back_to_the_first_dollar():
    """Below 50 % nothing is paid; once it is reached, all that was sold counts."""
    made = plan({"tiers": LINEAR, "threshold": 0.5})
    # since January: 40 % (nothing), 45 % (nothing), 50 % of 300,000 (150,000 sold: 15,000), 52.5 % of 400,000 (21,000)
    of = results([[40_000, 50_000, 60_000, 60_000]], QUOTA)
    assert paid(made, of) == [0, 0, 15_000, 6_000]


def test_3_pay_above_a_threshold_only():
    """From 60 % on each 1 % of quota pays 2.5 % of target pay, and nothing for what is below."""
    made = plan({"tiers": [{"from": 0.6, "rate": 2.5}], "basis": "period"})
    # 60 % pays nothing, 70 % 2.5 x 10 % of 10,000 = 2,500, 100 % 10,000, 104 % 2.5 x 44 % = 110 %: 11,000
    of = results([[60_000, 70_000, 100_000, 104_000]], QUOTA)
    assert paid(made, of) == [0, 2_500, 10_000, 11_000]


def test_4_accelerators_and_a_decelerator():
    """Above quota each 1 % pays 2 %, above 120 % half a percent."""
    made = plan({"tiers": CURVE, "basis": "period"})
    # 100 %: 10,000; 110 %: 10,000 + 2 x 1,000; 120 %: 14,000; 140 %: 14,000 + 0.5 x 2,000
    of = results([[100_000, 110_000, 120_000, 140_000]], QUOTA)
    assert paid(made, of) == [10_000, 12_000, 14_000, 15_000]


def test_5_a_cap():
    """Pay ends at 130 % of target pay: at 115 % of quota."""
    made = plan({"tiers": CURVE, "basis": "period", "cap": 1.3})
    # 110 %: 12,000; 115 %: 13,000, just the cap; 120 % and 500 % would pay more, and pay 13,000
    of = results([[110_000, 115_000, 120_000, 500_000]], QUOTA)
    assert paid(made, of) == [12_000, 13_000, 13_000, 13_000]
    assert pay(made, of).capped.tolist() == [1.0]


def test_6_a_step_bonus():
    """90 % pays half, 100 % all, 120 % one and a half; between the steps pay stands still."""
    steps = [{"from": 0.9, "pay": 0.5}, {"from": 1.0, "to": 1.2, "pay": 1.0}, {"from": 1.2, "pay": 1.5}]
    made = plan({"tiers": steps, "basis": "period"})
    of = results([[89_999.99, 90_000, 100_000, 130_000]], QUOTA)
    assert paid(made, of) == [0, 5_000, 10_000, 15_000]


def test_7_a_commission_at_two_rates():
    """3 % up to the year's quota of 400,000, 5 % beyond."""
    tiers = [{"from": 0.0, "to": 1.0, "rate": 0.03}, {"from": 1.0, "rate": 0.05}]
    made = plan({"kind": "commission", "tiers": tiers, "basis": "year"})
    # 3 % of 150,000; 3 % of 150,000; 3 % of the 100,000 up to 400,000 and 5 % of 50,000; 5 % of 20,000.10
    of = results([[150_000, 150_000, 150_000, 20_000.10]], QUOTA)
    assert paid(made, of) == [4_500, 4_500, 5_500, 1_000.01]  # half a cent up: 1,000.005


def test_8_a_commission_by_amounts():
    """1 % of the first 50,000 of a quarter, 2 % of what is beyond; there need be no quota."""
    tiers = [{"from": 0, "to": 50_000, "rate": 0.01}, {"from": 50_000, "rate": 0.02}]
    made = plan({"kind": "commission", "tiers": tiers, "tiers_by": "amount", "basis": "period"})
    # 300; 500; 500 and 2 % of 50,000; nothing
    of = results([[30_000, 50_000, 100_000, 0]], [[np.nan] * 4])
    assert paid(made, of) == [300, 500, 1_500, 0]


def test_9_true_up_without_and_with_claw_back():
    """A strong start was paid too much: it is only set off against later pay, or taken back."""
    # since January 200 %, 100 %, 100 % and 75 % of the quota so far: due are 10,000 + 2 x 2,000 + 0.5 x 8,000 =
    # 18,000, then 20,000 for half a year at quota, 30,000, and 75 % of 40,000 = 30,000
    of = results([[200_000, 0, 100_000, 0]], QUOTA)
    assert paid(plan({"tiers": CURVE}), of) == [18_000, 2_000, 10_000, 0]
    # 150 %, 75 %, 50 %, 37.5 %: due are 10,000 + 4,000 + 0.5 x 3,000 = 15,500, and from then on 15,000
    of = results([[150_000, 0, 0, 0]], QUOTA)
    assert paid(plan({"tiers": CURVE}), of) == [15_500, 0, 0, 0]
    assert paid(plan({"tiers": CURVE, "claw_back": True}), of) == [15_500, -500, 0, 0]
    assert pay(plan({"tiers": CURVE}), of).amount.tolist() == [[75_500]]


def test_10_a_recoverable_draw():
    """At least 7,000 a quarter; what is advanced comes back from what later quarters earn beyond it."""
    draw = {"amount": 7_000, "recovery": "recoverable"}
    made = plan({"tiers": LINEAR}, draws=[draw])
    # earned 2,000, 6,000, 9,500, 16,000; advanced 5,000 and 1,000 (6,000 owed), then 2,500 and 3,500 come back
    of = results([[20_000, 60_000, 95_000, 160_000]], QUOTA)
    assert paid(made, of, "draw") == [5_000, 1_000, -2_500, -3_500]
    found = pay(made, of)
    assert found.amount.tolist() == [[60_000 + 33_500]]  # nothing is left of the draw
    assert found.owed.tolist() == [[0]]
    # a year of 2,000 a quarter: 5,000 a quarter are advanced and still owed
    assert pay(made, results([[20_000] * 4], QUOTA)).owed.tolist() == [[20_000]]


def test_11_a_draw_that_is_kept_while_a_seller_is_new():
    """A seller who starts in February has a draw of 6,000 a quarter for six months, a third less in the first."""
    draw = {"amount": 6_000, "recovery": "non_recoverable", "months_after_start": 6}
    made = plan({"tiers": LINEAR}, draws=[draw])
    # of the first quarter two months count: 20,000 of 30,000 sold, on two thirds of the quota; 6,000 x 2/3 = 4,000
    months, since = [[2, 3, 3, 3]], [[-1, 2, 5, 8]]
    of = results([[30_000, 50_000, 30_000, 30_000]], QUOTA, months=months, since=since)
    assert paid(made, of) == [2_000, 5_000, 3_000, 3_000]
    # topped up by 2,000, 1,000 and 3,000; the fourth quarter begins eight months after the start
    assert paid(made, of, "draw") == [2_000, 1_000, 3_000]


def test_12_a_bonus_on_the_team_and_a_part_for_the_own_result():
    """80 % of variable pay for the own result, 20 % for that of the district, on the district's own quota."""
    made = plan(
        {"tiers": LINEAR, "weight": 0.8},
        {"tiers": LINEAR, "weight": 0.2, "of": "district", "basis": "period"},
    )
    # s1 sells 50,000 and s2 100,000 a quarter on quotas of 100,000 and 60,000; s3 is in another district
    of = results(
        [[50_000] * 4, [100_000] * 4, [7_000] * 4], [[100_000] * 4, [60_000] * 4, [70_000] * 4],
        team=([0, 0, 1], [[150_000] * 4, [70_000] * 4]),
    )  # fmt: skip
    # own: 50 % of 8,000; district: 150,000 of 150,000, so 2,000
    assert paid(made, of) == [4_000] * 4
    assert paid(made, of, "part 2") == [2_000] * 4
    # s2: 100,000 of 60,000 is 5/3 of 8,000, since January 13,333.33, 26,666.67, 40,000 and 53,333.33
    assert pay(made, of).by_component["part 1"][0].tolist() == [16_000, 53_333.33, 3_200]


def test_13_spiffs_by_product_and_period():
    """1 % of the pumps sold in the second quarter, at most 250; and 700 for whoever reaches the last quarter's quota."""
    spiffs = [
        {"name": "pumps", "product": "Pumps", "periods": ["2027-Q2"], "rate": 0.01, "cap": 250},
        {"name": "finish", "periods": ["2027-Q4"], "goal": 1.0, "amount": 700},
        {"name": "half", "periods": ["2027"], "goal": 1.1, "rate": 0.001},
    ]
    made = plan({"tiers": LINEAR}, spiffs=spiffs)
    # pumps are a quarter of sales: s1 sells 20,000 of them (200), s2 40,000 (400, cut to 250)
    amount = [[100_000, 80_000, 100_000, 100_000], [100_000, 160_000, 100_000, 99_999]]
    of = results(amount, [[100_000] * 4] * 2, products=[("Pumps", 0.25), ("Valves", 0.75)])
    found = pay(made, of).by_component
    assert found["pumps"].tolist() == [[200, 250]]
    assert found["finish"].tolist() == [[700, 0]]
    # a tenth of a percent of the year from 110 % on: s1 has 380,000 of 400,000, s2 459,999 (459.999)
    assert found["half"].tolist() == [[0, 460.0]]


def test_14_two_roles_a_cap_of_the_role_and_a_product():
    """All components of a role together end at 150 % of variable target pay."""
    half = {"tiers": LINEAR, "weight": 0.5}
    made = plan({**half, "basis": "year"}, {**half, "product": "Pumps", "basis": "year"}, role={"cap": 1.5})
    # 200,000, 200,000, 300,000 and 100,000 on a quota of 400,000, and as much of pumps on theirs: with
    # 40,000 at target that is 20,000, 20,000, 30,000, 10,000, and 60,000 is the most
    of = results([[200_000, 200_000, 300_000, 100_000]], QUOTA, products=[("Pumps", 0.5)])
    assert paid(made, of) == [10_000, 10_000, 15_000, 5_000]
    assert paid(made, of, "part 2") == [10_000, 10_000, 15_000, 5_000]
    assert paid(made, of, "cap of the role") == [0, 0, -10_000, -10_000]
    assert pay(made, of).amount.tolist() == [[120_000]]


def test_15_vacant_and_part_year_positions():
    """A position that is filled in July has half of salary, target pay and quota; one that stays vacant is paid nothing."""
    made = plan({"tiers": LINEAR, "basis": "year"})
    months = [[0, 0, 3, 3], [0] * 4]
    # what the empty chair sold before July counts for nobody: 100,000 on the half year's quota of 200,000
    of = results([[90_000, 90_000, 60_000, 40_000]] * 2, [[100_000] * 4] * 2, months=months)
    found = pay(made, of)
    assert found.target.tolist() == [50_000, 0]
    assert found.amount.tolist() == [[30_000 + 10_000, 0]]
    # nor is a quota of nothing reached before July: the half year's 20,000 are paid in the third quarter
    assert paid(made, results([[0] * 4], [[0] * 4], months=[[0, 0, 3, 3]])) == [20_000, 0]


def test_16_months():
    """Paid by month, a year to date of twelve steps ends where the year does."""
    made = plan({"tiers": CURVE}, periods="month")
    of = results([[10_000] * 6 + [20_000] * 6], [[12_500] * 12])
    # 80 % until June: 16,000; in all 180,000 of 150,000 is 120 %, which pays 1.4 x 40,000 = 56,000
    months = paid(made, of)
    assert sum(months[:6]) == pytest.approx(16_000)
    assert sum(months) == pytest.approx(56_000)


def test_17_no_quota_pays_as_at_quota():
    """A seller without a quota is paid as one who just reaches it."""
    made = plan({"tiers": CURVE, "threshold": 0.5})
    assert pay(made, results([[0, 5, 0, 9]], [[0] * 4])).amount.tolist() == [[100_000]]
    tiers = [{"from": 0.0, "to": 1.0, "rate": 0.03}, {"from": 1.0, "rate": 0.05}]
    made = plan({"kind": "commission", "tiers": tiers})
    assert pay(made, results([[100, 100, 0, 0]], [[0] * 4])).amount.tolist() == [[60_006]]
