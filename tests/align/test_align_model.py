"""The model: criteria added up on contracted units."""

import numpy as np
import pytest
from made_grid import grid
from made_problem import problem_of
from made_random import every_plan, random_criteria, random_problem, without_removed

from spm_opt.align.model import build
from spm_opt.criteria import Balance, Capacity, Contiguity, Dispersion, Families
from spm_opt.criteria.terms import Terms


def family():
    """Make family a, b (b may not go to B) and c alone, at 1, 2 and 5 km from A and ten more from B."""
    return problem_of(
        [
            {"id": "a", "family": 0, "hours": 1.0},
            {"id": "b", "family": 0, "hours": 2.0},
            {"id": "c", "hours": 4.0},
        ],
        ("A", "B", "C"),
        places={"a": (1.0, 0.0), "b": (2.0, 0.0), "c": (5.0, 0.0)},
        seats={"A": (0.0, 0.0), "B": (-10.0, 0.0), "C": (0.0, 0.0)},
        forbidden=[("b", "B"), ("c", "C")],
    )


def test_a_family_is_one_node_with_the_pairs_its_members_share():
    """A and C are left for the family, A and B for the unit alone."""
    model = build(family(), [Families()])
    assert model.node_of_unit.tolist() == [0, 0, 1]
    assert model.start.tolist() == [0, 2, 4]
    assert model.territory.tolist() == [0, 2, 0, 1]
    assert model.node.tolist() == [0, 0, 1, 1]


def test_costs_and_rows_of_a_family_are_its_members_sums():
    """Three km together from A, of three units; three hours together in each row."""
    model = build(family(), [Families(), Dispersion(weight=3.0), Capacity(activity="hours", hard=True)])
    np.testing.assert_allclose(model.cost, [[3.0, 3.0, 5.0, 15.0]])
    assert model.rows.shape == (0, 4)  # no capacity is known
    model = build(family(), [Families(), Balance(activity="hours", tolerance=0.5)])
    np.testing.assert_allclose(model.rows.toarray(), [[3, 0, 4, 0], [0, 0, 0, 4], [0, 3, 0, 0]])


def test_without_the_criterion_families_are_free():
    """A family is contracted only where it is asked to stay together."""
    assert build(family(), []).node_of_unit.tolist() == [0, 1, 2]


class Twins(Families):
    """Asks for the last two units together, whatever their family."""

    def terms(self, problem):
        """Give the last two one label."""
        return Terms(together=np.minimum(np.arange(problem.n), problem.n - 2))


def test_labels_of_several_criteria_chain():
    """Units a and b by one criterion, b and c by another: all three are one node."""
    model = build(family(), [Families(), Twins()])
    assert model.node_of_unit.tolist() == [0, 0, 0]
    assert model.territory.tolist() == [0]


def test_rows_are_named_in_words_and_priorities_kept():
    """A row says its criterion and its territory; levels are the priorities that have an aim."""
    rules = [Balance(activity="hours", tolerance=0.5), Dispersion(weight=1.0, priority=4)]
    model = build(family(), rules)
    assert model.names == tuple(f"balance of hours: {t}" for t in "ABC")
    assert model.priorities == (4,)
    assert build(family(), []).priorities == (1,)


def test_neighbours_are_those_of_the_map():
    """The middle of a 3 x 3 grid has four neighbours, a corner two, the single account none."""
    problem = grid(3, 3, ("A", "B"), singles=[{"id": "z"}])
    model = build(problem, [Contiguity()])
    degree = dict(zip(problem.unit_ids, np.diff(model.near_start).tolist(), strict=True))
    assert (degree["u11"], degree["u00"], degree["u01"], degree["z"]) == (4, 2, 3, 0)
    assert model.geographic.tolist() == [True] * 9 + [False]
    free = build(problem, [])
    assert not free.geographic.any()
    assert len(free.near) == 0


def test_ineligible_assignments_are_refused():
    """A plan that uses a pair that is not there has no value."""
    model = build(family(), [Families()])
    with pytest.raises(ValueError, match="not eligible"):
        model.arcs_of(np.array([1, 0]))


@pytest.mark.parametrize("seed", range(6))
def test_values_and_rows_are_what_the_criteria_judge(seed):
    """For every plan that keeps families, points a priority and hard rows agree with the finished plan."""
    rng = np.random.default_rng(seed)
    criteria = random_criteria(rng)
    problem = without_removed(random_problem(rng, 5, 3, map_share=0.6), criteria)
    model = build(problem, criteria)
    first = np.unique(model.node_of_unit, return_index=True)[1]
    for plan in every_plan(problem):
        nodes = plan[first]
        if not np.array_equal(nodes[model.node_of_unit], plan):
            continue
        measures = [criterion.judge(problem, plan, problem.seat) for criterion in criteria]
        points = [
            sum(c.weight * m.value for c, m in zip(criteria, measures, strict=True) if c.priority == p)
            for p in model.priorities
        ]
        np.testing.assert_allclose(model.value(nodes), points, rtol=1e-9, atol=1e-9)
        used = np.zeros(len(model.territory))
        used[model.arcs_of(nodes)] = 1.0
        activity = model.rows @ used
        kept = (model.violation(activity) <= 1e-9 * np.maximum(1, np.abs(activity)))[model.hard].all()
        linear = ("balance", "capacity", "disruption")
        assert kept == all(m.holds for c, m in zip(criteria, measures, strict=True) if c.kind in linear)
