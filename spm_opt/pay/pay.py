"""Pay of every seller in every replication."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from spm_opt.pay.draws import Advance, advance
from spm_opt.pay.earned import Earned, earned
from spm_opt.pay.results import Results
from spm_opt.pay.spiffs import Paid, spiff_pay
from spm_opt.pay.targets import Targets, limits, targets
from spm_opt.problem import BoolArray, FloatArray
from spm_opt.scenario.pay_settings import CompensationPlan

CELLS = 200_000
"""Sellers times periods times replications at a time: arrays of 1.6 MB, which stay near the processor."""
SALARY, CAP, DRAW = "salary", "cap of the role", "draw"
"""Parts of pay beside components and SPIFFs."""


@dataclass(frozen=True, eq=False)
class Steps:
    """Every step of pay in some replications; cents of shape ``(r, k, periods)``.

    Attributes
    ----------
    targets
        Target pay.
    components, spiffs, draws
        In the order of the plan.
    earned
        What the components pay together.
    limit
        The role's most for a year, shape ``(k,)``.
    cut
        What the role's cap takes off, 0 or less (above 0 where an earlier cut is given back).
    """

    targets: Targets
    components: tuple[Earned, ...]
    spiffs: tuple[Paid, ...]
    draws: tuple[Advance, ...]
    earned: FloatArray
    limit: FloatArray
    cut: FloatArray


@dataclass(frozen=True, eq=False)
class Payout:
    """What a compensation plan pays, in currency.

    Attributes
    ----------
    seller_ids
        The ``k`` sellers.
    amount
        Pay of the year, shape ``(replications, k)``.
    by_component
        The same by part: "salary", each component, "cap of the role", each SPIFF, "draw"; they sum to ``amount``.
    target
        Pay at target for the months in which the position is filled, shape ``(k,)``.
    at_mean
        Pay at mean results by part, as ``by_component``, shapes ``(k,)``.
    capped
        Share of replications in which a cap is reached, shape ``(k,)``.
    missed
        Share of replications in which a component stays below its threshold, shape ``(k,)``. Of both, a
        component paid period by period counts with any period, else the end of the year.
    owed
        What is still to be recovered from draws at the end of the year, shape ``(replications, k)``.
    """

    seller_ids: tuple[str, ...]
    amount: FloatArray
    by_component: Mapping[str, FloatArray]
    target: FloatArray
    at_mean: Mapping[str, FloatArray]
    capped: FloatArray
    missed: FloatArray
    owed: FloatArray

    @property
    def cost(self) -> FloatArray:
        """Pay of all sellers in each replication, shape ``(replications,)``."""
        return np.asarray(self.amount.sum(axis=1))

    @property
    def cost_at_mean(self) -> float:
        """Pay of all sellers at mean results: less than the mean cost where pay is convex in attainment."""
        return float(sum(own.sum() for own in self.at_mean.values()))


def pay(plan: CompensationPlan, results: Results) -> Payout:
    """Compute what a plan pays for results.

    Parameters
    ----------
    plan
        The compensation plan.
    results
        Results, quotas and sellers: `spm_opt.pay.year.year_results` makes them of a simulated year, and
        `spm_opt.pay.actual.actual_results` of what really happened.

    Raises
    ------
    ScenarioError
        There are no quotas for what a component measures.
    """
    aims = targets(plan, results)
    count, sellers = results.replications, len(results.seller_ids)
    parts = {name: np.zeros((count, sellers)) for name in names(plan)}
    capped, missed, owed = np.zeros(sellers), np.zeros(sellers), np.zeros((count, sellers))
    for rows in _blocks(results):
        made = steps(plan, results, rows, aims)
        for name, cents in _yearly(plan, made):
            parts[name][rows] += cents / 100
        capped += _capped(plan, made).sum(axis=0)
        missed += _missed(plan, made).sum(axis=0)
        for one in made.draws:
            owed[rows, one.places] = one.owed[..., -1] / 100
    mean = results if count == 1 else results.mean()
    at_mean = {name: np.zeros(sellers) for name in parts}
    for name, cents in _yearly(plan, steps(plan, mean, slice(0, 1), aims)):
        at_mean[name] += cents[0] / 100
    return Payout(
        seller_ids=results.seller_ids,
        # whole cents again: sums of doubles
        amount=np.asarray(np.rint(100 * sum(parts.values())) / 100),
        by_component=parts,
        target=(aims.salary.sum(axis=1) + aims.variable[:, -1]) / 100,
        at_mean=at_mean,
        capped=capped / count,
        missed=missed / count,
        owed=owed,
    )


def names(plan: CompensationPlan) -> list[str]:
    """Name the parts of pay that a plan has, in the order of statements."""
    own = [SALARY, *(one.name for one in plan.components)]
    own += [CAP] * any(role.cap is not None for role in plan.roles)
    return [*own, *[DRAW] * bool(plan.draws), *(one.name for one in plan.spiffs)]


def steps(plan: CompensationPlan, results: Results, rows: slice, aims: Targets | None = None) -> Steps:
    """Compute every step of pay in some replications."""
    aims = targets(plan, results) if aims is None else aims
    components = tuple(
        earned(one, results, own, rows) for one, own in zip(plan.components, aims.components, strict=True)
    )
    shape = (len(range(*rows.indices(results.replications))), *results.months.shape)
    total = np.zeros(shape)
    for one in components:
        total[:, one.places] += one.paid
    limit = limits(plan, results, aims.variable)
    cut = np.zeros(shape)
    if np.isfinite(limit).any():
        so_far = np.cumsum(total, axis=-1)
        cut = np.diff(np.minimum(so_far, limit[:, None]) - so_far, axis=-1, prepend=0.0)
    spiffs = tuple(spiff_pay(one, results, rows) for one in plan.spiffs)
    draws = tuple(advance(one, results, total + cut) for one in plan.draws)
    return Steps(aims, components, spiffs, draws, total, limit, cut)


def _blocks(results: Results) -> Iterator[slice]:
    """Cut the replications into blocks that fit in little memory."""
    size = max(1, CELLS // max(1, results.months.size))
    for start in range(0, results.replications, size):
        yield slice(start, start + size)


def _yearly(plan: CompensationPlan, made: Steps) -> Iterator[tuple[str, FloatArray]]:
    """Give each part of pay for the year in cents, shape ``(r, k)``; a part may come more than once."""
    shape = made.earned.shape[:2]
    yield SALARY, np.broadcast_to(made.targets.salary.sum(axis=1), shape)
    if CAP in names(plan):
        yield CAP, made.cut.sum(axis=-1)
    taken: list[tuple[str, Earned | Paid | Advance]] = [
        *zip((one.name for one in plan.components), made.components, strict=True),
        *zip((one.name for one in plan.spiffs), made.spiffs, strict=True),
        *((DRAW, one) for one in made.draws),
    ]
    for name, one in taken:
        found = np.zeros(shape)
        found[:, one.places] = one.paid.sum(axis=-1)
        yield name, found


def _capped(plan: CompensationPlan, made: Steps) -> BoolArray:
    """Say where a cap takes something off, shape ``(r, k)``."""
    found: BoolArray = np.asarray(made.cut.sum(axis=-1) < 0)
    for component, one in zip(plan.components, made.components, strict=True):
        found[:, one.places] |= _at_end(component.basis, one.cut < 0)
    return found


def _missed(plan: CompensationPlan, made: Steps) -> BoolArray:
    """Say where a component stays below its threshold, shape ``(r, k)``."""
    found = np.zeros(made.earned.shape[:2], dtype=bool)
    for component, one in zip(plan.components, made.components, strict=True):
        found[:, one.places] |= _at_end(component.basis, one.below)
    return found


def _at_end(basis: str, by_period: BoolArray) -> BoolArray:
    return np.asarray(by_period.any(axis=-1) if basis == "period" else by_period[..., -1])
