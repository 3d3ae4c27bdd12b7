"""Disruption: accounts, or an activity, that change hands."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field
from scipy import sparse

from spm_opt.criteria.terms import HOLDS_WITHIN, Breach, Measure, Reference, Rows, Settings, Terms
from spm_opt.problem import FloatArray, IntArray, Problem


class Disruption(Settings):
    """The share of accounts, or of an activity such as revenue, that gets another seller.

    Only accounts that have a seller today can be moved. The value is the share moved in percent.
    """

    kind: Literal["disruption"] = "disruption"
    of: str = "accounts"
    """What is counted: ``"accounts"`` or the name of an activity."""
    limit: float | None = Field(None, ge=0, le=1, allow_inf_nan=False)
    """Largest share that may move, as a fraction; without it there is no hard limit."""

    def title(self) -> str:
        """Name the criterion in words."""
        return f"{self.of} moved"

    def references(self) -> tuple[Reference, ...]:
        """Name the activity, where accounts are not meant."""
        return () if self.of == "accounts" else (Reference("activity", self.of, "of"),)

    def terms(self, problem: Problem) -> Terms:
        """Charge each arc with what would move if the unit took it."""
        accounts, arcs = problem.accounts, problem.arcs
        amount, total = self._amount(problem)
        held = accounts.current >= 0
        owned = np.bincount(accounts.unit[held], weights=amount[held], minlength=problem.n)
        kept = sparse.csr_array(
            (amount[held], (accounts.unit[held], accounts.current[held])), shape=(problem.n, problem.k)
        )
        stays = np.asarray(kept[arcs.unit, arcs.territory]).ravel() if len(arcs.territory) else np.zeros(0)
        # a difference of sums can leave a last bit where all of a unit stays
        moved = np.where(
            np.isclose(owned[arcs.unit], stays, rtol=1e-12, atol=0), 0.0, owned[arcs.unit] - stays
        )
        share = 100 * moved / total if total > 0 else np.zeros(len(moved))
        rows: tuple[Rows, ...] = ()
        if self.limit is not None:
            row = sparse.csr_array(share[None, :])
            rows = (Rows(row, np.array([-np.inf]), np.array([100 * self.limit]), np.inf, ("all",)),)
        return Terms(cost=share, rows=rows)

    def judge(self, problem: Problem, territory: IntArray, center: FloatArray) -> Measure:  # noqa: ARG002
        """Count account by account."""
        amount, total = self._amount(problem)
        now, then = problem.accounts.current, territory[problem.accounts.unit]
        moves = (now >= 0) & (now != then)
        moved = float(amount[moves].sum())
        share = moved / total if total > 0 else 0.0
        breaches: tuple[Breach, ...] = ()
        if self.limit is not None and share > self.limit + HOLDS_WITHIN:
            text = f"{share:.2%} of {self.of} moves, more than {self.limit:.2%} allowed"
            breaches = (Breach("all", share - self.limit, text),)
        lost = np.bincount(now[moves], weights=amount[moves], minlength=problem.k).astype(np.float64)
        taken = moves & (then >= 0)
        gained = np.bincount(then[taken], weights=amount[taken], minlength=problem.k).astype(np.float64)
        return Measure(
            title=self.title(),
            value=100 * share,
            unit=f"% of {self.of}",
            limit=f"at most {100 * self.limit:.4g} % of {self.of}" if self.limit is not None else "",
            breaches=breaches,
            local={f"{self.of}_lost": lost, f"{self.of}_gained": gained},
        )

    def _amount(self, problem: Problem) -> tuple[FloatArray, float]:
        """Count each account, shape ``(a,)``, and all those that have a seller together."""
        accounts = problem.accounts
        if self.of == "accounts":
            amount = np.ones(len(accounts.ids))
        else:
            amount = accounts.activity[:, problem.activity_names.index(self.of)]
        return amount, float(amount[accounts.current >= 0].sum())
