"""The command ``segment``: what it prints and writes, and that it writes nothing for faulty rules."""

import csv
import json

from click.testing import CliRunner
from scenario_copy import TINY, copied

from spm_opt.cli import main

SHARE = '[segments]\nby = "share"\nprevious = "segment"\n\n[[criteria]]'
FAULTY = '[segments]\nby = "rules"\n[[segments.rules]]\nsegment = "x"\nwhere = { segment = "none" }\n\n[[criteria]]'


def answer(*arguments):
    return CliRunner().invoke(main, ["segment", *map(str, arguments)])


def spoilt(folder, text):
    copied(folder)
    path = folder / "scenario.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("[[criteria]]", text, 1), encoding="utf-8")
    return folder


def test_segments_are_shown_and_written(tmp_path):
    """The tables are on stdout, and each account with its reason in a file."""
    folder, out = spoilt(tmp_path / "s", SHARE), tmp_path / "out"
    made = answer(folder, "--out", out)
    assert made.exit_code == 0, made.output
    assert "6 accounts in 3 segments, by share of potential" in made.stdout
    assert "within 5 % of a boundary" in made.stdout
    assert "6 of 6 accounts are in another segment than last year" in made.stdout
    assert sorted(path.name for path in out.iterdir()) == [
        "segment_changes.csv", "segment_table.csv", "segments.csv",
    ]  # fmt: skip
    with (out / "segments.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["segment"] for row in rows] == ["A", "B", "A", "B", "C", "A"]
    assert all(row["reason"].startswith("potential ") for row in rows)
    document = json.loads(answer(folder, "--json").stdout)
    assert [row["segment"] for row in document["segments"]] == ["A", "B", "C"]
    assert sum(row["accounts"] for row in document["changes"]) == 6


def test_rules_that_catch_nothing_write_nothing(tmp_path):
    """The findings name line and key, and no file is made."""
    out = tmp_path / "out"
    made = answer(spoilt(tmp_path / "s", FAULTY), "--out", out)
    assert made.exit_code == 3
    assert "segments.rules.1: rule that catches no account" in made.stderr
    assert "segments.rules: accounts that fit no rule" in made.stderr
    assert not out.exists()


def test_without_the_section_the_table_has_them():
    """The command works, and says where segments come from."""
    made = answer(TINY)
    assert made.exit_code == 0
    assert "as the table of accounts has them" in made.stdout
    assert "boundary" not in made.stdout
