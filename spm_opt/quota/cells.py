"""Quotas by product and period: every sum exact, from the company down.

1. The company's quota is split over products by their shares and over periods by the season, then over
   both together (``split``): the sums stay exact, every cell is within a unit of its share.
2. What the children of a node sum to, cell by cell, is the node's own cells, or where it is hedged the
   whole amounts nearest to them in proportion that sum to what all its children have.
3. Each child's own quota is split over products, then each product over periods, so that the children of
   a node sum to its cells. A territory that is productive in a part of the year only has more there.

Quarters are sums of months, and totals of products sums of their cells: so these agree by construction,
and `reconcile_cells` checks all of it by plain sums.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd

from spm_opt.errors import QuotaError
from spm_opt.problem import FloatArray, IntArray
from spm_opt.quota.hierarchy import ROOT, Hierarchy
from spm_opt.quota.share import Held, Together, together
from spm_opt.quota.split import split

ALL = "all"
"""What stands for all products, or the whole year."""


@dataclass(frozen=True, eq=False)
class Cells:
    """Quotas in cents of every node, product and finest period, shape ``(n, products, periods)``."""

    tree: Hierarchy
    products: tuple[str, ...]
    periods: tuple[str, ...]
    cents: IntArray

    def table(self) -> pd.DataFrame:
        """Give a row a cell: ``level``, ``node``, ``product``, ``period``, ``cents``."""
        count, across = len(self.tree), len(self.products) * len(self.periods)
        return pd.DataFrame(
            {
                "level": np.repeat(np.array(self.tree.levels, dtype=object), across),
                "node": np.repeat(np.array(self.tree.names, dtype=object), across),
                "product": np.tile(
                    np.repeat(np.array(self.products, dtype=object), len(self.periods)), count
                ),
                "period": np.tile(np.array(self.periods, dtype=object), count * len(self.products)),
                "cents": self.cents.reshape(-1),
            }
        )

    @classmethod
    def of_table(cls, tree: Hierarchy, table: pd.DataFrame) -> Cells:
        """Read the cells back from a table, in any order of rows; a cell that is not there is 0."""
        products, periods = (tuple(dict.fromkeys(table[name].tolist())) for name in ("product", "period"))
        places = [
            pd.Index(list(zip(tree.levels, tree.names, strict=True))),
            pd.Index(products),
            pd.Index(periods),
        ]
        keys: list[Any] = [
            list(zip(table["level"], table["node"], strict=True)),
            table["product"],
            table["period"],
        ]
        cents = np.zeros((len(tree), len(products), len(periods)), dtype=np.int64)
        at = tuple(place.get_indexer(pd.Index(key)) for place, key in zip(places, keys, strict=True))
        np.add.at(cents, at, table["cents"].to_numpy())
        return cls(tree, products, periods, cents)


def cells(
    tree: Hierarchy,
    quota: IntArray,
    products: dict[str, float],
    periods: dict[str, float],
    *,
    product_weight: FloatArray | None = None,
    season: FloatArray | None = None,
    held: Held | None = None,
) -> Cells:
    """Split the quotas of a tree over products and periods.

    Parameters
    ----------
    tree, quota
        The nodes, and the quota of each in cents, shape ``(n,)``.
    products, periods
        Shares of each product, and of each finest period in time's order, of the company's quota.
    product_weight, season
        By leaf: what products and what periods are weighed by, shapes ``(k, products)`` and
        ``(k, periods)``; without them by their shares.
    held
        What is given for parts of quotas; nodes that it does not touch are split as without it.

    Raises
    ------
    QuotaError
        No whole amounts were found for what is given.
    """
    names, times = tuple(products), tuple(periods)
    share, part = np.array([*products.values()]), np.array([*periods.values()])
    leaves = len(tree.leaves)
    wide = _rolled(tree, quota, np.tile(share, (leaves, 1)) if product_weight is None else product_weight)
    long = _rolled(tree, quota, np.tile(part, (leaves, 1)) if season is None else season)
    first, weight = _both(int(quota[ROOT]), share, part), _weights(quota, wide, long)
    weight[ROOT] = np.outer(share, part) * float(quota[ROOT])
    try:
        return Cells(tree, names, times, _downward(tree, quota, first, weight, held))
    except QuotaError:
        whole = None if held is None else together(held, quota, weight)
        if whole is None:
            raise
        return Cells(tree, names, times, _downward(tree, quota, first, weight, whole))


def _downward(
    tree: Hierarchy, quota: IntArray, first: IntArray, weight: FloatArray, held: Held | Together | None
) -> IntArray:
    """Split the company, as ``first`` where nothing is given, then the children of each node by their weights."""
    found = np.zeros(weight.shape, dtype=np.int64)
    found[ROOT] = first if held is None else held.alone(ROOT, int(quota[ROOT]), weight[ROOT])
    for node, below in enumerate(tree.children):
        if below:
            places = np.array(below)
            given = handed_down(found[node], int(quota[places].sum()))
            found[places] = shared(places, given, quota[places], weight[places], held)
    return found


def shared(
    places: IntArray,
    total: IntArray,
    quota: IntArray,
    weight: FloatArray,
    held: Held | Together | None = None,
) -> IntArray:
    """Share the cells that siblings sum to: over products first, then each product over periods.

    Parameters
    ----------
    places
        The siblings, shape ``(c,)``.
    total
        What they sum to, shape ``(products, periods)``.
    quota, weight
        Of each, shapes ``(c,)`` and ``(c, products, periods)``.
    held
        What is given for parts of quotas.
    """
    found = np.zeros(weight.shape, dtype=np.int64)
    mine = held.touched[places] if held is not None else np.zeros(len(places), dtype=bool)
    if held is not None and mine.any():
        found[mine], total = held.below(places, total, quota, weight)
    rest = np.flatnonzero(~mine)
    if len(rest):
        by_product = split(quota[rest], total.sum(axis=1), weight[rest].sum(axis=2))
        for p, own in enumerate(total):
            found[rest, p] = split(by_product[:, p], own, weight[rest, p])
    return found


def _weights(quota: IntArray, wide: FloatArray, long: FloatArray) -> FloatArray:
    """Put product and period together, shape ``(c, products, periods)``; each node sums to its quota."""
    share, part = (own / own.sum(axis=1, keepdims=True) for own in (wide, long))
    return np.asarray(quota[:, None, None] * share[:, :, None] * part[:, None, :])


def handed_down(own: IntArray, total: int) -> IntArray:
    """Give what the children of a node sum to, cell by cell, where all of them have a total."""
    if own.sum() == total:
        return own
    return _both(total, own.sum(axis=1).astype(np.float64), own.sum(axis=0).astype(np.float64), own)


def _both(total: int, products: FloatArray, periods: FloatArray, weight: IntArray | None = None) -> IntArray:
    """Split a total over products and over periods, then over both."""
    rows, columns = (largest_remainders(total, weights) for weights in (products, periods))
    table = np.outer(products, periods) if weight is None else weight.astype(np.float64)
    return split(rows, columns, table)


def largest_remainders(total: int, weight: FloatArray) -> IntArray:
    """Split a total in proportion: rounded down, then a unit more to the largest remainders, first ones first."""
    sums = weight.sum()
    exact = [
        Fraction(one) / Fraction(sums) * total if sums else Fraction(total, len(weight))
        for one in weight.tolist()
    ]
    down = [int(one) for one in exact]
    order = sorted(range(len(exact)), key=lambda i: (down[i] - exact[i], i))
    more = set(order[: total - sum(down)])
    return np.array([whole + (i in more) for i, whole in enumerate(down)], dtype=np.int64)


def _rolled(tree: Hierarchy, quota: IntArray, weight: FloatArray) -> FloatArray:
    """Give every node the mean of its leaves' shares, weighted by their quotas; shape ``(n, columns)``."""
    total = np.zeros((len(tree), weight.shape[1]))
    sums = weight.sum(axis=1, keepdims=True)
    share = np.where(sums > 0, weight / np.where(sums > 0, sums, 1.0), 1.0 / weight.shape[1])
    total[tree.leaves] = share * np.maximum(1, quota[tree.leaves])[:, None]
    for place in range(len(tree) - 1, 0, -1):
        total[tree.parent[place]] += total[place]
    return total


def reconcile_cells(found: Cells, quota: IntArray) -> pd.DataFrame:
    """Check every sum of the cells with plain integers.

    Returns
    -------
    A row a check: ``node``, ``check``, ``expected``, ``actual``, ``difference`` in cents. Each node's
    cells sum to its quota, and the children of each node sum to its cells (times its hedge, as whole
    amounts by `handed_down`), product by product and period by period.
    """
    rows: list[tuple[str, str, int, int]] = []
    tree = found.tree
    for node, below in enumerate(tree.children):
        name, level = tree.names[node], tree.levels[node]
        rows.append(
            (name, f"{level} is the sum of its cells", int(quota[node]), int(found.cents[node].sum()))
        )
        if below:
            places = list(below)
            given = handed_down(found.cents[node], int(quota[places].sum()))
            actual = found.cents[places].sum(axis=0)
            rows += [
                (name, f"children of {level}: {product}, {period}", int(given[p, t]), int(actual[p, t]))
                for p, product in enumerate(found.products)
                for t, period in enumerate(found.periods)
            ]
    table = pd.DataFrame(rows, columns=["node", "check", "expected", "actual"])
    return table.assign(difference=table["actual"] - table["expected"])


def summed(found: Cells, node: int, product: str = ALL, period: str = ALL) -> int:
    """Give a node's quota in cents for a product (or all) and a period (``2027-Q1``, or all)."""
    products = [p for p, name in enumerate(found.products) if product in (ALL, name)]
    periods = [t for t, name in enumerate(found.periods) if period in (ALL, name, quarter(name))]
    return int(found.cents[node][np.ix_(products, periods)].sum())


def quarter(period: str) -> str:
    """Name the quarter of a month; what is no month stays.

    >>> quarter("2027-05"), quarter("2027-Q1")
    ('2027-Q2', '2027-Q1')
    """
    year, _, month = period.partition("-")
    return f"{year}-Q{(int(month) + 2) // 3}" if month.isdigit() else period
