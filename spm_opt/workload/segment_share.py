"""Segments by share: the largest accounts that make up the first half are A, and so on."""

from __future__ import annotations

import numpy as np
import pandas as pd

from spm_opt.problem import BoolArray, FloatArray, IntArray
from spm_opt.scenario.findings import Finding
from spm_opt.scenario.located import frame_findings
from spm_opt.scenario.segment_settings import Segments
from spm_opt.scenario.settings_file import FILE, Places, dotted
from spm_opt.scenario.texts import is_empty
from spm_opt.workload.account_columns import AccountColumns
from spm_opt.workload.assigned import Assigned, figure

SAME = 1e-9
"""Shares this near to a limit have reached it: sums of amounts are not exact."""


def by_share(columns: AccountColumns, settings: Segments, places: Places) -> Assigned:
    """Class accounts by the cumulative share of a measure, the largest first.

    Accounts of the same size follow each other by id. An account belongs to the class in which it begins: by the share
    that those before it hold. One that has nothing of the measure belongs to the last class. The boundary
    between two classes lies halfway between the smallest amount above and the largest below; an account is near whose
    amount differs from it by at most ``near`` of the boundary.
    """
    values = np.nan_to_num(columns.numbers(settings.measure)).clip(0)
    groups, group_names = _groups(columns, settings)
    rank, size, begins, total = _ranked(values, groups, len(group_names))
    limits = np.array(list(settings.classes.values()))
    level = np.searchsorted(limits - SAME, begins, side="right").clip(0, len(limits) - 1)
    level[values <= 0] = len(limits) - 1
    cell = groups * len(limits) + level
    used, number = np.unique(cell, return_inverse=True)
    classes = list(settings.classes)
    names = [(group_names[c // len(limits)], classes[c % len(limits)]) for c in used.tolist()]
    cuts = _cuts(values, groups, level, len(group_names), len(limits))
    near = _near(values, cuts, groups, level, settings.near)

    def reasons(rows: IntArray) -> list[str]:
        told = zip(
            rank[rows].tolist(), size[rows].tolist(), values[rows].tolist(), begins[rows].tolist(),
            groups[rows].tolist(), level[rows].tolist(), strict=True,
        )  # fmt: skip
        return [_reason(settings, group_names[g], one, r, n, v, s) for r, n, v, s, g, one in told]

    return Assigned(
        names=tuple(f"{group} {one}".strip() for group, one in names),
        number=number.astype(np.int64),
        near=near,
        reasons=reasons,
        descriptions=tuple(
            _description(settings, int(c % len(limits)), values[number == i])
            for i, c in enumerate(used.tolist())
        ),
        findings=tuple(_findings(columns, settings, places, total, group_names)),
    )


def _groups(columns: AccountColumns, settings: Segments) -> tuple[IntArray, list[str]]:
    """Give the values within which accounts are classed numbers, in the order of their names."""
    if settings.within is None:
        return np.zeros(len(columns.scenario.accounts), dtype=np.int64), [""]
    codes, words = columns.words(settings.within)
    names = [";".join(one) for one in words]
    order = sorted(range(len(names)), key=names.__getitem__)
    place = np.empty(len(names), dtype=np.int64)
    place[order] = np.arange(len(names))
    return place[codes], [names[i] for i in order]


def _ranked(
    values: FloatArray, groups: IntArray, count: int
) -> tuple[IntArray, IntArray, FloatArray, FloatArray]:
    """Give each account's rank in its group, the group's size, the share before it, and each group's total."""
    order = np.lexsort((np.arange(len(values)), -values, groups))  # accounts are sorted by id
    sizes = np.bincount(groups, minlength=count)
    start = np.concatenate(([0], np.cumsum(sizes)))[:-1]
    rank = np.empty(len(values), dtype=np.int64)
    rank[order] = np.arange(len(values)) - np.repeat(start, sizes) + 1
    total = np.bincount(groups, values, count)
    reached = pd.Series(values[order]).groupby(groups[order]).cumsum().to_numpy()
    share = np.empty(len(values))
    whole = np.where(total > 0, total, 1.0)
    share[order] = (reached - values[order]) / whole[groups[order]]
    return rank, sizes[groups].astype(np.int64), share.clip(0, 1), total.astype(np.float64)


def _cuts(values: FloatArray, groups: IntArray, level: IntArray, count: int, levels: int) -> FloatArray:
    """Give the boundary below each class, ``nan`` where no account is on one side, shape ``(groups, levels)``.

    Between classes with an empty one in the middle there is one boundary, which both have.
    """
    low = np.full((count, levels), np.inf)
    high = np.full((count, levels), -np.inf)
    np.minimum.at(low, (groups, level), values)
    np.maximum.at(high, (groups, level), values)
    below = np.maximum.accumulate(high[:, ::-1], axis=1)[:, ::-1]
    below = np.column_stack([below[:, 1:], np.full(count, -np.inf)])
    above = np.minimum.accumulate(low, axis=1)
    found = (above + below) / 2
    return np.where(np.isfinite(found), found, np.nan)


def _near(values: FloatArray, cuts: FloatArray, groups: IntArray, level: IntArray, share: float) -> BoolArray:
    """Find the accounts whose amount is near to the boundary above or below their class."""
    padded = np.column_stack([np.full(len(cuts), np.nan), cuts])
    near = np.zeros(len(values), dtype=bool)
    for cut in (padded[groups, level], padded[groups, level + 1]):
        near |= (cut > 0) & (np.abs(values - cut) <= share * cut) & (values > 0)
    return near


def _reason(
    settings: Segments, group: str, level: int, rank: int, size: int, value: float, begins: float
) -> str:  # fmt: skip
    name, limit = list(settings.classes.items())[level]
    where = f" in {group}" if group else ""
    if value <= 0:
        return f"has no {settings.measure}, so the last class, {name}"
    ahead = "none before it" if rank == 1 else f"the {rank - 1:,} before it hold {100 * begins:.1f} %"
    return f"{settings.measure} {figure(value)} is number {rank:,} of {size:,}{where}: {ahead}, and {name} goes up to {100 * limit:g} %"


def _description(settings: Segments, level: int, values: FloatArray) -> str:
    limits = [0.0, *settings.classes.values()]
    lowest, highest = figure(float(values.min())), figure(float(values.max()))
    return f"{100 * limits[level]:g} to {100 * limits[level + 1]:g} % of {settings.measure}: {lowest} to {highest} each"


def _findings(
    columns: AccountColumns, settings: Segments, places: Places, total: FloatArray, groups: list[str]
) -> list[Finding]:  # fmt: skip
    """Find accounts that belong nowhere, and groups in which nothing can be shared."""
    found: list[Finding] = []
    frame, table = columns.scenario.accounts, columns.scenario.settings.tables.accounts
    if settings.within is not None and settings.within != "skills":
        column = "given_segment" if settings.within == "segment" else settings.within
        bare = is_empty(frame[column])
        shown = frame.rename(columns={"segment": "", "given_segment": "segment"})
        expected = f"a {settings.within}, since accounts are classed within it"
        found += frame_findings(shown, table, settings.within, bare, "empty", expected)
    line = places.place(("segments", "measure")).line
    key = dotted(("segments", "measure"))
    found += [
        Finding(
            "warning", "nothing to share", FILE, line, key, f"{settings.measure}{f' in {name}' if name else ''}",
            "accounts that have some", f"all of them are in the last class, {list(settings.classes)[-1]}",
        )
        for name, amount in zip(groups, total.tolist(), strict=True)
        if amount <= 0
    ]  # fmt: skip
    return found
