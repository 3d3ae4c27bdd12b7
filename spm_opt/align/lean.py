"""The compiled inner loop of the local search where limits are sums of what nodes carry (``amounts``).

It does what ``kernel.anneal_from`` does, for one level, and several times as fast: what a proposal changes is worked
out before anything is written, and what it reads is small. Nodes inside a territory are left out by the
caller, so that nearly every proposal crosses a border.
"""

from __future__ import annotations

import math

import numba
import numpy as np

from spm_opt.align.kernel import (
    ACROSS,
    LARGE,
    SWAPS,
    WINDOW,
    _arc,
    _below,
    _draw,
    _partner,
    _stays_connected,
    _touches,
    beyond_of,
)

HOPELESS = 30.0
"""Temperatures by which a proposal that is worse is refused without a draw."""


@numba.njit(cache=True, nogil=True)
def on_border(where, geographic, look_start, look):  # type: ignore[no-untyped-def]
    """Mark the nodes that a proposal may be about: those with another territory nearby, and those without geography."""
    n = len(where)
    marked = np.zeros(n, np.bool_)
    for u in range(n):
        marked[u] = not geographic[u]
        for at in range(look_start[u], look_start[u + 1]):
            if where[look[at]] != where[u]:
                marked[u] = True
                break
    return marked


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _across(u, state, start, territory, where, geographic, look_start, look, members):  # type: ignore[no-untyped-def]
    """Draw another territory for ``u`` to go to: one nearby, or any; -1 where there is none."""
    s, degree = where[u], look_start[u + 1] - look_start[u]
    if degree > 0 and (geographic[u] or _draw(state) < ACROSS):
        first = _below(state, degree)
        at, last = look_start[u] + first, look_start[u + 1]
        for _ in range(degree):
            t = where[look[at]]
            if t != s:
                return t
            at += 1
            if at == last:
                at = look_start[u]
        if not geographic[u]:
            return -1
    # a territory without any geography may be given its first unit
    t = territory[start[u] + _below(state, start[u + 1] - start[u])]
    return -1 if t == s or (geographic[u] and members[t] > 0) else t


@numba.njit(cache=True, nogil=True, error_model="numpy")
def anneal_lean(  # type: ignore[no-untyped-def]  # noqa: PLR0912, PLR0915  one loop, kept in one piece for the compiler
    start,
    territory,
    cost,
    amount,
    lower,
    upper,
    weight,
    price,
    geographic,
    near_start,
    near,
    look_start,
    look,
    arcs,
    where,
    members,
    total,
    pool,
    group,
    state,
    count,
    temperature,
    warmth,
):
    """Look at ``count`` proposals at one temperature; ``arcs``, ``where``, ``members`` and ``total`` follow.

    ``total``, ``lower``, ``upper``, ``weight`` (what a unit beyond a limit costs) and ``price`` (what a unit costs
    anyway) are of each territory's limits, shape ``(k, q)``.
    """
    n, limits = len(where), amount.shape[1]
    mark = np.zeros(n + 1, np.int64)
    queue = np.empty(n + 1, np.int64)
    window = WINDOW if len(pool) > LARGE else len(pool)
    ahead, along = 0.0, len(pool) / count
    for _ in range(count):
        ahead += along
        at = int(ahead) + _below(state, window)
        while at >= len(pool):
            at -= len(pool)
        u = pool[at]
        s = where[u]
        t = _across(u, state, start, territory, where, geographic, look_start, look, members)
        if t < 0 or group[t] != group[s]:
            continue
        there = _arc(start, territory, u, t)
        if there < 0:
            continue
        w, back = -1, -1
        if _draw(state) < SWAPS:
            w = _partner(u, t, state, where, geographic, look_start, look)
            if w >= 0:
                back = _arc(start, territory, w, s)
                if back < 0:
                    continue
        if w < 0 and geographic[u] and members[s] == 1:
            continue
        energy = cost[there] - cost[arcs[u]]
        if w >= 0:
            energy += cost[back] - cost[arcs[w]]
        for q in range(limits):
            moved = amount[u, q]
            if w >= 0:
                moved -= amount[w, q]
            here, beside = total[s, q], total[t, q]
            energy += (price[t, q] - price[s, q]) * moved
            energy += weight[s, q] * (
                beyond_of(here - moved, lower[s, q], upper[s, q]) - beyond_of(here, lower[s, q], upper[s, q])
            )
            energy += weight[t, q] * (
                beyond_of(beside + moved, lower[t, q], upper[t, q])
                - beyond_of(beside, lower[t, q], upper[t, q])
            )
        if energy > 0.0:
            heat = temperature * warmth[s]
            if energy > HOPELESS * heat or _draw(state) >= math.exp(-energy / heat):
                continue
        # the dearer question last: most proposals have been refused by now
        if geographic[u]:
            if not _stays_connected(u, s, where, geographic, near_start, near, mark, queue):
                continue
            if w >= 0:
                where[u] = t
                accepted = _touches(w, s, where, geographic, near_start, near) and _stays_connected(
                    w, t, where, geographic, near_start, near, mark, queue
                )
                where[u] = s
                if not accepted:
                    continue
        for q in range(limits):
            moved = amount[u, q]
            if w >= 0:
                moved -= amount[w, q]
            total[s, q] -= moved
            total[t, q] += moved
        arcs[u], where[u] = there, t
        if w >= 0:
            arcs[w], where[w] = back, s
        elif geographic[u]:
            members[s] -= 1
            members[t] += 1
