"""``compensation.toml`` from text to a CompensationPlan; every fault is a finding with its line and key."""

from __future__ import annotations

import tomllib
from pathlib import Path as FilePath

from pydantic import ValidationError

from spm_opt.errors import InputError
from spm_opt.scenario.findings import Finding, Findings
from spm_opt.scenario.locate import Path, locate
from spm_opt.scenario.pay_settings import CompensationPlan
from spm_opt.scenario.settings_file import Places, dotted, faults_of, syntax_fault
from spm_opt.scenario.tables import missing_file

Read = tuple[CompensationPlan | None, list[Finding]]


def load_pay(path: FilePath | str) -> CompensationPlan:
    """Read a compensation plan.

    Raises
    ------
    InputError
        The file is missing, is no TOML, or contradicts itself; with every finding, at its line and key.
    """
    path = FilePath(path)
    plan, findings = read_pay(path.parent, path.name)
    if plan is None:
        raise InputError(Findings.of(findings))
    return plan


def read_pay(folder: FilePath, name: str) -> Read:
    """Read the plan of a scenario's folder; what is wrong with it becomes findings, and there is none then."""
    path = folder / name
    if not path.is_file():
        return None, [missing_file(folder, name)]
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        where = f"not UTF-8 text (byte {error.start + 1})"
        return None, [Finding("error", where, name, expected="a file saved as UTF-8")]
    except OSError as error:
        return None, [Finding("error", "cannot be read", name, value=error.strerror or str(error))]
    return parse_pay(text, name)


def parse_pay(text: str, name: str = "compensation.toml") -> Read:
    """Turn the text of a compensation plan into the plan, or into what is wrong with it."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line, column, message = syntax_fault(str(error), text)
        return None, [Finding("error", message, name, line, f"column {column}")]
    places = Places(locate(text), name)
    try:
        return CompensationPlan.model_validate(document), []
    except ValidationError as error:
        return None, [
            located(places, path, message) for path, message in faults_of(error, places, CompensationPlan)
        ]


def pay_places(folder: FilePath, name: str) -> Places:
    """Find the places of the keys again; none where the file is not there any more."""
    try:
        return Places(locate((folder / name).read_text(encoding="utf-8-sig")), name)
    except (OSError, UnicodeDecodeError, IndexError):
        return Places(file=name)


def located(places: Places, path: Path, message: str) -> Finding:
    """Make a finding of a fault at a key."""
    return Finding("error", message, places.file, places.place(path).line, dotted(path))
