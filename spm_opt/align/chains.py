"""The compiled inner loops of ejection chains; see ``ejection`` for what they mean."""

from __future__ import annotations

import math

import numpy as np

from spm_opt.align.kernel import NEGLIGIBLE, _below, _draw, beyond_of, copy
from spm_opt.compiled import inner, outer

LOOKS = 1500
"""Most partial chains that are looked at from one node."""
FAR = 4.0
"""After how many times as many looks as are wanted a descent is cut short."""
ARCS, PLACED = 0, 1
"""What is next for a node in hand: one of its arcs, or a node to eject from where it was placed."""


@inner
def _put(arc, sign, data, columns, rows, activity):  # type: ignore[no-untyped-def]
    """Put an arc into the plan or take it out; returns the change of the energy."""
    reduced, coefficients, lower, upper, weight, slope = data
    change = sign * reduced[arc]
    for at in range(columns[arc], columns[arc + 1]):
        r = rows[at]
        step = sign * coefficients[at]
        change += slope[r] * step - weight[r] * beyond_of(activity[r], lower[r], upper[r])
        activity[r] += step
        change += weight[r] * beyond_of(activity[r], lower[r], upper[r])
    return change


@inner
def _enter(node, t, head, after, before):  # type: ignore[no-untyped-def]
    """Add a node to the list of a territory's nodes."""
    first = head[t]
    after[node], before[node] = first, -1
    if first >= 0:
        before[first] = node
    head[t] = node


@inner
def _leave(node, t, head, after, before):  # type: ignore[no-untyped-def]
    """Take a node out of the list of its territory's nodes."""
    if before[node] >= 0:
        after[before[node]] = after[node]
    else:
        head[t] = after[node]
    if after[node] >= 0:
        before[after[node]] = before[node]


@inner
def _chain(  # type: ignore[no-untyped-def]  # noqa: PLR0912, PLR0915  one loop, kept in one piece for the compiler
    first, start, territory, data, columns, rows, activity, arcs, head, after, loose, visited, hand, taken, tiny, out
):  # fmt: skip
    """Look for a chain from node ``first`` that lowers the energy; returns its length (0: none) and change.

    The chain moves ``hand[d]`` along ``taken[d]``; ``activity`` is left at the chain's end. While it is
    open, its first node counts at both ends, so that each link concerns one territory alone: in every
    chain that gains and closes there is a node from which all partial sums gain.
    """
    home, deepest = territory[arcs[first]], len(hand) - 1
    pointer, member = np.empty(deepest + 1, np.int64), np.empty(deepest + 1, np.int64)
    mode, opened, gain = np.empty(deepest + 1, np.int64), np.empty(deepest + 1), np.empty(deepest + 1)
    depth, looks = 0, 0
    hand[0], pointer[0], gain[0], mode[0] = first, start[first], 0.0, ARCS
    while True:
        node = hand[depth]
        if mode[depth] == ARCS:
            at = pointer[depth]
            if at >= start[node + 1] or looks > LOOKS:
                # back to the place it was ejected from
                if depth == 0:
                    return 0, 0.0
                _put(arcs[node], 1.0, data, columns, rows, activity)
                depth -= 1
                member[depth] = after[node]
                continue
            pointer[depth] = at + 1
            t = territory[at]
            if at == arcs[node] or visited[t]:
                continue
            looks += 1
            out[3] += 1.0
            placed = gain[depth] + _put(at, 1.0, data, columns, rows, activity)
            total = placed + _put(arcs[first], -1.0, data, columns, rows, activity)
            taken[depth] = at
            if total < -tiny:
                for d in range(depth):
                    visited[territory[taken[d]]] = False
                return depth + 1, total
            _put(arcs[first], 1.0, data, columns, rows, activity)
            if t == home or depth + 1 >= deepest:
                _put(at, -1.0, data, columns, rows, activity)
                continue
            opened[depth], mode[depth], member[depth] = placed, PLACED, head[t]
            visited[t] = True
        else:
            w = member[depth]
            while w >= 0:
                if loose[w]:
                    looks += 1
                    out[3] += 1.0
                    link = opened[depth] + _put(arcs[w], -1.0, data, columns, rows, activity)
                    if link < -tiny:
                        break
                    _put(arcs[w], 1.0, data, columns, rows, activity)
                w = after[w]
            if w >= 0:
                depth += 1
                hand[depth], pointer[depth], gain[depth], mode[depth] = w, start[w], link, ARCS
            else:
                _put(taken[depth], -1.0, data, columns, rows, activity)
                visited[territory[taken[depth]]] = False
                mode[depth] = ARCS


@inner
def _move(node, arc, territory, arcs, head, after, before):  # type: ignore[no-untyped-def]
    """Let a node use another arc; row activities are the caller's business."""
    _leave(node, territory[arcs[node]], head, after, before)
    arcs[node] = arc
    _enter(node, territory[arc], head, after, before)


@inner
def _energy(data, columns, rows, arcs, activity):  # type: ignore[no-untyped-def]
    """Energy of a plan from scratch; fills ``activity``."""
    reduced, coefficients, lower, upper, weight, slope = data
    total = 0.0
    activity[:] = 0.0
    for u in range(len(arcs)):
        total += reduced[arcs[u]]
        for at in range(columns[arcs[u]], columns[arcs[u] + 1]):
            activity[rows[at]] += coefficients[at]
    for r in range(len(activity)):
        total += slope[r] * activity[r] + weight[r] * beyond_of(activity[r], lower[r], upper[r])
    return total


@inner
def _broken(activity, lower, upper, scale, hard):  # type: ignore[no-untyped-def]
    """Total violation of hard rows relative to their size."""
    total = 0.0
    for r in range(len(activity)):
        if hard[r]:
            beyond = beyond_of(activity[r], lower[r], upper[r]) / scale[r]
            if beyond > NEGLIGIBLE:
                total += beyond
    return total


@inner
def _wake(t, head, after, entry, enters, waiting, queue, end):  # type: ignore[no-untyped-def]
    """Queue the nodes of a territory and those that may enter it."""
    u = head[t]
    while u >= 0:
        if not waiting[u]:
            waiting[u] = True
            queue[end] = u
            end = (end + 1) % len(queue)
        u = after[u]
    for at in range(entry[t], entry[t + 1]):
        u = enters[at]
        if not waiting[u]:
            waiting[u] = True
            queue[end] = u
            end = (end + 1) % len(queue)
    return end


@outer
def rounds(  # type: ignore[no-untyped-def]  # noqa: PLR0912, PLR0915  likewise
    start, territory, data, columns, rows, scale, hard, entry, enters, movable, k, arcs, best, out, state, sweep,
    limit, temperature, deepest, tiny,
):  # fmt: skip
    """Kick the plan until ``limit`` looks are taken, each time descending by chains, and keep what is good enough.

    ``arcs`` (the present plan) and ``best`` (arcs of the best) change in place; ``out`` holds the best
    violation and energy, then the present energy, and the looks taken so far. With ``sweep`` the first
    descent begins from every node, without a kick.
    """
    n = len(arcs)
    lower, upper = data[2], data[3]
    activity = np.zeros(len(lower))
    now = _energy(data, columns, rows, arcs, activity)
    head, after, before = np.full(k, -1), np.full(n, -1), np.full(n, -1)
    for u in range(n - 1, -1, -1):
        _enter(u, territory[arcs[u]], head, after, before)
    loose = movable.copy()
    visited, waiting = np.zeros(k, np.bool_), np.zeros(n, np.bool_)
    queue = np.empty(n + 1, np.int64)
    hand, taken = np.empty(deepest + 1, np.int64), np.empty(deepest + 1, np.int64)
    log_node, log_arc = np.empty(64 * n + 64, np.int64), np.empty(64 * n + 64, np.int64)
    movers, kicked = np.flatnonzero(movable), np.empty(2, np.int64)
    kick, longest = 0 if sweep else 1, out[3] + FAR * (limit - out[3])
    while kick == 0 or out[3] < limit:
        was, logged, first, end = now, 0, 0, 0
        number = 0
        if kick == 0:
            kick = 1
            for u in movers:  # type: ignore[assignment]
                waiting[u] = True
                queue[end] = u
                end += 1
        else:
            number = 1 + _below(state, 2)
            for i in range(number):
                u = movers[_below(state, len(movers))]
                at = start[u] + _below(state, start[u + 1] - start[u])
                kicked[i] = u
                if at == arcs[u]:
                    continue
                old = arcs[u]
                log_node[logged], log_arc[logged] = u, old
                logged += 1
                now += _put(at, 1.0, data, columns, rows, activity)
                now += _put(old, -1.0, data, columns, rows, activity)
                _move(u, at, territory, arcs, head, after, before)
                loose[u] = False
                end = _wake(territory[old], head, after, entry, enters, waiting, queue, end)
                end = _wake(territory[at], head, after, entry, enters, waiting, queue, end)
        while first != end and out[3] < longest:
            u = queue[first]
            first = (first + 1) % len(queue)
            waiting[u] = False
            if not loose[u] or logged + deepest + 2 > len(log_node):
                continue
            length, change = _chain(
                u, start, territory, data, columns, rows, activity, arcs, head, after, loose, visited, hand, taken, tiny,
                out,
            )  # fmt: skip
            if length == 0:
                continue
            now += change
            for d in range(length):
                log_node[logged], log_arc[logged] = hand[d], arcs[hand[d]]
                logged += 1
                s = territory[arcs[hand[d]]]
                _move(hand[d], taken[d], territory, arcs, head, after, before)
                end = _wake(s, head, after, entry, enters, waiting, queue, end)
                end = _wake(territory[taken[d]], head, after, entry, enters, waiting, queue, end)
        for i in range(number):
            loose[kicked[i]] = movable[kicked[i]]
        if now < out[1] - tiny or out[0] > 0.0:
            violation = _broken(activity, lower, upper, scale, hard)
            if violation < out[0] - NEGLIGIBLE or (violation <= out[0] and now < out[1] - tiny):
                out[0], out[1] = violation, now
                copy(arcs, best)
        bar = was + (temperature * -math.log(max(1e-300, _draw(state))) if temperature > 0.0 else 0.0)
        if now > bar + tiny:
            for i in range(logged - 1, -1, -1):
                u, old = log_node[i], log_arc[i]
                now += _put(old, 1.0, data, columns, rows, activity)
                now += _put(arcs[u], -1.0, data, columns, rows, activity)
                _move(u, old, territory, arcs, head, after, before)
        out[3] += 1.0
    out[2] = _energy(data, columns, rows, arcs, activity)
