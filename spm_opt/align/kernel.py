"""The compiled inner loop of the local search; see ``search`` for what it means."""

from __future__ import annotations

import math

import numpy as np

from spm_opt.compiled import inner, outer

NEGLIGIBLE = 1e-10
"""Relative violation of a hard row that counts as none: what incremental sums lose."""
ACROSS = 0.98
"""Share of the proposals that look at territories nearby only, for a node that has a place."""
SWAPS = 0.4
"""Share of proposals that exchange two nodes rather than move one."""
LARGE, WINDOW = 5_000, 300
"""Of a pool with more nodes than the first, proposals draw from so many in a row: what they read stays at hand."""
SNAPSHOT_EVERY = 512
"""Proposals between two looks at whether the present state is the best so far."""


@inner
def _draw(state):  # type: ignore[no-untyped-def]
    """Next 64 bits of SplitMix64 (Steele, Lea and Flood 2014), as a float in [0, 1)."""
    state[0] += np.uint64(0x9E3779B97F4A7C15)
    z = state[0]
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = z ^ (z >> np.uint64(31))
    return np.float64(z >> np.uint64(11)) * (1.0 / 9007199254740992.0)


@inner
def _below(state, count):  # type: ignore[no-untyped-def]
    return min(int(_draw(state) * count), count - 1)


@inner
def copy(one, other):  # type: ignore[no-untyped-def]
    """Write an array into another of its size; what slices do, without what they compile to say where they fail."""
    for i in range(len(one)):
        other[i] = one[i]


@inner
def copy_rows(one, other):  # type: ignore[no-untyped-def]
    """Write a table into another of its shape, likewise."""
    for i in range(len(one)):
        copy(one[i], other[i])


@inner
def _arc(start, territory, node, t):  # type: ignore[no-untyped-def]
    """Index of the arc of a pair, or -1."""
    low, high = start[node], start[node + 1]
    end = high
    while low < high:
        middle = (low + high) // 2
        if territory[middle] < t:
            low = middle + 1
        else:
            high = middle
    return low if low < end and territory[low] == t else -1


@inner
def beyond_of(activity, lower, upper):  # type: ignore[no-untyped-def]
    """Violation of one row."""
    if activity < lower:
        return lower - activity
    if activity > upper:
        return activity - upper
    return 0.0


@inner
def shift(  # type: ignore[no-untyped-def]
    arc, sign, columns, rows, coefficients, lower, upper, weight, kind, activity, cost, guide, change
):
    """Put an arc into the plan or take it out; ``change[0]`` is penalties, ``change[1 + l]`` points."""
    change[0] += sign * guide[arc]
    for level in range(cost.shape[0]):
        change[1 + level] += sign * cost[level, arc]
    for at in range(columns[arc], columns[arc + 1]):
        r = rows[at]
        before = beyond_of(activity[r], lower[r], upper[r])
        activity[r] += sign * coefficients[at]
        change[1 + kind[r]] += weight[r] * (beyond_of(activity[r], lower[r], upper[r]) - before)


@inner
def _broken(activity, lower, upper, scale, kind):  # type: ignore[no-untyped-def]
    """Total violation of hard rows relative to their size, what sums lose not counted."""
    total = 0.0
    for r in range(len(lower)):
        if kind[r] < 0:
            beyond = beyond_of(activity[r], lower[r], upper[r]) / scale[r]
            if beyond > NEGLIGIBLE:
                total += beyond
    return total


@inner
def _stays_connected(leaver, t, where, geographic, near_start, near, mark, queue):  # type: ignore[no-untyped-def]
    """Whether the geographic nodes of ``t`` hang together without ``leaver``; ``mark[-1]`` counts the searches."""
    first, wanted = -1, 0
    for at in range(near_start[leaver], near_start[leaver + 1]):
        v = near[at]
        if where[v] == t and geographic[v]:
            wanted += 1
            first = v
    if wanted <= 1:
        return True
    mark[-1] += 1
    stamp = mark[-1]
    mark[leaver] = stamp
    mark[first] = stamp
    queue[0] = first
    head, tail = 0, 1
    # breadth first: the other neighbours of the leaver are most often met within a few steps
    while head < tail:
        v = queue[head]
        head += 1
        for at in range(near_start[v], near_start[v + 1]):
            w = near[at]
            if w == leaver:
                wanted -= 1
                if wanted == 0:
                    return True
            elif mark[w] != stamp and where[w] == t and geographic[w]:
                mark[w] = stamp
                queue[tail] = w
                tail += 1
    return False


@inner
def _touches(node, t, where, geographic, near_start, near):  # type: ignore[no-untyped-def]
    for at in range(near_start[node], near_start[node + 1]):
        if where[near[at]] == t and geographic[near[at]]:
            return True
    return False


@inner
def _target(u, state, start, territory, where, geographic, look_start, look, members):  # type: ignore[no-untyped-def]
    """Draw a territory for node ``u`` to go to: that of a node nearby, or any."""
    degree = look_start[u + 1] - look_start[u]
    if degree > 0 and _draw(state) < ACROSS:
        return where[look[look_start[u] + _below(state, degree)]]
    t = territory[start[u] + _below(state, start[u + 1] - start[u])]
    # a territory without any geography may be given its first unit
    if geographic[u] and members[t] > 0:
        return -1
    return t


@inner
def _partner(u, t, state, where, geographic, look_start, look):  # type: ignore[no-untyped-def]
    """Draw a node of ``t`` of the same nature as ``u`` to come back in exchange, or -1."""
    n = len(where)
    degree = look_start[u + 1] - look_start[u]
    if degree == 0:
        for _ in range(256):
            w = _below(state, n)
            if where[w] == t and not geographic[w]:
                return w
        return -1
    for _ in range(4):
        v = look[look_start[u] + _below(state, degree)]
        if where[v] == t:
            around = look_start[v + 1] - look_start[v]
            if around == 0:
                continue
            w = look[look_start[v] + _below(state, around)]
            if where[w] != t or w == u or geographic[w] != geographic[u]:
                w = v
            return w if geographic[w] == geographic[u] else -1
    return -1


@outer
def anneal_from(  # type: ignore[no-untyped-def]  # noqa: PLR0912, PLR0915  one loop, kept in one piece for the compiler
    start,
    territory,
    cost,
    guide,
    columns,
    rows,
    coefficients,
    lower,
    upper,
    true_lower,
    true_upper,
    scale,
    weight,
    kind,
    cap,
    geographic,
    near_start,
    near,
    look_start,
    look,
    arcs,
    best,
    out,
    state,
    count,
    temperature,
    warmth,
    penalty,
    beyond,
    pool,
    group,
    where,
    members,
    activity,
    now,
):
    """Look at ``count`` proposals at one temperature, as ``books.anneal`` says, from books that are already made.

    They and the plan are changed in place. ``where`` is the territory of each node, ``members`` how many geographic nodes each has, ``activity`` that of
    each row, ``now`` the penalties and the points of each level.
    """
    n, levels = len(start) - 1, cost.shape[0]
    mark = np.zeros(n + 1, np.int64)
    queue = np.empty(n + 1, np.int64)
    change = np.zeros(1 + levels)
    over, window = 0.0, WINDOW if len(pool) > LARGE else len(pool)
    for level in range(levels - 1):
        over += max(0.0, now[1 + level] - cap[level]) / max(1.0, abs(cap[level]))

    for proposal in range(count):
        if proposal % SNAPSHOT_EVERY == 0 or proposal == count - 1:
            violation = _broken(activity, true_lower, true_upper, scale, kind) + (
                over if over > NEGLIGIBLE else 0.0
            )
            if violation < out[0] - NEGLIGIBLE or (violation <= out[0] and now[levels] < out[1] - 1e-12):
                out[0], out[1] = violation, now[levels]
                copy(where, best)
        u = pool[(proposal * len(pool) // count + _below(state, window)) % len(pool)]
        s = where[u]
        t = _target(u, state, start, territory, where, geographic, look_start, look, members)
        if t < 0 or t == s or group[t] != group[s]:
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
        here = arcs[u]
        for at in range(1 + levels):
            change[at] = 0.0
        shift(
            here, -1.0, columns, rows, coefficients, lower, upper, weight, kind, activity, cost, guide, change
        )
        shift(
            there, 1.0, columns, rows, coefficients, lower, upper, weight, kind, activity, cost, guide, change
        )
        if w >= 0:
            shift(
                arcs[w],
                -1.0,
                columns,
                rows,
                coefficients,
                lower,
                upper,
                weight,
                kind,
                activity,
                cost,
                guide,
                change,
            )
            shift(
                back,
                1.0,
                columns,
                rows,
                coefficients,
                lower,
                upper,
                weight,
                kind,
                activity,
                cost,
                guide,
                change,
            )
        over_after = 0.0
        for level in range(levels - 1):
            over_after += max(0.0, now[1 + level] + change[1 + level] - cap[level]) / max(
                1.0, abs(cap[level])
            )
        energy = change[levels] + change[0] + penalty * (over_after - over)
        heat = temperature * warmth[s]
        accepted = energy <= 0.0 or (heat > 0.0 and _draw(state) < math.exp(-energy / heat))
        # the dearer question last: most proposals have been refused by now
        if accepted and geographic[u]:
            accepted = _stays_connected(u, s, where, geographic, near_start, near, mark, queue)
            if accepted and w >= 0:
                where[u] = t
                accepted = _touches(w, s, where, geographic, near_start, near) and _stays_connected(
                    w, t, where, geographic, near_start, near, mark, queue
                )
                where[u] = s
        if accepted:
            for at in range(1 + levels):
                now[at] += change[at]
            over = over_after
            arcs[u], where[u] = there, t
            if w >= 0:
                arcs[w], where[w] = back, s
            elif geographic[u]:
                members[s] -= 1
                members[t] += 1
        else:
            if w >= 0:
                shift(
                    back,
                    -1.0,
                    columns,
                    rows,
                    coefficients,
                    lower,
                    upper,
                    weight,
                    kind,
                    activity,
                    cost,
                    guide,
                    change,
                )
                shift(
                    arcs[w],
                    1.0,
                    columns,
                    rows,
                    coefficients,
                    lower,
                    upper,
                    weight,
                    kind,
                    activity,
                    cost,
                    guide,
                    change,
                )
            shift(
                there,
                -1.0,
                columns,
                rows,
                coefficients,
                lower,
                upper,
                weight,
                kind,
                activity,
                cost,
                guide,
                change,
            )
            shift(
                here,
                1.0,
                columns,
                rows,
                coefficients,
                lower,
                upper,
                weight,
                kind,
                activity,
                cost,
                guide,
                change,
            )
    for r in range(len(lower)):
        beyond[r] = beyond_of(activity[r], true_lower[r], true_upper[r])
    out[2], out[3] = _broken(activity, true_lower, true_upper, scale, kind) + over, now[levels]
