"""Edits of a quota plan after the fact, each with who, what and why.

Every edit makes a new plan from an old one: the company target stays, the children of every node sum to it,
or to it with its hedge, to the cent, quotas stay whole steps within their limits, and what is pinned stays. An edit that
cannot be had so is refused with the reason, and nothing has changed. What an edit leaves to be spread goes
from the top down in proportion (``spread``), to the quotas as they are or to given weights, and is rounded as
the quota stage rounds (``rounding``); nodes that an edit does not reach keep what they have. A plan's split by
product and period goes with it (``recut``): every sum stays exact, and what is given for parts of quotas stands.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from types import MappingProxyType

import numpy as np
import pandas as pd

from spm_opt.errors import QuotaError
from spm_opt.plan import QuotaPlan
from spm_opt.quota.cells import Cells
from spm_opt.quota.edit_tree import TERRITORY, EditTree, said
from spm_opt.quota.hierarchy import Hierarchy
from spm_opt.quota.joint import Given
from spm_opt.quota.organisation import Node
from spm_opt.quota.recut import recut
from spm_opt.quota.target import cents, money
from spm_opt.quota.tree import require_reconciled


@dataclass(frozen=True)
class Change:
    """One line of the audit trail.

    Attributes
    ----------
    what, by, why
        The edit in words, who made it, and the reason given.
    before, after
        Cents of every node that it changed, by level and name.
    """

    what: str
    by: str
    why: str
    before: Mapping[Node, int]
    after: Mapping[Node, int]


@dataclass(frozen=True, eq=False)
class Edited:
    """A quota plan with what was done to it.

    Attributes
    ----------
    plan
        The quotas as they are now.
    step, steps
        In cents; every quota is a whole multiple of ``step``, at the levels named of their own.
    pins
        Cents of the nodes that later edits must keep.
    trail
        The edits, oldest first.
    targets
        What is given for parts of quotas.
    """

    plan: QuotaPlan
    step: int
    steps: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    pins: Mapping[Node, int] = field(default_factory=lambda: MappingProxyType({}))
    trail: tuple[Change, ...] = ()
    targets: Given | None = None


def begin(
    plan: QuotaPlan, step: float, steps: Mapping[str, float] | None = None, targets: Given | None = None
) -> Edited:
    """Open a plan for edits.

    Parameters
    ----------
    plan
        Quotas that add up.
    step, steps
        Quotas are whole multiples of this amount of currency, at the levels named of larger ones (the
        scenario's ``quota.step`` and ``quota.steps``).
    targets
        What the scenario's table gives for parts of quotas (`joint.given`): cells keep it.

    Raises
    ------
    QuotaError
        When the plan does not add up, or holds quotas that are no whole steps.
    """
    require_reconciled(plan)
    size = cents(step)
    odd = [name for name, own in zip(plan.territory_ids, plan.cents.tolist(), strict=True) if own % size]
    if odd:
        raise QuotaError(f"not a whole multiple of step {money(size)}: {', '.join(odd)}")
    larger = {level: cents(own) for level, own in (steps or {}).items()}
    edited = Edited(plan, size, MappingProxyType(larger), targets=targets)
    _opened(edited).rolled()
    return edited


def trail_table(edited: Edited) -> pd.DataFrame:
    """Lay the audit trail out.

    Returns
    -------
    A row a node that an edit changed, in the order of edits: ``edit`` (its number from 1), ``what``, ``by``,
    ``why``, ``level``, ``node``, ``before`` and ``after`` in cents. An edit that changed no quota has one row
    without a node.
    """
    rows = []
    for number, change in enumerate(edited.trail, start=1):
        head = (number, change.what, change.by, change.why)
        rows += [(*head, *node, change.before[node], after) for node, after in change.after.items()]
        if not change.after:
            rows.append((*head, "", "", 0, 0))
    columns = ["edit", "what", "by", "why", "level", "node", "before", "after"]
    return pd.DataFrame(rows, columns=columns)


def move(edited: Edited, amount: float, source: Node, destination: Node, *, by: str, why: str) -> Edited:
    """Move an amount of currency from a node to another; both spread their change below in proportion.

    Out of a node with over-assignment, and into one, another amount arrives than left: the sums above keep
    their hedges (`EditTree.carry`), and the trail says both.

    Raises
    ------
    QuotaError
        When a node is unknown, holds the other, or is pinned, itself or above below their common node; when
        the amount is no whole number of steps, or too small to cross over-assignment in whole steps; or when
        limits and pins leave no room.
    """
    tree = _opened(edited)
    moved = tree.whole(amount, source)
    up, down = tree.path(source), tree.path(destination)
    if source in down or destination in up:
        raise QuotaError(
            f"{said(source)} and {said(destination)} hold one another: nothing can move between them"
        )
    common = _common(edited, tree, source, destination)
    left, arrived = tree.carry(source, destination, moved, common)
    if moved and not (left and arrived):
        raise QuotaError(
            f"{money(moved)} is less than one step on the way from {said(source)}, which crosses "
            f"over-assignment to {said(destination)}; move more"
        )
    what = f"move {money(moved)} from {said(source)} to {said(destination)}"
    if (left, arrived) != (moved, moved):
        what += f"; across over-assignment {money(left)} left and {money(arrived)} arrived"
    return _done(edited, tree, what, by, why)


def resplit(edited: Edited, node: Node, weights: Mapping[str, float], *, by: str, why: str) -> Edited:
    """Split a node's quota anew over all territories below it, in proportion to weights.

    Parameters
    ----------
    edited, node
        What is split; its own quota stays.
    weights
        By territory, not negative; each territory below the node needs one.
    by, why
        For the audit trail.

    Raises
    ------
    QuotaError
        When a weight is missing or negative, or limits and pins leave no room.
    """
    tree = _opened(edited)
    below = [leaf[1] for leaf in tree.leaves(node)]
    wrong = [name for name in below if not 0 <= weights.get(name, -1.0) < np.inf]
    if wrong:
        raise QuotaError(f"no weight, or a negative one: {', '.join(wrong)}")
    tree.fill(node, tree.cents[node], {name: Fraction(float(weights[name])) for name in below})
    return _done(edited, tree, f"split {said(node)} anew by weights", by, why)


def pin(
    edited: Edited, node: Node, amount: float, *, by: str, why: str, within: Node | None = None
) -> Edited:
    """Fix a node's quota, now and for later edits; others take the difference in proportion.

    Parameters
    ----------
    edited, node, amount
        What is fixed, and at how much currency.
    within
        The node whose other parts take the difference; the node directly above where not given.
    by, why
        For the audit trail.

    Raises
    ------
    QuotaError
        When the company is to be pinned (its target is given), the amount is no whole number of steps,
        ``within`` is not above the node, or limits and other pins leave no room.
    """
    tree = _opened(edited)
    path = tree.path(node)
    if len(path) < 2:  # noqa: PLR2004
        raise QuotaError("the company's quota is its target; it can't be pinned")
    around = path[1] if within is None else within
    if around not in path[1:]:
        raise QuotaError(f"{said(around)} is not above {said(node)}")
    tree.pins[node] = tree.whole(amount, node)
    tree.fill(around, tree.cents[around])
    return _done(edited, tree, f"pin {said(node)} at {money(tree.pins[node])} within {said(around)}", by, why)


def unpin(edited: Edited, node: Node, *, by: str, why: str) -> Edited:
    """Let later edits change a node again; no quota changes now.

    Raises
    ------
    QuotaError
        When the node is not pinned.
    """
    tree = _opened(edited)
    if tree.pins.pop(node, None) is None:
        raise QuotaError(f"{said(node)} is not pinned")
    return _done(edited, tree, f"unpin {said(node)}", by, why)


def swap(edited: Edited, one: str, other: str, *, by: str, why: str) -> Edited:
    """Exchange the quotas of two territories; the nodes above follow.

    Raises
    ------
    QuotaError
        When a territory is unknown, or is pinned, itself or above below their common node; or when its new
        quota breaks its limits; or when over-assignment between them, in whole steps, lets no equal amounts
        change hands.
    """
    tree = _opened(edited)
    first, second = (TERRITORY, one), (TERRITORY, other)
    if first == second:
        raise QuotaError(f"{said(first)} cannot change places with itself")
    common = _common(edited, tree, first, second)
    difference = tree.cents[second] - tree.cents[first]
    low, high = (first, second) if difference >= 0 else (second, first)
    left, arrived = tree.carry(high, low, abs(difference), common)
    if {left, arrived} != {abs(difference)}:
        raise QuotaError(
            f"{said(first)} and {said(second)} cannot change places across over-assignment, in whole steps: with "
            f"every sum kept, {money(left)} would leave {said(high)} and {money(arrived)} reach {said(low)}, where "
            f"they are {money(abs(difference))} apart. To have that, move {money(abs(difference))} instead"
        )
    return _done(edited, tree, f"swap the quotas of {said(first)} and {said(second)}", by, why)


def _done(edited: Edited, tree: EditTree, what: str, by: str, why: str) -> Edited:
    """Prove that all adds up, and write the line of the trail."""
    if not (by.strip() and why.strip()):
        raise QuotaError("an edit needs who made it and why")
    plan = _split(edited, tree.rolled())
    require_reconciled(plan)
    if edited.targets is not None:
        edited.targets.require_reconciled(plan)
    now, before = _amounts(plan), _amounts(edited.plan)
    for node, amount in tree.pins.items():
        if now[node] != amount:
            raise QuotaError(f"{said(node)} is pinned at {money(amount)} and would have {money(now[node])}")
    changed = sorted(node for node in now if now[node] != before[node])
    change = Change(
        what, by, why,
        MappingProxyType({node: before[node] for node in changed}),
        MappingProxyType({node: now[node] for node in changed}),
    )  # fmt: skip
    return replace(edited, plan=plan, pins=MappingProxyType(tree.pins), trail=(*edited.trail, change))


def _split(edited: Edited, plan: QuotaPlan) -> QuotaPlan:
    """Split the new quotas by product and period as the old ones were, if they were."""
    if edited.plan.cells is None:
        return plan
    nodes, quota = Hierarchy.of_nodes(plan.nodes), plan.nodes["cents"].to_numpy(dtype=np.int64)
    held = None if edited.targets is None else edited.targets.held(quota)
    return replace(plan, cells=recut(Cells.of_table(nodes, edited.plan.cells), quota, held).table())


def _amounts(plan: QuotaPlan) -> dict[Node, int]:
    table = plan.nodes
    keys = zip(table["level"], table["node"], strict=True)
    return dict(zip(keys, table["cents"].tolist(), strict=True))


def _opened(edited: Edited) -> EditTree:
    return EditTree(edited.plan, edited.step, edited.steps, edited.pins)


def _common(edited: Edited, tree: EditTree, one: Node, other: Node) -> Node:
    """Find the lowest node above two, with no pin between it and them."""
    up, down = tree.path(one), tree.path(other)
    held = [node for node in (*up, *down) if (node in up) != (node in down) and node in edited.pins]
    if held:
        raise QuotaError(f"pinned: {', '.join(map(said, held))}")
    return next(node for node in up if node in down)
