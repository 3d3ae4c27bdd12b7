"""What a fairness audit compares: figures and attributes of every territory."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from spm_opt.plan import Alignment, QuotaPlan
from spm_opt.problem import BoolArray, FloatArray
from spm_opt.scenario.scenario import Scenario
from spm_opt.simulate.history import holders, years
from spm_opt.simulate.sales import Sales

POTENTIAL = "potential"
DAYS = 365.25


def audit_table(
    scenario: Scenario,
    alignment: Alignment,
    quotas: QuotaPlan,
    sales: Sales,
    *,
    potential: str = POTENTIAL,
) -> pd.DataFrame:
    """Lay out what the audit compares.

    Parameters
    ----------
    scenario
        Accounts, sellers and history.
    alignment, quotas, sales
        Who holds which account, the quotas, and the simulated year; matched by id.
    potential
        The activity that says what an account could buy; without it the columns made of it are ``nan``.

    Returns
    -------
    A row a territory, indexed by its id and sorted, amounts in currency: ``seller`` (name, ``""`` for a
    vacant position), ``quota``, ``p_attain`` (share of simulated years in which sales reach the quota;
    ``nan`` without a quota), ``potential``, ``quota_to_potential`` (quota for each unit of potential,
    relative to the whole company's, less 1: 0.1 is 10 % more than the company asks for the same potential),
    ``size`` (last year's sales of its accounts), ``asked_growth`` (quota on ``size``, less 1),
    ``past_growth`` (``size`` on the year before, less 1), ``tenure`` (years from the seller's start to the
    planned year's first day, negative for one hired in the year; ``nan`` where no start is given),
    ``region``, ``manager``.
    """
    names = sorted(alignment.territory_ids)
    frame = pd.DataFrame(index=pd.Index(names, name="territory"))
    sellers = scenario.sellers.set_index("id").loc[names]
    quota = pd.Series(quotas.cents / 100, index=list(quotas.territory_ids)).loc[names].to_numpy()
    amount = sales.amount[:, [sales.territory_ids.index(name) for name in names]]
    past, accounts = years(scenario), scenario.accounts.sort_values("id", kind="stable")
    size = by_territory(past.account_ids, past.last, alignment).loc[names].to_numpy()
    before = np.full(len(names), np.nan)
    if past.before is not None:
        before = by_territory(past.account_ids, past.before, alignment).loc[names].to_numpy()
    could = np.full(len(names), np.nan)
    if potential in scenario.settings.activities:
        carried = accounts[potential].to_numpy(dtype=float)
        could = by_territory(past.account_ids, carried, alignment).loc[names].to_numpy()
    start = pd.DatetimeIndex(sellers["start"])
    return frame.assign(
        seller=sellers["name"].to_numpy(),
        quota=quota,
        p_attain=np.where(quota > 0, (amount >= quota).mean(axis=0), np.nan),
        potential=could,
        quota_to_potential=ratio(ratio(quota, could), ratio(quota.sum(), could.sum())) - 1,
        size=size,
        asked_growth=ratio(quota, size) - 1,
        past_growth=ratio(size, before) - 1,
        tenure=np.asarray((pd.Timestamp(scenario.settings.first_day) - start).days / DAYS, dtype=float),
        region=sellers["region"].to_numpy(),
        manager=sellers["manager"].to_numpy(),
    )


def by_territory(account_ids: tuple[str, ...], amount: FloatArray, alignment: Alignment) -> pd.Series[float]:
    """Add an amount of the accounts up by territory, the same for any order of the alignment's rows."""
    holder = holders(account_ids, alignment)
    held: BoolArray = holder >= 0
    sums = np.bincount(holder[held], amount[held], len(alignment.territory_ids))
    return pd.Series(sums, index=list(alignment.territory_ids), dtype=float)


def ratio(above: ArrayLike, below: ArrayLike) -> FloatArray:
    """Divide; ``nan`` where there is nothing to divide by."""
    over = np.asarray(below, dtype=np.float64)
    return np.asarray(np.asarray(above, dtype=np.float64) / np.where(over > 0, over, np.nan))
