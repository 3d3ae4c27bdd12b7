"""``scenario.toml`` as frozen models: every key a planner may write, with its default."""

from __future__ import annotations

from datetime import date
from typing import Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from spm_opt.criteria import AnyCriterion
from spm_opt.scenario.capacity_settings import Capacity
from spm_opt.scenario.frozen import Frozen
from spm_opt.scenario.overlay_settings import Overlay
from spm_opt.scenario.quota_faults import refuse, table_faults
from spm_opt.scenario.quota_settings import Quota
from spm_opt.scenario.segment_settings import Segments
from spm_opt.scenario.simulate_settings import Simulation
from spm_opt.scenario.size_settings import Size
from spm_opt.scenario.workload_settings import Workload

Effort = Literal["quick", "standard", "thorough"]


class Translation(Frozen):
    """A field made from another column by a list of words (a country from a territory number)."""

    column: str
    """The column in the file."""
    values: dict[str, str]
    """What each word in the file stands for. A word that is not listed is a finding."""


class Table(Frozen):
    """A table file and how its columns are called."""

    path: str
    """File in the scenario folder (or a path relative to it): .csv, .tsv, .xlsx or .parquet."""
    columns: dict[str, str] = {}
    """Our field on the left, the file's column on the right; a field not listed is called the same."""
    translate: dict[str, Translation] = {}
    """Fields that another column stands for."""
    keep: dict[str, tuple[str, ...]] = {}
    """Rows kept: only those whose column (by the file's name) has one of these values."""
    header: tuple[str, ...] = ()
    """Column names for a file that has no header row."""
    sheet: str | None = None
    """Sheet of an Excel file; without it the first."""
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    """Character between the fields of a text file."""
    encoding: str = "utf-8"
    """Encoding of a text file; a byte-order mark is accepted in any case."""
    decimal: Literal[".", ","] = "."
    """Decimal mark of numbers in text files."""


class Geography(Frozen):
    """Polygons of the geographic units."""

    path: str
    """File in the scenario folder: .gpkg, .geojson, .json, .topojson, .shp."""
    layer: str | None = None
    """Layer of a file that has several; without it the first."""
    id: str = "id"
    """Column with the unit's id."""
    name: str | None = None
    """Column with the unit's name."""


class Tables(Frozen):
    """The files of a scenario."""

    accounts: Table
    """Fields: id, name, parent, longitude, latitude (or x, y), unit, segment, seller, named, locked, skills,
    market, and every activity."""
    sellers: Table
    """Fields: id, name, longitude, latitude (or x, y), capacity, start, skills, manager, district, region, role,
    part_time (share of full time), leave (days a year), end (last day of the seller)."""
    geography: Geography | None = None
    """Polygons, where units are geographic."""
    history: Table | None = None
    """Fields: account, period (2026, 2026-Q1 or 2026-01), revenue. A period that an account lacks counts as no
    sales; one that every account lacks is an error."""
    pipeline: Table | None = None
    """Fields: id, account, amount, stage, close."""
    travel: Table | None = None
    """Pairs of a unit (an account assigned singly, or a polygon) and a seller with the planner's own figures.
    Fields: unit, seller, travel (km or minutes, in place of the distance), and any activity (what the seller
    would carry with this unit, in place of what the unit carries by itself). An empty cell, and a pair that
    is not named, keep the distance and the unit's own activity."""
    targets: Table | None = None
    """Quotas that are given: a node's, for all or for one product and period. Fields: node, level (where a name
    stands at several), product, period (2027, 2027-Q1 or 2027-01), target. An empty product or period is all
    of them; what is not given is derived."""
    organisation: Table | None = None
    """Nodes of the sales organisation between company and territories, for trees of any depth. Fields: node,
    parent (empty: the company), level (a name of your own). Sellers are in the node that their district
    names, else their region, or have a row of their own under their id."""
    opportunities: Table | None = None
    """Closed opportunities, for sales metrics and the rates of the model. Fields: id, account, amount (may be
    empty where lost), closed (date), won (yes or no), stage (the furthest it reached; the order of stages is
    that of `win_rates`), seller (whose it was; where empty, the account's seller of today), opened (date),
    expected (date on which it was first expected to close)."""
    timesheets: Table | None = None
    """Where hours went. Fields: seller, period (2026, 2026-Q1 or 2026-01), category (prospecting, selling,
    administration, travel or other), hours. Rows of one seller, period and category add up."""
    candidates: Table | None = None
    """Places, each for one seller, among which positions without a seat get theirs; without it at any unit. Fields:
    id, name, longitude, latitude (or x, y)."""
    quota_history: Table | None = None
    """Quotas of the past. Fields: seller, period (2026, 2026-Q1 or 2026-01), quota, sales (where empty, what
    the history says of the accounts that the seller has today)."""


class Units(Frozen):
    """What is assigned whole, and how accounts fall into it."""

    by: Literal["account", "geography"] = "account"
    """Every account singly, or the polygons with the accounts in them; accounts marked as named are
    assigned singly in any case."""
    coordinates: Literal["degrees", "planar"] = "degrees"
    """Longitude and latitude, or x and y in km."""
    without_place: Literal["error", "single", "keep"] = "error"
    """What becomes of an account with neither unit nor coordinates: an error; assigned singly with no
    travel counted; or that and it stays with its current seller. The last two are reported as warnings."""
    islands: Literal["bridge", "error"] = "bridge"
    """Units that touch no other: joined to their nearest neighbour by sea (a warning), or an error."""


class Settings(Frozen):
    """A whole ``scenario.toml``."""

    name: str
    """What the scenario is called in reports."""
    year: int = Field(ge=1900, le=9999)
    """The year that is planned, from 1 January."""
    currency: str = "USD"
    """Currency of all amounts."""
    seed: int = Field(default=1, ge=0, lt=2**63)
    """Seed of search and simulation; ``--seed`` overrides it."""
    effort: Effort = "standard"
    """How long to search, counted in work; ``--effort`` overrides it."""
    activities: dict[str, str] = Field(min_length=1)
    """Numeric columns of the accounts and their measurement units (``workload = "hours"``)."""
    tables: Tables
    units: Units = Units()
    segments: Segments | None = None
    workload: Workload | None = None
    capacity: Capacity | None = None
    criteria: tuple[AnyCriterion, ...] = ()
    """Rules and aims of the alignment."""
    overlays: tuple[Overlay, ...] = ()
    """Layers of specialists, technical sellers and managers over the territories."""
    simulate: Simulation = Simulation()
    size: Size | None = None
    quota: Quota
    pay: str | None = None
    """File in the scenario folder with the compensation plan: see [pay](#pay)."""

    @property
    def first_day(self) -> date:
        """The first day of the planned year."""
        return date(self.year, 1, 1)

    @model_validator(mode="after")
    def _units_have_polygons(self) -> Self:
        if self.units.by == "geography" and self.tables.geography is None:
            raise ValueError('units.by = "geography" needs [tables.geography]')
        return self

    @field_validator("quota")
    @classmethod
    def _quotas_fit_tables(cls, quota: Quota, known: ValidationInfo) -> Quota:
        tables: Tables | None = known.data.get("tables")
        if tables is not None:
            refuse(table_faults(quota, [name for name, table in tables if table is not None]))
        return quota
