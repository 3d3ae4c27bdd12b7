"""Each method's share of the target, territory by territory."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from spm_opt.errors import ScenarioError
from spm_opt.problem import FloatArray
from spm_opt.quota.hierarchy import Hierarchy
from spm_opt.scenario.quota_settings import Quota

Share = Callable[[], FloatArray]


def shares(settings: Quota, tree: Hierarchy, table: pd.DataFrame, productive: FloatArray) -> dict[str, Share]:
    """Give the shares by method, each made when it is called for.

    Parameters
    ----------
    settings
        Growths by node, the activity with bottom-up targets, and whether part-years count.
    tree, table
        The organisation, and the measures of its leaves in their order.
    productive
        Part of the year that each position is productive, shape ``(k,)``; used with ``part_year``.
    """
    part = productive if settings.part_year else np.ones(len(table))

    def made(name: str, amount: FloatArray) -> FloatArray:
        weight = np.asarray(amount) * part
        if not weight.sum() > 0:
            raise ScenarioError([f"scenario.toml: quota.methods: {name} is zero in all territories"])
        return np.asarray(weight / weight.sum())

    return {
        "proportional": lambda: made("proportional", table["share"].to_numpy()),
        "even": lambda: made("even", np.ones(len(table))),
        "growth": lambda: made("growth", table["last_year"].to_numpy() * (1 + growths(settings, tree))),
        "accounts": lambda: made("accounts", table[f"{settings.accounts}_amount"].to_numpy()),
    }


def growths(settings: Quota, tree: Hierarchy) -> FloatArray:
    """Give each leaf's growth: of the nearest node above it that has one, else the company's.

    Raises
    ------
    ScenarioError
        Naming every node that is not there.
    """
    unknown = sorted(set(settings.growths) - set(tree.names))
    if unknown:
        raise ScenarioError([f"scenario.toml: quota.growths: no node is called {name!r}" for name in unknown])
    found = []
    for leaf in tree.leaves.tolist():
        path = (settings.growths.get(tree.names[node]) for node in tree.above(leaf))
        found.append(next((growth for growth in path if growth is not None), settings.growth or 0.0))
    return np.array(found)


def mixed(weights: Mapping[str, float], given: Mapping[str, Share]) -> dict[str, FloatArray]:
    """Give what each method that has a weight adds to the shares; together they sum to 1."""
    used = {name: weight for name, weight in sorted(weights.items()) if weight > 0}
    total = sum(used.values())
    return {name: np.asarray(weight / total * given[name]()) for name, weight in used.items()}
