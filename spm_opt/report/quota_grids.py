"""The quotas on the page: the roll-up, and where each territory's quota comes from."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from spm_opt.problem import FloatArray
from spm_opt.quota.trace import FROM, steps_of
from spm_opt.report import words
from spm_opt.report.facts import VACANT, Facts
from spm_opt.report.grids import Cell, Grid, Head, Row, numeric
from spm_opt.report.rollup import COMPANY, TERRITORY, rolled_up
from spm_opt.run import Run

METHODS = {
    "proportional": "in proportion",
    "even": "even",
    "growth": "last year with growth",
    "accounts": "accounts' own targets",
    "equal_chance": "at equal chance",
}
STEPS = {"rules": "by rules", "rounding": "rounded by", "edits": "edited by"}
EXTRA = "quota_"
"""How columns with more amounts by their chance begin."""


def quotas(run: Run) -> Grid:
    """Lay out the roll-up: company, regions, districts, territories, each under its parent."""
    currency, target = run.scenario.settings.currency, run.plan.quotas.target_cents
    rows, table = [], run.plan.quotas.nodes
    nodes = rolled_up(run.plan.quotas)
    keys = zip(table["level"], table["node"], strict=True)
    hedges = dict(zip(keys, table["hedge"], strict=True)) if "hedge" in table.columns else {}
    grouped = any(node.level not in {COMPANY, TERRITORY} for node in nodes)
    for node in nodes:
        if grouped and node.level == TERRITORY:
            continue  # the table of territories has them
        quota = node.cents / 100
        growth = quota / node.last_year - 1 if node.last_year > 0 else math.nan
        cells = (
            Cell(node.name),
            Cell(node.level, "soft"),
            numeric(words.amount(quota, currency)),
            numeric(words.percent(node.cents / target if target else math.nan)),
            numeric(words.amount(node.last_year, currency)),
            numeric(words.signed(growth)),
            *([numeric(f"{hedges[node.level, node.name]:g}")] if hedges else []),
        )
        rows.append(Row(cells, f"level{min(node.depth, 3)}"))
    numbers = ("quota", "share", "last year", "growth", *(["hedge"] if hedges else []))
    heads = (Head("node"), Head("level"), *(Head(text, numeric=True) for text in numbers))
    return Grid(heads, tuple(rows))


def quota_note(run: Run) -> str:
    """Say how quotas were spread."""
    quota, currency = run.scenario.settings.quota, run.scenario.settings.currency
    total = sum(quota.mix.values())
    mix = ", ".join(f"{words.percent(weight / total, 0)} {name}" for name, weight in quota.mix.items())
    cents = run.plan.quotas.target_cents
    used = sorted(name for name, weight in quota.methods.items() if weight > 0)
    how = (
        f"follows {mix}"
        if used == ["proportional"]
        else f"is spread by {' and '.join(used)}".replace("_", " ")
    )
    sums = "with its hedges" if quota.hedged else "exactly"
    return (
        f"The company target of {words.amount(cents / 100, currency)} {how}, in steps of "
        f"{words.amount(quota.step, currency)}. Territories sum to it {sums}."
    )


def trace(run: Run, facts: Facts) -> Grid | None:
    """Lay out where each territory's quota comes from: the steps that add up to it, and the chance to attain it.

    Nothing where the plan's quotas were given without their steps.
    """
    basis, currency = run.plan.quotas.basis, run.scenario.settings.currency
    steps = steps_of(basis)
    if not steps:
        return None
    bound, chances = (basis["binding"] != "").any(), _chances(run, basis["quota"])
    heads = [Head("territory"), Head("seller")]
    labels = ["quota", "chance to attain", *map(_step_label, steps)]
    heads += [Head(label, numeric=True) for label in labels]
    heads += [Head("rule")] if bound else []
    more = _more(run, basis)
    rows = []
    for t, name in enumerate(run.problem.territory_ids):
        own: dict[Any, Any] = basis.loc[name].to_dict()
        cells = [Cell(name), Cell(facts.sellers[t], "soft" if facts.sellers[t] == VACANT else "")]
        cells.append(numeric(facts.quota_texts[t], float(own["quota"]), "strong"))
        cells.append(numeric(words.percent(chances[t], 0), float(chances[t]), "strong"))
        for step in steps:
            text = words.amount(own[step], currency) if step.startswith(FROM) else _plus(own[step], currency)
            cells.append(numeric(text, float(own[step])))
        cells += [Cell(str(own["binding"]), "soft")] if bound else []
        cells += [numeric(column.iloc[t], None) for _, column in more]
        rows.append(Row(tuple(cells)))
    return Grid((*heads, *(Head(label, numeric=True) for label, _ in more)), tuple(rows))


def trace_note(run: Run, facts: Facts) -> str:
    """Say how to read the steps, how equal the chances are, and what the mix alone would have left."""
    basis = run.plan.quotas.basis
    if not steps_of(basis):
        return ""
    held = int((basis["binding"] != "").sum())
    told = words.plural(held, "territory", "territories")
    rules = f"A rule holds {told}." if held else "No rule holds any territory."
    filled = np.array([seller != VACANT for seller in facts.sellers])
    own, mix = (_chances(run, basis[name])[filled] for name in ("quota", "proportional"))
    text = (
        f"Each quota is the sum of the steps right of its chance. {rules} "
        f"{_spread(own, 'The chance to attain')}"
    )
    if f"{FROM}proportional" in basis.columns:
        return text
    # what is set by draws and judged by the same is right to within two standard errors of a share near one half
    error = 100 / math.sqrt(len(run.sales.amount))
    return (
        f"{text} The same {len(run.sales.amount):,} simulated years set the quotas and judge them here: by others each "
        f"chance is within about {error:.1f} points of this. {_spread(mix, 'In proportion to the mix, before any rule, it')}"
    )


def _spread(chances: FloatArray, begin: str) -> str:
    if chances.size == 0:
        return "Nobody fills a position: there is no chance to attain."
    low, high = (words.percent(float(one), 0) for one in (chances.min(), chances.max()))
    if low == high:
        return f"{begin} is {low} everywhere (standard deviation {chances.std() * 100:.1f} points)."
    return f"{begin} goes from {low} to {high} (standard deviation {chances.std() * 100:.1f} points)."


def _chances(run: Run, quotas: pd.Series) -> FloatArray:
    """Give the chance to attain amounts by territory, in the order of the problem's territories."""
    order = [run.sales.territory_ids.index(name) for name in run.problem.territory_ids]
    own = quotas.loc[list(run.problem.territory_ids)].to_numpy(dtype=float)
    return np.asarray((run.sales.amount[:, order] >= own).mean(axis=0))


def _more(run: Run, basis: pd.DataFrame) -> list[tuple[str, pd.Series]]:
    """Write out the amounts at the chances that the scenario asks for, and what the mix alone would have given."""
    return list(_columns(run, basis.loc[list(run.problem.territory_ids)]))


def _columns(run: Run, basis: pd.DataFrame) -> Iterator[tuple[str, pd.Series]]:
    currency, asked = run.scenario.settings.currency, run.scenario.settings.quota.chances
    for name, chance in asked.items():
        if EXTRA + name in basis.columns:
            amounts = [words.amount(one, currency) for one in basis[EXTRA + name].tolist()]
            yield f"{name}, {words.percent(chance, 0)}", pd.Series(amounts)
    if f"{FROM}proportional" not in basis.columns:
        chances = _chances(run, basis["proportional"])
        amounts = [words.amount(one, currency) for one in basis["proportional"].tolist()]
        yield "in proportion to the mix", pd.Series(amounts)
        yield "chance of that", pd.Series([words.percent(one, 0) for one in chances.tolist()])


def _step_label(step: str) -> str:
    return METHODS[step.removeprefix(FROM)] if step.startswith(FROM) else STEPS[step]


def _plus(value: float, currency: str) -> str:
    """Write a change of an amount with its sign."""
    text = words.amount(value, currency)
    return f"+{text}" if round(value) > 0 else text
