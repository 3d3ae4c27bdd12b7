"""Companies whose parameters are known: a history drawn by plain loops that share no code with the model.

One company: segments with their own churn, growth and new business; sellers and markets that share a shock a
year, as do the accounts of a segment and of the whole company; half of a seller's variance is skill, and stays.
All shocks have a mean factor of 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from made_company import company

from spm_opt.scenario.scenario import Scenario

WIN_RATES = {"first": 0.15, "second": 0.35, "third": 0.6}
COMPANY_SHOCK, SEGMENT_SHOCK = 0.03, 0.02


@dataclass(frozen=True)
class Truth:
    """What a company was drawn from; lists are by segment."""

    churn: list[float]
    log_growth: list[float]
    spread: float
    new_business: list[float]
    share: float
    share_spread: float
    seller: float
    market: float
    skill: float
    win: dict[str, float]


def truth(rng: np.random.Generator, segments: int = 3) -> Truth:
    """Draw the parameters of a company."""
    spread = rng.uniform(0.15, 0.4)
    level = rng.uniform(-0.02, 0.08)
    base = rng.uniform(0.03, 0.1)
    return Truth(
        churn=rng.uniform(0.7 * base, 1.3 * base, segments).tolist(),
        log_growth=(level + rng.normal(0, 0.04, segments) - spread**2 / 2).tolist(),
        spread=spread,
        new_business=rng.uniform(0.1, 0.2, segments).tolist(),
        share=rng.uniform(0.03, 0.1),
        share_spread=rng.uniform(0.4, 0.8),
        seller=rng.uniform(0.05, 0.15),
        market=rng.uniform(0.03, 0.09),
        skill=0.5,
        win=_win_rates(rng),
    )


def _win_rates(rng: np.random.Generator) -> dict[str, float]:
    """Draw the chance to be won from each stage on: the product of the chances to pass it and the later ones."""
    stated = [*WIN_RATES.values(), 1.0]
    passes = [rng.beta(12 * here / after, 12 * (1 - here / after)) for here, after in pairwise(stated)]
    return {stage: float(np.prod(passes[at:])) for at, stage in enumerate(WIN_RATES)}


def invented(
    rng: np.random.Generator, known: Truth, *, accounts: int = 600, sellers: int = 24, markets: int = 5,
    years: int = 3, last: int = 2026,
) -> Scenario:  # fmt: skip
    """Draw a company's accounts and yearly history that ends with the year ``last``."""
    segment = rng.integers(0, len(known.churn), accounts)
    market, seller = rng.integers(0, markets, accounts), rng.integers(0, sellers, accounts)
    potential = rng.lognormal(11, 0.8, accounts)
    sales = np.where(rng.random(accounts) < 0.75, potential * rng.uniform(0.1, 0.5, accounts), 0.0)
    skill = rng.normal(0, known.seller * np.sqrt(known.skill), sellers)
    history = []
    for back in reversed(range(years)):
        if back < years - 1:
            sales = _next(rng, known, sales, potential, (segment, market, seller), skill)
        history += [
            {
                "account": f"A{i:04d}",
                "period": f"{last - back}-01-01",
                "months": 12,
                "revenue": round(float(amount), 2),
            }
            for i, amount in enumerate(sales)
            if amount > 0
        ]
    rows = [
        {
            "id": f"A{i:04d}", "segment": f"s{segment[i]}", "market": f"m{market[i]}", "seller": f"S{seller[i]:02d}",
            "potential": float(potential[i]),
        }
        for i in range(accounts)
    ]  # fmt: skip
    return company(
        rows,
        [{"id": f"S{t:02d}"} for t in range(sellers)],
        history=history,
        pipeline=[{"id": f"O{s}", "account": "A0000", "amount": 1.0, "stage": s, "close": f"{last + 1}-05-01"} for s in WIN_RATES],
        opportunities=_closed(rng, known, last),
        activities=("revenue", "potential"),
        simulate={"win_rates": WIN_RATES, "attrition": 0.0, "skill": known.skill},
        year=last + 1,
    )  # fmt: skip


def _next(
    rng: np.random.Generator,
    known: Truth,
    sales: Any,
    potential: Any,
    where: tuple[Any, Any, Any],
    skill: Any,
) -> Any:
    """Draw the next year's sales, account by account."""
    luck = known.seller * np.sqrt(1 - known.skill)
    of_company = rng.normal(-(COMPANY_SHOCK**2) / 2, COMPANY_SHOCK)
    of_segment = [rng.normal(-(SEGMENT_SHOCK**2) / 2, SEGMENT_SHOCK) for _ in known.churn]
    of_market = [rng.normal(-(known.market**2) / 2, known.market) for _ in range(int(where[1].max()) + 1)]
    of_seller = [own - known.seller**2 / 2 + rng.normal(0, luck) for own in skill]
    after = []
    for i, amount in enumerate(sales):
        s, m, t = (int(of[i]) for of in where)
        shared = of_company + of_segment[s] + of_market[m] + of_seller[t]
        if amount > 0:
            stays = rng.random() >= known.churn[s]
            after.append(
                amount * np.exp(known.log_growth[s] + rng.normal(0, known.spread) + shared) if stays else 0.0
            )
        else:
            begins = rng.random() < known.new_business[s]
            first = np.exp(np.log(known.share) + rng.normal(0, known.share_spread))
            after.append(min(1.0, first) * potential[i] if begins else 0.0)
    return np.array(after)


def _closed(rng: np.random.Generator, known: Truth, last: int) -> list[dict[str, Any]]:
    """Draw opportunities that were closed: each passes its stages one by one, or is lost there."""
    stages = list(known.win)
    rows = []
    for _ in range(150):
        reached, won = 0, False
        for at, stage in enumerate(stages):
            reached = at
            after = known.win[stages[at + 1]] if at + 1 < len(stages) else 1.0
            if rng.random() >= known.win[stage] / after:
                break
        else:
            won = True
        rows.append(
            {
                "stage": stages[reached],
                "won": won,
                "account": "A0001",
                "amount": 5.0,
                "opened": f"{last}-01-05",
                "closed": f"{last}-06-05",
            }
        )
    return rows
