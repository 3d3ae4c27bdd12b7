"""Quotas at size: ``python -m tests.benchmarks.quota [--territories 2000] [--peer] [--medtech]``.

Prints the seconds of a plan of 2,000 territories in 200 districts and 20 regions, 5 products and 12 months,
with steps by level, hedges, pins, caps and growth limits, and its number of sums that do not agree (0); and
the standard deviation of the chance to attain, in proportion to potential and at equal chances under the same
rules. With ``--peer`` the open peer is set beside it (extra ``bench``). With ``--medtech`` the same figure is
printed for ``scenarios/us_medtech`` and today's alignment, over sellers who are productive all year.

Chances are judged by draws that the quotas have not seen: other draws of the same distributions.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1]))
from made_company import aligned, company

from spm_opt.plan import Alignment, QuotaPlan
from spm_opt.problem import FloatArray
from spm_opt.quota.quota import quota
from spm_opt.quota.tree import reconcile
from spm_opt.run import open_scenario
from spm_opt.scenario.scenario import Scenario
from spm_opt.simulate.productivity import productivity
from spm_opt.simulate.sales import Sales
from spm_opt.simulate.simulate import simulate
from tests.benchmarks.quota_peer import Asked, beside

SCENARIOS = Path(__file__).parents[2] / "scenarios"
DRAWS = 2_000
HEDGE = 1.02
STEP = 1_000
PINNED = "T0007"
RULES = {
    "growth": 0.08, "mix": {"potential": 1.0}, "step": STEP, "steps": {"district": 5_000},
    "hedges": {"region": HEDGE}, "cap": 8_000_000, "floor": 100_000, "growth_min": -0.3, "growth_max": 0.8,
    "products": {f"P{i}": 0.2 for i in range(5)}, "periods": "month",
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Made:
    """A made company: measures of its territories, draws to set quotas by, and others to judge them by."""

    table: pd.DataFrame
    seen: FloatArray
    unseen: FloatArray

    def scenario(self, method: str) -> Scenario:
        """Ask for quotas by a method."""
        columns = ["last_year", "potential", "pipeline"]
        rows = self.table[columns].rename(columns={"last_year": "revenue", "pipeline": "open_deals"})
        accounts = [
            {"id": "A" + name[1:], **row}
            for name, row in zip(self.table["territory"], rows.to_dict("records"), strict=True)
        ]
        staff = [
            {"id": row["territory"], "district": row["district"], "region": row["region"]}
            for row in self.table.to_dict("records")
        ]
        pin = {"node": PINNED, "quota": self.pin, "by": "the benchmark", "why": "a rule that binds"}
        rules = {**RULES, "methods": {method: 1.0}, "pins": [pin]}
        return company(accounts, staff, quota=rules, activities=("revenue", "potential", "open_deals"))

    @property
    def pin(self) -> float:
        """A fifth more than its last year, in whole steps."""
        last = self.table.set_index("territory").loc[PINNED, "last_year"]
        return float(round(1.2 * last / STEP) * STEP)

    def plan(self, method: str) -> QuotaPlan:
        """Set quotas by a method."""
        scenario = self.scenario(method)
        alignment = aligned(scenario, {"A" + name[1:]: name for name in self.table["territory"]})
        empty = pd.DataFrame()
        sales = Sales(alignment.territory_ids, self.seen, np.zeros(len(self.seen)), empty, empty, 4)
        return quota(scenario, alignment, sales)

    def spread(self, quotas: pd.Series) -> float:
        """Give the standard deviation of the chance to attain quotas by territory."""
        own = quotas.reindex(self.table["territory"]).to_numpy(dtype=float)
        return float((self.unseen >= own).mean(axis=0).std())


def made(count: int) -> Made:
    """Make a company in which nobody's expected sales are written down: each measure tells some of them."""
    rng = np.random.default_rng(4)
    expected = rng.lognormal(14, 0.5, count)
    width = rng.uniform(0.1, 0.4, count)

    def like(error: float, part: float = 1.0) -> FloatArray:
        return np.asarray(np.round(expected * part * rng.lognormal(0, error, count)))

    table = pd.DataFrame(
        {
            "company": "company",
            "region": [f"R{i % max(2, count // 100):02d}" for i in range(count)],
            "district": [f"D{i % max(2, count // 10):03d}" for i in range(count)],
            "territory": [f"T{i:04d}" for i in range(count)],
            "last_year": like(0.15), "year_before": like(0.2), "potential": like(0.3), "pipeline": like(0.4, 0.25),
        }
    )  # fmt: skip
    seen, unseen = (
        expected * np.exp(rng.normal(0.05, 1.0, (draws, count)) * width) for draws in (DRAWS, 4 * DRAWS)
    )
    return Made(table.assign(expected=seen.mean(axis=0)), seen, unseen)


def by_territory(plan: QuotaPlan) -> pd.Series:
    """Give quotas in currency by territory."""
    return pd.Series(plan.cents / 100, index=list(plan.territory_ids))


def at_size(count: int, *, peer: bool) -> None:
    """Set quotas for a made company, and say how long it took and how they compare."""
    case = made(count)
    began = time.perf_counter()
    plan = case.plan("equal_chance")
    seconds = time.perf_counter() - began
    began = time.perf_counter()
    checks = reconcile(plan)
    checked_in, wrong = time.perf_counter() - began, int((checks["difference"] != 0).sum())
    print(f"{count:,} territories, 5 products, 12 months: {seconds:.1f} s, {wrong} sums that do not agree")
    print(f"ours: reconcile of all products {checked_in:.1f} s (and once within), {len(checks):,} checks")
    for name, made_plan in (("proportional to potential", case.plan("proportional")), ("equal chance", plan)):
        spread = case.spread(by_territory(made_plan))
        print(f"  standard deviation of the chance to attain, {'ours, ' + name:<34} {spread:.4f}")
    if peer and find_spec("b2b_revenue_forecasting") is None:
        print("peer: b2b-revenue-forecasting is not installed")
    elif peer:
        beside(asked(case, plan), cells(plan), case.spread)


def asked(case: Made, plan: QuotaPlan) -> Asked:
    """Say the same question to the peer: the company's own quota of every product and month is its target."""
    limits = plan.basis[["lowest", "highest"]].rename_axis("territory").reset_index()
    found = cells(plan)
    targets = found.loc[found["level"] == "company", ["product", "period", "quota"]]
    table = case.table.merge(limits, on="territory")
    return Asked(table, targets.rename(columns={"quota": "target"}), HEDGE, (PINNED, case.pin), STEP)


def cells(plan: QuotaPlan) -> pd.DataFrame:
    """Give a plan's quotas by node, product and month in currency, with each node's parent."""
    assert plan.cells is not None
    table = plan.cells.merge(plan.nodes[["level", "node", "parent"]], on=["level", "node"])
    return table.assign(quota=table["cents"] / 100)


def medtech() -> None:
    """Compare the spread of chances between the methods, by a simulated year that no quota was set by."""
    opened = open_scenario(SCENARIOS / "us_medtech")
    scenario, alignment = opened.scenario, Alignment.incumbent(opened.problem)
    sales = simulate(scenario, alignment)
    other = scenario.settings.model_copy(update={"seed": scenario.settings.seed + 1})
    unseen = simulate(replace(scenario, settings=other), alignment)
    filled = productivity(scenario.sellers, alignment.territory_ids, scenario.settings)
    ramped = filled.mean(axis=1) >= 1
    for method in ("proportional", "equal_chance"):
        rules = scenario.settings.quota.model_copy(update={"methods": {method: 1.0}})
        asked = replace(scenario, settings=scenario.settings.model_copy(update={"quota": rules}))
        began = time.perf_counter()
        plan = quota(asked, alignment, sales)
        seconds = time.perf_counter() - began
        by_seen, by_unseen = (
            (year.amount >= plan.cents / 100).mean(axis=0)[ramped].std() for year in (sales, unseen)
        )
        print(
            f"us_medtech, {method}: {seconds:.1f} s, standard deviation of the chance to attain {by_unseen:.4f} "
            f"over {ramped.sum()} ramped sellers ({by_seen:.4f} by the draws that quotas were set by)"
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--territories", type=int, default=2_000)
    parser.add_argument("--peer", action="store_true")
    parser.add_argument("--medtech", action="store_true")
    given = parser.parse_args()
    at_size(given.territories, peer=given.peer)
    if given.medtech:
        medtech()
