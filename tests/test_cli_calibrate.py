"""The command ``calibrate``: what it prints, writes and refuses."""

import csv
import io
import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from scenario_copy import ROOT

from spm_opt.cli import main

README = (ROOT / "README.md").read_text(encoding="utf-8")
ACCOUNTS = "id,segment,seller\n" + "".join(f"a{i},{'x' if i % 2 else 'y'},s{i % 3}\n" for i in range(40))
SELLERS = "id,name\ns0,<b>Zoe</b>\ns1,Yan\ns2,Xi\n"
SETTINGS = """
name = "Made & tested"
year = 2027
currency = "EUR"
[activities]
hours = "hours"
[tables.accounts]
path = "accounts.csv"
[tables.sellers]
path = "sellers.csv"
[tables.history]
path = "history.csv"
[units]
without_place = "single"
[quota]
growth = 0.0
mix = { history = 1.0 }
"""


def folder(path: Path, quarters: int) -> Path:
    """Write a scenario with some quarters of history up to 2026."""
    names = [f"{year}-Q{q}" for year in range(2020, 2027) for q in (1, 2, 3, 4)][-quarters:]
    rows = [
        f"a{i},{name},{100 + 7 * i + 3 * ((5 * i + 3 * at) % 11)}\n"
        for i in range(40)
        for at, name in enumerate(names)
    ]
    path.mkdir()
    (path / "accounts.csv").write_text(
        ACCOUNTS.replace("seller\n", "seller,hours\n")
        .replace("s0\n", "s0,1\n")
        .replace("s1\n", "s1,1\n")
        .replace("s2\n", "s2,1\n")
    )
    (path / "sellers.csv").write_text(SELLERS)
    (path / "history.csv").write_text("account,period,revenue\n" + "".join(rows))
    (path / "scenario.toml").write_text(SETTINGS)
    return path


def called(*arguments: object):
    return CliRunner().invoke(main, ["calibrate", *map(str, arguments)])


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory):
    """Give a scenario of three years, what the command wrote, and what it said in text and in JSON."""
    base = tmp_path_factory.mktemp("calibrate")
    scenario = folder(base / "scenario", 12)
    said = called(scenario, "--out", base / "out")
    assert said.exit_code == 0, said.output
    document = json.loads(called(scenario, "--json").stdout)
    return scenario, base / "out", said.stdout, document


def test_it_says_what_was_held_out_and_what_came_of_it(made):
    """The text names the months, the levels, both segments and every territory."""
    text = made[2]
    assert text.startswith(
        "Made & tested: the last 12 months, 2026-01 to 2026-12, held out of 36 months of history"
    )
    for word in (
        "Coverage",
        "PIT",
        "CRPS",
        "accounts that bought",
        "territories",
        "the company",
        "\n    x ",
        "\n    y ",
        "\n  s0 ",
    ):
        assert word in text
    assert "by default" in text
    assert str(made[1] / "calibration.html") in text


def test_the_document_has_all_of_it(made):
    """JSON has every group with its figures, the territories, the parameters and the notes."""
    document = made[3]
    assert (document["status"], document["months"], document["first"]) == ("done", 12, "2026-01")
    levels = [(row["level"], row["group"]) for row in document["groups"]]
    assert levels == [
        ("accounts", ""),
        ("accounts", "x"),
        ("accounts", "y"),
        ("territories", ""),
        ("company", ""),
    ]
    assert [row["territory"] for row in document["territories"]] == ["s0", "s1", "s2"]
    assert document["notes"]


def test_tables_hold_what_the_document_says_and_are_documented(made):
    """Both CSV files have the document's figures; every column stands in the README, or follows one there."""
    for name, key in (("calibration.csv", "groups"), ("calibration_territories.csv", "territories")):
        rows = list(csv.DictReader(io.StringIO((made[1] / name).read_text(encoding="utf-8"))))
        assert [list(row) for row in rows] == [list(row) for row in made[3][key]]
        assert [float(row["crps"]) for row in rows] == [row["crps"] for row in made[3][key]]
        for column in rows[0]:
            general = re.sub(r"^(cover|low|high|error)_\d+$", r"\1_80", column)
            general = re.sub(r"^pit_\d+$", "pit_10", re.sub(r"^p\d.*$", "p97_5", general))
            general = "cover_95" if general == "cover_80" and key == "territories" else general
            assert f"`{general}`" in README, column


def test_the_page_is_whole_and_safe(made):
    """One page with its policy, both charts, every table, and names as text."""
    page = (made[1] / "calibration.html").read_text(encoding="utf-8")
    assert "default-src &#39;none&#39;" in page
    assert page.count("<svg") >= 2
    assert "Made &amp; tested" in page
    assert "<b>Zoe" not in page
    assert not re.search(r"https?://|<link|<img| on[a-z]+=| style=", page)


def test_fewer_months_and_another_seed(made):
    """Three months can be held out of thirty-six; another seed says so."""
    document = json.loads(called(made[0], "--months", 3, "--seed", 5, "--json").stdout)
    assert (document["months"], document["first"], document["seed"]) == (3, "2026-10", 5)


def test_too_little_history_is_refused(tmp_path: Path):
    """Five quarters are too few: exit code 3, with what is needed and what there is."""
    outcome = called(folder(tmp_path / "short", 5))
    assert outcome.exit_code == 3
    assert "holding out 3 months needs 18 months of history, and there are 15" in outcome.stderr


def test_a_scenario_is_not_written_into(made):
    """The scenario's own folder is refused before anything is worked out."""
    assert called(made[0], "--out", made[0]).exit_code == 2
