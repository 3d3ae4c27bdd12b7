"""Fractions that were most likely meant in percent."""

from scenario_folder import SETTINGS, spoilt, write_scenario

from spm_opt.scenario.check import check
from spm_opt.scenario.load import load


def test_a_tolerance_and_a_growth_of_five_are_warned_of(tmp_path):
    """5 stands for 500 %: allowed, yet each is named with its line and the fraction that 5 % is."""
    settings = spoilt(SETTINGS, "growth = 0.1", "growth = 5")
    settings += '[[criteria]]\nkind = "balance"\nactivity = "workload"\ntolerance = 5\n'
    found = [one for one in check(load(write_scenario(tmp_path, settings=settings))) if one.column]
    assert {(one.severity, one.rule, one.column, one.row) for one in found} == {
        ("warning", "500 % is much", "criteria.1.tolerance", settings.split("\n").index("tolerance = 5") + 1),
        ("warning", "500 % is much", "quota.growth", settings.split("\n").index("growth = 5") + 1),
    }
    assert {one.expected for one in found} == {"a fraction, such as 0.05 for 5 %"}


def test_usual_fractions_are_not_warned_of(tmp_path):
    """10 % of growth and 90 % of tolerance pass in silence."""
    settings = SETTINGS + '[[criteria]]\nkind = "balance"\nactivity = "workload"\ntolerance = 0.9\n'
    assert not list(check(load(write_scenario(tmp_path, settings=settings))))
