"""What the models of ``scenario.toml`` are made of."""

from __future__ import annotations

from collections.abc import Sized
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

List = TypeVar("List", bound=Sized)

Fraction = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Money = Annotated[float, Field(ge=0, le=1e15, allow_inf_nan=False)]


def _not_empty(entries: List) -> List:
    """Refuse a list without entries; pydantic's own rule counts those alone that are sound."""
    if not len(entries):
        raise ValueError("needs at least one entry")
    return entries


NotEmpty = AfterValidator(_not_empty)


class Frozen(BaseModel):
    """No key that is not known, no change after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)
