"""What pay is computed from: who the sellers are, what they sold, and their quotas, period by period.

Amounts are whole cents. A result is rounded to the cent first, and so is every amount that is paid (half a
cent up); all else is sums and differences of whole cents, so that every statement adds up exactly.

A position counts in the months in which it is filled. Of a period that is filled for a part of its months
only, that part of result, of quota and of target pay counts, and of team results as well: a seller is paid
neither for what was sold before, nor held to the quota of that time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from spm_opt.errors import ScenarioError
from spm_opt.problem import FloatArray, IntArray

Key = tuple[str, str]
"""Measure and product; ``""`` for all products."""
YEAR = 12
OWN = "seller"
"""The level of a seller's own result."""


def whole(cents: FloatArray) -> FloatArray:
    """Round to whole cents, half a cent up.

    A millionth of a cent is forgiven, so that a half stays one after arithmetic in doubles.

    >>> whole(np.array([0.5, 1.4999999999, 2.4, -0.5])).tolist()
    [1.0, 2.0, 2.0, 0.0]
    """
    return np.asarray(np.floor(cents + (0.5 + 1e-6)))


@dataclass(frozen=True, eq=False)
class Team:
    """The nodes of one level, and their quotas.

    Attributes
    ----------
    names
        The ``n`` nodes.
    node
        Node of each seller, shape ``(k,)``, -1 where there is none.
    quota
        Cents by measure and product, shapes ``(n, periods)``.
    """

    names: tuple[str, ...]
    node: IntArray
    quota: Mapping[Key, FloatArray]


@dataclass(frozen=True, eq=False)
class Results:
    """A year's results of ``k`` sellers, in one replication or many.

    Attributes
    ----------
    seller_ids, roles
        The sellers, and the role of each; ``""`` for who is paid nothing.
    periods
        Periods of pay, in order.
    months
        Months of each period in which the position is filled, shape ``(k, periods)``.
    since
        Months from the seller's start to the first month of each period (negative in that of the start,
        ``inf`` for one who has been there long), shape ``(k, periods)``.
    amount
        Results in currency by measure and product, shapes ``(replications, k, spans)``.
    quota
        Own quotas in cents by measure and product, shapes ``(k, periods)``.
    share
        Of products that have no amounts of their own: the share of all products, shapes ``(k, periods)``.
    into
        What part of each span falls into each period, shape ``(spans, periods)``; without it spans are periods.
    teams
        By level.
    """

    seller_ids: tuple[str, ...]
    roles: tuple[str, ...]
    periods: tuple[str, ...]
    months: FloatArray
    since: FloatArray
    amount: Mapping[Key, FloatArray]
    quota: Mapping[Key, FloatArray]
    share: Mapping[str, FloatArray] = field(default_factory=dict)
    into: FloatArray | None = None
    teams: Mapping[str, Team] = field(default_factory=dict)

    @property
    def replications(self) -> int:
        """How many years there are."""
        return len(next(iter(self.amount.values())))

    @property
    def length(self) -> int:
        """Months in a period."""
        return YEAR // len(self.periods)

    @property
    def part(self) -> FloatArray:
        """Part of each period in which the position is filled, shape ``(k, periods)``."""
        return self.months / self.length

    def cents(self, key: Key, rows: slice) -> FloatArray:
        """Give the results of some replications in whole cents, shape ``(replications, k, periods)``."""
        measure, product = key
        share = None if key in self.amount else self.share[product]
        found = self.amount[key if share is None else (measure, "")][rows]
        if self.into is not None:
            found = found @ self.into
        return whole(100 * (found if share is None else found * share))

    def credited(self, key: Key, of: str, rows: slice) -> tuple[FloatArray, FloatArray]:
        """Give results and quotas that count for each seller: the own or the team's, while the position is filled.

        Returns
        -------
        Cents of shapes ``(replications, k, periods)`` and ``(k, periods)``; quotas are ``nan`` where there are none.
        """
        own = self.cents(key, rows)
        quota = self.quota.get(key)
        if of != OWN:
            team = self.teams[of]
            own = _summed(own, team)
            quota = team.quota[key][team.node] if key in team.quota else None
        if quota is None:
            quota = np.full(self.months.shape, np.nan)
        if (self.months == self.length).all():
            return own, quota
        return whole(own * self.part), whole(quota * self.part)

    def mean(self) -> Results:
        """Give the results at their means, one replication."""
        means = {key: found.mean(axis=0, keepdims=True) for key, found in self.amount.items()}
        return replace(self, amount=means)


def ratio(result: FloatArray, quota: FloatArray, key: Key, name: str) -> FloatArray:
    """Divide results by quotas: attainment, 1 where the quota is 0.

    Raises
    ------
    ScenarioError
        There are no quotas for what ``name`` pays for.
    """
    if np.isnan(quota).any():
        what = " of ".join(filter(None, key))
        raise ScenarioError(
            [f"compensation plan: {name!r} pays by attainment of {what}, which has no quotas"]
        )
    asked = quota > 0
    return np.asarray(np.where(asked, result / np.where(asked, quota, 1.0), 1.0))


def _summed(own: FloatArray, team: Team) -> FloatArray:
    """Give every seller the sum of the team's results."""
    total = np.zeros((own.shape[0], len(team.names), own.shape[2]))
    for node in range(len(team.names)):
        total[:, node] = own[:, team.node == node].sum(axis=1)
    return np.asarray(total[:, team.node])
