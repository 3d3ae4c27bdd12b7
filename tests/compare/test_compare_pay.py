"""Plans compared by what they pay: cost, its share of sales, Gini, and winners by pay."""

from dataclasses import replace

import numpy as np
import pytest
from made_pay import plan
from made_problem import problem_of
from test_compare_compare import BLOCKS, NAMES, SCENARIO, TODAY

from spm_opt.compare.compare import compare
from spm_opt.gini import gini
from spm_opt.plan import Alignment
from spm_opt.quota.quota import quota
from spm_opt.score import score
from spm_opt.simulate.simulate import simulate

RATE, SALARY = 0.1, 60.0
TENTH = {"kind": "commission", "tiers_by": "amount", "basis": "period", "tiers": [{"from": 0, "rate": RATE}]}
PAID = replace(
    SCENARIO,
    pay=plan(TENTH, role={"target_pay": 100, "mix": {"salary": 0.6, "variable": 0.4}}),
)


@pytest.fixture(scope="module")
def found():
    """Today and the blocks, paid 60 and a tenth of their sales, with quotas by the scenario's rules."""
    plans = [replace(one, quotas=quota(PAID, one.alignment)) for one in (TODAY, BLOCKS)]
    return compare(plans, PAID, replications=200)


def expected_pay(one):
    """Pay of every position by hand; nobody fills T."""
    sold = simulate(PAID, one.alignment, replications=200).amount
    return (SALARY + RATE * sold) * [1, 1, 0], sold


def test_cost_of_pay_by_hand(found):
    """Cost of pay, its share of sales and the Gini over those who fill a position are those of the tenth."""
    table = found.measures.set_index(["measure", "plan"])["value"]
    for one in (TODAY, BLOCKS):
        own, sold = expected_pay(one)
        assert table["pay", one.name] == pytest.approx(own.sum(axis=1).mean(), abs=0.05)
        share = (own.sum(axis=1) / sold.sum(axis=1)).mean()
        assert table["cost_of_sales", one.name] == pytest.approx(share, abs=1e-4)
        assert table["gini_pay", one.name] == pytest.approx(gini(own[:, :2]).mean(), abs=1e-3)


def test_winners_by_pay(found):
    """Where there is a compensation plan, sellers win and lose by their mean pay."""
    table = found.sellers.set_index("territory")
    assert (table["judged_by"] == "pay").all()
    before, after = (expected_pay(one)[0].mean(axis=0) for one in (TODAY, BLOCKS))
    assert table.loc[list(NAMES), "pay"].tolist() == pytest.approx(after.tolist(), abs=0.05)
    assert table.loc[list(NAMES), "pay_change"].tolist() == pytest.approx((after - before).tolist(), abs=0.05)
    assert table["pay_change"].is_monotonic_decreasing
    assert any("by the mean pay" in text for text in found.verdict)


def test_the_score_has_the_same_figures(found):
    """What the score says of pay is what the comparison says."""
    accounts = [{"id": f"a{i:02d}", "revenue": 100.0} for i in range(12)]
    problem = problem_of(accounts, NAMES)
    alignment = Alignment.of_units(problem, np.arange(12) // 4)
    quotas = quota(PAID, alignment)
    sales = simulate(PAID, alignment, replications=200)
    odds = score(problem, (), alignment, quotas, sales, scenario=PAID).odds
    table = found.measures.set_index(["measure", "plan"])["value"]
    for name in ("gini_pay", "pay", "gini_potential", "attainment_spread"):
        assert odds[name] == pytest.approx(table[name, "blocks"])
    assert odds["cost_of_sales"] == pytest.approx(odds["pay"] / odds["mean"])
