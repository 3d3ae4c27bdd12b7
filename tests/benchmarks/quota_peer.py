"""The open peer ``b2b-revenue-forecasting`` on the made company of ``tests.benchmarks.quota``.

It is asked for all that it can say of the same question: the tree, the target of every product and month, the
hedge of regions and the pin. Floors, caps, limits of growth, steps and chances it has no words for. Both plans are
then judged here by the same sums in whole cents, whatever each says of itself.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from tests.benchmarks.machine import version

PATH = ["company", "region", "district", "territory"]
CELL = ["product", "period"]


@dataclass(frozen=True, eq=False)
class Asked:
    """What both are asked for.

    Attributes
    ----------
    table
        A row a territory: ``PATH``, the measures ``last_year``, ``year_before``, ``potential`` and ``pipeline``,
        ``expected`` (the mean of the simulated year), ``lowest`` and ``highest`` (the rules' limits in currency).
    targets
        Currency by product and month: ``product``, ``period``, ``target``, whole cents.
    hedge
        What the districts of a region sum to for each unit of its own.
    pin
        A territory, and its quota in currency.
    step
        Of territories, in currency.
    """

    table: pd.DataFrame
    targets: pd.DataFrame
    hedge: float
    pin: tuple[str, float]
    step: float


@dataclass(frozen=True)
class Judged:
    """What plain sums say of a plan; amounts in currency."""

    sums_off: int
    most_off: float
    hedge_off: float
    company_off: float
    pin_off: float
    outside: int
    no_steps: int


def judged(cells: pd.DataFrame, asked: Asked) -> Judged:
    """Judge a plan.

    Parameters
    ----------
    cells
        A row a node, product and month: ``level``, ``node``, ``parent``, ``product``, ``period`` and ``quota``
        in currency. Only regions have a hedge.
    """
    cents = cells.assign(quota=np.rint(cells["quota"] * 100).astype(np.int64))
    own = cents.set_index(["node", *CELL]).sort_index()
    sums = cents[cents["level"] != "company"].groupby(["parent", *CELL])["quota"].sum()
    regions = own.index[own["level"] == "region"]
    plain = sums.index.difference(regions)
    off = (sums[plain] - own["quota"].reindex(plain)).abs()
    ratio = sums[regions] / (own["quota"].reindex(regions) * asked.hedge)
    company = own.loc[own["level"] == "company", "quota"]
    wanted = asked.targets["target"].mul(100).round()
    leaves = cents[cents["level"] == "territory"].groupby("node")["quota"].sum()
    limits = asked.table.set_index("territory")
    beyond = np.maximum(limits["lowest"] * 100 - leaves, leaves - limits["highest"] * 100)
    return Judged(
        sums_off=int((off > 0).sum()),
        most_off=float(off.max()) / 100,
        hedge_off=float((ratio - 1).abs().max()),
        company_off=float(abs(company.sum() - wanted.sum())) / 100,
        pin_off=float(abs(leaves[asked.pin[0]] - round(asked.pin[1] * 100))) / 100,
        outside=int((beyond > 0).sum()),
        no_steps=int((leaves % round(asked.step * 100) != 0).sum()),
    )


def cascaded(asked: Asked, metrics: list[Any], targets: pd.DataFrame) -> pd.DataFrame:
    """Let the peer spread targets."""
    import b2b_revenue_forecasting as peer  # noqa: PLC0415  it may not be there

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return peer.cascade_many(
            asked.table,
            targets.assign(company="company"),
            group_keys=["company", "product"],
            target_col="target",
            taxonomy=PATH,
            metrics=metrics,
            hedge_multiplier=peer.HedgeByDepth(from_root={1: asked.hedge}),
            on_error="raise",
        )[0]


def pinned(found: pd.DataFrame, asked: Asked) -> pd.DataFrame:
    """Let the peer set the pin, the quick way: within the region that it stands in."""
    import b2b_revenue_forecasting as peer  # noqa: PLC0415

    name, amount = asked.pin
    region = asked.table.set_index("territory").loc[name, "region"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return peer.apply_pins(found, [peer.Pin(name, amount, basis="cascaded")], subset=[region])[0]


def reconciled(found: pd.DataFrame, asked: Asked) -> tuple[int, int, float]:
    """Let the peer check its first product: checks made, checks failed, seconds."""
    import b2b_revenue_forecasting as peer  # noqa: PLC0415

    first = found[found["product"] == found["product"].iloc[0]]
    began = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        table = peer.reconcile(first, hedge=peer.HedgeByDepth(from_root={1: asked.hedge}))
    return len(table), int((~table["ok"]).sum()), time.perf_counter() - began


def as_cells(found: pd.DataFrame) -> pd.DataFrame:
    """Bring the peer's rows to the columns that `judged` reads."""
    names = {"node_id": "node", "cascaded_quota": "quota"}
    return found.rename(columns=names)[["level", "node", "parent", *CELL, "quota"]]


def methods(asked: Asked) -> dict[str, list[Any]]:
    """Give the peer's ways to spread: by one measure, by the mix it suggests, and with our forecast in hand."""
    from b2b_revenue_forecasting import MetricSpec  # noqa: PLC0415

    def one(name: str) -> Any:
        return MetricSpec(name, columns=[name])

    # its weights are correlations with a past result: last year's sales, with what was known before
    known = {"last_year": "year_before", "potential": "potential", "pipeline": "pipeline"}
    candidates = [{"name": n, "direction": "proportional", "column": c} for n, c in known.items()]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        mix = MetricSpec.suggest_weights(asked.table, "last_year", candidates)[0]
    for spec in mix:
        spec.columns = [spec.name]
    return {
        "its potential": [one("potential")],
        "its last year": [one("last_year")],
        "its suggested mix": mix,
        "given our expected sales": [one("expected")],
    }


def quotas(asked: Asked, metrics: list[Any]) -> pd.Series:
    """Give the peer's quotas of the year by territory, the pin set."""
    year = asked.targets[["target"]].sum().to_frame().T.assign(product="all", period="year")
    found = as_cells(pinned(cascaded(asked, metrics, year), asked))
    return found[found["level"] == "territory"].groupby("node")["quota"].sum()


def beside(asked: Asked, ours: pd.DataFrame, spread: Callable[[pd.Series], float]) -> None:
    """Print the peer's guarantees, seconds and spreads of chances beside ours."""
    ways = methods(asked)
    began = time.perf_counter()
    found = cascaded(asked, ways["its potential"], asked.targets)
    spread_in = time.perf_counter() - began
    began = time.perf_counter()
    edited = pinned(found, asked)
    pinned_in = time.perf_counter() - began
    made, failed, checked_in = reconciled(edited, asked)
    mixed = cascaded(replaced(asked), ways["its potential"], asked.targets)
    theirs, own = judged(as_cells(edited), asked), judged(ours, asked)
    print(f"peer: b2b-revenue-forecasting {version('b2b-revenue-forecasting')}")
    print(f"peer: cascade {spread_in:.1f} s, pin {pinned_in:.1f} s, {len(edited):,} rows")
    print(f"peer: its reconcile of one product {checked_in:.1f} s, {failed:,} of {made:,} checks fail")
    print(f"peer: rows in another order change a quota by at most {_moved(found, mixed):.2f}")
    for name, label in LABELS.items():
        print(f"  {label:<66} peer {getattr(theirs, name):>12,.6g}   ours {getattr(own, name):>12,.6g}")
    for name, metrics in ways.items():
        print(
            f"  standard deviation of the chance to attain, {'peer, ' + name:<34} {spread(quotas(asked, metrics)):.4f}"
        )


LABELS = {
    "sums_off": "sums of children that differ from their parent by a cent or more",
    "most_off": "largest such difference, in currency",
    "hedge_off": "largest relative departure of a region's districts from its hedge",
    "company_off": "company's total off its target, in currency",
    "pin_off": "pinned territory off its pin, in currency",
    "outside": "territories outside of floor, cap and growth limits",
    "no_steps": "territories not in whole steps",
}


def replaced(asked: Asked) -> Asked:
    """Put the rows of the tree in another order."""
    table = asked.table.sample(frac=1, random_state=3)
    return Asked(table, asked.targets, asked.hedge, asked.pin, asked.step)


def _moved(one: pd.DataFrame, other: pd.DataFrame) -> float:
    """Give the largest difference of a quota between two frames."""
    key = ["node_id", *CELL]
    pair = [frame.set_index(key)["cascaded_quota"].sort_index() for frame in (one, other)]
    return float((pair[0] - pair[1]).abs().max())
