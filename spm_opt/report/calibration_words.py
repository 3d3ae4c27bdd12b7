"""What a calibration says, in sentences and table cells, the same on the page and on the command line."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from spm_opt.report import words
from spm_opt.simulate.calibrate import BUYERS, COMPANY, PROSPECTS, TERRITORIES, Calibration
from spm_opt.simulate.tally import LEVELS
from spm_opt.workload.bought import YEAR

TITLES = {
    BUYERS: "accounts that bought",
    PROSPECTS: "prospects",
    TERRITORIES: "territories",
    COMPANY: "the company",
}
NOUNS = {BUYERS: "account", PROSPECTS: "prospect", TERRITORIES: "territory"}
WRONG = {
    "too narrow": "the intervals are too narrow: more fell outside than the model allows for",
    "too wide": "the intervals are too wide: less happened than the model allows for",
    "tails too thin": "more fell outside the 95 % intervals than the model allows for",
    "too high": "the forecasts were too high",
    "too low": "the forecasts were too low",
}
LITTLE_SAID = "says little"
FINE = ("as expected", LITTLE_SAID)
"""Verdicts that do not speak against forecasts."""
LEVEL_NAMES = tuple(round(level * 100) for level in LEVELS)
Record = dict[str, Any]


def records(calibration: Calibration) -> list[Record]:
    """Give the groups as rows, companies and territories after accounts."""
    return [{str(key): value for key, value in row.items()} for row in calibration.groups.to_dict("records")]


def title(row: Record) -> str:
    """Name a group."""
    return str(row["group"]) or TITLES[row["level"]]


def months(calibration: Calibration) -> str:
    """Name the months held out."""
    first, last = calibration.first, calibration.first + calibration.months - 1
    start, end = (f"{month // YEAR}-{month % YEAR + 1:02d}" for month in (first, last))
    return f"{calibration.months} months, {start} to {end}"


def headline(calibration: Calibration) -> str:
    """Say what was done."""
    return (
        f"the last {months(calibration)}, held out of {calibration.history_months} months of history and "
        f"simulated {calibration.replications:,} times from what was known before"
    )


def sentences(calibration: Calibration) -> list[str]:
    """Say of each level whether anything speaks against the forecasts, and how sure that is."""
    said = [_sentence(row) for row in records(calibration) if not row["group"]]
    segments = [row for row in records(calibration) if row["group"]]
    if segments:
        odd = [f"{title(row)} ({row['verdict']})" for row in segments if row["verdict"] not in FINE]
        many = f"Of {words.plural(len(segments), 'segment')} "
        said.append(
            many + (f"these depart: {', '.join(odd)}." if odd else "none departs further than by chance.")
        )
    return said


def _sentence(row: Record) -> str:
    if row["level"] == COMPANY:
        return _of_company(row)
    count = words.plural(row["n"], NOUNS[row["level"]], "territories" if row["level"] == TERRITORIES else "")
    if row["low_80"] == row["high_80"]:
        return f"Of {count} the model is certain, and was right with {words.percent(row['cover_80'] / row['low_80'], 0)}."
    text = (
        f"80 % intervals of {count} held {words.percent(row['cover_80'], 0)}; by chance alone that is "
        f"{ranged(row['low_80'], row['high_80'])} in 19 of 20 cases"
    )
    if row["verdict"] == LITTLE_SAID:
        return f"{text}: so wide a range says little."
    found = [WRONG[word] for word in row["verdict"].split(", ") if word in WRONG]
    return f"{text}: {'; '.join(found) or 'nothing speaks against them'}."


def sources(calibration: Calibration) -> list[str]:
    """Say which parameters came from where."""
    by_source: dict[str, list[str]] = {}
    for row in calibration.parameters.to_dict("records"):
        name = str(row["parameter"])
        if name in {"months_of_history", "last_year_sales"}:
            continue
        name = "ramp" if name.startswith("ramp_month_") else name
        known = by_source.setdefault(str(row["source"]), [])
        if name not in known:
            known.append(name)
    kinds = {
        "history": "estimated from history",
        "scenario": "as the scenario states",
        "default": "by default",
    }
    return [
        f"{text}: {', '.join(name.replace('_', ' ') for name in by_source[source])}"
        for source, text in kinds.items()
        if source in by_source
    ]


def coverage_cells(row: Record) -> list[str]:
    """Lay out n, and each coverage with its range."""
    cells = [words.count(row["n"])]
    for level in LEVEL_NAMES:
        cells += [words.percent(row[f"cover_{level}"], 0), ranged(row[f"low_{level}"], row[f"high_{level}"])]
    return cells


def _of_company(row: Record) -> str:
    """Say where the company's sales came to: a single outcome, which speaks against a forecast only from far out."""
    text = f"The company's sales came to the {row['pit_mean'] * 100:.0f} % quantile of their forecast"
    if row["verdict"] in FINE:
        return f"{text}; one outcome says little."
    return f"{text}: once in twenty cases an outcome is as far out by chance."


def inside_of(row: pd.Series[Any]) -> str:
    """Write how many of a territory's accounts lie in their 80 % intervals: ``84 % of 25``."""
    return f"{words.percent(row['cover_80'], 0)} of {words.count(row['accounts'])}"


def ranged(low: float, high: float) -> str:
    """Write a range of shares: ``75-85 %``."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return words.DASH
    return f"{low * 100:.0f}{words.DASH}{high * 100:.0f} %"


def score_cells(row: Record, currency: str) -> list[str]:
    """Lay out the score, and the skill against both naive forecasts with its error."""
    cells = [words.short(row["crps"], currency)]
    for name in ("same", "ratio"):
        skill, error = row[f"skill_{name}"], row[f"skill_{name}_error"]
        sure = f" ± {error * 100:.0f}" if math.isfinite(error) else ""
        cells.append(
            words.signed(skill, 0).replace(" %", f"{sure} %") if math.isfinite(skill) else words.DASH
        )
    return cells
