"""What may be given as a plan: runs, folders, alignments, and today."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from spm_opt.compare.candidate import TODAY, Candidate, require_comparable
from spm_opt.errors import ComparisonError, PlanFolderError
from spm_opt.plan import Alignment, QuotaPlan
from spm_opt.quota.quota import quota
from spm_opt.report.read_plan import Stored, positions_of, read_plan, read_provenance
from spm_opt.run import Opened, Run, has_incumbent, open_scenario, quotas_of_today
from spm_opt.scenario.prepare import prepare
from spm_opt.scenario.scenario import Scenario
from spm_opt.scenario.settings_file import FILE
from spm_opt.simulate.simulate import simulate

Given = Candidate | Run | tuple[str, Run] | tuple[str, Alignment, QuotaPlan | None] | str | Path
"""A plan: a run, by itself or with a name; a name, an alignment and its quotas; the folder of a plan; or "today"."""


def candidates_of(
    given: Sequence[Given], scenario: Scenario | Path | str | None
) -> tuple[Scenario, tuple[Candidate, ...]]:
    """Bring everything that may be given as a plan into one form, with the scenario that all are judged in.

    That is the scenario given, else that of the first run, else that of the first folder.

    Raises
    ------
    ComparisonError
        Plans that cannot be compared.
    PlanFolderError
        A folder holds no plan of the scenario, or its scenario was not found.
    """
    runs = [run for one in given if (run := _run_of(one)) is not None]
    opened = _opened(given, runs, scenario)
    names = _names(given)
    found = tuple(_candidate(one, name, opened, runs) for one, name in zip(given, names, strict=True))
    where = opened.scenario if isinstance(opened, Opened) else opened
    require_comparable(where, found)
    return where, found


def _run_of(given: Given) -> Run | None:
    if isinstance(given, Run):
        return given
    if isinstance(given, tuple) and isinstance(given[1], Run):
        return given[1]
    return None


def _is_folder(given: Given) -> bool:
    return isinstance(given, str | Path) and given != TODAY


def _opened(
    given: Sequence[Given], runs: Sequence[Run], scenario: Scenario | Path | str | None
) -> Opened | Scenario:
    """Open the scenario that all are judged in; one that is given as such only where a plan needs it open."""
    if isinstance(scenario, Scenario):
        needed = any(isinstance(one, str | Path) for one in given)
        return Opened(scenario, prepare(scenario)) if needed else scenario
    if scenario is None and runs:
        return Opened(runs[0].scenario, runs[0].problem)
    folders = [Path(str(one)) for one in given if _is_folder(one)]
    if not folders:
        if scenario is None:
            raise ComparisonError(
                "at least one plan must be a run or a folder, or the scenario be given beside them"
            )
        return open_scenario(scenario)
    known = read_provenance(folders[0])
    where = found_scenario(folders[0], str(known["hashes"].get(FILE, ""))) if scenario is None else scenario
    positions = positions_of(folders[0], known)
    return open_scenario(where, effort=known["effort"], seed=known["seed"], positions=positions)


def found_scenario(plan: Path, digest: str) -> Path:
    """Find the scenario that a plan was made from, by the hash of its ``scenario.toml``.

    Raises
    ------
    PlanFolderError
        It is in none of the likely places; the message names them.
    """
    name = plan.resolve().name
    places = [Path(), Path(name), Path("scenarios") / name]
    seen = []
    for place in places:
        file = place / FILE
        if not file.is_file():
            seen.append(f"{file}: there is none")
        elif hashlib.sha256(file.read_bytes()).hexdigest() == digest:
            return place
        else:
            seen.append(f"{file}: not the one that the plan was made from")
    raise PlanFolderError(
        "\n".join([f"the scenario of {plan} was not found; --scenario DIR names it", *seen])
    )


def _names(given: Sequence[Given]) -> list[str]:
    """Name each plan: a folder by its last part, or by all of it where that is not enough to tell."""
    short = [_short(one, place) for place, one in enumerate(given, start=1)]
    return [
        str(one) if _is_folder(one) and short.count(name) > 1 else name
        for one, name in zip(given, short, strict=True)
    ]


def _short(given: Given, place: int) -> str:
    if isinstance(given, Candidate):
        return given.name
    if isinstance(given, tuple):
        return given[0]
    if isinstance(given, Run):
        return f"plan {place}"
    return Path(given).resolve().name if _is_folder(given) else TODAY


def _candidate(given: Given, name: str, opened: Opened | Scenario, runs: Sequence[Run]) -> Candidate:
    if isinstance(given, Candidate):
        return given
    run = _run_of(given)
    if run is not None:
        broken = len(run.scorecard.breaches)
        return Candidate(name, run.plan.alignment, run.plan.quotas, run.scenario.hashes, broken)
    if isinstance(given, str | Path) and isinstance(opened, Opened):
        return _stored(Path(given), name, opened) if _is_folder(given) else _today(opened, runs)
    rest: Any = given
    return Candidate(*rest)


def _stored(folder: Path, name: str, opened: Opened) -> Candidate:
    """Read a plan from its folder; quotas that it has not are set by the scenario's rules, as today's are."""
    hashes, stored = read_provenance(folder)["hashes"], read_plan(folder, opened)
    same = hashes.get(FILE) == opened.scenario.hashes.get(FILE)
    broken = len(stored.result.breaches) if same else 0
    return Candidate(name, stored.alignment, _quotas(opened, stored), hashes, broken)


def _quotas(opened: Opened, stored: Stored) -> QuotaPlan:
    if stored.quotas is not None:
        return stored.quotas
    return quota(opened.scenario, stored.alignment, simulate(opened.scenario, stored.alignment))


def _today(opened: Opened, runs: Sequence[Run]) -> Candidate:
    """Take today's alignment, with the quotas that a run has found for it, or by the scenario's rules."""
    scenario = opened.scenario
    if not has_incumbent(opened.problem):
        raise ComparisonError("no account has a seller today")
    for run in runs:
        if run.scenario is scenario:
            return Candidate(TODAY, run.incumbent, run.incumbent_quotas, scenario.hashes)
    incumbent = Alignment.incumbent(opened.problem)
    quotas = quotas_of_today(scenario, incumbent, simulate(scenario, incumbent))
    return Candidate(TODAY, incumbent, quotas, scenario.hashes)
