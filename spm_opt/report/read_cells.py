"""Reading quotas by product and period back from a plan's folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import pandas as pd

from spm_opt.report.quota_files import CELLS
from spm_opt.report.tables import cents
from spm_opt.scenario.findings import Finding

COLUMNS = ("level", "node", "product", "period", "quota")


def cells_of(rows: Sequence[Mapping[str, str]]) -> pd.DataFrame:
    """Make the cells of rows that hold no fault; whether they add up is for others to judge."""
    table = pd.DataFrame({name: [row[name] for row in rows] for name in COLUMNS[:-1]})
    return table.assign(cents=[cents(row["quota"]) or 0 for row in rows])


def cell_faults(rows: Sequence[Mapping[str, str]], nodes: pd.DataFrame) -> Iterator[Finding]:
    """Find what cannot be read as the cells of these nodes."""
    known, seen = set(zip(nodes["level"], nodes["node"], strict=True)), set[tuple[str, ...]]()
    for number, row in enumerate(rows, start=2):
        cell = tuple(row[name] for name in COLUMNS[:-1])
        if cell[:2] not in known:
            yield Finding("error", "unknown node", CELLS, number, "node", row["node"], "a node of quotas.csv")
        if cents(row["quota"]) is None:
            yield Finding(
                "error", "no amount", CELLS, number, "quota", row["quota"], "an amount in whole cents"
            )
        if cell in seen:
            yield Finding("error", "cell more than once", CELLS, number, "node", row["node"])
        seen.add(cell)
