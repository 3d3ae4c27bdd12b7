"""A scenario as it stood before its last months: what is known then, and what is refused."""

from dataclasses import replace

import numpy as np
import pytest
from made_company import company, shuffled, yearly

from spm_opt.errors import CalibrationError
from spm_opt.simulate.history import years
from spm_opt.simulate.hold_out import hold_out


def monthly(account, first, amounts):
    """Monthly history from a month counted from the year 0."""
    return [
        {
            "account": account,
            "period": f"{at // 12}-{at % 12 + 1:02d}-01",
            "months": 1,
            "revenue": float(amount),
        }
        for at, amount in enumerate(amounts, start=first)
    ]


def made(span, **more):
    """One account with the sales 1, 2, 3 and so on in the months before 2027."""
    rows = monthly("A", 2027 * 12 - span, range(1, span + 1))
    return company([{"id": "A", "seller": "S"}], [{"id": "S"}], history=rows, **more)


@pytest.mark.parametrize(("span", "months"), [(36, 12), (60, 12), (35, 6), (24, 6), (23, 3), (18, 3)])
def test_as_many_months_are_held_out_as_history_allows(span, months):
    """12 of 36 months, 6 of 24, 3 of 18; the outcome are the last months, the base the same a year before."""
    held = hold_out(made(span))
    assert (held.window.months, held.window.first) == (months, 2027 * 12 - months)
    assert held.sold.tolist() == [sum(range(span - months + 1, span + 1))]
    assert held.base.tolist() == [sum(range(span - months - 11, span - 11))]


@pytest.mark.parametrize(("span", "months", "said"), [
    (17, None, "3 months needs 18 months of history, and there are 17"),
    (30, 12, "12 months needs 36 months of history, and there are 30"),
    (20, 6, "6 months needs 24 months of history, and there are 20"),
    (36, 5, "12, 6 or 3 months can be held out, not 5"),
])  # fmt: skip
def test_too_little_history_says_how_much_is_needed(span, months, said):
    """The refusal says what was asked, what it needs and what there is."""
    with pytest.raises(CalibrationError, match=said):
        hold_out(made(span), months)


def test_no_history_is_refused():
    """Without history there are 0 months."""
    with pytest.raises(CalibrationError, match="there are 0"):
        hold_out(company([{"id": "A"}], [{"id": "S"}]))


def test_years_are_not_cut_in_two():
    """Of yearly history no quarter can be held out; of three years the last one can."""
    scenario = company([{"id": "A"}], [{"id": "S"}], history=yearly("A", y2024=1, y2025=2, y2026=4))
    with pytest.raises(CalibrationError, match="cut through a period of 12 months"):
        hold_out(scenario, 3)
    two = company([{"id": "A"}], [{"id": "S"}], history=yearly("A", y2025=2, y2026=4))
    with pytest.raises(
        CalibrationError, match=r"6 months would cut .* 12 months, .* need 36 of history, and there are 24"
    ):
        hold_out(two)
    held = hold_out(scenario)
    assert (held.sold.tolist(), held.base.tolist()) == ([4.0], [2.0])
    assert (held.training.before.tolist(), held.training.last.tolist()) == ([1.0], [2.0])


def test_nothing_that_came_later_is_known():
    """Another last year leaves what the model sees as it was: history, revenue, pipeline and the year itself."""
    tables = {
        "activities": ("revenue", "potential"),
        "pipeline": [{"id": "O", "account": "A", "amount": 1.0, "stage": "s", "close": "2027-02-01"}],
    }
    seen = []
    for last, revenue in ((4.0, 4.0), (400.0, 400.0)):
        rows = [*yearly("A", y2024=1, y2025=2, y2026=last), *yearly("B", y2026=last)]
        accounts = [{"id": name, "seller": "S", "revenue": revenue, "potential": 9.0} for name in "AB"]
        seen.append(hold_out(company(accounts, [{"id": "S"}], history=rows, **tables)).scenario)
    one, two = seen
    assert one.history.equals(two.history)
    assert one.accounts.equals(two.accounts)
    assert one.pipeline is None
    assert one.settings.year == 2026
    assert years(one).last.tolist() == [2.0, 0.0]  # B's first sales came later


def test_accounts_that_history_does_not_tell_of_are_left_out():
    """C has sales by its revenue activity and no row of history: what it sold is not known. D bought nothing."""
    accounts = [{"id": "A"}, {"id": "C", "revenue": 5.0}, {"id": "D"}]
    held = hold_out(company(accounts, [{"id": "S"}], history=yearly("A", y2024=1, y2025=2, y2026=4)))
    assert held.scenario.accounts["id"].tolist() == ["A", "D"]
    assert held.alignment.account_ids == ("A", "D")
    assert any("1 accounts with sales" in note for note in held.notes)


def test_positions_filled_later_count_as_filled():
    """A seller of July 2026 and a vacant position count as filled in 2026; one of 2025 keeps the start."""
    staff = [{"id": "S", "start": "2026-07-01"}, {"id": "T", "name": ""}, {"id": "U", "start": "2025-11-01"}]
    scenario = company([{"id": "A", "seller": "S"}], staff, history=yearly("A", y2024=1, y2025=2, y2026=4))
    sellers = hold_out(scenario).scenario.sellers.set_index("id")
    assert sellers["start"].isna().tolist() == [True, True, False]
    assert (sellers["name"] != "").all()


def test_today_decides_who_holds_what():
    """Accounts go to today's seller; one without a seller, or with one who is not there, to nobody."""
    accounts = [{"id": "A", "seller": "T"}, {"id": "B"}]
    held = hold_out(
        company(accounts, [{"id": "S"}, {"id": "T"}], history=yearly("A", y2024=1, y2025=2, y2026=4))
    )
    assert held.alignment.territory_ids == ("S", "T")
    assert held.alignment.account_territory.tolist() == [1, -1]


def test_without_sales_there_is_nothing_to_learn():
    """All sales fell into the months held out."""
    rows = [*yearly("A", y2024=0, y2025=0, y2026=4)]
    with pytest.raises(CalibrationError, match="nothing to learn from"):
        hold_out(company([{"id": "A"}], [{"id": "S"}], history=rows))


def test_order_of_rows_does_not_matter():
    """The same rows in another order give the same outcomes and bases."""
    rows = [row for name in "ABC" for row in yearly(name, y2024=1, y2025=2 + ord(name), y2026=4)]
    scenario = company([{"id": name, "seller": "S"} for name in "ABC"], [{"id": "S"}], history=rows)
    one, two = hold_out(scenario), hold_out(shuffled(scenario, 5))
    assert np.array_equal(one.sold, two.sold)
    assert np.array_equal(one.base, two.base)
    assert one.scenario.accounts["id"].tolist() == two.scenario.accounts["id"].tolist()


def test_periods_of_the_planned_year_do_not_count():
    """A row of 2027 is neither learnt from nor an outcome."""
    scenario = made(36)
    later = replace(
        scenario,
        history=company(
            [{"id": "A"}], [{"id": "S"}], history=monthly("A", 2027 * 12 - 36, [*range(1, 37), 99.0])
        ).history,
    )
    assert hold_out(later).sold.tolist() == hold_out(scenario).sold.tolist()
