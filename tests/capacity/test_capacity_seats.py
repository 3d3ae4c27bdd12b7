"""What additional positions buy, and who would be missed least."""

import json
from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner
from made_grid import grid

from spm_opt.capacity.seats import seats
from spm_opt.capacity.seats_fewer import cut, mapped, rules_without, screened, without
from spm_opt.capacity.seats_more import with_more, with_room
from spm_opt.capacity.seats_table import seats_table
from spm_opt.cli import main
from spm_opt.criteria import Balance, Capacity, Contiguity, Dispersion, Disruption, Pairs
from spm_opt.load import load
from spm_opt.plan import Alignment
from spm_opt.problem import NONE
from spm_opt.report.seats_text import seats_text
from spm_opt.scenario.prepare import prepare
from spm_opt.verify import verify

SETTINGS = """\
name = "Corridor"
year = 2026
effort = "quick"
activities = {workload = "hours", revenue = "USD"}

[tables.accounts]
path = "accounts.csv"

[tables.sellers]
path = "sellers.csv"

[tables.candidates]
path = "candidates.csv"

[units]
by = "account"
coordinates = "planar"

[[criteria]]
kind = "dispersion"
weight_by = "workload"
weight = 1.0

[[criteria]]
kind = "balance"
activity = "workload"
weight = 0.001

[simulate]
replications = 200

[quota]
growth = 0.05

[size]
roles = [{name = "field", cost = 150_000}]
"""


def corridor(folder):
    """Nine towns along 8 km with one seller at 2; one more may sit at 6.5, or far away."""
    rows = [f"a{x},Town {x},{x},0,s1,100,1000" for x in range(9)]
    (folder / "accounts.csv").write_text(
        "\n".join(["id,name,x,y,seller,workload,revenue", *rows]), encoding="utf-8"
    )
    (folder / "sellers.csv").write_text(
        "id,name,x,y,capacity,region,skills\ns1,Ann,2,0,500,West,lab\n", encoding="utf-8"
    )
    (folder / "candidates.csv").write_text("id,name,x,y\nc1,Far,14,0\nc2,Near,6.5,0\n", encoding="utf-8")
    (folder / "scenario.toml").write_text(SETTINGS, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Make the corridor, and find what there is to find."""
    scenario = load(corridor(tmp_path_factory.mktemp("corridor")))
    return scenario, seats(scenario, add=1, drop=0)


def test_one_more_seller_in_a_corridor_more_than_halves_travel(made):
    """From (2+1+0+1+...+6)/9 = 24/9 km alone to (2+1+0+1+2+1.5+0.5+0.5+1.5)/9 = 10/9 with the candidate at 6.5."""
    first, second = made[1].steps
    assert first.travel == pytest.approx(24 / 9)
    assert second.travel == pytest.approx(10 / 9)
    (seat,) = second.seats
    assert (seat.place, seat.x, seat.region) == ("Near", 6.5, "West")
    assert seat.sizes["workload"] == 400.0
    assert second.status == "optimal"
    assert second.cost == 150_000


def test_sales_are_compared_in_the_same_futures(made):
    """The second seller has 500 hours more for 900 hours of work: sales rise, and the interval says so."""
    settled = made[1].steps[1].settled_against_last
    assert settled.low > 0
    gain = made[1].steps[1].against_last
    assert gain.value == pytest.approx(made[1].steps[1].sales - made[1].steps[0].sales)
    assert gain.low < gain.value < gain.high


def test_the_same_seed_gives_the_same_figures_as_a_tidy_table(made):
    """Every figure has a row of its own; a second call gives the same, and the text names the seat."""
    scenario, found = made
    table = seats_table(found, "USD")
    again = seats_table(seats(scenario, add=1, drop=0), "USD")
    assert table.equals(again)
    assert not table.duplicated(["change", "positions", "figure", "detail", "basis"]).any()
    assert set(table["change"]) == {"add", "seat", "drop"}
    assert "Near" in seats_text(scenario, found)


def test_additional_positions_are_like_the_others(made):
    """They have the median capacity, the usual skills, the nearest seat's region, nobody's place and free ids."""
    scenario = made[0]
    wider, ids = with_more(scenario, prepare(scenario), 2)
    rows = wider.sellers.set_index("id").loc[list(ids)]
    assert rows["capacity"].tolist() == [500.0, 500.0]
    assert rows["skills"].tolist() == [("lab",), ("lab",)]
    assert rows["region"].tolist() == ["West", "West"]
    assert rows["x"].isna().all()
    taken = replace(scenario, sellers=scenario.sellers.assign(id="new01"))
    assert with_more(taken, prepare(scenario), 1)[1] == ("new+01",)


def test_limits_on_disruption_leave_room_for_additional_positions():
    """A quarter, and a tenth for the new one; what has no limit stays as it is."""
    asked = (Disruption(of="revenue", limit=0.25), Dispersion(weight=1.0))
    wider = with_room(asked, 0.1)
    assert wider[0].limit == pytest.approx(0.35)
    assert wider[1] is asked[1]


def four():
    """Four sellers in a row of sixteen towns: the first two have room, the others are full."""
    seat = {"A": (1.5, 0.0), "B": (5.5, 0.0), "C": (9.5, 0.0), "D": (13.5, 0.0)}
    capacity = {"A": 8.0, "B": 8.0, "C": 4.0, "D": 4.0}
    problem = grid(
        16, 1, tuple("ABCD"), seats=seat, capacity=capacity,
        account=lambda x, _y: {"hours": 1.0, "seller": "ABCD"[x // 4], "revenue": 1.0},
    )  # fmt: skip
    names = [name[1:-1] for name in problem.unit_ids]
    plan = np.array([int(name) // 4 for name in names])
    return problem, Alignment.of_units(problem, plan, problem.seat)


def test_missed_least_is_the_position_whose_neighbours_have_room():
    """Towns of A, B and C end with a neighbour that has room, 12 km farther in all; D's push C's on to B, 4 km more."""
    problem, plan = four()
    criteria = [Dispersion(weight=1.0, weight_by="hours"), Capacity(activity="hours"), Contiguity()]
    found = screened(problem, criteria, plan)
    assert found.overload == pytest.approx([0.0, 0.0, 0.0, 0.0])
    assert found.points == pytest.approx([12 / 16, 12 / 16, 12 / 16, (12 + 4) / 16])
    full = replace(problem, capacity=np.full(4, 4.0))
    assert screened(full, criteria, plan).overload == pytest.approx(np.ones(4))


def test_without_limits_the_estimate_is_the_nearest_seat():
    """B's towns 4 and 5 go to A (2.5 and 3.5 km), 6 and 7 to C (3.5, 2.5); they were 1.5, 0.5, 0.5, 1.5 away."""
    problem, plan = four()
    found = screened(problem, [Dispersion(weight=16.0, weight_by="hours")], plan)
    assert found.points[1] == pytest.approx(12 - 4)
    assert found.overload.tolist() == [0.0] * 4


def test_a_territory_is_taken_out_and_put_back_empty():
    """Arcs, capacities, today's sellers and locks are renumbered; units without it have nobody."""
    problem, plan = four()
    problem = replace(problem, locked=np.where(np.arange(16) == 0, 1, NONE))
    less, rest = without(problem, 1), cut(plan, 1)
    assert less.territory_ids == ("A", "C", "D")
    assert less.arcs.territory[:3].tolist() == [0, 1, 2]
    assert less.arcs.travel[:3].tolist() == problem.arcs.travel[[0, 2, 3]].tolist()
    assert less.capacity.tolist() == [8.0, 4.0, 4.0]
    assert (less.locked == NONE).all()
    assert np.array_equal(
        np.flatnonzero(rest.unit_territory == NONE), np.flatnonzero(plan.unit_territory == 1)
    )
    back = mapped(rest, problem)
    assert np.array_equal(back.unit_territory, np.where(plan.unit_territory == 1, NONE, plan.unit_territory))
    assert np.isnan(back.center[1]).all()
    assert less.n == problem.n
    assert verify(less, [Balance(activity="hours")], Alignment.of_units(less, np.zeros(16, dtype=int))).holds


def test_the_command_says_what_it_found(tmp_path):
    """The text has both tables, the folder gets seats.csv, and JSON has the same figures."""
    folder = corridor(tmp_path)
    result = CliRunner().invoke(
        main, ["seats", str(folder), "--add", "1", "--drop", "0", "--out", str(tmp_path / "o"), "--json"]
    )
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    header, *rows = (tmp_path / "o" / "seats.csv").read_text(encoding="utf-8").splitlines()
    assert header == "change,positions,rank,place,figure,detail,value,low,high,unit,basis"
    assert len(rows) == len(document["figures"])


def test_what_is_tied_to_a_position_may_go_to_anybody_without_it():
    """A town that only B may have, and a pair that names B, are free when B goes; what is forbidden stays so."""
    problem, _ = four()
    tied = problem.with_arcs(problem.arcs.keep((problem.arcs.unit != 0) | (problem.arcs.territory == 1)))
    asked = (Pairs(prescribed=(("a00", "B"),), forbidden=(("a00", "D"),)),)
    rules = rules_without(asked, "B")
    assert rules == (Pairs(prescribed=(), forbidden=(("a00", "D"),)),)
    less = without(tied, 1, rules)
    unit = problem.accounts.unit[problem.accounts.ids.index("a00")]
    own = slice(less.arcs.start[unit], less.arcs.start[unit + 1])
    assert [less.territory_ids[t] for t in less.arcs.territory[own]] == ["A", "C"]
    assert less.arcs.travel[own].tolist() == [1.5, 9.5]


def test_no_more_sellers_are_added_than_there_are_candidates(made):
    """Of five sellers asked for two find a candidate; the text says that three do not."""
    found = seats(made[0], add=5, drop=0)
    assert [step.added for step in found.steps] == [0, 1, 2]
    assert {seat.place for seat in found.steps[2].seats} == {"Near", "Far"}
    assert "No candidate is left for 3 of the sellers asked for." in seats_text(made[0], found)
