"""What is wrong with the rules of quotas is found before there is an alignment."""

import pytest
from scenario_copy import copied

from spm_opt.errors import InputError, QuotaError, ScenarioError
from spm_opt.run import check, loaded, open_scenario, run

HEAD = "[quota]\n"
PIN = '[[quota.pins]]\nnode = "{}"\nquota = {}\nby = "Ann"\nwhy = "agreed in May"\n'


def scenario(tmp_path, head=HEAD, tables=""):
    """Copy the tiny scenario with other rules."""
    folder = copied(tmp_path / "tiny", scenario__toml=(HEAD, head))
    with (folder / "scenario.toml").open("a", encoding="utf-8") as file:
        file.write("\n" + tables)
    return folder


def test_every_unknown_name_at_once_each_at_its_line(tmp_path):
    """Nodes of pins, limits, freezes and growths, the measure of a ratio, and a pin between steps."""
    head = HEAD + 'freeze = ["Nroth"]\nratio_to = "hours"\nratio_max = 3\ngrowths = { Wst = 0.1 }\n'
    tables = (
        PIN.format("Easst", 1_000)
        + PIN.format("East", 1_500.5)
        + '[[quota.nodes]]\nnode = "nobody"\ncap = 1\n'
    )
    folder = scenario(tmp_path, head, tables)
    found = {one.column: one for one in check(loaded(folder)).errors}
    assert set(found) == {
        "quota.freeze.1", "quota.ratio_to", "quota.growths", "quota.pins.1", "quota.pins.2", "quota.nodes.1",
    }  # fmt: skip
    assert found["quota.pins.1"].rule == "no node is called 'Easst' (is 'East' meant?)"
    lines = (folder / "scenario.toml").read_text(encoding="utf-8").split("\n")
    assert lines[found["quota.ratio_to"].row - 1].startswith("ratio_to")
    assert [lines[found[f"quota.pins.{n}"].row - 1] for n in (1, 2)] == ["[[quota.pins]]"] * 2
    with pytest.raises(InputError, match="no node is called 'nobody'"):
        open_scenario(folder)


def test_a_pin_outside_of_the_limits_is_a_warning_and_stops_a_run_before_it_plans(tmp_path):
    """East pinned above its own cap: both are named with what would do; the stages never come to align."""
    tables = PIN.format("East", 900_000) + '[[quota.nodes]]\nnode = "East"\ncap = 800_000\n'
    folder = scenario(tmp_path, tables=tables)
    found = check(loaded(folder))
    assert not found.errors
    clash = {one.column: one.value for one in found.warnings if "cannot hold together" in one.rule}
    assert set(clash) == {"quota.pins.1", "quota.nodes.1.cap"}
    assert "by Ann: agreed in May" in clash["quota.pins.1"]
    assert "800,000 would do" in clash["quota.pins.1"]
    assert "900,000 would do" in clash["quota.nodes.1.cap"]
    stages = []
    with pytest.raises(QuotaError, match="cannot hold together"):
        run(folder, progress=lambda name, _: stages.append(name))
    assert stages == ["load", "check"]


def test_rules_that_hold_are_not_talked_of(tmp_path):
    """The tiny scenario as it is, and with a pin it can keep."""
    before = check(loaded(scenario(tmp_path)))
    after = check(loaded(scenario(tmp_path / "pinned", tables=PIN.format("East", 900_000))))
    assert not [one for one in (*before, *after) if one.column.startswith("quota")]


def test_negative_missing_and_zero_potential_inside_a_mix(tmp_path):
    """Each at its row and column: two errors, and a warning where there were sales."""
    head = HEAD + "methods = { even = 0.5, proportional = 0.5 }\n"
    folder = scenario(tmp_path, head)
    file = folder / "accounts.csv"
    rows = file.read_text(encoding="utf-8").split("\n")
    place = rows[0].split(",").index("potential")
    for row, value in ((1, "-5"), (2, ""), (3, "0")):
        cells = rows[row].split(",")
        cells[place] = value
        rows[row] = ",".join(cells)
    file.write_text("\n".join(rows), encoding="utf-8")
    errors = {(one.rule, one.row, one.column) for one in check(loaded(folder)).errors}
    assert {("negative", 2, "potential"), ("empty", 3, "potential")} <= errors
    for row in (1, 2):
        cells = rows[row].split(",")
        cells[place] = "7"
        rows[row] = ",".join(cells)
    file.write_text("\n".join(rows), encoding="utf-8")
    found = check(loaded(folder))
    assert not found.errors
    assert ("sales last year and no potential", 4, "potential") in {
        (one.rule, one.row, one.column) for one in found.warnings
    }


def test_a_run_that_freezes_nodes_stops_before_it_plans(tmp_path):
    """It sees no quotas that they had: said at once, with what to do."""
    folder = scenario(tmp_path, HEAD + 'freeze = ["East"]\n')
    stages = []
    with pytest.raises(
        ScenarioError, match=r"quota\.freeze: a run sees no quotas .* spm-opt quota --previous"
    ):
        run(folder, progress=lambda name, _: stages.append(name))
    assert stages == ["load", "check"]
