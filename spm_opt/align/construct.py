"""Construction: from shares of a relaxation, or from any assignment, to one that is whole and connected."""

from __future__ import annotations

import heapq

import numpy as np
from scipy import sparse

from spm_opt.align.model import Model
from spm_opt.problem import NONE, FloatArray, IntArray

ROUNDS = 8
"""Most rounds of joining stray pieces by paths; a path may cut another territory, which the next mends."""


def rounded(model: Model, share: FloatArray) -> IntArray:
    """Give each node to the territory that has most of it in the relaxation, then the cheapest; shape ``(n,)``."""
    order = np.lexsort((model.territory, model.cost.sum(axis=0), -np.round(share, 9), model.node))
    return model.territory[order[model.start[:-1]]]


def cheapest_from(model: Model, wanted: IntArray) -> IntArray:
    """Follow an assignment (shape ``(n,)``) where its pairs are eligible, and take the cheapest arc elsewhere."""
    return rounded(model, (model.territory == wanted[model.node]).astype(float))


def connected(model: Model, territory: IntArray, share: FloatArray) -> IntArray:
    """Mend an assignment until the geographic nodes of each territory hang together, where that can be.

    Of each territory the main piece stays: the one with the nodes that can go nowhere else, then the
    largest. Its other pieces are given away node by node across borders, first where the relaxation
    wants them and then where it costs least.
    """
    territory = territory.copy()
    for _ in range(ROUNDS):
        strays = _strays(model, territory)
        if not len(strays):
            break
        stuck = _grow(model, territory, strays, share)
        if not len(stuck):
            break
        for node in stuck:
            _join(model, territory, int(node))
    return territory


def pieces(model: Model, territory: IntArray) -> IntArray:
    """Label of the piece that each geographic node lies in, shape ``(n,)``; others are pieces of their own."""
    source = np.repeat(np.arange(model.n), np.diff(model.near_start))
    same = territory[source] == territory[model.near]
    graph = sparse.csr_array(
        (np.ones(same.sum()), (source[same], model.near[same])), shape=(model.n, model.n)
    )
    return np.asarray(sparse.csgraph.connected_components(graph, directed=False)[1], dtype=np.int64)


def _strays(model: Model, territory: IntArray) -> IntArray:
    """Geographic nodes outside the main piece of their territory."""
    nodes = np.flatnonzero(model.geographic)
    if not len(nodes):
        return nodes
    piece = pieces(model, territory)
    fixed = np.diff(model.start) == 1
    size = np.bincount(piece[nodes], minlength=model.n)
    bound = np.bincount(piece[nodes], weights=fixed[nodes], minlength=model.n)
    order = nodes[np.lexsort((nodes, -size[piece[nodes]], -bound[piece[nodes]], territory[nodes]))]
    first = np.unique(territory[order], return_index=True)[1]
    main = np.full(model.k, NONE, dtype=np.int64)
    main[territory[order[first]]] = piece[order[first]]
    return nodes[piece[nodes] != main[territory[nodes]]]


def _grow(model: Model, territory: IntArray, strays: IntArray, share: FloatArray) -> IntArray:
    """Give strays away across borders, cheapest first; return those that no neighbour may take."""
    was = territory[strays].copy()
    territory[strays] = NONE
    cost = model.cost.sum(axis=0)
    queue: list[tuple[float, float, int, int]] = []

    def offer(node: int) -> None:
        low, high = model.start[node], model.start[node + 1]
        least = cost[low:high].min()
        beside = {int(territory[v]) for v in model.near[model.near_start[node] : model.near_start[node + 1]]}
        for arc in range(low, high):
            if int(model.territory[arc]) in beside:
                heapq.heappush(queue, (-share[arc], cost[arc] - least, node, int(model.territory[arc])))

    for node in strays:
        offer(int(node))
    while queue:
        _, _, node, t = heapq.heappop(queue)
        if territory[node] != NONE:
            continue
        territory[node] = t
        for v in model.near[model.near_start[node] : model.near_start[node + 1]]:
            if territory[v] == NONE and model.geographic[v]:
                offer(int(v))
    left = territory[strays] == NONE
    territory[strays[left]] = was[left]
    return strays[left]


def _join(model: Model, territory: IntArray, node: int) -> None:
    """Connect a stuck node to the rest of its territory by the shortest path that may belong to it."""
    t = int(territory[node])
    own = {int(v) for v in np.flatnonzero(model.geographic & (territory == t)) if v != node}
    eligible = set(model.node[model.territory == t].tolist())
    before: dict[int, int] = {node: NONE}
    frontier = [node]
    while frontier:
        following: list[int] = []
        for u in frontier:
            for v in model.near[model.near_start[u] : model.near_start[u + 1]].tolist():
                if v in before or v not in eligible:
                    continue
                before[v] = u
                if v in own:
                    while u != node:
                        territory[u] = t
                        u = before[u]  # noqa: PLW2901  walk back along the path
                    return
                following.append(v)
        frontier = following
