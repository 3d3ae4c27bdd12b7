"""A scenario's folder written for a test: right as it stands, to be spoilt in one place."""

from __future__ import annotations

from pathlib import Path

ACCOUNTS = """\
id,name,longitude,latitude,seller,workload,revenue
a1,Alpha,-90.5,40.5,s1,10,100
a2,Beta,-90.2,40.2,s1,20,200
a3,Gamma,-89.5,40.5,s2,30.5,300
"""
SELLERS = """\
id,name,capacity,start,skills,region
s1,Ann,100,2020-01-01,icu;lab,East
s2,Bob,,,lab,West
"""
HISTORY = """\
account,period,revenue
a1,2025-Q1,25
a1,2025-Q2,75
a2,2025-Q1,200
a3,2025-Q1,300
"""
PIPELINE = """\
id,account,amount,stage,close
o1,a1,50,Qualify,2026-03-31
o2,a3,80,Commit,2026-06-30
"""
OPPORTUNITIES = """\
id,account,seller,amount,stage,won,opened,expected,closed
w1,a1,s1,50,Commit,yes,2025-01-10,2025-03-31,2025-04-30
w2,a2,,40,Commit,yes,2025-02-01,,2025-04-02
l1,a3,s2,,Qualify,no,2025-01-01,2025-02-28,2025-02-15
"""
TIMESHEETS = """\
seller,period,category,hours
s1,2025-Q1,prospecting,60
s1,2025-Q1,Selling,240
s1,2025-Q1,travel,100.5
s2,2025-01,administration,40
s2,2025-01,other,20
s2,2025-02,selling,90
"""
QUOTA_HISTORY = """\
seller,period,quota,sales
s1,2025-Q1,200,
s1,2025-Q2,100,90
s2,2025,280,350
"""
SETTINGS = """\
name = "made"
year = 2026
activities = {workload = "hours", revenue = "USD"}

[tables.accounts]
path = "accounts.csv"

[tables.sellers]
path = "sellers.csv"

[tables.history]
path = "history.csv"

[tables.pipeline]
path = "pipeline.csv"

[simulate.win_rates]
Qualify = 0.2
Commit = 0.7

[quota]
growth = 0.1
"""


PAST = (
    SETTINGS
    + """
[tables.opportunities]
path = "opportunities.csv"

[tables.timesheets]
path = "timesheets.csv"

[tables.quota_history]
path = "quota_history.csv"
"""
)
"""Settings with the tables that sales metrics are made from."""


def write_past(folder: Path, settings: str = PAST, **files: str | bytes) -> Path:
    """Write a scenario with closed opportunities, time sheets and quotas of the past."""
    past = {"opportunities": OPPORTUNITIES, "timesheets": TIMESHEETS, "quota_history": QUOTA_HISTORY}
    for name, right in past.items():
        content = files.pop(name, right)
        (folder / f"{name}.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
    return write_scenario(folder, settings=settings, **files)


def write_scenario(
    folder: Path,
    *,
    settings: str = SETTINGS,
    accounts: str | bytes = ACCOUNTS,
    sellers: str | bytes = SELLERS,
    history: str | bytes = HISTORY,
    pipeline: str | bytes = PIPELINE,
) -> Path:
    """Write a whole scenario's folder; every part can be given another text."""
    files = {
        "scenario.toml": settings, "accounts.csv": accounts, "sellers.csv": sellers, "history.csv": history,
        "pipeline.csv": pipeline,
    }  # fmt: skip
    for name, content in files.items():
        data = content if isinstance(content, bytes) else content.encode()
        (folder / name).write_bytes(data)
    return folder


def spoilt(text: str, old: str, new: str) -> str:
    """Replace a part of a text that is there exactly once."""
    assert text.count(old) == 1, f"{old!r} is there {text.count(old)} times"
    return text.replace(old, new)
