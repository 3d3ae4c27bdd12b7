"""The README's reference tables, made from the code: ``python tests/reference.py`` writes them anew."""

from __future__ import annotations

import re
import typing
from pathlib import Path

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from spm_opt.criteria import REGISTRY
from spm_opt.scenario.capacity_settings import Capacity
from spm_opt.scenario.over_settings import Over
from spm_opt.scenario.overlay_settings import Overlay
from spm_opt.scenario.pay_settings import CompensationPlan, Component, Draw, Mix, Role, Spiff, Tier
from spm_opt.scenario.quota_settings import NodeRule, Pin, Quota
from spm_opt.scenario.segment_settings import Rule, Segments
from spm_opt.scenario.settings import (
    Geography,
    Settings,
    Table,
    Tables,
    Translation,
    Units,
)
from spm_opt.scenario.simulate_settings import Handover, Simulation
from spm_opt.scenario.size_settings import Hiring, Response, Size, SizeRole
from spm_opt.scenario.workload_settings import Coverage, NewBusiness, Travelling, Workload

README = Path(__file__).parents[1] / "README.md"
SECTIONS: dict[str, type[BaseModel]] = {
    "top level": Settings,
    "[tables]": Tables,
    "[tables.accounts] and the other tables": Table,
    "[tables.accounts.translate.FIELD]": Translation,
    "[tables.geography]": Geography,
    "[units]": Units,
    "[segments]": Segments,
    "[[segments.rules]]": Rule,
    "[workload]": Workload,
    "[[workload.coverage]]": Coverage,
    "[[workload.new_business]]": NewBusiness,
    "[workload.travel]": Travelling,
    "[capacity]": Capacity,
    "[simulate]": Simulation,
    "[simulate.handover]": Handover,
    "[size]": Size,
    "[[size.roles]]": SizeRole,
    "[[size.responses]]": Response,
    "[size.hiring]": Hiring,
    "[[overlays]]": Overlay,
    "[quota]": Quota,
    "[quota.over]": Over,
    "[[quota.nodes]]": NodeRule,
    "[[quota.pins]]": Pin,
}
PAY_SECTIONS: dict[str, type[BaseModel]] = {
    "top level": CompensationPlan,
    "[[roles]]": Role,
    "mix of a role": Mix,
    "[[components]]": Component,
    "tiers of a component": Tier,
    "[[draws]]": Draw,
    "[[spiffs]]": Spiff,
}
SHARED = ("weight", "priority")


def settings_reference(sections: dict[str, type[BaseModel]] = SECTIONS) -> str:
    """Tabulate every key of ``scenario.toml`` outside the criteria, or of another file's sections."""
    lines = []
    for title, model in sections.items():
        lines += [f"**`{title}`**" if title.startswith("[") and " " not in title else f"**{title}**", ""]
        lines += ["| key | default | meaning |", "|---|---|---|"]
        lines += [_row(name, model) for name in model.model_fields if not _is_section(model, name)]
        lines.append("")
    return "\n".join(lines)


def criteria_reference() -> str:
    """Tabulate every criterion and its keys."""
    lines = ["| criterion | key | default | meaning |", "|---|---|---|---|"]
    for criterion in REGISTRY:
        kind = typing.get_args(criterion.model_fields["kind"].annotation)[0]
        lines.append(f"| **`{kind}`** | | | {_prose(criterion.__doc__ or '')} |")
        keys = [name for name in criterion.model_fields if name not in {"kind", *SHARED}]
        lines += [f"| {_row(name, criterion)}" for name in keys]
    base = REGISTRY[0]
    lines.append("| *every criterion* | | | |")
    lines += [f"| {_row(name, base)}" for name in SHARED]
    return "\n".join(lines)


def _is_section(model: type[BaseModel], name: str) -> bool:
    return model is Settings and name in {
        "tables", "units", "segments", "workload", "capacity", "criteria", "overlays", "simulate", "size", "quota",
    }  # fmt: skip


def _row(name: str, model: type[BaseModel]) -> str:
    info = model.model_fields[name]
    default = info.default
    if info.is_required():
        shown = "required"
    elif default is None or default == "" or default in ({}, ()):
        shown = ""
    elif default is PydanticUndefined:
        shown = f"`{info.get_default(call_default_factory=True)}`"
    elif isinstance(default, bool):
        shown = f"`{str(default).lower()}`"
    elif isinstance(default, tuple):
        shown = f"`{list(default)}`"
    else:
        shown = f"`{default}`" if not isinstance(default, str) else f'`"{default}"`'
    options = _options(info.annotation)
    meaning = _prose(info.description or "")
    return f"| `{info.alias or name}` | {shown} | {meaning}{f' One of {options}.' if options else ''} |"


def _options(annotation: object) -> str:
    if typing.get_origin(annotation) is typing.Literal:
        return ", ".join(f'`"{option}"`' for option in typing.get_args(annotation))
    return ""


def _prose(text: str) -> str:
    return re.sub(r"\s+", " ", text.replace("``", "`")).replace("|", "\\|").strip()


def blocks() -> dict[str, str]:
    """Every generated block of the README by its name."""
    return {
        "settings": settings_reference().strip(),
        "criteria": criteria_reference().strip(),
        "pay": settings_reference(PAY_SECTIONS).strip(),
    }


def filled(text: str) -> str:
    """Write every generated block of the README's text anew."""
    for name, block in blocks().items():
        pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end {name} -->)", re.DOTALL)
        text = pattern.sub(lambda match, block=block: f"{match[1]}{block}\n{match[2]}", text)
    return text


if __name__ == "__main__":
    README.write_text(filled(README.read_text(encoding="utf-8")), encoding="utf-8")
