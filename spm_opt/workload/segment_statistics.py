"""Segments by statistics: accounts that are alike in chosen measures, as many segments as come out again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from spm_opt.problem import NONE, BoolArray, FloatArray, IntArray
from spm_opt.scenario.findings import Finding, Severity
from spm_opt.scenario.locate import Path
from spm_opt.scenario.segment_columns import GROWTH
from spm_opt.scenario.segment_settings import Segments
from spm_opt.scenario.settings_file import FILE, Places, dotted
from spm_opt.workload.account_columns import AccountColumns
from spm_opt.workload.assigned import Assigned, figure
from spm_opt.workload.stable_number import Choice, centers, nearest_center, one_thread, stable_number

LOOKED_AT, FITTED = 1_500, 20_000
"""Most accounts whose stability is looked at, and that centers are fitted to; drawn by a hash of their ids."""
STARTS = 10
SKEWED = 1.0
"""Skewness from which on a measure is taken by its logarithm."""
LEAST_GROWTH, MOST_GROWTH = -0.9, 9.0
"""Limits that growth is drawn in to, whose logarithm is taken."""


@dataclass(frozen=True, eq=False)
class Measured:
    """Measures that accounts are compared by.

    Attributes
    ----------
    names
        The measures that differ among accounts.
    raw
        As they are, shape ``(a, d)``.
    points
        Scaled, so that half of the accounts lie within 1 of each other in each: shape ``(a, d)``.
    """

    names: tuple[str, ...]
    raw: FloatArray
    points: FloatArray


def by_statistics(columns: AccountColumns, settings: Segments, places: Places, seed: int) -> Assigned:
    """Cluster accounts by k-means on scaled measures.

    A measure that cannot be negative and is skewed is taken as ``log(1 + value / median of what is above 0)``, growth as
    ``log(1 + growth)`` between -90 % and +900 % (none where it is not known); then each is centered by its
    median and scaled by its quartiles. The number is that of `stable_number`. An account is near to a boundary where the
    distances to its own center and to the next differ by at most ``near`` of the latter. Segments are S1, S2 and so
    on by the first measure, the highest first.

    Raises
    ------
    MissingExtra
        scikit-learn is not installed.
    """
    measured, findings = _measured(columns, settings, places)
    ids = columns.scenario.accounts["id"]
    tried = range(settings.fewest, settings.most + 1)
    looked_at = measured.points[drawn(ids, LOOKED_AT)]
    choice = _chosen(looked_at, tried, seed) if measured.names else None
    if choice is None or choice.number == 0:
        return _nothing(len(ids), findings, settings, places)
    with one_thread():
        fitted = centers(measured.points[drawn(ids, FITTED)], choice.number, seed, STARTS)
    fitted = fitted[np.lexsort(-fitted.T[::-1])]
    number, first, second = nearest_center(measured.points, fitted)
    names = tuple(f"S{i + 1}" for i in range(len(fitted)))

    def reasons(rows: IntArray) -> list[str]:
        two = np.argsort(_distances(measured.points[rows], fitted), axis=1, kind="stable")[:, 1]
        told = zip(measured.raw[rows].tolist(), number[rows].tolist(), first[rows].tolist(), second[rows].tolist(),
                   two.tolist(), strict=True)  # fmt: skip
        return [_reason(measured.names, names, *one) for one in told]

    if not choice.grouped:
        findings = [*findings, _no_groups(places, choice)]
    return Assigned(
        names=names,
        number=number,
        near=second - first <= settings.near * second,
        reasons=reasons,
        descriptions=tuple(_description(measured, number == i) for i in range(len(names))),
        findings=tuple(findings),
        stability=choice.table,
    )


def drawn(ids: pd.Series[str], most: int) -> IntArray:
    """Draw accounts by a hash of their ids: the same whatever else is in the table's rows, in the order of ids."""
    if len(ids) <= most:
        return np.arange(len(ids))
    key = pd.util.hash_array(ids.to_numpy(dtype=object), categorize=False)
    return np.sort(np.lexsort((np.arange(len(key)), key))[:most])


def _chosen(points: FloatArray, tried: range, seed: int) -> Choice:
    if len(np.unique(points, axis=0)) <= 2 * tried.start:
        return Choice(0, grouped=False, table=pd.DataFrame())
    return stable_number(points, tried, seed)


def _measured(columns: AccountColumns, settings: Segments, places: Places) -> tuple[Measured, list[Finding]]:
    """Scale every measure; one in which accounts do not differ is left out, with a warning."""
    raw, scaled, names, findings = [], [], [], []
    for at, name in enumerate(settings.measures):
        values = np.nan_to_num(columns.numbers(name))
        points = _scaled(values, growth=name == GROWTH)
        if points is None:
            path: Path = ("segments", "measures", at)
            expected = "a measure in which accounts differ"
            if name == GROWTH and columns.bought.before is None:
                expected = "two years of history, which growth needs"
            findings.append(_finding("warning", places, path, "measure that tells nothing", name, expected))
        else:
            names.append(name)
            raw.append(values)
            scaled.append(points)
    count = len(columns.scenario.accounts)
    stacked = [np.stack(one, axis=1) if one else np.zeros((count, 0)) for one in (raw, scaled)]
    return Measured(tuple(names), *stacked), findings


def _scaled(values: FloatArray, *, growth: bool) -> FloatArray | None:
    """Scale one measure; nothing where all accounts have the same."""
    if not len(values) or values.min() == values.max():
        return None
    if growth:
        values = np.log1p(values.clip(LEAST_GROWTH, MOST_GROWTH))
    elif values.min() >= 0 and _skewness(values) > SKEWED:
        values = np.log1p(values / np.median(values[values > 0]))
    low, middle, high = np.quantile(values, (0.25, 0.5, 0.75))
    scale = high - low if high > low else values.std()
    return (values - middle) / scale if scale > 0 else None


def _skewness(values: FloatArray) -> float:
    centered = values - values.mean()
    return float((centered**3).mean() / (centered**2).mean() ** 1.5)


def _distances(points: FloatArray, places: FloatArray) -> FloatArray:
    return np.asarray(np.sqrt(((points[:, None] - places[None]) ** 2).sum(axis=2)), dtype=np.float64)


def _reason(
    measures: tuple[str, ...], names: tuple[str, ...], raw: list[float], number: int, first: float, second: float,
    two: int,
) -> str:  # fmt: skip
    """Say what an account has, and how much nearer it is to its own segment than to the next."""
    what = ", ".join(f"{name} {figure(value)}" for name, value in zip(measures, raw, strict=True))
    times = f"{second / first:.2g} times as far" if first > 0 else "further"
    return f"{what}: most like {names[number]}; {names[two]} is {times}"


def _description(measured: Measured, mine: BoolArray) -> str:
    if not mine.any():
        return "no account"
    middle = np.median(measured.raw[mine], axis=0).tolist()
    return "typically " + ", ".join(
        f"{name} {figure(value)}" for name, value in zip(measured.names, middle, strict=True)
    )


def _nothing(count: int, findings: list[Finding], settings: Segments, places: Places) -> Assigned:
    """Leave all accounts without a segment, and say why."""
    text = "too few accounts that differ to be segmented by statistics"
    expected = f"more than {2 * settings.fewest} different accounts"
    found = _finding("error", places, ("segments", "measures"), text, "", expected)
    return Assigned(
        (), np.full(count, NONE), np.zeros(count, dtype=bool), lambda rows: ["cannot be said"] * len(rows), (),
        (*findings, found),
    )  # fmt: skip


def _no_groups(places: Places, choice: Choice) -> Finding:
    text = "no groups that come out again more than in data without any"
    expected = 'segments that differ; by = "share" or rules of your own cut a cloud as well'
    return _finding("warning", places, ("segments", "measures"), text, f"{choice.number} segments", expected)


def _finding(severity: Severity, places: Places, path: Path, rule: str, value: str, expected: str) -> Finding:
    line = places.place(path).line
    return Finding(severity, rule, FILE, line, dotted(path), value, expected)
