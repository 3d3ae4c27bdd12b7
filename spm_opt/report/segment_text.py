"""Segments laid out: for the terminal, and as files."""

from __future__ import annotations

import pandas as pd

from spm_opt.report import words
from spm_opt.report.tables import frame_bytes
from spm_opt.report.text import aligned
from spm_opt.scenario.scenario import Scenario
from spm_opt.workload.segment import Segmentation

MOST_MOVES = 12
"""Moves between segments that are shown, the largest first; segment_changes.csv has them all."""
WAYS = {"rules": "by rules", "share": "by share of {measure}", "statistics": "by statistics of {measures}"}


def segment_text(scenario: Scenario, found: Segmentation) -> str:
    """Show the segments, what changed, and how many accounts lie near to a boundary."""
    settings = scenario.settings
    accounts = words.plural(len(found.account_ids), "account")
    segments = words.plural(len(found.names), "segment")
    lines = [
        f"{settings.name}, {settings.year}: {accounts} in {segments}, {_way(scenario)}",
        "",
        *_segments(found, scenario),
        *(["", near] if (near := near_text(scenario, found)) else []),
        *_changes(found, settings.currency),
        *_numbers(found.stability),
    ]
    return "\n".join(lines)


def _way(scenario: Scenario) -> str:
    """Say how segments were made."""
    settings = scenario.settings.segments
    if settings is None:
        return "as the table of accounts has them ([segments] makes others)"
    text = WAYS[settings.by].format(measure=settings.measure, measures=", ".join(settings.measures))
    return text + (f" within {settings.within}" if settings.within else "")


def _segments(found: Segmentation, scenario: Scenario) -> list[str]:
    """Tabulate the segments; measurement units stand in the heads."""
    table, settings = found.table, scenario.settings
    sums = [name for name in table.columns if name in settings.activities or name == "last_year"]
    units = {"last_year": settings.currency, **settings.activities}
    heads = [
        "segment",
        "accounts",
        "share",
        *(f"{_named(one)}, {units[one]}" for one in sums),
        "churn",
        "near",
        "",
    ]
    rows = [heads] + [
        [row["segment"], words.count(row["accounts"]), words.percent(row["share"]),
         *(words.count(row[name]) for name in sums), words.percent(row["churn"]), words.count(row["near"]),
         row["description"]]
        for row in table.to_dict("records")
    ]  # fmt: skip
    lost, bought = float(table["lost"].sum()), float(table["bought_before"].sum(skipna=False))
    churn = lost / bought if bought > 0 else float("nan")
    rows.append([
        "all", words.count(table["accounts"].sum()), words.percent(float(table["share"].sum())),
        *(words.count(table[name].sum()) for name in sums), words.percent(churn), words.count(table["near"].sum()), "",
    ])  # fmt: skip
    return aligned(rows, range(1, len(heads) - 1))


def _named(column: str) -> str:
    return column.replace("_", " ")


def near_text(scenario: Scenario, found: Segmentation) -> str:
    """Say how many accounts lie near to a boundary; nothing where segments are those of the table."""
    settings = scenario.settings.segments
    if settings is None:
        return ""
    near = int(found.near.sum())
    share = near / max(len(found.near), 1)
    limit = words.percent(settings.near, 0)
    return f"{words.plural(near, 'account')} ({words.percent(share)}) within {limit} of a boundary."


def changes_text(found: Segmentation) -> str:
    """Say how many accounts change their segment; nothing where last year's is not told."""
    known, moves = _moves(found)
    if known.empty:
        return ""
    if moves.empty:
        return "No account changes its segment."
    part = moves["last_year"].sum() / max(known["last_year"].sum(), 1e-9)
    return (
        f"{words.count(moves['accounts'].sum())} of {words.count(known['accounts'].sum())} accounts are in another "
        f"segment than last year, with {words.percent(part)} of sales."
    )


def _moves(found: Segmentation) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Take the pairs of which last year's segment is known, and those that differ."""
    table = found.changes
    known = table[table["previous_segment"] != ""]
    return known, known[known["previous_segment"] != known["segment"]]


def _changes(found: Segmentation, currency: str) -> list[str]:
    """Show the moves between segments, the largest by last year's sales first."""
    said, moves = changes_text(found), _moves(found)[1]
    if moves.empty:
        return ["", said] if said else []
    shown = moves.sort_values(["last_year", "accounts"], ascending=False, kind="stable").head(MOST_MOVES)
    rows = [["last year", "now", "accounts", "sales"]]
    rows += [
        [row["previous_segment"], row["segment"] or words.DASH, words.count(row["accounts"]),
         words.short(row["last_year"], currency)]
        for row in shown.to_dict("records")
    ]  # fmt: skip
    left = len(moves) - len(shown)
    return ["", said, *aligned(rows, (2, 3)), *([f"  and {left} more"] if left else [])]


def _numbers(table: pd.DataFrame | None) -> list[str]:
    """Show how stable each number of segments is."""
    if table is None:
        return []
    rows = [["segments", "stability", "without groups", ""]]
    rows += [
        [str(row["segments"]), f"{row['stability']:.2f} ± {row['standard_error']:.2f}", f"{row['without_groups']:.2f}",
         "chosen" if row["chosen"] else ""]
        for row in table.to_dict("records")
    ]  # fmt: skip
    note = (
        "  Stability: how far clusters of two halves of the accounts agree, 1 for fully and 0 for by chance."
    )
    return ["", "How many segments come out again", *aligned(rows, (0, 1, 2)), note]


def segment_files(found: Segmentation) -> dict[str, bytes]:
    """Lay out segments as files by name."""
    files = {
        "segments.csv": frame_bytes(account_rows(found)),
        "segment_table.csv": frame_bytes(found.table),
        "segment_changes.csv": frame_bytes(found.changes),
    }
    if found.stability is not None:
        files["segment_numbers.csv"] = frame_bytes(found.stability)
    return files


def account_rows(found: Segmentation) -> pd.DataFrame:
    """Give a row an account: its segment now and last year, whether it is near to a boundary, and why."""
    segment = found.column()
    previous = found.previous.reset_index(drop=True)
    return pd.DataFrame({
        "account": list(found.account_ids),
        "segment": segment,
        "previous_segment": previous,
        "changed": (previous != "").to_numpy() & (segment != previous).to_numpy(),
        "near": found.near,
        "reason": list(found.reason),
    })  # fmt: skip
