"""The table of peers: its models are right, its figures true, and what is not installed does not break it."""

from __future__ import annotations

import argparse
import subprocess
import sys
from dataclasses import replace
from itertools import permutations, product
from pathlib import Path

import networkx as nx
import numpy as np
import pytest

import spm_opt
from spm_opt.criteria import Contiguity
from spm_opt.geography.distance import distance_km
from tests.benchmarks import peers
from tests.benchmarks.judged import judged, named_by_seats
from tests.benchmarks.kept import Kept
from tests.benchmarks.machine import version
from tests.benchmarks.methods import METHODS, WEIGHT
from tests.benchmarks.national import asked, criteria_asked
from tests.benchmarks.plain import by_cp_sat, by_highs, plain_model

ROOT = Path(__file__).parents[1]
TOLERANCE = 0.3
LEFT_OUT = (
    "HiGHS, with flow",
    "CP-SAT, with flow",
    "spm_opt, in pieces",
    "pymetis, by the sum",
    "spopt PMedian",
)
"""Variants of others that are run here, and what takes long to load."""


@pytest.fixture(scope="module")
def problem():
    """Nine units for three seats: small enough to look at every plan."""
    return asked(9, 3, nearest=3, seed=3, zips=None)


def best_of_all(problem, *, contiguous):
    """Find the least travel among all plans within the tolerance, by looking at each."""
    units = np.arange(problem.n)
    cost = problem.carried(WEIGHT)[:, None] * problem.arcs.travel.reshape(problem.n, problem.k)
    target = problem.activity.sum(axis=0) / problem.k
    best = np.inf
    for labels in product(range(problem.k), repeat=problem.n):
        plan = np.array(labels)
        sizes = np.stack([problem.activity[plan == t].sum(axis=0) for t in range(problem.k)])
        value = cost[units, plan].sum()
        if value < best and np.abs(sizes / target - 1).max() <= TOLERANCE:
            alone = spm_opt.Alignment.of_units(problem, plan)
            if not contiguous or spm_opt.verify(problem, [Contiguity()], alone).holds:
                best = value
    return best / problem.carried(WEIGHT).sum()


@pytest.mark.parametrize("contiguous", [False, True])
def test_plain_models_have_the_optimum_of_all_plans(problem, contiguous):
    """Both solvers prove the least of the 19,683 plans, with the flow form and without."""
    plain = plain_model(problem, weight_by=WEIGHT, tolerance=TOLERANCE, contiguous=contiguous)
    best = best_of_all(problem, contiguous=contiguous)
    for found in (by_highs(problem, plain, 20.0), by_cp_sat(problem, plain, 20.0, 1)):
        assert found.note == "optimal"
        figures = judged(problem, criteria_asked(), found.territory, weight_by=WEIGHT)
        assert figures.from_seats == pytest.approx(best, rel=1e-6)
        assert found.bound == pytest.approx(best, rel=1e-4)
        assert (figures.pieces == 0) == contiguous


def test_contiguity_costs_something_here(problem):
    """The instance tells the flow form from none."""
    assert best_of_all(problem, contiguous=True) > best_of_all(problem, contiguous=False)


def test_figures_of_a_plan_are_those_of_its_definition(problem):
    """Deviations, pieces and travel, each recomputed here from the arrays."""
    plan = np.array([0, 0, 0, 1, 1, 1, 1, 2, 2])
    figures = judged(problem, criteria_asked(), plan, weight_by=WEIGHT)
    sizes = np.stack([problem.activity[plan == t].sum(axis=0) for t in range(3)])
    off = np.abs(sizes / (problem.activity.sum(axis=0) / 3) - 1)
    assert figures.deviation == pytest.approx(tuple(off.max(axis=0)))
    assert figures.outside == (off > 0.05).any(axis=1).sum()
    graph = nx.Graph([(u, v) for u, v in problem.edges.tolist() if plan[u] == plan[v]])
    graph.add_nodes_from(range(9))
    assert figures.pieces == nx.number_connected_components(graph) - 3
    weight = problem.carried(WEIGHT)
    travel = problem.arcs.travel.reshape(9, 3)[np.arange(9), plan]
    assert figures.from_seats == pytest.approx(weight @ travel / weight.sum())
    least = sum(
        min(
            sum(
                weight[u] * float(distance_km(problem.place[u], problem.place[c], planar=False)) for u in mine
            )
            for c in mine
        )
        for mine in (np.flatnonzero(plan == t) for t in range(3))
    )
    assert figures.from_centers == pytest.approx(least / weight.sum())


def test_parts_get_the_seats_that_make_travel_least(problem):
    """Of the six ways to name three parts, none has less travel; a part too many gets no seat."""
    part = np.array([2, 2, 2, 0, 0, 0, 1, 1, 1])
    named = named_by_seats(problem, part, weight_by=WEIGHT)
    travel = problem.arcs.travel.reshape(9, 3) * problem.carried(WEIGHT)[:, None]
    values = [travel[np.arange(9), np.array(names)[part]].sum() for names in permutations(range(3))]
    assert travel[np.arange(9), named].sum() == pytest.approx(min(values))
    assert sorted(set(named_by_seats(problem, np.array([3, 3, 3, 0, 0, 0, 1, 1, 2]), weight_by=WEIGHT))) == [
        -1,
        0,
        1,
        2,
    ]


def options(**changes):
    given = vars(peers._options(["--units", "40x2", "--seconds", "2"])) | changes
    return argparse.Namespace(**given)


def test_what_is_not_installed_is_a_row_that_says_so(problem):
    """No process is started for it, and no figure is made up."""
    absent = replace(METHODS["pymetis"], package="no-such-distribution")
    row = peers._tried(options(), problem, absent)
    assert row == {"note": "no-such-distribution is not installed"}
    assert peers._line(absent, row, 1.0).split()[-5:] == [
        "-",
        "no-such-distribution",
        "is",
        "not",
        "installed",
    ]


def test_what_takes_too_long_is_a_row_that_says_so(problem, monkeypatch):
    """It is killed, and its time and memory are there."""
    monkeypatch.setattr(peers, "GRACE", 0.2)
    row = peers._tried(options(seconds=0.1), problem, METHODS["nearest seat"])
    assert row["note"].startswith("killed after ")
    assert row["megabytes"] > 0
    assert "territory" not in row


def test_rows_are_kept_and_made_again_only_when_asked(problem, monkeypatch, tmp_path):
    """The second run reads the row; other seconds or a wish make it anew; one that never ran is not kept."""
    runs = []
    monkeypatch.setattr(peers, "_tried", lambda *_: runs.append(1) or {"seconds": len(runs), "note": "done"})
    method = METHODS["nearest seat"]

    def row(**changes):
        given = options(keep=tmp_path / "rows.json", **changes)
        return peers._kept_or_tried(given, Kept.read(given.keep), problem, method)["seconds"]

    assert [row(), row(), row(seconds=9.0), row(again={method.name}), row()] == [1, 1, 2, 3, 3]
    monkeypatch.setattr(peers, "_tried", lambda *_: {"note": "not installed"})
    given = options(keep=tmp_path / "rows.json", seed=7)
    peers._kept_or_tried(given, Kept.read(given.keep), problem, method)
    assert len(Kept.read(given.keep).rows) == 2


def test_a_row_of_another_day_says_so(tmp_path):
    """The head has the day of the run; a row that is older has its own."""
    kept = Kept(tmp_path / "rows.json", {'{"method": "x"}': {"note": "done", "day": "2026-01-02"}})
    assert kept.of({"method": "x"})["note"] == "(2026-01-02) done"
    assert kept.of({"method": "y"}) is None


def test_unknown_methods_are_refused(capsys):
    """A method that is none is a usage error, with those there are."""
    with pytest.raises(SystemExit, match="2"):
        peers.main(["--only", "HiGHS; Excel"])
    assert "unknown methods: Excel; there are linear relaxation; spm_opt" in capsys.readouterr().err


@pytest.fixture(scope="module")
def table():
    """Lines of the table for forty units and two seats, by method."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.peers", "--units", "40x2", "--seconds", "5",
         "--without", "; ".join(LEFT_OUT)],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=200,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_row_a_method_is_printed(table):
    """The machine first, a head, then ours and the others, and what the columns mean."""
    lines = table.splitlines()
    assert " core" in lines[0]
    assert lines[3] == "40 units (places drawn with a seed), 2 seats, 80 pairs"
    assert lines[4].split()[:3] == ["method", "balances", "contiguous"]
    shown = [line[:20].strip() for line in lines[5 : lines.index("", 5)]]
    assert shown == [name for name in METHODS if name not in LEFT_OUT]
    assert "outside: territories with an activity more than 5 % off" in table


@pytest.mark.parametrize(
    "name", ["nearest seat", "k-means-constrained", "pymetis", "gerrychain trees", "spopt Skater"]
)
def test_methods_that_are_installed_make_plans(table, name):
    """Whoever is there has figures; who is not says so."""
    line = next(line for line in table.splitlines() if line.startswith(name.ljust(20)))
    if version(METHODS[name].package) is None:
        assert line.endswith("is not installed")
    else:
        assert line.endswith("done")
        assert line.count("%") >= 4


def test_ours_keeps_the_rules(table):
    """No territory outside, no piece too many."""
    line = next(line for line in table.splitlines() if line.startswith("spm_opt "))
    assert line.split()[11:13] == ["0", "0"]
