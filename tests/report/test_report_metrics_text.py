"""Sales metrics as readers see them: on the command line, in the file, on the page."""

import csv
import io
import json
import re
from dataclasses import replace

import pytest
from click.testing import CliRunner
from made_run import board_run
from scenario_folder import OPPORTUNITIES, PAST, SELLERS, SETTINGS, write_past, write_scenario
from test_report_html import HOSTILE, Page

from spm_opt.cli import main
from spm_opt.report.metrics_text import RULE, metrics_grids, metrics_text
from spm_opt.report.report import contents
from spm_opt.scenario.load import load
from spm_opt.simulate.metrics_table import sales_metrics


def call(*arguments):
    return CliRunner().invoke(main, ["metrics", *(str(one) for one in arguments)])


@pytest.fixture
def folder(tmp_path):
    scenario = tmp_path / "made"
    scenario.mkdir()
    return write_past(scenario)


def test_the_tables_say_what_was_counted(folder):
    """Hours and shares, win rates with interval, conversion with its cases, attainment by period: by hand."""
    text = call(folder, "--by", "seller").stdout
    lines = [line.split() for line in text.splitlines()]
    rows = [line for line in lines if line and line[0] in {"company", "s1", "s2"}]
    # 60 + 240 + 100.5 hours; the other has 40 + 20 + 90, in two months
    assert rows[1] == ["s1", "Ann", "400", "1", "15", "%*", "60", "%*", "0", "%*", "25", "%*", "0", "%*"]
    assert rows[2] == ["s2", "Bob", "150", "2", "0", "%*", "60", "%*", "27", "%*", "0", "%*", "13", "%*"]
    # s1 won both, of 50 in 110 days and of 40 in 60; s2 lost one
    assert " ".join(rows[4]) == "s1 Ann 2 100.0 %* 43 to 100 %* 2 $45* $45* 85*"
    assert " ".join(rows[5]) == "s2 Bob 1 0.0 %* 0 to 73 %* 0 – – –"  # noqa: RUF001  the dash of nothing
    assert " ".join(rows[7]) == "s1 Ann 100 % of 2* 100 % of 2*"
    assert " ".join(rows[8]) == "s2 Bob 0 % of 1* –"  # noqa: RUF001
    # s1: 225 of 200 by the history, 90 of 100 as stated; s2: 350 of 280
    assert " ".join(rows[10]) == "s1 Ann 2 50 %* 12 to 88 %* 105 % – 112 % 90 %"  # noqa: RUF001
    assert " ".join(rows[11]) == "s2 Bob 1 100 %* 27 to 100 %* 125 % 125 % – –"  # noqa: RUF001
    assert text.count(RULE) == 4


def test_a_level_is_chosen_by_what_there_is(folder):
    """Districts where there are some, else sellers; a level that nobody has is refused with those there are."""
    assert "by seller" in call(folder).stdout
    assert "by region" in call(folder, "--by", "region").stdout
    assert "Ann" not in call(folder, "--by", "company").stdout
    (folder / "sellers.csv").write_text(SELLERS.replace("region", "district"))
    assert "by district" in call(folder).stdout
    refused = call(folder, "--by", "region")
    assert refused.exit_code == 2
    assert "metrics go by company or district or seller" in refused.stderr


def test_json_and_the_file_have_every_figure(folder, tmp_path):
    """The document has the level asked for and the company; metrics.csv every level; both the same values."""
    answer = call(folder, "--by", "region", "--json", "--out", tmp_path / "out")
    document = json.loads(answer.stdout)
    assert (document["by"], document["small_below"], document["files"]) == ("region", 10, ["metrics.csv"])
    assert {row["level"] for row in document["metrics"]} == {"company", "region"}
    rows = list(csv.DictReader(io.StringIO((tmp_path / "out" / "metrics.csv").read_text())))
    assert {row["level"] for row in rows} == {"company", "region", "seller"}
    key = ("level", "name", "metric", "detail")
    stated = {tuple(row[one] for one in key): row for row in rows}
    for row in document["metrics"]:
        other = stated[tuple(row[one] for one in key)]
        assert (float(other["value"]) if other["value"] else None) == row["value"]
        assert (int(other["n"]), other["small"] == "true") == (row["n"], row["small"])
    again = call(folder, "--by", "region", "--json", "--out", tmp_path / "out")
    assert again.stdout == answer.stdout


def test_faults_stop_it_and_nothing_is_written(folder, tmp_path):
    """An error in the tables is exit code 3 with its finding; no tables at all is exit code 2."""
    (folder / "opportunities.csv").write_text(OPPORTUNITIES.replace("a1,s1", "a1x,s1"))
    answer = call(folder, "--out", tmp_path / "out")
    assert answer.exit_code == 3
    assert 'opportunities.csv: row 2, column "account": unknown account' in answer.stderr
    assert not (tmp_path / "out").exists()
    (folder / "scenario.toml").write_text(SETTINGS)
    answer = call(folder)
    assert answer.exit_code == 2
    assert "[tables.opportunities]" in answer.stderr
    answer = call(write_past(folder), "--out", folder)
    assert answer.exit_code == 2  # a scenario's folder


def test_one_table_is_enough(folder):
    """Only what the scenario has is shown."""
    settings = PAST[: PAST.index("[tables.timesheets]")]
    text = call(write_scenario(folder, settings=settings)).stdout
    assert "Closed opportunities" in text
    assert "Where hours went" not in text
    assert "Quotas" not in text


def with_past(folder, **changes):
    """Draw a run whose scenario has the past of another, with names changed."""
    run, scenario = board_run(), load(write_past(folder))
    past = {name: getattr(scenario, name) for name in ("opportunities", "timesheets", "quota_history")}
    seller = {"s1": run.problem.territory_ids[0], "s2": run.problem.territory_ids[1], "": ""} | changes
    past = {name: table.replace({"seller": seller}) for name, table in past.items()}
    account = run.scenario.accounts["id"].iloc[0]
    past["opportunities"] = past["opportunities"].assign(account=account)
    stages = changes.get("stages", {"Qualify": 0.2, "Commit": 0.7})
    past["opportunities"]["stage"] = next(iter(stages))
    rules = run.scenario.settings.simulate.model_copy(update={"win_rates": stages})
    settings = run.scenario.settings.model_copy(update={"simulate": rules, "year": 2027})
    return replace(run, scenario=replace(run.scenario, settings=settings, **past))


def test_the_page_has_a_section_where_there_are_tables(tmp_path):
    """With the tables there is a section and a link; without neither."""
    text = contents(with_past(tmp_path))["report.html"].decode()
    page = Page(text)
    assert ("section", "id", "metrics") in page.attributes
    assert ("a", "href", "#metrics") in page.attributes
    assert {"Where hours went", "Closed opportunities", "Conversion by stage", "Quotas"} <= set(page.texts)
    assert RULE in re.sub(r"\s+", " ", "".join(page.texts))
    bare = contents(board_run())["report.html"].decode()
    assert 'id="metrics"' not in bare
    assert "#metrics" not in bare


def test_hostile_names_are_shown_as_text(tmp_path):
    """A stage, a seller and a district called like a script start none; the policy is that of the page."""
    run = with_past(tmp_path, stages={HOSTILE: 0.2})
    sellers = run.scenario.sellers.assign(name=HOSTILE, district=HOSTILE)
    run = replace(run, scenario=replace(run.scenario, sellers=sellers))
    text = contents(run)["report.html"].decode()
    page = Page(text)
    assert "PWNED" not in "".join(str(one) for one in page.attributes)
    assert page.tags.count("script") == Page(contents(board_run())["report.html"].decode()).tags.count(
        "script"
    )
    assert HOSTILE in "".join(page.texts)
    assert "unsafe" not in text[: text.index("<style>")]


def test_a_column_of_counts_sorts_by_its_counts(tmp_path):
    """Periods sort by their number, not by the hours in them; won deals by how many were won."""
    scenario = load(write_past(tmp_path))
    sorts = {
        head.text: [row.cells[at].sort for row in section["grid"].rows]
        for section in metrics_grids(scenario, sales_metrics(scenario))
        for at, head in enumerate(section["grid"].heads)
    }
    groups = [row.cells[0].text for row in metrics_grids(scenario, sales_metrics(scenario))[0]["grid"].rows]
    assert groups == ["company", "East", "West", "s1", "s2"]
    assert sorts["periods"] == ["3", "1", "2", "1", "2"]
    assert sorts["won"] == ["2", "2", "0", "2", "0"]
    assert sorts["closed"] == ["3", "2", "1", "2", "1"]


def test_page_and_text_show_the_same_cells(tmp_path):
    """What the page has of sellers, the command line has."""
    scenario = load(write_past(tmp_path))
    metrics = sales_metrics(scenario)
    text = metrics_text(scenario, metrics, "seller")
    for section in metrics_grids(scenario, metrics):
        for row in section["grid"].rows:
            if row.cells[1].text in {"company", "seller"}:
                cells = " ".join(cell.text for cell in row.cells[3:])
                assert any(re.sub(" +", " ", line).endswith(cells) for line in text.splitlines())
