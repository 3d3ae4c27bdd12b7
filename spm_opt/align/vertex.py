"""A vertex of the linear program of a large model without geography, over the arcs that may be in one.

The smoothed dual (``ascent``) comes near the bound, but each node takes many arcs a little. Its multipliers
say which arcs may matter; the linear program over those alone is small, and at a vertex all but few nodes take
one arc. Hard rows are priced, so that there is always a plan, and multipliers stay in a box about the
last ones (du Merle, Villeneuve, Desrosiers and Hansen, Discrete Mathematics 1999); a price that is paid is
lifted, and arcs that have become cheap are added, until neither is needed.
"""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np

from spm_opt.align.core import part, reduced_costs
from spm_opt.align.isolated import called_off
from spm_opt.align.model import Model
from spm_opt.align.regroup import elastic_price
from spm_opt.align.relax import Relaxation, solve
from spm_opt.align.scale import row_scale
from spm_opt.problem import BoolArray, FloatArray

ARCS, TIES = 20, 4
"""Arcs beside each node's cheapest that a round looks at, for each row; and most arcs of one node."""
BOX, LIFT, AT = 3.0, 5.0, 0.99
"""Price of a hard row in multipliers, by how much one that is paid is lifted, and what counts as paid."""
LARGEST = 1_000
"""Rows of a model up to which there is a vertex worth its time: it has about as many fractions as rows."""
ROUNDS = 5
"""Most rounds."""
DIGITS = 9
"""Digits of reduced costs, in the greatest, up to which they count as the same."""
CLOSE = 5e-4
"""Relative distance of value and bound at which no more arcs are added."""
HELD = 1e-7
"""Relative violation that a linear program leaves."""


def vertex(
    model: Model, relaxed: Relaxation, level: int, caps: FloatArray, seconds: float | None
) -> Relaxation:
    """Sharpen a relaxation: a better bound and multipliers, and shares of which few are fractions.

    That of a model with too many rows is left as it is.

    Parameters
    ----------
    model
        A model that does not ask for contiguity.
    relaxed
        What is known.
    level, caps
        The level whose points are minimised, and the most points of each earlier one.
    seconds
        Seconds in all, or ``None``.
    """
    if len(model.lower) > LARGEST:
        return relaxed
    until = None if seconds is None else time.monotonic() + seconds
    price, best, now = elastic_price(model, relaxed.multiplier, BOX), relaxed, relaxed
    scale, used = row_scale(model), np.zeros(len(model.territory), dtype=bool)
    for _ in range(ROUNDS):
        dearer, _ = reduced_costs(model, level, caps, now)
        keep = used | _cheap(model, dearer, model.n + ARCS * len(model.lower))
        choice = np.flatnonzero(keep & (np.bincount(model.node[keep], minlength=model.n) > 1)[model.node])
        core = part(replace(model, price=price), keep).model
        solved = solve(core, np.arange(len(choice)), level, caps, until)
        if solved is None:
            break
        share = keep.astype(float)
        share[choice] = solved.share
        spent = best.iterations + solved.iterations
        now = replace(now, multiplier=solved.multiplier, cap_multiplier=solved.cap_multiplier)
        bound = reduced_costs(model, level, caps, now)[1]
        if bound > best.bound or not np.isfinite(best.bound):
            best = replace(now, bound=bound)
        best = replace(best, share=share, iterations=spent)
        held = (model.violation(model.rows @ share) <= HELD * scale)[model.hard].all()
        if called_off(until) or (held and solved.value - best.bound <= CLOSE * abs(best.bound)):
            break
        price = np.where(model.hard & (np.abs(solved.multiplier) > AT * price), LIFT * price, price)
        used = share > HELD
    return best


def _cheap(model: Model, dearer: FloatArray, most: int) -> BoolArray:
    """Mark the arcs of least reduced cost, so many, few of each node; equal ones are spread over the territories."""
    same = np.round(dearer / max(1e-300, float(dearer.max(initial=0.0))), DIGITS)
    mixed = (model.territory * 7_919 + model.node * 104_729) % 100_003
    order = np.lexsort((mixed, same, model.node))
    first = order[np.arange(len(order)) - model.start[model.node] < TIES]
    if len(first) > most:
        first = first[np.argpartition(dearer[first], most)[:most]]
    keep = np.zeros(len(dearer), dtype=bool)
    keep[first] = True
    keep[order[model.start[:-1]]] = True
    return keep
