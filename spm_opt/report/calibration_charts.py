"""The charts of a calibration as inline SVG: histograms of places, and territories in their intervals."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from markupsafe import Markup, escape

from spm_opt.problem import FloatArray
from spm_opt.report import words
from spm_opt.report.charts import LEFT, RIGHT, WIDTH, Plot

ACROSS, TALL, HEADROOM, GAP = 4, 190.0, 34.0, 22.0
"""Panels in a row, their height, the part of it above the bars, and the room between them."""
HIGHEST = 4.0
"""Multiples of its median that a territory's sales are shown to."""


@dataclass(frozen=True, eq=False)
class Panel:
    """A histogram of places: its heading, and by bin the share and its range if the forecasts are right."""

    title: str
    count: int
    share: FloatArray
    low: FloatArray
    high: FloatArray


def pit_chart(panels: Sequence[Panel]) -> Markup:
    """Draw histograms side by side, each bin's expected range behind its bar."""
    wide = (WIDTH - GAP * (ACROSS - 1)) / ACROSS
    parts = []
    for at, panel in enumerate(panels):
        left, top = (at % ACROSS) * (wide + GAP), (at // ACROSS) * (TALL + GAP)
        parts.append(f'<g transform="translate({left:.1f} {top:.1f})">{"".join(_panel(panel, wide))}</g>')
    rows = math.ceil(len(panels) / ACROSS)
    return Markup(  # noqa: S704  every text within was escaped
        f'<svg viewBox="0 0 {WIDTH} {rows * (TALL + GAP):.0f}" role="img" '
        f'aria-label="Places of outcomes in their forecasts">{"".join(parts)}</svg>'
    )


def _panel(panel: Panel, wide: float) -> Iterable[str]:
    bins = len(panel.share)
    tallest = max(float(panel.share.max()), float(panel.high.max()), 1 / bins) * 1.05
    slot, floor = wide / bins, TALL - 14

    def y(value: float) -> float:
        return round(floor - (floor - HEADROOM) * value / tallest, 1)

    yield f'<text class="strong" x="0" y="12">{escape(panel.title)}</text>'
    yield f'<text x="0" y="26">{words.count(panel.count)} outcomes</text>'
    for at in range(bins):
        share, low, high = (float(values[at]) for values in (panel.share, panel.low, panel.high))
        x = at * slot
        kind = "reached" if low <= share <= high else "off"
        tip = (
            f"{at / bins:.0%} to {(at + 1) / bins:.0%} of the forecast: {words.percent(share)} of outcomes; "
            f"{words.percent(low)} to {words.percent(high)} if the model is right"
        )
        yield (
            f"<g><title>{escape(tip)}</title>"
            f'<rect class="{kind}" x="{x + 1.5:.1f}" y="{y(share)}" width="{slot - 3:.1f}" height="{floor - y(share):.1f}"/>'
            f'<rect class="range" x="{x + slot / 2 - 1.2:.1f}" y="{y(high)}" width="2.4" height="{y(low) - y(high):.1f}"/></g>'
        )
    yield f'<line class="goal" x1="0" x2="{wide:.1f}" y1="{y(1 / bins)}" y2="{y(1 / bins)}"/>'
    yield f'<line class="axis" x1="0" x2="{wide:.1f}" y1="{floor}" y2="{floor}"/>'
    yield f'<text x="0" y="{TALL}">lowest</text>'
    yield f'<text x="{wide:.1f}" y="{TALL}" text-anchor="end">highest</text>'


def territory_chart(territories: pd.DataFrame, currency: str) -> Markup:
    """Draw each territory's 80 % and 50 % intervals and what was sold, relative to the median of its forecast."""
    shown = territories[territories["p50"] > 0].sort_values("pit", kind="stable")
    median = shown["p50"].to_numpy()
    scaled = {
        name: np.minimum(shown[name].to_numpy() / median, HIGHEST)
        for name in ("p10", "p25", "p75", "p90", "sold")
    }
    if shown.empty:
        return Markup("")
    lowest = min(float(scaled["p10"].min()), float(scaled["sold"].min()))
    highest = max(float(scaled["p90"].max()), float(scaled["sold"].max()))
    room = 0.05 * (highest - lowest) + 0.01
    plot = Plot(len(shown), max(0.0, lowest - room), highest + room, 320)
    parts = plot.grid(lambda value: words.percent(value, 0))
    parts.append(
        f'<line class="goal" x1="{LEFT}" x2="{plot.width - RIGHT}" y1="{plot.y(1)}" y2="{plot.y(1)}"/>'
    )
    names = [str(name) for name in shown.index]
    for slot, name in enumerate(names):
        row = shown.iloc[slot]
        at = {key: plot.y(float(values[slot])) for key, values in scaled.items()}
        inside = row["p10"] <= row["sold"] <= row["p90"]
        tip = (
            f"{name}: sold {words.short(row['sold'], currency)}, 8 of 10 simulated outcomes between "
            f"{words.short(row['p10'], currency)} and {words.short(row['p90'], currency)}"
        )
        x, thick = plot.x(slot), min(9.0, plot.slot * 0.62)
        parts.append(
            f'<g class="odds3"><title>{escape(tip)}</title>'
            + "".join(
                f'<rect class="range" x="{x - thick / 2:.1f}" y="{at[top]}" width="{thick:.1f}" '
                f'height="{at[bottom] - at[top]:.1f}" rx="2"/>'
                for bottom, top in (("p10", "p90"), ("p25", "p75"))
            )
            + f'<circle class="{"median" if inside else "off"}" cx="{x}" cy="{at["sold"]}" r="3.2"/></g>'
        )
    parts += plot.labels(names)
    return plot.svg(parts, "Sales of each territory in its forecast", below=plot.room_for(names))
