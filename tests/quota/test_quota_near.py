"""Rounding moves no node by more than one step."""

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_company import aligned, company

from spm_opt.quota.fair import case, filling, question_of
from spm_opt.quota.hierarchy import Hierarchy
from spm_opt.quota.near import near_steps, widths
from spm_opt.quota.quota import quota
from spm_opt.quota.rules import Question, Rule
from spm_opt.simulate.sales import Sales

TREE = Hierarchy(
    ("company", "East", "West", "A", "B", "C"),
    ("company", "region", "region", "territory", "territory", "territory"),
    (-1, 0, 0, 1, 1, 2),
)


def test_the_step_of_a_node_is_the_largest_at_it_and_above_and_what_all_below_share():
    """East in 50s holds A and B to 50s of their rounding; C in 20s makes the West one of 20s."""
    asked = Question(TREE, 1_000, (1, 5, 1, 1, 1, 2), (Fraction(1),) * 6, ())
    assert widths(asked) == [1_000, 5_000, 2_000, 5_000, 5_000, 2_000]


def test_it_gives_way_to_two_steps_where_a_pin_leaves_too_few():
    """East pinned two steps above its ideal of 3: its own and the West's nodes may move by two."""
    ideal = np.array([6_000.0, 3_000.0, 3_000.0, 1_000.0, 2_000.0, 3_000.0])
    total = Rule("quota.target", (True, True), (0,), (Fraction(6_000),), (Fraction(1),), Fraction(6_000))
    pin = Rule("quota.pins.1", (True, True), (1,), (Fraction(5_000),), (Fraction(1),), Fraction(5_000))
    for rules, wanted in (((total,), (2, 4)), ((total, pin), (1, 5))):
        asked = Question(TREE, 1_000, (1,) * 6, (Fraction(1),) * 6, rules)
        low, high = near_steps(asked, ideal).limits()
        assert (low[2], high[2]) == wanted


@given(
    st.lists(st.tuples(st.integers(1, 2000), st.integers(0, 1), st.integers(0, 3)), min_size=3, max_size=10),
    st.sampled_from([{}, {"district": 100}, {"region": 100}, {"district": 50, "region": 100}]),
    st.sampled_from(["even", "proportional", "equal_chance"]),
    st.integers(5, 150),
)
@settings(max_examples=12, derandomize=True, deadline=None)
def test_no_node_moves_by_more_than_one_step(sellers, steps, method, hundreds):
    """Any tree, steps by level, method and target: each node is within its step of the exact ideal."""
    count = len(sellers)
    staff = [{"id": f"S{i}", "region": f"R{r}", "district": f"D{d}"} for i, (_, r, d) in enumerate(sellers)]
    accounts = [{"id": f"A{i}", "revenue": float(amount)} for i, (amount, _, _) in enumerate(sellers)]
    rules = {
        "step": 25,
        "target": 100 * hundreds,
        "steps": steps,
        "methods": {method: 1.0},
        "part_year": True,
    }
    scenario = company(accounts, staff, quota=rules)
    alignment = aligned(scenario, {f"A{i}": f"S{i}" for i in range(count)})
    draws = np.array([amount for amount, _, _ in sellers]) * np.linspace(0.5, 1.5, 201)[:, None]
    empty = pd.DataFrame()
    sales = Sales(alignment.territory_ids, draws, np.zeros(201), empty, empty, 1)
    made, target = case(scenario, alignment, sales, {}), 10_000 * hundreds
    asked = question_of(made, target)
    ideal, _ = filling(made, asked, target).fill(float(target))
    found = quota(scenario, alignment, sales).nodes["cents"].to_numpy()
    assert found == pytest.approx(ideal, abs=max(widths(asked)))
    assert (np.abs(found - ideal) <= np.array(widths(asked)) + 1e-3).all()
