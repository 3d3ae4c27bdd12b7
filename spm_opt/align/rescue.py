"""A plan in a moment: what is still tried where a search was cut before any of its plans held.

The best plan so far is of use only where it keeps the hard rules. So a stop or a time limit that comes too
early for that gets a moment more: the broken plan is mended by a short local search and, where the model is
small, looked for by the exact method.
"""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial

import numpy as np

from spm_opt.align.effort import Clock
from spm_opt.align.exact import Proof, prove
from spm_opt.align.improve import CHAIN, MEND, Searches, rank
from spm_opt.align.isolated import isolated, warm, watched
from spm_opt.align.model import Model
from spm_opt.align.relax import Relaxation
from spm_opt.align.search import Found
from spm_opt.problem import FloatArray

MOMENT = 3.0
"""Seconds in all."""
PROPOSALS, EACH = 1_500_000, 20_000
"""Proposals of each mending search at most, and for each node."""
SMALL = 4_000
"""Arcs up to which the exact method is tried."""


def rescued(
    model: Model,
    found: Found,
    relaxed: Relaxation,
    *,
    level: int,
    caps: FloatArray,
    seed: int,
    clock: Clock,
) -> Found:
    """Try for a plan that holds.

    Parameters
    ----------
    model
        The model.
    found
        What the search has come to.
    relaxed
        The relaxation of the level, as far as it came.
    level, caps
        The level whose points count, and the most points of each earlier one.
    seed
        Seed of the draws.
    clock
        Whose progress is told; its limit has passed.
    """
    warm()  # the solver that was at work may have been ended
    moment = replace(clock, began=time.monotonic(), limit=MOMENT, stop=None)
    half = moment.part(0.5) if len(model.territory) <= SMALL else moment
    proposals = round(min(PROPOSALS, EACH * model.n) / MEND)
    searches = Searches(model, relaxed, level, caps, proposals, half, None)
    best, present, spent = found, found, found.proposals
    for number, mend in enumerate(CHAIN):
        if broken(best) and not half.over:
            present = searches.one(present.territory, MEND, mend, seed + number)
            best, spent = min((best, present), key=rank), spent + present.proposals
    if broken(best) and not moment.over and len(model.territory) <= SMALL:
        best = _exactly(model, best, level, caps, seed, moment)
    return replace(best, proposals=spent, complete=False)


def broken(found: Found) -> bool:
    """Say whether a plan breaks a rule."""
    return found.violation > 0 or found.torn > 0


def _exactly(model: Model, best: Found, level: int, caps: FloatArray, seed: int, moment: Clock) -> Found:
    """Ask the exact method for any plan."""
    seconds = moment.left(1.0)
    search = partial(
        prove,
        model,
        best.territory,
        level=level,
        caps=caps,
        deterministic_time=MOMENT,
        seed=seed,
        seconds=seconds,
    )
    nothing = Proof(None, -np.inf, proven=False, work=0)
    with watched(moment):  # the search's own watch wants no more solvers
        proof = isolated(search, what="the exact search", failing=nothing, within=seconds)
    if proof.territory is None:
        return best
    value = float(model.value(proof.territory)[level])
    return replace(best, territory=proof.territory, value=value, violation=0.0, torn=0)
