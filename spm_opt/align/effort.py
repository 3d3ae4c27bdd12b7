"""Effort: how much work a search may do, and the clock that may cut it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from spm_opt.align.result import Progress

Effort = Literal["quick", "standard", "thorough"]
STOPPED, OUT_OF_TIME, FAILED = "stopped by the user", "cut by the time limit", "a solver failed"
"""What can end a search before its effort is spent."""

LEAST = 0.1
"""Seconds that a step gets at least, however late it is."""


@dataclass(frozen=True)
class Budget:
    """Effort in work, never in seconds.

    Attributes
    ----------
    proposals, least_proposals
        Moves that the local search looks at: for each node, and in all at least.
    exact_time
        Deterministic time of the exact method.
    relocations
        Rounds of choosing centers.
    neighbourhoods
        For each territory, how many neighbourhoods of centers are searched where centers are chosen.
    looks
        Partial ejection chains that are looked at.
    nodes
        Branch-and-bound nodes over the core of a model.
    adjoining
        Neighbourhoods of adjoining territories that are solved.
    """

    proposals: int
    least_proposals: int
    exact_time: float
    relocations: int
    neighbourhoods: int
    looks: int
    nodes: int
    adjoining: int

    def share(self, share: float) -> Budget:
        """Return the same with a share of the proposals."""
        return replace(
            self, proposals=round(share * self.proposals), least_proposals=round(share * self.least_proposals)
        )


BUDGETS: dict[Effort, Budget] = {
    "quick": Budget(1_500, 100_000, 2.0, 4, 10, 2_000_000, 200, 100),
    "standard": Budget(4_000, 1_000_000, 10.0, 10, 40, 20_000_000, 2_000, 200),
    "thorough": Budget(30_000, 10_000_000, 60.0, 25, 400, 400_000_000, 20_000, 2_000),
}


def cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@dataclass(frozen=True, eq=False)
class Clock:
    """When a search began, when it must stop, and who hears of its progress."""

    began: float
    limit: float | None
    progress: Callable[[Progress], None] | None
    stop: Callable[[], bool] | None = None

    @property
    def seconds(self) -> float:
        """Seconds since the beginning."""
        return time.monotonic() - self.began

    @property
    def stopped(self) -> bool:
        """Whether whoever asked for the search wants it to stop."""
        return self.stop is not None and self.stop()

    @property
    def over(self) -> bool:
        """Whether the time limit has passed, or the search was stopped."""
        return self.late(0.0) or self.stopped

    def late(self, grace: float) -> bool:
        """Say whether the time limit has passed by so many seconds."""
        return self.limit is not None and self.seconds > self.limit + grace

    @property
    def cut(self) -> str:
        """What has cut the search, in words, where something has."""
        return STOPPED if self.stopped else OUT_OF_TIME

    def tell(self, step: str, objective: float, violation: float, bound: float) -> bool:
        """Report progress; say whether to go on."""
        if self.progress is not None:
            self.progress(Progress(step, objective, violation, bound, self.seconds))
        return not self.over

    def left(self, share: float) -> float | None:
        """Share out the seconds that are left, or ``None`` where there is no limit."""
        if self.stopped:
            return LEAST
        return None if self.limit is None else max(LEAST, share * (self.limit - self.seconds))

    def part(self, share: float) -> Clock:
        """Make a clock that stops after a share of the time that is left."""
        if self.limit is None:
            return self
        limit = self.seconds + share * (self.limit - self.seconds)
        return replace(self, limit=limit)
