"""Statements: every step from results to pay of one seller, in whole cents that add up.

The rows of a component in a period are figures (results, quotas, attainment, target pay), parts of pay, and
sums. Its parts sum to its ``pay``; the ``pay`` of all components sums to the total of the period, and the
totals of the periods to that of the year.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from spm_opt.pay.draws import Advance
from spm_opt.pay.earned import Earned, stretches
from spm_opt.pay.pay import CAP, DRAW, SALARY, Steps, steps
from spm_opt.pay.results import OWN, Results
from spm_opt.pay.spiffs import Paid
from spm_opt.scenario.pay_settings import CompensationPlan, Component, Spiff

COLUMNS = ("seller", "period", "component", "step", "kind", "value", "cents")
TOTAL, PAY, WHOLE = "total", "pay", "year"
"""What the rows of totals are called."""
SINCE = {"period": "in the period", "year_to_date": "since January", "year": "since January"}


@dataclass(frozen=True)
class Line:
    """A step: a figure (``value``, money in currency), a part of pay or a sum (``cents``)."""

    component: str
    step: str
    kind: Literal["figure", "part", "sum"]
    value: float = np.nan
    cents: int | None = None


def statements(
    plan: CompensationPlan,
    results: Results,
    sellers: Iterable[str] | None = None,
    *,
    through: int | None = None,
) -> pd.DataFrame:
    """Write the statements of sellers for one year of results.

    Parameters
    ----------
    plan, results
        The plan, and results in one replication: actual ones, or ``results.mean()``.
    sellers
        Whose; without it those of all who have a role.
    through
        How many periods there are results for; without it all.

    Returns
    -------
    A row a step: ``seller``, ``period`` ("year" for the totals of the year), ``component``, ``step``, ``kind``
    ("figure", "part" or "sum"), ``value`` of a figure (money in currency), ``cents`` of a part or sum (whole
    numbers, ``NA`` for figures).
    """
    made = steps(plan, results, slice(0, 1))
    wanted = [name for name, role in zip(results.seller_ids, results.roles, strict=True) if role]
    rows: list[tuple[object, ...]] = []
    for seller in wanted if sellers is None else sellers:
        at, total = results.seller_ids.index(seller), 0
        for period, name in enumerate(results.periods[:through]):
            lines = list(_period(plan, results, made, at, period))
            total += int(lines[-1].cents or 0)
            rows += [(seller, name, one.component, one.step, one.kind, one.value, one.cents) for one in lines]
        rows.append((seller, WHOLE, TOTAL, PAY, "sum", np.nan, total))
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype({"cents": "Int64", "value": float})


def _period(plan: CompensationPlan, results: Results, made: Steps, at: int, period: int) -> Iterator[Line]:
    """Give the lines of one seller and period, the total last."""
    months = float(results.months[at, period])
    if months < results.length:
        yield Line(TOTAL, f"months filled, of {results.length}", "figure", months)
    total = 0
    for line in _parts(plan, results, made, at, period):
        total += int(line.cents or 0) if line.step == PAY else 0
        yield line
    yield Line(TOTAL, PAY, "sum", cents=total)


def _parts(plan: CompensationPlan, results: Results, made: Steps, at: int, period: int) -> Iterator[Line]:
    """Give the lines of salary, components, cap, draw and SPIFFs."""
    yield Line(SALARY, PAY, "sum", cents=int(made.targets.salary[at, period]))
    if results.months[at, period]:
        for component, one in zip(plan.components, made.components, strict=True):
            if at in one.places:
                place = int(np.searchsorted(one.places, at))
                yield from _component(component, one, results, at, place, period)
    if np.isfinite(made.limit[at]):
        earned = float(made.earned[0, at, : period + 1].sum())
        yield Line(CAP, "components since January", "figure", earned / 100)
        yield Line(CAP, "most for the year", "figure", float(made.limit[at]) / 100)
        yield Line(CAP, PAY, "sum", cents=int(made.cut[0, at, period]))
    for draw in made.draws:
        if at in draw.places and _advances(draw, at, period):
            earned = float(made.earned[0, at, period] + made.cut[0, at, period])
            yield from _draw(draw, earned, int(np.searchsorted(draw.places, at)), period)
    for spiff, paid in zip(plan.spiffs, made.spiffs, strict=True):
        if at in paid.places and period in paid.ends.values():
            yield from _spiff(spiff, paid, int(np.searchsorted(paid.places, at)), period)


def _advances(one: Advance, at: int, period: int) -> bool:
    """Say whether there is a draw in this period, or anything left of an earlier one."""
    place = int(np.searchsorted(one.places, at))
    return bool(one.least[place, period] or one.paid[0, place, period] or one.owed[0, place, period])


def _draw(one: Advance, earned: float, place: int, period: int) -> Iterator[Line]:
    """Give the lines of a draw."""
    yield Line(DRAW, "components in the period", "figure", earned / 100)
    yield Line(DRAW, "least for the period", "figure", float(one.least[place, period]) / 100)
    yield Line(DRAW, PAY, "sum", cents=int(one.paid[0, place, period]))
    yield Line(DRAW, "still to be recovered", "figure", float(one.owed[0, place, period]) / 100)


def _spiff(spiff: Spiff, paid: Paid, place: int, period: int) -> Iterator[Line]:
    """Give the lines of a SPIFF, for each of its own periods that ends here."""
    due = 0
    for own, (name, end) in enumerate(paid.ends.items()):
        if end != period:
            continue
        quota, result = float(paid.quota[place, own]), float(paid.result[0, place, own])
        yield Line(spiff.name, f"result in {name}", "figure", result / 100)
        if spiff.goal is not None:
            yield Line(spiff.name, f"quota in {name}", "figure", quota / 100)
            yield Line(spiff.name, "attainment", "figure", result / quota if quota > 0 else 1.0)
        cents = int(paid.earned[0, place, own])
        due += cents
        yield Line(spiff.name, f"for {name}", "part", cents=cents)
    given = int(paid.paid[0, place, period])
    if spiff.cap is not None:
        yield Line(spiff.name, f"most for the year {spiff.cap:,.10g}", "part", cents=given - due)
    yield Line(spiff.name, PAY, "sum", cents=given)


def _component(
    component: Component, one: Earned, results: Results, at: int, place: int, period: int
) -> Iterator[Line]:
    """Give the lines of one component."""
    yield from _figures(component, one, results, at, place, period)
    for (low, high, rate, pay), paid in zip(stretches(component), one.tiers, strict=True):
        cents = int(paid[0, place, period])
        if cents:
            yield Line(component.name, _tier(component, low, high, rate, pay), "part", cents=cents)
    if one.below[0, place, period]:
        yield Line(component.name, f"below the threshold of {component.threshold:.10g}", "part", cents=0)
    cut, due = int(one.cut[0, place, period]), int(one.due[0, place, period])
    if component.cap is not None:
        yield Line(component.name, f"cap at {component.cap:.10g} of target pay", "part", cents=cut)
    paid_now, before = int(one.paid[0, place, period]), int(one.before[0, place, period])
    if component.basis != "period":
        yield Line(component.name, "earned since January", "sum", cents=due)
        yield Line(component.name, "paid before", "part", cents=-before)
        if paid_now != due - before:
            yield Line(component.name, "not taken back", "part", cents=paid_now - due + before)
    yield Line(component.name, PAY, "sum", cents=paid_now)


def _figures(
    component: Component, one: Earned, results: Results, at: int, place: int, period: int
) -> Iterator[Line]:
    """Give what pay is computed from."""
    what = component.measure + (f" of {component.product}" if component.product else "")
    if component.of != OWN:
        team = results.teams[component.of]
        name = team.names[team.node[at]]
        what += f", {component.of} {name}" if name != component.of else f" of the {name}"
    held = component.tiers_by == "attainment"

    def line(step: str, cents: float) -> Line:
        return Line(component.name, step, "figure", cents / 100)

    yield line(f"{what}, in the period", one.result[0, place, period])
    if component.basis != "period":
        yield line(f"{what}, since January", one.set_result[0, place, period])
    if held:
        until = "of the year" if component.basis == "year" else SINCE[component.basis]
        yield line(f"quota {until}", one.set_quota[place, period])
        yield Line(component.name, "attainment", "figure", float(one.attainment[0, place, period]))
    if component.kind == "attainment":
        until = "of the year" if component.basis == "year" else SINCE[component.basis]
        yield line(f"target pay {until}", one.target[place, period])


def _tier(component: Component, low: float, high: float, rate: float, pay: float | None) -> str:
    """Name a tier as the plan has it."""
    end = f" to {high:,.10g}" if np.isfinite(high) else " on"
    unit = " in currency" if component.tiers_by == "amount" else ""
    begins = "" if pay is None else f", pay {pay:.10g}"
    return f"tier from {low:,.10g}{end}{unit}{begins}, rate {rate:.10g}"
