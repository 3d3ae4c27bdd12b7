"""A comparison as one self-contained page, in the frame and under the policy of the report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from markupsafe import Markup

from spm_opt.compare.charts import chance_chart, difference_chart
from spm_opt.compare.phrases import BY_NAME, change, value
from spm_opt.compare.tables import case_lines, measure_grid, regret_grid, seller_grid, stress_grid
from spm_opt.compare.verdict import best_of, caveats, judged_by, rows_of, standing, verdict_on
from spm_opt.provenance import versions
from spm_opt.report import words
from spm_opt.report.grids import Fact, Grid
from spm_opt.report.headline import Card
from spm_opt.report.html import rendered

if TYPE_CHECKING:
    from spm_opt.compare.compare import Comparison

CARDS = (
    "company_sales",
    "target_reached",
    "share_attaining",
    "attainment_spread",
    "gini_potential",
    "handover_loss",
)


@dataclass(frozen=True)
class Against:
    """What a page shows of one plan, held against the first."""

    plan: str
    sentences: tuple[str, ...]
    cards: tuple[Card, ...]
    difference: Markup
    chances: Markup | None
    sellers: Grid
    judged_by: str


def page(found: Comparison) -> bytes:
    """Render a comparison."""
    settings = found.scenario.settings
    return rendered(
        "comparison",
        ["page.js"],
        title=f"{settings.name}: {words.plural(len(found.plans), 'plan')} compared",
        year=settings.year,
        version=versions()["spm_opt"],
        first=found.plans[0],
        replications=f"{found.replications:,}",
        lead=best_of(found),
        others=[_against(found, plan) for plan in found.plans[1:]],
        caveats=caveats(found),
        measures=measure_grid(found),
        regrets=regret_grid(found),
        stress=stress_grid(found) if found.cases else None,
        cases=case_lines(found),
        facts=_facts(found),
    )


def _against(found: Comparison, plan: str) -> Against:
    first = found.plans[0]
    place = found.plans.index(plan)
    sales, before = found.sales[place], found.sales[0]
    gap = np.divide(sales - before, before, out=np.zeros(len(before)), where=before > 0)
    table = found.sellers[(found.sellers["plan"] == plan) & (found.sellers["seller"] != "")]
    after = table["p_attain"].to_numpy(dtype=float)
    then = after - table["p_attain_change"].to_numpy(dtype=float)
    known = bool(np.isfinite(then).any())
    return Against(
        plan=plan,
        sentences=verdict_on(found, plan),
        cards=tuple(_cards(found, plan)),
        difference=difference_chart(gap, f"Difference in sales between {plan} and {first} in each future"),
        chances=chance_chart(then, after, table["territory"].tolist(), (first, plan)) if known else None,
        sellers=seller_grid(found, plan),
        judged_by=judged_by(found, plan),
    )


def _cards(found: Comparison, plan: str) -> list[Card]:
    """Pick the large figures: what the plan comes to, and how that compares."""
    currency, first = found.scenario.settings.currency, found.plans[0]
    rows = {str(row["measure"]): row for row in rows_of(found, plan)}
    cards = []
    for name in CARDS:
        if name in rows:
            row, measure = rows[name], BY_NAME[name]
            gap = change(measure, float(row["difference"]), currency)
            told = (
                "no difference can be told" if standing(measure, row) == "even" else f"{gap} beside {first}"
            )
            cards.append(Card(measure.label, value(measure, float(row["value"]), currency), told))
    return cards


def _facts(found: Comparison) -> list[Fact]:
    """Say what a comparison was made from."""
    target = (
        words.DASH if found.target is None else words.amount(found.target, found.scenario.settings.currency)
    )
    facts = [
        Fact("plans", ", ".join(found.plans)),
        Fact("company target", target),
        Fact("futures", f"{found.replications:,}"),
        Fact("seed", str(found.seed)),
    ]
    hashes = sorted(found.scenario.hashes.items())
    return facts + [Fact(f"sha-256 of {name}", digest, code=True) for name, digest in hashes]
