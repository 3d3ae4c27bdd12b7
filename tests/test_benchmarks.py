"""The benchmarks run: short, on instances made here."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.benchmarks.machine import cores
from tests.benchmarks.national import sizes

ROOT = Path(__file__).parents[1]


def territories(
    *, rounding: str | None, power: int, weight: str | None, contiguous: bool
) -> dict[str, object]:
    """Make a 4 x 3 grid, spoilt a little, for three territories."""
    rng = np.random.default_rng(5)
    spots = [(1000 * x + rng.integers(300), 1000 * y + rng.integers(300)) for x in range(4) for y in range(3)]
    edges = [[u, u + 1] for u in range(12) if u % 3 < 2] + [[u, u + 3] for u in range(9)]
    return {
        "x": [float(x) for x, _ in spots],
        "y": [float(y) for _, y in spots],
        "activities": {"people": rng.integers(5, 20, 12).tolist()},
        "edges": edges if contiguous else None,
        "territories": 3,
        "lower": {"people": 30} if contiguous else {},
        "upper": {"people": 70},
        "contiguous": contiguous,
        "distance": {
            "metric": "euclidean", "unit_divisor": 100, "round": rounding, "power": power, "weight": weight,
            "scale": 0.01,
        },
        "status": "open",
        "best_known": None,
    }  # fmt: skip


INSTANCES = {
    "hess_county_made": territories(rounding="nearest integer", power=2, weight="people", contiguous=True),
    "cpmp_made": territories(rounding=None, power=1, weight=None, contiguous=False),
    "gap_a_made": {
        "cost": [[4, 1, 8, 3], [2, 6, 5, 7]], "weight": [[2, 3, 4, 3], [3, 2, 3, 4]], "capacity": [7, 5],
        "status": "optimal", "best_known": 18,
    },
}  # fmt: skip


def value(instance, labels):
    """Evaluate a plan from the instance itself, by the definition of its family."""
    if "cost" in instance:
        return sum(instance["cost"][label][job] for job, label in enumerate(labels))
    rule, total = instance["distance"], 0.0
    weight = instance["activities"].get(rule["weight"]) or [1] * len(labels)
    for label in set(labels):
        mine = [u for u, other in enumerate(labels) if other == label]
        total += min(sum(weight[u] * far(instance, u, c) for u in mine) for c in mine)
    return total * rule["scale"]


def far(instance, one, other):
    distance = math.hypot(*(instance[axis][one] - instance[axis][other] for axis in "xy"))
    rule = instance["distance"]
    distance /= rule["unit_divisor"]
    return (round(distance) if rule["round"] else distance) ** rule["power"]


def run(module, *arguments):
    return subprocess.run(
        [sys.executable, "-m", f"tests.benchmarks.{module}", *map(str, arguments)],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """Results of the public benchmark on the instances made here, and what it printed."""
    folder = tmp_path_factory.mktemp("instances")
    for name, instance in INSTANCES.items():
        text = json.dumps({"family": name.split("_")[0], "name": name, **instance})
        (folder / f"{name}.json").write_text(text, encoding="utf-8")
    out = folder / "results" / "RESULTS.json"
    out.parent.mkdir()
    done = run("public", folder, "--families", "hess,cpmp,gap", "--seconds", 10, "--out", out)
    assert done.returncode == 0, done.stderr
    return {row["instance"]: row for row in json.loads(out.read_text(encoding="utf-8"))}, done.stdout


@pytest.mark.parametrize("name", list(INSTANCES))
def test_results_are_plans_with_the_value_of_the_definition(published, name):
    """Each instance gets a plan, and the value that is reported is the instance's own."""
    row = published[0][name]
    assert row["status"] in ("optimal", "feasible")
    assert row["objective"] == pytest.approx(value(INSTANCES[name], row["assignment"]), rel=1e-9)
    assert row["lower_bound"] is None or row["lower_bound"] <= row["objective"] * (1 + 1e-9)
    assert row["seconds"] > 0


def test_assignment_by_pairs_reaches_its_optimum(published):
    """The cheapest agent of each job (11 in all) is too much for the second: 4 + 3 and 6 + 5 is what fits."""
    row = published[0]["gap_a_made"]
    assert (row["status"], row["objective"]) == ("optimal", 18)
    assert row["assignment"] == [0, 1, 1, 0]


def test_a_table_of_families_is_printed(published):
    """The machine, a line an instance, then a line a family, with what is to be reached."""
    lines = published[1].splitlines()
    assert " core" in lines[0]
    assert lines[1] == "10 seconds an instance"
    assert [line.split()[0] for line in lines[3:6]] == ["hess_county_made", "cpmp_made", "gap_a_made"]
    assert [line[:22].strip() for line in lines[8:]] == ["hess_county", "cpmp to 402 units", "gap A to C"]
    assert lines[10].split()[-4:] == ["proved", ">=", "100%", "yes"]


def test_instances_share_the_cores_and_no_failure(tmp_path):
    """One file cannot be planned: it is a row with an error, and the two beside it have their plans, in order."""
    good = {"family": "gap", **INSTANCES["gap_a_made"]}
    for name, content in (("gap_a1", good), ("gap_a2", good | {"capacity": "none"}), ("gap_a3", good)):
        (tmp_path / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
    jobs = min(2, len(cores()))
    done = run(
        "public", tmp_path, "--families", "gap", "--jobs", jobs, "--seconds", 10, "--out", tmp_path / "r"
    )
    assert done.returncode == 0, done.stderr
    assert ("10 seconds an instance; 2 instances at a time with" in done.stdout) == (jobs == 2)
    rows = json.loads((tmp_path / "r").read_text(encoding="utf-8"))
    assert [row["instance"] for row in rows] == ["gap_a1", "gap_a2", "gap_a3"]
    assert [row["objective"] for row in rows] == [18, None, 18]
    assert (rows[1]["status"], rows[1]["assignment"]) == ("unknown", None)
    assert rows[1]["error"].startswith("exit code 1: ")


def test_unknown_families_are_refused(tmp_path):
    """A family that is none is a usage error, with those there are."""
    done = run("public", tmp_path, "--families", "hss", "--out", tmp_path / "r.json")
    assert done.returncode == 2
    assert "unknown families: hss; there are hess, tdp, cpmp, gap" in done.stderr


def test_the_national_benchmark_prints_a_row_a_size():
    """A small country without ZIP codes: rules kept, both activities within 5 %, and what the bound holds for."""
    done = run("national", "--units", "300x5", "--effort", "quick", "--seconds", 20)
    assert done.returncode == 0, done.stderr
    machine, head, row, note = done.stdout.splitlines()
    assert " core" in machine
    assert "Python 3." in machine
    assert head.split()[:5] == ["units", "seats", "arcs", "status", "gap"]
    assert row.split()[:4] == ["300", "5", "1,500", "feasible"]
    assert row.split()[5] == "0"
    assert note.startswith("The bound is of the linear relaxation over the pairs offered")


def test_sizes_name_units_and_maybe_seats():
    """The growth table asks for the largest size twice, once with twice the seats."""
    assert sizes("3000,33000x1000") == [(3000, 0), (33000, 1000)]


def test_the_benchmark_without_geography_prints_a_row_a_size():
    """A few named accounts: rules kept, every measure within 10 %, and what the numbers are of."""
    done = run("without_geography", "--sizes", "400x4,600x4x3", "--effort", "quick", "--seconds", 20)
    assert done.returncode == 0, done.stderr
    _, head, first, second, note = done.stdout.splitlines()
    assert head.split()[:4] == ["accounts", "sellers", "arcs", "status"]
    for row, size in ((first, ["400", "4"]), (second, ["600", "4"])):
        assert row.split()[:2] == size
        assert row.split()[3] in ("optimal", "feasible")
        assert row.split()[7] == "0"
        assert float(row.split()[8].rstrip("%")) <= 10
    assert note.startswith("Moved and bound are percent of revenue")
