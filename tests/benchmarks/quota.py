"""Quotas at size: ``python -m tests.benchmarks.quota [--territories 2000] [--medtech]``.

Prints the seconds of a plan of 2,000 territories in 200 districts and 20 regions, 5 products and 12 months,
with steps by level, hedges, pins, caps and growth limits, and its number of sums that do not agree (0). With
``--medtech`` it sets the quotas of ``scenarios/us_medtech`` for today's alignment in proportion and at equal
chances, under the same rules, and prints the standard deviation of the chance to attain over sellers who
are productive all year.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1]))
from made_company import aligned, company

from spm_opt.plan import Alignment
from spm_opt.quota.quota import quota
from spm_opt.quota.tree import reconcile
from spm_opt.run import open_scenario
from spm_opt.simulate.productivity import productivity
from spm_opt.simulate.sales import Sales
from spm_opt.simulate.simulate import simulate

SCENARIOS = Path(__file__).parents[2] / "scenarios"
DRAWS = 2_000
PIN = {"by": "the benchmark", "why": "a rule that binds"}


def at_size(count: int) -> None:
    """Set quotas for a made company, and say how long it took."""
    rng = np.random.default_rng(4)
    last = np.round(rng.lognormal(14, 0.5, count))
    staff = [
        {"id": f"T{i:04d}", "district": f"D{i % 200:03d}", "region": f"R{i % 20:02d}"} for i in range(count)
    ]
    rules = {
        "growth": 0.08, "methods": {"equal_chance": 1.0}, "step": 1_000, "steps": {"district": 5_000},
        "hedges": {"region": 1.02}, "cap": 8_000_000, "floor": 100_000, "growth_min": -0.3, "growth_max": 0.8,
        "pins": [{"node": "T0007", "quota": 1_500_000, **PIN}],
        "products": {f"P{i}": 0.2 for i in range(5)}, "periods": "month",
    }  # fmt: skip
    accounts = [{"id": f"A{i:04d}", "revenue": amount} for i, amount in enumerate(last.tolist())]
    scenario = company(accounts, staff, quota=rules)
    alignment = aligned(scenario, {f"A{i:04d}": one["id"] for i, one in enumerate(staff)})
    width = rng.uniform(0.1, 0.4, count)
    draws = last * np.exp(rng.normal(0.05, 1.0, (DRAWS, count)) * width)
    sales = Sales(alignment.territory_ids, draws, np.zeros(DRAWS), pd.DataFrame(), pd.DataFrame(), 4)
    began = time.perf_counter()
    plan = quota(scenario, alignment, sales)
    seconds = time.perf_counter() - began
    wrong = int((reconcile(plan)["difference"] != 0).sum())
    chance = plan.basis["chance"]
    print(f"{count:,} territories, 5 products, 12 months: {seconds:.1f} s, {wrong} sums that do not agree")
    print(f"chance to attain: mean {chance.mean():.3f}, standard deviation {chance.std(ddof=0):.4f}")


def medtech() -> None:
    """Compare the spread of chances between the methods."""
    opened = open_scenario(SCENARIOS / "us_medtech")
    scenario, alignment = opened.scenario, Alignment.incumbent(opened.problem)
    sales = simulate(scenario, alignment)
    filled = productivity(scenario.sellers, alignment.territory_ids, scenario.settings)
    ramped = filled.mean(axis=1) >= 1
    for method in ("proportional", "equal_chance"):
        rules = scenario.settings.quota.model_copy(update={"methods": {method: 1.0}})
        asked = replace(scenario, settings=scenario.settings.model_copy(update={"quota": rules}))
        began = time.perf_counter()
        plan = quota(asked, alignment, sales)
        seconds = time.perf_counter() - began
        chance = (sales.amount >= plan.cents / 100).mean(axis=0)[ramped]
        print(
            f"us_medtech, {method}: {seconds:.1f} s, standard deviation {chance.std():.4f} of {ramped.sum()}"
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--territories", type=int, default=2_000)
    parser.add_argument("--medtech", action="store_true")
    given = parser.parse_args()
    at_size(given.territories)
    if given.medtech:
        medtech()
