"""Square countries made by hand: a grid of units that neighbour each other by their sides."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from made_problem import problem_of

from spm_opt.problem import Problem


def grid(
    width: int,
    height: int,
    territories: Sequence[str],
    *,
    account: Callable[[int, int], Mapping[str, Any]] = lambda _x, _y: {"hours": 1.0},
    singles: Sequence[Mapping[str, Any]] = (),
    groups: Mapping[str, Mapping[str, str]] | None = None,
    **more: Any,
) -> Problem:
    """Make a grid with unit ``u<x><y>`` at (x, y) km, holding account ``a<x><y>``.

    ``account`` gives the fields of the account at (x, y), ``singles`` are accounts that are units of
    their own, and ``groups`` says for each level the group of each territory.
    """
    cells = [(x, y) for x in range(width) for y in range(height)]
    rows = [{"id": f"a{x}{y}", "unit": f"u{x}{y}", **account(x, y)} for x, y in cells]
    edges = [(f"u{x}{y}", f"u{x + 1}{y}") for x, y in cells if x + 1 < width]
    edges += [(f"u{x}{y}", f"u{x}{y + 1}") for x, y in cells if y + 1 < height]
    problem = problem_of(
        [*rows, *singles],
        territories,
        places={f"u{x}{y}": (float(x), float(y)) for x, y in cells},
        edges=edges,
        **more,
    )
    names = {level: tuple(sorted(set(of.values()))) for level, of in (groups or {}).items()}
    index = {
        level: np.array([names[level].index(of[t]) for t in territories], dtype=np.int64)
        for level, of in (groups or {}).items()
    }
    return replace(problem, groups=index, group_names=names)


def plan_of(problem: Problem, **unit_territory: str) -> np.ndarray:
    """Lay out a plan from the names of units and territories; ``""`` is no territory."""
    names = ["", *problem.territory_ids]
    return np.array([names.index(unit_territory[unit]) - 1 for unit in problem.unit_ids], dtype=np.int64)


def by_place(problem: Problem, territory: Callable[[float, float], str]) -> np.ndarray:
    """Lay out a plan by the place of each unit."""
    return np.array(
        [problem.territory_ids.index(territory(x, y)) for x, y in problem.place.tolist()], dtype=np.int64
    )
