"""Hours that accounts ask for, each with its derivation.

Of an account and a channel, a year:

    contacts x (hours + preparation)  +  contacts x travel of one  +  new business

Contacts and their hours are those of the account's segment; travel is that of contacts in the field (`travel`); new
business is ``hours x (potential - last year's sales) / per``, never below 0 and at most ``most``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from spm_opt.errors import ScenarioError
from spm_opt.problem import NONE, BoolArray, FloatArray, IntArray
from spm_opt.scenario.findings import Findings
from spm_opt.scenario.scenario import Scenario
from spm_opt.scenario.workload_settings import CHANNELS, Coverage, NewBusiness, Workload
from spm_opt.workload.bought import bought
from spm_opt.workload.check_hours import check_hours, without_travel
from spm_opt.workload.travel import Trips, trips

PARTS = ("contact_hours", "preparation_hours", "travel_hours", "new_business_hours")
"""What the hours of an account and a channel are made of."""


@dataclass(frozen=True, eq=False)
class Hours:
    """Hours a year of ``a`` accounts by ``c`` channels, in the order of sorted ids.

    Attributes
    ----------
    account_ids
        The accounts.
    segment
        Their segments, shape ``(a,)``.
    channels
        The channels that are used.
    asked
        Whether coverage or new business speaks of the account and the channel, shape ``(a, c)``.
    contacts
        Contacts a year, shape ``(a, c)``; ``nan`` where hours are a column.
    contact_hours, preparation_hours, travel_hours, new_business_hours
        Hours a year, each of shape ``(a, c)``; ``nan`` where hours are a column.
    by_channel
        Their sum, shape ``(a, c)``.
    total
        Hours of the channels that the sellers of the plan work, shape ``(a,)``.
    gap
        Potential beyond last year's sales, shape ``(a,)``; 0 where nothing asks for it.
    trips
        Travel of one contact in the field, in the same order; ``None`` where there are none.
    findings
        What is wrong, and what was not counted.
    """

    account_ids: tuple[str, ...]
    segment: np.ndarray
    channels: tuple[str, ...]
    asked: BoolArray
    contacts: FloatArray
    contact_hours: FloatArray
    preparation_hours: FloatArray
    travel_hours: FloatArray
    new_business_hours: FloatArray
    by_channel: FloatArray
    total: FloatArray
    gap: FloatArray
    trips: Trips | None
    findings: Findings

    @cached_property
    def parts(self) -> pd.DataFrame:
        """A row an account and channel: ``account``, ``segment``, ``channel``, ``contacts``, the parts, ``hours``."""
        account, channel = np.nonzero(self.asked)
        ids = np.array(self.account_ids, dtype=object)
        columns = {"account": ids[account], "segment": self.segment[account]}
        columns["channel"] = np.array(self.channels, dtype=object)[channel]
        for name in ("contacts", *PARTS):
            columns[name] = getattr(self, name)[account, channel]
        return pd.DataFrame({**columns, "hours": self.by_channel[account, channel]})


def hours(scenario: Scenario) -> Hours:
    """Work out the hours that every account asks for.

    Without ``[workload]`` they are a column of the accounts, of the channel ``field``.

    Raises
    ------
    ScenarioError
        There is neither ``[workload]`` nor an activity that holds hours.
    """
    rules = scenario.settings.workload
    accounts = scenario.accounts
    if not accounts["id"].is_monotonic_increasing:
        accounts = accounts.sort_values("id", kind="stable", ignore_index=True)
        scenario = replace(scenario, accounts=accounts)
    if rules is None:
        return _of_column(scenario)
    codes, names = pd.factorize(accounts["segment"])
    segments = [str(name) for name in names]
    channels = tuple(one for one in CHANNELS if one in used_channels(rules))
    cover = np.column_stack([_rows_of(segments, rules.coverage, one) for one in channels])
    contacts = _table(cover, rules.coverage, "contacts")[codes]
    trip = (
        trips(scenario, contacts[:, channels.index("field")] > 0, rules.travel)
        if "field" in channels
        else None
    )
    travelled = np.zeros(contacts.shape)
    if trip is not None:
        travelled[:, channels.index("field")] = contacts[:, channels.index("field")] * trip.hours
    gap = _gap(scenario) if rules.new_business else np.zeros(len(accounts))
    new, seeks = _new_business(rules.new_business, segments, codes, channels, gap)
    talk = contacts * _table(cover, rules.coverage, "hours")[codes]
    prepare = contacts * _table(cover, rules.coverage, "preparation")[codes]
    by_channel = talk + prepare + travelled + new
    worked = [at for at, one in enumerate(channels) if one in rules.channels]
    asked = (cover != NONE)[codes] | seeks
    return Hours(
        account_ids=tuple(accounts["id"].tolist()), segment=names.to_numpy(dtype=object)[codes], channels=channels,
        asked=asked, contacts=contacts, contact_hours=talk, preparation_hours=prepare, travel_hours=travelled,
        new_business_hours=new, by_channel=by_channel, total=by_channel[:, worked].sum(axis=1), gap=gap, trips=trip,
        findings=Findings.of([*check_hours(scenario), *without_travel(scenario, trip)]),
    )  # fmt: skip


def used_channels(rules: Workload) -> set[str]:
    """Collect the channels that coverage or new business speaks of."""
    return {one.channel for one in rules.coverage} | {one.channel for one in rules.new_business}


def rule_of(segment: str, entries: Sequence[Coverage] | Sequence[NewBusiness], channel: str) -> int:
    """Find the entry for a segment and a channel, ``NONE`` where there is none.

    Entries without a segment are for segments that no entry names, in any channel.
    """
    keys = [(one.segment, one.channel) for one in entries]
    name = segment if segment in {one for one, _ in keys} else ""
    return next((at for at, key in enumerate(keys) if key == (name, channel)), NONE)


def _rows_of(
    segments: list[str], entries: Sequence[Coverage] | Sequence[NewBusiness], channel: str
) -> IntArray:
    return np.array([rule_of(one, entries, channel) for one in segments], dtype=np.int64)


def _table(cover: IntArray, entries: Sequence[Coverage], key: str) -> FloatArray:
    """Lay a key of the coverage out by segment and channel, 0 where there is none."""
    values: FloatArray = np.array([*(getattr(one, key) for one in entries), 0.0])
    return np.asarray(values[cover])


def _gap(scenario: Scenario) -> FloatArray:
    """Give each account's potential beyond last year's sales."""
    name, accounts = scenario.settings.simulate.potential, scenario.accounts
    if name not in accounts.columns:
        return np.zeros(len(accounts))
    potential = np.nan_to_num(accounts[name].to_numpy(dtype=float))
    return np.asarray(np.maximum(potential - bought(scenario).last, 0.0))


def _new_business(
    entries: Sequence[NewBusiness], segments: list[str], codes: IntArray, channels: tuple[str, ...], gap: FloatArray
) -> tuple[FloatArray, BoolArray]:  # fmt: skip
    """Give hours of new business, and whether an entry asks for them, each by account and channel."""
    out, asks = np.zeros((len(codes), len(channels))), np.zeros((len(codes), len(channels)), dtype=bool)
    rate = np.array([*(one.hours / one.per for one in entries), 0.0])
    most = np.array([*(np.inf if one.most is None else one.most for one in entries), 0.0])
    for at, channel in enumerate(channels):
        entry = _rows_of(segments, entries, channel)[codes]
        out[:, at] = np.minimum(gap * rate[entry], most[entry])
        asks[:, at] = entry != NONE
    return out, asks


def _of_column(scenario: Scenario) -> Hours:
    """Take the hours that somebody typed."""
    accounts, name = scenario.accounts, scenario.settings.simulate.workload
    if name not in accounts.columns:
        raise ScenarioError(
            [
                f"no hours of accounts: neither [workload] nor an activity {name!r} (simulate.workload) is there"
            ]
        )
    typed = accounts[name].to_numpy(dtype=float)
    column, empty = typed[:, None], np.full((len(accounts), 1), np.nan)
    return Hours(
        account_ids=tuple(accounts["id"].tolist()), segment=accounts["segment"].to_numpy(dtype=object),
        channels=("field",), asked=np.ones(column.shape, dtype=bool), contacts=empty, contact_hours=empty,
        preparation_hours=empty, travel_hours=empty, new_business_hours=empty, by_channel=column, total=typed,
        gap=np.zeros(len(typed)), trips=None, findings=Findings(),
    )  # fmt: skip
