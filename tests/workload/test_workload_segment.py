"""Segments by rules and by share: hand-computed ones, and what holds for any."""

import dataclasses
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_company import company, shuffled
from scenario_folder import ACCOUNTS, SETTINGS, spoilt, write_scenario

from spm_opt.load import load
from spm_opt.scenario.segment_settings import Segments
from spm_opt.simulate.demand import estimate
from spm_opt.workload.segment import segment, segmented

KEY = {"segment": "key", "where": {"potential": {"at_least": 100}}}
REST = {"segment": "rest"}


def made(accounts, history=None, **segments):
    """Make a company with [segments]."""
    scenario = company(
        accounts, [{"id": "s1"}], history=history, activities=("revenue", "potential"), year=2027
    )
    one = Segments(**segments)
    return dataclasses.replace(scenario, settings=scenario.settings.model_copy(update={"segments": one}))


def sold(account, year, revenue):
    return {"account": account, "period": f"{year}-01-01", "months": 12, "revenue": revenue}


def of(scenario):
    found = segment(scenario)
    return dict(zip(found.account_ids, found.segment, strict=True))


# ---- rules -------------------------------------------------------------------------------------------


def test_the_first_rule_that_fits_counts():
    """Of four accounts one is named, one large, one in a market of the list, one what is left."""
    accounts = [
        {"id": "a", "named": True, "potential": 500.0},
        {"id": "b", "potential": 100.0, "market": "East"},
        {"id": "c", "potential": 99.0, "market": "East"},
        {"id": "d", "potential": 99.0, "market": "South"},
    ]
    rules = [
        {"segment": "named", "where": {"named": True}},
        KEY,
        {"segment": "near by", "where": {"market": ["East", "West"], "potential": {"below": 100}}},
        REST,
    ]
    found = segment(made(accounts, by="rules", rules=rules))
    assert found.segment == ("named", "key", "near by", "rest")
    assert found.reason == (
        "rule 1: named yes",
        "rule 2: potential at least 100 (here potential 100)",
        "rule 3: market East or West, potential below 100 (here market East, potential 99)",
        "rule 4: every account that is left",
    )
    assert found.table["accounts"].tolist() == [1, 1, 1, 1]
    assert [one.rule for one in found.findings] == ["word that no account has"]


def test_rules_know_skills_sales_growth_and_columns_of_the_file():
    """Skills fit where they hold one; growth is that of the last year, and unknown where nothing was bought."""
    accounts = [
        {"id": "a", "skills": ("icu", "lab"), "tier": "x"},
        {"id": "b", "tier": "gold"},
        {"id": "c", "tier": ""},
        {"id": "d", "tier": ""},
    ]
    history = [sold("c", 2025, 100), sold("c", 2026, 120), sold("d", 2026, 50), sold("b", 2025, 9)]
    rules = [
        {"segment": "lab", "where": {"skills": "lab"}},
        {"segment": "gold", "where": {"tier": "gold"}},
        {"segment": "growing", "where": {"growth": {"at_least": 0.19}, "last_year": {"below": 121}}},
        {"segment": "rest", "where": {"last_year": {"at_least": 50}}},
    ]
    found = segment(made(accounts, history, by="rules", rules=rules))
    assert found.segment == ("lab", "gold", "growing", "rest")
    assert found.table["last_year"].tolist() == [0, 0, 120, 50]
    assert found.table["lost"].tolist() == [0, 1, 0, 0]
    assert found.table["churn"].tolist()[1:3] == [1, 0]
    assert np.isnan(found.table["churn"].tolist()[3])


def test_near_is_who_would_change_segment_on_the_other_side():
    """104 and 96 lie within 5 % of 100, 106 and 94 do not, and a named one would stay named."""
    accounts = [
        {"id": str(i), "potential": float(p), "named": i == 4} for i, p in enumerate((106, 104, 96, 94, 100))
    ]
    rules = [{"segment": "named", "where": {"named": True}}, KEY, REST]
    assert segment(made(accounts, by="rules", rules=rules)).near.tolist() == [False, True, True, False, False]
    same = [KEY, {"segment": "key"}]
    assert not segment(made(accounts, by="rules", rules=same)).near.any()


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        ([KEY], [("accounts that fit no rule", "segments.rules", "2 accounts, the first b in row 3")]),
        (
            [KEY, {"segment": "large", "where": {"potential": {"at_least": 200}}}, REST],
            [("rule that catches no account", "segments.rules.2", "large")],
        ),
        (
            [{"segment": "x", "where": {"market": "Est"}}, REST],
            [("rule that catches no account", "segments.rules.1", "x")],
        ),
        (
            [{"segment": "x", "where": {"named": True, "market": "East"}}, REST],
            [("rule that catches no account", "segments.rules.1", "x")],
        ),
    ],
)
def test_rules_that_do_not_cover_are_found(rules, told):
    """An account without a rule, and a rule without an account, are errors at the rule."""
    accounts = [
        {"id": "a", "potential": 300.0, "named": True},
        {"id": "b", "market": "East"},
        {"id": "c", "market": "East"},
    ]
    found = segment(made(accounts, by="rules", rules=rules)).findings
    assert [(one.rule, one.column, one.value) for one in found.errors] == told


def test_a_rule_that_catches_nothing_says_why():
    """Rules before it, a word that is nearly another, a range beyond all, or conditions that exclude each other."""
    accounts = [{"id": "a", "potential": 300.0, "named": True}, {"id": "b", "market": "East"}]
    rules = [
        {"segment": "all", "where": {"potential": {"at_least": 0}}},
        KEY,
        {"segment": "x", "where": {"market": "Est"}},
        {"segment": "y", "where": {"potential": {"at_least": 1000}}},
        {"segment": "z", "where": {"named": True, "market": "East"}},
        {"segment": "g", "where": {"growth": {"at_least": 0}}},
    ]
    hints = [one.suggestion for one in segment(made(accounts, by="rules", rules=rules)).findings]
    assert sorted(hints) == sorted([
        "put it before rule 1, which takes all that fit, or leave it out",
        "no account has market Est; near is East",
        "no account has potential at least 1,000: it goes from 0 to 300",
        "no account fits all of its conditions together",
        "no account has growth at least 0: growth is known of none",
    ])  # fmt: skip


# ---- shares ------------------------------------------------------------------------------------------


def test_classes_go_by_the_share_that_the_larger_ones_hold():
    """Of 50, 30, 10, 10 and 0 with limits of 50 and 80 %: the second begins at 50 %, the third at 80 %."""
    amounts = {"e": 50.0, "d": 30.0, "c": 10.0, "b": 10.0, "a": 0.0}
    scenario = made([{"id": name, "potential": one} for name, one in amounts.items()], by="share")
    assert of(scenario) == {"a": "C", "b": "C", "c": "C", "d": "B", "e": "A"}
    found = segment(scenario)
    assert found.reason[found.account_ids.index("d")] == (
        "potential 30 is number 2 of 5: the 1 before it hold 50.0 %, and B goes up to 80 %"
    )
    assert found.reason[0] == "has no potential, so the last class, C"
    assert found.table["potential"].tolist() == [50, 30, 20]


def test_who_crosses_a_limit_belongs_to_the_class_it_begins_in():
    """40 + 40 crosses 50 %: the second is A, too; of equal ones the id decides."""
    scenario = made([{"id": name, "potential": 40.0} for name in "bac"], by="share")
    assert of(scenario) == {"a": "A", "b": "A", "c": "B"}


def test_each_value_is_classed_by_itself():
    """Within segments of the table, the largest clinic is A although every hospital is larger."""
    accounts = [
        {"id": "h1", "given_segment": "hospital", "potential": 100.0},
        {"id": "h2", "given_segment": "hospital", "potential": 60.0},
        {"id": "c1", "given_segment": "clinic", "potential": 9.0},
        {"id": "c2", "given_segment": "clinic", "potential": 1.0},
    ]
    scenario = made(accounts, by="share", within="segment", classes={"A": 0.6, "B": 1.0})
    assert of(scenario) == {"h1": "hospital A", "h2": "hospital B", "c1": "clinic A", "c2": "clinic B"}
    assert segment(scenario).names == ("clinic A", "clinic B", "hospital A", "hospital B")
    assert of(segmented(scenario)) == of(scenario)  # whether derived before makes no difference


def test_near_to_a_class_is_within_a_share_of_the_amount_between_them():
    """Between 52 and 48 lies 50: both are within 5 % of it, 100 and 20 are not."""
    amounts = {"a": 100.0, "b": 52.0, "c": 48.0, "d": 20.0}
    scenario = made(
        [{"id": name, "potential": one} for name, one in amounts.items()], by="share",
        classes={"A": 0.6, "B": 1.0},
    )  # fmt: skip
    assert of(scenario) == {"a": "A", "b": "A", "c": "B", "d": "B"}
    assert segment(scenario).near.tolist() == [False, True, True, False]


def test_nothing_to_share_and_nowhere_to_belong_are_found():
    """A measure of which nobody has any is a warning; an account without the column classed within, an error."""
    scenario = made([{"id": "a"}, {"id": "b", "market": "East"}], by="share", within="market")
    found = segment(scenario).findings
    assert [(one.severity, one.rule) for one in found] == [
        ("error", "empty"), ("warning", "nothing to share"), ("warning", "nothing to share"),
    ]  # fmt: skip


amounts_of = st.lists(st.one_of(st.just(0.0), st.floats(0.01, 1e9)), min_size=1, max_size=30)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(amounts_of, st.integers(1, 3), st.floats(0.01, 0.98))
def test_more_never_gets_a_lower_class(amounts, groups, first):
    """Everyone has one class, sums are those of all accounts, and within a group classes follow amounts."""
    accounts = [
        {"id": f"a{i:02d}", "potential": one, "market": f"m{i % groups}"} for i, one in enumerate(amounts)
    ]
    scenario = made(
        accounts, by="share", within="market", classes={"A": first, "B": (1 + first) / 2, "C": 1.0}
    )
    found = segment(scenario)
    assert "" not in found.segment
    assert found.table["accounts"].sum() == found.changes["accounts"].sum() == len(amounts)
    assert found.table["potential"].sum() == pytest.approx(sum(amounts))
    for group in range(groups):
        own = sorted(zip(amounts[group::groups], found.segment[group::groups], strict=True), reverse=True)
        higher = [(one[1], other[1]) for one, other in pairwise(own) if one[0] > other[0]]
        assert all(one <= other for one, other in higher)


@settings(max_examples=20, deadline=None, derandomize=True)
@given(
    st.lists(st.floats(0, 1000), min_size=1, max_size=20), st.lists(st.floats(1, 999), min_size=1, max_size=4)
)
def test_rules_with_falling_limits_take_everyone_once(amounts, limits):
    """Whatever the limits, every account is in one segment, and a higher amount never in a lower one."""
    cuts = sorted(set(limits), reverse=True)
    rules = [{"segment": f"s{i}", "where": {"potential": {"at_least": cut}}} for i, cut in enumerate(cuts)]
    accounts = [{"id": f"a{i:02d}", "potential": one} for i, one in enumerate(amounts)]
    found = segment(made(accounts, by="rules", rules=[*rules, {"segment": "s9"}]))
    expected = [f"s{next((i for i, cut in enumerate(cuts) if one >= cut), 9)}" for one in amounts]
    assert list(found.segment) == expected
    assert found.table["accounts"].sum() == len(amounts)


# ---- what changed, and the way through a folder ---------------------------------------------------------


def test_what_changed_counts_pairs_of_last_years_and_new_segments():
    """Two of three knew their class; one of them came from A to B."""
    accounts = [
        {"id": "a", "potential": 70.0, "class_before": "A", "revenue": 7.0},
        {"id": "b", "potential": 29.0, "class_before": "A", "revenue": 2.0},
        {"id": "c", "potential": 1.0, "class_before": "", "revenue": 1.0},
    ]
    found = segment(made(accounts, by="share", previous="class_before", classes={"A": 0.5, "B": 1.0}))
    rows = found.changes[["previous_segment", "segment", "accounts", "potential", "last_year"]]
    assert rows.to_numpy().tolist() == [["", "B", 1, 1, 1], ["A", "A", 1, 70, 7], ["A", "B", 1, 29, 2]]


def test_the_order_of_rows_changes_nothing(tmp_path):
    """Of 100 and 300 the second has the first three quarters, whichever comes first, however often it is asked."""
    extra = '[segments]\nby = "share"\nmeasure = "revenue"\nwithin = "tier"\n'
    table = "".join(
        line + end + "\n"
        for line, end in zip(ACCOUNTS.splitlines(), (",tier", ",x", ",y", ",x"), strict=True)
    )
    first = load(write_scenario(tmp_path, settings=SETTINGS + extra, accounts=table))
    lines = table.splitlines(keepends=True)
    second = load(
        write_scenario(tmp_path, settings=SETTINGS + extra, accounts="".join([lines[0], *lines[:0:-1]]))
    )
    assert first.accounts["segment"].tolist() == second.accounts["segment"].tolist() == ["x B", "y A", "x A"]
    assert list(of(second).values()) == ["x B", "y A", "x A"]


def test_columns_are_read_as_rules_take_them(tmp_path):
    """A range needs numbers, and what is none is found in its row; a column that is not there, too."""
    rules = """
[segments]
by = "rules"
[[segments.rules]]
segment = "wide"
where = { beds = { at_least = 100 }, open = true }
[[segments.rules]]
segment = "rest"
"""
    table = "".join(
        line + end + "\n"
        for line, end in zip(
            ACCOUNTS.splitlines(), (",beds,open", ",120,yes", ",many,no", ",,maybe"), strict=True
        )
    )
    found = load(write_scenario(tmp_path, settings=SETTINGS + rules, accounts=table))
    assert [(one.row, one.column, one.rule) for one in found.findings.errors] == [
        (3, "beds", "not a number"), (4, "open", "not yes or no"),
    ]  # fmt: skip
    found = load(write_scenario(tmp_path, settings=SETTINGS + rules))
    assert [(one.row, one.column, one.rule) for one in found.findings.errors] == [
        (1, "beds", "missing column"), (1, "open", "missing column"),
    ]  # fmt: skip
    right = spoilt(spoilt(table, "many", "90"), "maybe", "no")
    found = load(write_scenario(tmp_path, settings=SETTINGS + rules, accounts=right))
    assert found.accounts["segment"].tolist() == ["wide", "rest", "rest"]
    assert len(found.findings) == 0


def test_faulty_tables_do_not_stop_reading(tmp_path):
    """Duplicate ids, unknown accounts in the history and broken numbers are found later, not stumbled over."""
    extra = '[segments]\nby = "rules"\n[[segments.rules]]\nsegment = "x"\nwhere = { last_year = { at_least = 1 } }\n'
    broken = "account,period,revenue\na1,2025,many\nnobody,2025,5\na3,never,7\na3,2025,7\n"
    scenario = load(
        write_scenario(
            tmp_path,
            settings=SETTINGS + extra,
            history=broken,
            accounts=ACCOUNTS + "a3,Twice,-90,40,s1,5,5\n",
        )
    )
    assert len(scenario.findings.errors) >= 2
    assert scenario.accounts["segment"].tolist()[2:] == ["x", "x"]


def test_without_a_section_segments_are_those_of_the_table():
    """An account without one has none."""
    scenario = company(
        [{"id": "a", "given_segment": "x"}, {"id": "b"}], [{"id": "s1"}], history=[sold("a", 2026, 5)]
    )
    found = segment(shuffled(scenario, 3))
    assert (found.segment, found.names) == (("x", ""), ("x",))
    assert found.table["accounts"].tolist() == [1]
    assert isinstance(found.changes, pd.DataFrame)


def test_rates_are_not_learnt_from_segments_that_sales_chose():
    """The demand model groups by a segment made from potential, but not by one made from last year's sales."""
    accounts = [
        {"id": "a", "given_segment": "x", "potential": 9.0, "revenue": 1.0},
        {"id": "b", "given_segment": "x", "potential": 1.0, "revenue": 2.0},
    ]
    by_potential = segmented(made(accounts, by="share", classes={"A": 0.5, "B": 1.0}))
    assert estimate(by_potential).segment_names == ("A", "B")
    by_sales = segmented(made(accounts, by="share", measure="last_year", classes={"A": 0.5, "B": 1.0}))
    assert by_sales.accounts["segment"].tolist() == ["B", "A"]
    assert estimate(by_sales).segment_names == ("x",)
