"""The simulated year and actual results as pay sees them: periods, products, teams, part of a year."""

import numpy as np
import pandas as pd
import pytest
from made_company import aligned, company, shuffled, yearly
from made_pay import plan

from spm_opt.errors import InputError, ScenarioError
from spm_opt.pay.actual import actual_results, filled_months
from spm_opt.pay.node_quotas import node_quotas, seasonal
from spm_opt.pay.pay import pay
from spm_opt.pay.payout import payout
from spm_opt.pay.statement import PAY, statements
from spm_opt.pay.year import year_results
from spm_opt.quota.quota import quota
from spm_opt.scenario.actual_rows import read_actual
from spm_opt.simulate.sales import Sales

LINEAR = [{"from": 0.0, "rate": 1.0}]
SELLERS = [
    {"id": "s1", "district": "East"},
    {"id": "s2", "district": "East", "start": pd.Timestamp("2027-06-15")},
    {"id": "s3", "district": "West", "name": ""},
]


def made(**rules):
    """Make three sellers whose accounts bought 400,000, 200,000 and 200,000, to be grown by nothing."""
    accounts = [{"id": f"a{i}", "seller": f"s{i}"} for i in (1, 2, 3)]
    history = [row for i, own in enumerate((4e5, 2e5, 2e5), start=1) for row in yearly(f"a{i}", y2026=own)]
    scenario = company(accounts, SELLERS, history=history, quota={"growth": 0.0, **rules})
    return scenario, quota(scenario, aligned(scenario, {"a1": "s1", "a2": "s2", "a3": "s3"}))


def simulated(amount, **more):
    """Make a simulated year of the three sellers from their sales, shape ``(replications, 3)``."""
    sold = np.array(amount, dtype=float)
    return Sales(
        territory_ids=("s1", "s2", "s3"), amount=sold, unassigned=np.zeros(len(sold)), expected=pd.DataFrame(),
        parameters=pd.DataFrame(), seed=1, **more,
    )  # fmt: skip


def test_periods_follow_the_season_and_add_up_to_the_cent():
    """A quota of 400,000 and a season of 10, 20, 30 and 40 % are quarters of 40,000 to 160,000; months are thirds."""
    scenario, quotas = made(seasonality=(0.1, 0.2, 0.3, 0.4))
    nodes = node_quotas(scenario, quotas, 4)
    (row,) = nodes.rows([("territory", "s1")])
    assert nodes.cents[""][row].tolist() == [4_000_000, 8_000_000, 12_000_000, 16_000_000]
    months = node_quotas(scenario, quotas, 12).cents[""]
    assert months[row, :3].tolist() == [1_333_333, 1_333_334, 1_333_333]
    assert (months.sum(axis=1) == nodes.cents[""].sum(axis=1)).all()
    assert node_quotas(scenario, quotas, 1).cents[""][row].tolist() == [40_000_000]


def test_periods_and_products_of_the_plan_count_where_it_has_them():
    """Quotas by month and product are summed up to quarters; all products are their sum; teams have their own."""
    scenario, quotas = made(periods="month", products={"Pumps": 0.25, "Valves": 0.75})
    nodes = node_quotas(scenario, quotas, 4)
    rows = nodes.rows([("territory", "s1"), ("district", "East")])
    cells = quotas.cells[(quotas.cells["node"] == "s1") & (quotas.cells["product"] == "Pumps")][
        "cents"
    ].to_numpy()
    assert nodes.cents["Pumps"][rows[0]].tolist() == cells.reshape(4, 3).sum(axis=1).tolist()
    assert nodes.cents["Pumps"][rows].sum(axis=1).tolist() == [10_000_000, 15_000_000]
    assert np.abs(nodes.cents[""][rows] - [[10_000_000], [15_000_000]]).max() <= 4


def test_a_span_is_cut_by_its_own_season():
    """A quarter whose first month has half of its season gives that month half; one without a season is even."""
    monthly = np.array([0.4, 0.2, 0.2, 0, 0, 0, 0.2, 0, 0, 0, 0, 0])
    cut = seasonal(monthly, 4, 12)
    assert cut[0, :3].tolist() == pytest.approx([0.5, 0.25, 0.25])
    assert cut[1, 3:6].tolist() == pytest.approx([1 / 3] * 3)
    assert cut.sum(axis=1).tolist() == pytest.approx([1.0] * 4)


def test_results_of_the_simulated_year():
    """Quarters follow the simulated season; who starts in June counts from June; who never starts counts nothing."""
    scenario, quotas = made(products={"Pumps": 0.25, "Valves": 0.75})
    season = np.tile([0.1, 0.2, 0.3, 0.4], (3, 1))
    of = year_results(
        scenario, plan({"tiers": LINEAR}), quotas, simulated([[4e5, 2e5, 1e5]] * 2, season=season)
    )
    assert of.cents(("revenue", ""), slice(0, 1))[0, 0].tolist() == [4e6, 8e6, 12e6, 16e6]
    assert of.cents(("revenue", "Pumps"), slice(0, 1))[0, 0].tolist() == [1e6, 2e6, 3e6, 4e6]
    assert of.months.tolist() == [[3, 3, 3, 3], [0, 1, 3, 3], [0, 0, 0, 0]]
    assert of.since[1].tolist() == [-5, -2, 1, 4]
    sold, asked = of.credited(("revenue", ""), "seller", slice(0, 1))
    # a third of s2's second quarter: of 40,000 sold and of 50,000 asked
    assert sold[0, 1].tolist() == [0, 1_333_333, 6_000_000, 8_000_000]
    assert asked[1].tolist() == [0, 1_666_667, 5_000_000, 5_000_000]
    assert of.replications == 2


def test_the_team_is_the_district_with_its_empty_chairs():
    """A bonus on the district's result counts all sales of its positions on the district's own quota."""
    scenario, quotas = made()
    team = plan({"tiers": LINEAR, "weight": 0.5}, {"tiers": LINEAR, "weight": 0.5, "of": "district"})
    found = pay(team, year_results(scenario, team, quotas, simulated([[3e5, 1.5e5, 7e4]])))
    # East sells 450,000 of 600,000: 75 % of 20,000; s1 alone 75 %; s2 in seven months 75 % of 7/12 of both
    assert found.by_component["part 2"][0].tolist() == [15_000, 8_750, 0]
    assert found.amount[0].tolist() == [60_000 + 30_000, 35_000 + 17_500, 0]
    assert found.seller_ids == ("s1", "s2", "s3")


def test_a_seller_in_no_team_is_not_paid_for_one():
    """A level above that a seller lacks is refused with the seller; a position that stays vacant needs none."""
    scenario, quotas = made()
    team = plan({"tiers": LINEAR, "weight": 0.5}, {"tiers": LINEAR, "weight": 0.5, "of": "region"})
    with pytest.raises(InputError) as caught:
        year_results(scenario, team, quotas, simulated([[1, 1, 1]]))
    assert [one.value for one in caught.value.findings] == ["s1", "s2"]
    assert "in no region, whose result 'part 2' pays for" in str(caught.value)


@pytest.mark.parametrize("kind", ["year", "quarter", "month"])
def test_a_year_paid_in_whatever_periods_comes_to_the_same(kind):
    """With all of the year set against the whole quota, the year's pay does not depend on how often it is paid."""
    scenario, quotas = made(seasonality=(0.1, 0.2, 0.3, 0.4))
    curve = [{"from": 0.0, "to": 1.0, "rate": 1.0}, {"from": 1.0, "rate": 2.0}]
    document = plan({"tiers": curve, "basis": "year"}, periods=kind)
    season = np.tile([0.1, 0.2, 0.3, 0.4], (3, 1))
    found = pay(
        document, year_results(scenario, document, quotas, simulated([[5e5, 2e5, 1e5]], season=season))
    )
    # 125 % of 400,000: 40,000 and twice a quarter of it
    assert found.amount[0, 0] == 60_000 + 60_000
    months = year_results(scenario, document, quotas, simulated([[5e5, 2e5, 1e5]], season=season))
    assert len(months.periods) == {"year": 1, "quarter": 4, "month": 12}[kind]
    assert months.cents(("revenue", ""), slice(0, 1))[0, 0].sum() == pytest.approx(5e7, abs=12)


def test_pay_does_not_depend_on_the_order_of_rows():
    """Shuffled tables give the same pay, seller by seller, to the byte."""
    scenario, quotas = made()
    team = plan({"tiers": LINEAR, "weight": 0.5}, {"tiers": LINEAR, "weight": 0.5, "of": "district"})
    sales = simulated(np.random.default_rng(1).gamma(9.0, 4e4, (20, 3)))
    before = pay(team, year_results(scenario, team, quotas, sales))
    after = pay(team, year_results(shuffled(scenario, 3), team, quotas, sales))
    assert before.amount.tobytes() == after.amount.tobytes()
    assert before.seller_ids == after.seller_ids


def test_a_scenario_without_a_plan_has_no_payout():
    """``payout`` answers nothing, and with a plan what ``pay`` says."""
    scenario, quotas = made()
    sales = simulated([[4e5, 2e5, 2e5]])
    assert payout(scenario, quotas, sales) is None
    scenario = type(scenario)(**{**scenario.__dict__, "pay": plan({"tiers": LINEAR})})
    found = payout(scenario, quotas, sales)
    assert found is not None
    assert found.amount[0, 0] == 100_000


# ---- What really happened --------------------------------------------------------------------------------------

ACTUAL = """\
seller,period,amount
s1,2027-Q1,80000
s1,2027-04,20000
s1,2027-05,30000
s1,2027-06,50000.50
"""


def read(scenario, folder, text, kind="quarter"):
    (folder / "actual.csv").write_text(text, encoding="utf-8")
    return read_actual(folder / "actual.csv", year=2027, kind=kind, filled=filled_months(scenario))


def paid(document, scenario, quotas, table, seller="s1", component="part 1"):
    of, through = actual_results(scenario, document, quotas, table, "actual.csv")
    rows = statements(document, of, [seller], through=through)
    own = rows[(rows["component"] == component) & (rows["step"] == PAY) & (rows["period"] != "year")]
    return [cents / 100 for cents in own["cents"]]


def test_statements_of_actual_results_end_where_they_end(tmp_path):
    """Months add up to quarters of pay, and two quarters of results are two quarters of statements."""
    scenario, quotas = made()
    table = read(scenario, tmp_path, ACTUAL)
    # 80,000 of 100,000 pay 8,000; 180,000.50 of 200,000 are due 18,000.05
    assert paid(plan({"tiers": LINEAR}), scenario, quotas, table) == [8_000, 10_000.05]
    # on the quota of the whole year as well
    assert paid(plan({"tiers": LINEAR, "basis": "year"}), scenario, quotas, table) == [8_000, 10_000.05]


def test_products_measures_and_quotas_of_the_table(tmp_path):
    """Products sum to the measure, a measure of its own has the quotas of the table, also on the plan's in its place."""
    scenario, quotas = made()
    text = (
        "seller,period,measure,product,amount,quota\n"
        "s1,2027-Q1,,Pumps,30000,\ns1,2027-Q1,,Valves,40000,\n"
        "s1,2027-Q1,contracts,,12,10\n"
    )
    table = read(scenario, tmp_path, text)
    own = {"tiers": LINEAR, "weight": 0.5}
    document = plan(own, {**own, "measure": "contracts"}, spiffs=[
        {"name": "push", "product": "Pumps", "periods": ["2027-Q1"], "rate": 0.01}
    ])  # fmt: skip
    assert paid(document, scenario, quotas, table) == [3_500]
    assert paid(document, scenario, quotas, table, component="part 2") == [6_000]
    assert paid(document, scenario, quotas, table, component="push") == [300]
    table = read(
        scenario, tmp_path, text.replace("30000,\n", "30000,40000\n").replace("40000,\n", "40000,100000\n")
    )
    assert paid(document, scenario, quotas, table) == [2_500]  # 70,000 of 140,000


def test_a_measure_without_quotas_cannot_be_held_to_one(tmp_path):
    """It is refused with the component's name; as a commission by amounts it is paid."""
    scenario, quotas = made()
    table = read(scenario, tmp_path, "seller,period,measure,amount\ns1,2027-Q1,contracts,12\n")
    with pytest.raises(ScenarioError, match="'part 1' pays by attainment of contracts, which has no quotas"):
        paid(plan({"tiers": LINEAR, "measure": "contracts"}), scenario, quotas, table)
    tiers = {"kind": "commission", "tiers_by": "amount", "tiers": [{"from": 0.0, "rate": 0.5}]}
    assert paid(plan({**tiers, "measure": "contracts"}), scenario, quotas, table) == [6]


WRONG = {
    "seller": ("s1,2027-Q1", "s9,2027-Q1", "row 2, column \"seller\": unknown seller (found 's9')"),
    "year": ("s1,2027-Q1", "s1,2026-Q1", "row 2, column \"period\": unknown period (found '2026-Q1')"),
    "long": ("s1,2027-Q1", "s1,2027", "row 2, column \"period\": unknown period (found '2027')"),
    "twice": ("s1,2027-05", "s1,2027-04", "row 4, column \"period\": period twice (found '2027-04')"),
    "inside": ("s1,2027-05", "s1,2027-Q2", "row 4, column \"period\": period twice (found '2027-Q2')"),
    "missing": ("s1,2027-05,30000\n", "", "no revenue of s1 in all of 2027-Q2"),
    "negative": ("30000", "-30000", "row 4, column \"amount\": negative (found '-30000')"),
    "number": ("30000", "much", "row 4, column \"amount\": not a number (found 'much')"),
    "none": (ACTUAL.partition("\n")[2], "", "no results"),
}


@pytest.mark.parametrize("name", WRONG)
def test_tables_of_results_that_cannot_be_meant(name, tmp_path):
    """Each fault is told with its row."""
    scenario, _ = made()
    old, new, message = WRONG[name]
    with pytest.raises(InputError) as caught:
        read(scenario, tmp_path, ACTUAL.replace(old, new))
    assert f"actual.csv: {message}" in str(caught.value)


def test_months_before_the_start_need_no_results(tmp_path):
    """Who starts in June needs none before; a month after it may not lack."""
    scenario, quotas = made()
    table = read(scenario, tmp_path, "seller,period,amount\ns2,2027-06,10000\n")
    # 10,000 on a third of the second quarter's 50,000, with 1/12 of 40,000 at target
    assert paid(plan({"tiers": LINEAR}), scenario, quotas, table, "s2") == [666.67]
    with pytest.raises(InputError, match="no revenue of s2 in all of 2027-Q3"):
        read(scenario, tmp_path, "seller,period,amount\ns2,2027-06,1\ns2,2027-07,1\ns2,2027-09,1\n")


def test_a_team_must_be_whole_and_a_product_known(tmp_path):
    """The district's result needs every seller of it; what is paid for needs rows."""
    scenario, quotas = made()
    table = read(scenario, tmp_path, ACTUAL)
    team = plan({"tiers": LINEAR, "weight": 0.5}, {"tiers": LINEAR, "weight": 0.5, "of": "district"})
    with pytest.raises(
        InputError, match="no results of sellers of a district whose result 'part 2' pays for"
    ):
        actual_results(scenario, team, quotas, table, "actual.csv")
    with pytest.raises(InputError, match="no rows of Pumps of revenue, which 'part 1' pays for"):
        actual_results(scenario, plan({"tiers": LINEAR, "product": "Pumps"}), quotas, table, "actual.csv")
