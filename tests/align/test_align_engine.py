"""The territory engine as a whole, against enumeration and against itself."""

import threading
from dataclasses import replace

import numpy as np
import pytest
from made_grid import grid
from made_problem import problem_of
from made_random import (
    best_by_enumeration,
    in_pieces,
    random_criteria,
    random_problem,
    reordered,
    without_removed,
)

from spm_opt.align import settle as settle_module
from spm_opt.align.engine import align
from spm_opt.align.result import Progress
from spm_opt.criteria import Balance, Capacity, Contiguity, Dispersion, Disruption, Families, Pairs, Skills
from spm_opt.plan import Alignment
from spm_opt.verify import verify

INSTANCES, BATCHES = 150, 10
CAMPAIGN, CAMPAIGN_BATCHES = 2_000, 20


def drawn(seed):
    """Draw up to seven units and two or three territories with criteria of every kind."""
    rng = np.random.default_rng(seed)
    criteria = random_criteria(rng)
    problem = random_problem(
        rng,
        int(rng.integers(3, 8)),
        int(rng.integers(2, 4)),
        map_share=float(rng.choice([0.0, 0.5, 1.0])),
        eligible=float(rng.choice([0.6, 0.9])),
    )
    return without_removed(problem, criteria), criteria


def check_against_enumeration(seed):
    """Compare one answer of the engine with all plans there are."""
    problem, criteria = drawn(seed)
    best = best_by_enumeration(problem, criteria)
    result = align(problem, criteria, effort="quick", seed=seed)
    if best is None:
        assert result.status == "infeasible", (seed, result.method)
        assert result.alignment is None
        assert result.reason
        return
    assert result.status == "optimal", (seed, result.method, result.levels, best)
    assert verify(problem, criteria, result.alignment).holds, seed
    reached = tuple(level.objective for level in result.levels)
    assert reached[0] >= best[0] - 1e-6 * max(1.0, abs(best[0])), (seed, reached, best)
    # each level is allowed what proofs allow, and the next one what that buys
    assert reached == pytest.approx(best, rel=1e-4, abs=1e-4), seed
    assert sum(result.parts.values()) == pytest.approx(sum(reached), rel=1e-9, abs=1e-9) or len(
        result.parts
    ) < sum(c.weight > 0 for c in criteria)


@pytest.mark.parametrize("batch", range(BATCHES))
def test_the_engine_equals_enumeration(batch):
    """Infeasible exactly where no plan exists; otherwise proven optimal, at the best value of all plans."""
    for seed in range(batch, INSTANCES, BATCHES):
        check_against_enumeration(seed)


@pytest.mark.campaign
@pytest.mark.parametrize("batch", range(CAMPAIGN_BATCHES))
def test_the_engine_equals_enumeration_at_length(batch):
    """The same for two thousand more instances."""
    for seed in range(10_000 + batch, 10_000 + CAMPAIGN, CAMPAIGN_BATCHES):
        check_against_enumeration(seed)


@pytest.mark.parametrize("priority", [1, 2])
def test_a_torn_start_is_no_plan(priority, monkeypatch):
    """Where the construction cannot mend a plan, its points count neither as reached, nor as a cap, nor as proof."""
    monkeypatch.setattr(settle_module, "connected", lambda _model, territory, _share: territory)
    criteria = [Dispersion(weight=1.0), Disruption(weight=0.1, priority=priority), Contiguity()]
    for seed in range(40):
        problem = random_problem(np.random.default_rng(seed), 5, 2, eligible=0.7)
        best = best_by_enumeration(problem, criteria)
        result = align(problem, criteria, effort="quick", seed=seed)
        assert result.status == ("infeasible" if best is None else "optimal"), (seed, result, best)
        reached = tuple(level.objective for level in result.levels)
        assert best is None or reached == pytest.approx(best, rel=1e-5, abs=1e-5)


SELLERS = ("A", "B", "C")
RULES = (
    Balance(activity="hours", tolerance=0.15, weight=0.2),
    Dispersion(weight=1.0, weight_by="hours"),
    Contiguity(),
)


def country(hour=1.0, *, side=4, **more):
    """Make a square grid with three sellers and uneven work, in hours or any other unit."""
    return grid(
        side,
        side,
        SELLERS,
        account=lambda x, y: {
            "hours": hour * (1.0 + (3 * x + 5 * y) % 7),
            "revenue": 10.0 * (1 + (x * y) % 3),
            "seller": SELLERS[max(x - 1, 0)],
        },
        seats={"A": (0.5, 0.5), "B": (1.0, 2.5), "C": (3.0, 1.0)},
        **more,
    )


def solved(problem, criteria=RULES, **more):
    result = align(problem, criteria, **{"effort": "quick", "seed": 3} | more)
    assert result.status in {"optimal", "feasible"}, result.reason
    return result


@pytest.fixture(scope="module")
def first():
    """Return the plan that others are compared with, proven optimal."""
    result = solved(country())
    assert result.status == "optimal"
    return result


def test_a_result_tells_what_was_done(first):
    """Method, work, parts and bound are filled in, and the parts sum to the objective."""
    assert sum(first.parts.values()) == pytest.approx(first.objective)
    assert set(first.parts) == {"balance of hours", "travel weighted by hours"}
    assert first.lower_bound <= first.objective + 1e-9
    assert first.gap == 0.0
    assert first.method
    assert first.work["proposals"] > 0
    assert first.repeatable
    assert first.seconds > 0
    assert (first.reason, first.breaches) == ("", ())


def test_the_order_of_territories_does_not_matter(first):
    """With the sellers listed in another order the same plan is best."""
    order = np.array([2, 0, 1])
    other = solved(reordered(country(), order))
    assert other.status == "optimal"
    assert other.objective == pytest.approx(first.objective, rel=1e-6)


@pytest.mark.parametrize("factor", [0.001, 2.0, 1e5])
def test_the_unit_of_an_activity_does_not_matter(first, factor):
    """Hours counted in minutes balance the same way."""
    assert solved(country(factor)).objective == pytest.approx(first.objective, rel=1e-6)


@pytest.mark.parametrize("factor", [0.01, 3.0])
def test_scaling_all_weights_scales_the_objective(first, factor):
    """With every weight three times as large the same plan costs three times as many points."""
    rules = [rule.model_copy(update={"weight": rule.weight * factor}) for rule in RULES]
    assert solved(country(), rules).objective == pytest.approx(first.objective * factor, rel=1e-5)


def test_moving_the_map_does_not_matter(first):
    """A country 1000 km farther on, and turned by a quarter, has the same travel."""
    problem = country()
    turn = np.array([[0.0, 1.0], [-1.0, 0.0]])
    place, seat = problem.place @ turn + 1000.0, problem.seat @ turn + 1000.0
    moved = replace(problem, place=place, seat=seat)
    assert solved(moved).objective == pytest.approx(first.objective, rel=1e-6)


def test_a_unit_that_carries_nothing_changes_nothing(first):
    """An account of no hours, assigned singly, adds no points."""
    problem = country(singles=[{"id": "z"}])
    assert solved(problem).objective == pytest.approx(first.objective, rel=1e-6)


HARD = (Balance(activity="hours", tolerance=0.2), *RULES[1:])
"""Rules under which the choice of centers is proven, too."""


@pytest.fixture(scope="module")
def centered():
    """Return the plan with chosen centers that others are compared with, proven optimal."""
    result = solved(without_seats(3), HARD)
    assert result.status == "optimal"
    return result


def turned(problem):
    """Move the map by 1000 km and turn it by a quarter."""
    turn = np.array([[0.0, 1.0], [-1.0, 0.0]])
    return replace(problem, place=problem.place @ turn + 1000.0, seat=problem.seat @ turn + 1000.0)


@pytest.mark.parametrize(
    ("change", "rules", "factor"),
    [
        (lambda problem: reordered(problem, np.array([2, 0, 1])), HARD, 1.0),
        (turned, HARD, 1.0),
        (lambda problem: problem, [r.model_copy(update={"weight": 3 * r.weight}) for r in HARD], 3.0),
        (lambda problem: replace(problem, activity=1e4 * problem.activity), HARD, 1.0),
    ],
    ids=["order of territories", "map moved and turned", "weights tripled", "another unit of measurement"],
)
def test_what_changes_nothing_changes_nothing_for_chosen_centers(centered, change, rules, factor):
    """Proven optima with chosen centers are the same, or as many times as large as the weights."""
    result = solved(change(without_seats(3)), rules)
    assert result.status == "optimal"
    assert result.objective == pytest.approx(centered.objective * factor, rel=1e-5)


def test_wider_tolerances_never_cost_more_with_chosen_centers(centered):
    """Proven optima with chosen centers only fall as the tolerance widens."""
    wider = solved(without_seats(3), [Balance(activity="hours", tolerance=0.5), *HARD[1:]])
    assert wider.status == "optimal"
    assert wider.objective <= centered.objective + 1e-9


@pytest.mark.parametrize("free", [0, 2, 3], ids=["seats", "some centers", "centers"])
@pytest.mark.parametrize(
    "how",
    [{}, {"time_limit": 0.3, "effort": "thorough"}, {"stop": lambda: True}],
    ids=["whole", "limit", "stop"],
)
def test_territories_hang_together_however_they_were_found(free, how):
    """By an independent search: after every method, and after every way in which it may be cut short."""
    problem = without_seats(free)
    result = align(problem, RULES, **{"effort": "quick", "seed": 3} | how)
    assert not in_pieces(problem, result.alignment.unit_territory)
    assert result.lower_bound is None or result.lower_bound <= result.objective + 1e-9


def test_wider_tolerances_never_cost_more():
    """Every plan within a tolerance is within a wider one, so proven optima only fall."""
    values = []
    for tolerance in (0.1, 0.15, 0.3, 0.6):
        rules = [Balance(activity="hours", tolerance=tolerance), *RULES[1:]]
        result = solved(country(), rules)
        assert result.status == "optimal"
        values.append(result.objective)
    assert values == sorted(values, reverse=True)
    assert values[0] > values[-1]


def test_priorities_are_settled_in_order():
    """Balance of first priority is as good as it is alone, whatever travel of second priority costs."""
    balance = Balance(activity="hours", weight=1.0)
    travel = Dispersion(weight=100.0, priority=2)
    problem = country(side=3)
    alone = solved(problem, [balance, Contiguity()])
    both = solved(problem, [travel, balance, Contiguity()])
    assert [level.priority for level in both.levels] == [1, 2]
    assert both.levels[0].objective == pytest.approx(alone.objective, abs=1e-5)


def without_seats(count):
    """Take the seats of the first few sellers away."""
    problem = country()
    seat = problem.seat.copy()
    seat[:count] = np.nan
    return replace(problem, seat=seat)


def test_progress_is_told():
    """The listener hears of the relaxation and of the search, with bounds below what was reached."""
    told: list[Progress] = []
    result = solved(country(), progress=told.append)
    assert {"relaxation", "search"} <= {progress.step for progress in told}
    assert all(p.lower_bound <= p.objective + 1e-6 for p in told)
    assert all(p.lower_bound <= result.objective + 1e-6 for p in told)
    assert [p.seconds for p in told] == sorted(p.seconds for p in told)
    assert {p.gap for p in told if not np.isfinite(p.objective)} == {None}
    last = told[-1]
    assert last.gap == pytest.approx(max(0.0, last.objective / last.lower_bound - 1))


def wide(*, free=0, side=25):
    """Make a grid of many units with twelve sellers, the first few of them without a seat."""
    rng = np.random.default_rng(0)
    hours = rng.integers(1, 9, (side, side))
    seats = {f"s{i}": tuple(rng.integers(0, side, 2).astype(float)) for i in range(12)}
    problem = grid(side, side, tuple(seats), account=lambda x, y: {"hours": float(hours[x, y])}, seats=seats)
    seat = problem.seat.copy()
    seat[:free] = np.nan
    return replace(problem, seat=seat)


SLACK = 5.0
"""Seconds beyond a limit that a busy machine is forgiven; alone it takes less than one."""


@pytest.mark.parametrize("free", [0, 5, 12], ids=["seats", "some centers", "centers"])
def test_a_time_limit_returns_soon_and_says_so(free):
    """A search that would take long is cut, still gives the best plan so far, and is not repeatable."""
    problem = wide(free=free)
    result = align(problem, RULES, effort="thorough", time_limit=1.0)
    assert result.seconds < 1.0 + SLACK
    assert (result.cut, result.repeatable) == ("cut by the time limit", False)
    assert "cut by the time limit" in result.method
    assert result.status == "feasible"
    assert verify(problem, RULES, result.alignment).holds


@pytest.mark.parametrize("free", [0, 12], ids=["seats", "centers"])
def test_a_stop_from_another_thread_keeps_the_best_plan(free):
    """A service stops a search by an event: what is there by then is returned, and says why."""
    wish, problem = threading.Event(), wide(free=free)

    def hear(progress):
        if np.isfinite(progress.objective):
            wish.set()

    result = align(problem, RULES, effort="thorough", progress=hear, stop=wish.is_set)
    assert (result.status, result.cut, result.repeatable) == ("feasible", "stopped by the user", False)
    assert "stopped by the user" in result.method
    assert verify(problem, RULES, result.alignment).holds


def test_a_stop_before_the_start_gives_what_can_be_had_at_once():
    """Today's alignment is a plan where it holds; where not, a moment is spent on mending it."""
    today = country(side=3)
    rules = [Disruption(limit=0.9), Dispersion(weight=1.0)]
    result = align(today, rules, effort="thorough", stop=lambda: True)
    assert (result.status, result.cut) == ("feasible", "stopped by the user")
    assert result.lower_bound is None
    mended = align(wide(side=12), RULES, effort="thorough", stop=lambda: True)
    assert (mended.status, mended.cut) == ("feasible", "stopped by the user")
    assert mended.seconds < 4.0 + SLACK


def test_what_a_listener_raises_ends_the_search():
    """An exception of the progress callback comes out of ``align`` as it is, at once."""

    def leave(_):
        raise InterruptedError("enough")

    with pytest.raises(InterruptedError, match="enough"):
        align(country(), RULES, progress=leave)


def test_a_unit_without_a_seller_is_named():
    """Where no seller may take a unit no search is made, and the units are named."""
    problem = grid(2, 1, ("A", "B"), forbidden=[("u00", "A"), ("u00", "B")])
    result = align(problem, RULES)
    assert (result.status, result.alignment, result.levels) == ("infeasible", None, ())
    assert result.reason.startswith("no seller may take u00")
    nobody = problem_of([{"id": "a"}], ("A",), forbidden=[("a", "A")])
    assert align(nobody, RULES).status == "infeasible"


def test_a_unit_above_every_limit_is_named():
    """A unit of 9 of 12 hours fits into neither of two territories of 6 within a tenth, though shares of it would."""
    problem = grid(
        4,
        1,
        ("A", "B"),
        account=lambda x, _: {"hours": 9.0 if x == 0 else 1.0},
        seats={"A": (0.0, 0.0), "B": (3.0, 0.0)},
    )
    rules = [Balance(activity="hours", tolerance=0.1), Dispersion(weight=1.0)]
    result = align(problem, rules)
    assert (result.status, result.method) == ("infeasible", "found before solving")
    assert result.reason.startswith("u00: alone above the limit wherever it goes, 9 of at most 6.6")
    wide = [Balance(activity="hours", tolerance=0.5), Dispersion(weight=1.0)]
    assert align(problem, wide).status == "optimal"


def test_a_family_without_a_common_seller_is_named():
    """Members who share no seller are named together."""
    accounts = [{"id": "a", "family": 0}, {"id": "b", "family": 0}, {"id": "c"}]
    problem = problem_of(accounts, ("A", "B"), forbidden=[("a", "A"), ("b", "B")])
    result = align(problem, [Families()])
    assert result.status == "infeasible"
    assert "a, b" in result.reason


def test_rules_that_clash_are_named():
    """Capacities below the work there is: both rows are named, and travel is not."""
    problem = country(capacity={"A": 10.0, "B": 10.0, "C": 10.0})
    result = align(problem, [Capacity(activity="hours"), Dispersion(weight=1.0)], effort="quick")
    assert result.status == "infeasible"
    assert "cannot hold together" in result.reason
    assert all(f"capacity for hours: {t}" in result.reason for t in SELLERS)
    assert "travel" not in result.reason


def test_what_only_whole_units_forbid_is_proven_twice():
    """Three equal units cannot balance two sellers; the relaxation can, so two exact methods must say so."""
    problem = problem_of([{"id": f"a{i}", "hours": 2.0} for i in range(3)], ("A", "B"))
    result = align(problem, [Balance(activity="hours", tolerance=0.1)], effort="quick")
    assert result.status == "infeasible"
    assert "proven by CP-SAT and by HiGHS" in result.reason


def test_nothing_asked_is_answered_with_any_plan():
    """Without criteria every plan is optimal, at zero points."""
    result = align(country(), [], effort="quick")
    assert (result.status, result.objective, dict(result.parts)) == ("optimal", 0.0, {})


def test_pairs_skills_and_locks_are_kept():
    """What is locked stays, what needs a skill goes to it, and named pairs hold."""
    problem = country(
        singles=[
            {"id": "x", "requires": {"french"}, "hours": 2.0},
            {"id": "y", "locked": True, "seller": "B"},
            {"id": "z"},
        ],
        skills={"C": {"french"}},
    )
    criteria = [*RULES, Pairs(prescribed=(("u00", "A"), ("z", "B"))), Skills()]
    result = solved(without_removed(problem, criteria), criteria)
    of = dict(zip(problem.unit_ids, result.alignment.unit_territory.tolist(), strict=True))
    assert (of["x"], of["y"], of["z"], of["u00"]) == (2, 1, 1, 0)


def test_a_budget_of_no_moves_keeps_today():
    """Where nothing may move, today's alignment is the plan, and it is proven."""
    problem = country()
    result = solved(problem, [Disruption(limit=0.0), Dispersion(weight=1.0)])
    today = Alignment.incumbent(problem)
    assert np.array_equal(result.alignment.unit_territory, today.unit_territory)
    assert result.status == "optimal"


def test_centers_are_chosen_where_seats_are_missing():
    """Two clusters of three units and no seats: each gets its middle, 4/3 km a unit from its ends in all."""
    ids = {"a0": 0.0, "a1": 1.0, "a2": 2.0, "b0": 50.0, "b1": 51.0, "b2": 52.0}
    problem = problem_of([{"id": i} for i in ids], ("A", "B"), places={i: (x, 0.0) for i, x in ids.items()})
    result = solved(problem, [Dispersion(weight=1.0)])
    assert sorted(result.alignment.center[:, 0].tolist()) == [1.0, 51.0]
    assert result.objective == pytest.approx(4 / 6)
    assert result.status == "optimal"  # by the bound over all centers
    assert result.lower_bound == pytest.approx(4 / 6)


def test_seats_stay_where_only_some_are_chosen():
    """A has a seat and keeps it; B gets the best of its units."""
    problem = problem_of(
        [{"id": f"u{x}"} for x in range(6)],
        ("A", "B"),
        places={f"u{x}": (float(x), 0.0) for x in range(6)},
        seats={"A": (0.0, 0.0)},
    )
    result = solved(problem, [Dispersion(weight=1.0), Balance(activity="hours", weight=0.0)])
    assert result.alignment.center[0].tolist() == [0.0, 0.0]
    assert result.alignment.center[1].tolist() in problem.place.tolist()
    assert verify(problem, [Dispersion(weight=1.0)], result.alignment).holds
