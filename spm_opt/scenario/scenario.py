"""The Scenario: what was asked, with the tables as they were read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import pandas as pd

from spm_opt.scenario.findings import Findings
from spm_opt.scenario.pay_settings import CompensationPlan
from spm_opt.scenario.settings import Settings


@dataclass(frozen=True, eq=False)
class Scenario:
    """Settings and tables of one folder, in our own field names and types.

    Every frame has a column ``row``: the 1-based row in the file, counting the header.

    Attributes
    ----------
    folder
        The folder it was read from.
    settings
        ``scenario.toml``, with every default filled in.
    accounts
        ``row``, ``id``, ``name``, ``parent``, ``x``, ``y`` (float, ``nan`` where there is no place),
        ``unit``, ``segment``, ``seller``, ``named`` (bool), ``locked`` (bool), ``skills`` (tuple of str),
        ``market`` (the segment where the file has none), ``given_segment`` (the segment of the file, whatever
        segments are derived), each activity (float), and the file's other columns that segments are made from
        (texts, float or bool, as ``[segments]`` takes them). Texts are ``""`` where the file has none. Sorted by
        id.
    sellers
        ``row``, ``id``, ``name`` (``""`` for a vacant position), ``x``, ``y``, ``capacity`` (``inf``
        where none is given), ``start`` (datetime64, ``NaT`` where none is given: long ago; a vacant
        position without a start is not filled in the year), ``end`` (last day of its seller, ``NaT`` where
        none is given), ``part_time`` (share of full time), ``leave`` (days a year, ``nan`` where none are
        given), ``role``, ``skills``, ``manager``, ``district``, ``region``. Sorted by id.
    geography
        ``id``, ``name``, ``geometry`` in the file's own coordinates turned to longitude and latitude;
        sorted by id; ``None`` where there is none.
    history
        ``row``, ``account``, ``period`` (pandas Period start as datetime64), ``months`` (length of the
        period), ``revenue``; or ``None``.
    pipeline
        ``row``, ``id``, ``account``, ``amount``, ``stage``, ``close`` (datetime64); or ``None``.
    findings
        What reading found.
    hashes
        SHA-256 of every input file, by its path in ``scenario.toml``.
    travel
        ``row``, ``unit``, ``seller``, ``travel`` and each activity (float, ``nan`` where nothing is given);
        sorted by unit and seller; or ``None``.
    targets
        ``row``, ``node``, ``level``, ``product``, ``period`` (texts, ``""`` where nothing is given), ``target``;
        or ``None``.
    organisation
        ``row``, ``node``, ``parent``, ``level`` (texts); or ``None``.
    opportunities
        Closed ones: ``row``, ``id``, ``account``, ``seller`` (``""`` for the account's of today), ``amount``
        (``nan`` where a lost one has none), ``stage``, ``won`` (bool), ``opened``, ``expected``, ``closed``
        (datetime64, ``NaT`` where none is given); sorted by id; or ``None``.
    timesheets
        ``row``, ``seller``, ``period``, ``months`` as in the history, ``category`` (lower case), ``hours``;
        sorted by seller, period and category; or ``None``.
    quota_history
        ``row``, ``seller``, ``period``, ``months`` as in the history, ``quota``, ``sales`` (``nan`` where
        none are given); sorted by seller and period; or ``None``.
    candidates
        Places for seats: ``row``, ``id``, ``name``, ``x``, ``y``; sorted by id; or ``None``.
    pay
        The compensation plan, or ``None`` where there is none, or none that can be understood.
    """

    folder: Path
    settings: Settings
    accounts: pd.DataFrame
    sellers: pd.DataFrame
    geography: gpd.GeoDataFrame | None
    history: pd.DataFrame | None
    pipeline: pd.DataFrame | None
    findings: Findings
    hashes: Mapping[str, str]
    travel: pd.DataFrame | None = None
    targets: pd.DataFrame | None = None
    organisation: pd.DataFrame | None = None
    opportunities: pd.DataFrame | None = None
    timesheets: pd.DataFrame | None = None
    quota_history: pd.DataFrame | None = None
    candidates: pd.DataFrame | None = None
    pay: CompensationPlan | None = None
