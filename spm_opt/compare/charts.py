"""Charts of a comparison as inline SVG: shapes and classes; the page's style sheet gives the colours."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from markupsafe import Markup, escape

from spm_opt.problem import FloatArray
from spm_opt.report import words
from spm_opt.report.charts import LEFT, RIGHT, TOP, Plot, ticks

BINS = 60
TAIL = 0.001
"""Share of futures at either end that the chart leaves out."""


def difference_chart(difference: FloatArray, title: str) -> Markup:
    """Draw how often the difference in sales to the first plan is how large; zero parts two bins.

    Parameters
    ----------
    difference
        Relative difference in each future, shape ``(replications,)``.
    title
        What it shows, for those who cannot see it.
    """
    ends = np.quantile(difference, (TAIL, 1 - TAIL))
    low, high = min(float(ends[0]), 0.0), max(float(ends[1]), 0.0)
    step = max((high - low) / (BINS - 2), 1e-6)
    edges = step * (np.arange(BINS + 1) - (np.ceil(-low / step) + 1))
    share = np.histogram(difference, edges)[0] / len(difference)
    plot = Plot(BINS, 0.0, max(float(share.max()), 1e-9) * 1.14, 220)
    parts = []
    for slot, height in enumerate(share.tolist()):
        top, middle = plot.y(height), float(edges[slot] + step / 2)
        tip = f"{words.signed(float(edges[slot]), 2)} to {words.signed(float(edges[slot + 1]), 2)}: {words.percent(height)} of futures"
        parts.append(
            f'<rect class="{"reached" if middle > 0 else "missed"}" x="{LEFT + slot * plot.slot + 0.5:.1f}" y="{top}" '
            f'width="{plot.slot - 1:.1f}" height="{plot.y(0) - top:.1f}"><title>{escape(tip)}</title></rect>'
        )

    def across(value: float) -> float:
        return round(LEFT + float(value - edges[0]) / float(edges[-1] - edges[0]) * plot.inner, 1)

    parts.append(f'<line class="goal" x1="{across(0)}" x2="{across(0)}" y1="{TOP}" y2="{plot.y(0)}"/>')
    parts.append(
        f'<line class="axis" x1="{LEFT}" x2="{plot.width - RIGHT}" y1="{plot.y(0)}" y2="{plot.y(0)}"/>'
    )
    places = 1 if step * BINS > 0.02 else 2  # noqa: PLR2004
    parts += [
        f'<text x="{across(value)}" y="{plot.y(0) + 18:.1f}" text-anchor="middle">{escape(words.signed(value, places))}</text>'
        for value in ticks(float(edges[0]), float(edges[-1]), 8)
    ]
    return plot.svg(parts, title, below=26)


def chance_chart(
    before: FloatArray, after: FloatArray, names: Sequence[str], plans: tuple[str, str]
) -> Markup:
    """Draw each seller's chance to attain under the first plan and under another, sorted by the change."""
    known = np.flatnonzero(np.isfinite(before) & np.isfinite(after))
    order = known[np.lexsort((known, -(after - before)[known]))]
    plot = Plot(len(order), 0.0, 1.0, 280)
    parts = plot.grid(lambda value: words.percent(value, 0))
    for slot, t in enumerate(order.tolist()):
        x, then, now = plot.x(slot), float(before[t]), float(after[t])
        tip = f"{names[t]}: {words.percent(then, 0)} with {plans[0]}, {words.percent(now, 0)} with {plans[1]}"
        parts.append(
            f"<g><title>{escape(tip)}</title>"
            f'<line class="link" x1="{x}" x2="{x}" y1="{plot.y(then)}" y2="{plot.y(now)}"/>'
            f'<circle class="today" cx="{x}" cy="{plot.y(then)}" r="3"/>'
            f'<circle class="plan" cx="{x}" cy="{plot.y(now)}" r="3.2"/></g>'
        )
    shown = [names[t] for t in order]
    parts += plot.labels(shown)
    title = f"Chance to attain the own quota of every seller with {plans[0]} and with {plans[1]}"
    return plot.svg(parts, title, below=plot.room_for(shown))
