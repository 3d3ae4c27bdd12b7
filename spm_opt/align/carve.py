"""A beginning for territories that have no units yet: what lies around their centers, up to a fair load."""

from __future__ import annotations

import heapq

import numpy as np

from spm_opt.align.thin import load_of
from spm_opt.geography.distance import distance_km
from spm_opt.problem import BoolArray, FloatArray, IntArray, Problem


def carved(problem: Problem, territory: IntArray, center: FloatArray) -> IntArray:
    """Give each territory that has a center and no units its surroundings, whoever has them.

    Geographic units are taken neighbour by neighbour, the nearest first, others by their distance. What is left of
    the territories that give may be in pieces.

    Parameters
    ----------
    problem
        What is asked.
    territory
        Territory of each unit or ``NONE``, shape ``(n,)``.
    center
        Center of each territory, shape ``(k, 2)``.
    """
    territory = territory.copy()
    held = np.bincount(territory[territory >= 0], minlength=problem.k) > 0
    missing = np.flatnonzero(~held & ~np.isnan(center).any(axis=1))
    load = load_of(problem)
    near = _neighbours(problem) if len(missing) else []
    taken = np.zeros(problem.n, dtype=bool)
    for t in missing.tolist():
        units = _grown(problem, near, center[t], load, _may(problem, t) & ~taken)
        territory[units] = t
        taken[units] = True
    return territory


def _may(problem: Problem, territory: int) -> BoolArray:
    """Units with a place that a territory may have, and that no lock holds; shape ``(n,)``."""
    may = np.zeros(problem.n, dtype=bool)
    may[problem.arcs.unit[problem.arcs.territory == territory]] = True
    return np.asarray(may & (problem.locked < 0) & ~np.isnan(problem.place).any(axis=1))


def _neighbours(problem: Problem) -> list[list[int]]:
    near: list[list[int]] = [[] for _ in range(problem.n)]
    for a, b in problem.edges.tolist():
        near[a].append(b)
        near[b].append(a)
    return near


def _grown(
    problem: Problem, near: list[list[int]], center: FloatArray, load: FloatArray, may: BoolArray
) -> list[int]:
    """Take units from the nearest geographic one on, until they carry a fair load."""
    room = load.sum() / problem.k
    far = distance_km(problem.place, center[None], planar=problem.planar)
    far = np.where(may, far, np.inf)
    if not may.any():
        return []
    land = may & problem.geographic
    queue = [(float(far[u]), int(u)) for u in np.flatnonzero(may & ~problem.geographic)]
    if land.any():
        first = int(np.argmin(np.where(land, far, np.inf)))
        queue.append((float(far[first]), first))
    heapq.heapify(queue)
    seen, carried = {u for _, u in queue}, 0.0
    units: list[int] = []
    while queue and carried < room:
        _, u = heapq.heappop(queue)
        if units and carried + load[u] > room + load[u] / 2:
            continue
        units.append(u)
        carried += float(load[u])
        for v in near[u]:
            if may[v] and v not in seen:
                seen.add(v)
                heapq.heappush(queue, (float(far[v]), v))
    return units
