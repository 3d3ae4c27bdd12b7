"""The commands ``workload`` and ``capacity``."""

import csv
import json

import pytest
from click.testing import CliRunner
from scenario_copy import copied

from spm_opt.cli import main

EXTRA = b"""
[workload]
channels = ["field", "inside"]
coverage = [{ contacts = 12, hours = 1.0, preparation = 0.5 }, { channel = "inside", contacts = 4, hours = 0.5 }]

[capacity]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Copy a small scenario and derive its hours."""
    made = copied(tmp_path_factory.mktemp("cli") / "made")
    with (made / "scenario.toml").open("ab") as stream:
        stream.write(EXTRA)
    return made


def asked(*words, code=0):
    outcome = CliRunner().invoke(main, [str(word) for word in words])
    assert outcome.exit_code == code, outcome.output
    return outcome


def table(path):
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_workload_writes_what_it_shows(folder, tmp_path):
    """The rows of workload.csv sum to the totals that are shown, and the parts to the hours."""
    shown = json.loads(asked("workload", folder, "--by", "channel", "--out", tmp_path, "--json").stdout)
    rows = table(tmp_path / "workload.csv")
    total = sum(float(row["hours"]) for row in rows)
    assert shown["groups"][-1]["hours"] == pytest.approx(total, rel=1e-6)
    assert {row["group"] for row in shown["groups"]} == {"field", "inside", "all"}
    parts = ("contact_hours", "preparation_hours", "travel_hours", "new_business_hours")
    for row in rows:
        assert sum(float(row[part]) for part in parts) == pytest.approx(float(row["hours"]), abs=1e-5)
    for by in ("segment", "seller"):
        assert "Sellers of the plan work field and inside" in asked("workload", folder, "--by", by).stdout


def test_workload_derives_one_account(folder):
    """Step by step, and an account that is not there is told."""
    text = asked("workload", folder, "--account", "a").stdout
    for word in (
        "contacts, field",
        "12 a year x 1 h",
        "preparation",
        "way there",
        "travel of a contact",
        "inside",
    ):
        assert word in text
    steps = json.loads(asked("workload", folder, "--account", "a", "--json").stdout)["steps"]
    assert steps[-1]["step"] == "hours"
    assert "there is no account 'zz'" in asked("workload", folder, "--account", "zz", code=2).stderr


def test_capacity_writes_what_it_shows(folder, tmp_path):
    """The rows of capacity.csv sum to the totals that are shown."""
    shown = json.loads(asked("capacity", folder, "--by", "company", "--out", tmp_path, "--json").stdout)
    rows = table(tmp_path / "capacity.csv")
    for key in ("settled", "expected", "departures"):
        assert shown["groups"][-1][key] == pytest.approx(sum(float(row[key]) for row in rows), rel=1e-6)
    assert len(rows) == 12 * shown["groups"][-1]["positions"]


def test_capacity_derives_one_position(folder):
    """Step by step and month by month; a position or level that is not there is told."""
    text = asked("capacity", folder, "--seller", "West").stdout
    for word in ("working days", "share of time for selling", "settled hours", "expected hours", "2027-12"):
        assert word in text
    assert "there is no position 'Nowhere'" in asked("capacity", folder, "--seller", "Nowhere", code=2).stderr
    assert "no seller has a role" in asked("capacity", folder, "--by", "role", code=2).stderr
