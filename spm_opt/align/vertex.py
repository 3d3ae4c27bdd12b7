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
from spm_opt.problem import FloatArray

ARCS = 10
"""Arcs beside each node's cheapest that a round looks at, for each row."""
BOX, LIFT, AT = 3.0, 5.0, 0.99
"""Price of a hard row in multipliers, by how much one that is paid is lifted, and what counts as paid."""
ROUNDS = 8
"""Most rounds."""
CLOSE = 1e-4
"""Relative distance of value and bound at which no more arcs are added."""
HELD = 1e-7
"""Relative violation that a linear program leaves."""


def vertex(
    model: Model, relaxed: Relaxation, level: int, caps: FloatArray, seconds: float | None
) -> Relaxation:
    """Sharpen a relaxation: a better bound and multipliers, and shares of which few are fractions.

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
    until = None if seconds is None else time.monotonic() + seconds
    price, best, now = elastic_price(model, relaxed.multiplier, BOX), relaxed, relaxed
    scale, used = row_scale(model), np.zeros(len(model.territory), dtype=bool)
    for _ in range(ROUNDS):
        dearer, _ = reduced_costs(model, level, caps, now)
        at = min(len(dearer) - 1, model.n + ARCS * len(model.lower))
        keep = used | (dearer <= np.partition(dearer, at)[at])
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
        if called_off(until) or (held and solved.value - bound <= CLOSE * abs(bound)):
            break
        price = np.where(model.hard & (np.abs(solved.multiplier) > AT * price), LIFT * price, price)
        used = share > HELD
    return best
