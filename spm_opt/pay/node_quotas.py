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
        place = {name: i for i, name in enumerate(self.nodes)}
        while (node := self.parent.get(node, node)) in place and node in self.parent:
            yield place[node]
        if node in place:
            yield place[node]


def node_quotas(scenario: Scenario, quotas: QuotaPlan, count: int) -> NodeQuotas:
    """Give the quotas of a plan in ``count`` periods of the year.

    Where the plan has no periods as short, a quota is spread by the season; each sum from January on is
    rounded to the cent, so that periods add up to the year.
    """
    table = quotas.nodes
    nodes = list(zip(table["level"], table["node"], strict=True))
    above = list(zip(table["parent_level"], table["parent"], strict=True))
    monthly = season(scenario)
    whole_year = table["cents"].to_numpy(dtype=float)
    cells = quotas.cells
    if cells is None:
        cells = table.assign(product="", period=str(scenario.settings.year))
    periods = sorted(set(cells["period"]))
    into = seasonal(monthly, len(periods), count)
    cents = {}
    for product, own in cells.groupby("product", sort=True):
        found = np.zeros((len(nodes), len(periods)))
        at = pd.Index(nodes).get_indexer(pd.Index(list(zip(own["level"], own["node"], strict=True))))
        np.add.at(
            found, (at, pd.Index(periods).get_indexer(pd.Index(own["period"]))), own["cents"].to_numpy()
        )
        cents[str(product)] = _exact(found, into)
    total = (
        sum(cents.values())
        if quotas.cells is not None
        else _exact(whole_year[:, None], seasonal(monthly, 1, count))
    )
    parent = {node: up for node, up in zip(nodes, above, strict=True) if up[1] and up in nodes}
    return NodeQuotas(tuple(nodes), parent, {**cents, "": np.asarray(total)})


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
