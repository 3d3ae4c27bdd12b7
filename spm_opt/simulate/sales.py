"""The simulated year: sales of every territory in every replication."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from spm_opt.problem import FloatArray


@dataclass(frozen=True, eq=False)
class Sales:
    """Replications of the year under one alignment.

    Attributes
    ----------
    territory_ids
        The ``k`` territories.
    amount
        Sales in currency, shape ``(replications, k)``.
    unassigned
        Sales of accounts that have no territory, shape ``(replications,)``.
    expected
        A row a territory, indexed by its id: mean sales by source (``retained``, ``pipeline``), last
        year's sales of its accounts (``last_year``), and ``productivity``, the share of a full year
        that its position is filled and ramped.
    parameters
        A row a parameter: ``parameter``, ``segment``, ``value``, ``source`` ("history", "default" or
        "scenario"), ``observations``.
    seed
        Seed that the draws were made from.
    """

    territory_ids: tuple[str, ...]
    amount: FloatArray
    unassigned: FloatArray
    expected: pd.DataFrame
    parameters: pd.DataFrame
    seed: int

    @property
    def company(self) -> FloatArray:
        """Sales of the company in each replication."""
        return np.asarray(self.amount.sum(axis=1) + self.unassigned)


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
