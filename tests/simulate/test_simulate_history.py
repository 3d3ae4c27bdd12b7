"""What each account bought in the last two years."""

import numpy as np
import pandas as pd
import pytest
from made_company import company, shuffled, yearly

from spm_opt.simulate.history import years


def made(history, accounts=("A", "B"), year=2027):
    rows = [{"id": name, "revenue": 70.0} for name in accounts]
    return company(rows, [{"id": "S"}], history=history, year=year)


def quarters(account, *revenue, first="2025-01-01"):
    starts = pd.date_range(first, periods=len(revenue), freq="QS")
    return [
        {"account": account, "period": start, "months": 3, "revenue": value}
        for start, value in zip(starts, revenue, strict=True)
    ]


def test_yearly_rows_are_taken_as_they_are():
    """The last calendar year before the plan is the last year, the one before it the year before."""
    past = years(made(yearly("A", y2024=1, y2025=100, y2026=120)))
    assert past.last.tolist() == [120.0, 70.0]
    assert past.before.tolist() == [100.0, 0.0]
    assert past.from_history.tolist() == [True, False]
    assert past.months == 36


def test_quarters_add_up():
    """Four quarters make a year."""
    past = years(made(quarters("A", 1, 2, 3, 4, 5, 6, 7, 8), accounts=["A"]))
    assert past.last.tolist() == [26.0]
    assert past.before.tolist() == [10.0]


def test_last_year_ends_where_history_ends():
    """When the last quarter is not known yet, the twelve months before it are the last year."""
    past = years(made(quarters("A", 1, 2, 3, 4, 5, 6, 7), accounts=["A"]))
    assert past.last.tolist() == [4 + 5 + 6 + 7]
    assert past.before is None


def test_a_period_partly_inside_counts_in_part():
    """A year of 120 of which nine months lie in the window gives 90."""
    rows = [*yearly("A", y2025=120), *quarters("A", 11, first="2026-01-01")]
    past = years(made(rows, accounts=["A"]))
    assert past.last.tolist() == [pytest.approx(90 + 11)]


def test_half_a_year_is_scaled_to_one():
    """Six months of history count double."""
    past = years(made(quarters("A", 10, 15, first="2026-07-01"), accounts=["A"]))
    assert past.last.tolist() == [50.0]
    assert past.months == 6


def test_periods_of_the_planned_year_do_not_count():
    """Rows after the first day of the plan are not the past."""
    past = years(made(yearly("A", y2026=120, y2027=999), accounts=["A"]))
    assert past.last.tolist() == [120.0]


def test_without_history_the_revenue_activity_counts():
    """No table, or none before the plan: last year is what the accounts' table says."""
    for history in (None, [], yearly("A", y2027=5)):
        past = years(made(history))
        assert past.last.tolist() == [70.0, 70.0]
        assert past.before is None
        assert not past.from_history.any()


def test_without_revenue_activity_an_unknown_account_has_no_past():
    """Neither history nor activity: nothing was sold."""
    scenario = company([{"id": "A"}], [{"id": "S"}], simulate={"revenue": "turnover"})
    assert years(scenario).last.tolist() == [0.0]


def test_returns_do_not_make_a_year_negative():
    """An account that gave back more than it bought counts 0."""
    past = years(made(yearly("A", y2025=-5, y2026=-10), accounts=["A"]))
    assert past.last.tolist() == [0.0]


def test_unknown_account_is_refused():
    """A name that the accounts do not have raises, since loading should have found it."""
    with pytest.raises(ValueError, match="'Z'"):
        years(made(yearly("Z", y2026=1)))


def test_order_of_rows_does_not_matter():
    """Shuffled rows give the same bits."""
    rng = np.random.default_rng(5)
    names = [f"A{i}" for i in range(20)]
    rows = [row for name in names for row in quarters(name, *rng.random(8))]
    scenario = made(rows, accounts=names)
    for seed in range(3):
        other = years(shuffled(scenario, seed))
        assert other.account_ids == years(scenario).account_ids
        assert other.last.tobytes() == years(scenario).last.tobytes()
        assert other.before.tobytes() == years(scenario).before.tobytes()
