"""Headcount by month and the hiring plan, laid out for the terminal and as tables."""

from __future__ import annotations

import numpy as np
import pandas as pd

from spm_opt.capacity.hiring import HiringPlan
from spm_opt.capacity.path import Path
from spm_opt.capacity.path_question import YEAR
from spm_opt.capacity.positions import size_of
from spm_opt.capacity.sizing import Sizing
from spm_opt.report import words
from spm_opt.report.text import aligned
from spm_opt.scenario.scenario import Scenario

MOST_HIRES = 12
"""Months and cells with hires that are listed; hiring.csv has them all."""


def path_frame(scenario: Scenario, found: Path) -> pd.DataFrame:
    """Give a row a month, group and role: positions, steps, effective sellers, margin and cost."""
    question, made, steps = found.question, found.figures, found.steps
    cells, months = question.cells, question.months
    label = [f"{scenario.settings.year + m // YEAR:04d}-{m % YEAR + 1:02d}" for m in range(months)]
    whole = {
        "positions": made.positions, "hires": steps.hires, "given_up": steps.gone, "moved_in": steps.into,
        "moved_away": steps.away, "effective": made.effective, "margin": made.margin, "cost": made.cost,
    }  # fmt: skip
    return pd.DataFrame({
        "month": np.repeat(np.array(label, dtype=object), cells), "group": list(question.group) * months,
        "role": list(question.role) * months, **{name: one.T.ravel() for name, one in whole.items()},
    })  # fmt: skip


def path_text(scenario: Scenario, found: Path) -> str:
    """Show how many sellers each cell has at the end of each year under the limits, and how good that is."""
    question, made = found.question, found.figures
    ends = [year.stop - 1 for year in question.years]
    heads = ["group", "role", "now", *(f"end of {scenario.settings.year + i}" for i in range(len(ends)))]
    heads += ["hires", "given up", "moved in", "moved away"]
    steps = (found.steps.hires, found.steps.gone, found.steps.into, found.steps.away)
    rows = [
        [
            question.group[c], question.role[c], words.count(question.now[c]),
            *(words.count(made.positions[c, end]) for end in ends), *(words.count(one[c].sum()) for one in steps),
        ]
        for c in range(question.cells)
    ]  # fmt: skip
    currency = scenario.settings.currency
    how = (
        "Proven to be the most that the limits allow." if found.status == "optimal"
        else f"No plan within the limits has more than {words.percent(found.gap, 2)} beyond that."
    )  # fmt: skip
    return "\n".join([
        f"Sellers with the most profit within the limits, over {question.months} months",
        *aligned([heads, *rows], range(2, len(heads))),
        f"  Margin less cost of sellers and managers: {words.short(made.profit, currency)}. {how}",
    ])  # fmt: skip


def hiring_text(scenario: Scenario, sizing: Sizing, plan: HiringPlan) -> str:
    """Show who is hired when, the chance of each target, and what a delay costs."""
    size = size_of(scenario)
    what = "hours asked" if size.hiring.meet == "hours" else "sales of the best number"
    chance = words.percent(size.hiring.probability, 0)
    late_by = f"{plan.late.months} months late"
    heads = ["group", "role", "year", "hours asked", "expected", "chance", late_by, "hours lost"]
    rows = [
        [
            group if y == 0 else "", role if y == 0 else "", str(scenario.settings.year + y),
            words.count(plan.target[c, y]), words.count(plan.expected[c, y]), words.percent(plan.chance[c, y], 0),
            words.percent(plan.late.chance[c, y], 0), words.count(plan.late.hours[c, y]),
        ]
        for c, (group, role) in enumerate(sizing.cells)
        for y in range(plan.target.shape[1])
    ]  # fmt: skip
    late, currency = plan.late, scenario.settings.currency
    told = (
        f"  The hires cost {words.short(float(plan.cost.sum()), currency)}. {late_by} they cost"
        f" {words.short(float(late.cost.sum()), currency)} less, and margin of"
        f" {words.short(float(late.margin.sum()), currency)} is lost."
    )
    return "\n".join([
        f"Hiring, so that each year has the {what} with a chance of {chance}",
        *_hires(plan), *aligned([heads, *rows], range(2, len(heads))),
        told,
        "  Chances are simulated; no single hire can be dropped or put off by a month.",
    ])  # fmt: skip


def _hires(plan: HiringPlan) -> list[str]:
    """List the months with hires."""
    own = plan.rows[plan.rows["hires"] > 0]
    if own.empty:
        return ["  Nobody needs to be hired."]
    heads = ["month", "group", "role", "hires"]
    first, rows = own.head(MOST_HIRES)[heads], [heads]
    rows += [[*names, words.count(count)] for *names, count in first.to_numpy(dtype=object).tolist()]
    more = [f"  and {len(own) - MOST_HIRES:,} more in hiring.csv"] if len(own) > MOST_HIRES else []
    return [*aligned(rows, (3,)), *more, ""]


def hiring_document(scenario: Scenario, sizing: Sizing, plan: HiringPlan) -> dict[str, object]:
    """Give the hiring plan for machines."""
    years = [
        {
            "group": group, "role": role, "year": scenario.settings.year + y, "asked": plan.target[c, y],
            "expected": plan.expected[c, y], "chance": plan.chance[c, y],
            "late_chance": plan.late.chance[c, y], "late_hours_lost": plan.late.hours[c, y],
        }
        for c, (group, role) in enumerate(sizing.cells)
        for y in range(plan.target.shape[1])
    ]  # fmt: skip
    hires = plan.rows.loc[plan.rows["hires"] > 0, ["month", "group", "role", "hires"]]
    return {
        "hires": hires, "years": pd.DataFrame(years), "cost": float(plan.cost.sum()),
        "cheapest_for_its_buffers": plan.proven,
        "delay": {
            "months": plan.late.months, "margin_lost": float(plan.late.margin.sum()),
            "cost_saved": float(plan.late.cost.sum()),
        },
    }  # fmt: skip
