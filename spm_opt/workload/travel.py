"""Travel of one contact in the field, by continuous approximation.

A tour leaves a seat, goes to ``stops`` accounts that are neighbours, and comes back. Of its length an account has

    2 x detour x r / stops  +  tour x detour / root of d

- the line-haul: ``r`` is the straight line from the nearest seat of any position, there and back, shared by the
  stops (Daganzo 1984, "The distance traveled to visit N points with a maximum of C stops per vehicle"). Which seller
  an account will have is decided later, and by these very hours: the nearest seat stands for all of them;
- the way between stops: a shortest tour through many points spread over an area grows as ``0.7124`` times the root
  of their number times the area (Beardwood, Halton and Hammersley 1959; the constant by Johnson and McGeoch 1996),
  so a point of it has ``0.7124 / root of d`` where ``d`` is their density. It is measured around each account, from
  the distance ``R`` to its ``m``-th nearest neighbour, ``m = stops + 1``, without bias: ``(m - 1) / (pi R^2)``;
- ``detour`` turns straight lines into roads (Ballou, Rahardja and Sakai 2002).

It is never longer than a trip of its own, ``2 x detour x r``. Where the planner's table of travel names the unit,
its figure (of the seller who is nearest) is the way there in place of ``detour x r``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely
from scipy.spatial import KDTree

from spm_opt.geography.distance import EARTH_RADIUS_KM, distance_km
from spm_opt.geography.locate import polygon_of, unit_sphere
from spm_opt.problem import NONE, BoolArray, FloatArray, IntArray
from spm_opt.scenario.scenario import Scenario
from spm_opt.scenario.workload_settings import Travelling

MINUTES = 60.0


@dataclass(frozen=True, eq=False)
class Trips:
    """Travel of one contact with each of ``a`` accounts, in the order of ``scenario.accounts``.

    Attributes
    ----------
    visited
        Whether it is visited at all.
    seat
        Row in ``scenario.sellers`` of the nearest seat, ``NONE`` where it is not known; shape ``(a,)``.
    straight
        Straight line to it in km, shape ``(a,)``; ``nan`` where it is not known.
    given
        The planner's own figure for the way there, in km or minutes as ``travel.table`` says; ``nan`` where none is.
    density
        Accounts visited in the field per square km around each; ``nan`` where it is not known.
    out
        Hours of the way there; ``nan`` where there is neither a place nor a figure.
    between
        Hours of the way between stops.
    hours
        Hours of travel of one contact, 0 where nothing is known.
    """

    visited: BoolArray
    seat: IntArray
    straight: FloatArray
    given: FloatArray
    density: FloatArray
    out: FloatArray
    between: FloatArray
    hours: FloatArray


def trips(scenario: Scenario, visited: BoolArray, rules: Travelling) -> Trips:
    """Work out the travel of one contact with every account that is visited in the field.

    Parameters
    ----------
    scenario
        Accounts, seats, polygons and the table of travel.
    visited
        Accounts with contacts in the field, shape ``(a,)``: of others nothing is worked out.
    rules
        ``[workload.travel]``.
    """
    at = np.flatnonzero(visited)
    planar = scenario.settings.units.coordinates == "planar"
    place = _places(scenario, at)
    seat, straight = _nearest_seat(scenario, place, planar=planar)
    given = _given(scenario, at)
    density = _density(place, round(rules.stops) + 1, planar=planar)
    road = 1.0 if rules.table == "km" else rules.speed / MINUTES
    out = np.where(np.isnan(given), straight * rules.detour, given * road) / rules.speed
    with np.errstate(divide="ignore"):
        between = rules.tour * rules.detour / np.sqrt(density) / rules.speed
    between = np.nan_to_num(between, nan=0.0, posinf=np.inf)
    hours = np.nan_to_num(np.minimum(2 * out / rules.stops + between, 2 * out))

    def spread(values: FloatArray, empty: float = np.nan) -> FloatArray:
        whole = np.full(len(visited), empty)
        whole[at] = values
        return whole

    whole = np.full(len(visited), NONE, dtype=np.int64)
    whole[at] = seat
    return Trips(
        visited, whole, spread(straight), spread(given), spread(density), spread(out), spread(between, 0.0),
        spread(hours, 0.0),
    )  # fmt: skip


def _places(scenario: Scenario, at: IntArray) -> FloatArray:
    """Give the places of some accounts: their own, else a point within the polygon they name; ``(n, 2)``."""
    place = scenario.accounts[["x", "y"]].to_numpy(dtype=float)[at]
    geography = scenario.geography
    bare = np.flatnonzero(np.isnan(place).any(axis=1))
    if geography is None or not len(geography) or not len(bare):
        return place
    unit = scenario.accounts["unit"].iloc[at[bare]]
    ids = geography["id"].drop_duplicates()
    row = pd.Index(ids).get_indexer(pd.Index(unit))
    needed, back = np.unique(row[row >= 0], return_inverse=True)
    inside = shapely.point_on_surface(geography.geometry.to_numpy()[ids.index.to_numpy()[needed]])
    points = np.stack([shapely.get_x(inside), shapely.get_y(inside)], axis=1).reshape(-1, 2)
    place[bare[row >= 0]] = points[back]
    return place


def _nearest_seat(scenario: Scenario, place: FloatArray, *, planar: bool) -> tuple[IntArray, FloatArray]:
    """Find the nearest seat of any position, and the straight line to it in km."""
    seat, straight = np.full(len(place), NONE, dtype=np.int64), np.full(len(place), np.nan)
    seats = scenario.sellers[["x", "y"]].to_numpy(dtype=float)
    there = np.flatnonzero(~np.isnan(seats).any(axis=1))
    known = np.flatnonzero(~np.isnan(place).any(axis=1))
    if not len(there) or not len(known):
        return seat, straight
    tree = KDTree(seats[there] if planar else unit_sphere(seats[there]))
    nearest = tree.query(place[known] if planar else unit_sphere(place[known]), workers=-1)[1]
    seat[known] = there[nearest]
    straight[known] = distance_km(place[known], seats[seat[known]], planar=planar)
    return seat, straight


def _density(place: FloatArray, m: int, *, planar: bool) -> FloatArray:
    """Estimate the accounts per square km around each place, from its ``m``-th nearest neighbour; ``(n,)``.

    With fewer neighbours the farthest stands for it; with one or none the density is 0.
    """
    density = np.full(len(place), np.nan)
    known = np.flatnonzero(~np.isnan(place).any(axis=1))
    m = min(m, len(known) - 1)
    if m < 2:  # noqa: PLR2004  the estimate needs two neighbours
        density[known] = 0.0
        return density
    at = place[known] if planar else unit_sphere(place[known])
    tree = KDTree(at)
    # neighbours one after the other: what one needs of the tree the next finds in the cache
    order = tree.indices
    far = np.empty(len(at))
    far[order] = np.asarray(tree.query(at[order], k=[m + 1], workers=-1)[0])[:, 0]
    if not planar:
        far = 2 * EARTH_RADIUS_KM * np.arcsin(np.minimum(far / 2, 1.0))
    with np.errstate(divide="ignore"):
        density[known] = (m - 1) / (np.pi * far**2)
    return density


def _given(scenario: Scenario, at: IntArray) -> FloatArray:
    """Give the planner's own figure for some accounts or their units, least over sellers; ``nan`` where none is."""
    given = np.full(len(at), np.nan)
    if scenario.travel is None or scenario.travel["travel"].isna().all():
        return given
    least = scenario.travel.groupby("unit")["travel"].min()
    accounts = scenario.accounts.iloc[at]
    given = accounts["id"].map(least).to_numpy(dtype=float)
    geography = scenario.geography
    if scenario.settings.units.by != "geography" or geography is None or not len(geography):
        return given
    unit = accounts["unit"].to_numpy(dtype=object)
    bare = np.flatnonzero((unit == "") & np.isnan(given))
    held = polygon_of(accounts[["x", "y"]].to_numpy(dtype=float)[bare], geography.geometry.to_numpy())
    inside = held != NONE
    unit[bare[inside]] = geography["id"].to_numpy(dtype=object)[held[inside]]
    own = pd.Series(unit).map(least).to_numpy(dtype=float)
    return np.where(np.isnan(given) & ~accounts["named"].to_numpy(dtype=bool), own, given)
