"""What is known of the public instances, which claims contradict it, and whether the aims are reached."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FALSE = 2e-4
"""How far a claim may be from what is known before it is called false: the rounding of printed optima."""
Row = dict[str, Any]


@dataclass(frozen=True)
class Known:
    """What is known of one instance.

    Attributes
    ----------
    name
        Its file's name without ``.json``.
    group
        The family, for hess with its level (``"hess_county"``), for gap with its type (``"gap_d"``).
    units
        Number of its units, for gap of its jobs.
    status, best_known
        ``"optimal"``, ``"best known"``, ``"infeasible"`` or ``"open"``, and the value.
    """

    name: str
    group: str
    units: int
    status: str
    best_known: float | None


def known(path: Path) -> Known:
    """Read what is known, without making a problem of it."""
    data = json.loads(path.read_text(encoding="utf-8"))
    family, rest = data["family"], path.stem.partition("_")[2]
    group = {"hess": f"hess_{rest.partition('_')[0]}", "gap": f"gap_{rest[:1]}"}.get(family, family)
    units = len(data["cost"][0] if family == "gap" else data["x"])
    return Known(path.stem, group, units, data["status"], data["best_known"])


def gap(one: Known, row: Row) -> float | None:
    """Relative distance of a plan's value from the best known one."""
    if row["objective"] is None or not one.best_known:
        return None
    return float(row["objective"]) / one.best_known - 1


def fault(one: Known, row: Row) -> str:
    """Say which claim contradicts what is known, or nothing."""
    best, found = one.best_known, gap(one, row)
    if row["status"] == "infeasible" and best is not None:
        return "claims infeasible, a plan is known"
    if row["status"] == "optimal" and found is not None and found > FALSE:
        return f"claims an optimum {found:.3%} above the best known"
    if row["lower_bound"] is not None and best is not None and row["lower_bound"] > best * (1 + FALSE):
        return f"its bound {row['lower_bound']:.6g} lies above a known plan {best:.6g}"
    if one.status == "infeasible" and row["objective"] is not None:
        return "has a plan where none was thought to exist"
    return ""


@dataclass(frozen=True)
class Tally:
    """The results of some instances, counted.

    Attributes
    ----------
    tried, plans, none
        How many there are, have a plan, and have neither a plan nor a proof that there is none.
    proved, false, bounded
        How many are proven optimal or infeasible, contradict what is known, and have a bound or that proof.
    missed
        How many have no plan though one is known.
    gaps
        Distances from the best known values, where there are both.
    seconds
        Of all together.
    """

    tried: int
    plans: int
    none: int
    proved: int
    false: int
    bounded: int
    missed: int
    gaps: tuple[float, ...]
    seconds: float

    @classmethod
    def of(cls, members: Sequence[tuple[Known, Row]]) -> Tally:
        """Count."""
        closed = [row["status"] == "infeasible" for _, row in members]
        return cls(
            tried=len(members),
            plans=sum(row["objective"] is not None for _, row in members),
            none=sum(row["objective"] is None and row["status"] != "infeasible" for _, row in members),
            proved=sum(
                row["status"] in ("optimal", "infeasible") and not fault(one, row) for one, row in members
            ),
            false=sum(bool(fault(one, row)) for one, row in members),
            bounded=sum(
                row["lower_bound"] is not None or no for (_, row), no in zip(members, closed, strict=True)
            ),
            missed=sum(row["objective"] is None and one.best_known is not None for one, row in members),
            gaps=tuple(found for one, row in members if (found := gap(one, row)) is not None),
            seconds=sum(row["seconds"] for _, row in members),
        )

    @property
    def mean(self) -> float | None:
        """Mean distance from the best known values."""
        return sum(self.gaps) / len(self.gaps) if self.gaps else None

    @property
    def worst(self) -> float | None:
        """Largest distance from the best known values."""
        return max(self.gaps, default=None)


@dataclass(frozen=True)
class Aim:
    """What is to be reached over the instances of some groups and sizes; no claim may be false in any case.

    Attributes
    ----------
    label
        What the table calls them.
    groups
        Groups that it is about.
    least, most
        Numbers of units that it is about.
    mean, worst
        Most mean and most single distance from the best known values; every known plan must be met by one.
    proved
        Least share proven optimal or infeasible.
    bounds
        Whether each must have a bound.
    """

    label: str
    groups: tuple[str, ...]
    least: int = 0
    most: int = 1_000_000
    mean: float | None = None
    worst: float | None = None
    proved: float | None = None
    bounds: bool = False

    def about(self, one: Known) -> bool:
        """Whether an instance is one of these."""
        return one.group in self.groups and self.least <= one.units <= self.most

    def words(self) -> str:
        """Say what is to be reached."""
        parts = [
            f"mean <= {self.mean:.2%}" if self.mean is not None else "",
            f"worst <= {self.worst:.2%}" if self.worst is not None else "",
            f"proved >= {self.proved:.0%}" if self.proved is not None else "",
            "bounds" if self.bounds else "",
        ]
        return ", ".join(filter(None, parts)) or "-"

    def short_of(self, tally: Tally) -> str:
        """Say what is not reached, or nothing."""
        mean, worst = tally.mean, tally.worst
        measured = self.mean is not None or self.worst is not None
        parts = [
            f"{tally.false} false" if tally.false else "",
            f"{tally.missed} without a plan" if measured and tally.missed else "",
            "mean" if self.mean is not None and mean is not None and mean > self.mean + ROUNDING else "",
            "worst" if self.worst is not None and worst is not None and worst > self.worst + ROUNDING else "",
            "proved" if self.proved is not None and tally.proved < self.proved * tally.tried else "",
            f"{tally.tried - tally.bounded} without a bound"
            if self.bounds and tally.bounded < tally.tried
            else "",
        ]
        return ", ".join(filter(None, parts))


ROUNDING = 1e-6
"""By how much a sum of printed optima may be off."""
AIMS = (
    Aim("hess_county", ("hess_county",), proved=1.0),
    Aim("hess_tract", ("hess_tract",), mean=0.001, worst=0.01, proved=0.5),
    Aim("tdp to 80 units", ("tdp",), most=80, proved=0.8),
    Aim("tdp from 100 units", ("tdp",), least=81, mean=0.0, worst=0.01),
    Aim("cpmp to 402 units", ("cpmp",), most=402, mean=0.001),
    Aim("cpmp between", ("cpmp",), least=403, most=3_037),
    Aim("cpmp from 3,038 units", ("cpmp",), least=3_038, mean=0.01),
    Aim("gap A to C", ("gap_a", "gap_b", "gap_c"), proved=1.0),
    Aim("gap D and E", ("gap_d", "gap_e"), mean=0.0015, bounds=True),
)
"""What is to be reached within 60 seconds an instance on 2 cores."""
HEAD = (
    "family                 tried plans  none proved false  mean gap worst gap  seconds  "
    "to reach                                        reached"
)


def table(members: Sequence[tuple[Known, Row]]) -> list[str]:
    """Tabulate what was reached, a line an aim that there are instances of."""
    lines = [HEAD]
    for aim in AIMS:
        mine = [(one, row) for one, row in members if aim.about(one)]
        if mine:
            lines.append(_line(aim, Tally.of(mine)))
    return lines


def _line(aim: Aim, tally: Tally) -> str:
    mean, worst = ("-" if value is None else f"{value:+.3%}" for value in (tally.mean, tally.worst))
    short = aim.short_of(tally)
    reached = f"no: {short}" if short else "yes" if aim.words() != "-" else "-"
    return (
        f"{aim.label:22s} {tally.tried:5d} {tally.plans:5d} {tally.none:5d} {tally.proved:6d} {tally.false:5d} "
        f"{mean:>9s} {worst:>9s} {tally.seconds:8.1f}  {aim.words():47s} {reached}"
    )
