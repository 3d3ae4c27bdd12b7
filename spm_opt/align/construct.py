"""Construction: from shares of a relaxation, or from any assignment, to one that is whole and connected."""

from __future__ import annotations

import heapq

import numpy as np
from scipy import sparse

from spm_opt.align.model import Model
from spm_opt.align.scale import move_costs, row_scale
from spm_opt.problem import NONE, FloatArray, IntArray

STALE = 1e-9
"""How much worse an offer may have become before it has to queue again."""
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
    largest. Its other pieces are given away node by node across borders.
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
    strays: IntArray = nodes[piece[nodes] != main[territory[nodes]]]
    return strays


def _grow(  # noqa: C901  one queue, and the two ways it is fed
    model: Model, territory: IntArray, strays: IntArray, share: FloatArray
) -> IntArray:
    """Give strays away across borders, best first; return those that no neighbour may take.

    An offer is rated by what it costs beyond the node's cheapest arc, by the hard rows that it breaks as
    things stand, and by what the relaxation wants. Ratings grow stale as territories fill, so an offer is
    rated again when its turn comes.
    """
    was = territory[strays].copy()
    territory[strays] = NONE
    columns = model.rows.tocsc()
    weight = np.where(model.hard, 1.0 / row_scale(model), 0.0)
    activity = _activity(model, territory)
    cost, typical, common = model.cost.sum(axis=0), *_typical(model, weight)
    queue: list[tuple[float, int, int]] = []

    least = np.minimum.reduceat(cost, model.start[:-1])

    def rating(node: int, arc: int) -> float:
        span = slice(columns.indptr[arc], columns.indptr[arc + 1])
        r = columns.indices[span]
        now, then = activity[r], activity[r] + columns.data[span]
        broken = np.maximum(then - model.upper[r], 0) - np.maximum(now - model.upper[r], 0)
        return float((cost[arc] - least[node]) / typical + weight[r] @ broken / common - share[arc])

    def offer(node: int) -> None:
        beside = {int(territory[v]) for v in model.near[model.near_start[node] : model.near_start[node + 1]]}
        for arc in range(model.start[node], model.start[node + 1]):
            if int(model.territory[arc]) in beside:
                heapq.heappush(queue, (rating(node, arc), node, arc))

    for node in strays:
        offer(int(node))
    while queue:
        rated, node, arc = heapq.heappop(queue)
        if territory[node] != NONE:
            continue
        again = rating(node, arc)
        if again > rated + STALE:
            heapq.heappush(queue, (again, node, arc))
            continue
        territory[node] = model.territory[arc]
        span = slice(columns.indptr[arc], columns.indptr[arc + 1])
        activity[columns.indices[span]] += columns.data[span]
        for v in model.near[model.near_start[node] : model.near_start[node + 1]]:
            if territory[v] == NONE and model.geographic[v]:
                offer(int(v))
    unwanted = territory[strays] == NONE
    left: IntArray = strays[unwanted]
    territory[left] = was[unwanted]
    return left


def _activity(model: Model, territory: IntArray) -> FloatArray:
    """Row activities of the nodes that have a territory, shape ``(r,)``."""
    used = np.flatnonzero(model.territory == territory[model.node])
    return np.asarray(model.rows[:, used].sum(axis=1), dtype=np.float64).ravel()


def _typical(model: Model, weight: FloatArray) -> tuple[float, float]:
    """Say what a typical move costs in points, and how much of a hard row a typical node is."""
    spread = move_costs(model, 0)
    hard = (
        np.asarray(abs(model.rows).sum(axis=1)).ravel() / np.maximum(1, np.diff(model.rows.indptr)) * weight
    )
    return (
        float(np.median(spread[spread > 0])) if (spread > 0).any() else 1.0,
        float(np.median(hard[hard > 0])) if (hard > 0).any() else 1.0,
    )


def _join(model: Model, territory: IntArray, node: int) -> None:
    """Connect a stuck node to the rest of its territory by the shortest path that may belong to it."""
    t = int(territory[node])
    piece = pieces(model, territory)
    own = set(np.flatnonzero(model.geographic & (territory == t) & (piece != piece[node])).tolist())
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
