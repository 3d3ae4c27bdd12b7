"""Additional positions: the scenario with some more sellers whose seats are open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from spm_opt.align.opening import missed_most
from spm_opt.criteria import Disruption
from spm_opt.criteria.terms import Criterion
from spm_opt.geography.distance import distance_km
from spm_opt.problem import FloatArray, IntArray, Problem
from spm_opt.scenario.prepare import LEVELS
from spm_opt.scenario.scenario import Scenario

NAME = "additional seller"
"""Who fills an additional position: somebody settled, from the first day."""


def with_more(scenario: Scenario, problem: Problem, add: int) -> tuple[Scenario, tuple[str, ...]]:
    """Add open positions.

    Each has the median capacity of the others, the skills that most of them have, the most frequent role, and the
    manager, district and region of the seat nearest to where a seller is missed most. It is filled all year by
    somebody settled, so that positions compare and nobody's ramp does.

    Parameters
    ----------
    scenario, problem
        What is planned so far.
    add
        How many.

    Returns
    -------
    The scenario with them, and their ids.
    """
    if not add:
        return scenario, ()
    sellers = scenario.sellers
    ids = _ids(set(sellers["id"].tolist()), add)
    near = _nearest(problem, sellers, add)
    capacity = sellers["capacity"].to_numpy(dtype=float)
    known = capacity[np.isfinite(capacity)]
    rows = sellers.iloc[near].copy()
    rows["id"], rows["name"], rows["row"] = list(ids), NAME, 0
    rows["x"] = rows["y"] = np.nan
    rows["capacity"] = float(np.median(known)) if len(known) else np.inf
    rows["start"] = rows["end"] = pd.NaT
    rows["part_time"], rows["leave"] = 1.0, np.nan
    rows["role"] = most_frequent(sellers["role"].tolist())
    rows["skills"] = [_usual_skills(sellers)] * add
    joined = pd.concat([sellers, rows.astype(sellers.dtypes.to_dict())], ignore_index=True)
    return replace(scenario, sellers=joined.sort_values("id", kind="stable", ignore_index=True)), ids


def with_room(criteria: Sequence[Criterion], share: float) -> tuple[Criterion, ...]:
    """Let as much more move as additional positions must get from others: their fair share (a fraction) of all."""
    return tuple(
        one.model_copy(update={"limit": min(1.0, one.limit + share)})
        if isinstance(one, Disruption) and one.limit is not None
        else one
        for one in criteria
    )


def most_frequent(words: list[str]) -> str:
    """Name the most frequent word, of several the first in the alphabet."""
    return min(set(words), key=lambda word: (-words.count(word), word), default="")


def nearest_seat(problem: Problem, seat: FloatArray, place: FloatArray) -> int:
    """Territory whose seat (shape ``(k, 2)``) is nearest to a place, or -1 where none is known."""
    far = distance_km(seat, place[None], planar=problem.planar)
    return -1 if np.isnan(far).all() else int(np.nanargmin(far))


def _ids(taken: set[str], add: int) -> tuple[str, ...]:
    """Ids that nobody has, in their order."""
    stem = "new"
    while any(name.startswith(stem) for name in taken):
        stem += "+"
    return tuple(f"{stem}{at:02}" for at in range(1, add + 1))


def _nearest(problem: Problem, sellers: pd.DataFrame, add: int) -> IntArray:
    """Row of the seller whose groups each additional position shares."""
    known = ~np.isnan(problem.seat).any(axis=1)
    grouped = [tuple(row) for row in sellers[list(LEVELS)].itertuples(index=False)]
    usual = grouped.index(min(set(grouped), key=lambda group: (-grouped.count(group), group)))
    if not known.any() or np.isnan(problem.place).all():
        return np.full(add, usual, dtype=np.int64)
    seat, found = problem.seat, []
    places = problem.place[~np.isnan(problem.place).any(axis=1)]
    for _ in range(add):
        place = places[missed_most(problem, seat, places)]
        seat = np.concatenate((seat, place[None]))
        found.append(nearest_seat(problem, problem.seat, place))
    return np.array(found, dtype=np.int64)


def _usual_skills(sellers: pd.DataFrame) -> tuple[str, ...]:
    """Skills that at least half of the sellers have."""
    held = [skill for skills in sellers["skills"] for skill in skills]
    return tuple(sorted(skill for skill in set(held) if 2 * held.count(skill) >= len(sellers)))
