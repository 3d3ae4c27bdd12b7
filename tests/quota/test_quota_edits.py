"""Edits of quotas after the fact."""

from dataclasses import replace

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_company import aligned, company

from spm_opt.errors import QuotaError
from spm_opt.quota.edits import begin, move, pin, resplit, swap, trail_table, unpin
from spm_opt.quota.quota import plan_cells, quota
from spm_opt.quota.tree import reconcile

SAID = {"by": "Ada", "why": "agreed in the review"}
TOP = ("company", "company")
EAST, WEST, NORTH = ("region", "East"), ("region", "West"), ("district", "North")


def territory(name):
    return ("territory", name)


def asked(rules, sales=(100, 200, 300, 400, 500)):
    """Make five territories: A, B in the district North of the East, C in the East, D and E in the West."""
    places = [("East", "North"), ("East", "North"), ("East", ""), ("West", ""), ("West", "")]
    sellers = [
        {"id": name, "region": region, "district": district}
        for name, (region, district) in zip("ABCDE", places, strict=True)
    ]
    accounts = [{"id": f"of {name}", "revenue": float(x)} for name, x in zip("ABCDE", sales, strict=True)]
    scenario = company(accounts, sellers, quota=rules)
    return scenario, quota(scenario, aligned(scenario, {f"of {name}": name for name in "ABCDE"}))


def made(sales=(100, 200, 300, 400, 500), step=10, **rules):
    return asked({"target": float(sum(sales)), "step": step, **rules}, sales)[1]


def held(edited):
    return dict(zip(edited.plan.territory_ids, (edited.plan.cents / 100).tolist(), strict=True))


def node(edited, key):
    table = edited.plan.nodes
    return table[(table["level"] == key[0]) & (table["node"] == key[1])]["cents"].item() / 100


def test_move_between_territories():
    """50 go from D to A: districts and regions follow, the company stays."""
    edited = move(begin(made(), 10), 50, territory("D"), territory("A"), **SAID)
    assert held(edited) == {"A": 150, "B": 200, "C": 300, "D": 350, "E": 500}
    assert [node(edited, key) for key in (NORTH, EAST, WEST, TOP)] == [350, 650, 850, 1500]
    assert edited.plan.basis["quota"].tolist() == [150, 200, 300, 350, 500]


def test_move_between_nodes_spreads_in_proportion():
    """90 from the West come off 400 : 500, and go to North as 100 : 200."""
    edited = move(begin(made(), 10), 90, WEST, NORTH, **SAID)
    assert held(edited) == {"A": 130, "B": 260, "C": 300, "D": 360, "E": 450}


def test_resplit_by_another_weight():
    """The East has 600; by weights 1 : 1 : 4, A and B get 100 each and C 400; the West keeps what it has."""
    edited = resplit(begin(made(), 10), EAST, {"A": 1, "B": 1, "C": 4}, **SAID)
    assert held(edited) == {"A": 100, "B": 100, "C": 400, "D": 400, "E": 500}


def test_pin_within_the_node_above():
    """D at 450: of the West's 900, E keeps 450."""
    edited = pin(begin(made(), 10), territory("D"), 450, **SAID)
    assert held(edited) == {"A": 100, "B": 200, "C": 300, "D": 450, "E": 450}
    assert edited.pins == {territory("D"): 45_000}


def test_pin_within_the_company_scales_all_others_alike():
    """E at 600 within the company: the other 1,000 become 900, each 9 tenths of what it had."""
    edited = pin(begin(made(), 10), territory("E"), 600, within=TOP, **SAID)
    assert held(edited) == {"A": 90, "B": 180, "C": 270, "D": 360, "E": 600}


def test_a_pinned_district_holds_while_others_spread():
    """North at 300 stays when A to E are split anew: the rest follows the weights around it, and within it."""
    edited = pin(begin(made(), 10), NORTH, 300, **SAID)
    edited = resplit(edited, TOP, {"A": 1, "B": 2, "C": 1, "D": 1, "E": 1}, **SAID)
    assert held(edited) == {"A": 100, "B": 200, "C": 400, "D": 400, "E": 400}
    edited = resplit(unpin(edited, NORTH, **SAID), TOP, dict.fromkeys("ABCDE", 1), **SAID)
    assert held(edited) == dict.fromkeys("ABCDE", 300)


def test_swap():
    """A and E exchange 100 and 500; North and the regions follow."""
    edited = swap(begin(made(), 10), "A", "E", **SAID)
    assert held(edited) == {"A": 500, "B": 200, "C": 300, "D": 400, "E": 100}
    assert [node(edited, key) for key in (NORTH, EAST, WEST)] == [700, 1000, 500]


def test_the_trail_says_who_what_why_before_and_after():
    """Every node that changed has a row, in cents; the first plan is as it was."""
    first = begin(made(), 10)
    edited = swap(
        move(first, 50, territory("D"), territory("C"), **SAID), "D", "E", by="Bo", why="moved house"
    )
    edited = pin(edited, territory("A"), 100, by="Cy", why="as it is")
    trail = trail_table(edited)
    assert trail.columns.tolist() == ["edit", "what", "by", "why", "level", "node", "before", "after"]
    assert trail[trail["edit"] == 1].to_numpy().tolist() == [
        [1, "move 50 from territory D to territory C", *SAID.values(), level, name, before, after]
        for level, name, before, after in (
            ("region", "East", 60_000, 65_000),
            ("region", "West", 90_000, 85_000),
            ("territory", "C", 30_000, 35_000),
            ("territory", "D", 40_000, 35_000),
        )
    ]
    second = trail[trail["edit"] == 2]
    assert second["node"].tolist() == ["D", "E"]
    assert second["by"].tolist() == ["Bo", "Bo"]
    assert trail.iloc[-1].tolist() == [
        3,
        "pin territory A at 100 within district North",
        "Cy",
        "as it is",
        "",
        "",
        0,
        0,
    ]
    assert first.trail == ()
    assert held(first)["D"] == 400


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda e: move(e, 55, territory("D"), territory("A"), **SAID), "55 is no whole multiple of step 10"),
        (lambda e: move(e, 500, territory("D"), territory("A"), **SAID), "territory D would have -100"),
        (lambda e: move(e, 10, EAST, NORTH, **SAID), "hold one another"),
        (lambda e: move(e, 10, territory("Z"), NORTH, **SAID), "there is no territory Z"),
        (lambda e: move(e, 10, WEST, territory("A"), by=" ", why="x"), "who made it and why"),
        (lambda e: swap(e, "A", "C", **SAID), "territory A would have 300; limits and pins let it have 0 to 200"),
        (lambda e: pin(e, TOP, 100, **SAID), "can't be pinned"),
        (lambda e: pin(e, territory("A"), 310, **SAID), "company|district North would have 300; limits and pins"),
        (lambda e: pin(e, territory("A"), 100, within=WEST, **SAID), "region West is not above territory A"),
        (lambda e: unpin(e, NORTH, **SAID), "not pinned"),
        (lambda e: resplit(e, NORTH, {"A": 1}, **SAID), "no weight, or a negative one: B"),
        (lambda e: move(pin(e, EAST, 600, **SAID), 10, WEST, territory("A"), **SAID), "pinned: region East"),
        (lambda e: swap(pin(e, NORTH, 300, **SAID), "A", "E", **SAID), "pinned: district North"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(edit, message):
    """Every edit that steps, limits, pins or the tree do not allow is refused, and says why."""
    plan = made(growth_max=1.0)
    with pytest.raises(QuotaError, match=message):
        edit(begin(plan, 10))
    assert plan.cents.tolist() == [10_000, 20_000, 30_000, 40_000, 50_000]


def test_plans_that_cannot_be_edited():
    """A plan of other steps, or one that does not add up, is not opened."""
    with pytest.raises(QuotaError, match="not a whole multiple of step 70: A, B, C, D, E"):
        begin(made(), 70)
    plan = made()
    with pytest.raises(QuotaError, match="off by"):
        begin(replace(plan, cents=plan.cents + 100), 10)


def test_a_chance_of_another_quota_is_forgotten():
    """Chances that stand beside the quotas stay only where the quota does."""
    plan = made()
    plan = replace(plan, basis=plan.basis.assign(chance=0.5))
    basis = swap(begin(plan, 10), "A", "B", **SAID).plan.basis
    assert basis["chance"].isna().tolist() == [True, True, False, False, False]


def test_the_split_by_product_goes_with_the_edit():
    """What A and E exchange is in the products' shares; made anew from the scenario it would be the same."""
    rules = {"target": 1500.0, "step": 10, "products": {"pumps": 0.6, "valves": 0.4}}
    scenario, plan = asked(rules)
    assert plan.cells is not None
    edited = swap(begin(plan, 10), "A", "E", **SAID).plan
    assert (reconcile(edited)["difference"] == 0).all()
    cells = edited.cells.query("level == 'territory' and node == 'A'")
    assert cells["cents"].tolist() == [30_000, 20_000]
    pd.testing.assert_frame_equal(edited.cells, plan_cells(scenario, edited))


HEDGED = {"hedges": {"region": 1.1}, "steps": {"region": 100}}
"""Regions in hundreds, whose children sum to 1.1 times as much."""


def test_over_assignment_is_kept():
    """100 from West to East are 110 for their territories, which lie 10 % above their regions."""
    edited = begin(made(**HEDGED), 10, {"region": 100})
    before = node(edited, EAST), node(edited, WEST)
    assert sum(held(edited)[name] for name in "ABC") == pytest.approx(1.1 * before[0])
    edited = move(edited, 100, WEST, EAST, **SAID)
    assert (node(edited, EAST), node(edited, WEST)) == (before[0] + 100, before[1] - 100)
    assert sum(held(edited)[name] for name in "ABC") == pytest.approx(1.1 * (before[0] + 100))
    assert sum(held(edited)[name] for name in "DE") == pytest.approx(1.1 * (before[1] - 100))
    inside = move(edited, 20, territory("A"), territory("B"), **SAID)
    assert node(inside, EAST) == before[0] + 100


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (
            lambda e: move(e, 40, territory("D"), territory("A"), **SAID),
            "40 is less than one step on the way",
        ),
        (lambda e: move(e, 10, WEST, EAST, **SAID), "10 is no whole multiple of step 100"),
        (lambda e: swap(e, "A", "A", **SAID), "territory A cannot change places with itself"),
        (lambda e: pin(e, EAST, 650, **SAID), "650 is no whole multiple of step 100"),
    ],
)
def test_over_assignment_and_steps_of_levels_refuse(edit, message):
    """What would break the hedge of a region, or leave it between its steps, is refused."""
    with pytest.raises(QuotaError, match=message):
        edit(begin(made(**HEDGED), 10, {"region": 100}))


OWN = {"nodes": [{"node": "East", "hedge": 1.2}, {"node": "West", "hedge": 1.5}]}
"""Regions with a hedge of their own each."""


def test_a_move_out_of_one_hedge_into_another_by_hand():
    """150 leave D; the West falls by 150 / 1.5, the East rises by the same 100, and A by 100 times 1.2."""
    first = begin(made(**OWN), 10)
    edited = move(first, 150, territory("D"), territory("A"), **SAID)
    changes = {
        key: node(edited, key) - node(first, key)
        for key in (TOP, EAST, WEST, NORTH, *map(territory, "ABCDE"))
    }
    assert changes == {
        TOP: 0, EAST: 100, WEST: -100, NORTH: 120, territory("A"): 120, territory("B"): 0, territory("C"): 0,
        territory("D"): -150, territory("E"): 0,
    }  # fmt: skip
    assert (reconcile(edited.plan)["difference"] == 0).all()
    said = trail_table(edited)["what"].iloc[0]
    assert said == "move 150 from territory D to territory A; across over-assignment 150 left and 120 arrived"


def test_rounding_decides_what_leaves_and_what_arrives():
    """The West's 710 x 1.5 = 1,065 is 1,070 in whole steps: 160 leave; the East's 790 x 1.2 = 948 is 950: 130 arrive."""
    first = begin(made(**OWN), 10)
    assert (node(first, EAST), node(first, WEST)) == (680, 820)
    edited = move(first, 160, territory("D"), territory("A"), **SAID)
    assert (node(edited, EAST), node(edited, WEST)) == (790, 710)
    assert held(first)["D"] - held(edited)["D"] == 160
    assert held(edited)["A"] - held(first)["A"] == 130
    assert (reconcile(edited.plan)["difference"] == 0).all()


def test_a_swap_across_hedges():
    """Below one and the same hedge two territories change places; below different ones that keeps no sum."""
    after = swap(begin(made(**HEDGED), 10, {"region": 100}), "A", "E", **SAID)
    assert held(after) == {"A": 550, "B": 220, "C": 330, "D": 440, "E": 110}
    assert (node(after, EAST), node(after, WEST)) == (1000, 500)
    with pytest.raises(
        QuotaError, match=r"540 would leave territory E and 430 reach territory A.* move 540 instead"
    ):
        swap(begin(made(**OWN), 10), "A", "E", **SAID)


EDITS = st.lists(
    st.one_of(
        st.tuples(st.just("move"), st.integers(0, 40), st.integers(0, 8), st.integers(0, 8)),
        st.tuples(st.just("pin"), st.integers(0, 60), st.integers(0, 8), st.booleans()),
        st.tuples(st.just("resplit"), st.integers(0, 8), st.lists(st.integers(0, 3), min_size=5, max_size=5)),
        st.tuples(st.just("swap"), st.sampled_from("ABCDE"), st.sampled_from("ABCDE")),
        st.tuples(st.just("unpin"), st.integers(0, 8)),
    ),
    max_size=6,
)


def applied(edited, edits):
    """Apply edits one after the other, those refused left out."""
    keys = sorted(zip(edited.plan.nodes["level"], edited.plan.nodes["node"], strict=True))
    for name, *how in edits:
        try:
            if name == "move":
                edited = move(edited, how[0] * 10, keys[how[1]], keys[how[2]], **SAID)
            elif name == "pin":
                edited = pin(edited, keys[how[1]], how[0] * 10, within=TOP if how[2] else None, **SAID)
            elif name == "resplit":
                edited = resplit(edited, keys[how[0]], dict(zip("ABCDE", how[1], strict=True)), **SAID)
            elif name == "swap":
                edited = swap(edited, *how, **SAID)
            else:
                edited = unpin(edited, keys[how[0]], **SAID)
        except QuotaError:
            continue
    return edited


@settings(max_examples=20, deadline=None)
@given(EDITS, st.sampled_from([{}, HEDGED, OWN]))
def test_every_chain_of_edits_keeps_sums_steps_limits_and_pins(edits, rules):
    """Whatever is done, all adds up to the cent, steps and limits and pins hold, and the trail leads back."""
    steps = rules.get("steps", {})
    first = begin(made(floor=20, cap=900, **rules), 10, steps)
    edited = applied(first, edits)
    assert (reconcile(edited.plan)["difference"] == 0).all()
    assert edited.plan.target_cents == first.plan.target_cents == node(edited, TOP) * 100
    assert all(node(edited, key) % 100 == 0 for key in ((EAST, WEST) if steps else ()))
    assert (edited.plan.cents % 1000 == 0).all()
    now = {
        key: node(edited, key) * 100
        for key in zip(first.plan.nodes["level"], first.plan.nodes["node"], strict=True)
    }
    assert all(now[key] == cents for key, cents in edited.pins.items())
    for change in reversed(edited.trail):
        assert all(now[key] == cents for key, cents in change.after.items())
        now |= change.before
    assert all(node(first, key) * 100 == cents for key, cents in now.items())


@settings(max_examples=20, deadline=None)
@given(EDITS, st.randoms(use_true_random=False))
def test_order_of_rows_does_not_matter(edits, random):
    """Edits of a plan whose rows stand in another order give every node the same."""
    plan = made((130, 170, 310, 390, 500))
    order = random.sample(range(5), 5)
    other = replace(
        plan, territory_ids=tuple(plan.territory_ids[i] for i in order), cents=plan.cents[order],
        nodes=plan.nodes.sample(frac=1, random_state=random.randrange(99)), basis=plan.basis.iloc[::-1],
    )  # fmt: skip
    # reconcile pairs limits with territories by place
    other = replace(other, basis=other.basis.loc[list(other.territory_ids)])
    one, two = applied(begin(plan, 10), edits), applied(begin(other, 10), edits)
    assert held(one) == held(two)
    pd.testing.assert_frame_equal(trail_table(one), trail_table(two))
