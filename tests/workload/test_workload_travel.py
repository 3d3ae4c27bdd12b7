"""Travel by continuous approximation: by hand, and against tours that were really laid."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import shapely
from geopandas import GeoDataFrame
from made_company import company

from spm_opt.scenario.workload_settings import Travelling
from spm_opt.workload.travel import trips

EARTH = 6371.0088


def planar(points, seats=((0.0, 0.0),), table=None):
    scenario = company(
        [{"id": f"A{i:05d}", "x": x, "y": y} for i, (x, y) in enumerate(points)],
        [{"id": f"S{i}", "x": x, "y": y} for i, (x, y) in enumerate(seats)],
    )
    settings = scenario.settings
    units = settings.units.model_copy(update={"coordinates": "planar"})
    return replace(scenario, settings=settings.model_copy(update={"units": units}), travel=table)


def test_travel_by_hand():
    """On a lattice of 1 km: the way there shared by the stops, and the way to neighbours by their density."""
    lattice = [(float(x), float(y)) for x in range(60, 71) for y in range(-5, 6)]
    found = trips(
        planar(lattice), np.ones(len(lattice), dtype=bool), Travelling(stops=4, speed=50, detour=1.2)
    )
    middle = lattice.index((65.0, 0.0))
    # the fifth nearest of a lattice's point is at root 2: 4 / (pi x 2)
    density = 4 / (2 * np.pi)
    assert found.density[middle] == pytest.approx(density)
    assert found.straight[middle] == 65
    km = 2 * 1.2 * 65 / 4 + 0.7124 * 1.2 / np.sqrt(density)
    assert found.hours[middle] == pytest.approx(km / 50)


def test_a_contact_is_never_longer_than_a_trip_of_its_own():
    """Two accounts far from each other and near the seat are visited one by one."""
    found = trips(planar([(1.0, 0.0), (0.0, 400.0)]), np.ones(2, dtype=bool), Travelling())
    assert found.hours == pytest.approx([2 * 1.2 * 1 / 60, 2 * 1.2 * 400 / 60])


def test_only_what_is_visited_counts():
    """Accounts without contacts in the field travel nothing, and are no neighbours."""
    points = [(10.0 + i, 0.0) for i in range(6)]
    every = trips(planar(points), np.ones(6, dtype=bool), Travelling(stops=2))
    some = trips(planar(points), np.array([True, False] * 3), Travelling(stops=2))
    assert (some.hours[1::2] == 0).all()
    assert (some.density[::2] < every.density[::2]).all()


def test_the_nearest_seat_stands_for_all():
    """Of two seats the nearer is where a tour begins."""
    found = trips(
        planar([(10.0, 0.0), (90.0, 0.0)], ((0.0, 0.0), (100.0, 0.0))), np.ones(2, dtype=bool), Travelling()
    )
    assert found.seat.tolist() == [0, 1]
    assert found.straight == pytest.approx([10, 10])


def test_degrees_are_measured_on_the_sphere():
    """A degree of latitude is 111.2 km; density counts on the sphere, across the 180th meridian too."""
    step = 0.01
    points = [(lon, lat * step) for lat in range(-4, 5) for lon in (179.98, 179.99, -180.0, -179.99, -179.98)]
    scenario = company(
        [{"id": f"A{i:02d}", "x": x, "y": y} for i, (x, y) in enumerate(points)],
        [{"id": "S", "x": 180.0, "y": 1.0}],
    )
    found = trips(scenario, np.ones(len(points), dtype=bool), Travelling(stops=4))
    at = points.index((-180.0, 0.0))
    km = np.radians(step) * EARTH
    assert found.straight[at] == pytest.approx(np.radians(1) * EARTH)
    assert found.density[at] == pytest.approx(4 / (np.pi * 2 * km**2), rel=1e-4)


def test_a_polygon_stands_for_accounts_without_coordinates():
    """An account that names its unit is at a point within it; one that is nowhere has no travel."""
    scenario = planar([(np.nan, np.nan), (np.nan, np.nan), (3.0, 0.0)])
    scenario = replace(
        scenario,
        accounts=scenario.accounts.assign(unit=["u", "", ""]),
        geography=GeoDataFrame({"id": ["u"], "geometry": [shapely.box(6, -1, 8, 1)]}),
    )
    found = trips(scenario, np.ones(3, dtype=bool), Travelling())
    assert found.straight[0] == pytest.approx(7)
    assert found.hours[1] == 0
    assert np.isnan(found.out[1])


@pytest.mark.parametrize(("table", "hours"), [("km", 30 / 60), ("minutes", 0.5)])
def test_the_planner_knows_better(table, hours):
    """Figures of the table of travel, the least over sellers, are the way there of the units they name."""
    given = pd.DataFrame({"unit": ["A00000"] * 2, "seller": ["S0", "S1"], "travel": [45.0, 30.0]})
    scenario = planar([(100.0, 0.0), (100.0, 2.0)], table=given)
    found = trips(scenario, np.ones(2, dtype=bool), Travelling(table=table, stops=1))
    assert found.hours == pytest.approx([2 * hours, 2 * 1.2 * np.hypot(100, 2) / 60])


# ---- against real tours ----------------------------------------------------------------------------


def two_opt(points):
    """Lay a tour through points: nearest neighbour, then 2-opt until nothing gets shorter; its length."""
    n = len(points)
    far = np.hypot(*(points[:, None] - points[None]).transpose(2, 0, 1))
    tour, left = [0], set(range(1, n))
    while left:
        tour.append(min(left, key=lambda j: far[tour[-1], j]))
        left.discard(tour[-1])
    better = True
    while better:
        better = False
        for i in range(1, n - 1):
            for j in range(i + 1, n):
                a, b, c, d = tour[i - 1], tour[i], tour[j], tour[(j + 1) % n]
                if far[a, c] + far[b, d] < far[a, b] + far[c, d] - 1e-9:
                    tour[i : j + 1] = tour[i : j + 1][::-1]
                    better = True
    return sum(far[tour[i - 1], tour[i]] for i in range(n))


def laid(points, stops):
    """Visit all points from (0, 0): of the farthest left and its nearest, a tour of so many stops each; the length."""
    left, total = points.copy(), 0.0
    while len(left):
        first = left[np.hypot(*left.T).argmax()]
        group = np.argsort(np.hypot(*(left - first).T), kind="stable")[:stops]
        total += two_opt(np.vstack([[0.0, 0.0], left[group]]))
        left = np.delete(left, group, axis=0)
    return total


@pytest.mark.campaign
@pytest.mark.parametrize("stops", [1, 2, 4, 6, 10])
@pytest.mark.parametrize("clustered", [False, True])
def test_the_approximation_is_near_tours_that_were_laid(stops, clustered):
    """Over seeded regions of 240 accounts around a seat it is within 12 % of the length of tours really laid."""
    rng, ratios = np.random.default_rng(7), []
    for _ in range(6):
        if clustered:
            towns = rng.uniform(-100, 100, (12, 2))
            points = towns[rng.integers(12, size=240)] + rng.normal(0, 6, (240, 2))
        else:
            points = rng.uniform(-100, 100, (240, 2))
        rules = Travelling(stops=stops, speed=1, detour=1)
        guess = trips(planar(points), np.ones(240, dtype=bool), rules).hours.sum()
        ratios.append(guess / laid(points, stops))
    assert abs(np.mean(ratios) - 1) < 0.12, (stops, clustered, np.mean(ratios))
