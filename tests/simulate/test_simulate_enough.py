"""Too little history: what is missing, how much is needed, and what is used instead."""

from dataclasses import replace

from made_company import company, yearly

from spm_opt.scenario.settings import Table
from spm_opt.simulate.demand import estimate
from spm_opt.simulate.enough import enough


def made(count, *, opportunities=None, history=True, **simulate):
    names = [f"A{i:02d}" for i in range(count)]
    rows = [row for name in names for row in yearly(name, y2025=100, y2026=110)]
    scenario = company(
        [{"id": name, "seller": "S", "revenue": 110.0} for name in names], [{"id": "S"}],
        history=rows if history else None, opportunities=opportunities,
        pipeline=[{"id": "O", "account": names[0], "amount": 5, "stage": "Propose", "close": "2027-03-01"}],
        simulate={"win_rates": {"Propose": 0.5}, **simulate},
    )  # fmt: skip
    tables = scenario.settings.tables.model_copy(
        update={name: Table(path=f"{name}.csv") for name in ("history", "opportunities")}
    )
    return replace(scenario, settings=scenario.settings.model_copy(update={"tables": tables}))


def test_twenty_nine_accounts_are_too_few_and_thirty_are_not():
    """Below thirty each parameter is named with what was found, what is needed and the default; at thirty none."""
    found = list(enough(made(29)))
    assert [(one.severity, one.file, one.rule) for one in found] == [
        ("warning", "history.csv", "too little history to estimate churn"),
        ("warning", "history.csv", "too little history to estimate growth and growth_spread"),
    ]
    assert all(one.value == "29 accounts in 24 months" for one in found)
    assert all("at least 30 accounts" in one.expected for one in found)
    assert "churn = 0.05 under [simulate]" in found[0].suggestion
    assert "growth = 0.03 and growth_spread = 0.25" in found[1].suggestion
    assert not list(enough(made(30)))


def test_the_model_says_default_just_where_the_finding_does():
    """The table of parameters marks as default what is warned of, and as history what is not."""
    for count, source in ((29, "default"), (30, "history")):
        table = estimate(made(count)).parameters
        rows = table[table["parameter"].isin(["churn", "growth", "growth_spread"]) & (table["segment"] == "")]
        assert set(rows["source"]) == {source}


def test_what_the_scenario_states_is_not_warned_of():
    """A planner who states the rates needs no history for them."""
    assert not list(enough(made(5, churn=0.1, growth=0.0, growth_spread=0.2)))
    (finding,) = enough(made(5, churn=0.1, growth=0.0))
    assert finding.rule == "too little history to estimate growth_spread"


def test_one_year_is_named_with_its_months():
    """A history of one year shows no account twice."""
    scenario = made(40)
    late = scenario.history[scenario.history["period"].dt.year == 2026]
    found = list(enough(replace(scenario, history=late)))
    assert {one.value for one in found} == {"0 accounts in 12 months"}


def test_few_closed_opportunities_tell_no_delay():
    """Nine won ones are too few; without the table nothing is said of it."""
    deal = {
        "account": "A00", "amount": 1.0, "stage": "Propose", "won": True, "expected": "2026-03-01",
        "closed": "2026-04-01",
    }  # fmt: skip
    (finding,) = enough(made(30, opportunities=[deal] * 9))
    assert (finding.file, finding.value) == ("opportunities.csv", "9 won ones")
    assert "at least 10 won ones" in finding.expected
    assert not list(enough(made(30, opportunities=[deal] * 10)))


def test_without_a_history_there_is_none_to_be_too_little():
    """Who gives no history knows; the table of parameters says default."""
    assert not list(enough(made(5, history=False)))
