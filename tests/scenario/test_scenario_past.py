"""Closed opportunities, time sheets, quotas of the past: how they are read, and what is found in them."""

import numpy as np
import pandas as pd
import pytest
from scenario_folder import (
    HISTORY,
    OPPORTUNITIES,
    PAST,
    QUOTA_HISTORY,
    SETTINGS,
    TIMESHEETS,
    spoilt,
    write_past,
    write_scenario,
)

from spm_opt.scenario.check import check
from spm_opt.scenario.load import load

TABLES = {"opportunities": OPPORTUNITIES, "timesheets": TIMESHEETS, "quota_history": QUOTA_HISTORY}


def found(folder, **parts):
    return list(check(load(write_past(folder, **parts))))


def test_the_tables_are_read_as_they_stand(tmp_path):
    """Words become yes and no, categories lower case, what is not given is missing; nothing is found wrong."""
    scenario = load(write_past(tmp_path))
    assert not list(check(scenario))
    deals = scenario.opportunities.set_index("id")
    assert deals["won"].to_dict() == {"l1": False, "w1": True, "w2": True}
    assert np.isnan(deals["amount"]["l1"])
    assert deals["seller"].to_dict() == {"l1": "s2", "w1": "s1", "w2": ""}
    assert deals["closed"]["w1"] == pd.Timestamp("2025-04-30")
    assert pd.isna(deals["expected"]["w2"])
    sheets = scenario.timesheets
    assert sheets["category"].tolist() == [
        "prospecting",
        "selling",
        "travel",
        "administration",
        "other",
        "selling",
    ]
    assert sheets["months"].tolist() == [3, 3, 3, 1, 1, 1]
    quotas = scenario.quota_history
    assert quotas[["quota", "months"]].to_numpy().tolist() == [[200, 3], [100, 3], [280, 12]]
    assert quotas["sales"].fillna(-1).tolist() == [-1, 90, 350]
    assert {"opportunities.csv", "timesheets.csv", "quota_history.csv"} <= set(scenario.hashes)


def test_without_the_tables_there_are_none(tmp_path):
    """A scenario that does not name them has ``None`` for each."""
    scenario = load(write_scenario(tmp_path))
    assert [getattr(scenario, name) for name in TABLES] == [None] * 3


CELLS = [
    # table, old, new, severity, rule, row, column, part of the suggestion or of what was expected
    ("opportunities", "w2,a2", "w1,a2", "error", "duplicate id", 3, "id", "once"),
    ("opportunities", "w2,a2", ",a2", "error", "empty", 3, "id", ""),
    ("opportunities", "w1,a1", "w1,", "error", "empty", 2, "account", "the account"),
    ("opportunities", "w1,a1", "w1,a11", "error", "unknown account", 2, "account", "a1"),
    ("opportunities", "w1,a1,s1", "w1,a1,s11", "warning", "unknown seller", 2, "seller", "s1"),
    ("opportunities", "w1,a1,s1,50", "w1,a1,s1,", "error", "empty", 2, "amount", "brought"),
    ("opportunities", "w1,a1,s1,50", "w1,a1,s1,-50", "error", "negative", 2, "amount", "at least 0"),
    ("opportunities", "50,Commit", "50,Comit", "error", "stage without a win rate", 2, "stage", "Commit"),
    ("opportunities", "50,Commit", "50,", "error", "empty", 2, "stage", "the stage"),
    ("opportunities", "Qualify,no", "Qualify,lost", "error", "not yes or no", 4, "won", "tables.opportunities.translate.won"),
    ("opportunities", "Qualify,no", "Qualify,", "error", "empty", 4, "won", "yes or no"),
    ("opportunities", "2025-01-10", "10/13/2025", "error", "not a date", 2, "opened", "2025-10-13"),
    ("opportunities", "2025-02-01", "2025-05-01", "error", "closed before it was opened", 3, "closed", "opened"),
    ("opportunities", "2025-01-01", "2025-02-15", "warning", "", 0, "", ""),
    ("opportunities", "2025-02-28", "2024-12-31", "warning", "expected to close before it was opened", 4, "expected", "opened"),
    ("opportunities", "2025-04-30", "", "error", "empty", 2, "closed", "the date on which it was closed"),
    ("opportunities", "2025-04-30", "2026-04-30", "warning", "opportunities in or after the planned year are not used", 0, "closed", "2026"),
    ("timesheets", "s2,2025-02", "s22,2025-02", "warning", "unknown seller", 7, "seller", "s2"),
    ("timesheets", "s2,2025-02", "s2,Feb 2025", "error", "not a period", 7, "period", "2026-Q1"),
    ("timesheets", "s2,2025-02", "s2,2025", "error", "overlapping periods", 7, "period", "2025-01 in row 6 lies within it"),
    ("timesheets", "travel", "travle", "error", "unknown category", 4, "category", "travel"),
    ("timesheets", "travel", "Meetings", "error", "unknown category", 4, "category", "tables.timesheets.translate.category"),
    ("timesheets", "travel", "", "error", "empty", 4, "category", "the category"),
    ("timesheets", "100.5", "-1", "error", "negative", 4, "hours", "at least 0"),
    ("timesheets", "100.5", "", "error", "empty", 4, "hours", "a number"),
    ("timesheets", "100.5", "1861", "error", "more hours than the period has", 2, "hours", "24 hours a day"),
    ("timesheets", "s2,2025-02", "s2,2026-02", "warning", "periods in or after the planned year are not used", 0, "period", "2026"),
    ("quota_history", "s1,2025-Q2", "s1,2025-Q1", "error", "duplicate period", 3, "period", "once"),
    ("quota_history", "s1,2025-Q2", "s1,2025", "error", "overlapping periods", 3, "period", "2025-Q1 in row 2 lies within it"),
    ("quota_history", "s1,2025-Q2", "s1,2024", "warning", "", 0, "period", ""),
    ("quota_history", "s2,2025,280,350", "s2,2025-Q3,280,", "warning", "quotas without sales count in no attainment", 4, "sales", "history of the period"),
    ("quota_history", "s2,2025,280,350", "s2,2025-Q1,280,", "warning", "", 0, "", ""),
    ("quota_history", "s2,2025", ",2025", "error", "empty", 4, "seller", "the seller"),
    ("quota_history", "Q1,200", "Q1,0", "warning", "quota of 0 has no attainment", 2, "quota", "above 0"),
    ("quota_history", "Q1,200", "Q1,-200", "error", "negative", 2, "quota", "at least 0"),
    ("quota_history", "280,350", '280,"350,5"', "error", "not a number", 4, "sales", "decimal"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "old", "new", "severity", "rule", "row", "column", "words"), CELLS)
def test_each_fault_is_one_finding_at_its_place(tmp_path, name, old, new, severity, rule, row, column, words):
    """File, row and column, with what was expected or the way out; what is right stays without a word."""
    findings = found(tmp_path, **{name: spoilt(TABLES[name], old, new)})
    if not rule:
        assert not findings
        return
    (finding,) = findings
    assert (finding.severity, finding.rule, finding.file) == (severity, rule, f"{name}.csv")
    assert (finding.row, finding.column) == (row, column)
    assert words in finding.expected + finding.suggestion


def test_a_stage_that_many_deals_have_is_one_finding(tmp_path):
    """Without win rates every stage is unknown, each once, with the rate that would make it known."""
    bare = PAST[: PAST.index("[simulate.win_rates]")] + PAST[PAST.index("[quota]") :]
    findings = [one for one in found(tmp_path, settings=bare) if one.file == "opportunities.csv"]
    assert [(one.value, one.row) for one in findings] == [("Commit", 2), ("Qualify", 4)]
    assert "2 rows" in findings[0].expected
    assert findings[0].suggestion == '"Commit" = 0.2 under [simulate.win_rates]'


def test_words_of_the_company_are_translated(tmp_path):
    """Closed won and closed lost, and time categories of the company's own, are mapped by the settings."""
    settings = spoilt(PAST, 'path = "timesheets.csv"', """path = "timesheets.csv"
translate = {category = {column = "Task", values = {driving = "travel", calls = "selling"}}}""")  # fmt: skip
    settings = spoilt(settings, 'path = "opportunities.csv"', """path = "opportunities.csv"
translate = {won = {column = "won", values = {"Closed Won" = "yes", "Closed Lost" = "no"}}}""")  # fmt: skip
    scenario = load(
        write_past(
            tmp_path,
            settings=settings,
            opportunities=OPPORTUNITIES.replace(",yes,", ",Closed Won,").replace(",no,", ",Closed Lost,"),
            timesheets="seller,period,Task,hours\ns1,2025-01,driving,3\ns1,2025-01,calls,5\n",
        )
    )
    assert not list(check(scenario))
    assert scenario.timesheets["category"].tolist() == ["selling", "travel"]
    assert scenario.opportunities["won"].tolist() == [False, True, True]


def test_months_that_no_account_has_are_an_error_behind_the_gap(tmp_path):
    """A quarter missing from the whole history is named at the first row after it."""
    history = HISTORY.replace("2025-Q2", "2025-Q3")
    (finding,) = check(load(write_scenario(tmp_path, history=history)))
    assert (finding.severity, finding.rule) == ("error", "periods missing before this one")
    assert (finding.row, finding.column, finding.value) == (3, "period", "2025-Q3")
    assert "2025-04 to 2025-06" in finding.expected


def test_a_year_with_its_quarters_is_one_finding_and_a_change_of_lengths_is_none(tmp_path):
    """Four quarters within a year make the year wrong, once; a year, then quarters, then months do not overlap."""
    quarters = "".join(f"a1,2024-Q{quarter},1\n" for quarter in range(1, 5))
    header = HISTORY.splitlines()[0] + "\n"
    (finding,) = check(load(write_scenario(tmp_path, history=header + "a1,2024,4\n" + quarters)))
    assert (finding.rule, finding.row, finding.value) == ("overlapping periods", 2, "2024")
    assert finding.suggestion == "2024-Q4 in row 6 lies within it"
    months = "a1,2025-01,1\na1,2025-02,1\na2,2024-Q4,1\n"
    assert not list(check(load(write_scenario(tmp_path, history=header + "a1,2023,4\n" + quarters + months))))


def test_a_gap_of_single_accounts_counts_as_no_sales_and_is_said_once(tmp_path):
    """Where other accounts have the period, one warning says how many accounts lack one between others."""
    history = HISTORY + "a2,2025-Q3,1\na3,2025-Q3,1\na1,2025-Q4,1\n"
    (finding,) = check(load(write_scenario(tmp_path, history=history)))
    assert (finding.severity, finding.value) == ("warning", "3 accounts")
    assert finding.rule == "periods that an account lacks between others count as no sales"


@pytest.mark.parametrize(("rate", "words"), [("1.0", "0.01 for 1 %"), ("35", "0.35")])
def test_a_win_rate_meant_in_percent_is_located(tmp_path, rate, words):
    """1 is a warning at its line, 35 an error with the fraction that was meant."""
    settings = spoilt(SETTINGS, "Qualify = 0.2", f"Qualify = {rate}")
    if rate == "35":
        with pytest.raises(Exception, match=words) as error:
            load(write_scenario(tmp_path, settings=settings))
        assert "scenario.toml:18" in str(error.value)
        return
    (finding,) = check(load(write_scenario(tmp_path, settings=settings)))
    assert (finding.file, finding.row, finding.column) == ("scenario.toml", 18, "simulate.win_rates.Qualify")
    assert words in finding.expected


def save_as(folder, ending, tables):
    """Write the three tables in another format, and settings that name them."""
    settings = PAST
    for name, text in tables.items():
        rows = [line.split(",") for line in text.splitlines()]
        frame = pd.DataFrame(rows[1:], columns=rows[0])
        for field in {"hours", "quota"} & set(frame.columns):
            frame[field] = pd.to_numeric(frame[field])
        if "won" in frame:
            frame["won"] = frame["won"].map({"yes": True, "no": False, "maybe": None}).astype(object)
            frame["closed"] = pd.to_datetime(frame["closed"])
        if ending == "parquet":
            frame.to_parquet(folder / f"{name}.parquet")
        else:
            frame.to_excel(folder / f"{name}.xlsx", index=False)
        settings = settings.replace(f"{name}.csv", f"{name}.{ending}")
    return write_past(folder, settings=settings)


@pytest.mark.parametrize("ending", ["xlsx", "parquet"])
def test_other_formats_give_the_same_tables_and_findings(tmp_path, ending):
    """Dates, numbers and truth values of a typed file mean what their texts mean."""
    for extra in {"xlsx": ("python_calamine", "openpyxl"), "parquet": ("pyarrow",)}[ending]:
        pytest.importorskip(extra)
    tables = {**TABLES, "timesheets": spoilt(TIMESHEETS, "100.5", "-100.5")}
    (tmp_path / "csv").mkdir()
    (tmp_path / "other").mkdir()
    one = load(write_past(tmp_path / "csv", **tables))
    other = load(save_as(tmp_path / "other", ending, tables))
    for name in TABLES:
        pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name))
    assert check(one).text() == check(other).text().replace(f".{ending}", ".csv")
    assert len(check(one).errors) == 1


def test_the_order_of_rows_does_not_matter(tmp_path):
    """Tables turned upside down are read as the same but for the rows' numbers."""
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    turned = {
        name: "\n".join([lines[0], *lines[:0:-1]]) + "\n"
        for name, text in TABLES.items()
        if (lines := text.splitlines())
    }
    one, other = load(write_past(tmp_path / "a")), load(write_past(tmp_path / "b", **turned))
    for name in TABLES:
        pd.testing.assert_frame_equal(
            getattr(one, name).drop(columns="row"), getattr(other, name).drop(columns="row")
        )
