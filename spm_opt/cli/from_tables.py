"""What commands have in common that answer from a scenario's tables alone, without a plan."""

# ruff: noqa: PLC0415  what is heavy is imported inside, so that --help comes at once

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spm_opt.cli.answer import Answer

if TYPE_CHECKING:
    from spm_opt.scenario.findings import Findings
    from spm_opt.scenario.scenario import Scenario


def checked(
    folder: Path, progress: Callable[[str, None], None], *, seed: int | None = None
) -> tuple[Scenario, Findings]:
    """Read a scenario and check its tables.

    Returns
    -------
    The scenario, and the warnings that were found.

    Raises
    ------
    InputError
        The input holds errors.
    """
    from spm_opt.errors import InputError
    from spm_opt.load import load
    from spm_opt.scenario.check import check

    progress("load", None)
    scenario = load(folder, seed=seed)
    progress("check", None)
    findings = check(scenario)
    if findings.errors:
        raise InputError(findings)
    return scenario, findings


def answer(
    text: str, document: Mapping[str, Any], findings: Findings, out: Path | None, files: Mapping[str, bytes]
) -> Answer:
    """Write the files where a folder was named, and say so and how many warnings there are."""
    from spm_opt.report.files import write_files

    if out is not None:
        write_files(out, dict(files))
        first, *others = files
        text += f"\n\n  {out}/{first}" + (f"  (and {', '.join(others)})" if others else "")
        document = {**document, "folder": str(out), "files": list(files)}
    said = f"spm-opt: {findings.counts()} in the input; `spm-opt check` lists them" if len(findings) else ""
    return Answer(text, document, 0, said)
