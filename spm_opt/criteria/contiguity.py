"""Contiguity: one can travel inside a territory without leaving it."""

from __future__ import annotations

from typing import Literal

import networkx as nx
import numpy as np

from spm_opt.criteria.terms import Breach, Measure, Reference, Settings, Terms
from spm_opt.problem import FloatArray, IntArray, Problem


class Contiguity(Settings):
    """The geographic units of each territory hang together; accounts assigned singly are not asked to.

    The value is the number of pieces beyond one that the territories have. It is always a hard rule.
    """

    kind: Literal["contiguity"] = "contiguity"

    def title(self) -> str:
        """Name the criterion in words."""
        return "contiguity"

    def references(self) -> tuple[Reference, ...]:
        """None."""
        return ()

    def terms(self, problem: Problem) -> Terms:  # noqa: ARG002
        """Ask the engine for the structural property."""
        return Terms(contiguous=True)

    def judge(self, problem: Problem, territory: IntArray, center: FloatArray) -> Measure:  # noqa: ARG002
        """Count the pieces of every territory by a search of its own."""
        graph: nx.Graph[int] = nx.Graph()
        graph.add_nodes_from(np.flatnonzero(problem.geographic & (territory >= 0)).tolist())
        graph.add_edges_from(
            (u, v)
            for u, v in problem.edges.tolist()
            if territory[u] == territory[v] and u in graph and v in graph
        )
        pieces: list[list[set[int]]] = [[] for _ in range(problem.k)]
        for piece in nx.connected_components(graph):
            pieces[territory[next(iter(piece))]].append(piece)
        breaches = []
        for t, found in enumerate(pieces):
            if len(found) > 1:
                strays = sorted(found, key=lambda piece: (len(piece), min(piece)))[:-1]
                units = ", ".join(problem.unit_ids[min(piece)] for piece in strays[:5])
                text = f"{problem.territory_ids[t]}: in {len(found)} pieces; cut off: {units}"
                breaches.append(Breach(problem.territory_ids[t], len(found) - 1.0, text))
        count = np.array([len(found) for found in pieces], dtype=float)
        return Measure(
            title=self.title(),
            value=float(np.clip(count - 1, 0, None).sum()),
            unit="extra pieces",
            limit="every territory in one piece",
            breaches=tuple(breaches),
            local={"pieces": count},
        )
