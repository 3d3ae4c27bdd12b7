"""Separators: what they forbid, and what they do not."""

import numpy as np
import pytest
from made_grid import by_place, grid
from made_random import every_plan, in_pieces, random_problem, without_removed

from spm_opt.align.cuts import cut_arcs, separators
from spm_opt.align.model import build
from spm_opt.criteria import Contiguity


def forbids(model, cut, territory):
    """Whether a plan breaks one of a cut's inequalities."""
    used = np.zeros(len(model.territory))
    used[model.arcs_of(territory)] = 1.0
    return any(
        used[first] + used[second] - used[between].sum() > 1
        for _, first, second, between in cut_arcs(model, cut)
    )


def test_the_cut_of_a_split_row():
    """In a row of three, ends of A around a middle of B need the middle, for either seller."""
    problem = grid(3, 1, ("A", "B"))
    model = build(problem, [Contiguity()])
    (cut,) = separators(model, np.array([0, 1, 0]))
    assert {cut.first, cut.second} == {0, 2}
    assert cut.between == (1,)
    assert [t for t, *_ in cut_arcs(model, cut)] == [0, 1]


def test_between_are_only_nodes_on_the_way():
    """A corner of a 3 x 3 grid is cut off by its two neighbours, and by no cell behind it."""
    problem = grid(3, 3, ("A", "B"))
    model = build(problem, [Contiguity()])
    corner = by_place(problem, lambda x, y: "A" if (x, y) in {(0, 0), (2, 2), (2, 1)} else "B")
    (cut,) = separators(model, corner)
    assert {problem.unit_ids[v] for v in cut.between} == {"u01", "u10"}
    row = build(grid(5, 1, ("A", "B", "C")), [Contiguity()])
    (cut,) = separators(row, np.array([1, 0, 2, 0, 0]))
    assert cut.between == (2,)  # and not the end behind the stray cell


@pytest.mark.parametrize("seed", range(8))
def test_cuts_forbid_the_torn_plan_and_no_connected_one(seed):
    """Over all plans of random maps: a torn plan has cuts, each forbids it, none forbids a connected plan."""
    problem = without_removed(random_problem(np.random.default_rng(seed), 6, 2, map_share=0.9), [])
    model = build(problem, [Contiguity()])
    plans = list(every_plan(problem))
    torn = [plan for plan in plans if in_pieces(problem, plan)]
    whole = [plan for plan in plans if not in_pieces(problem, plan)]
    cuts = {}
    for plan in torn:
        found = separators(model, plan)
        assert found
        assert all(forbids(model, cut, plan) for cut in found)
        cuts |= {(cut.first, cut.second, cut.between): cut for cut in found}
    assert all(separators(model, plan) == [] for plan in whole)
    assert not any(forbids(model, cut, plan) for cut in cuts.values() for plan in whole)
