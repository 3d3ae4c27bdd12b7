"""What can be wrong with ``[segments]`` as it is written: each fault at its key, all at once."""

import pytest
from scenario_folder import SETTINGS

from spm_opt.errors import ScenarioError
from spm_opt.scenario.fields import check_mapping
from spm_opt.scenario.settings_file import parse_settings


def faults(text):
    """Read settings with a text at their end; give what is wrong, without the places."""
    with pytest.raises(ScenarioError) as caught:
        check_mapping(*parse_settings(SETTINGS + text))
    messages = caught.value.messages
    assert all(one.startswith("scenario.toml:") for one in messages)
    return [one.split(": ", 1)[1] for one in messages]


WORKLOAD = "[workload]\n[[workload.coverage]]\ncontacts = 4\nhours = 1\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('by = "rules"', ['segments.rules: by = "rules" needs a [[segments.rules]]']),
        ('by = "share"\nmeasures = ["revenue"]\nmeasure = "revenue"', ['segments.measures: counts only with by = "statistics"']),
        ('by = "share"\nmeasure = "revenu"', ["segments.measure: unknown measure 'revenu'; expected one of workload, revenue, last_year. Maybe: revenue"]),
        ('by = "share"\nmeasure = "growth"', ["segments.measure: unknown measure 'growth'; expected one of workload, revenue, last_year"]),
        ('by = "share"\nmeasure = "revenue"\nclasses = { A = 0.8, B = 0.5, C = 1.0 }', ["segments.classes.B: should be above 0.8, where class A ends"]),
        ('by = "share"\nmeasure = "revenue"\nclasses = { A = 0.8 }', ["segments.classes: the last class should go up to 1: every account needs one"]),
        ('by = "statistics"', ["segments.measures: name at least one measure"]),
        ('by = "statistics"\nmeasures = ["revenue", "revenue"]\nfewest = 4\nmost = 3', ["segments.measures.2: 'revenue' is named twice", "segments.most: should be at least fewest, 4"]),
        ('by = "share"\nmeasure = "workload"\n' + WORKLOAD, ["segments.measure: workload is derived from segments by [workload], so that no segment can be made from it"]),
    ],
)  # fmt: skip
def test_faults_of_the_section_are_told_at_their_keys(text, told):
    """Keys of another way, measures that are none, classes that do not rise, measures that go in a circle."""
    assert faults(f"[segments]\n{text}\n") == told


@pytest.mark.parametrize(
    ("where", "told"),
    [
        ("tier = 5", "should be a word, a list of words, true or false, or a range { at_least = 10, below = 20 } (found 5)"),
        ("tier = []", "should be a word, a list of words, true or false, or a range { at_least = 10, below = 20 } (found [])"),
        ("tier = {}", "give at_least, below, or both"),
        ("tier = { at_least = 2, below = 2 }", "at_least (2) should be less than below (2): no number fits"),
        ("row = 'x'", "'row' is no column that segments can be made from"),
        ("revenue = 'much'", "revenue needs a range such as { at_least = 10 }"),
        ("market = true", "market needs a word or a list of words"),
        ("named = 'yes'", "named needs true or false"),
    ],
)  # fmt: skip
def test_faults_of_a_condition_are_told_at_its_column(where, told):
    """A condition must have a form, a range numbers, and each of our fields what it holds."""
    text = f'[segments]\nby = "rules"\n[[segments.rules]]\nsegment = "x"\nwhere = {{ {where} }}\n'
    name = where.split(" ")[0]
    assert faults(text) == [f"segments.rules.1.where.{name}: {told}"]


def test_a_misspelt_limit_is_told_once():
    """With the nearest key, and nothing of the forms that it is not."""
    text = '[segments]\nby = "rules"\n[[segments.rules]]\nsegment = "x"\nwhere = { tier = { atleast = 2 } }\n'
    assert faults(text) == [
        "segments.rules.1.where.tier.atleast: unknown key; expected one of at_least, below. Maybe: at_least"
    ]


def test_a_column_is_taken_for_one_thing():
    """Words in one rule and numbers in another cannot both be meant."""
    rules = "".join(
        f'[[segments.rules]]\nsegment = "{i}"\nwhere = {{ tier = {one} }}\n'
        for i, one in enumerate(('"gold"', "{ below = 3 }"))
    )
    told = "segments.rules.2.where.tier: needs a word or a list of words, as in segments.rules.1.where.tier"
    assert faults(f'[segments]\nby = "rules"\n{rules}') == [told]
