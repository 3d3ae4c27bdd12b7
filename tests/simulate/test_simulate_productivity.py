"""Productivity of positions by month."""

import numpy as np
import pytest
from made_company import company

from spm_opt.simulate.productivity import productivity

RAMP = {"ramp": (0.2, 0.6), "vacancy": 0.5}


def shares(**seller):
    scenario = company([{"id": "A"}], [{"id": "S", **seller}], simulate=RAMP)
    return productivity(scenario.sellers, ("S",), scenario.settings)[0].tolist()


@pytest.mark.parametrize(
    ("seller", "expected"),
    [
        ({}, [1.0] * 12),
        ({"start": "2019-05-01"}, [1.0] * 12),
        ({"name": ""}, [0.5] * 12),
        ({"start": "2026-12-15"}, [0.6] + [1.0] * 11),
        ({"start": "2027-01-01"}, [0.2, 0.6] + [1.0] * 10),
        ({"start": "2027-04-30"}, [0.5] * 3 + [0.2, 0.6] + [1.0] * 7),
        ({"start": "2027-04-01", "name": ""}, [0.5] * 3 + [0.2, 0.6] + [1.0] * 7),
        ({"start": "2027-12-01"}, [0.5] * 11 + [0.2]),
        ({"start": "2028-02-01"}, [0.5] * 12),
    ],
)
def test_months_by_hand(seller, expected):
    """Vacant before the start, ramp from its month on, full afterwards."""
    assert shares(**seller) == expected


def test_no_ramp_means_full_from_the_first_month():
    """With an empty ramp a new seller is productive at once."""
    scenario = company([{"id": "A"}], [{"id": "S", "start": "2027-03-01"}], simulate={"ramp": ()})
    assert productivity(scenario.sellers, ("S",), scenario.settings)[0].tolist() == [0.5] * 2 + [1.0] * 10


def test_positions_come_in_the_order_asked_for():
    """Rows follow the territories, not the table."""
    scenario = company([{"id": "A"}], [{"id": "S"}, {"id": "T", "name": ""}], simulate=RAMP)
    got = productivity(scenario.sellers, ("T", "S"), scenario.settings)
    assert np.array_equal(got[:, 0], [0.5, 1.0])
