"""Candidate seats: read, judged, and given to the engine."""

import pytest
from scenario_folder import SELLERS, SETTINGS, spoilt, write_scenario

from spm_opt.scenario.load import load
from spm_opt.scenario.prepare import examine

TABLE = '[tables.candidates]\npath = "candidates.csv"\n\n[simulate.win'
AIM = '\n[[criteria]]\nkind = "dispersion"\nweight = 1.0\n'
SEATS = spoilt(
    spoilt(SELLERS, "start,skills,region", "start,skills,region,longitude,latitude"),
    "icu;lab,East\ns2,Bob,,,lab,West",
    "icu;lab,East,-90.5,40.5\ns2,Bob,,,lab,West,,",
)
MAP = """{"type": "FeatureCollection", "features": [
  {"type": "Feature", "properties": {"id": "W"}, "geometry": {"type": "Polygon",
    "coordinates": [[[-91, 40], [-90, 40], [-90, 41], [-91, 41], [-91, 40]]]}},
  {"type": "Feature", "properties": {"id": "E"}, "geometry": {"type": "Polygon",
    "coordinates": [[[-90, 40], [-89, 40], [-89, 41], [-90, 41], [-90, 40]]]}}]}"""


def examined(folder, rows, *, on_map=False):
    """Look at the made scenario with an open position and these candidates."""
    settings = spoilt(SETTINGS, "[simulate.win", TABLE) + AIM
    if on_map:
        settings = spoilt(
            settings, "[tables.candidates]", '[tables.geography]\npath = "map.geojson"\n\n[tables.candidates]'
        )
        settings += '\n[units]\nby = "geography"\n'
        (folder / "map.geojson").write_text(MAP, encoding="utf-8")
    (folder / "candidates.csv").write_text("id,name,longitude,latitude\n" + rows, encoding="utf-8")
    return examine(load(write_scenario(folder, settings=settings, sellers=SEATS)))


def test_candidates_are_places_for_open_seats_in_the_order_of_their_ids(tmp_path):
    """The rows may stand in any order; s2 has no seat, so the problem carries them."""
    found = examined(tmp_path, "c2,Two,-89.5,40.4\nc1,One,-90.2,40.2\n")
    assert not found.findings.errors
    assert found.problem.candidates.tolist() == [[-90.2, 40.2], [-89.5, 40.4]]


@pytest.mark.parametrize(
    ("rows", "severity", "text"),
    [
        ("c1,,-90.2,40.2\nc1,,-90.3,40.2\n", "error", "row 3, column \"id\": duplicate id (found 'c1')"),
        ("c1,,-90.2,40.2\nc2,,,\n", "error", 'row 3, column "longitude, latitude": candidate without a place'),
        (
            "c1,,-90.2,40.2\nc2,,-90.2,40.2\n", "warning",
            "row 3, column \"longitude, latitude\": two candidates at one place (found 'c2, where c1 is')",
        ),
        (
            "c1,,40.2,-90\n", "error",
            "row 2, column \"longitude, latitude\": candidate far from every account (found 'c1 at 40.2, -90; nearest",
        ),
        ("c1,,-88.6,40.5\n", "warning", 'row 2, column "longitude, latitude": candidate far from every account'),
        ("", "error", "fewer candidates than open positions"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_found_at_its_row(tmp_path, rows, severity, text):
    """Ids twice, no place, one place twice, nobody near, none at all: each with its row and its value."""
    findings = examined(tmp_path, rows).findings
    said = [str(one) for one in findings if one.severity == severity]
    assert any(text in one for one in said), said


def test_a_seat_in_the_sea_is_an_error_and_one_at_the_coast_a_warning(tmp_path):
    """Half a degree off the map is an error with the nearest polygon; 0.05 degrees may be the drawn coast."""
    found = examined(tmp_path, "c1,,-88.5,40.5\nc2,,-88.95,40.5\nc3,,-90.5,40.5\n", on_map=True).findings
    (sea,) = [one for one in found if one.severity == "error" and one.file == "candidates.csv"]
    assert (sea.rule, sea.row) == ("candidate outside every polygon", 2)
    assert sea.value == "c1 at -88.5, 40.5; nearest is E, 42.3 km"
    (coast,) = [one for one in found if one.severity == "warning" and one.file == "candidates.csv"]
    assert (coast.row, coast.value) == (3, "c2 at -88.95, 40.5; nearest is E, 4.2 km")
