"""Planning criteria, one file each. Adding one is its file, its line here, and its test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Union

from pydantic import Field

from spm_opt.criteria.apart import Apart as Apart
from spm_opt.criteria.balance import Balance as Balance
from spm_opt.criteria.capacity import Capacity as Capacity
from spm_opt.criteria.contiguity import Contiguity as Contiguity
from spm_opt.criteria.dispersion import Dispersion as Dispersion
from spm_opt.criteria.disruption import Disruption as Disruption
from spm_opt.criteria.families import Families as Families
from spm_opt.criteria.limits import Limits as Limits
from spm_opt.criteria.pairs import Pairs as Pairs
from spm_opt.criteria.reach import Reach as Reach
from spm_opt.criteria.segments import Segments as Segments
from spm_opt.criteria.skills import Skills as Skills
from spm_opt.criteria.terms import Criterion as Criterion

REGISTRY = (
    Apart,
    Balance,
    Capacity,
    Contiguity,
    Dispersion,
    Disruption,
    Families,
    Limits,
    Pairs,
    Reach,
    Segments,
    Skills,
)
"""Every criterion; the scenario file, the command line, the score, the reports and the README read it."""

if TYPE_CHECKING:
    AnyCriterion = Criterion
else:
    AnyCriterion = Annotated[Union[REGISTRY], Field(discriminator="kind")]  # noqa: UP007  built from the registry
