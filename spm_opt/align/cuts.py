"""Contiguity by cuts on demand.

A plan whose territory ``t`` is in pieces is answered by a separator: two of its nodes ``i`` and ``j`` in
different pieces can both belong to ``t`` only with one of the nodes ``S`` between them::

    x[i, t] + x[j, t] - sum over s in S of x[s, t] <= 1

The same holds for every other territory (Validi, Buchanan and Lykhovyd, Operations Research 2022).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from spm_opt.align.construct import pieces
from spm_opt.align.model import Model
from spm_opt.problem import IntArray

ROUNDS = 400
"""Most rounds of cuts that a method takes."""


class Neighbours(Protocol):
    """What has neighbours in compressed form: a model, or the matrix form of chosen centers."""

    @property
    def near_start(self) -> IntArray:
        """Where each node's neighbours begin, shape ``(n + 1,)``."""

    @property
    def near(self) -> IntArray:
        """The neighbours."""


@dataclass(frozen=True, eq=False)
class Cut:
    """A separator: ``first`` and ``second`` share a territory only with one of ``between``."""

    first: int
    second: int
    between: tuple[int, ...]


def torn(model: Model, territory: IntArray) -> int:
    """Count the pieces of geographic nodes beyond one for each territory that has any."""
    nodes = np.flatnonzero(model.geographic)
    if not len(nodes):
        return 0
    found = len(np.unique(pieces(model, territory)[nodes]))
    return found - len(np.unique(territory[nodes]))


def separators(model: Model, territory: IntArray) -> list[Cut]:
    """Cuts that forbid every stray piece of an assignment (shape ``(n,)``); none where it is connected."""
    piece = pieces(model, territory)
    cuts = []
    for t in range(model.k):
        nodes = np.flatnonzero(model.geographic & (territory == t))
        labels, first, size = np.unique(piece[nodes], return_index=True, return_counts=True)
        if len(labels) < 2:  # noqa: PLR2004  one piece
            continue
        main = int(np.argmax(size))
        for at in range(len(labels)):
            if at != main:
                stray = set(nodes[piece[nodes] == labels[at]].tolist())
                second = int(nodes[first[main]])
                cuts.append(Cut(int(nodes[first[at]]), second, tuple(sorted(gate(model, stray, second)))))
    return cuts


def gate(graph: Neighbours, stray: set[int], second: int) -> set[int]:
    """Find the nodes around a stray piece through which every way to ``second`` leads."""
    around = {v for u in stray for v in near_of(graph, u)} - stray
    met: set[int] = set()
    stack, seen = [second], {second}
    while stack:
        for v in near_of(graph, stack.pop()):
            if v in around:
                met.add(v)
            elif v not in seen and v not in stray:
                seen.add(v)
                stack.append(v)
    return met


def near_of(graph: Neighbours, node: int) -> list[int]:
    """List the neighbours of a node."""
    found: list[int] = graph.near[graph.near_start[node] : graph.near_start[node + 1]].tolist()
    return found


def cut_arcs(model: Model, cut: Cut) -> list[tuple[int, int, int, list[int]]]:
    """Every territory that a cut speaks of: its index, the two arcs, and the arcs between."""
    arc = {
        (u, int(model.territory[a])): a
        for u in (cut.first, cut.second, *cut.between)
        for a in range(model.start[u], model.start[u + 1])
    }
    return [
        (t, arc[cut.first, t], arc[cut.second, t], [arc[v, t] for v in cut.between if (v, t) in arc])
        for t in range(model.k)
        if (cut.first, t) in arc and (cut.second, t) in arc
    ]
