"""The quota tree laid out."""

import numpy as np
import pandas as pd

from spm_opt.plan import QuotaPlan
from spm_opt.report.rollup import rolled_up


def plan(rows, basis):
    nodes = pd.DataFrame(rows, columns=["level", "node", "parent", "parent_level", "cents"])
    return QuotaPlan(("A", "B", "C"), np.array([100, 200, 300]), 600, basis, nodes)


def test_every_node_stands_above_its_children():
    """Names used at two levels are told apart; last year's sales sum upwards."""
    rows = [
        ("company", "company", "", "", 600), ("region", "X", "company", "company", 300),
        ("region", "Y", "company", "company", 300), ("district", "X", "X", "region", 300),
        ("territory", "A", "X", "district", 100), ("territory", "B", "X", "district", 200),
        ("territory", "C", "Y", "region", 300),
    ]  # fmt: skip
    basis = pd.DataFrame({"last_year": [1.0, 2.0, 4.0]}, index=["A", "B", "C"])
    found = [
        (node.depth, node.level, node.name, node.cents, node.last_year)
        for node in rolled_up(plan(rows, basis))
    ]
    assert found == [
        (0, "company", "company", 600, 7.0), (1, "region", "X", 300, 3.0), (2, "district", "X", 300, 3.0),
        (3, "territory", "A", 100, 1.0), (3, "territory", "B", 200, 2.0), (1, "region", "Y", 300, 4.0),
        (2, "territory", "C", 300, 4.0),
    ]  # fmt: skip


def test_without_last_year_nothing_is_made_up():
    """A basis that does not know last year's sales gives nan."""
    rows = [("company", "company", "", "", 600), ("territory", "A", "company", "company", 600)]
    assert all(np.isnan(node.last_year) for node in rolled_up(plan(rows, pd.DataFrame(index=["A"]))))
