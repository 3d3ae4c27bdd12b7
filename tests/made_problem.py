"""Problems made by hand, as arrays, for tests of what comes after an alignment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from spm_opt.geography.distance import distance_km
from spm_opt.problem import NONE, AccountArrays, Arcs, Problem


def problem_of(
    accounts: Sequence[Mapping[str, Any]],
    territories: Sequence[str],
    *,
    places: Mapping[str, tuple[float, float]] | None = None,
    edges: Sequence[tuple[str, str]] = (),
    seats: Mapping[str, tuple[float, float]] | None = None,
    capacity: Mapping[str, float] | None = None,
    skills: Mapping[str, set[str]] | None = None,
    forbidden: Sequence[tuple[str, str]] = (),
) -> Problem:
    """Make a planar problem with the activities "hours" and "revenue".

    An account has ``id`` and, as it likes, ``unit`` (else it is a unit of its own), ``hours``,
    ``revenue``, ``seller``, ``locked``, ``family`` (a number) and ``requires`` (a set of skills). Units
    named in ``places`` that hold no account exist too; units named in ``edges`` are geographic.
    """
    accounts = sorted(accounts, key=lambda row: row["id"])
    places, seats = dict(places or {}), dict(seats or {})
    ids = tuple(sorted({row.get("unit", row["id"]) for row in accounts} | set(places)))
    unit = np.array([ids.index(row.get("unit", row["id"])) for row in accounts], dtype=np.int64)
    seller = [row.get("seller", "") for row in accounts]
    current = np.array([territories.index(name) if name else NONE for name in seller], dtype=np.int64)
    amounts = np.array([[row.get("hours", 0.0), row.get("revenue", 0.0)] for row in accounts], dtype=float)
    activity = np.zeros((len(ids), 2))
    np.add.at(activity, unit, amounts)
    names = tuple(
        sorted(set().union(*(skills or {}).values(), *(row.get("requires", ()) for row in accounts)))
    )
    requires, family, locked = (
        np.zeros((len(ids), len(names)), dtype=bool),
        np.full(len(ids), NONE),
        np.full(len(ids), NONE),
    )
    for row, u, now in zip(accounts, unit, current, strict=True):
        requires[u] |= np.array([skill in row.get("requires", ()) for skill in names], dtype=bool)
        family[u] = row.get("family", family[u])
        locked[u] = now if row.get("locked") else locked[u]
    offers = np.array([[s in (skills or {}).get(t, ()) for s in names] for t in territories], dtype=bool)
    neighbours = np.array([(ids.index(a), ids.index(b)) for a, b in edges], dtype=np.int64).reshape(-1, 2)
    place = np.array([places.get(name, (np.nan, np.nan)) for name in ids])
    seat = np.array([seats.get(name, (np.nan, np.nan)) for name in territories])
    problem = Problem(
        unit_ids=ids,
        territory_ids=tuple(territories),
        activity_names=("hours", "revenue"),
        activity=activity,
        arcs=_all_arcs(place, seat),
        place=place,
        seat=seat,
        planar=True,
        edges=neighbours,
        geographic=np.isin(np.arange(len(ids)), neighbours),
        capacity=np.array([(capacity or {}).get(t, np.inf) for t in territories]),
        family=family.astype(np.int64),
        requires=requires,
        offers=offers.reshape(len(territories), len(names)),
        skill_names=names,
        locked=locked.astype(np.int64),
        accounts=AccountArrays(tuple(row["id"] for row in accounts), unit, current, amounts),
        groups={},
        group_names={},
    )
    gone = [(ids.index(u), territories.index(t)) for u, t in forbidden]
    kept = [
        pair not in gone
        for pair in zip(problem.arcs.unit.tolist(), problem.arcs.territory.tolist(), strict=True)
    ]
    return replace(problem, arcs=problem.arcs.keep(np.array(kept)))


def _all_arcs(place: np.ndarray, seat: np.ndarray) -> Arcs:
    n, k = len(place), len(seat)
    far = distance_km(place[:, None], seat[None], planar=True)
    return Arcs(np.arange(n + 1) * k, np.tile(np.arange(k), n), far.ravel())
