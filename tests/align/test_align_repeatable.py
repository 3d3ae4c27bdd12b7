"""Same input, seed and effort, same bytes: for every family of methods, on one core as on several."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from dataclasses import replace
from functools import wraps
from pathlib import Path

import numpy as np
import pytest
from made_problem import problem_of
from test_align_engine import HARD, RULES, country, without_seats

from spm_opt.align import ascent, centers, improve, settle, sharpen
from spm_opt.align.engine import align
from spm_opt.criteria import Balance, Disruption

METHODS = (
    (improve, "guided"),
    (centers, "interchange"),
    (centers, "close"),
    (centers, "alternating"),
    (settle, "improve"),
    (sharpen, "eject"),
    (sharpen, "close"),
    (sharpen, "regroup"),
)
"""What the cases have to go through, in the modules that call it."""


def accounts():
    """Sixty accounts of four sellers, without places."""
    rng = np.random.default_rng(5)
    return problem_of(
        [
            {"id": f"a{i:02}", "hours": float(rng.integers(1, 9)), "revenue": float(rng.integers(1, 9)),
             "seller": "ABCD"[rng.integers(4)]}
            for i in range(60)
        ],
        "ABCD",
    )  # fmt: skip


def cases():
    """Yield problems and rules; thresholds of size fall on the way, so that small problems go the way of large ones."""
    yield country(), [*RULES, Disruption(limit=0.7, weight=0.1)]
    for free in (1, 3):
        yield without_seats(free), RULES
        yield without_seats(free), HARD
        yield without_seats(free), HARD[:2]
    moves = [Balance(activity="hours", tolerance=0.02), Disruption(weight=1.0, of="revenue")]
    yield accounts(), moves
    improve.LARGE = 0
    yield country(), RULES
    ascent.SUITED_NODES = ascent.SUITED_ARCS = 0
    yield accounts(), moves


def digest(result):
    """Boil a result down to what must repeat: everything but the wall time."""
    seconds = replace(result, seconds=0.0, alignment=None)
    plan = result.alignment.unit_territory.tolist(), result.alignment.center.tolist()
    return hashlib.sha256(repr((seconds, plan)).encode()).hexdigest()


def solve_all(how):
    """Print what each case came to, and the methods that were used."""
    if how == "one core, no child" and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    sys.frozen = how == "one core, no child"
    used = set()

    def noted(module, name):
        method = getattr(module, name)

        @wraps(method)
        def call(*arguments, **more):
            used.add((module.__name__, name))
            return method(*arguments, **more)

        setattr(module, name, call)

    for module, name in METHODS:
        noted(module, name)
    for problem, rules in cases():
        print(digest(align(problem, rules, effort="quick", seed=11)))  # noqa: T201  read by the test
    print(len(used))  # noqa: T201  likewise


@pytest.fixture(scope="module")
def answers():
    """Run two fresh processes with two hash seeds, and read what they print."""
    here = Path(__file__).parent
    paths = os.pathsep.join(map(str, (here, here.parent, here.parents[1])))
    return [
        subprocess.run(
            [sys.executable, "-c", f"from test_align_repeatable import solve_all; solve_all({how!r})"],
            env=os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": paths},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()
        for seed, how in (("0", "all cores"), ("4242", "one core, no child"))
    ]


def test_the_same_seed_gives_the_same_bytes_in_fresh_processes(answers):
    """On all cores, and on one with the solvers in the process itself: results, bounds and work are one."""
    assert answers[0] == answers[1]


def test_every_family_of_methods_was_asked(answers):
    """Each method that is to be repeatable was used, and no two cases came to one result."""
    assert answers[0][-1] == str(len(METHODS))
    assert len(set(answers[0])) == len(answers[0])
