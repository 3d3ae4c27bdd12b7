"""Quotas of equal chance against the analytic quantiles of known distributions."""

from math import exp, log
from statistics import NormalDist

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_company import aligned, company

from spm_opt.quota.quota import quota
from spm_opt.simulate.sales import Sales

NORMAL = NormalDist()
DRAWS = 4_001
STEP = 0.01
UNIT = np.array([NORMAL.inv_cdf((i + 0.5) / DRAWS) for i in range(DRAWS)])
"""The middle of each of so many equally likely parts of a standard normal."""

TERRITORIES = st.lists(
    st.tuples(st.sampled_from(["normal", "lognormal"]), st.floats(50, 5_000), st.floats(0.02, 0.22)),
    min_size=1,
    max_size=40,
)
"""Kind, mean (or median) and relative spread of each: a normal stays above zero."""


def quantile(kind, middle, spread, miss):
    """Give the amount that a territory stays below with a chance to miss."""
    unit = NORMAL.inv_cdf(miss)
    return middle * (1 + spread * unit) if kind == "normal" else middle * exp(spread * unit)


def missed(kind, middle, spread, amount):
    """Give the chance to stay below an amount."""
    unit = (amount / middle - 1) / spread if kind == "normal" else log(amount / middle) / spread
    return NORMAL.cdf(unit)


def planned(territories, **rules):
    staff = [{"id": f"S{i:02d}", "region": f"R{i % 3}"} for i in range(len(territories))]
    accounts = [{"id": f"A{i:02d}", "revenue": 1.0} for i in range(len(territories))]
    scenario = company(accounts, staff, quota={"methods": {"equal_chance": 1.0}, "step": STEP, **rules})
    alignment = aligned(scenario, {f"A{i:02d}": f"S{i:02d}" for i in range(len(territories))})
    columns = [m * (1 + s * UNIT) if kind == "normal" else m * np.exp(s * UNIT) for kind, m, s in territories]
    draws = np.column_stack(columns)
    sales = Sales(alignment.territory_ids, draws, np.zeros(DRAWS), pd.DataFrame(), pd.DataFrame(), 1)
    return quota(scenario, alignment, sales)


@settings(max_examples=10, deadline=None, derandomize=True)
@given(TERRITORIES, st.floats(0.1, 0.9))
def test_a_chance_gives_every_territory_its_analytic_quantile(territories, chance):
    """At a chance that the planner sets, each quota is the quantile of its own distribution."""
    plan = planned(territories, chance=chance)
    expected = [quantile(*one, 1 - chance) for one in territories]
    assert (plan.cents / 100).tolist() == pytest.approx(expected, rel=5e-4, abs=2 * STEP)


@settings(max_examples=10, deadline=None, derandomize=True)
@given(TERRITORIES, st.floats(0.1, 0.9))
def test_a_target_gives_every_territory_the_same_analytic_chance(territories, chance):
    """The target alone is known: the chance that all share is the one whose quantiles sum to it."""
    total = sum(quantile(*one, 1 - chance) for one in territories)
    plan = planned(territories, target=round(total, 2))
    assert plan.cents.sum() == plan.target_cents == round(round(total, 2) * 100)
    reached = [
        1 - missed(*one, cents / 100) for one, cents in zip(territories, plan.cents.tolist(), strict=True)
    ]
    # a cent is a hundredth of the narrowest spread there may be: 0.004 of a chance
    assert reached == pytest.approx([chance] * len(territories), abs=5e-3)
    assert plan.basis["chance"].tolist() == pytest.approx(reached, abs=5e-3)
