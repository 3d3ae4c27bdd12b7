"""What is decided, with no solver in it: Alignment, QuotaPlan and Plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from spm_opt.problem import NONE, FloatArray, IntArray, Problem


@dataclass(frozen=True, eq=False)
class Alignment:
    """Every account's territory, and every unit's.

    Attributes
    ----------
    account_ids, unit_ids, territory_ids
        Names; ``a`` accounts, ``n`` units, ``k`` territories.
    account_unit
        Unit of each account, shape ``(a,)``.
    account_territory
        Territory of each account or ``NONE``, shape ``(a,)``.
    unit_territory
        Territory of each unit or ``NONE``, shape ``(n,)``. In an incumbent a unit that several sellers
        share is shown with the one that holds most of its accounts.
    center
        Point that each territory is measured to, shape ``(k, 2)``; ``nan`` where there is none.
    """

    account_ids: tuple[str, ...]
    unit_ids: tuple[str, ...]
    territory_ids: tuple[str, ...]
    account_unit: IntArray
    account_territory: IntArray
    unit_territory: IntArray
    center: FloatArray

    @classmethod
    def of_units(
        cls, problem: Problem, unit_territory: IntArray, center: FloatArray | None = None
    ) -> Alignment:
        """Build the alignment in which every account follows its unit."""
        return cls(
            account_ids=problem.accounts.ids,
            unit_ids=problem.unit_ids,
            territory_ids=problem.territory_ids,
            account_unit=problem.accounts.unit,
            account_territory=unit_territory[problem.accounts.unit],
            unit_territory=unit_territory,
            center=problem.seat if center is None else center,
        )

    @classmethod
    def incumbent(cls, problem: Problem) -> Alignment:
        """Build today's alignment, account by account."""
        accounts = problem.accounts
        held = accounts.current >= 0
        votes = np.zeros(problem.n * problem.k, dtype=np.int64)
        np.add.at(votes, accounts.unit[held] * problem.k + accounts.current[held], 1)
        table = votes.reshape(problem.n, problem.k)
        most = np.where(table.max(axis=1, initial=0) > 0, table.argmax(axis=1), NONE)
        return cls(
            account_ids=accounts.ids,
            unit_ids=problem.unit_ids,
            territory_ids=problem.territory_ids,
            account_unit=accounts.unit,
            account_territory=accounts.current,
            unit_territory=most,
            center=problem.seat,
        )


@dataclass(frozen=True, eq=False)
class QuotaPlan:
    """The company target spread over territories, in the smallest currency unit.

    Attributes
    ----------
    territory_ids
        The ``k`` territories.
    cents
        Quota of each territory in hundredths of the currency, shape ``(k,)``.
    target_cents
        The company target that they sum to, exactly.
    basis
        A row a territory, indexed by its id: the measures of the mix, their shares, the unrounded share
        of the target, the lowest and highest quota that the rules allow, and the quota.
    nodes
        A row a node of the sales organisation (company, regions, districts, territories): ``level``,
        ``node``, ``parent``, ``cents``.
    cells
        A row a node, product and finest period (``level``, ``node``, ``product``, ``period``, ``cents``),
        where quotas are split by product or period.
    over
        The curve that over-assignment was chosen from, where it was: a row a hedge (`spm_opt.quota.over`).
    """

    territory_ids: tuple[str, ...]
    cents: IntArray
    target_cents: int
    basis: pd.DataFrame
    nodes: pd.DataFrame
    cells: pd.DataFrame | None = None
    over: pd.DataFrame | None = None


@dataclass(frozen=True, eq=False)
class Plan:
    """An alignment with its quotas, and what both were made from."""

    alignment: Alignment
    quotas: QuotaPlan
    provenance: Mapping[str, Any]
