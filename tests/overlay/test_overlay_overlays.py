"""Layers of specialists and managers: by hand, against enumeration, and to the last digit."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_layers import cells

from spm_opt.errors import InfeasibleError
from spm_opt.overlay.exact import places_of, summed
from spm_opt.overlay.ground import middles, positions_as_units, territories_as_units
from spm_opt.overlay.layer import Layer
from spm_opt.overlay.overlays import overlays
from spm_opt.overlay.rollup import members, sizes
from spm_opt.plan import Alignment, QuotaPlan
from spm_opt.problem import NONE
from spm_opt.report.tables import number
from spm_opt.simulate.sales import Sales
from spm_opt.verify import verify

NEAR = {"kind": "dispersion", "weight": 1.0}
EAST_WEST = {"region": lambda x, _y: "East" if x < 2 else "West"}


def solved(*given, **more) -> tuple[Layer, ...]:
    return overlays(*given, effort="quick", **more)


def test_four_specialists_share_sixteen_cells_as_the_pinwheel_does():
    """On 4 x 4 cells the best four of four are T shapes: a center and three neighbours, 12 / 16 km on average."""
    (layer,) = solved(*cells(4, 4, [{"name": "Specialist", "ratio": 4, "criteria": [NEAR]}]))
    assert layer.position_ids == tuple(f"Specialist {i}" for i in (1, 2, 3, 4))
    assert np.bincount(layer.territory_position).tolist() == [4, 4, 4, 4]
    assert layer.verdict.holds
    assert layer.result.status == "optimal"
    assert layer.result.objective == pytest.approx(0.75)


def test_regions_are_kept_and_counted_by_themselves():
    """Positions lie in one region each: 8 cells by 3 are 3 positions for each of two regions."""
    made = cells(4, 4, [{"name": "Specialist", "ratio": 3, "within": "region"}], **EAST_WEST)
    (layer,) = solved(*made)
    assert layer.position_ids == tuple(f"Specialist {g} {i}" for g in ("East", "West") for i in (1, 2, 3))
    table = members([layer], made[1])
    assert table["position"].str.contains("East").tolist() == [
        int(name[1]) < 2 for name in table["territory"]
    ]
    assert np.bincount(layer.territory_position).max() == 3
    assert layer.groups == ("East",) * 3 + ("West",) * 3


def test_a_layer_over_a_layer_holds_whole_positions_of_it():
    """A director has whole specialists, and through them their territories."""
    layers = [
        {"name": "Specialist", "ratio": 2, "within": "region"},
        {"name": "Director", "over": "Specialist", "positions": 2, "within": "region"},
        {"name": "Chief", "over": "Director", "positions": 1},
    ]
    made = cells(4, 2, layers, **EAST_WEST)
    specialist, director, chief = solved(*made)
    assert (specialist.problem.k, director.problem.k, chief.problem.k) == (4, 2, 1)
    table = members((specialist, director, chief), made[1])
    under = dict(table[table["layer"] == "Specialist"][["territory", "position"]].to_numpy())
    of_director = table[table["layer"] == "Director"]
    assert [under[name] for name in of_director["territory"]] == of_director["below"].tolist()
    assert set(table[table["layer"] == "Chief"]["position"]) == {"Chief 1"}
    assert director.problem.activity[:, -1].tolist() == [1.0] * 4


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("balance", [{"weight": 1.0}, {"tolerance": 0.4}])
def test_small_layers_are_the_best_of_all(seed, balance):
    """What is called optimal is what enumeration finds, and no layer is better than it."""
    draw = np.random.default_rng(seed).integers(1, 9, (3, 2))
    rules = [{"kind": "balance", "activity": "hours", **balance}, NEAR | {"weight_by": "hours"}]
    given = cells(3, 2, [{"name": "S", "ratio": 3, "criteria": rules}], hours=lambda x, y: float(draw[x, y]))
    (layer,) = solved(*given)
    problem, best = layer.problem, np.inf
    for label in product(range(problem.k), repeat=problem.n):
        unit = np.array(label)
        if len(set(label)) < problem.k:
            continue
        for center in product(*(problem.place[unit == p] for p in range(problem.k))):
            plan = Alignment.of_units(problem, unit, np.array(center))
            verdict = verify(problem, layer.criteria, plan)
            if verdict.holds:
                points = sum(
                    c.weight * m.value for c, m in zip(layer.criteria, verdict.measures, strict=True)
                )
                best = min(best, points)
    assert layer.result.objective == pytest.approx(best)
    assert layer.verdict.holds


def test_points_of_groups_sum_to_those_of_the_layer():
    """The layer's points are what its criteria say of it whole, though each group was solved by itself."""
    rules = [
        {"kind": "balance", "activity": "hours", "weight": 2.0},
        NEAR | {"weight_by": "hours"},
        {"kind": "disruption", "weight": 0.5},
        {"kind": "disruption", "of": "hours", "weight": 0.1, "priority": 2},
    ]
    overlay = {"name": "Manager", "positions": 3, "within": "region", "today": "manager", "criteria": rules}
    made = cells(
        4, 1, [overlay], hours=lambda x, _y: 1.0 + x, manager=lambda x, y: f"m{(x + y) % 3}",
        region=lambda x, _y: "East" if x < 1 else "West",
    )  # fmt: skip
    (layer,) = solved(*made)
    assert layer.problem.k == 3
    for level in layer.result.levels:
        points = [
            c.weight * m.value
            for c, m in zip(layer.criteria, layer.verdict.measures, strict=True)
            if c.priority == level.priority
        ]
        assert sum(points) == pytest.approx(level.objective)
        assert level.lower_bound is None or level.lower_bound <= level.objective + 1e-6


def test_todays_managers_keep_what_nothing_speaks_against():
    """Positions take the names of today's column; with disruption alone as the aim nobody moves."""
    made = cells(
        4, 2,
        [{"name": "Manager", "positions": 3, "within": "region", "today": "manager",
          "criteria": [{"kind": "disruption", "weight": 1.0}]}],
        manager=lambda x, _y: "Ann" if x < 3 else "Bob",
    )  # fmt: skip
    (layer,) = solved(*made)
    assert layer.position_ids == ("Ann", "Bob", "Manager East 1")
    held = np.array(["Ann"] * 6 + ["Bob"] * 2)
    stays = np.array(layer.position_ids)[layer.territory_position] == held
    assert stays.sum() == 7  # a third position has to have one territory at least


def test_a_layer_that_cannot_be_says_which_and_why():
    """An impossible rule raises with the layer, the group and the engine's reason in the message."""
    rules = [{"kind": "balance", "activity": "hours", "tolerance": 0.01}]
    made = cells(
        4, 1, [{"name": "Specialist", "ratio": 2, "within": "region", "criteria": rules}],
        hours=lambda x, _y: (5.0, 1.0, 1.0, 1.0)[x],
    )  # fmt: skip
    with pytest.raises(InfeasibleError, match="overlay Specialist in East"):
        solved(*made)


def test_vacant_and_empty_territories_are_covered_too():
    """A territory without accounts has a position, and counts nothing but one."""
    scenario, problem, _ = cells(3, 1, [{"name": "S", "positions": 2}])
    plan = Alignment.of_units(problem, np.array([0, 0, 2]))
    (layer,) = solved(scenario, problem, plan)
    table = sizes([layer], problem, plan)
    assert (layer.territory_position >= 0).all()
    assert table[table["layer"] == "territory"]["hours"].tolist() == [2.0, 0.0, 1.0]
    assert table[table["layer"] == "S"]["territories"].sum() == 3


def test_accounts_without_a_territory_are_under_no_layer():
    """Today's alignment may leave accounts without a seller: they are in no size."""
    scenario, problem, plan = cells(3, 1, [{"name": "S", "positions": 1}])
    open_account = np.array([0, NONE, 2])
    today = replace(plan, account_territory=open_account, unit_territory=open_account)
    (layer,) = solved(scenario, problem, today)
    assert len(layer.alignment.account_ids) == 2
    assert sizes([layer], problem, today).query("layer == 'S'")["hours"].tolist() == [2.0]


@settings(max_examples=25, derandomize=True, deadline=None)
@given(st.data())
def test_every_total_is_conserved_to_the_last_digit(data):
    """Whatever the alignment and the layers: accounts, territories, positions and those over them sum to the same."""
    amounts = data.draw(st.lists(st.floats(0, 1e9), min_size=9, max_size=9))
    _, problem, _ = cells(3, 3, [], hours=lambda x, y: amounts[3 * x + y])
    at = st.lists(st.integers(-1, 8), min_size=9, max_size=9)
    base = territories_as_units(problem, Alignment.of_units(problem, np.array(data.draw(at))))
    names = ("hours", "revenue")
    places = [places_of(one) for one in base.accounts.activity.T[:2]]

    def counted(values: list[np.ndarray]) -> list[int]:
        """Add up each activity in whole numbers of its last place."""
        return [sum(round(v * 10.0**d) for v in one.tolist()) for one, d in zip(values, places, strict=True)]

    totals = counted(list(base.accounts.activity.T[:2]))
    below = base
    for k in (4, 2):
        assert counted([below.carried(name) for name in names]) == totals
        label = np.array(data.draw(st.lists(st.integers(0, k - 1), min_size=below.n, max_size=below.n)))
        named = replace(below, territory_ids=tuple(f"p{i}" for i in range(k)))
        layer = Alignment.of_units(named, label, np.full((k, 2), np.nan))
        below = positions_as_units(named, layer)
        for p in range(k):
            under = counted([named.carried(name)[label == p] for name in names])
            assert counted([below.carried(name)[[p]] for name in names]) == under
    assert counted([below.carried(name) for name in names]) == totals


def test_quotas_and_sales_roll_up_exactly():
    """Cents, mean sales and every activity of each layer sum to those of the territories, without tolerance."""
    layers = [{"name": "S", "ratio": 2}, {"name": "M", "over": "S", "positions": 2}]
    scenario, problem, plan = cells(3, 3, layers, hours=lambda x, y: 0.1 + x / 3 + y / 7)
    draws = np.random.default_rng(5)
    cents = draws.integers(0, 10**9, problem.k)
    quotas = QuotaPlan(problem.territory_ids, cents, int(cents.sum()), None, None)
    amount = draws.lognormal(10, 1, (50, problem.k))
    sales = Sales(problem.territory_ids, amount, np.zeros(50), None, None, 1)
    table = sizes(solved(scenario, problem, plan), problem, plan, quotas, sales)
    columns = ["territories", "accounts", "hours", "revenue", "quota_cents", "mean_sales"]
    sums = table.groupby("layer")[columns].agg(lambda one: sum(Decimal(number(float(v))) for v in one))
    assert set(sums.index) == {"territory", "S", "M"}
    assert (sums.nunique() == 1).all()
    assert sums["quota_cents"].iloc[0] == quotas.target_cents
    assert float(sums["mean_sales"].iloc[0]) == pytest.approx(amount.mean(axis=0).sum(), rel=1e-11)
    assert table["p_attain"].between(0, 1).all()


@pytest.mark.parametrize("size", [1e-3, 1.0, 1e6, 1e12, 1e300])
def test_sums_of_sums_are_the_same_whole_numbers(size):
    """However amounts are parted, parts sum to the same; the sum is right to the last place that is counted."""
    draws = np.random.default_rng(1)
    values, label = size * draws.lognormal(0, 2, 5_000), draws.integers(0, 40, 5_000)
    parts, whole = summed(values, label, 40), summed(values, np.zeros(5_000, dtype=np.int64), 1)[0]
    unit = 10.0 ** -places_of(values)
    assert sum(round(part / unit) for part in parts.tolist()) == round(whole / unit)
    assert whole == pytest.approx(values.sum(), rel=1e-11, abs=5_000 * 1e-6)
    assert summed(np.zeros(3), np.arange(3), 3).tolist() == [0.0, 0.0, 0.0]


def test_the_middle_knows_the_globe():
    """Two places at 170 degrees east and west have their middle on the date line, not in Africa."""
    _, problem, _ = cells(2, 1, [])
    problem = replace(problem, planar=False, place=np.array([[170.0, 0.0], [-170.0, 0.0]]))
    middle = middles(problem, np.zeros(2, dtype=np.int64), 1)
    assert abs(middle[0, 0]) == pytest.approx(180)
    assert middle[0, 1] == pytest.approx(0)
