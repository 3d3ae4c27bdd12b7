"""What the sellers' table says of time: when sellers start and end, and how much of their time they work."""

from __future__ import annotations

from spm_opt.problem import BoolArray
from spm_opt.scenario.findings import Finding
from spm_opt.scenario.located import column_name, frame_findings
from spm_opt.scenario.scenario import Scenario


def check_dates_and_shares(scenario: Scenario) -> list[Finding]:
    """Judge start and end, part time, and whether part time and leave count at all."""
    sellers, table = scenario.sellers, scenario.settings.tables.sellers
    shown = sellers.assign(**{one: sellers[one].dt.strftime("%Y-%m-%d") for one in ("start", "end")})
    early: BoolArray = (sellers["end"] < sellers["start"]).to_numpy(dtype=bool)
    found = frame_findings(shown, table, "end", early, "ends before it starts", "a day after the start")
    empty = (sellers["end"].notna() & sellers["start"].isna() & (sellers["name"] == "")).to_numpy(dtype=bool)
    if (sellers["name"] != "").any():
        rule = "last day of a vacant position has no effect"
        found += frame_findings(shown, table, "end", empty, rule, "a seller, or a start", severity="warning")
    part = sellers["part_time"].to_numpy(dtype=float)
    rule, expected = "part time out of range", "a share of full time, above 0 and at most 1"
    hint = "0.5 for 50 %, say"
    found += frame_findings(sellers, table, "part_time", (part > 1) | (part == 0), rule, expected, hint)
    if scenario.settings.capacity is None:
        found += _idle(scenario)
    return found


def _idle(scenario: Scenario) -> list[Finding]:
    """Warn of columns that only ``[capacity]`` reads."""
    sellers, table = scenario.sellers, scenario.settings.tables.sellers
    given = (("part_time", (sellers["part_time"] != 1).any()), ("leave", sellers["leave"].notna().any()))
    rule = "column without effect: capacity is not derived"
    return [
        Finding("warning", rule, table.path, 0, column_name(table, field), suggestion="[capacity]")
        for field, has in given
        if has
    ]
