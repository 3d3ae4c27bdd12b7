"""``spm-opt quota`` with methods, rules, products and quotas seen last, from the folder to the files."""

import csv
import json

import pytest
from click.testing import CliRunner
from scenario_copy import copied

from spm_opt.cli import main

HEAD = "[quota]\n"
RULES = """[quota]
methods = { equal_chance = 1.0 }
hedges = { company = 1.1 }
periods = "quarter"
products = { Pumps = 0.75, Valves = 0.25 }
"""


def call(*words):
    return CliRunner().invoke(main, [str(word) for word in words])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return copied(tmp_path_factory.mktemp("quota") / "tiny", scenario__toml=(HEAD, RULES))


def test_quotas_by_quarter_and_product_are_written_and_add_up(folder, tmp_path):
    """With 10 % of hedge territories have 1.1 of the target, as have their cells, and chances are near equal."""
    answer = call("quota", folder, "--today", "--out", tmp_path / "out", "--json")
    assert answer.exit_code == 0, answer.output
    document = json.loads(answer.stdout)
    total = sum(row["quota"] for row in document["quotas"])
    assert total == pytest.approx(1.1 * document["target"], abs=1_000)
    chances = [row["chance"] for row in document["quotas"]]
    assert max(chances) - min(chances) < 0.02
    with (tmp_path / "out" / "quota_cells.csv").open(encoding="utf-8") as file:
        cells = list(csv.DictReader(file))
    own = sum(float(row["quota"]) for row in cells if row["level"] == "territory")
    assert own == pytest.approx(total, abs=0.005)
    assert {row["period"] for row in cells} == {f"2027-Q{q}" for q in (1, 2, 3, 4)}


def test_a_plan_with_hedges_is_read_back_whole(folder, tmp_path):
    """The plan of a run scores without a breach, and its quotas may be taken as those seen last."""
    ran = call("run", folder, "--effort", "quick", "--out", tmp_path / "plan")
    assert ran.exit_code == 0, ran.output
    scored = call("score", folder, "--plan", tmp_path / "plan", "--json")
    assert scored.exit_code == 0, scored.output
    again = call("quota", folder, "--plan", tmp_path / "plan", "--previous", tmp_path / "plan", "--json")
    assert again.exit_code == 0, again.output


def test_rules_that_clash_are_told_with_what_would_free_them(tmp_path):
    """A pin and a cap of 900,000 leaves the target out of reach: exit code 4, both changes named."""
    pin = '[[quota.pins]]\nnode = "East"\nquota = 100_000\nby = "Ann"\nwhy = "on leave"\n'
    other = HEAD.replace("[quota]", "[quota]\ncap = 900_000")
    path = copied(tmp_path / "tiny", scenario__toml=(HEAD, other))
    text = (path / "scenario.toml").read_text(encoding="utf-8")
    (path / "scenario.toml").write_text(f"{text}\n{pin}", encoding="utf-8")
    answer = call("quota", path, "--today")
    assert answer.exit_code == 4
    assert "quota.pins.1 = 100,000 (East, by Ann: on leave)" in answer.output
    assert "quota.cap = 900,000 (West)" in answer.output
