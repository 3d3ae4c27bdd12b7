"""The fast loop of large models: limits that are sums of what nodes carry."""

from dataclasses import replace

import numpy as np
import pytest
from made_grid import grid
from made_random import in_pieces, random_case

from spm_opt.align.amounts import amounts_of
from spm_opt.align.construct import connected, rounded
from spm_opt.align.guided import guided
from spm_opt.align.halves import Halves
from spm_opt.align.lean import on_border
from spm_opt.align.model import build
from spm_opt.align.relax import relax
from spm_opt.align.search import Bench
from spm_opt.criteria import Balance, Contiguity, Dispersion, Disruption

NO_CAPS = np.zeros(0)
RULES = (
    Balance(activity="hours", tolerance=0.05),
    Balance(activity="revenue", tolerance=0.2),
    Dispersion(weight=1.0, weight_by="hours"),
    Contiguity(),
)


def country(seed=0, side=12, sellers=8):
    """Make a grid with sellers, two single accounts, and random hours and revenue."""
    rng = np.random.default_rng(seed)
    names = tuple("ABCDEFGHIJ"[:sellers])
    hours, revenue = rng.integers(1, 9, (side, side)), rng.integers(2, 6, (side, side))
    return grid(
        side,
        side,
        names,
        account=lambda x, y: {"hours": float(hours[x, y]), "revenue": float(revenue[x, y]), "seller": "A"},
        singles=[{"id": "y", "hours": 3.0}, {"id": "z", "hours": 4.0}],
        seats={
            t: (float(a), float(b))
            for t, (a, b) in zip(names, rng.integers(0, side, (sellers, 2)), strict=True)
        },
    )


def started(model):
    relaxed = relax(model)
    return connected(model, rounded(model, relaxed.share), relaxed.share), relaxed


def test_amounts_say_what_the_rows_say():
    """Totals of a plan by amounts are the activities of the model's rows."""
    model = build(country(), RULES)
    amounts = amounts_of(model)
    start, _ = started(model)
    assert amounts.amount.shape == (model.n, 2)
    used = np.zeros(len(model.territory))
    used[model.arcs_of(start)] = 1.0
    assert amounts.total(start) == pytest.approx((model.rows @ used)[amounts.row])


def test_there_are_no_amounts_where_a_limit_is_of_the_whole_plan_or_of_one_territory():
    """A limit over all territories, one territory without a limit, levels, and odd coefficients have other shapes."""
    problem = country()
    model = build(problem, RULES)
    rows = model.rows.tocsr(copy=True)
    rows.data[0] += 1.0
    assert amounts_of(build(problem, (*RULES, Disruption(limit=0.9)))) is None
    assert (
        amounts_of(build(problem, (Disruption(weight=1.0), *RULES, Dispersion(weight=1.0, priority=2))))
        is None
    )
    assert amounts_of(build(problem, (Dispersion(weight=1.0),))) is None
    assert amounts_of(replace(model, rows=rows)) is None
    fewer = np.arange(1, len(model.lower))
    short = replace(
        model, rows=model.rows[fewer], lower=model.lower[fewer], upper=model.upper[fewer],
        price=model.price[fewer], level=model.level[fewer],
    )  # fmt: skip
    assert amounts_of(short) is None


def test_only_nodes_with_another_territory_beside_them_are_looked_at():
    """On a line A A A B, the two where A meets B are on a border, and a single account always is."""
    problem = grid(4, 1, ("A", "B"), singles=[{"id": "z", "hours": 1.0}])
    model = build(problem, (Contiguity(), Dispersion(weight=1.0)))
    where = np.array([0, 0, 0, 1, 0])
    assert on_border(where, model.geographic, model.look_start, model.look).tolist() == [
        False, False, True, True, True,
    ]  # fmt: skip


@pytest.mark.parametrize("seed", range(3))
def test_books_are_right_and_territories_whole_after_every_step(seed):
    """After hot steps the plan is connected, and its activities and points are those counted from nothing."""
    problem = country(seed)
    model = build(problem, RULES)
    start, _ = started(model)
    bench = Bench(model, start, 0, NO_CAPS, 0.0, seed)
    with Halves(bench, seed) as halves:
        assert halves.amounts is not None
        for _ in range(20):
            halves.anneal(2_000, 3 * bench.points, np.full(len(model.lower), bench.points))
            assert not in_pieces(problem, bench.territory)
            used = np.zeros(len(model.territory))
            used[bench.arcs] = 1.0
            assert halves.activity == pytest.approx(model.rows @ used)
            assert halves.points == pytest.approx(model.value(bench.territory)[:1])
    assert not np.array_equal(bench.territory, start)


@pytest.mark.parametrize("seed", range(3))
def test_a_cold_step_only_lowers_points_and_penalties(seed):
    """At temperature zero the energy falls by exactly what the rows and costs say: the sums of the loop are right."""
    model = build(country(seed), RULES)
    start, relaxed = started(model)
    bench = Bench(model, start, 0, NO_CAPS, 0.0, seed)
    bench.row_price = np.maximum(0.0, -relaxed.multiplier)
    weight = np.full(len(model.lower), bench.points)

    def energy():
        used = np.zeros(len(model.territory))
        used[bench.arcs] = 1.0
        activity = model.rows @ used
        return model.cost[0] @ used + weight @ model.violation(activity) + bench.row_price @ activity

    with Halves(bench, seed) as halves:
        before = energy()
        for _ in range(10):
            halves.anneal(2_000, 0.0, weight)
            assert energy() <= before + 1e-9 * abs(before)
            before = energy()


@pytest.mark.parametrize("seed", range(3))
def test_a_map_is_balanced_and_the_same_seed_gives_the_same_plan(seed):
    """The plan keeps every hard rule, hangs together, costs no less than the bound, and repeats."""
    problem = country(seed)
    model = build(problem, RULES)
    start, relaxed = started(model)
    first, again = (
        guided(
            model, start, level=0, caps=NO_CAPS, multiplier=relaxed.multiplier, proposals=100_000, seed=seed,
            keep_going=lambda *_: True, left=lambda: None,
        )
        for _ in range(2)
    )  # fmt: skip
    assert np.array_equal(first.territory, again.territory)
    assert first.violation == 0
    assert first.value >= relaxed.bound - 1e-9
    assert first.torn == 0
    assert not in_pieces(problem, first.territory)


@pytest.mark.parametrize("seed", range(10))
def test_amounts_of_odd_models_are_right_or_there_are_none(seed):
    """With families, missing pairs and rows of all kinds, totals by amounts agree wherever there are amounts."""
    _, _, model = random_case(seed, units=7, map_share=[0.0, 0.5, 1.0][seed % 3])
    amounts = amounts_of(model)
    if amounts is not None:
        where = model.territory[model.start[:-1]]
        used = np.zeros(len(model.territory))
        used[model.start[:-1]] = 1.0
        assert amounts.total(where) == pytest.approx((model.rows @ used)[amounts.row])
