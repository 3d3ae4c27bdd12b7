"""Hours that positions will have: by hand where nothing is left to chance, and what chance takes."""

from dataclasses import replace

import numpy as np
import pytest
from made_company import company, shuffled

from spm_opt.capacity.available import LOSSES, available
from spm_opt.scenario.capacity_settings import Capacity
from spm_opt.simulate.draws import keys, uniforms

SURE = {"attrition": 0.0, "ramp": (0.2, 0.6), "refill": 2.0}
SHARE = {"selling_share": 0.5, "selling_share_spread": 0.0, "leave": 0.0}


def made(sellers, rules=None, **simulate):
    scenario = company([{"id": "A"}], sellers, simulate={**SURE, **simulate})
    rules = Capacity(**{**SHARE, **(rules or {})})
    return replace(scenario, settings=scenario.settings.model_copy(update={"capacity": rules}))


def lost(found, at=0):
    return {name: found.lost[name][at].sum() for name in LOSSES}


def test_a_settled_seller_has_all_hours():
    """Without departures and with a share that is sure, hours are the settled ones in every replication."""
    found = available(made([{"id": "S"}]), replications=10)
    assert found.settled.sum() == pytest.approx(261 * 8 * 0.5)
    for one in (found.expected, found.low, found.median, found.high):
        assert one == pytest.approx(found.settled)
    assert found.months[0] == "2027-01"
    assert found.year.shape == (10, 1)


def test_a_hire_by_hand():
    """From April on: three months before the start, then 20 and 60 % of April and May."""
    found = available(made([{"id": "S", "name": "", "start": "2027-04-20"}]), replications=4)
    days = np.array([21, 20, 23, 22, 21, 22, 22, 22, 22, 21, 22, 23])
    level = np.array([0, 0, 0, 0.2, 0.6, *[1] * 7])
    assert found.expected[0] == pytest.approx(days * 4 * level)
    assert lost(found) == pytest.approx(
        {"before_start": 64 * 4, "ramp": (22 * 0.8 + 21 * 0.4) * 4, "departures": 0, "after_end": 0}
    )


def test_a_vacancy_sells_nothing():
    """A position that nobody fills has no hours, though its accounts go on buying in the simulated year."""
    found = available(made([{"id": "S", "name": ""}], vacancy=0.5), replications=4)
    assert found.expected.sum() == 0
    assert lost(found)["before_start"] == pytest.approx(261 * 4)


def test_a_last_day_by_hand():
    """After 30 June the position is empty for a month, sure to be filled in the next, and ramps."""
    found = available(made([{"id": "S", "end": "2027-06-30"}], refill=1.0), replications=4)
    level = found.expected[0] / found.settled[0]
    assert level == pytest.approx([1] * 6 + [0, 0.2, 0.6, 1, 1, 1])
    assert lost(found)["after_end"] == pytest.approx((22 + 22 * 0.8 + 22 * 0.4) * 4)
    within = available(made([{"id": "S", "end": "2027-06-29"}], refill=1.0), replications=4)
    assert within.expected[0] / within.settled[0] == pytest.approx([1] * 5 + [0, 0.2, 0.6, 1, 1, 1, 1])


def test_departures_are_those_of_the_rate():
    """30 % leave in a year; a month is left with the same chance each, by draws of the simulated year."""
    found = available(made([{"id": "S"}], attrition=0.3), replications=20_000, seed=3)
    assert found.expected[0, 0] / found.settled[0, 0] == pytest.approx(0.7 ** (1 / 12), abs=0.002)
    leaves = np.log(uniforms(keys(3, "seller", ["S"]), 0, 0, 20_000)) / np.log(0.7) * 12 < 12
    assert (found.year[:, 0] < found.settled.sum() - 1e-9).mean() == pytest.approx(leaves.mean(), abs=1e-9)
    assert found.high[0, -1] == pytest.approx(found.settled[0, -1])


def test_losses_add_up_to_what_is_missing():
    """Settled hours less what is lost are the expected ones, for everybody, in every month of two years."""
    sellers = [
        {"id": "R"}, {"id": "S", "start": "2026-12-01"}, {"id": "T", "name": "", "start": "2027-09-15"},
        {"id": "U", "name": ""}, {"id": "V", "end": "2027-03-31"}, {"id": "W", "end": "2026-10-01"},
        {"id": "X", "start": "2027-02-01", "end": "2028-02-15", "part_time": 0.5},
    ]  # fmt: skip
    scenario = made(sellers, {"selling_share_spread": 0.1}, attrition=0.25)
    found = available(scenario, months=24, replications=400)
    assert found.settled - sum(found.lost.values()) == pytest.approx(found.expected, abs=1e-12)
    assert all((part >= 0).all() for part in found.lost.values())
    assert (found.expected >= -1e-12).all()
    mean = found.year.mean(axis=0)
    assert mean == pytest.approx(found.expected[:, :12].sum(axis=1), rel=0.02, abs=1e-9)
    table = found.by(["a", "b", "a", "b", "a", "b", "a"])
    assert table["positions"].tolist() == [4, 3]
    assert table["expected"].sum() == pytest.approx(found.expected[:, :12].sum())
    missing = table[list(LOSSES)].sum(axis=1)
    assert (table["settled"] - missing).tolist() == pytest.approx(table["expected"].tolist())
    rows = found.rows
    assert len(rows) == 7 * 24
    assert rows.groupby("seller")["expected"].sum().tolist() == pytest.approx(found.expected.sum(axis=1))


def test_an_unsure_share_widens_the_year():
    """Its mean stays, and its standard deviation is that of the share."""
    found = available(made([{"id": "S"}], {"selling_share_spread": 0.1}), replications=4_000)
    relative = found.year[:, 0] / found.settled.sum()
    assert relative.mean() == pytest.approx(1, abs=0.002)
    assert relative.std() == pytest.approx(0.2, abs=0.005)
    assert found.low[0, 0] < found.median[0, 0] < found.high[0, 0]


def test_hours_belong_to_positions_and_not_to_rows():
    """Neither the order of rows nor other positions change anything."""
    sellers = [{"id": "S"}, {"id": "T", "start": "2027-03-01"}, {"id": "U"}]
    unsure = {"selling_share_spread": 0.1}
    scenario = made(sellers, unsure, attrition=0.3)
    one, other = available(scenario, replications=50), available(shuffled(scenario, 3), replications=50)
    assert np.array_equal(one.year, other.year)
    fewer = available(made([sellers[0], sellers[2]], unsure, attrition=0.3), replications=50)
    assert np.array_equal(one.year[:, [0, 2]], fewer.year)


def test_unknown_capacity_stays_unknown():
    """A position without a capacity has no hours, and the others are summed."""
    scenario = company([{"id": "A"}], [{"id": "S", "capacity": 1000.0}, {"id": "T"}], simulate=SURE)
    found = available(scenario, replications=4)
    assert np.isnan(found.expected[1]).all()
    assert found.by(["all", "all"])["expected"].tolist() == pytest.approx([1000])
