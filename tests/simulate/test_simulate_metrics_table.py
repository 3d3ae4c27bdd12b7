"""Sales metrics by seller, team and company."""

import numpy as np
import pandas as pd
import pytest
from made_company import company, shuffled

from spm_opt.simulate.metrics_table import SMALL, sales_metrics, wilson

STAGES = {"Qualify": 0.1, "Propose": 0.4, "Commit": 0.7}


def made(deals=None, sheets=None, quotas=None, history=None):
    """Two sellers in one district, a third in another; S has accounts A and B, T has C, U has none."""
    return company(
        [{"id": "A", "seller": "S"}, {"id": "B", "seller": "S"}, {"id": "C", "seller": "T"}],
        [
            {"id": "S", "district": "North", "region": "All"},
            {"id": "T", "district": "North", "region": "All"},
            {"id": "U", "district": "South", "region": "All"},
        ],
        opportunities=deals, timesheets=sheets, quota_history=quotas, history=history,
        simulate={"win_rates": STAGES},
    )  # fmt: skip


def deal(account, stage, amount=np.nan, won=False, days=10, **more):
    closed = pd.Timestamp("2026-06-30")
    opened = closed - pd.Timedelta(days=days)
    return {
        "account": account, "stage": stage, "amount": amount, "won": won, "opened": opened, "closed": closed, **more,
    }  # fmt: skip


def hours(seller, category, number, period="2026-01-01", months=1):
    return {"seller": seller, "period": period, "months": months, "category": category, "hours": number}


def quota(seller, period, amount, sales=np.nan, months=3):
    return {"seller": seller, "period": period, "months": months, "quota": amount, "sales": sales}


def figures(scenario, level, name):
    """Value and n of every metric of one group."""
    rows = sales_metrics(scenario).rows
    rows = rows[(rows["level"] == level) & (rows["name"] == name)]
    return {(row.metric, row.detail): row for row in rows.itertuples()}


DEALS = [
    deal("A", "Commit", 100, won=True, days=30),
    deal("A", "Commit", 300, won=True, days=90),
    deal("B", "Propose", 50, won=True, days=60),
    deal("B", "Qualify", days=5),
    deal("C", "Propose"),
    deal("C", "Commit", seller="U"),
    deal("C", "Commit", 1000, won=True, seller="gone"),
]


def test_deals_are_counted_by_hand():
    """S closed four and won three of 100, 300 and 50, in 30, 90 and 60 days."""
    own = figures(made(DEALS), "seller", "S")
    values = {key: (row.value, row.n) for key, row in own.items()}
    assert values == {
        ("deals_closed", ""): (4, 4),
        ("win_rate", ""): (0.75, 4),
        ("deal_size_mean", ""): (150, 3),
        ("deal_size_median", ""): (100, 3),
        ("cycle_days_median", ""): (60, 3),
        ("conversion", "Qualify"): (0.75, 4),  # three went beyond it
        ("conversion", "Propose"): (1.0, 3),  # two went beyond it, one was won from it
        ("conversion", "Commit"): (1.0, 2),
    }


def test_teams_and_company_add_up_their_deals():
    """North has S and T; the company also has the deal of a seller who is gone."""
    scenario = made(DEALS)
    north, whole = figures(scenario, "district", "North"), figures(scenario, "company", "company")
    assert (north["win_rate", ""].value, north["win_rate", ""].n) == (0.6, 5)
    assert figures(scenario, "district", "South")["win_rate", ""].value == 0
    assert (whole["win_rate", ""].value, whole["win_rate", ""].n) == (pytest.approx(4 / 7), 7)
    assert whole["deal_size_mean", ""].value == 362.5
    assert figures(scenario, "region", "All")["deals_closed", ""].value == 6


def test_where_there_is_nothing_to_count_there_is_no_figure():
    """U has lost its one deal: no size, no cycle; T has no quota and no hours."""
    scenario = made(DEALS, [hours("S", "selling", 5)], [quota("S", "2026-01-01", 100, 90)])
    lost = figures(scenario, "seller", "U")
    assert (lost["deal_size_mean", ""].n, lost["cycle_days_median", ""].n) == (0, 0)
    assert np.isnan([lost["deal_size_mean", ""].value, lost["cycle_days_median", ""].value]).all()
    idle = figures(scenario, "seller", "T")
    for key in (("hours", ""), ("share_of_hours", "selling"), ("attainment", ""), ("quota_reached", "")):
        assert np.isnan(idle[key].value)
        assert (idle[key].n, idle[key].small) == (0, False)


def test_hours_are_shared_out_by_category():
    """60 of 200 hours prospecting is 30 %, in two months; rows of one category add up."""
    sheets = [
        hours("S", "prospecting", 40), hours("S", "prospecting", 20), hours("S", "travel", 50),
        hours("S", "selling", 90, "2026-02-01"), hours("T", "administration", 50),
    ]  # fmt: skip
    own = figures(made(sheets=sheets), "seller", "S")
    assert (own["hours", ""].value, own["hours", ""].n) == (200, 2)
    assert (own["share_of_hours", "prospecting"].value, own["share_of_hours", "prospecting"].n) == (0.3, 2)
    assert own["share_of_hours", "administration"].value == 0
    team = figures(made(sheets=sheets), "district", "North")
    assert (team["share_of_hours", "administration"].value, team["hours", ""].n) == (0.2, 3)


def test_attainment_is_sales_by_quota_in_all_and_by_period():
    """S reaches 120 of 100, then 60 of 100; T 80 of 50: 90 %, and for the team 104 %."""
    quotas = [
        quota("S", "2026-01-01", 100, 120), quota("S", "2026-04-01", 100, 60),
        quota("T", "2026-04-01", 50, 80), quota("T", "2027-01-01", 50, 0), quota("U", "2026-01-01", 0, 7),
    ]  # fmt: skip
    scenario = made(quotas=quotas)
    own, team = figures(scenario, "seller", "S"), figures(scenario, "district", "North")
    assert [own["attainment", period].value for period in ("", "2026-Q1", "2026-Q2")] == [0.9, 1.2, 0.6]
    assert (own["quota_reached", ""].value, own["quota_reached", ""].n) == (0.5, 2)
    assert team["attainment", "2026-Q2"].value == pytest.approx(140 / 150)
    assert (team["attainment", ""].value, team["attainment", ""].n) == (260 / 250, 3)
    assert ("attainment", "2027-Q1") not in team
    assert np.isnan(figures(scenario, "seller", "U")["attainment", ""].value)


def test_sales_that_are_not_stated_come_from_the_history_of_todays_accounts():
    """S holds A and B: 10 + 20 in the first quarter; a year of 120 counts a quarter of it."""
    history = [
        {"account": "A", "period": "2026-01-01", "months": 3, "revenue": 10.0},
        {"account": "B", "period": "2026-01-01", "months": 3, "revenue": 20.0},
        {"account": "A", "period": "2026-04-01", "months": 3, "revenue": 70.0},
        {"account": "C", "period": "2026-01-01", "months": 12, "revenue": 120.0},
    ]
    quotas = [
        quota("S", "2026-01-01", 30), quota("S", "2026-04-01", 100), quota("T", "2026-04-01", 40),
        quota("S", "2025-10-01", 5), quota("U", "2026-01-01", 5),
    ]  # fmt: skip
    scenario = made(quotas=quotas, history=history)
    own = figures(scenario, "seller", "S")
    assert [own["attainment", period].value for period in ("2026-Q1", "2026-Q2")] == [1.0, 0.7]
    assert ("attainment", "2025-Q4") not in own  # before the history begins
    assert own["quota_reached", ""].value == 0.5
    assert figures(scenario, "seller", "T")["attainment", "2026-Q2"].value == 0.75
    assert figures(scenario, "seller", "U")["attainment", ""].n == 0


def test_small_samples_are_marked_and_sums_are_not():
    """Nine deals are few, ten are not; a count of nine deals is a count."""
    for number in (SMALL - 1, SMALL):
        own = figures(made([deal("A", "Qualify") for _ in range(number)]), "seller", "S")
        assert own["win_rate", ""].small == own["conversion", "Qualify"].small == (number < SMALL)
        assert not own["deals_closed", ""].small


def test_the_interval_is_that_of_the_textbook():
    """Wilson's 90 % interval of 3 in 10 and of 0 in 10, computed from its definition."""
    low, high = wilson(np.array([3, 0, 0]), np.array([10, 10, 0]))
    z = 1.6448536269514722
    for bound in (low[0], high[0]):  # the shares whose score test has exactly this z
        assert abs(0.3 - bound) / np.sqrt(bound * (1 - bound) / 10) == pytest.approx(z)
    assert (low[1], high[1]) == (0, pytest.approx(z * z / (10 + z * z)))
    assert np.isnan([low[2], high[2]]).all()


def test_the_interval_covers_about_as_often_as_it_says():
    """For 5 to 80 occasions and shares of 0.1 to 0.9 it covers 90 % on average, and never less than 80 %."""
    from scipy.stats import binom  # noqa: PLC0415  only here

    covered = []
    for n in (5, 10, 20, 40, 80):
        hits = np.arange(n + 1)
        low, high = wilson(hits, np.full(n + 1, n))
        covered += [binom.pmf(hits, n, p)[(low <= p) & (p <= high)].sum() for p in np.linspace(0.1, 0.9, 17)]
    assert 0.88 < np.mean(covered) < 0.92
    assert min(covered) > 0.8


def test_the_order_of_rows_does_not_matter():
    """Shuffled tables give the same bits."""
    rng = np.random.default_rng(2)
    deals = [
        deal(account, stage, amount, won=bool(amount > 60), days=int(amount))
        for account, stage, amount in zip(
            rng.choice(["A", "B", "C"], 80), rng.choice(list(STAGES), 80), rng.random(80) * 100, strict=True
        )
    ]
    sheets = [hours("ST"[i % 2], "selling", rng.random()) for i in range(60)]
    history = [
        {"account": account, "period": f"2026-{month:02d}-01", "months": 1, "revenue": rng.random()}
        for account in "ABC"
        for month in range(1, 13)
    ]
    one = made(deals, sheets, [quota("S", "2026-01-01", 2.0), quota("T", "2026-04-01", 1.0)], history)
    for seed in range(3):
        pd.testing.assert_frame_equal(
            sales_metrics(shuffled(one, seed)).rows, sales_metrics(one).rows, check_exact=True
        )


def test_without_tables_there_are_no_rows():
    """A scenario without the three tables has no metrics."""
    assert sales_metrics(made()).rows.empty
