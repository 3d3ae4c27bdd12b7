"""Hours that sellers will have, for the command line: by group and month, and one position step by step."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from spm_opt.capacity.available import LOSSES, Available
from spm_opt.errors import ScenarioError
from spm_opt.report import words
from spm_opt.report.text import aligned
from spm_opt.scenario.scenario import Scenario
from spm_opt.workload.selling_time import YEAR

GROUPS = ("seller", "role", "district", "region", "company")
REASONS = {
    "before_start": "before start", "ramp": "ramp", "departures": "departures", "after_end": "after end",
}  # fmt: skip
"""What readers call the reasons why hours are missing."""

Step = tuple[str, str, str]
"""What, how it is worked out, and what it comes to."""


def groups_of(scenario: Scenario, made: Available, by: str | None) -> tuple[str, list[str]]:
    """Name the group of each position: by the one asked for, else district, region or company, as there are.

    Raises
    ------
    ScenarioError
        No seller has such a group.
    """
    sellers = scenario.sellers.set_index("id").loc[list(made.seller_ids)]
    filled = [one for one in GROUPS[1:-1] if (sellers[one] != "").any()]
    by = by or next((one for one in ("district", "region") if one in filled), "company")
    if by == "seller":
        return by, list(made.seller_ids)
    if by == "company":
        return by, ["all"] * len(sellers)
    if by not in filled:
        raise ScenarioError(
            [f"no seller has a {by}; capacity goes by {', '.join(['seller', *filled, 'company'])}"]
        )
    return by, sellers[by].replace("", "(none)").tolist()


def capacity_table(made: Available, groups: list[str]) -> pd.DataFrame:
    """Sum the year by group, and all of them last."""
    whole = made.by(["all"] * len(groups))
    return whole if set(groups) == {"all"} else pd.concat([made.by(groups), whole], ignore_index=True)


def capacity_text(scenario: Scenario, made: Available, table: pd.DataFrame, by: str) -> str:
    """Show the hours by group, and of the company by month."""
    settings = scenario.settings
    heads = [by, "positions", "settled", *REASONS.values(), "expected", "in 90 %", "median", "in 10 %"]
    sizes = ["settled", *LOSSES, "expected", "p10", "p50", "p90"]
    rows = [heads]
    for row in table.to_dict("records"):
        lost = {name: -row[name] for name in LOSSES}
        rows.append(
            [str(row["group"]), str(row["positions"]), *(_hours((row | lost)[name]) for name in sizes)]
        )
    months = [["month", "working days", "settled", "expected"]]
    for at, month in enumerate(made.months):
        sums = [float(np.nansum(values[:, at])) for values in (made.settled, made.expected)]
        months.append([month, f"{made.time.working_days[at]:g}", *map(_hours, sums)])
    lines = [
        f"{settings.name}: hours for customers in {settings.year}, by {by}",
        *aligned(rows, range(1, len(heads))),
        "  Settled: as if all were there all year. The last three are reached in so many of the simulated years.",
        "",
        *aligned(months, range(1, 4)),
    ]
    unknown = int(np.isnan(made.settled[:, 0]).sum())
    if unknown:
        lines += ["", f"  {words.plural(unknown, 'position')} without a capacity: not counted."]
    return "\n".join(lines)


def _hours(value: float) -> str:
    return words.count(value).replace("-", words.MINUS) if np.isfinite(value) else words.DASH


def seller_steps(scenario: Scenario, made: Available, seller: str) -> list[Step]:
    """Derive the hours of one position in the year, step by step.

    Raises
    ------
    ScenarioError
        There is no such position.
    """
    if seller not in made.seller_ids:
        raise ScenarioError([f"there is no position {seller!r}"])
    at, rules, time = made.seller_ids.index(seller), scenario.settings.capacity, made.time
    settled = float(made.settled[at, :YEAR].sum())
    if rules is None:
        steps: list[Step] = [("settled hours", "capacity column of the sellers' table", _hour(settled))]
    else:
        days, away = float(time.working_days[:YEAR].sum()), float(time.leave_days[at, :YEAR].sum())
        worked = (days - away) * rules.hours_a_day * time.part_time[at]
        how = f"({days:g} - {away:g}) x {rules.hours_a_day:g} h x {time.part_time[at]:g} of full time"
        source = f"{time.share_source[at]}, give or take {words.percent(float(time.share_sd[at]))}"
        steps = [
            ("working days", f"weekends and {len(rules.holidays)} holidays apart", f"{days:g}"),
            ("leave", "days", f"{away:g}"),
            ("working hours", how, _hour(worked)),
            ("share of time for selling", source, words.percent(float(time.share[at]))),
            ("settled hours", f"{worked:,.1f} h x {time.share[at]:.4f}", _hour(settled)),
        ]
    return [*steps, *_lost_steps(scenario, made, at)]


def _hour(value: float) -> str:
    return f"{value:,.1f} h".replace("-", words.MINUS) if np.isfinite(value) else words.DASH


def _lost_steps(scenario: Scenario, made: Available, at: int) -> list[Step]:
    """Say what is lost of the settled hours, and what is left."""
    rules = scenario.settings.simulate
    row: Any = scenario.sellers.set_index("id").loc[made.seller_ids[at]]
    starts = "not filled in the year" if pd.isna(row["start"]) else f"starts {row['start']:%Y-%m-%d}"
    last = (
        ""
        if pd.isna(row["end"])
        else f"last day {row['end']:%Y-%m-%d}; refilled in {rules.refill:g} months on average"
    )
    why = {
        "before_start": starts,
        "ramp": f"{starts}; {words.plural(len(rules.ramp), 'month')} of ramp",
        "departures": f"{words.percent(rules.attrition, 0)} leave in a year, {rules.refill:g} months to refill, and ramp",
        "after_end": last,
    }
    steps: list[Step] = []
    for name, word in REASONS.items():
        lost = float(made.lost[name][at, :YEAR].sum())
        if lost > 0:
            steps.append((f"lost: {word}", why[name], _hour(-lost)))
    low, high = np.quantile(made.year[:, at], (0.1, 0.9)).tolist()
    span = f"8 of 10 simulated years lie between {low:,.0f} and {high:,.0f} h" if np.isfinite(low) else ""
    return [*steps, ("expected hours", span, _hour(float(made.expected[at, :YEAR].sum())))]


def seller_text(scenario: Scenario, made: Available, seller: str) -> str:
    """Show how the hours of one position come about, and its months."""
    steps = seller_steps(scenario, made, seller)
    at = made.seller_ids.index(seller)
    name = str(scenario.sellers.set_index("id")["name"][seller]) or "vacant"
    months = [["month", "working days", "leave", "settled", "expected", "in 90 %", "median", "in 10 %"]]
    for m, month in enumerate(made.months):
        sizes = [one[at, m] for one in (made.settled, made.expected, made.low, made.median, made.high)]
        days = [f"{made.time.working_days[m]:g}", f"{made.time.leave_days[at, m]:.1f}"]
        months.append([month, *days, *(f"{one:,.1f}" if np.isfinite(one) else words.DASH for one in sizes)])
    head = f"Hours for customers of {seller}, {name}, in {scenario.settings.year}"
    return "\n".join([head, *aligned(steps, [2]), "", *aligned(months, range(1, 8))])
