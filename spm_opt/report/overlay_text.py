"""The layers over the territories in words and cells, the same on the page and on the command line."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

from spm_opt.criteria import Balance
from spm_opt.overlay.layer import Layer
from spm_opt.overlay.rollup import TERRITORY
from spm_opt.report import words
from spm_opt.report.grids import Cell, Grid, Head, Row, numeric
from spm_opt.report.text import INDENT, aligned
from spm_opt.scenario.scenario import Scenario

MOST_NAMES = 12


def own_activities(layer: Layer) -> tuple[str, ...]:
    """Activities that a layer is balanced by, or the first where it is by none."""
    names = [one.activity for one in layer.criteria if isinstance(one, Balance)]
    return tuple(dict.fromkeys(names)) or layer.problem.activity_names[:1]


def proof(layer: Layer) -> str:
    """Say in a sentence how many positions there are over what, and what is proven of them."""
    result, problem = layer.result, layer.problem
    under = f"positions of {layer.over}" if layer.over else words.plural(problem.n, TERRITORY, "territories")
    text = f"{words.plural(problem.k, 'position')} over {under}"
    if layer.within:
        text += f", within each {layer.within}"
    if layer.verdict.breaches:
        return f"{text}: breaks its rules ({layer.verdict.breaches[0].text})"
    status = "proven optimal" if result.status == "optimal" else result.status
    reached = "" if result.objective is None else f", {words.figure(result.objective)} points"
    if result.status != "optimal":
        gap = "nothing is proven" if result.gap is None else f"gap {words.percent(result.gap)}"
        reached += f", {gap}"
    return f"{text}: {status}{reached}" + (f"; {result.cut}" if result.cut else "")


def rules(layer: Layer) -> str:
    """Say what the criteria come to: of aims their value, of what is only a rule whether it holds."""
    said = []
    for criterion, one in zip(layer.criteria, layer.verdict.measures, strict=True):
        rule = one.limit.replace("every territory", "every position")
        value = words.of_limit(one.value, one.unit)
        if rule:
            value = f"{rule} ({'holds' if one.holds else 'broken'}){f', {value}' if criterion.weight else ''}"
        said.append(f"{one.title}: {value}")
    return "; ".join(said)


def grid_of(layer: Layer, table: pd.DataFrame, currency: str) -> Grid:
    """One row a position: what it has, how large it is, and how far from its target."""
    rows = table[table["layer"] == layer.name]
    columns = [name for name in _columns(layer) if name in rows and rows[name].notna().any()]
    heads = [Head("position"), *([Head(layer.within)] if layer.within else []), Head("has")]
    heads += [Head(_label(name), numeric=True) for name in columns]
    under = _under(layer)
    made = []
    for p, row in enumerate(rows.to_dict("records")):
        cells = [
            Cell(str(row["position"])),
            *([Cell(str(row["group"]))] if layer.within else []),
            Cell(under[p]),
        ]
        cells += [numeric(_written(name, row[name], currency), float(row[name])) for name in columns]
        made.append(Row(tuple(cells)))
    return Grid(tuple(heads), tuple(made))


def _columns(layer: Layer) -> list[str]:
    own = [name for one in own_activities(layer) for name in (one, f"{one}_deviation")]
    return ["units", *own, "quota_cents", "mean_sales", "p_attain", "travel_km"]


def _label(name: str) -> str:
    known = {
        "units": "number", "quota_cents": "quota", "mean_sales": "mean sales", "p_attain": "chance to attain",
        "travel_km": "mean travel, km",
    }  # fmt: skip
    return known.get(name, name.replace("_deviation", ": off target"))


def _written(name: str, value: Any, currency: str) -> str:
    if name.endswith("_deviation"):
        return words.signed(value)
    if name == "quota_cents":
        return words.amount(value / 100, currency)
    if name == "mean_sales":
        return words.amount(value, currency)
    if name == "p_attain":
        return words.percent(value)
    return words.figure(value) if math.isfinite(value) else words.DASH


def _under(layer: Layer) -> list[str]:
    """Name what each position has, the first dozen of it."""
    held: list[list[str]] = [[] for _ in layer.position_ids]
    for unit, position in zip(layer.problem.unit_ids, layer.alignment.unit_territory.tolist(), strict=True):
        held[position].append(unit)
    return [
        ", ".join(names[:MOST_NAMES])
        + (f" and {len(names) - MOST_NAMES:,} more" if len(names) > MOST_NAMES else "")
        for names in held
    ]


def overlay_sections(layers: Sequence[Layer], table: pd.DataFrame, currency: str) -> list[dict[str, Any]]:
    """Lay the layers out for the page: title, what is proven, and the positions."""
    return [
        {
            "title": layer.name,
            "note": f"{proof(layer)}. {rules(layer)}.",
            "grid": grid_of(layer, table, currency),
        }
        for layer in layers
    ]


def overlay_text(scenario: Scenario, layers: Sequence[Layer], table: pd.DataFrame) -> str:
    """Show the layers on the command line."""
    settings = scenario.settings
    lines = [f"{settings.name}, {settings.year}: {words.plural(len(layers), 'layer')} over the territories"]
    for layer in layers:
        grid = grid_of(layer, table, settings.currency)
        rows = [[head.text for head in grid.heads], *([cell.text for cell in row.cells] for row in grid.rows)]
        right = [c for c, head in enumerate(grid.heads) if head.numeric]
        lines += [
            "",
            f"{layer.name}: {proof(layer)}",
            *(f"{INDENT}{one}" for one in rules(layer).split("; ")),
        ]
        lines += ["", *aligned(rows, right)]
    return "\n".join(lines)
