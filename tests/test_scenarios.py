"""The shipped scenarios against what their ``expected.toml`` says, and AdventureWorks as it is."""

import tomllib

import numpy as np
import pytest
from scenario_copy import ROOT, SCENARIOS

from spm_opt.errors import SpmError
from spm_opt.run import run
from spm_opt.verify import verify

NAMES = sorted(path.parent.name for path in SCENARIOS.glob("*/scenario.toml"))
REAL = ROOT.parent / "shared" / "real" / "adventureworks"
LARGEST = 6_000_000


def expected(name):
    return tomllib.loads((SCENARIOS / name / "expected.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module", params=NAMES)
def outcome(request):
    """Give what was asked of a scenario, and the run or what stopped it."""
    wanted = expected(request.param)
    try:
        return wanted, run(SCENARIOS / request.param, effort=wanted["effort"])
    except SpmError as error:
        return wanted, error


def within(value, pair):
    return pair[0] - 1e-9 <= value <= pair[1] + 1e-9


def test_a_run_comes_to_what_is_expected(outcome):
    """Status, points, bound, values and odds are those of expected.toml, or within its ranges."""
    wanted, made = outcome
    code = made.exit_code if isinstance(made, SpmError) else 0
    assert code == wanted["exit_code"], made
    assert made.result.status in wanted["status"]
    if code:
        return
    card = made.scorecard
    reached = {"objective": made.result.objective, "lower_bound": made.result.lower_bound}
    values = dict(zip(card.criteria["criterion"], card.criteria["value"], strict=True))
    today = dict(zip(card.criteria["criterion"], card.criteria["value_incumbent"], strict=True))
    layers = {layer.name: layer.result.objective for layer in made.layers}
    for kind, found in (
        ("values", values), ("values_incumbent", today), ("odds", card.odds), ("overlays", layers),
    ):  # fmt: skip
        reached |= {f"{kind}: {name}": found[name] for name in wanted.get(kind, {})}
    ranges = {name: wanted[name] for name in ("objective", "lower_bound") if name in wanted}
    for kind in ("values", "values_incumbent", "odds", "overlays"):
        ranges |= {f"{kind}: {name}": pair for name, pair in wanted.get(kind, {}).items()}
    missed = {name: (reached[name], pair) for name, pair in ranges.items() if not within(reached[name], pair)}
    assert missed == {}


def test_every_rule_holds_by_the_checker(outcome):
    """The checker, which shares no code with the engine, finds nothing; quotas sum to the cent."""
    wanted, made = outcome
    if isinstance(made, SpmError):
        assert made.result.alignment is None
        return
    assert verify(made.problem, made.scenario.settings.criteria, made.plan.alignment).breaches == ()
    assert made.scorecard.breaches == ()
    quotas = made.plan.quotas
    assert quotas.cents.sum() == quotas.target_cents == wanted["target"] * 100
    step = round(made.scenario.settings.quota.step * 100)
    assert (quotas.cents % step == 0).all()
    held = dict(zip(quotas.territory_ids, (quotas.cents / 100).tolist(), strict=True))
    assert {name: held[name] for name in wanted.get("quotas", {})} == wanted.get("quotas", {})


def test_a_proof_is_below_the_plan(outcome):
    """No bound is above the points of the plan that was found."""
    made = outcome[1]
    if not isinstance(made, SpmError):
        for level in made.result.levels:
            assert level.lower_bound is None or level.lower_bound <= level.objective * (1 + 1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_a_scenario_is_small_enough_to_ship(name):
    """All files of a scenario are below 6 MB together."""
    assert sum(path.stat().st_size for path in (SCENARIOS / name).rglob("*") if path.is_file()) < LARGEST


# ---- real input ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def stores():
    """Run AdventureWorks from its files as they are."""
    if not REAL.is_dir():
        pytest.skip(f"the AdventureWorks export is not at {REAL}: nothing real was run")
    return run(ROOT / "tests" / "real" / "adventureworks", effort="quick")


def test_every_store_of_adventureworks_has_a_seller(stores):
    """All 701 stores are assigned to one of the 13 sellers, and every rule holds by the checker."""
    held = stores.plan.alignment.account_territory
    assert (len(held), stores.problem.k) == (701, 13)
    assert (held >= 0).all()
    assert verify(stores.problem, stores.scenario.settings.criteria, stores.plan.alignment).breaches == ()


def test_at_most_a_fifth_of_adventureworks_sales_moves(stores):
    """Counted here from the table itself: sales of the stores that change hands are 20 % at most."""
    sales = stores.scenario.accounts["annual_sales"].to_numpy(dtype=float)
    moved = stores.plan.alignment.account_territory != stores.problem.accounts.current
    assert sales[moved].sum() <= 0.20 * sales.sum()


def test_sales_are_balanced_inside_each_country(stores):
    """Where several sellers work a country, each has its mean within 10 %; no store crosses a border."""
    accounts, sellers = stores.scenario.accounts, stores.scenario.sellers
    country = sellers["skills"].map(lambda skills: skills[0]).to_numpy()
    held = stores.plan.alignment.account_territory
    assert (country[held] == accounts["market"].to_numpy()).all()
    sales = np.bincount(held, accounts["annual_sales"].to_numpy(dtype=float), len(sellers))
    shared = [name for name in set(country) if (country == name).sum() > 1]
    assert len(shared) >= 1
    for name in shared:
        mine = sales[country == name]
        assert np.abs(mine / mine.mean() - 1).max() <= 0.10 + 1e-9, name


def test_stores_without_coordinates_are_reported_and_stay(stores):
    """30 findings name the 30 stores without a place, each with its row; they keep their owner."""
    accounts = stores.scenario.accounts
    nowhere = accounts["x"].isna().to_numpy()
    assert nowhere.sum() == 30
    found = [one for one in stores.scenario.findings if one.rule.startswith("no place")]
    assert sorted(one.row for one in found) == sorted(accounts.loc[nowhere, "row"])
    assert {one.severity for one in found} == {"warning"}
    held = stores.plan.alignment.account_territory
    assert (held == stores.problem.accounts.current)[nowhere].all()


def test_the_odds_of_adventureworks_are_odds(stores):
    """Targets are neither certain nor out of reach, and quotas sum to the target."""
    assert 0.2 < stores.scorecard.odds["p_target"] < 0.8
    assert stores.plan.quotas.cents.sum() == stores.plan.quotas.target_cents
