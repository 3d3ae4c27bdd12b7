"""Quotas of every node by product and period of pay, in whole cents."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from spm_opt.pay.results import YEAR, whole
from spm_opt.plan import QuotaPlan
from spm_opt.problem import FloatArray
from spm_opt.quota.organisation import Node
from spm_opt.quota.quota import plan_cells
from spm_opt.quota.season import season
from spm_opt.scenario.scenario import Scenario


@dataclass(frozen=True, eq=False)
class NodeQuotas:
    """Quotas by node.

    Attributes
    ----------
    nodes
        The ``n`` nodes, level and name.
    parent
        The node above each, where there is one.
    cents
        By product (``""`` for all), shapes ``(n, periods)``.
    """

    nodes: tuple[Node, ...]
    parent: Mapping[Node, Node]
    cents: Mapping[str, FloatArray]

    def rows(self, nodes: Iterable[Node]) -> list[int]:
        """Find the places of nodes."""
        place = {node: i for i, node in enumerate(self.nodes)}
        return [place[node] for node in nodes]

    def above(self, node: Node) -> Iterator[int]:
        """Give the places of the nodes above one, from the nearest up."""
        while node in self.parent:
            node = self.parent[node]
            yield self.nodes.index(node)


def node_quotas(scenario: Scenario, quotas: QuotaPlan, count: int) -> NodeQuotas:
    """Give the quotas of a plan in ``count`` periods of the year.

    Where the plan has no periods as short, a quota is spread by the season; each sum from January on is
    rounded to the cent, so that periods add up to the year.
    """
    nodes = list(zip(quotas.nodes["level"], quotas.nodes["node"], strict=True))
    above = list(zip(quotas.nodes["parent_level"], quotas.nodes["parent"], strict=True))
    cells = _cells(scenario, quotas)
    places, periods = pd.Index(nodes), sorted(set(cells["period"]))
    into = seasonal(season(scenario), len(periods), count)
    by_product, total = {}, np.zeros((len(nodes), count))
    for product, own in cells.groupby("product", sort=True):
        found = np.zeros((len(nodes), len(periods)))
        at = places.get_indexer(pd.Index(list(zip(own["level"], own["node"], strict=True))))
        np.add.at(
            found, (at, pd.Index(periods).get_indexer(pd.Index(own["period"]))), own["cents"].to_numpy()
        )
        by_product[str(product)] = _exact(found, into)
        total += by_product[str(product)]
    known = set(nodes)
    parent = {node: up for node, up in zip(nodes, above, strict=True) if up in known}
    return NodeQuotas(tuple(nodes), parent, {**by_product, "": total})


def _cells(scenario: Scenario, quotas: QuotaPlan) -> pd.DataFrame:
    """Give the plan's cells, or every quota as one."""
    if quotas.cells is not None:
        return quotas.cells
    if scenario.settings.quota.split:
        return plan_cells(scenario, quotas)
    return quotas.nodes.assign(product="", period=str(scenario.settings.year))


def seasonal(monthly: FloatArray, spans: int, count: int) -> FloatArray:
    """Say what part of each span of the year falls into each period, by the season within the span.

    Returns
    -------
    Shape ``(spans, count)``; the rows sum to 1.

    >>> seasonal(np.full(12, 1 / 12), 4, 2).tolist()
    [[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 1.0]]
    """
    found = np.zeros((spans, count))
    by_span = monthly.reshape(spans, -1)
    total = by_span.sum(axis=1, keepdims=True)
    # a span without a season is even
    share = np.where(total > 0, by_span / np.where(total > 0, total, 1.0), 1 / by_span.shape[1]).reshape(-1)
    month = np.arange(YEAR)
    np.add.at(found, (month * spans // YEAR, month * count // YEAR), share)
    return np.asarray(np.round(found, 12)) if spans >= count else found


def _exact(cents: FloatArray, into: FloatArray) -> FloatArray:
    """Spread whole cents over periods in whole cents that add up."""
    return np.diff(whole(np.cumsum(cents @ into, axis=1)), axis=1, prepend=0.0)
