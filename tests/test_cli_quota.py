"""``spm-opt quota`` with methods, rules, products and quotas seen last, from the folder to the files."""

import csv
import json

import pytest
from click.testing import CliRunner
from scenario_copy import TINY, copied

from spm_opt.cli import main
from spm_opt.plan import Alignment
from spm_opt.quota.fairness import fairness
from spm_opt.quota.quota import quota
from spm_opt.report.quota_grids import quotas as grid
from spm_opt.run import open_scenario, run
from spm_opt.simulate.simulate import simulate

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


def test_products_and_periods_go_through_run_score_and_report(folder, tmp_path):
    """A run writes the cells that `quota` writes for its plan; `report` writes them anew where they are gone."""
    plan = tmp_path / "plan"
    assert call("run", folder, "--effort", "quick", "--out", plan).exit_code == 0
    written = (plan / "quota_cells.csv").read_bytes()
    assert call("quota", folder, "--plan", plan, "--out", tmp_path / "again").exit_code == 0
    assert (tmp_path / "again" / "quota_cells.csv").read_bytes() == written
    assert call("report", folder, "--plan", plan, "--out", tmp_path / "copy").exit_code == 0
    assert (tmp_path / "copy" / "quota_cells.csv").read_bytes() == written
    (plan / "quota_cells.csv").unlink()
    assert call("report", folder, "--plan", plan).exit_code == 0
    assert (plan / "quota_cells.csv").read_bytes() == written


def test_a_cell_that_was_edited_by_hand_is_told(folder, tmp_path):
    """More in one quarter than before: the plan is broken, node and amount are named; what is no cell is refused."""
    plan = tmp_path / "plan"
    assert call("run", folder, "--effort", "quick", "--out", plan).exit_code == 0
    lines = (plan / "quota_cells.csv").read_text(encoding="utf-8").splitlines()
    head, first = lines[0], next(line for line in lines if line.startswith("territory,East,"))
    more = f"{first.rpartition(',')[0]},{float(first.rpartition(',')[2]) + 1:.2f}"
    (plan / "quota_cells.csv").write_text(
        "\n".join(more if one == first else one for one in lines), encoding="utf-8"
    )
    scored = call("score", folder, "--plan", plan)
    assert scored.exit_code == 1
    assert "East: territory is the sum of its cells: off by 1" in scored.output
    wrong = [head, first, first, "territory,North,Pumps,2027-Q1,much"]
    (plan / "quota_cells.csv").write_text("\n".join(wrong), encoding="utf-8")
    refused = call("score", folder, "--plan", plan)
    assert refused.exit_code == 2
    for part in ("quota_cells.csv: row 3", "cell more than once", "unknown node", "no amount"):
        assert part in refused.output


def test_over_assignment_is_chosen_shown_and_written(tmp_path):
    """The curve stands in the text, in JSON and in the file; a chance that no hedge reaches is refused."""
    rules = "[quota]\nmethods = { equal_chance = 1.0 }\nover = { chance = 0.3, most = 1.2 }\n"
    path = copied(tmp_path / "tiny", scenario__toml=(HEAD, rules))
    answer = call("quota", path, "--today", "--out", tmp_path / "out")
    assert answer.exit_code == 0, answer.output
    assert "Over-assignment: what it does for the company, and to sellers" in answer.output
    with (tmp_path / "out" / "over_assignment.csv").open(encoding="utf-8") as file:
        table = list(csv.DictReader(file))
    best = [row for row in table if row["chosen"] == "true"]
    assert len(table) == 21
    assert len(best) == 1
    assert float(best[0]["p_company"]) >= 0.3
    assert all(float(row["p_company"]) < 0.3 for row in table[: table.index(best[0])])
    document = json.loads(call("quota", path, "--today", "--json").stdout)
    assert [row["hedge"] for row in document["over"] if row["chosen"]] == [float(best[0]["hedge"])]
    text = (path / "scenario.toml").read_text(encoding="utf-8")
    (path / "scenario.toml").write_text(text.replace("chance = 0.3", "chance = 0.9"), encoding="utf-8")
    refused = call("quota", path, "--today")
    assert refused.exit_code == 4
    assert "with a chance of 90.0 %: the highest is" in refused.output


def test_targets_and_organisation_come_from_tables(tmp_path):
    """A country above both sellers, 200,000 of East's valves in the first quarter; a clash is found by `check`, too."""
    targets = b"node,product,period,target\nEast,Valves,2027-Q1,200000\nNorth,,,1848000\n"
    path = copied(
        tmp_path / "tiny", scenario__toml=(HEAD, RULES), targets__csv=targets,
        nodes__csv=b"node,parent,level\nNorth,,country\nWest,North,\nEast,North,\n",
    )  # fmt: skip
    text = (path / "scenario.toml").read_text(encoding="utf-8")
    tables = '[tables.targets]\npath = "targets.csv"\n\n[tables.organisation]\npath = "nodes.csv"\n\n[units]'
    (path / "scenario.toml").write_text(text.replace("[units]", tables), encoding="utf-8")
    answer = call("quota", path, "--today", "--out", tmp_path / "out")
    assert answer.exit_code == 0, answer.output
    cells = (tmp_path / "out" / "quota_cells.csv").read_text(encoding="utf-8")
    assert "territory,East,Valves,2027-Q1,200000.00" in cells
    assert "country,North,1848000.00".replace("North,", "North,company,company,") in (
        (tmp_path / "out" / "quotas.csv").read_text(encoding="utf-8")
    )
    (path / "targets.csv").write_bytes(targets + b"West,,,1848000\n")
    for command in ("check", "quota"):
        refused = call(command, path, *(["--today"] if command == "quota" else []))
        assert refused.exit_code == 3
        assert "targets.csv: row 4" in refused.output
        assert (
            "East, Valves, 2027-Q1: 200,000 (row 2); North: 1,848,000 (row 3); West: 1,848,000 (row 4)"
            in refused.output
        )


def test_edits_come_from_a_table_and_leave_a_trail(folder, tmp_path):
    """100,000 from West to East: quotas, cells, chances and the trail say so; a wrong row is located, nothing written."""
    edits = tmp_path / "edits.csv"
    edits.write_text(
        "edit,node,to,amount,by,why\nmove,West,East,100000,Ada,a new hire in the West\n", encoding="utf-8"
    )
    plain = json.loads(call("quota", folder, "--today", "--json").stdout)
    answer = call("quota", folder, "--today", "--edit", edits, "--out", tmp_path / "out", "--json")
    assert answer.exit_code == 0, answer.output
    document = json.loads(answer.stdout)
    before, after = ({row["territory"]: row for row in one["quotas"]} for one in (plain, document))
    assert after["East"]["quota"] == before["East"]["quota"] + 100_000
    assert after["East"]["chance"] < before["East"]["chance"]
    own = sum(row["cents"] for row in document["cells"] if row["node"] == "East")
    assert own == after["East"]["quota"] * 100
    with (tmp_path / "out" / "quota_trail.csv").open(encoding="utf-8") as file:
        trail = list(csv.DictReader(file))
    assert [(row["node"], float(row["after"]) - float(row["before"])) for row in trail] == [
        ("East", 100_000), ("West", -100_000),
    ]  # fmt: skip
    shown = call("quota", folder, "--today", "--edit", edits)
    assert (
        "1. move 100,000 from territory West to territory East, by Ada: a new hire in the West"
        in shown.output
    )
    edits.write_text("edit,node,to,amount,by,why\nmove,West,East,100,Ada,x\n", encoding="utf-8")
    refused = call("quota", folder, "--today", "--edit", edits, "--out", tmp_path / "none")
    assert refused.exit_code == 4
    assert "edits.csv: row 2: 100 is no whole multiple of step 1,000" in refused.output
    assert not (tmp_path / "none").exists()


def test_the_audit_is_the_one_of_a_report(tmp_path):
    """Chances are judged by other years than those that set quotas of equal chance: the same in both."""
    path = copied(tmp_path / "tiny", scenario__toml=(HEAD, RULES))
    answer = call("quota", path, "--today", "--audit", "--json")
    opened = open_scenario(path)
    today = Alignment.incumbent(opened.problem)
    quotas = quota(opened.scenario, today, simulate(opened.scenario, today))
    wanted = fairness(opened.scenario, today, quotas).audit.sellers["p_attain"].tolist()
    shown = [row["p_attain"] for row in json.loads(answer.stdout)["audit"]["sellers"]]
    assert shown == pytest.approx(wanted)
    assert shown != pytest.approx(quotas.basis["chance"].tolist(), abs=1e-9)


def test_a_report_shows_each_node_s_hedge(folder):
    """The company's 1.1 stands beside its quota; without hedges there is no such column."""
    shown = grid(run(folder, effort="quick"))
    assert [head.text for head in shown.heads][-1] == "hedge"
    assert shown.rows[0].cells[-1].text == "1.1"
    plain = grid(run(TINY, effort="quick"))
    assert "hedge" not in [head.text for head in plain.heads]
