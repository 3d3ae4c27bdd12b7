"""What the settings of selling capacity say against sellers and time sheets."""

from __future__ import annotations

from spm_opt.scenario.capacity_settings import Capacity
from spm_opt.scenario.findings import Finding
from spm_opt.scenario.located import frame_findings
from spm_opt.scenario.scenario import Scenario
from spm_opt.scenario.settings_file import FILE, dotted, places_in
from spm_opt.workload.selling_time import YEAR, days_of_leave, leave_wanted, working_days
from spm_opt.workload.time_sheets import sheets


def check_time(scenario: Scenario) -> list[Finding]:
    """Judge ``[capacity]``: more leave than there are days, and time sheets without an hour that counts."""
    rules = scenario.settings.capacity
    return [] if rules is None else _leave(scenario, rules) + _counted(scenario, rules)


def _leave(scenario: Scenario, rules: Capacity) -> list[Finding]:
    """Find months of the planned year with more leave than working days."""
    first, sellers = scenario.settings.year * YEAR, scenario.sellers
    days = working_days(rules, scenario.settings.year, first, YEAR)
    leave = days_of_leave(rules, sellers)
    over = leave_wanted(rules, leave, scenario.settings.year, first, YEAR) - days
    wide = over.max(axis=1, initial=-1.0) > 1e-9  # noqa: PLR2004  rounding
    expected = f"at most the working days there are: {days.sum():g} in the year"
    if rules.leave_by_month:
        expected += ", and no more in any month"
    own = sellers["leave"].notna().to_numpy(dtype=bool)
    rule, table = "more leave than working days", scenario.settings.tables.sellers
    found = frame_findings(sellers, table, "leave", wide & own, rule, expected)
    if (wide & ~own).any():
        path = ("capacity", "leave")
        line = places_in(scenario.folder).place(path).line
        found.append(Finding("error", rule, FILE, line, dotted(path), f"{rules.leave:g}", expected))
    return found


def _counted(scenario: Scenario, rules: Capacity) -> list[Finding]:
    """Find time sheets that have hours, and none of those that count."""
    known = sheets(scenario, rules.counted)
    table = scenario.settings.tables.timesheets
    if known is None or table is None or known.team > 0:
        return []
    path = ("capacity", "counted")
    line, has = places_in(scenario.folder).place(path).line, sorted(set(scenario.timesheets["category"]))  # type: ignore[index]
    return [
        Finding(
            "error", "no hours in time sheets that count", FILE, line, dotted(path), ", ".join(rules.counted),
            f"categories that time sheets have: {', '.join(has)}",
        )
    ]  # fmt: skip
