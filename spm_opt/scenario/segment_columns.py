"""The columns of the accounts that segments are made from, and what is wrong with how they are named."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from spm_opt.scenario.findings import nearest
from spm_opt.scenario.locate import Path
from spm_opt.scenario.quota_faults import Fault
from spm_opt.scenario.segment_settings import Condition, Range, Segments
from spm_opt.scenario.settings import Settings

Kind = Literal["words", "flag", "numbers"]
FIELDS: dict[str, Kind] = {
    "id": "words", "name": "words", "parent": "words", "unit": "words", "segment": "words", "seller": "words",
    "market": "words", "skills": "words", "named": "flag", "locked": "flag",
}  # fmt: skip
"""Our own fields that conditions may be on."""
LAST_YEAR, GROWTH = "last_year", "growth"
TAKEN = ("row", "x", "y", "longitude", "latitude", "given_segment")
"""Names that no other column of the file may have here."""
_FORMS = {
    "words": "a word or a list of words", "flag": "true or false", "numbers": "a range such as { at_least = 10 }",
}  # fmt: skip


def uses(settings: Segments) -> Iterator[tuple[Path, str, Kind]]:
    """List every column that is named: the key inside ``[segments]``, the column, and what it is taken for."""
    for i, rule in enumerate(settings.rules):
        for name, condition in rule.where.items():
            yield ("rules", i, "where", name), name, kind_of(condition)
    if settings.within is not None:
        yield ("within",), settings.within, "words"
    if settings.previous is not None:
        yield ("previous",), settings.previous, "words"


def kind_of(condition: Condition) -> Kind:
    """Tell what a condition takes its column for."""
    if isinstance(condition, bool):
        return "flag"
    return "numbers" if isinstance(condition, Range) else "words"


def numbers_known(settings: Settings) -> tuple[str, ...]:
    """Name the numbers that accounts have without a column of their own: typed activities, and sales."""
    return (*typed_activities(settings), LAST_YEAR, GROWTH)


def typed_activities(settings: Settings) -> tuple[str, ...]:
    """Name the activities that the accounts' table holds: all but the one that ``[workload]`` derives."""
    return tuple(name for name in settings.activities if name != derived_activity(settings))


def derived_activity(settings: Settings) -> str:
    """Name the activity that ``[workload]`` derives, if there is one."""
    return "" if settings.workload is None else settings.workload.activity


def columns_needed(settings: Settings) -> tuple[dict[str, Kind], tuple[str, ...]]:
    """Give the columns of the file that are no field of ours, with their kind, and the fields that must be there."""
    if settings.segments is None:
        return {}, ()
    known = numbers_known(settings)
    named = [(name, kind) for _, name, kind in uses(settings.segments) if name not in known]
    extra = {name: kind for name, kind in named if name not in FIELDS}
    return extra, tuple(dict.fromkeys(name for name, _ in named if name in FIELDS))


def made_from_sales(settings: Settings) -> bool:
    """Say whether segments are chosen by what was sold.

    Growth and churn of such a segment are in part what it was chosen by, so that no rate may be learnt from it.
    """
    if settings.segments is None:
        return False
    one = settings.segments
    named = (
        {name for _, name, _ in uses(one)}
        | set(one.measures)
        | ({one.measure} if one.by == "share" else set())
    )
    return bool(named & {LAST_YEAR, GROWTH, settings.simulate.revenue})


def segment_faults(settings: Settings) -> list[Fault]:
    """Find columns that cannot be meant; paths begin inside ``[segments]``."""
    segments = settings.segments
    if segments is None:
        return []
    found = [*_measures(settings, segments)]
    kinds: dict[str, tuple[Path, Kind]] = {}
    for path, name, kind in uses(segments):
        fixed = "numbers" if name in numbers_known(settings) else FIELDS.get(name)
        if name and name == derived_activity(settings):
            found.append((path, _circle(name)))
        elif name in TAKEN:
            found.append((path, f"{name!r} is no column that segments can be made from"))
        elif fixed is not None and fixed != kind:
            found.append((path, f"{name} needs {_FORMS[fixed]}"))
        elif fixed is None and kinds.setdefault(name, (path, kind))[1] != kind:
            before = ".".join(str(part + 1) if isinstance(part, int) else part for part in kinds[name][0])
            found.append((path, f"needs {_FORMS[kinds[name][1]]}, as in segments.{before}"))
    return found


def _measures(settings: Settings, segments: Segments) -> Iterator[Fault]:
    """Judge the measures of shares and statistics."""
    known = numbers_known(settings)
    named: list[tuple[Path, str]] = [(("measures", i), name) for i, name in enumerate(segments.measures)]
    if segments.by == "share":
        named, known = [(("measure",), segments.measure)], known[:-1]
    for path, name in named:
        if name and name == derived_activity(settings):
            yield path, _circle(name)
        elif name not in known:
            near = nearest(name, known)
            hint = f". Maybe: {near}" if near else ""
            yield path, f"unknown measure {name!r}; expected one of {', '.join(known)}{hint}"


def _circle(name: str) -> str:
    return f"{name} is derived from segments by [workload], so that no segment can be made from it"
