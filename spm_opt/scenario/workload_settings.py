"""Workload's settings: the hours that accounts ask for, from contacts, travel and new business."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import Field

from spm_opt.scenario.frozen import Frozen, Money, NotEmpty

Channel = Literal["field", "inside", "partner"]
CHANNELS: tuple[Channel, ...] = get_args(Channel)


class Coverage(Frozen):
    """How often and how long the accounts of a segment are talked to through one channel."""

    segment: str = ""
    """The segment; without it every segment that no entry names."""
    channel: Channel = "field"
    """Visits in the field, contacts from inside (calls, mail, video), or through partners."""
    contacts: float = Field(ge=0, le=10_000, allow_inf_nan=False)
    """Contacts with one account in a year."""
    hours: float = Field(ge=0, le=1_000, allow_inf_nan=False)
    """Hours of one contact, without preparation and travel."""
    preparation: float = Field(default=0.0, ge=0, le=1_000, allow_inf_nan=False)
    """Hours of preparation and follow-up of one contact."""


class NewBusiness(Frozen):
    """Hours that go into potential which is not bought yet."""

    segment: str = ""
    """The segment; without it every segment that no entry names."""
    channel: Channel = "field"
    """The channel whose sellers work these hours."""
    hours: float = Field(ge=0, le=10_000, allow_inf_nan=False)
    """Hours a year for each `per` of potential beyond last year's sales."""
    per: Money = Field(default=100_000, gt=0)
    """The amount of potential that the hours are for, in currency."""
    most: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    """Most hours for one account; without it no limit."""


class Travelling(Frozen):
    """Travel of one field contact: the way from the nearest seat, shared by the stops of a tour, and between stops."""

    speed: float = Field(default=60.0, gt=0, le=1_000, allow_inf_nan=False)
    """Mean speed on the road, in km/h."""
    detour: float = Field(default=1.2, ge=1, le=5, allow_inf_nan=False)
    """Length of the road for a km of straight line (1.20 in the United States, Ballou, Rahardja and Sakai 2002)."""
    stops: float = Field(default=4.0, ge=1, le=100, allow_inf_nan=False)
    """Contacts on one tour, which share the way there and back."""
    tour: float = Field(default=0.7124, ge=0, le=5, allow_inf_nan=False)
    """Length of a shortest tour in units of the root of stops times area (Beardwood, Halton and Hammersley 1959)."""
    table: Literal["km", "minutes"] = "km"
    """What [tables.travel] counts, where it is given: its least figure over sellers is then the way there."""


class Workload(Frozen):
    """Hours of each account; without this section they are a column that somebody typed."""

    activity: str = "workload"
    """The activity that gets the hours."""
    channels: Annotated[tuple[Channel, ...], NotEmpty] = ("field",)
    """Channels whose hours the sellers of the plan work; the others are counted, and sized, beside."""
    coverage: Annotated[tuple[Coverage, ...], NotEmpty]
    """Contacts by segment and channel."""
    new_business: tuple[NewBusiness, ...] = ()
    """Hours for potential that is not bought yet."""
    travel: Travelling = Travelling()
