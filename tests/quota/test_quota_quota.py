"""Quotas of a whole company."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_company import aligned, company, shuffled, yearly
from pydantic import ValidationError

from spm_opt.errors import QuotaError, ScenarioError
from spm_opt.plan import QuotaPlan
from spm_opt.quota.quota import quota
from spm_opt.quota.tree import reconcile, require_reconciled
from spm_opt.scenario.settings import Quota
from spm_opt.simulate.simulate import simulate


def made(revenue, sellers=None, **rules):
    """Make one account a seller, with these sales last year; rules of the quota in whole currency."""
    accounts = [{"id": f"A{i}", "revenue": float(amount)} for i, amount in enumerate(revenue)]
    staff = sellers or [{"id": f"S{i}"} for i in range(len(revenue))]
    scenario = company(accounts, staff, quota={"step": 1, **rules})
    return scenario, aligned(scenario, {f"A{i}": f"S{i}" for i in range(len(revenue))})


def amounts(*args, **rules):
    return (quota(*made(*args, **rules)).cents / 100).tolist()


def test_proportional_to_last_year():
    """A target of 900 over sales of 100, 200 and 300."""
    assert amounts([100, 200, 300], target=900) == [150, 300, 450]


def test_growth_of_the_company_rounded_to_a_step():
    """Sales of 601 plus 10 % are 661.1: the nearest multiple of 10 is 660."""
    scenario, alignment = made([100, 200, 301], growth=0.1, step=10)
    plan = quota(scenario, alignment)
    assert plan.target_cents == 66_000
    assert plan.cents.sum() == 66_000
    assert (plan.cents % 1000 == 0).all()


def test_growth_counts_accounts_without_a_seller():
    """The company's growth is on all its sales, also those that nobody holds today."""
    scenario, _ = made([100, 200], growth=0.0)
    plan = quota(scenario, aligned(scenario, {"A0": "S0"}))
    assert (plan.cents / 100).tolist() == [300, 0]


def test_whole_steps_by_largest_remainder():
    """1,000 in steps of 100 over 1 : 1 : 1 gives the first, by id, the odd step."""
    assert amounts([7, 7, 7], target=1000, step=100) == [400, 300, 300]


def test_cents_are_exact():
    """A third of 100.01 in steps of a cent sums to the cent."""
    plan = quota(*made([1, 1, 1], target=100.01, step=0.01))
    assert sorted(plan.cents.tolist()) == [3333, 3334, 3334]


def test_a_mix_is_the_weighted_mean_of_shares():
    """History 100:300, pipeline 8:2 (times win rate), potential 1:1; weights 2:1:1 give 43.125 %."""
    scenario = company(
        [{"id": "A", "potential": 50.0}, {"id": "B", "potential": 50.0}],
        [{"id": "S"}, {"id": "T"}],
        history=[*yearly("A", y2026=100), *yearly("B", y2026=300)],
        pipeline=[
            {"id": "O1", "account": "A", "amount": 16.0, "stage": "half", "close": "2027-03-01"},
            {"id": "O2", "account": "B", "amount": 2.0, "stage": "sure", "close": "2027-03-01"},
            {"id": "O3", "account": "B", "amount": 900.0, "stage": "sure", "close": "2028-03-01"},
        ],
        simulate={"win_rates": {"half": 0.5, "sure": 1.0}},
        quota={"target": 8000, "step": 1, "mix": {"history": 2, "pipeline": 1, "potential": 1, "revenue": 0}},
        activities=("potential", "revenue"),
    )
    plan = quota(scenario, aligned(scenario, {"A": "S", "B": "T"}))
    basis = plan.basis
    assert basis["history_share"].tolist() == [0.25, 0.75]
    assert basis["pipeline_amount"].tolist() == [8.0, 2.0]
    assert basis["pipeline_share"].tolist() == [0.8, 0.2]
    assert basis["share"].tolist() == pytest.approx([0.45, 0.55])
    assert basis["last_year"].tolist() == [100, 300]
    assert basis["proportional"].tolist() == pytest.approx([3600, 4400])
    assert basis["quota"].tolist() == [3600, 4400]
    assert not any(name.startswith("revenue") for name in basis.columns)


def test_limits_cut_and_the_rest_is_spread_again():
    """Of 900 over 1 : 2 : 3, a cap of 400 leaves 500 for 1 : 2, and a floor of 200 then 300."""
    assert amounts([100, 200, 300], target=900, cap=400, floor=200) == [200, 300, 400]


def test_growth_limits_follow_each_territory():
    """Last year 100 and 300, mix by an activity 1 : 1; at most +50 %, at least -10 %."""
    scenario = company(
        [{"id": "A0", "revenue": 100.0, "hours": 1.0}, {"id": "A1", "revenue": 300.0, "hours": 1.0}],
        [{"id": "S0"}, {"id": "S1"}],
        quota={"target": 420, "step": 10, "mix": {"hours": 1}, "growth_min": -0.1, "growth_max": 0.5},
        activities=("revenue", "hours"),
    )
    plan = quota(scenario, aligned(scenario, {"A0": "S0", "A1": "S1"}))
    assert plan.basis["lowest"].tolist() == [90, 270]
    assert plan.basis["highest"].tolist() == [150, 450]
    assert plan.basis["lowest_rule"].tolist() == ["growth_min"] * 2
    assert (plan.cents / 100).tolist() == [150, 270]


def test_limits_are_rounded_inwards():
    """A floor of 101 in steps of 50 is 150, a cap of 349 is 300."""
    plan = quota(*made([1, 1, 1], target=600, step=50, floor=101, cap=349))
    assert plan.basis["lowest"].tolist() == [150] * 3
    assert plan.basis["highest"].tolist() == [300] * 3


def test_growth_does_not_hold_a_territory_without_sales():
    """A new territory has no last year to grow from; its quota comes from the other rules."""
    scenario, alignment = made([100, 0], target=120, growth_max=0.1, floor=10)
    assert (quota(scenario, alignment).cents / 100).tolist() == [110, 10]


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        (
            {"floor": 400},
            "lowest quotas sum to 1,200, 300 above the company target 900: quota.floor in S0, S1, S2",
        ),
        (
            {"cap": 250},
            "highest quotas sum to 750, 150 below the company target 900: quota.cap in S0, S1, S2",
        ),
        ({"growth_min": 1.0}, "lowest quotas sum to 1,200, 300 above"),
        (
            {"growth_max": 0.0, "floor": 10},
            "highest quotas sum to 600, 300 below.*quota.growth_max in S0, S1, S2",
        ),
        (
            {"cap": 500, "growth_min": 0.9},
            "S2: quota.growth_min asks for at least 570, cap at most 500.*70 apart",
        ),
        (
            {"floor": 150, "growth_max": 0.2},
            "S0: quota.floor asks for at least 150, growth_max at most 120.*30 apart",
        ),
        ({"floor": 1000}, "S0: quota.floor asks for at least 1,000, the company target is 900.*100 apart"),
        (
            {"floor": 201, "cap": 299, "step": 100},
            "S0: quota.floor asks for at least 300, cap at most 200.*100 apart",
        ),
    ],
)
def test_rules_that_clash_are_named(rules, message):
    """The message says which rules, where, and by how much."""
    with pytest.raises(QuotaError, match=message):
        quota(*made([100, 200, 300], target=900, **rules))


def test_a_clash_says_what_would_free_it():
    """A cap of 250 on three is 750 of 900: 300 would do, or a target of 750; both are verified by solving."""
    with pytest.raises(QuotaError) as caught:
        amounts([100, 200, 300], target=900, step=50, cap=250)
    assert {one.rule.name: one.freed for one in caught.value.clashes} == {
        "quota.cap": 30_000,
        "quota.target": 75_000,
    }
    assert "300 would do" in str(caught.value)


def test_every_territory_that_clashes_is_named():
    """All at once, a line each."""
    with pytest.raises(QuotaError) as raised:
        quota(*made([100, 200, 300], target=900, floor=350, growth_max=0.1))
    lines = str(raised.value).partition("\nthese rules")[0].splitlines()
    assert [line.split(":")[0] for line in lines] == ["S0", "S1", "S2"]


def test_a_target_between_steps_names_the_nearest():
    """Both when the scenario is read and when settings were changed past the reader."""
    text = "target: 1,234,567 is not a whole multiple of step 1,000; the nearest are 1,234,000 and 1,235,000"
    with pytest.raises(ValidationError, match=text):
        Quota(target=1_234_567, step=1_000)
    with pytest.raises(ValidationError, match=r"step: 0\.001 is not a whole number of cents"):
        Quota(target=1, step=0.001)
    scenario, alignment = made([1, 1], target=1_234_567)
    scenario.settings.__dict__["quota"] = scenario.settings.quota.model_copy(update={"step": 1_000})
    with pytest.raises(ScenarioError, match=f"scenario.toml: quota.{text}"):
        quota(scenario, alignment)


@pytest.mark.parametrize(
    ("mix", "message"),
    [
        ({"histroy": 1}, "quota.mix: 'histroy' is no activity, history or pipeline .is 'history' meant"),
        ({"pipeline": 1}, "there is no .tables.pipeline"),
        ({"hours": 1}, "hours is zero in all territories"),
    ],
)
def test_measures_that_cannot_be_followed_are_named(mix, message):
    """Unknown, without a table, or zero everywhere."""
    scenario = company(
        [{"id": "A0", "revenue": 1.0}],
        [{"id": "S0"}],
        quota={"target": 10, "step": 1, "mix": mix},
        activities=("revenue", "hours"),
    )
    with pytest.raises(ScenarioError, match=message):
        quota(scenario, aligned(scenario, {"A0": "S0"}))


ORGANISATION = [
    {"id": "S0", "region": "East", "district": "North"},
    {"id": "S1", "region": "East", "district": "South"},
    {"id": "S2", "region": "West", "district": "North"},
    {"id": "S3", "region": "West"},
    {"id": "S4", "district": "Solo"},
    {"id": "S5"},
]


def test_quotas_roll_up_through_the_organisation():
    """Districts, regions and company; a missing level is skipped, a name under two parents is two nodes."""
    nodes = quota(*made([1, 2, 3, 4, 5, 6], ORGANISATION, target=2100)).nodes
    rows = list(nodes[["level", "node", "parent", "cents"]].itertuples(index=False, name=None))
    assert rows == [
        ("company", "company", "", 210_000),
        ("region", "East", "company", 30_000),
        ("region", "West", "company", 70_000),
        ("district", "North (East)", "East", 10_000),
        ("district", "North (West)", "West", 30_000),
        ("district", "Solo", "company", 50_000),
        ("district", "South", "East", 20_000),
        ("territory", "S0", "North (East)", 10_000),
        ("territory", "S1", "South", 20_000),
        ("territory", "S2", "North (West)", 30_000),
        ("territory", "S3", "West", 40_000),
        ("territory", "S4", "Solo", 50_000),
        ("territory", "S5", "company", 60_000),
    ]


def test_reconcile_finds_every_wrong_sum():
    """A cent moved in a district shows at the district, its parent, and in the refusal."""
    plan = quota(*made([1, 2, 3, 4, 5, 6], ORGANISATION, target=2100))
    assert (reconcile(plan)["difference"] == 0).all()
    nodes = plan.nodes.copy()
    nodes.loc[nodes["node"] == "South", "cents"] += 1
    wrong = QuotaPlan(plan.territory_ids, plan.cents, plan.target_cents, plan.basis, nodes)
    table = reconcile(wrong)
    off = table[table["difference"] != 0]
    assert off[["node", "difference"]].to_numpy().tolist() == [["East", -1], ["South", 1]]
    with pytest.raises(QuotaError, match=r"South: district is the sum of its children: off by 0.01"):
        require_reconciled(wrong)


def test_reconcile_finds_a_broken_limit_and_a_broken_target():
    """A quota above its highest, and a target that the nodes do not have."""
    plan = quota(*made([1, 2], target=300, cap=250))
    cents = np.array([2_000, 28_000])
    nodes = plan.nodes.assign(cents=[30_000, 2_000, 28_000])
    table = reconcile(QuotaPlan(plan.territory_ids, cents, 31_000, plan.basis, nodes))
    off = table[table["difference"] != 0]
    assert off[["node", "check", "difference"]].to_numpy().tolist() == [
        ["company", "has the company target", -1_000],
        ["S1", "quota is within its limits", 3_000],
    ]


def test_mean_sales_stand_beside_the_quotas():
    """With the simulated year, the basis shows what each territory can expect."""
    scenario, alignment = made([100, 200], target=300)
    sales = simulate(scenario, alignment, replications=50)
    expected = quota(scenario, alignment, sales).basis["expected_sales"]
    assert expected.tolist() == pytest.approx(sales.amount.mean(axis=0).tolist())


RULES = st.fixed_dictionaries(
    {"target": st.integers(0, 60).map(lambda steps: steps * 5)},
    optional={
        "floor": st.integers(0, 60),
        "cap": st.integers(0, 200),
        "growth_min": st.floats(-1, 1),
        "growth_max": st.floats(-1, 2),
    },
)


@given(st.lists(st.integers(0, 80), min_size=1, max_size=4).filter(any), RULES)
@settings(max_examples=60, derandomize=True, deadline=None)
def test_sum_steps_and_limits_or_a_reason(revenue, rules):
    """Quotas sum to the target in whole steps within all rules; refused only where enumeration finds none."""
    try:
        scenario, alignment = made(revenue, step=5, **rules)
    except ValidationError:
        return
    inside = []
    for last in revenue:
        low = max(
            [rules.get("floor", 0)]
            + ([(1 + rules["growth_min"]) * last] if "growth_min" in rules and last else [])
        )
        tops = [rules["cap"]] if "cap" in rules else []
        tops += [(1 + rules["growth_max"]) * last] if "growth_max" in rules and last else []
        high = min([*tops, rules["target"]])
        inside.append([q for q in range(0, rules["target"] + 1, 5) if low - 1e-9 <= q <= high + 1e-9])
    exists = any(sum(choice) == rules["target"] for choice in product(*inside))
    try:
        plan = quota(scenario, alignment)
    except QuotaError:
        assert not exists
        return
    assert exists
    assert plan.cents.sum() == rules["target"] * 100
    assert all(
        int(c) % 500 == 0 and c / 100 in allowed for c, allowed in zip(plan.cents, inside, strict=True)
    )


def test_order_of_rows_does_not_matter():
    """Shuffled accounts and sellers give every territory the same quota, ties included."""
    scenario, _ = made([7, 7, 7, 7, 7, 1, 1], target=1000, step=20)
    holder = {f"A{i}": f"S{i}" for i in range(7)}
    first = quota(scenario, aligned(scenario, holder))
    for seed in range(4):
        other = shuffled(scenario, seed)
        again = quota(other, aligned(other, holder))
        assert dict(zip(again.territory_ids, again.cents.tolist(), strict=True)) == dict(
            zip(first.territory_ids, first.cents.tolist(), strict=True)
        )
        pd.testing.assert_frame_equal(again.nodes, first.nodes)
        pd.testing.assert_frame_equal(again.basis.loc[list(first.territory_ids)], first.basis)


def test_many_territories_take_no_time():
    """2,000 territories are rounded to proof within the suite's patience."""
    rng = np.random.default_rng(3)
    plan = quota(*made(rng.lognormal(10, 1, 2000).tolist(), target=50_000_000, step=1000, floor=2000))
    assert plan.cents.sum() == 5_000_000_000
