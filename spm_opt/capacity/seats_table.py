"""What additional and missing positions come to, as one tidy table: a row a figure."""

from __future__ import annotations

import numpy as np
import pandas as pd

from spm_opt.capacity.seats_found import Position, Seats, Step

COLUMNS = (
    "change",
    "positions",
    "rank",
    "place",
    "figure",
    "detail",
    "value",
    "low",
    "high",
    "unit",
    "basis",
)


def seats_table(found: Seats, currency: str) -> pd.DataFrame:
    """Lay the figures out.

    Returns
    -------
    ``change`` ("add", "drop" or "seat" of an additional position), ``positions`` (how many are added, or the id of
    the one that goes or is added), ``rank`` (missed least first), ``place`` (of an additional seat), ``figure``,
    ``detail`` (the activity), ``value`` with its interval ``low`` to ``high`` where it is a mean difference,
    ``unit``, and ``basis`` ("solved", "proven" or "screened").
    """
    rows: list[tuple[object, ...]] = []
    for step in found.steps:
        head = ("add", str(step.added), None, "")
        rows += [(*head, *row) for row in _figures(step, currency)]
        for seat in step.seats:
            head = ("seat", f"{seat.position} of {step.added}", None, seat.place)
            rows += [
                (*head, name, "", value, None, None, unit, "solved")
                for name, value, unit in (("x", seat.x, "degrees or km"), ("y", seat.y, "degrees or km"))
            ]
            rows += [
                (*head, "load", name, value, None, None, "", "solved") for name, value in seat.sizes.items()
            ]
    for position in found.positions:
        rows += [
            ("drop", position.position, position.rank, "", *row) for row in _losses(found, position, currency)
        ]
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    return frame.astype({"rank": "Int64", "value": float, "low": float, "high": float})


def _figures(step: Step, currency: str) -> list[tuple[object, ...]]:
    """List the figures of a plan, without those that are not known."""
    rows: list[tuple[object, ...]] = [("points", "", step.points, None, None, "points", "solved")]
    if step.bound is not None:
        rows.append(("bound", "", step.bound, None, None, "points", "proven"))
    rows += [
        ("worst_deviation", name, value, None, None, "share of target", "solved")
        for name, value in step.deviations.items()
    ]
    rows += [
        ("mean_travel", "", step.travel, None, None, "km", "solved"),
        ("mean_sales", "", step.sales, None, None, currency, "solved"),
        ("handover_loss", "", step.handover, None, None, currency, "solved"),
    ]
    compared = {
        "sales_against_today": step.against_first,
        "settled_against_today": step.settled_against_first,
    }
    if step.added:
        compared |= {
            "sales_against_one_less": step.against_last, "settled_against_one_less": step.settled_against_last
        }  # fmt: skip
    rows += [
        (figure, "", one.value, one.low, one.high, currency, "solved") for figure, one in compared.items()
    ]
    rows.append(("cost", "", step.cost, None, None, f"{currency} a year", "solved"))
    return [row for row in rows if isinstance(row[2], float) and not np.isnan(row[2])]


def _losses(found: Seats, position: Position, currency: str) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = [
        ("points_lost", "", position.screened, None, None, "points", "screened"),
        ("overload", "", position.overload, None, None, "mean territories", "screened"),
    ]
    if position.solved is not None and position.solved.found:
        lost = position.solved.points - found.steps[0].points
        rows.append(("points_lost", "", lost, None, None, "points", "solved"))
        rows += _figures(position.solved, currency)
    return rows
