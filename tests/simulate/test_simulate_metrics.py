"""What closed opportunities and time sheets tell the demand model."""

import numpy as np
import pytest
from made_company import company, shuffled

from spm_opt.simulate.metrics import delays, selling_share, stage_counts

STAGES = {"Qualify": 0.1, "Propose": 0.4, "Commit": 0.7}


def made(deals=None, sheets=None, year=2027):
    return company(
        [{"id": "A", "seller": "S"}], [{"id": "S"}, {"id": "T"}], opportunities=deals, timesheets=sheets,
        simulate={"win_rates": STAGES}, year=year,
    )  # fmt: skip


def deal(stage, won=False, closed="2026-06-30", **more):
    return {"stage": stage, "won": won, "closed": closed, **more}


def hours(seller, category, number, period="2026-01-01", months=3):
    return {"seller": seller, "period": period, "months": months, "category": category, "hours": number}


DEALS = [
    deal("Qualify"), deal("Qualify"), deal("Qualify"), deal("Propose"), deal("Propose"),
    deal("Commit"), deal("Commit", won=True), deal("Commit", won=True), deal("Propose", won=True),
]  # fmt: skip


def test_stages_count_what_came_that_far():
    """Of nine, six came to Propose and three to Commit; three were won, two of them from Commit."""
    counts = stage_counts(made(DEALS))
    assert counts.stages == ("Qualify", "Propose", "Commit")
    assert counts.reached.tolist() == [9, 6, 3]
    assert counts.won.tolist() == [3, 3, 2]


def test_what_closed_in_the_planned_year_is_not_known():
    """Nor is what closed in the month asked for, or later."""
    deals = [*DEALS, deal("Commit", won=True, closed="2027-01-01")]
    assert stage_counts(made(deals)).reached.tolist() == [9, 6, 3]
    assert stage_counts(made(deals, year=2028)).reached.tolist() == [10, 7, 4]
    june = 2026 * 12 + 5
    assert stage_counts(made(deals), before=june) is None
    assert stage_counts(made(deals), before=june + 1).won.tolist() == [3, 3, 2]


def test_delays_are_those_of_won_deals_in_months():
    """30 days late and 15 days early; a lost one, and one without an expected day, say nothing."""
    made_one = made([
        deal("Commit", won=True, expected="2026-05-31"),
        deal("Commit", won=True, expected="2026-07-15"),
        deal("Commit", won=True),
        deal("Commit", expected="2025-05-31"),
    ])  # fmt: skip
    month = 365.2425 / 12
    assert delays(made_one) == pytest.approx([-15 / month, 30 / month])
    assert delays(made([deal("Commit", won=True)])) is None


def test_selling_is_prospecting_and_selling_of_all_hours():
    """60 + 180 of 400 hours is 60 %; who has no hours is left out, and so is the planned year."""
    shares = selling_share(
        made(
            sheets=[
                hours("S", "selling", 100), hours("S", "selling", 80), hours("S", "prospecting", 60),
                hours("S", "travel", 160), hours("T", "other", 0), hours("S", "selling", 999, "2027-01-01"),
            ]
        )
    )  # fmt: skip
    assert shares == {"S": (0.6, 400.0)}
    assert selling_share(made(sheets=[hours("T", "other", 0)])) is None


def test_without_tables_nothing_is_known():
    """No opportunities and no time sheets give ``None``, and so do tables without rows."""
    for one in (made(), made([], [])):
        assert stage_counts(one) is None
        assert delays(one) is None
        assert selling_share(one) is None


def test_a_stage_without_a_rate_is_refused():
    """The order of stages is that of the rates: another stage has no place."""
    with pytest.raises(ValueError, match="'Comit'"):
        stage_counts(made([deal("Comit")]))


def test_the_order_of_rows_does_not_matter():
    """Shuffled tables give the same bits."""
    rng = np.random.default_rng(1)
    deals = [
        deal(stage, won=bool(won), expected=f"2026-05-{day:02d}")
        for stage, won, day in zip(
            rng.choice(list(STAGES), 200), rng.random(200) < 0.3, rng.integers(1, 29, 200), strict=True
        )
    ]
    sheets = [
        hours(seller, category, value)
        for seller, category, value in zip(
            rng.choice(["S", "T"], 200), rng.choice(["selling", "other"], 200), rng.random(200), strict=True
        )
    ]
    one = made(deals, sheets)
    for seed in range(3):
        other = shuffled(one, seed)
        assert stage_counts(other).reached.tolist() == stage_counts(one).reached.tolist()
        assert stage_counts(other).won.tolist() == stage_counts(one).won.tolist()
        assert delays(other).tolist() == delays(one).tolist()
        assert selling_share(other) == selling_share(one)
