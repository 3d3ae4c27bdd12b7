"""Keeping every node within a step of its ideal, as far as the rules let it.

A node's step is the largest at it and above it, below the company: where a region has whole 5,000s, what is in it
takes up to 5,000 of its rounding; and where all below a node have whole 5,000s, so has the node. With one step for all levels and no hedge this can always be had: sums over a
tree are a flow, and a flow between whole bounds has whole solutions. Where rules or hedges forbid it, two steps
are tried, then four.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from math import ceil, floor, gcd

from spm_opt.problem import FloatArray
from spm_opt.quota.hierarchy import ROOT
from spm_opt.quota.model import feasible
from spm_opt.quota.rules import Question, Rule

REACHES = (1, 2, 4)
FORGIVEN = 1e-6
"""Part of a step by which an ideal may miss a whole number and count as it."""


def near_steps(question: Question, given: FloatArray) -> Question:
    """Add rules that hold every node within a step of its ideal, or the fewest steps that some quotas keep.

    Parameters
    ----------
    question
        The hard part.
    given
        Ideal cents of every node, shape ``(n,)``.
    """
    for reach in REACHES:
        held = replace(question, rules=(*question.rules, *_window(question, given.tolist(), reach)))
        if feasible(held):
            return held
    return question


def _window(question: Question, given: list[float], reach: int) -> Iterator[Rule]:
    """Give the lowest and the highest whole steps of every node below the company."""
    nodes, wide = range(1, len(question.tree)), widths(question)
    low, high = list[Fraction](), list[Fraction]()
    for node in nodes:
        own, most = question.unit * question.multiple[node], reach * wide[node]
        low.append(Fraction(ceil((given[node] - most) / own - FORGIVEN) * own))
        high.append(Fraction(floor((given[node] + most) / own + FORGIVEN) * own))
    for bound, sides in ((low, (True, False)), (high, (False, True))):
        one = (Fraction(1),) * len(bound)
        yield Rule("within a step", sides, tuple(nodes), tuple(bound), one, Fraction(0))


def widths(question: Question) -> list[int]:
    """Give in cents each node's own step, or what all its children share, or that of a node above, if larger."""
    tree = question.tree
    found = [question.unit * size for size in question.multiple]
    for node in range(len(tree) - 1, ROOT, -1):
        below = [found[child] for child in tree.children[node]]
        found[node] = max(found[node], gcd(*below)) if below else found[node]
    for node, parent in enumerate(tree.parent):
        if parent > ROOT:
            found[node] = max(found[node], found[parent])
    return found
