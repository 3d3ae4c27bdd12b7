"""The layers over the territories as files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from spm_opt.overlay.layer import Layer
from spm_opt.overlay.rollup import members, sizes
from spm_opt.problem import Problem
from spm_opt.provenance import proven
from spm_opt.report.tables import frame_bytes, money
from spm_opt.run import Run

MEMBERS, SIZES = "overlays.csv", "overlay_sizes.csv"


def overlay_sizes(run: Run) -> pd.DataFrame:
    """Tabulate the positions of a run's layers, with quotas and simulated sales."""
    return sizes(run.layers, run.problem, run.plan.alignment, run.plan.quotas, run.sales)


def overlay_files(layers: Sequence[Layer], problem: Problem, table: pd.DataFrame) -> dict[str, bytes]:
    """Make the files of the layers: name to content.

    Parameters
    ----------
    layers, problem
        The layers, and the problem of the territories under them.
    table
        How large positions are (`spm_opt.overlay.rollup.sizes`).
    """
    return {MEMBERS: frame_bytes(members(layers, problem)), SIZES: frame_bytes(in_money(table))}


def in_money(table: pd.DataFrame) -> pd.DataFrame:
    """Write quotas as money, in place of whole cents."""
    if "quota_cents" not in table:
        return table
    quota = [money(int(cents)) for cents in table["quota_cents"]]
    return table.assign(quota_cents=quota).rename(columns={"quota_cents": "quota"})


def layer_rows(layers: Sequence[Layer], table: pd.DataFrame) -> list[dict[str, Any]]:
    """Lay the layers out for programs: what is proven of each, its rules and its positions."""
    return [
        {
            **proven(layer),
            "criteria": [
                {
                    "criterion": measure.title,
                    "value": measure.value,
                    "unit": measure.unit,
                    "holds": measure.holds,
                }
                for measure in layer.verdict.measures
            ],
            "positions": in_money(table[table["layer"] == layer.name])
            .drop(columns="layer")
            .to_dict("records"),
        }
        for layer in layers
    ]
