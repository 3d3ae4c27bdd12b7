"""What each table may hold: our fields, and how the settings say where they come from."""

from __future__ import annotations

import codecs
from dataclasses import dataclass

from spm_opt.errors import ScenarioError
from spm_opt.scenario.locate import Path
from spm_opt.scenario.segment_columns import (
    columns_needed,
    derived_activity,
    segment_faults,
    typed_activities,
)
from spm_opt.scenario.settings import Settings, Table
from spm_opt.scenario.settings_file import Places, suggest


@dataclass(frozen=True)
class Fields:
    """The fields of one table: those a file must have, and those it may have."""

    required: tuple[str, ...]
    optional: tuple[str, ...] = ()

    @property
    def all(self) -> tuple[str, ...]:
        """Every field, the required first."""
        return (*self.required, *self.optional)


PLACES = ("longitude", "latitude", "x", "y")
_ACCOUNTS = ("name", "parent", *PLACES, "unit", "segment", "seller", "named", "locked", "skills", "market")
_SELLERS = (
    "name", *PLACES, "capacity", "start", "end", "part_time", "leave", "role", "skills", "manager", "district",
    "region",
)  # fmt: skip


def fields_of(settings: Settings) -> dict[str, Fields]:
    """List the fields of every table; the accounts have the scenario's activities too, but for a derived one.

    They also have what segments are made from.
    """
    extra, needed = columns_needed(settings)
    wanted = tuple(dict.fromkeys(("id", *typed_activities(settings), *extra, *needed)))
    return {
        "accounts": Fields(wanted, tuple(name for name in _ACCOUNTS if name not in wanted)),
        "sellers": Fields(("id",), _SELLERS),
        "history": Fields(("account", "period", "revenue")),
        "pipeline": Fields(("id", "account", "amount", "stage", "close")),
        "travel": Fields(("unit", "seller"), ("travel", *settings.activities)),
        "targets": Fields(("node", "target"), ("level", "product", "period")),
        "organisation": Fields(("node", "parent"), ("level",)),
        "opportunities": Fields(
            ("id", "account", "amount", "closed", "won", "stage"), ("seller", "opened", "expected")
        ),
        "timesheets": Fields(("seller", "period", "category", "hours")),
        "candidates": Fields(("id",), ("name", *PLACES)),
        "quota_history": Fields(("seller", "period", "quota"), ("sales",)),
    }


def check_mapping(settings: Settings, places: Places) -> None:
    """Refuse settings of tables that cannot be meant.

    Raises
    ------
    ScenarioError
        Fields on the left of ``columns`` or ``translate`` that are none, a field given twice, an
        encoding that does not exist, an activity called like a field, segments of what is no column.
    """
    messages = [
        places.message(
            ("activities", name), f"{name!r} is already a field of the tables; choose another name"
        )
        for name in settings.activities
        if name in ("id", "row", "travel", "given_segment", *_ACCOUNTS)
    ]
    messages += [places.message(("segments", *path), text) for path, text in segment_faults(settings)]
    for name, fields in fields_of(settings).items():
        table: Table | None = getattr(settings.tables, name)
        if table is not None:
            messages += [
                places.message(path, text)
                for path, text in _faults(("tables", name), table, fields, derived_activity(settings))
            ]
    if messages:
        raise ScenarioError(messages)


def _faults(at: Path, table: Table, fields: Fields, derived: str) -> list[tuple[Path, str]]:
    """Find what is wrong with the settings of one table."""
    faults: list[tuple[Path, str]] = [
        (
            (*at, key, field),
            "is derived by [workload]; leave one of them out"
            if field == derived
            else f"unknown field; {suggest(field, fields.all)}",
        )
        for key in ("columns", "translate")
        for field in getattr(table, key)
        if field not in fields.all
    ]
    faults += [
        ((*at, "translate", field), "is given by columns too; keep one of them")
        for field in table.translate
        if field in table.columns
    ]
    if len(set(table.header)) < len(table.header):
        faults.append(((*at, "header"), "names a column twice"))
    if len(table.delimiter.encode()) > 1 or table.delimiter in '"\r\n':
        faults.append(((*at, "delimiter"), f"{table.delimiter!r} cannot be a delimiter"))
    try:
        codecs.lookup(table.encoding)
    except LookupError:
        text = f"unknown encoding {table.encoding!r}; {suggest(table.encoding, ('utf-8', 'cp1252', 'latin-1', 'utf-16'))}"
        faults.append(((*at, "encoding"), text))
    return faults
