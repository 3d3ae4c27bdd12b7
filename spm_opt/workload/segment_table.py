"""Segments as tables: how large each is, what it buys and loses, and who came from where."""

from __future__ import annotations

import numpy as np
import pandas as pd

from spm_opt.problem import NONE, BoolArray, FloatArray, IntArray
from spm_opt.scenario.segment_columns import typed_activities
from spm_opt.workload.account_columns import AccountColumns
from spm_opt.workload.assigned import Assigned


def segment_table(columns: AccountColumns, assigned: Assigned) -> pd.DataFrame:
    """Tabulate the segments, a row each.

    Columns are ``segment``, ``accounts``, ``share`` (of all accounts), the sum of each activity that the table of
    accounts holds, ``last_year`` (sales), ``bought_before`` (accounts that bought in the year before), ``lost``
    (of these, the ones that bought nothing in the last year), ``churn`` (their share), ``near`` (accounts near
    to a boundary) and ``description``. The last three of sales are ``nan`` where history has less than two years.
    """
    number, count = assigned.number, len(assigned.names)
    held = number != NONE
    sales = columns.bought
    unknown = np.full(count, np.nan)
    bought = lost = unknown
    if sales.before is not None:
        customer = sales.before > 0
        bought = _sums(customer, number, held, count)
        lost = _sums(customer & (sales.last <= 0), number, held, count)
    accounts = _sums(held, number, held, count)
    return pd.DataFrame({
        "segment": list(assigned.names),
        "accounts": accounts.astype(np.int64),
        "share": accounts / max(len(number), 1),
        **_amounts(columns, number, held, count),
        "bought_before": bought,
        "lost": lost,
        "churn": np.divide(lost, bought, out=unknown.copy(), where=bought > 0),
        "near": _sums(assigned.near, number, held, count).astype(np.int64),
        "description": list(assigned.descriptions),
    })  # fmt: skip


def segment_changes(columns: AccountColumns, assigned: Assigned, previous: pd.Series[str]) -> pd.DataFrame:
    """Tabulate who came from where: a row a pair of last year's segment and the new one that accounts have.

    Columns are ``previous_segment``, ``segment`` (both empty where there is none), ``accounts``, the sum of each
    activity, and ``last_year``.
    """
    codes, words = pd.factorize(previous, sort=True)
    names = [*assigned.names, ""]
    number = np.where(assigned.number == NONE, len(names) - 1, assigned.number)
    pairs, at = np.unique(codes * len(names) + number, return_inverse=True)
    held = np.ones(len(number), dtype=bool)
    return pd.DataFrame({
        "previous_segment": [str(words[p // len(names)]) for p in pairs.tolist()],
        "segment": [names[p % len(names)] for p in pairs.tolist()],
        "accounts": np.bincount(at, minlength=len(pairs)),
        **_amounts(columns, at.astype(np.int64), held, len(pairs)),
    })  # fmt: skip


def _amounts(columns: AccountColumns, number: IntArray, held: BoolArray, count: int) -> dict[str, FloatArray]:
    """Sum activities and sales of the last year by segment."""
    amounts = {name: columns.numbers(name) for name in typed_activities(columns.scenario.settings)}
    amounts.setdefault("last_year", columns.bought.last)
    return {name: _sums(np.nan_to_num(values), number, held, count) for name, values in amounts.items()}


def _sums(values: FloatArray | BoolArray, number: IntArray, held: BoolArray, count: int) -> FloatArray:
    return np.bincount(number[held], values[held], count).astype(np.float64)
