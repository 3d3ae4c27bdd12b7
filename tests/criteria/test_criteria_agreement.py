"""Every criterion says the same to the model and of a finished plan."""

from dataclasses import replace

import numpy as np
import pytest
from made_random import every_plan, in_pieces, random_problem, with_arcs_in_groups

from spm_opt.criteria import (
    REGISTRY,
    Apart,
    Balance,
    Capacity,
    Contiguity,
    Dispersion,
    Disruption,
    Families,
    Limits,
    Pairs,
    Reach,
    Segments,
    Skills,
)

CASES = {
    "apart": (Apart(apart=(("a00", "a01"),)), Apart(apart=(("u0", "u1", "u2"), ("a00", "u2")))),
    "balance": (
        Balance(activity="hours", tolerance=0.3, weight=1.0),
        Balance(activity="revenue", weight=2.0),
        Balance(activity="hours", tolerance=0.5, weight=1.0, within="region"),
        Balance(activity="hours", tolerance=0.5, weight=1.0, target="capacity"),
    ),
    "capacity": (
        Capacity(activity="hours", weight=1.0),
        Capacity(activity="hours", overload=0.2, weight=1.0),
        Capacity(activity="revenue", hard=False, weight=1.0),
    ),
    "contiguity": (Contiguity(),),
    "dispersion": (
        Dispersion(weight=1.0),
        Dispersion(weight=1.0, weight_by="hours", power=2),
        Dispersion(weight=1.0, weight_by="revenue", power=0.5),
    ),
    "disruption": (Disruption(weight=1.0, limit=0.5), Disruption(weight=1.0, of="revenue", limit=0.0)),
    "families": (Families(),),
    "limits": (
        Limits(activity="hours", lower=4, upper=12, weight=1.0),
        Limits(activity="hours", lower=5, upper=9, hard=False, weight=1.0),
        Limits(activity="revenue", upper=0, hard=False, weight=2.0),
        Limits(activity="revenue", lower=6),
    ),
    "pairs": (
        Pairs(),
        Pairs(locked=False, prescribed=(("a00", "t1"),), forbidden=(("u1", "t0"), ("a01", "t1"))),
    ),
    "reach": (Reach(limit=5.0), Reach(limit=2.5)),
    "segments": (
        Segments(segment="clinic", lower=1),
        Segments(segment="clinic", upper=2),
        Segments(segment="lab", lower=1, upper=3),
    ),
    "skills": (Skills(),),
}
SIZES = ((3, 3, 1.0), (5, 3, 0.6), (6, 2, 0.5), (5, 2, 1.0), (4, 3, 0.0))


def test_every_criterion_has_a_case():
    """A criterion that joins the registry must join the cases here."""
    assert set(CASES) == {criterion.model_fields["kind"].default for criterion in REGISTRY}


def in_model(terms, problem, plan):
    """Work out what the model makes of a plan by a criterion's terms: whether it holds, and its value."""
    used = np.flatnonzero(problem.arcs.territory == plan[problem.arcs.unit])
    x = np.zeros(len(problem.arcs.territory))
    x[used] = 1.0
    value = terms.constant + (0.0 if terms.cost is None else terms.cost @ x)
    holds = not (terms.contiguous and in_pieces(problem, plan))
    if terms.together is not None:
        holds &= all(len(set(plan[terms.together == label])) == 1 for label in set(terms.together))
    for rows in terms.rows:
        activity = rows.matrix @ x
        beyond = np.maximum(0, np.maximum(rows.lower - activity, activity - rows.upper))
        if np.isinf(rows.price):
            holds &= bool((beyond <= 1e-9 * np.maximum(1.0, np.abs(activity))).all())
        else:
            value += rows.price * beyond.sum()
    return holds, value


@pytest.mark.parametrize("criterion", [case for cases in CASES.values() for case in cases], ids=repr)
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_model_form_and_plan_form_agree_on_every_plan(criterion, size):
    """Over all plans of a tiny instance, both forms hold for the same ones and give the same value."""
    units, territories, map_share = size
    problem = random_problem(np.random.default_rng(sum(size[:2])), units, territories, map_share=map_share)
    if getattr(criterion, "within", None):
        problem = with_arcs_in_groups(problem, criterion.within)
    if getattr(criterion, "target", None) == "capacity":
        problem = replace(problem, capacity=np.arange(problem.k, dtype=float))
    gone = criterion.removed(problem)
    gone = np.zeros(len(problem.arcs.territory), dtype=bool) if gone is None else gone
    left = problem.with_arcs(problem.arcs.keep(~gone))
    terms = criterion.terms(left)
    is_aim = terms.cost is not None or any(np.isfinite(rows.price) for rows in terms.rows)
    for plan in every_plan(problem):
        measure = criterion.judge(problem, plan, problem.seat)
        if gone[problem.arcs.territory == plan[problem.arcs.unit]].any():
            assert not measure.holds
            continue
        holds, value = in_model(terms, left, plan)
        assert holds == measure.holds
        if is_aim or holds:
            assert value == pytest.approx(measure.value, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("criterion", [case for cases in CASES.values() for case in cases], ids=repr)
def test_measures_are_complete(criterion):
    """Every measure has a title, a unit and local columns of one value a territory; rules have their words."""
    problem = random_problem(np.random.default_rng(3), 5, 3, map_share=0.6)
    problem = replace(problem, capacity=np.array([9.0, 20.0, 30.0]))
    plan = np.zeros(5, dtype=np.int64)
    measure = criterion.judge(problem, plan, problem.seat)
    assert measure.title == criterion.title()
    assert measure.unit
    assert np.isfinite(measure.value)
    assert all(column.shape == (3,) for column in measure.local.values())
    assert measure.holds or measure.limit
    subjects = {"all", *problem.unit_ids, *problem.territory_ids}
    assert all(breach.amount > 0 and breach.subject in subjects for breach in measure.breaches)
