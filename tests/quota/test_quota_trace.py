"""Where quotas come from."""

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from made_company import aligned, company

from spm_opt.quota.edits import begin, move
from spm_opt.quota.quota import quota
from spm_opt.quota.trace import steps_of
from spm_opt.simulate.sales import Sales

STAFF = [{"id": f"S{i}", "region": "East" if i < 2 else "West"} for i in range(4)]
PIN = {"by": "Ann", "why": "agreed in May"}


def planned(revenue=(100, 200, 300, 400), **rules):
    accounts = [{"id": f"A{i}", "revenue": float(amount)} for i, amount in enumerate(revenue)]
    scenario = company(accounts, STAFF, quota={"step": 1, "target": 1000, **rules})
    alignment = aligned(scenario, {f"A{i}": f"S{i}" for i in range(4)})
    draws = np.array(revenue, dtype=float) * np.linspace(0.5, 1.5, 1001)[:, None]
    empty = pd.DataFrame()
    return quota(scenario, alignment, Sales(alignment.territory_ids, draws, np.zeros(1001), empty, empty, 1))


def columns(plan, *names):
    return [plan.basis[name].tolist() for name in names]


def test_proportion_cut_by_a_cap():
    """100, 200, 300, 400 with at most 310: 90 go to the others as 1 : 2 : 3, and the cap is named."""
    plan = planned(cap=310)
    assert columns(plan, "from_proportional") == [[100, 200, 300, 400]]
    assert columns(plan, "rules", "rounding") == [[26.67, 53.33, 10, -90], [0.33, -0.33, 0, 0]]
    assert columns(plan, "binding") == [["", "", "cap", "cap"]]


def test_methods_have_a_part_each():
    """Half even and half in proportion: 125 each, and 50, 100, 150, 200."""
    plan = planned(methods={"even": 1, "proportional": 1})
    assert columns(plan, "from_even", "from_proportional") == [[125] * 4, [50, 100, 150, 200]]
    assert columns(plan, "rules", "rounding") == [[0] * 4, [0] * 4]


def test_a_pin_is_named_with_who_and_why_also_below_it():
    """East at 360 takes 60 more than its equal chance; its territories say why, the West gives and has no rule."""
    plan = planned(
        methods={"equal_chance": 1},
        pins=[{"node": "East", "quota": 360, **PIN}, {"node": "S3", "quota": 360, **PIN}],
    )
    said = "(by Ann: agreed in May)"
    assert columns(plan, "binding") == [
        [f"pins.1 {said} of East", f"pins.1 {said} of East", "", f"pins.2 {said}"]
    ]
    assert columns(plan, "from_equal_chance", "rules") == [[100, 200, 300, 400], [20, 40, -20, -40]]


def test_hedges_are_in_the_start():
    """10 % more than the target is at equal chance already, before any rule."""
    plan = planned(methods={"equal_chance": 1}, hedges={"company": 1.1})
    assert columns(plan, "from_equal_chance", "rules") == [[110, 220, 330, 440], [0] * 4]


def test_an_edit_is_a_step_of_its_own():
    """30 from S3 to S0: the steps before stay as they were."""
    edited = move(begin(planned(), 1), 30, ("territory", "S3"), ("territory", "S0"), **PIN)
    assert columns(edited.plan, "from_proportional", "edits") == [[100, 200, 300, 400], [30, 0, 0, -30]]
    assert steps_of(edited.plan.basis) == ["from_proportional", "rules", "rounding", "edits"]


@given(
    st.lists(st.integers(1, 10**6), min_size=4, max_size=4),
    st.sampled_from(["even", "proportional", "equal_chance"]),
    st.sampled_from(
        [{}, {"hedges": {"region": 1.07}}, {"cap": 400}, {"nodes": [{"node": "West", "cap": 450}]}]
    ),
    st.sampled_from([0.01, 1, 25]),
)
@settings(max_examples=25, derandomize=True, deadline=None)
def test_steps_add_up_to_the_cent(revenue, method, rules, step):
    """Whatever the methods, rules and steps, each territory's steps sum to its quota exactly."""
    plan = planned(revenue, methods={method: 1, "even": 0.5}, step=step, **rules)
    steps = np.rint(plan.basis[steps_of(plan.basis)].to_numpy() * 100).astype(np.int64)
    assert steps.sum(axis=1).tolist() == plan.cents.tolist()
