"""How many sellers: the workload's answer, and the one with the most profit.

Build-up
    The hours that accounts ask for, divided by the hours that one settled seller has.
Optimum
    For ``n`` sellers, all settled, in a cell (a role in a group): their hours are spread over the segments in
    proportion to what each asks for, as coverage says, so that effort in parts of the role's usual is
    ``x(n) = n hours / (needed usual)``. A segment then sells last year's sales times ``R_s(x(n)) / R_s(x_0)``, with
    ``x_0`` the effort with which they were made; of that the margin is left. Cells add up, since sales of an account
    belong to the roles that work its hours. The best number is that with the highest expected margin less cost.
Intervals
    Over draws of the curves (what history leaves open, or of the default's spread) and of the shocks that a year's
    sales share, of company and segment. The same draws serve every number of sellers, so numbers are compared in
    the same futures.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from spm_opt.capacity.cells import Cells, cells
from spm_opt.capacity.response import MEASURES, Curves, curves_of, prior
from spm_opt.capacity.response_data import panel
from spm_opt.capacity.response_estimate import Told, drawn, told
from spm_opt.capacity.size_findings import judged
from spm_opt.errors import ScenarioError
from spm_opt.problem import BoolArray, FloatArray, IntArray
from spm_opt.scenario.findings import Findings
from spm_opt.scenario.scenario import Scenario
from spm_opt.scenario.size_settings import Response, Size

REPLICATIONS = 500
LOW, HIGH = 0.05, 0.95
"""Ends of the intervals."""
FLAT = 0.01
"""Part of the best profit that numbers as good as the best may lack."""
BEYOND = 5
"""Sellers tried beyond twice today's, and twice the build-up."""
WIDENINGS = 5
"""Times at most that twice as many are tried, while the most tried are the best."""


@dataclass(frozen=True, eq=False)
class Sizing:
    """How many sellers each cell needs, and what every number of them is worth.

    Arrays are in the order of cells: groups sorted, and in each the roles sorted.

    Attributes
    ----------
    cells
        Group and role, ``c`` of them.
    sellers
        Filled positions on the first day of the year, shape ``(c,)``.
    needed, hours
        Hours that accounts ask for in a year, and those of one settled seller, shape ``(c,)``.
    build_up
        The one divided by the other, shape ``(c,)``; 0 where nobody has hours.
    value
        Expected margin a year with ``n`` effective sellers, before their cost; shape ``(c, N + 1)``.
    value_draws
        The same in each draw, shape ``(c, N + 1, d)``.
    sales
        Expected sales a year, shape ``(c, N + 1)``.
    cost
        Of one seller a year, shape ``(c,)``.
    best, best_low, best_high
        The number with the highest expected profit within the role's limits, and the numbers between which the
        best of 90 % of draws lie; shape ``(c,)``.
    flat_low, flat_high
        Numbers around it whose expected profit is within 1 % of the highest.
    curve
        A row a cell and number: ``group``, ``role``, ``sellers``, ``effort`` (in parts of last year's usual), ``sales``,
        ``margin``, ``cost``, ``profit``, ``low``, ``high``, ``earns_last``, ``costs_last``, ``chance_best``, ``flat``, ``best``.
    parameters
        A row a segment and parameter: ``segment``, ``parameter``, ``value``, ``low``, ``high``, ``source`` (history,
        company, scenario or default), ``observations``.
    findings
        What was odd or too little.
    """

    cells: tuple[tuple[str, str], ...]
    sellers: IntArray
    needed: FloatArray
    hours: FloatArray
    build_up: FloatArray
    value: FloatArray
    value_draws: FloatArray
    sales: FloatArray
    cost: FloatArray
    best: IntArray
    best_low: IntArray
    best_high: IntArray
    flat_low: IntArray
    flat_high: IntArray
    curve: pd.DataFrame
    parameters: pd.DataFrame
    findings: Findings

    @property
    def profit(self) -> FloatArray:
        """Expected profit with each number of sellers, shape ``(c, N + 1)``."""
        return self.value - self.cost[:, None] * np.arange(self.value.shape[1])

    @property
    def profit_draws(self) -> FloatArray:
        """The same in each draw, shape ``(c, N + 1, d)``."""
        return self.value_draws - (self.cost[:, None] * np.arange(self.value.shape[1]))[:, :, None]


def size(scenario: Scenario, *, replications: int | None = None, seed: int | None = None) -> Sizing:
    """Say how many sellers each role needs in each group.

    Parameters
    ----------
    scenario
        With ``[size]`` in its settings.
    replications
        Draws of curves and shocks; 500 if nothing is said.
    seed
        Overrides the scenario's.

    Raises
    ------
    ScenarioError
        The scenario has no ``[size]``.
    """
    settings = scenario.settings.size
    if settings is None:
        raise ScenarioError(["scenario.toml: headcount needs [size] with at least one of [[size.roles]]"])
    seed = scenario.settings.seed if seed is None else seed
    draws = REPLICATIONS if replications is None else replications
    known = cells(scenario, settings)
    curves, parameters, seen = _curves(scenario, known, settings, draws, seed)
    return _sized(scenario, known, settings, curves, parameters, seen, seed)


def _curves(
    scenario: Scenario, known: Cells, settings: Size, draws: int, seed: int
) -> tuple[Curves, pd.DataFrame, Told]:
    """Draw each segment's curve, ``(d, s)``, and say where it comes from."""
    rows = panel(scenario, known)
    seen = told(rows, len(known.segments))
    responses = {one.segment: one for one in settings.responses}
    stated = [responses.get(name, responses.get("")) for name in known.segments]
    use = seen.enough & np.array([one is None for one in stated])
    rng = np.random.default_rng([seed, draws, 1])
    loss = scenario.settings.simulate.handover.loss
    plain = drawn(rows, use, Response(), loss, draws, rng)
    for one in settings.responses:  # segments that one entry is for are right or wrong together
        mean, root = prior(one)
        mine = [s for s, own in enumerate(stated) if own is one]
        plain[:, mine] = (mean + rng.standard_normal((draws, MEASURES)) @ root.T)[:, None]
    source = [
        "scenario" if one is not None else "history" if own else "company" if use.any() else "default"
        for one, own in zip(stated, use.tolist(), strict=True)
    ]
    curves = curves_of(plain)
    return curves, _parameters(known, curves, source, seen), seen


def _parameters(known: Cells, curves: Curves, source: list[str], seen: Told) -> pd.DataFrame:
    """Lay out what each curve is made of."""
    figures = {
        "elasticity": curves.elasticity, "without": curves.without, "most": curves.most,
        "exponent": curves.exponent, "s_shaped": curves.s_shaped.astype(float),
    }  # fmt: skip
    rows = []
    for s, name in enumerate(known.segments):
        for parameter, values in figures.items():
            low, high = np.quantile(values[:, s], [LOW, HIGH])
            rows.append(
                (name, parameter, float(values[:, s].mean()), low, high, source[s], int(seen.rows[s]))
            )
    columns = ["segment", "parameter", "value", "low", "high", "source", "observations"]
    return pd.DataFrame(rows, columns=columns)


def _sized(
    scenario: Scenario,
    known: Cells,
    settings: Size,
    curves: Curves,
    parameters: pd.DataFrame,
    seen: Told,
    seed: int,
) -> Sizing:
    """Weigh every number of sellers."""
    needed, hours = known.needed.sum(axis=1), known.seller_hours
    cost = np.array([one.cost for one in known.settings])[known.role]
    build_up = np.divide(needed, hours, out=np.zeros_like(needed), where=hours > 0)
    shocks = _shocks(scenario, curves.elasticity.shape, seed)
    top = 2 * int(max(float(np.ceil(build_up).max()), float(known.sellers.max())))
    most = top + BEYOND + max(one.least for one in known.settings)
    for _ in range(WIDENINGS):
        draws = np.stack(
            [_sales(known, curves, shocks, cell, np.arange(most + 1)) for cell in range(len(needed))]
        )
        weighed = _weighed(known, settings.margin * draws, cost)
        if weighed.best.max() < most:
            break
        most *= 2
    value_draws = settings.margin * draws
    made = Sizing(
        tuple(known.name(cell) for cell in range(len(needed))), known.sellers, needed, hours, build_up,
        value_draws.mean(axis=2), value_draws, draws.mean(axis=2), cost, weighed.best, weighed.low, weighed.high,
        weighed.flat.argmax(axis=1), most - weighed.flat[:, ::-1].argmax(axis=1), pd.DataFrame(), parameters,
        judged(scenario, known, settings, parameters, seen),
    )  # fmt: skip
    return replace(made, curve=_curve(made, known, weighed))


@dataclass(frozen=True, eq=False)
class _Weighed:
    """What profits say: the best number, its interval, its chance ``(c, N + 1)``, and which are as good."""

    best: IntArray
    low: IntArray
    high: IntArray
    chance: FloatArray
    flat: BoolArray


def _weighed(known: Cells, value: FloatArray, cost: FloatArray) -> _Weighed:
    """Choose by the expected profit, and in each draw; of equals the fewest."""
    numbers = np.arange(value.shape[1])
    allowed, bill = _allowed(known, numbers), cost[:, None] * numbers
    profit = np.where(allowed, value.mean(axis=2) - bill, -np.inf)
    each = np.where(allowed[:, :, None], value - bill[:, :, None], -np.inf).argmax(axis=1)
    top = profit.max(axis=1, keepdims=True)
    low, high = np.quantile(each, [LOW, HIGH], axis=1, method="nearest").astype(np.int64)
    chance = np.stack([(each == n).mean(axis=1) for n in numbers], axis=1)
    return _Weighed(profit.argmax(axis=1), low, high, chance, profit >= top - FLAT * np.abs(top))


def _shocks(scenario: Scenario, shape: tuple[int, ...], seed: int) -> FloatArray:
    """Draw what a year's sales of a segment share, of mean 1; shape ``(d, s)``."""
    rules = scenario.settings.simulate
    rng = np.random.default_rng([seed, shape[0], 2])
    company, segment = rng.standard_normal((shape[0], 1)), rng.standard_normal(shape)
    spread = np.hypot(rules.company_shock, rules.segment_shock)
    return np.asarray(np.exp(rules.company_shock * company + rules.segment_shock * segment - spread**2 / 2))


def _sales(known: Cells, curves: Curves, shocks: FloatArray, cell: int, numbers: IntArray) -> FloatArray:
    """Sales of a cell with each number of sellers in each draw, shape ``(N + 1, d)``."""
    needed, role = known.needed[cell].sum(), cell % len(known.roles)
    worth = np.flatnonzero(known.base[cell] > 0)
    if needed <= 0 or not len(worth):
        return np.zeros((len(numbers), len(shocks)))
    effort = numbers * known.seller_hours[cell] / (needed * known.usual[role])
    own = Curves(*(one[:, worth] for one in (curves.elasticity, curves.without, curves.most)))
    made = own.at(np.array(known.effort[cell]))
    out = own.at(effort[:, None, None]) / made * (known.base[cell, worth] * shocks[:, worth])
    return np.asarray(out.sum(axis=2))


def _allowed(known: Cells, numbers: IntArray) -> BoolArray:
    """Say which numbers keep the role's limits; a role without hours needs nobody beyond them."""
    least = np.array([one.least for one in known.settings])[known.role][:, None]
    most = np.array([np.inf if one.most is None else one.most for one in known.settings])[known.role][:, None]
    return np.asarray((numbers >= least) & (numbers <= np.maximum(most, least)))


def _curve(made: Sizing, known: Cells, weighed: _Weighed) -> pd.DataFrame:
    """Lay out every number of sellers of every cell."""
    count, numbers = len(made.cells), np.arange(made.value.shape[1])
    profit, draws = made.profit, made.profit_draws
    low, high = np.quantile(draws, [LOW, HIGH], axis=2)
    scale = np.divide(
        known.seller_hours, made.needed * known.usual[known.role],
        out=np.zeros(count), where=made.needed > 0,
    )  # fmt: skip
    last = np.diff(made.value, axis=1, prepend=np.nan)
    each = {
        "sellers": np.tile(numbers, (count, 1)), "effort": scale[:, None] * numbers, "sales": made.sales,
        "margin": made.value, "cost": made.cost[:, None] * numbers, "profit": profit, "low": low, "high": high,
        "earns_last": last, "costs_last": np.where(numbers > 0, made.cost[:, None], np.nan),
        "chance_best": weighed.chance, "flat": weighed.flat, "best": numbers == made.best[:, None],
    }  # fmt: skip
    names = {
        "group": np.repeat([group for group, _ in made.cells], len(numbers)),
        "role": np.repeat([role for _, role in made.cells], len(numbers)),
    }
    return pd.DataFrame(names | {key: values.ravel() for key, values in each.items()})
