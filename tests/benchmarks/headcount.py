"""Is the recommended headcount near the truly best? ``python -m tests.benchmarks.headcount [--companies 200] [--first 0]``.

Each company is drawn at random with response curves that are known: 20 to 120 sellers in one to four regions, two to
four segments, two or three years of quarters (one company of ten has none). Sellers have unequal books, some began
on the way and ramped; half of the companies keep time sheets, in the others how hard somebody worked is not seen.
Sales of accounts differ from what their potential says, some have none, they are lost and won, and share shocks;
sellers differ in skill and new ones lose to the change of hands. Elasticities are lognormal with the mean and the
spread of the meta-analysis (0.34 and 0.2); half of the companies have curves of ADBUDG, some of them S-shaped, a quarter exponential ones
with saturation and a quarter powers without any. A seller costs what makes today's number right, or up to three
times too high or too low.

Printed is the share of companies in which the true profit with the recommended number of sellers by region is within
5 % of that with the truly best one, and the same for today's number, the build-up, and the default curve without
history; then how often the interval of elasticities holds the truth.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1]))
from made_company import company

from spm_opt.capacity.response import Curves
from spm_opt.capacity.sizing import Sizing, size
from spm_opt.problem import FloatArray, IntArray
from spm_opt.scenario.scenario import Scenario
from spm_opt.scenario.size_settings import Size, SizeRole

YEAR, MARGIN = 2027, 0.7
RAMP = (0.2, 0.4, 0.6, 0.8, 0.9)
WITHIN = 0.05
APART = 3
"""How many times too many or too few sellers there may be today."""
DRAWS = 300


@dataclass(frozen=True, eq=False)
class Known:
    """A company, and what is true of it.

    Attributes
    ----------
    scenario
        What the sizing sees.
    profit
        True expected profit by region and number of sellers, shape ``(g, N + 1)``.
    elasticity
        The true one by segment, in the order of their names.
    today
        Sellers by region.
    """

    scenario: Scenario
    profit: FloatArray
    elasticity: FloatArray
    today: IntArray


def true_curves(
    rng: np.random.Generator, segments: int
) -> tuple[list[Callable[[FloatArray], FloatArray]], FloatArray]:
    """Draw a curve for each segment: sales in parts of today's by effort in parts of today's, and its elasticity."""
    spread = np.sqrt(np.log1p((0.2 / 0.34) ** 2))
    shared = rng.normal(0, spread * np.sqrt(0.7))
    kind = rng.choice(["adbudg", "adbudg", "exponential", "power"])
    curves: list[Callable[[FloatArray], FloatArray]] = []
    found = []
    for _ in range(segments):
        e = 0.34 * np.exp(shared + rng.normal(0, spread * np.sqrt(0.3)) - spread**2 / 2)
        without = 1 / (1 + np.exp(-rng.normal(np.log(0.4 / 0.6), 0.5)))
        if kind == "adbudg":
            most = 1 + np.exp(rng.normal(0, 0.5))
            curves.append(Curves(np.array(e), np.array(without), np.array(most)).at)
        elif kind == "exponential":
            # w + (1 - w) (1 - exp(-b x)) / (1 - exp(-b)) has the elasticity (1 - w) b / (exp(b) - 1)
            e, b = min(e, 0.7), rng.uniform(0.5, 2.0)
            while 1 - e * np.expm1(b) / b < 0.05:
                b *= 0.9
            without = 1 - e * np.expm1(b) / b
            curves.append(lambda x, w=without, b=b: w + (1 - w) * np.expm1(-b * x) / np.expm1(-b))
        else:
            # w + (1 - w) x^a has the elasticity (1 - w) a
            e = min(e, 0.9)
            without = min(without, 1 - e / 0.95)
            curves.append(lambda x, w=without, a=e / (1 - without): w + (1 - w) * x**a)
        found.append(e)
    return curves, np.array(found)


def drawn(seed: int) -> Known:
    """Draw a company."""
    rng = np.random.default_rng([seed, 77])
    k, regions, segments = int(rng.integers(20, 121)), int(rng.integers(1, 5)), int(rng.integers(2, 5))
    quarters = int(rng.choice([8, 12]))
    curves, elasticity = true_curves(rng, segments)
    region = np.sort(rng.integers(0, regions, k))
    region = np.unique(region, return_inverse=True)[1]
    seller = rng.choice(k, k * int(rng.integers(30, 71)), p=_shares(rng, k))
    seller = np.concatenate([seller, np.arange(k)])
    a = len(seller)
    segment = rng.integers(0, segments, a)
    potential = np.exp(rng.normal(11, 0.5, segments)[segment] + rng.normal(0, 0.8, a))
    workload = potential**0.55 * np.exp(rng.normal(0, 0.25, a))
    capacity = 1650 * rng.uniform(0.9, 1.1, k)
    workload *= capacity.sum() / workload.sum() * np.exp(rng.normal(0, 0.15))
    months = quarters * 3
    start = np.where(rng.random(k) < 0.3, rng.integers(-12, months - 3, k), -100)
    effort, hours = _effort(rng, capacity, start, months)
    asked = np.bincount(seller, workload, k)
    usual = effort[:, -12:].mean(axis=1) @ capacity / asked.sum()
    x = effort.reshape(k, quarters, 3).mean(axis=2) * (capacity / asked / usual)[:, None]
    level, sales = _sales(rng, curves, segment, seller, potential, x, start)
    sellers = [
        {"id": f"S{i:03d}", "region": f"R{region[i]}", "capacity": capacity[i],
         "start": _day(start[i], months) if start[i] > -100 else pd.NaT}
        for i in range(k)
    ]  # fmt: skip
    accounts = [
        {"id": f"A{i:05d}", "seller": f"S{seller[i]:03d}", "segment": f"s{segment[i]}",
         "potential": potential[i], "workload": workload[i], "revenue": sales[i, -4:].sum()}
        for i in range(a)
    ]  # fmt: skip
    history = [
        {"account": f"A{i:05d}", "period": _day(3 * t, months), "months": 3, "revenue": round(sales[i, t], 2)}
        for i in range(a) for t in range(quarters) if sales[i, t] > 0
    ]  # fmt: skip
    sheets = None
    if rng.random() < 0.5:
        sheets = [
            {"seller": f"S{i:03d}", "period": _day(m, months), "months": 1, "category": "selling",
             "hours": hours[i, m] * np.exp(rng.normal(0, 0.1))}
            for i in range(k) for m in range(months) if m >= start[i]
        ]  # fmt: skip
    numbers = np.arange(4 * k + 20)
    value = np.zeros((region.max() + 1, len(numbers)))
    for g in range(len(value)):
        own = region[seller] == g
        rise = numbers * capacity[region == g].mean() / (workload[own].sum() * usual)
        for s in range(segments):
            value[g] += MARGIN * 4 * level[own & (segment == s)].sum() * curves[s](rise.astype(float))
    sold = sales[:, -4:].sum(axis=1)
    share = np.bincount(segment, sold, segments) / sold.sum()
    cost = _cost(rng, value, MARGIN * sold.sum() / k * float(share @ elasticity), k)
    made = company(
        accounts, sellers, history=history, timesheets=sheets, year=YEAR, seed=seed,
        activities=("revenue", "potential", "workload"), simulate={"ramp": RAMP},
    )  # fmt: skip
    settings = made.settings.model_copy(
        update={"size": Size(margin=MARGIN, roles=(SizeRole(name="field", cost=cost),))}
    )
    return Known(replace(made, settings=settings), value - cost * numbers, elasticity, np.bincount(region))


def _shares(rng: np.random.Generator, k: int) -> FloatArray:
    share = np.exp(rng.normal(0, 0.25, k))
    return share / share.sum()


def _effort(
    rng: np.random.Generator, capacity: FloatArray, start: IntArray, months: int
) -> tuple[FloatArray, FloatArray]:
    """Effort by seller and month in parts of the capacity, and the hours that were worked."""
    since = np.arange(months) - start[:, None]
    level = np.array([0.5, *RAMP, 1.0])[np.clip(since + 1, 0, len(RAMP) + 1)]
    level = level * np.exp(rng.normal(0, 0.06, (len(capacity), 1)) + rng.normal(0, 0.12, level.shape))
    return level, level * capacity[:, None] / 12 * 1.1


def _sales(
    rng: np.random.Generator,
    curves: list[Callable[[FloatArray], FloatArray]],
    segment: IntArray,
    seller: IntArray,
    potential: FloatArray,
    x: FloatArray,
    start: IntArray,
) -> tuple[FloatArray, FloatArray]:
    """Draw expected sales of each account in a quarter at usual effort, and those of every quarter."""
    a, quarters = len(segment), x.shape[1]
    level = 0.06 * potential * np.exp(rng.normal(0, 0.6, a)) * (rng.random(a) > 0.15)
    skill = np.exp(rng.normal(0, 0.1, x.shape[0]))
    drift = np.exp(np.cumsum(rng.normal(0, 0.1, (a, quarters)), axis=1))
    drift /= drift.mean(axis=1, keepdims=True)
    period = np.exp(rng.normal(0, 0.05, (len(curves), quarters)) + 0.01 * np.arange(quarters))
    lost = rng.random() * 0.25
    quarter = 3 * np.arange(quarters)
    new = (quarter >= start[:, None]) & (quarter < start[:, None] + 12) & (start[:, None] >= 0)
    rise = np.stack([curve(x) for curve in curves])[segment, seller]
    sales = level[:, None] * rise * (skill[:, None] * (1 - lost * new))[seller] * drift * period[segment]
    alive = rng.random((a, quarters)).cumsum(axis=1) * 0 + (
        rng.exponential(1 / 0.0125, a)[:, None] > np.arange(quarters)
    )
    return level * period[:, -4:].mean(axis=1)[segment] * alive[:, -1], sales * alive * np.exp(
        rng.normal(-0.045, 0.3, sales.shape)
    )


def _cost(rng: np.random.Generator, value: FloatArray, fair: float, k: int) -> float:
    """Draw what a seller costs, such that the best number is between a third and three times today's."""
    numbers = np.arange(value.shape[1])
    for _ in range(1000):
        cost = fair * float(np.exp(rng.normal(0, 0.5)))
        best = (value - cost * numbers).argmax(axis=1).sum()
        if k / APART <= best <= k * APART:
            return cost
    return fair


def _day(month: int, months: int) -> str:
    at = YEAR * 12 - months + int(month)
    return f"{at // 12}-{at % 12 + 1:02d}-01"


def reached(known: Known, numbers: IntArray) -> float:
    """Give the true profit with these numbers of sellers by region, in parts of the best."""
    top = known.profit.shape[1] - 1
    own = known.profit[np.arange(len(numbers)), np.minimum(numbers, top)].sum()
    return float(own / known.profit.max(axis=1).sum())


def judged(seed: int) -> dict[str, float]:
    """Size one company, and the same one as if it had no history."""
    known = drawn(seed)
    made = size(known.scenario, replications=DRAWS)
    blind = size(replace(known.scenario, history=None), replications=DRAWS)
    return {
        "recommended": reached(known, made.best),
        "default curve": reached(known, blind.best),
        "build-up": reached(known, np.ceil(made.build_up).astype(np.int64)),
        "today": reached(known, known.today),
        **_elasticity(known, made),
        "best_over_today": float(known.profit.argmax(axis=1).sum() / known.today.sum()),
        "made_over_today": float(made.best.sum() / known.today.sum()),
    }


def _elasticity(known: Known, made: Sizing) -> dict[str, float]:
    rows = made.parameters[made.parameters["parameter"] == "elasticity"].sort_values("segment")
    truth = known.elasticity
    inside = (rows["low"].to_numpy() <= truth) & (truth <= rows["high"].to_numpy())
    told = (rows["source"] == "history").to_numpy()
    return {
        "inside": float(inside[told].mean()) if told.any() else float("nan"),
        "error": float((rows["value"].to_numpy() - truth)[told].mean()) if told.any() else float("nan"),
        "truth": float(truth.mean()), "told": float(told.mean()),
    }  # fmt: skip


def main() -> None:
    """Judge many companies."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--companies", type=int, default=200)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--rows", action="store_true", help="every company")
    asked = parser.parse_args()
    begun = time.perf_counter()
    rows = pd.DataFrame([judged(seed) for seed in range(asked.first, asked.first + asked.companies)])
    if asked.rows:
        print(rows.round(3).to_string())
    print(f"{asked.companies} companies from seed {asked.first}, {time.perf_counter() - begun:.0f} s")
    for way in ("recommended", "default curve", "build-up", "today"):
        own = rows[way]
        print(
            f"  {way:<15} within {WITHIN:.0%} of the best profit in {(own >= 1 - WITHIN).mean():6.1%}, "
            f"median {own.median():.1%}, tenth percentile {own.quantile(0.1):.1%}"
        )
    print(
        f"  90 % intervals of elasticities from history hold the truth in {rows['inside'].mean():.0%}; mean error {rows['error'].mean():+.3f}"
    )


if __name__ == "__main__":
    main()
