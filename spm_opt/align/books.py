"""The compiled loop of the local search, with its books made anew from the plan; see ``search`` for what it means."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spm_opt.align.kernel import anneal_from, beyond_of, shift
from spm_opt.compiled import outer
from spm_opt.problem import BoolArray, FloatArray, IntArray


@outer
def _entered(  # type: ignore[no-untyped-def]
    territory, cost, guide, constant, columns, rows, coefficients, lower, upper, weight, kind, geographic, arcs, where,
    members, activity, now,
):  # fmt: skip
    """Enter a plan into empty books."""
    for level in range(cost.shape[0]):
        now[1 + level] = constant[level]
    for r in range(len(lower)):
        now[1 + kind[r]] += weight[r] * beyond_of(0.0, lower[r], upper[r])
    for u in range(len(arcs)):
        where[u] = territory[arcs[u]]
        if geographic[u]:
            members[where[u]] += 1
        shift(
            arcs[u], 1.0, columns, rows, coefficients, lower, upper, weight, kind, activity, cost, guide, now
        )


def anneal(
    start: IntArray,
    territory: IntArray,
    cost: FloatArray,
    guide: FloatArray,
    constant: FloatArray,
    columns: IntArray,
    rows: IntArray,
    coefficients: FloatArray,
    lower: FloatArray,
    upper: FloatArray,
    true_lower: FloatArray,
    true_upper: FloatArray,
    scale: FloatArray,
    weight: FloatArray,
    kind: IntArray,
    cap: FloatArray,
    geographic: BoolArray,
    near_start: IntArray,
    near: IntArray,
    look_start: IntArray,
    look: IntArray,
    k: int,
    arcs: IntArray,
    best: IntArray,
    out: FloatArray,
    state: NDArray[np.uint64],
    count: int,
    temperature: float,
    warmth: FloatArray,
    penalty: float,
    beyond: FloatArray,
    pool: IntArray,
    group: IntArray,
) -> None:
    """Look at ``count`` proposals at one temperature.

    ``arcs`` (the present state) and ``best`` (territories of the best state) are changed in place.
    ``out`` holds the best violation and value, and returns the present ones behind them; ``beyond``
    returns the present violation of each row. Penalties see ``lower`` and ``upper``, which may lie a little
    inside the limits; what is called broken is measured against the true ones. ``weight`` is what a unit of
    violation of a row costs, ``penalty`` what an earlier level above its ``cap`` does. ``guide`` is what the
    search charges for an arc beside its points. ``temperature`` is multiplied by the ``warmth`` of the
    territory that a node leaves. Only the nodes of ``pool`` move, and only between territories of one ``group``.
    """
    where, members = np.empty(len(arcs), dtype=np.int64), np.zeros(k, dtype=np.int64)
    activity, now = np.zeros(len(lower)), np.zeros(1 + len(cost))
    _entered(
        territory, cost, guide, constant, columns, rows, coefficients, lower, upper, weight, kind, geographic, arcs, where,
        members, activity, now,
    )  # fmt: skip
    anneal_from(
        start,
        territory,
        cost,
        guide,
        columns,
        rows,
        coefficients,
        lower,
        upper,
        true_lower,
        true_upper,
        scale,
        weight,
        kind,
        cap,
        geographic,
        near_start,
        near,
        look_start,
        look,
        arcs,
        best,
        out,
        state,
        count,
        temperature,
        warmth,
        penalty,
        beyond,
        pool,
        group,
        where,
        members,
        activity,
        now,
    )
