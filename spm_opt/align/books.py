"""The compiled loop of the local search, with its books made anew from the plan; see ``search`` for what it means."""

from __future__ import annotations

import numba
import numpy as np

from spm_opt.align.kernel import anneal_from, beyond_of, shift


@numba.njit(cache=True, nogil=True)
def anneal(  # type: ignore[no-untyped-def]
    start,
    territory,
    cost,
    guide,
    constant,
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
    k,
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
):
    """Look at ``count`` proposals at one temperature.

    ``arcs`` (the present state) and ``best`` (territories of the best state) are changed in place.
    ``out`` holds the best violation and value, and returns the present ones behind them; ``beyond``
    returns the present violation of each row. Penalties see ``lower`` and ``upper``, which may lie a little
    inside the limits; what is called broken is measured against the true ones. ``weight`` is what a unit of
    violation of a row costs, ``penalty`` what an earlier level above its ``cap`` does. ``guide`` is what the
    search charges for an arc beside its points. ``temperature`` is multiplied by the ``warmth`` of the
    territory that a node leaves. Only the nodes of ``pool`` move, and only between territories of one ``group``.
    """
    n, levels = len(start) - 1, cost.shape[0]
    where = np.empty(n, np.int64)
    members = np.zeros(k, np.int64)
    activity = np.zeros(len(lower))
    now = np.zeros(1 + levels)
    for level in range(levels):
        now[1 + level] = constant[level]
    for r in range(len(lower)):
        now[1 + kind[r]] += weight[r] * beyond_of(0.0, lower[r], upper[r])
    for u in range(n):
        where[u] = territory[arcs[u]]
        if geographic[u]:
            members[where[u]] += 1
        shift(
            arcs[u], 1.0, columns, rows, coefficients, lower, upper, weight, kind, activity, cost, guide, now
        )
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
