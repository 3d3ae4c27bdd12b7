"""The vertex over few arcs against the whole linear program, and neighbourhoods against limits that rounding broke."""

import numpy as np
import pytest
from test_align_core import NO_CAPS

from spm_opt.align.ascent import climb
from spm_opt.align.construct import rounded
from spm_opt.align.core import keeps
from spm_opt.align.model import build
from spm_opt.align.regroup import regroup
from spm_opt.align.relax import Relaxation, relax
from spm_opt.align.vertex import vertex
from tests.benchmarks.without_geography import asked, named_accounts


@pytest.fixture(scope="module")
def model():
    return build(named_accounts(900, 10, 10, np.random.default_rng(5)), asked())


@pytest.fixture(scope="module")
def sharp(model):
    found = climb(model, 0, NO_CAPS)
    return vertex(model, Relaxation(found.share, -np.inf, 0.0, found.multiplier, (), 0), 0, NO_CAPS, None)


def test_a_vertex_has_the_value_of_the_whole_linear_program_and_few_fractions(model, sharp):
    """Its bound is that of the program over all arcs, its shares keep the rows, few nodes are in two places."""
    assert sharp.bound == pytest.approx(relax(model).bound, rel=2e-4)
    assert (model.violation(model.rows @ sharp.share) <= 1e-5 * np.maximum(1.0, model.upper)).all()
    split = np.unique(model.node[(sharp.share > 1e-6) & (sharp.share < 1 - 1e-6)])
    assert len(split) <= 2 * len(model.lower)


def test_neighbourhoods_mend_what_rounding_broke(model, sharp):
    """The rounded vertex breaks limits; a few neighbourhoods later it breaks less, the same twice."""
    start = rounded(model, sharp.share)
    assert not keeps(model, start, 0, NO_CAPS)
    first, second = (regrouped(model, start, sharp, 2) for _ in range(2))
    assert broken(model, first.territory) < broken(model, start)
    assert first.territory.tobytes() == second.territory.tobytes()


def test_neighbourhoods_end_with_a_plan_near_the_bound_that_holds(model, sharp):
    """In a few rounds each, every limit is kept and what is lost against the bound is small; never below it."""
    found = regrouped(model, rounded(model, sharp.share), sharp, 10 * model.k)
    assert found.holds
    assert keeps(model, found.territory, 0, NO_CAPS)
    assert found.value == pytest.approx(float(model.value(found.territory)[0]))
    assert sharp.bound - 1e-9 <= found.value <= 1.05 * sharp.bound


def regrouped(model, start, sharp, rounds):
    return regroup(model, start, sharp, rounds=rounds, seed=1, spent=lambda _: 0.0, left=lambda: None)


def broken(model, plan):
    activity = model.rows[:, model.arcs_of(plan)].sum(axis=1)
    return float((model.violation(activity) / model.upper).sum())
