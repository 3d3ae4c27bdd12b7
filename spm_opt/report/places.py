"""Where units and accounts lie."""

from __future__ import annotations

from typing import Any

import numpy as np

from spm_opt.problem import BoolArray, FloatArray, IntArray
from spm_opt.run import Run


def known(place: FloatArray) -> BoolArray:
    """Tell which places (shape ``(p, 2)``) are known, shape ``(p,)``."""
    return np.asarray(np.isfinite(place).all(axis=1))


def unit_polygons(run: Run) -> tuple[IntArray, np.ndarray]:
    """Geographic units that have a polygon, and the polygons."""
    found: list[int] = []
    shapes: list[Any] = []
    if run.scenario.geography is not None:
        table = run.scenario.geography
        shapes_by_id = dict(zip(table["id"].astype(str), table.geometry.to_numpy(), strict=True))
        for unit in np.flatnonzero(run.problem.geographic).tolist():
            shape = shapes_by_id.get(run.problem.unit_ids[unit])
            if shape is not None and not shape.is_empty:
                found.append(unit)
                shapes.append(shape)
    laid = np.empty(len(shapes), dtype=object)
    laid[:] = shapes
    return np.array(found, dtype=np.int64), laid


def account_places(run: Run) -> FloatArray:
    """Where each account stands, shape ``(a, 2)``: its own place, else its unit's where that is a point."""
    problem = run.problem
    table = run.scenario.accounts.set_index("id").loc[list(problem.accounts.ids)]
    place = table[["x", "y"]].to_numpy(dtype=float, copy=True)
    alone = ~problem.geographic[problem.accounts.unit]
    missing = np.isnan(place).any(axis=1) & alone
    place[missing] = problem.place[problem.accounts.unit[missing]]
    return place
