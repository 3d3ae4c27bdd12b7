"""Compiled search of neighbourhoods: a center moves, what lies around is annealed, and the better plan stays.

Which center closes and where one opens is drawn from a few candidates, as the interchange of Teitz and Bart
(Operations Research, 1968) would rank them if there were no limits.
"""

from __future__ import annotations

import numpy as np

from spm_opt.align.kernel import _below, _draw, copy
from spm_opt.align.medoids import broken, keep_best, move, move_back, penalty, recenter, stir
from spm_opt.compiled import inner, outer

CANDIDATES = 12
"""Units that are looked at as new centers, and centers that are looked at to be closed."""
RECEIVERS = 5
"""Nearest territories that a unit of a closed one may go to."""
FEWEST, MOST = 2, 6
"""Territories around each of both places that are annealed."""
STEPS = 10
"""Temperatures of a neighbourhood."""
DEARER, CHEAPER = 1.1, 0.97
"""How the penalty of limits changes with a neighbourhood that ends broken, or whole."""
MOVED = 0.8
"""Share of the neighbourhoods in which a center moves; the others are only annealed."""


@inner
def _loss(ground, state, opened, t):  # type: ignore[no-untyped-def]
    """Points that closing ``t`` would cost, were there no limits."""
    total = 0.0
    u = state.head[t]
    while u >= 0:
        to = ground.close.shape[1] - 1
        for at in range(ground.close.shape[1]):
            j = ground.close[u, at]
            if opened[j] and j != state.medoid[t]:
                to = at
                break
        total += ground.cost[u, ground.close[u, to]]
        u = state.after[u]
    return total - state.value[t]


@inner
def _gain(ground, state, v):  # type: ignore[no-untyped-def]
    """Points that a center at ``v`` would save, were there no limits."""
    total = ground.cost[v, state.medoid[state.label[v]]] - ground.cost[v, v]
    for at in range(ground.close.shape[1]):
        i = ground.close[v, at]
        total += max(0.0, ground.cost[i, state.medoid[state.label[i]]] - ground.back[v, i])
    return total


@inner
def _draw_places(ground, state, opened):  # type: ignore[no-untyped-def]
    """Draw a unit where a center would save much, and a territory whose closing would cost little, or -1."""
    n, k = len(state.label), len(state.head)
    opened[:] = False
    for t in range(k):
        opened[state.medoid[t]] = True
    v, gain = -1, -np.inf
    for _ in range(1 + _below(state.draws, CANDIDATES)):
        w = _below(state.draws, n)
        more = _gain(ground, state, w)
        if more > gain and not opened[w]:
            v, gain = w, more
    closed, loss = -1, np.inf
    for _ in range(1 + _below(state.draws, CANDIDATES)):
        t = _below(state.draws, k)
        less = _loss(ground, state, opened, t)
        if v >= 0 and less < loss and t != state.label[v]:
            closed, loss = t, less
    if v < 0 or closed < 0 or state.members[state.label[v]] == 1:
        return _below(state.draws, n), -1
    return v, closed


@inner
def _receiver(ground, state, weight, opened, u):  # type: ignore[no-untyped-def]
    """Find the territory nearby that takes ``u`` at the least points and penalties, or -1."""
    seen, least, to = 0, np.inf, -1
    for at in range(ground.close.shape[1]):
        j = ground.close[u, at]
        t = state.label[j]
        if opened[j] and t != state.label[u]:
            points = ground.cost[u, j] + penalty(ground, state, weight, t, -1, u)
            points -= penalty(ground, state, weight, t, -1, -1)
            if points < least:
                least, to = points, t
            seen += 1
            if seen == RECEIVERS:
                break
    return to


@inner
def _relocate(ground, state, weight, opened, t, v):  # type: ignore[no-untyped-def]
    """Give the units of ``t`` to others, and open it again at ``v`` with the units that prefer it."""
    opened[state.medoid[t]] = False
    u = state.head[t]
    while u >= 0:
        following = state.after[u]
        to = _receiver(ground, state, weight, opened, u)
        if to >= 0 and state.members[t] > 1:
            move(ground, state, u, to)
        u = following
    # the last unit can only go when the first has come
    last = state.head[t]
    to = _receiver(ground, state, weight, opened, last)
    move(ground, state, v, t)
    if to >= 0 and state.members[t] == 2:  # noqa: PLR2004  the last unit and the first
        move(ground, state, last, to)
    for at in range(ground.close.shape[1]):
        i = ground.close[v, at]
        s = state.label[i]
        if s == t or state.members[s] == 1 or ground.back[v, i] >= ground.cost[i, state.medoid[s]]:
            continue
        before = penalty(ground, state, weight, s, -1, -1) + penalty(ground, state, weight, t, -1, -1)
        after = penalty(ground, state, weight, s, i, -1) + penalty(ground, state, weight, t, -1, i)
        if after <= before:
            move(ground, state, i, t)


@inner
def _around(ground, state, u, wide, chosen, units, count):  # type: ignore[no-untyped-def]
    """Add the units of the ``wide`` territories nearest to ``u`` to a list; returns its length."""
    found = 0
    for at in range(-1, ground.close.shape[1]):
        t = state.label[u] if at < 0 else state.label[ground.close[u, at]]
        if chosen[t]:
            continue
        chosen[t] = True
        w = state.head[t]
        while w >= 0:
            units[count] = w
            count += 1
            w = state.after[w]
        found += 1
        if found == wide:
            break
    return count


@inner
def _restore(ground, state, kept):  # type: ignore[no-untyped-def]
    """Go back to an earlier plan."""
    for u in range(len(kept)):
        if state.label[u] != kept[u]:
            move_back(ground, state, u, kept[u])
    for t in range(len(state.head)):
        if state.members[t] > 0:
            recenter(state.head, state.after, state.total, state.medoid, state.value, t)


@outer
def disturb(ground, state, weight, tries, each, heat, best, out):  # type: ignore[no-untyped-def]
    """Search ``tries`` neighbourhoods, with ``each`` proposals for a unit of theirs.

    What is broken never grows. ``weight`` is what a unit of violation costs at least, and returns what it costs
    at the end. ``heat`` is their highest first temperature, in mean points of a unit there. ``best`` and ``out``
    (violation and points) hold the best plan so far.
    """
    n, k = len(state.label), len(state.head)
    chosen, opened = np.zeros(k, np.bool_), np.zeros(n, np.bool_)
    units, kept = np.empty(n, np.int64), np.empty(n, np.int64)
    violation, value = broken(ground, state), state.value.sum()
    least = weight.copy()
    for _ in range(tries):
        copy(state.label, kept)
        chosen[:] = False
        wide = FEWEST + _below(state.draws, MOST - FEWEST + 1)
        v, t = _below(state.draws, n), -1
        if not ground.contiguous[0] and _draw(state.draws) < MOVED:
            v, t = _draw_places(ground, state, opened)
        count = _around(ground, state, v, wide, chosen, units, 0)
        if t >= 0:
            count = _around(ground, state, state.medoid[t], wide, chosen, units, count)
            _relocate(ground, state, weight, opened, t, v)
        mean = 0.0
        for at in range(count):
            mean += ground.cost[units[at], state.medoid[state.label[units[at]]]] / count
        hottest = heat * _draw(state.draws) * mean
        for step in range(STEPS):
            temperature = hottest * (1.0 - step / (STEPS - 1.0))
            stir(ground, state, weight, units[:count], max(1, each * count // STEPS), temperature)
        beyond, points = broken(ground, state), state.value.sum()
        for a in range(len(weight)):
            weight[a] = max(least[a], weight[a] * (DEARER if beyond > 0.0 else CHEAPER))
        if beyond < violation or (beyond <= violation and points <= value):
            violation, value = beyond, points
            keep_best(ground, state, best, out)
        else:
            _restore(ground, state, kept)
