"""The checker of finished plans."""

import ast
import inspect
from dataclasses import replace

import numpy as np
import pytest
from made_problem import problem_of

from spm_opt.criteria import Balance, Capacity, Contiguity, Disruption, Families, Pairs, Skills
from spm_opt.plan import Alignment
from spm_opt.problem import NONE
from spm_opt.verify import verify

SIDE = 6
QUARTERS = ("NE", "NW", "SE", "SW")
CRITERIA = (
    Balance(activity="hours", tolerance=0.15),
    Capacity(activity="hours"),
    Contiguity(),
    Disruption(of="revenue", limit=0.05),
    Pairs(prescribed=(("u00", "SW"),), forbidden=(("u55", "SW"),)),
    Families(),
    Skills(),
)


def quarter(x, y):
    return QUARTERS.index(("N" if y >= SIDE // 2 else "S") + ("E" if x >= SIDE // 2 else "W"))


def country():
    """Make a 6 x 6 grid in four quarters with two accounts a cell, and accounts assigned singly.

    Each quarter has two single accounts that are a family, one that is locked, and one that needs a
    language that NE and NW speak where it lies in the north.
    """
    cells = [(x, y) for x in range(SIDE) for y in range(SIDE)]
    name = {cell: f"u{cell[0]}{cell[1]}" for cell in cells}
    rows = [
        {
            "id": f"a{x}{y}{i}",
            "unit": name[x, y],
            "hours": 1.0,
            "revenue": 10.0,
            "seller": QUARTERS[quarter(x, y)],
        }
        for x, y in cells
        for i in range(2)
    ]
    for t, seller in enumerate(QUARTERS):
        rows += [{"id": f"f{seller}{i}", "family": t, "hours": 0.1, "seller": seller} for i in range(2)]
        rows.append({"id": f"l{seller}", "locked": True, "hours": 0.1, "seller": seller})
        needs = {"language"} if seller[0] == "N" else set()
        rows.append({"id": f"s{seller}", "requires": needs, "hours": 0.1, "seller": seller})
    edges = [(name[x, y], name[x + 1, y]) for x, y in cells if x + 1 < SIDE]
    edges += [(name[x, y], name[x, y + 1]) for x, y in cells if y + 1 < SIDE]
    problem = problem_of(
        rows,
        QUARTERS,
        edges=edges,
        capacity=dict.fromkeys(QUARTERS, 20.0),
        skills={"NE": {"language"}, "NW": {"language"}},
        forbidden=[(name[5, 0], "NW")],
    )
    return problem, Alignment.incumbent(problem)


PROBLEM, GOOD = country()


def test_a_good_plan_holds():
    """No breach, and a measure for each criterion."""
    verdict = verify(PROBLEM, CRITERIA, GOOD)
    assert verdict.holds
    assert verdict.breaches == ()
    assert [measure.title for measure in verdict.measures] == [criterion.title() for criterion in CRITERIA]


def moved(unit, seller):
    """Let a unit, and the accounts that follow it, go to another seller."""
    territory = GOOD.unit_territory.copy()
    territory[PROBLEM.unit_ids.index(unit)] = QUARTERS.index(seller) if seller else NONE
    return Alignment.of_units(PROBLEM, territory)


def others(seller):
    return [name for name in QUARTERS if name != seller]


def cell(rng):
    x, y = rng.integers(0, SIDE, 2)
    return f"u{x}{y}", QUARTERS[quarter(x, y)], (int(x), int(y))


def drop_a_unit(rng):
    unit, _, _ = cell(rng)
    return moved(unit, ""), unit, f"{unit}: unit with no territory", 1.0


def break_a_lock(rng):
    seller = str(rng.choice(QUARTERS))
    other = str(rng.choice(others(seller)))
    return moved(f"l{seller}", other), f"l{seller}", f"l{seller}: locked to {seller}, but moved", 1.0


def disconnect(rng):
    """Give a cell of one corner's neighbourhood to the quarter across: it lies there alone."""
    x, y = int(rng.choice([0, 5])), int(rng.choice([0, 5]))
    unit, seller = f"u{x}{y}", QUARTERS[quarter(SIDE - 1 - x, SIDE - 1 - y)]
    return moved(unit, seller), seller, f"{seller}: in 2 pieces; cut off: {unit}", 1.0


def overload(rng):
    """Give a seller a whole row of the neighbour's quarter: 6 hours more than 20 allow."""
    y = int(rng.choice([2, 3]))
    east = bool(rng.integers(2))
    cells = [(x, y) for x in range(SIDE) if (x >= SIDE // 2) == east]
    seller = QUARTERS[quarter(cells[0][0], 5 - y)]
    territory = GOOD.unit_territory.copy()
    for x, row in cells:
        territory[PROBLEM.unit_ids.index(f"u{x}{row}")] = QUARTERS.index(seller)
    return Alignment.of_units(PROBLEM, territory), seller, f"{seller}: hours 24.4 exceeds its limit 20", 4.4


def split_a_family(rng):
    seller, member = str(rng.choice(QUARTERS)), int(rng.integers(2))
    other = str(rng.choice(others(seller)))
    family = f"f{seller}0"
    return moved(f"f{seller}{member}", other), family, f"the family of {family} is split between", 1.0


def take_a_forbidden_pair(rng):
    if rng.integers(2):
        return moved("u55", "SW"), "u55", "u55: with SW", 1.0
    return moved("u50", "NW"), "u50", "u50: not eligible for NW", 1.0


def leave_a_prescribed_pair(rng):
    return moved("u00", str(rng.choice(others("SW")))), "u00", "u00: not with SW", 1.0


def ignore_a_skill(rng):
    seller, other = str(rng.choice(["NE", "NW"])), str(rng.choice(["SE", "SW"]))
    return moved(f"s{seller}", other), f"s{seller}", f"s{seller}: {other} lacks language", 1.0


def upset_the_customers(rng):
    """Exchange two cells: 40 of 720 in revenue move, 5.56 % where 5 % may."""
    (one, seller, _), (two, other, _) = cell(rng), cell(rng)
    while other == seller:
        two, other, _ = cell(rng)
    territory = GOOD.unit_territory.copy()
    territory[PROBLEM.unit_ids.index(one)] = QUARTERS.index(other)
    territory[PROBLEM.unit_ids.index(two)] = QUARTERS.index(seller)
    return (
        Alignment.of_units(PROBLEM, territory),
        "all",
        "5.56% of revenue moves, more than 5.00%",
        40 / 720 - 0.05,
    )


def lead_an_account_astray(rng):
    account = int(rng.integers(len(GOOD.account_ids)))
    territory = GOOD.account_territory.copy()
    territory[account] = (territory[account] + 1 + rng.integers(3)) % 4
    name, unit = GOOD.account_ids[account], PROBLEM.unit_ids[PROBLEM.accounts.unit[account]]
    now, before = QUARTERS[territory[account]], QUARTERS[GOOD.account_territory[account]]
    text = f"{name}: account with {now}, its unit {unit} with {before}"
    return replace(GOOD, account_territory=territory), name, text, 1.0


MUTATIONS = [
    drop_a_unit,
    break_a_lock,
    disconnect,
    overload,
    split_a_family,
    take_a_forbidden_pair,
    leave_a_prescribed_pair,
    ignore_a_skill,
    upset_the_customers,
    lead_an_account_astray,
]


@pytest.mark.parametrize("mutate", MUTATIONS, ids=lambda mutate: mutate.__name__)
def test_two_hundred_mutated_plans_are_refused(mutate):
    """Each of 20 random mutations of each kind is refused, naming subject, rule and amount."""
    rng = np.random.default_rng(17)
    for _ in range(20):
        plan, subject, text, amount = mutate(rng)
        verdict = verify(PROBLEM, CRITERIA, plan)
        assert not verdict.holds
        named = [breach for breach in verdict.breaches if breach.subject == subject and text in breach.text]
        assert len(named) == 1, verdict.breaches
        assert named[0].amount == pytest.approx(amount)


def test_balance_names_the_territory_and_by_how_much():
    """A cell moved from SW to SE makes 16.4 and 20.4 of 18.4 hours: 10.87 % off where 5 % may be."""
    verdict = verify(PROBLEM, (Balance(activity="hours", tolerance=0.05),), moved("u21", "SE"))
    assert [breach.subject for breach in verdict.breaches] == ["SE", "SW"]
    assert [breach.amount for breach in verdict.breaches] == pytest.approx([2 / 18.4 - 0.05] * 2)


def test_a_dropped_unit_leaves_its_accounts_homeless():
    """The unit and both its accounts are named."""
    verdict = verify(PROBLEM, (), moved("u11", ""))
    assert [breach.subject for breach in verdict.breaches] == ["u11", "a110", "a111"]


def test_a_territory_that_does_not_exist_is_named():
    """Number 9 of four territories; the criteria judge the rest."""
    territory = GOOD.unit_territory.copy()
    territory[PROBLEM.unit_ids.index("u11")] = 9
    verdict = verify(PROBLEM, CRITERIA, Alignment.of_units(PROBLEM, territory))
    assert verdict.breaches[0].text == "u11: unit with territory number 9, which does not exist"
    assert len(verdict.measures) == len(CRITERIA)


def test_an_account_in_another_unit_is_named():
    """The plan may not say that an account lies elsewhere than the problem does."""
    unit = GOOD.account_unit.copy()
    unit[0] = 1
    verdict = verify(PROBLEM, (), replace(GOOD, account_unit=unit))
    assert [breach.text for breach in verdict.breaches] == ["a000: account in another unit than u00"]


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"unit_ids": ("x", *PROBLEM.unit_ids[1:])}, "x: unit of the plan, unknown to the problem"),
        ({"account_ids": GOOD.account_ids[:-1]}, "sSW: account of the problem, missing in the plan"),
        ({"territory_ids": ("NE", "NE", "SE", "SW")}, "NE: territory of the plan, more than once"),
        ({"territory_ids": ("NW", "NE", "SE", "SW")}, "NE: territory at another place than in the problem"),
        ({"unit_territory": GOOD.unit_territory[:-2]}, "50 values for 52 of the kind unit"),
    ],
)
def test_a_plan_of_another_problem_is_refused_unjudged(change, text):
    """Names or lengths that differ: no criterion can be asked."""
    verdict = verify(PROBLEM, CRITERIA, replace(GOOD, **change))
    assert not verdict.holds
    assert verdict.measures == ()
    assert text in [breach.text for breach in verdict.breaches]


def test_the_checker_shares_no_code_with_the_engines():
    """It imports the problem, the plan and the criteria, and of other packages NumPy alone."""
    tree = ast.parse(inspect.getsource(inspect.getmodule(verify)))
    names = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    names |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    ours = {name for name in names if name.startswith("spm_opt")}
    assert ours == {"spm_opt.criteria.terms", "spm_opt.plan", "spm_opt.problem"}
    assert names - ours == {"__future__", "collections", "collections.abc", "dataclasses", "numpy"}
