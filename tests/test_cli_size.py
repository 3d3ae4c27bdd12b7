"""The command ``size`` from outside."""

from __future__ import annotations

import csv
from pathlib import Path

from click.testing import CliRunner

from spm_opt.cli import main

ROOT = Path(__file__).parents[1]


def test_size_says_how_many_and_writes_tables(tmp_path: Path):
    """Headcount of a scenario is shown with what lies around the best, and written in columns that the README explains."""
    outcome = CliRunner().invoke(main, ["size", str(ROOT / "scenarios/saas_named"), "--out", str(tmp_path)])
    assert outcome.exit_code == 0, outcome.output
    for line in ("How sales answer to effort", "Sellers", "Around the best", "today, build-up"):
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
