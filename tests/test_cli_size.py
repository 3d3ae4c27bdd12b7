"""The command ``size`` from outside."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from click.testing import CliRunner

from spm_opt.cli import main

ROOT = Path(__file__).parents[1]


def test_size_says_how_many_and_writes_tables(tmp_path: Path):
    """Headcount of a scenario is shown with what lies around the best, and written in columns that the README explains."""
    outcome = CliRunner().invoke(main, ["size", str(ROOT / "scenarios/saas_named"), "--out", str(tmp_path)])
    assert outcome.exit_code == 0, outcome.output
    for line in ("How sales answer to effort", "Sellers", "Around the best", "build-up"):
        assert line in outcome.stdout
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for path in sorted(tmp_path.iterdir()):
        assert f"`{path.name}`" in readme
        with path.open(encoding="utf-8", newline="") as stream:
            for name in next(csv.reader(stream)):
                assert f"`{name}`" in readme, f"column {name} of {path.name} is not in the README"


def test_size_needs_its_settings():
    """Without [size] the command says what is missing, and gives the code of wrong settings."""
    outcome = CliRunner().invoke(main, ["size", str(ROOT / "scenarios/tiny"), "--json"])
    assert outcome.exit_code == 2
    assert "[size]" in outcome.stdout


def test_positions_in_place_of_sellers_are_aligned_and_read_again(tmp_path: Path):
    """Territories are made for a table of sellers in place of the scenario's; what reads the plan again takes it too."""
    folder, scenario, given = tmp_path / "plan", str(ROOT / "scenarios/tiny"), tmp_path / "after.csv"
    given.write_text(
        "id,name,x,y,start\nWest,Wanda Reyes,5,5,\nEast,Nora Hill,25,15,2027-03-01\n", encoding="utf-8"
    )
    done = CliRunner().invoke(
        main, ["align", scenario, "--positions", str(given), "--out", str(folder), "--json"]
    )
    assert done.exit_code == 0, done.output
    assert (folder / "positions.csv").read_bytes() == given.read_bytes()
    assert "Nora Hill" in (folder / "territories.csv").read_text(encoding="utf-8")
    hashes = json.loads((folder / "plan.json").read_text(encoding="utf-8"))["hashes"]
    assert "positions.csv" in hashes
    assert "sellers.csv" not in hashes
    for command in (["simulate"], ["score"], ["report", "--out", str(tmp_path / "anew")]):
        again = CliRunner().invoke(
            main, [*command[:1], scenario, "--plan", str(folder), *command[1:], "--json"]
        )
        assert again.exit_code == 0, again.output
    assert (tmp_path / "anew/positions.csv").exists()
