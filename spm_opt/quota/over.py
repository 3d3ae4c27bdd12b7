"""Over-assignment that is chosen: what each hedge does for the company and what it costs sellers.

The simulated sales ``S_i`` do not respond to quotas, so no hedge makes the company sell more. What a hedge
``h`` changes is what the company can count on. A seller is counted for no more than a multiple ``c`` of the
own quota (``counted``, 1 by default): above quota, deals are held back for the next year, and luck in one
place is not planned on to make up for a miss in another. So the company reaches its target ``T`` with

    P(company reaches) = P( sum_i min(S_i, c q_i(h)) + U >= T ),

where ``q_i(h)`` are the quotas under the hedge and ``U`` are sales of accounts that nobody has. Without
over-assignment and with ``c = 1`` that needs nearly every seller to attain at once; the more is assigned,
the fewer have to. It rises with the hedge, but never above ``P(sum_i S_i + U >= T)``: where a planner asks
for more than that, no hedge helps, and the answer is the highest chance that there is.

This is the practice of the field (quotas below a manager sum to more than the manager's own, so that the
number is met when some miss) put into one formula; it is an assumption, not a finding about sellers.

The expected cost is ``sum_i target_pay (E[pay(S_i / q_i)] + missed P(S_i < q_i))`` over filled positions,
with ``pay`` straight between its points. Where ``pay`` is convex the mean cost is at least the cost at mean
sales (Jensen), which stands beside it. Pay alone falls with every hedge, so that the largest one is the
cheapest; ``missed`` or ``attain`` say what stands against that.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pandas as pd

from spm_opt.errors import QuotaError, ScenarioError
from spm_opt.plan import Alignment, QuotaPlan
from spm_opt.problem import BoolArray, FloatArray
from spm_opt.quota.asked import Finder, Seen, chosen_places, exact, own_hedges
from spm_opt.quota.conflict import sums_clash
from spm_opt.quota.fair import Case, case, fair_quotas, filling, question_of
from spm_opt.quota.hierarchy import Hierarchy
from spm_opt.quota.target import company_target
from spm_opt.scenario.over_settings import Over, Point
from spm_opt.scenario.quota_settings import Quota
from spm_opt.scenario.scenario import Scenario
from spm_opt.simulate.sales import Sales

COLUMNS = (
    "hedge", "p_company", "p_attain_mean", "p_attain_least", "payout", "payout_at_mean", "quotas", "chosen",
)  # fmt: skip
"""Of the curve: chance of the company, mean and least chance of sellers to attain, expected cost and the
cost at mean sales, and what all territories' quotas sum to; money in currency."""


@dataclass(frozen=True, eq=False)
class Year:
    """The simulated year as over-assignment sees it.

    Attributes
    ----------
    amount
        Sales in currency, shape ``(replications, k)``.
    unassigned
        Of accounts that nobody has, shape ``(replications,)``.
    ordered
        Each seller's sales, sorted, shape ``(sellers, replications)``.
    above
        Sums of all sales from each place of ``ordered`` to its end, shape ``(sellers, replications + 1)``.
    filled
        Which territories have a seller, shape ``(k,)``.
    """

    amount: FloatArray
    unassigned: FloatArray
    ordered: FloatArray
    above: FloatArray
    filled: BoolArray

    @classmethod
    def of(cls, sales: Sales, names: tuple[str, ...], filled: BoolArray) -> Year:
        """Take the sales of territories in the order of their names."""
        amount = sales.amount[:, [sales.territory_ids.index(name) for name in names]]
        ordered = np.sort(amount.T[filled], axis=1)
        sums = np.cumsum(ordered[:, ::-1], axis=1)[:, ::-1]
        return cls(amount, sales.unassigned, ordered, np.pad(sums, ((0, 0), (0, 1))), filled)

    def reached(self, quotas: FloatArray, target: float, counted: float) -> float:
        """Give the chance that what is counted reaches the target."""
        sums = np.minimum(self.amount, counted * quotas).sum(axis=1) + self.unassigned
        # a cent is forgiven: sums of doubles
        return float((sums >= target - 0.01).mean())

    def attain(self, quotas: FloatArray) -> FloatArray:
        """Give every seller's chance to attain, shape ``(sellers,)``."""
        at = self._places(quotas[self.filled])
        return np.asarray(1 - at / self.ordered.shape[1])

    def pay(self, quotas: FloatArray, points: tuple[Point, ...]) -> tuple[float, float]:
        """Give the expected pay of all sellers in parts of target pay, and that at their mean sales.

        A seller without a quota is paid as at it.
        """
        own, count = quotas[self.filled], self.ordered.shape[1]
        asked = own > 0
        mean = np.where(asked, self.above[:, 0] / count / np.where(asked, own, 1.0), 1.0)
        start = float(points[0][1])
        expected, at_mean = np.full(len(own), start), np.full(len(own), start)
        for turn, slope in hinges(points):
            at = self._places(turn * own)
            rows = np.arange(len(own))
            excess = (self.above[rows, at] - turn * own * (count - at)) / count
            expected += slope * np.where(asked, excess / np.where(asked, own, 1.0), max(0.0, 1.0 - turn))
            at_mean += slope * np.maximum(0.0, mean - turn)
        return float(expected.sum()), float(at_mean.sum())

    def _places(self, amounts: FloatArray) -> np.ndarray:
        pairs = zip(self.ordered, amounts, strict=True)
        return np.array([own.searchsorted(amount, side="left") for own, amount in pairs], dtype=np.int64)


def hinges(points: tuple[Point, ...]) -> list[tuple[float, float]]:
    """Write a line through points as its turns: where, and by how much its slope changes.

    >>> hinges(((0, 0), (1, 1), (2, 3)))
    [(0, 1.0), (1, 1.0)]
    """
    found, before = [], 0.0
    for (low, less), (high, more) in pairwise(points):
        slope = (more - less) / (high - low)
        found.append((low, slope - before))
        before = slope
    return found


def over_assigned(
    scenario: Scenario, alignment: Alignment, sales: Sales | None, seen: Seen | None = None
) -> QuotaPlan:
    """Choose the over-assignment that ``[quota.over]`` asks for, and set the quotas with it.

    The curve is made of quotas before rounding; of the hedge that is chosen from it the quotas in whole
    steps must keep what was asked as well, or the next one is taken.

    Raises
    ------
    ScenarioError
        There is no simulated year.
    QuotaError
        No hedge does what is asked, with the highest chance that there is; or the rules clash.
    """
    rules = scenario.settings.quota.over
    if sales is None or rules is None:
        raise ScenarioError(["scenario.toml: quota.over: to choose a hedge needs the simulated year"])
    made = case(scenario, alignment, sales, seen or {})
    target = company_target(scenario)[0]
    year = _year(made, sales)
    table = curve(made, year, rules, target)
    if table.empty:  # no hedge has room: the conflict of none is told
        return fair_quotas(hedged(scenario, rules, 1.0), alignment, sales, seen)
    for hedge in _candidates(table, rules):
        plan = fair_quotas(hedged(scenario, rules, hedge), alignment, sales, seen)
        row = figures(year, rules, plan.basis.loc[list(made.names), "quota"].to_numpy(), target)
        if row["p_company"] >= rules.chance and row["p_attain_mean"] >= rules.attain:
            return replace(plan, over=table.assign(chosen=table["hedge"] == hedge))
    raise QuotaError(_why_none(table, year, rules, target))


def curve(made: Case, year: Year, rules: Over, target: int) -> pd.DataFrame:
    """Give the figures of every hedge for which the rules leave room, a row each."""
    asked, rows = question_of(made, target), list[dict[str, float]]()
    places = set(require_chosen(made.scenario.settings.quota, made.tree))
    for percent in range(100, int(100 * rules.most + 1e-9) + 1):
        hedge = percent / 100
        tried = replace(
            asked,
            hedge=tuple(exact(hedge) if at in places else one for at, one in enumerate(asked.hedge)),
        )
        if not sums_clash(tried, tried.rules):
            given, _ = filling(made, tried, target).fill(float(target))
            quotas = given[made.tree.leaves] / 100
            rows.append({"hedge": hedge, **figures(year, rules, quotas, target), "chosen": False})
    return pd.DataFrame(rows, columns=list(COLUMNS))


def require_chosen(settings: Quota, tree: Hierarchy) -> list[int]:
    """List the nodes whose hedge is chosen.

    Raises
    ------
    ScenarioError
        A hedge is to be chosen, and there is no such node.
    """
    found = chosen_places(settings, Finder(tree))
    if settings.over is not None and not found:
        text = f"no node with nodes below it is at level {settings.over.level!r}"
        given = " that has no hedge of its own" if own_hedges(settings, Finder(tree)) else ""
        raise ScenarioError([f"scenario.toml: quota.over.level: {text}{given}"])
    return found


def figures(year: Year, rules: Over, quotas: FloatArray, target: int) -> dict[str, float]:
    """Say what quotas in currency, shape ``(k,)``, do for a company target in cents, and to sellers."""
    chances = year.attain(quotas)
    expected, at_mean = year.pay(quotas, rules.pay)
    missed = rules.missed * float((1 - chances).sum())
    return {
        "p_company": year.reached(quotas, target / 100, rules.counted),
        "p_attain_mean": float(chances.mean()) if len(chances) else 1.0,
        "p_attain_least": float(chances.min(initial=1.0)),
        "payout": rules.target_pay * (expected + missed),
        "payout_at_mean": rules.target_pay * (at_mean + missed),
        "quotas": float(quotas.sum()),
    }


def hedged(scenario: Scenario, rules: Over, hedge: float) -> Scenario:
    """Take a scenario with this hedge given."""
    own = scenario.settings.quota
    given = own.model_copy(update={"hedges": {**own.hedges, rules.level: hedge}, "over": None})
    return replace(scenario, settings=scenario.settings.model_copy(update={"quota": given}))


def _year(made: Case, sales: Sales) -> Year:
    name = made.scenario.sellers.set_index("id")["name"].loc[list(made.names)]
    return Year.of(sales, made.names, (name != "").to_numpy(dtype=bool))


def _candidates(table: pd.DataFrame, rules: Over) -> Iterator[float]:
    """Give the hedges that do what is asked, the best first."""
    kept = table[(table["p_company"] >= rules.chance) & (table["p_attain_mean"] >= rules.attain)]
    order = ["hedge"] if rules.choose == "least" else ["payout", "hedge"]
    yield from kept.sort_values(order)["hedge"].tolist()


def _why_none(table: pd.DataFrame, year: Year, rules: Over, target: int) -> str:
    """Say that no hedge does what is asked, and what the best one would do."""
    text = (
        f"no over-assignment of {rules.level} up to {table['hedge'].max():g} makes the company reach its target "
        f"with a chance of {_percent(rules.chance)}"
    )
    enough = table[table["p_company"] >= rules.chance]
    if len(enough):
        best = enough.sort_values(["p_attain_mean", "hedge"], ascending=[False, True]).iloc[0]
        return (
            f"{text} and leaves sellers a mean chance to attain of {_percent(rules.attain)}: {best['hedge']:g} does "
            f"for the company, and leaves them {_percent(best['p_attain_mean'])}"
        )
    best = table.sort_values(["p_company", "hedge"], ascending=[False, True]).iloc[0]
    everything = float((year.amount.sum(axis=1) + year.unassigned >= target / 100 - 0.01).mean())
    return (
        f"{text}: the highest is {_percent(best['p_company'])}, at {best['hedge']:g}; were all sales counted, also "
        f"those above {rules.counted:g} of a quota, it would be {_percent(everything)}"
    )


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
