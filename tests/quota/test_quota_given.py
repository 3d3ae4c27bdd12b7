"""Trees and targets from tables."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spm_opt.errors import InputError
from spm_opt.quota.given import checked_weights, derived, tree_of

NODES = [
    ("W", "", ""),
    ("East", "W", ""),
    ("West", "W", ""),
    ("A", "East", ""),
    ("B", "East", ""),
    ("C", "West", ""),
]
ALL = "all"


def table(rows, *names):
    return pd.DataFrame(rows, columns=list(names))


def tree(rows=NODES):
    return tree_of(table([row[:2] for row in rows], "node", "parent"))


def targets(*rows):
    return table(
        [(row if len(row) == 4 else (row[0], ALL, ALL, row[1])) for row in rows],
        "node",
        "product",
        "period",
        "target",
    )


def whole(*rows, weight=None):
    organisation = tree()
    found = derived(organisation, targets(*rows), np.ones(6) if weight is None else np.array(weight))
    return dict(zip(organisation.names, (found[ALL, ALL] / 100).tolist(), strict=True))


def test_a_tree_of_any_depth_in_any_order():
    """Parents come before their children, whatever the order of rows."""
    found = tree(NODES[::-1])
    assert found.names == ("W", "East", "West", "A", "B", "C")
    assert found.parent == (-1, 0, 0, 1, 1, 2)
    assert found.levels[3] == "level 2"


def test_every_fault_of_a_tree_at_once():
    """Two parents, a cycle, an unknown parent, two tops and a branch without children, each with its row."""
    rows = [
        ("W", "", False), ("V", "", True), ("A", "W", True), ("A", "V", True), ("B", "C", True), ("C", "B", False),
        ("D", "nobody", True), ("E", "W", False),
    ]  # fmt: skip
    with pytest.raises(InputError) as raised:
        tree_of(table(rows, "node", "parent", "leaf"))
    assert [(f.rule, f.row, f.value) for f in raised.value.findings] == [
        ("cycle", 6, "B > C > B"),
        ("no children", 9, "E"),
        ("not one top", 0, "W, V"),
        ("two parents", 5, "V"),
        ("unknown parent", 8, "nobody"),
    ]


def test_targets_are_derived_from_above_and_from_below():
    """100 at the top, 30 at B: the East's other half and the West share what is left."""
    assert whole(("W", 100)) == {"W": 100, "East": 50, "West": 50, "A": 25, "B": 25, "C": 50}
    assert whole(("W", 100), ("B", 30)) == {"W": 100, "East": 65, "West": 35, "A": 35, "B": 30, "C": 35}
    assert whole(("A", 10), ("B", 20), ("C", 5)) == {"W": 35, "East": 30, "West": 5, "A": 10, "B": 20, "C": 5}
    assert whole(("W", 100), ("A", 10), ("B", 20))["West"] == 70
    assert whole(("W", 100), weight=(1, 3, 1, 1, 2, 1)) == {
        "W": 100,
        "East": 75,
        "West": 25,
        "A": 25,
        "B": 50,
        "C": 25,
    }


def test_contradictions_name_both_amounts():
    """Children with more than their parent, or all of them with less, in the product that it is about."""
    rows = [
        ("East", "X", ALL, 100),
        ("A", "X", ALL, 70),
        ("B", "X", ALL, 50),
        ("West", ALL, ALL, 10),
        ("C", ALL, ALL, 9),
    ]
    with pytest.raises(InputError) as raised:
        derived(tree(), targets(*rows), np.ones(6))
    assert [(f.rule, f.row, f.value) for f in raised.value.findings] == [
        ("targets contradict (X, all)", 2, "100 for East, 120 given below it"),
        ("targets contradict (all, all)", 5, "10 for West, 9 given below it"),
    ]


def test_products_and_periods_do_not_exceed_the_whole():
    """60 and 50 of two products are more than 100 for all."""
    rows = [("W", ALL, ALL, 100), ("W", "X", ALL, 60), ("W", "Y", ALL, 50), ("W", ALL, "Q1", 101)]
    with pytest.raises(InputError) as raised:
        derived(tree(), targets(*rows), np.ones(6))
    assert [(f.rule, f.value) for f in raised.value.findings] == [
        ("targets of periods contradict", "100 for all of W, 101 for its periods"),
        ("targets of products contradict", "100 for all of W, 110 for its products"),
    ]


def test_every_fault_of_targets_at_once():
    """Unknown, twice, negative."""
    with pytest.raises(InputError) as raised:
        derived(tree(), targets(("nobody", 1), ("W", 5), ("W", 6), ("A", -1)), np.ones(6))
    assert [(f.rule, f.row) for f in raised.value.findings] == [
        ("no amount", 5),
        ("target twice", 4),
        ("unknown node", 2),
    ]


def test_weights_are_checked_all_at_once():
    """Negative, missing, all zero, and percentages that come to 90."""
    rows = [("East", 60.0), ("West", 30.0), ("A", 0.0), ("B", 0.0), ("nobody", 1.0), ("C", -5.0)]
    with pytest.raises(InputError) as raised:
        checked_weights(tree(), table(rows, "node", "weight"), percent=True)
    assert [(f.rule, f.row) for f in raised.value.findings] == [
        ("negative weight", 7), ("percentages do not sum to 100", 2), ("unknown node", 6), ("zero weights", 4),
    ]  # fmt: skip
    with pytest.raises(InputError, match="missing weight"):
        checked_weights(tree(), table(rows[:3], "node", "weight"))
    good = [("East", 60.0), ("West", 40.0), ("A", 50.0), ("B", 50.0), ("C", 100.0)]
    assert checked_weights(tree(), table(good, "node", "weight"), percent=True).tolist() == [
        100,
        60,
        40,
        50,
        50,
        100,
    ]


@given(st.integers(0, 10**6))
@settings(max_examples=60, derandomize=True, deadline=None)
def test_derived_targets_add_up_and_keep_what_was_given(seed):
    """Any tree: every node is the sum of its children, and every target stands."""
    rng = np.random.default_rng(seed)
    count = int(rng.integers(2, 12))
    rows = [(f"n{i:02d}", f"n{rng.integers(0, i):02d}" if i else "") for i in range(count)]
    organisation = tree_of(table(rows, "node", "parent"))
    chosen = sorted({0, *rng.integers(0, count, 3).tolist()})
    stated = targets(*[(f"n{i:02d}", int(rng.integers(0, 40)) + (100 if i == 0 else 0)) for i in chosen])
    order = stated.sample(frac=1, random_state=seed)
    try:
        found = derived(organisation, stated, rng.random(count))[ALL, ALL]
    except InputError as error:
        assert all("contradict" in finding.rule for finding in error.findings)  # noqa: PT017  nothing else is wrong
        return
    again = derived(organisation, order, np.ones(count))[ALL, ALL]
    held = dict(zip(organisation.names, found.tolist(), strict=True))
    assert all(
        held[name] == amount * 100 for name, amount in zip(stated["node"], stated["target"], strict=True)
    )
    assert again[0] == found[0]
    for node, below in enumerate(organisation.children):
        assert not below or found[list(below)].sum() == found[node]
