"""Named accounts without any map: six measures balanced within 10 %, families, locks, and as few moves as may be.

``python -m tests.benchmarks.without_geography --sizes 8000x48,150000x500x12 --seconds 60``

A size is accounts x sellers, with a third number that of the sellers that each account may go to: the one
it has and others drawn with the seed; without it every seller may have every account.

Six correlated measures are drawn with a seed, each skewed (log-normal). Every account has a seller today;
sellers differ in how much they have. A third of the accounts belong to families of two to four, which have
one seller and stay together. 30 % of the accounts are locked to theirs. What is minimised is the share of
revenue that changes hands. The bound is of the linear relaxation over the pairs offered.

Each size runs in a process of its own, whose whole time and peak memory are measured from outside.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

import spm_opt
from spm_opt.criteria import Balance, Disruption, Families
from spm_opt.criteria.terms import Criterion
from spm_opt.problem import NONE, AccountArrays, Arcs, BoolArray, FloatArray, IntArray, Problem
from tests.benchmarks.child import run_module
from tests.benchmarks.machine import described

Rng = np.random.Generator
MEASURES = ("revenue", "potential", "calls", "renewals", "leads", "cases")
TOLERANCE = 0.10
LOCKED, IN_FAMILIES = 0.3, 1 / 3
HEAD = " accounts sellers      arcs  status      moved   bound     gap  broken  worst off   align   whole   memory  method"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the sizes one after the other; returns 1 where a hard rule is broken or there is no plan."""
    options = _options(arguments)
    if options.one:
        print(json.dumps(_one(options, *options.sizes[0])))
        return 0
    print(described(("numpy", "scipy", "ortools", "numba")))
    print(HEAD)
    broken = False
    for size in options.sizes:
        row = _measured(options, size)
        broken = broken or row["broken"] > 0 or row["status"] not in ("optimal", "feasible")
        print(_line(row), flush=True)
    print("Moved and bound are percent of revenue; the gap is their relative distance.")
    return int(broken)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.without_geography", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--sizes", type=sizes, default=sizes("8000x48,150000x500x12"))
    parser.add_argument("--seconds", type=float, default=60.0, help="time limit of the search; 0: none")
    parser.add_argument("--effort", default="standard", choices=("quick", "standard", "thorough"))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


def sizes(text: str) -> list[tuple[int, int, int]]:
    """Read sizes such as ``"8000x48,150000x500x12"``; every seller is eligible where no third number stands."""
    found = []
    for word in text.split(","):
        accounts, sellers, *eligible = (int(number) for number in word.split("x"))
        found.append((accounts, sellers, min(sellers, *eligible) if eligible else sellers))
    return found


def _measured(options: argparse.Namespace, size: tuple[int, int, int]) -> dict[str, Any]:
    """Run one size in a process of its own, and measure that process."""
    arguments = ["--one", "--sizes", "x".join(str(number) for number in size)]
    for name in ("seconds", "effort", "seed"):
        arguments += [f"--{name}", str(getattr(options, name))]
    ended = run_module("tests.benchmarks.without_geography", arguments)
    if ended.fault():
        raise SystemExit(f"the run with {size[0]:,} accounts: {ended.fault()}")
    return json.loads(ended.out) | {"whole": ended.seconds, "memory": ended.megabytes}


def _line(row: dict[str, Any]) -> str:
    bound, gap = (
        ("-" if row[name] is None else f"{scale * row[name]:.3f}%")
        for name, scale in (("bound", 1), ("gap", 100))
    )
    return (
        f"{row['accounts']:9,d} {row['sellers']:7,d} {row['arcs']:9,d}  {row['status']:10s} {row['moved']:5.3f}% "
        f"{bound:>7s} {gap:>7s} {row['broken']:7,d} {row['worst']:10.3%} {row['align']:5.1f} s {row['whole']:5.1f} s "
        f"{row['memory']:5.0f} MB  {row['method']}"
    )


def _one(options: argparse.Namespace, accounts: int, sellers: int, eligible: int) -> dict[str, Any]:
    """Plan one size, and judge the plan with the checker."""
    problem = named_accounts(accounts, sellers, eligible, np.random.default_rng(options.seed))
    criteria = asked()
    start = time.monotonic()
    result = spm_opt.align(
        problem, criteria, effort=options.effort, seed=options.seed, time_limit=options.seconds or None
    )
    row = {"accounts": problem.n, "sellers": problem.k, "arcs": len(problem.arcs.territory), "status": result.status,
           "gap": result.gap, "bound": result.lower_bound, "moved": float("nan"), "method": result.method,
           "align": time.monotonic() - start, "broken": 0, "worst": float("nan")}  # fmt: skip
    if result.alignment is not None:
        verdict = spm_opt.verify(problem, criteria, result.alignment)
        row["broken"], row["moved"] = len(verdict.breaches), verdict.measures[0].value
        row["worst"] = max(
            float(np.abs(measure.local[f"{name}_deviation"]).max())
            for name, measure in zip(MEASURES, verdict.measures[2:], strict=True)
        )
    return row


def asked() -> list[Criterion]:
    """Name what a plan is judged by: revenue moved, families, and the balance of every measure."""
    balances = [Balance(activity=name, tolerance=TOLERANCE) for name in MEASURES]
    return [Disruption(of="revenue", weight=1.0), Families(), *balances]


def named_accounts(accounts: int, sellers: int, eligible: int, rng: Rng) -> Problem:
    """Draw accounts, their sellers of today, families, locks and eligible sellers.

    Parameters
    ----------
    accounts, sellers
        How many.
    eligible
        Sellers that each account may go to.
    rng
        What is drawn with.
    """
    n, k = accounts, sellers
    spread = 0.5 * np.eye(len(MEASURES)) + 0.5
    activity = np.round(100 * np.exp(0.8 * rng.multivariate_normal(np.zeros(len(MEASURES)), spread, n)))
    family = _families(n, rng)
    head = np.where(family == NONE, np.arange(n) + n, family)
    head = np.unique(head, return_inverse=True)[1]
    share = rng.uniform(0.8, 1.2, k)
    current = rng.choice(k, head.max() + 1, p=share / share.sum())[head].astype(np.int64)
    locked = (rng.random(head.max() + 1) < LOCKED)[head]
    ids, none = tuple(f"a{i:06}" for i in range(n)), np.full(n, NONE, dtype=np.int64)
    return Problem(
        unit_ids=ids,
        territory_ids=tuple(f"s{t:03}" for t in range(k)),
        activity_names=MEASURES,
        activity=activity,
        arcs=_arcs(current, locked, head, k, eligible, rng),
        place=np.full((n, 2), np.nan),
        seat=np.full((k, 2), np.nan),
        planar=True,
        edges=np.zeros((0, 2), dtype=np.int64),
        geographic=np.zeros(n, dtype=bool),
        capacity=np.full(k, np.inf),
        family=family,
        requires=np.zeros((n, 0), dtype=bool),
        offers=np.zeros((k, 0), dtype=bool),
        skill_names=(),
        locked=np.where(locked, current, none),
        accounts=AccountArrays(ids, np.arange(n), current, activity),
        groups={},
        group_names={},
    )


def _families(n: int, rng: Rng) -> IntArray:
    """Draw the family of each account: two to four accounts in a row, until a third of all have one."""
    size = rng.integers(2, 5, max(1, round(n * IN_FAMILIES / 3)))
    family = np.full(n, NONE, dtype=np.int64)
    label = np.repeat(np.arange(len(size)), size)[:n]
    family[: len(label)] = label
    return family


def _arcs(current: IntArray, locked: BoolArray, head: IntArray, k: int, eligible: int, rng: Rng) -> Arcs:
    """Make the pairs: today's seller, and unless locked others, the same for a whole family."""
    n = len(current)
    wanted: FloatArray = (
        rng.random((head.max() + 1, k), dtype=np.float32)[head] if eligible < k else np.zeros((n, k))
    )
    wanted[np.arange(n), current] = -1.0
    if eligible < k:
        limit = np.partition(wanted, eligible - 1, axis=1)[:, eligible - 1]
        pair = wanted <= limit[:, None]
    else:
        pair = np.ones((n, k), dtype=bool)
    pair[locked] = False
    pair[np.arange(n), current] = True
    unit, territory = np.nonzero(pair)
    start = np.concatenate(([0], np.cumsum(np.bincount(unit, minlength=n)))).astype(np.int64)
    return Arcs(start, territory.astype(np.int64), np.full(len(unit), np.nan))


if __name__ == "__main__":
    raise SystemExit(main())
