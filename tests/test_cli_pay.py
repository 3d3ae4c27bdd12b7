"""``spm-opt pay``: the cost of a plan, pay by seller, statements, files."""

import csv
import json
from decimal import Decimal

import pytest
from click.testing import CliRunner
from scenario_copy import copied

from spm_opt.cli import main

PLAN = """\
name = "Made"
currency = "USD"

[[roles]]
name = "rep"
target_pay = 100_000
mix = { salary = 0.6, variable = 0.4 }
cap = 3.0

[[components]]
name = "Revenue"
weight = 0.8
threshold = 0.5
tiers = [{ from = 0.0, to = 1.0, rate = 1.0 }, { from = 1.0, rate = 2.0 }]

[[components]]
name = "Company"
of = "company"
weight = 0.2
tiers = [{ from = 0.0, to = 1.0, rate = 1.0 }, { from = 1.0, rate = 3.0 }]

[[draws]]
amount = 4_000
recovery = "recoverable"
periods = ["2027-Q1"]

[[spiffs]]
name = "Finish"
periods = ["2027-Q4"]
goal = 1.0
amount = 500
"""


def call(*words):
    return CliRunner().invoke(main, [str(word) for word in words])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = copied(
        tmp_path_factory.mktemp("pay") / "tiny",
        scenario__toml=("year = 2027", 'year = 2027\npay = "pay.toml"'),
    )
    (made / "pay.toml").write_text(PLAN, encoding="utf-8")
    return made


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_cost_sellers_and_files(folder, tmp_path):
    """The cost lies among its quantiles, is the sum of its parts, and the files hold what was told."""
    answer = call("pay", folder, "--today", "--out", tmp_path / "out", "--json")
    assert answer.exit_code == 0, answer.output
    document = json.loads(answer.stdout)
    cost = document["cost"]
    assert cost["p10"] < cost["p50"] < cost["p90"]
    assert cost["mean"] == pytest.approx(sum(row["mean"] for row in document["parts"]), abs=0.01)
    assert cost["mean"] > cost["at_mean_sales"]  # convex: the accelerators
    assert {row["part"] for row in document["parts"]} == {
        "salary", "Revenue", "Company", "cap of the role", "draw", "Finish",
    }  # fmt: skip
    table = rows_of(tmp_path / "out" / "pay.csv")
    assert [row["seller"] for row in table] == [row["seller"] for row in document["sellers"]]
    assert sum(float(row["mean_pay"]) for row in table) == pytest.approx(cost["mean"], abs=0.01)
    for row in table:
        parts = [float(value) for name, value in row.items() if name.startswith("mean_") and name not in
                 {"mean_pay", "mean_owed"}]  # fmt: skip
        assert sum(parts) == pytest.approx(float(row["mean_pay"]), abs=0.001)


def test_statements_on_paper_add_up_to_the_cent(folder, tmp_path):
    """From the written file alone: parts are the component's pay, components the period's, periods the year's."""
    assert call("pay", folder, "--today", "--out", tmp_path / "out").exit_code == 0
    sums, parts, totals, years = {}, {}, {}, {}
    for row in rows_of(tmp_path / "out" / "statements.csv"):
        key = (row["seller"], row["period"], row["component"])
        amount = Decimal(row["amount"] or 0)
        if row["step"] == "pay":
            place = years if row["period"] == "year" else totals if row["component"] == "total" else sums
            place[key] = amount
        elif row["kind"] == "part":
            parts[key] = parts.get(key, Decimal(0)) + amount
    assert all(sums[key] == amount for key, amount in parts.items())
    assert len(parts) > 8
    for seller, period, _ in totals:
        own = [amount for key, amount in sums.items() if key[:2] == (seller, period)]
        assert sum(own) == totals[seller, period, "total"]
    for seller, _, _ in years:
        assert (
            sum(amount for key, amount in totals.items() if key[0] == seller)
            == years[seller, "year", "total"]
        )
    at_mean = {
        row["seller"]: Decimal(row["pay_at_mean_sales"]) for row in rows_of(tmp_path / "out" / "pay.csv")
    }
    assert {key[0]: amount for key, amount in years.items()} == at_mean


def test_a_statement_in_words(folder):
    """One seller's statement stands below the cost, with every step."""
    answer = call("pay", folder, "--today", "--statement", "East")
    assert answer.exit_code == 0, answer.output
    statement = answer.stdout.partition("Statement of East")[2]
    for step in ("revenue, in the period", "quota since January", "attainment", "tier from 0 to 1, rate 1",
                 "earned since January", "paid before", "cap of the role", "Finish", "2027-Q4", "Year"):  # fmt: skip
        assert step in statement
    unknown = call("pay", folder, "--today", "--statement", "Eats")
    assert unknown.exit_code == 2
    assert "no such seller. Maybe: East" in unknown.output


def test_statements_of_what_really_happened(folder, tmp_path):
    """Results of a table are paid without a simulation, through the period that they reach."""
    sellers = [row["id"] for row in rows_of(folder / "sellers.csv")]
    text = "seller,period,amount\n" + "".join(f"{name},2027-Q1,250000\n" for name in sellers)
    (tmp_path / "q1.csv").write_text(text, encoding="utf-8")
    answer = call(
        "pay", folder, "--today", "--actual", tmp_path / "q1.csv", "--out", tmp_path / "out", "--json"
    )
    assert answer.exit_code == 0, answer.output
    document = json.loads(answer.stdout)
    assert document["through"] == "2027-Q1"
    assert [row["seller"] for row in document["sellers"]] == sorted(sellers)
    assert {row["period"] for row in rows_of(tmp_path / "out" / "statements.csv")} == {"2027-Q1", "year"}
    (tmp_path / "q1.csv").write_text(text.replace("250000", "lots", 1), encoding="utf-8")
    wrong = call("pay", folder, "--today", "--actual", tmp_path / "q1.csv")
    assert wrong.exit_code == 3
    assert 'q1.csv: row 2, column "amount": not a number' in wrong.output


def test_a_plan_of_another_file(folder, tmp_path):
    """``--comp`` takes the place of the scenario's plan, and is judged as it is."""
    other = tmp_path / "other.toml"
    other.write_text(PLAN.replace("target_pay = 100_000", "target_pay = 200_000"), encoding="utf-8")
    cost = [
        json.loads(call("pay", folder, "--today", *more, "--json").stdout)["cost"]["at_target"]
        for more in ([], ["--comp", other])
    ]
    assert cost[1] == pytest.approx(2 * cost[0], abs=0.05)
    other.write_text(
        PLAN.replace('of = "company"', 'of = "compny"').replace("to = 1.0,", "to = 1.1,", 1), encoding="utf-8"
    )
    answer = call("pay", folder, "--today", "--comp", other)
    assert answer.exit_code == 3
    assert (
        "other.toml:14: components.1.tiers.2.from: overlap: the tier before goes from 0 to 1.1"
        in answer.output
    )
    other.write_text(PLAN.replace('of = "company"', 'of = "compny"'), encoding="utf-8")
    answer = call("pay", folder, "--today", "--comp", other)
    assert answer.exit_code == 3
    assert "components.2.of: unknown level (found 'compny')" in answer.output


def test_a_scenario_without_a_plan_says_what_to_do(tmp_path):
    """No ``pay`` in scenario.toml and no ``--comp``: refused, with both ways out."""
    answer = call("pay", copied(tmp_path / "tiny"), "--today")
    assert answer.exit_code == 2
    assert (
        "scenario.toml: pay: no compensation plan; name a file, or take one with --comp FILE" in answer.output
    )


def test_another_plan_of_pay_keeps_the_proof_of_the_territories(folder, tmp_path):
    """What is paid has no part in the territories: their proof holds when the compensation plan changes."""
    assert call("run", folder, "--effort", "quick", "--out", tmp_path / "plan").exit_code == 0
    before = (folder / "pay.toml").read_text(encoding="utf-8")
    (folder / "pay.toml").write_text(before.replace("rate = 2.0", "rate = 2.5"), encoding="utf-8")
    try:
        answer = call("score", folder, "--plan", tmp_path / "plan")
    finally:
        (folder / "pay.toml").write_text(before, encoding="utf-8")
    assert answer.exit_code == 0, answer.output
    assert "made from other input" not in answer.output
    paid = json.loads(call("pay", folder, "--plan", tmp_path / "plan", "--json").stdout)
    assert (paid["status"], paid["alignment"]) == ("done", "plan")
