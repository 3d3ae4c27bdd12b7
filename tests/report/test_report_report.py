"""The run folder: which files, what they hold, and the same bytes for the same run."""

import csv
import dataclasses
import hashlib
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import geopandas as gpd
import pyogrio
import pytest
from made_run import board_run

from spm_opt.errors import PlanFolderError
from spm_opt.report import report as module
from spm_opt.report.report import NAMES, contents, report

HOSTILE = '=1+1,"x"\r\n\n<script>window.PWNED=1</script>é'


def table(content):
    return list(csv.DictReader(io.StringIO(content.decode("utf-8"), newline="")))


def test_the_folder_holds_every_file(tmp_path):
    """One call writes all seven files and nothing else."""
    paths = report(board_run(), tmp_path / "run")
    assert [path.name for path in paths] == list(NAMES)
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == sorted(NAMES)


def test_accounts_say_who_has_them_and_who_had_them():
    """Field 12 of row 2 keeps its seller; field 18 in row 3 goes from S0 to the seller of its quarter."""
    rows = {row["account"]: row for row in table(contents(board_run())["accounts.csv"])}
    assert len(rows) == 36
    assert rows["A12"] == {
        "account": "A12", "unit": "U12", "territory": "S0", "seller": "Person 0",
        "previous_territory": "S0", "previous_seller": "Person 0", "moved": "no",
    }  # fmt: skip
    assert rows["A18"]["territory"] == "S2"
    assert rows["A18"]["previous_seller"] == "Person 0"
    assert rows["A18"]["moved"] == "yes"
    assert rows["A35"]["seller"] == "vacant"
    assert sum(row["moved"] == "yes" for row in rows.values()) == 6


def test_accounts_without_a_seller_today_have_empty_fields():
    """Without an incumbent nothing is previous and nothing has moved."""
    rows = table(contents(board_run(incumbent=False))["accounts.csv"])
    assert {(row["previous_territory"], row["previous_seller"], row["moved"]) for row in rows} == {
        ("", "", "no")
    }


def test_quotas_sum_up_in_every_level():
    """In quotas.csv each node is the sum of its children, to the cent."""
    rows = table(contents(board_run())["quotas.csv"])
    assert [row["level"] for row in rows] == ["company", "region", "district", "district", *["territory"] * 4]
    for row in rows:
        below = [
            float(other["quota"])
            for other in rows
            if (other["parent_level"], other["parent"]) == (row["level"], row["node"])
        ]
        assert not below or sum(below) == float(row["quota"])
    assert rows[0]["quota"] == "4000.00"


def test_territories_hold_the_scorecard():
    """Every measure of the scorecard is a column, with seller and groups before them."""
    run = board_run()
    rows = table(contents(run)["territories.csv"])
    assert list(rows[0])[:5] == ["territory", "seller", "district", "region", "quota"]
    assert set(run.scorecard.territories.columns) <= set(rows[0])
    for row in rows:
        for name in ("revenue", "revenue_deviation", "p_attain"):
            assert float(row[name]) == pytest.approx(
                run.scorecard.territories.loc[row["territory"], name], abs=1e-6
            )


def test_plan_and_scorecard_are_json():
    """Both parse; the plan is its provenance, the scorecard has a row a territory."""
    made = contents(board_run())
    assert json.loads(made["plan.json"])["effort"] == "quick"
    assert len(json.loads(made["scorecard.json"])["territories"]) == 4


@pytest.mark.parametrize("kind", ["polygons", "points", "nothing"])
@pytest.mark.parametrize("incumbent", [True, False])
def test_every_kind_of_scenario_has_its_files(kind, incumbent):
    """Polygons, points or no places at all, with and without an incumbent: every file is made."""
    made = contents(board_run(kind=kind, incumbent=incumbent))
    assert all(made[name] for name in NAMES)
    assert (b'id="map-data"' in made["report.html"]) == (kind != "nothing")
    assert (b"What changes hands" in made["report.html"]) == incumbent


def test_the_geopackage_opens_with_its_layers(tmp_path):
    """Territories are dissolved, units, seats and accounts are as many as they are."""
    path = tmp_path / "t.gpkg"
    path.write_bytes(contents(board_run())["territories.gpkg"])
    assert {name for name, _ in pyogrio.list_layers(path)} == {"territories", "units", "seats", "accounts"}
    areas = gpd.read_file(path, layer="territories")
    assert areas.geometry.area.tolist() == [900.0] * 4
    assert areas["seller"].tolist() == ["Person 0", "Person 1", "Person 2", "vacant"]
    assert {"quota", "p_attain", "revenue"} <= set(areas.columns)
    units = gpd.read_file(path, layer="units")
    assert len(units) == 36
    assert units.crs is None or not units.crs.is_geographic
    assert units["territory"].tolist()[:4] == ["S0", "S0", "S0", "S1"]
    assert len(gpd.read_file(path, layer="accounts")) == 36
    assert gpd.read_file(path, layer="seats").geometry.x.tolist() == [15.0, 45.0, 15.0, 45.0]


def test_a_scenario_without_places_has_attribute_layers(tmp_path):
    """With neither polygons nor coordinates the layers are tables, not left out."""
    path = tmp_path / "t.gpkg"
    path.write_bytes(contents(board_run(kind="nothing"))["territories.gpkg"])
    assert dict(pyogrio.list_layers(path).tolist()) == dict.fromkeys(
        ("territories", "units", "seats", "accounts")
    )
    assert len(pyogrio.read_dataframe(path, layer="accounts")) == 36


HASHES = """
import hashlib, sys
from made_run import board_run
from spm_opt.report.report import contents
for kind in ("polygons", "nothing"):
    for name, content in contents(board_run(kind=kind)).items():
        print(kind, name, hashlib.sha256(content).hexdigest())
"""


def test_the_same_run_gives_the_same_bytes():
    """A fresh process with another hash seed, and this one, write identical files."""
    environment = {**os.environ, "PYTHONHASHSEED": "2", "PYTHONPATH": str(Path(__file__).parent.parent)}
    done = subprocess.run(
        [sys.executable, "-c", HASHES], env=environment, capture_output=True, text=True, check=True
    )
    here = [
        f"{kind} {name} {hashlib.sha256(content).hexdigest()}"
        for kind in ("polygons", "nothing")
        for name, content in contents(board_run(kind=kind)).items()
    ]
    assert done.stdout.splitlines() == here


def test_hostile_names_survive_in_every_table():
    """Commas, quotes, line breaks and tags in names are data in CSV, GeoPackage and JSON."""
    run = board_run(mark=HOSTILE)
    made = contents(run)
    rows = table(made["accounts.csv"])
    assert {row["account"] for row in rows} == set(run.problem.accounts.ids)
    assert rows[0]["seller"] == f"Person 0{HOSTILE}"
    assert {row["territory"] for row in table(made["territories.csv"])} == set(run.problem.territory_ids)


def test_nothing_is_written_when_making_fails(tmp_path, monkeypatch):
    """An error while a file is made leaves no folder, and no temporary one either."""

    def fail(*_args: object) -> bytes:
        raise ValueError("broken")

    monkeypatch.setattr(module, "page", fail)
    with pytest.raises(ValueError, match="broken"):
        report(board_run(), tmp_path / "run")
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_is_said(tmp_path):
    """A file in the way is a PlanFolderError that names it."""
    (tmp_path / "run").write_text("x")
    with pytest.raises(PlanFolderError, match="it is a file"):
        report(board_run(), tmp_path / "run")


def test_gdal_settings_are_as_before():
    """Fixing the file's time stamp changes no setting that others see."""
    contents(board_run())
    assert pyogrio.get_gdal_config_option("OGR_CURRENT_DATE") is None


def test_a_run_that_nobody_changes_is_told_apart_from_none():
    """An incumbent equal to the plan is an incumbent with nothing moved."""
    run = board_run()
    same = dataclasses.replace(run, incumbent=run.plan.alignment)
    rows = table(contents(same)["accounts.csv"])
    assert {row["moved"] for row in rows} == {"no"}
    assert b"Nothing changes hands." in contents(same)["report.html"]
