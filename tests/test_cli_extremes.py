"""The whole job on companies at the edge: nobody fills a position, nothing is sold in some futures."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from test_cli_pay import PLAN

from spm_opt.cli import main


def call(*words: object):
    return CliRunner().invoke(main, [str(word) for word in words])


@pytest.fixture
def first(tmp_path: Path) -> Path:
    """Give the scenario that `init` writes, with a compensation plan and 200 replications."""
    folder = tmp_path / "first"
    assert call("init", folder).exit_code == 0
    (folder / "pay.toml").write_text(PLAN, encoding="utf-8")
    settings = folder / "scenario.toml"
    text = settings.read_text(encoding="utf-8").replace("year = 2027", 'pay = "pay.toml"\nyear = 2027', 1)
    settings.write_text(
        text.replace("10_000", "200").replace("tolerance = 0.15", "weight = 1.0"), encoding="utf-8"
    )
    return folder


def spoil(path: Path, pattern: str, new: str) -> None:
    """Replace what a pattern finds in a file."""
    text, found = re.subn(pattern, new, path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert found
    path.write_text(text, encoding="utf-8")


def test_without_a_plan_the_ways_out_are_named(first: Path, tmp_path: Path):
    """What can be asked of today's alignment too says so; what needs a plan does not."""
    for command, said in (("simulate", True), ("pay", True), ("score", False)):
        answer = call(command, first, "--plan", tmp_path / "none")
        assert answer.exit_code == 2
        assert "spm-opt run" in answer.output
        assert ("--today takes today's alignment" in answer.output) == said


def test_a_scenario_that_is_not_there_is_said_first(tmp_path: Path):
    """Nobody is sent to make a plan of a folder that does not exist."""
    answer = call("simulate", tmp_path / "typo")
    assert answer.exit_code == 2
    assert "no such folder" in answer.output
    assert "spm-opt run" not in answer.output


def test_names_that_hold_line_breaks_keep_tables_whole(first: Path):
    """A component's and a seller's name with control characters stay in their line."""
    spoil(first / "pay.toml", 'name = "Revenue"', r'name = "Own\\nnew\\u001b[31m"')
    spoil(first / "sellers.csv", "Rui Costa", '"Rui\nCosta"')
    told = call("pay", first, "--today", "--statement", "S2")
    assert told.exit_code == 0, told.output
    assert "\x1b" not in told.stdout
    assert re.search(r"^  S2 +Rui Costa +\$", told.stdout, re.MULTILINE)
    assert re.search(r"^    Own new \[31m +revenue, in the period", told.stdout, re.MULTILINE)
    assert re.search(r"^    Company +revenue of the company, in the period", told.stdout, re.MULTILINE)
    assert "Statement of S2, Rui Costa\n" in told.stdout


def test_nobody_fills_a_position(first: Path, tmp_path: Path):
    """A company whose positions are all vacant is planned, and pays nothing."""
    spoil(first / "sellers.csv", r"^(S\d),[^,]*,(.*),[^,]*$", r"\1,,\2,")
    made = call("run", first, "--effort", "quick", "--out", tmp_path / "out")
    assert made.exit_code == 0, made.output
    odds = json.loads((tmp_path / "out" / "scorecard.json").read_text(encoding="utf-8"))["odds"]
    assert odds["pay"] == odds["cost_of_sales"] == 0
    assert "Nobody fills a position" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


def test_futures_without_sales(first: Path, tmp_path: Path):
    """Where some futures sell nothing the cost of pay by sales is that of the means, in score and pay alike."""
    for table, kept in (("accounts", 2), ("sellers", 2), ("pipeline", 1), ("history", 3)):
        path = first / f"{table}.csv"
        lines = path.read_text(encoding="utf-8").splitlines()
        path.write_text("\n".join(lines[:kept]) + "\n", encoding="utf-8")
    made = call("run", first, "--effort", "quick", "--out", tmp_path / "out", "--json")
    assert made.exit_code == 0, made.output
    odds = json.loads(made.stdout)["scorecard"]["odds"]
    assert odds["cost_of_sales"] == pytest.approx(odds["pay"] / odds["mean"])
    paid = json.loads(call("pay", first, "--plan", tmp_path / "out", "--json").stdout)["cost"]
    assert paid["share_of_sales"] == pytest.approx(odds["cost_of_sales"])
    told = call("score", first, "--plan", tmp_path / "out").stdout
    assert re.search(r"cost of pay .* of sales", told)
