"""The score: a plan judged by its criteria and by the simulated year, beside the incumbent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True, eq=False)
class Scorecard:
    """A judged plan.

    Attributes
    ----------
    territories
        Local measures, a row a territory, indexed by its id; the incumbent's figures in columns that
        end in ``_incumbent``.
    criteria
        Global measures, a row a criterion: ``criterion``, ``kind``, ``unit``, ``limit``, ``value``, ``holds``, ``weight``, ``priority``, ``points``, and the incumbent's ``value_incumbent``, ``holds_incumbent``.
    odds
        Company figures by name: target, mean sales, quantiles, chance to reach the target, share of
        territories likely to attain; for the plan and, with the ending ``_incumbent``, the incumbent.
    breaches
        Every broken hard rule of the new plan, in words; empty for a plan that holds.
    """

    territories: pd.DataFrame
    criteria: pd.DataFrame
    odds: Mapping[str, float]
    breaches: tuple[str, ...]
