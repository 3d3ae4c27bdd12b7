"""Whole steps that sum exactly: the one place where the quota stage calls a solver."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from ortools.sat.python import cp_model

from spm_opt.errors import QuotaError

FINENESS = 10**6
"""Fractions of a step that are told apart."""
DETERMINISTIC_TIME = 60.0
"""Most work the solver may do, in its own seconds that are the same on every machine."""


def whole_steps(total: int, ideal: Sequence[Fraction], high: Sequence[int]) -> tuple[int, ...]:
    """Round every amount down or up to a whole number so that they sum to the total.

    The sum of absolute departures from the ideal is the least that whole numbers with this total have:
    where limits are whole, a number more than one step away could be exchanged with another at no loss,
    so each needs to be rounded down or up only. Of equal choices the earlier ones are rounded up.

    Parameters
    ----------
    total
        What the whole numbers sum to.
    ideal
        Amounts in steps that sum to the total, each within its limits.
    high
        Highest whole number of each.

    Raises
    ------
    QuotaError
        When the solver finds no proven best rounding.
    """
    count = len(ideal)
    down = [amount.numerator // amount.denominator for amount in ideal]
    part = [int((amount - whole) * FINENESS) for amount, whole in zip(ideal, down, strict=True)]
    model = cp_model.CpModel()
    up = [
        model.new_int_var(0, min(1, top - whole), f"up_{i}")
        for i, (whole, top) in enumerate(zip(down, high, strict=True))
    ]
    model.add(sum(up) == total - sum(down))
    # rounding up instead of down changes the departure by 1 - 2 part; the place decides between equals
    price = [count**2 * (FINENESS - 2 * fraction) + place for place, fraction in enumerate(part)]
    model.minimize(sum(cost * choice for cost, choice in zip(price, up, strict=True)))
    largest = sorted(range(count), key=lambda i: (-part[i], i))[: total - sum(down)]
    for i, choice in enumerate(up):
        model.add_hint(choice, int(i in largest))
    chosen = _solve(model, up)
    return tuple(whole + more for whole, more in zip(down, chosen, strict=True))


def _solve(model: cp_model.CpModel, variables: Sequence[cp_model.IntVar]) -> list[int]:
    """Solve to proof, the same way every time."""
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = 0
    solver.parameters.catch_sigint_signal = False
    solver.parameters.max_deterministic_time = DETERMINISTIC_TIME
    status = solver.solve(model)
    if status != cp_model.OPTIMAL:
        raise QuotaError(f"rounding the quotas ended with the solver's status {solver.status_name(status)}")
    return [solver.value(variable) for variable in variables]
