"""How many positions each layer has in each group of the sales organisation."""

from __future__ import annotations

import math
from collections.abc import Sequence

from spm_opt.scenario.overlay_settings import Overlay

NUMBER = "number"
"""Activity of a layer that counts what lies below: territories, or positions of the layer below."""


def positions_of(overlay: Overlay, units: Sequence[int]) -> tuple[int, ...]:
    """Say how many positions each group gets.

    With a ratio, a group has its units divided by it, rounded up. A number of positions is parted in
    proportion to units, at least one a group, by largest remainders; ties go to the first group.

    Parameters
    ----------
    overlay
        The layer.
    units
        Units of the layer below in each group, none of them without any.

    Examples
    --------
    >>> positions_of(Overlay(name="Specialist", ratio=4), [9, 4])
    (3, 1)
    >>> positions_of(Overlay(name="Specialist", positions=4), [9, 4, 1])
    (2, 1, 1)
    """
    if overlay.ratio is not None:
        return tuple(math.ceil(count / overlay.ratio) for count in units)
    wanted, total = overlay.positions or 0, sum(units)
    shares = [wanted * count / total for count in units]
    found = [max(1, math.floor(share)) for share in shares]
    while sum(found) < wanted:
        found[max(range(len(units)), key=lambda g: (shares[g] - found[g], -g))] += 1
    while sum(found) > wanted:
        rich = [g for g, count in enumerate(found) if count > 1]
        found[min(rich, key=lambda g: (shares[g] - found[g], -g))] -= 1
    return tuple(found)


def most_units(overlay: Overlay) -> int | None:
    """Most units of the layer below that one position may have, where a ratio says so."""
    return None if overlay.ratio is None else math.ceil(overlay.ratio)
