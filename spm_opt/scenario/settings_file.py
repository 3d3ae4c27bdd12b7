"""``scenario.toml`` from text to Settings, every fault with its line, its key and the nearest name."""

from __future__ import annotations

import re
import tomllib
import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path as FilePath

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from spm_opt.criteria import REGISTRY
from spm_opt.errors import ScenarioError
from spm_opt.scenario.findings import nearest
from spm_opt.scenario.locate import Path, Place, locate
from spm_opt.scenario.settings import Settings

FILE = "scenario.toml"
_KINDS: dict[str, type[BaseModel]] = {str(one.model_fields["kind"].default): one for one in REGISTRY}
_LONG = 60
_LARGEST_FRACTION = 10
_SHAPES = {
    "dict_type": "a table",
    "model_type": "a table",
    "list_type": "a list in square brackets",
    "tuple_type": "a list in square brackets",
}
"""What pydantic has Python's words for."""
_FORMS = ("<flag>", "<word>", "<words>", "<range>")
"""Forms of conditions, which pydantic names in paths."""


@dataclass(frozen=True)
class Places:
    """Where the keys of a TOML file stand."""

    of: Mapping[Path, Place] = field(default_factory=dict)
    file: str = FILE

    def place(self, path: Path) -> Place:
        """Find the place of a key, or of the nearest table around it where it is not written."""
        while path and path not in self.of:
            path = path[:-1]
        return self.of.get(path, Place(1, 1))

    def message(self, path: Path, text: str) -> str:
        """Say ``text`` of a key, with file, line and column in front."""
        place = self.place(path)
        key = f"{dotted(path)}: " if path else ""
        return f"{self.file}:{place.line}:{place.column}: {key}{text}"


def dotted(path: Path) -> str:
    """Write a path as planners count: the first criterion is ``criteria.1``.

    >>> dotted(("criteria", 0, "activity"))
    'criteria.1.activity'
    """
    return ".".join(str(part + 1) if isinstance(part, int) else part for part in path)


def read_settings(file: FilePath) -> tuple[Settings, Places]:
    """Read ``scenario.toml``.

    Raises
    ------
    ScenarioError
        The file is missing, is no TOML, or has keys or values that mean nothing; all of them at once.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ScenarioError([f"{FILE}: not UTF-8 text (byte {error.start + 1}); save it as UTF-8"]) from None
    except OSError as error:
        raise ScenarioError([f"{file}: cannot be read ({error.strerror or error})"]) from None
    return parse_settings(text)


def parse_settings(text: str) -> tuple[Settings, Places]:
    """Turn the text of a ``scenario.toml`` into Settings; see `read_settings`."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line, column, message = syntax_fault(str(error), text)
        raise ScenarioError([f"{FILE}:{line}:{column}: {message}"]) from None
    places = Places(locate(text))
    try:
        # which tables there are is told ahead, so that what needs to know comes with all other contradictions
        return Settings.model_validate(document, context={"tables": _tables(document)}), places
    except ValidationError as error:
        found = faults_of(error, places, Settings)
        raise ScenarioError([places.message(*fault) for fault in found]) from None


def faults_of(error: ValidationError, places: Places, model: type[BaseModel]) -> list[tuple[Path, str]]:
    """List the faults that pydantic found in a document of this model, in the order of the file."""
    faults = [fault for one in error.errors(include_url=False) for fault in _faults(one, model)]
    return sorted(
        faults, key=lambda fault: (places.place(fault[0]).line, places.place(fault[0]).column, str(fault))
    )


def _tables(document: Mapping[str, object]) -> list[str]:
    """Name the tables that a document gives."""
    tables = document.get("tables")
    return list(tables) if isinstance(tables, dict) else []


def places_in(folder: FilePath) -> Places:
    """Find the places again in a folder's ``scenario.toml``; none where it is not there any more."""
    try:
        return Places(locate((folder / FILE).read_text(encoding="utf-8-sig")))
    except (OSError, UnicodeDecodeError, IndexError):
        return Places()


def suggest(name: str, known: Iterable[str]) -> str:
    """Write the end of a message that lists what is known, the nearest first in mind."""
    words = list(known)
    near = nearest(name, words)
    return f"expected one of {', '.join(words)}" + (f". Maybe: {near}" if near else "")


def syntax_fault(message: str, text: str) -> tuple[int, int, str]:
    """Turn tomllib's "(at line 3, column 7)" into line, column and message."""
    found = re.search(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)$", message)
    if not found:
        return 1, 1, message
    lines = text.split("\n")
    line, column = found.groups() if found[1] else (len(lines), len(lines[-1]) + 1)
    return int(line), int(column), f"not TOML: {message[: found.start()]}"


def _faults(error: ErrorDetails, model: type[BaseModel]) -> list[tuple[Path, str]]:
    """Take the faults of one of pydantic's errors apart, where a validator found several."""
    if error["type"] == "faults":
        return [((*error["loc"], *path), text) for path, text in error["ctx"]["faults"]]
    return [_fault(error, model)]


def _fault(error: ErrorDetails, model: type[BaseModel]) -> tuple[Path, str]:
    """Turn one of pydantic's errors into a path in the document and a sentence."""
    path = _without_tag(error["loc"])
    kind, context = error["type"], error.get("ctx", {})
    if kind == "extra_forbidden":
        return path, f"unknown key; {suggest(str(path[-1]), _keys_beside(error['loc'], model))}"
    if kind == "missing":
        return path, "missing key"
    if kind == "union_tag_not_found":
        return (*path, "kind"), f"missing key; expected one of {', '.join(_KINDS)}"
    if kind == "union_tag_invalid":
        tag = str(context["tag"])
        return (*path, "kind"), f"unknown kind {tag!r}; {suggest(tag, _KINDS)}"
    if kind == "literal_error":
        words = re.findall(r"'([^']*)'", str(context["expected"]))
        return path, f"unknown word {_shown(error['input'])}; {suggest(str(error['input']), words)}"
    text = error["msg"].removeprefix("Value error, ").replace("Input should", "should")
    text = f"should be {_SHAPES[kind]}" if kind in _SHAPES else text
    found = "" if kind == "value_error" else f" (found {_shown(error['input'])})"
    return path, text + found + _as_fraction(error)


def _as_fraction(error: ErrorDetails) -> str:
    """Guess that a number above the largest fraction was meant in percent."""
    most = {"less_than": "lt", "less_than_equal": "le"}.get(error["type"])
    value = error["input"]
    if most is None or not isinstance(value, int | float) or error.get("ctx", {})[most] > _LARGEST_FRACTION:
        return ""
    return f". Maybe: {value / 100:g} for {value:g} %"


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return "a table"
    text = repr(value)
    return text if len(text) <= _LONG else text[: _LONG - 3] + "..."


def _without_tag(loc: Path) -> Path:
    """Leave out what is pydantic's, in no document: the kind of criterion behind the index, of conditions, of keys."""
    loc = tuple(part for part in loc if part not in _FORMS)
    at = _tag(loc)
    path = loc if at is None else (*loc[:at], *loc[at + 1 :])
    return path[:-1] if path[-1:] == ("[key]",) else path


def _tag(loc: Path) -> int | None:
    """Find the kind of a criterion behind its index, in the list of the alignment or in an overlay's."""
    at = loc.index("criteria") + 2 if "criteria" in loc else len(loc)
    return at if at < len(loc) and loc[at] in _KINDS else None


def _keys_beside(loc: Path, model: type[BaseModel]) -> list[str]:
    """List the keys that may stand in the table of an unknown one."""
    at = _tag(loc)
    if at is not None:
        return list(_KINDS[str(loc[at])].model_fields)
    for part in loc[:-1]:
        if isinstance(part, str) and part in model.model_fields:
            model = _model_in(model.model_fields[part].annotation) or model
    return [info.alias or name for name, info in model.model_fields.items()]


def _model_in(annotation: object) -> type[BaseModel] | None:
    """Find the model inside ``Model | None`` or ``dict[str, Model]``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = (_model_in(part) for part in typing.get_args(annotation))
    return next((model for model in found if model is not None), None)
