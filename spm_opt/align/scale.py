"""What is large and what is small in a model: of its rows, its nodes and its points."""

from __future__ import annotations

import numpy as np

from spm_opt.align.model import Model
from spm_opt.problem import FloatArray

FOURTH = 3
"""How many territories a node is moved on, to see what moving it costs."""


def row_scale(model: Model) -> FloatArray:
    """Size of each row that its violation is measured against, shape ``(r,)``; never zero."""
    largest = np.zeros(len(model.lower))
    if model.rows.nnz:
        largest = np.asarray(abs(model.rows).max(axis=1).todense()).ravel()
    for limit in (model.lower, model.upper):
        largest = np.maximum(largest, np.where(np.isfinite(limit), np.abs(limit), 0.0))
    return np.where(largest > 0, largest, 1.0)


def move_costs(model: Model, level: int) -> FloatArray:
    """Say what it costs each node to go from its cheapest territory to the fourth cheapest, shape ``(n,)``."""
    cost = model.cost[level][np.lexsort((model.cost[level], model.node))]
    degree = np.diff(model.start)
    return np.asarray(cost[model.start[:-1] + np.minimum(degree - 1, FOURTH)] - cost[model.start[:-1]])


def typical(model: Model, level: int) -> tuple[float, FloatArray]:
    """Points that a typical move costs at a level, and the size of a typical node in each row, shape ``(r,)``."""
    spread = move_costs(model, level)
    total = np.asarray(abs(model.rows).sum(axis=1)).ravel()
    size = np.where(total > 0, total / np.maximum(1, np.diff(model.rows.indptr)), 1.0)
    soft = ~model.hard & (model.level == level)
    points = float(np.median(spread[spread > 0])) if (spread > 0).any() else 0.0
    points = max(points, 0.1 * float(np.median((model.price * size)[soft])) if soft.any() else 0.0)
    return points or 1.0, size
