"""A comparison as text for the command line."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from typing import TYPE_CHECKING

from spm_opt.compare.tables import case_lines, measure_grid, regret_grid, seller_grid, stress_grid
from spm_opt.compare.verdict import best_of, caveats, judged_by, verdict_on
from spm_opt.report import words
from spm_opt.report.grids import Grid
from spm_opt.report.text import INDENT, aligned

if TYPE_CHECKING:
    from spm_opt.compare.compare import Comparison

WIDTH = 118
MOST_SELLERS = 5


def comparison_text(found: Comparison) -> str:
    """Lay a comparison out: the verdict in words, the measures, and who wins and who loses most."""
    lines = [title(found), *_points(best_of(found))]
    for plan in found.plans[1:]:
        lines += ["", f"{plan}, held against {found.plans[0]}", *_points(verdict_on(found, plan))]
    lines += ["", "What the figures rest on", *_points(caveats(found))]
    lines += ["", "Measures", *_lines(measure_grid(found))]
    lines += ["", "Best of all, regret (how far from the best plan of each future) and worst futures"]
    lines += _lines(regret_grid(found))
    if found.cases:
        lines += ["", "Under stress, in the same futures", *_lines(stress_grid(found))]
        lines += [f"{INDENT}{text}" for text in case_lines(found)]
    for plan in found.plans[1:]:
        lines += [
            "",
            f"Who wins and who loses most with {plan}, by {judged_by(found, plan)}, held against {found.plans[0]}",
        ]
        lines += _lines(seller_grid(found, plan, MOST_SELLERS))
    return "\n".join(lines)


def _points(texts: Iterable[str]) -> list[str]:
    return [
        line
        for text in texts
        for line in textwrap.wrap(text, WIDTH, initial_indent="- ", subsequent_indent=INDENT)
    ]


def title(found: Comparison) -> str:
    """Name what was compared."""
    settings = found.scenario.settings
    plans = words.plural(len(found.plans), "plan")
    return (
        f"{settings.name}, {settings.year}: {plans} in the same {words.plural(found.replications, 'future')}"
    )


def _lines(grid: Grid) -> list[str]:
    rows = [[head.text for head in grid.heads], *([cell.text for cell in row.cells] for row in grid.rows)]
    return aligned(rows, [place for place, head in enumerate(grid.heads) if head.numeric])
