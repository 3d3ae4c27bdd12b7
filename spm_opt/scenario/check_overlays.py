"""What contradicts in the overlays: layers that are not there, levels that sellers lack, criteria that mean nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from spm_opt.criteria import Balance, Disruption
from spm_opt.scenario.findings import Finding, nearest
from spm_opt.scenario.locate import Path
from spm_opt.scenario.located import frame_findings
from spm_opt.scenario.overlay_positions import NUMBER, positions_of
from spm_opt.scenario.overlay_settings import Overlay
from spm_opt.scenario.scenario import Scenario
from spm_opt.scenario.settings_file import FILE, Places, dotted, places_in
from spm_opt.scenario.texts import is_empty

KINDS = ("balance", "contiguity", "dispersion", "disruption", "limits", "segments")
"""Criteria that mean something for a layer; the others speak of accounts, sellers' seats or skills."""
Labels = list[str]


def check_overlays(scenario: Scenario) -> list[Finding]:
    """Judge the layers: their names, what they are over, how many positions they have, and their criteria."""
    overlays, places = scenario.settings.overlays, places_in(scenario.folder)
    findings = [*_names(overlays, places), *_reserved(scenario, places)]
    for o, overlay in enumerate(overlays):
        findings += [*_levels(scenario, overlay), *_criteria(overlay, o, places)]
    if findings or scenario.sellers.empty:
        return findings
    # each layer's units by the groups of each level, as far as they lie in one
    units: dict[str, dict[str, Labels] | None] = {"": _territories(scenario)}
    for o, overlay in enumerate(overlays):
        below = units[overlay.over]
        if below is not None:
            found = list(_crossing(overlay, o, below, places)) or list(_too_many(overlay, o, below, places))
            findings += found
            units[overlay.name] = None if found else _positions(overlay, below)
        else:
            units[overlay.name] = None
    return findings


def _at(places: Places, path: Path, rule: str, value: str, expected: str, hint: str = "") -> Finding:
    return Finding("error", rule, FILE, places.place(path).line, dotted(path), value, expected, hint)


def _names(overlays: Sequence[Overlay], places: Places) -> Iterator[Finding]:
    """Find layers of one name, and layers over none that was listed before."""
    before: list[str] = []
    for o, overlay in enumerate(overlays):
        if overlay.name in before:
            yield _at(
                places, ("overlays", o, "name"), "overlay listed twice", overlay.name, "a name of its own"
            )
        if overlay.over and overlay.over not in before:
            known = ", ".join(before) or "none, since this is the first"
            path = ("overlays", o, "over")
            yield _at(
                places, path, "unknown layer", overlay.over, f"an overlay listed before ({known})",
                nearest(overlay.over, before),
            )  # fmt: skip
        before.append(overlay.name)


def _reserved(scenario: Scenario, places: Places) -> Iterator[Finding]:
    """Find an activity that would hide the count of units."""
    if scenario.settings.overlays and NUMBER in scenario.settings.activities:
        path = ("activities", NUMBER)
        yield _at(
            places, path, "activity with a reserved name", NUMBER, "another name: overlays count units by it"
        )


def _levels(scenario: Scenario, overlay: Overlay) -> Iterator[Finding]:
    """Find sellers without the group that a layer keeps to."""
    sellers, level = scenario.sellers, overlay.within
    if level is not None:
        none = is_empty(sellers[level])
        expected = f"a {level}, since overlay {overlay.name} keeps within it"
        yield from frame_findings(
            sellers, scenario.settings.tables.sellers, level, none, f"no {level}", expected
        )


def _criteria(overlay: Overlay, o: int, places: Places) -> Iterator[Finding]:
    """Find criteria that mean nothing for this layer."""
    for i, criterion in enumerate(overlay.criteria):
        path: Path = ("overlays", o, "criteria", i)
        if criterion.kind not in KINDS:
            what = "criterion that means nothing for an overlay"
            yield _at(places, (*path, "kind"), what, criterion.kind, f"one of {', '.join(KINDS)}")
        if isinstance(criterion, Disruption) and overlay.today is None:
            hint = 'today = "manager" in this overlay'
            yield _at(
                places, (*path, "kind"), "nothing to disrupt: it is not said who has what today", criterion.kind,
                "the key today", hint,
            )  # fmt: skip
        if isinstance(criterion, Disruption) and criterion.of == NUMBER:
            yield _at(
                places, (*path, "of"), "not counted by account", NUMBER, "accounts, or an activity of them"
            )
        if isinstance(criterion, Balance) and criterion.target == "capacity":
            yield _at(
                places,
                (*path, "target"),
                "positions of an overlay have no capacity",
                criterion.target,
                "equal",
            )
        if isinstance(criterion, Balance) and criterion.within not in (None, overlay.within):
            expected = f"{overlay.within}, as the overlay" if overlay.within else "no such key"
            yield _at(
                places,
                (*path, "within"),
                "groups that are not the overlay's",
                criterion.within or "",
                expected,
            )


def _territories(scenario: Scenario) -> dict[str, Labels]:
    """Group of each territory at each level."""
    return {level: scenario.sellers[level].tolist() for level in ("district", "region")} | {
        "": [""] * len(scenario.sellers)
    }


def _crossing(overlay: Overlay, o: int, below: dict[str, Labels], places: Places) -> Iterator[Finding]:
    """Find a level that positions of the layer below may cross."""
    if (overlay.within or "") not in below:
        path = ("overlays", o, "within")
        yield _at(
            places, path, f"positions of {overlay.over} may cross it", overlay.within or "",
            f"{overlay.over} to keep within it, too",
        )  # fmt: skip


def _too_many(overlay: Overlay, o: int, below: dict[str, Labels], places: Places) -> Iterator[Finding]:
    """Find a number of positions that there are not enough units, or not enough positions for the groups."""
    if overlay.positions is None:
        return
    labels = below[overlay.within or ""]
    groups, what = len(set(labels)), f"positions of {overlay.over}" if overlay.over else "territories"
    path = ("overlays", o, "positions")
    if overlay.positions > len(labels):
        yield _at(
            places, path, f"more positions than {what}", str(overlay.positions), f"at most {len(labels):,}"
        )
    if overlay.positions < groups:
        yield _at(
            places, path, f"fewer positions than groups ({overlay.within})", str(overlay.positions),
            f"at least {groups:,}",
        )  # fmt: skip


def _positions(overlay: Overlay, below: dict[str, Labels]) -> dict[str, Labels]:
    """Group of each position at the levels that none crosses: its own, and those that its groups lie in."""
    labels = below[overlay.within or ""]
    counts = Counter(labels)
    names = sorted(counts)
    positions = positions_of(overlay, [counts[name] for name in names])
    own = [name for name, count in zip(names, positions, strict=True) for _ in range(count)]
    kept: dict[str, Labels] = {}
    for level, coarse in below.items():
        pairs = set(zip(labels, coarse, strict=True))
        if len(pairs) == len(names):
            home = dict(pairs)
            kept[level] = [home[name] for name in own]
    return kept
