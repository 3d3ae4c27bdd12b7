"""What sellers are paid, as tables: a row a seller, and the steps of statements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from spm_opt.pay.pay import Payout
from spm_opt.pay.results import Results
from spm_opt.pay.statement import PAY, TOTAL, WHOLE
from spm_opt.report.tables import csv_bytes, frame_bytes, money
from spm_opt.scenario.scenario import Scenario
from spm_opt.score import QUANTILES

PAY_FILE, STATEMENTS = "pay.csv", "statements.csv"


def cost_figures(found: Payout, sales: np.ndarray) -> dict[str, float]:
    """Give the cost of pay: mean, quantiles, at mean results, at target, and as a share of sales.

    Parameters
    ----------
    found
        What is paid.
    sales
        Sales of the company in each replication, shape ``(replications,)``.
    """
    cost = found.cost
    figures = {"mean": float(cost.mean())}
    figures |= {name: float(np.quantile(cost, share)) for name, share in QUANTILES.items()}
    figures |= {"at_mean_sales": found.cost_at_mean, "at_target": float(found.target.sum())}
    mean = float(sales.mean())
    return figures | {"share_of_sales": float(cost.mean()) / mean if mean > 0 else np.nan}


def part_rows(found: Payout) -> list[dict[str, Any]]:
    """Lay out the parts of pay: the mean cost of each, and its cost at mean results."""
    return [
        {
            "part": name,
            "mean": float(own.sum(axis=1).mean()),
            "at_mean_sales": float(found.at_mean[name].sum()),
        }
        for name, own in found.by_component.items()
    ]


def pay_table(scenario: Scenario, results: Results, found: Payout) -> pd.DataFrame:
    """Lay out pay, a row a seller; ``PART`` columns hold the mean of each part of pay."""
    names = scenario.sellers.set_index("id")["name"].loc[list(found.seller_ids)]
    columns: dict[str, Any] = {
        "seller": found.seller_ids, "name": names.tolist(), "role": results.roles, "target_pay": found.target,
        "mean_pay": found.amount.mean(axis=0),
    }  # fmt: skip
    quantiles = np.quantile(found.amount, list(QUANTILES.values()), axis=0)
    columns |= {f"pay_{name}": row for name, row in zip(QUANTILES, quantiles, strict=True)}
    columns["pay_at_mean_sales"] = sum(found.at_mean.values())
    columns |= {"p_cap": found.capped, "p_below_threshold": found.missed}
    columns |= {f"mean_{name}": own.mean(axis=0) for name, own in found.by_component.items()}
    return pd.DataFrame(columns).assign(mean_owed=found.owed.mean(axis=0))


def pay_files(statements: pd.DataFrame, table: pd.DataFrame | None = None) -> dict[str, bytes]:
    """Make the files of pay: name to content."""
    files = {} if table is None else {PAY_FILE: frame_bytes(table)}
    return files | {STATEMENTS: statements_csv(statements)}


def statements_csv(rows: pd.DataFrame) -> bytes:
    """Write a row a step; ``value`` of figures, ``amount`` of parts and sums to the cent."""
    columns = ("seller", "period", "component", "step", "kind", "value")
    values = zip(*(rows[name].tolist() for name in (*columns, "cents")), strict=True)
    return csv_bytes(
        (*columns, "amount"),
        ([*row[:-1], None if pd.isna(row[-1]) else money(int(row[-1]))] for row in values),
    )


def statement_records(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Lay statements out for JSON, amounts in currency."""
    return [
        {
            **{str(key): value for key, value in row.items() if key != "cents"},
            "amount": _currency(row["cents"]),
        }
        for row in rows.to_dict("records")
    ]


def _currency(cents: Any) -> float | None:
    return None if pd.isna(cents) else int(cents) / 100


def paid_rows(scenario: Scenario, rows: pd.DataFrame) -> Sequence[Mapping[str, Any]]:
    """Sum statements up, a row a seller: pay by part and in all, in currency."""
    names = scenario.sellers.set_index("id")["name"]
    sums = rows[(rows["step"] == PAY) & (rows["period"] != WHOLE)]
    table = sums.pivot_table(index="seller", columns="component", values="cents", aggfunc="sum", sort=False)
    parts = [name for name in table.columns if name != TOTAL]
    return [
        {"seller": str(seller), "name": str(names[seller])}
        | {str(part): _currency(table.loc[seller, part]) for part in parts}
        | {"pay": _currency(table.loc[seller, TOTAL])}
        for seller in table.index
    ]
