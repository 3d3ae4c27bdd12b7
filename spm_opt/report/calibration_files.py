"""A calibration as files: a page, and its tables."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from spm_opt.provenance import versions
from spm_opt.report import words
from spm_opt.report.calibration_charts import Panel, pit_chart, territory_chart
from spm_opt.report.calibration_words import (
    FINE,
    LEVEL_NAMES,
    coverage_cells,
    headline,
    inside_of,
    ranged,
    records,
    score_cells,
    sentences,
    sources,
    title,
)
from spm_opt.report.grids import Cell, Grid, Head, Row, numeric
from spm_opt.report.html import rendered
from spm_opt.report.tables import frame_bytes
from spm_opt.scenario.scenario import Scenario
from spm_opt.simulate.calibrate import Calibration

PANELS = 12
"""Histograms that a page shows at most."""


def calibration_files(calibration: Calibration, scenario: Scenario) -> dict[str, bytes]:
    """Make the page and the tables: name to content."""
    return {
        "calibration.html": _page(calibration, scenario),
        "calibration.csv": frame_bytes(group_table(calibration)),
        "calibration_territories.csv": frame_bytes(
            calibration.territories.rename_axis("territory").reset_index()
        ),
    }


def calibration_document(calibration: Calibration) -> dict[str, Any]:
    """Lay a calibration out for programs."""
    return {
        "months": calibration.months,
        "first": f"{calibration.first // 12}-{calibration.first % 12 + 1:02d}",
        "history_months": calibration.history_months,
        "replications": calibration.replications,
        "seed": calibration.seed,
        "groups": group_table(calibration),
        "territories": calibration.territories.rename_axis("territory").reset_index(),
        "parameters": calibration.parameters,
        "sentences": sentences(calibration),
        "notes": list(calibration.notes),
    }


def group_table(calibration: Calibration) -> pd.DataFrame:
    """Give the groups with the shares of their histograms as columns ``pit_1`` to ``pit_10``."""
    bins = calibration.histograms
    wide = [
        bins[(bins["level"] == row["level"]) & (bins["group"] == row["group"])]["share"].tolist()
        for row in records(calibration)
    ]
    names = [f"pit_{at + 1}" for at in range(len(wide[0]))]
    return pd.concat([calibration.groups, pd.DataFrame(wide, columns=names)], axis=1)


def _page(calibration: Calibration, scenario: Scenario) -> bytes:
    currency = scenario.settings.currency
    table = calibration.territories
    inside = (table["p10"] <= table["sold"]) & (table["sold"] <= table["p90"])
    return rendered(
        "calibration",
        ["page.js"],
        title=scenario.settings.name,
        badges=_badges(calibration),
        headline=_capital(headline(calibration)) + ".",
        sentences=sentences(calibration),
        coverage=_coverage(calibration),
        places=pit_chart(_panels(calibration)),
        scores=_scores(calibration, currency),
        outside=f"{int((~inside).sum())} of {len(table)} fell outside the 80 % interval.",
        territory_chart=territory_chart(table, currency),
        territories=_territories(calibration, currency),
        sources=[_capital(text) for text in sources(calibration)],
        parameters=_parameters(calibration),
        notes=[_capital(text) for text in calibration.notes],
        version=versions().get("spm_opt", ""),
        seed=calibration.seed,
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _badges(calibration: Calibration) -> list[dict[str, str]]:
    return [
        {"tone": "plain" if row["verdict"] in FINE else "bad", "text": f"{title(row)}: {row['verdict']}"}
        for row in records(calibration)
        if not row["group"]
    ]


def _panels(calibration: Calibration) -> list[Panel]:
    bins = calibration.histograms
    panels = []
    for row in records(calibration):
        own = bins[(bins["level"] == row["level"]) & (bins["group"] == row["group"])]
        if row["n"] > 1:
            panels.append(
                Panel(
                    title(row),
                    row["n"],
                    *(np.asarray(own[name], dtype=float) for name in ("share", "low", "high")),
                )
            )
    return panels[:PANELS]


def _first(row: dict[str, Any]) -> Cell:
    return Cell(title(row), "" if row["group"] else "strong")


def _coverage(calibration: Calibration) -> Grid:
    heads = [Head("outcomes of"), Head("n", numeric=True)]
    for level in LEVEL_NAMES:
        heads += [Head(f"in {level} %", numeric=True), Head("if right", numeric=True)]
    rows = []
    for row in records(calibration):
        fine = row["verdict"] in FINE
        cells = [numeric(text) for text in coverage_cells(row)]
        rows.append(Row((_first(row), *cells, Cell(row["verdict"], "soft" if fine else "no"))))
    return Grid((*heads, Head("verdict")), tuple(rows))


def _scores(calibration: Calibration, currency: str) -> Grid:
    heads = ("forecasts of", "mean CRPS", "against the year before", "against its ratios")
    rows = [
        Row((_first(row), *(numeric(text) for text in score_cells(row, currency))))
        for row in records(calibration)
    ]
    return Grid(tuple(Head(text, numeric=at > 0) for at, text in enumerate(heads)), tuple(rows))


def _territories(calibration: Calibration, currency: str) -> Grid:
    heads = (
        "territory", "sold", "10 %", "median", "90 %", "place", "CRPS", "a year before’s", "ratios’",  # noqa: RUF001
        "accounts in 80 %", "if right",
    )  # fmt: skip
    rows = []
    for name, row in calibration.territories.iterrows():
        inside = row["p10"] <= row["sold"] <= row["p90"]
        amounts = [
            numeric(words.short(row[key], currency), row[key]) for key in ("sold", "p10", "p50", "p90")
        ]
        scores = [
            numeric(words.short(row[key], currency), row[key]) for key in ("crps", "crps_same", "crps_ratio")
        ]
        place = numeric(words.percent(row["pit"], 0), row["pit"], "" if inside else "no")
        rows.append(
            Row((
                Cell(str(name)), *amounts, place, *scores, numeric(inside_of(row), row["cover_80"]),
                numeric(ranged(row["low_80"], row["high_80"]), row["low_80"]),
            ))
        )  # fmt: skip
    return Grid(tuple(Head(text, numeric=at > 0) for at, text in enumerate(heads)), tuple(rows))


def _parameters(calibration: Calibration) -> Grid:
    heads = ("parameter", "segment", "value", "90 % interval", "source", "observations")
    rows = []
    for row in calibration.parameters.to_dict("records"):
        known = np.isfinite(row["low"]) and np.isfinite(row["high"])
        between = f"{words.figure(row['low'])} to {words.figure(row['high'])}" if known else words.DASH
        rows.append(
            Row((
                Cell(str(row["parameter"]).replace("_", " ")), Cell(str(row["segment"])),
                numeric(words.figure(row["value"])), numeric(between), Cell(str(row["source"]), "soft"),
                numeric(words.count(row["observations"])),
            ))
        )  # fmt: skip
    return Grid(
        tuple(Head(text, numeric=text in {"value", "90 % interval", "observations"}) for text in heads),
        tuple(rows),
    )
