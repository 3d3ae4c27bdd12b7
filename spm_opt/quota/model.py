"""Quotas in whole steps that keep every rule: CP-SAT, one aim after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ortools.sat.python import cp_model

from spm_opt.problem import IntArray
from spm_opt.quota.rules import Question, Rule

DETERMINISTIC_TIME = 20.0
"""Most work of a solve that asks whether there is an answer, in seconds that are the same on every machine."""
POLISHING_TIME = 1.0
"""Most work of a solve that makes an answer better: large steps within many nodes may leave it unproven."""
FINEST = 10_000
"""Departures are told apart to this part of 1."""
LARGEST_WEIGHT = 64
PARTS = 16
"""Parts of a unit in which departures are counted: few enough that sums stay exact in 64 bits."""

Window = Callable[[float], tuple[IntArray, IntArray]]
"""From the largest departure allowed to the lowest and highest units of each leaf."""


@dataclass(frozen=True)
class Solved:
    """Units of every node; the largest departure any leaf needs; whether every aim is proven best."""

    units: tuple[int, ...]
    departure: float
    proven: bool


@dataclass(frozen=True, eq=False)
class Aims:
    """What is wished of the leaves, in units.

    ``ideal`` are exact wishes in cents, ``weight`` what one unit of departure weighs (1 to
    ``LARGEST_WEIGHT``), ``previous`` what the planner saw last, -1 where nothing; shape ``(k,)``.
    """

    ideal: IntArray
    weight: IntArray
    previous: IntArray
    window: Window


class Model:
    """A CP-SAT model of a question: a count of steps a node, and the sums between them."""

    def __init__(self, question: Question, rules: Sequence[Rule] | None = None) -> None:
        self.question = question
        self.model = cp_model.CpModel()
        self.solver = cp_model.CpSolver()
        low, high = question.limits(rules)
        self.bounds: list[tuple[int, int]] = list(zip(low, high, strict=True))
        self.empty = any(bottom > top for bottom, top in zip(low, high, strict=True))
        self.steps = [
            self.model.new_int_var(bottom, max(bottom, top), f"n{i}")
            for i, (bottom, top) in enumerate(zip(low, high, strict=True))
        ]
        for node, below in enumerate(question.tree.children):
            if below:
                self._sum(node, below)

    def units(self, node: int) -> cp_model.LinearExpr:
        """Give a node's quota in units."""
        return self.steps[node] * self.question.multiple[node]

    def _sum(self, node: int, below: tuple[int, ...]) -> None:
        hedge = self.question.hedge[node]
        total = sum(self.units(child) for child in below)
        if hedge == 1:
            self.model.add(total == self.units(node))
            return
        # the nearest multiple of the children's common step, a half up: assigned() in integers
        wide = self.question.common(node) * hedge.denominator
        gap = 2 * hedge.numerator * self.units(node) - 2 * hedge.denominator * total + wide
        self.model.add_linear_constraint(gap, 0, 2 * wide - 1)

    def solve(
        self, hint: Sequence[int] | None = None, seed: int = 0
    ) -> tuple[cp_model.CpSolverStatus, tuple[int, ...]]:
        """Solve the same way every time; gives the status and the units of every node, if any."""
        if self.empty:
            return cp_model.INFEASIBLE, ()
        sizes = self.question.multiple
        if hint:
            self.model.clear_hints()  # type: ignore[no-untyped-call]
            for variable, units, size in zip(self.steps, hint, sizes, strict=True):
                self.model.add_hint(variable, units // size)
        solver = self.solver
        solver.parameters.num_workers = 1
        solver.parameters.random_seed = seed
        solver.parameters.cp_model_presolve = seed == 0  # from another seed, by another way
        solver.parameters.catch_sigint_signal = False
        polishing = self.model.has_objective()
        solver.parameters.max_deterministic_time = POLISHING_TIME if polishing else DETERMINISTIC_TIME
        status = solver.solve(self.model)
        if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            return status, ()
        return status, tuple(
            int(solver.value(step)) * size for step, size in zip(self.steps, sizes, strict=True)
        )


def feasible(question: Question, rules: Sequence[Rule] | None = None) -> tuple[int, ...]:
    """Give units of every node that keep the rules, or nothing where none do."""
    return Model(question, rules).solve()[1]


def solve(question: Question, aims: Aims) -> Solved | None:
    """Find the best quotas: hard rules, least largest departure, least total, least change.

    The largest departure is halved in on over a grid (each trial a feasibility model); within it the sum
    of weighted departures from the ideal is minimised, and then the change from what was seen last.

    Returns
    -------
    ``None`` where no quotas keep the rules.
    """
    found = feasible(question)
    if not found:
        return None
    low, high, decided = -1, FINEST + 1, True
    while high - low > 1:
        middle = (low + high) // 2
        model = _windowed(question, aims, middle)
        status, units = model.solve(found)
        decided &= status != cp_model.UNKNOWN
        low, high, found = (low, middle, units) if units else (middle, high, found)
    model = _windowed(question, aims, high)
    departures = _departures(model, aims.ideal.tolist())
    total = sum(w * one for w, one in zip(aims.weight.tolist(), departures, strict=True))
    model.model.minimize(total)
    status, units = model.solve(found)
    decided &= status == cp_model.OPTIMAL
    found = units or found
    if (aims.previous >= 0).any():
        model.model.add(total <= _total(question, aims, found))
        unit = question.unit
        seen = [past * unit if past >= 0 else None for past in aims.previous.tolist()]
        model.model.minimize(sum(_departures(model, seen)))
        status, units = model.solve(found)
        decided &= status == cp_model.OPTIMAL
        found = units or found
    return Solved(found, high / FINEST, decided)


def _windowed(question: Question, aims: Aims, place: int) -> Model:
    """Make a model in which no leaf departs by more than a place of the grid; past its end, any."""
    model = Model(question)
    if place <= FINEST:
        low, high = aims.window(place / FINEST)
        for leaf, bottom, top in zip(question.tree.leaves.tolist(), low.tolist(), high.tolist(), strict=True):
            least, most = max(bottom, model.bounds[leaf][0]), min(top, model.bounds[leaf][1])
            model.bounds[leaf] = (least, most)
            model.empty |= least > most
            model.model.add_linear_constraint(model.steps[leaf], least, max(least, most))
    return model


def _departures(model: Model, wish: Sequence[int | None]) -> list[cp_model.LinearExpr | int]:
    """Give the absolute departure of each leaf from a wish in cents, in parts of a unit."""
    question = model.question
    terms: list[cp_model.LinearExpr | int] = []
    for leaf, cents in zip(question.tree.leaves.tolist(), wish, strict=True):
        if cents is None:
            terms.append(0)
            continue
        aim = parts(cents, question.unit)
        low, high = model.bounds[leaf]
        away = model.model.new_int_var(0, max(abs(PARTS * low - aim), abs(PARTS * high - aim)), f"away{leaf}")
        own = PARTS * model.steps[leaf]
        model.model.add(away >= own - aim)
        model.model.add(away >= aim - own)
        # between the whole numbers around the wish nothing is reached: the chord makes the relaxation whole
        down = aim // PARTS
        least, turn = aim - PARTS * down, PARTS * (2 * down + 1) - 2 * aim
        model.model.add(away >= least + turn * (model.steps[leaf] - down))
        terms.append(away)
    return terms


def parts(cents: int, unit: int) -> int:
    """Give an amount in parts of a unit, a half up."""
    return (2 * PARTS * cents + unit) // (2 * unit)


def _total(question: Question, aims: Aims, units: Sequence[int]) -> int:
    """Give the weighted departures of finished quotas."""
    rows = zip(question.tree.leaves.tolist(), aims.ideal.tolist(), aims.weight.tolist(), strict=True)
    return sum(w * abs(PARTS * units[leaf] - parts(ideal, question.unit)) for leaf, ideal, w in rows)
