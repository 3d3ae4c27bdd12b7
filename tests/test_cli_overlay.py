"""Layers over the territories from the command line, and in the files and the page of a run."""

from __future__ import annotations

import csv
import json
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner
from scenario_copy import TINY, copied

from spm_opt.cli import main

LAYERS = """
[[overlays]]
name = "Expert"
ratio = 1

[[overlays]]
name = "Chief"
over = "Expert"
positions = 1

[[overlays.criteria]]
kind = "balance"
activity = "potential"
weight = 1

[quota]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copied(tmp_path_factory.mktemp("layers") / "tiny", scenario__toml=("\n[quota]\n", LAYERS))


@pytest.fixture(scope="module")
def plan(folder: Path) -> Path:
    out = folder.parent / "plan"
    ran = CliRunner().invoke(main, ["run", str(folder), "--out", str(out), "--effort", "quick"])
    assert ran.exit_code == 0, ran.output
    return out


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_a_run_writes_its_layers(plan):
    """Files, page and provenance have the layers; each sums to the territories in every column, cent by cent."""
    table = rows(plan / "overlay_sizes.csv")
    for name in ("territories", "accounts", "workload", "potential", "revenue", "quota"):
        sums = {layer: Decimal(0) for layer in ("territory", "Expert", "Chief")}
        for row in table:
            sums[row["layer"]] += Decimal(row[name])
        assert len(set(sums.values())) == 1, name
    assert {(row["layer"], row["below"]) for row in rows(plan / "overlays.csv")} >= {
        ("Expert", "East"), ("Chief", "Expert 1"), ("Chief", "Expert 2"),
    }  # fmt: skip
    assert [one["status"] for one in json.loads((plan / "plan.json").read_bytes())["overlays"]] == [
        "optimal"
    ] * 2
    page = (plan / "report.html").read_text(encoding="utf-8")
    assert 'id="overlays"' in page
    assert "1 position over positions of Expert: proven optimal" in page


def test_the_command_comes_to_the_same(plan, folder, tmp_path):
    """`overlay` on the stored plan gives the layers of the run, in text, document and files."""
    asked = ["overlay", str(folder), "--plan", str(plan), "--out", str(tmp_path), "--json"]
    ran = CliRunner().invoke(main, asked)
    assert ran.exit_code == 0, ran.output
    document = json.loads(ran.stdout)
    assert [one["name"] for one in document["layers"]] == ["Expert", "Chief"]
    assert (tmp_path / "overlays.csv").read_bytes() == (plan / "overlays.csv").read_bytes()
    shared = ("position", "potential", "quota")
    here, there = (
        [[row[name] for name in shared] for row in rows(one / "overlay_sizes.csv")]
        for one in (tmp_path, plan)
    )
    assert here == there
    text = CliRunner().invoke(main, ["overlay", str(folder), "--today"]).stdout
    assert "Expert: 2 positions over 2 territories: proven optimal" in text


def test_a_scenario_without_layers_is_told_so():
    """There is nothing to solve, and the message says which key is missing."""
    ran = CliRunner().invoke(main, ["overlay", str(TINY), "--today"])
    assert (ran.exit_code, ran.stdout) == (2, "")
    assert "[[overlays]]" in ran.stderr
