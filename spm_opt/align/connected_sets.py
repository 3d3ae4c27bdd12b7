"""Connected territories of one center: grown from it, unit by unit; compiled. See ``subsets``."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spm_opt.align.subsets import EACH, look, pack, points_as_best
from spm_opt.compiled import inner, outer
from spm_opt.problem import FloatArray, IntArray


@outer
def ways(j, reduced, near_start, near, budget, way):  # type: ignore[no-untyped-def]
    """Least cost of units between the center and each unit that a set has to take in, that unit included."""
    n = len(reduced)
    done = np.zeros(n, np.bool_)
    way[:] = np.inf
    way[j] = 0.0
    for _ in range(n):
        v = -1
        for i in range(n):
            if not done[i] and way[i] <= budget and (v < 0 or way[i] < way[v]):
                v = i
        if v < 0:
            break
        done[v] = True
        for at in range(near_start[v], near_start[v + 1]):
            w = near[at]
            way[w] = min(way[w], way[v] + max(0.0, reduced[w]))


@inner
def _put(u, come, way, reduced, activity, near_start, near, inside, touch, size, expected, more):  # type: ignore[no-untyped-def]
    """Take a unit in or leave it out (``way`` 1), or take that back (-1); returns what it costs."""
    if come:
        inside[u] = way > 0.0
        for a in range(len(size)):
            size[a] += way * activity[u, a]
        for at in range(near_start[u], near_start[u + 1]):
            touch[near[at]] += 1 if way > 0.0 else -1
    gains = reduced[u] < 0.0
    for a in range(len(size)):
        if not gains:
            more[a] -= way * activity[u, a]
        if come and not gains:
            expected[a] += way * activity[u, a]
        elif gains and not come:
            expected[a] -= way * activity[u, a]
    return 0.0 if come == gains else way * abs(reduced[u])


@outer
def grow(  # type: ignore[no-untyped-def]  # noqa: PLR0912, PLR0915  one loop, kept in one piece for the compiler
    j,
    reduced,
    activity,
    low,
    high,
    budget,
    limit,
    halt,
    near_start,
    near,
    cost,
    pool,
    points,
    filled,
):
    """Do what ``look`` does where sets must hang together: grow them from the center, unit by unit.

    Of the undecided units that touch the set the one of largest reduced cost is taken in, or left out for
    good, so that every connected set comes up once.
    """
    n, m = activity.shape
    way = np.empty(n)
    ways(j, reduced, near_start, near, budget, way)
    key = np.empty(n)
    order = np.empty(n, np.int64)
    count = 0
    # 0 undecided, 1 in, 2 out
    state = np.full(n, 2, np.int8)
    inside = np.zeros(n, np.bool_)
    size, expected, more = activity[j].copy(), activity[j].copy(), np.zeros(m)
    cheapest = np.full((m, 2), np.inf)
    loss = 0.0
    for i in range(n):
        if i == j:
            continue
        if way[i] > budget:
            loss += max(0.0, -reduced[i])
            continue
        key[count] = -abs(reduced[i])
        order[count] = i
        count += 1
        state[i] = 0
        side = 1 if reduced[i] < 0.0 else 0
        for a in range(m):
            if side == 1:
                expected[a] += activity[i, a]
            else:
                more[a] += activity[i, a]
            if activity[i, a] > 0.0:
                cheapest[a, side] = min(cheapest[a, side], abs(reduced[i]) / activity[i, a])
    order = order[:count][np.argsort(key[:count])]
    touch = np.zeros(n, np.int64)
    for at in range(near_start[j], near_start[j + 1]):
        touch[near[at]] += 1
    state[j] = 1
    inside[j] = True
    queue = np.empty(n + 1, np.int64)
    taken, turn = np.empty(count + 1, np.int64), np.zeros(count + 1, np.int8)
    depth, looked, members = 0, 0, 1
    descend = True
    while True:
        if descend:
            looked += 1
            if looked > limit or halt[0] != 0:
                return looked, False, filled
            need, alive = 0.0, True
            for a in range(m):
                if size[a] > high[a] or expected[a] + more[a] < low[a]:
                    alive = False
                elif expected[a] < low[a]:
                    need = max(need, (low[a] - expected[a]) * cheapest[a, 0])
                elif expected[a] > high[a]:
                    need = max(need, (expected[a] - high[a]) * cheapest[a, 1])
            u = -1
            if alive and loss + need <= budget:
                for at in range(count):
                    if state[order[at]] == 0 and touch[order[at]] > 0:
                        u = order[at]
                        looked += at // EACH
                        break
                if u < 0:
                    looked += count // EACH
                    left_over = 0.0
                    for at in range(count):
                        if state[order[at]] == 0 and reduced[order[at]] < 0.0:
                            left_over -= reduced[order[at]]
                    kept = loss + left_over <= budget
                    for a in range(m):
                        if size[a] < low[a] or size[a] > high[a]:
                            kept = False
                    if kept:
                        looked += members * members // EACH
                        total = points_as_best(j, inside, cost, queue)
                        if total >= 0.0 and filled == len(pool):
                            return looked, False, filled
                        if total >= 0.0:
                            pack(inside, pool, filled)
                            points[filled] = total
                            filled += 1
            if u >= 0:
                taken[depth] = u
                turn[depth] = 0
                depth += 1
        else:
            # take back what the last unit's present branch did
            u = taken[depth - 1]
            come = (turn[depth - 1] == 1) == (reduced[u] < 0.0)
            loss += _put(
                u, come, -1.0, reduced, activity, near_start, near, inside, touch, size, expected, more
            )
            members -= 1 if come else 0
            state[u] = 0
        # go into the next branch of the last unit, or back beyond it
        if depth == 0:
            break
        if descend and (u < 0):
            descend = False
            continue
        if turn[depth - 1] == 2:  # noqa: PLR2004  both branches are done
            depth -= 1
            if depth == 0:
                break
            descend = False
            continue
        u = taken[depth - 1]
        turn[depth - 1] += 1
        come = (turn[depth - 1] == 1) == (reduced[u] < 0.0)
        state[u] = 1 if come else 2
        loss += _put(u, come, 1.0, reduced, activity, near_start, near, inside, touch, size, expected, more)
        members += 1 if come else 0
        descend = True
    return looked, True, filled


def list_sets(
    j: int,
    reduced: FloatArray,
    activity: FloatArray,
    low: FloatArray,
    high: FloatArray,
    budget: float,
    limit: int,
    halt: IntArray,
    contiguous: bool,  # noqa: FBT001  as the compiled ones are called
    near_start: IntArray,
    near: IntArray,
    cost: FloatArray,
    pool: NDArray[np.uint64],
    points: FloatArray,
    filled: int,
) -> tuple[int, bool, int]:
    """List the sets of a center that keep the limits and cost at most ``budget`` above the relaxed one.

    Returns the work done, whether all were listed, and the rows of the pool taken.
    """
    asked = (j, reduced, activity, low, high, budget, limit, halt)
    found: tuple[int, bool, int] = (
        grow(*asked, near_start, near, cost, pool, points, filled)
        if contiguous
        else look(*asked, cost, pool, points, filled)
    )
    return found
