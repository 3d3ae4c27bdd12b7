"""Headcount by region, role and month: ``python -m tests.benchmarks.hiring [--seeds 1 2 3] [--regions 12]``.

Companies drawn at random (``tests/made_headcount.py``): regions x 4 roles x 24 months, half the curves S-shaped,
ramps and departures, with a budget of 10 % above today's cost, hires limited to one for eight cells a month, two
sellers at least in each cell, moves between regions, and a manager for eight sellers. Each is solved with whole
managers that cost money and again with managers that cost nothing, since these leave gaps of another size.
Printed are the seconds, profit, proven bound and the gap between them.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from made_headcount import headcount

from spm_opt.capacity.path import path
from spm_opt.capacity.path_question import broken

MANAGER = 15_000.0


def main() -> None:
    """Solve each company, and print a line for it."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    asked.add_argument("--regions", type=int, default=12)
    asked.add_argument("--months", type=int, default=24)
    given = asked.parse_args()
    print("seed  managers  seconds        profit         bound     gap  status    hires  gone  moved")
    for manager_cost in (0.0, MANAGER):
        for seed in given.seeds:
            question = headcount(seed, regions=given.regions, months=given.months, manager_cost=manager_cost)
            began = time.perf_counter()
            found = path(question)
            seconds = time.perf_counter() - began
            assert not broken(question, found.steps)
            steps, kind = found.steps, "costly" if manager_cost else "free"
            print(
                f"{seed:4}  {kind:8}  {seconds:7.1f}  {found.figures.profit:12,.0f}  {found.bound:12,.0f}"
                f"  {found.gap:6.3%}  {found.status:8}  {steps.hires.sum():5}  {steps.gone.sum():4}  {steps.into.sum():5}",
                flush=True,
            )


if __name__ == "__main__":
    main()
