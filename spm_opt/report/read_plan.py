"""Reading a plan back from its folder: the alignment, its quotas, and what is known of its proof.

Files may have been edited by hand since. The alignment is therefore judged anew by the checker, and a proof
counts only while the input is the one it was made for.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeGuard, get_args

import numpy as np
import pandas as pd

from spm_opt.align.result import PROVEN, Level, Result
from spm_opt.errors import PlanFolderError
from spm_opt.plan import Alignment, QuotaPlan
from spm_opt.problem import NONE, FloatArray, IntArray, Problem
from spm_opt.quota.organisation import in_order
from spm_opt.report import words
from spm_opt.report.files import recover
from spm_opt.report.quota_files import CELLS, HEDGED, LIMITS
from spm_opt.report.read_cells import COLUMNS, cell_faults, cells_of
from spm_opt.report.rollup import COMPANY, TERRITORY
from spm_opt.report.tables import cents as cents_of
from spm_opt.run import Opened
from spm_opt.scenario.findings import Finding, nearest
from spm_opt.scenario.load import POSITIONS
from spm_opt.scenario.settings import Effort
from spm_opt.verify import Verdict, verify

SHOWN = 20
Row = dict[str, str]
NODE = ("level", "node", "parent_level", "parent", "quota")
TEXTS = ("lowest_rule", "highest_rule", "binding")


@dataclass(frozen=True, eq=False)
class Stored:
    """A plan as its folder has it; ``quotas`` are ``None`` where it has none."""

    result: Result
    alignment: Alignment
    quotas: QuotaPlan | None


def read_provenance(folder: Path) -> Mapping[str, Any]:
    """Read ``plan.json``.

    Raises
    ------
    PlanFolderError
        There is none, or it is no plan's.
    """
    recover(folder)
    try:
        document = json.loads((folder / "plan.json").read_bytes())
    except FileNotFoundError:
        raise PlanFolderError(f"{folder} holds no plan (no plan.json)") from None
    except (OSError, ValueError) as error:
        raise PlanFolderError(f"{folder / 'plan.json'} cannot be read: {error}") from None
    if not _is_ours(document):
        raise PlanFolderError(f"{folder / 'plan.json'} is no plan of spm-opt")
    return document


def positions_of(folder: Path, known: Mapping[str, Any]) -> Path | None:
    """Give the table of sellers that lies with a plan, where it was made with one in place of the scenario's."""
    return folder / POSITIONS if POSITIONS in known["hashes"] else None


def read_plan(folder: Path, opened: Opened) -> Stored:
    """Read the plan of a scenario back from its folder.

    Parameters
    ----------
    folder
        What ``run`` or ``align`` has written.
    opened
        The scenario that the plan is for.

    Raises
    ------
    PlanFolderError
        Files are missing or torn, or name accounts, units or territories that the scenario has not.
    """
    known = read_provenance(folder)
    problem = opened.problem
    alignment = _alignment(folder, problem, known)
    verdict = verify(problem, opened.scenario.settings.criteria, alignment)
    result = _result(opened, alignment, verdict, known)
    quotas = _quotas(folder, opened) if (folder / "quotas.csv").exists() else None
    return Stored(result, alignment, quotas)


def _is_ours(document: Any) -> TypeGuard[dict[str, Any]]:
    """Say whether what a JSON file holds can be a plan's provenance."""
    return (
        isinstance(document, dict)
        and isinstance(document.get("seed"), int)
        and document.get("effort") in get_args(Effort)
        and isinstance(document.get("hashes"), dict)
        and isinstance(document.get("levels"), list)
        and all(
            isinstance(document.get(name), dict) for name in ("centers", "units_without_accounts", "timings")
        )
    )


def _rows(folder: Path, name: str, wanted: Iterable[str]) -> list[Row]:
    try:
        with (folder / name).open(encoding="utf-8-sig", newline="") as stream:
            rows = list(csv.DictReader(stream, restval=""))
    except FileNotFoundError:
        raise PlanFolderError(f"{folder} holds no whole plan (no {name})") from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise PlanFolderError(f"{folder / name} cannot be read: {error}") from None
    missing = [column for column in wanted if not rows or column not in rows[0]]
    if missing:
        raise PlanFolderError(f"{folder / name}: no column {', '.join(missing)}, or no rows")
    return rows


def _refuse(folder: Path, faults: list[Finding]) -> None:
    if faults:
        lines = [f"{folder}: this is no plan of the scenario", *(str(fault) for fault in faults[:SHOWN])]
        lines += [f"and {len(faults) - SHOWN:,} more"] if len(faults) > SHOWN else []
        raise PlanFolderError("\n".join(lines))


def _alignment(folder: Path, problem: Problem, known: Mapping[str, Any]) -> Alignment:
    rows = _rows(folder, "accounts.csv", ("account", "unit", "territory"))
    at = {
        "account": {name: i for i, name in enumerate(problem.accounts.ids)},
        "unit": {name: i for i, name in enumerate(problem.unit_ids)},
        "territory": {name: i for i, name in enumerate(problem.territory_ids)} | {"": NONE},
    }
    _refuse(folder, [*_unknown(rows, at), *_wrong_count(rows, problem.accounts.ids)])
    columns = {
        name: np.array([place[row[name]] for row in rows], dtype=np.int64) for name, place in at.items()
    }
    order = np.argsort(columns["account"])
    account_territory = columns["territory"][order]
    return Alignment(
        account_ids=problem.accounts.ids,
        unit_ids=problem.unit_ids,
        territory_ids=problem.territory_ids,
        account_unit=columns["unit"][order],
        account_territory=account_territory,
        unit_territory=_units(problem, account_territory, known),
        center=_centers(problem, known),
    )


def _unknown(rows: list[Row], at: Mapping[str, Mapping[str, int]]) -> Iterator[Finding]:
    for number, row in enumerate(rows, start=2):
        for column, place in at.items():
            name = row[column]
            if name not in place:
                hint = nearest(name, place) if name else ""
                yield Finding(
                    "error", f"unknown {column}", "accounts.csv", number, column, name, f"the id of a {column}"
                    if column == "territory" else f"the scenario's {column}", hint,
                )  # fmt: skip


def _wrong_count(rows: list[Row], accounts: tuple[str, ...]) -> Iterator[Finding]:
    seen: set[str] = set()
    for number, row in enumerate(rows, start=2):
        name = row["account"]
        if name in seen:
            yield Finding("error", "account more than once", "accounts.csv", number, "account", name)
        seen.add(name)
    for name in accounts:
        if name not in seen:
            yield Finding(
                "error", "missing account", "accounts.csv", 0, "account", name, "every account once"
            )


def _units(problem: Problem, account_territory: IntArray, known: Mapping[str, Any]) -> IntArray:
    """Give each unit the territory of most of its accounts, or what ``plan.json`` says of one without any."""
    held = account_territory >= 0
    votes = np.zeros((problem.n, problem.k), dtype=np.int64)
    np.add.at(votes, (problem.accounts.unit[held], account_territory[held]), 1)
    territory = np.where(votes.max(axis=1, initial=0) > 0, votes.argmax(axis=1), NONE)
    number = {name: t for t, name in enumerate(problem.territory_ids)}
    empty = np.setdiff1d(np.arange(problem.n), problem.accounts.unit)
    said = known["units_without_accounts"]
    for unit in empty.tolist():
        territory[unit] = number.get(said.get(problem.unit_ids[unit], ""), NONE)
    return territory


def _centers(problem: Problem, known: Mapping[str, Any]) -> FloatArray:
    center = problem.seat.copy()
    for t, name in enumerate(problem.territory_ids):
        said = known["centers"].get(name)
        if said is not None:
            center[t] = said
    return center


def _result(opened: Opened, alignment: Alignment, verdict: Verdict, known: Mapping[str, Any]) -> Result:
    """Judge the plan as the engine would have, with the bounds that still hold for it."""
    criteria = opened.scenario.settings.criteria
    points = [
        (criterion.priority, measure.title, criterion.weight * measure.value)
        for criterion, measure in zip(criteria, verdict.measures, strict=True)
        if criterion.weight
    ]
    # no proof of territories depends on what is paid
    ours, theirs = (
        {name: one for name, one in hashes.items() if name != opened.scenario.settings.pay}
        for hashes in (opened.scenario.hashes, known["hashes"])
    )
    same_input = same = ours == theirs
    before = {one["priority"]: one for one in known["levels"]}
    levels = []
    for priority in sorted({one[0] for one in points}) or [1]:
        objective = float(sum(value for at, _, value in points if at == priority))
        stored = before.get(priority)
        bound = stored["lower_bound"] if same and stored else None
        levels.append(Level(priority, objective, bound))
        # the bound of a later priority is proven only for plans that are as good in the earlier ones
        same = (
            same
            and stored is not None
            and abs(stored["objective"] - objective) <= PROVEN * max(1.0, objective)
        )
    proven = all(level.gap == 0 for level in levels)
    note = "" if same else words.EDITED if same_input else words.OTHER_INPUT
    return Result(
        status="unknown" if not verdict.holds else "optimal" if proven else "feasible",
        alignment=alignment,
        levels=tuple(levels),
        parts={title: value for _, title, value in points},
        breaches=verdict.breaches,
        method=str(known.get("method", "")).removesuffix(f"; {note}") + (f"; {note}" if note else ""),
        reason="" if verdict.holds else "the plan in the folder breaks hard rules",
        work=known["timings"].get("work", {}),
        seconds=0.0,
        cut=note or str(known.get("cut", "")),
    )  # fmt: skip


def _quotas(folder: Path, opened: Opened) -> QuotaPlan:
    """Read the quotas of every node; whether they add up is for others to judge."""
    problem = opened.problem
    rows = _rows(folder, "quotas.csv", (*NODE, *LIMITS))
    _refuse(folder, list(_quota_faults(rows, problem.territory_ids)))
    rows = _in_order(rows)
    own = {row["node"]: row for row in rows if row["level"] == TERRITORY}
    cents = {(row["level"], row["node"]): cents_of(row["quota"]) or 0 for row in rows}
    held = np.array([cents[TERRITORY, name] for name in problem.territory_ids], dtype=np.int64)
    hedged = [name for name in HEDGED if name in rows[0]]
    measures = [name for name in rows[0] if name not in (*NODE, *hedged)]
    basis = pd.DataFrame(
        {
            name: [text if name in TEXTS else _number(text) for text in (own[t][name] for t in own)]
            for name in measures
        },
        index=pd.Index(list(own), name="territory"),
    )
    nodes = pd.DataFrame(rows)[["level", "node", "parent", "parent_level"]]
    for name in (*hedged, *LIMITS):
        nodes[name] = [_number(row[name]) for row in rows]
    return QuotaPlan(
        territory_ids=problem.territory_ids,
        cents=held,
        target_cents=cents.get((COMPANY, COMPANY), int(held.sum())),
        basis=basis.loc[list(problem.territory_ids)].assign(quota=held / 100),
        nodes=nodes.assign(cents=np.array(list(cents.values()), dtype=np.int64)),
        cells=_cells(folder, nodes) if opened.scenario.settings.quota.split else None,
    )


def _cells(folder: Path, nodes: pd.DataFrame) -> pd.DataFrame | None:
    """Read the quotas by product and period, where the folder has them."""
    if not (folder / CELLS).exists():
        return None
    rows = _rows(folder, CELLS, COLUMNS)
    _refuse(folder, list(cell_faults(rows, nodes)))
    return cells_of(rows)


def _in_order(rows: list[Row]) -> list[Row]:
    """Bring rows that stand in any order into the one they were written in."""
    own = {(row["level"], row["node"]): row for row in rows}
    return [
        own[node]
        for node in in_order({key: (row["parent_level"], row["parent"]) for key, row in own.items()})
    ]


def _quota_faults(rows: list[Row], territories: tuple[str, ...]) -> Iterator[Finding]:
    """Find what cannot be read as the quotas of these territories."""
    seen: set[tuple[str, str]] = set()
    for number, row in enumerate(rows, start=2):
        node = (row["level"], row["node"])
        if cents_of(row["quota"]) is None:
            expected = "an amount in whole cents"
            yield Finding("error", "no amount", "quotas.csv", number, "quota", row["quota"], expected)
        if node in seen:
            yield Finding("error", "node more than once", "quotas.csv", number, "node", row["node"])
        seen.add(node)
        if node[0] != TERRITORY:
            continue
        if node[1] not in territories:
            yield Finding("error", "unknown territory", "quotas.csv", number, "node", row["node"])
        for name in LIMITS:
            if not np.isfinite(_number(row[name])):
                yield Finding("error", "no amount", "quotas.csv", number, name, row[name], "an amount")
    for name in territories:
        if (TERRITORY, name) not in seen:
            yield Finding("error", "no quota", "quotas.csv", 0, "node", name, "every territory once")


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
