"""The quota tree as a list that reads from top to bottom."""

from __future__ import annotations

import math
from dataclasses import dataclass

from spm_opt.plan import QuotaPlan

COMPANY, TERRITORY = "company", "territory"
Key = tuple[str, str]


@dataclass(frozen=True)
class Node:
    """A node of the sales organisation.

    Attributes
    ----------
    depth
        Steps below the company.
    level, name
        What it is and how it is called.
    cents
        Its quota in hundredths of the currency.
    last_year
        Last year's sales of the accounts that it will have, in currency; ``nan`` where not known.
    """

    depth: int
    level: str
    name: str
    cents: int
    last_year: float


def rolled_up(quotas: QuotaPlan) -> list[Node]:
    """Lay the nodes out, each directly above its children, siblings in the plan's order."""
    table = quotas.nodes
    keys: list[Key] = list(zip(table["level"].astype(str), table["node"].astype(str), strict=True))
    above: list[Key] = list(zip(table["parent_level"].astype(str), table["parent"].astype(str), strict=True))
    cents = dict(zip(keys, table["cents"].tolist(), strict=True))
    children: dict[Key, list[Key]] = {}
    for key, parent in zip(keys, above, strict=True):
        children.setdefault(parent, []).append(key)
    depth: dict[Key, int] = {}
    stack = [(0, key) for key, parent in reversed(list(zip(keys, above, strict=True))) if parent not in cents]
    while stack:
        level, key = stack.pop()
        depth[key] = level
        stack += [(level + 1, child) for child in reversed(children.get(key, []))]
    known = _last_year(quotas)
    sales: dict[Key, float] = {}
    for key in reversed(depth):  # children before their parents
        below = children.get(key, [])
        sales[key] = known.get(key, sum(sales[child] for child in below) if below else math.nan)
    return [Node(level, *key, int(cents[key]), sales[key]) for key, level in depth.items()]


def _last_year(quotas: QuotaPlan) -> dict[Key, float]:
    if "last_year" not in quotas.basis.columns:
        return {}
    amounts = quotas.basis["last_year"]
    return {(TERRITORY, str(name)): float(amount) for name, amount in amounts.items()}
