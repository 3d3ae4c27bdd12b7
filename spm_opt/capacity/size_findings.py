"""What headcount found odd: hours that nobody works, roles without hours, response data that are too thin."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from spm_opt.capacity.cells import Cells, worked
from spm_opt.capacity.response_estimate import ENOUGH_ROWS, ENOUGH_SELLERS, ENOUGH_VARIATION, Told
from spm_opt.scenario.findings import Finding, Findings
from spm_opt.scenario.scenario import Scenario
from spm_opt.scenario.settings_file import FILE, Places, dotted, places_in
from spm_opt.scenario.size_settings import Size


def judged(scenario: Scenario, known: Cells, size: Size, parameters: pd.DataFrame, seen: Told) -> Findings:
    """Collect everything at once."""
    places = places_in(scenario.folder)
    return Findings.of(
        [
            *_nobodys(known, places),
            *_idle(known, size, places),
            *_thin(scenario, known, parameters, seen),
            *_worthless(scenario, known),
        ]
    )


def _at(places: Places, *path: str | int) -> tuple[str, int, str]:
    return FILE, places.place(path).line, dotted(path)


def _nobodys(known: Cells, places: Places) -> Iterator[Finding]:
    """Find hours of a channel and segment that no role works."""
    book, names = known.book, known.segments
    taken = worked(known.settings, book.channels, names)
    for c, channel in enumerate(book.channels):
        hours = np.bincount(book.segment, book.by_channel[:, c], len(names))
        covered = {s for (_, at), own in taken.items() if at == c for s in own}
        bare = [s for s in range(len(names)) if hours[s] > 0 and s not in covered]
        if bare:
            listed = (
                "" if len(bare) == len(names) else f" of {', '.join(names[s] or 'no segment' for s in bare)}"
            )
            yield Finding(
                "warning", "hours that no role works", *_at(places, "size", "roles"),
                f"{hours[bare].sum():,.0f} {channel} hours{listed}", "a role for every channel and segment",
                "they, and the sales they serve, are in no headcount",
            )  # fmt: skip


def _idle(known: Cells, size: Size, places: Places) -> Iterator[Finding]:
    """Find roles without hours to work, and roles that nobody has or whose sellers have no hours."""
    needed = known.needed.sum(axis=1).reshape(-1, len(known.roles)).sum(axis=0)
    hours = known.seller_hours.reshape(-1, len(known.roles)).max(axis=0)
    sellers = known.sellers.reshape(-1, len(known.roles)).sum(axis=0)
    for i, role in enumerate(size.roles):
        j = known.roles.index(role.name)
        where = _at(places, "size", "roles", i, "name")
        if needed[j] <= 0:
            yield Finding(
                "error", "role without hours", *where, role.name,
                f"accounts that ask for hours by {' or '.join(role.channels)} in its segments",
                "coverage in [workload], or other channels and segments of the role",
            )  # fmt: skip
        if hours[j] <= 0:
            expected = "a capacity for sellers, or [capacity]"
            yield Finding("error", "sellers without hours", *where, role.name, expected)
        elif sellers[j] == 0:
            yield Finding(
                "warning", "role that no seller has", *where, role.name, "sellers with it in the column role",
                "its sellers are counted with the hours that sellers of the others have",
            )  # fmt: skip


def _thin(scenario: Scenario, known: Cells, parameters: pd.DataFrame, seen: Told) -> Iterator[Finding]:
    """Say of each segment whose curve history does not tell what is missing."""
    table = scenario.settings.tables.history
    source = dict(zip(parameters["segment"], parameters["source"], strict=True))
    for s, name in enumerate(known.segments):
        if source[name] not in ("default", "company"):
            continue
        missing = []
        if seen.rows[s] < ENOUGH_ROWS:
            missing.append(f"{ENOUGH_ROWS} observations (there are {seen.rows[s]:,})")
        if seen.sellers[s] < ENOUGH_SELLERS:
            missing.append(f"{ENOUGH_SELLERS} sellers (there are {seen.sellers[s]:,})")
        if seen.rows[s] and seen.variation[s] < ENOUGH_VARIATION:
            missing.append(
                f"effort that varies by {ENOUGH_VARIATION:.0%} (it does by {seen.variation[s]:.1%})"
            )
        taken = "what the other segments tell is" if source[name] == "company" else "the default is"
        yield Finding(
            "warning", "too little history to estimate how sales answer to effort",
            FILE if table is None else table.path, 0, "", name or "no segment",
            "at least " + " and ".join(missing) + f"; {taken} used",
            "[[size.responses]] with what you know better",
        )  # fmt: skip


def _worthless(scenario: Scenario, known: Cells) -> Iterator[Finding]:
    """Find that nothing was sold, so that no seller pays."""
    if known.book.sales.sum() <= 0:
        yield Finding(
            "error", "no sales last year", scenario.settings.tables.accounts.path,
            expected=f"[tables.history], or the activity {scenario.settings.simulate.revenue}",
        )  # fmt: skip
