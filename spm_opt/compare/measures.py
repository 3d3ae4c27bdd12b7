"""What plans are compared by: figures that a plan has in every future."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from spm_opt.compare.candidate import Candidate
from spm_opt.compare.paired import Better
from spm_opt.measures import quota_of
from spm_opt.pay.pay import Payout
from spm_opt.problem import FloatArray
from spm_opt.simulate.sales import Sales


@dataclass(frozen=True)
class Measure:
    """A measure: its name in files, what it is called, how it is written, which way is better, and places in percent."""

    name: str
    label: str
    kind: Literal["money", "share", "figure"]
    better: Better
    places: int = 1


MEASURES = (
    Measure("company_sales", "sales of the company", "money", "more"),
    Measure("target_reached", "company target reached", "share", "more"),
    Measure("share_attaining", "territories at quota", "share", "more"),
    Measure("attainment_low", "attainment that 9 of 10 sellers exceed", "share", "more"),
    Measure("attainment_spread", "spread of attainment over sellers", "share", "less"),
    Measure("gini_potential", "Gini of potential", "figure", "less"),
    Measure("gini_pay", "Gini of pay", "figure", "less"),
    Measure("pay", "cost of pay", "money", "less"),
    Measure("cost_of_sales", "cost of pay by sales", "share", "less", places=2),
    Measure("handover_loss", "sales lost to changes of hands", "money", "less"),
    Measure("settled_sales", "sales but for changes of hands", "money", "more"),
)
"""Every measure, in the order in which they are shown. Those that need quotas, potential or a compensation plan
are left out where there are none."""


@dataclass(frozen=True, eq=False)
class Future:
    """A plan, the years it met, and what they pay where there is a compensation plan."""

    plan: Candidate
    sales: Sales
    payout: Payout | None

    @property
    def quota(self) -> FloatArray:
        """Quota of each territory in currency, ``nan`` without any."""
        return quota_of(self.plan.quotas, self.sales)
