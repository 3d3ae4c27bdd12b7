"""What additional sellers buy and who would be missed least, for the command line."""

from __future__ import annotations

import math

from spm_opt.capacity.seats_found import Difference, Seats, Step
from spm_opt.report import words
from spm_opt.report.text import aligned
from spm_opt.scenario.scenario import Scenario

SHOWN = 10
"""Positions that are shown; seats.csv has them all."""


def seats_text(scenario: Scenario, found: Seats) -> str:
    """Lay out the plans with more positions, their seats, and the positions that would be missed least."""
    name, currency = scenario.settings.name, scenario.settings.currency
    lines = [f"{name}: what each additional seller buys, and which position would be missed least", ""]
    lines += aligned(_steps(found, currency), right=range(1, 12))
    lines += [f"  {step.added} more: no plan: {step.reason}" for step in found.steps if not step.found]
    seats = [row for step in found.steps for row in _seats(step)]
    if seats:
        where = "candidates" if found.candidates else "the places of units"
        lines += ["", f"Seats, chosen among {where} together with the territories:"]
        lines += aligned([["added", "position", "seat", "district", "region", "loads"], *seats], right=[0])
    if found.positions:
        lines += ["", "Missed least: what would be lost without a position"]
        lines += aligned(_losses(found, currency), right=range(3, 9))
        lines += _unsolved(found)
    return "\n".join([*lines, "", *_notes(found)])


def _steps(found: Seats, currency: str) -> list[list[str]]:
    first = found.steps[0]
    names = list(first.deviations)
    heads = ["sellers added", "points", "at best", *(f"worst {name}" for name in names)]
    table = [[*heads, "travel, km", "sales", "the last brings", "once settled", "95 %", "it costs"]]
    for step in found.steps:
        if not step.found:
            continue
        off = [words.percent(step.deviations[name]) for name in names]
        bound = words.DASH if step.bound is None else words.figure(step.bound)
        gain = step.against_last if step.added else None
        cost = step.cost / step.added if step.added else math.nan
        table.append([
            str(step.added), words.figure(step.points), bound, *off, words.figure(step.travel),
            words.short(step.sales, currency), words.DASH if gain is None else words.short(gain.value, currency),
            *_gain(step.settled_against_last if step.added else None, currency), words.short(cost, currency),
        ])  # fmt: skip
    return table


def _gain(gain: Difference | None, currency: str) -> list[str]:
    if gain is None:
        return [words.DASH, words.DASH]
    span = f"{words.short(gain.low, currency)} to {words.short(gain.high, currency)}"
    return [words.short(gain.value, currency), span if math.isfinite(gain.low) else words.DASH]


def _seats(step: Step) -> list[list[str]]:
    return [
        [
            str(step.added), seat.position, seat.place or words.DASH, seat.district or words.DASH,
            seat.region or words.DASH, ", ".join(f"{name} {words.count(size)}" for name, size in seat.sizes.items()),
        ]
        for seat in step.seats
    ]  # fmt: skip


def _losses(found: Seats, currency: str) -> list[list[str]]:
    heads = [
        "rank",
        "position",
        "seller",
        "points lost",
        "estimated",
        "fits nowhere",
        "travel, km",
        "sales",
        "once settled",
    ]
    table = [heads]
    for one in found.positions[:SHOWN]:
        solved = one.solved if one.solved is not None and one.solved.found else None
        row = [str(one.rank), one.position, one.name or "vacant"]
        row.append(words.DASH if solved is None else words.figure(solved.points - found.steps[0].points))
        row += [words.figure(one.screened), words.figure(one.overload)]
        row.append(words.DASH if solved is None else words.figure(solved.travel))
        gains = [] if solved is None else [solved.against_first, solved.settled_against_first]
        table.append([*row, *([words.short(one.value, currency) for one in gains] or [words.DASH] * 2)])
    return table


def _unsolved(found: Seats) -> list[str]:
    tried = [(one.position, one.solved) for one in found.positions if one.solved is not None]
    return [f"  without {position}: no plan: {step.reason}" for position, step in tried if not step.found]


def _notes(found: Seats) -> list[str]:
    left = f"No candidate is left for {found.left_out} of the sellers asked for."
    return [
        *([left] if found.left_out else []),
        (
            f"Plans are searched for with the effort {found.effort}, the first with {found.first_effort} before; points "
            "below are better, and no plan with these positions has fewer than stand under at best. Differences of plans "
            "that are smaller than their distance to it may be the search's."
        ),
        (
            f"Sales are means of {found.replications:,} simulated years, the same for all plans; an additional seller is "
            "settled from the first day; once settled is without what changes of hands cost. Limits on customers who move grow by the additional sellers' fair share."
        ),
        (
            "Points lost are solved; estimated ones come from a linear program over loads, which sees neither whole "
            "units nor contiguity; fits nowhere is in mean territories."
        ),
    ]
