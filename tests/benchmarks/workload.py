"""Segments and hours of very many accounts: ``python -m tests.benchmarks.workload [--accounts 1000000]``.

Accounts in towns drawn at random over the United States, with potential, last year's sales, a type and a seller of
500; segmented by share of potential within the type, and their hours worked out for three channels, with travel to
the nearest of the seats and new business. Printed are the seconds of each stage from tables in memory, and the peak
of memory of the whole process, tables included.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1]))
from made_company import company

from spm_opt.scenario.scenario import Scenario
from spm_opt.scenario.segment_settings import Segments
from spm_opt.scenario.workload_settings import Workload
from spm_opt.workload.hours import hours
from spm_opt.workload.segment import segment, segmented

TYPES = ("clinic", "hospital", "imaging", "surgery")
RULES = {
    "channels": ["field", "inside"],
    "coverage": [
        {
            "segment": f"{name} {one}",
            "channel": channel,
            "contacts": contacts,
            "hours": 0.75,
            "preparation": 0.2,
        }
        for name in TYPES
        for one, often in (("A", 24), ("B", 12), ("C", 4))
        for channel, contacts in (("field", often), ("inside", 6), ("partner", 1))
    ],
    "new_business": [{"hours": 2.0, "most": 30.0}],
}


def national(accounts: int, sellers: int = 500) -> Scenario:
    """Draw a company with very many accounts."""
    rng = np.random.default_rng(6)
    towns = rng.uniform((-124.0, 26.0), (-68.0, 48.0), (3_000, 2))
    place = towns[rng.integers(len(towns), size=accounts)] + rng.normal(0, 0.15, (accounts, 2))
    potential = rng.lognormal(11, 1.2, accounts)
    seats = towns[rng.choice(len(towns), sellers, replace=False)]
    made = company(
        [{"id": "A"}],
        [{"id": f"S{i:04d}", "x": x, "y": y} for i, (x, y) in enumerate(seats)],
        activities=("revenue", "potential", "workload"),
    )
    first = made.accounts
    kinds = np.array(TYPES, dtype=object)[rng.integers(len(TYPES), size=accounts)]
    columns = {
        "id": [f"A{i:07d}" for i in range(accounts)], "x": place[:, 0], "y": place[:, 1], "potential": potential,
        "revenue": potential * rng.uniform(0, 1.2, accounts), "segment": kinds, "given_segment": kinds,
        "row": np.arange(2, accounts + 2),
    }  # fmt: skip
    rest = {name: first[name].iloc[[0]].repeat(accounts).to_numpy() for name in first if name not in columns}
    rules = {"segments": Segments(by="share", within="segment"), "workload": Workload(**RULES)}
    return replace(
        made, accounts=pd.DataFrame({**rest, **columns}), settings=made.settings.model_copy(update=rules)
    )  # fmt: skip


def main() -> None:
    """Measure both stages."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--accounts", type=int, default=1_000_000)
    count = parser.parse_args().accounts
    scenario = national(count)
    start = time.perf_counter()
    found = segment(scenario)
    middle = time.perf_counter()
    scenario = segmented(scenario)
    again = time.perf_counter()
    made = hours(scenario)
    end = time.perf_counter()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{count:,} accounts: {len(set(found.segment))} segments in {middle - start:.1f} s, "
        f"{made.total.sum():,.0f} hours in {end - again:.1f} s; peak {peak:,.0f} MB"
    )


if __name__ == "__main__":
    main()
