"""Sharpening a plan where contiguity is not asked: ejection chains, then branch and bound over the core."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, replace
from functools import partial
from threading import Event

import numpy as np

from spm_opt.align.ascent import suited
from spm_opt.align.core import Closed, close, one_level
from spm_opt.align.effort import Budget, Clock
from spm_opt.align.ejection import Chained, eject
from spm_opt.align.model import Model
from spm_opt.align.regroup import regroup
from spm_opt.align.relax import Relaxation
from spm_opt.align.result import reached
from spm_opt.problem import FloatArray, IntArray

GROUPS, OF_GROUPS, NODES_OF_GROUP = 2, 0.9, 20
"""Groups of a large model for each territory, their share of the time, and a group more for so many nodes."""
CHAINS, LAST = 0.35, 0.93
"""Share of the chains before branch and bound is tried, and share of the time that is left when both end."""


@dataclass(frozen=True, eq=False)
class Sharpened:
    """The plan of nodes, what is proven of it, and the effort.

    Attributes
    ----------
    territory
        Territory of each node, shape ``(n,)``, or ``None`` where still none keeps all hard rules.
    proven
        Whether no plan is better.
    steps
        What was done, in words.
    looks
        Partial chains looked at.
    complete
        Whether no clock cut the work.
    nearest
        The plan that breaks least, where that was looked for.
    """

    territory: IntArray | None
    proven: bool
    steps: tuple[str, ...]
    looks: int
    complete: bool
    nearest: IntArray | None = None


def sharpen(
    model: Model,
    start: IntArray,
    known: IntArray | None,
    relaxed: Relaxation,
    *,
    level: int,
    caps: FloatArray,
    budget: Budget,
    seed: int,
    clock: Clock,
) -> Sharpened:
    """Improve plans of a model without geographic nodes.

    Parameters
    ----------
    model
        A model that does not ask for contiguity.
    start
        Where the chains begin, shape ``(n,)``, most often the rounded relaxation; it may break hard rows.
    known
        The best plan so far, shape ``(n,)``, where it keeps the hard rows; else ``None``.
    relaxed
        The relaxation of the level.
    level, caps
        The level whose points are minimised, and the most points of each earlier one.
    budget, seed, clock
        How long to search, with which draws, and until when.
    """
    written = one_level(model, level, caps, relaxed)
    if written is None or not np.isfinite(relaxed.bound):
        return Sharpened(None, proven=False, steps=(), looks=0, complete=True)
    flat, loose = written
    search = partial(_chained, flat, loose, budget=budget, clock=clock)
    if not suited(model, level):
        return search(start, known, seed=seed)
    mended = regroup(
        flat,
        start,
        loose,
        rounds=GROUPS * model.k + budget.nodes // NODES_OF_GROUP,
        seed=seed,
        spent=_spent(clock.part(OF_GROUPS), relaxed.bound),
        left=lambda: clock.left(1.0),
    )
    steps = (f"branch and bound around {mended.rounds:,} territories",)
    if clock.over:
        held = mended.territory if mended.holds else None
        return Sharpened(held, False, steps, 0, mended.complete, mended.territory)  # noqa: FBT003  not proven
    found = search(mended.territory, known, seed=seed)
    return replace(
        found,
        steps=(*steps, *found.steps),
        complete=found.complete and mended.complete,
        nearest=mended.territory,
    )


def _chained(
    flat: Model,
    loose: Relaxation,
    start: IntArray,
    known: IntArray | None,
    *,
    budget: Budget,
    seed: int,
    clock: Clock,
) -> Sharpened:
    """Improve a plan of one level by chains, and close its core where that is small."""
    chains = partial(_eject_both, flat, loose, seed=seed)
    first = round(CHAINS * budget.looks)
    found = chains(start, known, looks=first, clock=clock.part(CHAINS))
    steps: tuple[str, ...] = ("ejection chains",)
    if clock.over or reached(found.value, loose.bound):
        return Sharpened(
            found.territory, proven=False, steps=steps, looks=found.looks, complete=found.complete
        )
    more = partial(chains, start if found.territory is None else found.territory, None, seed=seed + 2)
    rest = budget.looks - first
    if found.territory is None:
        last, closed = more(looks=rest, clock=clock.part(LAST)), None
    else:
        last, closed = _closing(flat, found.territory, loose, partial(more, looks=rest), budget, clock)
    steps = (*steps, closed.step) if closed is not None and closed.step else steps
    proven = closed is not None and closed.proven
    # the chains that a proof has ended count for nothing: how far they were is chance
    looks = found.looks + (0 if proven else last.looks)
    complete = found.complete and (last.complete or proven)
    if closed is not None and (proven or closed.value <= last.value):
        return Sharpened(closed.territory, proven, steps, looks, complete)
    return Sharpened(last.territory, proven=False, steps=steps, looks=looks, complete=complete)


def _closing(
    flat: Model,
    plan: IntArray,
    loose: Relaxation,
    more: Callable[..., Chained],
    budget: Budget,
    clock: Clock,
) -> tuple[Chained, Closed]:
    """Try to prove a plan best by its core, and meanwhile go on with the chains, until that is proven."""
    proven = Event()

    def search() -> Closed:
        closed = close(
            flat,
            plan,
            loose,
            level=0,
            caps=np.zeros(0),
            nodes=budget.nodes,
            left=lambda: clock.left(LAST),
        )
        if closed.proven:
            proven.set()
        return closed

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(copy_context().run, search)
        last = more(clock=replace(clock.part(LAST), stop=lambda: proven.is_set() or clock.stopped))
        return last, running.result()


def _eject_both(
    flat: Model,
    loose: Relaxation,
    start: IntArray,
    known: IntArray | None,
    *,
    looks: int,
    seed: int,
    clock: Clock,
) -> Chained:
    """Improve a plan by chains twice at once, with other draws, half the looks each; returns the better."""
    chains = partial(eject, flat, start, loose, known=known, looks=looks // 2)
    with ThreadPoolExecutor(1) as pool:
        quiet = _spent(replace(clock, progress=None), loose.bound)
        running = pool.submit(copy_context().run, partial(chains, seed=seed + 1, spent=quiet))
        one = chains(seed=seed, spent=_spent(clock, loose.bound))
        other = running.result()
    better = min(one, other, key=lambda each: each.value)
    return replace(better, looks=one.looks + other.looks, complete=one.complete and other.complete)


def _spent(clock: Clock, bound: float) -> Callable[[float], float]:
    """Say what share of a clock's time is spent, at least 1 once nothing is left to gain; tells progress."""
    began = clock.seconds

    def spent(value: float) -> float:
        on = clock.tell("ejection chains", value, 0.0 if np.isfinite(value) else np.inf, bound)
        if not on or reached(value, bound):
            return 1.0
        return 0.0 if clock.limit is None else (clock.seconds - began) / max(1e-3, clock.limit - began)

    return spent
