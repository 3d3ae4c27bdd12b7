"""What is to be reached on the public instances: words and judgement come from the same numbers."""

from __future__ import annotations

import json

import pytest

from tests.benchmarks.targets import AIMS, Aim, Known, Tally, fault, known, table


def row(status="feasible", objective=None, lower_bound=None):
    return {"status": status, "objective": objective, "lower_bound": lower_bound, "seconds": 2.0}


def one(status="best known", best=100.0, *, group="tdp", units=120):
    return Known("made", group, units, status, best)


@pytest.mark.parametrize(
    ("instance", "claim", "said"),
    [
        (one(), row("infeasible"), "claims infeasible, a plan is known"),
        (one(), row("optimal", 100.1), "claims an optimum 0.100% above the best known"),
        (one(), row("feasible", 103.0, 100.1), "its bound 100.1 lies above a known plan 100"),
        (one("infeasible", None), row("feasible", 7.0), "has a plan where none was thought to exist"),
        (one(), row("optimal", 100.01, 100.01), ""),
        (one("open", None), row("infeasible"), ""),
    ],
)
def test_false_claims_are_named(instance, claim, said):
    """What contradicts the known value by more than its rounding is false, nothing else."""
    assert fault(instance, claim) == said


def test_results_are_counted():
    """Four instances: a proof with a plan, a proof that there is none, a plan 2 % off, and nothing."""
    tally = Tally.of(
        [
            (one(), row("optimal", 100.0, 100.0)),
            (one("infeasible", None), row("infeasible")),
            (one(), row("feasible", 102.0)),
            (one(), row("unknown")),
        ]
    )
    assert (tally.tried, tally.plans, tally.none, tally.proved, tally.false) == (4, 2, 1, 2, 0)
    assert (tally.bounded, tally.missed, tally.seconds) == (2, 1, 8.0)
    assert (tally.mean, tally.worst) == (pytest.approx(0.01), pytest.approx(0.02))


@pytest.mark.parametrize(
    ("members", "short"),
    [
        ([(one(), row("feasible", 99.0)), (one(), row("feasible", 100.9))], ""),
        ([(one(), row("feasible", 101.0)), (one(), row("feasible", 100.0))], "mean"),
        ([(one(), row("feasible", 90.0)), (one(), row("feasible", 101.1))], "worst"),
        ([(one(), row("feasible", 90.0)), (one(), row("unknown"))], "1 without a plan"),
        ([(one(), row("infeasible"))], "1 false, 1 without a plan"),
    ],
)
def test_an_aim_says_what_it_is_short_of(members, short):
    """A mean no worse than known, none more than 1 % above, a plan wherever one is known."""
    assert Aim("large", ("tdp",), mean=0.0, worst=0.01).short_of(Tally.of(members)) == short


def test_shares_of_proofs_and_bounds_are_asked_for():
    """Four of five proven are enough for 80 %, three are not; a bound may be asked of each."""
    proof, plan = (one(), row("optimal", 100.0, 100.0)), (one(), row("feasible", 100.0))
    aim = Aim("small", ("tdp",), proved=0.8, bounds=True)
    assert aim.words() == "proved >= 80%, bounds"
    assert aim.short_of(Tally.of([proof] * 4 + [(one(), row("feasible", 100.0, 99.0))])) == ""
    assert aim.short_of(Tally.of([proof] * 3 + [plan] * 2)) == "proved, 2 without a bound"


def test_every_instance_has_one_aim():
    """Whatever the family and size, one aim is about it."""
    groups = ("hess_county", "hess_tract", "tdp", "cpmp", "gap_a", "gap_b", "gap_c", "gap_d", "gap_e")
    for group in groups:
        for units in (60, 80, 81, 402, 403, 3037, 3038, 4461):
            assert sum(aim.about(one(group=group, units=units)) for aim in AIMS) == 1


def test_a_line_an_aim_is_printed():
    """Only aims with instances have a line; it ends in what is short."""
    lines = table([(one(group="hess_tract"), row("feasible", 105.0, 99.0))])
    assert len(lines) == 2
    assert lines[1].startswith("hess_tract ")
    assert lines[1].endswith("mean <= 0.10%, worst <= 1.00%, proved >= 50%    no: mean, worst, proved")


@pytest.mark.parametrize(
    ("name", "family", "group", "units"),
    [
        ("hess_tract_XX_free", "hess", "hess_tract", 3),
        ("cpmp_made_05", "cpmp", "cpmp", 3),
        ("gap_d0502", "gap", "gap_d", 2),
    ],
)
def test_what_is_known_is_read_from_the_file(tmp_path, name, family, group, units):
    """The group comes from the name, the size from the data."""
    content = {"family": family, "status": "best known", "best_known": 5, "x": [0, 1, 2], "cost": [[1, 2]]}
    path = tmp_path / f"{name}.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    assert known(path) == Known(name, group, units, "best known", 5)
