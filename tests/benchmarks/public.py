"""Plan the public instances with the ordinary library, and write what came of it.

``python -m tests.benchmarks.public INSTANCES_DIR --families hess,tdp,cpmp,gap --seconds 60 --out RESULTS.json``

A line an instance on the way, a table of the families at the end. RESULTS.json is a list of objects with
``instance``, ``status``, ``objective``, ``lower_bound``, ``seconds`` and ``assignment`` (the number of
the territory of each unit, for gap of the agent), written anew after each instance.

Each instance runs in a process of its own, which has its seconds from its start to its end: starting,
loading and reading count. It is killed some time later, or when its memory is too large. With
``--jobs 2`` two instances run at a time, and share the cores: each process is pinned to its part of them.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryDirectory

import spm_opt
from tests.benchmarks.child import ending_children, run_module
from tests.benchmarks.instances import read
from tests.benchmarks.machine import cores, described
from tests.benchmarks.targets import Known, Row, fault, gap, known, table

FAMILIES = ("hess", "tdp", "cpmp", "gap")
GRACE = 30.0
"""Seconds beyond its own after which a process is killed."""
NOTHING: Row = {"status": "unknown", "objective": None, "lower_bound": None, "assignment": None}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; returns 1 where a claim is false by what is known."""
    options = _options(arguments)
    if options.until:
        _solve(options)
        return 0
    names = set(options.only.split(",")) if options.only else None
    paths = [
        path
        for family in options.families.split(",")
        for path in sorted(options.instances.glob(f"{family}_*.json"))
        if names is None or path.stem in names
    ]
    print(_head(options))
    members = _run(options, paths)
    print()
    print("\n".join(table(members)))
    return int(any(fault(one, row) for one, row in members))


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.public", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("instances", type=Path)
    parser.add_argument("--families", default=",".join(FAMILIES))
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--only", default="", help="names of instances, separated by commas")
    parser.add_argument("--jobs", type=int, default=1, help="instances at a time")
    parser.add_argument("--memory", type=int, default=8_000, help="megabytes at which an instance is killed")
    parser.add_argument("--until", type=float, default=0.0, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    unknown = sorted(set(options.families.split(",")) - set(FAMILIES))
    if unknown:
        parser.error(f"unknown families: {', '.join(unknown)}; there are {', '.join(FAMILIES)}")
    if not 1 <= options.jobs <= len(cores()):
        parser.error(f"--jobs {options.jobs}: from one to a job a core, of which there are {len(cores())}")
    return options


def _head(options: argparse.Namespace) -> str:
    """Say what it runs on, and how."""
    each = len(cores()) // options.jobs
    shared = (
        f"; {options.jobs} instances at a time with {each} core{'s' if each > 1 else ''} each, so pessimistic"
        if options.jobs > 1
        else ""
    )
    machine = described(("spm_opt", "numpy", "scipy", "ortools", "numba"))
    return f"{machine}\n{options.seconds:g} seconds an instance{shared}\n"


def _run(options: argparse.Namespace, paths: Sequence[Path]) -> list[tuple[Known, Row]]:
    """Run the instances, so many at a time; the results stand in the order of the instances."""
    free: SimpleQueue[list[int] | None] = SimpleQueue()
    for job in range(options.jobs):
        free.put(cores()[job :: options.jobs] if options.jobs > 1 else None)
    done: dict[Path, tuple[Known, Row]] = {}

    def one(path: Path) -> tuple[Path, Known, Row]:
        mine = free.get()
        try:
            return path, known(path), solved(path, options.seconds, options.memory, mine)
        finally:
            free.put(mine)

    pool = ThreadPoolExecutor(options.jobs)
    with ending_children():
        try:
            for running in as_completed([pool.submit(one, path) for path in paths]):
                path, about, row = running.result()
                done[path] = about, row
                _write(options.out, [done[other][1] for other in paths if other in done])
                print(_line(about, row), flush=True)
        finally:  # an interrupt does not wait for those that have not begun
            pool.shutdown(wait=False, cancel_futures=True)
    return [done[path] for path in paths]


def solved(path: Path, seconds: float, megabytes: float, mine: Sequence[int] | None = None) -> Row:
    """Plan one instance in a process of its own.

    Parameters
    ----------
    path
        The instance.
    seconds
        From the start of the process to its end.
    megabytes
        Memory at which it is killed.
    mine
        Cores that it may use.
    """
    start = {"instance": path.stem, **NOTHING}
    with TemporaryDirectory() as folder:
        out = Path(folder) / "row.json"
        arguments = [str(path), "--out", str(out), "--until", str(time.time() + seconds)]
        ended = run_module(
            "tests.benchmarks.public", arguments, seconds=seconds + GRACE, megabytes=megabytes, cores=mine
        )
        measured = {"seconds": ended.seconds, "megabytes": round(ended.megabytes)}
        if ended.fault() or not out.exists():
            return start | measured | {"error": ended.fault() or "ended without a word"}
        return start | json.loads(out.read_text(encoding="utf-8")) | measured


def _solve(options: argparse.Namespace) -> None:
    """Plan one instance here, and write what came of it."""
    instance = read(options.instances)
    left = max(0.1, options.until - time.time())
    made = spm_opt.align(instance.problem, instance.criteria, effort="thorough", time_limit=left, seed=1)
    row: Row = {"status": made.status, "lower_bound": made.lower_bound, "method": made.method}
    if made.alignment is not None and not made.breaches:
        row |= {"objective": made.objective, "assignment": made.alignment.unit_territory.tolist()}
    options.out.write_text(json.dumps(row), encoding="utf-8")


def _write(path: Path, rows: list[Row]) -> None:
    """Write the results so far, whole or not at all."""
    beside = path.with_name(path.name + ".part")
    beside.write_text(json.dumps(rows), encoding="utf-8")
    os.replace(beside, path)  # noqa: PTH105  the call that is atomic


def _line(one: Known, row: Row) -> str:
    found = gap(one, row)
    shown = "-" if found is None else f"{found:+.3%}"
    bound, value = row["lower_bound"], row["objective"]
    proven = "-" if bound is None or value is None else f"{(value - bound) / max(1e-9, abs(value)):.3%}"
    notes = "; ".join(filter(None, (fault(one, row), row.get("error", ""))))
    return (
        f"{one.name:34s} {row['status']:10s} best known {shown:>9s}  bound {proven:>8s} "
        f"{row['seconds']:7.1f} s {row['megabytes']:6,d} MB  {notes}"
    )


if __name__ == "__main__":
    raise SystemExit(main())
