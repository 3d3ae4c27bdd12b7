"""What a year may be put to: a stress that every plan meets alike."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Stress:
    """Changes of the year beside its usual chances; without any, the year as it is expected.

    Attributes
    ----------
    lost_accounts
        Accounts that buy nothing.
    leavers
        Positions whose sellers leave on the first day; they are filled again after the usual time.
    ramp_delay
        Months by which every ramp starts late.
    company
        Factor on all sales.
    """

    lost_accounts: tuple[str, ...] = ()
    leavers: tuple[str, ...] = ()
    ramp_delay: int = 0
    company: float = 1.0
