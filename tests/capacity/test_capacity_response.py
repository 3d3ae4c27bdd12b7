"""The curve of response, what history tells of it, and the number of sellers it makes best."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_company import company, shuffled

from spm_opt.capacity.cells import cells
from spm_opt.capacity.response import Curves, curves_of, prior
from spm_opt.capacity.response_data import panel
from spm_opt.capacity.sizing import Sizing, size
from spm_opt.errors import ScenarioError
from spm_opt.scenario.check_size import check_size
from spm_opt.scenario.scenario import Scenario
from spm_opt.scenario.size_settings import Response, Size, SizeRole

CERTAIN = {"elasticity": 0.3, "without": 0.4, "most": 2.0, "uncertainty": 0.0}


def sized_by(scenario: Scenario, **size_settings: Any) -> Scenario:
    given = {"margin": 0.5, "roles": ({"name": "field", "cost": 100.0},), **size_settings}
    return replace(
        scenario, settings=scenario.settings.model_copy(update={"size": Size.model_validate(given)})
    )


def plain(**size_settings: Any) -> Scenario:
    """Two regions with three sellers of 100 hours each, who sell 1,000 and 2,000 to accounts that ask for 400 hours."""
    sellers = [{"id": f"S{i}", "region": "north" if i < 3 else "south", "capacity": 100.0} for i in range(6)]
    accounts = [
        {"id": f"A{i}", "seller": f"S{i}", "segment": "a", "workload": 400 / 3, "revenue": (1_000 if i < 3 else 2_000) / 3}
        for i in range(6)
    ]  # fmt: skip
    made = company(
        accounts, sellers, activities=("revenue", "workload"),
        simulate={"company_shock": 0.0, "segment_shock": 0.0},
    )  # fmt: skip
    return sized_by(made, **{"responses": (CERTAIN,)} | size_settings)


def test_the_curve_is_that_of_little():
    """R(1) is 1, the slope there is the elasticity, and 1.5 times the effort is as computed by hand."""
    curve = Curves(np.array(0.3), np.array(0.4), np.array(2.0))
    c = 0.3 * 1.6 / (0.6 * 1.0)
    assert float(curve.exponent) == pytest.approx(c)
    assert float(curve.at(np.array(1.0))) == pytest.approx(1.0)
    assert float(curve.at(np.array(0.0))) == pytest.approx(0.4)
    assert float(curve.at(np.array(1e15))) == pytest.approx(2.0, abs=1e-6)
    d = 1.0 / 0.6
    assert float(curve.at(np.array(1.5))) == pytest.approx(0.4 + 1.6 * 1.5**c / (d + 1.5**c))
    slope = (curve.at(np.array(1 + 1e-6)) - curve.at(np.array(1 - 1e-6))) / 2e-6
    assert float(slope) == pytest.approx(0.3, rel=1e-6)


@given(st.floats(0.02, 3), st.floats(0, 0.95), st.floats(1.02, 50))
@settings(max_examples=60, derandomize=True, deadline=None)
def test_the_shape_is_what_it_is_called(elasticity: float, without: float, most: float):
    """Curves rise; concave ones never turn steeper, S-shaped ones do."""
    curve = Curves(np.array(elasticity), np.array(without), np.array(most))
    steps = np.diff(curve.at(np.linspace(0, 3, 400)))
    assert (steps >= -1e-12).all()
    if not curve.s_shaped:
        assert (np.diff(steps) <= 1e-9).all()
    elif float(curve.exponent) > 1.2:  # nearer to 1 the turn is lost in the grid
        assert steps.max() > steps[0]


def test_the_prior_has_the_elasticity_that_is_stated():
    """Draws of the default have mean 0.34 and standard deviation 0.2."""
    mean, root = prior(Response())
    draws = curves_of(mean + np.random.default_rng(1).standard_normal((200_000, 3)) @ root.T).elasticity
    assert draws.mean() == pytest.approx(0.34, abs=0.003)
    assert draws.std() == pytest.approx(0.2, abs=0.01)


def test_build_up_and_profit_by_hand():
    """400 hours by 100 take 4 sellers; profit of every number is margin times the curve less cost; the best by enumeration."""
    made = size(plain(), replications=3)
    assert made.cells == (("north", "field"), ("south", "field"))
    assert made.sellers.tolist() == [3, 3]
    assert made.build_up == pytest.approx([4.0, 4.0])
    curve = Curves(np.array(0.3), np.array(0.4), np.array(2.0))
    for c, sales in enumerate((1_000, 2_000)):
        profit = [
            0.5 * sales * float(curve.at(np.array(n / 3))) - 100 * n for n in range(made.value.shape[1])
        ]
        assert made.profit[c] == pytest.approx(profit)
        assert made.best[c] == int(np.argmax(profit))
        assert made.best_low[c] == made.best_high[c] == made.best[c]
        good = [n for n, value in enumerate(profit) if value >= 0.99 * max(profit)]
        assert (made.flat_low[c], made.flat_high[c]) == (good[0], good[-1])


def test_last_sellers_pay_up_to_the_best_number():
    """With a concave curve the last seller of the best number earns its cost, and the next one does not."""
    made = size(plain(roles=({"name": "field", "cost": 37.0},)), replications=3)
    for c, (group, _) in enumerate(made.cells):
        own = made.curve[made.curve["group"] == group].set_index("sellers")
        best = int(made.best[c])
        assert own.loc[best, "earns_last"] >= own.loc[best, "costs_last"] == 37.0
        assert own.loc[best + 1, "earns_last"] < 37.0
        assert own.loc[best, "profit"] == pytest.approx(own.loc[best, "margin"] - own.loc[best, "cost"])


@given(st.lists(st.floats(1, 400), min_size=2, max_size=5), st.booleans())
@settings(max_examples=10, derandomize=True, deadline=None)
def test_a_dearer_seller_never_raises_the_best_number(costs: list[float], certain: bool):
    """The best number falls, or stays, with the cost of a seller; with and without an S-shaped curve."""
    steep = {**CERTAIN, "elasticity": 0.9} if certain else {"uncertainty": 0.3}
    best = [
        size(plain(roles=({"name": "field", "cost": cost},), responses=(steep,)), replications=40).best
        for cost in sorted(costs)
    ]
    assert all((after <= before).all() for before, after in pairwise(best))


def test_more_hours_never_need_fewer_sellers():
    """The build-up rises with the hours that accounts ask for."""
    made = plain()
    needs = [
        size(
            replace(made, accounts=made.accounts.assign(workload=made.accounts["workload"] * more)),
            replications=2,
        ).build_up
        for more in (1.0, 1.1, 3.0)
    ]
    assert (needs[0] < needs[1]).all()
    assert (needs[1] < needs[2]).all()


def test_limits_bound_the_best_number():
    """The fewest and the most of a role bound its best number."""
    dear, free = {"name": "field", "cost": 1e6, "least": 2}, {"name": "field", "cost": 0.01, "most": 5}
    assert size(plain(roles=(dear,)), replications=2).best.tolist() == [2, 2]
    assert size(plain(roles=(free,)), replications=2).best.tolist() == [5, 5]


def test_the_best_number_may_be_far_from_todays():
    """As many more sellers are tried as it takes for the best not to be the most tried."""
    made = size(plain(roles=({"name": "field", "cost": 0.5},)), replications=2)
    assert (made.best < made.value.shape[1] - 1).all()
    assert (made.best > 4 * made.sellers).all()


def test_roles_share_accounts_and_sales():
    """Each role works its segments; hours and sales of all cells add up to those of the accounts."""
    made = plain()
    accounts = made.accounts.assign(segment=["a", "b", "a", "b", "a", "b"])
    sellers = made.sellers.assign(role=["hunter", "farmer"] * 3)
    roles = ({"name": "hunter", "cost": 100.0, "segments": ("b",)}, {"name": "farmer", "cost": 100.0})
    scenario = sized_by(replace(made, accounts=accounts, sellers=sellers), roles=roles, responses=(CERTAIN,))
    assert not check_size(scenario)
    found = size(scenario, replications=2)
    assert found.cells == (("north", "farmer"), ("north", "hunter"), ("south", "farmer"), ("south", "hunter"))
    assert found.sellers.tolist() == [1, 2, 2, 1]
    assert found.needed == pytest.approx(np.array([800, 400, 400, 800]) / 3)
    known = cells(scenario, scenario.settings.size)
    assert known.base.sum() == pytest.approx(3_000)


def test_accounts_without_a_seller_go_to_the_nearest_seat_or_in_proportion():
    """With places the nearest seat's group has the account; without, its hours are spread as the others' are."""
    made = plain()
    accounts = made.accounts.assign(seller=["S0", "S1", "S2", "S3", "S4", ""])
    spread = size(replace(made, accounts=accounts), replications=2)
    assert spread.needed == pytest.approx([400 + 400 / 3 * 3 / 5, 800 / 3 + 400 / 3 * 2 / 5])
    seats = made.sellers.assign(x=[0.0, 0, 0, 9, 9, 9], y=0.0)
    near = size(replace(made, accounts=accounts.assign(x=2.0, y=1.0), sellers=seats), replications=2)
    assert near.needed == pytest.approx([1_600 / 3, 800 / 3])


def test_without_size_there_is_nothing_to_say():
    """Headcount without its settings is refused."""
    made = plain()
    with pytest.raises(ScenarioError, match="needs"):
        size(replace(made, settings=made.settings.model_copy(update={"size": None})))


def with_history(elasticity: float = 0.5, k: int = 24, *, spread: float = 0.4, seed: int = 3) -> Scenario:
    """Sellers whose books differ, whose sales follow their effort with an elasticity, and of whom some ramped."""
    rng = np.random.default_rng(seed)
    asked = 100 * np.exp(rng.normal(0, spread, k))
    start = [pd.NaT if i % 4 else f"2025-{1 + i % 12:02d}-01" for i in range(k)]
    sellers = [{"id": f"S{i:02d}", "region": "all", "capacity": 100.0, "start": start[i]} for i in range(k)]
    accounts, history = [], []
    for i in range(k):
        for s in ("a", "b"):
            name, potential = f"A{i:02d}{s}", asked[i] * 10 * np.exp(rng.normal(0, 0.1))
            accounts.append(
                {
                    "id": name,
                    "seller": f"S{i:02d}",
                    "segment": s,
                    "workload": asked[i] / 2,
                    "potential": potential,
                }
            )
            for quarter in range(8):
                month = 2025 * 12 + 3 * quarter
                began = 0 if i % 4 else 2025 * 12 + i % 12
                level = np.mean([
                    0.5 if m < began else [0.2, 0.4, 0.6, 0.8, 0.9, 1.0][min(m - began, 5)] for m in range(month, month + 3)
                ])  # fmt: skip
                lost = 0.15 if began and began <= month < began + 12 else 0.0
                sold = (
                    potential
                    * (level * 100 / asked[i]) ** elasticity
                    * (1 - lost)
                    * np.exp(rng.normal(0, 0.05))
                )
                period = f"{month // 12}-{month % 12 + 1:02d}-01"
                history.append({"account": name, "period": period, "months": 3, "revenue": sold})
    made = company(accounts, sellers, history=history, activities=("revenue", "workload", "potential"))
    return sized_by(made)


def told(made: Sizing, segment: str = "a", parameter: str = "elasticity") -> Mapping[str, Any]:
    rows = made.parameters
    return rows[(rows["segment"] == segment) & (rows["parameter"] == parameter)].iloc[0]


@pytest.fixture(scope="module")
def history() -> Scenario:
    return with_history()


def test_the_elasticity_is_found_in_history(history: Scenario):
    """An elasticity of 0.5 is estimated within its interval, which is narrower than the default's by far."""
    made = size(history, replications=150)
    own = told(made)
    assert own["source"] == "history"
    assert own["low"] <= 0.5 <= own["high"]
    assert own["high"] - own["low"] < 0.25
    assert not made.findings


def test_the_order_of_rows_does_not_matter(history: Scenario):
    """Headcount is the same, number by number, for tables in any order."""
    made, other = (size(one, replications=60) for one in (history, shuffled(history, 7)))
    assert made.value.tolist() == other.value.tolist()
    pd.testing.assert_frame_equal(made.parameters, other.parameters, check_exact=True)


def test_effort_is_hours_by_hours_asked(history: Scenario):
    """A settled seller's effort is 100 hours on those that the accounts ask for, in parts of the usual."""
    known = cells(history, history.settings.size)
    rows = panel(history, known)
    asked = history.accounts.groupby("seller")["workload"].sum().to_numpy()
    settled = rows.seller == 1
    assert np.exp(rows.effort[settled]) == pytest.approx(100 / asked[1] / known.usual[0])
    first = np.exp(
        rows.effort[(rows.seller == 4) & (rows.period == 2)]
    )  # began in May 2025: July is its third month
    assert first == pytest.approx((0.6 + 0.8 + 0.9) / 3 * 100 / asked[4] / known.usual[0])
    assert not ((rows.seller == 4) & (rows.period < 2)).any()


@pytest.mark.parametrize(
    ("k", "spread", "missing"), [(4, 0.4, "8 sellers (there are 4)"), (24, 0.0, "effort that varies")]
)
def test_thin_data_are_named_and_the_default_is_used(k: int, spread: float, missing: str):
    """Too few sellers, or effort that hardly varies: the default is used, marked, and what is missing is said."""
    made = with_history(k=k, spread=spread)
    settled = replace(made, sellers=made.sellers.assign(start=pd.NaT))
    found = size(settled, replications=400)
    assert told(found)["source"] == "default"
    assert told(found)["value"] == pytest.approx(0.34, abs=0.05)
    assert [one.value for one in found.findings] == ["a", "b"]
    assert all(missing in one.expected for one in found.findings)


def test_a_thin_segment_follows_the_others(history: Scenario):
    """A segment of one seller takes what the company's other segments tell, and says so."""
    accounts = history.accounts.copy()
    accounts.loc[0, "segment"] = "rare"
    made = size(replace(history, accounts=accounts), replications=100)
    assert told(made, "rare")["source"] == "company"
    assert told(made, "rare")["value"] == pytest.approx(0.5, abs=0.15)
    assert math.isclose(sum(one.value == "rare" for one in made.findings), 1)


def test_what_the_scenario_states_counts(history: Scenario):
    """A stated response takes the place of what history tells, with the uncertainty that is stated."""
    made = size(sized_by(history, responses=({"segment": "a", **CERTAIN},)), replications=60)
    assert (told(made)["source"], told(made, "b")["source"]) == ("scenario", "history")
    assert told(made)["low"] == told(made)["high"] == pytest.approx(0.3)


def test_names_are_judged_where_they_stand():
    """Unknown segments and roles, roles named twice and limits that contradict are found with their places."""
    scenario = sized_by(
        replace(
            plain(), sellers=plain().sellers.assign(role=["field", "feld", "", "field", "field", "field"])
        ),
        roles=(
            {"name": "field", "cost": 1.0, "least": 3, "most": 2},
            {"name": "field", "cost": 1.0},
            {"name": "inside", "cost": 1.0, "segments": ("z",)},
        ),
        responses=({"segment": "aa"},),
    )
    found = {(one.rule, one.column, one.value) for one in check_size(scenario)}
    assert {rule for rule, _, _ in found} == {
        "unknown segment", "unknown role", "seller without a role", "two roles for one name",
        "fewest sellers above the most",
    }  # fmt: skip
    assert ("unknown role", "role", "feld") in found
    assert any(value == "z" for _, _, value in found)


def test_hours_and_roles_that_do_not_meet_are_found():
    """A role that works no hours is an error, and so are hours that no role works a warning."""
    roles = (SizeRole(name="inside", channels=("inside",), cost=1.0),)
    made = size(sized_by(plain(), roles=roles), replications=2)
    assert {(one.severity, one.rule) for one in made.findings} >= {
        ("error", "role without hours"), ("warning", "hours that no role works"),
    }  # fmt: skip
