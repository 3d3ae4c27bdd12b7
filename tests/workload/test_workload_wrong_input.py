"""What cannot be meant: located findings, all at once."""

import pytest
from scenario_folder import ACCOUNTS, PAST, SELLERS, SETTINGS, spoilt, write_past, write_scenario

from spm_opt.errors import ScenarioError
from spm_opt.load import load
from spm_opt.scenario.check import check

WORKLOAD = """
[workload]
[[workload.coverage]]
segment = "a"
contacts = 10
hours = 1
"""
SEGMENTED = ACCOUNTS.replace("seller,", "segment,seller,").replace(",s1,", ",a,s1,").replace(",s2,", ",a,s2,")
BARE = (
    "\n".join(line.rsplit(",", 2)[0] + "," + line.rsplit(",", 1)[1] for line in SEGMENTED.splitlines()) + "\n"
)


def findings(folder, extra, *, accounts=BARE, sellers=SELLERS, settings=SETTINGS):
    write_scenario(folder, settings=settings + extra, accounts=accounts, sellers=sellers)
    return [(one.severity, one.rule, one.column or one.file, one.value) for one in check(load(folder))]


def test_sound_settings_have_no_findings_but_seats(tmp_path):
    """The scenario that is spoilt below is right: only its sellers have no seats."""
    found = findings(tmp_path, WORKLOAD)
    assert found == [("warning", "no travel is counted: no position has a seat", "sellers.csv", "")]


def test_every_fault_of_the_workload_at_once(tmp_path):
    """Unknown and missing segments, doubles, idle channels and activities come together, each at its key."""
    extra = """
[workload]
activity = "hours"
channels = ["field", "partner"]
coverage = [
  { segment = "b", contacts = 10, hours = 1 },
  { segment = "b", contacts = 12, hours = 1 },
  { segment = "aa", channel = "inside", contacts = 12, hours = 1 },
]
[[workload.new_business]]
segment = "c"
hours = 1
"""
    found = findings(tmp_path, extra, accounts=SEGMENTED)
    errors = {(rule, place, value) for severity, rule, place, value in found if severity == "error"}
    assert errors >= {
        ("segment that no account has", "workload.coverage.1.segment", "b"),
        ("segment that no account has", "workload.coverage.3.segment", "aa"),
        ("segment that no account has", "workload.new_business.1.segment", "c"),
        ("segment and channel given twice", "workload.coverage.2", "b, field"),
        ("segment without coverage", "workload.coverage", "a: 3 accounts"),
        ("channel without coverage", "workload.channels.2", "partner"),
        ("unknown activity", "workload.activity", "hours"),
        ("no potential", "workload.new_business", "potential"),
    }


def test_an_activity_that_nothing_uses_is_told(tmp_path):
    """Hours that no criterion and no simulation speaks of are a warning."""
    settings = spoilt(SETTINGS, '{workload = "hours", ', '{time = "hours", ')
    settings = settings + "\n[workload]\nactivity = 'time'\ncoverage = [{ contacts = 1, hours = 1 }]\n"
    found = findings(tmp_path, "", settings=settings)
    assert ("warning", "activity that nothing is held against", "workload.activity", "time") in found


def test_columns_that_are_derived_are_not_read(tmp_path):
    """A capacity beside [capacity] is a warning, hours mapped beside [workload] a fault of the settings."""
    assert ("warning", "column not used: [capacity] derives it", "capacity", "") in findings(
        tmp_path, "\n[capacity]\n", accounts=ACCOUNTS
    )
    mapped = spoilt(
        SETTINGS, 'path = "accounts.csv"\n', 'path = "accounts.csv"\ncolumns = { workload = "hours" }\n'
    )
    with pytest.raises(ScenarioError, match=r"columns.workload: is derived by \[workload\]"):
        findings(tmp_path, WORKLOAD, settings=mapped)


def test_sellers_dates_and_shares_at_once(tmp_path):
    """An end before the start, part time of 0 and of 50, leave of 300 days: each at its row."""
    sellers = (
        "id,name,start,end,part_time,leave\ns1,Ann,2026-05-01,2026-04-30,50,300\ns2,Bob,,,0,\ns3,Cy,,2026-01-31,,20\n"
        "s4,,,2026-01-31,1,\n"
    )
    found = findings(tmp_path, "\n[capacity]\n", accounts=ACCOUNTS, sellers=sellers)
    assert {one for one in found if one[0] == "error"} == {
        ("error", "ends before it starts", "end", "2026-04-30"),
        ("error", "part time out of range", "part_time", "50.0"),
        ("error", "part time out of range", "part_time", "0.0"),
        ("error", "more leave than working days", "leave", "300.0"),
    }
    assert ("warning", "last day of a vacant position has no effect", "end", "2026-01-31") in found


def test_columns_that_nothing_reads_are_told(tmp_path):
    """Part time and leave have no effect without [capacity]."""
    sellers = "id,name,part_time,leave\ns1,Ann,0.5,12\ns2,Bob,,\n"
    found = findings(tmp_path, "", accounts=ACCOUNTS, sellers=sellers)
    rule = "column without effect: capacity is not derived"
    assert {one for one in found if one[1] == rule} == {
        ("warning", rule, one, "") for one in ("part_time", "leave")
    }


def test_leave_of_more_days_than_there_are(tmp_path):
    """All leave of the year in one month is too much of it."""
    extra = f"\n[capacity]\nleave = 30\nleave_by_month = [{', '.join(['1'] + ['0'] * 11)}]\n"
    found = findings(tmp_path, extra, accounts=ACCOUNTS)
    assert ("error", "more leave than working days", "capacity.leave", "30") in found


def test_time_sheets_without_hours_that_count(tmp_path):
    """Categories that no sheet has leave nobody any time."""
    write_past(
        tmp_path,
        settings=PAST + '\n[capacity]\ncounted = ["prospecting"]\n',
        timesheets="seller,period,category,hours\ns1,2025,other,5\n",
    )
    found = [(one.rule, one.column, one.expected) for one in check(load(tmp_path)).errors]
    expected = "categories that time sheets have: other"
    assert found == [("no hours in time sheets that count", "capacity.counted", expected)]


def test_numbers_that_are_impossible_are_refused_together(tmp_path):
    """Shares above 1, negative hours, eleven months, seven days of weekend, a ramp that falls: each at its line."""
    extra = """
[capacity]
hours_a_day = 25
selling_share = 0
leave_by_month = [1, 1, 1]
weekend = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
counted = ["golf"]

[workload]
coverage = [{ contacts = -1, hours = 2000 }]
travel = { detour = 0.5, speed = 0, stops = 0 }
"""
    settings = SETTINGS.replace("[simulate.win_rates]", "[simulate]\nramp = [0.5, 0.2]\n[simulate.win_rates]")
    write_scenario(tmp_path, settings=settings + extra)
    with pytest.raises(ScenarioError) as caught:
        load(tmp_path)
    text = str(caught.value)
    for key in (
        "capacity.hours_a_day", "capacity.selling_share", "capacity.leave_by_month: should have 12 numbers",
        "capacity.weekend: names every day", "capacity.counted.1", "workload.coverage.1.contacts",
        "workload.coverage.1.hours", "workload.travel.detour", "workload.travel.speed", "workload.travel.stops",
        "simulate.ramp: a ramp does not fall: 0.2 in month 2 after 0.5",
    ):  # fmt: skip
        assert key in text
