"""Headcount's settings against the tables: names of roles and segments, who works what, limits that contradict."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from spm_opt.scenario.findings import Finding
from spm_opt.scenario.locate import Path
from spm_opt.scenario.located import frame_findings, nearest_of
from spm_opt.scenario.scenario import Scenario
from spm_opt.scenario.settings_file import FILE, Places, dotted, places_in
from spm_opt.scenario.size_settings import Size
from spm_opt.scenario.texts import is_empty, is_one_of


def check_size(scenario: Scenario) -> list[Finding]:
    """Judge ``[size]``; without it there is nothing to judge."""
    size = scenario.settings.size
    if size is None:
        return []
    places = places_in(scenario.folder)
    return [
        *_segments(scenario, size, places),
        *_repeated(size, places),
        *_shared(scenario, size, places),
        *_limits(size, places),
        *_hours(scenario, places),
        *_sellers(scenario, size),
    ]


def _finding(places: Places, path: Path, rule: str, value: str, expected: str, hint: str = "") -> Finding:
    return Finding("error", rule, FILE, places.place(path).line, dotted(path), value, expected, hint)


def _segments(scenario: Scenario, size: Size, places: Places) -> Iterator[Finding]:
    """Find segments that no account has."""
    known = set(scenario.accounts["segment"]) - {""}
    if not len(scenario.accounts):
        return
    named: list[tuple[Path, str]] = [
        (("size", "roles", i, "segments", j), name)
        for i, role in enumerate(size.roles)
        for j, name in enumerate(role.segments)
    ]
    named += [(("size", "responses", i, "segment"), one.segment) for i, one in enumerate(size.responses)]
    expected = f"one of {', '.join(sorted(known))}" if known else "a segment, of which there is none"
    for path, name in named:
        if name and name not in known:
            yield _finding(places, path, "unknown segment", name, expected, nearest_of(known)(name))


def _repeated(size: Size, places: Places) -> Iterator[Finding]:
    """Find a role, or the response of a segment, that is there twice."""
    for key, field, names in (
        ("roles", "name", [role.name for role in size.roles]),
        ("responses", "segment", [one.segment for one in size.responses]),
    ):
        for i, name in enumerate(names):
            if name in names[:i]:
                yield _finding(
                    places, ("size", key, i, field), f"two {key} for one {field}", name, f"each {field} once"
                )


def _shared(scenario: Scenario, size: Size, places: Places) -> Iterator[Finding]:
    """Find hours that two roles would both work."""
    segments = set(scenario.accounts["segment"])
    for i, role in enumerate(size.roles):
        for other in size.roles[:i]:
            for channel in sorted(set(role.channels) & set(other.channels)):
                both = _works(size, role.name, channel, segments) & _works(
                    size, other.name, channel, segments
                )
                if both and role.name != other.name:
                    listed = ", ".join(sorted(both)) or "all accounts"
                    yield _finding(
                        places, ("size", "roles", i, "name"), f"hours that {other.name} works, too", role.name,
                        "other channels or other segments", f"{channel} hours of {listed} are named by both",
                    )  # fmt: skip


def _works(size: Size, name: str, channel: str, segments: Iterable[str]) -> set[str]:
    role = next(one for one in size.roles if one.name == name)
    named = {one for other in size.roles if channel in other.channels for one in other.segments}
    return set(role.segments) or set(segments) - named


def _limits(size: Size, places: Places) -> Iterator[Finding]:
    """Find a role whose fewest are more than its most."""
    for i, role in enumerate(size.roles):
        if role.most is not None and role.least > role.most:
            yield _finding(
                places, ("size", "roles", i, "least"), "fewest sellers above the most", str(role.least),
                f"at most {role.most}",
            )  # fmt: skip


def _hours(scenario: Scenario, places: Places) -> Iterator[Finding]:
    """See that the hours of accounts are known from somewhere."""
    settings = scenario.settings
    if settings.workload is None and settings.simulate.workload not in settings.activities:
        near = nearest_of(settings.activities)(settings.simulate.workload)
        yield _finding(
            places, ("size",), "hours that accounts ask for are not known", "",
            f"[workload], or an activity called {settings.simulate.workload}",
            f'workload = "{near}" under [simulate]' if near else "",
        )  # fmt: skip


def _sellers(scenario: Scenario, size: Size) -> list[Finding]:
    """Judge roles and levels of the sellers; where nobody has any, all are alike."""
    sellers, table = scenario.sellers, scenario.settings.tables.sellers
    names = [role.name for role in size.roles]
    bare, level = is_empty(sellers["role"]), is_empty(sellers[size.level])
    findings = []
    if not np.all(bare):
        unknown = ~bare & ~is_one_of(sellers["role"], names)
        expected = f"one of {', '.join(names)}"
        findings += frame_findings(
            sellers, table, "role", unknown, "unknown role", expected, nearest_of(names)
        )
        findings += frame_findings(sellers, table, "role", bare, "seller without a role", expected)
    if not np.all(level):
        expected = f"a {size.level}, since headcount goes by it"
        findings += frame_findings(sellers, table, size.level, level, f"no {size.level}", expected)
    return findings
