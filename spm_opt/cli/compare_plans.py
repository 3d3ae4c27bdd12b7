"""What the command ``compare`` reads: plans from their folders, and the scenario that they are for."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from spm_opt.compare.candidate import TODAY, Candidate
from spm_opt.compare.compare import Comparison
from spm_opt.errors import PlanFolderError
from spm_opt.plan import Alignment, QuotaPlan
from spm_opt.quota.quota import quota
from spm_opt.report.read_plan import Stored, read_plan, read_provenance
from spm_opt.run import Opened, has_incumbent, open_scenario, quotas_of_today
from spm_opt.scenario.settings_file import FILE
from spm_opt.simulate.simulate import simulate


def opened_for(plans: Sequence[str], scenario: Path | None) -> Opened:
    """Open the scenario of the first plan that has a folder, with that plan's seed."""
    folders = [Path(plan) for plan in plans if plan != TODAY]
    if not folders:
        raise PlanFolderError(f"at least one plan must be a folder; only {TODAY!r} is there")
    known = read_provenance(folders[0])
    where = found_scenario(folders[0], str(known["hashes"].get(FILE, ""))) if scenario is None else scenario
    return open_scenario(where, effort=known["effort"], seed=known["seed"])


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


def named(plans: Sequence[str]) -> list[str]:
    """Name each plan by the last part of its folder, or by all of it where that is not enough to tell."""
    short = [plan if plan == TODAY else Path(plan).resolve().name for plan in plans]
    return [plan if short.count(name) > 1 else name for plan, name in zip(plans, short, strict=True)]


def read_candidates(plans: Sequence[str], opened: Opened) -> tuple[list[Candidate], dict[str, int]]:
    """Read the plans; gives them, and the number of hard rules that each of this scenario's breaks.

    Quotas that a folder has not are set by the scenario's rules, as today's are.
    """
    found, broken = [], {}
    for plan, name in zip(plans, named(plans), strict=True):
        if plan == TODAY:
            found.append(_today(opened))
            continue
        folder = Path(plan)
        hashes, stored = read_provenance(folder)["hashes"], read_plan(folder, opened)
        found.append(Candidate(name, stored.alignment, _quotas(opened, stored), hashes))
        if stored.result.breaches and hashes.get(FILE) == opened.scenario.hashes.get(FILE):
            broken[name] = len(stored.result.breaches)
    return found, broken


def _quotas(opened: Opened, stored: Stored) -> QuotaPlan:
    if stored.quotas is not None:
        return stored.quotas
    return quota(opened.scenario, stored.alignment, simulate(opened.scenario, stored.alignment))


def _today(opened: Opened) -> Candidate:
    if not has_incumbent(opened.problem):
        raise PlanFolderError("no account has a seller today")
    incumbent = Alignment.incumbent(opened.problem)
    sales = simulate(opened.scenario, incumbent)
    return Candidate(
        TODAY, incumbent, quotas_of_today(opened.scenario, incumbent, sales), opened.scenario.hashes
    )


def document_of(found: Comparison) -> dict[str, object]:
    """Lay a comparison out for programs."""
    return {
        "scenario": str(found.scenario.folder),
        "plans": list(found.plans),
        "replications": found.replications,
        "seed": found.seed,
        "target": found.target,
        "verdict": list(found.verdict),
        "measures": found.measures,
        "stress": found.stress,
        "cases": {case.name: case.about for case in found.cases},
        "sellers": found.sellers,
    }
