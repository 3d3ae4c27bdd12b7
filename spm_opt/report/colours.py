"""Colours for groups, so that neighbours can be told apart."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from spm_opt.problem import IntArray, Problem

PALETTE = ("#77aadd", "#ee8866", "#eedd88", "#44bb99", "#ffaabb", "#99ddff", "#bbcc33", "#aa88bb", "#8899aa")
"""The light scheme of Paul Tol ("Colour Schemes", SRON technical note 09-002, 2021), made for filled areas
and distinct to colour-blind readers; a violet and a slate stand for its olive and its pale grey."""
NEAREST = 5


def neighbour_pairs(problem: Problem) -> IntArray:
    """Pairs of neighbouring units, shape ``(e, 2)``: by their borders, and by nearness where they have none."""
    loose = np.flatnonzero(~problem.geographic & np.isfinite(problem.place).all(axis=1))
    if len(problem.edges) or len(loose) < 2:  # noqa: PLR2004
        return problem.edges
    near = min(NEAREST, len(loose) - 1)
    _, found = cKDTree(problem.place[loose]).query(problem.place[loose], k=near + 1)
    pairs = np.column_stack([np.repeat(loose, near + 1), loose[found].ravel()])
    return np.asarray(pairs[pairs[:, 0] != pairs[:, 1]], dtype=np.int64)


def spread_colours(groups: list[IntArray], pairs: IntArray, count: int) -> list[int]:
    """Choose a colour for each of ``count`` groups, different where two of them touch.

    Parameters
    ----------
    groups
        Group of each unit or ``NONE``, shape ``(n,)``; one entry an alignment that will be drawn.
    pairs
        Neighbouring units, shape ``(e, 2)``.
    count
        Number of groups.

    Returns
    -------
    Index into :data:`PALETTE` of each group: greedily, the group with most neighbours first, each time the
    colour least seen around it and then least used.
    """
    touching: list[set[int]] = [set() for _ in range(count)]
    for group in groups:
        a, b = group[pairs[:, 0]], group[pairs[:, 1]]
        apart = (a != b) & (a >= 0) & (b >= 0)
        for i, j in zip(a[apart].tolist(), b[apart].tolist(), strict=True):
            touching[i].add(j)
            touching[j].add(i)
    chosen = [-1] * count
    used = [0] * len(PALETTE)
    for one in sorted(range(count), key=lambda i: (-len(touching[i]), i)):
        around = [chosen[other] for other in touching[one] if chosen[other] >= 0]
        chosen[one] = min(range(len(PALETTE)), key=lambda c: (around.count(c), used[c], c))
        used[chosen[one]] += 1
    return chosen
