"""The verdict: which plan is better at what, in words and figures, and what the words rest on."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from spm_opt.compare.measures import Measure
from spm_opt.compare.phrases import BY_NAME, change, interval, listed, value
from spm_opt.compare.sellers import LOSES, NOTICEABLE, WINS
from spm_opt.compare.stresses import EXPECTED
from spm_opt.report import words

if TYPE_CHECKING:
    from spm_opt.compare.compare import Comparison

Row = Mapping[Hashable, Any]
SLIGHT = {"money": 0.005, "share": 0.01, "figure": 0.01}
"""Differences below these are called slight: half a percent of an amount, a point of a share, 0.01 else."""
JUDGED = {
    "pay": ("mean pay", words.percent(NOTICEABLE, 0)),
    "p_attain": ("chance to attain the own quota", "a point"),
    "sales": ("mean sales", words.percent(NOTICEABLE, 0)),
}
"""What sellers win or lose by, and the change that counts as none."""
ALL, NONE = words.percent(1.0, 0), words.percent(0.0, 0)
TOLD_TIES = 0.05
"""Share of futures with a tie from which it is told."""
NAMES = {"win_rate": "win rates", "churn": "churn", "growth": "growth", "growth_spread": "spread of growth"}


def verdict(found: Comparison) -> tuple[str, ...]:
    """Say which plan is better, a sentence or two a topic.

    A difference whose interval holds zero is no difference that can be told, however the mean looks.
    """
    plans = [text for plan in found.plans[1:] for text in verdict_on(found, plan)]
    return (*best_of(found), *plans, *caveats(found))


def verdict_on(found: Comparison, plan: str) -> tuple[str, ...]:
    """Say how one plan stands against the first: the whole in a sentence, then topic by topic."""
    rows = {str(row["measure"]): row for row in rows_of(found, plan)}
    texts = [
        _overall(found, plan, rows),
        *(_sentence(found, plan, BY_NAME[name], row) for name, row in rows.items()),
        _regret(found, plan),
        chance_range(found, (found.plans[0], plan)),
        _stress(found, plan),
        *_sellers(found, plan),
    ]
    return tuple(text for text in texts if text)


def rows_of(found: Comparison, plan: str) -> Iterator[Row]:
    """Give a plan's measures, a mapping each."""
    table = found.measures
    yield from table[table["plan"] == plan].to_dict("records")


def standing(measure: Measure, row: Row) -> str:
    """Say how a plan stands against the first on a measure: better, worse or even."""
    low, high = float(row["low"]), float(row["high"])
    if not math.isfinite(low) or low * high <= 0:
        return "even"
    ahead = float(row["difference"]) * (1 if measure.better == "more" else -1)
    return "better" if ahead > 0 else "worse" if ahead < 0 else "even"


def best_of(found: Comparison) -> tuple[str, ...]:
    """Say which of several plans sells most, and how often; of two, the rest says it."""
    if len(found.plans) == 2:  # noqa: PLR2004
        return ()
    measure = BY_NAME["company_sales"]
    table = found.measures[found.measures["measure"] == measure.name]
    shares = [f"{row['plan']} in {share_of(float(row['best']))}" for row in table.to_dict("records")]
    return (f"Best by {measure.label}: {listed(shares)} of {found.replications:,} futures.",)


def _overall(found: Comparison, plan: str, rows: Mapping[str, Row]) -> str:
    """Say on which measures a plan is better, and on which it is worse."""
    groups: dict[str, list[str]] = {"better": [], "worse": [], "even": []}
    for name, row in rows.items():
        groups[standing(BY_NAME[name], row)].append(BY_NAME[name].label)
    if not groups["better"] and not groups["worse"]:
        return f"Between {plan} and {found.plans[0]} no difference can be told on any measure."
    parts = [
        f"{how} on {len(labels)} ({'; '.join(labels)})"
        for how, labels in groups.items()
        if labels and how != "even"
    ]
    text = f"Of {words.plural(len(rows), 'measure')} {plan} is, beside {found.plans[0]}, {listed(parts)}"
    even = groups["even"]
    text += f"; no difference can be told on {len(even)} ({'; '.join(even)})" if even else ""
    return f"{text}."


def _sentence(found: Comparison, plan: str, measure: Measure, row: Row) -> str:
    """Say one measure: who is ahead, in how many futures, and by how much."""
    first, currency = found.plans[0], found.scenario.settings.currency
    gap, after = float(row["difference"]), float(row["value"])
    before = after - gap
    figures = (
        f"{value(measure, before, currency)} with {first}, {value(measure, after, currency)} with {plan}"
    )
    if measure.kind == "money" and before > 0:
        figures += f", {words.signed(gap / before)}"
    figures += _interval(measure, row, currency)
    title = measure.label[:1].upper() + measure.label[1:]
    how = standing(measure, row)
    if how == "even":
        return f"{title}: no difference can be told ({figures})."
    slight = "slightly " if abs(gap) < SLIGHT[measure.kind] * _scale(measure, before) else ""
    ahead, behind = (plan, first) if how == "better" else (first, plan)
    if measure.name == "target_reached":  # in most futures both reach it, or neither
        return f"{title}: {slight}more often with {ahead} than with {behind} ({figures})."
    return f"{title}: {ahead} {slight}beats {behind} {_often(row, how, found.replications)} ({figures})."


def _often(row: Row, how: str, replications: int) -> str:
    """Say in how many futures the plan that is ahead on average is ahead."""
    share, other = (
        float(row[name]) for name in (("beats", "beaten") if how == "better" else ("beaten", "beats"))
    )
    if share == 1:
        return "in every future"
    text = f"in {share_of(share)} of {words.plural(replications, 'future')}"
    tied = 1 - share - other
    text += f" (level in {share_of(tied)})" if tied >= TOLD_TIES else ""
    return text if share >= other else f"on average, but only {text}"


def share_of(share: float) -> str:
    """Write a share of futures; what is nearly all or nearly none is not called all or none.

    >>> share_of(0.834), share_of(0.9996), share_of(0.0004)
    ('83 %', 'more than 99 %', 'less than 1 %')
    """
    text = words.percent(share, 0)
    if text == ALL and share < 1:
        return "more than 99 %"
    return "less than 1 %" if text == NONE and share > 0 else text


def _scale(measure: Measure, before: float) -> float:
    return abs(before) if measure.kind == "money" else 1.0


def _interval(measure: Measure, row: Row, currency: str) -> str:
    """Give a difference with its interval, where there is one with a width."""
    low, high = float(row["low"]), float(row["high"])
    if not low < high:
        return ""
    gap = change(measure, float(row["difference"]), currency)
    return f"; difference {gap}, 95 % interval {interval(measure, low, high, currency)}"


def _regret(found: Comparison, plan: str) -> str:
    """Say how the worst futures go, and what choosing each plan forgoes."""
    measure, currency = BY_NAME["company_sales"], found.scenario.settings.currency
    own = {
        str(row["plan"]): row for row in found.measures.to_dict("records") if row["measure"] == measure.name
    }
    worst, regret = (
        [
            f"{value(measure, float(own[name][column]), currency)} with {name}"
            for name in (found.plans[0], plan)
        ]
        for column in ("worst", "regret")
    )
    return (
        f"In the worst five percent of futures the company sells {listed(worst)}. Regret, what is forgone beside the "
        f"best plan of each future: {listed(regret)} on average."
    )


def _stress(found: Comparison, plan: str) -> str:
    """Say who sells more under each stress."""
    if not found.cases:
        return ""
    first, measure = found.plans[0], BY_NAME["company_sales"]
    table = found.stress[(found.stress["plan"] == plan) & (found.stress["stress"] != EXPECTED)]
    ahead: dict[str, list[str]] = {}
    for row in table.to_dict("records"):
        who = {"better": plan, "worse": first}.get(standing(measure, row), "")
        share = float(row["beats"] if who == plan else row["beaten"])
        often = f" (in {'every future' if share == 1 else f'{share_of(share)} of futures'})" if who else ""
        ahead.setdefault(who, []).append(f"{row['stress']}{often}")
    parts = [f"{who} sells more with: {', '.join(cases)}" for who, cases in ahead.items() if who]
    parts += [f"no difference can be told with: {', '.join(ahead[''])}"] if "" in ahead else []
    return f"Under stress {'; '.join(parts)}."


def _sellers(found: Comparison, plan: str) -> Iterator[str]:
    """Say how many sellers win and lose, and who most."""
    table = found.sellers[(found.sellers["plan"] == plan) & (found.sellers["seller"] != "")]
    if table.empty:
        return
    judged = str(table["judged_by"].iloc[0])
    what, least = JUDGED[judged]
    wins, loses = ((table["verdict"] == one) for one in (WINS, LOSES))
    yield (
        f"Of {words.plural(len(table), 'seller')}, {int(wins.sum()):,} win and {int(loses.sum()):,} lose with {plan}, by the {what} "
        f"(a change below {least}, or one that cannot be told from none, counts as neither)."
    )
    column = f"{judged}_change"
    won, lost = (table[rows].sort_values([column, "territory"], kind="stable") for rows in (wins, loses))
    ends = [(won.iloc[-1:], "most is won by"), (lost.iloc[:1], "most is lost by")]
    said = [
        f"{text} {row['seller']} ({row['territory']}: {_moved(found, judged, row)})"
        for frame, text in ends for row in frame.to_dict("records")
    ]  # fmt: skip
    if said:
        text = listed(said)
        yield f"{text[:1].upper()}{text[1:]}."


def judged_by(found: Comparison, plan: str) -> str:
    """Name the figure that sellers win or lose by, and are sorted by."""
    return JUDGED[str(found.sellers[found.sellers["plan"] == plan]["judged_by"].iloc[0])][0]


def _moved(found: Comparison, judged: str, row: Row) -> str:
    after, gap = float(row[judged]), float(row[f"{judged}_change"])
    if judged == "p_attain":
        return f"{words.percent(after - gap, 0)} to {words.percent(after, 0)}"
    currency = found.scenario.settings.currency
    return f"{words.short(after - gap, currency)} to {words.short(after, currency)}"


def caveats(found: Comparison) -> tuple[str, ...]:
    """Say what the figures cannot tell, and which of them rest on defaults."""
    year = found.scenario.settings.year
    horizon = (
        f"All of this is about {year} alone: what a change costs falls into that year, what better territories bring "
        "may come later. Sellers are taken to work as hard whatever their quota."
    )
    texts = [*found.notes, horizon]
    table = found.parameters
    default = table[table["source"] == "default"]["parameter"].tolist()
    named = list(
        dict.fromkeys(
            "ramp"
            if str(name).startswith("ramp_month")
            else NAMES.get(str(name), str(name)).replace("_", " ")
            for name in default
        )
    )
    if named:
        texts.append(f"Not estimated from this company's history, but defaults: {listed(named)}.")
    return tuple(texts)


def chances(found: Comparison, plan: str) -> np.ndarray:
    """Chances to attain of the filled positions under a plan."""
    table = found.sellers[found.sellers["seller"] != ""]
    if plan == found.plans[0]:
        table = table[table["plan"] == found.plans[1]]
        return np.asarray(table["p_attain"] - table["p_attain_change"])
    return np.asarray(table[table["plan"] == plan]["p_attain"])


def chance_range(found: Comparison, plans: Sequence[str]) -> str:
    """Say the lowest and the highest chance to attain under each plan."""
    parts = []
    for plan in plans:
        known = chances(found, plan)
        known = known[np.isfinite(known)]
        if not len(known):
            return ""
        parts.append(
            f"{words.percent(float(known.min()), 0)} to {words.percent(float(known.max()), 0)} with {plan}"
        )
    return f"Chance of a seller to attain the own quota, from the lowest to the highest: {listed(parts)}."
