"""Loading: files of every format into one Scenario."""

import hashlib
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scenario_folder import ACCOUNTS, HISTORY, PIPELINE, SELLERS, SETTINGS, spoilt, write_scenario

from spm_opt.scenario.check import check
from spm_opt.scenario.load import load


def test_a_right_folder_has_no_findings_and_the_columns_that_are_promised(tmp_path):
    """The made scenario is read in our fields and types, sorted by id, with hashes and without findings."""
    scenario = load(write_scenario(tmp_path))
    assert not check(scenario)
    accounts, sellers = scenario.accounts, scenario.sellers
    assert accounts.columns.tolist() == [
        "row", "id", "name", "parent", "x", "y", "unit", "segment", "seller", "named", "locked", "skills", "market",
        "given_segment", "workload", "revenue",
    ]  # fmt: skip
    assert accounts["row"].tolist() == [2, 3, 4]
    assert accounts["workload"].tolist() == [10, 20, 30.5]
    assert accounts["named"].dtype == bool
    assert sellers.columns.tolist() == [
        "row", "id", "name", "x", "y", "capacity", "start", "end", "part_time", "leave", "role", "skills",
        "manager", "district", "region",
    ]  # fmt: skip
    assert sellers["capacity"].tolist() == [100, math.inf]
    assert sellers["skills"].tolist() == [("icu", "lab"), ("lab",)]
    assert sellers["start"].isna().tolist() == [False, True]
    assert scenario.history is not None
    assert scenario.history.columns.tolist() == ["row", "account", "period", "months", "revenue"]
    assert scenario.history["period"].dt.month.tolist() == [1, 4, 1, 1]
    assert scenario.pipeline is not None
    assert scenario.pipeline.columns.tolist() == ["row", "id", "account", "amount", "stage", "close"]
    assert scenario.geography is None
    assert scenario.hashes["accounts.csv"] == hashlib.sha256(ACCOUNTS.encode()).hexdigest()


def test_the_path_of_the_file_stands_for_its_folder(tmp_path):
    """A scenario.toml can be named itself."""
    write_scenario(tmp_path)
    assert load(tmp_path / "scenario.toml").folder == tmp_path


def test_the_order_of_rows_changes_nothing_but_row_numbers(tmp_path):
    """Shuffled rows give the same tables, sorted by id."""
    head, *rows = ACCOUNTS.splitlines()
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    one = load(write_scenario(tmp_path / "a")).accounts
    other = load(write_scenario(tmp_path / "b", accounts="\n".join([head, *rows[::-1]]) + "\n")).accounts
    pd.testing.assert_frame_equal(one.drop(columns="row"), other.drop(columns="row"))
    assert other["row"].tolist() == [4, 3, 2]


def test_a_crm_export_is_mapped_without_being_edited(tmp_path):
    """Semicolons, decimal commas, other names, a BOM, yes and no, quoted newlines, and rows that are not kept."""
    export = (
        "\ufeffAccount ID;Account Name;Status;Key Account;Annual Revenue;Hours;Country Code\r\n"
        '0012;"Alpha; the first\nof all";Active;x;1250,50;10;1\r\n'
        "0013; Beta ;Closed;;10;20;2\r\n"
        "\r\n"
        "0014;NA;Active;no;,5;1e2;2\r\n"
    )
    settings = spoilt(SETTINGS, 'path = "accounts.csv"', """path = "accounts.csv"
delimiter = ";"
decimal = ","
keep = {Status = ["Active"]}
columns = {id = "Account ID", name = "Account Name", named = "Key Account", revenue = "Annual Revenue", workload = "Hours"}
translate = {segment = {column = "Country Code", values = {1 = "US", 2 = "DE"}}}""")  # fmt: skip
    settings = settings[: settings.index("[tables.history]")] + "[quota]\ngrowth = 0\n"
    scenario = load(write_scenario(tmp_path, settings=settings, accounts=export))
    assert not check(scenario)
    accounts = scenario.accounts
    assert accounts["id"].tolist() == ["0012", "0014"]
    assert accounts["row"].tolist() == [2, 5]
    assert accounts["name"].tolist() == ["Alpha; the first\nof all", "NA"]
    assert accounts["named"].tolist() == [True, False]
    assert accounts["revenue"].tolist() == [1250.5, 0.5]
    assert accounts["workload"].tolist() == [10, 100]
    assert accounts["segment"].tolist() == accounts["market"].tolist() == ["US", "DE"]


DIRTY = spoilt(spoilt(ACCOUNTS, "s1,10,100", "s9,ten,100"), "30.5,300", "-1,")


def save_as(folder, ending):
    """Write the tables in another format, and settings that name it."""
    settings = SETTINGS
    for name, text in (
        ("accounts", DIRTY),
        ("sellers", SELLERS),
        ("history", HISTORY),
        ("pipeline", PIPELINE),
    ):
        rows = [line.split(",") for line in text.splitlines()]
        frame = pd.DataFrame(rows[1:], columns=rows[0])
        if ending == "parquet":
            for column in ("capacity", "amount", "longitude"):
                if column in frame:
                    frame[column] = pd.to_numeric(frame[column])
            frame.to_parquet(folder / f"{name}.parquet")
        elif ending == "tsv":
            (folder / f"{name}.tsv").write_text(text.replace(",", "\t"))
        else:
            import openpyxl  # noqa: PLC0415  only this format needs it

            book = openpyxl.Workbook()
            for row in rows:
                book.active.append(
                    [
                        float(cell)
                        if cell.replace(".", "").replace("-", "").isdigit()
                        and cell.count("-") < 2
                        and "-" not in cell[1:]
                        else cell or None
                        for cell in row
                    ]
                )
            book.save(folder / f"{name}.xlsx")
        settings = settings.replace(f"{name}.csv", f"{name}.{ending}")
    (folder / "scenario.toml").write_text(settings)
    return folder


@pytest.mark.parametrize("ending", ["tsv", "xlsx", "parquet"])
def test_every_format_gives_the_same_tables_and_findings(tmp_path, ending):
    """The same dirty tables as CSV and as another format differ only in the name of the file."""
    for extra in {"xlsx": ("python_calamine", "openpyxl"), "parquet": ("pyarrow",)}.get(ending, ()):
        pytest.importorskip(extra)
    (tmp_path / "csv").mkdir()
    (tmp_path / "other").mkdir()
    one = load(write_scenario(tmp_path / "csv", accounts=DIRTY))
    other = load(save_as(tmp_path / "other", ending))
    for name in ("accounts", "sellers", "history", "pipeline"):
        pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name))
    assert check(one).text() == check(other).text().replace(f".{ending}", ".csv")
    assert len(check(one).errors) == 4


def test_a_file_without_a_header_is_read_with_the_names_given(tmp_path):
    """With header set, the first row is data and is row 1."""
    settings = spoilt(
        SETTINGS, 'path = "sellers.csv"', 'path = "sellers.csv"\nheader = ["id", "name", "capacity"]'
    )
    scenario = load(write_scenario(tmp_path, settings=settings, sellers="s2,Bob,5\ns1,Ann,7\n"))
    assert scenario.sellers["row"].tolist() == [2, 1]
    assert scenario.sellers["capacity"].tolist() == [7, 5]


def test_numbers_are_read_to_the_last_bit(tmp_path):
    """A number means what Python says it means, however long it is written."""
    written = ["0.1", "123456789.12345678901234", "5e-324", "1.7976931348623157e308", "+.5", "007"]
    rows = "".join(f"a{i},{number},1\n" for i, number in enumerate(written))
    scenario = load(write_scenario(tmp_path, accounts="id,workload,revenue\n" + rows))
    assert scenario.accounts["workload"].tolist() == [float(number) for number in written]


def test_zero_zero_in_degrees_is_no_place_and_said_so(tmp_path):
    """An account at exactly 0, 0 has no place, with a warning; in a plane it has one."""
    text = spoilt(ACCOUNTS, "-90.5,40.5", "0.0,0")
    scenario = load(write_scenario(tmp_path, accounts=text))
    assert np.isnan(scenario.accounts["x"].tolist()[0])
    (finding,) = scenario.findings
    assert (finding.severity, finding.row, finding.column) == ("warning", 2, "longitude")
    planar = SETTINGS + '[units]\ncoordinates = "planar"\n'
    text = text.replace("longitude,latitude", "x,y")
    scenario = load(write_scenario(tmp_path, settings=planar, accounts=text))
    assert scenario.accounts["x"].tolist() == [0, -90.2, -89.5]


REAL = Path(__file__).parents[2].parent / "shared" / "real" / "adventureworks"


@pytest.mark.skipif(not REAL.is_dir(), reason=f"the AdventureWorks files are not in {REAL}")
def test_a_real_export_is_read_as_it_is(tmp_path):
    """AdventureWorks' 701 stores and 13 owning sellers are read unedited; 30 stores at 0, 0 are reported."""
    owners = [275, 276, 277, 278, 279, 280, 281, 282, 283, 286, 288, 289, 290]
    settings = f"""
name = "AdventureWorks"
year = 2026
activities = {{annual_sales = "USD"}}
[tables.accounts]
path = "{REAL.as_posix()}/accounts.csv"
columns = {{id = "account_id", seller = "sales_person_id", longitude = "lon", latitude = "lat", market = "country"}}
[tables.sellers]
path = "{REAL.as_posix()}/reps.csv"
columns = {{id = "sales_person_id"}}
keep = {{sales_person_id = [{", ".join(f'"{one}"' for one in owners)}]}}
[tables.sellers.translate.region]
column = "territory_id"
values = {{1 = "US", 2 = "US", 3 = "US", 4 = "US", 5 = "US", 6 = "CA", 7 = "FR", 8 = "DE", 9 = "AU", 10 = "GB"}}
[simulate]
revenue = "annual_sales"
[quota]
growth = 0.05
"""
    (tmp_path / "scenario.toml").write_text(settings)
    scenario = load(tmp_path)
    findings = check(scenario)
    assert len(scenario.accounts) == 701
    assert scenario.accounts["annual_sales"].sum() == pd.read_csv(REAL / "accounts.csv")["annual_sales"].sum()
    assert set(scenario.accounts["market"]) == {"US", "CA", "FR", "DE", "AU", "GB"}
    assert len(scenario.sellers) == 13
    assert set(scenario.sellers["region"]) == set(scenario.accounts["market"])
    assert not findings.errors
    assert scenario.accounts["x"].isna().sum() == 30
    assert [one.rule for one in findings.warnings] == ["coordinates 0, 0 are taken as none"] * 30
