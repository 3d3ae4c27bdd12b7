"""Public instances as Problems: what the JSON files say, in the words of the ordinary library."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from spm_opt.criteria import Capacity, Contiguity, Dispersion, Limits
from spm_opt.criteria.terms import Criterion
from spm_opt.geography.distance import distance_km
from spm_opt.problem import NONE, AccountArrays, Arcs, FloatArray, Problem

ROUNDINGS = {"nearest integer": np.rint, "floor": lambda far: np.floor(far + 1e-9)}
COUNT = "units"
"""Activity that counts units, where a territory must not be empty and no other limit says so."""


@dataclass(frozen=True, eq=False)
class Instance:
    """One public instance.

    Attributes
    ----------
    name
        Its file's name without ``.json``.
    group
        The family, for hess with its level (``"hess_county"``).
    problem, criteria
        What is asked. The points of the aims are the instance's own value.
    status, best_known
        What is known: ``"optimal"``, ``"best known"``, ``"infeasible"`` or ``"open"``, and the value.
    """

    name: str
    group: str
    problem: Problem
    criteria: tuple[Criterion, ...]
    status: str
    best_known: float | None


def read(path: Path) -> Instance:
    """Read one instance file."""
    data = json.loads(path.read_text(encoding="utf-8"))
    family = data["family"]
    problem, criteria = (_assignment if family == "gap" else _territories)(data)
    group = "_".join(path.stem.split("_")[:2]) if family == "hess" else family
    return Instance(path.stem, group, problem, criteria, data["status"], data["best_known"])


def _territories(data: Mapping[str, Any]) -> tuple[Problem, tuple[Criterion, ...]]:
    """Make a problem with a center to choose for every territory."""
    rule = data["distance"]
    place = np.stack([data["x"], data["y"]], axis=1).astype(float) / rule["unit_divisor"]
    activities: dict[str, Any] = dict(data["activities"])
    limits = [
        Limits(activity=name, lower=data["lower"].get(name), upper=data["upper"].get(name))
        for name in activities
        if data["lower"].get(name) is not None or data["upper"].get(name) is not None
    ]
    if not any(limit.lower for limit in limits):
        activities[COUNT] = np.ones(len(place))
        limits.append(Limits(activity=COUNT, lower=1))
    weight = rule["weight"] if rule["weight"] in activities else None
    total = float(np.sum(activities[weight])) if weight else float(len(place))
    travel = Dispersion(
        center="chosen", power=rule["power"], weight_by=weight, weight=total * rule["scale"]
    )  # a mean times what it is the mean of is the sum
    n, k = len(place), data["territories"]
    arcs = Arcs(np.arange(n + 1) * k, np.tile(np.arange(k), n), np.full(n * k, np.nan))
    problem = _problem(
        activities, arcs, k, place=place, edges=data["edges"] or (), between=_rounded(place, rule["round"])
    )
    return problem, (travel, *limits, *([Contiguity()] if data["contiguous"] else []))


def _rounded(place: FloatArray, rounding: str | None) -> FloatArray | None:
    """Distance from each unit to each as the instance rounds it, or nothing where it does not."""
    if rounding is None:
        return None
    far = np.stack([distance_km(point, place, planar=True) for point in place])
    return np.asarray(ROUNDINGS[rounding](far), dtype=float)


def _assignment(data: Mapping[str, Any]) -> tuple[Problem, tuple[Criterion, ...]]:
    """Make a problem of jobs (units) for agents (territories), cost and weight a pair."""
    cost, weight = np.array(data["cost"], dtype=float), np.array(data["weight"], dtype=float)
    k, n = cost.shape
    arcs = Arcs(
        np.arange(n + 1) * k,
        np.tile(np.arange(k), n),
        cost.T.ravel(),
        np.ones(n * k, dtype=bool),
        {"load": weight.T.ravel()},
    )
    capacity = np.array(data["capacity"], dtype=float)
    problem = _problem({"load": weight.mean(axis=0)}, arcs, k, capacity=capacity)
    return problem, (Dispersion(weight=float(n)), Capacity(activity="load"))


def _problem(
    activities: Mapping[str, Any],
    arcs: Arcs,
    k: int,
    *,
    place: FloatArray | None = None,
    edges: Any = (),
    between: FloatArray | None = None,
    capacity: FloatArray | None = None,
) -> Problem:
    """Lay out a problem without sellers of today, skills, families or an organisation."""
    n = len(arcs.start) - 1
    ids = tuple(f"u{i}" for i in range(n))
    activity = np.stack([np.asarray(values, dtype=float) for values in activities.values()], axis=1)
    none = np.full(n, NONE, dtype=np.int64)
    return Problem(
        unit_ids=ids,
        territory_ids=tuple(f"t{t}" for t in range(k)),
        activity_names=tuple(activities),
        activity=activity,
        arcs=arcs,
        place=np.full((n, 2), np.nan) if place is None else place,
        seat=np.full((k, 2), np.nan),
        planar=True,
        edges=np.array(edges, dtype=np.int64).reshape(-1, 2),
        geographic=np.full(n, place is not None),
        capacity=np.full(k, np.inf) if capacity is None else capacity,
        family=none,
        requires=np.zeros((n, 0), dtype=bool),
        offers=np.zeros((k, 0), dtype=bool),
        skill_names=(),
        locked=none,
        accounts=AccountArrays(ids, np.arange(n), none, activity),
        groups={},
        group_names={},
        between=between,
    )
