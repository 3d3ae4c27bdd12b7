"""Hours of accounts: worked out by hand, and growing where they must."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_company import company, shuffled, yearly

from spm_opt.errors import ScenarioError
from spm_opt.load import derived
from spm_opt.scenario.workload_settings import Workload
from spm_opt.workload.hours import hours

ACTIVITIES = ("revenue", "potential", "workload")
ACCOUNTS = [
    {"id": "A", "segment": "a", "seller": "S", "x": 0.0, "y": 30.0, "potential": 900.0},
    {"id": "B", "segment": "b", "seller": "S", "x": 0.0, "y": 0.0, "potential": 50.0, "revenue": 80.0},
    {"id": "C", "segment": "c", "seller": "T", "potential": 700.0},
]
RULES = {
    "coverage": [
        {"segment": "a", "contacts": 12, "hours": 1.5, "preparation": 0.5},
        {"segment": "a", "channel": "inside", "contacts": 10, "hours": 0.25},
        {"segment": "b", "contacts": 4, "hours": 1.0},
        {"channel": "inside", "contacts": 2, "hours": 0.5, "preparation": 0.1},
    ],
    "new_business": [
        {"segment": "a", "hours": 3.0, "per": 100.0, "most": 20.0},
        {"hours": 1.0, "per": 100.0},
    ],
    "travel": {"speed": 50.0, "detour": 1.25, "stops": 3.0},
}


def made(rules=None, accounts=ACCOUNTS, **company_keys):
    sellers = [{"id": "S", "x": 0.0, "y": 0.0}, {"id": "T", "x": 300.0, "y": 0.0}]
    history = company_keys.pop("history", yearly("A", y2025=150, y2026=400))
    scenario = company(accounts, sellers, history=history, activities=ACTIVITIES, **company_keys)
    known = scenario.settings
    return replace(
        scenario,
        settings=known.model_copy(
            update={
                "workload": Workload(**{**RULES, **(rules or {})}),
                "units": known.units.model_copy(update={"coordinates": "planar"}),
            }
        ),
    )


def test_hours_by_hand():
    """Contacts, preparation, travel and new business of three accounts, by channel."""
    found = hours(made())
    assert found.account_ids == ("A", "B", "C")
    assert found.channels == ("field", "inside")
    rows = found.parts.set_index(["account", "channel"])
    # A: 12 contacts of 1.5 h and 0.5 h before; 30 km from S, alone in the land but for one: a trip of its own,
    # 2 x 30 x 1.25 / 50 = 1.5 h; 900 - 400 of potential not bought, 3 h for each 100
    a = rows.loc[("A", "field")]
    assert a[["contacts", "contact_hours", "preparation_hours"]].tolist() == [12, 18, 6]
    assert a["travel_hours"] == pytest.approx(12 * 1.5)
    assert a["new_business_hours"] == pytest.approx(15)
    assert a["hours"] == pytest.approx(18 + 6 + 18 + 15)
    assert rows.loc[("A", "inside"), "hours"] == pytest.approx(2.5)
    # B: at the seat, more sold than potential
    assert rows.loc[("B", "field"), "hours"] == pytest.approx(4.0)
    assert ("B", "inside") not in rows.index  # its segment is named, so the entry for others is not for it
    # C: nobody names its segment
    assert rows.loc[("C", "inside"), "hours"] == pytest.approx(2 * 0.6)
    assert rows.loc[("C", "field"), "hours"] == pytest.approx(7.0)
    assert found.total == pytest.approx([57, 4, 7])
    assert found.by_channel.sum(axis=1) == pytest.approx([59.5, 4, 8.2])


def test_channels_of_the_plan_are_what_sellers_work():
    """With both channels the total is the sum of all."""
    found = hours(made({"channels": ["field", "inside"]}))
    assert found.total == pytest.approx(found.by_channel.sum(axis=1))


def test_new_business_stops_at_its_most():
    """15 hours are asked for and 10 are the most."""
    entry = {"segment": "a", "hours": 3.0, "per": 100.0, "most": 10.0}
    found = hours(made({"new_business": [entry]}))
    assert found.new_business_hours[0].tolist() == [10, 0]
    assert found.new_business_hours[1:].sum() == 0


def test_hours_are_put_where_the_activity_is():
    """A scenario that derives hours has them in its accounts, whatever the order of rows, and once more the same."""
    scenario = made()
    expected = hours(scenario).total
    for seed in (1, 2, 3):
        mixed = derived(shuffled(scenario, seed))
        assert mixed.accounts.sort_values("id")["workload"].tolist() == expected.tolist()
        assert hours(mixed).total.tolist() == expected.tolist()
        again = derived(mixed)
        assert again.accounts["workload"].tolist() == mixed.accounts["workload"].tolist()
        assert len(again.findings) == len(mixed.findings)


def test_hours_that_are_typed_stay():
    """Without [workload] they are the accounts' column, of one channel and without parts."""
    scenario = company(
        [{"id": "B", "workload": 3.0}, {"id": "A", "workload": 2.0}], [{"id": "S"}], activities=ACTIVITIES
    )
    found = hours(scenario)
    assert (found.account_ids, found.channels, found.total.tolist()) == (("A", "B"), ("field",), [2, 3])
    assert found.parts["hours"].tolist() == [2, 3]
    assert found.parts["contacts"].isna().all()
    with pytest.raises(ScenarioError, match="no hours of accounts"):
        hours(company([{"id": "A"}], [{"id": "S"}]))


@settings(max_examples=8, derandomize=True, deadline=None)
@given(
    st.floats(0, 5), st.floats(0, 5), st.floats(0, 40), st.floats(1, 3), st.floats(1, 12), st.floats(20, 120)
)
def test_more_of_anything_never_needs_fewer_hours(longer, prepared, more, detour, stops, speed):
    """Hours of no account fall with longer or more contacts, more preparation, worse roads, fewer stops, less speed."""
    travel = {"detour": detour, "stops": stops, "speed": speed}
    base = [{"contacts": 5, "hours": 1.0, "preparation": 0.25}]
    rules = {"coverage": base, "travel": travel}
    least = hours(made(rules)).total
    for change in ({"hours": 1 + longer}, {"preparation": 0.25 + prepared}, {"contacts": 5 + more}):
        assert (hours(made({**rules, "coverage": [{**base[0], **change}]})).total >= least - 1e-9).all()
    for change in ({"detour": min(5, detour * 1.1)}, {"speed": speed / 1.2}):
        assert (hours(made({**rules, "travel": {**travel, **change}})).total >= least - 1e-9).all()


def test_what_is_sold_already_is_no_new_business():
    """The more an account bought, the fewer hours are left to win; sellers needed never rise with it."""
    sold = [hours(made(history=yearly("A", y2026=x))).total[0] for x in (0, 100, 500, 900, 2000)]
    assert sold == sorted(sold, reverse=True)
    assert math.isclose(sold[-1], 42)
    assert np.isfinite(sold).all()
