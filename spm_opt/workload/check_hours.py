"""What the settings of the workload say against accounts and activities, and what is not counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import chain

import numpy as np

from spm_opt.problem import FloatArray
from spm_opt.scenario.findings import Finding, Severity, nearest
from spm_opt.scenario.locate import Path
from spm_opt.scenario.located import column_name
from spm_opt.scenario.scenario import Scenario
from spm_opt.scenario.settings_file import FILE, dotted, places_in
from spm_opt.scenario.workload_settings import Workload
from spm_opt.workload.travel import Trips

Fault = tuple[Severity, str, Path, str, str, str]
"""Severity, rule, path of the key, value, what was expected, a suggestion."""
_SHOWN = 12


def check_hours(scenario: Scenario) -> list[Finding]:
    """Judge ``[workload]``: every fault at its key."""
    rules = scenario.settings.workload
    if rules is None:
        return []
    places = places_in(scenario.folder)
    faults = chain(
        _unknown_segments(scenario, rules), _uncovered(scenario, rules), _twice(rules), _channels(rules),
        _activities(scenario, rules),
    )  # fmt: skip
    return [
        Finding(severity, rule, FILE, places.place(path).line, dotted(path), value, expected, hint)
        for severity, rule, path, value, expected, hint in faults
    ]


def _unknown_segments(scenario: Scenario, rules: Workload) -> Iterator[Fault]:
    """Find coverage and new business for segments that no account has."""
    known = sorted(set(scenario.accounts["segment"].unique()) - {""})
    listed = f"one of {', '.join(known[:_SHOWN])}" + (", ..." if len(known) > _SHOWN else "")
    for key in ("coverage", "new_business"):
        for at, one in enumerate(getattr(rules, key)):
            if one.segment and one.segment not in known:
                expected = listed if known else "a segment, of which there is none"
                path = ("workload", key, at, "segment")
                yield (
                    "error",
                    "segment that no account has",
                    path,
                    one.segment,
                    expected,
                    nearest(one.segment, known),
                )


def _uncovered(scenario: Scenario, rules: Workload) -> Iterator[Fault]:
    """Find segments whose accounts nobody would talk to."""
    named = {one.segment for one in rules.coverage}
    if "" in named:
        return
    for segment, count in sorted(Counter(scenario.accounts["segment"]).items()):
        if segment not in named:
            hint = f'segment = "{segment}" under [[workload.coverage]], or an entry without a segment for all others'
            value = f"{segment or 'no segment'}: {count:,} {'account' if count == 1 else 'accounts'}"
            yield (
                "error", "segment without coverage", ("workload", "coverage"), value, "contacts of every segment",
                hint if segment else "an entry without a segment",
            )  # fmt: skip


def _twice(rules: Workload) -> Iterator[Fault]:
    """Find segments that are given twice for one channel."""
    for key in ("coverage", "new_business"):
        seen: dict[tuple[str, str], int] = {}
        for at, one in enumerate(getattr(rules, key)):
            first = seen.setdefault((one.segment, one.channel), at)
            if first != at:
                value = f"{one.segment or 'all others'}, {one.channel}"
                hint = f"it is already in {dotted(('workload', key, first))}"
                yield (
                    "error", "segment and channel given twice", ("workload", key, at), value,
                    "each segment and channel once", hint,
                )  # fmt: skip


def _channels(rules: Workload) -> Iterator[Fault]:
    """Find channels that the sellers work and that nothing speaks of."""
    used = {one.channel for one in rules.coverage} | {one.channel for one in rules.new_business}
    for at, channel in enumerate(rules.channels):
        if channel not in used:
            expected = f"one of {', '.join(sorted(used))}, which coverage speaks of"
            yield "error", "channel without coverage", ("workload", "channels", at), channel, expected, ""


def _activities(scenario: Scenario, rules: Workload) -> Iterator[Fault]:
    """See that the activity is one, that it is used, and that there is a potential for new business."""
    settings, name = scenario.settings, rules.activity
    path: Path = ("workload", "activity")
    if name not in settings.activities:
        hint = nearest(name, settings.activities) or f'{name} = "hours" under [activities]'
        expected = f"one of {', '.join(settings.activities)}"
        yield "error", "unknown activity", path, name, expected, hint
    else:
        said = {one.name for criterion in settings.criteria for one in criterion.references()}
        if name not in {*said, *settings.quota.mix, settings.simulate.workload}:
            expected = "a criterion of this activity, or simulate.workload"
            yield "warning", "activity that nothing is held against", path, name, expected, ""
    potential = settings.simulate.potential
    if rules.new_business and potential not in settings.activities:
        expected = f"an activity {potential!r} (simulate.potential), which new business is counted from"
        hint = nearest(potential, settings.activities)
        yield "error", "no potential", ("workload", "new_business"), potential, expected, hint


def without_travel(scenario: Scenario, trips: Trips | None) -> list[Finding]:
    """Warn of accounts that are visited and whose travel is not known, and of seats that nobody has."""
    if trips is None:
        return []
    lost = trips.visited & np.isnan(trips.out)
    if not lost.any():
        return []
    accounts, table = scenario.accounts, scenario.settings.tables.accounts
    bare: FloatArray = scenario.sellers[["x", "y"]].to_numpy(dtype=float)
    if np.isnan(bare).any(axis=1).all():
        rule, expected = "no travel is counted: no position has a seat", "coordinates of sellers"
        return [Finding("warning", rule, scenario.settings.tables.sellers.path, expected=expected)]
    first = accounts.iloc[int(lost.argmax())]
    count = int(lost.sum())
    return [
        Finding(
            "warning", "visited accounts without a place: no travel is counted", table.path, int(first["row"]),
            column_name(table, "unit"), f"{count:,} {'account' if count == 1 else 'accounts'}",
            "coordinates, the id of a polygon, or a row in the table of travel",
        )
    ]  # fmt: skip
