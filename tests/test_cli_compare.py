"""The command ``compare``: plans in folders, today, files, and what it refuses."""

import csv
import io
import json
import shutil

import pytest
from click.testing import CliRunner
from scenario_copy import SCENARIOS, TINY, copied, files_in

import spm_opt
from spm_opt.cli import main


def call(*arguments):
    """Call the command line in this process."""
    return CliRunner().invoke(main, [str(one) for one in arguments])


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    """Folder of a plan of tiny."""
    folder = tmp_path_factory.mktemp("runs") / "tiny"
    assert call("run", TINY, "--out", folder, "--effort", "quick").exit_code == 0
    return folder


def test_today_beside_a_plan(plan, tmp_path):
    """Text, document and files hold the same comparison, and the same command gives the same bytes."""
    arguments = ("compare", "today", plan, "--scenario", TINY)
    shown = call(*arguments, "--out", tmp_path / "one")
    assert shown.exit_code == 0, shown.output
    assert "Tiny, 2027: 2 plans in the same 2,000 futures" in shown.stdout
    assert "Gini of potential: tiny beats today in every future" in " ".join(shown.stdout.split())
    document = json.loads(call(*arguments, "--json", "--out", tmp_path / "two").stdout)
    assert document["status"] == "done"
    assert document["plans"] == ["today", "tiny"]
    assert document["target"] == 1_680_000
    assert files_in(tmp_path / "one") == files_in(tmp_path / "two")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "one/comparison.csv").read_text(encoding="utf-8"))))
    assert [(row["measure"], row["plan"]) for row in rows[:2]] == [
        ("company_sales", "today"),
        ("company_sales", "tiny"),
    ]
    assert len(rows) == len(document["measures"])
    assert float(rows[1]["value"]) == pytest.approx(document["measures"][1]["value"])


def test_the_scenario_is_found_by_its_hash(plan, tmp_path, monkeypatch):
    """A scenario here, in NAME or in scenarios/NAME is taken if it is the one the plan was made from."""
    shutil.copytree(plan, tmp_path / "runs/tiny")
    copied(tmp_path / "scenarios/tiny")
    copied(tmp_path / "tiny", scenario__toml=('name = "Tiny"', 'name = "Other"'))
    monkeypatch.chdir(tmp_path)
    shown = call("compare", "today", "runs/tiny")
    assert shown.exit_code == 0, shown.output
    shutil.rmtree(tmp_path / "scenarios")
    refused = call("compare", "today", "runs/tiny")
    assert refused.exit_code == 2
    assert "tiny/scenario.toml: not the one that the plan was made from" in refused.stderr
    assert "scenarios/tiny/scenario.toml: there is none" in refused.stderr


def test_plans_by_other_rules(plan, tmp_path):
    """Plans made with other settings of the same tables are compared, and it is said; other tables are refused."""
    other = copied(tmp_path / "other", scenario__toml=("growth = 0.05", "growth = 0.10"))
    assert call("run", other, "--out", tmp_path / "more", "--effort", "quick").exit_code == 0
    shown = call("compare", plan, tmp_path / "more", "--scenario", TINY)
    assert shown.exit_code == 0, shown.output
    text = " ".join(shown.stdout.split())
    assert "more: made with another scenario.toml; judged with the settings of this one." in text
    assert "more: made for another company target" in text
    shutil.copytree(plan, tmp_path / "rich")
    known = json.loads((tmp_path / "rich/plan.json").read_text(encoding="utf-8"))
    known["hashes"]["history.csv"] = "ab" * 32
    (tmp_path / "rich/plan.json").write_text(json.dumps(known), encoding="utf-8")
    refused = call("compare", plan, tmp_path / "rich", "--scenario", TINY)
    assert refused.exit_code == 2
    assert "rich: was made from another history.csv" in refused.stderr


def test_a_plan_that_breaks_rules(plan, tmp_path):
    """A plan edited by hand into breaking a rule is compared, with exit code 1 and its name."""
    edited = shutil.copytree(plan, tmp_path / "edited")
    text = (edited / "accounts.csv").read_text(encoding="utf-8")
    (edited / "accounts.csv").write_text(text.replace(",West,", ",East,"), encoding="utf-8")
    shown = call("compare", plan, edited, "--scenario", TINY)
    assert shown.exit_code == 1
    assert "hard rules are broken by edited in" in shown.stderr
    assert "edited, held against tiny" in " ".join(shown.stdout.split())


@pytest.mark.parametrize(
    ("plans", "message"),
    [
        (["today"], "two plans at least, there is one"),
        (["nowhere", "today"], "holds no plan"),
        (["{plan}"], "two plans at least"),
    ],
)
def test_refusals(plan, plans, message):
    """What is no plan, or only one, is refused with a sentence."""
    refused = call("compare", *(one.format(plan=plan) for one in plans), "--scenario", TINY)
    assert refused.exit_code == 2
    assert message in " ".join(refused.stderr.split())


def test_nothing_is_written_into_a_scenario(plan, tmp_path):
    """A scenario's folder is no place for a comparison."""
    folder = copied(tmp_path / "tiny")
    assert call("compare", "today", plan, "--scenario", folder, "--out", folder).exit_code == 2


def test_every_file_and_column_is_documented(plan, tmp_path):
    """The README names every file of a comparison, every column and every measure."""
    readme = (TINY.parents[1] / "README.md").read_text(encoding="utf-8")
    assert call("compare", "today", plan, "--scenario", TINY, "--out", tmp_path / "out").exit_code == 0
    for path in (tmp_path / "out").iterdir():
        assert f"`{path.name}`" in readme
        if path.suffix == ".csv":
            rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))
            names = {name.removesuffix("_change") for name in rows[0]} | {
                row.get("measure", "plan") for row in rows
            }
            assert [name for name in sorted(names) if f"`{name}`" not in readme] == []


def test_another_seed_changes_futures_and_no_quotas(plan):
    """Another seed draws other futures; quotas, those of today too, stay what the plan's seed made them."""
    one, two = (
        json.loads(call("compare", "today", plan, "--scenario", TINY, "--json", *seed).stdout)
        for seed in ((), ("--seed", "9"))
    )
    assert (one["seed"], two["seed"]) == (1, 9)
    assert one["measures"][0]["value"] != two["measures"][0]["value"]
    quotas = [
        {row["territory"]: (row["quota"], row["quota_change"]) for row in found["sellers"]}
        for found in (one, two)
    ]
    assert quotas[0] == quotas[1]


def test_folders_and_runs_through_the_library(plan, monkeypatch):
    """The function takes folders as the command does, and runs beside them."""
    monkeypatch.chdir(TINY.parents[1])
    document = json.loads(call("compare", "today", plan, "--json").stdout)
    found = spm_opt.compare(["today", plan])
    assert list(found.verdict) == document["verdict"]
    run = spm_opt.run(TINY, effort="quick")
    mixed = spm_opt.compare([plan, ("again", run)], cases=[])
    assert mixed.plans == ("tiny", "again")
    assert "tiny and again are the same plan." in mixed.notes


@pytest.mark.campaign
def test_a_company_with_pay(tmp_path):
    """SaaS named accounts: a verdict in words and figures with pay, stresses and sellers."""
    scenario, folder = SCENARIOS / "saas_named", tmp_path / "saas_named"
    assert call("run", scenario, "--out", folder, "--effort", "quick").exit_code == 0
    found = spm_opt.compare(["today", folder], scenario, replications=2000)
    assert {"gini_pay", "pay", "cost_of_sales", "handover_loss"} <= set(found.measures["measure"])
    assert len(found.cases) == 4
    assert set(found.sellers["judged_by"]) == {"pay"}
    assert len(found.sellers) == 40
    text = " ".join(found.verdict)
    assert "beats" in text
    assert "95 % interval" in text
    assert "Under stress" in text
