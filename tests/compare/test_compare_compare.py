"""Comparing plans of one company: by hand, with itself, in any order, and refusals."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from importlib import import_module

import numpy as np
import pandas as pd
import pytest
from made_company import aligned, company
from made_run import board_run

import spm_opt
from spm_opt.compare.candidate import Candidate
from spm_opt.compare.compare import compare
from spm_opt.compare.text import comparison_text
from spm_opt.errors import ComparisonError
from spm_opt.plan import QuotaPlan
from spm_opt.simulate.simulate import simulate

NAMES = ("R", "S", "T")
REPLICATIONS = 400


def made(**simulate):
    accounts = [
        {
            "id": f"a{i:02d}",
            "potential": 10.0 * (i + 1),
            "revenue": 100.0,
            "seller": NAMES[i % 3],
            "segment": "x",
        }
        for i in range(12)
    ]
    sellers = [{"id": "R", "name": "Ruth"}, {"id": "S", "name": "Sam"}, {"id": "T", "name": ""}]
    return company(accounts, sellers, activities=("revenue", "potential"), simulate=simulate)


def quotas(*amounts, target=1200):
    cents = np.array(amounts, dtype=np.int64) * 100
    return QuotaPlan(NAMES, cents, target * 100, pd.DataFrame(), pd.DataFrame())


SCENARIO = made()
TODAY = Candidate(
    "today", aligned(SCENARIO, {f"a{i:02d}": NAMES[i % 3] for i in range(12)}), quotas(400, 400, 400)
)
BLOCKS = Candidate(
    "blocks", aligned(SCENARIO, {f"a{i:02d}": NAMES[i // 4] for i in range(12)}), quotas(390, 400, 410)
)


def measure(found, name, plan):
    table = found.measures.set_index(["measure", "plan"])
    return table.loc[(name, plan)]


def test_measures_are_those_of_the_simulated_years():
    """Every figure is that of the two simulations, taken by hand."""
    found = compare([TODAY, BLOCKS], SCENARIO, replications=REPLICATIONS)
    years = {
        one.name: simulate(SCENARIO, one.alignment, replications=REPLICATIONS) for one in (TODAY, BLOCKS)
    }
    company = years["blocks"].company
    assert found.plans == ("today", "blocks")
    assert found.replications == REPLICATIONS
    assert found.target == 1200
    sales = measure(found, "company_sales", "blocks")
    assert sales["value"] == company.mean()
    assert sales["difference"] == pytest.approx((company - years["today"].company).mean())
    assert measure(found, "target_reached", "blocks")["value"] == (company >= 1200).mean()
    amount = years["blocks"].amount
    share = measure(found, "share_attaining", "blocks")["value"]
    assert share == pytest.approx((amount >= [390, 400, 410]).mean())
    attained = amount[:, :2] / [390, 400]  # T is vacant
    assert measure(found, "attainment_spread", "blocks")["value"] == pytest.approx(
        attained.std(axis=1).mean()
    )
    low = np.quantile(attained, 0.1, axis=1).mean()
    assert measure(found, "attainment_low", "blocks")["value"] == pytest.approx(low)
    # potential of the blocks: 100, 260, 420; differences 160, 320, 160 in both orders; 1280 / 9 / (2 * 260)
    assert measure(found, "gini_potential", "blocks")["value"] == pytest.approx(1280 / 9 / 520)


def test_sellers_by_hand():
    """What each seller keeps, loses and gains, and the figures before and after."""
    found = compare([TODAY, BLOCKS], SCENARIO, replications=REPLICATIONS)
    table = found.sellers.set_index("territory")
    # today R has 0 3 6 9, in blocks 0 1 2 3
    assert table.loc["R", ["kept", "lost", "gained"]].tolist() == [2, 2, 2]
    assert table.loc["R", "potential"] == 100
    assert table.loc["R", "potential_change"] == 100 - (10 + 40 + 70 + 100)
    assert table.loc["T", "seller"] == ""
    assert table.loc["R", "quota_change"] == -10
    years = [simulate(SCENARIO, one.alignment, replications=REPLICATIONS).amount for one in (TODAY, BLOCKS)]
    chance = [(years[0][:, 0] >= 400).mean(), (years[1][:, 0] >= 390).mean()]
    assert table.loc["R", "p_attain"] == chance[1]
    assert table.loc["R", "p_attain_change"] == pytest.approx(chance[1] - chance[0])
    assert table["p_attain_change"].is_monotonic_decreasing


def test_a_plan_beside_itself():
    """A plan held against itself differs by exactly nothing, ties in every future, and nobody wins."""
    twin = replace(TODAY, name="twin")
    found = compare([TODAY, twin], SCENARIO, replications=REPLICATIONS)
    assert (found.measures[["difference", "low", "high", "regret", "regret_most", "beats"]] == 0).all(
        axis=None
    )
    assert (found.measures["best"] == 0.5).all()
    assert (found.measures["tied"] == 1).all()
    assert (found.sellers["verdict"] == "same").all()
    assert (found.sellers[["lost", "gained", "p_attain_change"]] == 0).all(axis=None)
    assert found.verdict[0] == "Between twin and today no difference can be told on any measure."
    assert "today and twin are the same plan." in found.notes


def test_order_of_plans():
    """The other plan first: values stay, differences change their sign."""
    ahead = compare([TODAY, BLOCKS], SCENARIO, replications=REPLICATIONS).measures.set_index(
        ["measure", "plan"]
    )
    behind = compare([BLOCKS, TODAY], SCENARIO, replications=REPLICATIONS).measures.set_index(
        ["measure", "plan"]
    )
    assert behind.loc[ahead.index, "value"].tolist() == ahead["value"].tolist()
    for name in ahead.index.levels[0]:
        if name != "target_reached":  # judged by the first plan's target, here the same
            assert behind.loc[(name, "today"), "difference"] == -ahead.loc[(name, "blocks"), "difference"]


def test_order_of_territories_and_accounts_does_not_matter():
    """A plan whose accounts and territories stand in another order is the same plan."""
    plan = BLOCKS.alignment
    turned = replace(
        plan, account_ids=plan.account_ids[::-1], account_territory=2 - plan.account_territory[::-1],
        territory_ids=plan.territory_ids[::-1],
    )  # fmt: skip
    found = compare([TODAY, Candidate("blocks", turned, BLOCKS.quotas)], SCENARIO, replications=100)
    expected = compare([TODAY, BLOCKS], SCENARIO, replications=100)
    pd.testing.assert_frame_equal(found.measures, expected.measures)
    pd.testing.assert_frame_equal(found.sellers, expected.sellers)


def test_the_same_futures_pay():
    """The interval of a difference in the same futures is far narrower than of independent ones."""
    together = measure(
        compare([TODAY, BLOCKS], SCENARIO, replications=REPLICATIONS), "company_sales", "blocks"
    )
    apart = [
        simulate(SCENARIO, one.alignment, replications=REPLICATIONS, seed=seed).company
        for seed, one in ((1, TODAY), (2, BLOCKS))
    ]
    error = np.sqrt(sum(one.var(ddof=1) / REPLICATIONS for one in apart))
    assert together["high"] - together["low"] < 0.7 * 2 * 1.96 * error


def test_without_quotas():
    """Where a plan has no quotas, what needs them is left out for all, and it is said."""
    found = compare([TODAY, replace(BLOCKS, quotas=None)], SCENARIO, replications=100)
    assert set(found.measures["measure"]) == {
        "company_sales", "target_reached", "gini_potential", "handover_loss", "settled_sales",
    }  # fmt: skip
    assert (found.sellers["judged_by"] == "sales").all()
    assert any("No quotas" in text for text in found.verdict)


def test_a_plan_for_another_target():
    """All plans are judged by the first one's target; one that was made for another is named."""
    found = compare(
        [TODAY, replace(BLOCKS, quotas=quotas(400, 400, 400, target=1300))], SCENARIO, replications=100
    )
    assert found.target == 1200
    assert any("blocks: made for another company target" in text for text in found.verdict)


@pytest.mark.parametrize(
    ("plans", "message"),
    [
        ([TODAY], "two plans at least, there is one"),
        ([TODAY, TODAY], "two plans are called 'today'"),
        ([TODAY, "today"], "two plans are called 'today'"),
        ([TODAY, replace(BLOCKS, hashes={"accounts.csv": "ab"})], "blocks: was made from another accounts.csv"),
        ([TODAY, Candidate("few", aligned(company([{"id": "b"}], [{"id": "R"}]), {}))],
         "few: has account 'b', which the scenario has not"),
    ],
)  # fmt: skip
def test_refusals(plans, message):
    """Plans that cannot be compared are refused with everything that differs."""
    with pytest.raises(ComparisonError) as caught:
        compare(plans, SCENARIO)
    assert message in str(caught.value)


def test_plans_without_a_scenario():
    """Alignments by themselves need their scenario."""
    with pytest.raises(ComparisonError, match="must be a run or a folder"):
        compare([TODAY, BLOCKS])


def test_runs_through_the_front_door():
    """Runs are compared as they are, and today beside them; the text says it all."""
    made_run = board_run(kind="points")
    found = spm_opt.compare(["today", made_run, ("again", made_run)], replications=200)
    assert found.plans == ("today", "plan 2", "again")
    assert len(found.sellers) == 8
    assert "plan 2" in comparison_text(found)
    assert found.verdict[0].startswith("Best by sales of the company: today in ")


def test_who_wins_and_who_loses():
    """A quota that falls makes a winner, one that rises a loser; the text names both."""
    moved = replace(TODAY, name="new", quotas=quotas(300, 500, 400))
    found = compare([TODAY, moved], SCENARIO, replications=REPLICATIONS)
    verdicts = found.sellers.set_index("territory")["verdict"]
    assert verdicts.to_dict() == {"R": "wins", "S": "loses", "T": "same"}
    text = " ".join(found.verdict)
    assert "Of 2 sellers, 1 win and 1 lose with new" in text
    assert "Most is won by Ruth (R: " in text
    assert "most is lost by Sam (S: " in text


def test_defaults_are_named():
    """The verdict says which parameters nothing in the scenario's own history tells."""
    texts = compare([TODAY, BLOCKS], SCENARIO, replications=100).verdict
    assert "churn, growth" in texts[-1]


def test_the_front_door_keeps_the_function():
    """Importing the folder of that name leaves the function where it is."""
    assert import_module("spm_opt.compare").__name__ == "spm_opt.compare"
    assert spm_opt.compare is compare


def test_workers_change_no_number():
    """One worker or several of an executor give the same comparison as none."""
    expected = compare([TODAY, BLOCKS], SCENARIO, replications=600)
    with ThreadPoolExecutor(3) as executor:
        found = compare([TODAY, BLOCKS], SCENARIO, replications=600, executor=executor)
    for name in ("measures", "stress", "sellers"):
        pd.testing.assert_frame_equal(getattr(found, name), getattr(expected, name), check_exact=True)


def test_quotas_judged_by_the_futures_that_set_them():
    """Quotas at equal chances are not said to be fair by the futures that they were set with."""
    rules = SCENARIO.settings.quota.model_copy(update={"methods": {"equal_chance": 1.0}})
    scenario = replace(SCENARIO, settings=SCENARIO.settings.model_copy(update={"quota": rules}))
    for seed, said in ((None, True), (2, False)):
        notes = compare([TODAY, BLOCKS], scenario, replications=50, seed=seed, cases=[]).notes
        assert any("these very futures" in text for text in notes) is said


@pytest.mark.campaign
def test_intervals_cover_what_they_should():
    """Of the intervals of 300 comparisons about 95 % hold the difference that 200,000 futures show."""

    def differences(seed, replications):
        found = compare([TODAY, BLOCKS], SCENARIO, replications=replications, seed=seed, cases=[])
        return found.measures[found.measures["plan"] == "blocks"].set_index("measure")

    true = differences(999, 200_000)["difference"].drop("gini_potential")  # the same in every future
    runs = [differences(seed, 1000).loc[true.index] for seed in range(300)]
    held = np.mean([(run["low"] <= true) & (true <= run["high"]) for run in runs], axis=0)
    assert (held > 0.91).all()  # three standard errors of 300 runs
    assert (held < 0.99).all()
