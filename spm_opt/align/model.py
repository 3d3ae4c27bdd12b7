"""The model that all methods share: criteria added up on the arcs of contracted units.

Binary ``x[a]`` says whether arc ``a`` (a node going to a territory) is used. A node is a unit, or all the
units that move together. With levels ``l`` of priority, prices ``p`` and violations ``v``::

    least   sum_a cost[l, a] x[a] + sum_r p[r] v[r] + constant[l]        level after level
    such that   sum of x over the arcs of a node = 1
                lower <= rows @ x <= upper                               (v[r] outside, where priced)
                geographic nodes of a territory are connected            (where asked)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.spatial import cKDTree

from spm_opt.criteria.terms import Criterion, Rows, Terms
from spm_opt.geography.locate import unit_sphere
from spm_opt.problem import BoolArray, FloatArray, IntArray, Problem

NEAREST = 12
"""How many of the nearest nodes the local search looks at."""


@dataclass(frozen=True, eq=False)
class Model:
    """Arrays of the model; ``n`` nodes, ``k`` territories, ``a`` arcs, ``r`` rows, ``l`` levels.

    Attributes
    ----------
    node_of_unit
        Node of each unit of the problem, shape ``(units,)``.
    k
        Number of territories.
    start, territory
        Arcs of each node, as in ``Arcs``.
    cost, constant
        Points of each arc at each level, shape ``(l, a)``, and of the level itself, shape ``(l,)``.
    rows, lower, upper
        Limits, shape ``(r, a)`` and ``(r,)``.
    price, level
        Points for a unit of violation, ``inf`` for a hard row, and the level they count in; shape ``(r,)``.
    names
        What each row says, in words.
    priorities
        The planner's priority of each level.
    geographic
        Nodes that must be connected within their territory, shape ``(n,)``; all false where contiguity is
        not asked.
    near_start, near
        Neighbours of each node among geographic ones, in compressed form.
    look_start, look
        Nodes whose territories a node may be moved to by the local search, in compressed form: its
        neighbours, or the nearest nodes where contiguity is not asked of it; none for a node without a place.
    """

    node_of_unit: IntArray
    k: int
    start: IntArray
    territory: IntArray
    cost: FloatArray
    constant: FloatArray
    rows: sparse.csr_array
    lower: FloatArray
    upper: FloatArray
    price: FloatArray
    level: IntArray
    names: tuple[str, ...]
    priorities: tuple[int, ...]
    geographic: BoolArray
    near_start: IntArray
    near: IntArray
    look_start: IntArray
    look: IntArray

    @property
    def n(self) -> int:
        """Number of nodes."""
        return len(self.start) - 1

    @property
    def node(self) -> IntArray:
        """Node of each arc, shape ``(a,)``."""
        return np.repeat(np.arange(self.n, dtype=np.int64), np.diff(self.start))

    @property
    def hard(self) -> BoolArray:
        """Which rows must hold, shape ``(r,)``."""
        return np.isinf(self.price)

    def arcs_of(self, territory: IntArray) -> IntArray:
        """Arc that each node uses in an assignment of nodes (shape ``(n,)``); every pair must be eligible."""
        hit = self.territory == territory[self.node]
        arcs = np.flatnonzero(hit)
        if len(arcs) != self.n:
            raise ValueError("an assignment uses pairs that are not eligible")
        return arcs

    def violation(self, activity: FloatArray) -> FloatArray:
        """How far row activities (shape ``(r,)``) lie outside their limits."""
        return np.maximum(0.0, np.maximum(self.lower - activity, activity - self.upper))

    def value(self, territory: IntArray) -> FloatArray:
        """Points of an assignment of nodes at each level, hard rows not counted; shape ``(l,)``."""
        arcs = self.arcs_of(territory)
        used = np.zeros(self.rows.shape[1])
        used[arcs] = 1.0
        beyond = self.violation(self.rows @ used)
        points = np.where(self.hard, 0.0, self.price) * beyond
        priced = np.bincount(self.level, weights=points, minlength=len(self.constant))
        return np.asarray(self.cost[:, arcs].sum(axis=1) + self.constant + priced)


def build(problem: Problem, criteria: Sequence[Criterion]) -> Model:
    """Add up what the criteria say, and contract the units that move together."""
    terms = [(criterion, criterion.terms(problem)) for criterion in criteria]
    priorities = tuple(sorted({c.priority for c in criteria if c.weight})) or (1,)
    node_of_unit = _contracted(problem.n, [t.together for _, t in terms if t.together is not None])
    start, territory, gather = _contracted_arcs(problem, node_of_unit)
    cost, constant = _costs(terms, priorities, len(problem.arcs.territory))
    rows, lower, upper, price, level, names = _rows(terms, priorities, len(problem.arcs.territory))
    contiguous = any(t.contiguous for _, t in terms)
    geographic, near_start, near = neighbours(problem, node_of_unit, len(start) - 1, contiguous=contiguous)
    look_start, look = _lookout(problem, node_of_unit, geographic, near_start, near)
    return Model(
        node_of_unit=node_of_unit,
        k=problem.k,
        start=start,
        territory=territory,
        cost=np.ascontiguousarray(cost @ gather),
        constant=constant,
        rows=sparse.csr_array(rows @ gather),
        lower=lower,
        upper=upper,
        price=price,
        level=level,
        names=names,
        priorities=priorities,
        geographic=geographic,
        near_start=near_start,
        near=near,
        look_start=look_start,
        look=look,
    )


def _contracted(units: int, labels: list[IntArray]) -> IntArray:
    """Node of each unit; units that share a label of any kind share a node, numbered by first member."""
    links = sparse.csr_array((units, units), dtype=np.int64)
    for label in labels:
        first: IntArray = np.unique(label, return_index=True)[1].astype(np.int64)
        leader = first[np.unique(label, return_inverse=True)[1]]
        links = links + sparse.csr_array(
            (np.ones(units, dtype=np.int64), (np.arange(units), leader)), shape=links.shape
        )
    if not labels:
        return np.arange(units, dtype=np.int64)
    component = sparse.csgraph.connected_components(links, directed=False)[1]
    order = np.argsort(np.unique(component, return_index=True)[1])
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return rank[component].astype(np.int64)


def _contracted_arcs(problem: Problem, node_of_unit: IntArray) -> tuple[IntArray, IntArray, sparse.csr_array]:
    """Arcs that every member of a node has, and the matrix that adds the members' arcs up."""
    arcs, k = problem.arcs, problem.k
    nodes = int(node_of_unit.max(initial=-1)) + 1
    key = node_of_unit[arcs.unit] * k + arcs.territory
    pair, place, count = np.unique(key, return_inverse=True, return_counts=True)
    members = np.bincount(node_of_unit, minlength=nodes)
    whole = count == members[pair // k]
    number = np.cumsum(whole) - 1
    keep = whole[place]
    gather = sparse.csr_array(
        (np.ones(keep.sum()), (np.flatnonzero(keep), number[place[keep]])), shape=(len(key), int(whole.sum()))
    )
    pair = pair[whole]
    start = np.concatenate(([0], np.cumsum(np.bincount(pair // k, minlength=nodes)))).astype(np.int64)
    return start, (pair % k).astype(np.int64), gather


def _costs(
    terms: list[tuple[Criterion, Terms]], priorities: tuple[int, ...], arcs: int
) -> tuple[FloatArray, FloatArray]:
    cost, constant = np.zeros((len(priorities), arcs)), np.zeros(len(priorities))
    for criterion, term in terms:
        if criterion.weight:
            at = priorities.index(criterion.priority)
            constant[at] += criterion.weight * term.constant
            if term.cost is not None:
                cost[at] += criterion.weight * term.cost
    return cost, constant


def _rows(
    terms: list[tuple[Criterion, Terms]], priorities: tuple[int, ...], arcs: int
) -> tuple[sparse.csr_array, FloatArray, FloatArray, FloatArray, IntArray, tuple[str, ...]]:
    """Stack the rows of all criteria; a priced row counts only where its criterion has a weight."""
    found: list[tuple[Criterion, Rows]] = [(c, r) for c, term in terms for r in term.rows]
    found = [(c, r) for c, r in found if np.isinf(r.price) or c.weight]
    blocks: list[sparse.csr_array] = [sparse.csr_array((0, arcs)), *(r.matrix for _, r in found)]
    sizes = [len(r.labels) for _, r in found]
    return (
        sparse.csr_array(sparse.vstack(blocks)),
        np.concatenate([np.zeros(0), *(r.lower for _, r in found)]),
        np.concatenate([np.zeros(0), *(r.upper for _, r in found)]),
        np.repeat([r.price * (c.weight or 1.0) for c, r in found], sizes).astype(float),
        np.repeat([priorities.index(c.priority) if c.weight else 0 for c, _ in found], sizes).astype(
            np.int64
        ),
        tuple(f"{c.title()}: {label}" for c, r in found for label in r.labels),
    )


def neighbours(
    problem: Problem, node_of_unit: IntArray, nodes: int, *, contiguous: bool
) -> tuple[BoolArray, IntArray, IntArray]:
    """Find the geographic nodes and their neighbours in compressed form; none where contiguity is not asked."""
    geographic = np.zeros(nodes, dtype=bool)
    if not contiguous:
        return geographic, np.zeros(nodes + 1, dtype=np.int64), np.zeros(0, dtype=np.int64)
    geographic[node_of_unit[problem.geographic]] = True
    both = problem.geographic[problem.edges].all(axis=1)
    ends = node_of_unit[problem.edges[both]]
    ends = ends[ends[:, 0] != ends[:, 1]]
    graph = sparse.csr_array(
        (np.ones(2 * len(ends)), (ends.ravel(order="F"), ends[:, ::-1].ravel(order="F"))),
        shape=(nodes, nodes),
    )
    graph.sum_duplicates()
    return geographic, graph.indptr.astype(np.int64), graph.indices.astype(np.int64)


def _lookout(
    problem: Problem, node_of_unit: IntArray, geographic: BoolArray, near_start: IntArray, near: IntArray
) -> tuple[IntArray, IntArray]:
    """Neighbours of geographic nodes, and the nearest nodes of the others that have a place."""
    first = np.unique(node_of_unit, return_index=True)[1]
    place = problem.place[first]
    placed = np.flatnonzero(~np.isnan(place).any(axis=1))
    single = placed[~geographic[placed]]
    count = np.diff(near_start)
    if len(single) and len(placed) > NEAREST:
        point = place if problem.planar else unit_sphere(place)
        _, found = cKDTree(point[placed]).query(point[single], k=NEAREST + 1)
        count[single] = NEAREST
    start = np.concatenate(([0], np.cumsum(count))).astype(np.int64)
    look = np.zeros(start[-1], dtype=np.int64)
    source = np.repeat(np.arange(len(first)), np.diff(near_start))
    look[start[source] + np.arange(len(near)) - near_start[source]] = near
    if len(single) and len(placed) > NEAREST:
        others = placed[found]
        # the node itself comes first, unless others share its place
        own = others == single[:, None]
        own[~own.any(axis=1), -1] = True
        look[start[single][:, None] + np.arange(NEAREST)] = others[~own].reshape(-1, NEAREST)
    return start, look
