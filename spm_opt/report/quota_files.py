"""The quotas as files: by node, by product and period where they are split so far, and the choice of a hedge."""

from __future__ import annotations

import pandas as pd

from spm_opt.plan import QuotaPlan
from spm_opt.report.rollup import TERRITORY
from spm_opt.report.tables import csv_bytes, frame_bytes, money

LIMITS = ("lowest", "highest")
"""What nodes above territories have of the columns that territories have."""
CELLS, OVER, TRAIL = "quota_cells.csv", "over_assignment.csv", "quota_trail.csv"


def quota_files(quotas: QuotaPlan, trail: pd.DataFrame | None = None) -> dict[str, bytes]:
    """Make the files of a quota plan, and of the trail of its edits: name to content."""
    files = {"quotas.csv": quotas_csv(quotas)}
    if quotas.cells is not None:
        files[CELLS] = quota_cells_csv(quotas.cells)
    if quotas.over is not None:
        files[OVER] = frame_bytes(quotas.over)
    if trail is not None:
        files[TRAIL] = frame_bytes(in_currency(trail))
    return files


HEDGED = ("hedge", "step")
"""Columns of the nodes where quotas are over-assigned."""


def in_currency(trail: pd.DataFrame) -> pd.DataFrame:
    """Write the amounts of a trail as money."""
    return trail.assign(**{name: [money(int(one)) for one in trail[name]] for name in ("before", "after")})


def quotas_csv(quotas: QuotaPlan) -> bytes:
    """Write a row a node of the sales organisation: its quota, and for a territory what it is made from."""
    nodes, basis = quotas.nodes, quotas.basis
    measures = [str(name) for name in basis.columns if str(name) not in {"quota", "cents"}]
    measured = {name: basis[name].to_dict() for name in measures}
    columns = ["level", "node", "parent_level", "parent"]
    rows = []
    for node in nodes.to_dict("records"):
        own = str(node["node"])
        known = node["level"] == TERRITORY and own in basis.index
        limits = {name: node.get(name) for name in LIMITS}
        tail = [measured[name][own] if known else limits.get(name) for name in measures]
        hedged = [node[name] for name in HEDGED if name in node]
        rows.append([*(node[name] for name in columns), money(int(node["cents"])), *hedged, *tail])
    hedges = [name for name in HEDGED if name in nodes.columns]
    return csv_bytes((*columns, "quota", *hedges, *measures), rows)


def quota_cells_csv(cells: pd.DataFrame) -> bytes:
    """Write a row a node, product and period."""
    columns = ("level", "node", "product", "period")
    values = zip(*(cells[name].tolist() for name in (*columns, "cents")), strict=True)
    return csv_bytes((*columns, "quota"), ([*row[:-1], money(int(row[-1]))] for row in values))
