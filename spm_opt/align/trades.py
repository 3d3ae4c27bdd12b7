"""Trades of up to three nodes across the border of two territories, all of them, compiled.

Where limits are nearly tight a single node is too coarse: what mends or betters a plan is two small nodes for a
large one, from anywhere along the border. ``trade`` looks at all such trades of a territory with each neighbour and
makes the best, while there is one. A territory that stays broken has its penalty raised, so that what it breaks
goes over to a neighbour, and from there on to where there is room (guided local search: Voudouris and Tsang 1999).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numba
import numpy as np

from spm_opt.align.amounts import Amounts
from spm_opt.align.isolated import halting
from spm_opt.align.kernel import _arc, beyond_of
from spm_opt.align.model import Model
from spm_opt.align.scale import row_scale
from spm_opt.problem import FloatArray, IntArray

MOST = 40
"""Nodes on one side of a border that are looked at."""
RAISE, FORGET, STIFFER = 3.0, 0.9, 1.6
"""How the penalty of a broken territory grows where no trade mends it, falls back afterwards, and how all grow from
round to round."""
AGAIN = 30
"""Trades of one territory in a round."""
ROUNDS, MENDS = 20, 6
"""Rounds at most, and how often in each what is broken has its turns before all have theirs."""
STILL = 1e-7
"""Gain of a trade at least, in the points of the plan."""
INSET, FUZZ = 1e-8, 1e-10
"""How far inside a limit trades keep, and what counts as kept, in the size of the row: what sums lose."""


def traded(
    model: Model,
    amounts: Amounts,
    territory: IntArray,
    weight: FloatArray,
    going: Callable[[], bool] = lambda: True,
    rounds: int = ROUNDS,
) -> IntArray:
    """Mend and better a connected plan by trades, until there is none or the rounds are over.

    Parameters
    ----------
    model, amounts
        A model of one level, and what its nodes carry.
    territory
        The plan, shape ``(n,)``.
    weight
        What a unit beyond each limit costs at first, shape ``(r,)``.
    going
        Asked between rounds whether to go on.
    rounds
        Rounds at most.
    """
    row, scale = amounts.row, row_scale(model)
    inset = np.where(model.hard, np.minimum(INSET * scale, 0.1 * (model.upper - model.lower)), 0.0)
    lower, upper, fuzz = (model.lower + inset)[row], (model.upper - inset)[row], (FUZZ * scale)[row]
    arcs, where, weight = model.arcs_of(territory), territory.copy(), weight[row]
    total, every = amounts.total(where), np.arange(model.k)
    still = STILL * float(np.abs(model.cost[0, arcs]).sum())

    def round_of(turns: IntArray, flag: IntArray, *, mends: bool) -> int:
        made: int = trade_all(
            model.start, model.territory, model.cost[0], amounts.amount, lower, upper, fuzz, weight,
            model.hard[row], model.geographic, model.near_start, model.near, arcs, where, total, turns,
            still, mends, flag,
        )  # fmt: skip
        return made

    def rank() -> tuple[float, float]:
        beyond = np.where(
            model.hard[row], np.maximum(np.maximum(lower - total, total - upper) - fuzz, 0.0), 0.0
        )
        return float((beyond / scale[row]).sum()), float(model.cost[0, arcs].sum())

    first = weight.copy()
    best, plan = rank(), where.copy()
    with halting() as flag:
        for _ in range(rounds):
            for _ in range(MENDS):
                beyond = np.maximum(lower - total, total - upper) > fuzz
                broken = np.flatnonzero((beyond & model.hard[row]).any(axis=1))
                if len(broken):
                    round_of(broken, flag, mends=True)
                weight[:] = np.maximum(first, weight * FORGET)
            first *= STIFFER
            made = round_of(every, flag, mends=False)
            if rank() < best:
                best, plan = rank(), where.copy()
            if not made or flag[0] or not going():
                break
    return plan


def compiled(model: Model, amounts: Amounts) -> None:
    """Have the loop compiled before the time that is left is shared out."""
    one = np.zeros(1, dtype=np.int64)
    fixed = replace(
        model, start=np.arange(2), territory=one, cost=np.zeros((1, 1)), rows=model.rows[:, :1] * 0.0,
        geographic=np.zeros(1, dtype=np.bool_), near_start=np.zeros(2, dtype=np.int64), near=one[:0],
    )  # fmt: skip
    traded(fixed, replace(amounts, amount=amounts.amount[:1]), one, np.zeros(len(model.lower)), rounds=1)


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _broken(t, total, lower, upper, fuzz, hard):  # type: ignore[no-untyped-def]
    for q in range(total.shape[1]):
        if hard[t, q] and beyond_of(total[t, q], lower[t, q], upper[t, q]) > fuzz[t, q]:
            return True
    return False


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _side(s, t, start, territory, cost, geographic, near_start, near, arcs, where, members, node, arc, gain):  # type: ignore[no-untyped-def]
    """List the nodes of ``s`` beside ``t`` that may go there, their arcs and what that costs; returns how many."""
    count = 0
    for u in members:
        if where[u] != s or not geographic[u]:
            continue
        for at in range(near_start[u], near_start[u + 1]):
            if where[near[at]] == t:
                there = _arc(start, territory, u, t)
                if there >= 0:
                    node[count], arc[count] = u, there
                    gain[count] = cost[there] - cost[arcs[u]]
                    count += 1
                break
        if count == MOST:
            break
    return count


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _whole(t, first, size, where, geographic, near_start, near, mark, queue):  # type: ignore[no-untyped-def]
    """Whether so many geographic nodes of ``t`` hang together, one of them being ``first``."""
    mark[-1] += 1
    stamp = mark[-1]
    mark[first] = stamp
    queue[0] = first
    head, tail = 0, 1
    while head < tail:
        v = queue[head]
        head += 1
        for at in range(near_start[v], near_start[v + 1]):
            w = near[at]
            if mark[w] != stamp and where[w] == t and geographic[w]:
                mark[w] = stamp
                queue[tail] = w
                tail += 1
    return tail == size


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _energy(s, t, moved, total, lower, upper, weight):  # type: ignore[no-untyped-def]
    """Work out by how much penalties change where amounts move from ``s`` to ``t``."""
    energy = 0.0
    for q in range(len(moved)):
        here, beside = total[s, q], total[t, q]
        low, high = lower[s, q], upper[s, q]
        energy += weight[s, q] * (beyond_of(here - moved[q], low, high) - beyond_of(here, low, high))
        low, high = lower[t, q], upper[t, q]
        energy += weight[t, q] * (beyond_of(beside + moved[q], low, high) - beyond_of(beside, low, high))
    return energy


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _stand(s, t, out, into, where, geographic, near_start, near, members, size, mark, queue):  # type: ignore[no-untyped-def]
    """Whether both territories hang together after a trade; ``where`` is as it was afterwards."""
    change = 0
    for u in out:
        if u >= 0:
            where[u] = t
            change += 1
    for w in into:
        if w >= 0:
            where[w] = s
            change -= 1
    holds = size[s] - change > 0 and size[t] + change > 0
    for own in (s, t):
        if not holds:
            break
        first = -1
        for u in members:
            if where[u] == own and geographic[u]:
                first = u
                break
        holds = first >= 0 and _whole(
            own,
            first,
            size[own] + (change if own == t else -change),
            where,
            geographic,
            near_start,
            near,
            mark,
            queue,
        )
    for u in out:
        if u >= 0:
            where[u] = s
    for w in into:
        if w >= 0:
            where[w] = t
    return holds


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _best(  # type: ignore[no-untyped-def]  # noqa: PLR0912  loops inside loops, kept in one piece for the compiler
    s, start, territory, cost, amount, lower, upper, weight, geographic, near_start, near,
    arcs, where, total, size, members, mark, queue, least, trade,
):  # fmt: skip
    """Find the best trade of ``s`` with any neighbour: its nodes and arcs in ``trade``, and the neighbour, or -1."""
    node, arc, gain = np.empty((2, MOST), np.int64), np.empty((2, MOST), np.int64), np.empty((2, MOST))
    seen = np.zeros(total.shape[0], np.bool_)
    moved, found = np.zeros(total.shape[1]), -1
    out, into = np.empty(2, np.int64), np.empty(2, np.int64)
    for v in members:
        if where[v] != s:
            continue
        for at in range(near_start[v], near_start[v + 1]):
            t = where[near[at]]
            if t == s or seen[t]:
                continue
            seen[t] = True
            outs = _side(s, t, start, territory, cost, geographic, near_start, near, arcs, where, members, node[0], arc[0], gain[0])  # fmt: skip
            ins = _side(t, s, start, territory, cost, geographic, near_start, near, arcs, where, members, node[1], arc[1], gain[1])  # fmt: skip
            # -1 stands for nobody; pairs are looked at once, and never two for two
            for a in range(-1, outs):
                for b in range(-1, max(a, 0)):
                    for c in range(-1, ins):
                        for d in range(-1, c if c >= 0 and b < 0 else 0):
                            if a < 0 and c < 0:
                                continue
                            paid = 0.0
                            for q in range(len(moved)):
                                moved[q] = 0.0
                            for side, at_ in ((0, a), (0, b), (1, c), (1, d)):
                                if at_ >= 0:
                                    paid += gain[side, at_]
                                    for q in range(len(moved)):
                                        moved[q] += (1 - 2 * side) * amount[node[side, at_], q]
                            energy = paid + _energy(s, t, moved, total, lower, upper, weight)
                            if energy >= least:
                                continue
                            out[0], out[1] = node[0, a] if a >= 0 else -1, node[0, b] if b >= 0 else -1
                            into[0], into[1] = node[1, c] if c >= 0 else -1, node[1, d] if d >= 0 else -1
                            if _stand(
                                s,
                                t,
                                out,
                                into,
                                where,
                                geographic,
                                near_start,
                                near,
                                members,
                                size,
                                mark,
                                queue,
                            ):
                                least, found = energy, t
                                trade[0] = arc[0, a] if a >= 0 else -1
                                trade[1] = arc[0, b] if b >= 0 else -1
                                trade[2] = arc[1, c] if c >= 0 else -1
                                trade[3] = arc[1, d] if d >= 0 else -1
                                trade[4:6], trade[6:8] = out, into
    return found


@numba.njit(cache=True, nogil=True, error_model="numpy")
def trade_all(  # type: ignore[no-untyped-def]
    start, territory, cost, amount, lower, upper, fuzz, weight, hard, geographic, near_start, near,
    arcs, where, total, turns, still, mends, halt,
):  # fmt: skip
    """Trade for every territory of ``turns`` in turn, where it ``mends`` only while it is broken; returns how many trades.

    ``arcs``, ``where``, ``total`` and, for what stays broken, ``weight`` follow. ``still`` is the least gain of
    a trade; ``halt`` may turn from 0 while this runs.
    """
    k, n, made = total.shape[0], len(where), 0
    mark, queue, trade = np.zeros(n + 1, np.int64), np.empty(n + 1, np.int64), np.empty(8, np.int64)
    size = np.zeros(k, np.int64)
    for u in range(n):
        size[where[u]] += geographic[u]
    for s in turns:
        members = np.empty(0, np.int64)
        fresh = True
        for _ in range(AGAIN):
            if halt[0] or (mends and not _broken(s, total, lower, upper, fuzz, hard)):
                break
            if fresh:
                members, fresh = _about(s, k, where, near_start, near), False
            t = _best(
                s, start, territory, cost, amount, lower, upper, weight, geographic, near_start, near,
                arcs, where, total, size, members, mark, queue, -still, trade,
            )  # fmt: skip
            if t < 0:
                for q in range(total.shape[1]):
                    if hard[s, q] and beyond_of(total[s, q], lower[s, q], upper[s, q]) > fuzz[s, q]:
                        weight[s, q] *= RAISE
                break
            made, fresh = made + 1, True
            for at in range(4):
                u = trade[4 + at]
                if u >= 0:
                    here, there = (s, t) if at < 2 else (t, s)  # noqa: PLR2004  the first two go out
                    arcs[u], where[u] = trade[at], there
                    size[here] -= 1
                    size[there] += 1
                    for q in range(total.shape[1]):
                        total[here, q] -= amount[u, q]
                        total[there, q] += amount[u, q]
    return made


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _about(s, k, where, near_start, near):  # type: ignore[no-untyped-def]
    """List the nodes of ``s``, and then those of its neighbours."""
    beside = np.zeros(k, np.bool_)
    beside[s] = True
    for u in range(len(where)):
        if where[u] == s:
            for at in range(near_start[u], near_start[u + 1]):
                beside[where[near[at]]] = True
    return np.flatnonzero(beside[where])
