"""Layers as tables: who is over whom, and how large each position is; every layer sums to the territories exactly."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from spm_opt.geography.travel import travelled
from spm_opt.overlay.exact import summed
from spm_opt.overlay.ground import territories_as_units
from spm_opt.overlay.layer import Layer
from spm_opt.plan import Alignment, QuotaPlan
from spm_opt.problem import FloatArray, IntArray, Problem
from spm_opt.simulate.sales import Sales

TERRITORY = "territory"
"""What the layer under all others is called in tables."""


def members(layers: Sequence[Layer], problem: Problem) -> pd.DataFrame:
    """Tabulate who is over whom: a row a layer and territory.

    Returns
    -------
    ``layer``, ``position``, ``group`` (of the sales organisation, ``""`` where the layer keeps to none),
    ``below`` (what the position directly has: the territory, or the position of the layer below that it lies
    in), ``territory``.
    """
    rows = [
        (layer.name, layer.position_ids[p], layer.groups[p], layer.problem.unit_ids[u], name)
        for layer in layers
        for name, u, p in zip(
            problem.territory_ids,
            layer.territory_unit.tolist(),
            layer.territory_position.tolist(),
            strict=True,
        )
    ]
    return pd.DataFrame(rows, columns=["layer", "position", "group", "below", "territory"])


def sizes(
    layers: Sequence[Layer],
    problem: Problem,
    alignment: Alignment,
    quotas: QuotaPlan | None = None,
    sales: Sales | None = None,
) -> pd.DataFrame:
    """Tabulate how large territories and positions are; in every column but ratios each layer sums to the same.

    Parameters
    ----------
    layers
        What `overlays` has returned.
    problem, alignment
        The territories that they were solved for.
    quotas, sales
        Where they are known.

    Returns
    -------
    A row a position, territories first (their layer is ``"territory"``): ``layer``, ``position``, ``group``,
    ``units`` (of the layer below), ``territories``, ``accounts``, every activity, ``quota_cents``, ``mean_sales``
    and ``p_attain`` (the chance that sales together reach the quotas together) where they are known; then
    what the criteria of layers measure: ``ACTIVITY_deviation`` from the target, and ``travel_km``, the mean from
    the center weighted by the first activity, ``nan`` for territories.
    """
    base = territories_as_units(problem, alignment)
    own = np.arange(problem.k, dtype=np.int64)
    groups = ("",) * problem.k
    blocks = [_block(TERRITORY, problem.territory_ids, groups, np.ones(problem.k, dtype=np.int64), own, base)]
    amounts = [_amounts(own, problem.k, problem, quotas, sales)]
    for layer in layers:
        label, k = layer.territory_position, layer.problem.k
        units = np.bincount(layer.alignment.unit_territory, minlength=k)
        blocks.append(_block(layer.name, layer.position_ids, layer.groups, units, label, base))
        amounts.append(_amounts(label, k, problem, quotas, sales) | measured(layer))
    return pd.concat(
        [pd.DataFrame(block | more) for block, more in zip(blocks, amounts, strict=True)], ignore_index=True
    )


def _block(
    name: str, ids: tuple[str, ...], groups: tuple[str, ...], units: IntArray, label: IntArray, base: Problem
) -> dict[str, object]:
    """Name positions and add up what their territories carry; all of it is exact."""
    k, held = len(ids), label[base.accounts.unit]
    counts: dict[str, object] = {
        "units": units,
        "territories": np.bincount(label, minlength=k),
        "accounts": np.bincount(held, minlength=k),
    }
    carried: dict[str, object] = {
        activity: summed(values, held, k)
        for activity, values in zip(base.activity_names[:-1], base.accounts.activity.T[:-1], strict=True)
    }
    return {"layer": name, "position": list(ids), "group": list(groups), **counts, **carried}


def _amounts(
    label: IntArray, k: int, problem: Problem, quotas: QuotaPlan | None, sales: Sales | None
) -> dict[str, object]:
    """Add up quotas in cents, and simulated sales."""
    columns: dict[str, object] = {}
    cents = np.zeros(k, dtype=np.int64)
    if quotas is not None:
        np.add.at(cents, label, quotas.cents[_in_order(quotas.territory_ids, problem)])
        columns["quota_cents"] = cents
    if sales is not None:
        amount = sales.amount[:, _in_order(sales.territory_ids, problem)]
        columns["mean_sales"] = summed(amount.mean(axis=0), label, k)
        if quotas is not None:
            columns["p_attain"] = _chances(amount, label, cents / 100)
    return columns


def _chances(amount: FloatArray, label: IntArray, quota: FloatArray) -> FloatArray:
    """Share of replications in which the sales of a position reach its quota, shape ``(k,)``."""
    return np.array(
        [(amount[:, label == p].sum(axis=1) >= asked).mean() for p, asked in enumerate(quota.tolist())]
    )


def _in_order(ids: tuple[str, ...], problem: Problem) -> list[int]:
    place = {name: t for t, name in enumerate(ids)}
    return [place[name] for name in problem.territory_ids]


def measured(layer: Layer) -> dict[str, object]:
    """Deviations from target that the criteria measure, and mean travel from the centers by the first activity."""
    columns: dict[str, object] = {
        name: values
        for measure in layer.verdict.measures
        for name, values in measure.local.items()
        if name.endswith("_deviation")
    }
    problem, position = layer.problem, layer.alignment.unit_territory
    far = travelled(problem, position, layer.alignment.center)
    known = np.flatnonzero(~np.isnan(far))
    weight = problem.activity[known, 0]
    total = np.bincount(position[known], weights=weight, minlength=problem.k)
    travel = np.bincount(position[known], weights=weight * far[known], minlength=problem.k)
    columns["travel_km"] = np.divide(travel, total, out=np.full(problem.k, np.nan), where=total > 0)
    return columns
