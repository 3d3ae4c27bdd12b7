"""The main job as a function of the library."""

import json

import numpy as np
import pytest
from scenario_copy import SCENARIOS, TINY, copied

import spm_opt
from spm_opt.errors import InfeasibleError, InputError, NotFoundError, QuotaError, ScenarioError
from spm_opt.report.tables import json_bytes
from spm_opt.run import run
from spm_opt.verify import verify


@pytest.fixture(scope="module")
def tiny():
    return run(TINY, effort="quick")


def test_the_plan_is_the_one_found_by_hand(tiny):
    """West gets A, B, D; the value is 6.667 km + 0.1 x 31.25 %, proven; quotas are 840,000 each."""
    alignment = tiny.plan.alignment
    held = {
        tiny.problem.territory_ids[t]: {
            unit
            for unit, at in zip(tiny.problem.unit_ids, alignment.unit_territory.tolist(), strict=True)
            if at == t
        }
        for t in range(2)
    }
    assert held == {"West": {"A", "B", "D"}, "East": {"C", "E", "F"}}
    assert tiny.result.status == "optimal"
    assert tiny.result.objective == pytest.approx(40 / 6 + 3.125)
    assert tiny.plan.quotas.cents.tolist() == [84_000_000, 84_000_000]
    assert verify(tiny.problem, tiny.scenario.settings.criteria, alignment).holds


def test_today_stands_beside_the_plan(tiny):
    """Today West has three units of 400, 200 and 300 thousand, and meets the same futures."""
    expected = tiny.incumbent_sales.expected
    assert expected.at["West", "last_year"] == 900_000
    assert tiny.incumbent_sales.seed == tiny.sales.seed
    assert tiny.incumbent_quotas.target_cents == tiny.plan.quotas.target_cents
    assert "p_target_incumbent" in tiny.scorecard.odds


def test_without_sellers_today_there_is_no_incumbent(tmp_path):
    """Nobody holds an account: nothing is simulated for today, and nothing moves."""
    scenario = copied(tmp_path / "tiny")
    accounts = scenario / "accounts.csv"
    text = accounts.read_text(encoding="utf-8")
    accounts.write_text(text.replace(",West,", ",,").replace(",East,", ",,"), encoding="utf-8")
    made = run(scenario, effort="quick")
    assert made.incumbent_sales is None
    assert made.incumbent_quotas is None
    assert not any(name.endswith("_incumbent") for name in made.scorecard.odds)


def test_quotas_that_only_today_cannot_keep_are_left_out(tmp_path):
    """5 % growth and a cap of 900,000 clash for West's 900,000 of today, not for 800,000 of the plan."""
    rules = "cap = 900_000\ngrowth_min = 0.05\nstep = 1_000"
    made = run(copied(tmp_path / "tiny", scenario__toml=("step = 1_000", rules)), effort="quick")
    assert made.incumbent_quotas is None
    assert made.incumbent_sales is not None


def test_options_override_the_scenario():
    """Seed and effort given to the call are the ones that the plan says it was made with."""
    made = run(TINY, effort="quick", seed=7)
    assert (made.plan.provenance["seed"], made.plan.provenance["effort"]) == (7, "quick")
    assert made.plan.provenance["settings"]["seed"] == 7
    assert made.sales.seed == 7


def test_the_provenance_says_what_the_plan_was_made_from(tiny):
    """Settings, a hash of every input, versions, proof and work are there, and no clock time."""
    known = json.loads(json_bytes(tiny.plan.provenance))
    assert list(known["hashes"]) == [
        "scenario.toml", "accounts.csv", "history.csv", "pipeline.csv", "sellers.csv", "units.geojson",
    ]  # fmt: skip
    assert all(len(digest) == 64 for digest in known["hashes"].values())
    assert known["versions"]["spm_opt"]
    assert known["versions"]["python"].count(".") == 1
    assert known["settings"]["criteria"][0] == {
        "weight": 0, "priority": 1, "kind": "balance", "activity": "workload", "tolerance": 0.1,
        "target": "equal", "within": None,
    }  # fmt: skip
    assert known["gap"] == 0
    assert known["timings"] == {"work": dict(tiny.result.work), "seconds": "timings.json"}
    assert str(tiny.scenario.folder) not in json_bytes(tiny.plan.provenance).decode()


def test_every_stage_is_told_and_timed():
    """Progress hears the stages in their order, and the engine's progress within the alignment."""
    told = []
    made = run(TINY, effort="quick", progress=lambda stage, how: told.append((stage, how)))
    stages = [stage for stage, how in told if how is None]
    assert stages == ["load", "check", "align", "simulate", "quota", "score"] == list(made.seconds)
    assert {stage for stage, how in told if how is not None} == {"align"}


def test_a_time_limit_that_cuts_is_said():
    """A plan that the clock has cut is good, yet not repeatable."""
    made = run(TINY, time_limit=1e-9)
    assert not made.plan.provenance["repeatable"]
    assert verify(made.problem, made.scenario.settings.criteria, made.plan.alignment).holds


def test_the_order_of_rows_changes_nothing(tiny, tmp_path):
    """With every table upside down the plan, the quotas and the odds are the same."""
    scenario = copied(tmp_path / "tiny")
    for table in scenario.glob("*.csv"):
        head, *rows = table.read_text(encoding="utf-8").splitlines()
        table.write_text("\n".join([head, *reversed(rows)]) + "\n", encoding="utf-8")
    made = run(scenario, effort="quick")
    assert np.array_equal(made.plan.alignment.unit_territory, tiny.plan.alignment.unit_territory)
    assert np.array_equal(made.plan.quotas.cents, tiny.plan.quotas.cents)
    assert made.scorecard.odds == tiny.scorecard.odds


def test_what_stops_a_run_is_an_error_of_its_own(tmp_path, monkeypatch):
    """Scenario file, input, alignment and quotas each have theirs, with what is known."""
    with pytest.raises(ScenarioError, match="no such folder"):
        run(tmp_path / "none")
    with pytest.raises(InputError) as found:
        run(copied(tmp_path / "a", accounts__csv=("f,Fir Forge", "a,Fir Forge")))
    assert "duplicate id" in {one.rule for one in found.value.findings.errors}
    with pytest.raises(InfeasibleError) as none:
        run(SCENARIOS / "impossible")
    assert none.value.result.status == "infeasible"
    with pytest.raises(QuotaError):
        run(copied(tmp_path / "b", scenario__toml=("step = 1_000", "step = 1_000\ncap = 800_000")))
    monkeypatch.setitem(run.__globals__, "align", nothing_found)
    with pytest.raises(NotFoundError, match="West: too much"):
        run(TINY)


def nothing_found(problem, criteria, **options):  # noqa: ARG001  stands for the engine
    from spm_opt.align.result import Result  # noqa: PLC0415
    from spm_opt.criteria.terms import Breach  # noqa: PLC0415

    breaches = (Breach("West", 1.0, "West: too much"),)
    return Result("unknown", None, (), {}, breaches, "", "none was found", {}, 0.0)


def test_the_front_door_has_the_stages_as_functions():
    """Names of stages are functions, though subpackages of the same names have been imported."""
    import spm_opt.align.engine  # noqa: PLC0415
    import spm_opt.report.report  # noqa: PLC0415

    for name in (
        "load",
        "check",
        "prepare",
        "align",
        "verify",
        "simulate",
        "quota",
        "score",
        "report",
        "run",
    ):
        assert callable(getattr(spm_opt, name)), name
    assert spm_opt.run is run
    assert set(spm_opt._HOMES) <= set(dir(spm_opt))
    with pytest.raises(AttributeError, match="no attribute 'slove'"):
        spm_opt.slove  # noqa: B018


def test_the_stages_one_by_one_are_the_run(tiny):
    """Calling every stage from the front door comes to the same plan, year, quotas and score."""
    scenario = spm_opt.load(TINY)
    assert not spm_opt.check(scenario).errors
    problem = spm_opt.prepare(scenario)
    criteria = scenario.settings.criteria
    result = spm_opt.align(problem, criteria, effort="quick", seed=scenario.settings.seed)
    sales = spm_opt.simulate(scenario, result.alignment)
    quotas = spm_opt.quota(scenario, result.alignment, sales)
    card = spm_opt.score(problem, criteria, result.alignment, quotas, sales)
    assert np.array_equal(sales.amount, tiny.sales.amount)
    assert np.array_equal(quotas.cents, tiny.plan.quotas.cents)
    assert card.odds["p_target"] == tiny.scorecard.odds["p_target"]
