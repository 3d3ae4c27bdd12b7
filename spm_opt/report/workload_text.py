"""Hours that accounts ask for, for the command line: by group, and one account step by step."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from spm_opt.errors import ScenarioError
from spm_opt.problem import NONE
from spm_opt.report import words
from spm_opt.report.text import aligned
from spm_opt.scenario.scenario import Scenario
from spm_opt.workload.hours import PARTS, Hours, rule_of

GROUPS = ("segment", "channel", "seller", "district", "region")
NAMES = {
    "contact_hours": "with them", "preparation_hours": "preparation", "travel_hours": "travel",
    "new_business_hours": "new business",
}  # fmt: skip
"""What readers call the parts."""
NOBODY = "(none)"

Step = tuple[str, str, str]
"""What, how it is worked out, and what it comes to."""


def by_group(scenario: Scenario, hours: Hours, by: str) -> pd.DataFrame:
    """Sum the hours by segment, channel, or today's seller, district or region.

    Returns
    -------
    DataFrame
        A row a group: ``group``, ``accounts``, ``contacts``, the parts, ``hours``; the last row is all of them.

    Raises
    ------
    ScenarioError
        No seller has such a group.
    """
    parts = hours.parts
    group = parts[by] if by in parts.columns else _of_seller(scenario, parts["account"], by)
    sizes = ["contacts", *PARTS, "hours"]
    keys = group.replace("", NOBODY).rename("group")
    sums = parts[sizes].groupby(keys.to_numpy()).sum(min_count=1)
    table = sums.assign(accounts=parts["account"].groupby(keys.to_numpy()).nunique()).reset_index(
        names="group"
    )
    whole = parts[sizes].sum(min_count=1).to_frame().T.assign(group="all", accounts=len(hours.account_ids))
    return pd.concat([table, whole], ignore_index=True)[["group", "accounts", *sizes]]


def _of_seller(scenario: Scenario, account: pd.Series[str], by: str) -> pd.Series[str]:
    holder = account.map(scenario.accounts.drop_duplicates("id").set_index("id")["seller"])
    if by == "seller":
        return holder
    level = scenario.sellers.drop_duplicates("id").set_index("id")[by]
    if (level == "").all():
        raise ScenarioError([f"no seller has a {by}; hours go by {', '.join(GROUPS[:3])}"])
    return holder.map(level).fillna("")


def workload_text(scenario: Scenario, hours: Hours, table: pd.DataFrame, by: str) -> str:
    """Show the hours by group, and what the sellers have."""
    settings = scenario.settings
    heads = [by, "accounts", "contacts", *NAMES.values(), "hours", "an account"]
    rows = [heads]
    for row in table.to_dict("records"):
        cells = [_whole(row[name]) for name in ("accounts", "contacts", *PARTS, "hours")]
        rows.append([str(row["group"]), *cells, words.figure(row["hours"] / row["accounts"])])
    total = float(np.nansum(hours.total))
    lines = [
        f"{settings.name}: hours a year that {len(hours.account_ids):,} accounts ask for, by {by}",
        *aligned(rows, range(1, len(heads))),
        "",
        f"  Sellers of the plan work {_worked(scenario)}: {words.count(total)} hours.{_room(scenario, total)}",
    ]
    return "\n".join(lines)


def _worked(scenario: Scenario) -> str:
    rules = scenario.settings.workload
    return "what the accounts' table says" if rules is None else " and ".join(rules.channels)


def _room(scenario: Scenario, total: float) -> str:
    """Say how much of the sellers' hours that is, where all are known."""
    capacity = scenario.sellers["capacity"].to_numpy(dtype=float)
    if not len(capacity) or not np.isfinite(capacity).all() or not capacity.sum() > 0:
        return ""
    return f" That is {words.percent(total / capacity.sum())} of the {words.count(capacity.sum())} they have settled."


def _whole(value: float) -> str:
    return words.count(value) if np.isfinite(value) else words.DASH


def account_steps(scenario: Scenario, hours: Hours, account: str) -> list[Step]:
    """Derive the hours of one account, step by step.

    Raises
    ------
    ScenarioError
        There is no such account.
    """
    if account not in hours.account_ids:
        raise ScenarioError([f"there is no account {account!r}"])
    return steps_at(scenario, hours, hours.account_ids.index(account))


def steps_at(scenario: Scenario, hours: Hours, at: int) -> list[Step]:
    """Derive the hours of the account at a place, step by step."""
    rules = scenario.settings.workload
    if rules is None:
        name = scenario.settings.simulate.workload
        return [("hours", f"{name} in the accounts' table", f"{hours.total[at]:,.1f} h")]
    steps: list[Step] = [("segment", "", str(hours.segment[at]) or NOBODY)]
    for c, channel in enumerate(hours.channels):
        if hours.asked[at, c]:
            steps += _channel_steps(scenario, hours, at, c)
            worked = "" if channel in rules.channels else ", not of the plan's sellers"
            steps.append((f"hours, {channel}", f"their sum{worked}", f"{hours.by_channel[at, c]:,.2f} h"))
    steps.append(("hours", " + ".join(rules.channels), f"{hours.total[at]:,.2f} h"))
    return steps


def _channel_steps(scenario: Scenario, hours: Hours, at: int, c: int) -> list[Step]:
    rules, channel = scenario.settings.workload, hours.channels[c]
    steps: list[Step] = []
    if rules is None:
        return steps
    row = rule_of(str(hours.segment[at]), rules.coverage, channel)
    if row != NONE:
        one = rules.coverage[row]
        steps.append((
            f"contacts, {channel}", f"{one.contacts:g} a year x {one.hours:g} h", f"{hours.contact_hours[at, c]:,.2f} h",
        ))  # fmt: skip
        if one.preparation:
            how = f"{one.contacts:g} a year x {one.preparation:g} h"
            steps.append(("preparation", how, f"{hours.preparation_hours[at, c]:,.2f} h"))
        if channel == "field" and one.contacts:
            steps += _travel_steps(scenario, hours, at, one.contacts)
    row = rule_of(str(hours.segment[at]), rules.new_business, channel)
    if row != NONE:
        new = rules.new_business[row]
        most = "" if new.most is None else f", at most {new.most:g} h"
        how = f"{hours.gap[at]:,.0f} of potential not bought x {new.hours:g} h / {new.per:,.0f}{most}"
        steps.append(("new business", how, f"{hours.new_business_hours[at, c]:,.2f} h"))
    return steps


def _travel_steps(scenario: Scenario, hours: Hours, at: int, contacts: float) -> list[Step]:
    """Derive the travel of the contacts in the field."""
    rules, trips = scenario.settings.workload, hours.trips
    if rules is None or trips is None:
        return []
    travel = rules.travel
    if np.isnan(trips.out[at]):
        return [("travel", "no place is known, so none is counted", "0 h")]
    if np.isnan(trips.given[at]):
        seat = scenario.sellers["id"].iloc[int(trips.seat[at])]
        way = f"{trips.straight[at]:,.1f} km from the nearest seat ({seat}) x {travel.detour:g} of road"
    else:
        way = f"{trips.given[at]:,.1f} {travel.table} in the table of travel"
    alone = f"2 x {trips.out[at]:.3f} h"
    steps = [("way there", f"{way}, at {travel.speed:g} km/h", f"{trips.out[at]:.3f} h")]
    if trips.hours[at] < 2 * trips.out[at]:
        if np.isfinite(trips.density[at]):
            how = (
                f"{travel.tour:g} x {travel.detour:g} / root of {trips.density[at]:.4g} accounts a square km"
            )
            steps.append(("between stops", how, f"{trips.between[at]:.3f} h"))
        alone = f"{alone} / {travel.stops:g} stops + {trips.between[at]:.3f} h"
    else:
        alone += ", a trip of its own"
    steps.append(("travel of a contact", alone, f"{trips.hours[at]:.3f} h"))
    total = contacts * trips.hours[at]
    return [*steps, ("travel", f"{contacts:g} a year x {trips.hours[at]:.3f} h", f"{total:,.2f} h")]


def account_text(scenario: Scenario, hours: Hours, account: str) -> str:
    """Show how the hours of one account come about."""
    steps = account_steps(scenario, hours, account)
    names: Any = scenario.accounts.set_index("id")["name"]
    name = str(names[account]) if account in names.index else ""
    head = f"Hours a year of account {account}{f', {name}' if name else ''}"
    return "\n".join([head, *aligned(steps, [2])])
