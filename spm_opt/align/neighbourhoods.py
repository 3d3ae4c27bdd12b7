"""A connected plan mended and improved by branch and bound over a few adjoining territories at a time.

Nodes near the borders between them may cross, all else stays (large neighbourhood search: Shaw 1998). What comes
back torn is answered by cuts, as in ``cuts``. First comes the territory that loses most against the bound: by what
its nodes pay above their cheapest arcs, by room in rows that are worth something, and by what is broken. One that
was tried in vain counts for less, and is looked at together with more others.

A row over much of the plan is worth what its multiplier says: a few territories that leave room in it, for less
than that, make others better.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from scipy import sparse

from spm_opt.align.construct import pieces
from spm_opt.align.cuts import gate, near_of, torn
from spm_opt.align.isolated import isolated
from spm_opt.align.losses import Losses
from spm_opt.align.model import Model
from spm_opt.align.regroup import AT_ONCE, elastic_price
from spm_opt.align.relax import Relaxation
from spm_opt.align.scale import row_scale
from spm_opt.align.second import branch_and_bound
from spm_opt.criteria.terms import HOLDS_WITHIN
from spm_opt.problem import BoolArray, FloatArray, IntArray


@dataclass(frozen=True)
class Reach:
    """How widely a territory is looked at.

    Attributes
    ----------
    others
        Territories beside it that take part.
    steps
        How far from a territory a node may lie that goes there.
    arcs
        Arcs beside the plan's, in all: those that cost least.
    """

    others: int
    steps: int
    arcs: int


REACHES = (Reach(1, 3, 120), Reach(2, 3, 160), Reach(2, 3, 200), Reach(3, 2, 250))
"""How widely a territory is looked at, the more often it was tried in vain."""
PRICE, WIDE = 30.0, 4
"""What breaking a hard row costs, in its multiplier; territories from which on a row is one over much of the plan."""
NODES = 12
"""Branch-and-bound nodes of a neighbourhood, those after cuts were added among them."""
CLOSE, SLIGHT, SECONDS = 1e-3, 1e-9, 2.0
"""Relative gap of a neighbourhood that is good enough, a gain that is none, and seconds where time is limited."""
IDLE, EACH = 12, 2
"""Tries without a gain, and more for each territory, after which the plan is left."""


@dataclass(frozen=True, eq=False)
class Asked:
    """What is asked about a few territories.

    Attributes
    ----------
    middle
        The territory that it is about.
    nodes, arcs
        Nodes and arcs of the whole that take part, in the order of the program.
    program
        The model of these; what the others use of the rows is taken off, and what is broken is priced.
    root
        A node of the program that stays in each territory, shape ``(k,)``; -1 where none is sure to.
    cutoff
        Points that a plan must have fewer than.
    """

    middle: int
    nodes: IntArray
    arcs: IntArray
    program: Model
    root: IntArray
    cutoff: float


@dataclass(frozen=True, eq=False)
class Reached:
    """The plan of nodes, shape ``(n,)``, how many neighbourhoods were solved, and whether nothing cut them short."""

    territory: IntArray
    solved: int
    complete: bool


def reach_out(
    model: Model,
    start: IntArray,
    relaxed: Relaxation,
    *,
    most: int,
    seed: int,
    going: Callable[[float, float], bool],
    left: Callable[[], float | None],
) -> Reached:
    """Mend and improve a connected plan, a few territories at a time.

    Parameters
    ----------
    model
        A model of one level.
    start
        A plan whose territories hang together, shape ``(n,)``; it may break hard rows.
    relaxed
        The relaxation of the model.
    most
        Neighbourhoods to solve at most.
    seed
        Seed of the draws.
    going
        Given points and violation, says whether to go on.
    left
        Seconds that are left, or ``None``.
    """
    run = _Run(model, start, relaxed, seed)
    done, on = 0, True
    with ThreadPoolExecutor(AT_ONCE) as pool:
        while on and done < most and run.failed < IDLE + EACH * model.k:
            asked, rest = run.asked(), left()
            seconds = None if rest is None else min(SECONDS, rest)
            running = [pool.submit(copy_context().run, _isolated, each, seconds) for each in asked]
            for each, used in zip(asked, [one.result() for one in running], strict=True):
                if used is not None:
                    run.take(each, used)
            done += len(asked)
            on = going(run.least[1], run.least[0])
    return Reached(run.best, done, on)


def _isolated(asked: Asked, seconds: float | None) -> IntArray | None:
    return isolated(partial(solve, asked, seconds), what="branch and bound", failing=None, within=seconds)


def solve(asked: Asked, seconds: float | None = None) -> IntArray | None:
    """Find the arcs that a better and connected plan uses, each by its place in ``arcs``; ``None`` where none is found."""
    program, left = asked.program, NODES
    program = _with_cuts(program, _first_cuts(program, asked.root))
    while left > 0:
        answer = branch_and_bound(
            program,
            0,
            np.zeros(0),
            nodes=left,
            seconds=seconds,
            cutoff=asked.cutoff,
            gap=CLOSE,
            smaller=False,
        )
        if answer.x is None:
            return None
        used = np.flatnonzero(answer.x[: len(program.territory)] > 0.5)  # noqa: PLR2004  a binary that is one
        if len(used) != program.n:
            return None
        cuts = _missed(program, program.territory[used], asked.root)
        if not cuts:
            return used
        program, left = _with_cuts(program, cuts), left - max(1, int(answer.mip_node_count))
    return None


@dataclass(frozen=True, eq=False)
class _Within:
    """In territory ``t`` are ``first`` and ``second`` only with one of ``between``."""

    t: int
    first: int
    second: int
    between: frozenset[int]


def _first_cuts(program: Model, root: IntArray) -> list[_Within]:
    """Say of every node that may come to a root's territory that it needs a neighbour there."""
    cuts = []
    for arc in np.flatnonzero(program.geographic[program.node]).tolist():
        node, t = int(program.node[arc]), int(program.territory[arc])
        second, around = int(root[t]), frozenset(near_of(program, node))
        if second >= 0 and second != node and second not in around:
            cuts.append(_Within(t, node, second, around))
    return cuts


def _missed(program: Model, plan: IntArray, root: IntArray) -> list[_Within]:
    """Find what a plan of the program misses: every node of a stray piece needs a way to the others."""
    piece = pieces(program, plan)
    cuts = []
    for t in np.unique(plan[program.geographic]).tolist():
        nodes = np.flatnonzero(program.geographic & (plan == t))
        labels, first, size = np.unique(piece[nodes], return_index=True, return_counts=True)
        second = int(root[t]) if root[t] >= 0 else int(nodes[first[np.argmax(size)]])
        for label in labels[labels != piece[second]]:
            stray = nodes[piece[nodes] == label].tolist()
            between = frozenset(gate(program, set(stray), second))
            cuts += [_Within(t, node, second, between) for node in stray]
    return cuts


def _with_cuts(program: Model, cuts: list[_Within]) -> Model:
    """Add cuts as rows; a pair that is no arc is in none."""
    if not cuts:
        return program
    count = [2 + len(cut.between) for cut in cuts]
    row = np.repeat(np.arange(len(cuts)), count)
    node = np.array([node for cut in cuts for node in (cut.first, cut.second, *sorted(cut.between))])
    sign = np.array([sign for size in count for sign in (1.0, 1.0, *[-1.0] * (size - 2))])
    wanted = node * program.k + np.repeat([cut.t for cut in cuts], count)
    pair = program.node * program.k + program.territory
    arc = np.minimum(np.searchsorted(pair, wanted), len(pair) - 1)
    there = pair[arc] == wanted
    rows = sparse.csr_array((sign[there], (row[there], arc[there])), shape=(len(cuts), len(pair)))
    return replace(
        program,
        rows=sparse.csr_array(sparse.vstack([program.rows, rows])),
        lower=np.concatenate((program.lower, np.full(len(cuts), -np.inf))),
        upper=np.concatenate((program.upper, np.ones(len(cuts)))),
        price=np.concatenate((program.price, np.full(len(cuts), np.inf))),
        level=np.concatenate((program.level, np.zeros(len(cuts), dtype=np.int64))),
    )


class _Run:
    """The plan at present, what it breaks and loses, and the best plan so far."""

    def __init__(self, model: Model, start: IntArray, relaxed: Relaxation, seed: int) -> None:
        self.model, self.rng = model, np.random.default_rng(seed)
        self.losses = Losses.against(model, relaxed)
        self.dearer, self.touches = self.losses.dearer, self.losses.touches
        self.node, self.columns = model.node, model.rows.tocsc()
        self.price, self.scale = elastic_price(model, relaxed.multiplier, PRICE), row_scale(model)
        wide = model.hard & (self.touches.sum(axis=1) > WIDE)
        self.cost = model.cost[0] - np.where(wide, relaxed.multiplier, 0.0) @ model.rows
        self.source = np.repeat(np.arange(model.n), np.diff(model.near_start))
        self.tries, self.failed = np.zeros(model.k, dtype=np.int64), 0
        self.changes, self.seen = np.zeros(model.k, dtype=np.int64), dict[tuple[int, ...], list[int]]()
        self.plan, self.arcs = start.copy(), model.arcs_of(start)
        self.activity = self._use(self.arcs)
        self.look()
        self.best, self.least = start.copy(), (self.violation, self.points)

    def look(self) -> None:
        """Count what the plan costs and breaks."""
        beyond = self.model.violation(self.activity)
        beyond[beyond <= HOLDS_WITHIN * self.scale] = 0.0
        hard, self.paid = self.model.hard, self.price * beyond
        self.violation = float((beyond / self.scale)[hard].sum())
        points = float(self.model.cost[0, self.arcs].sum() + self.model.constant[0])
        self.points = points + float(self.paid[~hard].sum())
        self.merit = float(self.cost[self.arcs].sum() + self.paid.sum())

    def asked(self) -> list[Asked]:
        """Ask about the worst territories, each with some beside it, no territory twice."""
        beside = np.zeros((self.model.k, self.model.k))
        np.add.at(beside, (self.plan[self.source], self.plan[self.model.near]), 1.0)
        loses, free = (
            self.losses.of(self.arcs, self.activity, self.paid),
            np.ones(self.model.k, dtype=np.bool_),
        )
        found = []
        for _ in range(min(AT_ONCE, self.model.k)):
            middle = int(np.argmax(np.where(free, loses / (1.0 + self.tries) ** 2, -1.0)))
            if not free[middle]:
                break
            reach = min(self.tries[middle], len(REACHES) - 1)
            self.tries[middle] += 1
            self.failed += 1
            group = self._group(middle, REACHES[reach].others, beside, np.where(free, loses + SLIGHT, 0.0))
            free[group] = False
            key, now = (*group.tolist(), int(reach)), self.changes[group].tolist()
            if len(group) > 1 and self.seen.get(key) != now:
                self.seen[key] = now
                found += self._about(middle, group, REACHES[reach])
        return found

    def _group(self, middle: int, others: int, beside: FloatArray, loses: FloatArray) -> IntArray:
        """Draw territories that adjoin, those with much border and much to lose before others."""
        group = [middle]
        for _ in range(others):
            weight = np.sqrt(beside[group].sum(axis=0)) * (loses + 0.1 * loses.mean() * (loses > 0))
            weight[group] = 0.0
            if not weight.any():
                break
            group.append(int(self.rng.choice(self.model.k, p=weight / weight.sum())))
        return np.sort(group)

    def _about(self, middle: int, group: IntArray, reach: Reach) -> list[Asked]:
        """Make the question about some territories, or none where no node may cross."""
        choice = self._crossing(group, reach)
        if not len(choice):
            return []
        moving = np.zeros(self.model.n, dtype=np.bool_)
        moving[self.node[choice]] = True
        nodes = np.flatnonzero(moving | (np.isin(self.plan, group) & self.model.geographic))
        arcs = np.sort(np.concatenate((choice, self.arcs[nodes])))
        rows = np.unique(self.columns[:, arcs].indices).astype(np.int64)
        root = np.full(self.model.k, -1)
        still = np.flatnonzero(~moving[nodes] & self.model.geographic[nodes])
        root[self.plan[nodes[still]]] = still
        cutoff = float(self.cost[self.arcs[nodes]].sum() + self.paid[rows].sum()) - SLIGHT * abs(self.merit)
        return [Asked(middle, nodes, arcs, self._part(nodes, arcs, rows), root, cutoff)]

    def _crossing(self, group: IntArray, reach: Reach) -> IntArray:
        """Find the arcs by which nodes of the group may cross, the cheapest against what they use now."""
        model, inside = self.model, np.isin(np.arange(self.model.k), group)
        arcs = np.flatnonzero(inside[self.plan][self.node] & inside[model.territory])
        arcs = arcs[self.plan[self.node[arcs]] != model.territory[arcs]]
        near = np.zeros(len(arcs), dtype=np.bool_)
        for t in group:
            reached: BoolArray = self.plan == t
            for _ in range(reach.steps):
                reached = reached | np.isin(np.arange(model.n), self.source[reached[model.near]])
            near |= (model.territory[arcs] == t) & (reached | ~model.geographic)[self.node[arcs]]
        arcs = arcs[near]
        more = self.dearer[arcs] - self.dearer[self.arcs[self.node[arcs]]]
        return np.asarray(arcs[np.lexsort((arcs, more))[: reach.arcs]], dtype=np.int64)

    def _part(self, nodes: IntArray, arcs: IntArray, rows: IntArray) -> Model:
        """Make the model of some nodes and arcs, with the neighbours among them."""
        model = self.model
        rest = self.activity - self._use(self.arcs[nodes])
        place = np.full(model.n, -1)
        place[nodes] = np.arange(len(nodes))
        both = (place[self.source] >= 0) & (place[model.near] >= 0)
        near_start, near = _starts(place[self.source[both]], len(nodes)), place[model.near[both]]
        return replace(
            model,
            node_of_unit=np.arange(len(nodes), dtype=np.int64),
            start=_starts(place[self.node[arcs]], len(nodes)),
            territory=model.territory[arcs],
            cost=self.cost[None, arcs],
            constant=np.zeros(1),
            rows=sparse.csr_array(self.columns[:, arcs].tocsr()[rows]),
            lower=(model.lower - rest)[rows],
            upper=(model.upper - rest)[rows],
            price=np.where(model.hard & (self.paid == 0), np.inf, self.price)[rows],
            level=model.level[rows],
            names=(),
            geographic=model.geographic[nodes],
            near_start=near_start, near=near, look_start=near_start, look=near,
        )  # fmt: skip

    def take(self, asked: Asked, used: IntArray) -> None:
        """Take a plan of some nodes where it is better, breaks no more and hangs together."""
        territory, nodes, was = self.model.territory, asked.nodes, self.arcs[asked.nodes]
        used, before, merit, violation = asked.arcs[used], self.activity, self.merit, self.violation
        self.arcs[nodes], self.plan[nodes] = used, territory[used]
        self.activity = before - self._use(was) + self._use(used)
        self.look()
        better = self.merit < merit - SLIGHT * abs(merit) and self.violation <= violation
        if not better or torn(self.model, self.plan):
            self.arcs[nodes], self.plan[nodes], self.activity = was, territory[was], before
            self.look()
            return
        moved = was != used
        concerned = np.unique(np.concatenate((territory[was[moved]], territory[used[moved]])))
        self.changes[concerned] += 1
        self.tries[concerned] = np.minimum(self.tries[concerned], 1)
        self.tries[asked.middle], self.failed = 0, 0
        if (self.violation, self.points) < self.least:
            self.best, self.least = self.plan.copy(), (self.violation, self.points)

    def _use(self, arcs: IntArray) -> FloatArray:
        """Add up what arcs take of each row, shape ``(r,)``."""
        return np.asarray(self.columns[:, arcs].sum(axis=1), dtype=float).ravel()


def _starts(place: IntArray, number: int) -> IntArray:
    """Where each of so many begins in a list that is sorted by them, in compressed form."""
    return np.concatenate(([0], np.cumsum(np.bincount(place, minlength=number)))).astype(np.int64)
