"""Geography: polygons read, repaired and refused."""

import geopandas as gpd
import pytest
import shapely
from scenario_folder import SETTINGS, write_scenario

from spm_opt.scenario.check import check
from spm_opt.scenario.load import load

SQUARES = [shapely.box(-91, 40, -90, 41), shapely.box(-90, 40, -89, 41)]
BOW_TIE = shapely.Polygon([(-90, 40), (-89, 41), (-89, 40), (-90, 41)])


def scenario_of(folder, shapes=SQUARES, ids=("u1", "u2"), name="units.geojson", crs="EPSG:4326", extra=""):
    """Load a scenario with a map of these shapes."""
    frame = gpd.GeoDataFrame(
        {"id": list(ids), "label": [f"Unit {one}" for one in ids]}, geometry=list(shapes), crs=crs
    )
    if name:
        frame.to_file(folder / name, engine="pyogrio")
    settings = (
        SETTINGS + f'[tables.geography]\npath = "{name}"\nname = "label"\n{extra}[units]\nby = "geography"\n'
    )
    return load(write_scenario(folder, settings=settings))


@pytest.mark.parametrize("name", ["units.geojson", "units.gpkg", "units.shp"])
def test_every_format_gives_the_units_sorted_by_id(tmp_path, name):
    """The same units come from GeoJSON, GeoPackage and Shapefile, with a hash."""
    scenario = scenario_of(tmp_path, SQUARES[::-1], ("u2", "u1"), name)
    assert not check(scenario)
    assert scenario.geography.columns.tolist() == ["id", "name", "geometry"]
    assert scenario.geography["id"].tolist() == ["u1", "u2"]
    assert scenario.geography["name"].tolist() == ["Unit u1", "Unit u2"]
    assert scenario.geography.geometry.iloc[0].equals(SQUARES[0])
    assert name in scenario.hashes


def test_projected_polygons_are_turned_to_degrees(tmp_path):
    """A file in metres of Web Mercator comes out in longitude and latitude."""
    shapes = list(gpd.GeoSeries(SQUARES, crs="EPSG:4326").to_crs("EPSG:3857"))
    scenario = scenario_of(tmp_path, shapes, name="units.gpkg", crs="EPSG:3857")
    assert scenario.geography.total_bounds.tolist() == pytest.approx([-91, 40, -89, 41])


def test_numbers_as_ids_are_written_without_a_point(tmp_path):
    """A unit with the number 36061 as its id is called 36061."""
    assert scenario_of(tmp_path, ids=(36061, 36047)).geography["id"].tolist() == ["36047", "36061"]


def test_a_broken_polygon_is_repaired_and_reported(tmp_path):
    """A bow tie becomes two triangles, with a warning that gives its area before and after."""
    scenario = scenario_of(tmp_path, [SQUARES[0], BOW_TIE])
    (finding,) = scenario.findings
    assert (finding.severity, finding.rule, finding.row) == ("warning", "broken polygon", 2)
    assert "Self-intersection" in finding.value
    assert "0 before and 0.5 after" in finding.suggestion
    repaired = scenario.geography.geometry.iloc[1]
    assert repaired.is_valid
    assert repaired.geom_type == "MultiPolygon"


WRONG = [
    ((SQUARES[0], shapely.Point(0, 0)), ("u1", "u2"), "not a polygon", 2),
    ((SQUARES[0], None), ("u1", "u2"), "empty geometry", 2),
    ((SQUARES[0], shapely.Polygon([(0, 0), (1, 1), (0, 0)])), ("u1", "u2"), "broken polygon", 2),
    (SQUARES, ("u1", "u1"), "duplicate id", 2),
    (SQUARES, ("u1", None), "empty id", 2),
    ((SQUARES[0], shapely.box(0, 0, 300, 10)), ("u1", "u2"), "outside the world", 2),
]


@pytest.mark.parametrize(("shapes", "ids", "rule", "row"), WRONG)
def test_units_that_cannot_be_used_are_errors(tmp_path, shapes, ids, rule, row):
    """Points, nothing, collapsed rings, doubled and missing ids, places off the world: located errors."""
    errors = scenario_of(tmp_path, shapes, ids).findings.errors
    assert [(one.rule, one.row, one.file) for one in errors] == [(rule, row, "units.geojson")]


def test_files_that_are_no_map_are_errors(tmp_path):
    """A missing file, a missing column, a missing layer, a format we do not read, and nonsense."""
    assert [one.rule for one in scenario_of(tmp_path, name="").findings.errors] == ["unknown format"]
    extra = 'id = "GEOID"\n'
    (finding,) = scenario_of(tmp_path, extra=extra).findings.errors
    assert (finding.rule, finding.column) == ("missing column", "GEOID")
    (finding,) = scenario_of(tmp_path, name="units.gpkg", extra='layer = "unit"\n').findings.errors
    assert (finding.rule, finding.suggestion) == ("no such layer", "units")
    (tmp_path / "units.gpkg").unlink()
    assert [one.rule for one in load(tmp_path).findings.errors] == ["file not found"]
    (tmp_path / "units.gpkg").write_text("nonsense")
    assert [one.rule for one in load(tmp_path).findings.errors] == ["not readable as geography"]


def test_a_virtual_file_in_disguise_is_not_followed(tmp_path):
    """XML that points GDAL to another local file is refused whatever it calls itself."""
    secret = gpd.GeoDataFrame({"id": ["secret"], "label": ["x"]}, geometry=[SQUARES[0]], crs="EPSG:4326")
    secret.to_file(tmp_path / "secret.gpkg", engine="pyogrio")
    scenario_of(tmp_path)
    (tmp_path / "units.geojson").write_text(
        f'<OGRVRTDataSource><OGRVRTLayer name="secret"><SrcDataSource>{tmp_path}/secret.gpkg</SrcDataSource>'
        "</OGRVRTLayer></OGRVRTDataSource>"
    )
    scenario = load(tmp_path)
    assert [one.rule for one in scenario.findings.errors] == ["not readable as geography"]
    assert scenario.geography.empty
