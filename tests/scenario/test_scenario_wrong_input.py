"""Wrong input of each kind: one located finding each, and a way out."""

import pytest
from scenario_folder import ACCOUNTS, HISTORY, PIPELINE, SELLERS, SETTINGS, spoilt, write_scenario

from spm_opt.errors import MissingExtra
from spm_opt.scenario.check import check
from spm_opt.scenario.load import load


def found(folder, **parts):
    """Every finding of a spoilt scenario."""
    return list(check(load(write_scenario(folder, **parts))))


def only(findings):
    """Take the one finding there is."""
    assert len(findings) == 1, "\n".join(map(str, findings))
    return findings[0]


CELLS = [
    # old, new, rule, row, column, value, part of the suggestion
    ("10,100", "ten,100", "not a number", 2, "workload", "ten", ""),
    ("30.5,300", '"30,5",300', "not a number", 4, "workload", "30,5", 'decimal = ","'),
    ("30.5,300", '"1,250.75",300', "not a number", 4, "workload", "1,250.75", "1250.75"),
    ("30.5,300", "3O,300", "not a number", 4, "workload", "3O", "letter O"),
    ("30.5,300", "1_000,300", "not a number", 4, "workload", "1_000", ""),
    ("30.5,300", "inf,300", "not a number", 4, "workload", "inf", "write 0"),
    ("30.5,300", "NaN,300", "not a number", 4, "workload", "NaN", "write 0"),
    ("30.5,300", "1e999,300", "too large", 4, "workload", "1e999", ""),
    ("30.5,300", "-30.5,300", "negative", 4, "workload", "-30.5", ""),
    ("30.5,300", ",300", "empty", 4, "workload", "", "empty is not zero"),
    ("a3,Gamma", "a1,Gamma", "duplicate id", 4, "id", "a1", "row 2"),
    ("a3,Gamma", ",Gamma", "empty", 4, "id", "", ""),
    ("a3,Gamma,-89.5,40.5,s2", "a3,Gamma,-89.5,40.5,S2x", "unknown seller", 4, "seller", "S2x", "s2"),
    ("-89.5,40.5", "-189.5,40.5", "outside the world", 4, "longitude", "-189.5", "planar"),
    ("-89.5,40.5", "40.5,-99.5", "outside the world", 4, "latitude", "-99.5", "swapped"),
    ("-89.5,40.5", "-89.5,", "one coordinate without the other", 4, "latitude", "", ""),
    ("30.5,300", "30.5", "wrong number of fields", 4, "", "6 fields", ""),
    ("a3,Gamma", "a3,Gamma, Inc", "wrong number of fields", 4, "", "8 fields", "double quotes"),
    ("a3,Gamma", 'a3,"Gamma"x', "broken quotes", 4, "", "',' expected after '\"'", "twice"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "rule", "row", "column", "value", "hint"), CELLS)
def test_a_wrong_cell_of_the_accounts_is_located(tmp_path, old, new, rule, row, column, value, hint):
    """Each kind of wrong cell gives an error with file, row, column, value and a suggestion."""
    findings = [
        one for one in found(tmp_path, accounts=spoilt(ACCOUNTS, old, new)) if one.file == "accounts.csv"
    ]
    finding = only(findings)
    assert (finding.severity, finding.rule) == ("error", rule)
    assert (finding.row, finding.column, finding.value) == (row, column, value)
    assert hint in finding.suggestion


OTHERS = [
    ("sellers", SELLERS, "2020-01-01", "13/02/2020", "not a date", 2, "start", "2020-02-13"),
    ("sellers", SELLERS, "2020-01-01", "2020-02-30", "not a date", 2, "start", ""),
    ("sellers", SELLERS, "100,2020", "-5,2020", "negative", 2, "capacity", ""),
    ("sellers", SELLERS, "s2,Bob", "s1,Bob", "duplicate id", 3, "id", "row 2"),
    ("history", HISTORY, "a1,2025-Q1", "a1,2025-01-15", "not a period", 2, "period", "2025-Q1 for a quarter"),
    ("history", HISTORY, "a1,2025-Q1", "a1,Q1 2025", "not a period", 2, "period", "2025-Q1"),
    ("history", HISTORY, "a1,2025-Q1", "a1,2025-Q5", "not a period", 2, "period", ""),
    ("history", HISTORY, "a1,2025-Q2", "a1,2025-Q1", "duplicate period", 3, "period", ""),
    ("history", HISTORY, "a1,2025-Q2", "a1,2025", "overlapping periods", 3, "period", ""),
    ("history", HISTORY, "a3,2025", "a33,2025", "unknown account", 5, "account", "a3"),
    ("history", HISTORY, "Q1,300", "Q1,-300", "negative", 5, "revenue", ""),
    ("pipeline", PIPELINE, "o2,a3", "o1,a3", "duplicate id", 3, "id", ""),
    ("pipeline", PIPELINE, "o2,a3", "o2,b3", "unknown account", 3, "account", ""),
    ("pipeline", PIPELINE, "80,Commit", "-80,Commit", "negative", 3, "amount", ""),
    ("pipeline", PIPELINE, "80,Commit", "80,Comit", "stage without a win rate", 3, "stage", "Commit"),
    ("pipeline", PIPELINE, "2026-06-30", "June", "not a date", 3, "close", ""),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text", "old", "new", "rule", "row", "column", "hint"), OTHERS)
def test_a_wrong_cell_of_another_table_is_located(tmp_path, name, text, old, new, rule, row, column, hint):
    """Sellers, history and pipeline have rules of their own."""
    errors = [one for one in found(tmp_path, **{name: spoilt(text, old, new)}) if one.severity == "error"]
    errors = [one for one in errors if one.file == f"{name}.csv"]
    finding = only(errors)
    assert (finding.rule, finding.row, finding.column) == (rule, row, column)
    assert hint in finding.suggestion


def test_a_flag_that_is_neither_yes_nor_no_is_located(tmp_path):
    """A word other than yes and no is an error under the file's own name of the column."""
    text = "id,workload,revenue,Key\na1,1,1,maybe\na2,1,1,X\na3,1,1,FALSE\n"
    settings = spoilt(SETTINGS, 'path = "accounts.csv"', 'path = "accounts.csv"\ncolumns = {named = "Key"}')
    finding = only(found(tmp_path, settings=settings, accounts=text))
    assert (finding.rule, finding.row, finding.column, finding.value) == ("not yes or no", 2, "Key", "maybe")
    assert '[tables.accounts.translate.named] with column = "Key"' in finding.suggestion
    assert '{ "maybe" = "yes" }' in finding.suggestion


FILES = [
    ("", "empty file", 0),
    ("\n\n", "empty file", 0),
    ("id,workload,revenue\n", "no accounts", 0),
    ("id;workload;revenue\n1;2;3\n", "missing column", 1),
    ("id,workloud,revenue\na1,1,1\n", "missing column", 1),
    ("id,workload,workload,revenue\na1,1,2,1\n", "duplicate column", 1),
    ("id,workload,revenue\na\0,1,1\n", "NUL character", 2),
    ('id,workload,revenue\n"a,1,1\n', "broken quotes", 2),
]


@pytest.mark.parametrize(("text", "rule", "row"), FILES)
def test_a_wrong_file_is_reported_as_a_whole(tmp_path, text, rule, row):
    """Empty files, headers alone, missing and doubled columns: errors, and no follow-on faults elsewhere."""
    findings = found(tmp_path, accounts=text)
    assert {one.rule for one in findings if one.severity == "error"} - {"unknown account"} == {rule}
    assert next(one for one in findings if one.rule == rule).row == row


def test_a_missing_column_suggests_the_nearest_or_the_delimiter(tmp_path):
    """A misspelt column is named; a file of one column is told which delimiter it seems to have."""
    finding = only(
        [
            one
            for one in found(tmp_path, accounts="id,workloud,revenue\na1,1,1\na2,1,1\na3,1,1\n")
            if one.severity == "error"
        ]
    )
    assert (finding.column, finding.suggestion) == ("workload", "workloud")
    suggestions = {one.suggestion for one in found(tmp_path, accounts="id;workload;revenue\n1;2;3\n")}
    assert 'delimiter = ";"' in suggestions


def test_a_wrong_encoding_names_the_place_and_what_to_try(tmp_path):
    """Bytes that are no UTF-8 give the row, the position and an encoding that would fit."""
    data = spoilt(ACCOUNTS, "Beta", "Bêta").encode("cp1252")
    finding = only([one for one in found(tmp_path, accounts=data) if one.file == "accounts.csv"])
    assert (finding.rule, finding.row) == ("wrong encoding", 3)
    assert "byte 0xea" in finding.value
    assert 'encoding = "cp1252"' in finding.suggestion
    settings = spoilt(SETTINGS, 'path = "accounts.csv"', 'path = "accounts.csv"\nencoding = "cp1252"')
    scenario = load(write_scenario(tmp_path, settings=settings, accounts=data))
    assert scenario.accounts["name"].tolist()[1] == "Bêta"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_is_understood(tmp_path, encoding):
    """A file that says by its mark how it is encoded is read so."""
    scenario = load(write_scenario(tmp_path, accounts=ACCOUNTS.encode(encoding)))
    assert not check(scenario)
    assert len(scenario.accounts) == 3


def test_a_missing_file_suggests_the_nearest(tmp_path):
    """A path that is not there names the nearest file."""
    settings = spoilt(SETTINGS, "accounts.csv", "acounts.csv")
    finding = only([one for one in found(tmp_path, settings=settings) if one.file == "acounts.csv"])
    assert (finding.rule, finding.suggestion) == ("file not found", "accounts.csv")


@pytest.mark.parametrize(
    ("name", "rule"),
    [("a.xlsx", "not an Excel file"), ("a.parquet", "not a Parquet file"), ("a.ods", "unknown format")],
)
def test_a_file_that_is_not_what_its_name_says_is_an_error(tmp_path, name, rule):
    """Text under another format's name is refused with a finding."""
    pytest.importorskip("python_calamine")
    pytest.importorskip("pyarrow")
    (tmp_path / name).write_text(ACCOUNTS)
    findings = found(tmp_path, settings=spoilt(SETTINGS, "accounts.csv", name))
    assert only([one for one in findings if one.file == name]).rule == rule


def test_a_missing_package_says_how_to_install_it(tmp_path, monkeypatch):
    """Without the reader of a format, the message names the extra."""
    monkeypatch.setitem(__import__("sys").modules, "python_calamine", None)
    (tmp_path / "a.xlsx").write_bytes(b"PK")
    with pytest.raises(MissingExtra, match=r"spm_opt\[excel\]"):
        found(tmp_path, settings=spoilt(SETTINGS, "accounts.csv", "a.xlsx"))


def test_a_word_without_translation_and_a_value_never_kept_are_told(tmp_path):
    """Translating wants every word listed; keeping warns of a value that no row has."""
    settings = spoilt(SETTINGS, 'path = "sellers.csv"', """path = "sellers.csv"
translate = {district = {column = "region", values = {East = "NY"}}}
keep = {name = ["Ann", "Bob", "Eve"]}""")  # fmt: skip
    findings = found(tmp_path, settings=settings)
    assert [(one.severity, one.row, one.column, one.value) for one in findings] == [
        ("error", 3, "region", "West"), ("warning", 0, "name", "Eve"),
    ]  # fmt: skip


def test_a_column_called_almost_like_a_field_is_a_warning(tmp_path):
    """A column sellr beside no column seller is not passed over in silence."""
    finding = only(found(tmp_path, accounts=spoilt(ACCOUNTS, "latitude,seller", "latitude,sellr")))
    assert (finding.severity, finding.rule, finding.column) == ("warning", "column not used", "sellr")
    assert "seller" in finding.suggestion


def test_many_faults_come_all_at_once(tmp_path):
    """Faults of several files are in one list, errors first."""
    findings = found(
        tmp_path, accounts=spoilt(ACCOUNTS, "10,100", "ten,100"), history=spoilt(HISTORY, "a3,", "zz,"),
        sellers=spoilt(SELLERS, "2020-01-01", "soon"),
    )  # fmt: skip
    assert {one.file for one in findings if one.severity == "error"} == {
        "accounts.csv",
        "sellers.csv",
        "history.csv",
    }
