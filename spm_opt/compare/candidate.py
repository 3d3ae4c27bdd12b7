"""The plans that are compared, and whether they can be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from spm_opt.errors import ComparisonError
from spm_opt.plan import Alignment, QuotaPlan
from spm_opt.problem import NONE
from spm_opt.scenario.scenario import Scenario
from spm_opt.scenario.settings_file import FILE

TODAY = "today"
"""Names today's alignment where a plan is asked for."""
FEWEST = 2
SHOWN = 5
DECISIVE = ("accounts", "sellers", "history", "pipeline", "opportunities", "timesheets")
"""Tables that the simulated year is made from. Plans may differ in all else: rules, aims, map, quotas."""


@dataclass(frozen=True, eq=False)
class Candidate:
    """A plan to compare: who holds which account, and the quotas where there are any.

    ``hashes`` are those of the input that it was made from, where they are known: a plan made from other
    tables is not compared. ``broken`` is the number of places in which it breaks hard rules of the scenario that
    it is judged in, where that is known and the plan was made by those rules.
    """

    name: str
    alignment: Alignment
    quotas: QuotaPlan | None = None
    hashes: Mapping[str, str] | None = None
    broken: int = 0


def require_comparable(scenario: Scenario, found: Sequence[Candidate]) -> None:
    """Refuse plans that cannot be compared, with everything that stands against it.

    Raises
    ------
    ComparisonError
        Fewer than two plans, names that are not different, or plans of different scenarios.
    """
    if len(found) < FEWEST:
        raise ComparisonError(f"a comparison needs two plans at least, there {_are(len(found))}")
    twice = [name for name, count in Counter(one.name for one in found).items() if count > 1]
    faults = [f"two plans are called {name!r}" for name in twice]
    accounts, sellers = (set(table["id"]) for table in (scenario.accounts, scenario.sellers))
    for one in found:
        faults += _set_faults(one.name, "account", accounts, one.alignment.account_ids)
        faults += _set_faults(one.name, "territory", sellers, one.alignment.territory_ids)
        faults += table_faults(one.name, scenario, one.hashes)
    if faults:
        raise ComparisonError("\n".join(["these plans cannot be compared", *faults]))


def _are(count: int) -> str:
    return "is one" if count == 1 else "is none"


def _set_faults(name: str, noun: str, known: set[str], own: Iterable[str]) -> list[str]:
    """Say which accounts or territories a plan has that the scenario has not, and the other way round."""
    mine = set(own)
    sides = ((mine - known, "has"), (known - mine, "lacks"))
    return [f"{name}: {verb} {noun} {_some(names)} of the scenario" if verb == "lacks" else
            f"{name}: {verb} {noun} {_some(names)}, which the scenario has not"
            for names, verb in sides if names]  # fmt: skip


def _some(names: set[str]) -> str:
    shown = ", ".join(repr(name) for name in sorted(names)[:SHOWN])
    return shown + (f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else "")


def table_faults(name: str, scenario: Scenario, own: Mapping[str, str] | None) -> list[str]:
    """Say which tables a plan was not made from, of those that the simulated year is made from."""
    if own is None:
        return []
    tables = (getattr(scenario.settings.tables, table, None) for table in DECISIVE)
    paths = dict.fromkeys(table.path for table in tables if table is not None)
    return [
        f"{name}: was made from another {path}"
        for path in paths
        if own.get(path) != scenario.hashes.get(path)
    ]


def other_settings(scenario: Scenario, found: Sequence[Candidate]) -> tuple[str, ...]:
    """Name the plans that were made with another ``scenario.toml``."""
    digest = scenario.hashes.get(FILE)
    return tuple(one.name for one in found if one.hashes is not None and one.hashes.get(FILE) != digest)


def in_order(plan: Candidate, territory_ids: tuple[str, ...]) -> Candidate:
    """Bring a plan's territories into an order."""
    own = plan.alignment
    if own.territory_ids == territory_ids:
        return plan
    place = {name: t for t, name in enumerate(territory_ids)}
    moved = np.array(
        [*(place[name] for name in own.territory_ids), NONE], dtype=np.int64
    )  # NONE is the last place
    alignment = replace(
        own,
        territory_ids=territory_ids,
        account_territory=moved[own.account_territory],
        unit_territory=moved[own.unit_territory],
        center=own.center[np.argsort(moved[:-1])],
    )
    return replace(plan, alignment=alignment)
