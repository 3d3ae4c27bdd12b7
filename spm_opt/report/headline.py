"""What a run comes to, in sentences and in a few large figures."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from spm_opt.align.result import Level, Result
from spm_opt.report import words
from spm_opt.report.facts import Facts
from spm_opt.run import Run

NOTHING = words.percent(0.0)


@dataclass(frozen=True)
class Card:
    """One large figure: what it is, its value, and a line about it."""

    label: str
    value: str
    note: str


def sentences(run: Run, facts: Facts) -> list[str]:
    """Say what the plan does, what changes, and how good it is."""
    return [
        text
        for text in (rules(run), *balance(facts), changes(facts), lost(run), odds(run), *proof(run.result))
        if text
    ]


def rules(run: Run) -> str:
    """Say whether the hard rules hold."""
    limited = int((run.scorecard.criteria["limit"].astype(str) != "").sum())
    if run.scorecard.breaches:
        return f"The plan breaks hard rules in {words.plural(len(run.scorecard.breaches), 'place')}."
    if not limited:
        return "The scenario sets no hard rules."
    kept = "The hard rule holds" if limited == 1 else f"All {limited} hard rules hold"
    return f"{kept}, by a checker that shares no code with the solver."


def balance(facts: Facts) -> list[str]:
    """Say how far the worst territory is from its target."""
    texts = []
    for one in facts.balances:
        far = words.percent(largest(one.plan))
        text = f"{one.title[:1].upper()}{one.title[1:]}: "
        text += (
            "every territory meets its target"
            if far == NOTHING
            else f"no territory is further than {far} from its target"
        )
        if one.incumbent is not None and words.percent(largest(one.incumbent)) != NOTHING:
            text += f"; today one is {words.percent(largest(one.incumbent))} off"
        texts.append(text + ".")
    return texts


def changes(facts: Facts) -> str:
    """Say how much changes hands."""
    if not facts.has_incumbent:
        return ""
    share = facts.accounts_moved / facts.accounts_held
    text = (
        f"{facts.accounts_moved:,} of {words.plural(facts.accounts_held, 'account')} with a seller today "
        f"({words.percent(share)}) change hands"
    )
    others = [f"{words.percent(m.share)} of {m.of}" for m in facts.moved if m.of != "accounts"]
    return text + (f", and with them {' and '.join(others)}" if others else "") + "."


def lost(run: Run) -> str:
    """Say what the changes of hands cost in the simulated year."""
    figures, currency = run.scorecard.odds, run.scenario.settings.currency
    mean = figures.get("revenue_at_risk", 0.0)
    if not mean > 0:
        return ""
    rare = words.short(figures["revenue_at_risk_p95"], currency)
    return (
        f"Accounts that get another seller buy {words.short(mean, currency)} less in that year on average, and in one year "
        f"of twenty over {rare} less."
    )


def odds(run: Run) -> str:
    """Say how likely the company target is."""
    figures, currency = run.scorecard.odds, run.scenario.settings.currency
    text = (
        f"In {words.percent(figures['p_target'], 0)} of {words.plural(len(run.sales.amount), 'simulated year')} the company reaches "
        f"its target of {words.short(figures['target'], currency)}"
    )
    before = figures.get("p_target_incumbent")
    if before is not None and math.isfinite(before):
        text += f"; with today's alignment, in {words.percent(before, 0)}"
    return text + "."


def proof(result: Result) -> list[str]:
    """Say how much better another plan could be, as far as that is proven; one sentence a priority."""
    several = len(result.levels) > 1
    return [
        _proof(level, f" for the aims of priority {level.priority}" if several else "")
        for level in result.levels
    ]


def _proof(level: Level, aims: str) -> str:
    points = f"{words.figure(level.objective)} points"
    if level.lower_bound is None:
        return f"The plan has {points}{aims}; how much better another could be is not proven."
    if level.gap == 0:
        return f"The plan has {points}{aims}, and it is proven that no plan that keeps the rules has fewer."
    bound = f"no plan that keeps the rules has fewer than {words.figure(level.lower_bound)}"
    if level.gap is None:
        return f"The plan has {points}{aims}, and it is proven that {bound}."
    return f"The plan has {points}{aims}: within {words.percent(level.gap)} of a proven bound ({bound})."


def cards(run: Run, facts: Facts) -> list[Card]:
    """Pick the large figures at the top."""
    currency, figures = run.scenario.settings.currency, run.scorecard.odds
    found = [
        Card(
            "company target",
            words.short(figures["target"], currency),
            f"reached in {words.percent(figures['p_target'], 0)} of years"
            + _before(figures.get("p_target_incumbent", math.nan)),
        )
    ]
    for one in facts.balances[:2]:
        note = "" if one.incumbent is None else f"today {words.percent(largest(one.incumbent))}"
        limit = "" if one.tolerance is None else f"limit {words.percent(one.tolerance, 0)}"
        label = f"largest deviation, {one.title}"
        found.append(Card(label, words.percent(largest(one.plan)), ", ".join(t for t in (note, limit) if t)))
    if facts.has_incumbent:
        share = facts.accounts_moved / facts.accounts_held
        others = [f"{words.percent(m.share)} of {m.of}" for m in facts.moved if m.of != "accounts"]
        found.append(
            Card("accounts that change hands", words.percent(share), "and " + others[0] if others else "")
        )
    cents = run.plan.quotas.cents
    low, high = words.short(cents.min() / 100, currency), words.short(cents.max() / 100, currency)
    span = low if low == high else f"{low} to {high}"
    found.append(
        Card(
            "quotas",
            span,
            f"{words.plural(run.problem.k, 'territory', 'territories')}, sum exact",
        )
    )
    chance = facts.attainment.odds
    if np.isfinite(chance).any():
        spread = (
            f"{words.percent(float(np.nanmin(chance)), 0)} to {words.percent(float(np.nanmax(chance)), 0)}"
        )
        found.append(Card("chance to attain, lowest to highest", spread, _spread_before(facts)))
    return found


def largest(deviation: np.ndarray) -> float:
    """Largest deviation, whatever its sign."""
    return float(np.abs(deviation).max(initial=0.0))


def _before(chance: float) -> str:
    return f", today's alignment {words.percent(chance, 0)}" if math.isfinite(chance) else ""


def _spread_before(facts: Facts) -> str:
    before = facts.attainment_incumbent
    if before is None or not np.isfinite(before.odds).any():
        return ""
    return f"today {words.percent(float(np.nanmin(before.odds)), 0)} to {words.percent(float(np.nanmax(before.odds)), 0)}"
