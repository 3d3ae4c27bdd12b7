"""Contradictions among the settings of the quotas: all at once, each at its line."""

import pytest
from scenario_folder import SETTINGS, spoilt

from spm_opt.errors import ScenarioError
from spm_opt.scenario.settings_file import parse_settings

WRONG = """growth = 0.1
target = 1_500
step = 1_000
floor = 5
cap = 4
growth_min = 0.2
growth_max = 0.1
productivity_min = 7
productivity_max = 6
ratio_min = 2
mix = { history = 0.0 }
methods = { accounts = 1.0 }
products = { pumps = 0.6, valves = 0.3 }
"""
TABLES = """
[[quota.nodes]]
node = "East"
floor = 2
cap = 1

[[quota.pins]]
node = "East"
quota = 1_000
by = "Ann"
why = "agreed"

[[quota.pins]]
node = "East"
quota = 2_000
by = "Bob"
why = "agreed otherwise"
"""


def messages(text):
    with pytest.raises(ScenarioError) as caught:
        parse_settings(text)
    return caught.value.messages


def test_every_contradiction_at_once_each_at_its_line():
    """Nine of them in one table and two below it, in the order of the file."""
    text = spoilt(SETTINGS, "growth = 0.1\n", WRONG)
    found = list(messages(text + TABLES))
    lines = text.split("\n")

    def at(key):
        return next(i for i, line in enumerate(lines, start=1) if line.startswith(f"{key} ="))

    wanted = {
        "growth": "give either target or growth, not target and growth",
        "target": "1,500 is not a whole multiple of step 1,000; the nearest are 1,000 and 2,000",
        "floor": "floor 5 is above cap 4",
        "growth_min": "growth_min 0.2 is above growth_max 0.1",
        "productivity_min": "productivity_min 7 is above productivity_max 6",
        "ratio_min": "ratio_min and ratio_max need the measure that they speak of: ratio_to",
        "mix": "the weights of mix must not all be zero",
        "methods": 'the method "accounts" needs the activity with their targets: accounts',
        "products": "the shares sum to 0.9; expected 1",
    }
    expected = [f"scenario.toml:{at(key)}:1: quota.{key}: {text}" for key, text in wanted.items()]
    assert found[: len(expected)] == expected
    assert [one.split(": ", 1)[1] for one in found[len(expected) :]] == [
        "quota.nodes.1.floor: East: floor 2 is above cap 1",
        "quota.pins.2: East is pinned at 2,000 here and at 1,000 by pins.1",
    ]


def test_shares_in_percent_are_told_from_parts():
    """Each is out of range where it stands, with what was meant."""
    text = spoilt(SETTINGS, "growth = 0.1\n", "growth = 0.1\nproducts = { pumps = 60, valves = 30 }\n")
    first, second = messages(text)
    assert "quota.products.pumps: should be less than or equal to 1 (found 60)" in first
    assert "quota.products.valves: should be less than or equal to 1 (found 30)" in second


def test_frozen_and_pinned():
    """One node cannot be both."""
    text = spoilt(SETTINGS, "growth = 0.1\n", 'growth = 0.1\nfreeze = ["East"]\n')
    (message,) = messages(text + '[[quota.pins]]\nnode = "East"\nquota = 1_000\nby = "Ann"\nwhy = "agreed"\n')
    assert "quota.freeze.1: East is frozen and pinned; keep one of them" in message


def test_levels_that_are_none_all_at_once():
    """Where no table of the organisation names them: in steps, hedges, nodes and pins."""
    text = spoilt(
        SETTINGS, "growth = 0.1\n", "growth = 0.1\nsteps = { area = 2_000 }\nhedges = { zone = 1.1 }\n"
    )
    found = messages(text + '[[quota.nodes]]\nnode = "East"\nlevel = "land"\ncap = 1\n')
    assert [one.split(": ")[1] for one in found] == [
        "quota.steps.area",
        "quota.hedges.zone",
        "quota.nodes.1.level",
    ]
    assert all("is no level; expected one of company, region, district, territory" in one for one in found)


def test_what_depends_on_tables_comes_with_the_others():
    """No target, a level that is none, crossed limits and shares: all four at once; with the tables two remain."""
    wrong = "floor = 5\ncap = 4\nproducts = { pumps = 0.6 }\nsteps = { area = 2_000 }\n"
    text = spoilt(SETTINGS, "growth = 0.1\n", wrong)
    found = [one.split(": ", 1)[1] for one in messages(text)]
    assert found == [
        "quota: give target, growth or chance, or a table of targets",
        "quota.floor: floor 5 is above cap 4",
        "quota.products: the shares sum to 0.6; expected 1",
        "quota.steps.area: 'area' is no level; expected one of company, region, district, territory",
    ]
    more = '\n[tables.targets]\npath = "targets.csv"\n\n[tables.organisation]\npath = "organisation.csv"\n'
    assert [one.split(": ", 1)[1] for one in messages(text + more)] == found[1:3]


def test_what_was_most_likely_meant():
    """The level nearest to one that is none; a method's own name without the parser's words around it."""
    text = spoilt(SETTINGS, "growth = 0.1\n", "growth = 0.1\nhedges = { regon = 1.1 }\n")
    (message,) = messages(text)
    assert message.endswith("Maybe: region")
    text = spoilt(SETTINGS, "growth = 0.1\n", "growth = 0.1\nmethods = { equalchance = 1.0 }\n")
    (message,) = messages(text)
    assert "quota.methods.equalchance: unknown word 'equalchance'" in message
