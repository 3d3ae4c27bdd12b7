"""Compensation plans and results made by hand."""

from __future__ import annotations

import numpy as np

from spm_opt.pay.results import Results, Team
from spm_opt.scenario.pay_periods import period_names
from spm_opt.scenario.pay_settings import CompensationPlan

REVENUE = ("revenue", "")
PERIODS = {1: "year", 4: "quarter", 12: "month"}


def plan(*components, role=None, **more) -> CompensationPlan:
    """Make a plan of one role with 40,000 of variable target pay on top of 60,000; a lone component weighs 1."""
    alone = [
        {"weight": 1.0} if len(components) == 1 and one.get("kind") != "commission" else {}
        for one in components
    ]
    own = {"name": "rep", "target_pay": 100_000, "mix": {"salary": 0.6, "variable": 0.4}, **(role or {})}
    document = {
        "name": "made", "currency": "USD", "periods": "quarter", "roles": [own],
        "components": [
            {"name": f"part {i}", **weight, **one}
            for i, (weight, one) in enumerate(zip(alone, components, strict=True), start=1)
        ],
    }  # fmt: skip
    return CompensationPlan.model_validate(document | more)


def results(amount, quota, *, months=None, since=None, products=(), team=None, roles=None) -> Results:
    """Make results from amounts ``(k, periods)`` or ``(replications, k, periods)`` and quotas, in currency.

    ``products`` are pairs of a name and its share of everything; ``team`` gives each seller's node of one
    district level, and the nodes' quotas, shape ``(nodes, periods)``.
    """
    sold = np.array(amount, dtype=float)
    sold = sold[None] if sold.ndim == 2 else sold
    cents = np.rint(100 * np.array(quota, dtype=float))
    _, k, periods = sold.shape
    keys = {REVENUE: cents} | {("revenue", name): np.rint(cents * share) for name, share in products}
    teams = {}
    if team is not None:
        node, own = team
        names = tuple(f"node {i}" for i in range(len(own)))
        teams["district"] = Team(names, np.array(node), {REVENUE: np.rint(100 * np.array(own, dtype=float))})
    return Results(
        seller_ids=tuple(f"s{i}" for i in range(1, k + 1)),
        roles=("rep",) * k if roles is None else roles,
        periods=period_names(2027, PERIODS[periods]),
        months=np.full((k, periods), 12 / periods) if months is None else np.array(months, dtype=float),
        since=np.full((k, periods), np.inf) if since is None else np.array(since, dtype=float),
        amount={REVENUE: sold},
        quota=keys,
        share={name: np.full((k, periods), share) for name, share in products},
        teams=teams,
    )
