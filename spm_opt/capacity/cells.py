"""Cells of headcount: the sellers of a role in a group, the hours asked of them, and the sales these hours serve.

A role works the hours of its channels and segments. Sales of an account belong to the roles that work its hours, in
proportion to them; what an account asks of channels that no role works belongs to nobody. An account is in the
group of its seller of today; without one, in that of the nearest seat, and without places its hours and sales are
spread over the groups as those of the others are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from spm_opt.problem import NONE, BoolArray, FloatArray, IntArray
from spm_opt.scenario.scenario import Scenario
from spm_opt.scenario.size_settings import Size, SizeRole
from spm_opt.simulate.history import Window, years
from spm_opt.simulate.productivity import productivity
from spm_opt.workload.hours import hours as asked_hours
from spm_opt.workload.selling_time import selling_time

YEAR = 12
COMPANY = "company"
"""The group of all where sellers have no level."""
SMALLEST, LARGEST = 0.2, 5.0
"""Efforts of a cell, in parts of its role's, that are believed."""


@dataclass(frozen=True, eq=False)
class Staff:
    """Positions in the order of their ids, arrays of shape ``(k,)``.

    Attributes
    ----------
    ids
        The ``k`` positions.
    group, role
        Place among the cells' groups and roles, ``NONE`` for none.
    filled
        Whether somebody fills it on the first day of the planned year.
    hours
        Hours a year of a settled seller in it.
    """

    ids: tuple[str, ...]
    group: IntArray
    role: IntArray
    filled: BoolArray
    hours: FloatArray


@dataclass(frozen=True, eq=False)
class Book:
    """Accounts in the order of their ids.

    Attributes
    ----------
    segment, seller
        Place among segments and positions, ``NONE`` for no seller; shape ``(a,)``.
    hours
        Hours asked of each role, shape ``(a, r)``.
    channels, by_channel
        Every channel, and the hours of each; shape ``(a, channels)``.
    sales
        Those of last year, shape ``(a,)``.
    """

    segment: IntArray
    seller: IntArray
    hours: FloatArray
    channels: tuple[str, ...]
    by_channel: FloatArray
    sales: FloatArray


@dataclass(frozen=True, eq=False)
class Cells:
    """Groups by roles; cell ``g * r + j`` is role ``j`` in group ``g``, ``c`` in all.

    Attributes
    ----------
    groups, roles, segments
        Names in sorted order.
    settings
        The role's settings, in the order of ``roles``.
    staff, book
        Who sells, and to whom.
    needed, base
        Hours asked a year, and sales of last year that they serve; shape ``(c, s)``.
    sellers
        Filled positions, shape ``(c,)``.
    seller_hours
        Hours a year of one settled seller, shape ``(c,)``.
    usual
        Effort of last year for each hour asked, by role; shape ``(r,)``.
    effort
        Effort of last year in parts of the role's, shape ``(c,)``.
    """

    groups: tuple[str, ...]
    roles: tuple[str, ...]
    segments: tuple[str, ...]
    settings: tuple[SizeRole, ...]
    staff: Staff
    book: Book
    needed: FloatArray
    base: FloatArray
    sellers: IntArray
    seller_hours: FloatArray
    usual: FloatArray
    effort: FloatArray

    @property
    def role(self) -> IntArray:
        """Each cell's role, shape ``(c,)``."""
        return np.tile(np.arange(len(self.roles)), len(self.groups))

    def name(self, cell: int) -> tuple[str, str]:
        """Give a cell's group and role."""
        return self.groups[cell // len(self.roles)], self.roles[cell % len(self.roles)]


def cells(scenario: Scenario, size: Size) -> Cells:
    """Put accounts and sellers into the cells that headcount is decided for."""
    accounts = scenario.accounts.sort_values("id", kind="stable", ignore_index=True)
    settings = tuple(sorted(size.roles, key=lambda role: role.name))
    roles = tuple(role.name for role in settings)
    groups, staff = _staff(scenario, size, roles)
    segments = tuple(sorted(set(accounts["segment"].tolist())))
    book = _book(scenario, accounts, settings, segments, staff)
    group = _groups_of(scenario, accounts, staff, book.seller)
    shape = (len(groups), len(roles), len(segments))
    asked = book.hours.sum(axis=1)
    served = book.sales[:, None] * np.divide(
        book.hours, asked[:, None], out=np.zeros_like(book.hours), where=asked[:, None] > 0
    )
    needed = _by_cell(book.hours, group, book.segment, shape)
    base = _by_cell(served, group, book.segment, shape)
    cell = np.where((staff.group >= 0) & (staff.role >= 0), staff.group * len(roles) + staff.role, NONE)
    count = len(groups) * len(roles)
    usual, effort = _effort(scenario, staff, cell, needed, len(roles))
    return Cells(
        groups, roles, segments, settings, staff, book, needed, base,
        np.bincount(cell[staff.filled & (cell >= 0)], minlength=count).astype(np.int64),
        _seller_hours(staff, cell, len(groups), len(roles)), usual, effort,
    )  # fmt: skip


def _staff(scenario: Scenario, size: Size, roles: tuple[str, ...]) -> tuple[tuple[str, ...], Staff]:
    """Read groups, roles and hours of the positions."""
    table = scenario.sellers.sort_values("id", kind="stable", ignore_index=True)
    level = table[size.level].to_numpy(dtype=object)
    groups = tuple(sorted(set(level.tolist()) - {""})) or (COMPANY,)
    group = pd.Index(groups).get_indexer(pd.Index(level))
    if groups == (COMPANY,) and (level == "").all():
        group = np.zeros(len(table), dtype=np.int64)
    own = table["role"].to_numpy(dtype=object)
    own = np.full(len(table), size.roles[0].name, dtype=object) if (own == "").all() else own
    hours = selling_time(scenario).hours.sum(axis=1)
    return groups, Staff(
        tuple(table["id"].tolist()), group.astype(np.int64),
        pd.Index(roles).get_indexer(pd.Index(own)).astype(np.int64), filled_on(scenario, table),
        np.where(np.isfinite(hours), hours, 0.0),
    )  # fmt: skip


def filled_on(scenario: Scenario, table: pd.DataFrame) -> BoolArray:
    """Say which positions somebody fills on the first day of the year; all, where the table has no names."""
    first = pd.Timestamp(scenario.settings.first_day)
    name = table["name"].to_numpy(dtype=object) != ""
    there = name if name.any() else np.ones(len(table), dtype=bool)
    begun = (table["start"].isna() | (table["start"] <= first)).to_numpy(dtype=bool)
    stays = (table["end"].isna() | (table["end"] >= first)).to_numpy(dtype=bool)
    return np.asarray(there & begun & stays, dtype=bool)


def _book(
    scenario: Scenario,
    accounts: pd.DataFrame,
    settings: tuple[SizeRole, ...],
    segments: tuple[str, ...],
    staff: Staff,
) -> Book:
    """Give each role the hours of its channels and segments."""
    asked = asked_hours(scenario)
    channels, by_channel = asked.channels, asked.by_channel
    segment = pd.Index(segments).get_indexer(pd.Index(accounts["segment"])).astype(np.int64)
    hours = np.zeros((len(accounts), len(settings)))
    for (j, c), own in worked(settings, channels, segments).items():
        hours[:, j] += np.where(np.isin(segment, own), by_channel[:, c], 0.0)
    seller = pd.Index(staff.ids).get_indexer(pd.Index(accounts["seller"])).astype(np.int64)
    return Book(segment, seller, hours, channels, by_channel, years(scenario).last)


def worked(
    settings: tuple[SizeRole, ...], channels: tuple[str, ...], segments: tuple[str, ...]
) -> dict[tuple[int, int], list[int]]:
    """List the segments whose hours each role works of each channel, by the places of role and channel."""
    found = {}
    for j, role in enumerate(settings):
        for c, channel in enumerate(channels):
            if channel not in role.channels:
                continue
            named = {name for other in settings if channel in other.channels for name in other.segments}
            own = set(role.segments) or set(segments) - named
            found[j, c] = [s for s, name in enumerate(segments) if name in own]
    return found


def _groups_of(scenario: Scenario, accounts: pd.DataFrame, staff: Staff, seller: IntArray) -> IntArray:
    """Find each account's group, ``NONE`` where it is in none; shape ``(a,)``."""
    group = np.append(staff.group, NONE)[seller]
    seats = scenario.sellers.sort_values("id", kind="stable", ignore_index=True)[["x", "y"]]
    planar = scenario.settings.units.coordinates == "planar"
    seat = _points(seats.to_numpy(dtype=float), planar=planar)
    place = _points(accounts[["x", "y"]].to_numpy(dtype=float), planar=planar)
    known = np.flatnonzero(np.isfinite(seat).all(axis=1) & (staff.group >= 0))
    lost = np.flatnonzero((group < 0) & np.isfinite(place).all(axis=1))
    if len(known) and len(lost):
        group[lost] = staff.group[known[cKDTree(seat[known]).query(place[lost])[1]]]
    return group


def _points(places: FloatArray, *, planar: bool) -> FloatArray:
    """Put places where straight lines rank as distances do: in their plane, or on the unit sphere."""
    if planar:
        return places
    lon, lat = np.radians(places[:, 0]), np.radians(places[:, 1])
    return np.column_stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])


def _by_cell(
    values: FloatArray, group: IntArray, segment: IntArray, shape: tuple[int, int, int]
) -> FloatArray:
    """Add accounts ``(a, r)`` up by cell and segment, ``(c, s)``; what is in no group is spread as the rest is."""
    groups, roles, segments = shape
    out = np.zeros(shape)
    for j in range(roles):
        place = np.where(group >= 0, group, groups) * segments + segment
        sums = np.bincount(place, values[:, j], (groups + 1) * segments).reshape(groups + 1, segments)
        inside, total = sums[:-1], sums[:-1].sum(axis=0)
        company = inside.sum(axis=1) / inside.sum() if inside.sum() > 0 else np.full(groups, 1 / groups)
        share = np.where(total > 0, inside / np.where(total > 0, total, 1.0), company[:, None])
        out[:, j] = inside + share * sums[-1]
    return out.reshape(groups * roles, segments)


def _seller_hours(staff: Staff, cell: IntArray, groups: int, roles: int) -> FloatArray:
    """Hours of one settled seller: the mean of the cell's positions, else of the role's, else of all."""
    known = (staff.hours > 0) & (cell >= 0)
    every = float(staff.hours[known].mean()) if known.any() else 0.0
    of_role = _mean(staff.hours[known], cell[known] % roles, roles, np.full(roles, every))
    return _mean(staff.hours[known], cell[known], groups * roles, np.tile(of_role, groups))


def _mean(values: FloatArray, place: IntArray, count: int, other: FloatArray) -> FloatArray:
    members = np.bincount(place, minlength=count)
    sums = np.bincount(place, values, count)
    return np.where(members > 0, sums / np.maximum(members, 1), other)


def _effort(
    scenario: Scenario, staff: Staff, cell: IntArray, needed: FloatArray, roles: int
) -> tuple[FloatArray, FloatArray]:
    """Effort of last year for each hour asked, by role, and each cell's in parts of it.

    It is that of the sellers who fill positions now, with their ramp in last year. A role without any is taken to
    cover what it is asked for; a cell without any, to have been served as the role's others were.
    """
    window = Window(scenario.settings.year * YEAR - YEAR)
    level = productivity(scenario.sellers, staff.ids, scenario.settings, window=window).mean(axis=1)
    there = staff.filled & (cell >= 0)
    hours = np.bincount(cell[there], (staff.hours * level)[there], len(needed))
    asked = needed.sum(axis=1)
    by_role, asked_role = hours.reshape(-1, roles).sum(axis=0), asked.reshape(-1, roles).sum(axis=0)
    known = (by_role > 0) & (asked_role > 0)
    usual = np.where(known, by_role / np.where(known, asked_role, 1.0), 1.0)
    given = (hours > 0) & (asked > 0)
    own = hours / np.where(given, asked, 1.0) / np.tile(usual, len(needed) // roles)
    return usual, np.where(given, own.clip(SMALLEST, LARGEST), 1.0)
