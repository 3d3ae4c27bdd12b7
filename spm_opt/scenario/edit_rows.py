"""A planner's edits of quotas, read from a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from spm_opt.errors import InputError
from spm_opt.scenario.columns import floats
from spm_opt.scenario.fields import Fields
from spm_opt.scenario.findings import Finding, Findings, nearest
from spm_opt.scenario.settings import Table
from spm_opt.scenario.tables import read_table

NEEDED: Mapping[str, tuple[str, ...]] = {
    "move": ("node", "to", "amount"),
    "resplit": ("node", "weights"),
    "pin": ("node", "amount"),
    "unpin": ("node",),
    "swap": ("node", "to"),
}
"""What each edit needs besides who and why."""
TEXTS = ("edit", "node", "level", "to", "to_level", "weights", "within", "by", "why")
FIELDS = Fields(("edit", "node", "by", "why"), ("level", "to", "to_level", "amount", "weights", "within"))


def read_edits(path: Path) -> pd.DataFrame:
    """Read edits in the order of their rows.

    Returns
    -------
    ``row``, ``edit``, ``node``, ``level``, ``to``, ``to_level``, ``weights``, ``within``, ``by``, ``why``
    (texts, ``""`` where nothing is given) and ``amount`` (``nan`` where nothing is given).

    Raises
    ------
    InputError
        With every finding: no such file, an unknown edit, no amount, nobody who did it.
    """
    texts, findings = read_table(path.parent, Table(path=path.name), FIELDS)
    amount, more = floats(texts, "amount", empty=np.nan, low=0.0)
    table = pd.DataFrame({"row": texts.row, **{name: texts.column(name) for name in TEXTS}, "amount": amount})
    findings += more if "amount" in texts.texts else []
    told = {finding.row for finding in findings}
    if set(FIELDS.required) <= set(texts.texts):
        findings += [one for one in _faults(table, path.name) if one.row not in told]
    if findings:
        raise InputError(Findings.of(findings))
    return table


def _faults(table: pd.DataFrame, file: str) -> Iterator[Finding]:
    """Find edits that are none, and what they lack."""
    for record in table.to_dict("records"):
        row, edit = int(record["row"]), str(record["edit"])
        if edit not in NEEDED:
            expected = f"one of {', '.join(NEEDED)}"
            yield Finding("error", "unknown edit", file, row, "edit", edit, expected, nearest(edit, NEEDED))
        for name in ("by", "why", *NEEDED.get(edit, ())):
            if _missing(record[name]):
                yield Finding("error", "empty", file, row, name, expected=f"{name} of this edit")


def _missing(value: Any) -> bool:
    return bool(pd.isna(value)) or value == ""
