"""Neighbouring groups differ in colour."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from made_run import board_run

from spm_opt.report.colours import PALETTE, neighbour_pairs, spread_colours


def test_a_chain_of_three_needs_two_colours_at_least():
    """Groups 0-1-2 in a row: neighbours differ."""
    chosen = spread_colours([np.array([0, 1, 2])], np.array([[0, 1], [1, 2]]), 3)
    assert chosen[0] != chosen[1] != chosen[2]


@settings(max_examples=40, derandomize=True, deadline=None)
@given(st.lists(st.integers(-1, 7), min_size=36, max_size=36))
def test_groups_that_touch_on_a_board_differ(holder):
    """Any eight groups on a 6 by 6 board: fewer groups than colours, so all neighbours differ."""
    index = np.arange(36).reshape(6, 6)
    pairs = np.concatenate(
        [
            np.column_stack([index[:, :-1].ravel(), index[:, 1:].ravel()]),
            np.column_stack([index[:-1].ravel(), index[1:].ravel()]),
        ]
    )
    group = np.array(holder)
    chosen = np.array(spread_colours([group], pairs, 8))
    a, b = group[pairs[:, 0]], group[pairs[:, 1]]
    apart = (a != b) & (a >= 0) & (b >= 0)
    assert (chosen[a[apart]] != chosen[b[apart]]).all()
    assert chosen.max() < len(PALETTE)


def test_points_without_borders_are_neighbours_by_nearness():
    """Accounts with places and no polygons still give pairs, and none with itself."""
    pairs = neighbour_pairs(board_run(kind="points").problem)
    assert len(pairs) >= 36
    assert (pairs[:, 0] != pairs[:, 1]).all()
    assert len(neighbour_pairs(board_run(kind="nothing").problem)) == 0
