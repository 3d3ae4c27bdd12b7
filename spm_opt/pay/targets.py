"""What each seller is paid at target: salary, and variable pay by component, as months go by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spm_opt.pay.results import YEAR, Results, whole
from spm_opt.problem import FloatArray, IntArray
from spm_opt.scenario.pay_settings import CompensationPlan, Component, Draw, Spiff


@dataclass(frozen=True, eq=False)
class Targets:
    """Target pay in cents.

    Attributes
    ----------
    salary
        Paid in each period, shape ``(k, periods)``.
    variable
        Variable pay at target up to the end of each period, shape ``(k, periods)``.
    components
        The same by component, shapes ``(k, periods)``; for each seller they sum to ``variable``, unless the
        role has commissions only.
    """

    salary: FloatArray
    variable: FloatArray
    components: tuple[FloatArray, ...]


def targets(plan: CompensationPlan, results: Results) -> Targets:
    """Give target pay for the months in which positions are filled.

    Each sum up to the end of a period is rounded to the cent, and so is each sum over components: what a
    period or a component has is a difference of such sums.
    """
    months = np.cumsum(results.months, axis=1) / YEAR
    roles = {role.name: role for role in plan.roles}
    yearly = np.zeros(len(results.seller_ids))
    shares = np.zeros((2, len(results.seller_ids)))
    for i, (seller, name) in enumerate(zip(results.seller_ids, results.roles, strict=True)):
        if name:
            role = roles[name]
            yearly[i] = 100 * role.individual.get(seller, role.target_pay)
            shares[:, i] = role.mix.salary, role.mix.variable
    total = whole(yearly[:, None] * months)
    variable = whole((yearly * shares[1])[:, None] * months)
    parts, before = [], np.zeros(len(results.seller_ids))
    for component in plan.components:
        after = before + (component.weight or 0.0) * member(component, results)
        exact = (yearly * shares[1])[:, None] * months
        parts.append(whole(exact * after[:, None]) - whole(exact * before[:, None]))
        before = after
    return Targets(np.diff(total - variable, axis=1, prepend=0.0), variable, tuple(parts))


def member(one: Component | Spiff | Draw, results: Results) -> FloatArray:
    """Say by 1 and 0 which sellers have a component, SPIFF or draw, shape ``(k,)``."""
    return np.array(
        [bool(name) and (not one.roles or name in one.roles) for name in results.roles], dtype=float
    )


def members(one: Component | Spiff | Draw, results: Results) -> IntArray:
    """List the places of the sellers that have a component, SPIFF or draw."""
    return np.flatnonzero(member(one, results))


def limits(plan: CompensationPlan, results: Results, variable: FloatArray) -> FloatArray:
    """Give the most that each seller gets for all components of the year, in cents, shape ``(k,)``."""
    caps = {role.name: role.cap for role in plan.roles}
    most = np.array([np.inf if (cap := caps.get(name)) is None else cap for name in results.roles])
    free = np.isinf(most)
    return np.where(free, np.inf, whole(np.where(free, 0.0, most) * variable[:, -1]))
