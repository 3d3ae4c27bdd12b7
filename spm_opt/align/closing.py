"""Chosen centers brought to proof: by whole territories where they can be listed, else over pairs by a solver."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from spm_opt.align.dual import Dual, ascend
from spm_opt.align.effort import Budget, Clock, cores
from spm_opt.align.isolated import isolated
from spm_opt.align.median import Median
from spm_opt.align.median_exact import Cut, MedianProof, best_centers_of, cost_of, solve
from spm_opt.align.median_logic import solve_cp
from spm_opt.align.partition import partition
from spm_opt.align.probing import Probed, probe, way_of
from spm_opt.align.result import PROVEN, no_worse, reached
from spm_opt.criteria.terms import HOLDS_WITHIN
from spm_opt.problem import BoolArray, FloatArray, IntArray

FEW_PAIRS, MANY_PAIRS = 1_000, 80_000
"""Pairs of unit and center that an exact solve takes at least, and at most."""
PROBED_PAIRS = 200_000
"""Most pairs for which each center is forced open."""
LOGIC_PAIRS = 20_000
"""Most pairs for which CP-SAT is asked whether any plan exists."""
FEW_UNITS = 45
"""Up to so many units CP-SAT is tried before HiGHS."""
PAIRS_EACH = (8, 30)
"""Pairs for each unit that the first exact solves take, the most promising ones."""
FIRST_SHARE = 0.3
"""Share of the time that is left for each of them."""
REASSIGNED = 4
"""How often units are assigned anew to the centers of the plan."""
TARGETS = (0.4, 0.6, 0.8, 1.0)
"""Targets of the listing of territories, as shares of the way from the bound to the known plan."""
LOOKS = 5_000_000
"""Territories looked at for a target, for each unit of the exact method's effort."""
LOOKS_A_SECOND = 3_000_000
"""How many are thought to fit into a second, where time is limited."""
NOTHING = MedianProof(None, -np.inf, closed=False, nodes=0)
"""What a solver that failed has shown."""


@dataclass(frozen=True, eq=False)
class Closed:
    """How far the exact method came: the center of each unit or ``None``, and the bound."""

    center: IntArray | None
    bound: float
    step: str


def close(
    median: Median,
    dual: Dual,
    center: IntArray | None,
    budget: Budget,
    seed: int,
    clock: Clock,
    work: dict[str, int],
) -> Closed:
    """Prove a plan, or find a better one.

    Parameters
    ----------
    median
        The problem.
    dual
        A bound over all centers, with its prices.
    center
        Center of each unit in a known plan, shape ``(n,)``, or ``None``.
    budget, seed, clock
        How long to search, with which draws, and until when.
    work
        Effort spent, which is added to.
    """
    if center is None and median.n**2 <= LOGIC_PAIRS:
        any_plan = _probe(median, budget, seed, clock, work)
        if any_plan.bound == np.inf:
            return Closed(None, np.inf, "no plan exists, by CP-SAT with and without presolve")
        center = None if any_plan.center is None else best_centers_of(median, any_plan.center)[0]
    dual = _closer(median, dual, center, work)
    bound, least = dual.bound, dual.least_with(median)
    if center is not None and _listable(median):
        listed = _by_territories(median, dual, center, budget, clock, work)
        center, bound = listed.center, listed.bound
        if center is None or reached(cost_of(median, center), bound):
            return listed
        probed = _probed(median, dual, cost_of(median, center), clock, work)
        if probed is not None:
            least, bound = _least(median, probed), max(bound, probed.bound)
    return _by_pairs(median, least, bound, center, budget, seed, clock, work)


def _listable(median: Median) -> bool:
    """Whether territories can be listed: neither points nor activities are negative."""
    return bool((median.cost >= 0).all() and (median.activity >= 0).all())


def _by_territories(
    median: Median, dual: Dual, center: IntArray, budget: Budget, clock: Clock, work: dict[str, int]
) -> Closed:
    """Raise a target from the bound to the known plan until a plan is found, or the listing grows too long."""
    bound, step = dual.bound, "bound over all centers"
    for share in TARGETS:
        upper = cost_of(median, center)
        target = dual.bound + share * (upper - dual.bound)
        probed = _probed(median, dual, target, clock, work)
        if reached(upper, bound) or probed is None:
            break
        found = partition(median, probed, target, _looks(budget, clock), clock)
        work["territories looked at"] = work.get("territories looked at", 0) + found.looked
        better = found.center is not None and _holds(median, found.center)
        if better and found.center is not None and cost_of(median, found.center) < upper:
            center = found.center
        if not found.closed or (found.center is not None and not better):
            break
        step = "territories listed to proof"
        bound = max(bound, min(found.bound, cost_of(median, center)))
        if found.center is not None:
            break
    return Closed(center, bound, step)


def _probed(median: Median, dual: Dual, target: float, clock: Clock, work: dict[str, int]) -> Probed | None:
    """Force each center open that a plan within the target may have; nothing where they are too many."""
    pairs = left(dual.least_with(median), target)
    if clock.over or int(pairs.sum()) > PROBED_PAIRS:
        return None
    probed = probe(median, dual, pairs, target, clock)
    work["dual rounds"] += probed.rounds
    return probed if probed.complete else None


def _looks(budget: Budget, clock: Clock) -> int:
    """How many territories may be looked at for a target."""
    seconds = clock.left(0.6)
    looks = round(LOOKS * budget.exact_time)
    return looks if seconds is None else min(looks, round(LOOKS_A_SECOND * seconds))


def _least(median: Median, probed: Probed) -> FloatArray:
    """Bound on the points of plans within the target that use each pair, shape ``(n, n)``."""
    least = np.full((median.n, median.n), np.inf)
    for j in np.flatnonzero(probed.pairs.diagonal()).tolist():
        dual = probed.duals[j]
        least[:, j] = np.where(probed.pairs[:, j], dual.bound + way_of(median, dual, j, np.inf), np.inf)
    return least


def _by_pairs(
    median: Median,
    least: FloatArray,
    bound: float,
    center: IntArray | None,
    budget: Budget,
    seed: int,
    clock: Clock,
    work: dict[str, int],
) -> Closed:
    """Rule out pairs by the bound, and search the rest: first the promising few, last all of them."""
    if center is not None and median.n**2 > LOGIC_PAIRS:
        center = _at_its_centers(median, least, center, budget, seed, clock, work)
    for size in (*(max(FEW_PAIRS, each * median.n) for each in PAIRS_EACH), None):
        upper = np.inf if center is None else cost_of(median, center)
        if reached(upper, bound):
            return Closed(center, bound, "local search reached the bound over all centers")
        pairs = left(least, upper)
        count = int(pairs.sum())
        if clock.over or (count > MANY_PAIRS and size is None) or (size is not None and size >= count):
            continue
        if size is not None:
            pairs &= least <= np.partition(least.ravel(), size)[size]
        clock.tell("exact search", upper, 0.0 if center is not None else 1.0, bound)
        share = 1.0 if size is None else FIRST_SHARE
        exact = partial(_exact, median, pairs, center, budget, seed, clock, work, share=share)
        second = None
        # where time is short, the second opinion need not wait for the first
        if size is None and center is not None and clock.limit is not None and cores() > 1:
            with ThreadPoolExecutor(1) as pool:
                running = pool.submit(
                    copy_context().run, partial(_confirmed, median, pairs, (), budget, clock)
                )
                proof, second = exact(), running.result()
        else:
            proof = exact()
        if proof.center is not None and (center is None or cost_of(median, proof.center) < upper):
            center = proof.center
        if size is None:
            return _concluded(median, least, proof, center, bound, budget, clock, work, second)
    return Closed(center, bound, "exact search of a part, and the bound over all centers")


def _at_its_centers(
    median: Median,
    least: FloatArray,
    center: IntArray,
    budget: Budget,
    seed: int,
    clock: Clock,
    work: dict[str, int],
) -> IntArray:
    """Assign the units of a plan to its own centers as well as can be, and move the centers, while that helps."""
    for _ in range(REASSIGNED):
        upper = cost_of(median, center)
        pairs = left(least, upper)
        if clock.over or int(pairs.sum()) <= FEW_PAIRS:
            break
        pairs &= np.isin(np.arange(median.n), center)[None, :]
        clock.tell("exact search", upper, 0.0, -np.inf)
        proof = _exact(median, pairs, center, budget, seed, clock, work, share=FIRST_SHARE)
        if proof.center is None:
            break
        moved = best_centers_of(median, proof.center)[0]
        if cost_of(median, moved) >= upper:
            break
        center = moved
    return center


def _closer(median: Median, dual: Dual, center: IntArray | None, work: dict[str, int]) -> Dual:
    """Climb on from the prices, now that a plan is known to measure steps against."""
    if center is None or median.n**2 > MANY_PAIRS * 50:
        return dual
    again = ascend(median, cost_of(median, center), dual)
    work["dual rounds"] += again.rounds
    return again if again.bound > dual.bound else dual


def _exact(
    median: Median,
    pairs: BoolArray,
    center: IntArray | None,
    budget: Budget,
    seed: int,
    clock: Clock,
    work: dict[str, int],
    *,
    share: float,
) -> MedianProof:
    """Solve over some pairs: where units are few by CP-SAT, and by HiGHS where that does not close."""
    if median.n <= FEW_UNITS and center is not None:
        proof = _by_logic(median, pairs, center, budget, seed, clock, work, share=FIRST_SHARE)
        if proof.closed:
            return _kept(median, proof)
    seconds = clock.left(share)
    proof = isolated(
        partial(solve, median, pairs, nodes=_nodes(budget), seconds=seconds),
        what="HiGHS for chosen centers",
        failing=NOTHING,
        within=seconds,
    )
    work["branch and bound nodes"] += proof.nodes
    return _kept(median, proof)


def _by_logic(
    median: Median,
    pairs: BoolArray,
    hint: IntArray | None,
    budget: Budget,
    seed: int,
    clock: Clock,
    work: dict[str, int],
    *,
    share: float,
    presolve: bool = True,
) -> MedianProof:
    """Ask CP-SAT for a better plan than the hint, or for any plan where there is none."""
    seconds = clock.left(share)
    proof = isolated(
        partial(
            solve_cp,
            median,
            pairs,
            aim=hint is not None,
            hint=hint,
            deterministic_time=budget.exact_time,
            seconds=seconds,
            seed=seed,
            presolve=presolve,
        ),
        what="CP-SAT for chosen centers",
        failing=NOTHING,
        within=seconds,
    )
    work["exact deterministic time (ms)"] = work.get("exact deterministic time (ms)", 0) + proof.nodes
    return proof


def _kept(median: Median, proof: MedianProof) -> MedianProof:
    """Take a solver's plan only where the limits hold to the last bit that counts."""
    if proof.center is None or _holds(median, proof.center):
        return proof
    return replace(proof, center=None, closed=False)


def _holds(median: Median, center: IntArray) -> bool:
    """Whether a plan keeps the limits of every activity."""
    label = np.unique(center, return_inverse=True)[1]
    for a in range(median.activity.shape[1]):
        size = np.bincount(label, weights=median.activity[:, a])
        slack = HOLDS_WITHIN * np.abs(size).max(initial=1.0)
        if (size > median.upper[a] + slack).any() or (size < median.lower[a] - slack).any():
            return False
    return True


def _probe(median: Median, budget: Budget, seed: int, clock: Clock, work: dict[str, int]) -> MedianProof:
    """Ask for any plan at all; that there is none is believed only when a solve without presolve agrees."""
    every = np.ones((median.n, median.n), dtype=bool)
    for presolve in (True, False):
        proof = _by_logic(median, every, None, budget, seed, clock, work, share=0.5, presolve=presolve)
        if proof.bound != np.inf:
            return replace(proof, bound=-np.inf) if presolve else NOTHING
    return proof


def _concluded(
    median: Median,
    least: FloatArray,
    proof: MedianProof,
    center: IntArray | None,
    bound: float,
    budget: Budget,
    clock: Clock,
    work: dict[str, int],
    second: MedianProof | None,
) -> Closed:
    """Say what a solve over every pair that is left proves; an optimum only where a second solve agrees."""
    if center is None or proof.bound == np.inf:
        # nothing is called infeasible on one solver's word, least of all where a plan is known
        return Closed(center, bound, "exact search to the end of its effort")
    value = cost_of(median, center)
    reached_bound = max(bound, min(proof.bound, value))
    if not proof.closed:
        return Closed(center, reached_bound, "exact search to the end of its effort")
    if second is None:
        clock.tell("second proof", value, 0.0, reached_bound)
        second = _confirmed(median, left(least, value), proof.cuts, budget, clock)
    work["branch and bound nodes"] += second.nodes
    if second.closed and reached(value, second.bound):
        return Closed(center, reached_bound, "exact search to proof, with and without presolve")
    unsure = value - 2 * PROVEN * max(1.0, abs(value))
    return Closed(
        center, max(bound, min(reached_bound, unsure)), "exact search to proof, but not confirmed in time"
    )


def _confirmed(
    median: Median, pairs: BoolArray, cuts: tuple[Cut, ...], budget: Budget, clock: Clock
) -> MedianProof:
    """Solve without presolve, as a second opinion."""
    seconds = clock.left(1.0)
    return isolated(
        partial(solve, median, pairs, nodes=_nodes(budget), seconds=seconds, presolve=False, cuts=cuts),
        what="HiGHS without presolve for chosen centers",
        failing=NOTHING,
        within=seconds,
    )


def left(least: FloatArray, upper: float) -> BoolArray:
    """Pairs that a plan no worse than ``upper`` may use."""
    return np.asarray(least <= no_worse(upper))


def _nodes(budget: Budget) -> int:
    return max(1, round(1_000 * budget.exact_time))
