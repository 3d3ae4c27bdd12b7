"""The simulated year at size: ``python -m tests.benchmarks.simulation [--size 33000x10000 ...] [--plain 2000x400]``.

Each size is a company drawn at random, with everything on that the demand model knows: three years of history,
segments, markets, prospects with potential, hours and capacities, vacancies and new hires, open and closed
opportunities, and a fifth of the accounts changing hands. Each runs in a process of its own; printed are the
seconds of ``simulate`` (estimates, replications and totals, from tables in memory; its code compiled before),
nanoseconds for an account and replication, and the peak of memory of the whole process.

Beside them, on a smaller company, the plain NumPy version of the same formulas that the tests compare with
(``tests/plain_year.py``): its seconds, and the largest relative difference of any number.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1]))
from made_company import company
from plain_year import PlainYear

from spm_opt.plan import Alignment
from spm_opt.scenario.scenario import Scenario
from spm_opt.simulate.simulate import simulate
from tests.benchmarks.child import run_module

SIZES = ("10000x1000", "33000x1000", "33000x10000", "100000x1000", "1000000x1000")
PLAIN = "1000x200"
ACCOUNTS_A_SELLER = 66
LIMIT = 900.0
"""Seconds before an end is put to a size."""


@dataclass(frozen=True)
class Size:
    """So many accounts, so many replications."""

    accounts: int
    replications: int

    @classmethod
    def of(cls, text: str) -> Size:
        """Read ``33000x10000``."""
        accounts, replications = (int(part) for part in text.split("x"))
        return cls(accounts, replications)

    def __str__(self) -> str:
        return f"{self.accounts:,} x {self.replications:,}"


def drawn(accounts: int, seed: int = 1) -> tuple[Scenario, Alignment]:
    """Draw a company with everything, and a plan in which a fifth of the accounts change hands."""
    rng = np.random.default_rng(seed)
    sellers = max(4, accounts // ACCOUNTS_A_SELLER)
    ids = np.array([f"A{i:07d}" for i in range(accounts)], dtype=object)
    today = rng.integers(0, sellers, accounts)
    names = np.array([f"S{i:05d}" for i in range(sellers)], dtype=object)
    segment = rng.integers(0, 5, accounts)
    potential = rng.lognormal(11, 1, accounts)
    made = company([{"id": "A"}], [{"id": "S"}], activities=("revenue", "potential", "workload"))
    settings = made.settings.model_copy(
        update={
            "simulate": made.settings.simulate.model_copy(update={"win_rates": {"early": 0.2, "late": 0.6}})
        }
    )
    frame = pd.DataFrame(
        {
            "row": np.arange(2, accounts + 2), "id": ids, "name": "", "parent": "", "x": np.nan, "y": np.nan,
            "unit": "", "segment": np.array(list("abcde"), dtype=object)[segment], "seller": names[today],
            "named": False, "locked": False, "market": np.char.add("m", (today % 40).astype(str)).astype(object),
            "revenue": 0.0, "potential": potential, "workload": rng.uniform(10, 40, accounts),
        }
    )  # fmt: skip
    scenario = replace(
        made,
        settings=settings,
        accounts=frame,
        sellers=_sellers(rng, names),
        history=_history(rng, ids, today, potential),
        pipeline=_pipeline(rng, ids),
        opportunities=_closed(rng, ids),
    )
    moved = rng.random(accounts) < 0.2
    holder = np.where(moved, rng.integers(0, sellers, accounts), today).astype(np.int64)
    unit = np.arange(accounts)
    nowhere = np.full((sellers, 2), np.nan)
    return scenario, Alignment(tuple(ids), tuple(ids), tuple(names), unit, holder, holder, nowhere)


def _sellers(rng: np.random.Generator, names: np.ndarray) -> pd.DataFrame:
    """Leave a tenth of the positions vacant, and fill a tenth in March."""
    start = pd.Series(pd.NaT, index=range(len(names)), dtype="datetime64[ns]")
    start[rng.random(len(names)) < 0.1] = pd.Timestamp("2027-03-15")
    return pd.DataFrame(
        {
            "row": np.arange(2, len(names) + 2), "id": names, "x": np.nan, "y": np.nan,
            "name": np.where(rng.random(len(names)) < 0.1, "", "somebody"),
            "capacity": rng.uniform(1200, 1900, len(names)), "start": start, "end": pd.NaT,
            "manager": "", "district": "", "region": "",
        }
    )  # fmt: skip


def _history(
    rng: np.random.Generator, ids: np.ndarray, today: np.ndarray, potential: np.ndarray
) -> pd.DataFrame:
    """Draw three years: a fifth are prospects, a twentieth churns, growth with what sellers share."""
    count = len(ids)
    luck = rng.normal(0, 0.1, today.max() + 1)
    sold = potential * rng.beta(2, 5, count) * (rng.random(count) > 0.2)
    years = []
    for year in (2024, 2025, 2026):
        years.append(
            pd.DataFrame(
                {"account": ids, "period": pd.Timestamp(year, 1, 1), "months": 12, "revenue": sold, "row": 2}
            )
        )
        begins = (rng.random(count) < 0.05) * potential * 0.1
        grown = sold * np.exp(luck[today] + rng.normal(0.03, 0.25, count)) * (rng.random(count) > 0.05)
        sold = np.where(sold > 0, grown, begins)
    return pd.concat(years, ignore_index=True)


def _pipeline(rng: np.random.Generator, ids: np.ndarray) -> pd.DataFrame:
    """Open an opportunity for every fourth account."""
    count = max(1, len(ids) // 4)
    return pd.DataFrame(
        {
            "row": np.arange(2, count + 2), "id": [f"O{i:07d}" for i in range(count)],
            "account": rng.choice(ids, count), "amount": rng.lognormal(9, 1, count),
            "stage": rng.choice(np.array(["early", "late"], dtype=object), count),
            "close": pd.Timestamp("2027-01-01") + pd.to_timedelta(rng.integers(0, 365, count), unit="D"),
        }
    )  # fmt: skip


def _closed(rng: np.random.Generator, ids: np.ndarray) -> pd.DataFrame:
    """Close two thousand opportunities last year, some of them late."""
    count = 2_000
    expected = pd.Timestamp("2026-01-01") + pd.to_timedelta(rng.integers(0, 250, count), unit="D")
    return pd.DataFrame(
        {
            "row": np.arange(2, count + 2), "id": [f"C{i}" for i in range(count)],
            "account": rng.choice(ids, count), "seller": "", "amount": rng.lognormal(9, 1, count),
            "opened": expected - pd.Timedelta(days=90), "expected": expected,
            "closed": expected + pd.to_timedelta(rng.integers(0, 90, count), unit="D"),
            "won": rng.random(count) < 0.4,
            "stage": rng.choice(np.array(["early", "late"], dtype=object), count),
        }
    )  # fmt: skip


def measure(size: Size) -> str:
    """Simulate one size in this process."""
    small, plan = drawn(200)
    simulate(small, plan, replications=2)  # compiled before it is timed
    scenario, plan = drawn(size.accounts)
    began = time.perf_counter()
    sales = simulate(scenario, plan, replications=size.replications)
    seconds = time.perf_counter() - began
    each = seconds / size.accounts / size.replications * 1e9
    estimated = int((sales.parameters["source"] == "history").sum())
    return f"{seconds:8.1f} s  {each:6.1f} ns each  {estimated} parameters from history"


def beside_plain(size: Size) -> str:
    """Hold the compiled year to the plain one, draw by draw."""
    scenario, plan = drawn(size.accounts)
    simulate(scenario, plan, replications=2)
    began = time.perf_counter()
    fast = simulate(scenario, plan, replications=size.replications)
    middle = time.perf_counter()
    plain, _, _ = PlainYear(scenario, plan, size.replications, scenario.settings.seed).total()
    ended = time.perf_counter()
    off = float(np.max(np.abs(fast.amount / plain[:, :-1] - 1)))
    return (
        f"{size}: compiled {middle - began:.2f} s, plain NumPy {ended - middle:.1f} s "
        f"({(ended - middle) / (middle - began):,.0f} times as long), largest difference {off:.1e}"
    )


def main() -> None:
    """Print every size, and the plain version beside."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", nargs="*", default=list(SIZES), help="accounts x replications")
    parser.add_argument("--plain", default=PLAIN, help="accounts x replications of the plain version")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        print(measure(Size.of(asked.one)))
        return
    for text in asked.size:
        ended = run_module("tests.benchmarks.simulation", ["--one", text], seconds=LIMIT)
        print(
            f"{Size.of(text)!s:>22}: {ended.fault() or ended.out.strip()}, {ended.megabytes:,.0f} MB",
            flush=True,
        )
    print(beside_plain(Size.of(asked.plain)))


if __name__ == "__main__":
    main()
