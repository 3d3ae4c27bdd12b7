"""Plan the public instances with the ordinary library, and write what came of it.

``python -m tests.benchmarks.public INSTANCES_DIR --families hess,tdp,cpmp,gap --seconds 60 --out RESULTS.json``

A line an instance on the way, a table of the families at the end. RESULTS.json is a list of objects with
``instance``, ``status``, ``objective``, ``lower_bound``, ``seconds`` and ``assignment`` (the number of
the territory of each unit, for gap of the agent), written anew after each instance.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import spm_opt
from tests.benchmarks.instances import Instance, read

FAMILIES = ("hess", "tdp", "cpmp", "gap")
FALSE = 2e-4
"""How far a claim may be from what is known before it is called false: the rounding of printed optima."""
Row = dict[str, Any]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; returns 1 where a claim is false by what is known."""
    options = _options(arguments)
    names = set(options.only.split(",")) if options.only else None
    paths = [
        path
        for family in options.families.split(",")
        for path in sorted(options.instances.glob(f"{family}_*.json"))
        if names is None or path.stem in names
    ]
    rows: list[Row] = []
    known: list[Instance] = []
    for path in paths:
        instance, row = solved(path, options.seconds)
        rows.append(row)
        known.append(instance)
        _write(options.out, rows)
        print(_line(instance, row), flush=True)
    print()
    print("\n".join(summary(known, rows)))
    return int(any(fault(instance, row) for instance, row in zip(known, rows, strict=True)))


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.public", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("instances", type=Path)
    parser.add_argument("--families", default=",".join(FAMILIES))
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--only", default="", help="names of instances, separated by commas")
    options = parser.parse_args(arguments)
    unknown = sorted(set(options.families.split(",")) - set(FAMILIES))
    if unknown:
        parser.error(f"unknown families: {', '.join(unknown)}; there are {', '.join(FAMILIES)}")
    return options


def solved(path: Path, seconds: float) -> tuple[Instance, Row]:
    """Plan one instance; reading it counts in its time."""
    start = time.monotonic()
    instance = read(path)
    row: Row = {
        "instance": instance.name, "status": "unknown", "objective": None, "lower_bound": None, "assignment": None,
    }  # fmt: skip
    try:
        left = max(0.1, seconds - (time.monotonic() - start))
        result = spm_opt.align(
            instance.problem, instance.criteria, effort="thorough", time_limit=left, seed=1
        )
    except Exception as error:  # noqa: BLE001  one instance must not take the others' results with it
        return instance, row | {"seconds": time.monotonic() - start, "error": repr(error)}
    row |= {"status": result.status, "lower_bound": result.lower_bound, "method": result.method}
    if result.alignment is not None and not result.breaches:
        row |= {
            "objective": result.objective,
            "assignment": result.alignment.unit_territory.tolist(),
        }
    return instance, row | {"seconds": time.monotonic() - start}


def _write(path: Path, rows: list[Row]) -> None:
    """Write the results so far, whole or not at all."""
    beside = path.with_name(path.name + ".part")
    beside.write_text(json.dumps(rows), encoding="utf-8")
    os.replace(beside, path)  # noqa: PTH105  the call that is atomic


def gap(instance: Instance, row: Row) -> float | None:
    """Relative distance of a plan's value from the best known one."""
    if row["objective"] is None or not instance.best_known:
        return None
    return float(row["objective"]) / instance.best_known - 1


def fault(instance: Instance, row: Row) -> str:
    """Say which claim contradicts what is known, or nothing."""
    best, found = instance.best_known, gap(instance, row)
    if row["status"] == "infeasible" and best is not None:
        return "claims infeasible, a plan is known"
    if row["status"] == "optimal" and found is not None and found > FALSE:
        return f"claims an optimum {found:.3%} above the best known"
    if row["lower_bound"] is not None and best is not None and row["lower_bound"] > best * (1 + FALSE):
        return f"its bound {row['lower_bound']:.6g} lies above a known plan {best:.6g}"
    if instance.status == "infeasible" and row["objective"] is not None:
        return "has a plan where none was thought to exist"
    return ""


def _line(instance: Instance, row: Row) -> str:
    found = gap(instance, row)
    shown = "-" if found is None else f"{found:+.3%}"
    bound, value = row["lower_bound"], row["objective"]
    proven = "-" if bound is None or value is None else f"{(value - bound) / max(1e-9, abs(value)):.3%}"
    notes = "; ".join(filter(None, (fault(instance, row), row.get("error", ""))))
    return (
        f"{instance.name:34s} {row['status']:10s} best known {shown:>9s}  bound {proven:>8s} "
        f"{row['seconds']:7.1f} s  {notes}"
    )


def summary(instances: Iterable[Instance], rows: Iterable[Row]) -> list[str]:
    """Tabulate the families."""
    groups: dict[str, list[tuple[Instance, Row]]] = {}
    for instance, row in zip(instances, rows, strict=True):
        groups.setdefault(instance.group, []).append((instance, row))
    head = "family         tried plans  none proved false  mean gap worst gap  seconds"
    return [head, *(_group(name, members) for name, members in sorted(groups.items()))]


def _group(name: str, members: list[tuple[Instance, Row]]) -> str:
    gaps = [found for one, row in members if (found := gap(one, row)) is not None]
    plans = sum(row["objective"] is not None for _, row in members)
    false = sum(bool(fault(one, row)) for one, row in members)
    proved = sum(not fault(one, row) and row["status"] in ("optimal", "infeasible") for one, row in members)
    none = sum(row["objective"] is None and row["status"] != "infeasible" for _, row in members)
    mean, worst = (sum(gaps) / len(gaps), max(gaps)) if gaps else (math.nan, math.nan)
    seconds = sum(row["seconds"] for _, row in members)
    return (
        f"{name:14s} {len(members):5d} {plans:5d} {none:5d} {proved:6d} {false:5d} {mean:+9.3%} {worst:+9.3%} "
        f"{seconds:8.1f}"
    )


if __name__ == "__main__":
    raise SystemExit(main())
