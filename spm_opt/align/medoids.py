"""Compiled moves and swaps whose centers move with them; see ``interchange`` for what they serve.

Every territory is measured to the best of its own units (its medoid). For each unit ``w`` the points of its
territory with ``w`` as the center are kept up to date, so that a move is judged with both centers where they
would then be.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from spm_opt.align.kernel import _below, _draw, _stays_connected, _touches, copy
from spm_opt.compiled import inner, outer
from spm_opt.problem import BoolArray, FloatArray, IntArray

SWAPS = 0.4
"""Share of proposals that exchange two units rather than move one."""
LOOK_EVERY = 512
"""Proposals between two looks at whether the present plan is the best so far."""
WIDE = 8.0
"""How much better a move may be than it looks with centers where they are, in points of a unit over those of units."""


class Ground(NamedTuple):
    """What does not change: points, limits, neighbours.

    Attributes
    ----------
    cost, back
        Points of unit ``i`` at center ``j`` as ``cost[i, j]`` and ``back[j, i]``.
    activity, lower, upper, scale
        What units carry, shape ``(n, m)``; limits and typical size of a territory, shape ``(m,)``.
    close
        The centers that are cheapest for each unit, itself excluded, in order; shape ``(n, c)``.
    contiguous, everywhere, near_start, near
        Whether territories must hang together (one element), true for each unit, and the neighbours of each.
    """

    cost: FloatArray
    back: FloatArray
    activity: FloatArray
    lower: FloatArray
    upper: FloatArray
    scale: FloatArray
    close: IntArray
    contiguous: BoolArray
    everywhere: BoolArray
    near_start: IntArray
    near: IntArray


class State(NamedTuple):
    """A plan and what is kept up to date with it.

    Attributes
    ----------
    label
        Territory of each unit.
    head, after, before
        The units of each territory as a list in both directions, ended by -1.
    members, size
        How many units each territory has, and how much of each activity.
    total
        Points of the territory of each unit with that unit as its center.
    medoid, value
        Best unit of each territory, and the points with it.
    mark, queue
        Room for the search for connections.
    draws
        State of the random draws.
    """

    label: IntArray
    head: IntArray
    after: IntArray
    before: IntArray
    members: IntArray
    size: FloatArray
    total: FloatArray
    medoid: IntArray
    value: FloatArray
    mark: IntArray
    queue: IntArray
    draws: NDArray[np.uint64]


@inner
def _beyond(activity, lower, upper, weight, size, t, u, v):  # type: ignore[no-untyped-def]
    """Penalty of territory ``t`` without unit ``u`` and with unit ``v`` (-1 for none)."""
    total = 0.0
    for a in range(len(weight)):
        amount = size[t, a]
        if u >= 0:
            amount -= activity[u, a]
        if v >= 0:
            amount += activity[v, a]
        if amount > upper[a]:
            total += weight[a] * (amount - upper[a])
        elif amount < lower[a]:
            total += weight[a] * (lower[a] - amount)
    return total


@inner
def _without(cost, head, after, total, t, u):  # type: ignore[no-untyped-def]
    """Points of ``t`` without its unit ``u``."""
    least = np.inf
    w = head[t]
    while w >= 0:
        if w != u:
            points = total[w] - cost[u, w]
            least = min(least, points)
        w = after[w]
    return least


@inner
def _with(cost, back, head, after, total, t, u):  # type: ignore[no-untyped-def]
    """Points of ``t`` with one more unit ``u``."""
    least, own = np.inf, cost[u, u]
    w = head[t]
    while w >= 0:
        points = total[w] + cost[u, w]
        least = min(least, points)
        own += back[u, w]
        w = after[w]
    return min(least, own)


@inner
def _instead(cost, back, head, after, total, t, u, v):  # type: ignore[no-untyped-def]
    """Points of ``t`` with ``v`` in place of its unit ``u``."""
    least, own = np.inf, cost[v, v]
    w = head[t]
    while w >= 0:
        if w != u:
            points = total[w] - cost[u, w] + cost[v, w]
            least = min(least, points)
            own += back[v, w]
        w = after[w]
    return min(least, own)


@inner
def recenter(head, after, total, medoid, value, t):  # type: ignore[no-untyped-def]
    """Find the best unit of a territory to measure from."""
    least = np.inf
    w = head[t]
    while w >= 0:
        if total[w] < least:
            least = total[w]
            medoid[t] = w
        w = after[w]
    value[t] = least


@inner
def _leave(cost, activity, label, head, after, before, count, size, total, u):  # type: ignore[no-untyped-def]
    """Take a unit out of its territory; centers are left as they are."""
    t = label[u]
    if before[u] >= 0:
        after[before[u]] = after[u]
    else:
        head[t] = after[u]
    if after[u] >= 0:
        before[after[u]] = before[u]
    count[t] -= 1
    for a in range(activity.shape[1]):
        size[t, a] -= activity[u, a]
    w = head[t]
    while w >= 0:
        total[w] -= cost[u, w]
        w = after[w]


@inner
def _join(cost, back, activity, label, head, after, before, count, size, total, u, t):  # type: ignore[no-untyped-def]
    """Put a unit that has no territory into one; centers are left as they are."""
    own = cost[u, u]
    w = head[t]
    while w >= 0:
        total[w] += cost[u, w]
        own += back[u, w]
        w = after[w]
    total[u] = own
    label[u] = t
    before[u] = -1
    after[u] = head[t]
    if head[t] >= 0:
        before[head[t]] = u
    head[t] = u
    count[t] += 1
    for a in range(activity.shape[1]):
        size[t, a] += activity[u, a]


@inner
def move(ground, state, u, t):  # type: ignore[no-untyped-def]
    """Move a unit to another territory, both of which then have their best centers."""
    s = state.label[u]
    move_back(ground, state, u, t)
    recenter(state.head, state.after, state.total, state.medoid, state.value, s)
    recenter(state.head, state.after, state.total, state.medoid, state.value, t)


@inner
def move_back(ground, state, u, t):  # type: ignore[no-untyped-def]
    """Move a unit without looking for centers."""
    _leave(
        ground.cost, ground.activity, state.label, state.head, state.after, state.before, state.members, state.size,
        state.total, u,
    )  # fmt: skip
    _join(
        ground.cost, ground.back, ground.activity, state.label, state.head, state.after, state.before, state.members,
        state.size, state.total, u, t,
    )  # fmt: skip


@outer
def lay_out(ground, state, label):  # type: ignore[no-untyped-def]
    """Fill the state from the territory of each unit."""
    state.head[:] = -1
    state.members[:] = 0
    state.size[:] = 0.0
    state.value[:] = 0.0
    for u in range(len(label)):
        _join(
            ground.cost, ground.back, ground.activity, state.label, state.head, state.after, state.before,
            state.members, state.size, state.total, u, label[u],
        )  # fmt: skip
    for t in range(len(state.head)):
        if state.members[t] > 0:
            recenter(state.head, state.after, state.total, state.medoid, state.value, t)


@inner
def penalty(ground, state, weight, t, u, v):  # type: ignore[no-untyped-def]
    """Penalty of territory ``t`` without unit ``u`` and with unit ``v`` (-1 for none)."""
    return _beyond(ground.activity, ground.lower, ground.upper, weight, state.size, t, u, v)


@outer
def energy(ground, state, weight):  # type: ignore[no-untyped-def]
    """Points and penalties of the whole plan."""
    total = 0.0
    for t in range(len(state.head)):
        total += state.value[t] + penalty(ground, state, weight, t, -1, -1)
    return total


@inner
def broken(ground, state):  # type: ignore[no-untyped-def]
    """Relative violation of all limits, what sums lose not counted."""
    total = 0.0
    for t in range(len(state.head)):
        for a in range(len(ground.scale)):
            over = max(state.size[t, a] - ground.upper[a], ground.lower[a] - state.size[t, a])
            if over > 1e-10 * ground.scale[a]:
                total += over / ground.scale[a]
    return total


@inner
def _nearby(contiguous, close, near_start, near, draws, u):  # type: ignore[no-untyped-def]
    """Draw a unit near ``u`` whose territory ``u`` may go to."""
    if contiguous:
        degree = near_start[u + 1] - near_start[u]
        return near[near_start[u] + _below(draws, degree)] if degree else u
    reach = _draw(draws)
    return close[u, min(int(reach * reach * close.shape[1]), close.shape[1] - 1)]


@inner
def _fits(label, everywhere, near_start, near, mark, queue, u, w, s, t):  # type: ignore[no-untyped-def]
    """Whether territories hang together when ``u`` goes from ``s`` to ``t`` and ``w`` (or -1) comes back."""
    if not _stays_connected(u, s, label, everywhere, near_start, near, mark, queue):
        return False
    if w < 0:
        return True
    label[u] = t
    good = _touches(w, s, label, everywhere, near_start, near) and _stays_connected(
        w, t, label, everywhere, near_start, near, mark, queue
    )
    label[u] = s
    return good


@inner
def stir(ground, state, weight, units, proposals, temperature):  # type: ignore[no-untyped-def]  # noqa: PLR0912  one loop for the compiler
    """Propose to move or exchange some of the units, and carry out what is accepted."""
    cost, back, activity, lower, upper, _, close, contiguous, everywhere, near_start, near = ground
    label, head, after, before, count, size, total, medoid, value, mark, queue, draws = state
    joined = contiguous[0]
    for _ in range(proposals):
        u = units[_below(draws, len(units))]
        s = label[u]
        v = _nearby(joined, close, near_start, near, draws, u)
        t = label[v]
        if t == s:
            continue
        w = -1
        if _draw(draws) < SWAPS:
            w = _nearby(joined, close, near_start, near, draws, v)
            if label[w] != t:
                w = v
        elif count[s] == 1:
            continue
        most = -temperature * math.log(1.0 - _draw(draws)) if temperature > 0.0 else 0.0
        most += _beyond(activity, lower, upper, weight, size, s, -1, -1) + _beyond(
            activity, lower, upper, weight, size, t, -1, -1
        )
        most -= _beyond(activity, lower, upper, weight, size, s, u, w) + _beyond(
            activity, lower, upper, weight, size, t, w, u
        )
        ms, mt = medoid[s], medoid[t]
        if u != ms and w != mt:
            # with the centers where they are: never better than with the best ones
            change = cost[u, mt] - cost[u, ms]
            if w >= 0:
                change += cost[w, ms] - cost[w, mt]
            few = value[s] / (count[s] * count[s]) + value[t] / (count[t] * count[t])
            if change > most + WIDE * few:
                continue
        change = -value[s] - value[t]
        if w >= 0:
            change += _instead(cost, back, head, after, total, s, u, w)
            if change > most:
                continue
            change += _instead(cost, back, head, after, total, t, w, u)
        else:
            change += _without(cost, head, after, total, s, u)
            if change > most:
                continue
            change += _with(cost, back, head, after, total, t, u)
        if change > most:
            continue
        if joined and not _fits(label, everywhere, near_start, near, mark, queue, u, w, s, t):
            continue
        _leave(cost, activity, label, head, after, before, count, size, total, u)
        if w >= 0:
            _leave(cost, activity, label, head, after, before, count, size, total, w)
            _join(cost, back, activity, label, head, after, before, count, size, total, w, s)
        _join(cost, back, activity, label, head, after, before, count, size, total, u, t)
        recenter(head, after, total, medoid, value, s)
        recenter(head, after, total, medoid, value, t)


@outer
def keep_best(ground, state, best, out):  # type: ignore[no-untyped-def]
    """Write the plan down where it is the best so far."""
    violation, value = broken(ground, state), state.value.sum()
    if violation < out[0] - 1e-12 or (violation <= out[0] and value < out[1] - 1e-12 * abs(value)):
        out[0], out[1] = violation, value
        copy(state.label, best)


@outer
def anneal(ground, state, weight, proposals, temperature, best, out, beyond):  # type: ignore[no-untyped-def]
    """Look at proposals for any unit at one temperature.

    ``best`` and ``out`` (violation and points) hold the best plan so far; ``beyond`` returns how much of each
    activity lies outside the limits.
    """
    units = np.arange(len(state.label))
    for _ in range(0, proposals, LOOK_EVERY):
        stir(ground, state, weight, units, np.int64(LOOK_EVERY), temperature)
        keep_best(ground, state, best, out)
    beyond[:] = 0.0
    for t in range(len(state.head)):
        for a in range(len(beyond)):
            over = max(state.size[t, a] - ground.upper[a], ground.lower[a] - state.size[t, a])
            beyond[a] += max(0.0, over)
