"""What is wrong with overlays is found before anything is solved, at its line."""

import pytest
from scenario_folder import SELLERS, SETTINGS, spoilt, write_scenario

from spm_opt.errors import ScenarioError
from spm_opt.scenario.check import check
from spm_opt.scenario.load import load
from spm_opt.scenario.overlay_positions import positions_of
from spm_opt.scenario.overlay_settings import Overlay

FIRST = 23
"""Line of the first `[[overlays]]`."""


def found(folder, overlays, **parts):
    parts["settings"] = parts.get("settings", SETTINGS) + overlays
    return [one for one in check(load(write_scenario(folder, **parts))) if one.severity == "error"]


def layer(text: str, *criteria: str) -> str:
    rules = "".join(f"[[overlays.criteria]]\n{one}\n" for one in criteria)
    return f"[[overlays]]\n{text}\n{rules}"


SIZED = 'name = "S"\nratio = 4'
FAULTS = [
    (layer(f'{SIZED}\nover = "T"'), "unknown layer", "overlays.1.over", 3),
    (layer(SIZED) + layer('name = "M"\nratio = 2\nover = "M"'), "unknown layer", "overlays.2.over", 6),
    (layer(SIZED) + layer(SIZED), "overlay listed twice", "overlays.2.name", 4),
    (layer('name = "S"\npositions = 3'), "more positions than territories", "overlays.1.positions", 2),
    (layer('name = "S"\npositions = 1\nwithin = "region"'), "fewer positions than groups (region)", "overlays.1.positions", 2),
    (layer(SIZED) + layer('name = "M"\nratio = 2\nover = "S"\nwithin = "region"'), "positions of S may cross it", "overlays.2.within", 7),
    (layer(SIZED) + layer('name = "M"\npositions = 2\nover = "S"'), "more positions than positions of S", "overlays.2.positions", 5),
    (layer(SIZED, 'kind = "balance"\nactivity = "workloud"'), "unknown activity", "overlays.1.criteria.1.activity", 5),
    (layer(SIZED, 'kind = "pairs"'), "criterion that means nothing for an overlay", "overlays.1.criteria.1.kind", 4),
    (layer(SIZED, 'kind = "skills"'), "criterion that means nothing for an overlay", "overlays.1.criteria.1.kind", 4),
    (layer(SIZED, 'kind = "families"'), "criterion that means nothing for an overlay", "overlays.1.criteria.1.kind", 4),
    (layer(SIZED, 'kind = "disruption"'), "nothing to disrupt: it is not said who has what today", "overlays.1.criteria.1.kind", 4),
    (layer(f'{SIZED}\ntoday = "region"', 'kind = "disruption"\nof = "number"'), "not counted by account", "overlays.1.criteria.1.of", 6),
    (layer(SIZED, 'kind = "balance"\nactivity = "number"\ntarget = "capacity"'), "positions of an overlay have no capacity", "overlays.1.criteria.1.target", 6),
    (layer(SIZED, 'kind = "balance"\nactivity = "number"\nwithin = "region"'), "groups that are not the overlay's", "overlays.1.criteria.1.within", 6),
]  # fmt: skip


@pytest.mark.parametrize(("overlays", "rule", "key", "line"), FAULTS)
def test_faults_are_located_in_the_settings(tmp_path, overlays, rule, key, line):
    """Each contradiction of layers is one finding, at its key and line."""
    (finding,) = found(tmp_path, overlays)
    assert (finding.rule, finding.file, finding.column) == (rule, "scenario.toml", key)
    assert finding.row == FIRST + line


@pytest.mark.parametrize("sizes", ["", "ratio = 2\npositions = 2"])
def test_a_layer_has_a_ratio_or_a_number(tmp_path, sizes):
    """Both or neither is refused when the settings are read, at the overlay."""
    with pytest.raises(ScenarioError, match=r"scenario\.toml:23:3: overlays\.1: give ratio or positions"):
        found(tmp_path, layer(f'name = "S"\n{sizes}'))


def test_unknown_keys_of_an_overlays_criteria_are_named_as_written(tmp_path):
    """The path of a fault has no word that the planner has not written."""
    with pytest.raises(
        ScenarioError, match=r"overlays\.1\.criteria\.1\.toleranc: unknown key.*Maybe: tolerance"
    ):
        found(tmp_path, layer(SIZED, 'kind = "balance"\nactivity = "workload"\ntoleranc = 0.1'))


def test_sellers_without_the_level_of_a_layer_are_found_in_their_rows(tmp_path):
    """A layer within regions needs a region for every seller."""
    sellers = spoilt(SELLERS, "icu;lab,East", "icu;lab,")
    (finding,) = found(tmp_path, layer(f'{SIZED}\nwithin = "region"'), sellers=sellers)
    assert (finding.rule, finding.file, finding.row, finding.column) == (
        "no region",
        "sellers.csv",
        2,
        "region",
    )


def test_the_count_of_units_keeps_its_name(tmp_path):
    """An activity called number would hide the count of units that layers are sized by."""
    settings = spoilt(SETTINGS, 'revenue = "USD"', 'revenue = "USD", number = "pieces"')
    rules = {one.rule for one in found(tmp_path, layer(SIZED), settings=settings)}
    assert "activity with a reserved name" in rules


def test_layers_that_hold_are_no_finding(tmp_path):
    """A layer within regions, one over it within the same, and one over all."""
    good = layer(
        'name = "S"\nratio = 2\nwithin = "region"', 'kind = "balance"\nactivity = "number"\nweight = 1'
    )
    good += layer('name = "M"\nover = "S"\nratio = 1\nwithin = "region"') + layer(
        'name = "C"\nover = "M"\npositions = 1'
    )
    assert found(tmp_path, good) == []


@pytest.mark.parametrize(
    ("given", "units", "positions"),
    [
        ({"ratio": 4}, [9, 4, 1], (3, 1, 1)),
        ({"ratio": 1}, [2, 3], (2, 3)),
        ({"positions": 4}, [9, 4, 1], (2, 1, 1)),
        ({"positions": 5}, [100, 1, 1, 1], (2, 1, 1, 1)),
        ({"positions": 14}, [9, 4, 1], (9, 4, 1)),
        ({"positions": 3}, [5, 5], (2, 1)),
    ],
)
def test_positions_follow_ratio_or_share(given, units, positions):
    """A ratio rounds up in every group; a number is shared by largest remainders, at least one each."""
    assert positions_of(Overlay(name="S", **given), units) == positions
