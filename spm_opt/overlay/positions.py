"""The positions of a layer: how many in each group, what they are called, and which units each may have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import count

import numpy as np

from spm_opt.problem import NONE, Arcs, IntArray, Problem
from spm_opt.scenario.overlay_positions import positions_of
from spm_opt.scenario.overlay_settings import Overlay

Holders = tuple[tuple[str, str], ...]


def with_positions(
    ground: Problem, overlay: Overlay, group: IntArray, group_names: Sequence[str], holder: Sequence[str]
) -> Problem:
    """Give a layer's ground its positions.

    Parameters
    ----------
    ground
        Units without positions.
    overlay
        The layer.
    group
        Group of each unit, shape ``(n,)``.
    group_names
        Groups by name, each with at least one unit.
    holder
        Who has each account today in this layer, empty where nobody is known; ``a`` texts.

    Returns
    -------
    The problem of the layer: a unit may go to the positions of its group, none of which has a seat. Positions of
    a group carry today's holders first, who are where most of their accounts are, those with most accounts
    first; holders beyond the number of positions are gone.
    """
    units = np.bincount(group, minlength=len(group_names))
    counts = positions_of(overlay, units.tolist())
    holders = _by_group(group[ground.accounts.unit], holder)
    ids: list[str] = []
    taken = set(holder)
    for g, (name, positions) in enumerate(zip(group_names, counts, strict=True)):
        mine = [who for who, home in holders.items() if home == g][:positions]
        stem = " ".join(filter(None, (overlay.name, name)))
        fresh = (label for i in count(1) if (label := f"{stem} {i}") not in taken)
        ids += [*mine, *(next(fresh) for _ in range(positions - len(mine)))]
    at = {name: p for p, name in enumerate(ids)}
    of_position = np.repeat(np.arange(len(counts)), counts)
    current = np.array([at.get(who, NONE) for who in holder], dtype=np.int64)
    astray = (current >= 0) & (of_position[current] != group[ground.accounts.unit])
    k = len(ids)
    return replace(
        ground,
        territory_ids=tuple(ids),
        arcs=_inside(group, np.asarray(counts)),
        seat=np.full((k, 2), np.nan),
        capacity=np.full(k, np.inf),
        offers=np.zeros((k, 0), dtype=bool),
        accounts=replace(ground.accounts, current=np.where(astray, NONE, current)),
        groups={} if overlay.within is None else {overlay.within: of_position},
        group_names={} if overlay.within is None else {overlay.within: tuple(group_names)},
    )


def _by_group(group: IntArray, holder: Sequence[str]) -> Mapping[str, int]:
    """Group in which each of today's holders has most accounts; those with most of them first, then by name."""
    pairs = Counter(zip(holder, group.tolist(), strict=True))
    most: dict[str, tuple[int, int]] = {}
    for (who, g), accounts in sorted(pairs.items()):
        if who and accounts > most.get(who, (0, NONE))[0]:
            most[who] = (accounts, g)
    return {who: g for who, (_, g) in sorted(most.items(), key=lambda item: (-item[1][0], item[0]))}


def _inside(group: IntArray, counts: IntArray) -> Arcs:
    """Make an arc of every unit and every position of its group."""
    first = np.concatenate(([0], np.cumsum(counts)[:-1]))
    width = counts[group]
    start = np.concatenate(([0], np.cumsum(width))).astype(np.int64)
    position = np.arange(start[-1]) - np.repeat(start[:-1] - first[group], width)
    return Arcs(start, position.astype(np.int64), np.full(len(position), np.nan))


def part(problem: Problem, units: IntArray, positions: IntArray) -> Problem:
    """Take one group out of a layer's problem, with all its pairs."""
    own = np.full(problem.n, NONE, dtype=np.int64)
    own[units] = np.arange(len(units))
    new = np.full(problem.k + 1, NONE, dtype=np.int64)
    new[positions] = np.arange(len(positions))
    accounts = problem.accounts
    mine = np.flatnonzero(own[accounts.unit] >= 0)
    edges = own[problem.edges]
    k, pairs = len(positions), len(units) * len(positions)
    start = np.arange(len(units) + 1, dtype=np.int64) * k
    return replace(
        problem,
        unit_ids=tuple(problem.unit_ids[u] for u in units.tolist()),
        territory_ids=tuple(problem.territory_ids[p] for p in positions.tolist()),
        activity=problem.activity[units],
        arcs=Arcs(start, np.tile(np.arange(k, dtype=np.int64), len(units)), np.full(pairs, np.nan)),
        place=problem.place[units],
        seat=problem.seat[positions],
        edges=edges[(edges >= 0).all(axis=1)],
        geographic=problem.geographic[units],
        capacity=problem.capacity[positions],
        family=problem.family[units],
        requires=problem.requires[units],
        offers=problem.offers[positions],
        locked=problem.locked[units],
        accounts=replace(
            accounts,
            ids=tuple(accounts.ids[a] for a in mine.tolist()),
            unit=own[accounts.unit[mine]],
            current=new[accounts.current[mine]],
            activity=accounts.activity[mine],
            segment=tuple(accounts.segment[a] for a in mine.tolist()) if accounts.segment else (),
        ),
        groups={},
        group_names={},
    )
