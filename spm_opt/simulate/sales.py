"""The simulated year: sales of every territory in every replication."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from spm_opt.problem import FloatArray


@dataclass(frozen=True, eq=False)
class Sales:
    """Replications of the year under one alignment.

    Replications ``2j`` and ``2j + 1`` are antithetic partners (see `spm_opt.simulate.draws`): a standard error
    is that of the means of pairs (``pair_means``).

    Attributes
    ----------
    territory_ids
        The ``k`` territories.
    amount
        Sales in currency, shape ``(replications, k)``.
    unassigned
        Sales of accounts that have no territory, shape ``(replications,)``.
    expected
        A row a territory, indexed by its id: mean sales by source (``retained`` of accounts that bought last
        year, ``new`` of accounts that begin to, ``pipeline``), ``handover`` (mean sales lost because accounts
        change hands), last year's sales of its accounts (``last_year``), and ``productivity``, the share of a
        full year that its position is filled and ramped if nobody leaves.
    parameters
        A row a parameter: ``parameter``, ``segment``, ``value``, ``low`` and ``high`` (its 90 % interval, ``nan``
        where it is not estimated), ``source`` ("history", "default" or "scenario"), ``observations``.
    seed
        Seed that the draws were made from.
    handover
        Sales of the company lost because accounts change hands, shape ``(replications,)``; ``None`` where it
        was not simulated.
    season
        Share of each quarter in what territories sell beside the pipeline, shape ``(k, 4)``; quarters are alike
        where it is ``None``.
    deals
        Won opportunities by quarter, shape ``(4, k, replications)``, in single precision; ``None`` without any.
    """

    territory_ids: tuple[str, ...]
    amount: FloatArray
    unassigned: FloatArray
    expected: pd.DataFrame
    parameters: pd.DataFrame
    seed: int
    handover: FloatArray | None = None
    season: FloatArray | None = None
    deals: npt.NDArray[np.float32] | None = None

    @property
    def company(self) -> FloatArray:
        """Sales of the company in each replication."""
        return np.asarray(self.amount.sum(axis=1) + self.unassigned)

    @property
    def quarters(self) -> FloatArray:
        """Sales by quarter of the year, shape ``(replications, k, 4)``; they sum to ``amount``.

        Deals count in the quarter in which they close, everything else follows last year's season.
        """
        season = np.full((self.amount.shape[1], 4), 0.25) if self.season is None else self.season
        if self.deals is None:
            return np.asarray(self.amount[:, :, None] * season)
        won = np.moveaxis(self.deals.astype(np.float64), (0, 1, 2), (2, 1, 0))
        return np.asarray(won + (self.amount - won.sum(axis=2))[:, :, None] * season)


def pair_means(values: FloatArray) -> FloatArray:
    """Take the means of antithetic partners, replications ``2j`` and ``2j + 1``, along the first axis.

    Partners are not independent of each other, pairs are: standard errors are taken over these means. An
    odd last replication stands alone.

    Parameters
    ----------
    values
        Shape ``(replications, ...)``.

    Returns
    -------
    Shape ``(ceil(replications / 2), ...)``.
    """
    even = len(values) // 2 * 2
    means = (values[0:even:2] + values[1:even:2]) / 2
    return np.asarray(means if even == len(values) else np.concatenate([means, values[even:]]))
