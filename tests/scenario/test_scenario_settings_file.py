"""Faults of scenario.toml: each with its line, its key and the nearest name."""

import pytest
from scenario_folder import SETTINGS, spoilt, write_scenario

from spm_opt.errors import ScenarioError
from spm_opt.scenario.load import load
from spm_opt.scenario.settings_file import parse_settings


def messages(text):
    """Take what is said of a text."""
    with pytest.raises(ScenarioError) as caught:
        parse_settings(text)
    return caught.value.messages


def test_a_right_file_is_read():
    """The settings of the made scenario hold, with defaults filled in."""
    settings, _ = parse_settings(SETTINGS)
    assert settings.year == 2026
    assert settings.units.by == "account"


def test_an_unknown_key_is_located_with_the_nearest_name():
    """A misspelt key names file, line, column, dotted key, the keys there are and the nearest of them."""
    text = SETTINGS + '[[criteria]]\nkind = "balance"\nactivity = "workload"\ntolerence = 0.1\n'
    line = text.split("\n").index("tolerence = 0.1") + 1
    (message,) = messages(text)
    assert message == (
        f"scenario.toml:{line}:1: criteria.1.tolerence: unknown key; expected one of weight, priority, kind, "
        "activity, tolerance, within, target. Maybe: tolerance"
    )


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("year = 2026", 'year = "soon"', "scenario.toml:2:1: year: should be a valid integer"),
        ("year = 2026", "year = 2026\nefort = 1", "scenario.toml:3:1: efort: unknown key"),
        ("year = 2026", 'effort = "quik"\nyear = 2026', "effort: unknown word 'quik'; expected one of quick, standard, thorough. Maybe: quick"),
        ("year = 2026\n", "", "scenario.toml:1:1: year: missing key"),
        ("year = 2026", "year = 2026\nsimulate.ramp = 0.5", "simulate.ramp: should be a list in square brackets (found 0.5)"),
        ("year = 2026", "year = 2026\nsimulate.handover = 0.2", "simulate.handover: should be a table (found 0.2)"),
        ('path = "accounts.csv"', "path = 3", "scenario.toml:6:1: tables.accounts.path: should be a valid string (found 3)"),
        ('path = "accounts.csv"', 'path = "accounts.csv"\ncolums = {}', "Maybe: columns"),
        ("Qualify = 0.2", "Qualify = 1.2", "simulate.win_rates.Qualify: should be less than or equal to 1 (found 1.2)"),
        ("growth = 0.1", "floor = 1", "scenario.toml:21:2: quota: give target, growth or chance"),
        ("growth = 0.1", "growth = 12", "quota.growth: should be less than 10 (found 12). Maybe: 0.12 for 12 %"),
    ],
)  # fmt: skip
def test_each_kind_of_fault_names_its_place(old, new, expected):
    """Wrong types, ranges, words, unknown and missing keys each give one located message."""
    (message,) = messages(spoilt(SETTINGS, old, new))
    assert expected in message


def test_criteria_of_no_known_kind_are_located():
    """An unknown kind is named with the nearest one, a missing kind with the list of all."""
    first, second = messages(SETTINGS + '[[criteria]]\nkind = "balnce"\n[[criteria]]\nweight = 1\n')
    assert first.startswith("scenario.toml:24:1: criteria.1.kind: unknown kind 'balnce'")
    assert first.endswith("Maybe: balance")
    assert second.startswith(
        "scenario.toml:25:3: criteria.2.kind: missing key; expected one of apart, balance"
    )


def test_all_faults_come_at_once_in_the_order_of_the_file():
    """Three faults give three messages, sorted by line."""
    text = spoilt(SETTINGS, "year = 2026", "year = 1")
    text = spoilt(text, 'path = "sellers.csv"', 'pth = "sellers.csv"')
    found = messages(text)
    assert [one.split(": ")[1] for one in found] == ["year", "tables.sellers.path", "tables.sellers.pth"]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('a = "x', ":1:7: not TOML"),
        ("a = 1\nb = [1,\n", ":3:1: not TOML"),
        ("a = 1\na = 2\n", ":2:6: not TOML"),
    ],
)
def test_broken_toml_is_located(text, place):
    """What is no TOML names line and column, at the end of the file too."""
    (message,) = messages(text)
    assert message.startswith("scenario.toml" + place)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('path = "accounts.csv"', 'path = "accounts.csv"\ncolumns = {workloud = "Hours"}',
         "scenario.toml:7:12: tables.accounts.columns.workloud: unknown field; expected one of id, workload"),
        ('path = "sellers.csv"', 'path = "sellers.csv"\nencoding = "utf8x"', "tables.sellers.encoding: unknown encoding 'utf8x'"),
        ('path = "sellers.csv"', 'path = "sellers.csv"\nheader = ["id", "id"]', "names a column twice"),
        ('workload = "hours"', 'workload = "hours", unit = "USD"', "'unit' is already a field of the tables"),
        ('path = "sellers.csv"', 'path = "sellers.csv"\ncolumns = {region = "r"}\ntranslate = {region = {column = "r", values = {}}}',
         "tables.sellers.translate.region: is given by columns too"),
    ],
)  # fmt: skip
def test_mappings_that_cannot_be_meant_are_faults_of_the_settings(tmp_path, old, new, expected):
    """A field that is none, an encoding that is none, a name given twice: located in scenario.toml."""
    write_scenario(tmp_path, settings=spoilt(SETTINGS, old, new))
    with pytest.raises(ScenarioError) as caught:
        load(tmp_path)
    assert expected in caught.value.messages[0]


def test_a_folder_that_is_no_scenario_is_refused(tmp_path):
    """A missing folder and a folder without scenario.toml say so."""
    with pytest.raises(ScenarioError, match="no such folder"):
        load(tmp_path / "nowhere")
    with pytest.raises(ScenarioError, match=r"has no scenario\.toml"):
        load(tmp_path)
