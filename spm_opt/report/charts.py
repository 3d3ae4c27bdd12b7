"""Charts as inline SVG: shapes and classes only; the page's style sheet gives the colours."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

import numpy as np
from markupsafe import Markup, escape

from spm_opt.problem import FloatArray
from spm_opt.report import words
from spm_opt.report.facts import Attainment, BalanceFacts

WIDTH, LEFT, RIGHT, TOP = 1060, 56, 14, 14
NARROWEST_SLOT, LABELLED_SLOT, LEVEL_SLOT, MOST_LABEL = 7.0, 9.0, 76.0, 10
ODDS_STEPS = (0.2, 0.4, 0.6, 0.8)
BINS = 64


def balance_chart(facts: BalanceFacts, names: Sequence[str]) -> Markup:
    """Draw each territory's deviation today and in the plan, sorted by today's, with the tolerance band."""
    shown = facts.plan if facts.incumbent is None else facts.incumbent
    order = np.lexsort((np.arange(len(shown)), -shown))
    drawn = np.nan_to_num(
        np.concatenate([facts.plan, shown, [facts.tolerance or 0.01, -(facts.tolerance or 0.01)]])
    )
    room = 0.06 * float(np.ptp(drawn))
    plot = Plot(len(names), float(drawn.min()) - room, float(drawn.max()) + room, 300)
    parts = []
    if facts.tolerance is not None:
        top, bottom = plot.y(facts.tolerance), plot.y(-facts.tolerance)
        parts.append(
            f'<rect class="band" x="{LEFT}" y="{top}" width="{plot.inner}" height="{bottom - top:.1f}"/>'
        )
    parts += plot.grid(lambda v: words.signed(v, 0))
    parts.append(
        f'<line class="axis" x1="{LEFT}" x2="{plot.width - RIGHT}" y1="{plot.y(0)}" y2="{plot.y(0)}"/>'
    )
    for slot, t in enumerate(order):
        x, plan = plot.x(slot), float(facts.plan[t])
        tip = f"{names[t]}: plan {words.signed(plan)}"
        inner = ""
        if facts.incumbent is not None:
            today = float(facts.incumbent[t])
            tip += f", today {words.signed(today)}"
            inner = (
                f'<line class="link" x1="{x}" x2="{x}" y1="{plot.y(today)}" y2="{plot.y(plan)}"/>'
                f'<circle class="today" cx="{x}" cy="{plot.y(today)}" r="3"/>'
            )
        inner += f'<circle class="plan" cx="{x}" cy="{plot.y(plan)}" r="3.2"/>'
        parts.append(f"<g><title>{escape(tip)}</title>{inner}</g>")
    parts += plot.labels([names[t] for t in order])
    largest = words.percent(float(np.abs(np.nan_to_num(facts.plan)).max(initial=0.0)))
    title = f"Deviation from target of {facts.title}; largest in the plan {largest}"
    return plot.svg(parts, title, below=plot.room_for(names))


def attainment_chart(attained: Attainment, names: Sequence[str]) -> Markup:
    """Draw the middle 80 % of each territory's attainment with its median, sorted by the chance to attain."""
    odds = np.nan_to_num(attained.odds, nan=-1.0)
    order = np.lexsort((np.arange(len(odds)), -np.nan_to_num(attained.median), -odds))
    high = max(1.2, float(np.nanmax(attained.high, initial=0.0)) * 1.04)
    low = min(0.8, max(0.0, float(np.nanmin(attained.low, initial=1.0)) * 0.96))
    plot = Plot(len(names), low, high, 320)
    parts = plot.grid(lambda v: words.percent(v, 0))
    parts.append(
        f'<line class="goal" x1="{LEFT}" x2="{plot.width - RIGHT}" y1="{plot.y(1)}" y2="{plot.y(1)}"/>'
    )
    thick = min(9.0, plot.slot * 0.62)
    for slot, t in enumerate(order):
        if not math.isfinite(attained.median[t]):
            continue
        x, ends = plot.x(slot), (float(attained.low[t]), float(attained.high[t]))
        tip = (
            f"{names[t]}: {words.percent(float(attained.odds[t]), 0)} chance to attain; median attainment "
            f"{words.percent(float(attained.median[t]))}, 8 years in 10 between {words.percent(ends[0])} "
            f"and {words.percent(ends[1])}"
        )
        parts.append(
            f'<g class="odds{odds_step(float(odds[t]))}"><title>{escape(tip)}</title>'
            f'<rect class="range" x="{x - thick / 2:.1f}" y="{plot.y(ends[1])}" width="{thick:.1f}" '
            f'height="{plot.y(ends[0]) - plot.y(ends[1]):.1f}" rx="2"/>'
            f'<circle class="median" cx="{x}" cy="{plot.y(float(attained.median[t]))}" r="{min(2.8, thick / 2):.1f}"/></g>'
        )
    parts += plot.labels([names[t] for t in order])
    title = "Attainment of each quota in the simulated year, sorted by the chance to attain"
    return plot.svg(parts, title, below=plot.room_for(names))


def sales_chart(company: FloatArray, today: FloatArray | None, target: float, currency: str) -> Markup:
    """Draw how often the company ends where, against its target; today's alignment as an outline."""
    everything = company if today is None else np.concatenate([company, today])
    low, high = np.quantile(everything, (0.0005, 0.9995))
    low, high = min(float(low), target), max(float(high), target)
    step = max((high - low) / (BINS - 4), 1.0)
    first = target - (math.ceil((target - low) / step) + 1) * step  # the target parts two bins
    edges = first + step * np.arange(BINS + 1)
    share, _ = np.histogram(company, edges)
    outline = None if today is None else np.histogram(today, edges)[0] / len(today)
    share = share / len(company)
    tallest = max(float(share.max()), 0.0 if outline is None else float(outline.max()), 1e-9)
    plot = Plot(BINS, 0.0, tallest * 1.14, 260)
    parts = []
    for slot in range(BINS):
        kind = "reached" if edges[slot] > target - step / 2 else "missed"
        top = plot.y(float(share[slot]))
        tip = f"{words.short(edges[slot], currency)} to {words.short(edges[slot + 1], currency)}: {words.percent(float(share[slot]))}"
        parts.append(
            f'<rect class="{kind}" x="{LEFT + slot * plot.slot + 0.5:.1f}" y="{top}" width="{plot.slot - 1:.1f}" '
            f'height="{plot.y(0) - top:.1f}"><title>{escape(tip)}</title></rect>'
        )
    if outline is not None:
        path = "".join(
            f"{'M' if slot == 0 else 'L'}{LEFT + slot * plot.slot:.1f} {plot.y(float(value))}h{plot.slot:.1f}"
            for slot, value in enumerate(outline)
        )
        parts.append(f'<path class="outline" d="{path}"/>')

    def across(value: float) -> float:
        return round(LEFT + float(value - edges[0]) / float(edges[-1] - edges[0]) * plot.inner, 1)

    at = across(target)
    side = "end" if at > plot.width * 0.6 else "start"
    shift = -6 if side == "end" else 6
    parts.append(f'<line class="goal" x1="{at}" x2="{at}" y1="{TOP}" y2="{plot.y(0)}"/>')
    parts.append(
        f'<text class="strong" x="{at + shift}" y="{TOP + 10}" text-anchor="{side}">'
        f"{escape('target ' + words.short(target, currency))}</text>"
    )
    parts.append(
        f'<line class="axis" x1="{LEFT}" x2="{plot.width - RIGHT}" y1="{plot.y(0)}" y2="{plot.y(0)}"/>'
    )
    parts += [
        f'<text x="{across(value)}" y="{plot.y(0) + 18:.1f}" text-anchor="middle">{escape(words.short(value, currency))}</text>'
        for value in ticks(float(edges[0]), float(edges[-1]), 7)
    ]
    return plot.svg(parts, "How often the company ends at which sales in the simulated year", below=26)


def odds_step(odds: float) -> int:
    """Class of a chance, from 0 (unlikely) to 4 (likely)."""
    return int(np.searchsorted(ODDS_STEPS, odds, side="right"))


def ticks(low: float, high: float, about: int) -> list[float]:
    """Choose round values between two ends.

    >>> ticks(0.0, 1.0, 5)
    [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    """
    if not high > low:
        return [low]
    raw = (high - low) / about
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= raw * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [round(i * step, 10) for i in range(first, math.floor(high / step + 1e-9) + 1)]


class Plot:
    """A frame with one slot a territory along x and a scale along y."""

    def __init__(self, slots: int, low: float, high: float, height: float) -> None:
        self.slot = max((WIDTH - LEFT - RIGHT) / max(slots, 1), NARROWEST_SLOT)
        self.inner = round(self.slot * max(slots, 1), 1)
        self.width = round(self.inner + LEFT + RIGHT, 1)
        self.low, self.high, self.height = low, high, height

    def x(self, slot: int) -> float:
        """Middle of a slot."""
        return round(LEFT + (slot + 0.5) * self.slot, 1)

    def y(self, value: float) -> float:
        """Height of a value, upwards."""
        share = (self.high - value) / (self.high - self.low)
        return round(TOP + share * (self.height - TOP), 1)

    def grid(self, name: Callable[[float], str]) -> list[str]:
        """Lines at round values, with their names."""
        parts = []
        for value in ticks(self.low, self.high, 6):
            y = self.y(value)
            parts.append(f'<line class="grid" x1="{LEFT}" x2="{self.width - RIGHT}" y1="{y}" y2="{y}"/>')
            parts.append(
                f'<text x="{LEFT - 8}" y="{y + 3.5:.1f}" text-anchor="end">{escape(name(value))}</text>'
            )
        return parts

    def labels(self, names: Iterable[str]) -> list[str]:
        """Names below the slots, where there is room for them."""
        if self.slot < LABELLED_SLOT:
            return []
        y = self.height + 10
        if self.slot >= LEVEL_SLOT:
            return [
                f'<text x="{self.x(slot)}" y="{y + 8:.0f}" text-anchor="middle">{escape(_cut(name))}</text>'
                for slot, name in enumerate(names)
            ]
        return [
            f'<text class="name" transform="translate({self.x(slot) + 3.2:.1f} {y:.0f}) rotate(-90)" '
            f'text-anchor="end">{escape(_cut(name))}</text>'
            for slot, name in enumerate(names)
        ]

    def room_for(self, names: Iterable[str]) -> float:
        """Height that the names below the slots take."""
        if self.slot >= LEVEL_SLOT:
            return 24.0
        longest = max((len(_cut(name)) for name in names), default=0)
        return 10.0 if self.slot < LABELLED_SLOT else 18 + 6.2 * longest

    def svg(self, parts: Iterable[str], title: str, below: float) -> Markup:
        """Wrap the parts, with some height below the plot."""
        size = f"0 0 {self.width:g} {self.height + below:g}"
        wide = f' width="{self.width:g}" class="wide"' if self.width > WIDTH else ""
        return Markup(  # noqa: S704  every text within was escaped above
            f'<svg viewBox="{size}"{wide} role="img" aria-label="{escape(title)}">{"".join(parts)}</svg>'
        )


def _cut(name: str) -> str:
    return name if len(name) <= MOST_LABEL else name[: MOST_LABEL - 1] + "…"
