"""Our engine beside peers and plain models, on the same instances, in one run.

``python -m tests.benchmarks.peers --units 300x6,3000x45 --seconds 120 [--full] [--only NAME,NAME]``

The instances are those of the national benchmark: travel to fixed seats, two activities within 5 %,
contiguous. Each method runs in a process of its own, is killed some time after its seconds are over, and
its memory is measured from outside. A method that cannot ask for all of it is given what it can express.
Whoever made a plan, the same checker judges it. ``--full`` runs up to 33,000 units. With ``--keep FILE``
rows are written there, and those that stand there already, made from the same, are not made again.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from spm_opt.problem import Problem
from tests.benchmarks.child import ending_children, run_module
from tests.benchmarks.judged import judged, named_by_seats
from tests.benchmarks.kept import Kept, Row
from tests.benchmarks.machine import cores, described, version
from tests.benchmarks.methods import METHODS, WEIGHT, Method, Task
from tests.benchmarks.national import asked, criteria_asked, sizes

GRACE = 30.0
"""Seconds beyond its own that a method may take, for reading, building and ending."""
SHORT = "300x6,3000x45"
FULL = f"{SHORT},10000x152,33000x500"
PACKAGES = ("spm_opt", "numpy", "scipy", "ortools", "k-means-constrained", "pymetis", "gerrychain", "spopt")
HEAD = (
    "method               balances contiguous seats bound  seconds   memory workload potential outside pieces"
    "    seats  centers      gap  note"
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a table a size."""
    options = _options(arguments)
    if options.one:
        _solve(options)
        return 0
    print(described(PACKAGES))
    kept = Kept.read(options.keep)
    print(
        f"{options.seconds:g} seconds a method; killed {GRACE:g} seconds later, or at {options.memory:,d} MB"
    )
    with ending_children():
        for units, seats in options.units:
            _table(options, kept, units, seats)
    print(EXPLAINED)
    return 0


EXPLAINED = """
balances, contiguous, seats, bound: what the method can ask for. outside: territories with an activity more than 5 % off.
pieces: beyond one a territory. seats: mean travel to the seats above the best bound of the methods without contiguity,
which a plan that breaks the limits may undercut;
where a method knows no seats, each part gets the one that makes travel least in all. centers: the same to the best unit
of each territory instead, above the same bound, and so below zero where moving the seats would pay. gap: travel to the
seats above the method's own bound. The bounds hold for the pairs offered, the nearest seats of each unit; methods without
seats may use others. seconds: of the method with its model, without making the instance."""


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.peers", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--units", type=sizes, default=None, help=f"sizes, by default {SHORT}")
    parser.add_argument("--full", action="store_true", help=f"run {FULL}")
    parser.add_argument("--seats", type=int, default=0, help="of sizes that name none")
    parser.add_argument("--nearest", type=int, default=16, help="seats that each unit may go to")
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--memory", type=int, default=8_000, help="megabytes at which a method is killed")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--zips", type=Path, default=None, help="as for the national benchmark")
    parser.add_argument("--only", default="", help="names of methods, separated by semicolons")
    parser.add_argument("--without", default="", help="names of methods to leave out")
    parser.add_argument("--keep", type=Path, default=None, help="file of the rows that there are")
    parser.add_argument("--again", default="", help="names of methods to run though their rows are kept")
    parser.add_argument("--one", default="", help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    options.units = options.units or sizes(FULL if options.full else SHORT)
    chosen = [_names(text) for text in (options.only, options.without, options.again)]
    options.only, options.without, options.again = chosen
    unknown = sorted(set().union(*chosen) - set(METHODS))
    if unknown:
        parser.error(f"unknown methods: {'; '.join(unknown)}; there are {'; '.join(METHODS)}")
    return options


def _names(text: str) -> set[str]:
    return {name.strip() for name in text.split(";") if name.strip()}


def _problem(options: argparse.Namespace, units: int, seats: int) -> Problem:
    return asked(units, seats or options.seats, nearest=options.nearest, seed=options.seed, zips=options.zips)


def _solve(options: argparse.Namespace) -> None:
    """Run one method here, and write what it found."""
    method = METHODS[options.one]
    if isinstance(method.solve, str):
        raise SystemExit(method.solve)
    problem = _problem(options, *options.units[0])
    task = Task(problem, options.seconds, len(cores()), options.seed)
    start = time.monotonic()
    found = method.solve(task)
    row = {
        "seconds": time.monotonic() - start,
        "note": found.note,
        "bound": found.bound,
        "territory": None if found.territory is None else found.territory.tolist(),
    }
    options.out.write_text(json.dumps(row), encoding="utf-8")


def _table(options: argparse.Namespace, kept: Kept, units: int, seats: int) -> None:
    """Run the methods on one size, and print what came of them."""
    problem = _problem(options, units, seats)
    where = "ZIP code areas" if options.zips else "places drawn with a seed"
    print(f"\n{problem.n:,} units ({where}), {problem.k:,} seats, {len(problem.arcs.territory):,} pairs")
    print(HEAD, flush=True)
    rows: list[tuple[Method, Row]] = []
    try:
        for name, method in METHODS.items():
            if (not options.only or name in options.only) and name not in options.without:
                rows.append((method, _kept_or_tried(options, kept, problem, method)))
    finally:  # an interrupted run shows what it has
        best = _best_bound(rows)
        for method, row in rows:
            print(_line(method, row, best), flush=True)


def _best_bound(rows: list[tuple[Method, Row]]) -> float | None:
    """Best bound that holds for every row: of a method that does not ask for contiguity."""
    return max(
        (row["bound"] for method, row in rows if row.get("bound") and not method.contiguous), default=None
    )


def _kept_or_tried(options: argparse.Namespace, kept: Kept, problem: Problem, method: Method) -> Row:
    """Take the row of an earlier run, or make it."""
    made_from = {
        "method": method.name, "version": version(method.package), "cores": len(cores()) if method.threads else 1, "units": problem.n,
        "seats": problem.k, "zips": options.zips is not None,
        **{name: getattr(options, name) for name in ("nearest", "seed", "seconds", "memory")},
    }  # fmt: skip
    row = kept.of(made_from)
    if row is None or method.name in options.again:
        print(f"{method.name} ...", file=sys.stderr, flush=True)
        row = _tried(options, problem, method)
        if "seconds" in row:
            kept.add(made_from, row)
    return row


def _tried(options: argparse.Namespace, problem: Problem, method: Method) -> Row:
    """Run a method in a process of its own, and judge its plan."""
    if isinstance(method.solve, str):
        return {"note": method.solve}
    if version(method.package) is None:
        return {"note": f"{method.package} is not installed"}
    with TemporaryDirectory() as folder:
        out = Path(folder) / "found.json"
        arguments = ["--one", method.name, "--out", str(out), "--units", f"{problem.n}x{problem.k}"]
        for name in ("nearest", "seconds", "seed", "zips"):
            if getattr(options, name) is not None:
                arguments += [f"--{name}", str(getattr(options, name))]
        ended = run_module(
            "tests.benchmarks.peers", arguments, seconds=options.seconds + GRACE, megabytes=options.memory
        )
        if ended.fault() or not out.exists():
            note = ended.fault() or "ended without a word"
            return {"seconds": ended.seconds, "megabytes": ended.megabytes, "note": note}
        row: Row = json.loads(out.read_text(encoding="utf-8"))
    return _judged(problem, method, row | {"megabytes": ended.megabytes})


def _judged(problem: Problem, method: Method, row: Row) -> Row:
    """Add the figures of the plan, if there is one."""
    if row["territory"] is None:
        return row
    territory = np.array(row.pop("territory"), dtype=np.int64)
    if not method.seats:
        territory = named_by_seats(problem, territory, weight_by=WEIGHT)
    return row | asdict(judged(problem, criteria_asked(), territory, weight_by=WEIGHT))


def _line(method: Method, row: Row, best: float | None) -> str:
    """Put a row into words; what there is not is a dash."""
    planned = "deviation" in row
    off = [f"{value:9.1%}" for value in row["deviation"]] if planned else [f"{'-':>9s}"] * 2
    travel = [_above(row[key], best) if planned else "-" for key in ("from_seats", "from_centers")]
    gap = _above(row["from_seats"], row["bound"]) if planned and row.get("bound") else "-"
    seconds = f"{row['seconds']:.1f} s" if "seconds" in row else "-"
    memory = f"{row['megabytes']:,.0f} MB" if "megabytes" in row else "-"
    counts = [str(row[key]) if planned else "-" for key in ("outside", "pieces")]
    can = ["yes" if able else "no" for able in (method.contiguous, method.seats, method.bound)]
    return (
        f"{method.name:20s} {method.balances:8s} {can[0]:10s} {can[1]:5s} {can[2]:5s} {seconds:>8s} {memory:>8s} "
        f"{off[0]}{off[1]:>10s} {counts[0]:>7s} {counts[1]:>6s} {travel[0]:>8s} {travel[1]:>8s} {gap:>8s}  "
        f"{row['note'][:100]}"
    )


def _above(value: float, bound: float | None) -> str:
    return "-" if not bound else f"{value / bound - 1:+.2%}"


if __name__ == "__main__":
    raise SystemExit(main())
