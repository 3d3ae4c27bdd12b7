"""Names in ``scenario.toml`` that must exist in its tables or among its activities."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from spm_opt.criteria import Apart, Criterion, Pairs
from spm_opt.criteria.terms import Reference
from spm_opt.scenario.check_fractions import check_fractions
from spm_opt.scenario.findings import Finding
from spm_opt.scenario.locate import Path
from spm_opt.scenario.located import nearest_of
from spm_opt.scenario.overlay_positions import NUMBER
from spm_opt.scenario.scenario import Scenario
from spm_opt.scenario.settings import Settings
from spm_opt.scenario.settings_file import FILE, Places, dotted, places_in

LEVELS = ("manager", "district", "region")
_SHOWN = 12


def check_settings(scenario: Scenario) -> list[Finding]:
    """Judge every name that criteria, quota and simulation refer to."""
    places = places_in(scenario.folder)
    known: dict[str, set[str]] = {}
    findings = []
    for where, criterion in _criteria(scenario.settings):
        for reference in dict.fromkeys(criterion.references()):
            if reference.kind not in known:
                known[reference.kind] = _known(scenario, reference.kind)
            names = known[reference.kind]
            if reference.kind == "activity" and where[0] == "overlays":
                names = names | {NUMBER}
            if (names or _readable(scenario, reference.kind)) and reference.name not in names:
                path = (*where, *_path_in(criterion, reference))
                findings.append(_unknown(places, path, reference.kind, reference.name, names))
    fractions = check_fractions(scenario.settings, places)
    return (
        findings + fractions + _mix(scenario, places) + _revenue(scenario, places) + _stated(scenario, places)
    )


def _criteria(settings: Settings) -> Iterator[tuple[Path, Criterion]]:
    """Go through every criterion with its place: those of the alignment, then those of the overlays."""
    for i, criterion in enumerate(settings.criteria):
        yield ("criteria", i), criterion
    for o, overlay in enumerate(settings.overlays):
        for i, criterion in enumerate(overlay.criteria):
            yield ("overlays", o, "criteria", i), criterion


def _known(scenario: Scenario, kind: str) -> set[str]:
    """Collect the names of a kind; of a table that could not be read there are none."""
    if kind == "activity":
        return set(scenario.settings.activities)
    if kind == "level":
        return set(LEVELS)
    if kind == "seller":
        return set(scenario.sellers["id"]) - {""}
    if kind == "segment":
        return set(scenario.accounts["segment"]) - {""}
    accounts = set(scenario.accounts["id"]) - {""}
    if not accounts or scenario.settings.units.by != "geography" or scenario.geography is None:
        return accounts
    return accounts | set(scenario.geography["id"])


def _readable(scenario: Scenario, kind: str) -> bool:
    """Tell whether a kind of name that the tables may well lack could have been read."""
    return kind == "segment" and len(scenario.accounts) > 0


def _path_in(criterion: Criterion, reference: Reference) -> Path:
    """Find the key inside a criterion; of pairs and lists, the very element."""
    if isinstance(criterion, Pairs):
        side = 1 if reference.kind == "seller" else 0
        pairs = getattr(criterion, reference.key)
        return (reference.key, [pair[side] for pair in pairs].index(reference.name), side)
    if isinstance(criterion, Apart):
        row = next(i for i, group in enumerate(criterion.apart) if reference.name in group)
        return (reference.key, row, criterion.apart[row].index(reference.name))
    return (reference.key,)


def _unknown(places: Places, path: Path, kind: str, name: str, known: Iterable[str]) -> Finding:
    """Report a name that nothing has."""
    words = sorted(known)
    listed = f"one of {', '.join(words)}" if len(words) <= _SHOWN else f"one of {len(words):,} names"
    listed = listed if words else f"a {kind}, of which there is none"
    return Finding(
        "error",
        f"unknown {kind}",
        FILE,
        places.place(path).line,
        dotted(path),
        name,
        listed,
        nearest_of(words)(name),
    )


def _mix(scenario: Scenario, places: Places) -> list[Finding]:
    """Judge the measures that quotas follow."""
    settings = scenario.settings
    findings = []
    for name in settings.quota.mix:
        path: Path = ("quota", "mix", name)
        if name == "pipeline" and settings.tables.pipeline is None:
            text = "quota follows the pipeline, but there is none"
            findings.append(
                Finding(
                    "error", text, FILE, places.place(path).line, dotted(path), expected="[tables.pipeline]"
                )
            )
        elif name not in ("history", "pipeline", "capacity", *settings.activities):
            known = ("history", "pipeline", "capacity", *settings.activities)
            findings.append(_unknown(places, path, "measure", name, known))
    return findings


def _revenue(scenario: Scenario, places: Places) -> list[Finding]:
    """See that last year's sales are known from somewhere."""
    settings = scenario.settings
    name, path = settings.simulate.revenue, ("simulate", "revenue")
    if name in settings.activities:
        return []
    if "revenue" in settings.simulate.model_fields_set:
        return [_unknown(places, path, "activity", name, settings.activities)]
    if settings.tables.history is None:
        text = "last year's sales are not known: no history, and no activity of this name"
        near = nearest_of(settings.activities)(name)
        hint = f'revenue = "{near or next(iter(settings.activities))}" under [simulate], or [tables.history]'
        return [Finding("error", text, FILE, places.place(path).line, dotted(path), name, suggestion=hint)]
    return []


def _stated(scenario: Scenario, places: Places) -> list[Finding]:
    """See that the activities which the simulation is told to take are there; a default may well be absent."""
    settings = scenario.settings
    stated = [key for key in ("potential", "workload") if key in settings.simulate.model_fields_set]
    named = ((("simulate", key), getattr(settings.simulate, key)) for key in stated)
    return [
        _unknown(places, path, "activity", name, settings.activities)
        for path, name in named
        if name not in settings.activities
    ]
