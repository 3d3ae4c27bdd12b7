"""The README says what is true: its code runs, its tables are those of the code, and nothing is left out."""

from __future__ import annotations

import csv
import json
import re
import tomllib
from pathlib import Path

import pytest
import reference
from click.testing import CliRunner

from spm_opt.cli import main
from spm_opt.criteria import REGISTRY

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def fenced(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


def test_the_first_shell_block_has_the_two_commands():
    """A newcomer is given exactly two commands: one runs the main job, one the tests."""
    assert fenced("sh")[0].splitlines() == [
        "pip install . && spm-opt run scenarios/us_medtech",
        "pip install '.[test]' && pytest",
    ]


@pytest.mark.parametrize("name", list(reference.blocks()))
def test_generated_tables_are_those_of_the_code(name: str):
    """Criteria and settings in the README are what the models say (python tests/reference.py writes them)."""
    assert reference.filled(README) == README
    assert reference.blocks()[name] in README


def test_python_blocks_run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Every Python block of the README runs from the repository's root and prints something."""
    monkeypatch.chdir(ROOT)
    for block in fenced("python"):
        exec(compile(block, "README.md", "exec"), {})  # noqa: S102  the README is ours
    assert "optimal" in capsys.readouterr().out


def test_toml_blocks_are_toml():
    """Every TOML block of the README parses."""
    for block in fenced("toml"):
        assert tomllib.loads(block)


def test_every_command_and_option_is_documented():
    """Every command of the command line, and every option of it, stands in the README's table."""
    for name, command in main.commands.items():
        row = next(line for line in README.splitlines() if line.startswith(f"| `spm-opt {name}"))
        if "as `run`" in row:
            row = next(line for line in README.splitlines() if line.startswith("| `spm-opt run"))
        for parameter in command.params:
            for option in parameter.opts:
                if option.startswith("--") and option != "--help":
                    assert option in row, f"{option} of {name} is not in the README"


def test_every_criterion_is_documented():
    """Every criterion of the registry has its row."""
    for criterion in REGISTRY:
        assert f"| **`{criterion.model_fields['kind'].default}`** |" in README


def test_every_file_and_column_is_documented(tmp_path: Path):
    """Every file that a run writes, every column of its tables and every figure of its odds is explained."""
    outcome = CliRunner().invoke(
        main, ["run", str(ROOT / "scenarios/tiny"), "--out", str(tmp_path), "--effort", "quick"]
    )
    assert outcome.exit_code == 0, outcome.output
    scenario = tomllib.loads((ROOT / "scenarios/tiny/scenario.toml").read_text(encoding="utf-8"))
    activities = "|".join(["accounts", "history", "pipeline", *scenario["activities"]])
    for path in tmp_path.iterdir():
        assert f"`{path.name}`" in README
    names = set(json.loads((tmp_path / "scorecard.json").read_text(encoding="utf-8"))["odds"])
    for table in ("accounts", "territories", "quotas"):
        with (tmp_path / f"{table}.csv").open(encoding="utf-8", newline="") as stream:
            names |= set(next(csv.reader(stream)))
    for name in names:
        general = re.sub(rf"^({activities})$", "ACTIVITY", name.removesuffix("_incumbent"))
        general = re.sub(rf"^({activities})_(target|deviation)$", r"ACTIVITY_\2", general)
        general = re.sub(rf"^({activities})_(lost|gained|amount|share)$", r"MEASURE_\2", general)
        general = re.sub(r"^from_.*$", "from_METHOD", general)
        assert f"`{general}`" in README, f"column {name} is not in the README"


def test_the_excerpt_has_the_lines_of_a_real_run():
    """What the README shows of the main job is laid out as the program prints it, rule by rule."""
    excerpt = re.search(r"<!-- excerpt -->\n```\n(.*?)```\n<!-- end excerpt -->", README, re.DOTALL)
    assert excerpt is not None
    scenario = tomllib.loads((ROOT / "scenarios/us_medtech/scenario.toml").read_text(encoding="utf-8"))
    assert excerpt[1].startswith(f"{scenario['name']}, {scenario['year']}")
    assert "every hard rule holds" in excerpt[1]
    assert excerpt[1].count("  ok  ") == 7  # the scenario's seven hard rules


def test_the_statement_that_is_shown_adds_up():
    """In the README's excerpt of a statement parts sum to the pay of a component, and those to the total."""
    excerpt = re.search(r"<!-- pay excerpt -->\n```\n(.*?)```\n<!-- end pay excerpt -->", README, re.DOTALL)
    assert excerpt is not None
    statement = excerpt[1].partition("Statement of")[2]
    parts, paid = 0, []
    for line in statement.splitlines():
        amount = re.search(r" (-?[\d,]+\.\d\d)(  =)?$", line)
        cents = round(100 * float(amount[1].replace(",", ""))) if amount else 0
        if re.search(r" (tier from|cap at|paid before) ", line):
            parts += cents
        elif re.search(r" pay  .*=$", line):
            paid.append(cents)
            assert parts in (0, cents)
            parts = 0
    assert len(paid) == 5
    assert sum(paid[:-1]) == paid[-1]


@pytest.mark.parametrize("path", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda path: path.stem)
def test_notebooks_run(path: Path, monkeypatch: pytest.MonkeyPatch):
    """Every notebook runs from top to bottom, and is stored without outputs."""
    monkeypatch.chdir(ROOT)
    names: dict[str, object] = {}
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            assert not cell["outputs"]
            exec(compile("".join(cell["source"]), path.name, "exec"), names)  # noqa: S102  the notebook is ours
