"""Selling time of positions: by hand, month by month."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_company import aligned, company, shuffled

from spm_opt.load import derived
from spm_opt.scenario.capacity_settings import Capacity
from spm_opt.simulate.effort import selling_capacity
from spm_opt.simulate.metrics import selling_share
from spm_opt.simulate.task import prepared
from spm_opt.workload.selling_time import selling_time
from spm_opt.workload.time_sheets import sheets

HOURS = {"prospecting": 20.0, "selling": 40.0, "travel": 10.0, "administration": 30.0}


def sheet(seller, month, **hours):
    rows = hours or HOURS
    return [
        {
            "seller": seller,
            "period": f"2026-{month:02d}-01",
            "months": 1,
            "category": category,
            "hours": value,
        }
        for category, value in rows.items()
    ]


def made(sellers=({"id": "S"},), timesheets=None, rules=None, **keys):
    scenario = company([{"id": "A"}], sellers, timesheets=timesheets, **keys)
    rules = {"selling_share": 0.6, "leave": 26.0, **(rules or {})}
    return replace(scenario, settings=scenario.settings.model_copy(update={"capacity": Capacity(**rules)}))


def test_a_month_by_hand():
    """2027 has 261 weekdays, 21 of them in January; a tenth is leave, 8 hours a day, 60 % of them count."""
    found = selling_time(made(rules={"leave": 26.1}))
    assert found.working_days.tolist() == [21, 20, 23, 22, 21, 22, 22, 22, 22, 21, 22, 23]
    assert found.leave_days[0] == pytest.approx(0.1 * found.working_days)
    assert found.hours[0, 0] == pytest.approx(21 * 0.9 * 8 * 0.6)
    assert found.hours.sum() == pytest.approx(261 * 0.9 * 8 * 0.6)
    assert found.share_source == ("scenario",)


def test_part_time_leave_and_holidays_by_hand():
    """Half time, 11 days of leave of one's own all in August, and a holiday on a Monday; one on a Sunday takes nothing."""
    holidays = [dt.date(2027, 8, 2), dt.date(2027, 8, 1)]
    rules = {"holidays": holidays, "leave_by_month": [0] * 7 + [1] + [0] * 4, "hours_a_day": 7.5}
    found = selling_time(
        made([{"id": "S", "part_time": 0.5, "leave": 11.0}, {"id": "T"}], rules={**rules, "leave": 4.0})
    )
    assert found.working_days[7] == 21
    assert found.hours[:, 7] == pytest.approx([(21 - 11) * 7.5 * 0.5 * 0.6, (21 - 4) * 7.5 * 0.6])
    assert found.hours[0, 0] == pytest.approx(21 * 7.5 * 0.5 * 0.6)


def test_other_weekends_and_years():
    """With Friday and Saturday off January 2027 has 22 days; a year without holidays of its own loses as many."""
    rules = {"weekend": ["friday", "saturday"], "holidays": [dt.date(2027, 1, 3)]}
    scenario = made(rules=rules)
    assert selling_time(scenario).working_days[0] == 31 - 10 - 1
    later = selling_time(scenario, 2028 * 12, 12)
    assert later.working_days[0] == 31 - 9 - 1
    assert later.working_days[1:].sum() == 366 - 31 - 48 - 48


def test_month_sums_equal_the_year():
    """Two years of months add up to what each year has by itself, and leave to its days."""
    scenario = made(
        [{"id": "S"}, {"id": "T", "part_time": 0.8, "leave": 30.0}], rules={"leave_by_month": range(12)}
    )
    both = selling_time(scenario, 2027 * 12, 24)
    for at, year in enumerate((2027, 2028)):
        own = selling_time(scenario, year * 12)
        assert both.hours[:, 12 * at : 12 * at + 12] == pytest.approx(own.hours)
        assert own.leave_days.sum(axis=1) == pytest.approx([26, 30])
    middle = selling_time(scenario, 2027 * 12 + 5, 9)
    assert middle.hours == pytest.approx(both.hours[:, 5:14])


def test_shares_come_from_time_sheets():
    """70 of 100 hours count; a seller's 50 of 100 are drawn towards the team's 65 of 100 with 100 hours of weight."""
    rows = sheet("S", 1) + sheet("S", 2) + sheet("S", 3) + sheet("T", 1, selling=50.0, other=50.0)
    scenario = made([{"id": "S"}, {"id": "T"}, {"id": "U"}], rows)
    found = selling_time(scenario)
    assert found.share == pytest.approx([(0.7 * 300 + 65) / 400, (0.5 * 100 + 65) / 200, 0.65])
    assert found.share_source == ("time sheets", "time sheets", "time sheets of the others")
    assert found.hours[0, 0] == pytest.approx(found.share[0] * (21 - 26 * 21 / 261) * 8)
    alike = selling_time(made([{"id": "S"}, {"id": "T"}, {"id": "U"}], rows, {"team_hours": 900.0}))
    assert alike.share == pytest.approx(
        [(0.7 * 300 + 0.65 * 900) / 1200, (0.5 * 100 + 0.65 * 900) / 1000, 0.65]
    )
    assert (alike.share_sd[:2] >= np.abs(alike.share - [0.7, 0.5, 0.65])[:2]).all()
    own = selling_time(made([{"id": "S"}, {"id": "T"}], rows, {"team_hours": 0.0}))
    assert own.share == pytest.approx([0.7, 0.5])
    counted = selling_time(made([{"id": "S"}], sheet("S", 1), {"counted": ["selling"]}))
    assert counted.share == pytest.approx([0.4])


def test_how_unsure_a_share_is():
    """Two months of 60 and 80 of 100 hours: the variance of one hour is 2 x 100 x 0.01; three sellers differ by theirs."""
    rows = [*sheet("S", 1, selling=60.0, other=40.0), *sheet("S", 2, selling=80.0, other=20.0)]
    known = sheets(made(timesheets=rows), ("selling",))
    assert known.noise == pytest.approx(2.0)
    assert np.isnan(known.between)
    found = selling_time(made(timesheets=rows, rules={"counted": ["selling"]}))
    year = (261 - 26) * 8
    assert found.share_sd == pytest.approx([np.sqrt(2.0 / (200 + 100) + 2.0 / year)])
    others = [*rows, *sheet("T", 1, selling=50.0, other=50.0), *sheet("U", 1, selling=90.0, other=10.0)]
    between = np.var([0.7, 0.5, 0.9], ddof=1) - 2.0 * np.mean([1 / 200, 1 / 100, 1 / 100])
    assert sheets(made(timesheets=others), ("selling",)).between == pytest.approx(between)
    assert selling_time(made()).share_sd == pytest.approx([0.08])


def test_months_ahead_are_not_known():
    """Time sheets of the months asked for, or of later ones, say nothing."""
    rows = sheet("S", 1) + sheet("S", 7, other=100.0)
    scenario = made(timesheets=rows)
    assert selling_time(scenario, 2026 * 12 + 6).share == pytest.approx([0.7])
    assert selling_time(scenario).share == pytest.approx([0.35])


def test_without_rules_the_column_is_spread():
    """Capacity that somebody typed goes over the months as working days do; none is not known."""
    scenario = company([{"id": "A"}], [{"id": "S", "capacity": 2610.0}, {"id": "T"}])
    found = selling_time(scenario)
    assert found.hours[0] == pytest.approx(10 * found.working_days)
    assert np.isnan(found.hours[1]).all()
    assert selling_time(scenario, 2027 * 12 + 6, 12).hours[0, :6] == pytest.approx(found.hours[0, 6:])


def test_capacity_is_put_where_sellers_are():
    """The derived capacity is the year's settled hours, whatever the order of rows."""
    scenario = made([{"id": "S"}, {"id": "T", "part_time": 0.5}, {"id": "R", "start": "2027-07-01"}])
    year = selling_time(scenario).hours.sum(axis=1)
    for seed in (1, 2):
        table = derived(shuffled(scenario, seed)).sellers.set_index("id")["capacity"]
        assert table[["R", "S", "T"]].tolist() == pytest.approx(year)
    assert year[0] == year[1] == 2 * year[2]


def test_time_sheets_count_once():
    """Where capacity is derived the simulated year takes it as it is; where it is a column, shares change it."""
    rows = sheet("S", 1) + sheet("T", 1, selling=30.0, other=70.0)
    base = [{"id": "S", "capacity": 1000.0}, {"id": "T", "capacity": 1000.0}]
    typed = company([{"id": "A"}], base, timesheets=rows)
    assert selling_capacity(typed.sellers, ("S", "T"), selling_share(typed)) == pytest.approx(
        [1000 * 1.1667, 1000 * 0.8333], rel=1e-3
    )
    accounts = [
        {"id": "A", "workload": 2000.0, "seller": "S", "revenue": 1.0},
        {"id": "B", "workload": 2000.0, "seller": "T"},
    ]
    scenario = company(accounts, base, timesheets=rows, activities=("revenue", "workload"))
    rules = Capacity(counted=("selling", "travel", "prospecting"))
    scenario = derived(replace(scenario, settings=scenario.settings.model_copy(update={"capacity": rules})))
    capacity = scenario.sellers["capacity"].to_numpy()
    brings = prepared(scenario, aligned(scenario, {"A": "S", "B": "T"})).people.brings
    assert brings.growth[:2] == pytest.approx((capacity / capacity[0]) ** 0.34)


@settings(max_examples=25, derandomize=True, deadline=None)
@given(st.floats(0.05, 1), st.floats(0, 30), st.floats(0.1, 1), st.floats(1, 12))
def test_less_time_is_never_more_hours(share, leave, part, day):
    """Hours rise with the share, part time and the length of a day, and fall with leave."""

    def year(share, leave, part, day):
        one = made(
            [{"id": "S", "part_time": part}],
            rules={"selling_share": share, "leave": leave, "hours_a_day": day},
        )
        return selling_time(one).hours

    base = year(share, leave, part, day)
    assert (base <= year(min(1, share * 1.1), leave, part, day) + 1e-9).all()
    assert (base <= year(share, leave / 2, part, day) + 1e-9).all()
    assert (base <= year(share, leave, min(1, part * 1.1), day) + 1e-9).all()
    assert (base <= year(share, leave, part, day * 1.1) + 1e-9).all()
