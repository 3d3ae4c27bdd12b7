"""Quotas in the tree: methods, equal chance, pins, steps, hedges and conflicts."""

from itertools import product
from statistics import NormalDist

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_company import aligned, company, shuffled
from pydantic import ValidationError

from spm_opt.errors import QuotaError, ScenarioError
from spm_opt.quota.quota import quota
from spm_opt.quota.tree import reconcile
from spm_opt.scenario.quota_settings import Quota
from spm_opt.simulate.sales import Sales

STAFF = [
    {"id": "S0", "region": "East", "district": "N", "capacity": 1.0},
    {"id": "S1", "region": "East", "district": "S", "capacity": 1.0},
    {"id": "S2", "region": "West", "district": "W", "capacity": 1.0},
    {"id": "S3", "region": "West", "district": "W", "capacity": 2.0},
]
EQUAL = {"equal_chance": 1.0}
PIN = {"by": "Ann", "why": "agreed in May"}


def made(revenue=(100, 200, 300, 400), staff=STAFF, own=(), **rules):
    """Make one account a seller; ``own`` are bottom-up targets."""
    accounts = [
        {"id": f"A{i}", "revenue": float(amount), "plan": float(own[i]) if own else 0.0}
        for i, amount in enumerate(revenue)
    ]
    scenario = company(accounts, staff, quota={"step": 1, **rules}, activities=("revenue", "plan"))
    return scenario, aligned(scenario, {f"A{i}": one["id"] for i, one in enumerate(staff)})


def drawn(alignment, draws):
    return Sales(alignment.territory_ids, draws, np.zeros(len(draws)), pd.DataFrame(), pd.DataFrame(), 1)


def spread(means=(100, 200, 300, 400), widths=(0.5, 0.5, 0.5, 0.5), count=1001):
    """Uniform draws around means; a width of 0.5 goes from half to one and a half."""
    place = np.linspace(-1, 1, count)[:, None]
    return np.array(means, dtype=float) * (1 + place * np.array(widths))


def planned(draws=None, seen=None, **rules):
    scenario, alignment = made(**rules)
    draws = spread() if draws is None else draws
    return quota(scenario, alignment, drawn(alignment, draws), seen=seen)


def amounts(*args, **rules):
    return (planned(*args, **rules).cents / 100).tolist()


def node(plan, name):
    return plan.nodes.set_index("node")["cents"][name] / 100


def test_even():
    """1,000 over four."""
    assert amounts(target=1000, methods={"even": 1}) == [250] * 4


def test_capacity_is_a_measure():
    """1,000 over capacities 1 : 1 : 1 : 2, in the plain way, too."""
    assert amounts(target=1000, mix={"capacity": 1}) == [200, 200, 200, 400]


def test_growth_on_history_by_the_nearest_node():
    """East grows 20 %, its S1 not at all, others as the company: 120, 200, 330 and 440 of 1,090."""
    rules = {"growth": 0.1, "methods": {"growth": 1}, "growths": {"East": 0.2, "S1": 0.0}}
    assert amounts(**rules) == [pytest.approx(x * 1100 / 1090, abs=1) for x in (120, 200, 330, 440)]


def test_bottom_up_targets_make_the_company_target():
    """Accounts of 10, 20, 30 and 40 sum to a company target of 100."""
    plan = planned(own=(10, 20, 30, 40), methods={"accounts": 1}, accounts="plan")
    assert (plan.cents / 100).tolist() == [10, 20, 30, 40]
    assert plan.target_cents == 10_000


def test_methods_mix_by_their_shares():
    """Half even (25 % each) and half proportional (10, 20, 30 and 40 %)."""
    assert amounts(target=1000, methods={"even": 1, "proportional": 1}) == [175, 225, 275, 325]


def test_part_of_a_year_counts():
    """A vacant position without a start has half a year's share: 1 : 2 : 2 : 2 of 700."""
    staff = [{**STAFF[0], "name": ""}, *STAFF[1:]]
    assert amounts(staff=staff, target=700, methods={"even": 1}, part_year=True) == [100, 200, 200, 200]


def test_equal_chance_is_the_analytic_quantile():
    """Normal sales, target = the sum of their 40 % points: each quota is its own, to a step."""
    means, widths = (1000.0, 2000.0, 3000.0, 4000.0), (100.0, 500.0, 300.0, 1200.0)
    points = (np.arange(20_001) + 0.5) / 20_001
    unit = np.array([NormalDist().inv_cdf(p) for p in points])
    draws = np.array(means) + unit[:, None] * np.array(widths)
    expected = [m + w * NormalDist().inv_cdf(0.4) for m, w in zip(means, widths, strict=True)]
    plan = planned(draws, target=round(sum(expected)), methods=EQUAL)
    assert (plan.cents / 100).tolist() == pytest.approx(expected, abs=1)
    assert plan.basis["chance"].tolist() == pytest.approx([0.6] * 4, abs=0.003)


def test_a_level_that_the_planner_sets_makes_the_target():
    """At a chance of 80 %, uniform sales give 0.7 of each mean; stretch quotas stand beside."""
    plan = planned(chance=0.8, methods=EQUAL, chances={"stretch": 0.2})
    assert (plan.cents / 100).tolist() == [70, 140, 210, 280]
    assert plan.target_cents == 70_000
    assert plan.basis["quota_stretch"].tolist() == [130, 260, 390, 520]


def test_a_cap_leaves_the_others_equal():
    """S3 at most 350 of 800: the others share 450 at their means, one chance for all three."""
    plan = planned(spread((100, 150, 200, 600)), target=800, cap=350, methods=EQUAL)
    assert (plan.cents / 100).tolist() == [100, 150, 200, 350]
    assert plan.basis["highest_rule"].tolist() == ["cap"] * 4


def test_a_pin_holds_and_each_side_has_its_own_chance():
    """East pinned at 400: 400 over 1 : 2, and 600 over 3 : 4."""
    plan = planned(target=1000, methods=EQUAL, pins=[{"node": "East", "quota": 400, **PIN}])
    assert (plan.cents / 100).tolist() == [133, 267, 257, 343]
    assert node(plan, "East") == 400


def test_floors_and_growth_of_a_node():
    """West had 700 last year; at most 10 % below is 630, at most 50 for district N."""
    rules = [{"node": "West", "growth_min": -0.1}, {"node": "N", "level": "district", "cap": 50}]
    plan = planned(target=800, methods={"even": 1}, nodes=rules)
    assert node(plan, "West") == 630
    assert (plan.cents / 100).tolist() == [50, 120, 315, 315]


def test_ratio_and_productivity_limits():
    """At most 1.1 of last year, and at most 300 for a full year: S3 stands at 300."""
    plan = planned(target=900, methods={"even": 1}, ratio_to="history", ratio_max=1.1, productivity_max=300)
    assert (plan.cents / 100).tolist() == [110, 220, 285, 285]


def test_steps_by_level_and_hedges():
    """Company 1,000 with 10 % is 1,100 in regions of 50; 5 % more of each 550 is 577.5, a half up 578."""
    plan = planned(
        target=1000, methods={"even": 1}, steps={"region": 50}, hedges={"company": 1.1, "region": 1.05}
    )
    assert [node(plan, name) for name in ("East", "West", "N", "W")] == [550, 550, 289, 578]
    assert plan.cents.sum() == 115_600
    assert (reconcile(plan)["difference"] == 0).all()


def test_reconcile_sees_a_broken_hedge():
    """A cent more at the company shows at it."""
    plan = planned(target=1000, methods={"even": 1}, hedges={"company": 1.1})
    broken = plan.nodes.copy()
    broken.loc[broken["node"] == "East", "cents"] += 1
    table = reconcile(type(plan)(plan.territory_ids, plan.cents, plan.target_cents, plan.basis, broken))
    assert table[table["difference"] != 0]["node"].tolist() == ["company", "East"]


def test_a_freeze_keeps_what_was_seen():
    """S1 keeps 333; where nothing was seen, that is said."""
    rules = {"target": 1000, "methods": EQUAL, "freeze": ["S1"]}
    assert amounts(seen={("territory", "S1"): 33_300}, **rules)[1] == 333
    with pytest.raises(ScenarioError, match=r"quota\.freeze\.1: no quota of S1 was seen"):
        planned(**rules)


def test_of_equal_plans_the_one_nearest_to_the_last():
    """Ten over four even shares in steps of 1: the two odd steps stay where they were."""
    seen = {("territory", f"S{i}"): cents for i, cents in enumerate((200, 300, 300, 200))}
    assert amounts(seen=seen, target=10, methods={"even": 1}) == [2, 3, 3, 2]


def test_rules_in_conflict_are_the_smallest_set_each_with_a_change_that_frees():
    """A pin of 200 and a cap of 300 leave at most 800 of 1,000; the floor has no part in it."""
    rules = {"target": 1000, "cap": 300, "floor": 10, "pins": [{"node": "East", "quota": 200, **PIN}]}
    with pytest.raises(QuotaError) as raised:
        planned(methods=EQUAL, **rules)
    found = {clash.rule.name: (clash.nodes, clash.freed) for clash in raised.value.clashes}
    assert found == {
        "quota.target": (("company",), 80_000),
        "quota.cap": (("S2", "S3"), 40_000),
        "quota.pins.1": (("East",), 40_000),
    }
    assert "quota.pins.1 = 200 (East, by Ann: agreed in May): 400 would do" in str(raised.value)
    for change in ({"target": 800}, {"cap": 400}, {"pins": [{"node": "East", "quota": 400, **PIN}]}):
        assert planned(methods=EQUAL, **{**rules, **change}).cents.sum() > 0
    for change in ({"target": 801}, {"cap": 399}, {"pins": [{"node": "East", "quota": 399, **PIN}]}):
        with pytest.raises(QuotaError):
            planned(methods=EQUAL, **{**rules, **change})


def test_growth_in_conflict_is_freed_in_basis_points():
    """At most 10 % above 1,000 is 1,100; for 1,200 it takes 20 %, in whole steps."""
    with pytest.raises(QuotaError) as raised:
        planned(methods={"even": 1}, target=1200, growth_max=0.1)
    assert {clash.rule.name: float(clash.freed) for clash in raised.value.clashes} == {
        "quota.target": 110_000, "quota.growth_max": 0.2,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        (
            {"pins": [{"node": "Eastt", "quota": 1, **PIN}]},
            "quota.pins.1: no node is called 'Eastt' .is 'East' meant",
        ),
        ({"nodes": [{"node": "nobody", "cap": 1}]}, "quota.nodes.1: no node is called 'nobody'"),
        ({"pins": [{"node": "East", "quota": 1.5, **PIN}]}, "1.50 is not a whole multiple of the step 1"),
        ({"growths": {"Weast": 0.1}, "methods": {"growth": 1}}, "quota.growths: no node is called 'Weast'"),
        ({"ratio_to": "hours", "ratio_max": 2}, "quota.ratio_to: 'hours' is no activity"),
    ],
)
def test_faults_of_rules_are_named(rules, message):
    """Unknown nodes and measures, and amounts between steps."""
    with pytest.raises(ScenarioError, match=message):
        planned(**{"target": 1000, **rules})


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({"target": 1, "chance": 0.5}, "either target or growth"),
        ({"target": 1, "methods": {"accounts": 1}}, "needs the activity"),
        ({"target": 1, "methods": {"even": 0}}, "weights of methods"),
        ({"target": 1000, "steps": {"region": 1500}}, "steps.region: 1,500 is not a whole multiple"),
        (
            {"target": 1, "nodes": [{"node": "x", "floor": 2, "cap": 1}]},
            "nodes.1.floor: x: floor 2 is above cap 1",
        ),
        ({"target": 1, "ratio_max": 1}, "ratio_to"),
    ],
)
def test_settings_that_contradict_themselves(rules, message):
    """Said when the scenario is read."""
    with pytest.raises(ValidationError, match=message):
        Quota(**rules)


def test_order_of_rows_does_not_matter():
    """Shuffled tables give the same quotas."""
    scenario, alignment = made(revenue=(7, 7, 7, 7), target=1002, methods=EQUAL)
    first = quota(scenario, alignment, drawn(alignment, spread((7, 7, 7, 7))))
    for seed in range(3):
        other = shuffled(scenario, seed)
        turned = aligned(other, {f"A{i}": f"S{i}" for i in range(4)})
        again = quota(other, turned, drawn(turned, spread((7, 7, 7, 7))))
        pd.testing.assert_frame_equal(again.nodes, first.nodes)


RULES = st.fixed_dictionaries(
    {"target": st.integers(0, 8).map(lambda steps: steps * 5)},
    optional={
        "cap": st.integers(5, 40),
        "floor": st.integers(0, 10),
        "steps": st.sampled_from([{"region": 10.0}, {"district": 10.0}]),
        "hedges": st.sampled_from([{"company": 1.2}, {"region": 1.1, "company": 0.9}]),
        "pins": st.integers(0, 4).map(
            lambda q: [{"node": "East", "level": "region", "quota": q * 10, **PIN}]
        ),
    },
)


def comes_to(total, hedge, common):
    """Give what children sum to: the nearest multiple of their common step, a half up, in tenths."""
    return total if hedge == 1 else (round(hedge * 10) * total * 2 + 10 * common) // (20 * common) * common


def enumerated(rules):
    """List all quotas in steps of 5 that keep the rules, by plain counting."""
    steps, hedges = rules.get("steps", {}), rules.get("hedges", {})
    regions = range(0, 60, 10 if "region" in steps else 5)
    below_company = comes_to(rules["target"], hedges.get("company", 1), 10 if "region" in steps else 5)
    # the West has one district, so its own step is what its children share; the East has two
    below = {one: comes_to(one, hedges.get("region", 1), 10 if "district" in steps else 5) for one in regions}
    pinned = [pin["quota"] for pin in rules.get("pins", [])]
    pairs = [
        (below[east], below[west])
        for east, west in product(regions, repeat=2)
        if east + west == below_company and pinned in ([], [east])
    ]
    found = []
    for q in product(range(0, 60, 5), repeat=4):
        if (q[0] + q[1], q[2] + q[3]) not in pairs:
            continue
        inside = all(rules.get("floor", 0) <= one <= rules.get("cap", 999) for one in q)
        if inside and not ("district" in steps and any(one % 10 for one in (q[0], q[1], q[2] + q[3]))):
            found.append(q)
    return found


@given(RULES)
@settings(max_examples=12, derandomize=True, deadline=None)
def test_the_model_finds_what_counting_finds(rules):
    """Quotas exist where counting finds some; none has a smaller largest departure, then a smaller sum."""
    listed = enumerated(rules)
    try:
        plan = planned(step=5, methods={"even": 1}, **rules)
    except ValidationError:
        return
    except QuotaError as error:
        assert (listed, bool(error.clashes)) == ([], True)  # noqa: PT017  others are kept above
        return
    assert (reconcile(plan)["difference"] == 0).all()
    own = tuple((plan.cents // 100).tolist())
    assert own in listed
    ideal = plan.basis["ideal"].to_numpy()
    if (ideal > 0).all():

        def largest(q):
            return np.ceil((np.abs(np.array(q) - ideal) / ideal).max() * 10_000 - 1e-3)

        def total(q):
            return np.abs(np.array(q) - ideal).sum()

        best = min(map(largest, listed))
        assert min(largest(own), 10_001) == min(best, 10_001)
        within = [total(q) for q in listed if min(largest(q), 10_001) == min(best, 10_001)]
        assert total(own) <= min(within) + 5 * 4 / 16


@given(
    st.lists(st.integers(1, 400), min_size=4, max_size=4),
    st.integers(0, 40),
    st.sampled_from(["even", "equal_chance"]),
)
@settings(max_examples=20, derandomize=True, deadline=None)
def test_rounding_moves_no_territory_by_more_than_a_step(revenue, steps, method):
    """In steps of 25 each quota is the ideal's whole step below or above, and they sum to the target."""
    scenario, alignment = made(revenue=revenue, step=25, target=25 * steps, methods={method: 1.0})
    plan = quota(scenario, alignment, drawn(alignment, spread(revenue)))
    assert plan.cents.sum() == 2_500 * steps
    assert (np.abs(plan.basis["quota"] - plan.basis["ideal"]) < 25 + 1e-6).all()


@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 60))
@settings(max_examples=20, derandomize=True, deadline=None)
def test_pins_hold_or_are_named(east, south, target):
    """Any pins of a region and of a territory in it stand in the plan, or in the conflict."""
    pins = [{"node": "East", "quota": east, **PIN}, {"node": "S1", "quota": south, **PIN}]
    try:
        plan = planned(target=target, methods=EQUAL, pins=pins)
    except QuotaError as error:
        assert south > east or east > target or target < south
        assert any(clash.rule.name.startswith("quota.pins") for clash in error.clashes)  # noqa: PT017
        return
    assert (node(plan, "East"), node(plan, "S1")) == (east, south)
    assert south <= east <= target
