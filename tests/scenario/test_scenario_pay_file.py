"""Compensation plans that cannot be meant: every fault at once, each at its line and key."""

import re
from pathlib import Path

import pytest
from scenario_copy import ROOT
from scenario_folder import SETTINGS, spoilt, write_scenario

from spm_opt.errors import InputError
from spm_opt.scenario.check import check
from spm_opt.scenario.check_pay import check_pay
from spm_opt.scenario.load import load
from spm_opt.scenario.pay_file import load_pay, parse_pay

GOOD = """\
name = "Made"
currency = "USD"

[[roles]]
name = "rep"
target_pay = 100_000
mix = { salary = 0.6, variable = 0.4 }

[[components]]
name = "Revenue"
weight = 0.8
threshold = 0.5
cap = 2.0
tiers = [
    { from = 0.0, to = 1.0, rate = 1.0 },
    { from = 1.0, to = 1.2, rate = 1.5 },
    { from = 1.2, rate = 2.0 },
]

[[components]]
name = "Team"
of = "region"
weight = 0.2
tiers = [{ from = 0.9, pay = 0.5 }, { from = 1.0, pay = 1.0 }]

[[components]]
name = "Commission"
kind = "commission"
basis = "period"
tiers = [{ from = 0.0, to = 1.0, rate = 0.01 }, { from = 1.0, rate = 0.02 }]

[[draws]]
amount = 3_000
recovery = "recoverable"
periods = ["2026-Q1"]

[[spiffs]]
name = "Push"
periods = ["2026-Q2"]
rate = 0.01
"""


def found(text):
    """Give what is wrong with a plan: line, key and message of each finding."""
    plan, findings = parse_pay(text)
    assert (plan is None) == bool(findings)
    return [(one.row, one.column, str(one).partition(": ")[2].partition(": ")[2]) for one in findings]


def line(text, part):
    lines = [i for i, one in enumerate(text.split("\n"), start=1) if part in one]
    assert len(lines) == 1
    return lines[0]


def test_a_good_plan_is_read():
    """The plan that the tests below spoil holds no fault."""
    assert found(GOOD) == []


def test_the_plans_that_are_shown_are_plans():
    """So are the README's example and the plans of the scenarios."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = [one for one in re.findall(r"```toml\n(.*?)```", readme, re.DOTALL) if "[[roles]]" in one]
    assert len(shown) == 1
    assert found(shown[0]) == []
    for path in sorted((ROOT / "scenarios").glob("*/compensation.toml")):
        load_pay(path)


TIERS = "{ from = 1.0, to = 1.2, rate = 1.5 }"
SPOILT = {
    "a gap between tiers": (
        TIERS, "{ from = 1.1, to = 1.2, rate = 1.5 }", "components.1.tiers.2.from", "gap: nothing is said from 1 to 1.1",
    ),
    "an overlap of tiers": (
        TIERS, "{ from = 0.9, to = 1.2, rate = 1.5 }", "components.1.tiers.2.from",
        "overlap: the tier before goes from 0 to 1",
    ),
    "a tier upside down": (
        "to = 1.2,", "to = 0.9,", "components.1.tiers.2.to", "0.9 is not above from, 1",
    ),
    "a gap at the top": (
        "{ from = 1.2, rate = 2.0 }", "{ from = 1.2, to = 2, rate = 2.0 }", "components.1.tiers.3.to",
        "gap: nothing is said above 2; leave it out",
    ),
    "percent for a rate": (
        "rate = 1.5 }", "rate = 150 }", "components.1.tiers.2.rate",
        "150 is 15,000 % of target pay for the whole quota. Maybe: 1.5 for 150 %",
    ),
    "percent for a commission": (
        "rate = 0.01 }, { from = 1.0", "rate = 3 }, { from = 1.0", "components.3.tiers.1.rate",
        "3 is 300 % of sales. Maybe: 0.03 for 3 %",
    ),
    "percent for a place": (
        "to = 1.0, rate = 0.01", "to = 100, rate = 0.01", "components.3.tiers.1.to",
        "100 is 10,000 % of quota. Maybe: 1 for 100 %",
    ),
    "percent for a weight": (
        "weight = 0.8", "weight = 80", "components.1.weight",
        "80 is 8,000 % of variable target pay. Maybe: 0.8 for 80 %",
    ),
    "percent for a mix": (
        "salary = 0.6", "salary = 60", "roles.1.mix.salary",
        "should be less than or equal to 1 (found 60). Maybe: 0.6 for 60 %",
    ),
    "percent for a threshold": (
        "threshold = 0.5", "threshold = 50", "components.1.threshold", "50 is 5,000 % of quota. Maybe: 0.5 for 50 %",
    ),
    "percent for a cap": (
        "cap = 2.0", "cap = 200", "components.1.cap", "200 is 20,000 % of target pay. Maybe: 2 for 200 %",
    ),
    "percent for a SPIFF": (
        'periods = ["2026-Q2"]\nrate = 0.01', 'periods = ["2026-Q2"]\nrate = 1.5', "spiffs.1.rate",
        "1.5 is 150 % of sales. Maybe: 0.015 for 1.5 %",
    ),
    "a mix that is not the whole": (
        "variable = 0.4", "variable = 0.5", "roles.1.mix", "salary and variable sum to 1.1; expected 1",
    ),
    "weights that are not the whole": (
        "weight = 0.2", "weight = 0.3", "components.2.weight", "the weights of the role 'rep' sum to 1.1; expected 1",
    ),
    "no weight": ("weight = 0.8\n", "", "components.1.weight", "missing key: the share of variable target pay"),
    "a threshold above the first tier": (
        "threshold = 0.5", "threshold = 1.1", "components.1.threshold", "1.1 is above the first tier, which ends at 1",
    ),
    "a threshold below the first tier": (
        "weight = 0.2\n", "weight = 0.2\nthreshold = 0.5\n", "components.2.threshold",
        "gap: nothing is said from the threshold 0.5 to the first tier, 0.9",
    ),
    "a cap below target": ("cap = 2.0", "cap = 0.9", "components.1.cap", "0.9 is below target pay, which is 1"),
    "a cap of the role below target": (
        '[[components]]\nname = "Revenue"', 'cap = 0.5\n\n[[components]]\nname = "Revenue"', "roles.1.cap",
        "0.5 is below target pay, which is 1",
    ),
    "pay that falls": (
        "{ from = 1.0, pay = 1.0 }", "{ from = 1.0, pay = 0.4 }", "components.2.tiers.2.pay",
        "0.4 is below 0.5, where the tier before ends: pay falls as results rise; may_fall = true allows it",
    ),
    "nothing paid": (
        "{ from = 0.9, pay = 0.5 }, { from = 1.0, pay = 1.0 }", "{ from = 0.9 }", "components.2.tiers",
        "nothing is ever paid: give a rate or pay",
    ),
    "a negative amount": (
        "amount = 3_000", "amount = -3_000", "draws.1.amount", "should be greater than or equal to 0 (found -3000)",
    ),
    "a negative rate": (
        "rate = 1.5 }", "rate = -1.5 }", "components.1.tiers.2.rate",
        "should be greater than or equal to 0 (found -1.5)",
    ),
    "an unknown recovery": (
        '"recoverable"', '"recoverabel"', "draws.1.recovery",
        "unknown word 'recoverabel'; expected one of recoverable, non_recoverable. Maybe: recoverable",
    ),
    "no recovery": ('recovery = "recoverable"\n', "", "draws.1.recovery", "missing key"),
    "an unknown key": (
        "threshold = 0.5", "treshold = 0.5", "components.1.treshold",
        ("unknown key; expected one of name, kind, measure, product, of, weight, roles, basis, threshold, tiers_by, "
        "tiers, cap, claw_back, may_fall. Maybe: threshold"),
    ),
    "an unknown role": (
        'of = "region"', 'of = "region"\nroles = ["reps"]', "components.2.roles.1",
        "unknown role 'reps'; expected one of rep. Maybe: rep",
    ),
    "a SPIFF without a rate": (
        'periods = ["2026-Q2"]\nrate = 0.01', 'periods = ["2026-Q2"]', "spiffs.1", "give either rate or amount",
    ),
    "a name twice": (
        'name = "Team"', 'name = "Revenue"', "components.2.name", "another component is called 'Revenue' already",
    ),
    "a name of our own": (
        'name = "Push"', 'name = "salary"', "spiffs.1.name",
        "'salary' is what statements call another part of pay; choose another name",
    ),
    "a commission in steps": (
        "{ from = 1.0, rate = 0.02 }", "{ from = 1.0, pay = 0.02 }", "components.3.tiers.2.pay",
        "a commission has no target pay; use a component of its own",
    ),
    "tiers in currency": (
        'of = "region"', 'of = "region"\ntiers_by = "amount"', "components.2.tiers_by",
        'only the tiers of a commission are in currency; expected "attainment"',
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SPOILT)
def test_what_cannot_be_meant_is_found_where_it_is(name):
    """Each fault is named by its key and said in words, with what was probably meant."""
    old, new, key, message = SPOILT[name]
    told = [(own, text) for _, own, text in found(spoilt(GOOD, old, new))]
    assert (key, message) in told
    assert len(told) <= 2  # of what is left out or moved, the other side may be wrong, too


def test_all_faults_come_at_once_in_the_order_of_the_file():
    """A plan with seven faults in every part of it is told all seven, each at its line."""
    text = GOOD
    for name in ("a mix that is not the whole", "a cap below target", "a gap between tiers", "percent for a commission",
                 "pay that falls", "an unknown recovery", "percent for a SPIFF"):  # fmt: skip
        text = spoilt(text, *SPOILT[name][:2])
    told = found(text)
    assert [own for _, own, _ in told] == [
        "roles.1.mix", "components.1.cap", "components.1.tiers.2.from", "components.2.tiers.2.pay",
        "components.3.tiers.1.rate", "draws.1.recovery", "spiffs.1.rate",
    ]  # fmt: skip
    parts = ("variable = 0.5", "cap = 0.9", "from = 1.1, to", "pay = 0.4", "rate = 3 }", "recoverabel")
    assert [row for row, _, _ in told] == [
        *(line(text, part) for part in parts),
        text.split("\n").index("rate = 1.5") + 1,
    ]


def test_roles_that_two_claims_take():
    """Two roles for all others, and a seller in two roles, are found; so is a second draw of a role."""
    more = '[[roles]]\nname = "other"\ntarget_pay = 1\nmix = { salary = 0.5, variable = 0.5 }\n'
    text = spoilt(GOOD, '[[components]]\nname = "Revenue"', f'{more}\n[[components]]\nname = "Revenue"')
    assert [(own, message) for _, own, message in found(text)] == [
        ("roles.2.name", "'other' names nobody, as does 'rep': one is for all others"),
    ]
    text = text.replace("target_pay = 1\n", 'target_pay = 1\nsellers = ["s1", "s1"]\n')
    assert [(own, message) for _, own, message in found(text)] == [
        ("roles.2.sellers.2", "s1 has the role 'other' already"),
    ]
    again = GOOD + '\n[[draws]]\namount = 1\nrecovery = "recoverable"\n'
    assert [(own, message) for _, own, message in found(again)] == [
        ("draws.2", "the role 'rep' has a draw already, draws.1"),
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"name = ", "pay.toml:1: column 8: not TOML: Invalid value"),
        (b'name = "\xff"', "pay.toml: not UTF-8 text (byte 9); expected a file saved as UTF-8"),
        (None, "pay.toml: file not found; expected a file in the scenario folder"),
    ],
)
def test_files_that_are_no_plan(tmp_path: Path, content, message):
    """A file that is missing, no TOML or no text is told as such, with the place."""
    if content is not None:
        (tmp_path / "pay.toml").write_bytes(content)
    with pytest.raises(InputError) as caught:
        load_pay(tmp_path / "pay.toml")
    assert str(caught.value) == f"error: {message}"


# ---- Beside the scenario ---------------------------------------------------------------------------------------


def scenario(folder, text=GOOD, settings=SETTINGS):
    write_scenario(folder, settings=settings.replace("year = 2026", 'year = 2026\npay = "pay.toml"'))
    (folder / "pay.toml").write_text(text, encoding="utf-8")
    return load(folder)


def test_a_scenario_with_a_good_plan_has_no_findings_of_it(tmp_path: Path):
    """The plan is read with the scenario, hashed, and names nothing that is not there."""
    made = scenario(tmp_path)
    assert made.pay is not None
    assert "pay.toml" in made.hashes
    assert check_pay(made) == []


@pytest.mark.parametrize("name", ["us_medtech", "saas_named"])
def test_the_plans_of_the_scenarios_fit_them(name):
    """Every seller has a role, every name is known, and every component pays its target at quota."""
    made = load(ROOT / "scenarios" / name)
    assert made.pay is not None
    assert check_pay(made) == []


def test_faults_of_the_plan_come_with_those_of_the_tables(tmp_path: Path):
    """A broken plan is among the findings of the scenario, and its input is refused."""
    made = scenario(tmp_path, spoilt(GOOD, *SPOILT["a cap below target"][:2]))
    assert made.pay is None
    assert [str(one) for one in check(made).errors] == [
        "pay.toml:13: components.1.cap: 0.9 is below target pay, which is 1"
    ]


NAMES = {
    "currency": ('currency = "USD"', 'currency = "EUR"', "currency: another currency (found 'EUR'); expected USD, as the scenario"),
    "measure": (
        'of = "region"', 'of = "region"\nmeasure = "revenu"',
        "components.2.measure: unknown measure (found 'revenu'); expected one of revenue. Maybe: revenue",
    ),
    "product": (
        'of = "region"', 'of = "region"\nproduct = "Pumps"',
        "components.2.product: unknown product (found 'Pumps'); expected a product, of which there is none",
    ),
    "level": (
        'of = "region"', 'of = "regoin"',
        "components.2.of: unknown level (found 'regoin'); expected one of company, district, region, seller. Maybe: region",
    ),
    "period": (
        '["2026-Q2"]', '["2027-Q2"]',
        "spiffs.1.periods.1: unknown period (found '2027-Q2'); expected a period of 2026, such as 2026-Q4",
    ),
    "short period": (
        '["2026-Q2"]', '["2026-05"]',
        "spiffs.1.periods.1: shorter than a quarter (found '2026-05'); expected a quarter at least, as it is paid. Maybe: 2026-Q2",
    ),
    "period of a draw": (
        '["2026-Q1"]', '["2026"]',
        "draws.1.periods.1: unknown period (found '2026'); expected one of 2026-Q1, 2026-Q2, 2026-Q3, 2026-Q4. Maybe: 2026-Q4",
    ),
    "seller": (
        "target_pay = 100_000", "target_pay = 100_000\nindividual = { s3 = 5 }",
        "roles.1.individual.s3: unknown seller (found 's3'); expected one of s1, s2",
    ),
    "region": (
        "target_pay = 100_000", 'target_pay = 100_000\nregions = ["East", "West", "Wets"]',
        "roles.1.regions.3: unknown region (found 'Wets'); expected one of East, West. Maybe: West",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_names_that_nobody_has_are_found(name, tmp_path: Path):
    """Whatever a plan names must be in the scenario: told with line, key, what there is and what is near."""
    old, new, message = NAMES[name]
    told = [str(one) for one in check_pay(scenario(tmp_path, spoilt(GOOD, old, new)))]
    assert len(told) == 1
    assert re.sub(r"^pay.toml:\d+: ", "", told[0]) == message


def test_sellers_whom_no_role_takes_and_teams_that_are_none(tmp_path: Path):
    """Where the one role is for the East, the seller of the West has none; nor has anybody a district."""
    text = spoilt(GOOD, "target_pay = 100_000", 'target_pay = 100_000\nregions = ["East"]')
    told = [
        str(one) for one in check_pay(scenario(tmp_path, text.replace('of = "region"', 'of = "district"')))
    ]
    assert told == [
        (
            "sellers.csv: row 3, column \"id\": seller whom no role of the compensation plan takes (found 's2'). "
            "Maybe: a role in pay.toml that names nobody takes all others"
        ),
        "sellers.csv: row 2, column \"district\": no district, whose result 'Team' pays for",
    ]


def test_a_plan_that_does_not_pay_its_target_at_quota_is_odd(tmp_path: Path):
    """It may be meant: a warning says what it pays."""
    text = spoilt(GOOD, "{ from = 1.0, pay = 1.0 }", "{ from = 1.0, pay = 0.7 }")
    (one,) = check_pay(scenario(tmp_path, text))
    assert str(one).endswith("components.2.tiers: pays 0.7 of target pay at quota; expected 1")
    assert one.severity == "warning"
