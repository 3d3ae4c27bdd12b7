"""Segments of the accounts: by rules, by share or by statistics, each account with its reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from spm_opt.problem import BoolArray, IntArray
from spm_opt.scenario.findings import Finding, Findings
from spm_opt.scenario.scenario import Scenario
from spm_opt.scenario.settings_file import Places, places_in
from spm_opt.workload.account_columns import AccountColumns
from spm_opt.workload.assigned import Assigned
from spm_opt.workload.segment_rules import by_rules
from spm_opt.workload.segment_share import by_share
from spm_opt.workload.segment_statistics import by_statistics
from spm_opt.workload.segment_table import segment_changes, segment_table


@dataclass(frozen=True, eq=False)
class Segmentation:
    """The segment of every account, and the segments as tables.

    Attributes
    ----------
    account_ids
        The ``a`` accounts, sorted.
    names
        The segments, in the order in which they are shown.
    number
        Each account's segment as a place in ``names``, ``NONE`` where it has none, shape ``(a,)``.
    near
        Accounts near to a boundary between segments, shape ``(a,)``.
    previous
        Last year's segment of each account, ``""`` where there is none or none is told.
    reasons
        Says of accounts, given by their places, why they are in their segment.
    table
        A row a segment: see `segment_table`.
    changes
        A row a pair of last year's segment and the new one: see `segment_changes`.
    stability
        With ``by = "statistics"``, a row a number of segments that was tried: see `stable_number`; else ``None``.
    findings
        What was found wrong or odd.
    """

    account_ids: tuple[str, ...]
    names: tuple[str, ...]
    number: IntArray
    near: BoolArray
    previous: pd.Series[str]
    reasons: Callable[[IntArray], list[str]]
    table: pd.DataFrame
    changes: pd.DataFrame
    stability: pd.DataFrame | None
    findings: Findings

    @cached_property
    def segment(self) -> tuple[str, ...]:
        """Each account's segment by name, ``""`` where it has none."""
        return tuple(self.column().tolist())

    @cached_property
    def reason(self) -> tuple[str, ...]:
        """Why each account is in its segment."""
        return tuple(self.reasons(np.arange(len(self.account_ids))))

    def column(self) -> pd.Series[str]:
        """Give each account's segment as a column."""
        names: pd.Series[str] = pd.Series([*self.names, ""], dtype=str)
        return names.iloc[self.number].reset_index(drop=True)


def segment(scenario: Scenario) -> Segmentation:
    """Give every account its segment, as ``[segments]`` says; without it, that of the table.

    Parameters
    ----------
    scenario
        As read; whether its segments are derived already makes no difference.

    Raises
    ------
    MissingExtra
        ``by = "statistics"`` without scikit-learn.
    """
    scenario = _by_id(scenario)
    columns = AccountColumns(scenario)
    settings, accounts = scenario.settings.segments, scenario.accounts
    places = places_in(scenario.folder) if settings is not None else Places()
    if settings is None or accounts.empty:
        assigned = _given(columns)
    elif settings.by == "rules":
        assigned = by_rules(columns, settings, places)
    elif settings.by == "share":
        assigned = by_share(columns, settings, places)
    else:
        assigned = by_statistics(columns, settings, places, scenario.settings.seed)
    column = None if settings is None else settings.previous
    previous: pd.Series[str] = pd.Series("", index=accounts.index, dtype=str)
    if column is not None:
        previous = accounts["given_segment" if column == "segment" else column]
    return Segmentation(
        account_ids=tuple(accounts["id"].tolist()),
        names=assigned.names,
        number=assigned.number,
        near=assigned.near,
        previous=previous,
        reasons=assigned.reasons,
        table=segment_table(columns, assigned),
        changes=segment_changes(columns, assigned, previous),
        stability=assigned.stability,
        findings=Findings.of(_told(scenario, assigned.findings)),
    )


def segmented(scenario: Scenario) -> Scenario:
    """Put derived segments into the accounts; a scenario without ``[segments]`` stays as it is."""
    if scenario.settings.segments is None:
        return scenario
    scenario = _by_id(scenario)
    found = segment(scenario)
    accounts = scenario.accounts.assign(segment=found.column())
    return replace(scenario, accounts=accounts, findings=scenario.findings + found.findings)


def _by_id(scenario: Scenario) -> Scenario:
    """Put the accounts in the order of their ids, as reading does."""
    if scenario.accounts["id"].is_monotonic_increasing:
        return scenario
    accounts = scenario.accounts.sort_values("id", kind="stable", ignore_index=True)
    return replace(scenario, accounts=accounts)


def _given(columns: AccountColumns) -> Assigned:
    """Take the segments of the accounts' table."""
    codes, found = pd.factorize(columns.scenario.accounts["given_segment"], sort=True)
    names = [str(one) for one in found.tolist()]
    if names[:1] == [""]:  # the first of all words
        names, codes = names[1:], codes - 1
    return Assigned(
        names=tuple(names),
        number=codes.astype(np.int64),
        near=np.zeros(len(codes), dtype=bool),
        reasons=lambda rows: ["as the table of accounts says"] * len(rows),
        descriptions=("as the table of accounts says",) * len(names),
    )


def _told(scenario: Scenario, found: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Say nothing where the table that segments are made from has faults of its own: they come first."""
    file = scenario.settings.tables.accounts.path
    return () if any(one.file == file for one in scenario.findings.errors) else found
