"""A calibration as plain text, for the command line."""

from __future__ import annotations

from spm_opt.report import words
from spm_opt.report.audit_text import wrapped
from spm_opt.report.calibration_words import (
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
from spm_opt.report.text import INDENT, aligned
from spm_opt.simulate.calibrate import Calibration


def calibration_text(calibration: Calibration, name: str, currency: str) -> str:
    """Show the verdicts, the tables of groups and territories, and what was not known."""
    parts = [
        wrapped_title(f"{name}: {headline(calibration)}"),
        *(line for text in sentences(calibration) for line in wrapped(text)),
        "",
        *_coverage(calibration),
        "",
        *_histograms(calibration),
        "",
        *_scores(calibration, currency),
        "",
        *_territories(calibration, currency),
        "",
        *(line for text in sources(calibration) for line in wrapped(f"Parameters {text}.")),
        *wrapped(f"What was not known: {'; '.join(calibration.notes)}."),
    ]
    return "\n".join(parts)


def wrapped_title(text: str) -> str:
    """Break a heading into lines."""
    return "\n".join(line.removeprefix(INDENT) for line in wrapped(text))


def _indented(row: dict[str, object]) -> str:
    return (INDENT if row["group"] else "") + title(row)


def _coverage(calibration: Calibration) -> list[str]:
    heads = ["", "n"]
    for level in LEVEL_NAMES:
        heads += [f"in {level} %", "if right"]
    table = [[*heads, ""]]
    table += [[_indented(row), *coverage_cells(row), row["verdict"]] for row in records(calibration)]
    return ["Coverage: share of outcomes inside central intervals", *aligned(table, range(1, len(heads)))]


def _histograms(calibration: Calibration) -> list[str]:
    """Shares of outcomes in each tenth of their forecasts, for groups with enough of them."""
    table = [["", *(f"{at * 10}-{at * 10 + 10}" for at in range(10)), "if right"]]
    bins = calibration.histograms
    for row in records(calibration):
        own = bins[(bins["level"] == row["level"]) & (bins["group"] == row["group"])]
        if row["n"] > 1:
            shares = [f"{share * 100:.0f}" for share in own["share"]]
            table.append([_indented(row), *shares, ranged(own["low"].mean(), own["high"].mean())])
    heading = "PIT: percent of outcomes in each tenth of their forecasts, lowest first; 10 each where they are right"
    return [heading, *aligned(table, range(1, len(table[0])))]


def _scores(calibration: Calibration, currency: str) -> list[str]:
    table = [["", "CRPS", "against the year before", "against its ratios"]]
    table += [[_indented(row), *score_cells(row, currency)] for row in records(calibration)]
    return [
        "CRPS, and how much lower it is than that of naive forecasts: the same months a year before, and these",
        f"{INDENT}times the ratios of years seen before (± standard error, accounts of a territory alike)",
        *aligned(table, (1, 2, 3)),
    ]


def _territories(calibration: Calibration, currency: str) -> list[str]:
    table = [["territory", "sold", "80 % interval", "", "place", "CRPS", "a year before", "ratios", "its accounts in 80 %", "if right"]]  # fmt: skip
    for name, row in calibration.territories.iterrows():
        inside = row["p10"] <= row["sold"] <= row["p90"]
        table.append([
            str(name), words.short(row["sold"], currency),
            f"{words.short(row['p10'], currency)} to {words.short(row['p90'], currency)}", "" if inside else "outside",
            words.percent(row["pit"], 0),
            *(words.short(row[score], currency) for score in ("crps", "crps_same", "crps_ratio")),
            inside_of(row),
            ranged(row["low_80"], row["high_80"]),
        ])  # fmt: skip
    return [
        "Territories: sales, their forecast, and CRPS beside the naive forecasts'",
        *aligned(table, range(1, len(table[0]))),
    ]
