"""Limits of headcount that cannot hold together: which ones.

Limits are dropped one by one; what is left clashes by itself, and no longer without any one of it. That limits
clash is said where the relaxation has no solution, by two solvers: SciPy's and one of OR-Tools.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from spm_opt.capacity.path_columns import relaxed
from spm_opt.capacity.path_model import program
from spm_opt.capacity.path_question import PathLimits, PathQuestion
from spm_opt.capacity.path_solver import Whole, solved
from spm_opt.errors import HeadcountError

NAMES = {"budget": "budget", "hires": "hires_a_month", "least": "least", "most": "most"}
"""Limits that may clash, and the keys they are set by."""
NODES = 5_000


def conflict_error(question: PathQuestion) -> HeadcountError:
    """Name the limits that clash."""
    kept = [name for name in NAMES if getattr(question.limits, name) is not None]
    if not _clash(question, kept):
        return HeadcountError("no headcount within the limits of [size] was found, and nothing is proven")
    for name in list(kept):
        rest = [one for one in kept if one != name]
        if _clash(question, rest):
            kept = rest
    said = "\n".join(f"  {NAMES[one]} = {_written(getattr(question.limits, one))}" for one in kept)
    return HeadcountError(
        f"these limits of [size] cannot hold together:\n{said}", tuple(NAMES[one] for one in kept)
    )


def _clash(question: PathQuestion, kept: list[str]) -> bool:
    """Say whether no plan keeps these limits: by the relaxation, and by a solver in whole numbers."""
    limits: PathLimits = replace(question.limits, **{one: None for one in NAMES if one not in kept})
    whole = program(replace(question, limits=limits))
    nothing = np.zeros(whole.gain.size)
    free = relaxed(nothing, whole.low, whole.high, whole.rows, whole.floor, whole.ceiling) is None
    asked = Whole(nothing, whole.low, whole.high, whole.rows, whole.floor, whole.ceiling)
    answer = solved(asked, "scip", NODES)
    return answer.x is None and (free or (answer.proven and solved(asked, "highs", NODES).proven))


def _written(value: Any) -> str:
    if isinstance(value, np.ndarray):
        low, high = int(value.min()), int(value.max())
        return f"{low:,}" if low == high else f"{low:,} to {high:,} by role"
    return f"{value:,.10g}"
