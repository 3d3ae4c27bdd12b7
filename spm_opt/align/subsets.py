"""Territories of one center as sets of units: the cheapest one, and all that are cheap enough; compiled.

At prices for units and limits every unit has a reduced cost at a center, and the set of those below zero
is the relaxed territory. Every other set costs the sum of the sizes of the reduced costs in which it
differs. Sets are looked at by depth-first search over such differences, smallest first, cut where the
budget is spent or where the limits can no longer be kept within it.
"""

from __future__ import annotations

import numpy as np

from spm_opt.compiled import inner, outer

EACH = 32
"""Steps of any kind that count as much as a set looked at."""


@inner
def _ratios(order, count, reduced, activity, ratio):  # type: ignore[no-untyped-def]
    """Least reduced cost for a unit of activity more (0) or less (1), among the items from each place on."""
    m = activity.shape[1]
    ratio[count] = np.inf
    for at in range(count - 1, -1, -1):
        u = order[at]
        way = 1 if reduced[u] < 0.0 else 0
        for a in range(m):
            ratio[at, a, 0] = ratio[at + 1, a, 0]
            ratio[at, a, 1] = ratio[at + 1, a, 1]
            if activity[u, a] > 0.0:
                ratio[at, a, way] = min(ratio[at, a, way], abs(reduced[u]) / activity[u, a])


@inner
def points_as_best(j, inside, cost, queue):  # type: ignore[no-untyped-def]
    """Points of a set at center ``j``, or -1 where another of its units is a better center."""
    n, count = len(inside), 0
    total = 0.0
    for i in range(n):
        if inside[i]:
            queue[count] = i
            count += 1
            total += cost[i, j]
    slack = 1e-12 * total
    for at in range(count):
        c = queue[at]
        if c == j:
            continue
        other = 0.0
        most = total + slack if c < j else total - slack
        for of in range(count):
            other += cost[queue[of], c]
            if other > most:
                break
        if other <= most:
            return -1.0
    return total


@inner
def pack(inside, pool, row):  # type: ignore[no-untyped-def]
    """Write a set as bits."""
    for word in range(pool.shape[1]):
        pool[row, word] = np.uint64(0)
    for i in range(len(inside)):
        if inside[i]:
            pool[row, i >> 6] |= np.uint64(1) << np.uint64(i & 63)


@outer
def look(  # type: ignore[no-untyped-def]  # noqa: PLR0912, PLR0915  one loop, kept in one piece for the compiler
    j,
    reduced,
    activity,
    low,
    high,
    budget,
    limit,
    halt,
    cost,
    pool,
    points,
    filled,
):
    """Look for sets of a center that keep the limits and cost at most ``budget`` more than the relaxed one.

    Parameters
    ----------
    j
        The center.
    reduced
        Reduced cost of each unit at it, shape ``(n,)``.
    activity, low, high
        What units carry, shape ``(n, m)``, not negative, and the limits, shape ``(m,)``.
    budget
        Most that a set may cost above the relaxed one.
    limit
        Most work: sets looked at, and what it takes to list one.
    halt
        Whether to stop: its one number is not 0 any more.
    cost
        Points of each unit at each center, shape ``(n, n)``: of the sets wanted, only those are listed of
        which ``j`` is the best center.
    pool, points
        Return the sets as bits, shape ``(p, words)``, and their points.
    filled
        Rows of the pool that are taken.

    Returns
    -------
    The work done; whether the search was complete; rows of the pool taken.
    """
    n, m = activity.shape
    inside = np.zeros(n, np.bool_)
    size = np.zeros(m)
    order = np.empty(n, np.int64)
    count = 0
    for i in range(n):
        if i == j or reduced[i] < 0.0:
            inside[i] = True
            for a in range(m):
                size[a] += activity[i, a]
        if i != j and abs(reduced[i]) <= budget:
            order[count] = i
            count += 1
    key = np.empty(count)
    for at in range(count):
        key[at] = abs(reduced[order[at]])
    order = order[:count][np.argsort(key)]
    ratio = np.empty((count + 1, m, 2))
    _ratios(order, count, reduced, activity, ratio)
    queue = np.empty(n + 1, np.int64)
    flipped = np.empty(count + 1, np.int64)
    depth, at, loss, looked = 0, 0, 0.0, 1
    fresh = True  # whether the present set has not been judged yet
    while True:
        need = 0.0
        for a in range(m):
            if size[a] < low[a]:
                need = max(need, (low[a] - size[a]) * ratio[at, a, 0])
            elif size[a] > high[a]:
                need = max(need, (size[a] - high[a]) * ratio[at, a, 1])
        kept = True
        if fresh:
            for a in range(m):
                if size[a] < low[a] or size[a] > high[a]:
                    kept = False
            if kept:
                looked += n * n // (16 * EACH)
                total = points_as_best(j, inside, cost, queue)
                if total >= 0.0 and filled == len(pool):
                    return looked, False, filled
                if total >= 0.0:
                    pack(inside, pool, filled)
                    points[filled] = total
                    filled += 1
            fresh = False
        step = abs(reduced[order[at]]) if at < count else np.inf
        if loss + max(step, need) <= budget and at < count:
            u = order[at]
            sign = 1.0
            if inside[u]:
                sign = -1.0
            inside[u] = not inside[u]
            loss += step
            for a in range(m):
                size[a] += sign * activity[u, a]
            flipped[depth] = at
            depth += 1
            at += 1
            looked += 1
            fresh = True
            if looked > limit or halt[0] != 0:
                return looked, False, filled
        else:
            if depth == 0:
                break
            depth -= 1
            at = flipped[depth]
            u = order[at]
            sign = 1.0
            if inside[u]:
                sign = -1.0
            inside[u] = not inside[u]
            loss -= abs(reduced[u])
            for a in range(m):
                size[a] += sign * activity[u, a]
            at += 1
    return looked, True, filled


@inner
def _holds(bits, row, i):  # type: ignore[no-untyped-def]
    return (bits[row, i >> 6] >> np.uint64(i & 63)) & np.uint64(1)


@outer
def reduced_points(bits, points, price, number, triples, cut):  # type: ignore[no-untyped-def]
    """Reduced points of every territory at the prices of units, of a territory and of cuts."""
    reduced = points - number
    for row in range(len(points)):
        for word in range(bits.shape[1]):
            left = bits[row, word]
            i = word << 6
            while left:
                if left & np.uint64(1):
                    reduced[row] -= price[i]
                left >>= np.uint64(1)
                i += 1
        for c in range(len(triples)):
            held = _holds(bits, row, triples[c, 0]) + _holds(bits, row, triples[c, 1])
            if held + _holds(bits, row, triples[c, 2]) >= 2:  # noqa: PLR2004  two of the three
                reduced[row] -= cut[c]
    return reduced
