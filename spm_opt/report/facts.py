"""The figures that page, map and closing text share, picked once from a run."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from spm_opt.criteria import Balance, Disruption
from spm_opt.problem import FloatArray, Problem
from spm_opt.report import words
from spm_opt.run import Run
from spm_opt.scenario.scenario import Scenario
from spm_opt.score import INCUMBENT

VACANT = "vacant"


@dataclass(frozen=True, eq=False)
class BalanceFacts:
    """Deviation from target of every territory in one activity, shape ``(k,)`` each, as fractions."""

    activity: str
    title: str
    tolerance: float | None
    plan: FloatArray
    incumbent: FloatArray | None


@dataclass(frozen=True, eq=False)
class Attainment:
    """Attainment of every territory: the chance to reach the quota, and the middle 80 % of outcomes."""

    odds: FloatArray
    low: FloatArray
    median: FloatArray
    high: FloatArray


@dataclass(frozen=True)
class Moved:
    """What one disruption criterion counts as moved, as a share, and its limit if it has one."""

    of: str
    share: float
    limit: float | None


@dataclass(frozen=True, eq=False)
class Facts:
    """What a reader is told of a run.

    Attributes
    ----------
    has_incumbent
        Whether any account has a seller today.
    sellers
        Name of the seller of each territory, or ``"vacant"``.
    levels
        Levels of the sales organisation that divide it, each division once.
    balances
        One entry a balance criterion.
    attainment, attainment_incumbent
        For the plan, and for the incumbent with its own quotas.
    quota_texts, odds_texts
        Quota and chance of each territory, written out.
    moved
        One entry a disruption criterion.
    accounts_moved, accounts_held
        Accounts that change seller, and accounts that have one today.
    """

    has_incumbent: bool
    sellers: tuple[str, ...]
    levels: tuple[str, ...]
    balances: tuple[BalanceFacts, ...]
    attainment: Attainment
    attainment_incumbent: Attainment | None
    quota_texts: list[str]
    odds_texts: list[str]
    moved: tuple[Moved, ...]
    accounts_moved: int
    accounts_held: int


def gather(run: Run) -> Facts:
    """Pick the figures of a run."""
    now, then = run.incumbent.account_territory, run.plan.alignment.account_territory
    has_incumbent = bool((now >= 0).any())
    table = run.scorecard.territories
    attained = _attainment(table, "")
    if attained is None:
        raise ValueError("the scorecard of the plan has no attainment")
    currency = run.scenario.settings.currency
    return Facts(
        has_incumbent=has_incumbent,
        sellers=seller_names(run.scenario, run.problem),
        levels=_levels(run),
        balances=tuple(_balances(run)),
        attainment=attained,
        attainment_incumbent=_attainment(table, INCUMBENT),
        quota_texts=[words.amount(cents / 100, currency) for cents in run.plan.quotas.cents.tolist()],
        odds_texts=[words.percent(p, 0) for p in attained.odds],
        moved=tuple(_moves(run)) if has_incumbent else (),
        accounts_moved=int(((now >= 0) & (now != then)).sum()),
        accounts_held=int((now >= 0).sum()),
    )


def seller_names(scenario: Scenario, problem: Problem) -> tuple[str, ...]:
    """Name the seller of each territory; a position that nobody fills is vacant."""
    table = scenario.sellers
    names = dict(zip(table["id"].astype(str), table["name"].astype(str), strict=True))
    return tuple(names.get(name, "") or VACANT for name in problem.territory_ids)


def _levels(run: Run) -> tuple[str, ...]:
    """Levels with more than one group; of two that divide alike (a manager a district) the later."""
    groups = run.problem.groups
    first = {
        level: np.unique(index, return_index=True, return_inverse=True)[1:] for level, index in groups.items()
    }
    division = {level: tuple(start[inverse].tolist()) for level, (start, inverse) in first.items()}
    last = {divided: level for level, divided in division.items() if len(set(divided)) > 1}
    return tuple(level for level in groups if last.get(division[level]) == level)


def _attainment(table: pd.DataFrame, ending: str) -> Attainment | None:
    """Read the attainment of every territory from the scorecard, shape ``(k,)`` each, where it is known."""
    names = [name + ending for name in ("p_attain", "attainment_p10", "attainment_p50", "attainment_p90")]
    if not set(names) <= set(table.columns):
        return None
    return Attainment(*(_values(table, name) for name in names))


def _values(table: pd.DataFrame, name: str) -> FloatArray:
    return np.asarray(table[name].to_numpy(dtype=float))


def _balances(run: Run) -> list[BalanceFacts]:
    table = run.scorecard.territories
    found = []
    for criterion in run.scenario.settings.criteria:
        if not isinstance(criterion, Balance):
            continue
        plan, today = (_deviation(table, criterion, ending) for ending in ("", INCUMBENT))
        if plan is not None:
            title = criterion.activity + (f" within {criterion.within}" if criterion.within else "")
            found.append(BalanceFacts(criterion.activity, title, criterion.tolerance, plan, today))
    return found


def _deviation(table: pd.DataFrame, criterion: Balance, ending: str) -> FloatArray | None:
    """Read a criterion's deviations; where another one has the plain name, its own has its title."""
    plain = f"{criterion.activity}_deviation"
    for name in (f"{plain} ({criterion.title()}){ending}", plain + ending):
        if name in table.columns:
            return _values(table, name)
    return None


def _moves(run: Run) -> list[Moved]:
    """Read what each disruption criterion counts; the scorecard has a row a criterion, in their order."""
    values = run.scorecard.criteria["value"].tolist()
    return [
        Moved(criterion.of, float(value) / 100, criterion.limit)
        for criterion, value in zip(run.scenario.settings.criteria, values, strict=True)
        if isinstance(criterion, Disruption)
    ]
