"""The accounts' columns as segments are made from them: numbers, words, flags."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from spm_opt.problem import BoolArray, FloatArray, IntArray
from spm_opt.scenario.scenario import Scenario
from spm_opt.scenario.segment_columns import GROWTH, LAST_YEAR
from spm_opt.workload.bought import Bought, bought


@dataclass(frozen=True, eq=False)
class AccountColumns:
    """Columns of one scenario's accounts, all in their order; ``segment`` is the one of the file."""

    scenario: Scenario

    @cached_property
    def bought(self) -> Bought:
        """Sales of the last two years."""
        return bought(self.scenario)

    @cached_property
    def growth(self) -> FloatArray:
        """Growth of the last year's sales on those of the year before; ``nan`` where there were none."""
        sales = self.bought
        nothing = np.full(len(sales.last), np.nan)
        if sales.before is None:
            return nothing
        times = np.divide(sales.last, sales.before, out=nothing, where=sales.before > 0)
        return np.asarray(times - 1, dtype=np.float64)

    def numbers(self, name: str) -> FloatArray:
        """Give a number of every account, ``nan`` where there is none, shape ``(a,)``."""
        frame = self.scenario.accounts
        if name in (LAST_YEAR, GROWTH) and name not in self.scenario.settings.activities:
            return self.bought.last if name == LAST_YEAR else self.growth
        return frame[name].to_numpy(dtype=float)

    def words(self, name: str) -> tuple[IntArray, list[tuple[str, ...]]]:
        """Give each account's place in a list of words, shape ``(a,)``, and that list; several where a cell has more."""
        codes, found = pd.factorize(self._column(name))
        return codes, [one if isinstance(one, tuple) else (str(one),) for one in found.tolist()]

    def flags(self, name: str) -> BoolArray:
        """Say of every account yes or no, shape ``(a,)``."""
        return self.scenario.accounts[name].to_numpy(dtype=bool)

    def shown(self, name: str, rows: IntArray) -> list[str]:
        """Write what accounts have in a column of words."""
        values = self._column(name).iloc[rows].tolist()
        return [";".join(one) if isinstance(one, tuple) else str(one) for one in values]

    def _column(self, name: str) -> pd.Series[str]:
        return self.scenario.accounts["given_segment" if name == "segment" else name]
