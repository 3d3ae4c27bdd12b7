"""Small countries whose territories are single cells of a grid, for tests of the layers over them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from made_company import company
from made_grid import grid

from spm_opt.plan import Alignment
from spm_opt.problem import Problem
from spm_opt.scenario.overlay_settings import Overlay
from spm_opt.scenario.scenario import Scenario


def cells(
    width: int,
    height: int,
    overlays: Sequence[Mapping[str, Any]],
    *,
    hours: Callable[[int, int], float] = lambda _x, _y: 1.0,
    region: Callable[[int, int], str] = lambda _x, _y: "East",
    manager: Callable[[int, int], str] = lambda _x, _y: "",
) -> tuple[Scenario, Problem, Alignment]:
    """Make a grid in which every cell is a territory of its own, ``t<x><y>`` with its seat at (x, y)."""
    at = [(x, y) for x in range(width) for y in range(height)]
    names = [f"t{x}{y}" for x, y in at]
    problem = grid(
        width,
        height,
        names,
        account=lambda x, y: {"hours": hours(x, y), "revenue": 10.0 * hours(x, y), "seller": f"t{x}{y}"},
        seats={name: (float(x), float(y)) for name, (x, y) in zip(names, at, strict=True)},
        groups={"region": {name: region(x, y) for name, (x, y) in zip(names, at, strict=True)}},
    )
    sellers = [
        {"id": name, "region": region(x, y), "district": region(x, y), "manager": manager(x, y)}
        for name, (x, y) in zip(names, at, strict=True)
    ]
    accounts = [{"id": f"a{x}{y}", "seller": f"t{x}{y}", "hours": hours(x, y)} for x, y in at]
    made = company(accounts, sellers, activities=("hours", "revenue"))
    layers = tuple(Overlay.model_validate(one) for one in overlays)
    scenario = replace(made, settings=made.settings.model_copy(update={"overlays": layers}))
    own = np.arange(problem.k)
    return scenario, problem, Alignment.of_units(problem, own)
